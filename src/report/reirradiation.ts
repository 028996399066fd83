/**
 * The items that the ESTRO-EORTC consensus asks a report on re-irradiation to hold, as one block of plan.json.
 *
 * The list of items is recalled, not read in its source: Andratschke et al., Lancet Oncol. 23 (2022) e469. What the case
 * does not say is null and named under `notStated`; nothing is guessed.
 */

import { own } from '../core/own.js';
import { toDecimals } from '../core/rounding.js';
import type { PlanEvaluation } from '../plan/evaluation/evaluate-plan.js';
import { type PlanCase, priorsOf } from '../plan/input/plan-case.js';
import { conventionOf } from '../plan/input/recovery-convention.js';
import type { PatientModel } from '../plan/patient/patient-model.js';
import type { PriorExposure } from '../plan/patient/prior-exposure.js';

/** What only the clinic knows: keys of `retreatment.clinical`. */
const clinicalItems = [
  'site',
  'histology',
  'intent',
  'priorDates',
  'priorTechnique',
  'priorTarget',
  'priorToxicity',
  'imageGuidance',
  'followUp',
  'toxicityScale',
] as const;

/** Fraction of its own maximum from which a region counts as irradiated: ours, the consensus does not fix one. */
const IRRADIATED = 0.5;

export function reirradiationReport(
  evaluation: PlanEvaluation,
  model: PatientModel,
  planCase: Pick<PlanCase, 'prescription' | 'prior' | 'retreatment' | 'alphaBeta'>,
  prior: PriorExposure,
): Record<string, unknown> {
  const { prescription, retreatment: settings, alphaBeta } = planCase;
  const given: Readonly<Record<string, string>> = settings.clinical;
  const clinical = Object.fromEntries(clinicalItems.map((key) => [key, own(given, key) ?? null]));
  const extra = Object.fromEntries(Object.entries(given).filter(([key]) => !Object.hasOwn(clinical, key)));
  const { plan: technique, structures } = evaluation;
  const target = structures.find(({ name }) => name === model.target);
  const cumulative = evaluation.cumulativeCord;
  const entries = priorsOf(planCase);
  const courses = prior.courses.map(({ dose, months, origin, description }, c) => ({
    dose: entries[c]?.dose ?? null,
    fractions: dose.fractions ?? null,
    monthsSince: months,
    doseDistribution: origin,
    description,
  }));
  return {
    source: 'ESTRO-EORTC consensus, Andratschke et al., Lancet Oncol. 23 (2022) e469; items recalled, not read',
    ...clinical,
    ...extra,
    type: overlapType(evaluation, model, prior),
    ...(prior.courses.length === 1 ? { priorCourse: courses[0] } : { priorCourses: courses }),
    thisCourse: {
      dose: prescription.dose,
      fractions: prescription.fractions,
      prescribedTo: prescription.to,
      technique: technique.technique,
      target: model.target,
    },
    summation: {
      method: {
        imported: 'rigid',
        simulated: 'same patient model',
        uniform: 'uniform prior dose',
        several: 'each as described',
      }[prior.origin],
      quantity: `EQD2, physical dose of each course converted point by point, alpha/beta ${alphaBeta.cord} Gy in ${model.cord}`,
      uncertainty: 'see position',
    },
    recovery: { credited: 'none in any figure', voxelwiseBounds: conventionOf(settings.recovery).name },
    cumulative:
      cumulative === undefined
        ? null
        : {
            structure: cumulative.structure,
            maxEqd2: toDecimals(cumulative.noRecovery.max, 4),
            'D0.03ccEqd2': toDecimals(cumulative.noRecovery.nearMax, 4),
            sumOfMaximaEqd2: toDecimals(cumulative.sumOfMaxima, 4),
          },
    coverage:
      target === undefined
        ? null
        : Object.fromEntries(Object.entries(target.metrics).map(([k, v]) => [k, toDecimals(v, 4)])),
    notStated: clinicalItems.filter((key) => own(given, key) === undefined),
  };
}

/** Type 1 where the irradiated volumes overlap; else type 2, as a cumulative dose is assessed. */
function overlapType({ plan }: PlanEvaluation, model: PatientModel, prior: PriorExposure): Record<string, unknown> {
  const { data: now } = plan.dose;
  const { data: before } = prior.dose;
  if (prior.origin === 'uniform') {
    return { type: 1, why: 'geometric overlap assumed: the prior dose is taken as uniform where this course treats' };
  }
  let largest = 0;
  for (const voxel of model.body.index) if (before[voxel]! > largest) largest = before[voxel]!;
  const level = IRRADIATED * plan.solution.prescriptionDose;
  let shared = 0;
  for (const voxel of model.body.index) if (now[voxel]! >= level && before[voxel]! >= IRRADIATED * largest) shared++;
  const volume = (shared * model.grid.spacing.reduce((a, b) => a * b, 1)) / 1000;
  return {
    type: shared > 0 ? 1 : 2,
    why: `${volume.toFixed(1)} cc lie within half the prescription of this course and half the maximum of the prior one (our criterion)`,
  };
}
