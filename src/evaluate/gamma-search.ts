/**
 * Gamma of one reference voxel after another: the cells of the evaluated dose, nearest first, until none can be better.
 *
 * A cell is passed over where the distance to its box and the gap to the range of its eight corner doses, between which a
 * trilinear dose stays, already exceed the best value. Cells are listed once, in the order of the least distance they can have
 * from any point that is nearest to the same voxel centre, so the first that is too far ends the search. The neighbour's
 * minimum, at the same displacement, is the first guess: in smooth doses it leaves only a handful of cells to be looked at.
 */
import { InvalidInputError } from '../core/errors.js';
import type { Volume } from '../geometry/volume.js';
import { GammaCell } from './gamma-cell.js';

/** Of gamma; also the proven accuracy of the result. */
const tolerance = 1e-5;
/** Some 100 MB of lists, and minutes of work for a few thousand voxels. */
const maxCells = 2_000_000;

/** Cells within reach, by rising least distance: steps from the nearest voxel, and that distance squared. */
interface CellOrder {
  readonly steps: Int32Array;
  readonly least: Float64Array;
}

export class GammaSearch {
  private readonly cell: GammaCell;
  private readonly order: CellOrder;
  private readonly lowest: Float32Array;
  private readonly highest: Float32Array;
  /** Spacing in units of the distance criterion; the edges of a cell, 0 along an axis of one voxel. */
  private readonly scale: readonly [number, number, number];
  private readonly edges: readonly [number, number, number];

  /**
   * @param evaluated dose, Gy, finite
   * @param distance criterion, mm
   * @param cap largest gamma that is looked for
   * @throws {InvalidInputError} if cap x distance reaches over more than two million cells
   */
  constructor(
    private readonly evaluated: Volume<'dose'>,
    distance: number,
    private readonly cap: number,
  ) {
    const { shape, spacing } = evaluated.grid;
    const counts = [shape[2], shape[1], shape[0]] as const;
    this.scale = [spacing[0] / distance, spacing[1] / distance, spacing[2] / distance];
    this.edges = [0, 1, 2].map((a) => (counts[a]! > 1 ? this.scale[a]! : 0)) as unknown as [number, number, number];
    this.cell = new GammaCell(this.edges, tolerance);
    this.order = orderCells(counts, this.scale, cap);
    [this.lowest, this.highest] = cornerRanges(evaluated.data, counts);
  }

  /** Forgets the neighbour's minimum: call it where the next voxel is no neighbour. */
  restart(): void {
    this.cell.offset.fill(0);
  }

  /**
   * Gamma, from 0 to the cap; at most 1e-5 too high, never too low.
   *
   * @param x, y, z reference point in the patient frame, mm
   * @param dose reference dose there, Gy
   * @param criterion dose criterion, Gy
   */
  at(x: number, y: number, z: number, dose: number, criterion: number): number {
    const { cell, lowest, highest, cap } = this;
    const { steps, least } = this.order;
    const { data, grid } = this.evaluated;
    const { spacing, origin } = grid;
    const [nz, ny, nx] = grid.shape;
    const [cx, cy, cz] = [cellsAlong(nx), cellsAlong(ny), cellsAlong(nz)];
    const nextX = nx > 1 ? 1 : 0;
    const nextY = ny > 1 ? nx : 0;
    const nextZ = nz > 1 ? nx * ny : 0;
    const [hx, hy, hz] = this.scale;
    const [wx, wy, wz] = this.edges;
    const px = (x - origin[0]) / spacing[0];
    const py = (y - origin[1]) / spacing[1];
    const pz = (z - origin[2]) / spacing[2];
    const perCriterion = 1 / criterion;
    this.guess(px, py, pz, dose, perCriterion);
    const nodeX = nearest(px, nx);
    const nodeY = nearest(py, ny);
    const nodeZ = nearest(pz, nz);
    for (let n = 0; n < least.length && least[n]! < cell.bar; n++) {
      const i = nodeX + steps[3 * n]!;
      const j = nodeY + steps[3 * n + 1]!;
      const k = nodeZ + steps[3 * n + 2]!;
      if (i < 0 || i >= cx || j < 0 || j >= cy || k < 0 || k >= cz) continue;
      const at = i + cx * (j + cy * k);
      const low = lowest[at]!;
      const high = highest[at]!;
      const gap = (dose < low ? low - dose : dose > high ? dose - high : 0) * perCriterion;
      let bound = gap * gap;
      if (bound >= cell.bar) continue;
      const qx = (px - i) * hx;
      const qy = (py - j) * hy;
      const qz = (pz - k) * hz;
      const dx = qx < 0 ? qx : qx > wx ? qx - wx : 0;
      const dy = qy < 0 ? qy : qy > wy ? qy - wy : 0;
      const dz = qz < 0 ? qz : qz > wz ? qz - wz : 0;
      bound += dx * dx + dy * dy + dz * dz;
      if (bound >= cell.bar) continue;
      cell.visit(data, i + nx * (j + ny * k), nextX, nextY, nextZ, dose, perCriterion, qx, qy, qz);
    }
    return Math.min(cap, Math.sqrt(cell.best));
  }

