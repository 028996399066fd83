/**
 * Constraints that nothing can keep together whatever the patient: arithmetic, before anything is computed.
 *
 * On one structure the quantities that constraints are on have an order: minimum <= gEUD (rising with a) <= mean (a = 1) <= gEUD <=
 * maximum, and a volume's dose falls as the volume grows. What is asked to be at least so much must not lie above what is asked of a quantity
 * that is never smaller.
 */

import { InvalidInputError } from '../../core/errors.js';
import { toDigits } from '../../core/rounding.js';
import type { AskedConstraint } from './asked-constraint.js';

/** @throws {InvalidInputError} naming two constraints that exclude each other */
export function checkConsistent(asked: readonly AskedConstraint[]): void {
  for (const low of asked) {
    if (low.sign > 0) continue;
    const high = asked.find((one) => one.sign > 0 && one.structure === low.structure && excludes(low, one));
    if (high === undefined) continue;
    throw new InvalidInputError(
      `"${low.text}" and "${high.text}" contradict each other: what is at least ${grayOf(low)} is never at most ${grayOf(high)}. Lower the one, raise the other, or make one of them an objective.`,
    );
  }
}

const grayOf = ({ dose }: AskedConstraint): string => `${toDigits(dose, 6)} Gy`;

function excludes(low: AskedConstraint, high: AskedConstraint): boolean {
  // Means of biological doses have an order of their own.
  if (low.scale !== undefined || high.scale !== undefined) return false;
  const least = leastOf(low, high);
  return least !== undefined && least > high.dose * (1 + 1e-9);
}

/** What the quantity of `high` is at least where `low` holds, Gy; undefined where nothing follows. */
function leastOf(low: AskedConstraint, high: AskedConstraint): number | undefined {
  const { form } = high;
  if (low.form.kind !== 'volume' && form.kind !== 'volume') return powerOf(low) <= powerOf(high) ? low.dose : undefined;
  if (low.form.kind !== 'volume') return low.form.kind === 'extreme' ? low.dose : undefined;
  if (form.kind === 'extreme') return low.dose;
  const [own, other] = [hottestOf(low), hottestOf(high)];
  if (own === undefined) return undefined;
  if (form.kind === 'volume') {
    const isWithin = other !== undefined && other.unit === own.unit && other.volume <= own.volume;
    return isWithin ? low.dose : undefined;
  }
  // So much of the structure alone makes this mean; a gEUD from above is no smaller.
  return own.unit === '%' ? (own.volume / 100) * low.dose : undefined;
}

/** Exponent of the power mean that a constraint is on. */
function powerOf({ form, sign }: AskedConstraint): number {
  if (form.kind === 'gEUD') return form.a;
  return form.kind === 'mean' ? 1 : sign * Number.POSITIVE_INFINITY;
}

/** Volume of the hottest part, in its unit; of the rest of a structure in cc it is not known here. */
function hottestOf({ form }: AskedConstraint): { volume: number; unit: '%' | 'cc' } | undefined {
  if (form.kind !== 'volume') return undefined;
  const { volume, unit, isRest } = form;
  if (!isRest) return { volume, unit };
  return unit === '%' ? { volume: 100 - volume, unit } : undefined;
}
