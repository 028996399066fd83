/**
 * From a fluence to what leaves can deliver: rows of leaf pairs, whole levels, and apertures of segments.
 *
 * A pair is as high as it is: what varies across its height is averaged over it. Along the travel a leaf end may stand at any
 * edge of the fluence's pixels.
 */
import { type Aperture, createAperture } from '../beam/aperture.js';
import type { PixelFluence } from '../beam/pixel-fluence.js';
import { checkPositive, checkRange } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { LeafBank } from '../machine/mlc.js';
import { createIntensityMap, type IntensityMap } from './intensity-map.js';
import type { Segment } from './segment.js';

/** Fluence by leaf pair: what each pair should deliver between edges along its travel. */
export interface LeafRows {
  readonly bank: LeafBank;
  /** Edges along IEC X in the isocentre plane, mm, rising. */
  readonly edges: Float64Array;
  /** First pair of the bank that delivers anything. */
  readonly first: number;
  /** Monitor units of each pair from `first` on, one per pixel between edges. */
  readonly rows: readonly Float64Array[];
}

/** A fluence rounded to whole units, and what rounding changed. */
export interface LeveledRows {
  readonly map: IntensityMap;
  /** Monitor units of one level. */
  readonly unit: number;
  /** Root mean square of what rounding changed over the pixels that carry fluence, fraction of the highest. */
  readonly error: number;
}

/** More levels than this are no rounding. */
const MOST_LEVELS = 10_000;

/**
 * The mean of a fluence over the height of every leaf pair.
 *
 * @param fluence monitor units per pixel in the isocentre plane, leaves along IEC X
 * @throws {InvalidInputError} for a fluence that is negative, not finite, dark, or reaches beyond the bank
 */
export function leafRowsOf({ grid, weights }: PixelFluence, bank: LeafBank): LeafRows {
  const nx = grid.x.length - 1;
  const { boundaries } = bank;
  const rows = boundaries.slice(1).map(() => new Float64Array(nx));
  for (let j = 0; j < grid.y.length - 1; j++) {
    const row = weights.subarray(j * nx, (j + 1) * nx);
    row.forEach((units, i) => {
      if (!(Number.isFinite(units) && units >= 0)) {
        throw new InvalidInputError(
          `fluence: pixel ${i + 1} of row ${j + 1} is ${units} MU, but leaves deliver finite units >= 0. Mend the map.`,
        );
      }
    });
    if (row.every((units) => units === 0)) continue;
    const [low, high] = [grid.y[j]!, grid.y[j + 1]!];
    if (low < boundaries[0]! - 1e-6 || high > boundaries.at(-1)! + 1e-6) {
      throw new InvalidInputError(
        `fluence: it shines from y ${low} to ${high} mm, but the leaves of ${bank.name} cover ${boundaries[0]} to ${boundaries.at(-1)} mm. Use another leaf bank, isocentre or collimator angle.`,
      );
    }
    rows.forEach((sum, n) => {
      const overlap = Math.min(high, boundaries[n + 1]!) - Math.max(low, boundaries[n]!);
      if (overlap <= 1e-6) return;
      const part = overlap / (boundaries[n + 1]! - boundaries[n]!);
      for (let i = 0; i < nx; i++) sum[i]! += part * row[i]!;
    });
  }
  const shines = rows.map((row) => row.some((units) => units > 0));
  const first = shines.indexOf(true);
  if (first < 0) throw new InvalidInputError('fluence: every pixel is 0 MU. There is nothing to deliver.');
  return { bank, edges: grid.x, first, rows: rows.slice(first, shines.lastIndexOf(true) + 1) };
}

/**
 * Rounds rows to the fewest equal levels that keep a stated error: more levels cost segments and monitor units.
 *
 * @param error largest root mean square error, fraction of the highest fluence, above 0 and below 1
 */
export function leveledRows({ rows }: Pick<LeafRows, 'rows'>, error: number): LeveledRows {
  checkRange('levels: error', error, 1e-4, 0.5);
  const highest = rows.reduce((high, row) => row.reduce((a, b) => Math.max(a, b), high), 0);
  checkPositive('levels: highest fluence in MU', highest);
  for (let levels = 1; levels <= MOST_LEVELS; levels++) {
    const unit = highest / levels;
    const found = rmsOfRounding(rows, unit) / highest;
    if (found > error) continue;
    const map = createIntensityMap(rows.map((row) => Array.from(row, (units) => Math.round(units / unit))));
    return { map, unit, error: found };
  }
  throw new InvalidInputError(`levels: ${MOST_LEVELS} levels do not reach an error of ${error}. Ask for a larger one.`);
}

function rmsOfRounding(rows: LeafRows['rows'], unit: number): number {
  let sum = 0;
  let count = 0;
  for (const row of rows) {
    for (const units of row) {
      if (units === 0) continue;
      sum += (units - unit * Math.round(units / unit)) ** 2;
      count++;
    }
  }
  return Math.sqrt(sum / count);
}

/**
 * The aperture of a segment: pairs that deliver nothing are closed where the nearest pair stands, so that none collides.
 *
 * @throws {InvalidInputError} where a leaf would have to stand beyond its reach or overtravel
 */
export function apertureOfSegment({ left, right }: Segment, { bank, edges, first }: LeafRows): Aperture {
  const pairs = bank.boundaries.length - 1;
  const leaves = Array.from({ length: pairs }, (_, n): [number, number] => {
    const row = Math.min(Math.max(n - first, 0), left.length - 1);
    const [x1, x2] = [edges[left[row]!]!, edges[right[row]!]!];
    return row === n - first ? [x1, x2] : [x1, x1];
  });
  return createAperture(bank, leaves);
}
