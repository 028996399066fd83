/**
 * Goals in order: what is named first is met as far as it can be before what comes after it is looked at.
 *
 * Each level of the order is a problem of its own: the sum of what its goals miss, each relative to its scale, is minimised under the
 * hard constraints and under what the goals before it have reached (`shortfall.ts`). What it reaches, and a stated slack, is a constraint
 * of all later levels; a goal that is met stays where it was asked. The last step minimises objectives with the freedom that is left.
 *
 * Every level carries its proof: as goals are constraints, and those are convex, no permitted plan misses its goals by less than the
 * lower bound. The multipliers of what a level had to keep are its shadow prices.
 *
 * @see Breedveld et al., Phys. Med. Biol. 54 (2009) 7199, doi:10.1088/0031-9155/54/23/011 (prioritised optimisation)
 */
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { type Certificate, certify, worstViolation } from './certificate.js';
import { type Constraint, violationOf } from './constraint.js';
import { askedOf, boundOf, checkGoal, constraintOf, type Goal, isFromBelow, relaxed, valueAt } from './goal.js';
import { evaluateAll } from './half-spaces.js';
import { equalWeights, findInterior, type Interior, violationOfAll } from './interior-start.js';
import type { NormalMatrix, VoxelSample } from './normal-matrix.js';
import { meanDose } from './objective/mean-dose.js';
import type { Objective } from './objective/objective.js';
import { checkProblem, type Problem } from './problem.js';
import { type SoftConstraint, softProblem } from './soft-problem.js';
import { type Solution, type SolutionStatus, type SolveOptions, solve } from './solver.js';
import type { StartingPoint } from './start.js';
import { sampleVoxels } from './voxel-sample.js';

/** Hard constraints, goals in their order, and objectives for the freedom that is left. */
export interface OrderedProblem extends Omit<Problem, 'objectives'> {
  /** Lists of goals, the most important list first; goals of one list are equals. Their names differ. */
  readonly priorities: readonly (readonly Goal[])[];
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
  /** What later lists may take back of a goal that is not met, fraction of its scale, > 0. @default 0.001 */
  readonly slack?: number;
  /** Seconds for all steps together. @default Infinity */
  readonly timeLimit?: number;
  /**
   * Makes the preconditioner of a list, e.g. on threads. @default new NormalMatrix(sample, columns)
   *
   * @internal
   */
  readonly createPreconditioner?: (sample: VoxelSample, columns: number) => NormalMatrix;
}

/** What of something that is kept could be had for a goal. */
export interface Trade {
  /** A constraint, or a goal of a list before. */
  readonly of: string;
  /** Gy by which the goal would come nearer per Gy that the other gave way; less where it gives way further. */
  readonly gain: number;
  /** Gy of the other that one Gy of the goal costs, at least: 1 / gain. */
  readonly cost: number;
}

/** A goal after its turn. */
export interface GoalResult {
  readonly name: string;
  /** Gy; the largest where voxels have their own. Null: as little as possible. */
  readonly asked: number | null;
  /** Value at the end of its turn, Gy; where voxels have bounds of their own, `asked` and what the worst voxel is beyond its own. */
  readonly achieved: number;
  /** Gy beyond what was asked for, >= 0; where as little as possible is asked for the value itself. */
  readonly shortfall: number;
  /** Proven: no plan that keeps what comes before misses this goal by less, Gy. Null in a list of several, where only their sum is. */
  readonly leastShortfall: number | null;
  /** Value that later lists keep, Gy. */
  readonly kept: number;
  /** Of it what is granted beyond `achieved`, Gy; 0 where the goal is met with more than that to spare. */
  readonly slack: number;
  /** Gy that the sum of the list measures it by. */
  readonly scale: number;
  /** Value in the plan in the end, Gy. */
  readonly final: number;
  /** What gives way to it, the best bargain first. */
  readonly trades: readonly Trade[];
}

/**
 * A list of goals after its turn. `met`: every value asked for is reached; `missed`: proven that no plan reaches them all; `unproven`:
 * not reached, but not proven to be out of reach either; `least`: only as little as possible was asked for, and that is proven within the
 * gap; `time-limit` and `stopped`: ended before.
 */
export interface PriorityStep {
  readonly status: 'met' | 'missed' | 'least' | 'unproven' | 'time-limit' | 'stopped';
  readonly goals: readonly GoalResult[];
  /** Sum of the shortfalls, each relative to its scale. */
  readonly shortfall: number;
  /** Proven: no permitted plan has a smaller sum; null where nothing is proven. */
  readonly lowerBound: number | null;
  /** (value - lower bound) / value of the objective written out in `certificate`. */
  readonly gap: number | null;
  readonly certificate: Certificate;
}

