/** FCRT: conformal fields whose weights are fitted. */
import type { Aperture } from '../../beam/aperture.js';
import type { Beam } from '../../beam/beam.js';
import { apertureFluence, type CollimatedFluenceOptions } from '../../beam/collimated-fluence.js';
import { conformAperture } from '../../beam/conform.js';
import { forever } from '../../core/deadline.js';
import type { FluenceField } from '../../dose/beam-view.js';
import { ColumnOperator } from '../../influence/field-operator.js';
import type { Machine } from '../../machine/machine.js';
import { uniformLeaves } from '../../machine/mlc.js';
import { type SolveProgress, solve } from '../../optimize/solver.js';
import { resolveLeafBank } from '../input/check-json.js';
import type { PlanCase } from '../input/plan-case.js';
import { type PatientModel, targetMaskOf } from '../patient/patient-model.js';
import { constrainedVoxels, uniformMaxima } from '../problem/constrained-voxels.js';
import { posePrescribed } from '../problem/drawn-prescription.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { rowMaxima } from '../problem/row-maxima.js';
import { finish } from './finish-plan.js';
import { posedGoals, settleConstraints, solveByPriorities } from './ordered-plan.js';
import { beamsOf, type PlannedField, type PlanningOptions, type PosedCase, type SolvedPlan } from './technique-plan.js';

/** A conformal field before it has a weight. */
export interface ConformalField {
  readonly beam: Beam;
  readonly aperture: Aperture;
  /** Of the open aperture, per monitor unit. */
  readonly open: FluenceField;
}

/** The fields of a case's FCRT: one aperture per beam, conformed to all targets. */
export function conformalFields(
  model: PatientModel,
  { beams, margin, leafWidth, mlc, conform: mode, transmission, cordShield }: PlanCase['fcrt'],
  machine: Machine,
): ConformalField[] {
  const bank = mlc === undefined ? uniformLeaves(leafWidth) : resolveLeafBank(mlc);
  const through = transmissionOf(transmission, machine);
  const target = targetMaskOf(model);
  const shield = cordShield ? model.masks.get(model.cord)! : undefined;
  return beamsOf(beams, model, machine).map((beam) => {
    const aperture = conformAperture(beam.frame, target, { margin, bank, mode, ...(shield ? { shield } : {}) });
    return { beam, aperture, open: apertureFluence(aperture, through) };
  });
}

/** What leaves and jaws of a case let through, and how far. */
export function transmissionOf(
  transmission: PlanCase['fcrt']['transmission'],
  machine: Machine,
): CollimatedFluenceOptions {
  return {
    jawTransmission: transmission.jaws,
    leafTransmission: transmission.leaves,
    largestField: machine.range.fieldSide[1],
  };
}

/** Dose of every field at the optimiser's voxels, per monitor unit. */
export function conformalColumns(
  model: PatientModel,
  voxels: PlanningVoxels,
  fields: readonly ConformalField[],
): Float64Array[] {
  return model.bodyDose.columnsAt(
    fields.map(({ beam, open }) => ({ beam, fluence: open })),
    voxels.places,
  );
}

/** Conformal fields with their monitor units. */
export function weighedFields(fields: readonly ConformalField[], weights: Float64Array): PlannedField[] {
  return fields.map(({ beam, aperture, open: { grid, weights: open } }, f): PlannedField => {
    const monitorUnits = weights[f]!;
    return { beam, aperture, monitorUnits, fluence: { grid, weights: open.map((o) => o * monitorUnits) } };
  });
}

/**
 * FCRT: one aperture per beam, conformed to the target; the weights of the fields are fitted.
 *
 * @param voxels with rows of the structures besides the cord that have maxima
 */
export function planConformal(
  model: PatientModel,
  voxels: PlanningVoxels,
  planCase: PosedCase & Pick<PlanCase, 'fcrt'>,
  machine: Machine,
  {
    onProgress,
    maxima = uniformMaxima(voxels, planCase),
    organs = [],
    held = [],
    further,
    goals = [],
    prior,
    start,
    timeLeft = forever,
  }: PlanningOptions = {},
): SolvedPlan {
  const { hold } = planCase.fcrt;
  model.onStage('fcrt: apertures, beams, columns');
  const fields = conformalFields(model, planCase.fcrt, machine);
  const columns = conformalColumns(model, voxels, fields);
  model.onStage('fcrt: weights');
  const sets = constrainedVoxels(voxels, maxima, organs);
  const [, ...organMaxima] = sets.map((set) => set.maxima);
  const posed = posePrescribed(model, voxels, planCase, hold, { maxima, organMaxima, held, further, prior });
  const problem = { operator: new ColumnOperator(columns), ...posed };
  const told = { onProgress: (p: SolveProgress) => onProgress?.('fcrt', p), timeLimit: timeLeft() };
  const { solution: first, priorities } =
    goals.length === 0
      ? { solution: solve(problem, { ...told, ...(start && { start }) }), priorities: undefined }
      : solveByPriorities(
          problem,
          posedGoals(goals, voxels, model, planCase, rowMaxima(voxels, model.cord, maxima, organs), () =>
            solve(problem, told),
          ),
          { ...told, executor: model.executor },
        );
  const again = (interior: Float64Array) => solve(problem, { ...told, interior });
  const { solution, conflict } = settleConstraints(problem, first, again, timeLeft);
  const made = { technique: 'fcrt', hold, fields: weighedFields(fields, solution.weights) } as const;
  return finish(model, planCase, { ...made, voxels, maxima, organs, held, problem, solution, priorities, conflict });
}
