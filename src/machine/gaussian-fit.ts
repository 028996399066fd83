/**
 * The fit at the heart of commissioning: non-negative Gaussian weights at every depth, smooth in depth.
 *
 * At depth d_i the measurement m of field f is modelled as `sum_j A_j(d_i) E_ifj`. Fitted alone, depth by depth, the
 * weights of neighbouring Gaussians trade places from one depth to the next, since noise decides between them. A penalty
 * on the second difference of `A_j(d) / g(d)` along depth (g: the attenuation of a reference field) takes that freedom away:
 *
 *     minimise sum_if v_if (sum_j A_j(d_i) E_ifj / m_if - 1)^2 + lambda^2 sum_ij (second difference)^2,    A >= 0
 *
 * Both sums run over the rows of the table, so finer rows weigh both alike and leave the answer what it is. The problem is
 * convex; `non-negative-band.ts` solves it to its optimum, whatever the rows, and says how near that it came.
 */

import { InvalidInputError } from '../core/errors.js';
import { toDigits } from '../core/rounding.js';
import { rowCount } from './depth-band.js';
import { NEWTON_STEPS, solveNonNegative, solveUnconstrained } from './non-negative-band.js';

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
  /** Newton steps after which the fit gives up. @default 60: tables take 13 to 28 */
  readonly steps?: number;
}

/** Weights, and how far they can be from the optimum. */
export interface GaussianFit {
  /** A[depth][width] >= 0, unless the problem is signed. */
  readonly weights: number[][];
  /** No fitted value is farther than this from the optimum's, percent of the measured value of a point of weight 1. */
  readonly optimality: number;
  /** Number of Newton steps. */
  readonly steps: number;
}

/** Depth offset of the logarithmic scale on which smoothness is judged: fine in the build-up, coarse below. mm */
const OFFSET = 15;
/** Percent: half of the last digit of a residual as it is printed is 0.005, and the bound is at least twice what it bounds. */
const OPTIMALITY = 0.01;

/**
 * Fits the weights.
 *
 * A banded QR of a few dozen rows per depth and step: time and memory are proportional to the number of depths.
 *
 * @throws {InvalidInputError} if a fitted value may be farther than 0.01 % from the optimum's
 */
export function fitGaussians(problem: GaussianFitProblem): GaussianFit {
  const {
    depths,
    design,
    measured,
    weights,
    attenuation,
    smoothness,
    isSigned = false,
    steps = NEWTON_STEPS,
  } = problem;
  const width = design[0]![0]!.length;
  const right: number[] = [];
  const readings = depths.map((_, i) => {
    const rows: number[] = [];
    measured[i]!.forEach((m, f) => {
      const root = Math.sqrt(weights[i]![f]!);
      if (root === 0) return;
      for (let j = 0; j < width; j++) rows.push((root * design[i]![f]![j]! * attenuation[i]!) / m);
      right.push(root);
    });
    return Float64Array.from(rows);
  });
  const ties = Float64Array.from(secondDifferences(depths).flatMap((c, i) => c.map((value) => smoothness[i]! * value)));
  const band = { depthCount: depths.length, width, readings, ties };
  const b = new Float64Array(rowCount(band));
  b.set(right);
  const found = isSigned ? solveUnconstrained(band, b) : solveNonNegative(band, b, steps);
  const optimality = 100 * found.distance;
  // Also where it is no number.
  if (!(optimality <= OPTIMALITY)) {
    throw new InvalidInputError(
      `commission: the fit of ${depths.length} depths stopped after ${found.steps} steps with doses up to ${toDigits(optimality, 2)} % from the optimum, but ${OPTIMALITY} % is allowed. Look for a reading far from its neighbours, or give fewer rows or widths.`,
    );
  }
  return {
    weights: depths.map((_, i) =>
      Array.from(found.x.subarray(i * width, (i + 1) * width), (value) => value * attenuation[i]!),
    ),
    optimality,
    steps: found.steps,
  };
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
