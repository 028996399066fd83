/** A course as a term of a biological sum. */
import { bedFromEqd2, quadraticOf } from '../../biology/linear-quadratic.js';
import type { DoseTerm } from '../../evaluate/dose-field.js';
import type { DoseVolume } from '../../geometry/volume.js';

/**
 * A course as a term of a biological sum: converted where it is interpolated. An EQD2 that was read is what it is.
 *
 * @param dose physical with its fractions, or EQD2 of the same alpha/beta (`whyNoEffect` tells)
 */
export function courseTerm(
  { data, quantity: own, fractions }: Pick<DoseVolume, 'data' | 'quantity' | 'fractions'>,
  quantity: 'eqd2' | 'bed',
  alphaBeta: number,
): DoseTerm & { readonly convert: (gray: number) => number } {
  if (own !== 'physical') {
    const scale = quantity === 'eqd2' ? 1 : bedFromEqd2(1, alphaBeta);
    return { data, convert: (gray) => scale * gray };
  }
  const { linear, quadratic } = quadraticOf(quantity, fractions!, alphaBeta);
  // Rounding may leave a trace of dose below zero, where the square would rise.
  return { data, convert: (gray) => (gray > 0 ? gray * (linear + quadratic * gray) : linear * gray) };
}
