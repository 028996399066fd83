/**
 * The separable pencil beam: dose of one beam's fluence at a list of points.
 *
 *     dose(p) = (SAD / |p - source|)^2 sum_k D_k(d(p), m(p)) F_k(u(p), v(p)),   m = SAD / |p - source|
 *
 * `prepareBeam` does what depends on geometry alone: projection, depth, kernel; `weighPoints` gives the points their D_k with
 * the inverse square. What a change of fluence needs is in `fluence-map.ts`.
 */
import type { Beam } from '../beam/beam.js';
import { UnsupportedError } from '../core/errors.js';
import type { BeamFrame } from '../geometry/frame.js';
import { gridBox } from '../geometry/grid.js';
import type { DoseMedium, Volume } from '../geometry/volume.js';
import { depthOfPoints } from '../raytrace/depth.js';
import { type DensityMemory, type EffectiveDensities, effectiveDensities } from '../raytrace/effective-density.js';
import { clipRay, RayTracer } from '../raytrace/siddon.js';
import { type BeamKernel, createBeamKernel, type KernelOptions } from './beam-kernel.js';
import type { MapExtent, MapPoints } from './fluence-map.js';
import { addTerms } from './kernel-table.js';
import { rowViews, type ShiftOptions } from './shifted-rows.js';
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

export interface BeamOptions extends KernelOptions, DoseModelOptions, ShiftOptions {}

/**
 * Source-surface distance along the central ray: where the density first exceeds 0.1 (skin, not a tube in air), mm.
 *
 * @throws {UnsupportedError} if the central ray meets no tissue
 */
export function sourceSurfaceDistance(beam: Beam, density: Volume<'density'>): number {
  const { source, sad } = beam.frame;
  const iso = beam.pose.isocenter;
  const beyond: [number, number, number] = [0, 1, 2].map((a) => source[a]! + 2 * (iso[a]! - source[a]!)) as [
    number,
    number,
    number,
  ];
  const clip = clipRay(gridBox(density.grid), source, beyond);
  if (clip !== undefined) {
    const [nz, ny, nx] = density.grid.shape;
    const [sx, sy, sz] = density.grid.spacing;
    const [ox, oy, oz] = density.grid.origin;
    const step = Math.min(sx, sy, sz) / 4 / (2 * sad);
    for (let alpha = clip[0]; alpha < clip[1]; alpha += step) {
      const i = Math.round((source[0] + alpha * (beyond[0] - source[0]) - ox) / sx);
      const j = Math.round((source[1] + alpha * (beyond[1] - source[1]) - oy) / sy);
      const k = Math.round((source[2] + alpha * (beyond[2] - source[2]) - oz) / sz);
      if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) continue;
      if (density.data[i + nx * (j + ny * k)]! > 0.1) return alpha * 2 * sad;
    }
  }
  throw new UnsupportedError(
    `beam ${beam.name}: its central ray misses the patient. Move the isocentre (${iso.map((c) => c.toFixed(1)).join(', ')}) mm into the body.`,
  );
}

/**
 * Projection, radiological depth, separable kernel and depth functions of points.
 *
 * @param density relative electron density, zero outside the body
 * @param points x, y, z triples in LPS, mm
 * @throws {UnsupportedError} if the central ray misses the patient
 * @throws {InvalidInputError} for shifted rows that are out of order
 */