/** A plan by goals in order, and the proof of every step. */
export interface OrderedSolution {
  /**
   * The plan, as `solve` gives one: of the last step's objectives, or of the last list's shortfall without any. Its prices are of the
   * constraints and of all goals.
   */
  readonly solution: Solution;
  /** `infeasible`: no plan keeps the hard constraints, and no list had its turn. */
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

const LEVEL_GAP = 5e-4;
const SLACK = 1e-3;
/** Of the slack, what the solver holds goals to beyond what they must keep: as much may be missed at the price. */
const RESERVE = 1e-3;
/** Of its scale and of the gap, what the solver aims beyond a goal, so that one that can be met is met and not all but. */
const AIM = 0.6;
/** What missing an earlier goal by its scale costs at first, in terms of the later ones' scales or of the objective. */
const PRICE = 100;
/** Where that was too little it is multiplied by this, so many times at most. */
const DEARER = 30;
const RAISES = 3;
/** Of its scale, what a goal without a value has as a constant in the sum. */
const LEAST_CONSTANT = 0.01;
/** Multipliers of a constraint with more left than this fraction of its bound are those of any interior point, not its price. */
const HELD = 0.01;
/** Gains below this fraction of the largest are not told. */
const SMALL_GAIN = 1e-3;

/**
 * Weights >= 0 that meet goals in their order under hard constraints, each list with its proof, and minimise objectives in the end.
 *
 * @throws {InvalidInputError} for a malformed problem, no goal at all, two of one name, or an option that makes no sense
 */
export function solveInOrder(problem: OrderedProblem, options: OrderOptions = {}): OrderedSolution {
  checkOrder(problem, options);
  return new Order(problem, options).run();
}

/** A goal with the Gy that it is measured in. */
interface ScaledGoal extends Goal {
  readonly scale: number;
}

/** A goal that had its turn, as a constraint. */
interface KeptGoal {
  readonly constraint: Constraint;
  readonly scale: number;
}

class Order {
  private readonly sample: VoxelSample;
  private readonly hard: readonly Constraint[];
  private readonly end: number;
  private readonly kept: KeptGoal[] = [];
  private readonly steps: PriorityStep[] = [];
  private evaluations = 0;

  constructor(
    private readonly problem: OrderedProblem,
    private readonly options: OrderOptions,
  ) {
    const { operator, sample, constraints = [] } = problem;
    this.end = Date.now() + 1000 * (options.timeLimit ?? Number.POSITIVE_INFINITY);
    if (!sample) this.evaluations += operator.columns / 2;
    this.sample = sample ?? sampleVoxels(operator);
    this.hard = constraints;
  }

  run(): OrderedSolution {
    const { priorities, objectives = [] } = this.problem;
    const interior = this.findStart();
    if ('violation' in interior && !(interior.violation < 0)) return this.result(this.infeasible(interior));
    let last: Solution | undefined;
    for (const goals of priorities) {
      last = this.takeTurn(goals, interior, last?.dose ?? interior.dose);
      if (last.status === 'time-limit' || last.status === 'stopped') return this.result(last);
    }
    return this.result(objectives.length === 0 ? last! : this.finish(objectives, interior, last!.dose));
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
    const found = findInterior(operator, this.hard, this.sample, () => Date.now() >= this.end);
    this.evaluations += found.evaluations;
    return found;
  }

  private takeTurn(goals: readonly Goal[], interior: StartingPoint, before: Float64Array): Solution {
    const { levelGap = LEVEL_GAP } = this.options;
    const scaled = goals.map((goal) => withScale(goal, before));
    const own = scaled.map((goal): SoftConstraint => {
      const constraint = constraintOf(goal);
      if (goal.isLeast) return { constraint, scale: goal.scale, price: 1, constant: LEAST_CONSTANT };
      const tightening = AIM * levelGap * goal.scale;
      return { constraint: { ...constraint, tightening }, scale: goal.scale, price: 1, constant: 1 };
    });
    const solution = this.solveSoft({ objectives: [], own, price: PRICE, gap: levelGap }, interior);
    const constant = own.reduce((sum, goal) => sum + goal.constant, 0);
    const step = this.stepOf(scaled, constant, solution);
    this.steps.push(step);
    for (const goal of scaled) {
      const { dose } = solution;
      const { slack = SLACK } = this.options;
      const constraint = relaxed(constraintOf(goal), this.easing(goal, dose));
      this.kept.push({ constraint: { ...constraint, tightening: RESERVE * slack * goal.scale }, scale: goal.scale });
    }
    return { ...solution, certificate: step.certificate };
  }

