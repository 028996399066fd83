/**
 * The voxels that the optimiser sees, and what it is asked to do with them.
 *
 * All voxels of target and cord count, and all within 6 mm of the target; further out every second voxel along each axis
 * up to 30 mm, every fourth up to 60 mm, then every eighth, with the volume that each stands for. Where the dose grid is coarse the
 * target's are those of the planning grid, and the cord's of both (`planning-grid.ts`). Caps are on *every* voxel of the cord and on points of
 * its surface, so sampling never hides a violation; of other bounded structures every voxel asked for is a row too. Where target and cord overlap
 * both apply, and the hard cap wins.
 */
import type { ShiftedRows } from '../../dose/shifted-rows.js';
import { type Vec3, voxelCount, voxelVolume } from '../../geometry/grid.js';
import type { VoxelSet } from '../../optimize/objective/objective.js';
import { besideTarget, type PatientModel } from '../patient/patient-model.js';
import { fineVoxel, NEAR_TARGET, surfaceVoxel, touching, voxelAt } from '../patient/planning-grid.js';
import type { Zone } from './voxel-clusters.js';

export interface PlanningVoxels {
  /** x, y, z triples in LPS, mm: the rows. */
  readonly points: Float64Array;
  /** Which points of the model's `bodyDose` the nominal rows are. */
  readonly places: Int32Array;
  readonly target: VoxelSet;
  /** Every voxel with any cord in it, with its number: of the dose grid, of the planning grid near the target, and points of its surface. */
  readonly cord: VoxelSet & { readonly voxels: Int32Array };
  /** Bounded structures besides the cord: the voxels asked for, with their index in the grid. */
  readonly organs: readonly (VoxelSet & { readonly name: string; readonly voxels: Int32Array })[];
  /** Tissue outside the target, with its distance from it, mm. */
  readonly tissue: VoxelSet & { readonly distance: Float64Array };
  /** Row of the isocentre. */
  readonly isocenterRow: number;
  /** Zone of each row, for the sample of the optimiser's preconditioner. */
  readonly zones: Uint8Array;
  /** Of the grid that the target's points lie on, mm. */
  readonly spacing: Vec3;
  /** Of a robust plan: rows behind the nominal ones. */
  readonly scenarios?: readonly ScenarioVoxels[];
}

const NEAR = 6;
const MIDDLE = 30;
const FAR = 60;

/** Voxels of a structure that must be rows, wherever they lie. */
export interface OrganVoxels {
  readonly name: string;
  /** Of the grid; what lies outside the body is left out. */
  readonly voxels: Int32Array;
}

