/** The multipliers that an interior-point method begins with: of equal products with their weights and slacks. */
import type { Unknowns } from './direction.js';

/** After the first step the multipliers' part of the gap is at most this many times the objective. */
const FIRST_GAP = 4;
/** Of what the objective's pull on the weights is, the first multipliers' part. */
const FIRST_PART = 0.1;
/** Where mu waits, the first multipliers' part of the gap is at most this many times the objective. */
const PATIENT_GAP = 10;
/** Where multipliers are chosen: the unknowns, and what the objective is there. */
interface FirstPoint extends Unknowns {
  readonly value: number;
}

/** Sets all products of weights and slacks with their multipliers to mu. */
export function setProducts({ weights, reduced, slacks, multipliers }: Unknowns, mu: number): void {
  for (let c = 0; c < weights.length; c++) reduced[c] = mu / weights[c]!;
  for (let k = 0; k < slacks.length; k++) multipliers[k] = mu / slacks[k]!;
}

/**
 * Of the size that the objective's pull on the weights has; where mu waits for the multipliers, no larger than the objective asks for.
 *
 * @param gradient A' F'
 */
export function firstMu(
  { weights, slacks, value }: FirstPoint,
  gradient: Float64Array,
  { isPatient, isExact }: { readonly isPatient: boolean; readonly isExact: boolean },
): number {
  let along = 0;
  for (let c = 0; c < weights.length; c++) along += Math.abs(gradient[c]! * weights[c]!);
  const largest = Math.max(along, 1e-3 * Math.abs(value), 1e-12) / weights.length;
  const least = Math.max(1e-12, (PATIENT_GAP * Math.abs(value)) / (weights.length + slacks.length));
  return isExact ? Math.min(largest, least) : (isPatient ? 1 : FIRST_PART) * largest;
}

/** After the first step, where the multipliers' part of the gap is far larger than the objective; undefined where it is not. */
export function loweredMu({ weights, slacks, value }: FirstPoint, complementarity: number): number | undefined {
  const largest = FIRST_GAP * Math.abs(value);
  return complementarity > largest && largest > 0 ? largest / (weights.length + slacks.length) : undefined;
}
