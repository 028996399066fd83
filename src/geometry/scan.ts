/**
 * A structure as lines along x: where a row of the patient enters it and leaves it again.
 *
 * Along x nothing is sampled: the crossings are those of the polygons' edges, or roots of the solid's distance. Across, a
 * line stands for a small rectangle of y and z; its weight is that rectangle's area, for contours scaled so that the lines
 * of a plane hold the exact area of the plane's polygons. So volumes cost no accuracy, and what is computed along a line
 * (a dose that is interpolated linearly between voxel centres) is exact in one of three directions.
 */
import { contourAreas, contourSlabs } from './contour.js';
import type { Solid } from './solid.js';
import type { Contours, Structure } from './structure.js';

export interface ScanLines {
  readonly count: number;
  /** Position of each line, mm. */
  readonly y: Float64Array;
  readonly z: Float64Array;
  /** Size in y and z of the rectangle that each line stands for, mm. */
  readonly height: Float64Array;
  readonly depth: Float64Array;
  /** Area that each line stands for, mm^2. */
  readonly weight: Float64Array;
  /** Crossings of line l are x[first[l]] .. x[end[l] - 1]: entry, exit, entry, exit, ... rising, mm. */
  readonly first: Uint32Array;
  readonly end: Uint32Array;
  readonly x: Float64Array;
}

/** How wide the lines of the coarsest scan lie apart; finer scans divide every step by a whole number. */
export interface ScanStep {
  /** mm */
  readonly y: number;
  readonly z: number;
}

/** Steps across the smaller of the extents in y and z in the coarsest scan. */
const coarseSteps = 8;

/**
 * The step of the coarsest scan of a structure.
 *
 * @param lines that it may hold, about
 */
export function coarsestStep(structure: Structure, lines: number): ScanStep {
  const [ey, ez] = extentOf(structure);
  const step = Math.max(Math.min(ey, ez) / coarseSteps, Math.sqrt((ey * ez) / lines));
  // Every plane of contours has a row at least, however close they lie.
  const planes = structure.shape.kind === 'contours' ? structure.shape.contours.planes.length : 0;
  return { y: Math.max(step, (ey * planes) / lines), z: step };
}

/** Extent in y and z, mm. */
function extentOf({ shape }: Structure): [number, number] {
  if (shape.kind === 'solid') {
    const { min, max } = shape.solid.box;
    return [max[1] - min[1], max[2] - min[2]];
  }
  const slabs = contourSlabs(shape.contours);
  let low = Infinity;
  let high = -Infinity;
  for (const plane of shape.contours.planes) {
    const [a, b] = rangeOfY(plane.polygons);
    low = Math.min(low, a);
    high = Math.max(high, b);
  }
  return [Math.max(0, high - low), slabs[slabs.length - 1]! - slabs[0]!];
}

/**
 * Lines through a structure.
 *
 * @param step     of the coarsest scan
 * @param division every step is cut into this many, a whole number >= 1
 */
export function scanStructure(structure: Structure, step: ScanStep, division: number): ScanLines {
  return structure.shape.kind === 'contours'
    ? scanContours(structure.shape.contours, step, division)
    : scanSolid(structure.shape.solid, step, division);
}

/** Volume that the lines hold, cc. */
export function scannedVolume(lines: ScanLines): number {
  let volume = 0;
  for (let l = 0; l < lines.count; l++) {
    let length = 0;
    for (let c = lines.first[l]!; c < lines.end[l]!; c += 2) length += lines.x[c + 1]! - lines.x[c]!;
    volume += length * lines.weight[l]!;
  }
  return volume / 1000;
}

/** Every plane's lines, on each of the layers into which its slab is cut. */
function scanContours(contours: Contours, step: ScanStep, division: number): ScanLines {
  const slabs = contourSlabs(contours);
  const areas = contourAreas(contours);
  const out = new LineBuffer();
  contours.planes.forEach((plane, p) => {
    const area = areas[p]!;
    if (!(area > 0)) return;
    const low = slabs[2 * p]!;
    const thickness = slabs[2 * p + 1]! - low;
    const [from, to] = rangeOfY(plane.polygons);
    const n = division * Math.max(1, Math.ceil((to - from) / step.y - 1e-9));
    // Within a slab only the dose changes along z, which costs less accuracy than the outline does along y.
    const layers = Math.ceil(division / 2) * Math.max(1, Math.ceil(thickness / step.z - 1e-9));
    const height = (to - from) / n;
    const { first, length } = crossEdges(plane.polygons, from, height, n, out);
    // Rows between vertices of a sliver may all miss it: then nothing can be scaled, and it holds no volume worth a line.
    if (!(length > 0)) return;
    const weight = (area / length) * (thickness / layers);
    for (let layer = 0; layer < layers; layer++) {
      const z = low + ((layer + 0.5) * thickness) / layers;
      for (let j = 0; j < n; j++) {
        if (first[j + 1]! > first[j]!) {
          out.add(from + (j + 0.5) * height, z, height, thickness / layers, weight, first[j]!, first[j + 1]!);
        }
      }
    }
  });
  return out.finish();
}

