/** Doses that mean the same may be compared; others never. */
import { InvalidInputError } from '../core/errors.js';
import type { DoseMeaning } from '../geometry/volume.js';

/** `physical dose in 22 fractions`, `eqd2 with alpha/beta 2 Gy`: what decides whether two doses compare. */
export function describeMeaning({ quantity, fractions, alphaBeta }: DoseMeaning): string {
  // EQD2 and BED of different fractions compare; physical doses of different fractions do not.
  if (quantity !== 'physical') return `${quantity} with alpha/beta ${alphaBeta} Gy`;
  if (fractions === undefined) return 'physical dose in an unknown number of fractions';
  return `physical dose in ${fractions} fraction${fractions === 1 ? '' : 's'}`;
}

/** @throws {InvalidInputError} unless both are the same quantity and, where physical, in the same fractions; or if both name a medium, and another one */
export function checkSameMeaning(what: string, reference: DoseMeaning, evaluated: DoseMeaning): void {
  const [a, b] = [describeMeaning(reference), describeMeaning(evaluated)];
  if (a !== b) {
    throw new InvalidInputError(
      `${what}: the reference is ${a} and the evaluated dose ${b}; these are not comparable. Convert or rescale one first, or give the fractions that a file does not tell.`,
    );
  }
  if (reference.medium && evaluated.medium && reference.medium !== evaluated.medium) {
    throw new InvalidInputError(
      `${what}: the medium of the reference dose is "${reference.medium}", that of the evaluated dose "${evaluated.medium}"; these differ by up to 10 % in bone. Convert one first (convertDose).`,
    );
  }
}
