/**
 * The cells of a structure on a grid: which voxels it occupies, and how much of each part of a voxel lies in it.
 *
 * A voxel is cut into n x n x n cells, and a fraction f of it is filled from the side towards which the mask rises
 * (piecewise linear interface), so that f of the volume lies where the structure lies. Small structures get n = 5, large
 * ones n = 1: cost is bounded, and error falls with the number of voxels anyway. None of it depends on a dose: one set of
 * cells serves the DVHs of all plans, quantities and sums of courses.
 *
 * @see Youngs, in Numerical Methods for Fluid Dynamics (1982) 273 (the linear interface)
 */
import { InvalidInputError } from '../core/errors.js';
import { type Box, type Grid, voxelVolume } from '../geometry/grid.js';
import type { Volume } from '../geometry/volume.js';

/** About this many cells describe a structure, unless it has more voxels than that. */
const CELL_BUDGET = 100_000;

/** A mask prepared for DVHs of many doses: its voxels, divided into cells. */
export class StructureCells {
  /** Flat indices of the voxels with any of the structure in them, rising. */
  readonly voxels: Uint32Array;
  /** Cells along the edge of a voxel. */
  readonly division: number;
  /** Centres of a voxel's cells in units of the voxel, -0.5..0.5; x, y, z of each. */
  readonly offsets: Float64Array;
  /** cc */
  readonly volumeCc: number;
  private known: Float64Array | undefined;
  private around: Uint32Array | undefined;

  /**
   * O(voxels of the grid, or of the rows that the box crosses).
   *
   * @param mask must not change afterwards
   * @param name of who asks, for the message. @default 'structure'
   * @param box  beyond which the mask is empty, mm: memory that nothing was written to costs more to read than to pass over.
   *   @default the grid
   * @throws {InvalidInputError} if a value is not a fraction 0..1; one Float32 rounding beyond is allowed
   */
  constructor(
    readonly mask: Volume<'mask'>,
    name = 'structure',
    box?: Box,
  ) {
    const { data, grid } = mask;
    this.voxels = occupiedVoxels(name, mask, box);
    this.division = Math.max(1, Math.min(5, Math.floor(Math.cbrt(CELL_BUDGET / this.voxels.length))));
    this.offsets = cellOffsets(this.division);
    let occupancy = 0;
    for (let v = 0; v < this.voxels.length; v++) occupancy += Math.min(1, data[this.voxels[v]!]!);
    this.volumeCc = occupancy * voxelVolume(grid);
  }

  /**
   * Volume of each cell, cc: of every voxel that is partly outside all its cells, one voxel after the other. In voxels that
   * are wholly inside cells are alike. Filled when first asked for.
   */
  get partialVolumes(): Float64Array {
    this.known ??= this.fillPartial();
    return this.known;
  }

  /** Its voxels and their neighbours along the axes, rising: all that the samples of a dose are read from. */
  get neighbourhood(): Uint32Array {
    this.around ??= withNeighbours(this.voxels, this.mask.grid);
    return this.around;
  }

  private fillPartial(): Float64Array {
    const { mask, voxels, division: n, offsets } = this;
    const { data } = mask;
    const cells = n * n * n;
    const full = voxelVolume(mask.grid);
    let count = 0;
    for (let v = 0; v < voxels.length; v++) if (data[voxels[v]!]! < 1) count++;
    const volumes = new Float64Array(count * cells);
    if (n === 1) {
      for (let v = 0, at = 0; v < voxels.length; v++) {
        if (data[voxels[v]!]! < 1) volumes[at++] = data[voxels[v]!]! * full;
      }
      return volumes;
    }
    const [, ny, nx] = mask.grid.shape;
    const normals = new Float64Array(3 * count);
    const depth = new Float64Array(cells);
    const fill = new Float64Array(cells);
    const places = new Map<number, number>();
    for (let v = 0, p = 0; v < voxels.length; v++) {
      const voxel = voxels[v]!;
      const fraction = data[voxel]!;
      if (!(fraction < 1)) continue;
      const normal = normals.subarray(3 * p, 3 * p + 3);
      interfaceNormal(mask, voxel, normal);
      // What runs along z is filled alike slice by slice.
      const below = places.get(voxel - nx * ny);
      if (below !== undefined && data[voxel - nx * ny] === fraction && isSame(normals, 3 * below, normal)) {
        volumes.copyWithin(p * cells, below * cells, (below + 1) * cells);
      } else {
        fillFromInside(fraction, normal, offsets, depth, fill);
        for (let c = 0; c < cells; c++) volumes[p * cells + c] = (fill[c]! * full) / cells;
      }
      places.set(voxel, p++);
    }
    return volumes;
  }
}

