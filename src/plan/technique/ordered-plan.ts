/** How a technique's problem is solved: by its objectives alone, or by goals in their order first; and what stands against it where nothing keeps its constraints. */
import type { Executor } from '../../core/executor.js';
import type { LinearOperator } from '../../core/linear-operator.js';
import { conflictOf } from '../../optimize/conflict.js';
import type { Goal } from '../../optimize/goal.js';
import { NormalMatrix, type VoxelSample } from '../../optimize/normal-matrix.js';
import { solveInOrder } from '../../optimize/solve-in-order.js';
import type { Solution, SolveProgress } from '../../optimize/solver.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { type ConstrainedVoxels, largestOf } from '../problem/constrained-voxels.js';
import type { PlanningProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { type FollowedGoal, poseGoal } from '../problem/posed-goal.js';
import type { PlannedPriority } from './technique-plan.js';

/** Seconds that the search for what conflicts may take. */
const CONFLICT_TIME = 60;

/** A planning problem with its operator. */
export interface OperatedProblem extends PlanningProblem {
  readonly operator: LinearOperator;
}

/** When a solve in order ends, and who works and is told. */
export interface OrderedOptions {
  readonly sample?: VoxelSample;
  readonly executor: Executor;
  /** Of the objectives, fraction. @default 0.01 */
  readonly gap?: number;
  /** Seconds */
  readonly timeLimit: number;
  readonly onProgress: (progress: SolveProgress) => void;
}

/** The goals of a case on the rows of the optimiser. @param planned a plan by the objectives alone, made where it is needed */
export function posedGoals(
  goals: readonly (readonly FollowedGoal[])[],
  voxels: PlanningVoxels,
  { drawnFractions }: Pick<PatientModel, 'drawnFractions'>,
  { prescription }: Pick<PlanCase, 'prescription'>,
  sets: readonly ConstrainedVoxels[],
  planned: () => Pick<Solution, 'dose'>,
): Goal[][] {
  const isChosen = goals.some((list) => list.some(({ asked }) => asked.form.kind === 'volume'));
  const site = {
    voxels,
    volumeOf: (structure: string) => drawnFractions.get(structure)!.volumeCc,
    fractions: prescription.fractions,
    largestOf: largestOf(sets),
    dose: isChosen ? planned().dose : undefined,
  };
  return goals.map((list) => list.map((goal) => poseGoal(goal, site)));
}

/** The plan by goals in order, the problem's objectives last. */
export function solveByPriorities(
  { operator, objectives, constraints, prescription }: OperatedProblem,
  priorities: readonly (readonly Goal[])[],
  { sample, executor, ...options }: OrderedOptions,
): { readonly solution: Solution; readonly priorities: readonly PlannedPriority[] } {
  const { solution, steps, status } = solveInOrder(
    {
      operator,
      objectives,
      constraints,
      priorities,
      ...(prescription && { prescription }),
      ...(sample && { sample }),
    },
    { ...options, createPreconditioner: (own, columns) => new NormalMatrix(own, columns, { executor }) },
  );
  return {
    solution: { ...solution, status },
    priorities: steps.map(({ certificate: _, ...told }) => told),
  };
}

/** The names of a smallest set of constraints that no plan keeps; undefined where a plan keeps them, or none was found in time. */
export function conflictIn(
  { operator, constraints }: Pick<OperatedProblem, 'operator' | 'constraints'>,
  { status }: Pick<Solution, 'status'>,
  timeLeft: number,
  sample?: VoxelSample,
): readonly string[] | undefined {
  if (status !== 'infeasible' || constraints.length === 0) return undefined;
  const problem = { operator, constraints, ...(sample && { sample }) };
  const found = conflictOf(problem, { timeLimit: Math.min(CONFLICT_TIME, timeLeft) });
  return found.constraints.length === 0 ? undefined : found.constraints;
}
