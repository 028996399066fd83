/**
 * The voxels that the optimiser sees, and what it is asked to do with them.
 *
 * All voxels of target and cord count, and all within 6 mm of the target; further out every second voxel along each axis
 * up to 30 mm, every fourth up to 60 mm, then every eighth, with the volume that each stands for. Caps are on *every* voxel of the cord, so sampling
 * never hides a violation; of other bounded structures every voxel asked for is a row too. Where target and cord overlap
 * both apply, and the hard cap wins.
 */
import { InvalidInputError } from '../core/errors.js';
import { distanceMap } from '../geometry/distance-map.js';
import type { Vec3 } from '../geometry/grid.js';
import { occupiedFrom } from '../geometry/volume.js';
import { type Limit, maximumDose } from '../optimize/limit.js';
import { meanDose } from '../optimize/objective/mean-dose.js';
import type { Level, Objective, RowSet } from '../optimize/objective/objective.js';
import { squaredDeviation } from '../optimize/objective/squared-deviation.js';
import { squaredFallOff } from '../optimize/objective/squared-fall-off.js';
import { squaredOverdose } from '../optimize/objective/squared-overdose.js';
import { squaredUnderdose } from '../optimize/objective/squared-underdose.js';
import { worstCase } from '../optimize/objective/worst-case.js';
import type { Prescription } from '../optimize/problem.js';
import type { PlanCase } from './case.js';
import type { PatientModel } from './patient-model.js';
import type { Zone } from './row-groups.js';
import type { ScenarioRows } from './scenario.js';

export interface PlanningVoxels {
  /** x, y, z triples in LPS, mm: the rows. */
  readonly points: Float64Array;
  readonly target: RowSet;
  /** Every voxel with any cord in it, with its index in the grid. */
  readonly cord: RowSet & { readonly voxels: Int32Array };
  /** Bounded structures besides the cord: the voxels asked for, with their index in the grid. */
  readonly organs: readonly (RowSet & { readonly name: string; readonly voxels: Int32Array })[];
  /** Tissue outside the target, with its distance from it, mm. */
  readonly tissue: RowSet & { readonly distance: Float64Array };
  /** Row of the isocentre. */
  readonly isocenterRow: number;
  /** Zone of each row, for the sample of the optimiser's preconditioner. */
  readonly zones: Uint8Array;
  /** Of the grid that the points lie on, mm. */
  readonly spacing: Vec3;
  /** Of a robust plan: rows behind the nominal ones. */
  readonly scenarios?: readonly ScenarioRows[];
}

const NEAR = 6;
const MIDDLE = 30;
const FAR = 60;

/** Voxels of a structure that must be rows, wherever they lie. */
export interface BoundedVoxels {
  readonly name: string;
  /** Of the grid; what lies outside the body is left out. */
  readonly voxels: Int32Array;
}

/** @param bounded structures besides the cord; one without any voxel in the body is left out */
export function choosePlanningVoxels(model: PatientModel, bounded: readonly BoundedVoxels[] = []): PlanningVoxels {
  const { grid, masks } = model;
  const target = masks.get(model.target)!;
  const cord = masks.get(model.cord)!;
  const distance = distanceMap(target, occupiedFrom(target));
  const [nz, ny, nx] = grid.shape;
  const inside = new Uint8Array(nx * ny * nz);
  for (const voxel of model.body.index) inside[voxel] = 1;
  const rowAt = new Int32Array(inside.length).fill(-1);
  const isBounded = new Uint8Array(inside.length);
  for (const { voxels } of bounded) for (const voxel of voxels) isBounded[voxel] = 1;

  const points: number[] = [];
  const targetRows: number[] = [];
  const targetVolumes: number[] = [];
  const cordRows: number[] = [];
  const cordVolumes: number[] = [];
  const cordVoxels: number[] = [];
  const tissueRows: number[] = [];
  const tissueVolumes: number[] = [];
  const tissueDistances: number[] = [];
  const zones: Zone[] = [];
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++) {
        const voxel = i + nx * (j + ny * k);
        if (!inside[voxel]) continue;
        const t = target.data[voxel]!;
        const c = cord.data[voxel]!;
        const d = distance[voxel]!;
        const stride = d <= NEAR ? 1 : d <= MIDDLE ? 2 : d <= FAR ? 4 : 8;
        const sampled = i % stride === 0 && j % stride === 0 && k % stride === 0;
        if (t === 0 && c === 0 && !sampled && !isBounded[voxel]) continue;
        const row = points.length / 3;
        rowAt[voxel] = row;
        points.push(
          grid.origin[0] + i * grid.spacing[0],
          grid.origin[1] + j * grid.spacing[1],
          grid.origin[2] + k * grid.spacing[2],
        );
        zones.push(c > 0 ? 0 : isBounded[voxel] ? 1 : t === 1 ? 4 : t > 0 || d <= NEAR ? 1 : d <= MIDDLE ? 2 : 3);
        if (t > 0) {
          targetRows.push(row);
          targetVolumes.push(t);
        }
        if (c > 0) {
          cordRows.push(row);
          cordVolumes.push(c);
          cordVoxels.push(voxel);
        }
        if (t < 1 && sampled) {
          tissueRows.push(row);
          tissueVolumes.push((1 - t) * stride ** 3);
          tissueDistances.push(d);
        }
      }
    }
  }
  const isocenterRow = points.length / 3;
  points.push(...model.isocenter);
  zones.push(0);
  const set = (rows: number[], volumes: number[]): RowSet => ({
    rows: Int32Array.from(rows),
    volumes: Float64Array.from(volumes),
  });
  return {
    points: Float64Array.from(points),
    target: set(targetRows, targetVolumes),
    cord: { ...set(cordRows, cordVolumes), voxels: Int32Array.from(cordVoxels) },
    organs: bounded.flatMap(({ name, voxels }) => {
      const own = voxels.filter((voxel) => rowAt[voxel]! >= 0);
      if (own.length === 0) return [];
      const { data } = masks.get(name)!;
      const volumes = Float64Array.from(own, (voxel) => data[voxel]!);
      return [{ name, voxels: own, rows: own.map((voxel) => rowAt[voxel]!), volumes }];
    }),
    tissue: { ...set(tissueRows, tissueVolumes), distance: Float64Array.from(tissueDistances) },
    isocenterRow,
    zones: Uint8Array.from(zones),
    spacing: grid.spacing,
  };
}

