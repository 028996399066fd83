/**
 * Dose along lines through a structure, as intervals of dose with their volumes.
 *
 * Trilinear dose is linear along x between two voxel centres, so a piece of line there holds an interval of dose evenly,
 * exactly. The line stands for a rectangle in y and z over which the dose also varies: the interval is widened to the
 * variance of both. Beyond the outermost voxel centres the dose is that of the border, up to the voxels' faces; what lies
 * further out is counted as volume without dose.
 *
 * `errors` adds to each piece what trilinear interpolation may be off by there. For a field f sampled at h,
 *
 *     f - trilinear = -1/2 sum over axes of t (1 - t) h^2 f''  + higher orders,   t = place between two centres, 0..1
 *
 * with the largest t (1 - t) of the piece, and h^2 f'' between the least and largest second difference at the corners.
 *
 * Of a sum of converted doses every term is interpolated by itself and then converted, at both ends of every piece; its
 * variation across the line and its errors count by the conversion's slope there.
 */
import { InvalidInputError } from '../core/errors.js';
import type { ScanLines } from '../geometry/scan-lines.js';
import type { DoseField } from './dose-field.js';
import type { DoseSamples } from './dose-sample.js';
import { SecondDifferences } from './second-differences.js';

export interface LineSamples extends DoseSamples {
  /** Volume of the lines, and the part of it within the voxels' faces, cc. */
  readonly volumeCc: number;
  readonly coveredCc: number;
  /** Largest and smallest dose met on a line, Gy. */
  readonly largest: number;
  readonly least: number;
  /** Errors of interpolation, Gy: the true dose of piece i lies `below[i]` to `above[i]` above the interpolated one. */
  readonly below: Float32Array;
  readonly above: Float32Array;
}

/** Second differences come from three points: their own error, and the orders left out, take this fraction of them. */
const secondDifferenceError = 0.25;

/** Intervals narrower than this fraction of their dose count as one value. */
const narrow = 1e-6;

/** @throws {InvalidInputError} if a dose on the way is not finite */
function checkFiniteSamples(name: string, dose: DoseField, { largest, least, volume }: LineSamples): void {
  if (volume.length > 0 && !(Number.isFinite(largest) && Number.isFinite(least))) {
    const { data } = dose.terms.find((term) => !term.data.every(Number.isFinite)) ?? dose.terms[0]!;
    const voxel = data.findIndex((d) => !Number.isFinite(d));
    throw new InvalidInputError(
      `DVH of ${name}: the dose of voxel ${voxel} is ${data[voxel]}, but must be finite. Recompute the dose.`,
    );
  }
}

/** Most pieces that the lines can fall into. */
function pieceBound({ grid }: DoseField, { count, first, end, x }: ScanLines): number {
  const last = grid.shape[2] - 1;
  let pieces = 0;
  for (let l = 0; l < count; l++) {
    for (let c = first[l]!; c < end[l]!; c += 2) {
      const a = Math.max(-1, Math.floor((x[c]! - grid.origin[0]) / grid.spacing[0]));
      const b = Math.min(last + 1, Math.ceil((x[c + 1]! - grid.origin[0]) / grid.spacing[0]));
      pieces += Math.max(0, b - a) + 1;
    }
  }
  return pieces;
}

/** Of every term, where a line crosses a plane of voxel centres. */
interface Planes {
  readonly value: Float64Array;
  readonly dy: Float64Array;
  readonly dz: Float64Array;
}

/** Before the first dose is sampled. */
const NO_DOSE: DoseField = {
  grid: { shape: [1, 1, 1], spacing: [1, 1, 1], origin: [0, 0, 0] },
  quantity: 'physical',
  terms: [],
};

const planesOf = (terms: number): Planes => ({
  value: new Float64Array(terms),
  dy: new Float64Array(terms),
  dz: new Float64Array(terms),
});

/** How much a converted dose changes over a step that lies evenly about `at`. */
const change = (convert: (gray: number) => number, at: number, step: number): number =>
  convert(at + step / 2) - convert(at - step / 2);

/** Takes samples, and keeps its memory for the next ones. */
export class LineSampler {
  private dose: DoseField = NO_DOSE;
  private errors = false;
  /** The dose where it is one, as it is. */
  private plain: Float32Array | undefined;
  /** Lower ends lie a capacity behind the upper ones. */
  private capacity = 0;
  private ends = new Float32Array(0);
  private volume = new Float64Array(0);
  private below = new Float32Array(0);
  private above = new Float32Array(0);
  private count = 0;
  private largest = -Infinity;
  private least = Infinity;
  private total = 0;
  private covered = 0;
  /** Of the current line: index of its corner row, steps, weights, sizes in voxels. */
  private row = 0;
  private stepY = 0;
  private stepZ = 0;
  private fy = 0;
  private fz = 0;
  private sizeY = 0;
  private sizeZ = 0;
  private j = 0;
  private k = 0;
  /** Largest t (1 - t) / 2 in y and z over the line's rectangle. */
  private bowY = 0;
  private bowZ = 0;
  /** Steepness at the border where the line runs beyond the outermost centres, Gy. */
  private beyond = 0;
  /** Of every term: dose and its steps in y and z at the last two voxel planes that the line passed. */
  private before: Planes = planesOf(0);
  private here: Planes = planesOf(0);
  /** Of the piece in hand: dose at its ends, its steps in y and z. */
  private d0 = 0;
  private d1 = 0;
  private dy = 0;
  private dz = 0;
  private readonly seconds = [new SecondDifferences(), new SecondDifferences()] as const;

