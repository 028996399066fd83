/**
 * A modulated plan in segments: shapes that the optimised fluence leads to, and their weights in the engine's dose of the apertures.
 *
 * Shapes are found with the influence of the beamlets. Then every aperture is computed by itself, leaf ends where they are and
 * with what closed leaves let through, and the weights are optimised once more on these doses, under the same constraints and to the same
 * prescription: what holds, holds in the dose of what is delivered.
 */
import type { TimeLeft } from '../../core/deadline.js';
import type { LinearOperator } from '../../core/linear-operator.js';
import { ColumnOperator } from '../../influence/field-operator.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { Machine } from '../../machine/machine.js';
import { evaluateAll } from '../../optimize/half-spaces.js';
import { type Solution, type SolveOptions, solve } from '../../optimize/solver.js';
import { weighSegments } from '../../sequence/weighed-segments.js';
import type { PatientModel } from '../patient/patient-model.js';
import { type PlanningProblem, settledProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { leafFieldsOf, type SegmentField, type SegmentSettings, segmentFieldsOf } from './segment-fields.js';

/** What delivery in segments costs. */
export interface DeliveryPrice {
  readonly segments: number;
  /** Value of the objectives at the segments' dose, at the level of the fluence. */
  readonly value: number;
  /** No fluence of these beamlets has a smaller one; null where nothing is proven. */
  readonly lowerBound: number | null;
  /** value / lowerBound - 1: how far what is delivered is from the best fluence, at most. */
  readonly price: number | null;
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

/** Segments below this fraction of the heaviest are not delivered. */
const NEGLIGIBLE = 1e-3;

/** @throws {InvalidInputError} for fewer segments than fields, or leaves that do not fit the beamlets */
export function planSegments(
  { operator, beams, voxels, problem, solution: fluence }: OptimisedFluence,
  settings: SegmentSettings,
  model: PatientModel,
  machine: Machine,
  timeLeft: TimeLeft,
  options: Pick<SolveOptions, 'gap' | 'onProgress'>,
): PlannedSegments {
  const { objectives, constraints } = settledProblem(problem, fluence);
  const { bank, segments: allowed, interleaf } = settings;
  const leafFields = leafFieldsOf(beams, bank);
  model.onStage('imrt: segments');
  const isOver = (): boolean => timeLeft() === 0;
  const made = weighSegments({ operator, objectives, constraints }, leafFields, fluence.weights, {
    allowed,
    interleaf,
    isOver,
  });
  const least = NEGLIGIBLE * made.segments.reduce((high, { weight }) => Math.max(high, weight), 0);
  const kept = made.segments.filter(({ weight }) => weight > least);
  const fields = segmentFieldsOf(kept, beams, settings, machine);
  model.onStage('imrt: weights of segments');
  const columns = new ColumnOperator(
    model.bodyDose.columnsAt(
      fields.map(({ beam, open }) => ({ beam, fluence: open })),
      voxels.places,
    ),
  );
  const start = Float64Array.from(kept, ({ weight }) => weight);
  const solution = solve({ ...problem, operator: columns }, { ...options, timeLimit: timeLeft(), start });
  const value = evaluateAll(objectives, solution.dose, new Float64Array(columns.rows));
  const { lowerBound } = fluence.certificate;
  const delivery = {
    segments: fields.length,
    value,
    lowerBound,
    price: lowerBound === null || !(lowerBound > 0) ? null : value / lowerBound - 1,
  };
  return { fields, operator: columns, solution, delivery };
}
