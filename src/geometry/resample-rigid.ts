/**
 * Trilinear values of a volume along rows of another grid that is turned and shifted against it.
 *
 * A row of voxel centres is a straight line in the index space of the volume, `p(i) = base + i step`, so the part of it
 * that lies between the outermost voxel centres is one interval: the inner loop needs no test. Nothing is extrapolated.
 */
import { type Grid, voxelCount } from './grid.js';
import type { Resampled } from './resample.js';
import { invertRigid, type RigidTransform, transformPoint } from './rigid-transform.js';
import { createVolume, type Volume, type VolumeKind } from './volume.js';

/** Header numbers are rounded: a place this far outside, in voxels, is on the border. */
const rounding = 1e-4;

/** The lines on which the rows of a target grid lie in the index space of a source grid. */
export interface RowLines {
  readonly source: Grid;
  readonly target: Grid;
  /** Index-space place of the target's voxel (0, 0, 0). */
  readonly origin: readonly [number, number, number];
  /** Steps in index space along the target's x, y, z: three triples. */
  readonly steps: readonly (readonly [number, number, number])[];
}

/** @param targetFromSource rigid, mm */
export function rowLines(source: Grid, target: Grid, targetFromSource: RigidTransform): RowLines {
  const sourceFromTarget = invertRigid(targetFromSource);
  const start = transformPoint(sourceFromTarget, target.origin);
  const inIndex = (v: ArrayLike<number>): readonly [number, number, number] => [
    v[0]! / source.spacing[0],
    v[1]! / source.spacing[1],
    v[2]! / source.spacing[2],
  ];
  const r = sourceFromTarget.rotation;
  const steps = [0, 1, 2].map((axis) =>
    inIndex([r[axis]!, r[3 + axis]!, r[6 + axis]!].map((c) => c * target.spacing[axis]!)),
  );
  return { source, target, origin: inIndex(start.map((c, a) => c - source.origin[a]!)), steps };
}

/** Values of one row and the interval `[from, to)` of it that has any. */
export interface RowValues {
  from: number;
  to: number;
  /** As long as a row; only `from` to `to` mean something. */
  readonly values: Float64Array;
}

/** Row (j, k) of the target; overwrites and returns `row`. */
export function sampleRow(
  { data }: Pick<Volume, 'data'>,
  lines: RowLines,
  j: number,
  k: number,
  row: RowValues,
): RowValues {
  const { source, target, origin, steps } = lines;
  const [nz, ny, nx] = source.shape;
  const [along, up, over] = steps as [RowLines['origin'], RowLines['origin'], RowLines['origin']];
  const bx = origin[0] + j * up[0] + k * over[0];
  const by = origin[1] + j * up[1] + k * over[1];
  const bz = origin[2] + j * up[2] + k * over[2];
  const sx = along[0];
  const sy = along[1];
  const sz = along[2];
  const count = target.shape[2];
  const outer = interval(
    interval(interval([0, count], bx, sx, -rounding, nx - 1 + rounding), by, sy, -rounding, ny - 1 + rounding),
    bz,
    sz,
    -rounding,
    nz - 1 + rounding,
  );
  // Strictly between voxels on all axes: no border to mind.
  const inner = interval(
    interval(interval(outer, bx, sx, 0, nx - 1, true), by, sy, 0, ny - 1, true),
    bz,
    sz,
    0,
    nz - 1,
    true,
  );
  row.from = outer[0];
  row.to = Math.max(outer[0], outer[1]);
  const [from, to] = inner[1] > inner[0] ? inner : [row.to, row.to];
  const { values } = row;
  for (let i = row.from; i < from; i++) values[i] = clampedValue(data, source, bx + i * sx, by + i * sy, bz + i * sz);
  const isAlongRow = sy === 0 && sz === 0 && Number.isInteger(by) && Number.isInteger(bz);
  if (isAlongRow) sampleLine(data, nx * (by + ny * bz), bx, sx, from, to, values);
  else sampleInside(data, nx, nx * ny, [bx, by, bz], along, from, to, values);
  for (let i = to; i < row.to; i++) values[i] = clampedValue(data, source, bx + i * sx, by + i * sy, bz + i * sz);
  return row;
}

/** Along a row of the source's own voxel centres: the other two weights are 0. */
function sampleLine(
  data: Float32Array,
  first: number,
  bx: number,
  sx: number,
  from: number,
  to: number,
  values: Float64Array,
): void {
  if (sx === 1 && Number.isInteger(bx)) {
    for (let i = from; i < to; i++) values[i] = data[first + bx + i]!;
    return;
  }
  for (let i = from; i < to; i++) {
    const x = bx + i * sx;
    const i0 = x | 0;
    const a = data[first + i0]!;
    values[i] = a + (x - i0) * (data[first + i0 + 1]! - a);
  }
}

