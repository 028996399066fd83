/**
 * What every IMRT solve on one set of beams shares: the operator, its rows as numbers, the preconditioner.
 */
import { beamletOffsets, neighbouringBeamlets } from '../../beam/fluence.js';
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
import { type GroupedVoxels, groupScenarios } from '../problem/scenario.js';
import { clusterVoxels, neighbourhoods, type VoxelClusters } from '../problem/voxel-clusters.js';

/** The operator and its rows as numbers, which no solve changes. */
export interface InfluenceRows {
  readonly operator: DividedOperator;
  /**
   * Where smoothness is asked for: what to solve with in place of the operator, and one objective more. Its rows are the
   * operator's, then one per pair of neighbouring beamlets, as are those of sample and preconditioner.
   */
  readonly smooth?: SmoothFluence;
  readonly sample: VoxelSample;
}

export interface PreparedInfluence extends InfluenceRows {
  readonly preconditioner: Preconditioner;
  /** Frees what the threads hold. */
  close(): void;
}

/** What of the planning voxels the influence on them depends on. */
type InfluenceVoxels = GroupedVoxels & Pick<PlanningVoxels, 'places' | 'zones'>;

type InfluenceCase = Pick<PlanCase, 'doseModel'>;

/** From so many beamlets on the preconditioner keeps compact rows: all rows as numbers are too many then, and blocks of voxels too coarse. */
export const COMPACT_FROM = 2000;
/** Entries of the constraints' own rows that are held as numbers, at most: 160 MB. */
const HELD_ENTRIES = 40e6;

/**
 * With scenarios, the operator's rows are those of {@link PlanningVoxels}: nominal, then shifted.
 *
 * @param smoothness weight of fluence smoothness, > 0. @default none is asked for
 * @param kept where operator and rows stay for the next plan; too many beamlets do not. @default they are freed by `close`
 * @throws {InvalidInputError} without beams or points
 * @throws {UnsupportedError} if a beam's central ray meets no tissue
 */
export function prepareInfluence(
  beams: readonly ModulatedBeam[],
  model: PatientModel,
  voxels: InfluenceVoxels,
  planCase: InfluenceCase,
  smoothness?: number,
  kept?: KeptRows,
): PreparedInfluence {
  const { executor } = model;
  const pairs = smoothness === undefined ? undefined : neighbouringBeamlets(beams);
  const smoothed = (operator: DividedOperator): Pick<InfluenceRows, 'smooth'> =>
    pairs === undefined ? {} : { smooth: fluenceSmoothness(operator, pairs, smoothness!) };
  if (beamletOffsets(beams).at(-1)! >= COMPACT_FROM) {
    // Not beside the next ones.
    kept?.close();
    return orClosed(operatorOf(beams, model, voxels, planCase), (operator) => {
      const own = { operator, ...smoothed(operator), ...compactInfluence(operator, voxels, executor, pairs) };
      return { ...own, close: () => closeBoth(own) };
    });
  }
  const read = (): InfluenceRows =>
    orClosed(operatorOf(beams, model, voxels, planCase), (operator) => ({
      operator,
      ...smoothed(operator),
      sample: exactRows(operator, voxels, pairs),
    }));
  const rows = kept?.of({ beams, model, voxels, planCase, smoothness }, read) ?? read();
  const { operator, sample } = rows;
  const close = (preconditioner?: Preconditioner): void =>
    kept === undefined ? closeBoth({ operator, preconditioner }) : preconditioner?.close();
  try {
    const preconditioner = new NormalMatrix(sample, operator.columns, { executor });
    return { ...rows, preconditioner, close: () => close(preconditioner) };
  } catch (error) {
    close();
    throw error;
  }
}

