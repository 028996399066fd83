"""Solves the planning problem of an exported influence with SciPy and writes weights.npy. Run: python3 solve_influence.py DIR

The problem of problem.json: quadratic objectives of the dose d = A w, w >= 0, under maxima of single voxels. L-BFGS-B keeps w >= 0, an
augmented Lagrangian the maxima; between its rounds the level of the target's objectives moves until the prescribed dose is met.
"""
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # products this small only wait for each other

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize

folder = Path(sys.argv[1])
A = sp.load_npz(folder / "influence.npz").astype(float)
A = A.toarray() if A.nnz > 0.3 * A.shape[0] * A.shape[1] else A.tocsr()
problem = json.loads((folder / "problem.json").read_text())
prescription = problem["prescription"]
maxima = [(np.array(c["rows"]), np.array(c["doses"])) for c in problem["constraints"] if c["kind"] == "maximum"]
objectives = [(o["form"], np.array(o["rows"]), np.array(o["factors"]), np.array(o["doses"]), o.get("ofLevel")) for o in problem["objectives"]]


def objective(d, level):
    """Value and gradient of the objectives at a dose."""
    value, slope = 0.0, np.zeros_like(d)
    for form, rows, factors, doses, of_level in objectives:
        x = d[rows] - (doses if of_level is None else of_level * level)
        if form == "overdose":
            x = np.maximum(x, 0)
        elif form == "underdose":
            x = np.minimum(x, 0)
        value += factors @ (x if form == "linear" else x * x)
        slope[rows] += factors if form == "linear" else 2 * factors * x  # each row once
    return value, slope


def reached(d):
    """The dose that the prescribed fraction of the target's volume has."""
    order = np.argsort(-d[prescription["rows"]])
    volumes = np.array(prescription["volumes"])[order]
    middle = np.cumsum(volumes) - volumes / 2
    return np.interp(prescription["fraction"] * volumes.sum(), middle, d[prescription["rows"]][order])


multipliers = [np.zeros(len(rows)) for rows, _ in maxima]
stiffness, level = 100.0, problem["level"]


def lagrangian(w):
    d = A @ w
    value, slope = objective(d, level)
    for (rows, bounds), own in zip(maxima, multipliers):
        t = np.maximum(0, own + stiffness * (d[rows] - bounds))
        value += (t @ t - own @ own) / (2 * stiffness)
        slope[rows] += t
    return value, A.T @ slope


w = np.full(A.shape[1], prescription["dose"] / reached(A @ np.ones(A.shape[1])))
for _ in range(15):
    w = minimize(lagrangian, w, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(w), options={"maxiter": 400, "maxfun": 600}).x
    d = A @ w
    multipliers = [np.maximum(0, own + stiffness * (d[rows] - bounds)) for (rows, bounds), own in zip(maxima, multipliers)]
    level *= prescription["dose"] / reached(d)

above = max((float((d[rows] - bounds).max()) for rows, bounds in maxima), default=0.0)
print(f"SciPy: objective {objective(d, level)[0]:.3f} at level {level:.3f} Gy, prescribed dose {reached(d):.3f} Gy, above a maximum by at most {above:.2e} Gy")
np.save(folder / "weights.npy", w)
np.save(folder / "dose.npy", d)
