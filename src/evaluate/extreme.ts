/**
 * The largest (or smallest) dose within a structure, between a dose that is reached and one that is not exceeded.
 *
 * Branch and bound: within a cell between eight voxel centres trilinear dose is largest at a corner, of any part of the cell
 * too, and the solid's distance says which parts it can reach. Parts begin as blocks of cells; the one with the largest bound is split until no bound lies
 * above the best dose found by more than the tolerance.
 */
import type { Solid } from '../geometry/solid.js';
import type { DoseVolume } from '../geometry/volume.js';

export interface Extreme {
  /** Reached at a point of the structure, Gy. */
  readonly value: number;
  /** The true extreme lies no further beyond `value` than this, Gy. */
  readonly beyond: number;
}

export interface ExtremeOptions {
  readonly extreme: 'max' | 'min';
  /** A dose that is known to be reached, Gy. */
  readonly known: number;
  /** Gy, > 0 */
  readonly tolerance: number;
  /** Parts looked at before the search stops with the bound it has. @default 3000 */
  readonly budget?: number;
}

/** @returns what the search found; beyond the outermost voxel centres the dose is that of the border, as in the DVH */
export function extremeDose(dose: DoseVolume, solid: Solid, options: ExtremeOptions): Extreme {
  const { extreme, known, tolerance, budget = 3000 } = options;
  const sign = extreme === 'max' ? 1 : -1;
  const search = new ExtremeSearch(dose, solid, sign, sign * known, tolerance);
  const beyond = search.run(budget);
  return { value: sign * search.best, beyond };
}

/** Voxel cells per edge of the parts that the search begins with; a power of two. */
const block = 8;

/** A cube of voxel cells, or a part of one cell, in voxel coordinates, with the bound of its signed dose. */
interface Part {
  readonly bound: number;
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
}

class ExtremeSearch {
  private readonly heap: Part[] = [];
  /** Largest bound of the parts that were not worth a look. */
  private passedOver = -Infinity;

  constructor(
    private readonly dose: DoseVolume,
    private readonly solid: Solid,
    private readonly sign: number,
    public best: number,
    private readonly tolerance: number,
  ) {}

  run(budget: number): number {
    this.start();
    for (let n = 0; n < budget; n++) {
      const part = this.heap[0];
      if (part === undefined || part.bound <= this.best + this.tolerance) break;
      this.pop();
      this.visit(part);
    }
    return Math.max(0, this.passedOver - this.best, (this.heap[0]?.bound ?? this.best) - this.best);
  }

  /** Blocks of voxel cells that cover the solid's box. */
  private start(): void {
    const { shape, spacing, origin } = this.dose.grid;
    const { min, max } = this.solid.box;
    const first: number[] = [];
    const last: number[] = [];
    for (let a = 0; a < 3; a++) {
      const n = shape[2 - a]!;
      first.push(Math.max(-1, Math.floor((min[a]! - origin[a]!) / spacing[a]!)));
      last.push(Math.min(n - 1, Math.floor((max[a]! - origin[a]!) / spacing[a]!)));
    }
    for (let k = first[2]!; k <= last[2]!; k += block) {
      for (let j = first[1]!; j <= last[1]!; j += block) {
        for (let i = first[0]!; i <= last[0]!; i += block) this.offer([i, j, k], [i + block, j + block, k + block]);
      }
    }
  }

  private offer(low: Part['low'], high: Part['high']): void {
    const bound = high[0] - low[0] > 1 ? this.blockBound(low, high) : this.cellBound(low, high);
    if (bound > this.best + this.tolerance) this.push({ bound, low, high });
    else if (bound > this.passedOver) this.passedOver = bound;
  }

  private cellBound(low: Part['low'], high: Part['high']): number {
    let bound = -Infinity;
    for (let c = 0; c < 8; c++) {
      const value = this.at(c & 1 ? high[0] : low[0], c & 2 ? high[1] : low[1], c & 4 ? high[2] : low[2]);
      if (value > bound) bound = value;
    }
    return bound;
  }

  /** Of whole voxel cells: the largest value at their corners. */
  private blockBound(low: Part['low'], high: Part['high']): number {
    const { grid, data } = this.dose;
    const [nz, ny, nx] = grid.shape;
    let bound = -Infinity;
    for (let w = Math.max(0, low[2]); w <= Math.min(nz - 1, high[2]); w++) {
      for (let v = Math.max(0, low[1]); v <= Math.min(ny - 1, high[1]); v++) {
        const row = nx * (v + ny * w);
        for (let p = row + Math.max(0, low[0]), end = row + Math.min(nx - 1, high[0]); p <= end; p++) {
          const value = this.sign * data[p]!;
          if (value > bound) bound = value;
        }
      }
    }
    return bound;
  }

  private visit({ bound, low, high }: Part): void {
    const { spacing, origin } = this.dose.grid;
    const half = [0, 1, 2].map((a) => (high[a]! - low[a]!) / 2) as [number, number, number];
    const middle = [0, 1, 2].map((a) => (high[a]! + low[a]!) / 2) as [number, number, number];
    const radius = Math.hypot(half[0] * spacing[0], half[1] * spacing[1], half[2] * spacing[2]);
    const d = this.solid.distance(
      origin[0] + middle[0] * spacing[0],
      origin[1] + middle[1] * spacing[1],
      origin[2] + middle[2] * spacing[2],
      radius,
    );
    if (d >= radius) return;
    if (d <= -radius) {
      this.best = Math.max(this.best, bound);
      return;
    }
    if (d <= 0) {
      // The ball of radius -d lies inside: as far towards each corner as it reaches.
      const t = -d / radius;
      for (let c = 0; c < 8; c++) {
        const value = this.at(
          middle[0] + (c & 1 ? t : -t) * half[0],
          middle[1] + (c & 2 ? t : -t) * half[1],
          middle[2] + (c & 4 ? t : -t) * half[2],
        );
        if (value > this.best) this.best = value;
      }
    }
    for (let c = 0; c < 8; c++) {
      const from = [0, 1, 2].map((a) => ((c >> a) & 1 ? middle[a]! : low[a]!)) as [number, number, number];
      const to = [0, 1, 2].map((a) => ((c >> a) & 1 ? high[a]! : middle[a]!)) as [number, number, number];
      this.offer(from, to);
    }
  }

  /** Signed dose at a place in voxel coordinates. */
  private at(u: number, v: number, w: number): number {
    const { grid, data } = this.dose;
    const [nz, ny, nx] = grid.shape;
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
    return this.sign * (low + (z - k) * (c + fy * (d - c) - low));
  }

  private push(part: Part): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(part);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.bound >= part.bound) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = part;
  }

  private pop(): void {
    const { heap } = this;
    const part = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.bound > heap[child]!.bound) child++;
      if (heap[child]!.bound <= part.bound) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = part;
  }
}
