/**
 * Forward dose of fixed fluences on a whole grid: what a finished plan is reported with.
 */
import type { Beam } from '../beam/beam.js';
import type { FluenceGrid } from '../beam/fluence.js';
import { InvalidInputError } from '../core/errors.js';
import { axisCentres, type Grid } from '../geometry/grid.js';
import type { Volume } from '../geometry/volume.js';
import type { BeamPass } from '../raytrace/beam-pass.js';
import { type BeamKernel, createBeamKernel, largestSideOf } from './beam-kernel.js';
import type { PointSet } from './beam-points.js';
import { FluenceMap } from './fluence-map.js';
import { allocateWeights, type BeamOptions, seeBeam, weighPoints } from './pencil-beam.js';
import { addSimdDose } from './simd-dose.js';
import { hasSimd } from './simd-maps.js';

/** Monitor units per pixel of a fluence grid. */
export interface FluenceField {
  readonly grid: FluenceGrid;
  /** Monitor units of open primary fluence per pixel, pixel (i, j) at i + nx j. */
  readonly weights: Float64Array;
}

/** The voxels that carry dose, as indices of a grid and as points. */
export interface DoseVoxels {
  readonly grid: Grid;
  readonly index: Int32Array;
  /** x, y, z triples in LPS, mm. */
  readonly points: Float64Array;
}

/**
 * Voxels at least half inside a mask (the external contour): outside, dose is zero by definition.
 *
 * @param mask fractions 0 to 1
 * @param threshold least fraction of a voxel that counts. @default 0.5
 * @throws {InvalidInputError} if there is none
 */
export function voxelsInside(mask: Volume<'mask'>, threshold = 0.5): DoseVoxels {
  const { grid } = mask;
  const index = indicesInside(mask, threshold);
  return { grid, index, points: centresOf(grid, index) };
}

/** The voxels alone, see {@link voxelsInside}. @internal */
export function indicesInside({ data }: Volume<'mask'>, threshold = 0.5): Int32Array {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (data[i]! >= threshold) count++;
  if (count === 0)
    throw new InvalidInputError('dose: no voxel lies inside the external contour. Check it against the dose grid.');
  const index = new Int32Array(count);
  for (let i = 0, at = 0; at < count; i++) if (data[i]! >= threshold) index[at++] = i;
  return index;
}

/**
 * Centres of voxels in rising order, x, y, z triples in LPS, mm.
 *
 * @param points overwritten from its beginning and returned. @default as long as it takes
 * @internal
 */
export function centresOf(
  grid: Grid,
  index: Int32Array,
  points: Float64Array = new Float64Array(3 * index.length),
): Float64Array {
  const [, ny, nx] = grid.shape;
  const [xs, ys, zs] = [axisCentres(grid, 0), axisCentres(grid, 1), axisCentres(grid, 2)];
  let row = -1;
  let y = 0;
  let z = 0;
  for (let at = 0; at < index.length; at++) {
    const voxel = index[at]!;
    if (row < 0 || voxel >= nx * (row + 1)) {
      row = Math.floor(voxel / nx);
      y = ys[row % ny]!;
      z = zs[Math.floor(row / ny)]!;
    }
    points[3 * at] = xs[voxel - nx * row]!;
    points[3 * at + 1] = y;
    points[3 * at + 2] = z;
  }
  return points;
}

/** What one beam sees of the voxels: made once, used for every fluence of that beam. */
export interface BeamView {
  readonly beam: Beam;
  readonly points: PointSet;
  readonly options: BeamOptions;
}

/**
 * @param density zero outside the body
 * @param pass    the rays of the density, where they are known
 * @throws {UnsupportedError} if the central ray misses the patient, or the machine's kernel cannot be scaled with density
 */
export function viewOfBeam(
  beam: Beam,
  density: Volume<'density'>,
  voxels: Pick<DoseVoxels, 'points'>,
  options: BeamOptions = {},
  pass?: BeamPass,
): BeamView {
  return { beam, points: seeBeam(beam, density, voxels.points, options, pass), options };
}

/** The kernel that a view's beam has for a field: it depends on patient, isocentre and field, not on the points. */
export function kernelOf({ beam, points, options }: BeamView, grid: FluenceGrid): BeamKernel {
  const { tolerance, largestSide = largestSideOf(grid) } = options;
  return createBeamKernel(beam.machine, points.domain, { ...(tolerance && { tolerance }), largestSide });
}

/** Points that are weighed at once by the reference. */
const PIECE = 4096;

/**
 * Adds the dose of one fluence field to `out` (one value per voxel of the view), Gy.
 *
 * @param step node distance of the map, mm. @default by the source blur
 */
export function addFieldDose(view: BeamView, field: FluenceField, out: Float64Array, step?: number): Float64Array {
  return addMapDose(mapOfField(view, field.grid, step), view, field.weights, out);
}

/** What a field on a grid needs of its beam in a patient, whatever its weights and whichever the points. */
export interface FieldMap {
  readonly kernel: BeamKernel;
  readonly map: FluenceMap;
}

/** @param step node distance of the map, mm. @default by the source blur */
export function mapOfField(view: BeamView, grid: FluenceGrid, step?: number): FieldMap {
  const kernel = kernelOf(view, grid);
  return { kernel, map: new FluenceMap(view.beam.machine, kernel, grid, view.points.extent, step) };
}

/**
 * {@link addFieldDose} by a map that was made before.
 *
 * @param map     its nodes may be overwritten
 * @param fluence monitor units per pixel of the map's grid
 */
export function addMapDose(
  { kernel, map }: FieldMap,
  { beam, points, options }: BeamView,
  fluence: Float64Array,
  out: Float64Array,
): Float64Array {
  const isSimd = options.kernels === 'simd' || (options.kernels === undefined && hasSimd());
  if (isSimd) {
    addSimdDose(map, kernel, beam.machine.sad, points, fluence, out);
    return out;
  }
  map.spread(fluence);
  // In pieces that stay in the cache: the weights of a whole body would take more memory than all else.
  const weights = allocateWeights(kernel, Math.min(PIECE, points.count));
  const bands = new Uint8Array(Math.min(PIECE, points.count));
  for (let from = 0; from < points.count; from += PIECE) {
    const to = Math.min(points.count, from + PIECE);
    const read = map.firstBands(points.u, points.v, from, to, bands);
    map.gather(weighPoints(kernel, beam.machine.sad, points, from, to, weights, read), out.subarray(from, to));
  }
  return out;
}
