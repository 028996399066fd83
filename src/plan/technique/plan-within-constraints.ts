/** A plan under the bounds of the cord and of any other structures, every voxel of which is checked, and under all that the case asks to be held. */
import { forever, type TimeLeft } from '../../core/deadline.js';
import type { Dvh } from '../../evaluate/dvh.js';
import type { Machine } from '../../machine/machine.js';
import { askedCourse, parseConstraints } from '../asked/asked-constraint.js';
import { readObjectives } from '../asked/asked-objective.js';
import type { StructureTolerance } from '../constraint/structure-tolerance.js';
import { cordMaxima } from '../constraint/voxel-maximum.js';
import type { PlanCase, Technique } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { FollowedTargets } from '../problem/followed-targets.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { goalsOf } from '../problem/posed-goal.js';
import { maximumName, type RowConflict, refuseConflict, rowConflict, rowMaxima } from '../problem/row-maxima.js';
import { doseOfPlan, drawnDvh } from './drawn-dvh.js';
import { planConformal } from './fcrt.js';
import { FollowedConstraints } from './followed-constraints.js';
import { FollowedGoals, type ListRows } from './followed-goals.js';
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
  extends Pick<ModulatedOptions, 'onProgress' | 'timeLeft' | 'isNominal' | 'further' | 'prior' | 'keptRows'> {
  /** What the prior course leaves. */
  readonly tolerances: readonly StructureTolerance[];
  /** Rows of the bounded structures besides the cord; more are added where a plan needs them. */
  readonly rows: WorkingSet;
}

/**
 * The plan of a technique that keeps every bound, or as many as its prescription allows where that is to hold. Where a voxel
 * that is no row of the optimiser is above its bound, rows are added and the plan is made again; where a constraint of the case is
 * missed in the reported dose, the optimiser is held to more; and where one of several targets does not receive its dose, it is asked for more.
 */
export function planWithinConstraints(
  technique: Technique,
  model: PatientModel,
  planCase: PosedCase & Pick<PlanCase, 'fcrt' | 'imrt' | 'constraints' | 'priorities'>,
  machine: Machine,
  { tolerances, rows, timeLeft = forever, ...options }: ConstrainedOptions,
): SolvedPlan {
  const isHard = planCase[technique].hold === 'cord';
  const asked = parseConstraints(planCase.constraints, askedCourse(planCase));
  const goals = isHard ? goalsOf(planCase) : [];
  const targets = new FollowedTargets(model, technique === 'imrt' ? askedByLevel(planCase) : []);
  const isFollowed = asked.length > 0 || goals.length > 0 || !targets.isEmpty;
  const followed = new FollowedConstraints(asked, model, planCase);
  const ordered = new FollowedGoals(goals, model, planCase);
  const named = (structure: string): string => maximumName(structure, asked, model.cord);
  const make = technique === 'fcrt' ? planConformal : planModulated;
  const kept = new KeptInfluence();
  let lastRound = isFollowed ? HELD_ROUNDS : ROUNDS;
  model.onStage('planning voxels');
  let voxels = rows.choose();
  let planned: SolvedPlan | undefined;
  let before: SolvedPlan | undefined;
  const end = (plan: SolvedPlan): SolvedPlan =>
    ordered.told(isHard ? settled(keptOf(plan, before, followed), followed, timeLeft) : plan);
  try {
    for (let round = 1; ; round++) {
      const largest = followed.cordMaximum(planCase.cordCap);
      const maxima = cordMaxima(tolerances, model, largest, voxels.cord.voxels);
      const organs = followed.organMaxima(rows.given);
      const largestOfRows = rowMaxima(voxels, model.cord, maxima, organs);
      const held = followed.heldUnder(largestOfRows);
      const conflict = isHard ? rowConflict(held, voxels, largestOfRows) : undefined;
      if (conflict !== undefined) return endedBy(conflict, planned, named);
      const start: Float64Array | undefined = isFollowed ? (planned?.fluence ?? planned?.solution.weights) : undefined;
      planned = make(model, voxels, planCase, machine, {
        ...options,
        maxima,
        organs,
        held,
        lists: ordered.on(voxels),
        aims: targets.aims,
        start,
        timeLeft,
        ...(isFollowed && { kept }),
      });
      const isGivenUp = hasNone(planned);
      if (timeLeft() === 0 || round === lastRound || (isGivenUp && !lessIsHeld(planned, voxels, followed))) {
        return end(planned);
      }
      if (isGivenUp) continue;
      before = planned;
      const next = followPlan(
        planned,
        { voxels, maxima: largestOfRows },
        { rows, followed, ordered, targets, model },
        {
          isHard,
          isLastButOne: round === lastRound - 1,
        },
      );
      const blocked = followed.conflict;
      if (blocked !== undefined) return withConflict(planned, [blocked.asked.text, ...blocked.structures.map(named)]);
      if (next.isSame) return ordered.told(planned);
      if (next.hasBegun) lastRound = round + HELD_ROUNDS;
      if (next.hasRows) voxels = withRows(rows, voxels, followed, model);
    }
  } finally {
    kept.close();
  }
}

