/**
 * Field-in-field: smaller fields within conformal ones, where the plan is worth most of them.
 *
 * The plan of the open fields has a price for every pixel: what a unit through it would lower the objectives by, constraints
 * included. Of each direction the shape that collects most within its conformal opening joins in, its dose is computed by the
 * engine, and all weights are made anew; where there are too many, the one that delivers least goes. What is found is proven
 * for these shapes: others may be better.
 */
import type { Block } from '../../beam/block.js';
import type { CollimatedFluenceOptions } from '../../beam/collimated-fluence.js';
import { shapedFluence } from '../../beam/shaped-fluence.js';
import type { TimeLeft } from '../../core/deadline.js';
import { DividedOperator } from '../../influence/divided-operator.js';
import { ColumnOperator } from '../../influence/field-operator.js';
import { addForces, evaluateAll } from '../../optimize/half-spaces.js';
import type { Dual } from '../../optimize/solution.js';
import { type Solution, type SolveOptions, solve } from '../../optimize/solver.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { type PlanningProblem, settledProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { leastUnits } from './field-wedges.js';
import { bestWithin, type NestField, nestsOf } from './nest-pixels.js';
import type { SegmentField } from './segment-fields.js';

/** Fields with their weights, as a solution of the problem on their own doses. */
export interface NestedFields {
  readonly fields: readonly SegmentField[];
  readonly operator: ColumnOperator;
  readonly solution: Solution;
}

/** A conformal field, and the block in it. */
export interface OpenField extends SegmentField {
  readonly block?: Block | undefined;
}

/** Where and how smaller fields are looked for. */
export interface NestingOptions {
  /** Smaller fields of each direction, at most. */
  readonly count: number;
  readonly through: CollimatedFluenceOptions;
  readonly timeLeft: TimeLeft;
  readonly onStep: NonNullable<SolveOptions['onProgress']>;
}

/** Rounds in which shapes that deliver too little leave, at most. */
const LEAVING_ROUNDS = 5;
/** To which every set of weights is proven, fraction of the value. */
const GAP = 0.003;
/** A new shape starts at this fraction of the heaviest. */
const BEGINNING = 0.02;
/** Rounds besides one for each smaller field. */
const FURTHER_ROUNDS = 3;
/** Rounds that gain less than this fraction of the value, after which no more are made. */
const LEAST_GAIN = 2e-3;
const PATIENCE = 2;

/** Shapes with their doses at the rows of the problem. */
interface Column {
  readonly field: SegmentField;
  readonly dose: Float64Array;
}

/**
 * The best smaller fields that are found.
 *
 * @param open conformal fields, one for each direction
 */
export function nestFields(
  open: readonly OpenField[],
  voxels: PlanningVoxels,
  problem: PlanningProblem,
  { doseModel, prescription }: Pick<PlanCase, 'doseModel' | 'prescription'>,
  model: PatientModel,
  options: NestingOptions,
): NestedFields {
  const { count, timeLeft } = options;
  const nests = nestsOf(open);
  const beams = open.map(({ beam }) => beam);
  const influence = new DividedOperator(
    nests.map(({ modulated }) => modulated),
    model.patient.density,
    voxels.points,
    { executor: model.executor, ...doseModel, seen: model.bodyDose.pointsAt(beams, voxels.places) },
  );
  const work = new Nesting({ open, nests, problem, influence, places: voxels.places }, model, options);
  try {
    let state = work.weigh(work.columnsOf(open));
    let best = state;
    let idle = 0;
    for (let round = 0; round < count + FURTHER_ROUNDS && idle < PATIENCE && timeLeft() > 0; round++) {
      const next = work.joined(state);
      if (next === undefined) break;
      state = next;
      const { objective } = state.solution;
      idle = objective < (1 - LEAST_GAIN) * best.solution.objective ? 0 : idle + 1;
      if (objective < best.solution.objective) best = state;
    }
    const { columns, operator, solution } = work.deliverable(best, prescription.fractions);
    return { fields: columns.map(({ field }) => field), operator, solution };
  } finally {
    influence.close();
  }
}

/** What smaller fields are looked for in. */
interface NestingSite {
  readonly open: readonly OpenField[];
  readonly nests: readonly NestField[];
  readonly problem: PlanningProblem;
  readonly influence: DividedOperator;
  /** Of the problem's rows, among the points of the body's dose. */
  readonly places: Int32Array;
}

/** Shapes, their doses, and what they are worth. */
class Nesting {
  constructor(
    private readonly site: NestingSite,
    private readonly model: PatientModel,
    private readonly options: NestingOptions,
  ) {}

