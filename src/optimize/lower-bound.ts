/**
 * The lower bound of the certificate.
 *
 * A convex F lies above its tangent plane at any dose d, and a plan within the limits has C A w <= b. So for any d and any
 * multipliers l >= 0, with y = F'(d), every permitted plan has
 *
 *     F(A w)  >=  F(d) - y' d - l' b + h' w,       h = A' (y + C' l)
 *
 * Where all h >= 0 the constant alone is a lower bound, as w >= 0. Where some are a little negative, a second tangent helps:
 * plans at least as good as the best known, F_best, obey  k + c' w <= F_best,  and for any theta with h + theta c >= 0
 *
 *     F(A w)  >=  F(d) - y' d - l' b - theta (F_best - k).
 *
 * Nothing here trusts the solver: d and l may come from anywhere. What rounding there is between the operator and its transpose
 * is measured where the plan's own weights are at hand, |y' A w - w' A' y|, and taken off the bound.
 */
import type { LinearOperator } from '../core/linear-operator.js';
import { addForces, boundForce, evaluateAll, type HalfSpaces, type Multipliers } from './half-spaces.js';
import type { Objective } from './objective/objective.js';

/** constant + slopes' w <= F(A w) for every permitted plan w. */
export interface Tangent {
  readonly constant: number;
  readonly slopes: Float64Array;
}

/** What makes up for slopes below zero: a second tangent, or a limit with slopes' w <= bound, of slopes that are nowhere below zero. */
export type Cut = Tangent | { readonly slopes: Float64Array; readonly bound: number };

export interface TangentOptions {
  /** Whose dose it is, where it is one's: the bound is lowered by what the transpose differs from the operator. */
  readonly weights?: Float64Array;
  /** A' (y + C' l), where it has been computed: then nothing is. */
  readonly known?: Float64Array | undefined;
}

/**
 * The tangent at a dose; costs one transpose.
 *
 * @param objectives convex ones only
 */
export function tangentAt(
  operator: LinearOperator,
  objectives: readonly Objective[],
  constraints: HalfSpaces,
  dose: Float64Array,
  multipliers: Multipliers,
  { weights, known }: TangentOptions = {},
): Tangent {
  const force = new Float64Array(dose.length);
  let constant = evaluateAll(objectives, dose, force);
  for (let i = 0; i < dose.length; i++) constant -= force[i]! * dose[i]!;
  constant -= boundForce(constraints, multipliers);
  addForces(constraints, multipliers, force);
  const slopes = known ?? operator.applyTranspose(force, new Float64Array(operator.columns)).slice();
  if (weights) {
    let difference = 0;
    for (let i = 0; i < dose.length; i++) difference += force[i]! * dose[i]!;
    for (let c = 0; c < slopes.length; c++) difference -= slopes[c]! * weights[c]!;
    constant -= Math.abs(difference);
  }
  return { constant, slopes };
}

/** What the two tangents prove of every permitted plan at least as good as `best`; -Infinity where they prove nothing. */
export function lowerBound(tangent: Tangent, cuts: readonly Cut[], best: number): number {
  return tangent.constant - restorationCost(tangent.slopes, cuts, best);
}

/** theta (F_best - k): what negative slopes cost; 0 where there are none, Infinity where no second tangent makes up for them. */
export function restorationCost(h: Float64Array, cuts: readonly Cut[], best: number): number {
  if (h.every((slope) => slope >= 0)) return 0;
  let cost = Infinity;
  for (const cut of cuts) {
    const { slopes: c } = cut;
    let theta = 0;
    for (let j = 0; j < h.length; j++) if (h[j]! < 0) theta = Math.max(theta, c[j]! > 0 ? -h[j]! / c[j]! : Infinity);
    if (theta === Infinity) continue;
    // A touch more than needed, against rounding where h + theta c is zero.
    theta *= 1 + 1e-12;
    if (h.every((slope, j) => slope + theta * c[j]! >= 0)) {
      cost = Math.min(cost, theta * Math.max(0, 'bound' in cut ? cut.bound : best - cut.constant));
    }
  }
  return cost;
}

/** Doses at which the second tangent is taken, as multiples of the plan's own, and of its multipliers. */
const CUTS = [
  [1.03, 1],
  [1.1, 1],
  [1.4, 1],
  [3, 1],
  [1, 2],
] as const;

/** Of its bound, what a plane's column may be off by rounding. */
const COLUMN_ROUNDING = 1e-6;

/** Limits on sums of dose, each a cut where more of any weight means more of the sum. */
export const cutsOf = ({ planes }: HalfSpaces): Cut[] =>
  planes
    .filter(({ column, bound }) => bound > 0 && column.every((slope) => slope >= 0))
    .map(({ column, bound, tightening = 0 }) => ({
      slopes: column,
      bound: (bound + tightening) * (1 + COLUMN_ROUNDING),
    }));

/** Tangents at higher doses, whose slopes are positive wherever more of a weight means more of what nobody wants. */
export function findCuts(
  operator: LinearOperator,
  objectives: readonly Objective[],
  constraints: HalfSpaces,
  dose: Float64Array,
  multipliers: Multipliers,
): Tangent[] {
  return CUTS.map(([d, l]) =>
    tangentAt(
      operator,
      objectives,
      constraints,
      dose.map((x) => d * x),
      multipliers.map((x) => l * x),
    ),
  );
}
