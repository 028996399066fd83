/** What a plan in segments is delivered by, and how far that is from the best fluence. */
import { toDecimals, toDigits } from '../core/rounding.js';
import type { TechniquePlan } from '../plan/technique/technique-plan.js';

/** Sum over all fields and the whole course. */
const monitorUnitsOf = ({ fields }: Pick<TechniquePlan, 'fields'>): number =>
  fields.reduce((sum, { monitorUnits }) => sum + monitorUnits, 0);

/** The block `delivery` of plan.json. */
export function deliveryReport(plan: Pick<TechniquePlan, 'fields' | 'delivery'>): Record<string, unknown> {
  const { kind = 'step-and-shoot', segments, seconds, value, lowerBound, price } = plan.delivery!;
  return {
    kind,
    ...(kind === 'step-and-shoot' ? { segments } : { controlPoints: segments }),
    ...(seconds !== undefined && { beamOnSeconds: toDecimals(seconds, 1) }),
    monitorUnits: toDecimals(monitorUnitsOf(plan), 1),
    value: toDigits(value, 6),
    fluenceLowerBound: lowerBound === null ? null : toDigits(lowerBound, 6),
    price: price === null ? null : toDigits(price, 3),
  };
}

/** One line for the terminal and the report. */
export function deliverySentence(plan: Pick<TechniquePlan, 'fields' | 'delivery'>): string {
  const { kind, segments, seconds, price } = plan.delivery!;
  const parts = kind === undefined ? 'segments' : `control points of ${kind === 'arc' ? 'an arc' : 'sliding windows'}`;
  const time = seconds === undefined ? '' : `, ${seconds.toFixed(0)} s of beam in each`;
  const units = `${segments} ${parts}, ${monitorUnitsOf(plan).toFixed(0)} MU in all fractions${time}`;
  const cost =
    price === null
      ? 'no bound of the fluence is proven'
      : `the objective at most ${(100 * price).toFixed(2)} % above that of the best fluence of these beamlets`;
  return `${units}: ${cost}; "above the best" is of the weights of these ${kind === undefined ? 'segments' : kind === 'arc' ? 'control points' : 'fields'}`;
}
