/**
 * A modulated plan as an arc: leaves that move while the gantry turns, and the dose of what they deliver.
 *
 * Leaves first follow the fluence of the beams in the middle of each part of the arc. From there on the engine's dose of every interval
 * between control points counts, with what leaves let through, at the angles at which a file of it is computed: the units of all
 * intervals are optimised exactly, under the plan's constraints and to its prescription; the multipliers price every pixel, leaf ends move to
 * where that gains as far as they may travel, and both ways are weighed together and joined into one in between. A way that is no better is not
 * taken.
 */

import { createAperture } from '../../beam/aperture.js';
import { beamletOffsets } from '../../beam/fluence.js';
import type { TimeLeft } from '../../core/deadline.js';
import type { LinearOperator } from '../../core/linear-operator.js';
import { ForwardDose } from '../../dose/forward-dose.js';
import { ColumnOperator } from '../../influence/field-operator.js';
import type { Machine } from '../../machine/machine.js';
import { addForces, evaluateAll } from '../../optimize/half-spaces.js';
import type { Problem } from '../../optimize/problem.js';
import type { Dual } from '../../optimize/solution.js';
import type { SolveOptions } from '../../optimize/solver.js';
import { type Solution, solve } from '../../optimize/solver.js';
import { withBackground } from '../../optimize/with-background.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import {
  type ArcField,
  type ArcPoint,
  type ArcSettings,
  arcFields,
  arcPoints,
  arcSeconds,
  leastSeconds,
  within,
} from './arc-fields.js';
import { type MovingPrice, type PreparedFluence, priceOf } from './plan-windows.js';
import { pricedEnds } from './priced-ends.js';

/** An arc with its units, as a solution of the problem on the doses of its intervals. */
export interface PlannedArc {
  readonly points: readonly ArcPoint[];
  readonly fields: readonly ArcField[];
  readonly operator: LinearOperator;
  readonly solution: Solution;
  readonly delivery: MovingPrice;
}

/** Rounds in which leaf ends move, at most. */
const ROUNDS = 6;
/** mm that an end moves at first; half of that after a round that gained nothing. */
const FIRST_MOVE = 5;
const LEAST_MOVE = 1;
/** A round that gains less than this fraction is the last with its moves. */
const LEAST_GAIN = 2e-3;
/** What a new way begins with, fraction of the old one. */
const BEGINNING = 0.02;

/** Leaves along the arc, and what a unit of each interval gives. */
interface Way {
  readonly points: readonly ArcPoint[];
  readonly columns: readonly Float64Array[];
}

interface Weighed extends Way {
  /** Units of every interval. */
  readonly units: Float64Array;
  readonly solution: Solution;
  readonly dual: Dual;
  readonly operator: LinearOperator;
}

export function planArc(
  fluence: PreparedFluence,
  settings: ArcSettings,
  planCase: Pick<PlanCase, 'prescription' | 'doseModel'>,
  model: PatientModel,
  machine: Machine,
  told: Pick<SolveOptions, 'gap' | 'onProgress'> & { readonly timeLeft: TimeLeft },
): PlannedArc {
  const work = new ArcWork(fluence, settings, planCase, model, machine, told);
  let best: Weighed;
  try {
    best = bestWay(work, fluence, settings, (stage) => model.onStage(`imrt: ${stage}`));
  } finally {
    work.close();
  }
  const { operator, solution } = best;
  const points = withUnits(best.points, best.units);
  const fields = arcFields(points, settings, machine, work.where).flat();
  const { fractions } = planCase.prescription;
  return {
    points,
    fields,
    operator,
    solution,
    delivery: {
      kind: 'arc',
      segments: points.length,
      seconds: arcSeconds(points, settings, fractions),
      ...priceOf(fluence, solution),
    },
  };
}

/** Leaf ends move as long as that gains. */
function bestWay(
  work: ArcWork,
  { beams, solution: { weights } }: PreparedFluence,
  settings: ArcSettings,
  onStage: (stage: string) => void,
): Weighed {
  onStage('arc');
  const first = arcPoints(beams, weights, settings);
  let best = work.weigh(work.wayOf(first), unitsIn(first));
  let move = FIRST_MOVE;
  for (let round = 1; round <= ROUNDS && move >= LEAST_MOVE && !work.isOver(); round++) {
    onStage(`leaf ends of the arc, round ${round}`);
    const next = work.refined(best, move);
    if (next === undefined) break;
    const gain = 1 - next.solution.objective / best.solution.objective;
    if (gain > 0 && next.solution.status !== 'infeasible') best = next;
    if (!(gain > LEAST_GAIN)) move /= 2;
  }
  return best;
}

