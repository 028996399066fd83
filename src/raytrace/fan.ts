/**
 * The fan of rays of one beam, strip by strip: what `beam-pass.ts` asks of those that make it.
 */
import type { Vec3 } from '../geometry/grid.js';
import type { DensityBox } from './density-box.js';
import type { DensityMemory } from './density-memory.js';

/** Rays [u0, u0 + nu) x [v0, v0 + nv) and slices [k0, k0 + count) whose nodes are to be made. */
export interface FanStrip {
  readonly u0: number;
  readonly nu: number;
  readonly v0: number;
  readonly nv: number;
  readonly k0: number;
  readonly count: number;
}

/** Where rays run, in voxels of the box. */
export interface FanGeometry {
  readonly sad: number;
  /** Beam from patient, by column, as in `BeamFrame`. */
  readonly beamFromPatient: Float64Array;
  readonly pitch: number;
  readonly step: number;
  /** Voxel coordinates of the source. */
  readonly source: Vec3;
  /** Voxels per mm along the axis, of the ray through (0, 0); more of it per mm of u and of v. */
  readonly axis: Vec3;
  readonly perU: Vec3;
  readonly perV: Vec3;
}

/** Points as a beam sees them: arrays of one number per point, to be written. */
export interface SeenPoints {
  /** Projection on the isocentre plane with the collimator at 0, mm. */
  readonly u: Float32Array;
  readonly v: Float32Array;
  /** From the source, mm. */
  readonly distances: Float32Array;
  /** Radiological, mm of water. */
  readonly depths: Float32Array;
}

/** Points, and what they read. */
export interface FanPoints extends Pick<SeenPoints, 'u' | 'v' | 'distances'> {
  /** Rows of rays [low, high) that the strip serves: points of others are left as they are, and so are those with an electron density. */
  readonly low: number;
  readonly high: number;
  readonly electron: Float32Array;
  readonly scatter: Float32Array;
}

/** What sees points, makes a strip and lets points read it. */
export interface Fan {
  /**
   * @param points  x, y, z triples in LPS, mm
   * @param outside 1 for points outside the box, 0 for others; overwritten
   */
  see(geometry: FanGeometry, points: Float64Array, out: Partial<SeenPoints>, outside?: Float32Array): void;
  make(geometry: FanGeometry, strip: FanStrip): void;
  read(points: FanPoints): void;
  /** Lets go of its memory, which is made again when it is wanted. */
  release?(): void;
}

export interface FanSettings {
  readonly memory: DensityMemory;
  /** From its middle on. */
  readonly footprint: Float64Array;
}

/** Rays [u0, u1) x [v0, v1) of a slice. */
export interface RayRange {
  readonly u0: number;
  readonly u1: number;
  readonly v0: number;
  readonly v1: number;
}

/** Nodes around the box that points within it read. */
const AROUND = 3;

/**
 * Rays of slice `k` that points of the box may read, indices of the lattice: those that meet the box within two slices, and a few
 * around them; u runs in whole vectors of four, counted from the axis. Empty ranges have u1 = u0.
 */
export function raysOfSlice({ counts }: DensityBox, geometry: FanGeometry, k: number): RayRange {
  const { sad, pitch, step, source, axis, perU, perV } = geometry;
  const near = Math.max(1, sad + (k - 2) * step);
  const far = sad + (k + 2) * step;
  // The box in the fan's frame: rows of the inverse of [perU, perV, axis], which are orthogonal in mm but not in voxels.
  const inverse = invert3([...perU, ...perV, ...axis]);
  const corners = Array.from({ length: 8 }, (_, c) => {
    const d = [0, 1, 2].map((a) => ((c >> a) & 1) * (counts[a]! - 1) - source[a]!);
    // d = along (axis + u perU + v perV)
    const [au, av, along] = [0, 1, 2].map(
      (r) => d[0]! * inverse[r]! + d[1]! * inverse[3 + r]! + d[2]! * inverse[6 + r]!,
    );
    return [au!, av!, along!] as const;
  });
  let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
  const include = (au: number, av: number, along: number): void => {
    const [u, v] = [au / along / pitch, av / along / pitch];
    u0 = Math.min(u0, u);
    u1 = Math.max(u1, u);
    v0 = Math.min(v0, v);
    v1 = Math.max(v1, v);
  };
  for (let c = 0; c < 8; c++) {
    for (let a = 0; a < 3; a++) {
      if (((c >> a) & 1) === 1) continue;
      const [p, q] = [corners[c]!, corners[c | (1 << a)]!];
      const [low, high] = p[2] <= q[2] ? [p, q] : [q, p];
      if (high[2] < near || low[2] > far) continue;
      const at = (t: number): void =>
        include(low[0] + t * (high[0] - low[0]), low[1] + t * (high[1] - low[1]), low[2] + t * (high[2] - low[2]));
      const span = high[2] - low[2];
      at(span > 0 ? Math.max(0, (near - low[2]) / span) : 0);
      at(span > 0 ? Math.min(1, (far - low[2]) / span) : 1);
    }
  }
  if (!(u1 >= u0)) return { u0: 0, u1: 0, v0: 0, v1: 0 };
  return {
    u0: 4 * Math.floor((Math.floor(u0) - AROUND) / 4),
    u1: 4 * Math.ceil((Math.ceil(u1) + AROUND + 1) / 4),
    v0: Math.floor(v0) - AROUND,
    v1: Math.ceil(v1) + AROUND + 1,
  };
}

/** Inverse of a matrix whose rows are given one after the other, likewise; d = x M gives x = d M^-1. */
function invert3(m: readonly number[]): readonly number[] {
  const [a, b, c, d, e, f, g, h, i] = m as [number, number, number, number, number, number, number, number, number];
  const [A, B, C] = [e * i - f * h, f * g - d * i, d * h - e * g];
  const det = a * A + b * B + c * C;
  const adjugate = [A, c * h - b * i, b * f - c * e, B, a * i - c * g, c * d - a * f, C, b * g - a * h, a * e - b * d];
  return adjugate.map((x) => x / det);
}

/** The part of a range within another; empty ranges have no rays. */
export function meet(a: RayRange, b: RayRange): RayRange {
  const u0 = Math.max(a.u0, b.u0);
  const v0 = Math.max(a.v0, b.v0);
  return { u0, u1: Math.max(u0, Math.min(a.u1, b.u1)), v0, v1: Math.max(v0, Math.min(a.v1, b.v1)) };
}

/** The smallest range that holds both. */
export function hull(a: RayRange, b: RayRange): RayRange {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  return {
    u0: Math.min(a.u0, b.u0),
    u1: Math.max(a.u1, b.u1),
    v0: Math.min(a.v0, b.v0),
    v1: Math.max(a.v1, b.v1),
  };
}

export function isEmpty({ u0, u1, v0, v1 }: RayRange): boolean {
  return u1 <= u0 || v1 <= v0;
}
