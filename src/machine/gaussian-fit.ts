/**
 * The fit at the heart of commissioning: non-negative Gaussian weights at every depth, smooth in depth.
 *
 * At depth d_i the measurement m of field f is modelled as `sum_j A_j(d_i) E_ifj`. Fitted alone, depth by depth, the
 * weights of neighbouring Gaussians trade places from one depth to the next, since noise decides between them. A penalty
 * on the second difference of `A_j(d) / g(d)` along depth (g: the attenuation of a reference field) takes that freedom away:
 *
 *     minimise sum_if v_if (sum_j A_j(d_i) E_ifj / m_if - 1)^2 + lambda^2 sum_ij (second difference)^2,    A >= 0
 *
 * It is solved by sweeps over the depths, each a small non-negative least-squares problem with its neighbours held, until
 * the weights no longer move. The problem is convex, so the answer does not depend on the start.
 */
import { nonNegativeLeastSquares } from '../core/linear-algebra.js';

export interface GaussianFitProblem {
  readonly depths: readonly number[];
  /** E[depth][field][width] */
  readonly design: readonly (readonly (readonly number[])[])[];
  /** m[depth][field] > 0 */
  readonly measured: readonly (readonly number[])[];
  /** v[depth][field]: 0 leaves a point out. */
  readonly weights: readonly (readonly number[])[];
  /** Overall attenuation g(d) > 0. */
  readonly attenuation: readonly number[];
  /** lambda at each depth; 0 fits that depth alone. */
  readonly smoothness: readonly number[];
  /** Lets weights be negative: for kernels of others that no sum of positive Gaussians resembles. @default false */
  readonly isSigned?: boolean;
}

/** Depth offset of the logarithmic scale on which smoothness is judged: fine in the build-up, coarse below. mm */
const OFFSET = 15;
const SWEEPS = 120;

/** @returns A[depth][width] >= 0, unless the problem is signed */
export function fitGaussians(problem: GaussianFitProblem): number[][] {
  if (problem.isSigned) return fitSigned(problem);
  const { depths, design, measured, weights, attenuation, smoothness } = problem;
  const n = depths.length;
  const width = design[0]![0]!.length;
  const curvature = secondDifferences(depths);
  const x = Array.from({ length: n }, () => new Float64Array(width));
  for (let sweep = 0; sweep <= SWEEPS; sweep++) {
    let moved = 0;
    for (let step = 0; step < n; step++) {
      const i = sweep % 2 === 0 ? step : n - 1 - step;
      const rows: number[] = [];
      const right: number[] = [];
      measured[i]!.forEach((m, f) => {
        const root = Math.sqrt(weights[i]![f]!);
        if (root === 0) return;
        for (let j = 0; j < width; j++) rows.push((root * design[i]![f]![j]! * attenuation[i]!) / m);
        right.push(root);
      });
      if (sweep > 0) appendSmoothness(x, i, curvature, smoothness, rows, right);
      const found = nonNegativeLeastSquares(Float64Array.from(rows), right.length, width, Float64Array.from(right));
      for (let j = 0; j < width; j++) moved = Math.max(moved, Math.abs(found[j]! - x[i]![j]!));
      x[i]!.set(found);
    }
    if (sweep > 0 && moved < 1e-7) break;
  }
  return x.map((row, i) => Array.from(row, (value) => value * attenuation[i]!));
}

/** Every width twice, with either sign: the difference of two non-negative weights is a weight of any sign. */
function fitSigned(problem: GaussianFitProblem): number[][] {
  const design = problem.design.map((fields) => fields.map((E) => [...E, ...E.map((e) => -e)]));
  const width = problem.design[0]![0]!.length;
  const both = fitGaussians({ ...problem, design, isSigned: false });
  return both.map((row) => Array.from({ length: width }, (_, j) => row[j]! - row[width + j]!));
}

/** Rows lambda (c0 x[q-1] + c1 x[q] + c2 x[q+1]) = 0 for every difference in which depth i takes part. */
function appendSmoothness(
  x: readonly Float64Array[],
  i: number,
  curvature: readonly (readonly number[])[],
  smoothness: readonly number[],
  rows: number[],
  right: number[],
): void {
  const width = x[0]!.length;
  for (let q = Math.max(1, i - 1); q <= Math.min(x.length - 2, i + 1); q++) {
    const lambda = smoothness[q]!;
    if (lambda === 0) continue;
    const c = curvature[q]!;
    const own = i - q + 1;
    for (let j = 0; j < width; j++) {
      for (let other = 0; other < width; other++) rows.push(other === j ? lambda * c[own]! : 0);
      let rest = 0;
      for (let o = 0; o < 3; o++) if (o !== own) rest += c[o]! * x[q - 1 + o]![j]!;
      right.push(-lambda * rest);
    }
  }
}

/** Coefficients of the second derivative on u = ln(d + OFFSET), scaled to order 1. */
function secondDifferences(depths: readonly number[]): number[][] {
  const u = depths.map((depth) => Math.log(depth + OFFSET));
  return depths.map((_, i) => {
    if (i === 0 || i === depths.length - 1) return [0, 0, 0];
    const before = u[i]! - u[i - 1]!;
    const after = u[i + 1]! - u[i]!;
    const middle = (before + after) / 2;
    return [0.01 / (before * middle), (-0.01 * (1 / before + 1 / after)) / middle, 0.01 / (after * middle)];
  });
}
