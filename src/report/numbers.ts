/** Figures as reports tell them: how each is rounded, and what stands where there is none. */
import { toDecimals, toDigits } from '../core/rounding.js';

/** Rounded to so many decimals; null where there is none. */
export const decimalsOrNull = (value: number | null | undefined, digits: number): number | null =>
  value === null || value === undefined ? null : toDecimals(value, digits);

/** Of a table: six significant digits; null where there is none. */
export const tableNumber = (value: number | null | undefined): number | null =>
  value === null || value === undefined ? null : toDigits(value, 6);

/** The same as text; what is not finite is none, and empty. */
export const tableCell = (value: number | null): string =>
  value === null || !Number.isFinite(value) ? '' : String(toDigits(value, 6));

/**
 * An error bound as every page shows it: two decimals, rounded up, as what is rounded down bounds nothing.
 *
 * @param bound rounded to the four decimals of plan.json first, so that a page made from plan.json shows the same
 */
export const shownBound = (bound: number): string => (Math.ceil(100 * toDecimals(bound, 4) - 1e-6) / 100).toFixed(2);

/** An object of figures with every number to four decimals; what is none stays so. */
export const roundedValues = <T extends object>(values: T): T =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === 'number' ? toDecimals(value, 4) : value]),
  ) as T;

/** With so many decimals, or a word where there is none. */
export const inWords = (value: number | null | undefined, digits: number, none = 'none'): string =>
  value === null || value === undefined ? none : value.toFixed(digits);

/** How far a plan is from what is proven to be the best, percent of its objective; null where nothing is proven. */
export const gapPercent = ({
  objective,
  lowerBound,
}: {
  readonly objective: number;
  readonly lowerBound: number | null;
}): number | null => (lowerBound === null ? null : 100 * (1 - lowerBound / objective));

/** An object with some of its fields under the names that files have for them, in the same order. */
export const renamed = (object: object, names: Readonly<Record<string, string>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [names[key] ?? key, value]));

/** How far shifts reach: semi-axes of an ellipsoid, mm, or one number where they are the same. */
export const shiftSize = (semiAxes: readonly number[]): string =>
  `${new Set(semiAxes).size === 1 ? semiAxes[0] : semiAxes.join(' x ')} mm`;
