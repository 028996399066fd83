/** A choice of beams in the making: the level at which all are compared, the search on coarse rows, and what all rows make of what it finds. */
import { forever, type TimeLeft } from '../../core/deadline.js';
import type { Executor } from '../../core/executor.js';
import { followLevel } from '../../optimize/objective/objective.js';
import { keptOf, OpenColumns } from '../../optimize/open-columns.js';
import type { Prescription } from '../../optimize/problem.js';
import type { StageListener } from '../patient/patient-model.js';
import type { PlanningProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { type BeamPool, columnsOf } from '../technique/beam-pool.js';
import { BeamSearch, type BeamSet, neverWorse, pricedBeams } from './beam-search.js';

/** To be proven of what is told, fraction of the objective. */
const TOLD = 0.005;
/** Of the plan whose level is taken. */
const LEVEL = 0.01;

const SEARCH = 'beams: search';
const BOUND = 'beams: bound of all candidates';
const PLANS = 'beams: plans of what was found';

/** A problem whose level follows the prescription, as the level of all choices is that of one plan. */
export type PrescribedProblem = PlanningProblem & { readonly prescription: Prescription };

/** Who works on a choice, how long, and where it starts. */
export interface ChoosingOptions {
  readonly executor: Executor | undefined;
  readonly timeLeft: TimeLeft;
  readonly stage: StageListener;
  readonly level: number | undefined;
  readonly starts: readonly (readonly number[])[];
}

/** A search on the coarse rows, and what all rows make of what it finds. */
export class BeamChoosing {
  readonly level: number;
  /** Whether time was over before the search was. */
  isCutShort = false;
  private readonly search: BeamSearch;
  private readonly columns: OpenColumns;

  constructor(
    private readonly pool: BeamPool,
    problem: PrescribedProblem,
    voxels: PlanningVoxels,
    private readonly options: ChoosingOptions,
  ) {
    const { executor, timeLeft } = options;
    const { prescription, constraints } = problem;
    options.stage('beams: level');
    const count = pool.offsets.at(-1)!;
    const posed = (level: number) => {
      return {
        columns: count,
        constraints,
        objectives: followLevel(problem.objectives, prescription.level, { value: level }),
      };
    };
    const free = new OpenColumns(
      { ...posed(prescription.dose), objectives: problem.objectives, sample: pool.coarse },
      executor,
    );
    this.level = options.level ?? free.levelOf(columnsOf(pool, spread(pool.beams.length)), prescription, LEVEL);
    const coarse = new OpenColumns({ ...posed(this.level), sample: pool.coarse }, executor);
    this.columns = new OpenColumns({ ...posed(this.level), sample: pool.fine }, executor);
    const target = new Float64Array(voxels.zones.length);
    voxels.target.rows.forEach((row, q) => {
      target[row] = voxels.target.volumes[q]!;
    });
    this.search = new BeamSearch(pool, coarse, coarse.gains(target), {
      timeLeft,
      starts: options.starts,
      onPlan: () => options.stage(SEARCH),
    });
  }

  run(
    counts: readonly number[],
    compared: readonly (readonly number[])[],
  ): { all: BeamSet; points: BeamSet[]; rest: BeamSet[] } {
    const { pool, options } = this;
    options.stage(SEARCH);
    const found = this.search.run(counts);
    this.isCutShort = options.timeLeft() === 0;
    options.stage(BOUND);
    const all = this.planned({ beams: pool.beams.map((_, b) => b), plan: this.search.all.plan }, BOUND);
    options.stage(PLANS);
    const points: BeamSet[] = [];
    for (const [count, rough] of found) {
      const set = count === pool.beams.length ? all : this.better(this.planned(rough), count);
      const fewer = points.at(-1);
      points.push(fewer === undefined ? set : this.notWorse(set, fewer));
    }
    return { all, points, rest: compared.map((beams) => this.planned({ beams })) };
  }

  /** The set, or one of those that the search started from: what blocks of rows cannot tell apart, all rows may. */
  private better(set: BeamSet, count: number): BeamSet {
    const starts = this.options.starts
      .filter((beams) => beams.length === count)
      .map((beams) => this.planned({ beams }));
    return starts.reduce((best, start) => (start.plan.value < best.plan.value ? start : best), set);
  }

  /** On all rows a set of more may come out worse than one of fewer, which the coarse ones did not tell: then that is extended. */
  private notWorse(set: BeamSet, fewer: BeamSet): BeamSet {
    if (set.plan.value <= fewer.plan.value) return set;
    const count = set.beams.length;
    const added = pricedBeams(this.pool, fewer.beams, fewer.plan).slice(0, count - fewer.beams.length);
    const extended = this.planned({ beams: [...fewer.beams, ...added], plan: fewer.plan });
    return neverWorse(extended.plan.value < set.plan.value ? extended : set, fewer, count, this.pool);
  }

  /**
   * @param rough its plan tells which columns to start from where there are many
   * @param stage told again with every step
   */
  private planned({ beams, plan }: Pick<BeamSet, 'beams'> & Partial<BeamSet>, stage = PLANS): BeamSet {
    const rising = [...beams].sort((a, b) => a - b);
    const open = columnsOf(this.pool, rising);
    const first = plan && keptOf(open, plan.weights);
    return {
      beams: rising,
      plan: this.columns.best(open, {
        ...{ gap: TOLD, first, timeLeft: forever },
        onStep: () => this.options.stage(stage),
      }),
    };
  }
}

/** Nine candidates, or all where there are fewer, evenly spread. */
const spread = (count: number): number[] => {
  const some = Math.min(9, count);
  return Array.from({ length: some }, (_, i) => Math.floor((i * count) / some));
};
