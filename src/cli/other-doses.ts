/** Doses of finished plans that were asked for beside them: under other dose models, on a finer grid. */
import type { Executor } from '../core/executor.js';
import type { PlanningResult } from '../plan/run-plan.js';
import { type ModelSensitivity, modelSensitivity } from '../plan/sweep/dose-model-sensitivity.js';
import { type GridCheck, gridCheck } from '../plan/sweep/grid-check.js';
import { FINER_GRID, OTHER_MODELS } from './plan-stages.js';

export interface OtherDoses {
  readonly sensitivities: readonly ModelSensitivity[];
  readonly gridChecks: readonly GridCheck[];
}

/** @returns of every plan of the result; nothing where it is not asked for */
export function otherDoses(
  result: PlanningResult,
  asked: { readonly sensitivity: boolean; readonly gridCheck: boolean },
  executor: Executor,
  onStage: (stage: string) => void,
): OtherDoses {
  if (asked.sensitivity) onStage(OTHER_MODELS);
  const sensitivities = asked.sensitivity ? result.plans.map((one) => modelSensitivity(result, one, executor)) : [];
  if (asked.gridCheck) onStage(FINER_GRID);
  const gridChecks = asked.gridCheck ? result.plans.map((one) => gridCheck(result, one, executor)) : [];
  return { sensitivities, gridChecks };
}