function operatorOf(
  beams: readonly ModulatedBeam[],
  { patient, executor, bodyDose }: PatientModel,
  { points, places, scenarios = [] }: InfluenceVoxels,
  { doseModel }: InfluenceCase,
): DividedOperator {
  const shifted = scenarios.map(({ shift, from, to }) => ({ shift, from, to }));
  return new DividedOperator(beams, patient.density, points, {
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
}
/** What is made of an operator, which is closed where that fails. */
function orClosed<T>(operator: DividedOperator, make: (operator: DividedOperator) => T): T {
  try {
    return make(operator);
  } catch (error) {
    operator.close();
    throw error;
  }
}

/** Of a failure there is no preconditioner. */
function closeBoth({
  operator,
  preconditioner,
}: {
  operator: DividedOperator;
  preconditioner?: Preconditioner | undefined;
}): void {
  preconditioner?.close();
  operator.close();
}

/** What the optimiser gets besides the operator: rows as numbers, and the preconditioner that is made of them. */
export function prepareRows(
  operator: DividedOperator,
  voxels: InfluenceVoxels,
  executor: Executor,
): Pick<PreparedInfluence, 'sample' | 'preconditioner'> {
  const { columns } = operator;
  if (columns >= COMPACT_FROM) return compactInfluence(operator, voxels, executor);
  const sample = exactRows(operator, voxels);
  return { sample, preconditioner: new NormalMatrix(sample, columns, { executor }) };
}

/** The rows that stand for all, of few beamlets. */
function exactRows(operator: DividedOperator, voxels: InfluenceVoxels, pairs?: Int32Array): VoxelSample {
  const { columns } = operator;
  const read = sampleInfluence(operator, groupsOf(voxels, columns));
  return pairs ? sampleWithPairs(read, columns, pairs) : read;
}

function groupsOf(voxels: InfluenceVoxels, columns: number, isCompact = false): VoxelClusters {
  const { points, zones, spacing, scenarios = [] } = voxels;
  const nominal = scenarios[0]?.from ?? zones.length;
  return groupScenarios(clusterVoxels(points, zones.subarray(0, nominal), spacing, columns, isCompact), voxels);
}

/**
 * The same of many beamlets, as compact rows.
 *
 * @param pairs of beamlets whose differences are further rows. @default none
 */
function compactInfluence(
  operator: DividedOperator,
  voxels: InfluenceVoxels,
  executor: Executor,
  pairs?: Int32Array,
): Pick<PreparedInfluence, 'sample' | 'preconditioner'> {
  const groups = groupsOf(voxels, operator.columns, true);
  const reader = readerOf(operator);
  const rows = compactRows(reader, neighbourhoods(voxels.points, groups), { executor });
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
function heldRows(operator: DividedOperator, { cord, organs, scenarios = [] }: InfluenceVoxels): VoxelSample {
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

/** What operator and rows are made from. */
interface AskedRows {
  readonly beams: readonly ModulatedBeam[];
  readonly model: PatientModel;
  readonly voxels: InfluenceVoxels;
  readonly planCase: InfluenceCase;
  readonly smoothness: number | undefined;
}

/**
 * Operator and rows of the plan before, for one that asks for the same beamlets on the same voxels of the same patient. Such a plan is the
 * one on rows of its own, to the last bit.
 */
export class KeptRows {
  private last: { readonly asked: AskedRows; readonly rows: InfluenceRows } | undefined;

  of(asked: AskedRows, read: () => InfluenceRows): InfluenceRows {
    if (this.last !== undefined && isSame(this.last.asked, asked)) return this.last.rows;
    this.close();
    const rows = read();
    this.last = { asked, rows };
    return rows;
  }

  close(): void {
    const { last } = this;
    this.last = undefined;
    last?.rows.operator.close();
  }
}

/** The model is the same object or another patient; all else is compared by what it holds. */
function isSame(a: AskedRows, b: AskedRows): boolean {
  return (
    a.model === b.model &&
    a.smoothness === b.smoothness &&
    isEqual(a.planCase.doseModel, b.planCase.doseModel) &&
    isEqual(a.beams, b.beams) &&
    READ.every((field) => isEqual(a.voxels[field], b.voxels[field]))
  );
}

const READ = Object.keys({
  points: 0,
  places: 0,
  zones: 0,
  spacing: 0,
  isocenterRow: 0,
  cord: 0,
  organs: 0,
  scenarios: 0,
} satisfies Record<keyof InfluenceVoxels, 0>) as (keyof InfluenceVoxels)[];

/** Whether two trees of plain objects and arrays hold the same values. */
function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [own, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  if (ArrayBuffer.isView(a)) return ArrayBuffer.isView(b) && isEqualArray(a as Float64Array, b as Float64Array);
  const keys = Object.keys(own);
  return (
    keys.length === Object.keys(other).length && keys.every((key) => key in other && isEqual(own[key], other[key]))
  );
}

function isEqualArray(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

/**
 * Rows of the influence as numbers, for the optimiser: its preconditioner, and the limits' own rows.
 *
 * @param groups the rows that are read, and whom they stand for
 */
export function sampleInfluence(operator: DividedOperator, { rows, memberOf }: VoxelClusters): VoxelSample {
  return { matrix: operator.readRows(rows), count: rows.length, memberOf, isExact: true };
}
