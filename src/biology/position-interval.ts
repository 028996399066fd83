/**
 * The cumulative maximum as an interval: what it becomes when the dose of either course lay elsewhere by a rigid shift.
 *
 *     nominal    max_v  P(v) + N(v)                                  P, N: EQD2 of prior and new course
 *     worst      max_v  max_{|p|<=1} P(v - p) + max_{|n|<=1} N(v - n)      shifts p, n within an ellipsoid
 *     expected   mean over draws p, n of  max_v  P(v - p) + N(v - n)       p, n normal, per axis
 *
 * A maximum over voxels and over shifts may be taken in either order, so the search of each voxel's neighbourhood, course
 * by course, *is* the worst over all pairs of rigid shifts, sampled at the shifts given and, where asked for, searched between them. Restricted to the cord, only places
 * within it, by the nearest voxel, are searched: what cord tissue received, were it another part of the cord.
 *
 * A shifted dose may be the same dose moved, or computed anew from shifted fields: the caller's functions decide.
 */
import { checkInteger, checkNonNegative, checkPositive } from '../core/check.js';
import { createRandom } from '../core/random.js';
import type { Vec3 } from '../geometry/grid.js';
import type { DoseVolume, Volume } from '../geometry/volume.js';
import { searchWorstShift } from '../geometry/worst-shift.js';
import { eqd2 } from './linear-quadratic.js';
import { type PointAxes, pointAxes } from './point-axes.js';

/** A course at the voxels asked for, wherever its dose is shifted to. */
export interface ShiftedCourse {
  readonly fractions: number;
  /** Physical Gy at every voxel when the dose is shifted by so many mm (LPS). */
  at(shift: Vec3): ArrayLike<number>;
  /** The same at some voxels for any shifts at once, where that costs less than one by one. @default `at` */
  some?(shifts: readonly Vec3[], voxels: Int32Array): readonly ArrayLike<number>[];
}

export interface PositionInput {
  readonly prior: ShiftedCourse;
  readonly now: ShiftedCourse;
  /** The new course for the envelope, where its fields are computed anew. @default `now` */
  readonly nowEnvelope?: ShiftedCourse;
  /** Gy */
  readonly alphaBeta: number;
  /** Shifts that the envelopes of both courses are searched at; the zero shift is always among them. */
  readonly priorShifts: readonly Vec3[];
  readonly nowShifts: readonly Vec3[];
  /**
   * Semi-axes, mm, of the ellipsoids in which the worst shift of either course is searched continuously, besides the shifts given.
   * @default the shifts given alone
   */
  readonly search?: { readonly prior: Vec3; readonly now: Vec3 };
  /** Whether a voxel's place, less a shift, still lies in the structure; one byte per voxel. */
  isInside(shift: Vec3): ArrayLike<number>;
  /** Standard deviations of the systematic shift of a whole course, mm. */
  readonly sd: { readonly prior: Vec3; readonly now: Vec3 };
  /** @default 400 */
  readonly samples?: number;
  /** @default 1 */
  readonly seed?: number;
}

/** A cumulative maximum under shifts of either course, EQD2, Gy: nominal, worst, expected. */
export interface PositionInterval {
  readonly nominal: number;
  readonly worst: number;
  /** Searched within the structure only. */
  readonly worstInside: number;
  readonly expected: number;
  /** 95 % of the draws lie at or below it. */
  readonly percentile95: number;
  readonly samples: number;
}

/** @throws {InvalidInputError} if alpha/beta is not > 0, a standard deviation negative or there is no sample */
export function positionInterval(input: PositionInput): PositionInterval {
  const { prior, now, nowEnvelope = now, alphaBeta, priorShifts, nowShifts, isInside, sd } = input;
  const { samples = 400, seed = 1 } = input;
  checkPositive('position: alphaBeta', alphaBeta);
  checkInteger('position: samples', samples, 1);
  for (const s of [...sd.prior, ...sd.now]) checkNonNegative('position: sd', s);
  // Throws for fractions that are none.
  for (const course of [prior, now, nowEnvelope]) eqd2(0, course.fractions, alphaBeta);
  const before = envelopesOf(prior, priorShifts, isInside, alphaBeta);
  const after = envelopesOf(nowEnvelope, nowShifts, isInside, alphaBeta);
  if (input.search !== undefined) {
    searchWithin(nowEnvelope, input.search.now, after, before.largest, input);
    searchWithin(prior, input.search.prior, before, after.largest, input);
  }
  const largest = (a: Float64Array, b: Float64Array): number => a.reduce((m, e, v) => Math.max(m, e + b[v]!), 0);
  const random = createRandom(seed);
  const draw = (s: Vec3): Vec3 => [s[0] * random.normal(), s[1] * random.normal(), s[2] * random.normal()];
  const draws = Float64Array.from({ length: samples }, () => maximumAt(input, draw(sd.prior), draw(sd.now)));
  const mean = draws.reduce((a, b) => a + b, 0) / samples;
  draws.sort();
  return {
    nominal: maximumAt(input, zero, zero),
    worst: largest(before.largest, after.largest),
    worstInside: largest(before.inside, after.inside),
    expected: mean,
    percentile95: draws[Math.min(samples - 1, Math.ceil(0.95 * samples) - 1)]!,
    samples,
  };
}

