/**
 * Sub-problems on some columns of a sampled operator: a few columns are open, all others have weight zero.
 *
 * Up to some number of columns the solver gets them as they are. More are generated: the solver gets some, its multipliers price all
 * others by their reduced costs, h = A' (F' + C' l), and those that would gain enter; columns of no weight leave. The tangent of
 * `lower-bound.ts` needs only that no open column has a negative reduced cost, whether the solver saw it or not: the bound is one for all
 * open columns.
 *
 * @see Gilmore and Gomory, Oper. Res. 9 (1961) 849, doi:10.1287/opre.9.6.849 (generation of columns)
 */
import { forever, type TimeLeft } from '../core/deadline.js';
import { type Executor, serialExecutor } from '../core/executor.js';
import type { Constraint } from './constraint.js';
import { findCuts, lowerBound, type Tangent, tangentAt } from './lower-bound.js';
import { NormalMatrix, type VoxelSample } from './normal-matrix.js';
import type { Objective } from './objective/objective.js';
import type { Prescription } from './problem.js';
import { SampledOperator } from './sampled-operator.js';
import type { Dual, Solution, SolutionStatus } from './solution.js';
import { solve } from './solver.js';

/** A problem on all columns; no level moves in it. */
export interface ColumnProblem {
  readonly sample: VoxelSample;
  readonly columns: number;
  readonly objectives: readonly Objective[];
  readonly constraints: readonly Constraint[];
}

/** The best weights of open columns, with their proof and what all columns are worth at them. */
export interface ColumnPlan {
  /** Of all columns. */
  readonly weights: Float64Array;
  /** Of all rows. */
  readonly dose: Float64Array;
  /** Of the objectives; Infinity where the constraints cannot be kept. */
  readonly value: number;
  /** No weights of the open columns that keep the constraints have a smaller value; -Infinity where nothing is proven. */
  readonly lowerBound: number;
  /** Reduced costs of all columns: a closed one with a negative one would gain. */
  readonly slopes: Float64Array;
  readonly status: SolutionStatus;
}

export interface OpenOptions {
  /** To be proven, fraction of the value. */
  readonly gap: number;
  /** Columns that the generation starts from. @default some of all, evenly */
  readonly first?: Int32Array | undefined;
  readonly timeLeft?: TimeLeft | undefined;
  /** Told of every step of the solver. */
  readonly onStep?: (() => void) | undefined;
}

/** Columns that the solver gets as they are, at most. */
const DIRECT = 1250;
/** Columns that enter in one round, at most. */
const ENTERING = 450;
/** Columns below this fraction of the largest weight leave. */
const KEPT = 1e-3;
const MOST_ROUNDS = 14;

export class OpenColumns {
  private readonly operator: SampledOperator;
  private readonly convex: readonly Objective[];
  private scratch: Float32Array = new Float32Array(0);

  constructor(
    private readonly problem: ColumnProblem,
    private readonly executor: Executor = serialExecutor,
  ) {
    // Plain: a copy of all columns would cost more than the few products that are made of them.
    this.operator = new SampledOperator(problem.sample, problem.columns, { isAccelerated: false });
    this.convex = problem.objectives.filter((objective) => objective.isConvex);
  }

  /** A' y for all columns. */
  gains(rowValues: Float64Array): Float64Array {
    return this.operator.applyTranspose(rowValues, new Float64Array(this.problem.columns)).slice();
  }

  /** The level at which a plan of these columns meets a prescription, Gy. */
  levelOf(columns: Int32Array, prescription: Prescription, gap: number): number {
    return this.solveSome(columns, { gap }, prescription).level ?? prescription.level.value;
  }

  /**
   * The best weights of the open columns.
   *
   * @param open rising
   */
  best(open: Int32Array, options: OpenOptions): ColumnPlan {
    return open.length <= DIRECT ? this.priced(open, open, options) : this.generated(open, options);
  }

