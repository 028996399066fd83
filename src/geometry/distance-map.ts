/**
 * Exact Euclidean distance of every voxel centre to the nearest voxel of a mask.
 *
 * Separable lower envelope of parabolas: one pass per axis, O(voxels), exact for unequal spacings.
 *
 * @see Felzenszwalb and Huttenlocher, Theory Comput. 8 (2012) 415, doi:10.4086/toc.2012.v008a019
 */
import { InvalidInputError } from '../core/errors.js';
import type { Volume } from './volume.js';

/**
 * @param mask fractional occupancy; voxels of `threshold` or more are the set
 * @returns distance of each voxel centre to the nearest such centre, mm, 0 inside; x-fastest
 * @throws {InvalidInputError} if no voxel reaches the threshold
 */
export function distanceMap(mask: Volume<'mask'>, threshold = 0.5): Float32Array {
  const [nz, ny, nx] = mask.grid.shape;
  const [sx, sy, sz] = mask.grid.spacing;
  const { data } = mask;
  const area = nx * ny;
  const squared = new Float64Array(data.length).fill(FAR);
  const pass = new EnvelopePass(Math.max(nx, ny, nz));
  let any = false;
  for (let k = 0; k < nz; k++) {
    let anyInSlice = false;
    for (let j = 0; j < ny; j++) {
      const row = nx * (j + ny * k);
      let anyInRow = false;
      for (let at = row; at < row + nx; at++) {
        if (!(data[at]! >= threshold)) continue;
        squared[at] = 0;
        anyInRow = true;
      }
      if (anyInRow) pass.run(squared, row, 1, nx, sx);
      anyInSlice ||= anyInRow;
    }
    // A slice without any of the set stays far.
    if (anyInSlice) for (let i = 0; i < nx; i++) pass.run(squared, i + area * k, nx, ny, sy);
    any ||= anyInSlice;
  }
  if (!any)
    throw new InvalidInputError(
      `distance map: no voxel is occupied to ${threshold} or more. Use a finer grid or check the structure.`,
    );
  for (let i = 0; i < area; i++) pass.run(squared, i, area, nz, sz);
  const out = new Float32Array(squared.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(squared[i]!);
  return out;
}

/** Squared distance where no voxel of the set is on the way yet, mm^2. */
export const FAR = 1e12;

/** One-dimensional squared distance transform with its scratch. */
export class EnvelopePass {
  private readonly values: Float64Array;
  private readonly apex: Int32Array;
  private readonly edge: Float64Array;

  constructor(longest: number) {
    this.values = new Float64Array(longest);
    this.apex = new Int32Array(longest);
    this.edge = new Float64Array(longest + 1);
  }

  run(data: Float64Array, start: number, stride: number, n: number, spacing: number): void {
    const { values, apex, edge } = this;
    const s2 = spacing * spacing;
    // Parabolas of far points lie above all others: only the rest make the envelope, and a line of far points stays.
    let k = -1;
    edge[0] = -Infinity;
    for (let q = 0; q < n; q++) {
      const value = data[start + q * stride]!;
      if (value >= FAR) continue;
      const height = value + s2 * q * q;
      let cross = -Infinity;
      for (; k >= 0; k--) {
        const p = apex[k]!;
        cross = (height - (values[p]! + s2 * p * p)) / (2 * s2 * (q - p));
        if (cross > edge[k]!) break;
      }
      k++;
      values[q] = value;
      apex[k] = q;
      edge[k] = k === 0 ? -Infinity : cross;
    }
    if (k < 0) return;
    edge[k + 1] = Infinity;
    k = 0;
    for (let q = 0; q < n; q++) {
      while (edge[k + 1]! < q) k++;
      const p = apex[k]!;
      data[start + q * stride] = s2 * (q - p) * (q - p) + values[p]!;
    }
  }
}
