/** Values that can be a dose, and where one is that cannot. */

import { InvalidInputError } from '../core/errors.js';
import { toDigits } from '../core/rounding.js';
import { describePlace, type Grid } from '../geometry/grid.js';
import type { DoseMeaning } from '../geometry/volume.js';

/** Rounding of a resampled dose may undercut 0 by this fraction of the maximum. */
const ROUNDING = 1e-6;

/** No course gives so much, Gy; radiosurgery of 100 Gy in one fraction has a BED of some 5,000 Gy. */
const MOST = { physical: 1e3, eqd2: 1e5, bed: 1e5 } as const;

/**
 * @param name of the file, for messages
 * @param data Gy, on the grid
 * @throws {InvalidInputError} if a value is not finite, negative or more than anybody gets, with the value and its place
 */
export function checkDoseValues(
  name: string,
  grid: Grid,
  data: Float32Array,
  quantity: DoseMeaning['quantity'] = 'physical',
): void {
  let low = 0;
  let lowest = 0;
  let largest = 0;
  let highest = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) {
      throw new InvalidInputError(
        `${name}: the dose at ${describePlace(grid, i)} is ${value}, but must be a number. Write 0 where there is none, or crop the grid.`,
      );
    }
    if (value < low) {
      low = value;
      lowest = i;
    }
    if (value > largest) {
      largest = value;
      highest = i;
    }
  }
  if (largest > MOST[quantity]) {
    throw new InvalidInputError(
      `${name}: the dose at ${describePlace(grid, highest)} is ${toDigits(largest, 4)} Gy, more than ${MOST[quantity]} Gy. Is it in cGy? Give it in Gy.`,
    );
  }
  if (low < -ROUNDING * largest) {
    throw new InvalidInputError(
      `${name}: the dose at ${describePlace(grid, lowest)} is ${toDigits(low, 4)} Gy, but must not be negative. Is it a difference of doses? Give a dose.`,
    );
  }
}
