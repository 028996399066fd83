/** A problem of goals in order, and what is refused of one. */
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { Constraint } from './constraint.js';
import { checkGoal, type Goal } from './goal.js';
import type { NormalMatrix, VoxelSample } from './normal-matrix.js';
import { meanDose } from './objective/mean-dose.js';
import type { Objective } from './objective/objective.js';
import { checkProblem, type Problem } from './problem.js';
import type { SolveOptions } from './solver.js';

/** Hard constraints, goals in their order, and objectives for the freedom that is left. */
export interface OrderedProblem extends Omit<Problem, 'objectives'> {
  /** Lists of goals, the most important list first; goals of one list are equals. Their names differ. */
  readonly priorities: readonly (readonly Goal[])[];
  /**
   * What holds while lists have their turn, besides `constraints`, and no longer when objectives have theirs: the stand-in of a prescription,
   * whose level is the objectives' alone. @default none
   */
  readonly listConstraints?: readonly Constraint[];
  /** What is minimised in the end, under everything. @default nothing: the plan is that of the last list */
  readonly objectives?: readonly Objective[];
}

/** When each step ends, and how much later ones may take back. */
export interface OrderOptions extends Pick<SolveOptions, 'onProgress' | 'signal' | 'maxSteps'> {
  /**
   * To be proven of every list: relative to the value asked for, or to the value where as little as possible is asked for, > 0.
   * @default 0.0005
   */
  readonly levelGap?: number;
  /** To be proven of the objectives, fraction. @default 0.01 */
  readonly gap?: number;
  /** What later lists may take back of a goal that is not met, fraction of its scale, > 0. @default 0.003 */
  readonly slack?: number;
  /** Weights of a plan that is permitted, or nearly: where a start is searched from. @default equal weights */
  readonly start?: Float64Array;
  /** Seconds for all steps together. @default Infinity */
  readonly timeLimit?: number;
  /**
   * Makes the preconditioner of a list that has more columns than a factor in Float64 is made of, e.g. on threads.
   * @default new NormalMatrix(sample, columns)
   *
   * @internal
   */
  readonly createPreconditioner?: (sample: VoxelSample, columns: number) => NormalMatrix;
}

/** @throws {InvalidInputError} for a malformed problem, no goal at all, two of one name, or an option that makes no sense */
export function checkOrder(problem: OrderedProblem, options: OrderOptions): void {
  const { priorities, objectives = [], constraints: always = [], listConstraints = [], operator } = problem;
  const constraints = [...always, ...listConstraints];
  for (const name of ['levelGap', 'gap', 'slack'] as const) {
    if (options[name] !== undefined) checkPositive(`goals in order: ${name}`, options[name]);
  }
  if (options.timeLimit !== undefined && !(options.timeLimit >= 0)) {
    throw new InvalidInputError(`goals in order: timeLimit is ${options.timeLimit} s, but must be >= 0.`);
  }
  const goals = priorities.flat();
  if (goals.length === 0 || priorities.some((list) => list.length === 0)) {
    throw new InvalidInputError(
      `goals in order: ${priorities.length} lists, of which one is empty or all are. Give each at least one goal, or use solve.`,
    );
  }
  const names = new Set(constraints.map(({ name }) => name));
  for (const goal of goals) {
    checkGoal(goal);
    const { name } = goal.constraint;
    if (names.has(name)) {
      throw new InvalidInputError(
        `goals in order: "${name}" is named twice. Name each goal once, at the place where it counts, and no hard constraint as a goal.`,
      );
    }
    names.add(name);
    checkProblem({ operator, objectives: [anything], constraints: [goal.constraint] });
  }
  checkProblem({ ...problem, constraints, objectives: objectives.length === 0 ? [anything] : objectives });
}

/** Stands where a problem must have an objective to be checked. */
const anything = meanDose('anything', { rows: Int32Array.of(0), volumes: Float64Array.of(1) }, 1);
