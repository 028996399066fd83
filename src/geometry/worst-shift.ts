/**
 * The largest value of a function over all shifts within an ellipsoid, searched continuously.
 *
 * A design of 26 directions (axes, edges and corners of a cube) on the surface, and no shift at all, says where peaks
 * may be; from the highest ones that lie apart, steps that shorten from a third of the semi-axes to a fiftieth climb to the top. The largest of smooth
 * functions, as the maximum of a dose over voxels is, peaks where one of them does: what the last step leaves is of second order.
 * The function is asked for many shifts at once.
 */
import { checkNonNegative } from '../core/check.js';
import type { Vec3 } from './grid.js';

export interface ShiftValue {
  /** mm */
  readonly shift: Vec3;
  readonly value: number;
}

export interface ShiftSearch {
  readonly worst: ShiftValue;
  /** Peaks that lie apart, the highest, {@link worst}, first. */
  readonly peaks: readonly ShiftValue[];
  /** Shifts that the function was asked for. */
  readonly evaluated: number;
}

export interface ShiftSearchOptions {
  /** First shifts, in fractions of the semi-axes. @default none, and 26 directions */
  readonly design?: readonly Vec3[];
  /** Peaks that are climbed, at most. @default 6 */
  readonly largest?: number;
}

/** Values of shifts; the first call is for the whole design. */
export type ShiftFunction = (shifts: readonly Vec3[]) => ArrayLike<number>;

/** Peaks that are climbed, at most. */
const PEAKS = 6;
/** Distance of places, fractions of the semi-axes, from which on they are apart. */
const APART = 0.35;
const FIRST_STEP = 1 / 3;
const LAST_STEP = 1 / 50;
/** Steps in all reach 0.9 of the semi-axes; from a peak to the nearest of the design it is half of that. */
const SHORTER = 0.65;

const NUMBERS = [-1, 0, 1];
const DIRECTIONS: readonly Vec3[] = NUMBERS.flatMap((x) => NUMBERS.flatMap((y) => NUMBERS.map((z): Vec3 => [x, y, z])))
  .filter((d) => d.some((c) => c !== 0))
  .map((d) => scaled(d, 1 / Math.hypot(...d)));

/** Along the axes, and to the corners. */
const STEPS = DIRECTIONS.filter((d) => d.filter((c) => c === 0).length !== 1);

/** Shifts of the design, in fractions of the semi-axes. */
const DESIGN: readonly Vec3[] = [[0, 0, 0], ...DIRECTIONS];

/**
 * @param semiAxes x, y, z of the ellipsoid, mm, >= 0; three equal ones make a ball
 * @throws {InvalidInputError} for a negative semi-axis
 */
export function searchWorstShift(
  semiAxes: Vec3,
  values: ShiftFunction,
  { design = DESIGN, largest = PEAKS }: ShiftSearchOptions = {},
): ShiftSearch {
  for (const axis of semiAxes) checkNonNegative('shift search: semi-axis in mm', axis);
  const known = new Map<string, Climber>();
  const ask = (places: readonly Vec3[]): void => {
    const asked = new Map<string, Vec3>();
    for (const place of places) {
      const key = keyOf(shiftOf(place, semiAxes));
      if (!known.has(key)) asked.set(key, place);
    }
    if (asked.size === 0) return;
    const shifts = [...asked.values()].map((place) => shiftOf(place, semiAxes));
    const found = values(shifts);
    [...asked].forEach(([key, place], q) => {
      known.set(key, { place, shift: shifts[q]!, value: found[q]! });
    });
  };
  const at = (place: Vec3): Climber => known.get(keyOf(shiftOf(place, semiAxes)))!;
  ask(design);
  let climbers = apart([...known.values()], largest);
  for (let step = FIRST_STEP; step >= LAST_STEP; step *= SHORTER) {
    const around = climbers.map(({ place }) => STEPS.map((d) => within(plus(place, scaled(d, step)))));
    ask(around.flat());
    // Those that have come to one peak go on as one.
    climbers = apart(
      climbers.map((own, q) => around[q]!.map(at).reduce((a, b) => (b.value > a.value ? b : a), own)),
      largest,
    );
  }
  const best = [...known.values()].reduce((a, b) => (b.value > a.value ? b : a));
  const peaks = apart([best, ...climbers], largest);
  return { worst: peaks[0]!, peaks, evaluated: known.size };
}

interface Climber extends ShiftValue {
  /** The shift in fractions of the semi-axes. */
  readonly place: Vec3;
}

/** The highest that lie apart, the highest first. */
function apart(all: readonly Climber[], largest: number): Climber[] {
  const chosen: Climber[] = [];
  for (const one of [...all].sort((a, b) => b.value - a.value)) {
    if (chosen.length === largest) break;
    if (chosen.every(({ place }) => Math.hypot(...plus(place, scaled(one.place, -1))) >= APART)) chosen.push(one);
  }
  return chosen;
}

const shiftOf = (place: Vec3, semiAxes: Vec3): Vec3 => [
  place[0] * semiAxes[0],
  place[1] * semiAxes[1],
  place[2] * semiAxes[2],
];
/** Equal for shifts that differ by rounding only, and for 0 and -0. */
const keyOf = (shift: Vec3): string => shift.map((s) => Math.round(1e9 * s) + 0).join(' ');

function scaled([x, y, z]: Vec3, factor: number): Vec3 {
  return [x * factor, y * factor, z * factor];
}

function plus([x, y, z]: Vec3, [u, v, w]: Vec3): Vec3 {
  return [x + u, y + v, z + w];
}

/** The nearest place of the unit ball. */
function within(place: Vec3): Vec3 {
  const length = Math.hypot(...place);
  return length > 1 ? scaled(place, 1 / length) : place;
}