/** Voxels that are looked at by one call: the loop is compiled as a function that is called again, not as one that runs long. */
const STRETCH = 8192;

/** @throws {InvalidInputError} as the constructor */
function occupiedVoxels(name: string, { grid, data }: Volume<'mask'>, box: Box | undefined): Uint32Array {
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  const [nz, ny, nx] = grid.shape;
  const [j0, j1] = voxelsAcross(grid, box, 1, ny);
  const [k0, k1] = voxelsAcross(grid, box, 2, nz);
  let voxels = new Uint32Array(2 * STRETCH);
  let count = 0;
  for (let k = k0; k < k1; k++) {
    const stop = nx * (j1 + ny * k);
    for (let from = nx * (j0 + ny * k); from < stop; from += STRETCH) {
      if (count + STRETCH > voxels.length) voxels = grown(voxels);
      count = addOccupied(name, data, bits, from, Math.min(stop, from + STRETCH), voxels, count);
    }
  }
  return voxels.slice(0, count);
}

/** Of the n voxels along an axis those that a box reaches, and one more on either side, [first, end). */
function voxelsAcross({ spacing, origin }: Grid, box: Box | undefined, axis: 1 | 2, n: number): [number, number] {
  if (box === undefined) return [0, n];
  const at = (mm: number): number => (mm - origin[axis]) / spacing[axis];
  return [Math.max(0, Math.floor(at(box.min[axis])) - 1), Math.min(n, Math.ceil(at(box.max[axis])) + 2)];
}

function grown(voxels: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(2 * voxels.length);
  more.set(voxels);
  return more;
}

/** Appends the voxels [from, to) with any of the structure; most of a grid is empty, and passed over eight at a time. */
function addOccupied(
  name: string,
  data: Float32Array,
  bits: Int32Array,
  from: number,
  to: number,
  out: Uint32Array,
  before: number,
): number {
  let count = before;
  for (let i = from; i < to; ) {
    if (i + 8 <= to) {
      const low = bits[i]! | bits[i + 1]! | bits[i + 2]! | bits[i + 3]!;
      if ((low | bits[i + 4]! | bits[i + 5]! | bits[i + 6]! | bits[i + 7]!) === 0) {
        i += 8;
        continue;
      }
    }
    for (const end = Math.min(to, i + 8); i < end; i++) {
      const fraction = data[i]!;
      if (fraction === 0) continue;
      if (!(fraction >= -1e-6 && fraction <= 1 + 1e-6)) {
        throw new InvalidInputError(
          `${name}: the mask of voxel ${i} is ${fraction}, but must be a fraction 0..1. Voxelise it again.`,
        );
      }
      if (fraction > 0) out[count++] = i;
    }
  }
  return count;
}

function isSame(normals: Float64Array, at: number, [x, y, z]: Float64Array): boolean {
  return normals[at] === x && normals[at + 1] === y && normals[at + 2] === z;
}

function withNeighbours(voxels: Uint32Array, { shape: [nz, ny, nx] }: Grid): Uint32Array {
  const area = nx * ny;
  // From a slice below the first to one above the last.
  const from = Math.max(0, voxels[0]! - area);
  const isOne = new Uint8Array(Math.min(area * nz, voxels[voxels.length - 1]! + area + 1) - from);
  for (let v = 0; v < voxels.length; v++) {
    const voxel = voxels[v]!;
    const row = Math.floor(voxel / nx);
    const i = voxel - nx * row;
    const j = row % ny;
    const at = voxel - from;
    isOne[at] = 1;
    if (i > 0) isOne[at - 1] = 1;
    if (i + 1 < nx) isOne[at + 1] = 1;
    if (j > 0) isOne[at - nx] = 1;
    if (j + 1 < ny) isOne[at + nx] = 1;
    if (voxel >= area) isOne[at - area] = 1;
    if (voxel + area < area * nz) isOne[at + area] = 1;
  }
  let count = 0;
  for (let at = 0; at < isOne.length; at++) count += isOne[at]!;
  const out = new Uint32Array(count);
  for (let at = 0, n = 0; n < count; at++) if (isOne[at] === 1) out[n++] = from + at;
  return out;
}

