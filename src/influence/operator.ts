/**
 * The influence operator, matrix-free: dose = A w for the beamlets of several beams at a list of points.
 *
 *   apply            per beam: spread the fluence into K maps, gather them at every point
 *   applyTranspose   per beam: scatter the points' values into the maps, collect them at every beamlet
 *
 * Memory is O(points x beams); no matrix is built and nothing is cut off. Both directions are the same linear map to
 * Float64 rounding, because they share the same weights.
 */
import type { Beam } from '../beam/beam.js';
import { type BeamletSet, beamletOffsets, pixelCount } from '../beam/fluence.js';
import { InvalidInputError } from '../core/errors.js';
import type { MapPoints } from '../dose/banded-matrix.js';
import type { BeamKernel } from '../dose/beam-kernel.js';
import { type PointSet, passOf } from '../dose/beam-points.js';
import { type BeamView, kernelOf, viewOfBeam } from '../dose/beam-view.js';
import { FluenceMap } from '../dose/fluence-map.js';
import { allocateWeights, type DoseModelOptions, weighPoints } from '../dose/pencil-beam.js';
import type { ShiftedRows } from '../dose/shifted-rows.js';
import { hasSimd, SimdMaps } from '../dose/simd-maps.js';
import { weighWithSimd } from '../dose/simd-weights.js';
import type { Volume } from '../geometry/volume.js';
import type { ColumnSource } from './matrix.js';
import { readRows } from './simd-rows.js';
import { wideBand } from './tail-pools.js';

/** A beam and the beamlets through which it may shine. */
export interface ModulatedBeam {
  readonly beam: Beam;
  readonly beamlets: BeamletSet;
}

/** How the influence is computed. */
export interface InfluenceOptions extends DoseModelOptions {
  /**
   * Rows that beams see under a shift of the patient. @default none
   *
   * @internal
   */
  readonly shifted?: readonly ShiftedRows[];
  /** @internal The points as the beams see them, where they have been traced: one set per beam, of all rows. */
  readonly seen?: readonly PointSet[];
  /** Of the separable form, as {@link KernelOptions}. @default 0.0007 */
  readonly tolerance?: number;
  /** Node distance of the fluence maps, mm. @default by the source blur: interpolation error below 0.1 % of the field */
  readonly step?: number;
}

/** Dose of one beam's fluence, and its transpose. */
interface BeamMaps {
  /** out[p] += dose of the fluence at every point. */
  apply(fluence: Float64Array, out: Float64Array): void;
  applyTranspose(rowValues: Float64Array, fluence: Float64Array): void;
}

interface BeamPart {
  readonly maps: BeamMaps;
  readonly map: FluenceMap;
  readonly points: MapPoints;
  readonly pixels: Int32Array;
  readonly fluence: Float64Array;
  readonly offset: number;
  readonly isSimd: boolean;
}

/** The influence of the beamlets of several beams at a list of points, without a matrix: dose = A w. */
export class InfluenceOperator implements ColumnSource {
  readonly rows: number;
  readonly columns: number;
  private readonly parts: readonly BeamPart[];

  /**
   * @param density relative electron density, zero outside the body
   * @param points  x, y, z triples in LPS, mm: the rows
   * @throws {InvalidInputError} without beams or points
   */
  constructor(
    beams: readonly ModulatedBeam[],
    density: Volume<'density'>,
    points: Float64Array,
    options: InfluenceOptions = {},
  ) {
    if (beams.length === 0) throw new InvalidInputError('influence: there are no beams. Give at least one.');
    if (points.length === 0) throw new InvalidInputError('influence: there are no points. Give the voxels to compute.');
    const isSimd = options.kernels === 'simd' || (options.kernels === undefined && hasSimd());
    const offsets = beamletOffsets(beams);
    const pass = options.seen ? undefined : passOf(density, options);
    this.parts = beams.map(({ beam, beamlets }, b) => {
      const seen = options.seen?.[b];
      const view = seen ? { beam, points: seen, options } : viewOfBeam(beam, density, { points }, options, pass);
      const kernel = kernelOf(view, beamlets.grid);
      const map = new FluenceMap(beam.machine, kernel, beamlets.grid, view.points.extent, options.step);
      const placed = placeMaps(map, weighAll(view, kernel, isSimd), isSimd);
      return {
        ...placed,
        map,
        pixels: beamlets.pixels,
        fluence: new Float64Array(pixelCount(beamlets.grid)),
        offset: offsets[b]!,
        isSimd,
      };
    });
    this.rows = points.length / 3;
    this.columns = offsets.at(-1)!;
  }

  /**
   * A w: the dose of all beamlets at every point.
   *
   * @param weights monitor units per beamlet
   * @param out Gy, one per point; overwritten and returned
   */
  apply(weights: Float64Array, out: Float64Array): Float64Array {
    out.fill(0);
    for (const { maps, pixels, fluence, offset } of this.parts) {
      // A dark beam adds nothing: a plan that opens a few fields, or one aperture, costs no more than those.
      if (weights.subarray(offset, offset + pixels.length).every((weight) => weight === 0)) continue;
      fluence.fill(0);
      for (let b = 0; b < pixels.length; b++) fluence[pixels[b]!] = weights[offset + b]!;
      maps.apply(fluence, out);
    }
    return out;
  }

