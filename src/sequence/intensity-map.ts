/**
 * An intensity map: the fluence of one field in whole units, one row of pixels per leaf pair.
 *
 * Leaves travel along the rows. A pixel is the smallest step of a leaf end, so a map in whole units is delivered exactly by
 * apertures whose ends lie on pixel edges.
 */
import { checkCount } from '../core/budget.js';
import { InvalidInputError } from '../core/errors.js';

/** Whole intensities of one field, x-fastest: row n is leaf pair n, column j the pixel between edges j and j + 1. */
export interface IntensityMap {
  readonly rows: number;
  readonly columns: number;
  /** Units >= 0, `rows * columns` of them. */
  readonly intensities: Int32Array;
}

/** Pixels of the largest collimator at a millimetre each. */
const MOST_PIXELS = 160_000;
/** Units: no fluence is told apart more finely. */
const HIGHEST = 1_000_000;

/**
 * An intensity map of whole numbers.
 *
 * @param rows intensities of each leaf pair, whole numbers from 0 to a million; all rows equally long
 * @throws {InvalidInputError} for an empty map, rows of different lengths, or an intensity that is not such a number
 */
export function createIntensityMap(rows: readonly (readonly number[])[]): IntensityMap {
  const columns = rows[0]?.length ?? 0;
  if (columns === 0) {
    throw new InvalidInputError('intensity map: it has no pixel. Give one row of intensities for each leaf pair.');
  }
  checkCount('intensity map: pixels', rows.length * columns, MOST_PIXELS, 'Use larger pixels.');
  const intensities = new Int32Array(rows.length * columns);
  rows.forEach((row, i) => {
    if (row.length !== columns) {
      throw new InvalidInputError(
        `intensity map: row ${i + 1} has ${row.length} pixels and row 1 has ${columns}. Give rows of one length.`,
      );
    }
    row.forEach((intensity, j) => {
      if (!Number.isInteger(intensity) || intensity < 0 || intensity > HIGHEST) {
        throw new InvalidInputError(
          `intensity map: row ${i + 1}, pixel ${j + 1} is ${intensity}, but must be a whole number from 0 to ${HIGHEST}. Round the fluence to levels first.`,
        );
      }
      intensities[i * columns + j] = intensity;
    });
  });
  return { rows: rows.length, columns, intensities };
}
