/**
 * Centrality corrections of an interior-point step.
 *
 * At mu every pair, a weight and its reduced cost, a slack and its multiplier, should have the product mu. A few that stray keep a step
 * short for all. So a step a little longer than what is possible is tried, and the products that would leave [0.1 mu, 10 mu] are asked
 * back to it. That costs one more solution with the same factor, and steps become long: 7 in place of 11 for the reference case.
 *
 * @see Gondzio, Comput. Optim. Appl. 6 (1996) 137, doi:10.1007/BF00249643
 */

/** By how much longer a step is tried than is possible now. */
export const LONGER = 0.3;
/** Steps this long, of primal and dual unknowns, need no correction. */
export const LONG = 0.95;
/** A correction that gains less than this, primal and dual lengths together, was the last. */
export const LEAST_GAIN = 0.03;
/** Products of pairs as multiples of mu that are left as they are. */
const [LEAST_PRODUCT, MOST_PRODUCT] = [0.1, 10] as const;

/** One side of the pairs, with its part of a step. */
export interface SteppedValues {
  readonly values: Float64Array;
  readonly step: Float64Array;
  /** How much of the step is tried. */
  readonly length: number;
}

/**
 * The curvatures of a step with which the pairs x y stay near mu.
 *
 * @param curvatures of the step (dx, dy); not changed
 */
export function centredCurvatures(
  curvatures: Float64Array,
  { values: x, step: dx, length }: SteppedValues,
  { values: y, step: dy, length: dualLength }: SteppedValues,
  mu: number,
): Float64Array {
  const out = new Float64Array(curvatures.length);
  for (let i = 0; i < out.length; i++) {
    const product = (x[i]! + length * dx[i]!) * (y[i]! + dualLength * dy[i]!);
    let ask = 0;
    if (product < LEAST_PRODUCT * mu) ask = LEAST_PRODUCT * mu - product;
    // Much too large products are not worth a large step of their own.
    else if (product > MOST_PRODUCT * mu) ask = Math.max(MOST_PRODUCT * mu - product, -MOST_PRODUCT * mu);
    out[i] = curvatures[i]! - ask;
  }
  return out;
}
