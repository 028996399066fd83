/**
 * The same plan under three dose models: uniform water, depth scaling, density scaling.
 *
 * Fluence and monitor units stay what they are, so what changes is what the model of heterogeneity is worth to this patient:
 * between water and depth the attenuation, between depth and density the lateral spread in and behind lung and bone.
 */
import { type Executor, serialExecutor } from '../core/executor.js';
import { ForwardDose } from '../dose/forward-dose.js';
import { cumulativeCurve } from '../evaluate/dvh.js';
import { createVolume } from '../geometry/volume.js';
import { structureColor } from '../render/colour.js';
import { doseUnits } from '../render/dose-legend.js';
import { dvhFigure } from '../render/dvh-plot.js';
import { evaluatePlan, type PlanEvaluation } from './evaluate.js';
import type { PlanningResult } from './pipeline.js';
import { reportedDoses, type TechniquePlan } from './technique.js';

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

const names: Record<ModelName, string> = {
  density: 'density scaling',
  depth: 'depth scaling',
  water: 'uniform water',
};

/**
 * Doses and metrics of a finished plan under all three models.
 *
 * @param executor who does the work of beams
 */
export function modelSensitivity(
  { model, case: plan, prior, bounds }: PlanningResult,
  { plan: technique }: PlanEvaluation,
  executor: Executor = serialExecutor,
): ModelSensitivity {
  const { density } = model.patient;
  const water = createVolume(
    'density',
    density.grid,
    density.data.map((d) => (d > 0 ? 1 : 0)),
  );
  const planned = plan.doseModel.heterogeneity;
  const doseUnder = (name: ModelName): TechniquePlan => {
    if (name === planned) return technique;
    const heterogeneity = name === 'water' ? 'depth' : name;
    // Water has one dose; the tissues of the patient are not asked for.
    const medium = name === 'water' ? 'engine' : plan.doseModel.medium;
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
    evaluation: evaluatePlan(doseUnder(name), model, plan, prior, bounds),
  }));
  return { technique: technique.technique, planned, outcomes };
}

/** Numbers by model, for plan.json. */
export function sensitivityReport({ planned, outcomes }: ModelSensitivity): Record<string, unknown> {
  return {
    planned,
    note: 'The same fluence and monitor units under each dose model.',
    models: outcomes.map(({ model, evaluation }) => ({
      model,
      structures: evaluation.structures.map(({ name, metrics }) => ({
        name,
        metrics: Object.fromEntries(Object.entries(metrics).map(([k, v]) => [k, Number(v.toFixed(4))])),
      })),
    })),
  };
}

/** A table for the terminal: what the cord and the target get under each model. */
export function sensitivitySummary(result: PlanningResult, { technique, planned, outcomes }: ModelSensitivity): string {
  const { cord, target } = result.model;
  const lines = [
    `${technique.toUpperCase()} under other dose models, same monitor units (planned with ${names[planned]})`,
  ];
  for (const { model, evaluation } of outcomes) {
    const of = (name: string, metric: string): number =>
      evaluation.structures.find((s) => s.name === name)!.metrics[metric]!;
    lines.push(
      `  ${names[model].padEnd(16)} ${cord} Max ${of(cord, 'Max[Gy]').toFixed(2)}  D0.03cc ${of(cord, 'D0.03cc[Gy]').toFixed(2)} Gy   ${target} D95% ${of(target, 'D95%[Gy]').toFixed(2)}  D2% ${of(target, 'D2%[Gy]').toFixed(2)}  Mean ${of(target, 'Mean[Gy]').toFixed(2)} Gy`,
    );
  }
  return lines.join('\n');
}

/** DVHs of target, cord and the organs at risk under all three models, with the cord's maximum of each, as SVG. */
export function sensitivityFigure(result: PlanningResult, sensitivity: ModelSensitivity): string {
  const { model, case: plan } = result;
  const { outcomes, technique } = sensitivity;
  const first = outcomes[0]!.evaluation;
  const organs = [...first.dvhs.values()]
    .filter((d) => model.structures.get(d.name)!.role === 'organ' && d.name !== model.cord)
    .filter((d) => !/^(z|VB_|SpinalCanal)|PRV/.test(d.name) && d.max > 0.1 * plan.prescription.dose)
    .sort((a, b) => b.max - a.max)
    .slice(0, 3)
    .map((d) => d.name);
  const shown = [model.target, model.cord, ...organs];
  const cordMaximum = outcomes
    .map(({ model: name, evaluation }) => `${names[name]} ${evaluation.dvhs.get(model.cord)!.max.toFixed(2)} Gy`)
    .join(', ');
  return dvhFigure({
    title: `${model.patient.name}: ${technique.toUpperCase()} under three dose models, same monitor units`,
    subtitle: `${model.cord} Max: ${cordMaximum}`,
    plans: [{ label: names.density }, { label: names.depth, dash: '7 4' }, { label: names.water, dash: '2 3' }],
    curves: outcomes.flatMap(({ evaluation }, p) =>
      shown
        .filter((name) => evaluation.dvhs.has(name))
        .map((name) => ({
          structure: name,
          color: model.structures.get(name)!.color ?? structureColor(name),
          plan: p,
          points: cumulativeCurve(evaluation.dvhs.get(name)!, 161),
        })),
    ),
    prescription: plan.prescription.dose,
    limits: [{ label: `${model.cord} Max <= ${plan.cordCap} Gy`, dose: plan.cordCap }],
    doseUnits: doseUnits(first.plan.dose),
  });
}