  /**
   * Samples of a dose on lines.
   *
   * @param errors whether to fill `below` and `above` (else they are empty)
   * @returns views of the sampler's own memory, good until it samples again
   * @throws {InvalidInputError} if a dose on the way is not finite
   */
  sample(name: string, dose: DoseField, lines: ScanLines, errors: boolean): LineSamples {
    this.begin(dose, pieceBound(dose, lines), errors);
    for (let l = 0; l < lines.count; l++) this.line(lines, l);
    const { count, capacity } = this;
    this.ends.copyWithin(count, capacity, capacity + count);
    const samples = {
      ends: this.ends.subarray(0, 2 * count),
      volume: this.volume.subarray(0, count),
      volumeCc: this.total,
      coveredCc: this.covered,
      largest: this.largest,
      least: this.least,
      below: this.below.subarray(0, errors ? count : 0),
      above: this.above.subarray(0, errors ? count : 0),
    };
    checkFiniteSamples(name, dose, samples);
    return samples;
  }

  private begin(dose: DoseField, capacity: number, errors: boolean): void {
    const [first, second] = dose.terms;
    this.dose = dose;
    this.errors = errors;
    this.plain = second === undefined && first?.convert === undefined ? first?.data : undefined;
    this.before = planesOf(dose.terms.length);
    this.here = planesOf(dose.terms.length);
    this.capacity = capacity;
    if (this.volume.length < capacity) {
      this.ends = new Float32Array(2 * capacity);
      this.volume = new Float64Array(capacity);
    }
    if (errors && this.below.length < capacity) {
      this.below = new Float32Array(capacity);
      this.above = new Float32Array(capacity);
    }
    for (const one of this.seconds) one.forget();
    this.count = 0;
    this.largest = -Infinity;
    this.least = Infinity;
    this.total = 0;
    this.covered = 0;
  }

  private line(lines: ScanLines, l: number): void {
    const { grid } = this.dose;
    const [nz, ny, nx] = grid.shape;
    const v = (lines.y[l]! - grid.origin[1]) / grid.spacing[1];
    const w = (lines.z[l]! - grid.origin[2]) / grid.spacing[2];
    const perVoxel = (lines.weight[l]! * grid.spacing[0]) / 1000;
    const isCovered = v >= -0.5 && v <= ny - 0.5 && w >= -0.5 && w <= nz - 0.5;
    if (isCovered) this.enterRow(v, w, lines.height[l]! / grid.spacing[1], lines.depth[l]! / grid.spacing[2]);
    for (let c = lines.first[l]!; c < lines.end[l]!; c += 2) {
      const a = (lines.x[c]! - grid.origin[0]) / grid.spacing[0];
      const b = (lines.x[c + 1]! - grid.origin[0]) / grid.spacing[0];
      this.total += (b - a) * perVoxel;
      if (!isCovered) continue;
      const from = Math.max(a, -0.5);
      const to = Math.min(b, nx - 0.5);
      if (to > from) {
        this.covered += (to - from) * perVoxel;
        const { plain } = this;
        // Nearly all of them.
        if (plain !== undefined && from >= 0 && to <= nx - 1) this.plainStretch(plain, from, to, perVoxel, nx);
        else this.stretch(from, to, perVoxel, nx);
      }
    }
  }

  /** Prepares a line at v, w (in voxels) whose rectangle measures height x depth (in voxels). */
  private enterRow(v: number, w: number, height: number, depth: number): void {
    const [nz, ny, nx] = this.dose.grid.shape;
    const vIn = v < 0 ? 0 : v > ny - 1 ? ny - 1 : v;
    const wIn = w < 0 ? 0 : w > nz - 1 ? nz - 1 : w;
    this.j = Math.min(Math.floor(vIn), Math.max(0, ny - 2));
    this.k = Math.min(Math.floor(wIn), Math.max(0, nz - 2));
    this.fy = vIn - this.j;
    this.fz = wIn - this.k;
    this.stepY = ny > 1 ? nx : 0;
    this.stepZ = nz > 1 ? nx * ny : 0;
    this.row = nx * (this.j + ny * this.k);
    // Beyond the outermost centres the dose is taken as even.
    this.sizeY = v === vIn ? height : 0;
    this.sizeZ = w === wIn ? depth : 0;
    if (this.errors) {
      this.bowY = v === vIn ? largestBow(v - height / 2, v + height / 2) : 0;
      this.bowZ = w === wIn ? largestBow(w - depth / 2, w + depth / 2) : 0;
      this.beyond = Math.abs(v - vIn) + Math.abs(w - wIn);
    }
  }

