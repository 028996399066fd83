/**
 * Fluence grid: a rectilinear lattice of pixels in the isocentre plane, in which a fluence is constant per pixel.
 *
 * Beamlets are its cells at 5 mm; jaws and leaves give it their own edges, so that an opening of any size and place is
 * exact. Cell (i, j) spans [x[i], x[i + 1]] x [y[j], y[j + 1]] and is element i + nx j; its weight is monitor units of open
 * primary fluence through it.
 */
import { checkInteger, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { BeamFrame } from '../geometry/frame.js';
import type { Volume } from '../geometry/volume.js';
import { isInSilhouette, projectSilhouette } from './projection.js';

/** Pixels in the isocentre plane of a beam, by their edges. */
export interface FluenceGrid {
  /** Edges along the collimator's IEC X, mm, rising: nx + 1 numbers. */
  readonly x: Float64Array;
  /** Edges along IEC Y, mm, rising: ny + 1 numbers. */
  readonly y: Float64Array;
}

/** Equal square cells of `size` mm whose first edges lie at (left, bottom). */
export function uniformFluenceGrid(left: number, bottom: number, size: number, nx: number, ny: number): FluenceGrid {
  checkPositive('fluence grid: size', size);
  checkInteger('fluence grid: nx', nx, 1);
  checkInteger('fluence grid: ny', ny, 1);
  const edges = (from: number, n: number): Float64Array =>
    Float64Array.from({ length: n + 1 }, (_, i) => from + i * size);
  return { x: edges(left, nx), y: edges(bottom, ny) };
}

/** Number of cells. */
export function pixelCount(grid: FluenceGrid): number {
  return (grid.x.length - 1) * (grid.y.length - 1);
}

/** The beamlets of one beam: those cells of a grid that may carry weight, in rising cell order. */
export interface BeamletSet {
  readonly grid: FluenceGrid;
  /** Cell index i + nx j of each beamlet. */
  readonly pixels: Int32Array;
}

/**
 * Beamlets whose cell, at its centre or within a quarter of its side from it, sees the target plus a margin.
 *
 * @param size beamlet side in the isocentre plane, mm. @default 5
 * @param margin added to the target's silhouette, mm. @default 5
 * @param target mask of the target, fractions 0 to 1
 * @param onAxis what of them lies on the beam's axis: the corner of four, or the middle of one. @default 'corner'
 * @throws {InvalidInputError} if the target occupies no voxel
 */
export function beamletsCovering(
  frame: BeamFrame,
  target: Volume<'mask'>,
  size = 5,
  margin = 5,
  onAxis: 'corner' | 'middle' = 'corner',
): BeamletSet {
  checkPositive('beamlets: size', size);
  const silhouette = projectSilhouette(frame, target, margin);
  const shift = onAxis === 'middle' ? 0.5 : 0;
  const left = silhouette.x0 - silhouette.spacing / 2;
  const bottom = silhouette.y0 - silhouette.spacing / 2;
  const i0 = Math.floor(left / size + shift) - shift;
  const j0 = Math.floor(bottom / size + shift) - shift;
  const i1 = Math.ceil((left + silhouette.nx * silhouette.spacing) / size + shift) - shift;
  const j1 = Math.ceil((bottom + silhouette.ny * silhouette.spacing) / size + shift) - shift;
  const nx = i1 - i0;
  const ny = j1 - j0;
  const pixels: number[] = [];
  const q = size / 4;
  for (let j = 0; j < ny; j++) {
    for (let i = 0; i < nx; i++) {
      const x = (i0 + i + 0.5) * size;
      const y = (j0 + j + 0.5) * size;
      const seen =
        isInSilhouette(silhouette, x, y) ||
        isInSilhouette(silhouette, x - q, y - q) ||
        isInSilhouette(silhouette, x + q, y - q) ||
        isInSilhouette(silhouette, x - q, y + q) ||
        isInSilhouette(silhouette, x + q, y + q);
      if (seen) pixels.push(i + nx * j);
    }
  }
  return { grid: uniformFluenceGrid(i0 * size, j0 * size, size, nx, ny), pixels: Int32Array.from(pixels) };
}

/** Where the beamlets of each field begin in one list of all; at the end, how many there are. */
export function beamletOffsets(fields: readonly { readonly beamlets: BeamletSet }[]): number[] {
  const offsets = [0];
  for (const { beamlets } of fields) offsets.push(offsets.at(-1)! + beamlets.pixels.length);
  return offsets;
}

/**
 * Pairs of beamlets of one field that share an edge, as numbers in one list of all fields: i, j, i, j, ... No pair joins two fields.
 */
export function neighbouringBeamlets(fields: readonly { readonly beamlets: BeamletSet }[]): Int32Array {
  const offsets = beamletOffsets(fields);
  const pairs: number[] = [];
  fields.forEach(({ beamlets: { grid, pixels } }, field) => {
    const nx = grid.x.length - 1;
    const first = offsets[field]!;
    const beamletAt = new Map<number, number>();
    pixels.forEach((pixel, b) => {
      beamletAt.set(pixel, first + b);
    });
    pixels.forEach((pixel, b) => {
      const right = pixel % nx === nx - 1 ? undefined : beamletAt.get(pixel + 1);
      const above = beamletAt.get(pixel + nx);
      if (right !== undefined) pairs.push(first + b, right);
      if (above !== undefined) pairs.push(first + b, above);
    });
  });
  return Int32Array.from(pairs);
}

/** Spreads beamlet weights over the cells of their grid; cells without a beamlet get zero. */
export function fluenceOfBeamlets(
  beamlets: BeamletSet,
  weights: ArrayLike<number>,
  offset = 0,
  out: Float64Array = new Float64Array(pixelCount(beamlets.grid)),
): Float64Array {
  if (weights.length < offset + beamlets.pixels.length) {
    throw new InvalidInputError(
      `fluence: ${weights.length - offset} weights for ${beamlets.pixels.length} beamlets. Give one weight per beamlet.`,
    );
  }
  out.fill(0);
  for (let b = 0; b < beamlets.pixels.length; b++) out[beamlets.pixels[b]!] = weights[offset + b]!;
  return out;
}
