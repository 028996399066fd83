/**
 * The cord under every rigid shift of the patient within a ball: the worst dose against its maxima, searched with the engine.
 *
 * Every beam is computed anew with its isocentre off by the opposite, at the cord's voxel centres. After the design of the search
 * only those voxels are followed that come near the worst somewhere.
 */
import { ForwardDose } from '../../dose/forward-dose.js';
import { repeatPoints } from '../../dose/shifted-rows.js';
import type { Vec3 } from '../../geometry/grid.js';
import { type ShiftSearch, searchWorstShift } from '../../geometry/worst-shift.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { placeOfVoxel } from '../patient/planning-grid.js';
import type { PlannedField } from './technique-plan.js';

/** A voxel below this fraction of the worst at every shift of the design is not the worst at one between them. */
const NEAR = 0.8;

/**
 * The dose of fields at points with the patient off by each shift, Gy, one array a shift.
 *
 * @param points x, y, z triples in LPS, mm
 * @param shifts of the patient against the beams, LPS, mm
 */
export function dosesUnderShifts(
  { patient, executor }: PatientModel,
  { doseModel }: Pick<PlanCase, 'doseModel'>,
  points: Float64Array,
  fields: readonly PlannedField[],
  shifts: readonly Vec3[],
): Float64Array[] {
  const all = repeatPoints(points, shifts);
  const each = points.length / 3;
  const forward = new ForwardDose(patient.density, all.points, { executor, shifted: all.shifted, ...doseModel });
  try {
    const { dose } = forward.total(fields.map(({ beam, fluence }) => ({ beam, fluence })));
    return shifts.map((_, s) => Float64Array.from(dose.subarray(s * each, (s + 1) * each)));
  } finally {
    forward.close();
  }
}

/** The centres of some voxels of dose or planning grid, x, y, z triples. */
export function centresOf(model: PatientModel, voxels: ArrayLike<number>): Float64Array {
  const points = new Float64Array(3 * voxels.length);
  for (let v = 0; v < voxels.length; v++) points.set(placeOfVoxel(model, voxels[v]!), 3 * v);
  return points;
}

/**
 * The worst shift within a distance: that of the largest dose as a multiple of its maximum, in any voxel.
 *
 * @param voxels   of the cord, of dose or planning grid
 * @param maxima     Gy, > 0, one per voxel
 * @param distance mm, of the patient against the beams in any direction
 */
export function worstCordShift(
  model: PatientModel,
  planCase: Pick<PlanCase, 'doseModel'>,
  fields: readonly PlannedField[],
  { voxels, maxima }: { readonly voxels: Int32Array; readonly maxima: Float64Array },
  distance: number,
): ShiftSearch {
  let followed = Array.from(voxels.keys());
  let isDesign = true;
  return searchWorstShift([distance, distance, distance], (shifts) => {
    const points = centresOf(
      model,
      followed.map((v) => voxels[v]!),
    );
    const doses = dosesUnderShifts(model, planCase, points, fields, shifts);
    const worst = doses.map((dose) => followed.reduce((largest, v, q) => Math.max(largest, dose[q]! / maxima[v]!), 0));
    if (isDesign) {
      isDesign = false;
      const least = NEAR * Math.max(...worst);
      followed = followed.filter((v, q) => doses.some((dose) => dose[q]! >= least * maxima[v]!));
    }
    return worst;
  });
}
