/**
 * The weights x >= 0 that minimise |M x - b|^2 of a {@link DepthBand}, and a proof of how near the minimum they are.
 *
 * A primal-dual interior point: with the gradient g = M'(M x - b) and multipliers z, Newton's method is led along
 * x_k z_k = mu towards mu = 0, where g = z, x >= 0, z >= 0 and x_k z_k = 0 (the conditions of Karush, Kuhn and Tucker)
 * hold together. Some twenty factorings do, whatever the number of depths; sweeps that change one depth at a time with
 * its neighbours held need more, the finer the rows, and do not know how many.
 *
 * How near: with f = |M x - b|^2 / 2, f(x') = f(x) + g'(x' - x) + |M(x' - x)|^2 / 2. Let x' be the optimum and g = z + e, z >= 0.
 * Then f(x) - f(x') >= |M(x - x')|^2 / 2, z'x' >= 0, and completing the square in the terms that are left gives
 *
 *     |M (x - x')|^2 <= 2 z'x + |R^-T e|^2,     R'R = M'M
 *
 * On the left stands the sum of squared differences between all fitted readings and those of the optimum.
 *
 * @see Mehrotra, SIAM J. Optim. 2 (1992) 575, doi:10.1137/0802028, for the two steps per factoring
 */
import { applyBand, applyBandTransposed, BandFactor, type DepthBand, rowCount } from './depth-band.js';

export interface BandSolution {
  readonly x: Float64Array;
  /** No fitted reading is farther than this from that of the optimum; in the unit of b. */
  readonly distance: number;
  /** Number of Newton steps. */
  readonly steps: number;
}

/** Tables of 40 to 3000 rows take 13 to 28 steps; more than twice that is no progress. */
export const NEWTON_STEPS = 60;
/** 2 z'x at which the steps end: its root, 1e-7, is a thousandth of the last digit of a residual printed to 0.01 %. */
const ENOUGH = 1e-14;
/** Fraction of the way to the nearest bound that a step goes: the usual choice, which keeps x and z positive. */
const TO_BOUND = 0.995;
/**
 * Ridge under R where readings leave combinations of weights open (more widths than fields): far above the rounding of R,
 * and with x of order 1 its own term stays below 1e-6 for 10,000 unknowns.
 */
const RIDGE = 1e-8;

/**
 * @param band columns of order one, so that x is
 * @param b one value per row of the band
 */
export function solveNonNegative(band: DepthBand, b: Float64Array, maximumSteps = NEWTON_STEPS): BandSolution {
  const system = new NormalEquations(band, b);
  const { x, size, g } = system;
  const z = new Float64Array(size);
  const dz = new Float64Array(size);
  const push = new Float64Array(size);
  const diagonal = new Float64Array(size);
  // As if all widths shared the dose evenly, and multipliers of the same size: well inside of both bounds.
  x.fill(1 / band.width);
  system.updateGradient();
  for (let k = 0; k < size; k++) z[k] = Math.max(g[k]!, 1 / band.width);
  let steps = 0;
  for (; steps < maximumSteps; steps++) {
    const gap = dot(x, z);
    if (!(2 * gap > ENOUGH)) break;
    for (let k = 0; k < size; k++) diagonal[k] = Math.sqrt(z[k]! / x[k]!);
    system.factorize(diagonal);
    // Predictor: straight at mu = 0.
    push.fill(0);
    let dx = step(system, z, push, dz);
    const ahead = Math.min(longest(x, dx), longest(z, dz));
    let gapAhead = 0;
    for (let k = 0; k < size; k++) gapAhead += (x[k]! + ahead * dx[k]!) * (z[k]! + ahead * dz[k]!);
    // Corrector: towards the path as far as the predictor fell short, with the product dx dz that it left out.
    const mu = (gap / size) * (gapAhead / gap) ** 3;
    for (let k = 0; k < size; k++) push[k] = (mu - dx[k]! * dz[k]!) / x[k]!;
    dx = step(system, z, push, dz);
    const alpha = Math.min(1, TO_BOUND * Math.min(longest(x, dx), longest(z, dz)));
    for (let k = 0; k < size; k++) {
      x[k]! += alpha * dx[k]!;
      z[k]! += alpha * dz[k]!;
    }
    system.updateGradient();
  }
  // Where the multiplier is the larger of a pair whose product is nothing, the weight is zero.
  for (let k = 0; k < size; k++) if (x[k]! < z[k]!) x[k] = 0;
  system.updateGradient();
  return { x, distance: distanceFromOptimum(system, z), steps };
}

