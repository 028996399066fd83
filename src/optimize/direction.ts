/**
 * A step of all unknowns of the interior-point method: weights w and slacks s, their multipliers z and l.
 *
 * A step of the weights decides the others: slacks fall by what the half-spaces see of it, and the products of the pairs w z and s l shall
 * become mu, but for what they curvature along the step.
 */

/** Weights w, slacks s, the weights' multipliers z and the slacks' l: all > 0. */
export interface Unknowns {
  readonly weights: Float64Array;
  readonly slacks: Float64Array;
  readonly reduced: Float64Array;
  readonly multipliers: Float64Array;
}

/** How the products of the pairs w z and s l curvature along a step; the step makes up for it. */
export interface Curvatures {
  readonly weights: Float64Array;
  readonly slacks: Float64Array;
}

/** A step of all unknowns, and how much of it leaves every one positive. */
export interface Direction extends Unknowns {
  /** Of weights and slacks. */
  readonly length: number;
  /** Of the multipliers. */
  readonly dualLength: number;
}

/** No unknown loses more than this fraction in one step. */
const BOUNDARY = 0.99;

/**
 * The step that belongs to one of the weights.
 *
 * @param change of the weights; kept, not copied
 * @param sides  what the half-spaces see of it
 */
export function directionOf(
  { weights, slacks, reduced, multipliers }: Unknowns,
  change: Float64Array,
  sides: Float64Array,
  mu: number,
  curvatures: Curvatures,
): Direction {
  const slackChange = sides.map((d) => -d);
  const ofReduced = dualChange(weights, change, reduced, curvatures.weights, mu);
  const ofMultipliers = dualChange(slacks, slackChange, multipliers, curvatures.slacks, mu);
  return {
    weights: change,
    slacks: slackChange,
    reduced: ofReduced,
    multipliers: ofMultipliers,
    length: Math.min(largestStep(weights, change), largestStep(slacks, slackChange)),
    dualLength: Math.min(largestStep(reduced, ofReduced), largestStep(multipliers, ofMultipliers)),
  };
}

/** Whether a step leads anywhere: not where a factor broke down, or where rounding has left a slack of no more than nothing. */
export function isPossible({ length, dualLength, weights, slacks, reduced, multipliers }: Direction): boolean {
  const areNumbers = [weights, slacks, reduced, multipliers].every((values) => values.every(Number.isFinite));
  return areNumbers && length >= 0 && length <= 1 && dualLength >= 0 && dualLength <= 1;
}

/** dy of x dy + y dx = mu - curvature - x y */
function dualChange(
  x: Float64Array,
  dx: Float64Array,
  y: Float64Array,
  curvatures: Float64Array,
  mu: number,
): Float64Array {
  const out = new Float64Array(x.length);
  for (let i = 0; i < out.length; i++) out[i] = (mu - curvatures[i]! - y[i]! * dx[i]!) / x[i]! - y[i]!;
  return out;
}

/** sum w z + sum l s */
export function complementarityOf({ weights, slacks, reduced, multipliers }: Unknowns): number {
  let sum = 0;
  for (let c = 0; c < weights.length; c++) sum += weights[c]! * reduced[c]!;
  for (let k = 0; k < slacks.length; k++) sum += slacks[k]! * multipliers[k]!;
  return sum;
}

/** sum w z + sum l s after as much of a step as is possible. */
export function complementarityAfter(at: Unknowns, step: Direction): number {
  const { length, dualLength } = step;
  let sum = 0;
  for (let c = 0; c < at.weights.length; c++) {
    sum += (at.weights[c]! + length * step.weights[c]!) * (at.reduced[c]! + dualLength * step.reduced[c]!);
  }
  for (let k = 0; k < at.slacks.length; k++) {
    sum += (at.slacks[k]! + length * step.slacks[k]!) * (at.multipliers[k]! + dualLength * step.multipliers[k]!);
  }
  return sum;
}

/** The largest step up to 1 that leaves every value above (1 - BOUNDARY) of itself. */
function largestStep(values: Float64Array, changes: Float64Array): number {
  let step = 1;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! + step * changes[i]! < (1 - BOUNDARY) * values[i]!) step = (-BOUNDARY * values[i]!) / changes[i]!;
  }
  return step;
}
