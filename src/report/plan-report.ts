/**
 * plan.json and dvh.csv: the numbers of a job, with what they rest on.
 */

import { toDecimals } from '../core/rounding.js';
import { densityWarning, doseModelAssumptions } from '../dose/dose-model.js';
import { cumulativeCurve } from '../evaluate/dvh.js';
import { STRUCTURE_DVH_ESTIMATORS } from '../evaluate/structure-dvh.js';
import { describeGrid } from '../geometry/grid.js';
import { type PlanEvaluation, whyNoPlan } from '../plan/evaluation/evaluate-plan.js';
import type { PlanCase, Technique } from '../plan/input/plan-case.js';
import { conventionOf } from '../plan/input/recovery-convention.js';
import { targetNames } from '../plan/patient/patient-model.js';
import type { PlanningResult } from '../plan/run-plan.js';
import type { ModelSensitivity } from '../plan/sweep/dose-model-sensitivity.js';
import type { GridCheck } from '../plan/sweep/grid-check.js';
import type { TechniquePlan } from '../plan/technique/technique-plan.js';
import { certificateLine, certificateReport, givenSentence, whyUnproven } from './certificate.js';
import { constraintListSentences, nameOfConstraint, overruledCap } from './constraint-list.js';
import { askedReport, askedSentences, constraintReport, constraintSentences } from './constraints.js';
import { deliveryLines, deliveryReport, fieldDeliveries } from './delivery.js';
import { sensitivityReport } from './dose-model-sensitivity.js';
import { goalValue } from './goals.js';
import { gridCheckReport } from './grid-check.js';
import { inWords, roundedValues, shownBound } from './numbers.js';
import { patientNotes } from './patient-notes.js';
import { priorityReport, prioritySentences } from './priorities.js';
import { reirradiationReport } from './reirradiation.js';
import { retreatmentReport, retreatmentSentence, retreatmentTable } from './retreatment.js';
import { robustBlock, robustSentence } from './robustness.js';
import { csvTable } from './table.js';
import { targetSentences, targetsOff, targetsReport } from './targets.js';

export interface Provenance {
  readonly version: string;
  /** SHA-256 of each input, by its role. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What it takes to make the plans again. @default not told */
  readonly remake?: RemakeRecord;
}

/** A file with the SHA-256 of what stands for it. */
export interface HashedFile {
  readonly file: string;
  readonly sha256: string;
}

/** What `respine plan --from` reads of a plan.json besides case and inputs. */
export interface RemakeRecord {
  /** That paths in the case are relative to, seen from plan.json; absent where the case names no file. */
  readonly folder?: string;
  /** By technique: the file of its fields, with its hash; and its dose, with that of the values (Float32, x-fastest, little-endian). */
  readonly plans: Readonly<Partial<Record<Technique, { readonly fluence: HashedFile; readonly dose: HashedFile }>>>;
}