/** The objectives and constraints of a technique, in Gy. */
export interface PlanningProblem {
  readonly objectives: readonly Objective[];
  readonly limits: readonly Limit[];
  readonly prescription: Prescription;
  /** Where the target counts in every scenario: what it is asked for, nominal place first. */
  readonly targets: readonly (readonly Objective[])[];
}

/**
 * What every plan is asked for: the prescribed dose in the target, a fall-off of 6 % of it per mm around the target down
 * to 45 %, little dose elsewhere, and the cord and bounded organs under their caps (hard, or as strong as the prescription
 * allows).
 *
 * With scenarios the cord's cap is that of all its rows, nominal and shifted. What the target is asked for is the worst case of
 * those scenarios that have target rows; tissue and prescription stay nominal.
 *
 * The weights are ours; they set the compromise inside the limits, not the limits.
 *
 * @param caps Gy, one per cord voxel, for every scenario the same; or one for each, the nominal ones first. @default the case's
 *   cap in all of them
 * @param organCaps Gy, one per row of each of `voxels.organs`
 * @param temperature of the target's worst case, as in {@link worstCase}. @default Infinity: the mean of its scenarios
 */
export function posePlanningProblem(
  voxels: PlanningVoxels,
  plan: PlanCase,
  hold: 'cord' | 'prescription',
  caps: number | Float64Array = plan.cordCap,
  organCaps: readonly Float64Array[] = [],
  temperature = Number.POSITIVE_INFINITY,
): PlanningProblem {
  const { dose, to } = plan.prescription;
  const level: Level = { value: dose };
  const fallOff = { dose, perMillimetre: 0.06, least: 0.45, from: 1 };
  if (organCaps.length !== voxels.organs.length) {
    throw new InvalidInputError(
      `planning problem: caps of ${organCaps.length} organs for ${voxels.organs.length} bounded ones. Give one list for each.`,
    );
  }
  const cord = cordOfAll(voxels);
  const bounds = typeof caps === 'number' ? caps : Float64Array.from(cord.rows, (_, q) => caps[q % caps.length]!);
  const held = [
    ...(cord.rows.length > 0 ? [{ name: 'cord', set: cord, most: bounds }] : []),
    ...voxels.organs.map((set, o) => ({ name: set.name, set, most: organCaps[o]! })),
  ];
  // Whole fields can hardly shape the dose outside: there these wishes must not cost the target its homogeneity.
  const outside = hold === 'cord' ? 60 : 6;
  const { scenarios = [] } = voxels;
  const targets = [voxels.target, ...scenarios.flatMap(({ target }) => target ?? [])].map((set) => [
    squaredDeviation('target', set, level, 100),
    squaredUnderdose('target', set, level, 0.97, 100),
  ]);
  const objectives: Objective[] = [
    ...(targets.length > 1 ? [worstCase('target', targets, temperature)] : targets[0]!),
    squaredFallOff('tissue around the target', voxels.tissue, voxels.tissue.distance, fallOff, outside),
    meanDose('tissue', voxels.tissue, 2),
  ];
  if (hold === 'prescription') {
    for (const { name, set, most } of held) objectives.push(squaredOverdose(name, set, most, outside));
  }
  const point: RowSet = { rows: Int32Array.of(voxels.isocenterRow), volumes: Float64Array.of(1) };
  const prescribed = to === 'isocenter' ? point : voxels.target;
  return {
    objectives,
    limits: hold === 'cord' ? held.map(({ name, set, most }) => maximumDose(name, set, most)) : [],
    prescription: { ...prescribed, fraction: to === 'D95' ? 0.95 : 0.5, dose, level },
    targets,
  };
}

/** The cord's rows of all scenarios, the nominal ones first. */
function cordOfAll({ cord, scenarios = [] }: PlanningVoxels): RowSet {
  const all = [cord, ...scenarios.map((scenario) => scenario.cord)];
  return {
    rows: Int32Array.from(all.flatMap(({ rows }) => Array.from(rows))),
    volumes: Float64Array.from(all.flatMap(({ volumes }) => Array.from(volumes))),
  };
}
