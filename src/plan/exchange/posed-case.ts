/** The planning problem of a case's IMRT as numbers: rows, maxima, objectives; before anything is optimised. */

import { UnsupportedError } from '../../core/errors.js';
import type { Machine } from '../../machine/machine.js';
import { parseConstraints } from '../asked/asked-constraint.js';
import { smoothnessOf } from '../asked/asked-objective.js';
import type { StructureTolerance } from '../constraint/structure-tolerance.js';
import { cordMaxima, organMaxima, type VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { constrainedVoxels } from '../problem/constrained-voxels.js';
import { posePrescribed } from '../problem/drawn-prescription.js';
import type { PlanningProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { FollowedConstraints } from '../technique/followed-constraints.js';
import type { PosedCase } from '../technique/technique-plan.js';
import { WorkingSet } from '../technique/working-set.js';

/** What the problem of a case's IMRT rests on. */
export type ExchangedCase = PosedCase & Pick<PlanCase, 'fcrt' | 'imrt' | 'constraints'>;

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
  refuseOrder(planCase);
  const asked = parseConstraints(planCase.constraints, planCase.prescription);
  const followed = new FollowedConstraints(asked, model, planCase);
  const { held } = followed;
  const maxima = cordMaxima(tolerances, model, followed.cordMaximum(planCase.cordCap), voxels.cord.voxels);
  const [cord, ...others] = constrainedVoxels(voxels, maxima, organs).map((set) => set.maxima);
  const problem = posePrescribed(model, voxels, planCase, planCase.imrt.hold, {
    maxima: cord!,
    organMaxima: others,
    held,
  });
  return { voxels, maxima, organs, problem };
}

/** @throws {UnsupportedError} for what is no sum over rows of one problem */
function refuseOrder({ priorities, objectives }: Pick<PlanCase, 'priorities' | 'objectives'>): void {
  const asked =
    priorities.length > 0 ? 'priorities' : smoothnessOf(objectives) === undefined ? undefined : 'smoothness';
  if (asked === undefined) return;
  throw new UnsupportedError(
    `influence: the case asks for ${asked}, which is no problem on the matrix alone. Leave it out, and ask for it where you solve.`,
  );
}
