/**
 * The largest (or smallest) dose within a structure, between a dose that is reached and one that is not exceeded.
 *
 * Branch and bound: within a cell between eight voxel centres trilinear dose is largest at a corner, of any part of the cell
 * too, as is a sum of doses that are converted by a function that bends up; and the solid's distance says which parts it can reach. Parts begin as blocks of cells; the one with the largest bound
 * is split until no bound lies above the best dose found by more than the tolerance. What was found is improved by climbing along
 * the surface from there. So the search ends with the extreme between two doses, a tolerance apart: what is reported is their
 * middle. Where many places tie, as on a flat face, it stops with the upper one further off: then half a tolerance above the
 * lower one is the better guess, and the bound reaches to the upper one.
 */
import { coordinateAt, type Vec3 } from '../geometry/grid.js';
import type { Solid } from '../geometry/solid.js';
import type { DoseVolume } from '../geometry/volume.js';
import { DoseBounds } from './dose-bound.js';
import { type DoseField, fieldOf } from './dose-field.js';
import { PartHeap } from './part-heap.js';

export interface Extreme {
  /** The best estimate, Gy. */
  readonly value: number;
  /** The true extreme lies no further than this from `value`, to either side, Gy. */
  readonly within: number;
  /** Where the largest dose that was looked at is, LPS, mm; absent where none was better than the known one. */
  readonly place?: Vec3;
}

export interface ExtremeOptions {
  readonly extreme: 'max' | 'min';
  /** A dose that is known to be reached, Gy. @default none */
  readonly known?: number;
  /** Between the doses that the search ends with, Gy, > 0 */
  readonly tolerance: number;
  /** Parts looked at before the search stops with the bound it has. @default 20000 */
  readonly budget?: number;
}

/**
 * What the search found; beyond the outermost voxel centres the dose is that of the border, as in the DVH.
 *
 * @param dose finite in and around the solid
 * @param solid must reach into the grid
 */
export function extremeDose(dose: DoseVolume | DoseField, solid: Solid, options: ExtremeOptions): Extreme {
  const { extreme, known, tolerance, budget = 20_000 } = options;
  const sign = extreme === 'max' ? 1 : -1;
  const search = new ExtremeSearch(
    fieldOf(dose),
    solid,
    sign,
    known === undefined ? -Infinity : sign * known,
    tolerance,
  );
  const beyond = search.run(budget);
  const above = Math.min(beyond, tolerance) / 2;
  // Plus zero: no dose is -0.
  return {
    value: sign * (search.best + above) + 0,
    within: beyond - above,
    ...(search.found ? { place: search.found } : {}),
  };
}

/** Steps of the climb, mm: from the first, halved down to the last. */
const climb = { first: 0.5, last: 5e-4 };

/** Parts of a solid's box that are looked at for a place inside. */
const SEED_PARTS = 5000;

/** To all neighbours of a cube. */
const directions = Array.from({ length: 27 }, (_, c) => [
  (c % 3) - 1,
  (Math.floor(c / 3) % 3) - 1,
  Math.floor(c / 9) - 1,
])
  .filter((d) => d.some((step) => step !== 0))
  .map((d) => d.map((step) => step / Math.hypot(...d)) as [number, number, number]);

/** Voxel cells per edge of the parts that the search begins with; a power of two. */
const block = 8;

/** Step for the slope of a solid's distance, mm. */
const probe = 1e-4;

type Place = [number, number, number];

/** Parts are cubes of voxel cells, or parts of one cell, in voxel coordinates; their bounds are of the signed dose. */
class ExtremeSearch {
  private readonly heap = new PartHeap();
  /** The part in hand: low and high x, y, z. */
  private readonly part = new Float64Array(6);
  /** Largest bound of the parts that were not worth a look. */
  private passedOver = -Infinity;
  /** The largest dose that was looked at, and where, in voxels. */
  private seen = -Infinity;
  private place: Place | undefined;
  private readonly bounds: DoseBounds;

  constructor(
    private readonly dose: DoseField,
    private readonly solid: Solid,
    sign: number,
    public best: number,
    private readonly tolerance: number,
  ) {
    this.bounds = new DoseBounds(dose, sign);
  }

  /** Where the best dose was found, LPS, mm. */
  get found(): Vec3 | undefined {
    const at = (axis: number): number => coordinateAt(this.dose.grid, axis, this.place![axis]!);
    return this.place !== undefined && this.seen >= this.best ? [at(0), at(1), at(2)] : undefined;
  }

  run(budget: number): number {
    if (this.best === -Infinity) this.seed();
    this.start();
    for (let n = 0; n < budget; n++) {
      if (this.heap.size === 0 || this.heap.top <= this.best + this.tolerance) break;
      // A better dose early is a smaller search.
      if (n === budget >> 5) this.climb();
      this.heap.pop(this.part);
      this.visit();
    }
    this.climb();
    return Math.max(0, this.passedOver - this.best, this.heap.top - this.best);
  }

