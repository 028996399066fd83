/**
 * The separable pencil beam: dose of one beam's fluence at a list of points.
 *
 *     dose(p) = (SAD / |p - source|)^2 sum_k D_k(d(p), m(p)) F_k(u(p), v(p)),   m = SAD / |p - source|
 *
 * `seeBeam` does what depends on geometry alone (`beam-points.ts`); `weighPoints` gives the points their
 * D_k with the inverse square. What a change of fluence needs is in `fluence-map.ts`.
 */
import type { Beam } from '../beam/beam.js';
import { UnsupportedError } from '../core/errors.js';
import type { Vec3 } from '../geometry/grid.js';
import type { Volume } from '../geometry/volume.js';
import { partsAt } from '../machine/field-integral.js';
import type { BeamPass } from '../raytrace/beam-pass.js';
import { RayTracer, traceRay } from '../raytrace/siddon.js';
import type { MapPoints } from './banded-matrix.js';
import type { BeamKernel, KernelOptions } from './beam-kernel.js';
import { type DoseModelOptions, type PointSet, seePoints, seePointsShifted } from './beam-points.js';
import { addTerms } from './kernel-table.js';
import { rowViews, type ShiftOptions, shiftedBeam } from './shifted-rows.js';

export type { DoseModelOptions };

export interface BeamOptions extends KernelOptions, DoseModelOptions, ShiftOptions {}

/**
 * Source-surface distance along the central ray: where it enters the first voxel denser than 0.1 (skin, not a tube in air), mm.
 *
 * @throws {UnsupportedError} if the central ray meets no tissue
 */
export function sourceSurfaceDistance({ name, frame, pose }: Beam, density: Volume<'density'>): number {
  const [x, y, z] = frame.source;
  const [ix, iy, iz] = pose.isocenter;
  const beyond: Vec3 = [2 * ix - x, 2 * iy - y, 2 * iz - z];
  const skin = traceRay(density.grid, frame.source, beyond).find(({ voxel }) => density.data[voxel]! > 0.1);
  if (skin === undefined) {
    throw new UnsupportedError(
      `beam ${name}: its central ray misses the patient. Move the isocentre (${pose.isocenter.map((c) => c.toFixed(1)).join(', ')}) mm into the body.`,
    );
  }
  return 2 * frame.sad * skin.alphaOut - skin.length;
}

/**
 * Projection, radiological depth and effective densities of points.
 *
 * @param density relative electron density, zero outside the body
 * @param points x, y, z triples in LPS, mm
 * @param pass   the rays of the density, where they are known
 * @throws {UnsupportedError} if the central ray misses the patient, or the machine's kernel cannot be scaled with density
 * @throws {InvalidInputError} for shifted rows that are out of order, densities that are none
 */
export function seeBeam(
  beam: Beam,
  density: Volume<'density'>,
  points: Float64Array,
  options: BeamOptions = {},
  pass?: BeamPass,
): PointSet {
  if ((options.heterogeneity ?? 'density') === 'density') partsAt(beam.machine);
  const views = rowViews(beam, points.length / 3, options.shifted);
  for (const view of views) sourceSurfaceDistance(view.beam, density);
  return seePoints(beam, views, density, points, options, pass);
}

/**
 * The same points under several shifts of the patient, those of the first shift first.
 *
 * @param shifts  of the patient against the beam, LPS, mm
 * @param nominal what {@link seeBeam} sees of them without a shift
 * @throws {UnsupportedError} if the central ray misses the patient under a shift
 */
export function seeShifted(
  beam: Beam,
  shifts: readonly Vec3[],
  density: Volume<'density'>,
  points: Float64Array,
  nominal: PointSet,
  pass: BeamPass,
): PointSet {
  const beams = shifts.map(([x, y, z]) => shiftedBeam(beam, [-x, -y, -z]));
  for (const shifted of beams) sourceSurfaceDistance(shifted, density);
  return seePointsShifted(beam, beams, points, nominal, pass);
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
