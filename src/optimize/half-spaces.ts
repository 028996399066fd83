/**
 * All limits of a problem as half-spaces of dose: single rows with a sign, and planes over many rows.
 *
 *     sign_i d_row(i) <= bound_i          a_p' d <= bound_p
 */
import type { LinearOperator } from '../core/linear-operator.js';
import type { Constraint, ConvexConstraint } from './constraint.js';
import type { Objective } from './objective/objective.js';

export interface Plane {
  readonly name: string;
  readonly rows: Int32Array;
  readonly coefficients: Float64Array;
  readonly bound: number;
  /** A' a: what a unit of each weight adds to the left side. */
  readonly column: Float64Array;
  /** How much more than it must be the plane is held to; proofs take `bound + tightening`, which every permitted plan keeps. */
  readonly tightening?: number;
  /** The convex limit that it touches, where it stands for one. */
  readonly of?: ConvexConstraint;
}

export interface HalfSpaces {
  /** Of the single rows: row, sign, sign times bound. */
  readonly rows: Int32Array;
  readonly signs: Float64Array;
  readonly bounds: Float64Array;
  /** As that of planes, one for each row. @default none */
  readonly tightenings?: Float64Array;
  readonly planes: readonly Plane[];
}

/** Multipliers of half-spaces, >= 0: first the rows', then the planes'. */
export type Multipliers = Float64Array;

export const halfSpaceCount = ({ rows, planes }: HalfSpaces): number => rows.length + planes.length;

/** The single rows of all voxel limits, in the order of the limits, and no planes. */
export function rowHalfSpaces(constraints: readonly Constraint[]): HalfSpaces {
  const rows: number[] = [];
  const signs: number[] = [];
  const bounds: number[] = [];
  const tightenings: number[] = [];
  for (const constraint of constraints) {
    if (constraint.kind !== 'voxels') continue;
    const { sign, tightening = 0 } = constraint;
    constraint.rows.forEach((row, q) => {
      rows.push(row);
      signs.push(sign);
      bounds.push(sign * constraint.bounds[q]! - tightening);
      tightenings.push(tightening);
    });
  }
  return {
    rows: Int32Array.from(rows),
    signs: Float64Array.from(signs),
    bounds: Float64Array.from(bounds),
    ...(tightenings.some((t) => t > 0) && { tightenings: Float64Array.from(tightenings) }),
    planes: [],
  };
}

/** The plane coefficients' d <= bound; costs one transpose. */
export function createPlane(
  operator: LinearOperator,
  name: string,
  rows: Int32Array,
  coefficients: Float64Array,
  bound: number,
): Plane {
  const values = new Float64Array(operator.rows);
  for (let q = 0; q < rows.length; q++) values[rows[q]!]! += coefficients[q]!;
  const column = operator.applyTranspose(values, new Float64Array(operator.columns));
  return { name, rows, coefficients, bound, column: Float64Array.from(column) };
}

/** bound - left side for every half-space; overwrites and returns `out`. */
export function slacksOf(
  { rows, signs, bounds, planes }: HalfSpaces,
  dose: Float64Array,
  out: Float64Array,
): Float64Array {
  const m = rows.length;
  for (let i = 0; i < m; i++) out[i] = bounds[i]! - signs[i]! * dose[rows[i]!]!;
  for (let p = 0; p < planes.length; p++) out[m + p] = planes[p]!.bound - leftSide(planes[p]!, dose);
  return out;
}

/** How much every left side changes with a change of dose; overwrites and returns `out`. */
export function changesOf({ rows, signs, planes }: HalfSpaces, change: Float64Array, out: Float64Array): Float64Array {
  const m = rows.length;
  for (let i = 0; i < m; i++) out[i] = signs[i]! * change[rows[i]!]!;
  for (let p = 0; p < planes.length; p++) out[m + p] = leftSide(planes[p]!, change);
  return out;
}

/** Adds sum_k multiplier_k times the k-th left side's coefficients to `out`, one value per row. */
export function addForces({ rows, signs, planes }: HalfSpaces, multipliers: Float64Array, out: Float64Array): void {
  const m = rows.length;
  for (let i = 0; i < m; i++) out[rows[i]!]! += signs[i]! * multipliers[i]!;
  for (let p = 0; p < planes.length; p++) {
    const { rows: own, coefficients } = planes[p]!;
    const force = multipliers[m + p]!;
    for (let q = 0; q < own.length; q++) out[own[q]!]! += force * coefficients[q]!;
  }
}

/** sum_k multiplier_k bound_k, with the bounds that every permitted plan keeps. */
export function boundForce({ rows, bounds, tightenings, planes }: HalfSpaces, multipliers: Multipliers): number {
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += multipliers[i]! * (bounds[i]! + (tightenings?.[i] ?? 0));
  for (let p = 0; p < planes.length; p++) {
    const { bound, tightening = 0 } = planes[p]!;
    sum += multipliers[rows.length + p]! * (bound + tightening);
  }
  return sum;
}

function leftSide({ rows, coefficients }: Plane, dose: Float64Array): number {
  let sum = 0;
  for (let q = 0; q < rows.length; q++) sum += coefficients[q]! * dose[rows[q]!]!;
  return sum;
}

/** Value of all objectives; their gradient is added to `gradient`. */
export function evaluateAll(objectives: readonly Objective[], dose: Float64Array, gradient: Float64Array): number {
  let value = 0;
  for (const objective of objectives) value += objective.evaluate(dose, gradient);
  return value;
}
