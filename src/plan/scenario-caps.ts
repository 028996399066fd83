/**
 * The cord's caps of a robust plan between optimiser and engine, with the patient off by each shift; those of the nominal place,
 * and of all other structures, are in `structure-caps.ts`.
 */
import type { PlanningVoxels } from './planning-voxels.js';
import type { ScenarioDose } from './scenario-dose.js';
import { movedCaps, shareWithin } from './structure-caps.js';
import type { PlannedField } from './technique.js';

/**
 * The caps in terms of the optimiser's dose, scenario by scenario, each in the order of the cord's rows.
 *
 * @param caps   Gy, one per cord voxel
 * @param dose   the optimiser's, one per row
 * @param fields of the same plan
 */
export function scenarioCaps(
  { cord: { voxels }, scenarios: rowsOf = [] }: PlanningVoxels,
  caps: Float64Array,
  dose: Float64Array,
  scenarios: ScenarioDose,
  fields: readonly PlannedField[],
): Float64Array[] {
  return scenarios.of(fields).map((shifted, s) => {
    const { rows } = rowsOf[s]!.cord;
    return movedCaps({ rows, voxels, caps }, dose, { index: scenarios.voxels, dose: shifted });
  });
}

/** The share of the fields' dose, at most 1, that keeps every voxel of the cord under its cap in every scenario. */
export function scenarioShare(
  { cord: { voxels } }: PlanningVoxels,
  caps: Float64Array,
  scenarios: ScenarioDose,
  fields: readonly PlannedField[],
): number {
  const doses = scenarios.of(fields);
  return Math.min(1, ...doses.map((dose) => shareWithin({ index: scenarios.voxels, dose }, [{ voxels, caps }])));
}