/** The content of plan.json. */
export function planReport(
  result: PlanningResult,
  provenance: Provenance,
  sensitivities: readonly ModelSensitivity[] = [],
  gridChecks: readonly GridCheck[] = [],
): Record<string, unknown> {
  const { case: planCase, model, machine, plans, gap } = result;
  const { prescription } = planCase;
  const { prior } = result;
  // As a case may be written: who set the cap stands with the constraints.
  const { cordCapOrigin, ...given } = planCase;
  return {
    software: `respine ${provenance.version}`,
    notice: 'Research software, not for clinical use.',
    inputs: provenance.inputs,
    patient: model.patient.name,
    case: given,
    ...(provenance.remake && { remake: remakeBlock(provenance.remake, cordCapOrigin) }),
    target: model.target,
    ...(model.several && { targets: model.several.all.map(({ name, dose }) => ({ structure: name, dose })) }),
    cord: model.cord,
    isocenter: model.isocenter,
    doseGrid: describeGrid(model.grid),
    ...(model.fine ? { planningGrid: { grid: describeGrid(model.fine.grid), points: model.fine.voxels.length } } : {}),
    gap: {
      targetToCordMm: gap.distance === undefined ? null : toDecimals(gap.distance, 2),
      overlapCc: toDecimals(gap.overlap, 4),
      meaning: 'signed distance between the surfaces; negative: so deep one enters the other',
    },
    assumptions: [
      `Dose is the physical total of the course: ${prescription.dose} Gy in ${prescription.fractions} fractions, ${prescription.to} of ${prescription.to === 'isocenter' ? 'the point' : model.target}. The fractionation is an assumption of the case.`,
      ...inForce(result),
      prior === undefined
        ? 'No prior course: nothing is accumulated.'
        : `${prior.description} EQD2 with alpha/beta ${planCase.alphaBeta.cord} Gy, added point by point, no recovery.`,
      'Incomplete repair between fractions is not modelled.',
      ...creditOf(planCase),
      `Max: ${STRUCTURE_DVH_ESTIMATORS.max}. Min: ${STRUCTURE_DVH_ESTIMATORS.min}. Near-maximum: ${STRUCTURE_DVH_ESTIMATORS.nearMax}.`,
      'Metrics and goals are of structures as they are drawn, in the dose interpolated between voxel centres; errorBounds say how far off each may be to either side. A drawn contour stands for a slab of one slice spacing (end slices half out).',
      'Caps are held at the voxel centres of every voxel that holds any of the structure.',
      model.fine
        ? `Planning points in ${targetNames(model).join(', ')} and ${model.cord}, the cord's caps there and all metrics of the two are on the planning grid, as the dose grid is coarser; it lies around the two, with a point at the centre of the target${model.several ? 's' : ''}, and does not move with the dose grid.`
        : `The dose grid is as fine as planning needs: ${targetNames(model).join(', ')} and ${model.cord} have no grid of their own.`,
      `Machine: ${machine.source}.`,
      ...doseModelAssumptions(planCase.doseModel),
    ],
    notes: [...model.notes, ...model.patient.notes, ...overruled(result), ...plans.flatMap(({ notes = [] }) => notes)],
    plans: plans.map((evaluation) => ({
      ...planEntry(evaluation, result, sensitivities, gridChecks),
      ...provenance.remake?.plans[evaluation.plan.technique],
    })),
  };
}

function remakeBlock({ folder }: RemakeRecord, capOrigin: PlanCase['cordCapOrigin']): Record<string, unknown> {
  return {
    note: 'respine plan --from plan.json makes doses and tables of this anew, without optimising.',
    ...(folder === undefined ? {} : { folder }),
    // Of the case above: what it did not set itself, and whose origin would be lost.
    defaults: capOrigin === 'default' ? ['cordCap'] : [],
  };
}

/** What every plan was made under; techniques that hold it differently have a line each. */
function inForce({ plans }: PlanningResult): string[] {
  const said = plans.map(({ plan: { technique }, constraints }) => ({
    technique,
    lines: constraintListSentences(constraints),
  }));
  const [first] = said;
  if (said.every(({ lines }) => lines.join() === first?.lines.join())) return first?.lines ?? [];
  return said.flatMap(({ technique, lines }) => lines.map((line) => `${technique.toUpperCase()}: ${line}`));
}

/** Where a default is stricter than the cap that the case sets. */
function overruled({ plans }: PlanningResult): string[] {
  return [...new Set(plans.flatMap(({ constraints }) => overruledCap(constraints) ?? []))];
}

/** Said where a recovery is credited, and only there. */
function creditOf(planCase: Pick<PlanCase, 'retreatment'>): string[] {
  const { name, title } = conventionOf(planCase.retreatment.recovery);
  return name === 'none' ? [] : [`Voxelwise bounds credit the recovery convention ${name}: ${title}.`];
}