  /** The part from `from` to `to`, in voxels along x, cut at the voxel centres. */
  private stretch(from: number, to: number, perVoxel: number, nx: number): void {
    let at = from;
    let i = Math.min(Math.max(0, Math.floor(from)), Math.max(0, nx - 2));
    this.read(i);
    if (at < 0) {
      const stop = Math.min(0, to);
      this.piece(this.here, this.here, 0, 0);
      this.add((stop - at) * perVoxel, i, at, stop);
      at = stop;
    }
    while (at < to && i < nx - 1) {
      this.read(i + 1);
      const stop = Math.min(to, i + 1);
      this.piece(this.before, this.here, at - i, stop - i);
      this.add((stop - at) * perVoxel, i, at, stop);
      at = stop;
      i++;
    }
    if (at < to) {
      this.piece(this.here, this.here, 0, 0);
      this.add((to - at) * perVoxel, nx - 1, at, to);
    }
  }

  /** {@link stretch} between the outermost centres, of one dose as it is. */
  private plainStretch(data: Float32Array, from: number, to: number, perVoxel: number, nx: number): void {
    const { row, stepY, stepZ, fy, fz, sizeY, sizeZ, ends, volume, capacity, errors } = this;
    let { count, largest, least } = this;
    let at = from;
    let i = Math.min(Math.floor(from), nx - 2);
    let value = 0;
    let dy = 0;
    let dz = 0;
    for (let plane = i; ; plane++) {
      const p = row + plane;
      const a = data[p]!;
      const b = data[p + stepY]!;
      const c = data[p + stepZ]!;
      const d = data[p + stepZ + stepY]!;
      const low = a + fy * (b - a);
      const high = c + fy * (d - c);
      const next = low + fz * (high - low);
      const nextY = b - a + fz * (d - c - b + a);
      const nextZ = high - low;
      if (plane > i) {
        const stop = Math.min(to, plane);
        const t0 = at - i;
        const t1 = stop - i;
        const middle = (t0 + t1) / 2;
        const d0 = value + t0 * (next - value);
        const d1 = value + t1 * (next - value);
        const wy = (dy + middle * (nextY - dy)) * sizeY;
        const wz = (dz + middle * (nextZ - dz)) * sizeZ;
        const mean = (d0 + d1) / 2;
        const width = Math.sqrt((d1 - d0) * (d1 - d0) + wy * wy + wz * wz);
        const half = width > narrow * Math.abs(mean) ? width / 2 : 0;
        ends[count] = mean + half;
        ends[capacity + count] = mean - half;
        volume[count] = (stop - at) * perVoxel;
        // NaN would pass both comparisons unseen.
        if (!(d0 <= largest && d1 <= largest)) largest = Math.max(largest, d0, d1);
        if (!(d0 >= least && d1 >= least)) least = Math.min(least, d0, d1);
        if (errors) this.addErrors(count, i, at, stop);
        count++;
        at = stop;
        i = plane;
        if (!(at < to)) break;
      }
      value = next;
      dy = nextY;
      dz = nextZ;
    }
    this.count = count;
    this.largest = largest;
    this.least = least;
  }

  /** Dose on the line at the voxel plane i, and its steps to the next voxel in y and z, of every term. */
  private read(i: number): void {
    const { before } = this;
    this.before = this.here;
    this.here = before;
    const { terms } = this.dose;
    const p = this.row + i;
    for (let t = 0; t < terms.length; t++) {
      const { data } = terms[t]!;
      const a = data[p]!;
      const b = data[p + this.stepY]!;
      const c = data[p + this.stepZ]!;
      const d = data[p + this.stepZ + this.stepY]!;
      const low = a + this.fy * (b - a);
      const high = c + this.fy * (d - c);
      before.value[t] = low + this.fz * (high - low);
      before.dy[t] = b - a + this.fz * (d - c - b + a);
      before.dz[t] = high - low;
    }
  }

