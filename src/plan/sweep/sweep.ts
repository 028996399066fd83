/**
 * A sweep: one constraint on the cord is moved, and the best plan is made anew under each of its levels, proven.
 *
 * Operator, preconditioner and fields are made once, or anew where a bounded organ needs more rows; every plan starts from the
 * weights of the one before. A particular sweep says what its levels leave the cord's voxels, and what it reads from a plan.
 */
import type { Executor } from '../../core/executor.js';
import type { Patient } from '../../geometry/patient.js';
import type { Machine } from '../../machine/machine.js';
import type { Solution } from '../../optimize/solver.js';
import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { Technique } from '../input/plan-case.js';
import { type ModelledCase, modelPatient, type PatientModel } from '../patient/patient-model.js';
import {
  type PreparedCase,
  type PreparedTechnique,
  prepareTechnique,
  type SolveOptions,
} from '../technique/prepared-technique.js';
import type { TechniquePlan } from '../technique/technique-plan.js';
import { WorkingSet } from '../technique/working-set.js';
import { type Coverage, cordMaximum, coverageOf } from './coverage.js';

/** One level of the constraint that is moved. */
export interface Level {
  /**
   * What it leaves this course, Gy, > 0, one per voxel: the caps of the plan, each of them hard.
   *
   * @param voxels of the cord, as the planning voxels have them
   */
  capsOf(voxels: Int32Array): Float64Array;
}

/** The plan of one level, with what every sweep reads from it. */
export interface SweptPlan<L extends Level> {
  readonly level: L;
  readonly done: TechniquePlan;
  /** Gy, one per cord voxel. */
  readonly caps: Float64Array;
  readonly status: Solution['status'];
  readonly objective: number;
  /** No plan within the caps has a smaller objective; null where nothing is proven. */
  readonly lowerBound: number | null;
  readonly coverage: Coverage;
  /** Largest dose of this course in the cord, Gy. */
  readonly cordMaximum: number;
  readonly evaluations: number;
  /** By how much the objective falls per Gy more on the cord, `cord`, or on another bounded structure. */
  priceOf(limit: string): number;
}

export interface SweepOptions extends SolveOptions {
  /** Caps of structures besides the cord, which no level moves. @default none */
  readonly organs?: readonly VoxelMaxima[];
}

/**
 * The best plan of a technique under each level in turn; ends before a level whose plan was stopped by `signal`.
 *
 * @throws {InvalidInputError} for a cap that is not > 0
 * @throws {UnsupportedError} where a beam misses the patient, or for IMRT of a robust case
 */
export function* sweep<L extends Level>(
  technique: Technique,
  levels: readonly L[],
  model: PatientModel,
  planCase: PreparedCase,
  machine: Machine,
  { organs = [], ...limits }: SweepOptions = {},
): Generator<SweptPlan<L>, void> {
  const rows = new WorkingSet(model, planCase, machine, organs, [technique]);
  let voxels = rows.choose();
  let prepared: PreparedTechnique | undefined;
  let start: Float64Array | undefined;
  try {
    for (let l = 0; l < levels.length; ) {
      prepared ??= prepareTechnique(technique, model, voxels, planCase, machine, { organs, start });
      const level = levels[l]!;
      const caps = level.capsOf(voxels.cord.voxels);
      const done = prepared.plan(caps, limits);
      if (done.solution.status === 'stopped') return;
      if (organs.length === 0 || !rows.extend(done.dose.data.map((dose) => dose / done.scale))) {
        yield sweptPlan(level, caps, done, model, planCase);
        l++;
      } else {
        start = prepared.start;
        prepared.close();
        prepared = undefined;
        voxels = rows.choose();
      }
    }
  } finally {
    prepared?.close();
  }
}

function sweptPlan<L extends Level>(
  level: L,
  caps: Float64Array,
  done: TechniquePlan,
  model: PatientModel,
  { prescription }: Pick<PreparedCase, 'prescription'>,
): SweptPlan<L> {
  const { status, certificate, evaluations } = done.solution;
  return {
    level,
    done,
    caps,
    status,
    objective: certificate.value,
    lowerBound: certificate.lowerBound,
    coverage: coverageOf(done, model, prescription.dose),
    cordMaximum: cordMaximum(done, model),
    evaluations,
    priceOf: (limit) => certificate.prices.find((own) => own.limit === limit)?.price ?? 0,
  };
}

/** Works on a model of a patient that is closed afterwards. */
export function onModel<T>(
  patient: Patient,
  planCase: ModelledCase,
  executor: Executor | undefined,
  work: (model: PatientModel) => T,
): T {
  const model = modelPatient(patient, planCase, executor);
  try {
    return work(model);
  } finally {
    model.bodyDose.close();
  }
}
