/** How a technique's problem is solved: by its objectives alone, or by goals in their order first; and what stands against it where nothing keeps its constraints. */

import { type TimeLeft, timeLimit } from '../../core/deadline.js';
import type { Executor } from '../../core/executor.js';
import type { LinearOperator } from '../../core/linear-operator.js';
import { conflictOf } from '../../optimize/conflict.js';
import type { Constraint } from '../../optimize/constraint.js';
import type { Goal } from '../../optimize/goal.js';
import { findInterior, type InteriorOptions } from '../../optimize/interior-start.js';
import { NormalMatrix, type VoxelSample } from '../../optimize/normal-matrix.js';
import type { PriorityStep } from '../../optimize/priority-step.js';
import { type OrderedSolution, solveInOrder } from '../../optimize/solve-in-order.js';
import type { Solution, SolveProgress } from '../../optimize/solver.js';
import { sampleVoxels } from '../../optimize/voxel-sample.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { type PlanningProblem, prescribedRows } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { type AskedLists, meanHeld, poseGoal } from '../problem/posed-goal.js';
import type { RowMaxima } from '../problem/row-maxima.js';
import type { PlannedPriority } from './technique-plan.js';

/** Seconds that the search for what conflicts may take. */
const CONFLICT_TIME = 60;
/** Plans for which rows of volumes are chosen, at most. */
const CHOICES = 3;
/** Shortfalls, relative to their scales, that differ by less are the same: what is proven of a list. */
const SAME = 1e-3;

/** A planning problem with its operator. */
export interface OperatedProblem extends PlanningProblem {
  readonly operator: LinearOperator;
}

/** When a solve in order ends, and who works and is told. */
export interface OrderedOptions {
  readonly sample?: VoxelSample;
  /** Weights of a plan like it, where a start is searched from. */
  readonly start?: Float64Array | undefined;
  readonly executor: Executor;
  /** Of the objectives, fraction. @default 0.01 */
  readonly gap?: number;
  /** Seconds */
  readonly timeLimit: number;
  readonly onProgress: (progress: SolveProgress) => void;
}

/** Goals on the rows of the optimiser. */
export interface PosedGoals {
  readonly lists: readonly (readonly Goal[])[];
  /** Those on a volume, for which rows stand that were chosen from a plan. */
  readonly onVolumes: ReadonlySet<string>;
  /** What lists hold in the prescription's place. */
  readonly prescribed: readonly Constraint[];
  /** The same with rows chosen from the dose of another plan. */
  again(dose: Float64Array): readonly (readonly Goal[])[];
}

/** The goals of a case on the rows of the optimiser. */
export function posedGoals(
  asked: AskedLists,
  voxels: PlanningVoxels,
  { drawnFractions }: Pick<PatientModel, 'drawnFractions'>,
  planCase: Pick<PlanCase, 'prescription' | 'target'>,
  maxima: RowMaxima,
): PosedGoals {
  const { goals } = asked;
  const { fractions } = planCase.prescription;
  const again = (dose: Float64Array): Goal[][] => {
    const volumeOf = (structure: string): number => drawnFractions.get(structure)!.volumeCc;
    const site = { voxels, volumeOf, fractions, maxima, dose };
    return goals.map((list) => list.map((goal) => poseGoal(goal, site)));
  };
  const onVolumes = goals.flat().filter((goal) => goal.asked.form.kind === 'volume');
  return {
    lists: again(asked.dose),
    onVolumes: new Set(onVolumes.map((goal) => goal.asked.text)),
    prescribed: meanHeld(planCase.target, prescribedRows(voxels, planCase), asked),
    again,
  };
}

/**
 * The plan by goals in order, the problem's objectives last. As long as a goal on a volume is missed, its rows are chosen again from the plan that
 * was made, a few times: the plan whose lists fare better stays.
 */