  /** The piece between two planes from t0 to t1, each 0 to 1: the sum of all terms. */
  private piece(low: Planes, high: Planes, t0: number, t1: number): void {
    const { terms } = this.dose;
    const middle = (t0 + t1) / 2;
    this.d0 = 0;
    this.d1 = 0;
    this.dy = 0;
    this.dz = 0;
    for (let t = 0; t < terms.length; t++) {
      const { convert } = terms[t]!;
      const v = low.value[t]!;
      const step = high.value[t]! - v;
      const dy = low.dy[t]! + middle * (high.dy[t]! - low.dy[t]!);
      const dz = low.dz[t]! + middle * (high.dz[t]! - low.dz[t]!);
      if (convert === undefined) {
        this.d0 += v + t0 * step;
        this.d1 += v + t1 * step;
        this.dy += dy;
        this.dz += dz;
      } else {
        const at = v + middle * step;
        this.d0 += convert(v + t0 * step);
        this.d1 += convert(v + t1 * step);
        this.dy += change(convert, at, dy);
        this.dz += change(convert, at, dz);
      }
    }
  }

  private add(volume: number, i: number, from: number, to: number): void {
    const { d0, d1 } = this;
    const wy = this.dy * this.sizeY;
    const wz = this.dz * this.sizeZ;
    const middle = (d0 + d1) / 2;
    const width = Math.sqrt((d1 - d0) * (d1 - d0) + wy * wy + wz * wz);
    const half = width > narrow * Math.abs(middle) ? width / 2 : 0;
    const n = this.count++;
    this.ends[n] = middle + half;
    this.ends[this.capacity + n] = middle - half;
    this.volume[n] = volume;
    // NaN would pass both comparisons unseen.
    if (!(d0 <= this.largest && d1 <= this.largest)) this.largest = Math.max(this.largest, d0, d1);
    if (!(d0 >= this.least && d1 >= this.least)) this.least = Math.min(this.least, d0, d1);
    if (this.errors) this.addErrors(n, i, from, to);
  }

  private addErrors(n: number, i: number, from: number, to: number): void {
    this.below[n] = 0;
    this.above[n] = 0;
    for (let t = 0; t < this.dose.terms.length; t++) this.interpolationError(t, n, i, from, to);
  }

  private interpolationError(term: number, n: number, i: number, from: number, to: number): void {
    const { grid, terms } = this.dose;
    const { data, convert } = terms[term]!;
    const nx = grid.shape[2];
    const isWithin = from >= 0 && to <= nx - 1;
    const bow = isWithin ? largestBow(from, to) : 0;
    const near = this.secondsIn(term, i);
    const far = this.secondsIn(term, Math.min(nx - 1, i + 1));
    const low = -(
      curved(bow, Math.max(near.largestX, far.largestX)) +
      curved(this.bowY, Math.max(near.largestY, far.largestY)) +
      curved(this.bowZ, Math.max(near.largestZ, far.largestZ))
    );
    const high = -(
      curved(bow, Math.min(near.leastX, far.leastX)) +
      curved(this.bowY, Math.min(near.leastY, far.leastY)) +
      curved(this.bowZ, Math.min(near.leastZ, far.leastZ))
    );
    const outside = this.beyond + (isWithin ? 0 : Math.max(-from, to - nx + 1, 0));
    const slope = outside > 0 ? outside * this.steepest(data, i) : 0;
    const below = low - secondDifferenceError * Math.abs(low) - slope;
    const above = high + secondDifferenceError * Math.abs(high) + slope;
    const at = this.here.value[term]!;
    this.below[n]! += convert === undefined ? below : convert(at + below) - convert(at);
    this.above[n]! += convert === undefined ? above : convert(at + above) - convert(at);
  }

  /** Of a term at the four voxels around the line in the plane i. */
  private secondsIn(term: number, i: number): SecondDifferences {
    const { grid, terms } = this.dose;
    const own = this.seconds[i & 1]!;
    own.find(terms[term]!.data, term, grid.shape, i, this.j, this.k);
    return own;
  }

  /** Largest step of dose between neighbours around the cell of the line at i, Gy per voxel. */
  private steepest(data: Float32Array, i: number): number {
    const nx = this.dose.grid.shape[2];
    const at = Math.min(i, Math.max(0, nx - 2));
    const stepX = nx > 1 ? 1 : 0;
    const p = this.row + at;
    const here = data[p]!;
    return (
      Math.abs(data[p + stepX]! - here) +
      Math.abs(data[p + this.stepY]! - here) +
      Math.abs(data[p + this.stepZ]! - here)
    );
  }
}

/** Largest t (1 - t) / 2 from a to b, t being the place between two voxel centres: 1/8 half way, 0 at a centre. */
function largestBow(a: number, b: number): number {
  if (Math.floor(b - 0.5) > Math.floor(a - 0.5)) return 1 / 8;
  return Math.max(bowAt(a - Math.floor(a)), bowAt(b - Math.floor(b)));
}

/** A second difference where there is a bow; whatever it is where there is none. */
const curved = (bow: number, difference: number): number => (bow === 0 ? 0 : bow * difference);

const bowAt = (t: number): number => (t * (1 - t)) / 2;
