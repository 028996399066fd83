/** What a convention says by months since the end of the prior course: steps, or straight lines between the entries. */
import { checkNonNegative } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { checkRising, interpolateLinear } from '../core/interpolate.js';

/** [months, value] by rising months; before the first entry nothing has recovered. */
export type MonthTable = readonly (readonly [months: number, value: number])[];

/** @throws {InvalidInputError} if the table is empty, its months are negative or do not rise, or a value is outside the range */
export function checkMonthTable(name: string, table: MonthTable, low: number, high: number): MonthTable {
  if (table.length === 0) throw new InvalidInputError(`${name}: the month table is empty. Give [months, value] pairs.`);
  checkRising(
    `${name}: months`,
    table.map(([months]) => checkNonNegative(`${name}: months`, months)),
  );
  for (const [months, value] of table) {
    if (!(value >= low && value <= high)) {
      throw new InvalidInputError(`${name}: the value at ${months} months is ${value}, but must be ${low} to ${high}.`);
    }
  }
  return table;
}

/** The last entry that has been reached; `before` ahead of the first. */
export function stepAt(table: MonthTable, months: number, before: number): number {
  return table.reduce((value, [from, entry]) => (months >= from ? entry : value), before);
}

/** Straight lines between the entries, the last value after them; `before` ahead of the first. */
export function lineAt(table: MonthTable, months: number, before: number): number {
  if (months < table[0]![0]) return before;
  return interpolateLinear(
    table.map(([m]) => m),
    table.map(([, v]) => v),
    months,
  );
}