  /**
   * Solves a step with the goals before it at a price, which rises until it is high enough.
   *
   * @param own the step's goals
   */
  private solveSoft(
    {
      objectives,
      own,
      price,
      gap,
    }: { objectives: readonly Objective[]; own: SoftConstraint[]; price: number; gap: number },
    interior: StartingPoint,
  ): Solution {
    const { operator, prescription } = this.problem;
    for (let raise = 0; ; raise++) {
      const before = this.kept.map(
        (goal): SoftConstraint => ({ ...goal, price: price * DEARER ** raise, constant: 0 }),
      );
      const soft = [...before, ...own];
      const isLast = own.length === 0;
      const problem = softProblem(
        {
          operator,
          objectives,
          constraints: this.hard,
          sample: this.sample,
          ...(isLast && prescription && { prescription }),
        },
        soft,
        interior,
      );
      const preconditioner = this.options.createPreconditioner?.(problem.sample, problem.operator.columns);
      const solution = solve(preconditioner ? { ...problem, preconditioner } : problem, {
        ...this.stepOptions,
        gap,
        interior: problem.interior,
      });
      preconditioner?.close();
      this.evaluations += solution.evaluations;
      const dose = solution.dose.slice(0, operator.rows);
      const isKept = this.kept.every(({ constraint }) => violationOf(constraint, dose).amount <= 0);
      const isEnd = solution.status === 'stopped' || solution.status === 'time-limit';
      if (!isKept && !isEnd && raise < RAISES) continue;
      return {
        ...solution,
        status: !isKept && solution.status === 'reached' ? 'unproven' : solution.status,
        weights: solution.weights.slice(0, operator.columns),
        dose,
        certificate: this.certificateOf(solution.certificate, soft, dose),
      };
    }
  }

  /** With rows of the operator in place of those of the soft problem. */
  private certificateOf(certificate: Certificate, soft: readonly SoftConstraint[], dose: Float64Array): Certificate {
    let offset = this.problem.operator.rows;
    const prices = certificate.prices.map((price, k) => {
      const constraint = soft[k - this.hard.length]?.constraint;
      if (constraint?.kind !== 'voxels') return price;
      const start = offset;
      offset += constraint.rows.length;
      return { ...price, active: price.active.map((own) => ({ ...own, row: constraint.rows[own.row - start]! })) };
    });
    const held = [...this.hard, ...this.kept.map(({ constraint }) => constraint)];
    return { ...certificate, prices, violation: worstViolation(held, dose) };
  }

  /** By how much the bound of a goal is eased for later lists, Gy: what it misses and the slack, as far as that is beyond the bound. */
  private easing(goal: ScaledGoal, dose: Float64Array): number {
    const { slack = SLACK } = this.options;
    return Math.max(0, violationOf(constraintOf(goal), dose).amount + slack * goal.scale);
  }

  private get stepOptions(): SolveOptions {
    const { onProgress, signal, maxSteps } = this.options;
    return {
      timeLimit: this.left,
      ...(onProgress && { onProgress }),
      ...(signal && { signal }),
      ...(maxSteps !== undefined && { maxSteps }),
    };
  }

  private stepOf(goals: readonly ScaledGoal[], constant: number, solution: Solution): PriorityStep {
    const { dose } = solution;
    const { certificate } = solution;
    const amounts = goals.map((goal) => violationOf(constraintOf(goal), dose).amount);
    const shortfall = goals.reduce((sum, { scale }, g) => sum + Math.max(0, amounts[g]!) / scale, 0);
    // No plan misses by less than nothing.
    const lowerBound = certificate.lowerBound === null ? null : Math.max(0, certificate.lowerBound - constant);
    const value = constant + shortfall;
    const gains = this.gains(certificate, dose);
    const results = goals.map((goal, g): GoalResult => {
      const { scale, constraint } = goal;
      const asked = askedOf(goal);
      const achieved = valueAt(goal, dose);
      const missed = Math.max(0, amounts[g]!);
      const easing = this.easing(goal, dose);
      const sign = isFromBelow(constraint) ? -1 : 1;
      return {
        name: constraint.name,
        asked,
        achieved,
        shortfall: missed,
        leastShortfall: goals.length === 1 && lowerBound !== null ? lowerBound * scale : null,
        kept: (asked ?? 0) + sign * easing,
        slack: easing > 0 ? easing - amounts[g]! : 0,
        scale,
        final: achieved,
        trades: gains.map(({ of, gain }) => ({ of, gain: gain * scale, cost: 1 / (gain * scale) })),
      };
    });
    return {
      status: statusOf(goals, amounts, lowerBound, solution.status),
      goals: results,
      shortfall,
      lowerBound,
      gap: lowerBound === null ? null : (shortfall - lowerBound) / value,
      certificate: { ...certificate, value, gap: lowerBound === null ? null : (shortfall - lowerBound) / value },
    };
  }

