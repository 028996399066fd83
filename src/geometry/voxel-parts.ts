/**
 * A grid whose voxels are cut into parts that are nearly cubes, for sums over what lies in a voxel.
 *
 * A voxel whose edges differ much is else halved along all of them until its longest is short: 64 x 64 x 64 leaves of a voxel of
 * 4 x 4 x 20 mm, where 8 x 8 x 40 are as fine, and blocks of such voxels are too long to lie wholly in or out of anything.
 */

import { checkCount } from '../core/budget.js';
import { toDigits } from '../core/rounding.js';
import { type Grid, voxelCount } from './grid.js';

export interface VoxelParts {
  /** The lattice of the parts. */
  readonly grid: Grid;
  /** Parts in a voxel. */
  readonly perVoxel: number;
  /** How often a part is halved along every axis until it is a leaf. */
  readonly depth: number;
  /** Voxel along x, y and z of every part along them. */
  readonly voxelOf: readonly [Int32Array, Int32Array, Int32Array];
}

/** A part may be longer than the voxel's shortest edge by up to this fraction of it: an edge a little longer asks for no second part. */
const SLACK = 0.6;

/** Cubes of all voxels: most are passed over in blocks of 64 and more. */
const MOST_CUBES = 500_000_000;

/** @param leaf edge, mm, that the halves of the shortest edge must not exceed */
export function partsOf(grid: Grid, leaf: number): VoxelParts {
  const { shape, spacing, origin } = grid;
  const edge = Math.max(Math.min(...spacing), leaf);
  const [nx, ny, nz] = spacing.map((s) => Math.max(1, Math.ceil(s / edge - SLACK))) as [number, number, number];
  checkCount(
    `voxels of ${spacing.join(' x ')} mm, in cubes of ${toDigits(edge, 3)} mm`,
    voxelCount(grid) * nx * ny * nz,
    MOST_CUBES,
    'Use voxels whose edges differ less, or a smaller region.',
  );
  const first = (axis: 0 | 1 | 2, n: number): number => origin[axis] - (spacing[axis] * (1 - 1 / n)) / 2;
  const voxelOf = (count: number, n: number): Int32Array =>
    Int32Array.from({ length: count * n }, (_, part) => Math.floor(part / n));
  return {
    grid: {
      shape: [shape[0] * nz, shape[1] * ny, shape[2] * nx],
      spacing: [spacing[0] / nx, spacing[1] / ny, spacing[2] / nz],
      origin: [first(0, nx), first(1, ny), first(2, nz)],
    },
    perVoxel: nx * ny * nz,
    depth: Math.max(0, Math.ceil(Math.log2(edge / leaf) - 1e-12)),
    voxelOf: [voxelOf(shape[2], nx), voxelOf(shape[1], ny), voxelOf(shape[0], nz)],
  };
}

/** Sums over the parts of every voxel: in Float64 where there are several, so that n equal ones are exactly n times one. */
export function voxelSums(grid: Grid, { perVoxel }: VoxelParts): Float32Array | Float64Array {
  const n = voxelCount(grid);
  return perVoxel === 1 ? new Float32Array(n) : new Float64Array(n);
}

/** Means over the parts, from their sums. */
export function voxelMeans(sums: Float32Array | Float64Array, { perVoxel }: VoxelParts): Float32Array {
  if (sums instanceof Float32Array) return sums;
  const means = new Float32Array(sums.length);
  for (let i = 0; i < sums.length; i++) means[i] = sums[i]! / perVoxel;
  return means;
}