  private generated(open: Int32Array, options: OpenOptions): ColumnPlan {
    const { gap, timeLeft = forever } = options;
    let own = options.first !== undefined && options.first.length > 0 ? options.first : someOf(open, DIRECT);
    let best: ColumnPlan | undefined;
    let proven = -Infinity;
    for (let round = 0; ; round++) {
      const plan = this.priced(own, open, { ...options, gap: gap / 2 });
      if (plan.value === Infinity && own.length < open.length) {
        // Too few to keep the constraints: all of them, then.
        own = open;
        continue;
      }
      proven = Math.max(proven, plan.lowerBound);
      if (best === undefined || plan.value < best.value) best = plan;
      const isProven = best.value - proven <= gap * Math.abs(best.value);
      if (isProven || round === MOST_ROUNDS || timeLeft() === 0) break;
      const entering = enteringOf(open, own, plan.slopes);
      if (entering.length === 0) break;
      own = Int32Array.from([...keptOf(own, plan.weights), ...entering]).sort();
    }
    const isProven = best.value - proven <= gap * Math.abs(best.value);
    const status = best.status === 'reached' && !isProven ? 'unproven' : best.status;
    return { ...best, lowerBound: proven, status: timeLeft() === 0 ? 'time-limit' : status };
  }

  /** The plan of some columns, with the bound for all that are open. */
  private priced(own: Int32Array, open: Int32Array, options: OpenOptions): ColumnPlan {
    const { operator, convex, problem } = this;
    let dual: Dual | undefined;
    const onDual = (made: Dual): void => {
      dual = made;
    };
    const { weights: found, dose, objective, status, certificate } = this.solveSome(own, { ...options, onDual });
    const weights = new Float64Array(problem.columns);
    own.forEach((column, c) => {
      weights[column] = found[c]!;
    });
    if (status === 'infeasible' || dual === undefined) {
      const slopes = new Float64Array(problem.columns);
      return { weights, dose, value: Infinity, lowerBound: -Infinity, slopes, status };
    }
    const { halfSpaces, multipliers } = dual;
    const tangent = tangentAt(operator, convex, halfSpaces, dose, multipliers, { weights });
    const made = { weights, dose, value: objective, slopes: tangent.slopes, status };
    if (own.length === open.length) return { ...made, lowerBound: certificate.lowerBound ?? -Infinity };
    const cuts = findCuts(operator, convex, halfSpaces, dose, multipliers);
    const of = ({ constant, slopes }: Tangent): Tangent => {
      return { constant, slopes: Float64Array.from(open, (column) => slopes[column]!) };
    };
    return { ...made, lowerBound: lowerBound(of(tangent), cuts.map(of), objective) };
  }

  private solveSome(
    columns: Int32Array,
    options: OpenOptions & { readonly onDual?: (dual: Dual) => void },
    prescription?: Prescription,
  ): Solution {
    const { sample: all, objectives, constraints } = this.problem;
    const { gap, timeLeft = forever, onDual, onStep } = options;
    const sample = this.sampleOf(all, columns);
    const operator = new SampledOperator(sample, columns.length);
    const preconditioner = new NormalMatrix(sample, columns.length, { executor: this.executor });
    try {
      const posed = { operator, objectives, constraints, sample, preconditioner };
      return solve(
        { ...posed, ...(prescription && { prescription }) },
        {
          gap,
          timeLimit: timeLeft(),
          ...(onDual && { onDual }),
          ...(onStep && { onProgress: onStep }),
        },
      );
    } finally {
      preconditioner.close();
    }
  }

  private sampleOf({ matrix, count, ...rest }: VoxelSample, columns: Int32Array): VoxelSample {
    const width = columns.length;
    const length = count * width;
    // One buffer for all: threads hold on to what they were given.
    if (length > this.scratch.length)
      this.scratch = new Float32Array(this.executor.allocate(Math.ceil(length / 2)).buffer);
    const own = this.scratch.subarray(0, length);
    for (let r = 0, to = 0; r < count; r++) {
      const from = r * this.problem.columns;
      for (let c = 0; c < width; c++) own[to++] = matrix[from + columns[c]!]!;
    }
    return { matrix: own, count, ...rest };
  }
}

/** Evenly, at most so many. */
function someOf(columns: Int32Array, count: number): Int32Array {
  const step = Math.max(1, columns.length / count);
  return Int32Array.from({ length: Math.min(count, columns.length) }, (_, c) => columns[Math.floor(c * step)]!);
}

/** Columns that carry weight. */
export function keptOf(columns: Int32Array, weights: Float64Array): Int32Array {
  const largest = columns.reduce((so, column) => Math.max(so, weights[column]!), 0);
  return columns.filter((column) => weights[column]! > KEPT * largest);
}

/** Closed columns that would gain, the best of them. */
function enteringOf(open: Int32Array, own: Int32Array, slopes: Float64Array): Int32Array {
  const isOwn = new Set(own);
  return open
    .filter((column) => slopes[column]! < 0 && !isOwn.has(column))
    .sort((a, b) => slopes[a]! - slopes[b]! || a - b)
    .slice(0, ENTERING);
}
