/**
 * Volume: a grid and one Float32 value per voxel, which says what the values are.
 *
 * A dose volume also carries what kind of dose it is. Dose is always the total over its course.
 */
import { InvalidInputError } from '../core/errors.js';
import { describeGrid, type Grid, voxelCount } from './grid.js';

/** `hounsfield` HU; `density` electron density relative to water; `mask` fraction 0..1; `depth` mm of water; `dose` Gy; `gamma` index, `difference` Gy, NaN where neither is evaluated. */
export type VolumeKind = 'hounsfield' | 'density' | 'mask' | 'depth' | 'dose' | 'gamma' | 'difference';

/** Values at the voxel centres of a grid; `kind` says what they are, and with it their unit. */
export interface Volume<K extends VolumeKind = VolumeKind> {
  readonly kind: K;
  readonly grid: Grid;
  /** x-fastest, shape [nz, ny, nx]. */
  readonly data: Float32Array;
}

/**
 * What a dose is given to: `engine`, water of the voxel's electron density (what a pencil beam computes); `medium`, the tissue
 * itself; `water`, a little water in the tissue.
 */
export type DoseMedium = 'engine' | 'medium' | 'water';

/** What a dose number means. Doses of different meaning are never added or compared. */
export interface DoseMeaning {
  readonly quantity: 'physical' | 'eqd2' | 'bed';
  /** Fractions over which this total was (or will be) given; absent where its source does not say. */
  readonly fractions?: number | undefined;
  /** Gy; required for eqd2 and bed. */
  readonly alphaBeta?: number | undefined;
  /** Unnamed where it is not known, as for most imported doses. */
  readonly medium?: DoseMedium | undefined;
}

/** A dose on a grid, Gy, total over its course, with what its numbers mean. */
export interface DoseVolume extends Volume<'dose'>, DoseMeaning {}

/**
 * A volume of given values, or of zeros.
 *
 * @param data x-fastest, shape [nz, ny, nx], in the unit of the kind; kept, not copied. @default zeros
 * @throws {InvalidInputError} if the number of values is not the number of voxels
 */
export function createVolume<K extends VolumeKind>(kind: K, grid: Grid, data?: Float32Array): Volume<K> {
  const n = voxelCount(grid);
  const values = data ?? new Float32Array(n);
  if (values.length !== n) {
    throw new InvalidInputError(`volume: ${values.length} values for a grid ${describeGrid(grid)} of ${n} voxels.`);
  }
  return { kind, grid, data: values };
}

/**
 * The fraction from which a voxel counts as occupied: half, or half of the largest in a structure thinner than a voxel.
 *
 * @returns 0 for a mask without any occupied voxel
 */
export function occupiedFrom(mask: Volume<'mask'>): number {
  const { data } = mask;
  let largest = 0;
  for (let i = 0; i < data.length && largest < 1; i++) if (data[i]! > largest) largest = data[i]!;
  return Math.min(0.5, 0.5 * largest);
}

/**
 * Writes the dose of some voxels, which is never below zero: a separable kernel can fall there by its residual, far from the field.
 *
 * @param data   of all voxels from number `first` on; what is not among them is left out
 * @param voxels their numbers, one per value
 */
export function scatterDose(
  data: Float32Array | Float64Array,
  voxels: Int32Array,
  values: Float64Array,
  first = 0,
): void {
  for (let v = 0; v < voxels.length; v++) {
    const at = voxels[v]! - first;
    if (at >= 0 && at < data.length) data[at] = Math.max(0, values[v]!);
  }
}

/**
 * A dose of given values, or of zeros, that says what its numbers mean.
 *
 * @param data Gy, total over the course, x-fastest, shape [nz, ny, nx]; kept, not copied. @default zeros
 * @throws {InvalidInputError} if eqd2 or bed comes without alpha/beta, or the fractions are not a whole number >= 1
 */
export function createDose(grid: Grid, meaning: DoseMeaning, data?: Float32Array): DoseVolume {
  const { fractions } = meaning;
  if (fractions !== undefined && (!Number.isInteger(fractions) || fractions < 1)) {
    throw new InvalidInputError(
      `dose: fractions is ${fractions}, but must be a whole number >= 1. Dose is the total over its course.`,
    );
  }
  if (meaning.quantity !== 'physical' && !(meaning.alphaBeta !== undefined && meaning.alphaBeta > 0)) {
    throw new InvalidInputError(`dose: ${meaning.quantity} needs an alpha/beta > 0 Gy, got ${meaning.alphaBeta}.`);
  }
  return { ...createVolume('dose', grid, data), ...meaning };
}
