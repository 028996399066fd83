/** The planning problem of a case's IMRT as numbers: rows, maxima, objectives; before anything is optimised. */
import type { Machine } from '../../machine/machine.js';
import type { StructureTolerance } from '../constraint/structure-tolerance.js';
import { cordMaxima, organMaxima, type VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { constrainedVoxels } from '../problem/constrained-voxels.js';
import { posePrescribed } from '../problem/drawn-prescription.js';
import type { PlanningProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import type { PosedCase } from '../technique/technique-plan.js';
import { WorkingSet } from '../technique/working-set.js';

/** What the problem of a case's IMRT rests on. */
export type ExchangedCase = PosedCase & Pick<PlanCase, 'fcrt' | 'imrt'>;

/** The rows of the optimiser before its first plan. */
export function planningRows(
  model: PatientModel,
  planCase: ExchangedCase,
  machine: Machine,
  tolerances: readonly StructureTolerance[],
): WorkingSet {
  return new WorkingSet(model, planCase, machine, organMaxima(tolerances, model), ['imrt']);
}

export interface PosedRows {
  readonly voxels: PlanningVoxels;
  /** Gy, one per row of the cord. */
  readonly maxima: Float64Array;
  readonly organs: readonly VoxelMaxima[];
  readonly problem: PlanningProblem;
}

/** Objectives and constraints over given rows, as `planModulated` poses them. */
export function poseRows(
  model: PatientModel,
  planCase: ExchangedCase,
  tolerances: readonly StructureTolerance[],
  { organs }: Pick<WorkingSet, 'organs'>,
  voxels: PlanningVoxels,
): PosedRows {
  const maxima = cordMaxima(tolerances, model, planCase.cordCap, voxels.cord.voxels);
  const [cord, ...others] = constrainedVoxels(voxels, maxima, organs).map((set) => set.maxima);
  const problem = posePrescribed(model, voxels, planCase, planCase.imrt.hold, { maxima: cord!, organMaxima: others });
  return { voxels, maxima, organs, problem };
}
