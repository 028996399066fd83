/**
 * The cumulative maximum as an interval: what it becomes when the dose of either course lay elsewhere by a rigid shift.
 *
 *     nominal    max_v  P(v) + N(v)                                  P, N: EQD2 of prior and new course
 *     worst      max_v  max_{|p|<=1} P(v - p) + max_{|n|<=1} N(v - n)      shifts p, n within an ellipsoid
 *     expected   mean over draws p, n of  max_v  P(v - p) + N(v - n)       p, n normal, per axis
 *
 * A maximum over voxels and over shifts may be taken in either order, so the search of each voxel's neighbourhood, course
 * by course, *is* the worst over all pairs of rigid shifts, sampled at the shifts given. Restricted to the cord, only places
 * within it, by the nearest voxel, are searched: what cord tissue received, were it another part of the cord.
 *
 * A shifted dose may be the same dose moved, or computed anew from shifted fields: the caller's functions decide.
 */
import { checkInteger, checkNonNegative, checkPositive } from '../core/check.js';
import { createRandom } from '../core/random.js';
import type { Vec3 } from '../geometry/grid.js';
import type { DoseVolume, Volume } from '../geometry/volume.js';
import { eqd2 } from './linear-quadratic.js';

/** A course at the voxels asked for, wherever its dose is shifted to. */
export interface ShiftedCourse {
  readonly fractions: number;
  /** Physical Gy at every voxel when the dose is shifted by so many mm (LPS). */
  at(shift: Vec3): ArrayLike<number>;
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
  /** Whether a voxel's place, less a shift, still lies in the structure; one byte per voxel. */
  isInside(shift: Vec3): ArrayLike<number>;
  /** Standard deviations of the systematic shift of a whole course, mm. */
  readonly sd: { readonly prior: Vec3; readonly now: Vec3 };
  /** @default 400 */
  readonly samples?: number;
  /** @default 1 */
  readonly seed?: number;
}

/** Gy EQD2 */
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
  const envelope = (course: ShiftedCourse, shifts: readonly Vec3[], isRestricted: boolean): Float64Array => {
    const most = new Float64Array(course.at(zero).length);
    for (const shift of [zero, ...shifts]) {
      const dose = course.at(shift);
      const inside = isRestricted ? isInside(shift) : undefined;
      for (let v = 0; v < most.length; v++) {
        if (inside?.[v] === 0) continue;
        const e = eqd2OrZero(dose[v]!, course.fractions, alphaBeta);
        if (e > most[v]!) most[v] = e;
      }
    }
    return most;
  };
  const largest = (a: Float64Array, b: Float64Array): number => a.reduce((m, e, v) => Math.max(m, e + b[v]!), 0);
  const random = createRandom(seed);
  const draw = (s: Vec3): Vec3 => [s[0] * random.normal(), s[1] * random.normal(), s[2] * random.normal()];
  const draws = Float64Array.from({ length: samples }, () => maximumAt(input, draw(sd.prior), draw(sd.now)));
  const mean = draws.reduce((a, b) => a + b, 0) / samples;
  draws.sort();
  return {
    nominal: maximumAt(input, zero, zero),
    worst: largest(envelope(prior, priorShifts, false), envelope(nowEnvelope, nowShifts, false)),
    worstInside: largest(envelope(prior, priorShifts, true), envelope(nowEnvelope, nowShifts, true)),
    expected: mean,
    percentile95: draws[Math.min(samples - 1, Math.ceil(0.95 * samples) - 1)]!,
    samples,
  };
}

const zero: Vec3 = [0, 0, 0];

function maximumAt({ prior, now, alphaBeta }: PositionInput, p: Vec3, n: Vec3): number {
  const before = prior.at(p);
  const after = now.at(n);
  let most = 0;
  for (let v = 0; v < before.length; v++) {
    const sum = eqd2OrZero(before[v]!, prior.fractions, alphaBeta) + eqd2OrZero(after[v]!, now.fractions, alphaBeta);
    if (sum > most) most = sum;
  }
  return most;
}

/** Places without a known dose are no maximum. */
function eqd2OrZero(dose: number, fractions: number, alphaBeta: number): number {
  return dose > 0 ? eqd2(dose, fractions, alphaBeta) : 0;
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
  const share = (x: number, s: number): number => (s === 0 ? 0 : (x / s) ** 2);
  for (const z of along(c)) {
    for (const y of along(b)) {
      for (const x of along(a)) if (share(x, a) + share(y, b) + share(z, c) <= 1 + 1e-9) shifts.push([x, y, z]);
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
export function movedDose(dose: DoseVolume & { readonly fractions?: number }, points: Float64Array): ShiftedCourse {
  return { fractions: dose.fractions!, at: (shift) => valuesAt(dose, points, shift) };
}

/** 1 where the nearest voxel of a point, less the shift, holds any of the mask. */
export function insideOf(mask: Volume<'mask'>, points: Float64Array): (shift: Vec3) => Uint8Array {
  const { shape, origin, spacing } = mask.grid;
  const [nz, ny, nx] = shape;
  return (shift) => {
    const out = new Uint8Array(points.length / 3);
    for (let v = 0; v < out.length; v++) {
      const [i, j, k] = [0, 1, 2].map((a) =>
        Math.round((points[3 * v + a]! - shift[a]! - origin[a]!) / spacing[a]!),
      ) as [number, number, number];
      const isIn = i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz;
      out[v] = isIn && mask.data[i + nx * (j + ny * k)]! > 0 ? 1 : 0;
    }
    return out;
  };
}

function valuesAt({ grid, data }: DoseVolume, points: Float64Array, shift: Vec3): Float64Array {
  const [nz, ny, nx] = grid.shape;
  const counts = [nx, ny, nz];
  const strides = [1, nx, nx * ny];
  const out = new Float64Array(points.length / 3);
  const weight = [0, 0, 0];
  const step = [0, 0, 0];
  for (let v = 0; v < out.length; v++) {
    let at = 0;
    for (let a = 0; a < 3; a++) {
      const p = (points[3 * v + a]! - shift[a]! - grid.origin[a]!) / grid.spacing[a]!;
      const inside = Math.min(Math.max(p, 0), counts[a]! - 1);
      const lower = Math.min(Math.floor(inside), Math.max(0, counts[a]! - 2));
      weight[a] = inside - lower;
      // No step where there is no weight: a neighbour without a value must not spoil a voxel of its own.
      step[a] = weight[a] === 0 ? 0 : strides[a]!;
      at += lower * strides[a]!;
    }
    const line = (n: number): number => data[n]! + weight[0]! * (data[n + step[0]!]! - data[n]!);
    const plane = (n: number): number => line(n) + weight[1]! * (line(n + step[1]!) - line(n));
    out[v] = plane(at) + weight[2]! * (plane(at + step[2]!) - plane(at));
  }
  return out;
}