/** @param organs structures besides the cord; one without any voxel in the body is left out */
export function choosePlanningVoxels(model: PatientModel, organs: readonly OrganVoxels[] = []): PlanningVoxels {
  const { grid, masks, body, fine } = model;
  const target = masks.get(model.target)!;
  const cord = masks.get(model.cord)!;
  const distance = model.targetDistance();
  const [, ny, nx] = grid.shape;
  const isOfOrgan = new Uint8Array(target.data.length);
  for (const { voxels } of organs) for (const voxel of voxels) isOfOrgan[voxel] = 1;
  const isBeside = besideTarget(model);

  // Near the target the planning grid's voxels stand for the cord's volume, of which there are so many in one of the dose grid.
  const finePerCoarse = fine === undefined ? 1 : voxelVolume(grid) / voxelVolume(fine.grid);
  const coarse = fine === undefined ? 1 : 0;
  const points: number[] = [];
  const places: number[] = [];
  const targetRows: number[] = [];
  const targetVolumes: number[] = [];
  const cordRows: number[] = [];
  const cordVolumes: number[] = [];
  const cordVoxels: number[] = [];
  const tissueRows: number[] = [];
  const tissueVolumes: number[] = [];
  const tissueDistances: number[] = [];
  const zones: Zone[] = [];
  const rowOf = new Map<number, number>();
  for (let p = 0; p < body.index.length; p++) {
    const voxel = body.index[p]!;
    const d = distance[voxel]!;
    // Strides are powers of two: a coordinate is on the lattice where its lowest bits are 0.
    const stride = d <= NEAR ? 1 : d <= MIDDLE ? 2 : d <= FAR ? 4 : 8;
    const t = target.data[voxel]!;
    const c = cord.data[voxel]!;
    const line = Math.floor(voxel / nx);
    const isSampled = t < 1 && ((voxel - nx * line) & (stride - 1)) === 0 && isOnLattice(line, ny, stride);
    const isOfTarget = fine === undefined && (t > 0 || isBeside[voxel] === 1);
    if (c === 0 && !isOfTarget && !isSampled && isOfOrgan[voxel] === 0) continue;
    const row = points.length / 3;
    if (isOfOrgan[voxel] === 1) rowOf.set(voxel, row);
    points.push(body.points[3 * p]!, body.points[3 * p + 1]!, body.points[3 * p + 2]!);
    places.push(p);
    zones.push(c > 0 ? 0 : isOfOrgan[voxel] ? 1 : t === 1 ? 4 : t > 0 || d <= NEAR ? 1 : d <= MIDDLE ? 2 : 3);
    if (t > 0 && fine === undefined) {
      targetRows.push(row);
      targetVolumes.push(t);
    }
    if (c > 0) {
      cordRows.push(row);
      cordVolumes.push(d <= NEAR_TARGET ? c * coarse : c * finePerCoarse);
      cordVoxels.push(voxel);
    }
    if (isSampled) {
      tissueRows.push(row);
      tissueVolumes.push((1 - t) * stride ** 3);
      tissueDistances.push(d);
    }
  }
  const isocenterRow = points.length / 3;
  points.push(...model.isocenter);
  const isocenterPlace = body.index.length;
  places.push(isocenterPlace);
  zones.push(0);
  if (fine !== undefined) {
    const isBesideFine = touching(fine.target.data, fine.grid, new Uint8Array(voxelCount(fine.grid)));
    for (let q = 0; q < fine.voxels.length; q++) {
      const voxel = fine.voxels[q]!;
      const t = fine.target.data[voxel]!;
      const at = fine.points.subarray(3 * q, 3 * q + 3);
      const c = distance[voxelAt(grid, at)]! <= NEAR_TARGET ? fine.cord.data[voxel]! : 0;
      if (c === 0 && isBesideFine[voxel] === 0) continue;
      const row = points.length / 3;
      points.push(...at);
      places.push(isocenterPlace + 1 + q);
      zones.push(c > 0 ? 0 : t === 1 ? 4 : 1);
      if (t > 0) {
        targetRows.push(row);
        targetVolumes.push(t);
      }
      if (c > 0) {
        cordRows.push(row);
        cordVolumes.push(c);
        cordVoxels.push(fineVoxel(model, voxel));
      }
    }
  }
  const { surface } = model;
  for (let q = 0; 3 * q < surface.length; q++) {
    cordRows.push(points.length / 3);
    cordVolumes.push(0);
    cordVoxels.push(surfaceVoxel(model, q));
    points.push(surface[3 * q]!, surface[3 * q + 1]!, surface[3 * q + 2]!);
    places.push(isocenterPlace + 1 + (fine?.voxels.length ?? 0) + q);
    zones.push(0);
  }
  const set = (rows: number[], volumes: number[]): VoxelSet => ({
    rows: Int32Array.from(rows),
    volumes: Float64Array.from(volumes),
  });
  return {
    points: Float64Array.from(points),
    places: Int32Array.from(places),
    target: set(targetRows, targetVolumes),
    cord: { ...set(cordRows, cordVolumes), voxels: Int32Array.from(cordVoxels) },
    organs: organs.flatMap(({ name, voxels }) => {
      const own = voxels.filter((voxel) => rowOf.has(voxel));
      if (own.length === 0) return [];
      const { data } = masks.get(name)!;
      const volumes = Float64Array.from(own, (voxel) => data[voxel]!);
      return [{ name, voxels: own, rows: own.map((voxel) => rowOf.get(voxel)!), volumes }];
    }),
    tissue: { ...set(tissueRows, tissueVolumes), distance: Float64Array.from(tissueDistances) },
    isocenterRow,
    zones: Uint8Array.from(zones),
    spacing: fine?.grid.spacing ?? grid.spacing,
  };
}

/** Whether a line of voxels lies on the lattice of every `stride`-th in y and z. */
function isOnLattice(line: number, ny: number, stride: number): boolean {
  const k = Math.floor(line / ny);
  return ((line - ny * k) & (stride - 1)) === 0 && (k & (stride - 1)) === 0;
}

/** Rows of one scenario, in the order of the nominal ones. */
export interface ScenarioVoxels extends ShiftedRows {
  readonly cord: VoxelSet;
  /** Where the target's coverage counts in the scenario. */
  readonly target?: VoxelSet;
}
