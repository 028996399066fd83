/**
 * What a dose can be at most within a box of voxel coordinates, and what it is at a place; or, by its sign, at least.
 *
 * Within a cell between eight voxel centres trilinear dose is largest at a corner of any part of the cell, as is a sum of doses that
 * are converted by a function that bends up. Beyond the outermost voxel centres the dose is that of the border.
 */
import type { DoseField } from './dose-field.js';

export class DoseBounds {
  /**
   * Whether the bounds of parts are above what their corners have: a sum of terms that bend up is largest at a corner, but may be
   * smallest anywhere.
   */
  readonly isLoose: boolean;
  /** The dose where it is one, as it is: the case that is asked for most by far. */
  private readonly plain: Float32Array | undefined;

  /** @param sign 1 for the largest dose, -1 for the smallest: doses come with it */
  constructor(
    private readonly dose: DoseField,
    private readonly sign: number,
  ) {
    this.isLoose = sign < 0 && dose.terms.length > 1;
    const [first, second] = dose.terms;
    if (second === undefined && first?.convert === undefined) this.plain = first?.data;
  }

  /** Of whole voxel cells, or of a part of one, from the low to the high corner. */
  within(x0: number, y0: number, z0: number, x1: number, y1: number, z1: number): number {
    return x1 - x0 > 1 ? this.ofBlock(x0, y0, z0, x1, y1, z1) : this.ofCell(x0, y0, z0, x1, y1, z1);
  }

  /** Of a part of one cell. */
  private ofCell(x0: number, y0: number, z0: number, x1: number, y1: number, z1: number): number {
    if (this.isLoose) return this.loose(x0, y0, z0, x1, y1, z1);
    const [nz, ny, nx] = this.dose.grid.shape;
    const isWithin = x0 >= 0 && y0 >= 0 && z0 >= 0 && x1 <= nx - 1 && y1 <= ny - 1 && z1 <= nz - 1;
    if (this.plain !== undefined && isWithin) return this.ofPlainCell(this.plain, x0, y0, z0, x1, y1, z1);
    let bound = -Infinity;
    for (let c = 0; c < 8; c++) {
      const value = this.at(c & 1 ? x1 : x0, c & 2 ? y1 : y0, c & 4 ? z1 : z0);
      if (value > bound) bound = value;
    }
    return bound;
  }

  /** Of a part of one cell between eight centres, in one dose: its corners, which are interpolated from the same eight. */
  private ofPlainCell(
    data: Float32Array,
    x0: number,
    y0: number,
    z0: number,
    x1: number,
    y1: number,
    z1: number,
  ): number {
    const [, ny, nx] = this.dose.grid.shape;
    const i = Math.floor(x0);
    const j = Math.floor(y0);
    const k = Math.floor(z0);
    let bound = -Infinity;
    // The part is not flat, so that there is a next centre along every axis.
    const p = i + nx * (j + ny * k);
    for (let side = 0; side < 2; side++) {
      const f = (side === 0 ? x0 : x1) - i;
      const a = lerp(data, p, f);
      const b = lerp(data, p + nx, f);
      const c = lerp(data, p + nx * ny, f);
      const d = lerp(data, p + nx * ny + nx, f);
      for (let edge = 0; edge < 2; edge++) {
        const g = (edge === 0 ? y0 : y1) - j;
        const low = a + g * (b - a);
        const rise = c + g * (d - c) - low;
        const v = this.sign * (low + (z0 - k) * rise);
        const w = this.sign * (low + (z1 - k) * rise);
        if (v > bound) bound = v;
        if (w > bound) bound = w;
      }
    }
    return bound;
  }

  /** The sum of what each term can be at most. */
  private loose(x0: number, y0: number, z0: number, x1: number, y1: number, z1: number): number {
    let bound = 0;
    for (let t = 0; t < this.dose.terms.length; t++) {
      let largest = -Infinity;
      for (let c = 0; c < 8; c++) {
        const value = this.termAt(t, c & 1 ? x1 : x0, c & 2 ? y1 : y0, c & 4 ? z1 : z0);
        if (value > largest) largest = value;
      }
      bound += largest;
    }
    return bound;
  }

