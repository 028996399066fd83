/**
 * Goals of a case's priorities on the rows of the optimiser.
 *
 * A goal on a volume is not convex. As of a constraint on one, the rows that a plan by the objectives alone gives most (or least, where it
 * is from above) stand for it, one by one: how far they miss is how far the goal is missed. The choice is ours, and what is proven of such
 * a goal is proven for it.
 */
import { constraintInBiologicalDose } from '../../optimize/biological-constraint.js';
import {
  type Constraint,
  maximumDose,
  maximumGeud,
  maximumMean,
  minimumDose,
  minimumGeud,
  minimumMean,
} from '../../optimize/constraint.js';
import type { Goal } from '../../optimize/goal.js';
import { type AskedConstraint, askedCourse } from '../asked/asked-constraint.js';
import { type AskedPriority, parsePriority } from '../asked/asked-priority.js';
import type { PlanCase } from '../input/plan-case.js';
import { freeOf, heldRows } from './held-constraint.js';
import type { PlanningVoxels } from './planning-voxels.js';

/** One goal with what the optimiser asks for in its place. */
export interface FollowedGoal extends AskedPriority {
  /** The optimiser asks for the dose of the goal times this. */
  readonly factor: number;
}

/** The goals of a case, as they are asked for. */
export function goalsOf(
  planCase: Pick<PlanCase, 'priorities' | 'prescription' | 'target' | 'targets'>,
): FollowedGoal[][] {
  const course = askedCourse(planCase);
  return planCase.priorities.map((list) => list.map((text) => ({ ...parsePriority(text, course), factor: 1 })));
}

/** What goals are posed on. */
export interface GoalSite {
  readonly voxels: Pick<PlanningVoxels, 'structures'>;
  /** As it is drawn, cc. */
  readonly volumeOf: (structure: string) => number;
  /** Of this course. */
  readonly fractions: number;
  /** Of a plan by the objectives alone, Gy, one per row: needed where a goal is on a volume. */
  readonly dose?: Float64Array | undefined;
  /** The largest dose that a row may have, Gy. */
  readonly largestOf: (row: number) => number;
}

export function poseGoal(goal: FollowedGoal, site: GoalSite): Goal {
  const { asked, isLeast, factor } = goal;
  const { scale } = asked;
  const constraint = onRows(asked, asked.dose * factor, site);
  return {
    constraint:
      scale === undefined
        ? constraint
        : constraintInBiologicalDose(constraint, { ...scale, fractions: site.fractions }),
    ...(isLeast && { isLeast }),
  };
}

function onRows(
  asked: AskedConstraint,
  dose: number,
  { voxels, volumeOf, dose: given, largestOf }: GoalSite,
): Constraint {
  const { text, form, sign, structure } = asked;
  const set = voxels.structures.get(structure)!;
  switch (form.kind) {
    case 'mean':
      return (sign > 0 ? maximumMean : minimumMean)(text, set, dose);
    case 'gEUD':
      return (sign > 0 ? maximumGeud : minimumGeud)(text, set, form.a, dose);
    case 'extreme':
      return (sign > 0 ? maximumDose : minimumDose)(text, set, dose);
    default: {
      const isForbidden = (row: number): boolean => sign < 0 && largestOf(row) <= dose;
      const rows = heldRows(set, { dose: given!, free: freeOf(asked, volumeOf(structure)), sign, isForbidden });
      return (sign > 0 ? maximumDose : minimumDose)(text, { rows: rows.length > 0 ? rows : set.rows }, dose);
    }
  }
}
