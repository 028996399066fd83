/**
 * The difference of two doses, voxel by voxel of the reference: evaluated - reference, the evaluated dose taken trilinearly.
 *
 * Only voxels count where one of the two reaches the threshold, so that a sea of nothing around the patient does not make
 * every plan agree; voxels outside the evaluated dose's grid are left out and counted.
 */
import { quantileSorted } from 'd3-array';
import { checkAllFinite } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { resample } from '../geometry/resample.js';
import { createVolume, type DoseVolume, type Volume } from '../geometry/volume.js';
import { checkSameMeaning } from './dose-meaning.js';

export interface DoseDifference {
  /** Evaluated - reference on the reference's grid, Gy; NaN where neither reaches the threshold or the grids do not overlap. */
  readonly map: Volume<'difference'>;
  /** Voxels that count, and those at or above the threshold that lie outside the evaluated dose's grid. */
  readonly voxels: number;
  readonly outside: number;
  /** Gy */
  readonly mean: number;
  readonly standardDeviation: number;
  readonly rootMeanSquare: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Gy, by percent of the voxels: 1, 5, 50, 95, 99. */
  readonly percentiles: Readonly<Record<1 | 5 | 50 | 95 | 99, number>>;
}

/**
 * @param reference total dose, Gy
 * @param evaluated total dose, Gy, same meaning, any grid
 * @param options.threshold percent of the reference maximum. @default 10
 * @throws {InvalidInputError} if the doses differ in meaning, a value is not finite, the reference has no dose, the
 *   threshold is not 0 to 100, or the grids do not overlap where there is dose
 */
export function doseDifference(
  reference: DoseVolume,
  evaluated: DoseVolume,
  options: { readonly threshold?: number } = {},
): DoseDifference {
  const { threshold = 10 } = options;
  if (!(threshold >= 0 && threshold <= 100)) {
    throw new InvalidInputError(`dose difference: threshold is ${threshold}, but must be 0 to 100 percent. Use 10.`);
  }
  checkSameMeaning('dose difference', reference, evaluated);
  checkAllFinite('dose difference: reference dose', reference.data);
  checkAllFinite('dose difference: evaluated dose', evaluated.data);
  const largest = reference.data.reduce((a, b) => (b > a ? b : a), 0);
  if (!(largest > 0))
    throw new InvalidInputError('dose difference: the reference holds no dose above 0 Gy. Give a dose.');
  const least = (threshold / 100) * largest;
  const { volume, isInside } = resample(evaluated, reference.grid);
  const map = new Float32Array(reference.data.length).fill(NaN);
  const values = new Float32Array(reference.data.length);
  let voxels = 0;
  let outside = 0;
  for (let i = 0; i < map.length; i++) {
    const here = reference.data[i]!;
    const there = volume.data[i]!;
    if (isInside[i] === 0) {
      if (here >= least) outside++;
    } else if (here >= least || there >= least) {
      map[i] = there - here;
      values[voxels++] = map[i]!;
    }
  }
  if (voxels === 0) {
    throw new InvalidInputError(
      'dose difference: the grids do not overlap where there is dose. Are both doses of one patient, in one frame of reference?',
    );
  }
  return {
    map: createVolume('difference', reference.grid, map),
    voxels,
    outside,
    ...momentsOf(values.subarray(0, voxels)),
  };
}

function momentsOf(values: Float32Array): Omit<DoseDifference, 'map' | 'voxels' | 'outside'> {
  const n = values.length;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    sum += values[i]!;
    squares += values[i]! * values[i]!;
  }
  const mean = sum / n;
  // d3 reads length and elements alone, though its types ask for an array; a copy would be of as many values as voxels.
  const rising = values.sort() as ArrayLike<number> as number[];
  const percentile = (p: number): number => quantileSorted(rising, p / 100)!;
  return {
    mean,
    standardDeviation: Math.sqrt(Math.max(0, squares / n - mean * mean)),
    rootMeanSquare: Math.sqrt(squares / n),
    minimum: values[0]!,
    maximum: values[n - 1]!,
    percentiles: { 1: percentile(1), 5: percentile(5), 50: percentile(50), 95: percentile(95), 99: percentile(99) },
  };
}
