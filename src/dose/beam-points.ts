/**
 * Points as a beam sees them: projection, radiological depth, distance and effective densities, all that depends on geometry
 * alone.
 *
 * Ranges of points may be seen with the patient off its place (`shifted-rows.ts`); what is expensive in a beam, its kernel and
 * the maps of its fluence, is made once for all.
 */
import type { Beam } from '../beam/beam.js';
import type { DoseMedium, Volume } from '../geometry/volume.js';
import { depthOfPoints } from '../raytrace/depth.js';
import { type DensityMemory, type EffectiveDensities, effectiveDensities } from '../raytrace/effective-density.js';
import { occupiedBox } from '../raytrace/occupied.js';
import type { MapExtent } from './fluence-map.js';
import type { RowView } from './shifted-rows.js';
import { doseFactor, type Tissue } from './tissue.js';

/** Geometry of N points in one beam. */
export interface PointSet {
  readonly count: number;
  /** Projection on the isocentre plane, mm. */
  readonly u: Float32Array;
  readonly v: Float32Array;
  /** Radiological depth, mm of water. */
  readonly depths: Float32Array;
  /** Distance from the source, mm. */
  readonly distances: Float32Array;
  /** Effective densities, within the range that the model is tested for; none where depth alone is scaled. */
  readonly densities?: EffectiveDensities;
  /** From engine dose to dose to medium or water; none for the engine's own. */
  readonly factors?: Float32Array;
  readonly extent: MapExtent;
  /** Points deeper than the machine was commissioned for. */
  readonly beyondRange: number;
  /** Points whose effective density was brought back to {@link DENSITY_RANGE}. */
  readonly beyondDensity: number;
}

/** Effective densities, relative to water, that the model is tested for: beyond, the nearest end is used and flagged. */
export const DENSITY_RANGE: readonly [number, number] = [0.15, 2.2];

/** How the engine treats matter that is not water, and what its dose is given to. */
export interface DoseModelOptions {
  /**
   * `depth`: only depth is radiological, the kernel keeps its lateral size of water. `density`: the kernel's electrons and
   * scatter are stretched by the densities that they have crossed.
   * @default 'density'
   */
  readonly heterogeneity?: 'depth' | 'density';
  /** Ranges over which densities are averaged. */
  readonly memory?: DensityMemory;
  /** @default 'engine' */
  readonly medium?: DoseMedium;
  /** By electron density, for a `medium` other than the engine's. */
  readonly tissues?: readonly Tissue[];
}

/**
 * @param views  of all points, in their order
 * @param points x, y, z triples in LPS, mm
 */
export function seePoints(
  { machine }: Beam,
  views: readonly RowView[],
  density: Volume<'density'>,
  points: Float64Array,
  options: DoseModelOptions = {},
): PointSet {
  const count = points.length / 3;
  const array = (): Float32Array => new Float32Array(count);
  const set = { count, u: array(), v: array(), depths: array(), distances: array() };
  const isScaled = (options.heterogeneity ?? 'density') === 'density';
  const densities = isScaled ? { electron: array(), scatter: array() } : undefined;
  const extent = { u0: Infinity, u1: -Infinity, v0: Infinity, v1: -Infinity };
  const box = occupiedBox(density.grid, density.data);
  for (const { beam, from, to } of views) {
    const { frame } = beam;
    const own = points.subarray(3 * from, 3 * to);
    const u = set.u.subarray(from, to);
    const v = set.v.subarray(from, to);
    const along = new Float32Array(to - from);
    depthOfPoints(density, frame.source, own, set.depths.subarray(from, to), box);
    project(frame, own, u, v, along, set.distances.subarray(from, to), extent);
    if (densities === undefined) continue;
    const { electron, scatter } = effectiveDensities(density, frame, { u, v, along }, options.memory, box);
    densities.electron.set(electron, from);
    densities.scatter.set(scatter, from);
  }
  const beyondDensity = densities === undefined ? 0 : clampDensities(densities);
  const factors = factorsOf(density, points, options);
  const deepest = machine.range.depth[1];
  const beyondRange = set.depths.reduce((sum, depth) => sum + (depth > deepest ? 1 : 0), 0);
  const parts = { ...(densities && { densities }), ...(factors && { factors }) };
  return { ...set, ...parts, extent, beyondRange, beyondDensity };
}

/** Some of the points, as they were seen: their dose is the same to the last bit. */
export function selectPoints(points: PointSet, at: Int32Array): PointSet {
  const pick = (values: Float32Array): Float32Array => Float32Array.from(at, (p) => values[p]!);
  const { u, v, depths, distances, densities, factors } = points;
  return {
    ...points,
    count: at.length,
    u: pick(u),
    v: pick(v),
    depths: pick(depths),
    distances: pick(distances),
    ...(densities && { densities: { electron: pick(densities.electron), scatter: pick(densities.scatter) } }),
    ...(factors && { factors: pick(factors) }),
  };
}

/** Projection on the isocentre plane, distances along the axis and from the source; widens `extent`. */
function project(
  { beamFromPatient: m, sad }: Beam['frame'],
  points: Float64Array,
  u: Float32Array,
  v: Float32Array,
  along: Float32Array,
  distances: Float32Array,
  extent: { -readonly [side in keyof MapExtent]: number },
): void {
  let { u0, u1, v0, v1 } = extent;
  for (let p = 0; p < along.length; p++) {
    const x = points[3 * p]!;
    const y = points[3 * p + 1]!;
    const z = points[3 * p + 2]!;
    const bx = m[0]! * x + m[4]! * y + m[8]! * z + m[12]!;
    const by = m[1]! * x + m[5]! * y + m[9]! * z + m[13]!;
    const toSource = sad - (m[2]! * x + m[6]! * y + m[10]! * z + m[14]!);
    const scale = sad / toSource;
    const pu = bx * scale;
    const pv = by * scale;
    u[p] = pu;
    v[p] = pv;
    along[p] = toSource;
    if (pu < u0) u0 = pu;
    if (pu > u1) u1 = pu;
    if (pv < v0) v0 = pv;
    if (pv > v1) v1 = pv;
    distances[p] = Math.sqrt(bx * bx + by * by + toSource * toSource);
  }
  Object.assign(extent, { u0, u1, v0, v1 });
}

/** Per point, of the voxel that it lies in; points outside the image are air. */
function factorsOf(
  { grid, data }: Volume<'density'>,
  points: Float64Array,
  { medium = 'engine', tissues }: DoseModelOptions,
): Float32Array | undefined {
  if (medium === 'engine') return undefined;
  const [nz, ny, nx] = grid.shape;
  const at = (p: number, axis: 0 | 1 | 2): number =>
    Math.round((points[3 * p + axis]! - grid.origin[axis]) / grid.spacing[axis]);
  return Float32Array.from({ length: points.length / 3 }, (_, p) => {
    const [i, j, k] = [at(p, 0), at(p, 1), at(p, 2)];
    const isInside = i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz;
    return doseFactor(isInside ? data[i + nx * (j + ny * k)]! : 0, medium, tissues);
  });
}

/** Brings densities into the tested range, in place; returns how many points were outside. */
function clampDensities({ electron, scatter }: EffectiveDensities): number {
  const [low, high] = DENSITY_RANGE;
  let outside = 0;
  for (let p = 0; p < electron.length; p++) {
    const e = electron[p]!;
    const s = scatter[p]!;
    if (e >= low && e <= high && s >= low && s <= high) continue;
    outside++;
    electron[p] = Math.min(high, Math.max(low, e));
    scatter[p] = Math.min(high, Math.max(low, s));
  }
  return outside;
}