const zero: Vec3 = [0, 0, 0];

/** The largest EQD2 of every voxel over the shifts, and over those at which its place still lies in the structure. */
function envelopesOf(
  course: ShiftedCourse,
  shifts: readonly Vec3[],
  isInside: (shift: Vec3) => ArrayLike<number>,
  alphaBeta: number,
): { largest: Float64Array; inside: Float64Array } {
  const count = course.at(zero).length;
  const largest = new Float64Array(count);
  const inside = new Float64Array(count);
  for (const shift of [zero, ...shifts]) {
    widen({ largest, inside }, course.at(shift), isInside(shift), course.fractions, alphaBeta);
  }
  return { largest, inside };
}

/** Takes a shift's dose into the envelope. */
function widen(
  { largest, inside }: { readonly largest: Float64Array; readonly inside: Float64Array },
  dose: ArrayLike<number>,
  isIn: ArrayLike<number>,
  fractions: number,
  alphaBeta: number,
): void {
  for (let v = 0; v < largest.length; v++) {
    const e = eqd2OrZero(dose[v]!, fractions, alphaBeta);
    if (e > largest[v]!) largest[v] = e;
    if (isIn[v] !== 0 && e > inside[v]!) inside[v] = e;
  }
}

/** A voxel below this fraction of the worst at the shifts known is not the worst at one between them. */
const NEAR = 0.8;
/** The first shifts of the search, in fractions of the semi-axes: at these a course that is computed anew is known. */
const FIRST_SHIFTS: readonly Vec3[] = [zero, ...surfaceShifts([1, 1, 1])];
/** Peaks that are climbed. */
const PEAKS = 2;

/** Searches the shift at which a course, beside the other's envelope, is worst; its own envelope takes in what is found on the way. */
function searchWithin(
  course: ShiftedCourse,
  semiAxes: Vec3,
  own: { readonly largest: Float64Array; readonly inside: Float64Array },
  other: Float64Array,
  { isInside, alphaBeta }: PositionInput,
): void {
  const sums = own.largest.map((e, v) => e + other[v]!);
  const least = NEAR * sums.reduce((a, b) => Math.max(a, b), 0);
  const followed = Int32Array.from(sums.keys()).filter((v) => sums[v]! >= least);
  if (followed.length === 0) return;
  const pick = (shift: Vec3): Float64Array => {
    const dose = course.at(shift);
    return Float64Array.from(followed, (v) => dose[v]!);
  };
  searchWorstShift(
    semiAxes,
    (shifts) => {
      const doses = course.some?.(shifts, followed) ?? shifts.map(pick);
      return shifts.map((shift, s) => {
        const isIn = isInside(shift);
        let worst = 0;
        followed.forEach((v, q) => {
          const e = eqd2OrZero(doses[s]![q]!, course.fractions, alphaBeta);
          if (e > own.largest[v]!) own.largest[v] = e;
          if (isIn[v] !== 0 && e > own.inside[v]!) own.inside[v] = e;
          worst = Math.max(worst, e + other[v]!);
        });
        return worst;
      });
    },
    { design: FIRST_SHIFTS, largest: PEAKS },
  );
}

function maximumAt({ prior, now, alphaBeta }: PositionInput, p: Vec3, n: Vec3): number {
  return largestSum(prior.at(p), prior.fractions, now.at(n), now.fractions, alphaBeta);
}

function largestSum(
  before: ArrayLike<number>,
  fractionsBefore: number,
  after: ArrayLike<number>,
  fractions: number,
  alphaBeta: number,
): number {
  let largest = 0;
  for (let v = 0; v < before.length; v++) {
    const sum = eqd2OrZero(before[v]!, fractionsBefore, alphaBeta) + eqd2OrZero(after[v]!, fractions, alphaBeta);
    if (sum > largest) largest = sum;
  }
  return largest;
}

/** Places without a known dose are no maximum. {@link eqd2} without its checks. */
function eqd2OrZero(dose: number, fractions: number, alphaBeta: number): number {
  return dose > 0 ? (dose * (dose / fractions + alphaBeta)) / (2 + alphaBeta) : 0;
}

/**
 * Shifts within an ellipsoid: a lattice of `step` mm, and where the axes and diagonals meet its surface.
 *
 * @param semiAxes x, y, z, mm, >= 0
 */
export function ellipsoidShifts(semiAxes: Vec3, step = 1): Vec3[] {
  for (const a of semiAxes) checkNonNegative('position: semi-axis', a);
  checkPositive('position: step', step);
  const [a, b, c] = semiAxes;
  const shifts: Vec3[] = surfaceShifts(semiAxes);
  const along = (s: number): number[] => {
    const n = Math.floor(s / step + 1e-9);
    return Array.from({ length: 2 * n + 1 }, (_, i) => (i - n) * step);
  };
  const fraction = (x: number, s: number): number => (s === 0 ? 0 : (x / s) ** 2);
  for (const z of along(c)) {
    for (const y of along(b)) {
      for (const x of along(a))
        if (fraction(x, a) + fraction(y, b) + fraction(z, c) <= 1 + 1e-9) shifts.push([x, y, z]);
    }
  }
  return shifts;
}

