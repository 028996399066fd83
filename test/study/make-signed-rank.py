"""Reference values of test/study/statistics.test.ts. Usage: python3 test/study/make-signed-rank.py   (SciPy 1.10.1, NumPy 1.24.2)

Exact where no difference is 0 and no two are of one size, up to 50; else the normal approximation with continuity correction.
"""
import numpy as np
from scipy import stats

SETS = {
    "plain": [1.2, -0.4, 2.2, 3.1, 0.7, -1.1, 1.9, 2.5],
    "ties": [1, 1, -1, 2, 2, -3, 4, 4, 5, 1],
    "zeros": [0, 0, 1.5, -2, 3, 3, 0, 4, -1, 2.5, 6],
    "zeros without ties": [0, 0, 1.5, -2, 3, 0, 4, -1, 2.5, 6],
    "one side": [1, 2, 3, 4, 5, 6],
    "many": [((i * 37) % 41) - 15 + 0.01 * i for i in range(60)],
    "even": [-3, -2, -1, 1.5, 2.5, 3.5],
}
for name, d in SETS.items():
    d = np.array(d, float)
    size = np.abs(d[d != 0])
    exact = len(size) == len(d) <= 50 and len(set(size)) == len(size)
    p = stats.wilcoxon(d, zero_method="wilcox", correction=True, mode="exact" if exact else "approx").pvalue
    # The interval of the median: each end leaves out at most 2.5 %.
    n, x = len(d), np.sort(d)
    out = int(stats.binom.ppf(0.025, n, 0.5)) - 1
    while stats.binom.cdf(out + 1, n, 0.5) <= 0.025:
        out += 1
    while out >= 0 and stats.binom.cdf(out, n, 0.5) > 0.025:
        out -= 1
    ends = [x[out], x[n - 1 - out]] if out >= 0 else None
    print(f"{name}: p {p:.12g}, interval {ends}")
print("quartiles of plain", np.quantile(SETS["plain"], [0.25, 0.5, 0.75]))
print("quartiles of ties", np.quantile(SETS["ties"], [0.25, 0.5, 0.75]))
