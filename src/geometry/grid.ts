/**
 * A regular, axis-aligned lattice of voxels in the patient frame (DICOM LPS, mm).
 *
 * Arrays are x-fastest: voxel (i, j, k) of shape [nz, ny, nx] is element `i + nx (j + ny k)`, and its *centre* lies at
 * `origin + (i sx, j sy, k sz)`. Images with other axis directions are flipped or refused where they are read.
 */

import { checkVoxels, MOST_VOXELS } from '../core/budget.js';
import { checkFinite, checkInteger, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { toDecimals, toDigits } from '../core/rounding.js';

/** Three numbers, along x, y, z unless it says otherwise. */
export type Vec3 = readonly [number, number, number];

/** A lattice of voxels along the axes of the patient, DICOM LPS. */
export interface Grid {
  /** [nz, ny, nx] */
  readonly shape: Vec3;
  /** Centre-to-centre distance along x, y, z; mm, > 0. */
  readonly spacing: Vec3;
  /** Centre of voxel (0, 0, 0); x, y, z; mm. */
  readonly origin: Vec3;
}

/** An axis-aligned box, mm: min and max corner, x, y, z. */
export interface Box {
  /** Corner with the smallest coordinates, mm. */
  readonly min: Vec3;
  /** Corner with the largest, mm. */
  readonly max: Vec3;
}

/**
 * A grid, checked.
 *
 * @param shape voxels along z, y, x: [nz, ny, nx]
 * @param spacing centre to centre along x, y, z, mm, > 0
 * @param origin centre of voxel (0, 0, 0), x, y, z, mm
 * @throws {InvalidInputError} if a count is not a positive whole number, a spacing is not positive, or there are more
 *   voxels than 100 million
 */
export function createGrid(shape: Vec3, spacing: Vec3, origin: Vec3): Grid {
  for (const n of shape) checkInteger('grid: shape', n, 1);
  for (const s of spacing) checkPositive('grid: spacing', s);
  for (const o of origin) checkFinite('grid: origin', o);
  const voxels = shape[0] * shape[1] * shape[2];
  // The text is only made where it is needed: grids are made by the thousand.
  if (!(voxels <= MOST_VOXELS)) checkVoxels(`grid of ${spacing.map((s) => toDigits(s, 4)).join(' x ')} mm`, voxels);
  return { shape: [...shape], spacing: [...spacing], origin: [...origin] };
}

/** The smallest grid of the given spacing whose voxels cover `box`, with a voxel centre or face symmetric about its middle. */
export function gridCovering(box: Box, spacing: Vec3): Grid {
  const count = [0, 1, 2].map((a) => Math.max(1, Math.ceil((box.max[a]! - box.min[a]!) / spacing[a]! - 1e-9)));
  checkVoxels(`grid of ${spacing.map((s) => toDigits(s, 4)).join(' x ')} mm`, count[0]! * count[1]! * count[2]!);
  const origin = [0, 1, 2].map((a) => (box.min[a]! + box.max[a]!) / 2 - ((count[a]! - 1) * spacing[a]!) / 2);
  return createGrid([count[2]!, count[1]!, count[0]!], spacing, [origin[0]!, origin[1]!, origin[2]!]);
}

/** Where an index along an axis (0: x) lies, mm; a whole one is that of voxel centres. */
export const coordinateAt = (
  { origin, spacing }: Pick<Grid, 'origin' | 'spacing'>,
  axis: number,
  index: number,
): number => origin[axis]! + index * spacing[axis]!;

/** The coordinates of all voxel centres along an axis (0: x), mm. */
export const axisCentres = (grid: Grid, axis: number): Float64Array =>
  Float64Array.from({ length: grid.shape[2 - axis]! }, (_, i) => coordinateAt(grid, axis, i));

/** i, j, k of a voxel. */
export function indicesOf({ shape: [, ny, nx] }: Grid, voxel: number): Vec3 {
  return [voxel % nx, Math.floor(voxel / nx) % ny, Math.floor(voxel / (nx * ny))];
}

/** Centre of a voxel, LPS, mm. */
export function placeOf(grid: Grid, voxel: number): Vec3 {
  const [i, j, k] = indicesOf(grid, voxel);
  return [coordinateAt(grid, 0, i), coordinateAt(grid, 1, j), coordinateAt(grid, 2, k)];
}

/** `(10, -3.5, 120) mm`: where a voxel lies, for messages. */
export const describePlace = (grid: Grid, voxel: number): string =>
  `(${placeOf(grid, voxel)
    .map((c) => toDecimals(c, 1))
    .join(', ')}) mm`;

/** The voxel that a point lies in; undefined beyond the grid. */
export function voxelOf({ shape: [nz, ny, nx], spacing, origin }: Grid, point: ArrayLike<number>): number | undefined {
  const at = (axis: number): number => Math.round((point[axis]! - origin[axis]!) / spacing[axis]!);
  const [i, j, k] = [at(0), at(1), at(2)];
  const isInGrid = i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz;
  return isInGrid ? i + nx * (j + ny * k) : undefined;
}

export function voxelCount(grid: Grid): number {
  return grid.shape[0] * grid.shape[1] * grid.shape[2];
}

/** Voxel volume, cc. */
export function voxelVolume(grid: Grid): number {
  return (grid.spacing[0] * grid.spacing[1] * grid.spacing[2]) / 1000;
}

/** The box of the voxels' outer faces, mm. */
export function gridBox(grid: Grid): Box {
  const [nz, ny, nx] = grid.shape;
  const [sx, sy, sz] = grid.spacing;
  const [ox, oy, oz] = grid.origin;
  return {
    min: [ox - sx / 2, oy - sy / 2, oz - sz / 2],
    max: [ox + (nx - 0.5) * sx, oy + (ny - 0.5) * sy, oz + (nz - 0.5) * sz],
  };
}

/** Same lattice within 1e-4 mm? */
export function isSameGrid(a: Grid, b: Grid): boolean {
  for (let axis = 0; axis < 3; axis++) {
    if (a.shape[axis] !== b.shape[axis]) return false;
    if (Math.abs(a.spacing[axis]! - b.spacing[axis]!) > 1e-6) return false;
    if (Math.abs(a.origin[axis]! - b.origin[axis]!) > 1e-4) return false;
  }
  return true;
}

/** `[60,115,170] at 2 x 2 x 2 mm from (-169, -114, -59)`: for messages. */
export function describeGrid(grid: Grid): string {
  const n = (v: Vec3): string => v.map((x) => toDecimals(x, 3)).join(', ');
  return `[${grid.shape.join(', ')}] at ${grid.spacing.map((s) => toDecimals(s, 3)).join(' x ')} mm from (${n(grid.origin)})`;
}

/** @throws {InvalidInputError} unless both are the same lattice */
export function checkSameGrid(what: string, a: Grid, b: Grid): void {
  if (!isSameGrid(a, b)) {
    throw new InvalidInputError(
      `${what} lie on different grids (${describeGrid(a)} and ${describeGrid(b)}). Resample one onto the other first.`,
    );
  }
}