/** Sorted crossings of n rows with the edges, appended to the buffer; rows lie at from + (j + 1/2) height. */
function crossEdges(
  polygons: readonly Float64Array[],
  from: number,
  height: number,
  n: number,
  out: LineBuffer,
): { first: Uint32Array; length: number } {
  const first = new Uint32Array(n + 1);
  // Counted once, then filled: rows j with y0 <= y < y1, so that a vertex on a row counts for one of its two edges.
  const rowFrom = (y: number): number => Math.min(n, Math.max(0, Math.ceil((y - from) / height - 0.5)));
  for (const ring of polygons) {
    for (let i = 0, k = ring.length - 2; i < ring.length; k = i, i += 2) {
      const y0 = Math.min(ring[i + 1]!, ring[k + 1]!);
      const y1 = Math.max(ring[i + 1]!, ring[k + 1]!);
      for (let j = rowFrom(y0), stop = rowFrom(y1); j < stop; j++) first[j + 1]!++;
    }
  }
  first[0] = out.used;
  for (let j = 0; j < n; j++) first[j + 1]! += first[j]!;
  const x = out.reserve(first[n]! - first[0]!);
  const next = first.slice();
  for (const ring of polygons) {
    for (let i = 0, k = ring.length - 2; i < ring.length; k = i, i += 2) {
      const isUp = ring[i + 1]! > ring[k + 1]!;
      const [a, b] = isUp ? [k, i] : [i, k];
      const y0 = ring[a + 1]!;
      const y1 = ring[b + 1]!;
      const slope = (ring[b]! - ring[a]!) / (y1 - y0);
      for (let j = rowFrom(y0), stop = rowFrom(y1); j < stop; j++) {
        insertSorted(x, first[j]!, next[j]!++, ring[a]! + (from + (j + 0.5) * height - y0) * slope);
      }
    }
  }
  let length = 0;
  for (let c = first[0]!; c < first[n]!; c += 2) length += x[c + 1]! - x[c]!;
  return { first, length };
}

function insertSorted(x: Float64Array, first: number, end: number, value: number): void {
  let at = end;
  for (; at > first && x[at - 1]! > value; at--) x[at] = x[at - 1]!;
  x[at] = value;
}

function rangeOfY(polygons: readonly Float64Array[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const ring of polygons) {
    for (let i = 1; i < ring.length; i += 2) {
      if (ring[i]! < low) low = ring[i]!;
      if (ring[i]! > high) high = ring[i]!;
    }
  }
  return [low, high];
}

/** Lines over the solid's box; crossings by halving, since a solid's distance never exceeds the way to its boundary. */
function scanSolid(solid: Solid, step: ScanStep, division: number): ScanLines {
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

/** Lines and crossings as they come, in arrays that grow. */
class LineBuffer {
  used = 0;
  private count = 0;
  private x = new Float64Array(1024);
  /** y, z, height, depth, weight of each line. */
  private places = new Float64Array(5 * 256);
  private ranges = new Uint32Array(2 * 256);

  push(x: number): void {
    if (this.used === this.x.length) this.x = grown(this.x, this.used + 1);
    this.x[this.used++] = x;
  }

  /** Room for n more crossings; @returns the array, to be filled from where `used` was */
  reserve(n: number): Float64Array {
    this.used += n;
    if (this.used > this.x.length) this.x = grown(this.x, this.used);
    return this.x;
  }

  add(y: number, z: number, height: number, depth: number, weight: number, first: number, end: number): void {
    const at = this.count++;
    if (5 * this.count > this.places.length) {
      this.places = grown(this.places, 5 * this.count);
      const more = new Uint32Array((2 * this.places.length) / 5);
      more.set(this.ranges);
      this.ranges = more;
    }
    const p = 5 * at;
    this.places[p] = y;
    this.places[p + 1] = z;
    this.places[p + 2] = height;
    this.places[p + 3] = depth;
    this.places[p + 4] = weight;
    this.ranges[2 * at] = first;
    this.ranges[2 * at + 1] = end;
  }

  finish(): ScanLines {
    const { count, places, ranges } = this;
    const column = (c: number): Float64Array => {
      const values = new Float64Array(count);
      for (let l = 0; l < count; l++) values[l] = places[5 * l + c]!;
      return values;
    };
    const range = (c: number): Uint32Array => {
      const values = new Uint32Array(count);
      for (let l = 0; l < count; l++) values[l] = ranges[2 * l + c]!;
      return values;
    };
    return {
      count,
      y: column(0),
      z: column(1),
      height: column(2),
      depth: column(3),
      weight: column(4),
      first: range(0),
      end: range(1),
      x: this.x.subarray(0, this.used),
    };
  }
}

function grown(array: Float64Array<ArrayBuffer>, needed: number): Float64Array<ArrayBuffer> {
  const more = new Float64Array(Math.ceil(Math.max(needed, 2 * array.length) / 5) * 5);
  more.set(array);
  return more;
}
