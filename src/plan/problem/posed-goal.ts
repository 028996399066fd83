/**
 * Goals of a case's priorities on the rows of the optimiser.
 *
 * A goal on a volume is none that is convex. In its place stands the mean of the part of the structure that it is on: of the hottest
 * `x` for `Dx <=`, of the coldest rest for `Dx >=`. Who reaches that has reached the goal; the reverse does not hold, so that a goal which
 * is proven to be out of reach is so in this form.
 */
import { constraintInBiologicalDose } from '../../optimize/biological-constraint.js';
import {
  type Constraint,
  maximumDose,
  maximumGeud,
  maximumHottest,
  maximumMean,
  minimumColdest,
  minimumDose,
  minimumGeud,
  minimumMean,
} from '../../optimize/constraint.js';
import type { Goal } from '../../optimize/goal.js';
import type { VoxelSet } from '../../optimize/objective/objective.js';
import type { AskedConstraint } from '../asked/asked-constraint.js';
import { type AskedPriority, parsePriority } from '../asked/asked-priority.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PlanningVoxels } from './planning-voxels.js';

/** One goal with what the optimiser asks for in its place. */
export interface FollowedGoal extends AskedPriority {
  /** The optimiser asks for the dose of the goal times this. */
  readonly factor: number;
}

/** The goals of a case, as they are asked for. */
export const goalsOf = ({
  priorities,
  prescription,
}: Pick<PlanCase, 'priorities' | 'prescription'>): FollowedGoal[][] =>
  priorities.map((list) => list.map((text) => ({ ...parsePriority(text, prescription), factor: 1 })));

/**
 * @param volumeOf a structure as it is drawn, cc
 * @param fractions of this course
 */
export function poseGoal(
  { asked, isLeast, factor }: FollowedGoal,
  { structures }: Pick<PlanningVoxels, 'structures'>,
  volumeOf: (structure: string) => number,
  fractions: number,
): Goal {
  const set = structures.get(asked.structure)!;
  const constraint = onSet(asked, set, asked.dose * factor, volumeOf(asked.structure));
  const { scale } = asked;
  return {
    constraint: scale === undefined ? constraint : constraintInBiologicalDose(constraint, { ...scale, fractions }),
    ...(isLeast && { isLeast }),
  };
}

function onSet({ text, form, sign }: AskedConstraint, set: VoxelSet, dose: number, volumeCc: number): Constraint {
  switch (form.kind) {
    case 'extreme':
      return (sign > 0 ? maximumDose : minimumDose)(text, set, dose);
    case 'mean':
      return (sign > 0 ? maximumMean : minimumMean)(text, set, dose);
    case 'gEUD':
      return (sign > 0 ? maximumGeud : minimumGeud)(text, set, form.a, dose);
    default: {
      const own = form.unit === '%' ? form.volume / 100 : form.volume / volumeCc;
      const hottest = Math.min(1, Math.max(0, form.isRest ? 1 - own : own));
      if (sign > 0) return hottest > 0 ? maximumHottest(text, set, hottest, dose) : maximumDose(text, set, dose);
      return hottest < 1 ? minimumColdest(text, set, 1 - hottest, dose) : minimumDose(text, set, dose);
    }
  }
}
