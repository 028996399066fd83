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
import type { Grid } from './grid.js';
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
  const area = nx * ny;
  const dense = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) dense[i] = data[i]! > threshold ? 1 : 0;

  const core = new Uint8Array(data.length);
  for (let k = 0; k < nz; k++) {
    const slice = dense.subarray(k * area, (k + 1) * area);
    const air = slice.map((value) => 1 - value);
    const far = squaredDistance(air, grid);
    for (let i = 0; i < area; i++) core[k * area + i] = slice[i] !== 0 && far[i]! > radius * radius ? 1 : 0;
  }
  if (!keepLargest(core, grid)) {
    throw new InvalidInputError(
      `external: nothing above ${threshold} HU is thicker than ${2 * radius} mm. Check that the CT is in HU, or give an external contour.`,
    );
  }
  const planes: ContourPlane[] = [];
  for (let k = 0; k < nz; k++) {
    const slice = core.subarray(k * area, (k + 1) * area);
    if (!slice.includes(1)) continue;
    const near = squaredDistance(slice, grid);
    const body = new Uint8Array(area);
    for (let i = 0; i < area; i++) body[i] = dense[k * area + i] !== 0 && near[i]! <= radius * radius ? 1 : 0;
    fillHoles(body, nx, ny);
    planes.push({ z: grid.origin[2] + k * grid.spacing[2], polygons: tracePixels(body, grid) });
  }
  return {
    name: 'External',
    role: 'external',
    shape: { kind: 'contours', contours: createContours(planes, grid.spacing[2]) },
  };
}

/**
 * Squared distance of every pixel centre of a slice to the nearest pixel of a set, mm^2; 1e12 without any.
 *
 * Column sweeps, then for each row the least of `dx^2 + column distance^2`, searched outwards. Beyond the slice there is
 * nothing: a body that is cut by the field of view is not eroded there.
 */
function squaredDistance(set: Uint8Array, grid: Grid): Float64Array {
  const [, ny, nx] = grid.shape;
  const [sx, sy] = grid.spacing;
  const column = new Float64Array(nx * ny).fill(1e6);
  for (let i = 0; i < nx; i++) {
    let run = 1e6;
    for (let j = 0; j < ny; j++) column[i + nx * j] = run = set[i + nx * j] !== 0 ? 0 : Math.min(1e6, run + sy);
    run = 1e6;
    for (let j = ny - 1; j >= 0; j--) {
      run = set[i + nx * j] !== 0 ? 0 : Math.min(1e6, run + sy);
      column[i + nx * j] = Math.min(column[i + nx * j]!, run);
    }
  }
  const out = new Float64Array(nx * ny);
  for (let j = 0; j < ny; j++) {
    for (let i = 0; i < nx; i++) {
      let best = column[i + nx * j]! ** 2;
      for (let d = 1; d < nx && (d * sx) ** 2 < best; d++) {
        if (i >= d) best = Math.min(best, (d * sx) ** 2 + column[i - d + nx * j]! ** 2);
        if (i + d < nx) best = Math.min(best, (d * sx) ** 2 + column[i + d + nx * j]! ** 2);
      }
      out[i + nx * j] = best;
    }
  }
  return out;
}

/** Clears all but the largest piece (six neighbours); false where there is none. */
function keepLargest(mask: Uint8Array, grid: Grid): boolean {
  const [nz, ny, nx] = grid.shape;
  const label = new Int32Array(mask.length);
  const queue = new Int32Array(mask.length);
  let largest = 0;
  let most = 0;
  let count = 0;
  for (let seed = 0; seed < mask.length; seed++) {
    if (mask[seed] === 0 || label[seed] !== 0) continue;
    count++;
    let end = 1;
    queue[0] = seed;
    label[seed] = count;
    const visit = (to: number): void => {
      if (mask[to] === 0 || label[to] !== 0) return;
      label[to] = count;
      queue[end++] = to;
    };
    for (let head = 0; head < end; head++) {
      const at = queue[head]!;
      const i = at % nx;
      const j = Math.floor(at / nx) % ny;
      const k = Math.floor(at / (nx * ny));
      if (i > 0) visit(at - 1);
      if (i + 1 < nx) visit(at + 1);
      if (j > 0) visit(at - nx);
      if (j + 1 < ny) visit(at + nx);
      if (k > 0) visit(at - nx * ny);
      if (k + 1 < nz) visit(at + nx * ny);
    }
    if (end > most) {
      most = end;
      largest = count;
    }
  }
  for (let i = 0; i < mask.length; i++) mask[i] = count > 0 && label[i] === largest ? 1 : 0;
  return count > 0;
}

/** Fills what the edge of the slice cannot reach through pixels outside the set. */
function fillHoles(body: Uint8Array, nx: number, ny: number): void {
  const queue = new Int32Array(nx * ny);
  let end = 0;
  const visit = (at: number): void => {
    if (body[at] !== 0) return;
    body[at] = 2;
    queue[end++] = at;
  };
  for (let i = 0; i < nx; i++) {
    visit(i);
    visit(i + nx * (ny - 1));
  }
  for (let j = 0; j < ny; j++) {
    visit(nx * j);
    visit(nx * j + nx - 1);
  }
  for (let head = 0; head < end; head++) {
    const at = queue[head]!;
    const i = at % nx;
    if (i > 0) visit(at - 1);
    if (i + 1 < nx) visit(at + 1);
    if (at >= nx) visit(at - nx);
    if (at + nx < body.length) visit(at + nx);
  }
  for (let i = 0; i < body.length; i++) body[i] = body[i] === 2 ? 0 : 1;
}
