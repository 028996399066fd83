/**
 * Dose samples of a structure: what a voxel that is half in the structure, in a steep gradient, contributes to a DVH.
 *
 * A voxel value is the dose at its centre, but the voxel holds a range of doses, and a surface voxel holds the structure
 * on one side only (`structure-cells.ts`). Both matter where spine plans are decided: a 0.03 cc volume is four voxels of
 * 2 mm. So
 *
 * - inside a voxel the dose is taken as linear, with the slope per axis limited as in the finite-volume method
 *   (monotonised central difference): a ramp is met exactly, a sharp edge stays sharp, no new extremum appears;
 * - a cell is an interval of dose, of the width that has the variance of its linear dose, holding its volume uniformly.
 *
 * @see van Leer, J. Comput. Phys. 23 (1977) 276, doi:10.1016/0021-9991(77)90095-X (the limited slope)
 */
import { voxelVolume } from '../geometry/grid.js';
import type { DoseVolume } from '../geometry/volume.js';
import type { StructureCells } from './structure-cells.js';

/** Intervals of dose with their volumes. */
export interface DoseSamples {
  /** Upper ends of the n intervals, then their lower ends in the same order, Gy: what a DVH sorts. */
  readonly ends: Float32Array;
  /** cc, n values */
  readonly volume: Float64Array;
}

/** Interval widths below this fraction of the largest dose count as a single value. */
const NARROW = 1e-6;

/** Takes samples, and keeps its memory for the next structure. */
export class DoseSampler {
  private ends = new Float32Array(0);
  private volume = new Float64Array(0);

  /**
   * Samples of `dose` in a structure, both on one grid (not checked here).
   *
   * @param least  lowest voxel dose of the structure, Gy; samples do not go below it
   * @param largest   highest voxel dose of the structure, Gy; samples do not go above it
   * @returns views of the sampler's own memory, good until it samples again
   */
  sample(dose: DoseVolume, cells: StructureCells, least: number, largest: number): DoseSamples {
    const capacity = cells.voxels.length * cells.division ** 3;
    if (this.volume.length < capacity) {
      this.ends = new Float32Array(2 * capacity);
      this.volume = new Float64Array(capacity);
    }
    const { ends, volume } = this;
    const count =
      cells.division === 1
        ? sampleVoxels(dose, cells, least, largest, ends, volume)
        : sampleCells(dose, cells, least, largest, ends, volume);
    ends.copyWithin(count, capacity, capacity + count);
    return { ends: ends.subarray(0, 2 * count), volume: volume.subarray(0, count) };
  }
}

/** One interval for every cell; lower ends lie a capacity behind the upper ones. */
function sampleCells(
  dose: DoseVolume,
  { mask, voxels, division: n, offsets, partialVolumes }: StructureCells,
  least: number,
  largest: number,
  ends: Float32Array,
  volume: Float64Array,
): number {
  const { data } = dose;
  const [nz, ny, nx] = dose.grid.shape;
  const cells = n * n * n;
  const capacity = voxels.length * cells;
  const narrow = NARROW * Math.max(Math.abs(least), Math.abs(largest));
  const full = voxelVolume(dose.grid);
  const fraction = full / cells;
  let count = 0;
  let partial = 0;
  for (let v = 0; v < voxels.length; v++) {
    const voxel = voxels[v]!;
    const row = Math.floor(voxel / nx);
    const x = limitedSlope(data, voxel, 1, voxel - nx * row, nx);
    const y = limitedSlope(data, voxel, nx, row % ny, ny);
    const z = limitedSlope(data, voxel, nx * ny, Math.floor(row / ny), nz);
    const width = Math.sqrt(x * x + y * y + z * z) / n;
    const isWhole = !(mask.data[voxel]! < 1);
    // Gradient and fraction alike in all cells: one interval would do, but only an even dose is common enough to test.
    if (isWhole && width === 0) {
      ends[count] = Math.min(largest, Math.max(least, data[voxel]!));
      ends[capacity + count] = ends[count]!;
      volume[count++] = full;
      continue;
    }
    const half = width > narrow ? width / 2 : 0;
    for (let c = 0; c < cells; c++) {
      const own = isWhole ? fraction : partialVolumes[partial++]!;
      if (own === 0) continue;
      const middle = data[voxel]! + x * offsets[3 * c]! + y * offsets[3 * c + 1]! + z * offsets[3 * c + 2]!;
      ends[count] = Math.min(largest, Math.max(least, middle + half));
      ends[capacity + count] = Math.min(largest, Math.max(least, middle - half));
      volume[count++] = own;
    }
  }
  return count;
}

