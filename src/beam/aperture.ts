/**
 * Aperture: one opening of a multileaf collimator, conformed to the target's beam's-eye view.
 *
 * Leaves travel along the collimator's IEC X; leaf pair n covers y in [boundary n, boundary n + 1]. Each pair opens from
 * the first to the last shadow of the target plus margin within its strip, so the target is never cut. A leaf pair has one
 * opening: where the cord is to be shielded, it keeps the larger part of what lies beside the cord's shadow.
 */
import { checkNonNegative, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { BeamFrame } from '../geometry/frame.js';
import type { Volume } from '../geometry/volume.js';
import { type FluenceGrid, uniformFluenceGrid } from './fluence.js';
import { projectSilhouette, type Silhouette } from './projection.js';

/** Opening of one leaf pair in the isocentre plane, mm; y0 < y1, x0 < x1. */
export interface LeafOpening {
  readonly y0: number;
  readonly y1: number;
  readonly x0: number;
  readonly x1: number;
}

export interface Aperture {
  readonly openings: readonly LeafOpening[];
}

export interface ConformOptions {
  /** From the target's edge to the leaf, mm: room for the penumbra. @default 6 */
  readonly margin?: number;
  /** Leaf width in the isocentre plane, mm. @default 5 */
  readonly leafWidth?: number;
  /** Structure to shield, usually the cord. */
  readonly shield?: Volume<'mask'>;
  /** Growth of the shield's shadow, mm. @default 0 */
  readonly shieldMargin?: number;
}

/**
 * @returns the aperture that covers the target's silhouette plus margin
 * @throws {InvalidInputError} if the target is empty, or the shield leaves nothing open
 */
export function conformAperture(frame: BeamFrame, target: Volume<'mask'>, options: ConformOptions = {}): Aperture {
  const margin = checkNonNegative('aperture: margin', options.margin ?? 6);
  const leaf = checkPositive('aperture: leafWidth', options.leafWidth ?? 5);
  const silhouette = projectSilhouette(frame, target, margin);
  const shade = options.shield ? projectSilhouette(frame, options.shield, options.shieldMargin ?? 0) : undefined;
  const half = silhouette.spacing / 2;
  const first = Math.floor((silhouette.y0 - half) / leaf);
  const last = Math.ceil((silhouette.y0 + silhouette.ny * silhouette.spacing - half) / leaf);
  const openings: LeafOpening[] = [];
  for (let n = first; n < last; n++) {
    const strip = extentInStrip(silhouette, n * leaf, (n + 1) * leaf);
    if (strip === undefined) continue;
    let [x0, x1] = strip;
    const blocked = shade && extentInStrip(shade, n * leaf, (n + 1) * leaf);
    if (blocked && blocked[0] < x1 && blocked[1] > x0) {
      const leftWidth = blocked[0] - x0;
      const rightWidth = x1 - blocked[1];
      if (leftWidth <= 0 && rightWidth <= 0) continue;
      if (leftWidth >= rightWidth) x1 = blocked[0];
      else x0 = blocked[1];
    }
    if (x1 > x0) openings.push({ y0: n * leaf, y1: (n + 1) * leaf, x0, x1 });
  }
  if (openings.length === 0) {
    throw new InvalidInputError(
      'aperture: nothing stays open beside the shielded structure. Use no shield for this beam.',
    );
  }
  return { openings };
}

function extentInStrip(s: Silhouette, y0: number, y1: number): [number, number] | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (let j = 0; j < s.ny; j++) {
    const y = s.y0 + j * s.spacing;
    if (y <= y0 || y >= y1) continue;
    for (let i = 0; i < s.nx; i++) {
      if (s.cells[i + s.nx * j] === 0) continue;
      const x = s.x0 + i * s.spacing;
      if (x - s.spacing / 2 < low) low = x - s.spacing / 2;
      if (x + s.spacing / 2 > high) high = x + s.spacing / 2;
    }
  }
  return high > low ? [low, high] : undefined;
}

/**
 * Open fraction of every cell of a fine grid: exact area of the openings within each cell.
 *
 * @param size cell side, mm. @default 1
 */
export function rasterizeAperture(aperture: Aperture, size = 1): { grid: FluenceGrid; open: Float64Array } {
  const low = (pick: (o: LeafOpening) => number): number => Math.floor(Math.min(...aperture.openings.map(pick)) / size);
  const high = (pick: (o: LeafOpening) => number): number => Math.ceil(Math.max(...aperture.openings.map(pick)) / size);
  const i0 = low((o) => o.x0);
  const j0 = low((o) => o.y0);
  const nx = high((o) => o.x1) - i0;
  const ny = high((o) => o.y1) - j0;
  const grid = uniformFluenceGrid(i0 * size, j0 * size, size, nx, ny);
  const open = new Float64Array(nx * ny);
  const overlap = (a0: number, a1: number, b0: number, b1: number): number =>
    Math.max(0, Math.min(a1, b1) - Math.max(a0, b0));
  for (const o of aperture.openings) {
    for (let j = Math.floor(o.y0 / size) - j0; j < Math.ceil(o.y1 / size) - j0; j++) {
      const height = overlap(o.y0, o.y1, (j + j0) * size, (j + j0 + 1) * size) / size;
      for (let i = Math.floor(o.x0 / size) - i0; i < Math.ceil(o.x1 / size) - i0; i++) {
        open[i + nx * j]! += (height * overlap(o.x0, o.x1, (i + i0) * size, (i + i0 + 1) * size)) / size;
      }
    }
  }
  return { grid, open };
}

/** Open area in the isocentre plane, mm2. */
export function apertureArea(aperture: Aperture): number {
  return aperture.openings.reduce((sum, o) => sum + (o.x1 - o.x0) * (o.y1 - o.y0), 0);
}
