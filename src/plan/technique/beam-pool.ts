/** Candidate beams of an IMRT plan with their influence as numbers, read once: any set of them is a set of its columns. */
import { beamletOffsets } from '../../beam/fluence.js';
import { checkCount } from '../../core/budget.js';
import type { Executor } from '../../core/executor.js';
import { allocateMatrix, DividedOperator } from '../../influence/divided-operator.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { VoxelSample } from '../../optimize/normal-matrix.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { COARSE, coarseRows, FINER } from '../problem/coarse-rows.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import type { VoxelClusters } from '../problem/voxel-clusters.js';

export interface BeamPool {
  readonly beams: readonly ModulatedBeam[];
  /** Where the columns of each beam begin; at the end, how many there are. */
  readonly offsets: readonly number[];
  /** Of blocks of rows: for comparing very many sets of beams. */
  readonly coarse: VoxelSample;
  /** Of all rows, or of as many as fit. */
  readonly fine: VoxelSample;
}

/** Entries of the fine sample, 540 MB, and of the coarse one, at most. */
const MOST_FINE = 135e6;
const MOST_COARSE = 100e6;
/** Beams that are seen at once. */
const BATCH = 6;

/**
 * @throws {InvalidInputError} for more beamlets than can be held
 * @throws {UnsupportedError} if a beam's central ray meets no tissue
 */
export function readBeams(
  beams: readonly ModulatedBeam[],
  { patient, executor, onStage }: PatientModel,
  voxels: PlanningVoxels,
  { doseModel }: Pick<PlanCase, 'doseModel'>,
): BeamPool {
  const offsets = beamletOffsets(beams);
  const columns = offsets.at(-1)!;
  const blocks = coarseRows(voxels, COARSE);
  checkCount(
    'beams: entries of the influence of all candidates on the coarse rows',
    columns * blocks.rows.length,
    MOST_COARSE,
    'Give fewer candidates, or larger beamlets.',
  );
  const finest = FINER.map((sides) => coarseRows(voxels, sides)).find(({ rows }) => columns * rows.length <= MOST_FINE);
  const all = finest ?? blocks;
  const coarse = emptySample(blocks, columns, executor);
  const fine = finest === undefined ? coarse : emptySample(all, columns, executor);
  // A few at a time: what the operator holds of all of them would take more memory than the numbers.
  for (let from = 0; from < beams.length; from += BATCH) {
    const some = beams.slice(from, from + BATCH);
    const operator = new DividedOperator(some, patient.density, voxels.points, { executor, ...doseModel });
    try {
      for (const [{ matrix }, { rows }] of new Map([
        [coarse, blocks],
        [fine, all],
      ])) {
        operator.readRows(rows, { matrix: matrix.subarray(offsets[from]!), stride: columns });
      }
    } finally {
      operator.close();
    }
    onStage('beams: influence of all candidates');
  }
  return { beams, offsets, coarse, fine };
}

function emptySample({ rows, memberOf }: VoxelClusters, columns: number, executor: Executor): VoxelSample {
  return { matrix: allocateMatrix(executor, rows.length * columns), count: rows.length, memberOf, isExact: true };
}

/** The columns of some of the beams, rising. */
export function columnsOf({ offsets }: Pick<BeamPool, 'offsets'>, chosen: readonly number[]): Int32Array {
  const rising = [...chosen].sort((a, b) => a - b);
  return Int32Array.from(
    rising.flatMap((b) => Array.from({ length: offsets[b + 1]! - offsets[b]! }, (_, c) => offsets[b]! + c)),
  );
}
