/**
 * Goals of a case's priorities on the rows of the optimiser.
 *
 * A goal on a volume is not convex. As of a constraint on one, the rows that a plan by the objectives alone gives most (or least, where it
 * is from above) stand for it, one by one: how far they miss is how far the goal is missed. The choice is ours, and what is proven of such
 * a goal is proven for it.
 */
import { type Constraint, maximumMean, minimumMean } from '../../optimize/constraint.js';
import type { Goal } from '../../optimize/goal.js';
import type { VoxelSet } from '../../optimize/objective/objective.js';
import { type AskedConstraint, askedCourse } from '../asked/asked-constraint.js';
import { type AskedPriority, parsePriority } from '../asked/asked-priority.js';
import type { PlanCase } from '../input/plan-case.js';
import { constraintOn, freeOf, heldRows } from './held-constraint.js';
import type { PlanningVoxels } from './planning-voxels.js';
import type { RowMaxima } from './row-maxima.js';

/** What lists may change the target's mean by, fraction. */
const BAND = 1e-3;

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
  /** Of a plan, Gy, one per row: which rows stand for a volume. */
  readonly dose: Float64Array;
  readonly maxima: RowMaxima;
}

export function poseGoal({ asked, isLeast, factor }: FollowedGoal, site: GoalSite): Goal {
  const dose = asked.dose * factor;
  const constraint = constraintOn(asked, setOf(asked, dose, site), dose, site.fractions);
  return { constraint, ...(isLeast && { isLeast }) };
}

/** The rows of a goal: of one on a volume those that are chosen for it. */
function setOf(asked: AskedConstraint, wanted: number, { voxels, volumeOf, dose, maxima }: GoalSite): VoxelSet {
  const { form, sign, structure } = asked;
  const set = voxels.structures.get(structure)!;
  if (form.kind !== 'volume') return set;
  const isForbidden = (row: number): boolean => sign < 0 && (maxima.get(row)?.bound ?? Infinity) <= wanted;
  const rows = heldRows(set, { dose, free: freeOf(asked, volumeOf(structure)), sign, isForbidden });
  return rows.length > 0 ? { ...set, rows } : set;
}

/** Goals in order as a technique is given them. */
export interface AskedLists {
  readonly goals: readonly (readonly FollowedGoal[])[];
  /** Gy, one per row, of the plan by the objectives alone. */
  readonly dose: Float64Array;
  /** What the lists hold in the prescription's place, on its rows, Gy; absent where nothing is prescribed. */
  readonly mean?: number;
}

/** The constraints of lists that stand for a prescription. @param name of the target */
export function meanHeld(name: string, rows: VoxelSet, { mean }: Pick<AskedLists, 'mean'>): Constraint[] {
  if (mean === undefined) return [];
  const text = `prescription (${name} Mean)`;
  return [minimumMean(`${text} from below`, rows, mean * (1 - BAND)), maximumMean(text, rows, mean * (1 + BAND))];
}
