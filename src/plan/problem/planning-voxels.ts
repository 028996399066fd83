/**
 * The voxels that the optimiser sees, and what it is asked to do with them.
 *
 * All voxels of target and cord count, and all within 6 mm of the target; further out every second voxel along each axis
 * up to 30 mm, every fourth up to 60 mm, then every eighth, with the volume that each stands for. Where the dose grid is coarse the
 * target's are those of the planning grid, and the cord's of both (`planning-grid.ts`). Caps are on *every* voxel of the cord and on points of
 * its surface, so sampling never hides a violation; of other bounded structures every voxel asked for is a row too. Where target and cord overlap
 * both apply, and the hard maximum wins.
 */
import type { ShiftedRows } from '../../dose/shifted-rows.js';
import { type Vec3, voxelCount, voxelVolume } from '../../geometry/grid.js';
import type { VoxelSet } from '../../optimize/objective/objective.js';
import type { AskedRows } from '../asked/asked-structures.js';
import { besideTarget, type PatientModel, targetMaskOf } from '../patient/patient-model.js';
import { fineVoxel, surfaceVoxel, touching } from '../patient/planning-grid.js';
import type { SeveralTargets } from '../patient/several-targets.js';
import { isOnLattice, MIDDLE, NEAR, strideAt } from './sampling-lattice.js';
import { ownedRows, structureRows } from './structure-rows.js';
import type { Zone } from './voxel-clusters.js';

export interface PlanningVoxels {
  /** x, y, z triples in LPS, mm: the rows. */
  readonly points: Float64Array;
  /** Which points of the model's `bodyDose` the nominal rows are. */
  readonly places: Int32Array;
  /** Of the target that the level follows, as it is drawn. */
  readonly target: VoxelSet;
  /** Rows of voxels without any target that touch one with some: the dose on its surface is read between them. */
  readonly beside: Int32Array;
  /** Where there are several targets: by name what belongs to each, and nothing that belongs to another. */
  readonly targets?: ReadonlyMap<string, VoxelSet>;
  /** Every voxel with any cord in it, with its number: of the dose grid, of the planning grid near the target, and points of its surface. */
  readonly cord: VoxelSet & { readonly voxels: Int32Array };
  /** Bounded structures besides the cord: the voxels asked for, with their index in the grid. */
  readonly organs: readonly (VoxelSet & { readonly name: string; readonly voxels: Int32Array })[];
  /** Structures that objectives and constraints name, by name: `structure-rows.ts`. */
  readonly structures: ReadonlyMap<string, VoxelSet>;
  /** The same as objectives see them: less what an earlier structure of the case's `overlap` holds. */
  readonly owned: ReadonlyMap<string, VoxelSet>;
  /** Tissue outside the targets, with its distance from the nearest, mm, and, where there are several, what that one is asked for, Gy. */
  readonly tissue: VoxelSet & { readonly distance: Float64Array; readonly dose?: Float64Array };
  /** Row of the isocentre. */
  readonly isocenterRow: number;
  /** Zone of each row, for the sample of the optimiser's preconditioner. */
  readonly zones: Uint8Array;
  /** Of the grid that the target's points lie on, mm. */
  readonly spacing: Vec3;
  /** Of a robust plan: rows behind the nominal ones. */
  readonly scenarios?: readonly ScenarioVoxels[];
}

/** Voxels of a structure that must be rows, wherever they lie. */
export interface OrganVoxels {
  readonly name: string;
  /** Of the grid; what lies outside the body is left out. */
  readonly voxels: Int32Array;
}

/**
 * @param organs structures besides the cord; one without any voxel in the body is left out
 * @param asked  fields whose structures must have rows. @default none
 */