/** The six ends of its axes and eight points of its surface between them: for doses that are computed anew. */
export function surfaceShifts([a, b, c]: Vec3): Vec3[] {
  const d = 1 / Math.sqrt(3);
  const signs = [-1, 1];
  return [
    ...signs.flatMap((s): Vec3[] => [
      [s * a, 0, 0],
      [0, s * b, 0],
      [0, 0, s * c],
    ]),
    ...signs.flatMap((x) => signs.flatMap((y) => signs.map((z): Vec3 => [x * d * a, y * d * b, z * d * c]))),
  ];
}

/**
 * A dose that keeps its form when it is shifted: its trilinear values at points less the shift. Beyond the outermost voxel
 * centres the nearest ones count, so that a cord that runs out of the grid goes on as it ends.
 *
 * @param points x, y, z triples, LPS, mm
 */
export function movedDose(dose: DoseVolume, points: Float64Array): ShiftedCourse {
  const axes = pointAxes(points);
  return { fractions: dose.fractions!, at: (shift) => valuesAt(dose, axes, shift) };
}

/** 1 where the nearest voxel of a point, less the shift, holds any of the mask. */
export function insideOf(mask: Volume<'mask'>, points: Float64Array): (shift: Vec3) => Uint8Array {
  const axes = pointAxes(points);
  return (shift) => areInside(mask, axes, shift);
}

function areInside({ grid, data }: Volume<'mask'>, { count, coordinates, places }: PointAxes, shift: Vec3): Uint8Array {
  const { shape, origin, spacing } = grid;
  const [nz, ny, nx] = shape;
  const offsets = (axis: 0 | 1 | 2, n: number, stride: number): Float64Array =>
    coordinates[axis].map((coordinate) => {
      const at = Math.round((coordinate - shift[axis] - origin[axis]) / spacing[axis]);
      return at >= 0 && at < n ? at * stride : Number.NaN;
    });
  const [x, y, z] = [offsets(0, nx, 1), offsets(1, ny, nx), offsets(2, nz, nx * ny)];
  const [atX, atY, atZ] = places;
  const out = new Uint8Array(count);
  for (let v = 0; v < count; v++) {
    // Beyond the grid this is no number, and there is no such voxel.
    const voxel = x[atX[v]!]! + y[atY[v]!]! + z[atZ[v]!]!;
    out[v] = voxel >= 0 && data[voxel]! > 0 ? 1 : 0;
  }
  return out;
}

/** Along one axis: where the lower neighbour of each coordinate begins, the step to the upper one and its weight. */
interface AxisLerp {
  readonly start: Int32Array;
  readonly step: Int32Array;
  readonly weight: Float64Array;
}

function axisLerp(
  coordinates: Float64Array,
  shift: number,
  origin: number,
  spacing: number,
  n: number,
  stride: number,
): AxisLerp {
  const start = new Int32Array(coordinates.length);
  const step = new Int32Array(coordinates.length);
  const weight = new Float64Array(coordinates.length);
  for (let c = 0; c < coordinates.length; c++) {
    const inside = Math.min(Math.max((coordinates[c]! - shift - origin) / spacing, 0), n - 1);
    const lower = Math.min(Math.floor(inside), Math.max(0, n - 2));
    start[c] = lower * stride;
    weight[c] = inside - lower;
    // No step where there is no weight: a neighbour without a value must not spoil a voxel of its own.
    step[c] = weight[c] === 0 ? 0 : stride;
  }
  return { start, step, weight };
}

function valuesAt({ grid, data }: DoseVolume, { count, coordinates, places }: PointAxes, shift: Vec3): Float64Array {
  const [nz, ny, nx] = grid.shape;
  const { origin, spacing } = grid;
  const x = axisLerp(coordinates[0], shift[0], origin[0], spacing[0], nx, 1);
  const y = axisLerp(coordinates[1], shift[1], origin[1], spacing[1], ny, nx);
  const z = axisLerp(coordinates[2], shift[2], origin[2], spacing[2], nz, nx * ny);
  const [atX, atY, atZ] = places;
  const out = new Float64Array(count);
  for (let v = 0; v < count; v++) {
    const i = atX[v]!;
    const j = atY[v]!;
    const k = atZ[v]!;
    const dx = x.step[i]!;
    const u = x.weight[i]!;
    const w = y.weight[j]!;
    const n = x.start[i]! + y.start[j]! + z.start[k]!;
    const m = n + y.step[j]!;
    const p = n + z.step[k]!;
    const q = m + z.step[k]!;
    const a = data[n]! + u * (data[n + dx]! - data[n]!);
    const b = data[m]! + u * (data[m + dx]! - data[m]!);
    const c = data[p]! + u * (data[p + dx]! - data[p]!);
    const d = data[q]! + u * (data[q + dx]! - data[q]!);
    const low = a + w * (b - a);
    const high = c + w * (d - c);
    out[v] = low + z.weight[k]! * (high - low);
  }
  return out;
}
