/**
 * The cord's caps between optimiser and engine, at the nominal place and in every scenario of a robust plan.
 *
 * The engine's maps lie on other nodes than the optimiser's, so that the two differ by some 0.1 % from voxel to voxel, and
 * hardly with the fluence. What a plan near the best one shows of it moves each voxel's cap, so that the cap holds in the dose
 * that is reported without the whole plan giving way.
 */
import type { PatientModel } from './patient-model.js';
import type { PlanningVoxels } from './planning-voxels.js';
import type { ScenarioDose } from './scenario-dose.js';

/** Most that a voxel's cap is moved, fraction. */
const MISMATCH = 0.005;

/**
 * The engine's dose of the cord's voxels, Gy: nominal, then by scenario, each in the order of the cord's rows.
 *
 * @param total     the engine's dose of the body's voxels
 * @param scenarios of a robust plan, and `shifted` the doses in them
 */
export function engineCordDose(
  { body }: PatientModel,
  { cord }: PlanningVoxels,
  total: Float64Array,
  scenarios?: ScenarioDose,
  shifted: readonly Float64Array[] = [],
): Float64Array[] {
  const pick = (dose: Float64Array, index: Int32Array): Float64Array => {
    const of = new Map<number, number>();
    for (const voxel of cord.voxels) of.set(voxel, 0);
    for (let p = 0; p < dose.length; p++) if (of.has(index[p]!)) of.set(index[p]!, dose[p]!);
    return Float64Array.from(cord.voxels, (voxel) => of.get(voxel)!);
  };
  return [pick(total, body.index), ...shifted.map((dose) => pick(dose, scenarios!.voxels))];
}

/**
 * The caps in terms of the optimiser's dose, nominal first, then by scenario.
 *
 * @param dose   the optimiser's, one value per row
 * @param engine from {@link engineCordDose}
 */
export function engineCaps(
  { cord, scenarios = [] }: PlanningVoxels,
  caps: Float64Array,
  dose: Float64Array,
  engine: readonly Float64Array[],
): Float64Array {
  const moved = [cord, ...scenarios.map((scenario) => scenario.cord)].map(({ rows }, s) =>
    Float64Array.from(rows, (row, q) => {
      const ratio = dose[row]! / engine[s]![q]!;
      return caps[q]! * Math.min(1 + MISMATCH, Math.max(1 - MISMATCH, ratio));
    }),
  );
  return Float64Array.from(moved.flatMap((own) => Array.from(own)));
}

/** The share of a dose, at most 1, that keeps every voxel of the cord under its cap in every scenario. */
export function shareWithin(engine: readonly Float64Array[], caps: Float64Array): number {
  let share = 1;
  for (const dose of engine) {
    for (let q = 0; q < dose.length; q++) if (dose[q]! * share > caps[q]!) share = caps[q]! / dose[q]!;
  }
  return share;
}
