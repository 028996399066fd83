/**
 * Lines along x through a solid: rows are laid over each section from its first to its last y, so that a flat side is met
 * exactly, and cross the boundary where halving finds it, since a solid's distance never exceeds the way to its boundary.
 */
import { LineBuffer, type ScanLines, type ScanStep } from './scan-lines.js';
import type { Solid } from './solid.js';

/** To how much a crossing is found, mm. */
const CLOSE = 1e-9;

/** Rows of every section of the solid's box. */
export function scanSolid(solid: Solid, step: ScanStep, division: number): ScanLines {
  const { min, max } = solid.box;
  const out = new LineBuffer();
  if (![0, 1, 2].every((a) => max[a]! > min[a]!)) return out.finish();
  const ny = division * Math.max(1, Math.ceil((max[1] - min[1]) / step.y - 1e-9));
  const nz = division * Math.max(1, Math.ceil((max[2] - min[2]) / step.z - 1e-9));
  const height = (max[1] - min[1]) / ny;
  const depth = (max[2] - min[2]) / nz;
  // A little beyond the box, so that both ends of every line lie outside.
  const margin = 1e-3 * (max[0] - min[0]);
  const least = Math.min(height, depth, (max[0] - min[0]) / 16);
  const ends = [min[0] - margin, max[0] + margin] as const;
  const tracer = new RowTracer(solid, least, out, ...ends);
  // Of a solid that is the same at every z between two planes one section there is all of them.
  const column = solid.within?.solid.isColumn ? solid.within : undefined;
  let same: Section | undefined;
  for (let k = 0; k < nz; k++) {
    const z = min[2] + (k + 0.5) * depth;
    const isSame = column !== undefined && z > column.low && z < column.high;
    if (isSame) same ??= crossSection(new RowTracer(column.solid, least, out, ...ends), z, min[1], max[1], ny);
    const { rows, own } = isSame ? same! : crossSection(tracer, z, min[1], max[1], ny);
    for (const { y, first, end } of rows) out.add(y, z, own, depth, own * depth, first, end);
  }
  return out.finish();
}

/** The rows of a section that meet the solid, with the range of their crossings, and how far they lie apart, mm. */
interface Section {
  readonly rows: readonly { readonly y: number; readonly first: number; readonly end: number }[];
  readonly own: number;
}

/** n rows between the first and the last y that the section reaches: a flat side along x is met exactly. */
function crossSection(tracer: RowTracer, z: number, low: number, high: number, n: number): Section {
  const rows: { y: number; first: number; end: number }[] = [];
  const from = firstHit(tracer, z, low, (high - low) / n, n);
  if (from === undefined) return { rows, own: 0 };
  const to = firstHit(tracer, z, high, (low - high) / n, n)!;
  const own = (to - from) / n;
  for (let j = 0; j < n; j++) {
    const y = from + (j + 0.5) * own;
    const first = tracer.used;
    tracer.trace(y, z);
    if (tracer.used > first) rows.push({ y, first, end: tracer.used });
  }
  return { rows, own };
}

/** The first y, going from `start` by n steps, at which a row meets the solid, to 1e-4 of a step. */
function firstHit(tracer: RowTracer, z: number, start: number, step: number, n: number): number | undefined {
  let miss = start;
  if (tracer.meets(start + 1e-9 * step, z)) return start;
  for (let j = 0; j < n; j++) {
    let hit = start + (j + 0.5) * step;
    if (!tracer.meets(hit, z)) {
      miss = hit;
      continue;
    }
    for (let halving = 0; halving < 14; halving++) {
      const middle = (miss + hit) / 2;
      if (tracer.meets(middle, z)) hit = middle;
      else miss = middle;
    }
    return hit;
  }
  return undefined;
}

/** Finds where a row crosses the boundary of a solid. */
class RowTracer {
  private y = 0;
  private z = 0;
  private isIn = false;

  /**
   * @param least   pieces of a row shorter than this are taken to cross at most once, mm
   * @param from,to where rows begin and end, both outside the solid
   */
  constructor(
    private readonly solid: Solid,
    private readonly least: number,
    private readonly out: LineBuffer,
    private readonly from: number,
    private readonly to: number,
  ) {}

  /** Crossings so far. */
  get used(): number {
    return this.out.used;
  }

  /** Appends the crossings of one row. */
  trace(y: number, z: number): void {
    this.y = y;
    this.z = z;
    this.isIn = false;
    this.search(this.from, this.to);
    if (this.isIn) this.out.push(this.to);
  }

  /** Does the row meet the solid? Whether {@link trace} would find a crossing, without looking where. */
  meets(y: number, z: number): boolean {
    this.y = y;
    this.z = z;
    return this.touches(this.from, this.to);
  }

  private touches(from: number, to: number): boolean {
    const half = (to - from) / 2;
    const middle = from + half;
    const d = this.solid.distance(middle, this.y, this.z, half);
    if (Math.abs(d) >= half) return d < 0;
    if (2 * half <= this.least) return this.isInside(to);
    return this.touches(from, middle) || this.touches(middle, to);
  }

  /** The sign of a distance alone. */
  private isInside(x: number): boolean {
    return this.solid.distance(x, this.y, this.z, CLOSE) < 0;
  }

  private search(from: number, to: number): void {
    const half = (to - from) / 2;
    const middle = from + half;
    const d = this.solid.distance(middle, this.y, this.z, half);
    if (Math.abs(d) >= half) {
      if (d < 0 !== this.isIn) this.cross(from);
      return;
    }
    if (2 * half > this.least) {
      this.search(from, middle);
      this.search(middle, to);
      return;
    }
    const isIn = this.isInside(to);
    if (isIn !== this.isIn) {
      this.cross(this.root(from, to, isIn));
    }
  }

  private cross(x: number): void {
    this.out.push(x);
    this.isIn = !this.isIn;
  }

  /**
   * Where the sign changes to that of `to`, to {@link CLOSE}: by secants that are drawn towards an end which stays (the Illinois
   * rule) and step over the root once they are as close, so that it lies between; by halving where that is faster.
   */
  private root(from: number, to: number, isIn: boolean): number {
    let [a, b] = [from, to];
    // No distance here exceeds the length, as the boundary is within it.
    const reach = 1.001 * (b - a);
    let da = this.solid.distance(a, this.y, this.z, reach);
    let db = this.solid.distance(b, this.y, this.z, reach);
    if (da < 0 === db < 0) return from;
    let width = b - a;
    let last: 'a' | 'b' | undefined;
    for (let n = 1; n <= 60 && b - a > CLOSE; n++) {
      const isSlow = n % 4 === 0 && b - a > width / 4;
      if (n % 4 === 0) width = b - a;
      const secant = isSlow ? (a + b) / 2 : a + ((b - a) * da) / (da - db);
      const x = Math.min(Math.max(secant, a + CLOSE / 2), b - CLOSE / 2);
      const d = this.solid.distance(x, this.y, this.z, reach);
      if (d === 0) return x;
      if (d < 0 === isIn) {
        if (last === 'b') da /= 2;
        [b, db, last] = [x, d, 'b'];
      } else {
        if (last === 'a') db /= 2;
        [a, da, last] = [x, d, 'a'];
      }
    }
    return (a + b) / 2;
  }
}
