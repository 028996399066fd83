/**
 * The body outline of a CT that comes without one.
 *
 * Voxels above -250 HU are eroded in each slice until thin things (couch shells, masks, cables) vanish, the largest
 * piece in 3-D is kept and grown back by the same radius within the threshold, and the holes of each slice (lung, bowel,
 * trachea) are filled. Contours run along pixel edges, so the structure is exactly these voxels.
 */
import { InvalidInputError } from '../core/errors.js';
import { createContours } from './contour.js';
import { tracePixels } from './contour-trace.js';
import { coordinateAt, type Grid } from './grid.js';
import { discHalfWidths, growRuns, type PixelRuns, RunBuffer, RunPieces } from './pixel-runs.js';
import type { ContourPlane, Structure } from './structure.js';
import type { Volume } from './volume.js';

export interface ExternalOptions {
  /** HU above which a voxel is body. @default -250: between lung tissue (-700) and fat (-100) */
  readonly threshold?: number;
  /** Things thinner than twice this vanish, mm. @default 5: couch shells are 1 to 4 mm, the chest wall more than 15 */
  readonly radius?: number;
}

/**
 * @param hounsfield HU, any grid; the patient must be its largest object
 * @returns structure `External`, contours on the slices
 * @throws {InvalidInputError} if nothing is dense and thick enough
 */
export function findExternal(hounsfield: Volume<'hounsfield'>, options: ExternalOptions = {}): Structure {
  const { threshold = -250, radius = 5 } = options;
  const { grid, data } = hounsfield;
  const [nz, ny, nx] = grid.shape;
  const [sx, sy] = grid.spacing;
  const area = nx * ny;
  const disc = discHalfWidths(radius, sx, sy);
  const dense = new Uint8Array(area);
  const near = new Uint8Array(area);
  const fillDense = (k: number): void => {
    for (let i = 0, at = k * area; i < area; i++, at++) dense[i] = data[at]! > threshold ? 1 : 0;
  };

  const cores = new RunBuffer(nz * ny);
  const air = new RunBuffer(ny);
  for (let k = 0; k < nz; k++) {
    fillDense(k);
    air.clear();
    for (let j = 0; j < ny; j++) air.addRow(dense, nx * j, nx, 0);
    // Beyond the slice there is nothing: a body that is cut by the field of view is not eroded there.
    growRuns(air.runs, 0, disc, [nx, ny], undefined, near);
    for (let i = 0; i < area; i++) near[i] = dense[i]! & ~near[i]!;
    for (let j = 0; j < ny; j++) cores.addRow(near, nx * j, nx, 1);
  }
  const core = cores.runs;
  const isBody = largestPiece(core, grid);
  if (isBody === undefined) {
    throw new InvalidInputError(
      `external: nothing above ${threshold} HU is thicker than ${2 * radius} mm. Check that the CT is in HU, or give an external contour.`,
    );
  }
  const planes: ContourPlane[] = [];
  for (let k = 0; k < nz; k++) {
    const [from, to] = [core.first[k * ny]!, core.first[(k + 1) * ny]!];
    if (!isBody.subarray(from, to).includes(1)) continue;
    fillDense(k);
    growRuns(core, k * ny, disc, [nx, ny], isBody, near);
    for (let i = 0; i < area; i++) near[i]! &= dense[i]!;
    fillHoles(near, nx, ny);
    planes.push({ z: coordinateAt(grid, 2, k), polygons: tracePixels(near, grid) });
  }
  return {
    name: 'External',
    role: 'external',
    shape: { kind: 'contours', contours: createContours(planes, grid.spacing[2]) },
  };
}

/** By run: 1 in the piece with most voxels (six neighbours), of equal ones the first; undefined where there is no run. */
function largestPiece(runs: PixelRuns, { shape: [nz, ny] }: Grid): Uint8Array | undefined {
  const { start, end } = runs;
  const pieces = new RunPieces(runs);
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      if (j > 0) pieces.joinRows(k * ny + j - 1, k * ny + j);
      if (k > 0) pieces.joinRows((k - 1) * ny + j, k * ny + j);
    }
  }
  const size = new Float64Array(start.length);
  for (let r = 0; r < start.length; r++) size[pieces.pieceOf(r)]! += end[r]! - start[r]!;
  let largest = -1;
  for (let r = 0; r < start.length; r++) if (size[r]! > (largest < 0 ? 0 : size[largest]!)) largest = r;
  if (largest < 0) return undefined;
  return Uint8Array.from(start, (_, r) => (pieces.pieceOf(r) === largest ? 1 : 0));
}

/** Fills what the edge of the slice cannot reach through pixels outside the set (four neighbours). */
function fillHoles(body: Uint8Array, nx: number, ny: number): void {
  const buffer = new RunBuffer(ny);
  for (let j = 0; j < ny; j++) buffer.addRow(body, nx * j, nx, 0);
  const { runs } = buffer;
  const { start, end, first } = runs;
  const pieces = new RunPieces(runs);
  for (let j = 1; j < ny; j++) pieces.joinRows(j - 1, j);
  const isOutside = new Uint8Array(start.length);
  for (let j = 0; j < ny; j++) {
    for (let r = first[j]!; r < first[j + 1]!; r++) {
      if (j === 0 || j === ny - 1 || start[r] === 0 || end[r] === nx) isOutside[pieces.pieceOf(r)] = 1;
    }
  }
  for (let j = 0; j < ny; j++) {
    for (let r = first[j]!; r < first[j + 1]!; r++) {
      if (isOutside[pieces.pieceOf(r)] === 0) body.fill(1, nx * j + start[r]!, nx * j + end[r]!);
    }
  }
}
