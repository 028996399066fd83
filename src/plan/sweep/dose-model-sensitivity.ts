/**
 * The same plan under three dose models: uniform water, depth scaling, density scaling.
 *
 * Fluence and monitor units stay what they are, so what changes is what the model of heterogeneity is worth to this patient:
 * between water and depth the attenuation, between depth and density the lateral spread in and behind lung and bone.
 */
import { type Executor, serialExecutor } from '../../core/executor.js';
import { ForwardDose } from '../../dose/forward-dose.js';
import { createVolume } from '../../geometry/volume.js';
import { evaluatePlan, type PlanEvaluation } from '../evaluation/evaluate-plan.js';
import type { PlanningResult } from '../run-plan.js';
import { reportedDoses } from '../technique/finish-plan.js';
import type { TechniquePlan } from '../technique/technique-plan.js';

export type ModelName = 'density' | 'depth' | 'water';

export interface ModelOutcome {
  readonly model: ModelName;
  readonly evaluation: PlanEvaluation;
}

export interface ModelSensitivity {
  readonly technique: TechniquePlan['technique'];
  /** Which of the models the plan was made with. */
  readonly planned: ModelName;
  readonly outcomes: readonly ModelOutcome[];
}

/**
 * Doses and metrics of a finished plan under all three models.
 *
 * @param executor who does the work of beams
 */
export function modelSensitivity(
  { model, case: planCase, prior, tolerances }: PlanningResult,
  { plan: technique }: PlanEvaluation,
  executor: Executor = serialExecutor,
): ModelSensitivity {
  const { density } = model.patient;
  const water = createVolume(
    'density',
    density.grid,
    density.data.map((d) => (d > 0 ? 1 : 0)),
  );
  const planned = planCase.doseModel.heterogeneity;
  const doseUnder = (name: ModelName): TechniquePlan => {
    if (name === planned) return technique;
    const heterogeneity = name === 'water' ? 'depth' : name;
    // Water has one dose; the tissues of the patient are not asked for.
    const medium = name === 'water' ? 'engine' : planCase.doseModel.medium;
    const forward = new ForwardDose(name === 'water' ? water : density, model.points, {
      executor,
      heterogeneity,
      medium,
    });
    try {
      const { dose: total, ...beyond } = forward.total(technique.fields);
      const { quantity, fractions } = technique.dose;
      const doses = reportedDoses(model, total, 1, { quantity, fractions, medium });
      return { ...technique, ...doses, ...beyond };
    } finally {
      forward.close();
    }
  };
  const outcomes = (['density', 'depth', 'water'] as const).map((name) => ({
    model: name,
    evaluation: evaluatePlan(doseUnder(name), model, planCase, prior, tolerances),
  }));
  return { technique: technique.technique, planned, outcomes };
}
