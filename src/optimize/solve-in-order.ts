/**
 * Goals in order: what is named first is met as far as it can be before what comes after it is looked at.
 *
 * Each level of the order is a problem of its own: the sum of what its goals miss, each relative to its scale, is minimised under the
 * hard constraints and under what the goals before it have reached (`soft-problem.ts`). What it reaches, and a stated slack, is a constraint
 * of all later levels; a goal that is met stays where it was asked. The last step minimises objectives with the freedom that is left.
 *
 * A level keeps what came before as hard constraints, and starts where the level before it was on its way: a point of its path that is within
 * half the slack of what it reached keeps all of them, each with a margin, and lies amid the plans that do.
 *
 * Every level carries its proof: as goals are constraints, and those are convex, no permitted plan misses its goals by less than the
 * lower bound. The multipliers of what a level had to keep are its shadow prices.
 *
 * @see Breedveld et al., Phys. Med. Biol. 54 (2009) 7199, doi:10.1088/0031-9155/54/23/011 (prioritised optimisation)
 */
import { certify, worstViolation } from './certificate.js';
import { type Constraint, violationOf } from './constraint.js';
import { ExactNormal, MOST_COLUMNS } from './exact-normal.js';
import { askedOf, boundOf, constraintOf, type Goal, relaxed, valueAt } from './goal.js';
import { evaluateAll } from './half-spaces.js';
import { equalWeights, findInterior, type Interior, violationOfAll } from './interior-start.js';
import { type KeptGoal, solveLast, withoutTightening } from './last-step.js';
import type { VoxelSample } from './normal-matrix.js';
import type { Objective } from './objective/objective.js';
import { checkOrder, type OrderedProblem, type OrderOptions } from './ordered-problem.js';
import { easingOf, type PriorityStep, type ScaledGoal, stepOf } from './priority-step.js';
import type { Problem } from './problem.js';
import { type SoftConstraint, softCertificate, softProblem } from './soft-problem.js';
import { type Solution, type SolutionStatus, type SolveOptions, solve } from './solver.js';
import type { StartingPoint } from './start.js';
import { sampleVoxels } from './voxel-sample.js';

/** A plan by goals in order, and the proof of every step. */
export interface OrderedSolution {
  /**
   * The plan, as `solve` gives one: of the last step's objectives, or of the last list's shortfall without any. Its prices are of the
   * constraints and of all goals.
   */
  readonly solution: Solution;
  /** `infeasible`: no plan keeps the hard constraints, and no list had its turn; `unproven` without any turn: none was found under what lists hold. */
  readonly status: SolutionStatus;
  /** One for each list that had its turn. */
  readonly steps: readonly PriorityStep[];
  /** The first list that is proven to ask for more than there is; null where none is. */
  readonly endedAt: number | null;
  /** What the last step kept: the hard constraints, then one for each goal of the lists before it. */
  readonly constraints: readonly Constraint[];
  /** Products with operator and transpose, half each. */
  readonly evaluations: number;
}

/** Defaults of {@link OrderOptions}. */
const LEVEL_GAP = 5e-4;
const SLACK = 3e-3;
/** Of the slack, what the solver holds goals to beyond what they must keep: rounding then breaks none. */
const RESERVE = 1e-3;
/** Of the slack, what a start of later lists must have left. */
const MARGIN = 0.5;
/** Of its scale and of the gap, what the solver aims beyond a goal, so that one that can be met is met and not all but. */
const AIM = 0.6;
/** Of its scale, what a goal without a value has as a constant in the sum. */
const LEAST_CONSTANT = 0.01;

/**
 * Weights >= 0 that meet goals in their order under hard constraints, each list with its proof, and minimise objectives in the end.
 *
 * @throws {InvalidInputError} for a malformed problem, no goal at all, two of one name, or an option that makes no sense
 */
export function solveInOrder(problem: OrderedProblem, options: OrderOptions = {}): OrderedSolution {
  checkOrder(problem, options);
  return new Order(problem, options).run();
}

class Order {
  private readonly sample: VoxelSample;
  /** Of the lists; the last step keeps `always`. */
  private readonly hard: readonly Constraint[];
  private readonly always: readonly Constraint[];
  private readonly end: number;
  private readonly kept: KeptGoal[] = [];
  private readonly steps: PriorityStep[] = [];
  private evaluations = 0;

  constructor(
    private readonly problem: OrderedProblem,
    private readonly options: OrderOptions,
  ) {
    const { operator, sample, constraints = [], listConstraints = [] } = problem;
    this.end = Date.now() + 1000 * (options.timeLimit ?? Number.POSITIVE_INFINITY);
    if (!sample) this.evaluations += operator.columns / 2;
    this.sample = sample ?? sampleVoxels(operator);
    this.always = constraints;
    this.hard = [...constraints, ...listConstraints];
  }

