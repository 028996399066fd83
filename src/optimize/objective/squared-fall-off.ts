/**
 * Dose fall-off around the target: squared overdose above a bound that falls with the distance from it.
 */
import { checkFinite, checkNonNegative } from '../../core/check.js';
import type { Objective, VoxelSet } from './objective.js';
import { squaredOverdose } from './squared-overdose.js';

/** How a bound falls with the distance from the target: `dose max(least, 1 - perMillimetre max(0, distance - from))`. */
export interface FallOff {
  /** Bound at the target, Gy: one, or one per row of the set. */
  readonly dose: number | Float64Array;
  /** How much the bound falls per mm, fraction of `dose`. */
  readonly perMillimetre: number;
  /** Where it ends, fraction of `dose`. */
  readonly least: number;
  /** Distance over which nothing falls, mm. @default 0 */
  readonly from?: number;
}

/**
 * Squared overdose above a bound that falls with distance, mean over a structure: `sum v_i max(0, d_i - b(distance_i))^2 / sum v_i`,
 * Gy^2, with `b(x) = dose max(least, 1 - perMillimetre max(0, x - from))`. Convex.
 *
 * @param distance from the target, mm, one per row of the set
 * @param weight importance relative to the others, > 0
 */
export function squaredFallOff(
  name: string,
  set: VoxelSet,
  distance: Float64Array,
  fall: FallOff,
  weight: number,
): Objective {
  const { dose, perMillimetre, least, from = 0 } = fall;
  for (const own of typeof dose === 'number' ? [dose] : dose)
    checkNonNegative(`objective "${name}": fall-off dose`, own);
  checkNonNegative(`objective "${name}": fall-off per mm`, perMillimetre);
  checkNonNegative(`objective "${name}": least fraction`, least);
  checkFinite(`objective "${name}": distance of the fall-off`, from);
  const doseAt = typeof dose === 'number' ? () => dose : (q: number) => dose[q]!;
  const bounds = Float64Array.from(
    distance,
    (d, q) => doseAt(q) * Math.max(least, 1 - perMillimetre * Math.max(0, d - from)),
  );
  return squaredOverdose(name, set, bounds, weight);
}
