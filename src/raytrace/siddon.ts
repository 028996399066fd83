/**
 * Siddon's exact radiological path through a voxel grid, in the incremental form.
 *
 * Between two points the ray crosses the planes that separate voxels. With the ray written as
 * `source + alpha (target - source)`, the next crossing along x, y and z is known from the last one by adding a
 * constant, so the voxels and the lengths inside them come one after the other without sorting:
 *
 *     path = sum over crossed voxels of density * (alpha_out - alpha_in) * |target - source|
 *
 * @see Siddon, Med. Phys. 12 (1985) 252, doi:10.1118/1.595715 (the sum)
 * @see Jacobs et al., J. Comput. Inf. Technol. 6 (1998) 89 (the incremental form)
 */
import type { Box, Grid, Vec3 } from '../geometry/grid.js';
import { occupiedBox } from './occupied.js';

/** One voxel crossed by a ray. */
export interface RaySegment {
  /** Voxel index i + nx (j + ny k). */
  readonly voxel: number;
  /** mm */
  readonly length: number;
  /** Ray parameter where the ray leaves the voxel, 0 at the source, 1 at the target. */
  readonly alphaOut: number;
}

/** Entrance and exit ray parameter of a box within [0, 1], or undefined if the ray misses it. */
export function clipRay(box: Box, source: Vec3, target: Vec3): readonly [number, number] | undefined {
  let enter = 0;
  let leave = 1;
  for (let axis = 0; axis < 3; axis++) {
    const d = target[axis]! - source[axis]!;
    const low = box.min[axis]! - source[axis]!;
    const high = box.max[axis]! - source[axis]!;
    if (d === 0) {
      if (low > 0 || high < 0) return undefined;
    } else {
      const a = low / d;
      const b = high / d;
      enter = Math.max(enter, Math.min(a, b));
      leave = Math.min(leave, Math.max(a, b));
    }
  }
  return leave > enter ? [enter, leave] : undefined;
}

/**
 * Radiological path lengths from one source; holds the grid's constants so that a ray costs only its voxels.
 *
 * @example new RayTracer(grid, density.data, source).pathTo(x, y, z)
 */
export class RayTracer {
  private readonly nx: number;
  private readonly stride: number;
  /** Voxels that are not empty, [low, high) along x, y, z: rays start and end there. */
  private readonly box: readonly number[];

  /**
   * @param grid   lattice of `values`
   * @param values electron density relative to water, dimensionless, finite and >= 0
   * @param source start of every ray, LPS, mm; anywhere
   * @param box    of the voxels that are not empty, where it is known
   */
  constructor(
    private readonly grid: Grid,
    private readonly values: Float32Array,
    private readonly source: Vec3,
    box: readonly number[] = occupiedBox(grid, values),
  ) {
    this.nx = grid.shape[2];
    this.stride = grid.shape[1] * grid.shape[2];
    this.box = box;
  }