/** What follows from plan to plan. */
interface Followed {
  readonly rows: WorkingSet;
  readonly followed: FollowedConstraints;
  readonly ordered: FollowedGoals;
  readonly targets: FollowedTargets;
  readonly model: PatientModel;
}

/** Lets all that is held follow a plan, each by what it misses; lists begin once the case's constraints are kept, or nearly all rounds are over. */
function followPlan(
  planned: SolvedPlan,
  at: ListRows,
  { rows, followed, ordered, targets, model }: Followed,
  { isHard, isLastButOne }: { readonly isHard: boolean; readonly isLastButOne: boolean },
): { readonly hasRows: boolean; readonly hasBegun: boolean; readonly isSame: boolean } {
  const { scale } = planned;
  const hasRows = rows.extend(planned.dose.data.map((dose) => dose / scale));
  const hasMoved = isHard && followed.follow(planned, at.voxels, at.maxima);
  const hasAimed = targets.follow(targetDvhs(model, planned));
  const isSettled = !hasRows && (!hasMoved || isLastButOne);
  const lists = ordered.follow(planned, isSettled ? at : undefined);
  if (lists === 'begun') followed.tighten();
  const isSame = !hasRows && !hasMoved && !hasAimed && lists === 'as they were';
  return { hasRows, hasBegun: lists === 'begun', isSame };
}

/** The voxels with the rows that were added; what is held by number has the new ones. */
function withRows(
  rows: WorkingSet,
  old: PlanningVoxels,
  followed: FollowedConstraints,
  model: PatientModel,
): PlanningVoxels {
  model.onStage('planning voxels');
  const voxels = rows.choose();
  followed.renumber(old, voxels);
  return voxels;
}

/** DVHs of a plan in structures as they are drawn. */
function targetDvhs(model: PatientModel, plan: SolvedPlan): (structure: string) => Dvh {
  const doseIn = doseOfPlan(plan, model);
  return (structure) => drawnDvh(model, structure, doseIn);
}

/** The structures that objectives ask for a fraction of the level; whole fields can give no part of their target more. */
const askedByLevel = (planCase: PosedCase): (string | undefined)[] =>
  readObjectives(planCase.objectives, planCase, true).flatMap(({ structure, ofLevel }) =>
    ofLevel === undefined ? [] : [structure],
  );

/** No plan that keeps the constraints was found, be it proven that there is none or not: another round of the same would find none either. */
const hasNone = ({ solution: { status, certificate } }: SolvedPlan): boolean =>
  status === 'infeasible' || (status === 'unproven' && certificate.lowerBound === null);

/** After a plan that could not keep all that was held: whether the next is held to less, down to what every plan keeps that keeps what is asked. */
function lessIsHeld(planned: SolvedPlan, voxels: PlanningVoxels, followed: FollowedConstraints): boolean {
  return followed.loosen(planned, voxels) || (planned.solution.status === 'infeasible' && followed.relax());
}

/**
 * A plan as it ends: one that breaks what the case asks for is not called reached, and what was not to be kept is not called impossible
 * where more was held than asked.
 */
function settled({ conflict, ...made }: SolvedPlan, followed: FollowedConstraints, timeLeft: TimeLeft): SolvedPlan {
  const isImpossible = made.solution.status === 'infeasible' && !followed.isMoreThanAsked;
  if (isImpossible || followed.broken(made).length === 0) return { ...made, ...(conflict && { conflict }) };
  return { ...made, solution: { ...made.solution, status: timeLeft() === 0 ? 'time-limit' : 'unproven' } };
}

/** A plan whose last round has lost the constraints, in want of time or of a start, gives way to the one before if that keeps them: lists have made it so. */
function keptOf(plan: SolvedPlan, before: SolvedPlan | undefined, followed: FollowedConstraints): SolvedPlan {
  const { status } = plan.solution;
  const isLost = status === 'time-limit' || status === 'unproven';
  if (!isLost || before === undefined || before === plan) return plan;
  if (followed.broken(plan).length === 0 || followed.broken(before).length > 0) return plan;
  return { ...before, solution: { ...before.solution, status } };
}

/** What two that exclude each other leave: a refusal before anything is planned, or the plan so far with what conflicts. */
function endedBy(
  conflict: RowConflict,
  planned: SolvedPlan | undefined,
  named: (structure: string) => string,
): SolvedPlan {
  if (planned === undefined) refuseConflict(conflict, named);
  return withConflict(planned, [conflict.low.asked.text, named(conflict.structure)]);
}

/** A plan of which no next one keeps all: these exclude each other in voxels that they share. */
const withConflict = (made: SolvedPlan, conflict: readonly string[]): SolvedPlan => ({
  ...made,
  solution: { ...made.solution, status: 'infeasible' },
  conflict,
});
