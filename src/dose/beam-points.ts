/**
 * Points as a beam sees them: projection, radiological depth, distance and effective densities, all that depends on geometry
 * alone.
 *
 * Ranges of points may be seen with the patient off its place (`shifted-rows.ts`); what is expensive in a beam, its kernel, its
 * effective densities and the maps of its fluence, is made once for all.
 */
import type { Beam } from '../beam/beam.js';
import { createBeamFrame } from '../geometry/frame.js';
import type { DoseMedium, Volume } from '../geometry/volume.js';
import { BeamPass, type EffectiveDensities } from '../raytrace/beam-pass.js';
import { createDensityBox } from '../raytrace/density-box.js';
import type { DensityMemory } from '../raytrace/density-memory.js';
import type { MapExtent } from './banded-matrix.js';
import { DENSITY_RANGE, extentOf, type KernelDomain, kernelDomain } from './kernel-domain.js';
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
  /** Of the patient in this beam: what the maps must reach and where the kernel must hold, whichever points these are. */
  readonly extent: MapExtent;
  readonly domain: KernelDomain;
  /** Points deeper than the machine was commissioned for. */
  readonly beyondRange: number;
  /** Points whose effective density was brought back to {@link DENSITY_RANGE}. */
  readonly beyondDensity: number;
}

/** How the engine treats matter that is not water, and what its dose is given to. */
export interface DoseModelOptions {
  /**
   * `depth`: only depth is radiological, the kernel keeps its lateral size of water. `density`: the kernel's electrons and
   * scatter are stretched by the densities that they have crossed.
   * @default 'density'
   */
  readonly heterogeneity?: 'depth' | 'density';
  /** @internal Ranges over which densities are averaged. */
  readonly memory?: DensityMemory;
  /** @default 'engine' */
  readonly medium?: DoseMedium;
  /** @internal By electron density, for a `medium` other than the engine's. */
  readonly tissues?: readonly Tissue[];
  /**
   * `simd`: WebAssembly in Float32, four at a time; `plain`: TypeScript in Float64, the reference.
   * @default 'simd' where the machine has it
   */
  readonly kernels?: 'simd' | 'plain';
}

/** The rays made last, for as long as memory is not wanted for something else. */
let latest: { readonly key: string; readonly pass: WeakRef<BeamPass> } | undefined;

/** The rays of a patient under these options: made once for any number of beams, and for what is asked of the same patient next. */
export function passOf({ grid, data, ...rest }: Volume<'density'>, options: DoseModelOptions = {}): BeamPass {
  const { memory, kernels } = options;
  const key = JSON.stringify([grid, memory, kernels, checksum(data)]);
  const known = latest?.key === key ? latest.pass.deref() : undefined;
  if (known) return known;
  const box = createDensityBox({ grid, data, ...rest });
  const pass = new BeamPass(box, { ...(memory && { memory }), ...(kernels && { kernels }) });
  latest = { key, pass: new WeakRef(pass) };
  return pass;
}

/**
 * Lets go of the memory of the rays made last. A reference that is weak stays until the job at hand is over, and that of a thread which waits
 * for requests never is.
 */
export function releaseRays(): void {
  latest?.pass.deref()?.release();
  latest = undefined;
}

/** Of what an image holds, not of where it is held: it may have been changed, or sent to another thread. */
function checksum(data: Float32Array): string {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  let [a, b] = [2166136261, 5381];
  for (let i = 0; i < words.length; i++) {
    a = Math.imul(a ^ words[i]!, 16777619);
    b = (Math.imul(b, 33) + words[i]!) | 0;
  }
  return `${data.length} ${a} ${b}`;
}

/**
 * @param views  of all points, in their order
 * @param points x, y, z triples in LPS, mm
 * @param pass   of the density, where it is known
 */