/** One technique's plan. */
function planEntry(
  evaluation: PlanEvaluation,
  { case: planCase, model, prior }: PlanningResult,
  sensitivities: readonly ModelSensitivity[],
  gridChecks: readonly GridCheck[],
): Record<string, unknown> {
  const check = gridChecks.find((own) => own.technique === evaluation.plan.technique);
  const delivered = fieldDeliveries(evaluation.plan, planCase);
  const {
    plan: technique,
    structures,
    goals,
    conformity,
    fallOff,
    cumulativeCord,
    retreatment,
    position,
    robust,
  } = evaluation;
  return {
    technique: technique.technique,
    status: technique.solution.status,
    ...givenBlock(technique),
    prescriptionDose: toDecimals(technique.solution.prescriptionDose, 4),
    evaluations: technique.solution.evaluations,
    certificate: certificateReport(technique),
    ...deliveryReport(technique, planCase),
    constraints: evaluation.constraints.map((constraint) => ({
      name: nameOfConstraint(constraint),
      ...constraint,
      limit: toDecimals(constraint.limit, 4),
      leaves: constraint.leaves?.map((gray) => toDecimals(gray, 4)) ?? null,
    })),
    ...(evaluation.targets && { targets: targetsReport(evaluation) }),
    ...(evaluation.asked.length > 0 && { asked: askedReport(evaluation) }),
    ...(evaluation.priorities.length > 0 && { priorities: priorityReport(evaluation.priorities) }),
    ...(technique.conflict && { conflict: technique.conflict }),
    bounds: constraintReport(evaluation, model.cord),
    fields: technique.fields.map(({ beam, monitorUnits, wedge, block }, f) => ({
      name: beam.name,
      gantry: beam.pose.gantry,
      collimator: beam.pose.collimator,
      couch: beam.pose.couch,
      monitorUnits: toDecimals(monitorUnits, 1),
      ...delivered[f],
      ...(wedge && { wedge: { name: wedge.name, angle: wedge.angle, orientation: wedge.orientation } }),
      ...(block && { block: { over: block.name, transmission: block.transmission } }),
    })),
    structures: structures.map((s) => ({
      ...s,
      volumeCc: toDecimals(s.volumeCc, 4),
      metrics: roundedValues(s.metrics),
      errorBounds: roundedValues(s.errorBounds),
    })),
    goals: goals.map((g) => ({
      ...g,
      value: g.value === null ? null : toDecimals(g.value, 4),
      margin: g.margin === null ? null : toDecimals(g.margin, 4),
      ...(typeof g.errorBound === 'number' ? { errorBound: toDecimals(g.errorBound, 4) } : {}),
    })),
    conformity: roundedValues(conformity),
    ...(fallOff
      ? { fallOff: { ...roundedValues(fallOff), nearest: fallOff.nearest && roundedValues(fallOff.nearest) } }
      : {}),
    ...(cumulativeCord
      ? {
          cumulativeCordEqd2: {
            ...cumulativeCord,
            prior: toDecimals(cumulativeCord.prior, 4),
            retreatment: roundedValues(cumulativeCord.retreatment),
            noRecovery: roundedValues(cumulativeCord.noRecovery),
            sumOfMaxima: toDecimals(cumulativeCord.sumOfMaxima, 4),
          },
        }
      : {}),
    ...(retreatment ? { retreatment: retreatmentReport(retreatment, planCase.prescription.fractions, position) } : {}),
    ...(robust ? { robust: robustBlock(robust) } : {}),
    ...(prior ? { reirradiation: reirradiationReport(evaluation, model, planCase, prior) } : {}),
    ...sensitivityOf(technique, sensitivities),
    ...(check ? { gridCheck: gridCheckReport(check) } : {}),
    ...warningOf(evaluation, planCase.prescription.dose),
  };
}