  /** Begins with the neighbour's displacement, where it leads into the grid. */
  private guess(px: number, py: number, pz: number, dose: number, perCriterion: number): void {
    const { cell } = this;
    const { data, grid } = this.evaluated;
    const [nz, ny, nx] = grid.shape;
    const [hx, hy, hz] = this.scale;
    const x = Math.min(Math.max(px + cell.offset[0]! / hx, 0), nx - 1);
    const y = Math.min(Math.max(py + cell.offset[1]! / hy, 0), ny - 1);
    const z = Math.min(Math.max(pz + cell.offset[2]! / hz, 0), nz - 1);
    cell.begin(this.cap * this.cap);
    const i = Math.min(Math.floor(x), cellsAlong(nx) - 1);
    const j = Math.min(Math.floor(y), cellsAlong(ny) - 1);
    const k = Math.min(Math.floor(z), cellsAlong(nz) - 1);
    const at = i + nx * (j + ny * k);
    const nextX = nx > 1 ? 1 : 0;
    const nextY = ny > 1 ? nx : 0;
    const nextZ = nz > 1 ? nx * ny : 0;
    const u = x - i;
    const v = y - j;
    const low = mix(mix(data[at]!, data[at + nextX]!, u), mix(data[at + nextY]!, data[at + nextY + nextX]!, u), v);
    const top = at + nextZ;
    const high = mix(mix(data[top]!, data[top + nextX]!, u), mix(data[top + nextY]!, data[top + nextY + nextX]!, u), v);
    const r = (mix(low, high, z - k) - dose) * perCriterion;
    const dx = (x - px) * hx;
    const dy = (y - py) * hy;
    const dz = (z - pz) * hz;
    cell.offer(dx * dx + dy * dy + dz * dz + r * r, dx, dy, dz);
  }
}

const mix = (a: number, b: number, t: number): number => a + t * (b - a);

const cellsAlong = (n: number): number => Math.max(1, n - 1);

/** Index of the nearest of n voxels; ends count beyond the grid. */
const nearest = (p: number, n: number): number => Math.min(Math.max(Math.round(p), 0), n - 1);

/** Cells that a point within half a voxel of node 0 can reach within the cap. */
function orderCells(counts: readonly number[], scale: readonly number[], cap: number): CellOrder {
  // Cell s lies between nodes s and s + 1, and the point between -1/2 and 1/2.
  const gaps = [0, 1, 2].map((a) => {
    const list: { step: number; squared: number }[] = [];
    const far = Math.min(counts[a]!, Math.ceil(cap / scale[a]!) + 1);
    for (let step = -far; step < far; step++) {
      const gap = Math.max(0, step - 0.5, -step - 1.5) * scale[a]!;
      if (gap < cap) list.push({ step, squared: gap * gap });
    }
    return list;
  });
  const largest = gaps.reduce((product, list) => product * list.length, 1);
  if (largest > maxCells) {
    throw new InvalidInputError(
      `gamma: cap ${cap} times the distance criterion reaches over ${largest} cells around each voxel, more than ${maxCells}. Lower the cap or the distance.`,
    );
  }
  const cells: { x: number; y: number; z: number; least: number }[] = [];
  for (const z of gaps[2]!) {
    for (const y of gaps[1]!) {
      for (const x of gaps[0]!) {
        const least = x.squared + y.squared + z.squared;
        if (least < cap * cap) cells.push({ x: x.step, y: y.step, z: z.step, least });
      }
    }
  }
  cells.sort((a, b) => a.least - b.least);
  return {
    steps: Int32Array.from(cells.flatMap(({ x, y, z }) => [x, y, z])),
    least: Float64Array.from(cells, ({ least }) => least),
  };
}

/** Lowest and highest corner dose of every cell, x fastest. */
function cornerRanges(data: Float32Array, counts: readonly [number, number, number]): [Float32Array, Float32Array] {
  const [nx, ny, nz] = counts;
  const [cx, cy, cz] = [cellsAlong(nx), cellsAlong(ny), cellsAlong(nz)];
  const lowest = new Float32Array(cx * cy * cz).fill(Infinity);
  const highest = new Float32Array(cx * cy * cz).fill(-Infinity);
  for (let corner = 0; corner < 8; corner++) {
    const di = corner & 1 && nx > 1 ? 1 : 0;
    const dj = corner & 2 && ny > 1 ? 1 : 0;
    const dk = corner & 4 && nz > 1 ? 1 : 0;
    for (let k = 0, at = 0; k < cz; k++) {
      for (let j = 0; j < cy; j++) {
        const row = di + nx * (j + dj + ny * (k + dk));
        for (let i = 0; i < cx; i++, at++) {
          const value = data[row + i]!;
          if (value < lowest[at]!) lowest[at] = value;
          if (value > highest[at]!) highest[at] = value;
        }
      }
    }
  }
  return [lowest, highest];
}
