/**
 * Generalised equivalent uniform dose, gEUD = (sum v_i d_i^a / sum v_i)^(1/a), above or below a level, squared.
 *
 * For a >= 1 gEUD is convex in the dose and `max(0, gEUD - level)^2` is, too: organs. For a < 1 it is concave, and
 * `max(0, level - gEUD)^2` is convex: targets. The other two combinations are not convex and are refused.
 *
 * @see Niemierko, Med. Phys. 26 (1999) 1100
 * @see Choi and Deasy, Phys. Med. Biol. 47 (2002) 3579, doi:10.1088/0031-9155/47/20/302 (convexity)
 */
import { checkFinite } from '../../core/check.js';
import { InvalidInputError } from '../../core/errors.js';
import { checkObjective, type Level, type Objective, shown, type VoxelSet } from './objective.js';

/** What a gEUD weighs, and from which side a level bounds it. */
export interface GeudOptions {
  /** Exponent, not 0: large where the maximum counts, 1 for the mean, negative where the minimum counts. */
  readonly a: number;
  /** `above`: dose beyond the level costs (a >= 1); `below`: what it lacks costs (a < 1). */
  readonly side: 'above' | 'below';
}

/** Below this dose, Gy, powers of dose are taken at it: d^a has no value at zero for a < 0. */
const FLOOR = 1e-3;

/** gEUD of rows, Gy; `gradient`, where given, receives its gradient times `scale`, added. */
export function generalisedEud(
  dose: Float64Array,
  { rows, volumes }: VoxelSet,
  a: number,
  gradient?: Float64Array,
  scale = 1,
): number {
  let largest = FLOOR;
  let total = 0;
  for (let q = 0; q < rows.length; q++) {
    largest = Math.max(largest, dose[rows[q]!]!);
    total += volumes[q]!;
  }
  // Relative to the largest dose, so that no power overflows.
  let sum = 0;
  for (let q = 0; q < rows.length; q++) sum += volumes[q]! * (Math.max(FLOOR, dose[rows[q]!]!) / largest) ** a;
  const value = largest * (sum / total) ** (1 / a);
  if (gradient) {
    for (let q = 0; q < rows.length; q++) {
      const d = dose[rows[q]!]!;
      if (d > FLOOR) gradient[rows[q]!]! += scale * (volumes[q]! / total) * (d / value) ** (a - 1);
    }
  }
  return value;
}

/**
 * Generalised equivalent uniform dose beyond a level, squared, Gy^2: `max(0, gEUD - p)^2`, or `max(0, p - gEUD)^2` from below, with
 * `gEUD = (sum v_i d_i^a / sum v_i)^(1/a)`. Convex in both forms that it takes.
 *
 * @param weight importance relative to the others, > 0
 * @throws {InvalidInputError} for a combination of exponent and side that is not convex
 * @see Niemierko, Med. Phys. 26 (1999) 1100; Choi and Deasy, Phys. Med. Biol. 47 (2002) 3579
 */
export function squaredGeud(
  name: string,
  set: VoxelSet,
  level: Level,
  options: GeudOptions,
  weight: number,
): Objective {
  const { a, side } = options;
  const total = checkObjective(name, set, weight);
  checkGeudExponent(`objective "${name}"`, a, side);
  const sign = side === 'above' ? 1 : -1;
  const { rows, volumes } = set;
  let slope = new Float64Array(0);
  /** Value and slope of gEUD; the slope of the last dose asked for. */
  const eud = (dose: Float64Array): number => {
    if (slope.length !== dose.length) slope = new Float64Array(dose.length);
    for (const row of rows) slope[row] = 0;
    return generalisedEud(dose, set, a, slope);
  };
  return {
    name,
    weight,
    isConvex: true,
    isRising: side === 'above',
    rows: set.rows,
    describe: () =>
      `${shown(weight)} max(0, ${side === 'above' ? `gEUD_${shown(a)}(d) - ${shown(level.value)}` : `${shown(level.value)} - gEUD_${shown(a)}(d)`})^2 over ${name}`,
    evaluate(dose, gradient) {
      const miss = sign * (eud(dose) - level.value);
      if (miss <= 0) return 0;
      for (const row of rows) gradient[row]! += 2 * weight * miss * sign * slope[row]!;
      return weight * miss * miss;
    },
    addCurvature(dose, out) {
      const value = eud(dose);
      const miss = sign * (value - level.value);
      if (miss <= 0) return;
      for (let q = 0; q < rows.length; q++) {
        const d = dose[rows[q]!]!;
        if (d <= FLOOR) continue;
        const curvature = ((volumes[q]! / total) * (d / value) ** (a - 2)) / value;
        out[rows[q]!]! += 2 * weight * miss * Math.abs(a - 1) * curvature;
      }
    },
    addCoupling(dose, direction, out) {
      const value = eud(dose);
      const miss = sign * (value - level.value);
      if (miss <= 0) return;
      let along = 0;
      for (const row of rows) along += slope[row]! * direction[row]!;
      const factor = 2 * weight * (1 - (miss * Math.abs(a - 1)) / value) * along;
      for (const row of rows) out[row]! += factor * slope[row]!;
    },
    withLevel: (from, to) => squaredGeud(name, set, from === level ? to : level, options, weight),
    ...(side === 'below' && { askedDose: () => level.value }),
  };
}

/** @throws {InvalidInputError} unless the bound of that side is convex for this exponent */
export function checkGeudExponent(what: string, a: number, side: GeudOptions['side']): void {
  checkFinite(`${what}: exponent a`, a);
  if (a === 0 || a >= 1 !== (side === 'above')) {
    throw new InvalidInputError(
      `${what}: gEUD with a = ${a} bounded from ${side} is not convex. Use a >= 1 from above (organs), a < 1 and not 0 from below (targets).`,
    );
  }
}