/** What gave way where caps and prescription could not both be met; of a plan that was given, what was given and what it breaks. */
function givenBlock(technique: TechniquePlan): Record<string, unknown> {
  const { given } = technique.solution;
  if (given !== undefined) {
    const { of, isCompared, broken } = given;
    return { given: { of, scale: technique.scale, isCompared, broken, meaning: givenSentence(technique) } };
  }
  const gaveWay =
    technique.hold === 'cord'
      ? 'the prescription, had the caps needed it'
      : 'the caps of cord and bounded organs, as far as the prescription needed it';
  return { gaveWay };
}

function sensitivityOf(
  { technique }: TechniquePlan,
  sensitivities: readonly ModelSensitivity[],
): { modelSensitivity?: unknown } {
  const found = sensitivities.find((s) => s.technique === technique);
  return found === undefined ? {} : { modelSensitivity: sensitivityReport(found) };
}

function warningOf(evaluation: PlanEvaluation, prescription: number): { warning?: string } {
  const { plan: technique } = evaluation;
  const { beyondRange, beyondDensity } = technique;
  const isBroken = technique.solution.status === 'constraints-broken';
  const found = [
    ...[
      isBroken ? givenSentence(technique) : undefined,
      whyNoPlan(technique, prescription),
      whyUnproven(technique.solution),
    ].filter((why) => why !== undefined),
    ...targetsOff(evaluation),
    ...(beyondRange > 0
      ? [`${beyondRange} voxels lie deeper than the machine was commissioned for; their dose is that of the last depth`]
      : []),
    ...(beyondDensity > 0 ? [densityWarning(beyondDensity)] : []),
  ];
  return found.length === 0 ? {} : { warning: `${found.join('; ')}.` };
}

/** Cumulative DVHs of every structure and technique, one line per dose level. */
export function dvhTable(result: PlanningResult, levels = 201): string {
  const rows = [['technique', 'structure', 'dose_Gy', 'volume_cc', 'volume_percent']];
  for (const { plan, dvhs } of result.plans) {
    for (const [name, dvh] of dvhs) {
      const { dose, volume, percent } = cumulativeCurve(dvh, levels);
      for (let i = 0; i < dose.length; i++) {
        rows.push([plan.technique, name, dose[i]!.toFixed(4), volume[i]!.toFixed(5), percent[i]!.toFixed(4)]);
      }
    }
  }
  return csvTable(rows);
}

