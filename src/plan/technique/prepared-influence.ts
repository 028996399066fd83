/**
 * What every IMRT solve on one set of beams shares: the operator, its rows as numbers, the preconditioner.
 */
import { neighbouringBeamlets } from '../../beam/fluence.js';
import type { Executor } from '../../core/executor.js';
import { DividedOperator } from '../../influence/divided-operator.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import { CompactNormal } from '../../optimize/compact-normal.js';
import { compactRows, type RowReader } from '../../optimize/compact-rows.js';
import { NormalMatrix, type VoxelSample } from '../../optimize/normal-matrix.js';
import { fluenceSmoothness, type SmoothFluence, sampleWithPairs } from '../../optimize/objective/fluence-smoothness.js';
import type { Preconditioner } from '../../optimize/preconditioner.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { groupScenarios } from '../problem/scenario.js';
import { clusterVoxels, neighbourhoods, type VoxelClusters } from '../problem/voxel-clusters.js';

export interface PreparedInfluence {
  readonly operator: DividedOperator;
  /**
   * Where smoothness is asked for: what to solve with in place of the operator, and one objective more. Its rows are the
   * operator's, then one per pair of neighbouring beamlets, as are those of sample and preconditioner.
   */
  readonly smooth?: SmoothFluence;
  readonly sample: VoxelSample;
  readonly preconditioner: Preconditioner;
  /** Frees what the threads hold. */
  close(): void;
}

/** From so many beamlets on the preconditioner keeps compact rows: all rows as numbers are too many then, and blocks of voxels too coarse. */
export const COMPACT_FROM = 2000;
/** Entries of the constraints' own rows that are held as numbers, at most: 160 MB. */
const HELD_ENTRIES = 40e6;

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
  const { points, places, scenarios = [] } = voxels;
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
    const pairs = smoothness === undefined ? undefined : neighbouringBeamlets(beams);
    const smooth = pairs && fluenceSmoothness(operator, pairs, smoothness!);
    const { sample, preconditioner } = prepareRows(operator, voxels, executor, pairs);
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

/**
 * What the optimiser gets besides the operator: rows as numbers, and the preconditioner that is made of them.
 *
 * @param pairs of beamlets whose differences are further rows. @default none
 */
export function prepareRows(
  operator: DividedOperator,
  voxels: PlanningVoxels,
  executor: Executor,
  pairs?: Int32Array,
): Pick<PreparedInfluence, 'sample' | 'preconditioner'> {
  const { points, zones, spacing, scenarios = [] } = voxels;
  const { columns } = operator;
  const isCompact = columns >= COMPACT_FROM;
  const nominal = scenarios[0]?.from ?? zones.length;
  const groups = groupScenarios(clusterVoxels(points, zones.subarray(0, nominal), spacing, columns, isCompact), voxels);
  if (!isCompact) {
    const read = sampleInfluence(operator, groups);
    const sample = pairs ? sampleWithPairs(read, columns, pairs) : read;
    return { sample, preconditioner: new NormalMatrix(sample, columns, { executor }) };
  }
  const reader = readerOf(operator);
  const rows = compactRows(reader, neighbourhoods(points, groups), { executor });
  // Into the same memory again: threads do not let go of what they were shown.
  const { readRows } = reader;
  const sample = heldRows(operator, voxels);
  const compact = new CompactNormal(rows, { executor, readRows });
  return pairs === undefined
    ? { sample, preconditioner: compact }
    : withoutPairs(sample, compact, operator.rows, pairs);
}

/** Pairs of beamlets are rows that compact rows know nothing of: what they curve is left to the products. */
function withoutPairs(
  sample: VoxelSample,
  compact: Preconditioner,
  rows: number,
  pairs: Int32Array,
): Pick<PreparedInfluence, 'sample' | 'preconditioner'> {
  const memberOf = new Int32Array(rows + pairs.length / 2).fill(-1);
  memberOf.set(sample.memberOf);
  const preconditioner: Preconditioner = {
    ...(compact.solved !== undefined && { solved: compact.solved }),
    update: (rowDiagonal, ...rest) => compact.update(rowDiagonal.subarray(0, rows), ...rest),
    solve: compact.solve.bind(compact),
    close: () => compact.close(),
  };
  return { sample: { ...sample, memberOf }, preconditioner };
}

/** Reads rows into memory that is used again. */
function readerOf(operator: DividedOperator): RowReader {
  const { columns, pools } = operator;
  let rows: Float32Array = new Float32Array(0);
  let tails: Float32Array = new Float32Array(0);
  return {
    columns,
    pools,
    readRows: (which) => {
      if (rows.length < which.length * columns) rows = operator.allocateRows(which.length, columns);
      return operator.readRows(which, { matrix: rows, stride: columns });
    },
    readTails(which) {
      if (tails.length < which.length * pools.count) tails = operator.allocateRows(which.length, pools.count);
      return operator.readTails(which, tails);
    },
  };
}

/** The rows of cord and organs, which have constraints; none where they are too many: the operator is asked then. */
function heldRows(operator: DividedOperator, { cord, organs, scenarios = [] }: PlanningVoxels): VoxelSample {
  const sets = [cord, ...organs, ...scenarios.map((scenario) => scenario.cord)];
  const held = Int32Array.from(new Set(sets.flatMap(({ rows }) => Array.from(rows))));
  const rows = held.length * operator.columns <= HELD_ENTRIES ? held : new Int32Array(0);
  const memberOf = new Int32Array(operator.rows).fill(-1);
  rows.forEach((row, q) => {
    memberOf[row] = q;
  });
  if (rows.length === 0) return { matrix: new Float32Array(0), count: 0, memberOf };
  return sampleInfluence(operator, { rows, memberOf });
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
