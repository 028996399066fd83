/**
 * Planes that stand for convex constraints: each touches one where a plan breaks it, so that every permitted plan keeps it.
 */
import type { LinearOperator } from '../core/linear-operator.js';
import type { Constraint, ConvexConstraint } from './constraint.js';
import { createPlane, type Plane } from './half-spaces.js';

/** Planes ask for this fraction of what a convex limit's bound leaves to the plan more, times the gap to be proven: so a few of them keep the limit itself. */
const TIGHTENING = 2e-3;
/** Halvings that find where a multiple of a dose meets a convex limit. */
const HALVINGS = 40;

/** Planes that touch the convex limits which a dose breaks; each costs half an evaluation. */
export function touchingPlanes(
  operator: LinearOperator,
  constraints: readonly Constraint[],
  dose: Float64Array,
): Plane[] {
  const planes: Plane[] = [];
  for (const constraint of constraints) {
    if (constraint.kind !== 'convex') continue;
    if (constraint.evaluate(dose, new Float64Array(dose.length)) <= constraint.bound) continue;
    const touched = constraint.withoutDose === undefined ? dose : scaledOnto(constraint, dose);
    planes.push(tangentPlane(operator, constraint, touched));
  }
  return planes;
}

/** The plane that touches a convex constraint at a dose. */
export function tangentPlane(operator: LinearOperator, constraint: ConvexConstraint, dose: Float64Array): Plane {
  const slope = new Float64Array(dose.length);
  const value = constraint.evaluate(dose, slope);
  const rows = constraint.rows.filter((row) => slope[row] !== 0);
  const coefficients = Float64Array.from(rows, (row) => slope[row]!);
  const along = rows.reduce((sum, row, q) => sum + coefficients[q]! * dose[row]!, 0);
  const { name, bound } = constraint;
  return { ...createPlane(operator, name, rows, coefficients, bound - value + along), of: constraint };
}

/** Planes of convex limits, held to as much more as the gap asked for allows. */
export function tightenedPlanes(planes: readonly Plane[], gap: number): Plane[] {
  return planes.map((plane) => {
    if (plane.of === undefined) return plane;
    const { bound, withoutDose = 0, tightening: least = 0 } = plane.of;
    const tightening = Math.max(least, TIGHTENING * gap * Math.abs(bound - withoutDose));
    return { ...plane, bound: plane.bound + (plane.tightening ?? 0) - tightening, tightening };
  });
}

/** The multiple of a dose at which a convex limit is just broken: a plane that touches it there cuts off as much as one can. */
function scaledOnto(constraint: ConvexConstraint, dose: Float64Array): Float64Array {
  const ignored = new Float64Array(dose.length);
  const scaled = dose.slice();
  let [kept, broken] = [0, 1];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (kept + broken) / 2;
    for (const row of constraint.rows) scaled[row] = middle * dose[row]!;
    if (constraint.evaluate(scaled, ignored) <= constraint.bound) kept = middle;
    else broken = middle;
  }
  for (const row of constraint.rows) scaled[row] = broken * dose[row]!;
  return scaled;
}