const unitsIn = (points: readonly ArcPoint[]): Float64Array =>
  Float64Array.from({ length: points.length - 1 }, (_, k) => points[k + 1]!.monitorUnits - points[k]!.monitorUnits);

/** The same ways with so many units in every interval. */
function withUnits(points: readonly ArcPoint[], units: ArrayLike<number>): ArcPoint[] {
  let given = 0;
  return points.map(({ gantry, aperture }, p) => {
    if (p > 0) given += units[p - 1]!;
    return { gantry, aperture, monitorUnits: given };
  });
}

class ArcWork {
  readonly where: Parameters<typeof arcFields>[3];

  /** At the planning voxels alone: what a beam sees of the whole body is too much to keep for so many. */
  private readonly dose: ForwardDose;

  constructor(
    private readonly fluence: PreparedFluence,
    private readonly settings: ArcSettings,
    private readonly planCase: Pick<PlanCase, 'prescription' | 'doseModel'>,
    model: PatientModel,
    private readonly machine: Machine,
    private readonly told: Pick<SolveOptions, 'gap' | 'onProgress'> & { readonly timeLeft: TimeLeft },
  ) {
    const { executor, patient } = model;
    this.dose = new ForwardDose(patient.density, fluence.voxels.points, { executor, ...planCase.doseModel });
    this.where = { isocenter: model.isocenter, position: model.patient.position };
  }

  /** The engine's dose of a unit in each interval. */
  wayOf(points: readonly ArcPoint[]): Way {
    const { settings, machine } = this;
    const fields = arcFields(
      withUnits(points, new Float64Array(points.length - 1).fill(1)),
      settings,
      machine,
      this.where,
    );
    const doses = this.dose.columns(fields.flat());
    let next = 0;
    const columns = fields.map((own) => {
      const sum = doses[next++]!;
      for (let n = 1; n < own.length; n++) {
        const dose = doses[next++]!;
        for (let r = 0; r < sum.length; r++) sum[r]! += dose[r]!;
      }
      return sum;
    });
    return { points, columns };
  }

  isOver(): boolean {
    return this.told.timeLeft() === 0;
  }

  close(): void {
    this.dose.close();
  }

  /** The best units of all intervals; none gets fewer than the least dose rate gives while leaves and gantry pass it. */
  weigh(way: Way, start: ArrayLike<number>): Weighed {
    const least = this.leastUnits(way.points);
    const begun = Float64Array.from(way.columns, (_, k) => Math.max(start[k]! - least[k]!, 0));
    const { solution, dual, operator } = this.solved(way.columns, begun, least);
    const units = solution.weights.map((w, k) => w + least[k]!);
    return { ...way, units, solution: { ...solution, weights: units }, dual, operator };
  }

  private leastUnits(points: readonly ArcPoint[]): Float64Array {
    const { settings, planCase } = this;
    const rate = (planCase.prescription.fractions * settings.doseRate[0]) / 60;
    return Float64Array.from({ length: points.length - 1 }, (_, k) =>
      rate === 0 ? 0 : rate * leastSeconds(points[k]!.aperture, points[k + 1]!.aperture, settings),
    );
  }

  /** Weights of columns on top of what `least` of each gives; doses are those of both. */
  private solved(columns: readonly Float64Array[], start: Float64Array, least: Float64Array) {
    const { problem } = this.fluence;
    const { timeLeft, ...told } = this.told;
    const operator = new ColumnOperator(columns);
    const background = operator.apply(least, new Float64Array(operator.rows));
    const isFree = least.every((units) => units === 0);
    let dual: Dual | undefined;
    const given: Problem = { ...(isFree ? problem : withBackground(problem, background)), operator };
    const largest = start.reduce((a, b) => Math.max(a, b), 0);
    const solution = solve(given, {
      ...told,
      start: start.map((w) => Math.max(w, 1e-3 * largest)),
      timeLimit: timeLeft(),
      onDual: (made) => {
        dual = made;
      },
    });
    const dose = isFree ? solution.dose : solution.dose.map((gray, r) => gray + background[r]!);
    return { solution: { ...solution, dose }, dual: dual!, operator };
  }