  columnsOf(fields: readonly SegmentField[]): Column[] {
    const asked = fields.map(({ beam, open: fluence }) => ({ beam, fluence }));
    const doses = this.model.bodyDose.columnsAt(asked, this.site.places);
    return fields.map((field, n) => ({ field, dose: doses[n]! }));
  }

  /** The best weights of some shapes. */
  weigh(columns: readonly Column[], start?: Float64Array): Weighed {
    const operator = new ColumnOperator(columns.map(({ dose }) => dose));
    const { onStep: onProgress, timeLeft } = this.options;
    let dual: Dual | undefined;
    const onDual = (made: Dual): void => {
      dual = made;
    };
    const asked = { onProgress, gap: GAP, timeLimit: timeLeft(), onDual, ...(start && { start }) };
    return { columns, operator, solution: solve({ ...this.site.problem, operator }, asked), dual };
  }

  /** With the shape of each direction that is worth most; undefined where none is worth anything, or nothing has a price. */
  joined(state: Weighed): Weighed | undefined {
    const { open, nests } = this.site;
    const { count, through } = this.options;
    if (state.dual === undefined || state.solution.certificate.lowerBound === null) return undefined;
    const prices = this.pricesOf(state, state.dual);
    const found = nests.flatMap((nest, of): SegmentField[] => {
      const { beam, aperture: whole, block } = open[of]!;
      const aperture = bestWithin(nest, whole, prices);
      return aperture ? [{ beam, of, aperture, open: shapedFluence(aperture, { block }, through) }] : [];
    });
    if (found.length === 0) return undefined;
    const kept = heaviest(state, count, new Set(found.map(({ of }) => of)));
    const highest = kept.weights.reduce((a, b) => Math.max(a, b), 0);
    // New ones begin inside, but small.
    const start = [
      ...kept.weights.map((weight) => Math.max(weight, 1e-3 * highest)),
      ...found.map(() => BEGINNING * highest),
    ];
    return this.weigh([...kept.columns, ...this.columnsOf(found)], Float64Array.from(start));
  }

  /** Without shapes that deliver too little. */
  deliverable(state: Weighed, fractions: number): Weighed {
    let best = state;
    for (let round = 0; round < LEAVING_ROUNDS; round++) {
      const { weights } = best.solution;
      const least = leastUnits(weights, fractions);
      const stay = best.columns.flatMap((column, n) => (weights[n]! >= least ? [{ column, weight: weights[n]! }] : []));
      if (stay.length === 0 || stay.length === best.columns.length) break;
      best = this.weigh(
        stay.map(({ column }) => column),
        Float64Array.from(stay, ({ weight }) => weight),
      );
    }
    return best;
  }

  /** What every beamlet lowers the value by per unit, behind its block. */
  private pricesOf({ solution, operator }: Weighed, dual: Dual): Float64Array {
    const { problem, influence, nests } = this.site;
    const { objectives } = settledProblem(problem, solution);
    const slope = new Float64Array(operator.rows);
    evaluateAll(objectives, solution.dose, slope);
    addForces(dual.halfSpaces, dual.multipliers, slope);
    const prices = influence.applyTranspose(slope, new Float64Array(influence.columns));
    for (const { beamlets, behind } of nests) {
      beamlets.forEach((b, pixel) => {
        if (b >= 0) prices[b]! *= -behind[pixel]!;
      });
    }
    return prices;
  }
}

/** What one set of shapes is worth at its best weights. */
interface Weighed {
  readonly columns: readonly Column[];
  readonly operator: ColumnOperator;
  readonly solution: Solution;
  /** Undefined where the solve ended without. */
  readonly dual: Dual | undefined;
}

/** The conformal fields and, where one more joins in, the smaller ones that deliver most. */
function heaviest(
  { columns, solution: { weights } }: Weighed,
  count: number,
  joining: ReadonlySet<number>,
): { columns: Column[]; weights: number[] } {
  const isOpen = new Set<number>();
  const ranks = new Map<number, { n: number; units: number }[]>();
  columns.forEach(({ field: { of } }, n) => {
    if (!isOpen.has(of)) isOpen.add(of);
    else ranks.set(of, [...(ranks.get(of) ?? []), { n, units: weights[n]! }]);
  });
  const gone = new Set<number>();
  for (const [of, list] of ranks) {
    const stay = joining.has(of) ? count - 1 : count;
    for (const { n } of list.sort((a, b) => b.units - a.units).slice(stay)) gone.add(n);
  }
  const kept = columns.flatMap((column, n) => (gone.has(n) ? [] : [{ column, weight: weights[n]! }]));
  return { columns: kept.map(({ column }) => column), weights: kept.map(({ weight }) => weight) };
}
