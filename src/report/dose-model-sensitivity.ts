/** A plan under other dose models: JSON, words and a figure. */
import { toDecimals } from '../core/rounding.js';
import { cumulativeCurve } from '../evaluate/dvh.js';
import type { PlanningResult } from '../plan/run-plan.js';
import type { ModelName, ModelSensitivity } from '../plan/sweep/dose-model-sensitivity.js';
import { structureColor } from '../render/colour.js';
import { doseUnits } from '../render/dose-legend.js';
import { dvhFigure } from '../render/dvh-plot.js';

/** Dose models in words. */
export const MODEL_NAMES: Readonly<Record<ModelName, string>> = {
  density: 'density scaling',
  depth: 'depth scaling',
  water: 'uniform water',
};

/** Numbers by model, for plan.json. */
export function sensitivityReport({ planned, outcomes }: ModelSensitivity): Record<string, unknown> {
  return {
    planned,
    note: 'The same fluence and monitor units under each dose model.',
    models: outcomes.map(({ model, evaluation }) => ({
      model,
      structures: evaluation.structures.map(({ name, metrics }) => ({
        name,
        metrics: Object.fromEntries(Object.entries(metrics).map(([k, v]) => [k, toDecimals(v, 4)])),
      })),
    })),
  };
}

/** A table for the terminal: what the cord and the target get under each model. */
export function sensitivitySummary(result: PlanningResult, { technique, planned, outcomes }: ModelSensitivity): string {
  const { cord, target } = result.model;
  const lines = [
    `${technique.toUpperCase()} under other dose models, same monitor units (planned with ${MODEL_NAMES[planned]})`,
  ];
  for (const { model, evaluation } of outcomes) {
    const of = (name: string, metric: string): number =>
      evaluation.structures.find((s) => s.name === name)!.metrics[metric]!;
    lines.push(
      `  ${MODEL_NAMES[model].padEnd(16)} ${cord} Max ${of(cord, 'Max[Gy]').toFixed(2)}  D0.03cc ${of(cord, 'D0.03cc[Gy]').toFixed(2)} Gy   ${target} D95% ${of(target, 'D95%[Gy]').toFixed(2)}  D2% ${of(target, 'D2%[Gy]').toFixed(2)}  Mean ${of(target, 'Mean[Gy]').toFixed(2)} Gy`,
    );
  }
  return lines.join('\n');
}

/** DVHs of target, cord and the organs at risk under all three models, with the cord's maximum of each, as SVG. */
export function sensitivityFigure(result: PlanningResult, sensitivity: ModelSensitivity): string {
  const { model, case: planCase } = result;
  const { outcomes, technique } = sensitivity;
  const first = outcomes[0]!.evaluation;
  const organs = [...first.dvhs.values()]
    .filter((d) => model.structures.get(d.name)!.role === 'organ' && d.name !== model.cord)
    .filter((d) => !/^(z|VB_|SpinalCanal)|PRV/.test(d.name) && d.max > 0.1 * planCase.prescription.dose)
    .sort((a, b) => b.max - a.max)
    .slice(0, 3)
    .map((d) => d.name);
  const shown = [model.target, model.cord, ...organs];
  const cordMaximum = outcomes
    .map(({ model: name, evaluation }) => `${MODEL_NAMES[name]} ${evaluation.dvhs.get(model.cord)!.max.toFixed(2)} Gy`)
    .join(', ');
  return dvhFigure({
    title: `${model.patient.name}: ${technique.toUpperCase()} under three dose models, same monitor units`,
    subtitle: `${model.cord} Max: ${cordMaximum}`,
    plans: [
      { label: MODEL_NAMES.density },
      { label: MODEL_NAMES.depth, dash: '7 4' },
      { label: MODEL_NAMES.water, dash: '2 3' },
    ],
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
    prescription: planCase.prescription.dose,
    limits: [{ label: `${model.cord} Max <= ${planCase.cordCap} Gy`, dose: planCase.cordCap }],
    doseUnits: doseUnits(first.plan.dose),
  });
}
