/**
 * The beam's-eye silhouette of a structure: its shadow on the isocentre plane, as a fine binary map.
 *
 * Every occupied voxel is projected from the source; around its centre all cells within the projected half-diagonal of the
 * voxel (in the plane of its faces) count as shadow. Growing the silhouette uses the exact Euclidean distance.
 */
import { InvalidInputError } from '../core/errors.js';
import type { BeamFrame } from '../geometry/frame.js';
import { occupiedFrom, type Volume } from '../geometry/volume.js';

/** A binary map in the isocentre plane: cell (i, j) is centred at (x0 + i spacing, y0 + j spacing), mm. */
export interface Silhouette {
  readonly x0: number;
  readonly y0: number;
  readonly spacing: number;
  readonly nx: number;
  readonly ny: number;
  /** 1 inside; x-fastest. */
  readonly pixels: Uint8Array;
}

/**
 * Silhouette of a mask grown by a margin.
 *
 * @param mask fractional occupancy; voxels of half or more count
 * @param margin mm in the isocentre plane, >= 0
 * @param spacing cell side, mm. @default 1
 * @throws {InvalidInputError} if no voxel is at least half occupied
 */
export function projectSilhouette(frame: BeamFrame, mask: Volume<'mask'>, margin: number, spacing = 1): Silhouette {
  const [, ny, nx] = mask.grid.shape;
  const [sx, sy, sz] = mask.grid.spacing;
  const [ox, oy, oz] = mask.grid.origin;
  const m = frame.beamFromPatient;
  const voxels = occupiedVoxels(mask);
  const u = new Float64Array(voxels.length);
  const v = new Float64Array(voxels.length);
  let [uMin, uMax, vMin, vMax] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let p = 0; p < voxels.length; p++) {
    const row = Math.floor(voxels[p]! / nx);
    const x = ox + (voxels[p]! - nx * row) * sx;
    const y = oy + (row % ny) * sy;
    const z = oz + Math.floor(row / ny) * sz;
    const scale = frame.sad / (frame.sad - (m[2]! * x + m[6]! * y + m[10]! * z + m[14]!));
    u[p] = (m[0]! * x + m[4]! * y + m[8]! * z + m[12]!) * scale;
    v[p] = (m[1]! * x + m[5]! * y + m[9]! * z + m[13]!) * scale;
    uMin = Math.min(uMin, u[p]!);
    uMax = Math.max(uMax, u[p]!);
    vMin = Math.min(vMin, v[p]!);
    vMax = Math.max(vMax, v[p]!);
  }
  const reach = Math.max(sx, sy, sz) / 2;
  const pad = margin + reach + 2 * spacing;
  const x0 = Math.floor((uMin - pad) / spacing) * spacing + spacing / 2;
  const y0 = Math.floor((vMin - pad) / spacing) * spacing + spacing / 2;
  const mx = Math.ceil((uMax + pad - x0) / spacing) + 1;
  const my = Math.ceil((vMax + pad - y0) / spacing) + 1;
  const seeds = new Uint8Array(mx * my);
  for (let p = 0; p < u.length; p++) {
    const i = Math.round((u[p]! - x0) / spacing);
    const j = Math.round((v[p]! - y0) / spacing);
    seeds[i + mx * j] = 1;
  }
  return { x0, y0, spacing, nx: mx, ny: my, pixels: dilate(seeds, mx, my, (margin + reach) / spacing) };
}

/** Flat indices of the voxels that count, by mask: every beam of a plan asks for those of the same few structures. */
const known = new WeakMap<Volume<'mask'>, Int32Array>();

function occupiedVoxels(mask: Volume<'mask'>): Int32Array {
  let voxels = known.get(mask);
  if (voxels === undefined) {
    const threshold = occupiedFrom(mask);
    if (threshold === 0)
      throw new InvalidInputError('silhouette: the structure occupies no voxel. Check the grid or the structure.');
    voxels = voxelsFrom(mask.data, threshold);
    known.set(mask, voxels);
  }
  return voxels;
}

/** Flat indices of the values that reach the threshold. */
function voxelsFrom(data: Float32Array, threshold: number): Int32Array {
  let n = 0;
  for (let i = 0; i < data.length; i++) if (data[i]! >= threshold) n++;
  const voxels = new Int32Array(n);
  n = 0;
  for (let i = 0; i < data.length; i++) if (data[i]! >= threshold) voxels[n++] = i;
  return voxels;
}

/** All cells within `radius` cells of a seed, by the exact two-pass squared distance transform. */
function dilate(seeds: Uint8Array, nx: number, ny: number, radius: number): Uint8Array {
  const far = nx + ny;
  const column = new Float64Array(nx * ny).fill(far);
  for (let i = 0; i < nx; i++) {
    let run = far;
    for (let j = 0; j < ny; j++) {
      run = seeds[i + nx * j] ? 0 : run + 1;
      column[i + nx * j] = run;
    }
    run = far;
    for (let j = ny - 1; j >= 0; j--) {
      run = seeds[i + nx * j] ? 0 : run + 1;
      if (run < column[i + nx * j]!) column[i + nx * j] = run;
    }
  }
  const out = new Uint8Array(nx * ny);
  const limit = radius * radius;
  const width = Math.floor(radius);
  for (let j = 0; j < ny; j++) {
    for (let i = 0; i < nx; i++) {
      const from = Math.max(0, i - width);
      const to = Math.min(nx - 1, i + width);
      for (let q = from; q <= to; q++) {
        const d = column[q + nx * j]!;
        if (d * d + (q - i) * (q - i) <= limit) {
          out[i + nx * j] = 1;
          break;
        }
      }
    }
  }
  return out;
}

/** Is (x, y) in the isocentre plane, mm, inside? */
export function isInSilhouette(silhouette: Silhouette, x: number, y: number): boolean {
  const i = Math.round((x - silhouette.x0) / silhouette.spacing);
  const j = Math.round((y - silhouette.y0) / silhouette.spacing);
  return i >= 0 && j >= 0 && i < silhouette.nx && j < silhouette.ny && silhouette.pixels[i + silhouette.nx * j] === 1;
}
