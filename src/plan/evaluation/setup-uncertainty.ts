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
} from '../../biology/position-interval.js';
import { ShiftedDose } from '../../dose/shifted-dose.js';
import { type ShiftBand, shiftBand } from '../../evaluate/shift-band.js';
import type { Vec3 } from '../../geometry/grid.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { centresOf } from '../technique/cord-shifts.js';
import type { TechniquePlan } from '../technique/technique-plan.js';

/** The cord's cumulative maximum under rigid shifts of either course, EQD2, Gy. */
export interface PositionReport extends PositionInterval {
  readonly structure: string;
  /** Gy */
  readonly alphaBeta: number;
  /** Semi-axes of the search, mm. */
  readonly search: Vec3;
  readonly sd: { readonly prior: Vec3; readonly now: Vec3 };
  readonly notes: readonly string[];
  /** @internal By how much the DVH of this course in it moves under the shifts at which its fields were computed anew. */
  readonly band: ShiftBand;
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
  planCase: Pick<PlanCase, 'prescription' | 'alphaBeta' | 'doseModel'>,
  prior: PriorExposure,
  technique: TechniquePlan,
  { search, priorSd, sd }: ShiftSettings,
  shifted?: ShiftedCord,
): PositionReport {
  const mask = model.masks.get(model.cord)!;
  const points = pointsOf(model);
  const alphaBeta = planCase.alphaBeta.cord;
  const nowShifts = surfaceShifts(search);
  const deviations = { prior: priorSd, now: sd };
  const own = shifted ?? new ShiftedCord(model, planCase, search);
  const parts = Float64Array.from(model.cells.get(model.cord)!.voxels, (voxel) => mask.data[voxel]!);
  const intervalOf = (shiftedCourse: ShiftedCourse): PositionInterval =>
    positionInterval({
      prior: { ...movedDose(prior.dose, points), fractions: prior.fractions },
      now: movedDose(technique.dose, points),
      nowEnvelope: shiftedCourse,
      alphaBeta,
      priorShifts: ellipsoidShifts(search),
      nowShifts,
      search: { prior: search, now: search },
      isInside: insideOf(mask, points),
      sd: deviations,
    });
  let interval: PositionInterval;
  let band: ShiftBand;
  try {
    const shiftedCourse = own.courseOf(technique);
    interval = intervalOf(shiftedCourse);
    band = shiftBand(own.shifts.map(shiftedCourse.at), parts);
  } finally {
    if (shifted === undefined) own.close();
  }
  return {
    structure: model.cord,
    alphaBeta,
    search,
    sd: deviations,
    ...interval,
    band,
    notes: [
      `Worst: prior dose moved by every shift within the ellipsoid, new course computed anew at ${nowShifts.length} shifts of its surface; from the worst of these on, either is searched continuously for the largest sum.`,
      `Nominal, worst and expected are largest over the voxels of ${model.cord} of any occupancy, which reach up to half a voxel beyond it; the cumulative maximum without shifts is of the structure as drawn, and may be lower.`,
      `Expected: ${interval.samples} draws of systematic shifts, the dose of both courses moved; ${setupSource}.`,
    ],
  };
}

/** Centres of the cord's voxels. */
const pointsOf = (model: PatientModel): Float64Array => centresOf(model, model.cells.get(model.cord)!.voxels);

/**
 * The cord under rigid shifts: what it gets with the isocentre off, that is, when the patient lies off by the opposite. Every beam
 * has one kernel, one set of effective densities and one set of maps for all shifts of a plan; the shifts of the search's surface are
 * computed at all voxels, others at those that are asked for.
 */
export class ShiftedCord {
  /** At which the cord is computed at all its voxels, no shift first. */
  readonly shifts: readonly Vec3[];
  private readonly fractions: number;
  private readonly dose: ShiftedDose;

  /** @param search semi-axes of the ellipsoid, mm */
  constructor(model: PatientModel, planCase: Pick<PlanCase, 'prescription' | 'doseModel'>, search: Vec3) {
    this.shifts = [[0, 0, 0], ...surfaceShifts(search)];
    this.fractions = planCase.prescription.fractions;
    const { patient, executor } = model;
    this.dose = new ShiftedDose(patient.density, pointsOf(model), { executor, ...planCase.doseModel });
  }

  /** The course that a plan's fields give. */
  courseOf({ fields }: TechniquePlan): ShiftedCourse {
    const planned = fields.map(({ beam, fluence }) => ({ beam, fluence }));
    // The dose lies off by a shift where the patient lies off by the opposite.
    const dosesAt = (shifts: readonly Vec3[], voxels?: Int32Array): Float64Array[] =>
      this.dose.doses(
        planned,
        shifts.map(([x, y, z]): Vec3 => [-x, -y, -z]),
        voxels,
      );
    const everywhere = dosesAt(this.shifts);
    const known = new Map(this.shifts.map((shift, s) => [shift.join(' '), everywhere[s]!]));
    return {
      fractions: this.fractions,
      at: (shift) => known.get(shift.join(' '))!,
      some: (shifts, voxels) => {
        const others = shifts.filter((shift) => !known.has(shift.join(' ')));
        const found = others.length === 0 ? [] : dosesAt(others, voxels);
        return shifts.map((shift) => {
          const own = known.get(shift.join(' '));
          return own === undefined ? found[others.indexOf(shift)]! : Float64Array.from(voxels, (v) => own[v]!);
        });
      },
    };
  }

  close(): void {
    this.dose.close();
  }
}