  run(): OrderedSolution {
    const { priorities, objectives = [], operator } = this.problem;
    const first = this.findStart();
    if ('violation' in first && !(first.violation < 0)) return this.result(this.infeasible(first));
    let start: StartingPoint = first;
    let last: Solution | undefined;
    for (const [l, goals] of priorities.entries()) {
      const turn = this.takeTurn(goals, start, last?.dose ?? start.dose);
      last = turn.solution;
      if (l < priorities.length - 1) start = this.nextStart(turn.path, start, goals.length);
      if (last.status === 'time-limit' || last.status === 'stopped') return this.result(last);
    }
    if (objectives.length === 0) return this.result(last!);
    const given = this.options.start;
    const from = given && { weights: given, dose: operator.apply(given, new Float64Array(operator.rows)) };
    const made = this.finish(objectives, from ?? last!);
    return this.result(made.status === 'infeasible' ? this.unfinished(last!, objectives) : made);
  }

  private get left(): number {
    return Math.max(0, (this.end - Date.now()) / 1000);
  }

  /** Where every step starts: equal weights with doses as large as those that are spoken of, or weights that are searched for. */
  private findStart(): StartingPoint | Interior {
    const { operator, priorities } = this.problem;
    const asked = [...this.hard, ...priorities.flat().map(constraintOf)].map(boundOf);
    this.evaluations += 0.5;
    const start = equalWeights(operator, this.hard, asked.reduce((a, b) => Math.max(a, b), 0) || 1);
    if (start) return start;
    return this.search(this.options.start);
  }

  /** A point that keeps all constraints with a margin, or what is known of one. */
  private search(from?: Float64Array): Interior {
    const options = { ...(from && { from }) };
    const found = findInterior(this.problem.operator, this.held, this.sample, () => Date.now() >= this.end, options);
    this.evaluations += found.evaluations;
    return found;
  }

  private get held(): Constraint[] {
    return [...this.hard, ...this.kept.map(({ constraint }) => constraint)];
  }

  /** What the last step keeps. */
  private get ending(): Constraint[] {
    return [...this.always, ...this.kept.map(({ constraint }) => constraint)];
  }

  private takeTurn(
    goals: readonly Goal[],
    start: StartingPoint,
    before: Float64Array,
  ): { readonly solution: Solution; readonly path: readonly Float64Array[] } {
    const { levelGap = LEVEL_GAP, slack = SLACK } = this.options;
    const { operator } = this.problem;
    const scaled = goals.map((goal) => withScale(goal, before));
    const own = scaled.map((goal): SoftConstraint => {
      const constraint = constraintOf(goal);
      if (goal.isLeast) return { constraint, scale: goal.scale, price: 1, constant: LEAST_CONSTANT };
      const tightening = AIM * levelGap * goal.scale;
      return { constraint: { ...constraint, tightening }, scale: goal.scale, price: 1, constant: 1 };
    });
    const { held } = this;
    const soft = softProblem({ operator, objectives: [], constraints: held, sample: this.sample }, own, start);
    const path: Float64Array[] = [];
    const found = this.solveStep(soft, { gap: levelGap, interior: soft.interior }, path);
    const dose = found.dose.slice(0, operator.rows);
    const certificate = {
      ...softCertificate(found.certificate, own, operator.rows),
      violation: worstViolation(held.map(withoutTightening), dose),
    };
    const solution = { ...found, weights: found.weights.slice(0, operator.columns), dose, certificate };
    const constant = own.reduce((sum, goal) => sum + goal.constant, 0);
    const step = stepOf(scaled, solution, { held, hard: this.hard.length, constant, slack });
    this.steps.push(step);
    for (const goal of scaled) {
      const constraint = relaxed(constraintOf(goal), easingOf(goal, dose, slack));
      this.kept.push({ constraint: { ...constraint, tightening: RESERVE * slack * goal.scale }, scale: goal.scale });
    }
    return { solution: { ...solution, certificate: step.certificate }, path };
  }