  /**
   * A place inside to begin with, where no dose is known: parts along the surface have the largest bounds, and a search among
   * those alone may never enter the solid.
   */
  private seed(): void {
    const { spacing, origin } = this.dose.grid;
    const { min, max } = this.solid.box;
    const parts = [{ d: Infinity, min, max }];
    for (let n = 0; n < SEED_PARTS && parts.length > 0; n++) {
      const next = parts.reduce((best, part, p) => (part.d < parts[best]!.d ? p : best), 0);
      const [part] = parts.splice(next, 1) as [(typeof parts)[number]];
      const middle = [0, 1, 2].map((a) => (part.min[a]! + part.max[a]!) / 2) as Place;
      const d = this.solid.distance(...middle);
      if (d <= 0) {
        this.place = middle.map((c, a) => (c - origin[a]!) / spacing[a]!) as Place;
        this.seen = this.bounds.at(...this.place);
        this.climb();
        return;
      }
      if (d >= Math.hypot(...middle.map((c, a) => part.max[a]! - c))) continue;
      for (let c = 0; c < 8; c++) {
        const low = middle.map((m, a) => ((c >> a) & 1 ? m : part.min[a]!)) as Place;
        const high = middle.map((m, a) => ((c >> a) & 1 ? part.max[a]! : m)) as Place;
        parts.push({ d, min: low, max: high });
      }
    }
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
        for (let i = first[0]!; i <= last[0]!; i += block) this.offer(i, j, k, i + block, j + block, k + block);
      }
    }
  }

  private offer(x0: number, y0: number, z0: number, x1: number, y1: number, z1: number): void {
    const bound = this.bounds.within(x0, y0, z0, x1, y1, z1);
    if (bound > this.best + this.tolerance) this.heap.push(bound, x0, y0, z0, x1, y1, z1);
    else if (bound > this.passedOver) this.passedOver = bound;
  }

  private visit(): void {
    const { grid } = this.dose;
    const { spacing } = grid;
    const { part } = this;
    const x0 = part[0]!;
    const y0 = part[1]!;
    const z0 = part[2]!;
    const x1 = part[3]!;
    const y1 = part[4]!;
    const z1 = part[5]!;
    const hx = (x1 - x0) / 2;
    const hy = (y1 - y0) / 2;
    const hz = (z1 - z0) / 2;
    const mx = (x1 + x0) / 2;
    const my = (y1 + y0) / 2;
    const mz = (z1 + z0) / 2;
    const rx = hx * spacing[0];
    const ry = hy * spacing[1];
    const rz = hz * spacing[2];
    const radius = Math.sqrt(rx * rx + ry * ry + rz * rz);
    const d = this.solid.distance(
      coordinateAt(grid, 0, mx),
      coordinateAt(grid, 1, my),
      coordinateAt(grid, 2, mz),
      radius,
    );
    if (d >= radius) return;
    if (d <= 0) {
      // The ball of radius -d lies inside: as far towards each corner as it reaches.
      const t = Math.min(1, -d / radius);
      for (let c = 0; c < 8; c++) {
        const x = mx + (c & 1 ? t : -t) * hx;
        const y = my + (c & 2 ? t : -t) * hy;
        const z = mz + (c & 4 ? t : -t) * hz;
        const value = this.bounds.at(x, y, z);
        if (value > this.seen) {
          this.seen = value;
          this.place = [x, y, z];
        }
      }
      if (this.seen > this.best) this.best = this.seen;
      // A cell inside has its bound at a corner.
      if (t === 1 && !this.bounds.isLoose && x1 - x0 <= 1) return;
    }
    for (let c = 0; c < 8; c++) {
      const [isRight, isBack, isUp] = [(c & 1) !== 0, (c & 2) !== 0, (c & 4) !== 0];
      this.offer(
        isRight ? mx : x0,
        isBack ? my : y0,
        isUp ? mz : z0,
        isRight ? x1 : mx,
        isBack ? y1 : my,
        isUp ? z1 : mz,
      );
    }
  }

  /** Goes on from the best place to better ones in the solid and on its surface, by ever smaller steps. */
  private climb(): void {
    if (this.place === undefined) return;
    let from = this.place;
    const { spacing } = this.dose.grid;
    for (let step = climb.first; step >= climb.last; ) {
      let isBetter = false;
      for (const way of directions) {
        const to = this.inSolid([0, 1, 2].map((a) => from[a]! + (step * way[a]!) / spacing[a]!) as Place);
        if (to === undefined || this.bounds.at(...to) <= this.seen) continue;
        this.seen = this.bounds.at(...to);
        from = to;
        isBetter = true;
      }
      if (!isBetter) step /= 2;
    }
    this.place = from;
    if (this.seen > this.best) this.best = this.seen;
  }

  /** The place itself where it is in the solid, or one straight below it on the surface; undefined where that is not found. */
  private inSolid(place: Place): Place | undefined {
    const { spacing, origin } = this.dose.grid;
    const at = place.map((index, a) => coordinateAt(this.dose.grid, a, index)) as Place;
    for (let n = 0; n < 4; n++) {
      const d = this.solid.distance(...at);
      if (d <= 0) return at.map((c, a) => (c - origin[a]!) / spacing[a]!) as Place;
      const slope = [0, 1, 2].map((axis) => {
        const shifted = (by: number): number =>
          this.solid.distance(...(at.map((c, a) => (a === axis ? c + by : c)) as Place));
        return (shifted(probe) - shifted(-probe)) / (2 * probe);
      });
      const square = slope.reduce((sum, c) => sum + c * c, 0);
      if (!(square > 0)) return undefined;
      for (let a = 0; a < 3; a++) at[a]! -= ((d + 1e-9) * slope[a]!) / square;
    }
    return undefined;
  }
}