/** Centres of the n^3 cells in units of the voxel, -0.5..0.5; x, y, z of each. */
function cellOffsets(n: number): Float64Array {
  const offsets = new Float64Array(3 * n * n * n);
  let at = 0;
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) {
        offsets[at++] = (i + 0.5) / n - 0.5;
        offsets[at++] = (j + 0.5) / n - 0.5;
        offsets[at++] = (k + 0.5) / n - 0.5;
      }
    }
  }
  return offsets;
}

/** Fills the cells that lie furthest along `normal` until they make up `fraction` of the voxel; evenly if it is zero. */
function fillFromInside(
  fraction: number,
  normal: Float64Array,
  offsets: Float64Array,
  depth: Float64Array,
  fill: Float64Array,
): void {
  const cells = fill.length;
  if (normal[0] === 0 && normal[1] === 0 && normal[2] === 0) {
    fill.fill(fraction);
    return;
  }
  for (let c = 0; c < cells; c++) {
    depth[c] = normal[0]! * offsets[3 * c]! + normal[1]! * offsets[3 * c + 1]! + normal[2]! * offsets[3 * c + 2]!;
  }
  // The plane depth = level that cuts off the fraction, each cell counting linearly over its own extent along the normal.
  const extent = (Math.abs(normal[0]!) + Math.abs(normal[1]!) + Math.abs(normal[2]!)) / Math.cbrt(cells);
  let below = -2 * extent * Math.cbrt(cells);
  let above = -below;
  for (let step = 0; step < 40; step++) {
    const level = (below + above) / 2;
    let filled = 0;
    for (let c = 0; c < cells; c++) filled += cellFraction((depth[c]! - level) / extent);
    if (filled > fraction * cells) below = level;
    else above = level;
  }
  let sum = 0;
  for (let c = 0; c < cells; c++) {
    fill[c] = cellFraction((depth[c]! - above) / extent);
    sum += fill[c]!;
  }
  const scale = sum > 0 ? (fraction * cells) / sum : 0;
  for (let c = 0; c < cells; c++) fill[c] = sum > 0 ? fill[c]! * scale : fraction;
}

const cellFraction = (t: number): number => Math.min(1, Math.max(0, t + 0.5));

/**
 * Direction in which the mask rises, in units of the voxel: the 27-point gradient of Parker and Youngs (weights 1, 2, 1
 * across the axis of difference). Six points alone saturate at a surface and lean to the axes. Outside the grid the mask is zero.
 */
function interfaceNormal(mask: Volume<'mask'>, voxel: number, out: Float64Array): void {
  const [nz, ny, nx] = mask.grid.shape;
  const { data } = mask;
  const i = voxel % nx;
  const j = Math.floor(voxel / nx) % ny;
  const k = Math.floor(voxel / (nx * ny));
  out.fill(0);
  for (let dk = -1; dk <= 1; dk++) {
    if (k + dk < 0 || k + dk >= nz) continue;
    for (let dj = -1; dj <= 1; dj++) {
      if (j + dj < 0 || j + dj >= ny) continue;
      for (let di = -1; di <= 1; di++) {
        if (i + di < 0 || i + di >= nx) continue;
        const value = data[voxel + di + nx * (dj + ny * dk)]!;
        const wi = 2 - Math.abs(di);
        const wj = 2 - Math.abs(dj);
        const wk = 2 - Math.abs(dk);
        out[0]! += di * wj * wk * value;
        out[1]! += dj * wi * wk * value;
        out[2]! += dk * wi * wj * value;
      }
    }
  }
}
