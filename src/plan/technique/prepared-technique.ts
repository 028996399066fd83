/**
 * A technique made ready once for many sets of maxima: the operator, a sample of its rows and the preconditioner stay.
 *
 * Both techniques pose the problem of `posePrescribed` with the cord's maxima hard, so that their objectives compare: what
 * differs is the operator's columns, whole fields or beamlets. Each plan starts from the one before.
 */
import { checkPositive } from '../../core/check.js';
import { UnsupportedError } from '../../core/errors.js';
import type { LinearOperator } from '../../core/linear-operator.js';
import { ColumnOperator } from '../../influence/field-operator.js';
import type { Machine } from '../../machine/machine.js';
import { NormalMatrix, type VoxelSample } from '../../optimize/normal-matrix.js';
import type { Preconditioner } from '../../optimize/preconditioner.js';
import { type SolveProgress, solve } from '../../optimize/solver.js';
import { sampleVoxels } from '../../optimize/voxel-sample.js';
import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { PlanCase, Technique } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { constrainedVoxels } from '../problem/constrained-voxels.js';
import { posePrescribed } from '../problem/drawn-prescription.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { refuseConstraints, refuseRobust } from '../problem/scenario.js';
import { conformalColumns, conformalFields, weighedFields } from './fcrt.js';
import { FINE, finish } from './finish-plan.js';
import { modulatedBeams, modulatedFields } from './imrt.js';
import { prepareInfluence } from './prepared-influence.js';
import type { PlannedField, PosedCase, ProgressListener, TechniquePlan } from './technique-plan.js';

export interface PreparedTechnique {
  readonly technique: Technique;
  /**
   * The best plan with these maxima, each of them hard.
   *
   * @param maxima Gy, > 0, one per cord voxel of the planning voxels
   * @throws {InvalidInputError} for a maximum that is not > 0
   */
  plan(maxima: Float64Array, options?: SolveOptions): TechniquePlan;
  /** The weights that the next plan starts from: of the one before. */
  readonly start: Float64Array | undefined;
  close(): void;
}

/** How a plan's problem is solved. */
export interface SolveOptions {
  /** Looked at between steps; the status is then `stopped`. */
  readonly signal?: { readonly aborted: boolean } | undefined;
  /** Seconds; then the best so far, whose status is `time-limit`. @default none */
  readonly timeLimit?: number | undefined;
  /** Told after every step. */
  readonly onProgress?: ProgressListener | undefined;
}

export interface PreparedOptions {
  /** Caps of the structures besides the cord of which `voxels` holds rows. @default none */
  readonly organs?: readonly VoxelMaxima[];
  /** The weights that the first plan starts from. */
  readonly start?: Float64Array | undefined;
}

/** What a technique under moved maxima reads of a case. */
export type PreparedCase = PosedCase & Pick<PlanCase, 'fcrt' | 'imrt' | 'constraints' | 'priorities'>;

/** @throws {UnsupportedError} where a beam misses the patient, or for IMRT of a robust case */
export function prepareTechnique(
  technique: Technique,
  model: PatientModel,
  voxels: PlanningVoxels,
  planCase: PreparedCase,
  machine: Machine,
  { organs = [], start: first }: PreparedOptions = {},
): PreparedTechnique {
  if (technique === 'imrt') refuseRobust('prepared technique', planCase);
  refuseConstraints('prepared technique', planCase);
  if (technique === 'fcrt') refuseChosenFields(planCase);
  const arrange = technique === 'fcrt' ? conformal : modulated;
  const { operator, sample, preconditioner, fieldsOf, close } = arrange(model, voxels, planCase, machine);
  let start = first;
  const planWith = (maxima: Float64Array, { signal, timeLimit, onProgress }: SolveOptions): TechniquePlan => {
    const [, ...organMaxima] = constrainedVoxels(voxels, maxima, organs).map((set) => set.maxima);
    const problem = {
      operator,
      ...posePrescribed(model, voxels, planCase, 'cord', { maxima, organMaxima }),
    };
    const given = {
      gap: FINE,
      ...(start && { start }),
      ...(signal && { signal }),
      ...(timeLimit !== undefined && { timeLimit }),
      onProgress: (progress: SolveProgress) => onProgress?.(technique, progress),
    };
    const solution = solve({ ...problem, sample, preconditioner }, given);
    const made = { technique, hold: 'cord', fields: fieldsOf(solution.weights) } as const;
    start = solution.weights;
    return finish(model, planCase, { ...made, voxels, maxima, organs, problem, solution });
  };
  return {
    technique,
    close,
    get start() {
      return start;
    },
    plan(maxima, options = {}) {
      for (const maximum of maxima) checkPositive(`${technique}: cap of a cord voxel in Gy`, maximum);
      return planWith(maxima, options);
    },
  };
}

/** @throws {UnsupportedError} where FCRT is no fixed set of fields: under every maximum others would be best */
function refuseChosenFields({ fcrt }: Pick<PlanCase, 'fcrt'>): void {
  const asked = fcrt.fieldInField !== undefined ? 'fieldInField' : fcrt.wedges !== undefined ? 'wedges' : undefined;
  if (asked === undefined) return;
  throw new UnsupportedError(
    `case: fcrt.${asked}: fields are chosen for one plan, but here plans are made under many maxima of one set of fields. Leave it out, or let the techniques be imrt alone.`,
  );
}

interface Arrangement {
  readonly operator: LinearOperator;
  readonly sample: VoxelSample;
  readonly preconditioner: Preconditioner;
  fieldsOf(weights: Float64Array): PlannedField[];
  close(): void;
}

function conformal(model: PatientModel, voxels: PlanningVoxels, planCase: PreparedCase, machine: Machine): Arrangement {
  const fields = conformalFields(model, planCase.fcrt, machine);
  const operator = new ColumnOperator(conformalColumns(model, voxels, fields));
  const sample = sampleVoxels(operator);
  return {
    operator,
    sample,
    preconditioner: new NormalMatrix(sample, operator.columns),
    fieldsOf: (weights) => weighedFields(fields, weights),
    close: () => undefined,
  };
}

function modulated(model: PatientModel, voxels: PlanningVoxels, planCase: PreparedCase, machine: Machine): Arrangement {
  const beams = modulatedBeams(model, planCase.imrt, machine);
  return {
    ...prepareInfluence(beams, model, voxels, planCase),
    fieldsOf: (weights) => modulatedFields(beams, weights),
  };
}