  /** Solves a step; what it passes on its way is added to the path. */
  private solveStep(problem: Problem & { sample: VoxelSample }, options: SolveOptions, path: Float64Array[]): Solution {
    const { operator, sample } = problem;
    const isLarge = operator.columns > MOST_COLUMNS;
    const isLast = problem.objectives.length > 1;
    const sums = isLarge || isLast ? this.options.createPreconditioner?.(sample, operator.columns) : undefined;
    const isStiff = isLast && sums !== undefined && !isLarge && sample.isExact === true;
    const preconditioner = isStiff ? new ExactNormal(sample, operator.columns, { sums }) : sums;
    const { onProgress, signal, maxSteps } = this.options;
    try {
      const solution = solve(preconditioner ? { ...problem, preconditioner } : problem, {
        ...options,
        timeLimit: this.left,
        onPoint: (weights) => path.push(weights.slice(0, this.problem.operator.columns)),
        ...(onProgress && { onProgress }),
        ...(signal && { signal }),
        ...(maxSteps !== undefined && { maxSteps }),
      });
      this.evaluations += solution.evaluations;
      return solution;
    } finally {
      sums?.close();
    }
  }

  /**
   * The first point of a list's path that keeps all constraints, its own goals with part of their slack: further on, points lie nearer to what
   * they are held by.
   */
  private nextStart(path: readonly Float64Array[], before: StartingPoint, count: number): StartingPoint {
    const { operator } = this.problem;
    const { slack = SLACK } = this.options;
    const own = this.kept.slice(-count);
    const { held } = this;
    for (const weights of path) {
      const dose = operator.apply(weights, new Float64Array(operator.rows));
      this.evaluations += 0.5;
      const isInside = own.every(
        ({ constraint, scale }) => violationOf(constraint, dose).amount <= -MARGIN * slack * scale,
      );
      if (isInside && held.every((one) => violationOf(one, dose).amount < -(one.tightening ?? 0)))
        return { weights, dose };
    }
    const last = path.at(-1);
    if (last === undefined) return before;
    return this.search();
  }

  private finish(objectives: readonly Objective[], start: StartingPoint): Solution {
    const { gap = 0.01 } = this.options;
    const { operator, prescription } = this.problem;
    const { sample, always: constraints, kept: goals } = this;
    return solveLast({
      problem: { operator, objectives, constraints, sample, ...(prescription && { prescription }) },
      goals,
      start,
      gap,
      solve: (problem, options) => this.solveStep(problem, options, []),
    });
  }

  /** The plan of the last list, where no start for objectives was found: it keeps everything, and nothing is proven of its objectives. */
  private unfinished(last: Solution, objectives: readonly Objective[]): Solution {
    const value = evaluateAll(objectives, last.dose, new Float64Array(last.dose.length));
    const certificate = { ...last.certificate, value, lowerBound: null, gap: null };
    return { ...last, status: 'unproven', objective: value, certificate };
  }

  private infeasible({ weights, dose, leastViolation }: Interior): Solution {
    const isProven = leastViolation !== null && leastViolation > 0;
    // With what lists alone hold nothing is said of the constraints.
    const isOfAll = this.hard.length === this.always.length;
    const isEarly = this.left === 0 && !(isProven && isOfAll);
    return {
      weights,
      dose,
      status: isEarly ? 'time-limit' : isOfAll ? 'infeasible' : 'unproven',
      objective: Number.NaN,
      evaluations: this.evaluations,
      prescriptionDose: Number.NaN,
      certificate: certify({
        objectives: [],
        constraints: this.hard,
        halfSpaces: { rows: new Int32Array(0), signs: new Float64Array(0), bounds: new Float64Array(0), planes: [] },
        multipliers: new Float64Array(this.hard.reduce((sum, { rows }) => sum + rows.length, 0)),
        dose,
        value: 0,
        lowerBound: -Infinity,
        // A search that ended early has proven nothing.
        ...(isOfAll && leastViolation !== null && leastViolation > -Infinity && { leastViolation }),
      }),
      uncovered: new Int32Array(0),
    };
  }

  private result(solution: Solution): OrderedSolution {
    const goals = this.problem.priorities.flat();
    const byName = new Map(goals.map((goal) => [goal.constraint.name, goal]));
    const steps = this.steps.map((step) => ({
      ...step,
      goals: step.goals.map((goal) => ({ ...goal, final: valueAt(byName.get(goal.name)!, solution.dose) })),
    }));
    const first = steps.findIndex(({ status }) => status === 'missed');
    const violation = violationOfAll(this.always, solution.dose);
    return {
      solution,
      status: solution.status === 'reached' && violation > 0 ? 'unproven' : solution.status,
      steps,
      endedAt: first < 0 ? null : first,
      constraints: this.ending.map(withoutTightening),
      evaluations: this.evaluations,
    };
  }
}

function withScale(goal: Goal, dose: Float64Array): ScaledGoal {
  return { ...goal, scale: goal.scale ?? (Math.abs(askedOf(goal) ?? valueAt(goal, dose)) || 1) };
}
