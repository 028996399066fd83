/**
 * A modulated plan in segments: shapes that the optimised fluence leads to, and their weights in the engine's dose of the apertures.
 *
 * Shapes are found with the influence of the beamlets, and their ends moved from the engine's dose of every aperture by itself, leaf
 * ends where they are and with what closed leaves let through. Weights are optimised on these doses at last, under the same
 * constraints and to the same prescription: what holds, holds in the dose of what is delivered.
 */
import type { TimeLeft } from '../../core/deadline.js';
import { InvalidInputError } from '../../core/errors.js';
import type { LinearOperator } from '../../core/linear-operator.js';
import { ColumnOperator } from '../../influence/field-operator.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { Machine } from '../../machine/machine.js';
import { evaluateAll } from '../../optimize/half-spaces.js';
import { type Solution, type SolveOptions, solve } from '../../optimize/solver.js';
import { deliveringShapes, type LeafShape } from '../../sequence/leaf-field.js';
import { weighSegments } from '../../sequence/weighed-segments.js';
import type { PatientModel } from '../patient/patient-model.js';
import { type PlanningProblem, settledProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { leafFieldsOf, pixelArea, type SegmentField, type SegmentSettings, segmentFieldsOf } from './segment-fields.js';

/** What delivery in segments costs. */
export interface DeliveryPrice {
  readonly segments: number;
  /** Value of the objectives at the segments' dose, at the level of the fluence. */
  readonly value: number;
  /** No fluence of these beamlets has a smaller one; null where nothing is proven. */
  readonly lowerBound: number | null;
  /** value / lowerBound - 1: how far what is delivered is from the best fluence, at most. */
  readonly price: number | null;
  /** The same of the fluence's sequence, at its best weights, before shapes were optimised; without what closed leaves let through. */
  readonly sequenced: number | null;
}

/** Segments with their weights, as a solution of the problem on their own doses. */
export interface PlannedSegments {
  readonly fields: readonly SegmentField[];
  readonly operator: LinearOperator;
  readonly solution: Solution;
  readonly delivery: DeliveryPrice;
}

/** The fluence that segments are made from. */
export interface OptimisedFluence {
  readonly operator: LinearOperator;
  readonly beams: readonly ModulatedBeam[];
  readonly voxels: PlanningVoxels;
  readonly problem: PlanningProblem;
  readonly solution: Solution;
}

/** To which the weights of shapes that still change are proven. */
const ROUGH = 0.01;
/** Shapes whose dose without what leaves let through has this multiple of the fluence's bound are good enough. */
const ENOUGH = 1.03;

/** @throws {InvalidInputError} for fewer segments than fields, or leaves that do not fit the beamlets */
export function planSegments(
  { operator, beams, voxels, problem, solution: fluence }: OptimisedFluence,
  settings: SegmentSettings & { readonly fractions: number },
  model: PatientModel,
  machine: Machine,
  timeLeft: TimeLeft,
  options: Pick<SolveOptions, 'gap' | 'onProgress'>,
): PlannedSegments {
  const { objectives, constraints } = settledProblem(problem, fluence);
  const { bank, segments: allowed, interleaf } = settings;
  const { lowerBound } = fluence.certificate;
  const leafFields = leafFieldsOf(beams, bank);
  model.onStage('imrt: segments');
  const isOver = (): boolean => timeLeft() === 0;
  const { grid } = beams[0]!.beamlets;
  const fieldsOf = (shapes: readonly LeafShape[]): SegmentField[] =>
    segmentFieldsOf(shapes, leafFields, beams, settings, machine);
  const made = weighSegments({ operator, objectives, constraints }, leafFields, fluence.weights, {
    allowed,
    interleaf,
    least: Math.max(1, Math.ceil(settings.leafGap / (grid.x[1]! - grid.x[0]!))),
    leastArea: settings.leastArea / pixelArea(grid),
    gap: ROUGH,
    enough: lowerBound === null ? -Infinity : ENOUGH * lowerBound,
    isOver,
    onBegin: (of) => model.onStage(of === 'shapes' ? 'imrt: segments' : 'imrt: leaf ends of segments'),
    delivered: (shapes) =>
      model.bodyDose.columnsAt(
        fieldsOf(shapes).map(({ beam, open }) => ({ beam, fluence: open })),
        voxels.places,
      ),
  });
  const kept = deliveringShapes(made.doses, made.solution.weights);
  const all = fieldsOf(kept.map((n) => made.segments[n]!));
  const doses = kept.map((n) => made.doses[n]!);
  model.onStage('imrt: weights of segments');
  const solveFor = (some: readonly number[], start: Float64Array): { columns: ColumnOperator; solution: Solution } => {
    const columns = new ColumnOperator(some.map((n) => doses[n]!));
    return {
      columns,
      solution: solve({ ...problem, operator: columns }, { ...options, timeLimit: timeLeft(), start }),
    };
  };
  const start = Float64Array.from(kept, (n) => made.segments[n]!.weight);
  const { some, columns, solution } = withoutLight(solveFor, start, settings.leastUnits * settings.fractions);
  const value = evaluateAll(objectives, solution.dose, new Float64Array(columns.rows));
  const priceOf = (reached: number): number | null =>
    lowerBound === null || !(lowerBound > 0) || reached === Infinity ? null : reached / lowerBound - 1;
  const delivery = {
    segments: some.length,
    value,
    lowerBound,
    price: priceOf(value),
    sequenced: priceOf(made.values[0]!),
  };
  return { fields: some.map((n) => all[n]!), operator: columns, solution, delivery };
}

/**
 * The best weights of segments none of which is below the least: the lighter half of those that are goes, until there are none.
 *
 * @throws {InvalidInputError} where none is left
 */
function withoutLight<T extends { readonly solution: Solution }>(
  solveFor: (some: readonly number[], start: Float64Array) => T,
  begun: Float64Array,
  least: number,
): T & { readonly some: readonly number[] } {
  let some = Array.from(begun, (_, n) => n);
  for (let start = begun; ; ) {
    const made = solveFor(some, start);
    const { weights, certificate } = made.solution;
    const light = some.map((_, q) => q).filter((q) => weights[q]! < least);
    // Where nothing keeps the constraints, it is not for want of weight.
    if (light.length === 0 || certificate.lowerBound === null) return { ...made, some };
    light.sort((a, b) => weights[a]! - weights[b]!).splice(Math.ceil(light.length / 2));
    const gone = new Set(light);
    start = weights.filter((_, q) => !gone.has(q));
    some = some.filter((_, q) => !gone.has(q));
    if (some.length > 0) continue;
    throw new InvalidInputError(
      'case: imrt.delivery: no segment gets leastUnits monitor units in each fraction. Give a smaller leastUnits, or fewer segments.',
    );
  }
}

/** That some shapes keep no constraints does not say that no fluence does: their plan is not proven, and what it breaks is told of it. */
export const ofDelivery = (solution: Solution): Solution =>
  solution.status === 'infeasible' ? { ...solution, status: 'unproven' } : solution;
