/**
 * A stack of parallel CT slices on an even axial grid: linear between the pixels of a slice and between slices along their normal.
 *
 *     HU(p) = (1 - t) A(p) + t B(p)          A, B: the slices on both sides of p, t = (n.p - d_A) / (d_B - d_A)
 *
 * So a field that is linear in x, y and z comes out exactly, whatever the tilt and the spacing; what lies outside the scanned
 * slices is air.
 */

import { checkVoxels } from '../../core/budget.js';
import { axisCentres, createGrid, type Grid, voxelCount } from '../../geometry/grid.js';
import { createVolume, type Volume } from '../../geometry/volume.js';
import { cornersOf } from './corners.js';
import { dot, type Point, type Slice } from './ct-slices.js';
import { fillRow, type SliceValues } from './ct-values.js';
import type { GapRun } from './slice-gaps.js';

const AIR = -1000;
/** Pixels by which rounded positions may leave an image. */
const EDGE = 1e-3;

/** Slices in their order along the normal. */
export interface Stack {
  readonly slices: readonly Slice[];
  /** Unit vector that rises in z. */
  readonly normal: Point;
  /** Of the slices along the normal, mm. */
  readonly places: readonly number[];
}

/**
 * The axial grid around a stack: pixels as large as those of the slices, as many slices as the finest run has.
 *
 * @throws {InvalidInputError} for more voxels than fit into memory
 */
export function axialGrid({ slices, normal }: Stack, runs: readonly GapRun[]): Grid {
  const { row, column, alongRow, alongColumn, rows, columns } = slices[0]!;
  const rowAxis = Math.abs(row[0]) > Math.abs(row[1]) ? 0 : 1;
  const [sx, sy] = rowAxis === 0 ? [alongRow, alongColumn] : [alongColumn, alongRow];
  const isFine = (run: GapRun): boolean => run.to - run.from > 1.5 * run.gap;
  const finest = runs.filter(isFine).reduce((a, b) => (b.gap < a.gap ? b : a), runs.find(isFine) ?? runs[0]!);
  const spacing = [sx, sy, finest.gap / normal[2]];
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (const { origin } of [slices[0]!, slices.at(-1)!]) {
    for (const corner of cornersOf({ origin, row, column, alongRow, alongColumn, rows, columns })) {
      corner.forEach((x, a) => {
        low[a] = Math.min(low[a]!, x);
        high[a] = Math.max(high[a]!, x);
      });
    }
  }
  // Slices of the finest run stay where they are, if the plane is not tilted.
  if (normal[2] > 1 - 1e-9)
    low[2] = finest.from - Math.floor((finest.from - low[2]!) / spacing[2]! + EDGE) * spacing[2]!;
  const count = [0, 1, 2].map((a) => Math.floor((high[a]! - low[a]!) / spacing[a]! + EDGE) + 1);
  checkVoxels('CT: the axial grid', count[0]! * count[1]! * count[2]!);
  return createGrid([count[2]!, count[1]!, count[0]!], [sx, sy, spacing[2]!], [low[0]!, low[1]!, low[2]!]);
}

/** One slice in HU, and the affine way from a point to its pixels. */
interface Image {
  readonly data: Float32Array;
  readonly u0: number;
  readonly v0: number;
}

/**
 * @param read of `sliceReader`
 * @returns the volume, and the fraction of its voxels that lies outside the slices
 */
export function resampleStack(
  { slices, normal, places }: Stack,
  grid: Grid,
  read: (slice: Slice) => SliceValues,
): { readonly hounsfield: Volume<'hounsfield'>; readonly outside: number } {
  const { row, column, alongRow, alongColumn, rows, columns } = slices[0]!;
  const images = new Map<number, Image>();
  const imageOf = (s: number): Image => {
    let image = images.get(s);
    if (image === undefined) {
      const slice = slices[s]!;
      const data = new Float32Array(rows * columns);
      fillRow(read(slice), 0, rows * columns, data, 0, 1);
      image = { data, u0: dot(slice.origin, row) / alongRow, v0: dot(slice.origin, column) / alongColumn };
      images.set(s, image);
    }
    return image;
  };
  const at = ({ data, u0, v0 }: Image, u: number, v: number): number => bilinear(data, columns, rows, u - u0, v - v0);
  const hounsfield = createVolume('hounsfield', grid, new Float32Array(voxelCount(grid)).fill(AIR));
  const [nz, ny, nx] = grid.shape;
  const [xs, ys, zs] = [0, 1, 2].map((axis) => axisCentres(grid, axis)) as [Float64Array, Float64Array, Float64Array];
  const slack = EDGE * (places[1]! - places[0]!);
  let inside = 0;
  for (let k = 0, i = 0; k < nz; k++) {
    const z = zs[k]!;
    for (let j = 0; j < ny; j++) {
      const y = ys[j]!;
      let s = -1;
      for (let c = 0; c < nx; c++, i++) {
        const x = xs[c]!;
        const d = normal[0] * x + normal[1] * y + normal[2] * z;
        if (!(d >= places[0]! - slack && d <= places.at(-1)! + slack)) continue;
        if (s < 0 || d < places[s]! || d > places[s + 1]!) s = below(places, d);
        const u = (row[0] * x + row[1] * y + row[2] * z) / alongRow;
        const v = (column[0] * x + column[1] * y + column[2] * z) / alongColumn;
        const t = Math.min(1, Math.max(0, (d - places[s]!) / (places[s + 1]! - places[s]!)));
        const value = (1 - t) * at(imageOf(s), u, v) + t * at(imageOf(s + 1), u, v);
        if (Number.isNaN(value)) continue;
        hounsfield.data[i] = value;
        inside++;
      }
    }
    // Of slices that lie in the plane of the grid no more than two are asked for again.
    if (normal[2] > 1 - 1e-9) for (const s of images.keys()) if (places[s + 1]! < z) images.delete(s);
  }
  return { hounsfield, outside: 1 - inside / voxelCount(grid) };
}

/** The largest s with places[s] <= d, or the first or the last but one. */
function below(places: readonly number[], d: number): number {
  let low = 0;
  let high = places.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (places[middle]! <= d) low = middle;
    else high = middle;
  }
  return low;
}

/** NaN outside the image. */
function bilinear(data: Float32Array, columns: number, rows: number, u: number, v: number): number {
  if (!(u >= -EDGE && v >= -EDGE && u <= columns - 1 + EDGE && v <= rows - 1 + EDGE)) return Number.NaN;
  const c = Math.max(0, Math.min(Math.floor(u), columns - 2));
  const r = Math.max(0, Math.min(Math.floor(v), rows - 2));
  const p = Math.min(1, Math.max(0, u - c));
  const q = Math.min(1, Math.max(0, v - r));
  const here = r * columns + c;
  const right = columns > 1 ? 1 : 0;
  const down = rows > 1 ? columns : 0;
  return (
    (1 - q) * ((1 - p) * data[here]! + p * data[here + right]!) +
    q * ((1 - p) * data[here + down]! + p * data[here + down + right]!)
  );
}
