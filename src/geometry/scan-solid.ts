/**
 * Lines along x through a solid: rows are laid over each section from its first to its last y, so that a flat side is met
 * exactly, and cross the boundary where halving finds it, since a solid's distance never exceeds the way to its boundary.
 */
import { LineBuffer, type ScanLines, type ScanStep } from './scan-lines.js';
import type { Solid } from './solid.js';

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
  const tracer = new RowTracer(solid, least, out, min[0] - margin, max[0] + margin);
  for (let k = 0; k < nz; k++) {
    const z = min[2] + (k + 0.5) * depth;
    // Rows between the first and the last y that the section reaches: a flat side along x is met exactly.
    const from = firstHit(tracer, z, min[1], height, ny);
    if (from === undefined) continue;
    const to = firstHit(tracer, z, max[1], -height, ny)!;
    const own = (to - from) / ny;
    for (let j = 0; j < ny; j++) {
      const y = from + (j + 0.5) * own;
      const first = out.used;
      tracer.trace(y, z);
      if (out.used > first) out.add(y, z, own, depth, own * depth, first, out.used);
    }
  }
  return out.finish();
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

  /** Appends the crossings of one row. */
  trace(y: number, z: number): void {
    this.y = y;
    this.z = z;
    this.isIn = false;
    this.search(this.from, this.to);
    if (this.isIn) this.out.push(this.to);
  }

  /** Does the row meet the solid? */
  meets(y: number, z: number): boolean {
    const { used } = this.out;
    this.trace(y, z);
    const isHit = this.out.used > used;
    this.out.used = used;
    return isHit;
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
    const isIn = this.solid.distance(to, this.y, this.z) < 0;
    if (isIn !== this.isIn) {
      this.cross(this.root(from, to, isIn));
    }
  }

  private cross(x: number): void {
    this.out.push(x);
    this.isIn = !this.isIn;
  }

  /** Where the sign changes to that of `to`, to 1e-9 mm: the secant where it converges, halving where not. */
  private root(from: number, to: number, isIn: boolean): number {
    let [a, b] = [from, to];
    let da = this.solid.distance(a, this.y, this.z);
    let db = this.solid.distance(b, this.y, this.z);
    if (da < 0 === db < 0) return from;
    for (let n = 0; n < 60 && b - a > 1e-9; n++) {
      const x = n % 3 === 2 ? (a + b) / 2 : a + ((b - a) * da) / (da - db);
      const d = this.solid.distance(x, this.y, this.z);
      if (d === 0) return x;
      if (d < 0 === isIn) {
        b = x;
        db = d;
      } else {
        a = x;
        da = d;
      }
    }
    return (a + b) / 2;
  }
}