/** Strictly between voxel centres on all axes. */
function sampleInside(
  data: Float32Array,
  nx: number,
  layer: number,
  [bx, by, bz]: RowLines['origin'],
  [sx, sy, sz]: RowLines['origin'],
  from: number,
  to: number,
  values: Float64Array,
): void {
  for (let i = from; i < to; i++) {
    const x = bx + i * sx;
    const y = by + i * sy;
    const z = bz + i * sz;
    const i0 = x | 0;
    const j0 = y | 0;
    const k0 = z | 0;
    const u = x - i0;
    const v = y - j0;
    const n = i0 + nx * j0 + layer * k0;
    const m = n + nx;
    const p = n + layer;
    const q = m + layer;
    const a = data[n]!;
    const b = data[m]!;
    const c = data[p]!;
    const d = data[q]!;
    const ab = a + u * (data[n + 1]! - a);
    const bb = b + u * (data[m + 1]! - b);
    const cb = c + u * (data[p + 1]! - c);
    const db = d + u * (data[q + 1]! - d);
    const low = ab + v * (bb - ab);
    values[i] = low + (z - k0) * (cb + v * (db - cb) - low);
  }
}

/**
 * A volume on a grid of another frame, at its voxel centres. O(voxels of `grid`).
 *
 * @param targetFromSource takes points of the volume's frame into that of `grid`
 * @param outside value where the volume has none. @default 0
 */
export function resampleRigid<K extends VolumeKind>(
  volume: Volume<K>,
  grid: Grid,
  targetFromSource: RigidTransform,
  outside = 0,
): Resampled<K> {
  const [nz, ny, nx] = grid.shape;
  const lines = rowLines(volume.grid, grid, targetFromSource);
  const row: RowValues = { from: 0, to: 0, values: new Float64Array(nx) };
  const data = new Float32Array(voxelCount(grid)).fill(outside);
  const isInside = new Uint8Array(data.length);
  let inside = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const { from, to, values } = sampleRow(volume, lines, j, k, row);
      const at = nx * (j + ny * k);
      for (let i = from; i < to; i++) data[at + i] = values[i]!;
      isInside.fill(1, at + from, at + to);
      inside += to - from;
    }
  }
  return { volume: createVolume(volume.kind, grid, data) as Volume<K>, isInside, outside: data.length - inside };
}

/** The part of [from, to) where `low <= base + i step <= high`, or `< high` where the upper end is open. */
function interval(
  [from, to]: readonly [number, number],
  base: number,
  step: number,
  low: number,
  high: number,
  isOpen = false,
): readonly [number, number] {
  const holds = (i: number): boolean => {
    const p = base + i * step;
    return p >= low && (isOpen ? p < high : p <= high);
  };
  if (step === 0) return holds(0) ? [from, to] : [from, from];
  const ends = [(low - base) / step, (high - base) / step];
  let first = Math.min(to, Math.max(from, Math.ceil(Math.min(ends[0]!, ends[1]!)) - 1));
  let last = Math.max(first, Math.min(to, Math.floor(Math.max(ends[0]!, ends[1]!)) + 2));
  // The same arithmetic as in the loop, which is monotonic in i, decides at both ends.
  while (first < last && !holds(first)) first++;
  while (last > first && !holds(last - 1)) last--;
  return [first, last];
}

/** At or a rounding beyond the outermost voxel centres. */
function clampedValue(data: Float32Array, { shape: [nz, ny, nx] }: Grid, x: number, y: number, z: number): number {
  const cx = Math.min(Math.max(x, 0), nx - 1);
  const cy = Math.min(Math.max(y, 0), ny - 1);
  const cz = Math.min(Math.max(z, 0), nz - 1);
  const i = Math.min(Math.floor(cx), Math.max(0, nx - 2));
  const j = Math.min(Math.floor(cy), Math.max(0, ny - 2));
  const k = Math.min(Math.floor(cz), Math.max(0, nz - 2));
  const di = nx > 1 ? 1 : 0;
  const dj = ny > 1 ? nx : 0;
  const dk = nz > 1 ? nx * ny : 0;
  const n = i + nx * (j + ny * k);
  const line = (at: number): number => data[at]! + (cx - i) * (data[at + di]! - data[at]!);
  const plane = (at: number): number => line(at) + (cy - j) * (line(at + dj) - line(at));
  return plane(n) + (cz - k) * (plane(n + dk) - plane(n));
}