export function choosePlanningVoxels(
  model: PatientModel,
  organs: readonly OrganVoxels[] = [],
  asked?: AskedRows,
): PlanningVoxels {
  const { grid, masks, fine, isocenter, body } = model;
  const rows = new RowCollector(model.several);
  const rowOf = addGridVoxels(rows, model, organs);
  const isocenterRow = rows.add(isocenter, body.index.length, 0);
  addFineVoxels(rows, model);
  addSurface(rows, model);
  const [held, owned] = [setsOf(rows.held), setsOf(rows.owned)];
  const [target, cord] = [held.get(model.target) ?? rows.target.toSet(), rows.cord.toSet()];
  const known = { targets: held.size > 0 ? held : new Map([[model.target, target]]), cord };
  const structures = structureRows(model, asked, known, (point, place, voxel) => {
    if (rowOf[voxel]! < 0) rowOf[voxel] = rows.add(point, place, zoneAt(0, 0, model.targetDistance()[voxel]!, false));
    return rowOf[voxel]!;
  });
  const points = Float64Array.from(rows.points);
  return {
    points,
    places: Int32Array.from(rows.places),
    target,
    beside: Int32Array.from(rows.beside),
    ...(owned.size > 0 && { targets: owned }),
    cord: { ...cord, voxels: Int32Array.from(rows.cordVoxels) },
    organs: organs.flatMap(({ name, voxels }) => {
      const own = voxels.filter((voxel) => rowOf[voxel]! >= 0);
      if (own.length === 0) return [];
      const { data } = masks.get(name)!;
      const volumes = Float64Array.from(own, (voxel) => data[voxel]!);
      return [{ name, voxels: own, rows: own.map((voxel) => rowOf[voxel]!), volumes }];
    }),
    structures,
    owned: ownedRows(model, asked, structures, { points, targets: owned }),
    tissue: {
      ...rows.tissue.toSet(),
      distance: Float64Array.from(rows.tissueDistances),
      ...(model.several && { dose: Float64Array.from(rows.tissueDoses) }),
    },
    isocenterRow,
    zones: Uint8Array.from(rows.zones),
    spacing: fine?.grid.spacing ?? grid.spacing,
  };
}

/** The rows so far, and which of them stand for which volume of target, cord and tissue. */
class RowCollector {
  readonly points: number[] = [];
  readonly places: number[] = [];
  readonly zones: Zone[] = [];
  readonly target = new SetCollector();
  readonly beside: number[] = [];
  readonly cord = new SetCollector();
  readonly cordVoxels: number[] = [];
  readonly tissue = new SetCollector();
  readonly tissueDistances: number[] = [];
  readonly tissueDoses: number[] = [];
  /** Where there are several targets: what each holds, and what belongs to it. */
  readonly held = new Map<string, SetCollector>();
  readonly owned = new Map<string, SetCollector>();

  constructor(private readonly several: SeveralTargets | undefined) {
    for (const { name } of several?.owners ?? []) {
      this.held.set(name, new SetCollector());
      this.owned.set(name, new SetCollector());
    }
  }

  /** @param t fraction of a voxel in all targets together; `fractions`: in each, where there are several */
  addTarget(row: number, t: number, fractions: ReturnType<SeveralTargets['fractionsOf']> | undefined): void {
    if (fractions === undefined) this.target.add(row, t);
    this.several?.owners.forEach(({ name }, o) => {
      const [held, owned] = [fractions!.held[o]!, fractions!.owned[o]!];
      if (held > 0) this.held.get(name)!.add(row, held);
      if (owned > 0) this.owned.get(name)!.add(row, owned);
    });
  }

  /** @returns the number of the row */
  add(point: ArrayLike<number>, place: number, zone: Zone): number {
    this.points.push(point[0]!, point[1]!, point[2]!);
    this.places.push(place);
    return this.zones.push(zone) - 1;
  }

  addCord(row: number, volume: number, voxel: number): void {
    this.cord.add(row, volume);
    this.cordVoxels.push(voxel);
  }
}

class SetCollector {
  private readonly rows: number[] = [];
  private readonly volumes: number[] = [];

  add(row: number, volume: number): void {
    this.rows.push(row);
    this.volumes.push(volume);
  }

  toSet(): VoxelSet {
    return { rows: Int32Array.from(this.rows), volumes: Float64Array.from(this.volumes) };
  }
}

const setsOf = (collectors: ReadonlyMap<string, SetCollector>): Map<string, VoxelSet> =>
  new Map(Array.from(collectors, ([name, own]) => [name, own.toSet()]));

