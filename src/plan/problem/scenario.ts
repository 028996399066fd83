/**
 * Scenarios of a robust plan: the patient off its place by stated rigid shifts, as further rows of the planning problem.
 *
 * The nominal rows come first. Every scenario adds the cord's voxels, and the target's where its coverage counts there too,
 * at the same places in the patient, seen by beams whose isocentre lies off by the opposite. Nothing is blurred: the operator
 * traces every scenario anew.
 */
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import type { Vec3 } from '../../geometry/grid.js';
import type { VoxelSet } from '../../optimize/objective/objective.js';
import { SPINE_DEFAULT } from '../asked/asked-objective.js';
import type { AskedFields } from '../asked/asked-structures.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PlanningVoxels, ScenarioVoxels } from './planning-voxels.js';
import type { VoxelClusters } from './voxel-clusters.js';

/** What a case's `imrt.robust` asks for. */
export type RobustSettings = NonNullable<PlanCase['imrt']['robust']>;

/**
 * The shifts of a case but for the nominal place, which always counts: its list, each once; or the six along the axes, with which the
 * search of the ball of its distance begins.
 */
export function scenarioShifts({ distance, shifts }: Pick<RobustSettings, 'distance' | 'shifts'>): Vec3[] {
  const d = distance ?? 0;
  const all: readonly Vec3[] = shifts ?? [
    [d, 0, 0],
    [-d, 0, 0],
    [0, d, 0],
    [0, -d, 0],
    [0, 0, d],
    [0, 0, -d],
  ];
  const found = new Map<string, Vec3>();
  for (const shift of all) if (shift.some((s) => s !== 0)) found.set(shift.map((s) => s + 0).join(' '), shift);
  return [...found.values()];
}

/**
 * The planning voxels with the rows of every scenario behind them.
 *
 * @param shifts of the patient against the beams, LPS, mm
 * @param target `nominal`: coverage counts at the nominal place only
 * @param further shifts at which the cord alone has rows
 * @throws {InvalidInputError} where there is no row to add: no cord, and a target that counts at its nominal place only
 */
export function withScenarios(
  voxels: PlanningVoxels,
  shifts: readonly Vec3[],
  target: RobustSettings['target'],
  further: readonly Vec3[] = [],
): PlanningVoxels {
  const sets = [voxels.cord, ...(target === 'nominal' ? [] : [voxels.target])];
  const rows = sets.flatMap((set) => Array.from(set.rows));
  if (rows.length === 0) {
    throw new InvalidInputError(
      'case: imrt.robust holds the cap of the cord in every scenario, but no voxel of the dose grid holds any cord. Let imrt.robust.target be "worst", or leave robust out.',
    );
  }
  const nominal = voxels.points.length / 3;
  const ofCord = Array.from(voxels.cord.rows);
  const count = shifts.length * rows.length + further.length * ofCord.length;
  const points = new Float64Array(3 * (nominal + count));
  const zones = new Uint8Array(points.length / 3);
  points.set(voxels.points);
  zones.set(voxels.zones);
  let next = nominal;
  const scenarioOf = (shift: Vec3, own: readonly number[], setsOf: readonly VoxelSet[]): ScenarioVoxels => {
    const from = next;
    own.forEach((row, q) => {
      for (let axis = 0; axis < 3; axis++) points[3 * (from + q) + axis] = voxels.points[3 * row + axis]!;
      zones[from + q] = voxels.zones[row]!;
    });
    next += own.length;
    const [cord, other] = setsFrom(from, setsOf);
    return { shift, from, to: next, cord: cord!, ...(other ? { target: other } : {}) };
  };
  const scenarios = [
    ...shifts.map((shift) => scenarioOf(shift, rows, sets)),
    ...(ofCord.length > 0 ? further.map((shift) => scenarioOf(shift, ofCord, [voxels.cord])) : []),
  ];
  return { ...voxels, points, zones, scenarios };
}

/** The same volumes in rows that follow each other. */
function setsFrom(from: number, sets: readonly VoxelSet[]): VoxelSet[] {
  let first = from;
  return sets.map(({ rows, volumes }) => {
    const own = Int32Array.from(rows, (_, q) => first + q);
    first += rows.length;
    return { rows: own, volumes };
  });
}