export function prepareBeam(
  beam: Beam,
  density: Volume<'density'>,
  points: Float64Array,
  options: BeamOptions = {},
): { kernel: BeamKernel; points: PointSet } {
  const count = points.length / 3;
  const depths = new Float32Array(count);
  const seen = {
    u: new Float32Array(count),
    v: new Float32Array(count),
    along: new Float32Array(count),
    distances: new Float32Array(count),
  };
  const isScaled = (options.heterogeneity ?? 'density') === 'density';
  const densities = isScaled ? { electron: new Float32Array(count), scatter: new Float32Array(count) } : undefined;
  for (const view of rowViews(beam, count, options.shifted)) {
    const { frame } = view.beam;
    const { from, to } = view;
    sourceSurfaceDistance(view.beam, density);
    depthOfPoints(density, frame.source, points.subarray(3 * from, 3 * to), depths.subarray(from, to));
    project(frame, points, from, to, seen);
    if (densities === undefined) continue;
    const [u, v, along] = [seen.u, seen.v, seen.along].map((all) => all.subarray(from, to)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const { electron, scatter } = effectiveDensities(density, frame, { u, v, along }, options.memory);
    densities.electron.set(electron, from);
    densities.scatter.set(scatter, from);
  }
  const { u, v, distances } = seen;
  const beyondDensity = densities === undefined ? 0 : clampDensities(densities);
  const kernel = createBeamKernel(beam.machine, { depths, distances, ...(densities && { densities }) }, options);
  const factors = factorsOf(density, points, options);
  const deepest = beam.machine.range.depth[1];
  let beyondRange = 0;
  for (let p = 0; p < count; p++) if (depths[p]! > deepest) beyondRange++;
  const parts = { ...(densities && { densities }), ...(factors && { factors }) };
  const set = { count, u, v, depths, distances, ...parts, extent: extentOf(u, v), beyondRange, beyondDensity };
  return { kernel, points: set };
}

/** Points [from, to) as a beam sees them: on the isocentre plane, along its axis, from the source, mm. */
function project(
  { beamFromPatient: m, sad }: BeamFrame,
  points: Float64Array,
  from: number,
  to: number,
  { u, v, along, distances }: Record<'u' | 'v' | 'along' | 'distances', Float32Array>,
): void {
  for (let p = from; p < to; p++) {
    const x = points[3 * p]!;
    const y = points[3 * p + 1]!;
    const z = points[3 * p + 2]!;
    const bx = m[0]! * x + m[4]! * y + m[8]! * z + m[12]!;
    const by = m[1]! * x + m[5]! * y + m[9]! * z + m[13]!;
    const toSource = sad - (m[2]! * x + m[6]! * y + m[10]! * z + m[14]!);
    const scale = sad / toSource;
    u[p] = bx * scale;
    v[p] = by * scale;
    along[p] = toSource;
    distances[p] = Math.sqrt(bx * bx + by * by + toSource * toSource);
  }
}

function extentOf(u: Float32Array, v: Float32Array): MapExtent {
  let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let p = 0; p < u.length; p++) {
    if (u[p]! < u0) u0 = u[p]!;
    if (u[p]! > u1) u1 = u[p]!;
    if (v[p]! < v0) v0 = v[p]!;
    if (v[p]! > v1) v1 = v[p]!;
  }
  return { u0, u1, v0, v1 };
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

/** Arrays for the weights of `count` points, one per band. */
export function allocateWeights(kernel: BeamKernel, count: number): Float32Array[] {
  return kernel.bands.map(({ terms }) => new Float32Array(count * terms));
}

/**
 * The points [from, to) with their weights (SAD / L)^2 D_k, Gy per MU.
 *
 * @param out one array per band, at least (to - from) K long; overwritten, and part of what is returned
 * @param firstBand first band that each point reads, [to - from]; @default 0 for all
 */
export function weighPoints(
  kernel: BeamKernel,
  sad: number,
  points: PointSet,
  from: number,
  to: number,
  out: readonly Float32Array[],
  firstBand?: Uint8Array,
): MapPoints {
  const { depths, distances, densities, factors } = points;
  const { tables, bands } = kernel;
  bands.forEach(({ terms }, b) => {
    out[b]!.fill(0, 0, (to - from) * terms);
  });
  const at = { depths, distances, ...(factors && { factors }), ...(firstBand && { firstBand }) };
  if (densities === undefined) addTerms(tables[0]!, sad, at, from, to, out);
  else {
    addTerms(tables[0]!, sad, { ...at, densities: densities.electron }, from, to, out);
    addTerms(tables[1]!, sad, { ...at, densities: densities.scatter }, from, to, out);
  }
  return { u: points.u.subarray(from, to), v: points.v.subarray(from, to), weights: out };
}

/** One radiological depth, for the isocentre of a beam, mm of water. */
export function isocentreDepth(beam: Beam, density: Volume<'density'>): number {
  return new RayTracer(density.grid, density.data, beam.frame.source).pathTo(
    ...(beam.pose.isocenter as [number, number, number]),
  );
}