/** All that is told of the plans of a result, in words and tables: goals by technique, then what stands beside the cap. */
export function planDetails(result: PlanningResult): string {
  const { model, case: planCase } = result;
  const lines: string[] = [
    ...model.notes,
    `${model.patient.name}: ${planCase.prescription.dose} Gy in ${planCase.prescription.fractions} fractions (${planCase.prescription.to}), ${gapInWords(result)}`,
  ];
  const names = [model.cord, `${model.cord}_PRV02`, 'ThecalSac', model.target].filter((name) => model.masks.has(name));
  for (const {
    plan: technique,
    constraintOutcomes: tolerances,
    asked,
    targets = [],
    priorities,
    notes = [],
    goals,
    structures,
    conformity,
    fallOff,
    cumulativeCord,
    retreatment,
    position,
    robust,
  } of result.plans) {
    lines.push(
      '',
      `${technique.technique.toUpperCase()}  ${technique.solution.status}, prescription dose ${technique.solution.prescriptionDose.toFixed(2)} Gy`,
    );
    lines.push(`        ${certificateLine(technique.solution.certificate)}`);
    lines.push(...deliveryLines(technique, planCase).map((line) => `        ${line}`));
    const why = whyNoPlan(technique, planCase.prescription.dose);
    if (why !== undefined) lines.push(`        ${why}; no goal on it is passed`);
    const said = [givenSentence(technique), whyUnproven(technique.solution), ...notes].filter(
      (note) => note !== undefined,
    );
    lines.push(...said.map((note) => `  NOTE  ${note}`));
    if (robust) lines.push(`        ${robustSentence(robust)}`);
    lines.push(...targetSentences({ targets }).map((line) => `        ${line}`));
    for (const g of goals) {
      const value = g.value === null ? `not evaluable: ${g.reason}` : goalValue(g);
      const verdict = { pass: 'pass', variation: 'var.', fail: 'FAIL', 'not evaluable': 'FAIL' }[g.result];
      lines.push(`  ${verdict}  ${g.goal.padEnd(34)} ${value}`);
    }
    lines.push(...names.flatMap((name) => nearMaximaOf(structures, name)));
    const index = (value: number | null): string => inWords(value, 2);
    lines.push(
      `        Paddick CI ${index(conformity.paddick)}, HI ${index(conformity.homogeneity)}, R50 ${index(conformity.r50)}, gradient index ${index(conformity.gradientIndex)}`,
    );
    if (fallOff?.nearest) {
      lines.push(
        `        from ${model.target} to ${model.cord} across ${fallOff.nearest.gap.toFixed(1)} mm: ${fallOff.nearest.perMm.toFixed(2)} Gy/mm, steepest ${index(fallOff.steepest)}, median ${index(fallOff.median)}`,
      );
    }
    if (cumulativeCord) {
      lines.push(
        `        ${cumulativeCord.structure} over both courses, EQD2 (alpha/beta ${cumulativeCord.alphaBeta} Gy), no recovery: Max ${cumulativeCord.noRecovery.max.toFixed(1)} Gy; sum of maxima ${cumulativeCord.prior.toFixed(1)} + ${cumulativeCord.retreatment.max.toFixed(1)} = ${cumulativeCord.sumOfMaxima.toFixed(1)} Gy`,
      );
    }
    if (priorities.length > 0)
      lines.push(
        '',
        ...prioritySentences(priorities, technique.solution, technique.reachedAlone).map((line) => `  ${line}`),
      );
    if (asked.length > 0) lines.push('', ...askedSentences({ asked }).map((line) => `  ${line}`));
    if (tolerances.length > 0) lines.push('', ...constraintSentences(tolerances).map((line) => `  ${line}`));
    if (retreatment) {
      const table = retreatmentTable(retreatment).trimEnd();
      lines.push('', ...table.split('\n').map((line) => (line === '' ? '' : `  ${line}`)));
      lines.push('', `  ${retreatmentSentence(retreatment, planCase.prescription.fractions, position)}`);
    }
  }
  if (result.prior) lines.push('', result.prior.description, ...result.prior.notes, ...creditOf(planCase));
  const drawn = patientNotes(model.patient);
  if (drawn.length > 0) lines.push('', ...drawn);
  lines.push('', 'In force, each in every voxel:', ...inForce(result).map((line) => `  ${line}`), ...overruled(result));
  lines.push(
    'After ±: how far off a value may be to either side, by sampling and by what the dose grid may hide between its points.',
    'Research software, not for clinical use.',
  );
  return `${lines.join('\n')}\n`;
}

/** Maximum and near-maxima of an organ; none where it has no dose. */
function nearMaximaOf(structures: PlanEvaluation['structures'], name: string): string[] {
  const found = structures.find((s) => s.name === name);
  if (!found || found.role === 'target') return [];
  const { metrics, errorBounds } = found;
  if (metrics['Max[Gy]'] === undefined) return [];
  const shown = ['Max', 'D0.03cc', 'D0.1cc'].map((metric) => {
    const key = `${metric}[Gy]`;
    return `${metric} ${metrics[key]!.toFixed(2)} ±${shownBound(errorBounds[key]!)}`;
  });
  return [`        ${name.padEnd(18)} ${shown.join('  ')} Gy`];
}

/** Target and cord. */
export function gapInWords({ model: { target, cord }, gap: { distance, overlap } }: PlanningResult): string {
  if (distance === undefined) return `${target} to ${cord} no distance`;
  if (distance > 0) return `${target} to ${cord} ${distance.toFixed(1)} mm`;
  return `${target} and ${cord} overlap: ${distance.toFixed(1)} mm, ${overlap.toFixed(2)} cc in common`;
}
