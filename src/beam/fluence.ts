/**
 * Fluence grid: a rectangle of equal square cells in the isocentre plane, in which a fluence is constant per cell.
 *
 * Beamlets are its cells at 5 mm, an aperture is rasterised onto cells of 1 mm. Cell (i, j) is *centred* at
 * (x0 + i size, y0 + j size); its weight is monitor units of open primary fluence through it.
 */
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { BeamFrame } from '../geometry/frame.js';
import type { Volume } from '../geometry/volume.js';
import { isInSilhouette, projectSilhouette } from './projection.js';

export interface FluenceGrid {
  /** Centre of cell (0, 0), mm. */
  readonly x0: number;
  readonly y0: number;
  /** Cell side, mm. */
  readonly size: number;
  readonly nx: number;
  readonly ny: number;
}

/** The beamlets of one beam: those cells of a grid that may carry weight, in rising cell order. */
export interface BeamletSet {
  readonly grid: FluenceGrid;
  /** Cell index i + nx j of each beamlet. */
  readonly cells: Int32Array;
}

/**
 * Beamlets whose cell, at its centre or within a quarter of its side from it, sees the target plus a margin.
 *
 * @param size beamlet side in the isocentre plane, mm. @default 5
 * @param margin added to the target's silhouette, mm. @default 5
 * @throws {InvalidInputError} if the target occupies no voxel
 */
export function beamletsCovering(frame: BeamFrame, target: Volume<'mask'>, size = 5, margin = 5): BeamletSet {
  checkPositive('beamlets: size', size);
  const silhouette = projectSilhouette(frame, target, margin);
  const left = silhouette.x0 - silhouette.spacing / 2;
  const bottom = silhouette.y0 - silhouette.spacing / 2;
  const i0 = Math.floor(left / size);
  const j0 = Math.floor(bottom / size);
  const i1 = Math.ceil((left + silhouette.nx * silhouette.spacing) / size);
  const j1 = Math.ceil((bottom + silhouette.ny * silhouette.spacing) / size);
  const grid: FluenceGrid = { x0: (i0 + 0.5) * size, y0: (j0 + 0.5) * size, size, nx: i1 - i0, ny: j1 - j0 };
  const cells: number[] = [];
  const q = size / 4;
  for (let j = 0; j < grid.ny; j++) {
    for (let i = 0; i < grid.nx; i++) {
      const x = grid.x0 + i * size;
      const y = grid.y0 + j * size;
      const seen =
        isInSilhouette(silhouette, x, y) ||
        isInSilhouette(silhouette, x - q, y - q) ||
        isInSilhouette(silhouette, x + q, y - q) ||
        isInSilhouette(silhouette, x - q, y + q) ||
        isInSilhouette(silhouette, x + q, y + q);
      if (seen) cells.push(i + grid.nx * j);
    }
  }
  return { grid, cells: Int32Array.from(cells) };
}

/** Spreads beamlet weights over the cells of their grid; cells without a beamlet get zero. */
export function fluenceOfBeamlets(
  beamlets: BeamletSet,
  weights: ArrayLike<number>,
  offset = 0,
  out: Float64Array = new Float64Array(beamlets.grid.nx * beamlets.grid.ny),
): Float64Array {
  if (weights.length < offset + beamlets.cells.length) {
    throw new InvalidInputError(
      `fluence: ${weights.length - offset} weights for ${beamlets.cells.length} beamlets. Give one weight per beamlet.`,
    );
  }
  out.fill(0);
  for (let b = 0; b < beamlets.cells.length; b++) out[beamlets.cells[b]!] = weights[offset + b]!;
  return out;
}
