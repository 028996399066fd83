/**
 * What every IMRT solve on one set of beams shares: the operator, its rows as numbers, the preconditioner.
 */
import { neighbouringBeamlets } from '../../beam/fluence.js';
import { DividedOperator } from '../../influence/divided-operator.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import { NormalMatrix, type VoxelSample } from '../../optimize/normal-matrix.js';
import { fluenceSmoothness, type SmoothFluence, sampleWithPairs } from '../../optimize/objective/fluence-smoothness.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { groupScenarios } from '../problem/scenario.js';
import { clusterVoxels, type VoxelClusters } from '../problem/voxel-clusters.js';

export interface PreparedInfluence {
  readonly operator: DividedOperator;
  /**
   * Where smoothness is asked for: what to solve with in place of the operator, and one objective more. Its rows are the
   * operator's, then one per pair of neighbouring beamlets, as are those of sample and preconditioner.
   */
  readonly smooth?: SmoothFluence;
  readonly sample: VoxelSample;
  readonly preconditioner: NormalMatrix;
  /** Frees what the threads hold. */
  close(): void;
}

/**
 * With scenarios, the operator's rows are those of {@link PlanningVoxels}: nominal, then shifted.
 *
 * @param smoothness weight of fluence smoothness, > 0. @default none is asked for
 * @throws {InvalidInputError} without beams or points
 * @throws {UnsupportedError} if a beam's central ray meets no tissue
 */
export function prepareInfluence(
  beams: readonly ModulatedBeam[],
  { patient, executor, bodyDose }: PatientModel,
  voxels: PlanningVoxels,
  { doseModel }: Pick<PlanCase, 'doseModel'>,
  smoothness?: number,
): PreparedInfluence {
  const { points, places, zones, spacing, scenarios = [] } = voxels;
  const shifted = scenarios.map(({ shift, from, to }) => ({ shift, from, to }));
  const operator = new DividedOperator(beams, patient.density, points, {
    executor,
    ...doseModel,
    shifted,
    // Shifted rows are seen from elsewhere.
    ...(scenarios.length === 0 && {
      seen: bodyDose.pointsAt(
        beams.map(({ beam }) => beam),
        places,
      ),
    }),
  });
  try {
    const nominal = scenarios[0]?.from ?? zones.length;
    const groups = clusterVoxels(points, zones.subarray(0, nominal), spacing, operator.columns);
    const pairs = smoothness === undefined ? undefined : neighbouringBeamlets(beams);
    const smooth = pairs && fluenceSmoothness(operator, pairs, smoothness!);
    const read = sampleInfluence(operator, groupScenarios(groups, voxels));
    const sample = pairs ? sampleWithPairs(read, operator.columns, pairs) : read;
    const preconditioner = new NormalMatrix(sample, operator.columns, { executor });
    const close = (): void => {
      preconditioner.close();
      operator.close();
    };
    return { operator, ...(smooth && { smooth }), sample, preconditioner, close };
  } catch (error) {
    operator.close();
    throw error;
  }
}

/** The influence on the voxels that were asked for last: those who plan on the same voxels again need not prepare it again. */
export class KeptInfluence {
  private last: { readonly voxels: PlanningVoxels; readonly prepared: PreparedInfluence } | undefined;

  of(voxels: PlanningVoxels, prepare: () => PreparedInfluence): PreparedInfluence {
    if (this.last?.voxels === voxels) return this.last.prepared;
    this.close();
    const prepared = prepare();
    this.last = { voxels, prepared };
    return prepared;
  }

  close(): void {
    this.last?.prepared.close();
    this.last = undefined;
  }
}

/**
 * Rows of the influence as numbers, for the optimiser: its preconditioner, and the limits' own rows.
 *
 * @param groups the rows that are read, and whom they stand for
 */
export function sampleInfluence(operator: DividedOperator, { rows, memberOf }: VoxelClusters): VoxelSample {
  return { matrix: operator.readRows(rows), count: rows.length, memberOf, isExact: true };
}
