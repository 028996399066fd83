/**
 * Volumes as ndarrays and back: the door for arrays of one's own and for `ndarray-ops`.
 *
 * A file of its own, since `ndarray` compiles its constructors at run time: nothing else of respine imports it, so that all the
 * rest runs where a page forbids that.
 */
import ndarray from 'ndarray';
import { InvalidInputError } from '../core/errors.js';
import { describeGrid, type Grid } from '../geometry/grid.js';
import {
  createDose,
  createVolume,
  type DoseMeaning,
  type DoseVolume,
  type Volume,
  type VolumeKind,
} from '../geometry/volume.js';

/**
 * A view of a volume's values; nothing is copied, and what is written to the view is written to the volume.
 *
 * @param volume or whatever has values and a grid, as a dose
 * @returns shape [nz, ny, nx], x fastest: `get(k, j, i)` is voxel (i, j, k), whose centre lies at `origin + (i sx, j sy, k sz)`
 */
export function asNdarray({ data, grid }: Pick<Volume, 'data' | 'grid'>): ndarray.NdArray<Float32Array> {
  return ndarray(data, [...grid.shape]);
}

/**
 * A volume of an array's values, copied whatever the array's strides, order or type are.
 *
 * @param array shape [nz, ny, nx] of the grid; of any type of numbers, rounded to Float32
 * @param grid  where the values lie
 * @param kind  what they are; of a dose {@link doseOfNdarray} says what it means
 * @throws {InvalidInputError} if the shape is not the grid's, or a value is not finite (NaN is taken in a `gamma` or a `difference`)
 */
export function volumeOfNdarray<K extends Exclude<VolumeKind, 'dose'>>(
  array: ndarray.NdArray,
  grid: Grid,
  kind: K,
): Volume<K> {
  return createVolume(kind, grid, valuesOf(array, grid, kind));
}

/**
 * A dose of an array's values, as {@link volumeOfNdarray}.
 *
 * @param array   Gy, the total over the course; shape [nz, ny, nx] of the grid
 * @param meaning what kind of dose it is: the sum of two courses is not a dose of either's fractions
 * @throws {InvalidInputError} as volumeOfNdarray, and if EQD2 or BED come without alpha/beta
 */
export function doseOfNdarray(array: ndarray.NdArray, grid: Grid, meaning: DoseMeaning): DoseVolume {
  return createDose(grid, meaning, valuesOf(array, grid, 'dose'));
}

function valuesOf(array: ndarray.NdArray, grid: Grid, kind: VolumeKind): Float32Array {
  const { shape } = array;
  if (shape?.length !== 3 || shape.some((n, axis) => n !== grid.shape[axis])) {
    throw new InvalidInputError(
      `ndarray: its shape is [${shape?.join(', ') ?? ''}], but the grid is ${describeGrid(grid)}. Give an array [nz, ny, nx] of it.`,
    );
  }
  const [nz, ny, nx] = grid.shape;
  const values = new Float32Array(nz * ny * nx);
  const isHoleTaken = kind === 'gamma' || kind === 'difference';
  let at = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, at++) {
        values[at] = array.get(k, j, i);
        if (!Number.isFinite(values[at]) && !(isHoleTaken && Number.isNaN(values[at]))) {
          throw new InvalidInputError(
            `ndarray: the value at [${k}, ${j}, ${i}] is ${array.get(k, j, i)}, but a ${kind} is finite in 32 bits. Fill it first.`,
          );
        }
      }
    }
  }
  return values;
}
