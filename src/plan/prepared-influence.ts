/**
 * What every IMRT solve on one set of beams shares: the operator, its rows as numbers, the preconditioner.
 */
import { DividedOperator } from '../influence/divided-operator.js';
import type { ModulatedBeam } from '../influence/operator.js';
import { NormalMatrix, type RowSample } from '../optimize/normal-matrix.js';
import type { PlanCase } from './case.js';
import { sampleInfluence } from './influence-sample.js';
import type { PatientModel } from './patient-model.js';
import type { PlanningVoxels } from './planning-voxels.js';
import { groupRows } from './row-groups.js';

export interface PreparedInfluence {
  readonly operator: DividedOperator;
  readonly sample: RowSample;
  readonly preconditioner: NormalMatrix;
  /** Frees what the lanes hold. */
  close(): void;
}

/**
 * @throws {InvalidInputError} without beams or points
 * @throws {UnsupportedError} if a beam's central ray meets no tissue
 */
export function prepareInfluence(
  beams: readonly ModulatedBeam[],
  { patient, executor }: PatientModel,
  { points, zones, spacing }: PlanningVoxels,
  { doseModel }: PlanCase,
): PreparedInfluence {
  const operator = new DividedOperator(beams, patient.density, points, { executor, ...doseModel });
  try {
    const sample = sampleInfluence(operator, groupRows(points, zones, spacing, operator.columns));
    const preconditioner = new NormalMatrix(sample, operator.columns, { executor });
    const close = (): void => {
      preconditioner.close();
      operator.close();
    };
    return { operator, sample, preconditioner, close };
  } catch (error) {
    operator.close();
    throw error;
  }
}