/** The same with x of any sign: one factoring, refined until rounding is left. */
export function solveUnconstrained(band: DepthBand, b: Float64Array): BandSolution {
  const system = new NormalEquations(band, b);
  const { x, size, g } = system;
  const nothing = new Float64Array(size);
  const v = new Float64Array(size);
  system.factorize(nothing.map(() => RIDGE));
  let steps = 0;
  for (; steps < 3; steps++) {
    system.updateGradient();
    for (let k = 0; k < size; k++) v[k] = -g[k]!;
    const dx = system.solve(v);
    for (let k = 0; k < size; k++) x[k]! += dx[k]!;
  }
  system.updateGradient();
  return { x, distance: distanceFromOptimum(system, nothing), steps };
}

/** dx of (M'M + Z/X) dx = push - g, and dz = push - z - (z / x) dx, the linearised x z = x push. */
function step(system: NormalEquations, z: Float64Array, push: Float64Array, dz: Float64Array): Float64Array {
  const { x, g, size } = system;
  for (let k = 0; k < size; k++) dz[k] = push[k]! - g[k]!;
  const dx = system.solve(dz);
  for (let k = 0; k < size; k++) dz[k] = push[k]! - z[k]! - (z[k]! / x[k]!) * dx[k]!;
  return dx;
}

/** Root of 2 z'x + |R^-T (g - z)|^2, with the ridge's own term. */
function distanceFromOptimum(system: NormalEquations, z: Float64Array): number {
  const { x, g, size } = system;
  const e = new Float64Array(size);
  system.factorize(e.map(() => RIDGE));
  for (let k = 0; k < size; k++) e[k] = g[k]! - z[k]!;
  system.factor.solveTransposed(e);
  return Math.sqrt(2 * dot(z, x) + dot(e, e) + RIDGE ** 2 * dot(x, x));
}

/** M'M + diag(d^2), its factor, and the gradient at x. */
class NormalEquations {
  readonly size: number;
  readonly x: Float64Array;
  readonly g: Float64Array;
  readonly factor: BandFactor;
  private diagonal: Float64Array;
  private readonly rows: Float64Array;
  private readonly rest: Float64Array;
  private readonly solution: Float64Array;

  constructor(
    private readonly band: DepthBand,
    private readonly b: Float64Array,
  ) {
    this.size = band.depthCount * band.width;
    this.factor = new BandFactor(band);
    this.rows = new Float64Array(rowCount(band));
    [this.x, this.g, this.rest, this.solution, this.diagonal] = Array.from(
      { length: 5 },
      () => new Float64Array(this.size),
    ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  }

  updateGradient(): void {
    const { band, b, rows, x, g } = this;
    applyBand(band, x, rows);
    for (let r = 0; r < rows.length; r++) rows[r]! -= b[r]!;
    applyBandTransposed(band, rows, g);
  }

  factorize(diagonal: Float64Array): void {
    this.diagonal = diagonal;
    this.factor.update(diagonal);
  }

  /** Overwritten by the next call. R alone would square the condition of M; one refinement brings it back. */
  solve(v: Float64Array): Float64Array {
    const { band, factor, rows, rest, solution, diagonal, size } = this;
    solution.set(v);
    factor.solve(factor.solveTransposed(solution));
    applyBandTransposed(band, applyBand(band, solution, rows), rest);
    for (let k = 0; k < size; k++) rest[k] = v[k]! - rest[k]! - diagonal[k]! ** 2 * solution[k]!;
    factor.solve(factor.solveTransposed(rest));
    for (let k = 0; k < size; k++) solution[k]! += rest[k]!;
    return solution;
  }
}

/** Largest step, at most 1, that keeps x + step dx >= 0. */
function longest(x: Float64Array, dx: Float64Array): number {
  let alpha = 1;
  for (let k = 0; k < x.length; k++) if (dx[k]! < 0) alpha = Math.min(alpha, -x[k]! / dx[k]!);
  return alpha;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
