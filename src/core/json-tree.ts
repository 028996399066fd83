/** What any parsed JSON must be before a schema looks at it: not nested without end, and without a key that is no key. */
import { InvalidInputError } from './errors.js';

/** Fields of fields, deeper than any of our files. */
const DEEPEST = 40;

/**
 * Looks at every value once, without recursion.
 *
 * @param path where it came from, for the message
 * @throws {InvalidInputError} for a tree deeper than 40, or a key `__proto__`, which schemas would pass over in silence
 */
export function checkTree(json: unknown, path: string): void {
  let level = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) {
      throw new InvalidInputError(`${path}: is nested more than ${DEEPEST} deep. Give it as the README describes it.`);
    }
    level = level.flatMap((value) => childrenOf(value, path)).filter((child) => typeof child === 'object');
  }
}

function childrenOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return [];
  if (Object.hasOwn(value, '__proto__')) {
    throw new InvalidInputError(`${path}: "__proto__" is the name of no field. Leave it out.`);
  }
  return Object.values(value);
}