/** Voxels that are sampled by one call: the loop is compiled as a function that is called again, not as one that runs long. */
const STRETCH = 4096;

/** The same where every voxel is one cell: only the size of the slopes counts. */
function sampleVoxels(
  dose: DoseVolume,
  cells: StructureCells,
  least: number,
  largest: number,
  ends: Float32Array,
  volume: Float64Array,
): number {
  const n = cells.voxels.length;
  for (let from = 0; from < n; from += STRETCH) {
    sampleStretch(dose, cells.voxels, from, Math.min(n, from + STRETCH), least, largest, ends);
  }
  const full = voxelVolume(dose.grid);
  const { data } = cells.mask;
  const { voxels, partialVolumes } = cells;
  for (let v = 0, partial = 0; v < n; v++) volume[v] = data[voxels[v]!]! < 1 ? partialVolumes[partial++]! : full;
  return n;
}

/** Ends of the intervals of some voxels. */
function sampleStretch(
  { data, grid }: DoseVolume,
  voxels: Uint32Array,
  from: number,
  to: number,
  least: number,
  largest: number,
  ends: Float32Array,
): void {
  const [nz, ny, nx] = grid.shape;
  const layer = nx * ny;
  const narrow = NARROW * Math.max(Math.abs(least), Math.abs(largest));
  const n = voxels.length;
  let rowStart = -nx;
  let isBorderRow = false;
  for (let v = from; v < to; v++) {
    const voxel = voxels[v]!;
    if (voxel >= rowStart + nx) {
      const row = Math.floor(voxel / nx);
      const j = row % ny;
      const k = Math.floor(row / ny);
      rowStart = nx * row;
      isBorderRow = j === 0 || j === ny - 1 || k === 0 || k === nz - 1;
    }
    const i = voxel - rowStart;
    const here = data[voxel]!;
    let squared: number;
    if (isBorderRow || i === 0 || i === nx - 1) {
      const row = rowStart / nx;
      const x = limitedSlope(data, voxel, 1, i, nx);
      const y = limitedSlope(data, voxel, nx, row % ny, ny);
      const z = limitedSlope(data, voxel, layer, Math.floor(row / ny), nz);
      squared = x * x + y * y + z * z;
    } else {
      const x = slopeSize(here - data[voxel - 1]!, data[voxel + 1]! - here);
      const y = slopeSize(here - data[voxel - nx]!, data[voxel + nx]! - here);
      const z = slopeSize(here - data[voxel - layer]!, data[voxel + layer]! - here);
      squared = x * x + y * y + z * z;
    }
    const width = Math.sqrt(squared);
    const half = width > narrow ? width / 2 : 0;
    const high = here + half;
    const low = here - half;
    ends[v] = high < largest ? high : largest;
    ends[n + v] = low > least ? low : least;
  }
}

/** Dose difference across the voxel along one axis: monotonised central difference; one-sided at the edge of the grid. */
function limitedSlope(data: Float32Array, voxel: number, stride: number, at: number, n: number): number {
  if (n === 1) return 0;
  const here = data[voxel]!;
  if (at === 0) return data[voxel + stride]! - here;
  if (at === n - 1) return here - data[voxel - stride]!;
  const left = here - data[voxel - stride]!;
  const right = data[voxel + stride]! - here;
  const size = slopeSize(left, right);
  return left > 0 ? size : -size;
}

/** Size of the limited slope between two differences; 0 at an extremum. */
function slopeSize(left: number, right: number): number {
  if (left * right <= 0) return 0;
  const mean = Math.abs(left + right) / 2;
  const a = 2 * Math.abs(left);
  const b = 2 * Math.abs(right);
  // In a smooth dose the mean is the least.
  if (mean <= a && mean <= b) return mean;
  return a < b ? a : b;
}