  /** Leaf ends moved by up to so many mm where prices say that it gains, as far as both ways together are better; undefined where none moves. */
  refined(best: Weighed, move: number): Weighed | undefined {
    const { settings } = this;
    const moved = this.moved(best, move);
    if (moved === undefined) return undefined;
    const other = this.wayOf(moved);
    const least = new Float64Array(2 * best.columns.length);
    const begun = Float64Array.from([
      ...best.units.map((u) => (1 - BEGINNING) * u),
      ...best.units.map((u) => BEGINNING * u),
    ]);
    const { solution } = this.solved([...best.columns, ...other.columns], begun, least);
    const count = best.columns.length;
    const own = (k: number): number => solution.weights[k] ?? 0;
    const new_ = (k: number): number => solution.weights[count + k] ?? 0;
    let last: readonly (readonly [number, number])[] | undefined;
    const points = best.points.map((point, p): ArcPoint => {
      // A point belongs to the interval before it and the one behind.
      const around = [p - 1, p].filter((k) => k >= 0 && k < count);
      const units = around.reduce((sum, k) => sum + own(k) + new_(k), 0);
      const part = units > 0 ? around.reduce((sum, k) => sum + new_(k), 0) / units : 0;
      const to = moved[p]!.aperture.leaves;
      const wanted = point.aperture.leaves.map(([x1, x2], n): [number, number] => [
        x1 + part * (to[n]![0] - x1),
        x2 + part * (to[n]![1] - x2),
      ]);
      const leaves = within(wanted, last, settings.travel);
      last = leaves;
      return { ...point, aperture: createAperture(settings.bank, leaves, point.aperture.jaws) };
    });
    return this.weigh(
      this.wayOf(points),
      Float64Array.from({ length: count }, (_, k) => own(k) + new_(k)),
    );
  }

  private moved({ points, solution, dual, units }: Weighed, move: number): ArcPoint[] | undefined {
    const { settings, fluence } = this;
    const prices = this.pricesOf(solution, dual);
    const offsets = beamletOffsets(fluence.beams);
    let last: readonly (readonly [number, number])[] | undefined;
    let hasMoved = false;
    const out = points.map((point, p): ArcPoint => {
      // At the border of two parts the one with more units behind it says where ends should go.
      const before = Math.floor((p - 1) / settings.intervals);
      const after = Math.floor(p / settings.intervals);
      const isBefore = after >= fluence.beams.length || (before >= 0 && (units[p - 1] ?? 0) > (units[p] ?? 0));
      const s = Math.max(0, isBefore ? before : after);
      const { beamlets } = fluence.beams[s]!;
      const own = prices.subarray(offsets[s]!, offsets[s + 1]!);
      const { leaves, jaws } = point.aperture;
      const wanted = pricedEnds(leaves, { beamlets, prices: own }, { ...settings, move, jaws: jaws! });
      const kept = within(wanted, last, settings.travel);
      last = kept;
      hasMoved ||= kept.some(([x1, x2], n) => x1 !== leaves[n]![0] || x2 !== leaves[n]![1]);
      return { ...point, aperture: createAperture(settings.bank, kept, jaws) };
    });
    return hasMoved ? out : undefined;
  }

  /** What a unit through every beamlet of the middles lowers the value by, at the level where it stands. */
  private pricesOf({ dose, level }: Solution, dual: Dual): Float64Array {
    const { problem, prepared } = this.fluence;
    const { operator } = prepared;
    const objectives =
      level === undefined
        ? problem.objectives
        : problem.objectives.map((one) => one.withLevel?.(problem.level, { value: level }) ?? one);
    const slope = new Float64Array(operator.rows);
    evaluateAll(objectives, dose, slope);
    addForces(dual.halfSpaces, dual.multipliers, slope);
    return operator.applyTranspose(slope, new Float64Array(operator.columns)).map((value) => -value);
  }
}