/** The dose grid's own voxels. @returns the row of each, or -1 */
function addGridVoxels(rows: RowCollector, model: PatientModel, organs: readonly OrganVoxels[]): Int32Array {
  const { grid, masks, body, fine, several } = model;
  const target = targetMaskOf(model).data;
  const cord = masks.get(model.cord)!.data;
  const distance = model.targetDistance();
  const [, ny, nx] = grid.shape;
  const isOfOrgan = new Uint8Array(target.length);
  for (const { voxels } of organs) for (const voxel of voxels) isOfOrgan[voxel] = 1;
  const nearest = several?.nearest().target;
  const isBeside = besideTarget(model);
  // Near the target the planning grid's voxels stand for the cord's volume, of which there are so many in one of the dose grid.
  const farCord = fine === undefined ? 1 : voxelVolume(grid) / voxelVolume(fine.grid);
  const cordFraction = (centre: ArrayLike<number>): number =>
    fine !== undefined && model.isNearTarget(centre) ? 0 : farCord;
  const rowOf = new Int32Array(target.length).fill(-1);
  for (let p = 0; p < body.index.length; p++) {
    const voxel = body.index[p]!;
    const d = distance[voxel]!;
    const stride = strideAt(d);
    const t = target[voxel]!;
    const c = cord[voxel]!;
    const line = Math.floor(voxel / nx);
    const isSampled = t < 1 && ((voxel - nx * line) & (stride - 1)) === 0 && isOnLattice(line, ny, stride);
    const isOfTarget = fine === undefined && (t > 0 || isBeside[voxel] === 1);
    if (c === 0 && !isOfTarget && !isSampled && isOfOrgan[voxel] === 0) continue;
    const centre = body.points.subarray(3 * p, 3 * p + 3);
    const row = rows.add(centre, p, zoneAt(t, c, d, isOfOrgan[voxel] === 1));
    rowOf[voxel] = row;
    if (t > 0 && fine === undefined) rows.addTarget(row, t, several?.fractionsOf(voxel));
    if (t === 0 && isOfTarget) rows.beside.push(row);
    if (c > 0) rows.addCord(row, c * cordFraction(centre), voxel);
    if (!isSampled) continue;
    rows.tissue.add(row, (1 - t) * stride ** 3);
    rows.tissueDistances.push(d);
    if (nearest !== undefined) rows.tissueDoses.push(several!.all[nearest[voxel]!]!.dose);
  }
  return rowOf;
}

/** @param t fraction of the voxel in the target, and `c` in the cord */
function zoneAt(t: number, c: number, distance: number, isOfOrgan: boolean): Zone {
  if (c > 0) return 0;
  if (isOfOrgan) return 5;
  if (t === 1) return 4;
  if (t > 0 || distance <= NEAR) return 1;
  return distance <= MIDDLE ? 2 : 3;
}

/** Target and the cord near it on the planning grid, where the dose grid is coarse. */
function addFineVoxels(rows: RowCollector, model: PatientModel): void {
  const { fine, body, several } = model;
  if (fine === undefined) return;
  const targets = several?.on(fine.grid);
  const { data: target } = targets?.mask ?? fine.target;
  const isBeside = touching(target, fine.grid, new Uint8Array(voxelCount(fine.grid)));
  for (let q = 0; q < fine.voxels.length; q++) {
    const voxel = fine.voxels[q]!;
    const t = target[voxel]!;
    const at = fine.points.subarray(3 * q, 3 * q + 3);
    const c = model.isNearTarget(at) ? fine.cord.data[voxel]! : 0;
    if (c === 0 && isBeside[voxel] === 0) continue;
    const row = rows.add(at, body.index.length + 1 + q, c > 0 ? 0 : t === 1 ? 4 : 1);
    if (t > 0) rows.addTarget(row, t, targets?.fractionsOf(voxel));
    else if (isBeside[voxel] === 1) rows.beside.push(row);
    if (c > 0) rows.addCord(row, c, fineVoxel(model, voxel));
  }
}

/** Points of the cord's surface: they stand for no volume. */
function addSurface(rows: RowCollector, model: PatientModel): void {
  const { surface, fine, body } = model;
  const before = body.index.length + 1 + (fine?.voxels.length ?? 0);
  for (let q = 0; 3 * q < surface.length; q++) {
    const row = rows.add(surface.subarray(3 * q, 3 * q + 3), before + q, 0);
    rows.addCord(row, 0, surfaceVoxel(model, q));
  }
}

/** Rows of one scenario, in the order of the nominal ones. */
export interface ScenarioVoxels extends ShiftedRows {
  readonly cord: VoxelSet;
  /** Where the target's coverage counts in the scenario. */
  readonly target?: VoxelSet;
}
