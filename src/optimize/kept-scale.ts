/** Multiples of a dose that keep its limits, or just break one. */
import { type Constraint, type ConvexConstraint, violationOf } from './constraint.js';

/** Halvings that find where a multiple of a dose meets a convex limit. */
const HALVINGS = 40;

/** The multiple of a dose at which a convex limit is just broken: a plane that touches it there cuts off as much as one can. */
export function scaledOnto(constraint: ConvexConstraint, dose: Float64Array): Float64Array {
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

/** The factor <= 1 on a dose that keeps a limit from above exactly; 1 where the limit is kept, or is not from above. */
export function scaleToKeep(constraint: Constraint, dose: Float64Array): number {
  if (constraint.kind === 'voxels' && constraint.sign > 0) {
    let scale = 1;
    constraint.rows.forEach((row, q) => {
      if (dose[row]! > constraint.bounds[q]!) scale = Math.min(scale, constraint.bounds[q]! / dose[row]!);
    });
    return scale;
  }
  const { amount } = violationOf(constraint, dose);
  if (constraint.kind === 'voxels' || amount <= 0 || constraint.bound <= 0) return 1;
  // A convex value lies, on the way down to no dose, below the straight line between both ends.
  const least = constraint.kind === 'convex' ? (constraint.withoutDose ?? 0) : 0;
  return (constraint.bound - least) / (constraint.bound + amount - least);
}

/** The factor >= 1 on a dose that a gEUD from below asks for, where planes have left it a little short and nothing stands against it. */
export function scaleToReach(constraints: readonly Constraint[], dose: Float64Array): number {
  let scale = 1;
  for (const constraint of constraints) {
    if (constraint.kind !== 'convex' || constraint.bound >= 0) continue;
    const { amount } = violationOf(constraint, dose);
    if (amount > 0) scale = Math.max(scale, constraint.bound / (constraint.bound + amount));
  }
  if (scale === 1) return 1;
  const raised = dose.map((d) => scale * d);
  const isBroken = (constraint: Constraint): boolean => violationOf(constraint, raised).amount > 1e-9;
  return constraints.some(isBroken) ? 1 : scale;
}
