/** The fit of commissioning: it is at the minimum of its convex problem, and smoothing costs exact tables nothing. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { fitGaussians, type GaussianFitProblem } from '../../src/machine/gaussian-fit.js';
import { synthetic } from './synthetic.js';

const { depths, amplitudes } = synthetic.kernel;
const widths = [0, 4, 9, 20, 45, 100];
const sides = [10, 20, 40, 70, 100, 200, 400];
const share = (side: number, width: number): number =>
  width === 0 ? 1 : 1 - Math.exp((-side * side) / (2 * Math.PI * width * width));

/** Doses of the synthetic machine, with or without noise, to be fitted with other widths than its own. */
function problem(
  smoothness: number | ((depth: number) => number),
  noise: number,
  fitted: readonly number[] = widths,
): GaussianFitProblem {
  const random = createRandom(7);
  const design = sides.map((side) => fitted.map((w) => share(side, w)));
  const measured = amplitudes.map((row) =>
    sides.map((side) => {
      const dose = row.reduce((sum, a, j) => sum + a * share(side, synthetic.kernel.widths[j]!), 0);
      return dose * (1 + noise * (2 * random.uniform() - 1));
    }),
  );
  return {
    depths,
    design: depths.map(() => design),
    measured,
    weights: measured.map((row) => row.map(() => 1)),
    attenuation: measured.map((row) => row[4]!),
    smoothness: depths.map((depth) => (typeof smoothness === 'number' ? smoothness : smoothness(depth))),
  };
}

/** The objective of the file's head, written down once more. */
function objective(p: GaussianFitProblem, A: readonly (readonly number[])[]): number {
  let sum = 0;
  A.forEach((row, i) => {
    p.measured[i]!.forEach((m, f) => {
      const dose = row.reduce((total, a, j) => total + a * p.design[i]![f]![j]!, 0);
      sum += p.weights[i]![f]! * (dose / m - 1) ** 2;
    });
    if (i === 0 || i === A.length - 1) return;
    const u = [i - 1, i, i + 1].map((q) => Math.log(p.depths[q]! + 15));
    row.forEach((_, j) => {
      const x = [i - 1, i, i + 1].map((q) => A[q]![j]! / p.attenuation[q]!);
      const curvature = ((x[2]! - x[1]!) / (u[2]! - u[1]!) - (x[1]! - x[0]!) / (u[1]! - u[0]!)) / ((u[2]! - u[0]!) / 2);
      sum += (p.smoothness[i]! * 0.01 * curvature) ** 2;
    });
  });
  return sum;
}

test.each([
  ['as in the build-up', 0.02],
  ['as beyond it', 0.3],
])('no weights >= 0 give less: the minimum, whatever the start, smoothness %s', (_, smoothness) => {
  const p = problem(smoothness, 0.01);
  const found = fitGaussians(p);
  const least = objective(p, found);
  const random = createRandom(11);
  for (let trial = 0; trial < 400; trial++) {
    // Towards other weights that are allowed, near ones and far ones. In a convex problem, downhill in no direction is least.
    const step = 10 ** (-4 * random.uniform());
    const other = found.map((row, i) =>
      row.map((a) => a + step * (2 * random.uniform() * p.attenuation[i]! * 0.2 - a)),
    );
    expect(objective(p, other)).toBeGreaterThan(least);
  }
  // And along every single weight, up and, where there is room, down.
  found.forEach((row, i) => {
    row.forEach((a, j) => {
      for (const change of [1e-3, -1e-3].map((h) => h * p.attenuation[i]!)) {
        if (a + change < 0) continue;
        const other = found.map((r) => [...r]);
        other[i]![j] = a + change;
        expect(objective(p, other), `depth ${p.depths[i]} mm, width ${widths[j]} mm`).toBeGreaterThan(least);
      }
    });
  });
});

test('smoothing leaves tables without noise what they are, and noisy ones within their noise', () => {
  const worst = (p: GaussianFitProblem): number => {
    const A = fitGaussians(p);
    return Math.max(
      ...p.measured.flatMap((row, i) =>
        row.map((m, f) => 100 * Math.abs(A[i]!.reduce((sum, a, j) => sum + a * p.design[i]![f]![j]!, 0) / m - 1)),
      ),
    );
  };
  const asCommissioning = (depth: number): number => (depth <= 15 ? 0.02 : 0.3);
  const own = synthetic.kernel.widths;
  expect(worst(problem(0, 0, own))).toBeLessThan(1e-6);
  expect(worst(problem(asCommissioning, 0, own))).toBeLessThan(0.05);
  expect(worst(problem(asCommissioning, 0.01))).toBeLessThan(1);
});

test('a point of weight 0 is left out, and signed weights may be negative', () => {
  const p = problem(0.02, 0);
  const spoilt = p.measured.map((row, i) => row.map((m, f) => (i === 5 && f === 2 ? 1.3 * m : m)));
  const weights = p.weights.map((row, i) => row.map((w, f) => (i === 5 && f === 2 ? 0 : w)));
  const [clean, kept] = [fitGaussians({ ...p, weights }), fitGaussians({ ...p, measured: spoilt, weights })];
  const apart = clean.flatMap((row, i) => row.map((a, j) => Math.abs(a - kept[i]![j]!)));
  expect(Math.max(...apart)).toBeLessThan(1e-12);

  // A kernel that is negative in places cannot be fitted with positive weights, but exactly with signed ones.
  const truth = [0.9, -0.05, 0.2, -0.02, 0.1, 0.05];
  const measured = p.measured.map(() =>
    sides.map((side) => widths.reduce((sum, w, j) => sum + truth[j]! * share(side, w), 0)),
  );
  const signed = { ...p, measured, attenuation: measured.map((row) => row[4]!), smoothness: depths.map(() => 0) };
  const worst = (A: readonly (readonly number[])[]): number =>
    Math.max(
      ...sides.map((_, f) =>
        Math.abs(A[3]!.reduce((sum, a, j) => sum + a * p.design[3]![f]![j]!, 0) / measured[3]![f]! - 1),
      ),
    );
  expect(worst(fitGaussians({ ...signed, isSigned: true }))).toBeLessThan(1e-4);
  expect(worst(fitGaussians(signed))).toBeGreaterThan(1e-3);
});