export function solveByPriorities(
  { operator, objectives, constraints, prescription }: OperatedProblem,
  goals: PosedGoals,
  { sample, start, executor, timeLimit: seconds, ...options }: OrderedOptions,
): { readonly solution: Solution; readonly priorities: readonly PlannedPriority[] } {
  const timeLeft = seconds > 0 && Number.isFinite(seconds) ? timeLimit(seconds) : () => seconds;
  const planned = (priorities: readonly (readonly Goal[])[]): OrderedSolution =>
    solveInOrder(
      {
        operator,
        objectives,
        constraints,
        priorities,
        listConstraints: goals.prescribed,
        ...(prescription && { prescription }),
        ...(sample && { sample }),
      },
      {
        ...options,
        ...(start?.length === operator.columns && { start }),
        timeLimit: timeLeft(),
        createPreconditioner: (own, columns) => new NormalMatrix(own, columns, { executor }),
      },
    );
  const isMissed = ({ steps }: OrderedSolution): boolean =>
    steps.some((step) => step.goals.some(({ name, shortfall }) => shortfall > 0 && goals.onVolumes.has(name)));
  let { lists } = goals;
  let best = planned(lists);
  for (let round = 1; round < CHOICES && isMissed(best) && timeLeft() > 0; round++) {
    const next = goals.again(best.solution.dose);
    if (hasSameRows(lists, next)) break;
    lists = next;
    const made = planned(lists);
    if (!faresBetter(made.steps, best.steps)) break;
    best = made;
  }
  const { solution, steps, status } = best;
  return {
    solution: { ...solution, status },
    priorities: steps.map(({ certificate: _, ...told }) => told),
  };
}

/** Whether goals have the rows that they had. */
function hasSameRows(one: readonly (readonly Goal[])[], other: readonly (readonly Goal[])[]): boolean {
  const others = other.flat();
  return one.flat().every(({ constraint: { rows } }, g) => {
    const { rows: now } = others[g]!.constraint;
    return rows.length === now.length && rows.every((row, q) => row === now[q]);
  });
}

/** Whether the first list that two plans differ in is met better by the one; both have had a turn for every list. */
export function faresBetter(
  one: readonly Pick<PriorityStep, 'shortfall'>[],
  other: readonly Pick<PriorityStep, 'shortfall'>[],
): boolean {
  if (one.length < other.length) return false;
  for (let l = 0; l < other.length; l++) {
    const gained = other[l]!.shortfall - one[l]!.shortfall;
    if (Math.abs(gained) > SAME) return gained > 0;
  }
  return false;
}

/** What is known of a problem whose constraints a solve could not keep. */
export interface Settled {
  readonly solution: Solution;
  /** The names of a smallest set of constraints that no plan keeps, where that is proven. */
  readonly conflict?: readonly string[];
}

/**
 * Looks again where a solve found no plan that keeps the constraints: either there is one to start from, or it is proven that there is none, and
 * of what; or neither, and then the plan is `unproven`, not `infeasible`.
 *
 * @param again solves from weights whose dose keeps every constraint with a margin
 */
export function settleConstraints(
  { operator, constraints, preconditioner }: Pick<OperatedProblem, 'operator' | 'constraints'> & InteriorOptions,
  solution: Solution,
  again: (interior: Float64Array) => Solution,
  timeLeft: TimeLeft,
  sample: VoxelSample = sampleVoxels(operator),
): Settled {
  if (solution.status !== 'infeasible' || constraints.length === 0) return { solution };
  // What the solve has proven needs no other proof.
  if (!((solution.certificate.leastViolation ?? 0) > 0)) {
    const ownTime = timeLimit(CONFLICT_TIME);
    const isOver = (): boolean => ownTime() === 0 || timeLeft() === 0;
    const options = { from: solution.weights, preconditioner, isFine: true };
    const interior = findInterior(operator, constraints, sample, isOver, options);
    if (interior.violation < 0) return { solution: again(interior.weights) };
    if (!((interior.leastViolation ?? 0) > 0)) {
      return { solution: { ...solution, status: timeLeft() === 0 ? 'time-limit' : 'unproven' } };
    }
  }
  const seconds = Math.min(CONFLICT_TIME, timeLeft());
  const found = conflictOf({ operator, constraints, sample }, { timeLimit: seconds, from: solution.weights });
  return { solution, ...(found.constraints.length > 0 && { conflict: found.constraints }) };
}