  /**
   * Dose of one beamlet at 1 monitor unit; only its own beam is computed.
   *
   * @param column the beamlet, 0 to columns - 1
   * @param out Gy per monitor unit, one per point; overwritten and returned
   */
  column(column: number, out: Float64Array): Float64Array {
    const part = this.parts.find((p) => column >= p.offset && column < p.offset + p.pixels.length);
    if (part === undefined) {
      throw new InvalidInputError(`influence: there is no beamlet ${column}; they are 0 to ${this.columns - 1}.`);
    }
    out.fill(0);
    part.fluence.fill(0);
    part.fluence[part.pixels[column - part.offset]!] = 1;
    part.maps.apply(part.fluence, out);
    return out;
  }

  /**
   * Dose of every beamlet at one point; cheaper than a column.
   *
   * @param row the point, 0 to rows - 1
   * @param out Gy per monitor unit, one per beamlet; overwritten and returned
   */
  row(row: number, out: Float64Array): Float64Array {
    if (!(row >= 0 && row < this.rows)) {
      throw new InvalidInputError(`influence: there is no row ${row}; they are 0 to ${this.rows - 1}.`);
    }
    for (const { map, points, pixels, fluence, offset } of this.parts) {
      map.row(points, row, fluence);
      for (let b = 0; b < pixels.length; b++) out[offset + b] = fluence[pixels[b]!]!;
    }
    return out;
  }

  /**
   * Rows as Float32 numbers, Gy per monitor unit: matrix[stride i + column] for the i-th of `which`.
   *
   * @param which rows, in any order
   * @param matrix at least `which.length` x `stride`
   * @param stride from one row to the next. @default columns
   * @throws {InvalidInputError} for a row that there is not
   */
  readRows(which: Int32Array, matrix: Float32Array, stride = this.columns): void {
    const unknown = which.find((row) => !(row >= 0 && row < this.rows));
    if (unknown !== undefined) {
      throw new InvalidInputError(`influence: there is no row ${unknown}; they are 0 to ${this.rows - 1}.`);
    }
    for (const { map, points, pixels, fluence, offset, isSimd } of this.parts) {
      if (isSimd && readRows(map, points, which, pixels, { matrix, stride, at: offset })) continue;
      which.forEach((row, i) => {
        map.row(points, row, fluence);
        for (let b = 0; b < pixels.length; b++) matrix[stride * i + offset + b] = fluence[pixels[b]!]!;
      });
    }
  }

  /**
   * What the wide part of the kernel brings each of some rows at the places of `tailPools`: matrix[stride i + place].
   *
   * @internal
   */
  readTails(which: Int32Array, pixels: readonly Int32Array[], matrix: Float32Array, stride: number): void {
    let at = 0;
    this.parts.forEach(({ map, points, fluence, isSimd }, b) => {
      const places = pixels[b]!;
      const offset = at;
      at += places.length;
      const wide = wideBand(map, points);
      if (wide === undefined) {
        for (let i = 0; i < which.length; i++) matrix.fill(0, stride * i + offset, stride * i + offset + places.length);
        return;
      }
      if (isSimd && readRows(wide.map, wide.points, which, places, { matrix, stride, at: offset })) return;
      which.forEach((row, i) => {
        wide.map.row(wide.points, row, fluence);
        for (let q = 0; q < places.length; q++) matrix[stride * i + offset + q] = fluence[places[q]!]!;
      });
    });
  }

  /**
   * A' y: what a value at each point brings to every beamlet.
   *
   * @param rowValues one per point
   * @param out one per beamlet, Gy per monitor unit times the values' unit; overwritten and returned
   */
  applyTranspose(rowValues: Float64Array, out: Float64Array): Float64Array {
    for (const { maps, pixels, fluence, offset } of this.parts) {
      maps.applyTranspose(rowValues, fluence);
      for (let b = 0; b < pixels.length; b++) out[offset + b] = fluence[pixels[b]!]!;
    }
    return out;
  }
}

/** The maps of a beam, and its points for reading rows: their weights are held once. */
function placeMaps(map: FluenceMap, points: MapPoints, isSimd: boolean): { maps: BeamMaps; points: MapPoints } {
  if (!isSimd) return { maps: plainMaps(map, points), points };
  const maps = new SimdMaps(map, points);
  return { maps, points: { ...points, weights: points.weights.map((own, b) => maps.weightsOf(b) ?? own) } };
}

/** The points of a view with the weights of every band. */
function weighAll({ beam, points }: BeamView, kernel: BeamKernel, isSimd: boolean): MapPoints {
  const { sad } = beam.machine;
  const weights = allocateWeights(kernel, points.count);
  return isSimd
    ? { u: points.u, v: points.v, weights: weighWithSimd(kernel, sad, points, weights) }
    : weighPoints(kernel, sad, points, 0, points.count, weights);
}

function plainMaps(map: FluenceMap, points: MapPoints): BeamMaps {
  return {
    apply(fluence, out) {
      map.spread(fluence);
      map.gather(points, out);
    },
    applyTranspose(rowValues, fluence) {
      map.scatter(points, rowValues);
      map.collect(fluence);
    },
  };
}
