/** What a plan in segments is delivered by, and how far that is from the best fluence. */
import { toDecimals, toDigits } from '../core/rounding.js';
import type { TechniquePlan } from '../plan/technique/technique-plan.js';

/** Sum over all fields and the whole course. */
const monitorUnitsOf = ({ fields }: Pick<TechniquePlan, 'fields'>): number =>
  fields.reduce((sum, { monitorUnits }) => sum + monitorUnits, 0);

/** The block `delivery` of plan.json. */
export function deliveryReport(plan: Pick<TechniquePlan, 'fields' | 'delivery'>): Record<string, unknown> {
  const { segments, value, lowerBound, price, sequenced } = plan.delivery!;
  return {
    kind: 'step-and-shoot',
    segments,
    monitorUnits: toDecimals(monitorUnitsOf(plan), 1),
    value: toDigits(value, 6),
    fluenceLowerBound: lowerBound === null ? null : toDigits(lowerBound, 6),
    price: price === null ? null : toDigits(price, 3),
    ...(sequenced !== undefined && { priceOfSequence: sequenced === null ? null : toDigits(sequenced, 3) }),
  };
}

/** One line for the terminal and the report. */
export function deliverySentence(plan: Pick<TechniquePlan, 'fields' | 'delivery'>): string {
  const { segments, price } = plan.delivery!;
  const units = `${segments} segments, ${monitorUnitsOf(plan).toFixed(0)} MU in all fractions`;
  const cost =
    price === null
      ? 'no bound of the fluence is proven'
      : `the objective at most ${(100 * price).toFixed(2)} % above that of the best fluence of these beamlets`;
  return `${units}: ${cost}; "above the best" is of the weights of these segments`;
}
