/**
 * A goal: a constraint that may be missed, at the price of its place in the order of priorities.
 *
 * What it misses is one number t >= 0 in the unit of its bound, Gy: every voxel of it, its mean or its convex function may lie t beyond
 * the bound. So a goal is as convex as its constraint is, and one that is missed by t is that constraint with its bound moved by t.
 */
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { type Constraint, violationOf } from './constraint.js';

/** A constraint that is asked for, not demanded: its bound is the value hoped for. */
export interface Goal {
  /** Its name is the goal's. */
  readonly constraint: Constraint;
  /** True: as low as possible. The constraint's bound, which must be one from above, is not looked at. @default false */
  readonly isLeast?: boolean;
  /**
   * What one Gy of it is measured against, Gy, > 0: goals of one list are missed by the same fraction of their scales rather than by the
   * same Gy. @default the bound; where there is none, the value that it has when its turn comes
   */
  readonly scale?: number;
}

/** Whether a constraint asks for dose rather than against it. */
export const isFromBelow = (constraint: Constraint): boolean =>
  constraint.kind === 'voxels' ? constraint.sign < 0 : constraint.bound < 0;

/** @throws {InvalidInputError} for a scale that is not > 0, or "as low as possible" of what is bounded from below */
export function checkGoal({ constraint, isLeast = false, scale }: Goal): void {
  if (scale !== undefined) checkPositive(`goal "${constraint.name}": scale in Gy`, scale);
  if (isLeast && isFromBelow(constraint)) {
    throw new InvalidInputError(
      `goal "${constraint.name}" asks for as little as possible of what is bounded from below. Give it a value: a dose that it should have.`,
    );
  }
}

/** The constraint of a goal: with a bound of 0 where as little as possible is asked for. */
export const constraintOf = ({ constraint, isLeast = false }: Goal): Constraint =>
  isLeast ? withBound(constraint, 0) : constraint;

/** The value that a goal asks for, Gy, largest where voxels have their own; null for as little as possible. */
export const askedOf = (goal: Goal): number | null => (goal.isLeast ? null : boundOf(goal.constraint));

/** The value that a dose has, Gy; where voxels have bounds of their own, the largest bound and what the worst voxel is beyond its own. */
export function valueAt(goal: Goal, dose: Float64Array): number {
  const constraint = constraintOf(goal);
  const sign = isFromBelow(constraint) ? -1 : 1;
  return boundOf(constraint) + sign * violationOf(constraint, dose).amount;
}

/** The same constraint with a bound that is easier by `by` Gy. */
export function relaxed(constraint: Constraint, by: number): Constraint {
  if (by === 0) return constraint;
  if (constraint.kind !== 'voxels') return { ...constraint, bound: constraint.bound + by };
  return { ...constraint, bounds: constraint.bounds.map((bound) => bound + constraint.sign * by) };
}

function withBound(constraint: Constraint, bound: number): Constraint {
  if (constraint.kind !== 'voxels') return { ...constraint, bound };
  return { ...constraint, bounds: new Float64Array(constraint.rows.length).fill(bound) };
}

/** The bound without its sign, Gy: the largest where voxels have their own. */
export function boundOf(constraint: Constraint): number {
  if (constraint.kind !== 'voxels') return Math.abs(constraint.bound);
  return constraint.bounds.reduce((a, b) => Math.max(a, b), -Infinity);
}
