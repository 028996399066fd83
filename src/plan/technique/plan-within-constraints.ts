/** A plan under the bounds of the cord and of any other structures, every voxel of which is checked, and under all that the case asks to be held. */
import { forever } from '../../core/deadline.js';
import type { Machine } from '../../machine/machine.js';
import { parseConstraints } from '../asked/asked-constraint.js';
import type { StructureTolerance } from '../constraint/structure-tolerance.js';
import { cordMaxima } from '../constraint/voxel-maximum.js';
import type { PlanCase, Technique } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { constrainedVoxels, largestOf } from '../problem/constrained-voxels.js';
import { goalsOf } from '../problem/posed-goal.js';
import { planConformal } from './fcrt.js';
import { FollowedConstraints } from './followed-constraints.js';
import { type ModulatedOptions, planModulated } from './imrt.js';
import { KeptInfluence } from './prepared-influence.js';
import type { PosedCase, SolvedPlan } from './technique-plan.js';
import type { WorkingSet } from './working-set.js';

/** Plans made of one technique, at most: after the last one the scaling to the bounds stands. */
const ROUNDS = 4;
/** The same where the case asks for constraints, whose bounds follow what was missed. */
const HELD_ROUNDS = 10;

/** What holds besides the case's cap, and how it is planned. */
export interface ConstrainedOptions
  extends Pick<ModulatedOptions, 'onProgress' | 'timeLeft' | 'isNominal' | 'further' | 'prior'> {
  /** What the prior course leaves. */
  readonly tolerances: readonly StructureTolerance[];
  /** Rows of the bounded structures besides the cord; more are added where a plan needs them. */
  readonly rows: WorkingSet;
}

/**
 * The plan of a technique that keeps every bound, or as many as its prescription allows where that is to hold. Where a voxel
 * that is no row of the optimiser is above its bound, rows are added and the plan is made again; where a constraint of the case is
 * missed in the reported dose, the optimiser is held to more.
 */
export function planWithinConstraints(
  technique: Technique,
  model: PatientModel,
  planCase: PosedCase & Pick<PlanCase, 'fcrt' | 'imrt' | 'constraints' | 'priorities'>,
  machine: Machine,
  { tolerances, rows, timeLeft = forever, ...options }: ConstrainedOptions,
): SolvedPlan {
  const isHard = planCase[technique].hold === 'cord';
  const asked = parseConstraints(planCase.constraints, planCase.prescription);
  const goals = isHard ? goalsOf(planCase) : [];
  const isFollowed = asked.length > 0 || goals.length > 0;
  const followed = new FollowedConstraints(asked, goals, model);
  const make = technique === 'fcrt' ? planConformal : planModulated;
  const kept = new KeptInfluence();
  model.onStage('planning voxels');
  let voxels = rows.choose();
  let start: Float64Array | undefined;
  try {
    for (let round = 1; ; round++) {
      const { held, goals } = followed;
      const largest = followed.cordMaximum(planCase.cordCap);
      const maxima = cordMaxima(tolerances, model, largest, voxels.cord.voxels);
      const organs = followed.organMaxima(rows.given);
      const planned = make(model, voxels, planCase, machine, {
        ...options,
        maxima,
        organs,
        held,
        goals,
        start,
        timeLeft,
        ...(isFollowed && { kept }),
      });
      const { status } = planned.solution;
      if (timeLeft() === 0 || status === 'infeasible') return planned;
      if (round === (isFollowed ? HELD_ROUNDS : ROUNDS)) return planned;
      const unscaled = planned.dose.data.map((dose) => dose / planned.scale);
      const hasRows = rows.extend(unscaled);
      const hasMoved = isHard && followed.follow(planned, voxels, largestOf(constrainedVoxels(voxels, maxima, organs)));
      if (!hasRows && !hasMoved) return planned;
      if (isFollowed) start = planned.solution.weights;
      if (!hasRows) continue;
      model.onStage('planning voxels');
      voxels = rows.choose();
    }
  } finally {
    kept.close();
  }
}
