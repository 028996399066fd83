/**
 * Where the interior-point method starts: positive weights whose dose keeps every limit with room to spare.
 */
import { InvalidInputError } from '../core/errors.js';
import type { LinearOperator } from '../core/linear-operator.js';
import { evaluateAll, type HalfSpaces, halfSpaceCount, slacksOf } from './half-spaces.js';
import type { Objective } from './objective/objective.js';

export interface StartingPoint {
  readonly weights: Float64Array;
  readonly dose: Float64Array;
}

/** Given weights below this fraction of their mean are raised to it: the method needs them positive. */
const LEAST = 0.05;
/** Room that every limit must have, fraction of its bound. */
const ROOM = 1e-4;

/**
 * Equal weights, or given ones made positive, scaled to the least objective that the limits allow.
 *
 * @returns undefined where no scale keeps the limits; then the limits need a search of their own
 * @throws {InvalidInputError} if no weight gives dose to any row, or given weights are not finite
 */
export function scaledStart(
  operator: LinearOperator,
  objectives: readonly Objective[],
  constraints: HalfSpaces,
  given?: Float64Array,
): StartingPoint | undefined {
  const weights = given ? raised(given, operator.columns) : new Float64Array(operator.columns).fill(1);
  const dose = operator.apply(weights, new Float64Array(operator.rows));
  const highest = dose.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  if (!(highest > 0)) {
    throw new InvalidInputError(
      'optimise: equal weights give no dose to any voxel: the beams miss what is to be planned. Move the isocentre or the beams.',
    );
  }
  const slacks = new Float64Array(halfSpaceCount(constraints));
  const scaled = new Float64Array(dose.length);
  const ignored = new Float64Array(dose.length);
  const valueAt = (scale: number): number => {
    multiply(dose, scale, scaled);
    if (!isInside(constraints, slacksOf(constraints, scaled, slacks))) return Infinity;
    return evaluateAll(objectives, scaled, ignored);
  };
  // Largest doses of 0.01 to 1000 Gy in steps of a sixth; near a given plan finer, below its limits.
  const scales = given
    ? [1, 0.9995, 0.998, 0.995, 0.99, 0.98, 0.96, 0.93, 0.9, 0.8]
    : Array.from({ length: 76 }, (_, q) => (0.01 / highest) * 1e5 ** (q / 75));
  let best = Infinity;
  let chosen = 0;
  for (const scale of scales) {
    const value = valueAt(scale);
    if (value < best) {
      best = value;
      chosen = scale;
    }
  }
  if (chosen === 0) return undefined;
  return { weights: weights.map((w) => chosen * w), dose: dose.map((d) => chosen * d) };
}

function multiply(values: Float64Array, by: number, out: Float64Array): void {
  for (let i = 0; i < values.length; i++) out[i] = by * values[i]!;
}

/** The same without regard to limits, of which some are broken. */
export function outsideStart(
  operator: LinearOperator,
  objectives: readonly Objective[],
  given?: Float64Array,
): StartingPoint {
  const none: HalfSpaces = {
    rows: new Int32Array(0),
    signs: new Float64Array(0),
    bounds: new Float64Array(0),
    planes: [],
  };
  return scaledStart(operator, objectives, none, given)!;
}

/** Parts of the interior weights that are tried, the least first. */
const PARTS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
/** What a mixture must keep of the margins that the interior weights have. */
const KEPT = 0.01;

/**
 * As much of the given weights as goes with a margin everywhere, the rest of the interior ones; these alone without given ones.
 *
 * @param interior weights > 0 that keep every half-space with a margin
 * @returns undefined where the interior ones have no margin somewhere
 */
export function mixedStart(
  operator: LinearOperator,
  constraints: HalfSpaces,
  interior: Float64Array,
  given: Float64Array = interior,
): StartingPoint | undefined {
  const slacksAt = (weights: Float64Array): { dose: Float64Array; slacks: Float64Array } => {
    const dose = operator.apply(weights, new Float64Array(operator.rows));
    return { dose, slacks: slacksOf(constraints, dose, new Float64Array(halfSpaceCount(constraints))) };
  };
  const inside = slacksAt(interior);
  if (!inside.slacks.every((slack) => slack > 0) || !interior.every((w) => w > 0)) return undefined;
  if (given === interior) return { weights: interior.slice(), dose: inside.dose };
  const outer = slacksAt(given);
  const part =
    PARTS.find((p) => inside.slacks.every((slack, k) => p * slack + (1 - p) * outer.slacks[k]! >= KEPT * slack)) ?? 1;
  const mix = (a: Float64Array, b: Float64Array): Float64Array =>
    a.map((value, i) => part * value + (1 - part) * b[i]!);
  return { weights: mix(interior, given), dose: mix(inside.dose, outer.dose) };
}

/** Whether every slack is a little above zero. */
export function isInside(constraints: HalfSpaces, slacks: Float64Array): boolean {
  const { bounds, planes } = constraints;
  for (let i = 0; i < bounds.length; i++) if (!(slacks[i]! > ROOM * Math.abs(bounds[i]!))) return false;
  for (let p = 0; p < planes.length; p++) {
    if (!(slacks[bounds.length + p]! > ROOM * Math.abs(planes[p]!.bound))) return false;
  }
  return true;
}

function raised(given: Float64Array, columns: number): Float64Array {
  if (given.length !== columns || given.some((w) => !Number.isFinite(w) || w < 0)) {
    throw new InvalidInputError(
      `optimise: ${given.length} starting weights for ${columns} columns, or one that is negative or not finite. Give one >= 0 for each.`,
    );
  }
  const mean = given.reduce((a, b) => a + b, 0) / columns;
  const least = mean > 0 ? LEAST * mean : 1;
  return given.map((w) => Math.max(w, least));
}
