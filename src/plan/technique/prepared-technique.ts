/**
 * A technique made ready once for many sets of caps: the operator, a sample of its rows and the preconditioner stay.
 *
 * Both techniques pose the problem of `posePrescribed` with the cord's caps hard, so that their objectives compare: what
 * differs is the operator's columns, whole fields or beamlets. Each plan starts from the one before.
 */
import { checkPositive } from '../../core/check.js';
import type { LinearOperator } from '../../core/linear-operator.js';
import { ColumnOperator } from '../../influence/field-operator.js';
import type { Machine } from '../../machine/machine.js';
import { NormalMatrix, type RowSample } from '../../optimize/normal-matrix.js';
import { sampleRows } from '../../optimize/row-sample.js';
import { type Solution, solve } from '../../optimize/solver.js';
import type { PlanCase, Technique } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { posePrescribed } from '../problem/drawn-prescription.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { refuseRobust } from '../problem/scenario.js';
import { conformalColumns, conformalFields, weighedFields } from './fcrt.js';
import { FINE, finish } from './finish-plan.js';
import { modulatedBeams, modulatedFields } from './imrt.js';
import { prepareInfluence } from './prepared-influence.js';
import type { PlannedField, TechniquePlan } from './technique-plan.js';

export interface PreparedTechnique {
  readonly technique: Technique;
  /**
   * The best plan with these caps, each of them hard.
   *
   * @param caps   Gy, > 0, one per cord voxel of the planning voxels
   * @param signal looked at between steps; the status is then `stopped`
   * @throws {InvalidInputError} for a cap that is not > 0
   */
  plan(caps: Float64Array, signal?: { readonly aborted: boolean }): TechniquePlan;
  close(): void;
}

/** @throws {UnsupportedError} where a beam misses the patient, or for IMRT of a robust case */
export function prepareTechnique(
  technique: Technique,
  model: PatientModel,
  voxels: PlanningVoxels,
  plan: PlanCase,
  machine: Machine,
): PreparedTechnique {
  if (technique === 'imrt') refuseRobust('prepared technique', plan);
  const arrange = technique === 'fcrt' ? conformal : modulated;
  const { operator, sample, preconditioner, fieldsOf, close } = arrange(model, voxels, plan, machine);
  let start: Float64Array | undefined;
  const planWith = (caps: Float64Array, signal?: { readonly aborted: boolean }): TechniquePlan => {
    const problem = { operator, ...posePrescribed(model, voxels, plan, 'cord', caps) };
    const given = { gap: FINE, ...(start ? { start } : {}), ...(signal ? { signal } : {}) };
    const solution: Solution = solve({ ...problem, sample, preconditioner }, given);
    const fields = fieldsOf(solution.weights);
    const done = finish(technique, 'cord', fields, model, plan, voxels, caps, [], problem, solution);
    start = solution.weights;
    return done;
  };
  return {
    technique,
    close,
    plan(caps, signal) {
      for (const cap of caps) checkPositive(`${technique}: cap of a cord voxel in Gy`, cap);
      return planWith(caps, signal);
    },
  };
}

interface Arrangement {
  readonly operator: LinearOperator;
  readonly sample: RowSample;
  readonly preconditioner: NormalMatrix;
  fieldsOf(weights: Float64Array): PlannedField[];
  close(): void;
}

function conformal(model: PatientModel, voxels: PlanningVoxels, plan: PlanCase, machine: Machine): Arrangement {
  const fields = conformalFields(model, plan, machine);
  const operator = new ColumnOperator(conformalColumns(model, voxels, fields));
  const sample = sampleRows(operator);
  return {
    operator,
    sample,
    preconditioner: new NormalMatrix(sample, operator.columns),
    fieldsOf: (weights) => weighedFields(fields, weights),
    close: () => undefined,
  };
}

function modulated(model: PatientModel, voxels: PlanningVoxels, plan: PlanCase, machine: Machine): Arrangement {
  const beams = modulatedBeams(model, plan, machine);
  return {
    ...prepareInfluence(beams, model, voxels, plan),
    fieldsOf: (weights) => modulatedFields(beams, weights),
  };
}
