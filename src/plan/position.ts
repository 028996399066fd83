/**
 * The cumulative cord maximum of a plan under rigid shifts of either course: nominal, worst, expected.
 *
 * The prior dose is moved as it is. The new course is computed anew, at the cord's voxels, from fields whose isocentre is
 * shifted, for the worst case; for the expected value its dose is moved, which is said.
 */

import {
  ellipsoidShifts,
  insideOf,
  movedDose,
  type PositionInterval,
  positionInterval,
  type ShiftedCourse,
  surfaceShifts,
} from '../biology/position.js';
import { ForwardDose } from '../dose/forward-dose.js';
import { repeatPoints } from '../dose/shifted-rows.js';
import type { Vec3 } from '../geometry/grid.js';
import type { PlanCase } from './case.js';
import { dosesUnderShifts } from './cord-shifts.js';
import type { PatientModel } from './patient-model.js';
import { placeOf } from './planning-grid.js';
import type { PriorExposure } from './prior.js';
import type { TechniquePlan } from './technique.js';

export interface PositionReport extends PositionInterval {
  readonly structure: string;
  /** Gy */
  readonly alphaBeta: number;
  /** Semi-axes of the search, mm. */
  readonly search: Vec3;
  readonly sd: { readonly prior: Vec3; readonly now: Vec3 };
  readonly notes: readonly string[];
}

/** Where the set-up error of the defaults comes from. */
export const setupSource =
  'systematic set-up error 1.4 to 2.3 mm without and 0.1 to 0.2 mm with daily cone-beam CT (Radiat. Oncol. 3 (2008) 11, found): the larger of each for prior and new course';

/** The case's `retreatment.position`. */
export type ShiftSettings = NonNullable<PlanCase['retreatment']['position']>;

/**
 * Cumulative maximum of the cord under rigid shifts.
 *
 * @param shifted the cord under the shifts of the search, where several plans are judged. @default made for this one
 */
export function cordPosition(
  model: PatientModel,
  plan: PlanCase,
  prior: PriorExposure,
  technique: TechniquePlan,
  { search, priorSd, sd }: ShiftSettings,
  shifted?: ShiftedCord,
): PositionReport {
  const mask = model.masks.get(model.cord)!;
  const points = pointsOf(model);
  const alphaBeta = plan.alphaBeta.cord;
  const nowShifts = surfaceShifts(search);
  const deviations = { prior: priorSd, now: sd };
  const own = shifted ?? new ShiftedCord(model, plan, search);
  const known = own.courseOf(technique);
  if (shifted === undefined) own.close();
  const nowEnvelope: ShiftedCourse = {
    ...known,
    // The dose lies off by a shift where the patient lies off by the opposite.
    some: (shifts, voxels) =>
      dosesUnderShifts(
        model,
        plan,
        pointsAt(points, voxels),
        technique.fields,
        shifts.map(([x, y, z]): Vec3 => [-x, -y, -z]),
      ),
  };
  const interval = positionInterval({
    prior: { ...movedDose(prior.dose, points), fractions: prior.fractions },
    now: movedDose(technique.dose, points),
    nowEnvelope,
    alphaBeta,
    priorShifts: ellipsoidShifts(search),
    nowShifts,
    search: { prior: search, now: search },
    isInside: insideOf(mask, points),
    sd: deviations,
  });
  return {
    structure: model.cord,
    alphaBeta,
    search,
    sd: deviations,
    ...interval,
    notes: [
      `Worst: prior dose moved by every shift within the ellipsoid, new course computed anew at ${nowShifts.length} shifts of its surface; from the worst of these on, either is searched continuously for the largest sum.`,
      `Nominal, worst and expected are largest over the voxels of ${model.cord} of any occupancy, which reach up to half a voxel beyond it; the cumulative maximum without shifts is of the structure as drawn, and may be lower.`,
      `Expected: ${interval.samples} draws of systematic shifts, the dose of both courses moved; ${setupSource}.`,
    ],
  };
}

function pointsAt(points: Float64Array, voxels: Int32Array): Float64Array {
  const own = new Float64Array(3 * voxels.length);
  voxels.forEach((v, q) => {
    own.set(points.subarray(3 * v, 3 * v + 3), 3 * q);
  });
  return own;
}

/** Centres of the cord's voxels. */
function pointsOf({ cells, cord, grid }: PatientModel): Float64Array {
  const { voxels } = cells.get(cord)!;
  const points = new Float64Array(3 * voxels.length);
  for (let v = 0; v < voxels.length; v++) points.set(placeOf(grid, voxels[v]!), 3 * v);
  return points;
}

/**
 * The cord with the isocentre at no shift and at each of the search: what it gets when the patient lies off by the opposite. Every
 * beam has one kernel, one set of effective densities and one set of maps for all its shifts, and is traced once for all plans.
 */
export class ShiftedCord {
  private readonly shifts: readonly Vec3[];
  private readonly each: number;
  private readonly fractions: number;
  private readonly forward: ForwardDose;

  /** @param search semi-axes of the ellipsoid, mm */
  constructor(model: PatientModel, plan: PlanCase, search: Vec3) {
    this.shifts = [[0, 0, 0], ...surfaceShifts(search)];
    const points = pointsOf(model);
    this.each = points.length / 3;
    this.fractions = plan.prescription.fractions;
    const all = repeatPoints(
      points,
      this.shifts.map(([x, y, z]): Vec3 => [-x, -y, -z]),
    );
    const { patient, executor } = model;
    this.forward = new ForwardDose(patient.density, all.points, { executor, shifted: all.shifted, ...plan.doseModel });
  }

  /** The course that a plan's fields give, at every shift. */
  courseOf({ fields }: TechniquePlan): ShiftedCourse {
    const { dose } = this.forward.total(fields.map(({ beam, fluence }) => ({ beam, fluence })));
    const { each } = this;
    const doses = new Map(this.shifts.map((shift, s) => [shift.join(' '), dose.subarray(s * each, (s + 1) * each)]));
    return { fractions: this.fractions, at: (shift) => doses.get(shift.join(' '))! };
  }

  close(): void {
    this.forward.close();
  }
}
