/**
 * Coverage in the worst scenario: how smooth a worst case the optimiser is given, and what its proof says of the worst scenario
 * itself.
 */
import { evaluateAll } from './half-spaces.js';
import type { Objective } from './objective/objective.js';
import type { Solution } from './solver.js';

/** By how much the smooth worst case may lie below the worst scenario, fraction of it. */
const SMOOTHING = 0.05;

/**
 * The objective with the worst scenario's target in place of the smooth worst case, which never exceeds it: the lower bound of
 * the one holds for the other.
 */
export function worstCaseOf(
  { dose, certificate }: Solution,
  [smooth]: readonly Objective[],
  targets: readonly (readonly Objective[])[],
): { value: number; gap: number | null } {
  const ignored = new Float64Array(dose.length);
  const worst = Math.max(...targets.map((own) => evaluateAll(own, dose, ignored)));
  const value = certificate.value - smooth!.evaluate(dose, ignored) + worst;
  const { lowerBound } = certificate;
  return { value, gap: lowerBound === null ? null : (value - lowerBound) / value };
}

/** The temperature of a smooth worst case, from a plan near the best one. */
export function smoothing(targets: readonly (readonly Objective[])[], dose: Float64Array): number {
  const ignored = new Float64Array(dose.length);
  const values = targets.map((own) => evaluateAll(own, dose, ignored));
  const largest = Math.max(...values);
  // Where nothing is missed anywhere, mean and worst case are the same.
  return largest > 0 ? (SMOOTHING * largest) / Math.log(values.length) : Number.POSITIVE_INFINITY;
}