  /** Of whole voxel cells: from the values at their corners. */
  private ofBlock(x0: number, y0: number, z0: number, x1: number, y1: number, z1: number): number {
    const [nz, ny, nx] = this.dose.grid.shape;
    const { dose, plain, sign } = this;
    const first = Math.max(0, x0);
    const last = Math.min(nx - 1, x1);
    const largest = plain === undefined ? new Float64Array(dose.terms.length).fill(-Infinity) : undefined;
    let bound = -Infinity;
    for (let w = Math.max(0, z0); w <= Math.min(nz - 1, z1); w++) {
      for (let v = Math.max(0, y0); v <= Math.min(ny - 1, y1); v++) {
        const row = nx * (v + ny * w);
        const own =
          plain === undefined
            ? this.ofRow(row + first, row + last, largest!)
            : largestOf(plain, sign, row + first, row + last);
        if (own > bound) bound = own;
      }
    }
    return this.isLoose ? largest!.reduce((a, b) => a + b, 0) : bound;
  }

  /** Of the voxels from p to end: the largest sum of all terms; that of each goes to `most` where it is larger. */
  private ofRow(from: number, end: number, largest: Float64Array): number {
    const { terms } = this.dose;
    let bound = -Infinity;
    for (let p = from; p <= end; p++) {
      let sum = 0;
      for (let t = 0; t < terms.length; t++) {
        const { data, convert } = terms[t]!;
        const value = this.sign * (convert === undefined ? data[p]! : convert(data[p]!));
        if (value > largest[t]!) largest[t] = value;
        sum += value;
      }
      if (sum > bound) bound = sum;
    }
    return bound;
  }

  /** Signed dose at a place in voxel coordinates. */
  at(u: number, v: number, w: number): number {
    if (this.plain !== undefined) return this.sign * this.interpolated(this.plain, u, v, w);
    let sum = 0;
    for (let t = 0; t < this.dose.terms.length; t++) sum += this.termAt(t, u, v, w);
    return sum;
  }

  private termAt(term: number, u: number, v: number, w: number): number {
    const { data, convert } = this.dose.terms[term]!;
    const value = this.interpolated(data, u, v, w);
    return this.sign * (convert === undefined ? value : convert(value));
  }

  private interpolated(data: Float32Array, u: number, v: number, w: number): number {
    const [nz, ny, nx] = this.dose.grid.shape;
    const x = u < 0 ? 0 : u > nx - 1 ? nx - 1 : u;
    const y = v < 0 ? 0 : v > ny - 1 ? ny - 1 : v;
    const z = w < 0 ? 0 : w > nz - 1 ? nz - 1 : w;
    const i = Math.floor(x);
    const j = Math.floor(y);
    const k = Math.floor(z);
    const p = i + nx * (j + ny * k);
    const sx = x > i ? 1 : 0;
    const sy = y > j ? nx : 0;
    const sz = z > k ? nx * ny : 0;
    const fx = x - i;
    const fy = y - j;
    const a = data[p]! + fx * (data[p + sx]! - data[p]!);
    const b = data[p + sy]! + fx * (data[p + sy + sx]! - data[p + sy]!);
    const c = data[p + sz]! + fx * (data[p + sz + sx]! - data[p + sz]!);
    const d = data[p + sz + sy]! + fx * (data[p + sz + sy + sx]! - data[p + sz + sy]!);
    const low = a + fy * (b - a);
    return low + (z - k) * (c + fy * (d - c) - low);
  }
}

/** Between voxels p and p + 1. */
const lerp = (data: Float32Array, p: number, f: number): number => data[p]! + f * (data[p + 1]! - data[p]!);

/** Largest signed value from p to end. */
function largestOf(data: Float32Array, sign: number, from: number, end: number): number {
  let largest = -Infinity;
  for (let p = from; p <= end; p++) if (sign * data[p]! > largest) largest = sign * data[p]!;
  return largest;
}
