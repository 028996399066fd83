/**
 * The cumulative cord maximum of a plan under rigid shifts of either course: nominal, worst, expected.
 *
 * The prior dose is moved as it is. The new course is computed anew, at the cord's voxels, from fields whose isocentre is
 * shifted, for the worst case; for the expected value its dose is moved, which is said.
 */

import { createBeam } from '../beam/beam.js';
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
import type { Vec3 } from '../geometry/grid.js';
import type { PlanCase } from './case.js';
import type { PatientModel } from './patient-model.js';
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

/** Cumulative maximum of the cord under rigid shifts. Some 0.02 s per field and shift. */
export function cordPosition(
  model: PatientModel,
  plan: PlanCase,
  prior: PriorExposure,
  technique: TechniquePlan,
  { search, priorSd, sd }: ShiftSettings,
): PositionReport {
  const mask = model.masks.get(model.cord)!;
  const points = pointsOf(mask.data, model);
  const alphaBeta = plan.alphaBeta.cord;
  const anew = recomputedDose(model, plan, technique, points);
  try {
    const deviations = { prior: priorSd, now: sd };
    const interval = positionInterval({
      prior: { ...movedDose(prior.dose, points), fractions: prior.fractions },
      now: movedDose(technique.dose, points),
      nowEnvelope: anew.course,
      alphaBeta,
      priorShifts: ellipsoidShifts(search),
      nowShifts: surfaceShifts(search),
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
        `Worst: prior dose moved by every shift within the ellipsoid, new course computed anew at 14 shifts of its surface.`,
        `Expected: ${interval.samples} draws of systematic shifts, the dose of both courses moved; ${setupSource}.`,
      ],
    };
  } finally {
    anew.close();
  }
}

function pointsOf(mask: Float32Array, { grid }: PatientModel): Float64Array {
  const [, ny, nx] = grid.shape;
  const points: number[] = [];
  for (let i = 0; i < mask.length; i++) {
    if (!(mask[i]! > 0)) continue;
    const index = [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))];
    for (let a = 0; a < 3; a++) points.push(grid.origin[a]! + index[a]! * grid.spacing[a]!);
  }
  return Float64Array.from(points);
}

/** The plan's fields with a shifted isocentre: what the cord gets when the patient lies off by the opposite. */
function recomputedDose(
  model: PatientModel,
  plan: PlanCase,
  technique: TechniquePlan,
  points: Float64Array,
): { readonly course: ShiftedCourse; close(): void } {
  const known = new Map<string, Float64Array>();
  const at = (shift: Vec3): Float64Array => {
    const key = shift.join(' ');
    let dose = known.get(key);
    if (dose === undefined) {
      // One per shift: it would keep what it traced for every pose.
      const forward = new ForwardDose(model.patient.density, points, { executor: model.executor, ...plan.doseModel });
      try {
        dose = forward.total(
          technique.fields.map(({ beam, fluence }) => ({ beam: shifted(beam, shift), fluence })),
        ).dose;
      } finally {
        forward.close();
      }
      known.set(key, dose);
    }
    return dose;
  };
  return { course: { fractions: plan.prescription.fractions, at }, close: () => known.clear() };
}

function shifted({ machine, pose, name }: TechniquePlan['fields'][number]['beam'], shift: Vec3) {
  const [x, y, z] = pose.isocenter;
  return createBeam(machine, { ...pose, isocenter: [x + shift[0], y + shift[1], z + shift[2]] }, name);
}
