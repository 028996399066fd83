/**
 * What a step of the interior-point method aims at: how far mu falls, and what the curvatures of the pairs ask back.
 */
import { centredCurvatures, LEAST_GAIN, LONG, LONGER } from './centrality.js';
import {
  type Curvatures,
  complementarityAfter,
  complementarityOf,
  type Direction,
  type Unknowns,
} from './direction.js';

/** Fractions to which mu may fall in one step. */
const LEAST_CENTRING = 0.02;
const MOST_CENTRING = 0.5;
/** The same where the last step was taken wholly, and where half of it was. */
const FAST_CENTRING = 0.1;
const SLOW_CENTRING = 0.3;
/** Power of what a predictor would leave of the gap that mu falls by: with centred pairs steps are long, and 5 asks for more than Mehrotra's 3. */
const CENTRING_POWER = 5;
/** Centrality corrections per step, at most. */
const CORRECTIONS = 4;

export const noCurvatures = ({ weights, slacks }: Unknowns): Curvatures => ({
  weights: new Float64Array(weights.length),
  slacks: new Float64Array(slacks.length),
});

/** Mehrotra's prediction from the step towards mu = 0, which has no curvatures: how far mu may fall, and how the pairs curve. */
export function predicted(at: Unknowns, step: Direction): { mu: number; curvatures: Curvatures } {
  const left = complementarityAfter(at, step);
  const now = complementarityOf(at);
  const centring = Math.min(MOST_CENTRING, Math.max(LEAST_CENTRING, (left / now) ** CENTRING_POWER));
  // A predictor that could go only so far says only so much of how the pairs curvature.
  const trust = step.length * step.dualLength;
  return {
    mu: (centring * now) / (at.weights.length + at.slacks.length),
    curvatures: {
      weights: step.weights.map((d, c) => trust * d * step.reduced[c]!),
      slacks: step.slacks.map((d, k) => trust * d * step.multipliers[k]!),
    },
  };
}

/** The fraction of itself to which mu falls where the last step alone says how far it may. */
export const patientFraction = (lastLength: number): number =>
  lastLength > LONG ? FAST_CENTRING : lastLength > 0.5 ? SLOW_CENTRING : MOST_CENTRING;

/** Curvatures that allow a longer step: as long as the preconditioner sees one get longer, pairs that would stray are pulled back. */
export function centred(
  { weights, reduced, slacks, multipliers }: Unknowns,
  mu: number,
  given: Curvatures,
  preview: (mu: number, curvatures: Curvatures) => Direction,
): Curvatures {
  let curvatures = given;
  let best = preview(mu, curvatures);
  for (let correction = 0; correction < CORRECTIONS; correction++) {
    if (best.length > LONG && best.dualLength > LONG) break;
    const length = Math.min(1, best.length + LONGER);
    const dualLength = Math.min(1, best.dualLength + LONGER);
    const next = {
      weights: centredCurvatures(
        curvatures.weights,
        { values: weights, step: best.weights, length },
        { values: reduced, step: best.reduced, length: dualLength },
        mu,
      ),
      slacks: centredCurvatures(
        curvatures.slacks,
        { values: slacks, step: best.slacks, length },
        { values: multipliers, step: best.multipliers, length: dualLength },
        mu,
      ),
    };
    const direction = preview(mu, next);
    const gained = direction.length + direction.dualLength - best.length - best.dualLength;
    if (gained <= 0) break;
    [curvatures, best] = [next, direction];
    if (gained < LEAST_GAIN) break;
  }
  return curvatures;
}
