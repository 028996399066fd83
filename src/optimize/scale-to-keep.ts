/**
 * Factors on a whole plan that bring it onto constraints exactly, where steps and planes have left it a little off.
 */
import { type Constraint, violationOf } from './constraint.js';

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