/** @throws {UnsupportedError} where a sweep over nominal plans is given a robust case */
export function refuseRobust(what: string, { imrt }: Pick<PlanCase, 'imrt'>): void {
  if (imrt.robust === undefined) return;
  throw new UnsupportedError(
    `${what}: its IMRT plans are nominal, but the case has imrt.robust. Leave it out, or plan the case by itself under each limit, e.g. as a study.`,
  );
}

/** @throws {UnsupportedError} where a sweep, whose plans hold maxima by voxel alone, is asked for what it does not do */
export function refuseConstraints(what: string, { constraints, objectives, priorities }: AskedFields): void {
  const listed = typeof objectives === 'string' ? [] : objectives;
  const other = listed.find((one) => one !== SPINE_DEFAULT && (one.kind === 'smoothness' || one.courses === 'all'));
  const kind = other === undefined || other === SPINE_DEFAULT ? undefined : other.kind;
  const asked =
    constraints[0] ?? priorities[0]?.[0] ?? (kind === 'smoothness' ? kind : kind && `${kind} of all courses`);
  if (asked === undefined) return;
  throw new UnsupportedError(
    `${what}: its plans hold cordCap and retreatment.bounds under objectives of this course, but the case asks for "${asked}". Leave that out, or plan the case by itself under each cap, e.g. as a study.`,
  );
}

/** What of the planning voxels is looked at to group those of a robust plan. */
export type GroupedVoxels = Pick<
  PlanningVoxels,
  'points' | 'spacing' | 'cord' | 'organs' | 'isocenterRow' | 'scenarios'
>;

/** How far from where a shifted row appears to be a nominal one is looked for, steps of the grid. */
const REACH = 2;

/**
 * The rows that stand for all of a robust plan in the optimiser's preconditioner. Every shifted row of the cord stands for
 * itself: the few voxels that its maxima hold decide the matrix, and the limits' products are read from the sample. For a shifted
 * row of the target stands a nominal one: with the patient off by s, a voxel at p sees nearly the beamlets that the voxel at
 * p + s sees at the nominal place. Rows with a maximum stand for no other.
 *
 * @param groups of the nominal rows
 */
export function groupScenarios(groups: VoxelClusters, voxels: GroupedVoxels): VoxelClusters {
  const { points, scenarios = [] } = voxels;
  if (scenarios.length === 0) return groups;
  const chosen = Array.from(groups.rows);
  const memberOf = new Int32Array(points.length / 3);
  memberOf.set(groups.memberOf);
  const alone = (row: number): void => {
    memberOf[row] = chosen.length;
    chosen.push(row);
  };
  const nearest = nominalRows(voxels, groups.memberOf.length);
  for (const { shift, cord, target } of scenarios) {
    cord.rows.forEach(alone);
    for (const row of target?.rows ?? []) {
      const stand = nearest(row, shift);
      if (stand === undefined) alone(row);
      else memberOf[row] = groups.memberOf[stand]!;
    }
  }
  return { rows: Int32Array.from(chosen), memberOf };
}

/** Finds the nominal row without a maximum that is nearest to where a shifted one appears to be; undefined where none is near. */
function nominalRows(
  { points, spacing, cord, organs, isocenterRow }: GroupedVoxels,
  count: number,
): (row: number, shift: Vec3) => number | undefined {
  const at = (row: number, shift: Vec3): Vec3 =>
    [0, 1, 2].map((axis) =>
      Math.round((points[3 * row + axis]! - points[axis]! + shift[axis]!) / spacing[axis]!),
    ) as unknown as Vec3;
  // The isocentre lies on no voxel.
  const others = new Set([isocenterRow, ...cord.rows, ...organs.flatMap(({ rows }) => Array.from(rows))]);
  const rowAt = new Map<string, number>();
  for (let row = 0; row < count; row++) if (!others.has(row)) rowAt.set(at(row, [0, 0, 0]).join(' '), row);
  return (row, shift) => {
    const [i, j, k] = at(row, shift);
    let best = Infinity;
    let found: number | undefined;
    for (let c = -REACH; c <= REACH; c++) {
      for (let b = -REACH; b <= REACH; b++) {
        for (let a = -REACH; a <= REACH; a++) {
          const distance = (a * spacing[0]) ** 2 + (b * spacing[1]) ** 2 + (c * spacing[2]) ** 2;
          const candidate = distance < best ? rowAt.get(`${i + a} ${j + b} ${k + c}`) : undefined;
          if (candidate !== undefined) [best, found] = [distance, candidate];
        }
      }
    }
    return found;
  };
}
