/** The cord's caps of a robust plan in the engine's dose, with the patient off by each shift. */

import { shareWithin } from '../problem/capped-rows.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import type { ScenarioDose } from './scenario-dose.js';
import type { PlannedField } from './technique-plan.js';

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