export function seePoints(
  beam: Beam,
  views: readonly RowView[],
  density: Volume<'density'>,
  points: Float64Array,
  options: DoseModelOptions = {},
  pass: BeamPass = passOf(density, options),
): PointSet {
  const { machine, pose } = beam;
  const count = points.length / 3;
  const array = (): Float32Array => new Float32Array(count);
  const isScaled = (options.heterogeneity ?? 'density') === 'density';
  const set = { count, u: array(), v: array(), depths: array(), distances: array() };
  const densities = isScaled ? { electron: array(), scatter: array() } : undefined;
  // A shift of some millimetres tilts a ray by milliradians, which a footprint of 4 mm does not feel: the density of a place is that of
  // the beam where it should stand.
  const isShifted = views.length !== 1 || views[0]!.beam !== beam;
  for (const view of views) {
    const { from, to } = view;
    const frame = createBeamFrame({ ...view.beam.pose, collimator: 0 }, machine.sad);
    const of = (values: Float32Array): Float32Array => values.subarray(from, to);
    const part = { u: of(set.u), v: of(set.v), depths: of(set.depths), distances: of(set.distances) };
    pass.see(frame, points.subarray(3 * from, 3 * to), part, isShifted ? undefined : densities);
  }
  if (densities && isShifted) {
    pass.densities(createBeamFrame({ ...pose, collimator: 0 }, machine.sad), points, densities);
  }
  turn(set.u, set.v, pose.collimator);
  const beyondDensity = densities === undefined ? 0 : clampDensities(densities);
  const factors = factorsOf(density, points, options);
  const deepest = machine.range.depth[1];
  const beyondRange = set.depths.reduce((sum, depth) => sum + (depth > deepest ? 1 : 0), 0);
  const parts = { ...(densities && { densities }), ...(factors && { factors }) };
  const [extent, domain] = [extentOf(beam, pass.box), kernelDomain(beam, pass.box, isScaled)];
  return { ...set, ...parts, extent, domain, beyondRange, beyondDensity };
}

/**
 * Points under several shifts, those of the first shift first: projection, depth and distance anew, all else as at their places.
 *
 * @param beams   one per shift, off by the opposite of it
 * @param points  x, y, z triples in LPS, mm
 * @param nominal the same points as the beam sees them without a shift
 */
export function seePointsShifted(
  beam: Beam,
  beams: readonly Beam[],
  points: Float64Array,
  nominal: PointSet,
  pass: BeamPass,
): PointSet {
  const { machine, pose } = beam;
  const each = points.length / 3;
  const count = beams.length * each;
  const array = (): Float32Array => new Float32Array(count);
  const set = { count, u: array(), v: array(), depths: array(), distances: array() };
  beams.forEach((shifted, s) => {
    const frame = createBeamFrame({ ...shifted.pose, collimator: 0 }, machine.sad);
    const of = (values: Float32Array): Float32Array => values.subarray(s * each, (s + 1) * each);
    pass.see(frame, points, { u: of(set.u), v: of(set.v), depths: of(set.depths), distances: of(set.distances) });
  });
  turn(set.u, set.v, pose.collimator);
  const repeated = (values: Float32Array): Float32Array => {
    const out = array();
    for (let s = 0; s < beams.length; s++) out.set(values, s * each);
    return out;
  };
  const { densities, factors, extent, domain, beyondDensity } = nominal;
  return {
    ...set,
    ...(densities && { densities: { electron: repeated(densities.electron), scatter: repeated(densities.scatter) } }),
    ...(factors && { factors: repeated(factors) }),
    extent,
    domain,
    beyondRange: set.depths.reduce((sum, depth) => sum + (depth > machine.range.depth[1] ? 1 : 0), 0),
    beyondDensity,
  };
}

/** From the frame of the gantry to that of the collimator, in place. */
function turn(u: Float32Array, v: Float32Array, degrees: number): void {
  if (degrees === 0) return;
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  for (let p = 0; p < u.length; p++) {
    const [x, y] = [u[p]!, v[p]!];
    u[p] = c * x + s * y;
    v[p] = c * y - s * x;
  }
}

/** Some of the points, as they were seen: their dose is the same to the last bit. */
export function selectPoints(points: PointSet, at: Int32Array): PointSet {
  const pick = (values: Float32Array): Float32Array => {
    const out = new Float32Array(at.length);
    for (let q = 0; q < out.length; q++) out[q] = values[at[q]!]!;
    return out;
  };
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
