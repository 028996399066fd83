/** Checks at the public border. Each throws {@link InvalidInputError} with the value and the rule, or returns its value. */
import { InvalidInputError } from './errors.js';

/** @throws {InvalidInputError} unless `value` is a finite number */
export function checkFinite(name: string, value: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new InvalidInputError(`${name} is ${String(value)}, but must be a finite number.`);
  }
  return value;
}

/** @throws {InvalidInputError} unless `value` is finite and > 0 */
export function checkPositive(name: string, value: number): number {
  checkFinite(name, value);
  if (!(value > 0)) throw new InvalidInputError(`${name} is ${value}, but must be > 0.`);
  return value;
}

/** @throws {InvalidInputError} unless `value` is finite and >= 0 */
export function checkNonNegative(name: string, value: number): number {
  checkFinite(name, value);
  if (value < 0) throw new InvalidInputError(`${name} is ${value}, but must be >= 0.`);
  return value;
}

/** @throws {InvalidInputError} unless `value` is a whole number >= `least` */
export function checkInteger(name: string, value: number, least = 0): number {
  if (!Number.isInteger(value) || value < least) {
    throw new InvalidInputError(`${name} is ${String(value)}, but must be a whole number >= ${least}.`);
  }
  return value;
}

/** @throws {InvalidInputError} unless `value` is a number from `least` to `most` */
export function checkRange(name: string, value: number, least: number, largest: number): number {
  if (!(value >= least && value <= largest)) {
    throw new InvalidInputError(`${name} is ${String(value)}, but must be ${least} to ${largest}.`);
  }
  return value;
}

/** @throws {InvalidInputError} unless `value` is a whole number that a double holds exactly */
export function checkSeed(value: number): number {
  if (!Number.isSafeInteger(value)) {
    throw new InvalidInputError(`seed is ${String(value)}, but must be a whole number up to 2^53. Use for example 1.`);
  }
  return value;
}

/** @throws {InvalidInputError} unless every element is finite; the message names the first that is not */
export function checkAllFinite(name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new InvalidInputError(
        `${name}[${i}] is ${values[i]}, but every value must be finite. Mend or mask it first.`,
      );
    }
  }
}