  /** Sum of density times length from the source to (x, y, z), mm of water. O(nx + ny + nz), allocates nothing. */
  pathTo(x: number, y: number, z: number): number {
    const { nx, stride, values } = this;
    const [x0, x1, y0, y1, z0, z1] = this.box as [number, number, number, number, number, number];
    const [sx, sy, sz] = this.grid.spacing;
    const [ox, oy, oz] = this.grid.origin;
    const [px, py, pz] = this.source;
    const dx = x - px;
    const dy = y - py;
    const dz = z - pz;
    const length = Math.sqrt(dx * dx + dy * dy + dz * dz);

    // Source in voxel-face units: voxel i spans [i, i + 1].
    const ax = (px - ox) / sx + 0.5;
    const ay = (py - oy) / sy + 0.5;
    const az = (pz - oz) / sz + 0.5;
    const bx = dx / sx;
    const by = dy / sy;
    const bz = dz / sz;

    let enter = 0;
    let leave = 1;
    if (bx !== 0) {
      const p = (x0 - ax) / bx;
      const q = (x1 - ax) / bx;
      enter = Math.max(enter, Math.min(p, q));
      leave = Math.min(leave, Math.max(p, q));
    } else if (ax < x0 || ax > x1) return 0;
    if (by !== 0) {
      const p = (y0 - ay) / by;
      const q = (y1 - ay) / by;
      enter = Math.max(enter, Math.min(p, q));
      leave = Math.min(leave, Math.max(p, q));
    } else if (ay < y0 || ay > y1) return 0;
    if (bz !== 0) {
      const p = (z0 - az) / bz;
      const q = (z1 - az) / bz;
      enter = Math.max(enter, Math.min(p, q));
      leave = Math.min(leave, Math.max(p, q));
    } else if (az < z0 || az > z1) return 0;
    if (!(leave > enter)) return 0;

    // First voxel: from the midpoint of a tiny step inside, so that a start exactly on a face falls on the right side.
    const inside = enter + Math.min(1e-9, 0.5 * (leave - enter));
    let i = Math.floor(ax + inside * bx);
    let j = Math.floor(ay + inside * by);
    let k = Math.floor(az + inside * bz);
    i = i < x0 ? x0 : i >= x1 ? x1 - 1 : i;
    j = j < y0 ? y0 : j >= y1 ? y1 - 1 : j;
    k = k < z0 ? z0 : k >= z1 ? z1 - 1 : k;

    const stepX = bx > 0 ? 1 : -1;
    const stepY = by > 0 ? 1 : -1;
    const stepZ = bz > 0 ? 1 : -1;
    const deltaX = bx === 0 ? Infinity : Math.abs(1 / bx);
    const deltaY = by === 0 ? Infinity : Math.abs(1 / by);
    const deltaZ = bz === 0 ? Infinity : Math.abs(1 / bz);
    let nextX = bx === 0 ? Infinity : (i + (bx > 0 ? 1 : 0) - ax) / bx;
    let nextY = by === 0 ? Infinity : (j + (by > 0 ? 1 : 0) - ay) / by;
    let nextZ = bz === 0 ? Infinity : (k + (bz > 0 ? 1 : 0) - az) / bz;

    let voxel = i + nx * j + stride * k;
    const voxelY = stepY * nx;
    const voxelZ = stepZ * stride;
    let alpha = enter;
    let sum = 0;
    for (;;) {
      let next = nextX < nextY ? nextX : nextY;
      if (nextZ < next) next = nextZ;
      if (next >= leave) return (sum + values[voxel]! * (leave - alpha)) * length;
      sum += values[voxel]! * (next - alpha);
      alpha = next;
      // Planes crossed together are crossed in one step, so no zero-length visit of a neighbour outside the grid.
      if (nextX === next) {
        i += stepX;
        if (i < x0 || i >= x1) return sum * length;
        voxel += stepX;
        nextX += deltaX;
      }
      if (nextY === next) {
        j += stepY;
        if (j < y0 || j >= y1) return sum * length;
        voxel += voxelY;
        nextY += deltaY;
      }
      if (nextZ === next) {
        k += stepZ;
        if (k < z0 || k >= z1) return sum * length;
        voxel += voxelZ;
        nextZ += deltaZ;
      }
    }
  }
}

/**
 * The voxels that a ray crosses, with lengths: the readable form of {@link RayTracer}, kept as its reference.
 *
 * Collects all plane crossings, sorts them, and assigns each interval to the voxel of its midpoint, as Siddon wrote it.
 *
 * @returns segments in ray order; empty if the ray misses the grid
 */
export function traceRay(grid: Grid, source: Vec3, target: Vec3): RaySegment[] {
  const [nz, ny, nx] = grid.shape;
  const counts = [nx, ny, nz];
  const alphas: number[] = [];
  let enter = 0;
  let leave = 1;
  for (let axis = 0; axis < 3; axis++) {
    const d = target[axis]! - source[axis]!;
    const first = grid.origin[axis]! - grid.spacing[axis]! / 2;
    const last = first + counts[axis]! * grid.spacing[axis]!;
    if (d === 0) {
      if (source[axis]! < first || source[axis]! > last) return [];
      continue;
    }
    const a = (first - source[axis]!) / d;
    const b = (last - source[axis]!) / d;
    enter = Math.max(enter, Math.min(a, b));
    leave = Math.min(leave, Math.max(a, b));
    for (let i = 0; i <= counts[axis]!; i++) alphas.push((first + i * grid.spacing[axis]! - source[axis]!) / d);
  }
  if (!(leave > enter)) return [];
  const inside = alphas.filter((alpha) => alpha > enter && alpha < leave).sort((a, b) => a - b);
  const crossings = [enter, ...inside, leave];
  const length = Math.hypot(target[0] - source[0], target[1] - source[1], target[2] - source[2]);
  const segments: RaySegment[] = [];
  for (let m = 1; m < crossings.length; m++) {
    const span = crossings[m]! - crossings[m - 1]!;
    if (span < 1e-12) continue;
    const middle = (crossings[m]! + crossings[m - 1]!) / 2;
    const index = [0, 1, 2].map((axis) => {
      const face = source[axis]! + middle * (target[axis]! - source[axis]!) - grid.origin[axis]!;
      return Math.min(counts[axis]! - 1, Math.max(0, Math.floor(face / grid.spacing[axis]! + 0.5)));
    });
    segments.push({
      voxel: index[0]! + nx * (index[1]! + ny * index[2]!),
      length: span * length,
      alphaOut: crossings[m]!,
    });
  }
  return segments;
}
