/**
 * Trilinear values of a volume between its voxel centres: at a point, or on the lattice of another grid.
 *
 * Nothing is extrapolated: a place beyond the outermost voxel centres has no value. A grid of one voxel along an axis has
 * values in the plane of its centres only. On request the outermost values hold up to the faces of their voxels.
 */
import { axisCentres, type Grid } from './grid.js';
import { createVolume, type Volume, type VolumeKind } from './volume.js';

/** Header numbers are rounded: a place this far outside, in voxels, is on the border. */
const rounding = 1e-4;

/** Where along one axis the values lie between which a coordinate falls. */
interface AxisPlaces {
  /** Index of the lower voxel; -1 where the coordinate lies outside. */
  readonly lower: Int32Array;
  /** Weight of the upper one. */
  readonly weight: Float64Array;
  /** Steps from the lower to the upper: 0 along an axis of one voxel. */
  readonly step: number;
}

function placesOf(grid: Grid, axis: 0 | 1 | 2, coordinates: ArrayLike<number>, border: number): AxisPlaces {
  const n = grid.shape[2 - axis]!;
  const lower = new Int32Array(coordinates.length).fill(-1);
  const weight = new Float64Array(coordinates.length);
  for (let i = 0; i < coordinates.length; i++) {
    const p = (coordinates[i]! - grid.origin[axis]) / grid.spacing[axis];
    if (!(p >= -border && p <= n - 1 + border)) continue;
    const inside = Math.min(Math.max(p, 0), n - 1);
    lower[i] = Math.min(Math.floor(inside), Math.max(0, n - 2));
    weight[i] = inside - lower[i]!;
  }
  return { lower, weight, step: n > 1 ? 1 : 0 };
}

/** Trilinear value at a point of the patient frame, mm; undefined outside the voxel centres. */
export function valueAt(volume: Volume, x: number, y: number, z: number): number | undefined {
  const point = [x, y, z].map((c, axis) => placesOf(volume.grid, axis as 0 | 1 | 2, [c], rounding));
  const out = new Float32Array(1);
  return fill(volume, point as [AxisPlaces, AxisPlaces, AxisPlaces], out) === 0 ? out[0] : undefined;
}

export interface Resampled<K extends VolumeKind> {
  /** On the wanted grid; `outside` where there is no value. */
  readonly volume: Volume<K>;
  /** 1 where there is a value. */
  readonly isInside: Uint8Array;
  /** Voxels without one. */
  readonly outside: number;
}

/**
 * A volume on another grid, at its voxel centres. O(voxels of `grid`).
 *
 * @param options.outside value where the volume has none. @default 0
 * @param options.toFaces whether the outermost values hold up to the faces of their voxels. @default false
 */
export function resample<K extends VolumeKind>(
  volume: Volume<K>,
  grid: Grid,
  options: { readonly outside?: number; readonly toFaces?: boolean } = {},
): Resampled<K> {
  const { outside = 0, toFaces = false } = options;
  const border = rounding + (toFaces ? 0.5 : 0);
  const [nz, ny, nx] = grid.shape;
  const axes = ([0, 1, 2] as const).map((axis) => placesOf(volume.grid, axis, axisCentres(grid, axis), border)) as [
    AxisPlaces,
    AxisPlaces,
    AxisPlaces,
  ];
  const data = new Float32Array(nx * ny * nz).fill(outside);
  const isInside = new Uint8Array(data.length);
  const missing = fill(volume, axes, data, isInside);
  return { volume: createVolume(volume.kind, grid, data) as Volume<K>, isInside, outside: missing };
}

/** Values at all combinations of the places, x fastest; @returns how many lie outside */
function fill(
  { data, grid }: Volume,
  [x, y, z]: readonly [AxisPlaces, AxisPlaces, AxisPlaces],
  out: Float32Array,
  isInside?: Uint8Array,
): number {
  const [, ny, nx] = grid.shape;
  const stepX = x.step;
  const stepY = y.step * nx;
  const stepZ = z.step * nx * ny;
  let missing = 0;
  for (let k = 0, at = 0; k < z.lower.length; k++) {
    for (let j = 0; j < y.lower.length; j++) {
      const v = y.weight[j]!;
      const w = z.weight[k]!;
      const row = y.lower[j]! < 0 || z.lower[k]! < 0 ? -1 : nx * (y.lower[j]! + ny * z.lower[k]!);
      for (let i = 0; i < x.lower.length; i++, at++) {
        if (row < 0 || x.lower[i]! < 0) {
          missing++;
          continue;
        }
        const n = row + x.lower[i]!;
        const u = x.weight[i]!;
        const a = data[n]! + u * (data[n + stepX]! - data[n]!);
        const m = n + stepY;
        const b = data[m]! + u * (data[m + stepX]! - data[m]!);
        const p = n + stepZ;
        const c = data[p]! + u * (data[p + stepX]! - data[p]!);
        const q = m + stepZ;
        const d = data[q]! + u * (data[q + stepX]! - data[q]!);
        const low = a + v * (b - a);
        out[at] = low + w * (c + v * (d - c) - low);
        if (isInside) isInside[at] = 1;
      }
    }
  }
  return missing;
}