  /** Relative shortfall per Gy of what the list had to keep, the largest first. */
  private gains({ prices }: Certificate, dose: Float64Array): { of: string; gain: number }[] {
    const held = [...this.hard, ...this.kept.map(({ constraint }) => constraint)];
    const all = held.map((constraint, k) => {
      const { price, active } = prices[k]!;
      if (constraint.kind === 'voxels' && k < this.hard.length) {
        return { of: constraint.name, gain: active.reduce((sum, own) => sum + own.price, 0) };
      }
      const isHeld = violationOf(constraint, dose).amount > -HELD * boundOf(constraint);
      return { of: constraint.name, gain: isHeld ? price : 0 };
    });
    const largest = all.reduce((a, { gain }) => Math.max(a, gain), 0);
    return all.filter(({ gain }) => gain > SMALL_GAIN * largest).sort((a, b) => b.gain - a.gain);
  }

  private finish(objectives: readonly Objective[], interior: StartingPoint, before: Float64Array): Solution {
    const { gap = 0.01 } = this.options;
    const ignored = new Float64Array(before.length);
    const price = PRICE * Math.abs(evaluateAll(objectives, before, ignored));
    const solution = this.solveSoft({ objectives, own: [], price, gap }, interior);
    const objective = evaluateAll(objectives, solution.dose, ignored);
    const { lowerBound } = solution.certificate;
    return {
      ...solution,
      objective,
      certificate: {
        ...solution.certificate,
        objective: objectives.map((own) => own.describe()).join(' + '),
        value: objective,
        gap: lowerBound === null || objective === 0 ? null : (objective - lowerBound) / Math.abs(objective),
      },
    };
  }

  private infeasible({ weights, dose, leastViolation }: Interior): Solution {
    const isProven = leastViolation !== null && leastViolation > 0;
    return {
      weights,
      dose,
      status: !isProven && this.left === 0 ? 'time-limit' : 'infeasible',
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
        ...(leastViolation !== null && { leastViolation }),
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
    const violation = violationOfAll(this.hard, solution.dose);
    return {
      solution,
      status: solution.status === 'reached' && violation > 0 ? 'unproven' : solution.status,
      steps,
      endedAt: first < 0 ? null : first,
      constraints: [...this.hard, ...this.kept.map(({ constraint }) => withoutTightening(constraint))],
      evaluations: this.evaluations,
    };
  }
}

function withScale(goal: Goal, dose: Float64Array): ScaledGoal {
  return { ...goal, scale: goal.scale ?? (Math.abs(askedOf(goal) ?? valueAt(goal, dose)) || 1) };
}

function withoutTightening(constraint: Constraint): Constraint {
  const { tightening: _, ...plain } = constraint;
  return plain;
}

function statusOf(
  goals: readonly Goal[],
  amounts: readonly number[],
  lowerBound: number | null,
  status: SolutionStatus,
): PriorityStep['status'] {
  const asking = goals.map((_, g) => g).filter((g) => !goals[g]!.isLeast);
  const isMet = asking.every((g) => amounts[g]! <= 0);
  if (asking.length > 0 && isMet) return 'met';
  if (asking.length === goals.length && lowerBound !== null && lowerBound > 0) return 'missed';
  if (status === 'time-limit' || status === 'stopped') return status;
  return asking.length === 0 && status === 'reached' ? 'least' : 'unproven';
}

function checkOrder(problem: OrderedProblem, options: OrderOptions): void {
  const { priorities, objectives = [], constraints = [], operator } = problem;
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
  checkProblem({ ...problem, objectives: objectives.length === 0 ? [anything] : objectives });
}

/** Stands where a problem must have an objective to be checked. */
const anything = meanDose('anything', { rows: Int32Array.of(0), volumes: Float64Array.of(1) }, 1);
