/**
 * What a plan comes to, on one screen: the techniques beside each other, the limits that fail or bind, and a sentence for the
 * physician. `planDetails` and plan.json hold all else.
 */

import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { toDecimals } from '../core/rounding.js';
import { plainText } from '../core/sentence.js';
import { type PlanEvaluation, whyNoPlan } from '../plan/evaluation/evaluate-plan.js';
import { worstOfReport } from '../plan/evaluation/robustness.js';
import type { AssessmentRow } from '../plan/evaluation/tolerance-rows.js';
import { targetNames } from '../plan/patient/patient-model.js';
import type { PlanningResult } from '../plan/run-plan.js';
import { givenSentence, whyUnproven } from './certificate.js';
import { deliveryCell, priceCell, priceGained } from './delivery.js';
import { shiftSize, shownBound } from './numbers.js';
import { patientNotes } from './patient-notes.js';
import { gapInWords } from './plan-report.js';

/** The screen that a summary is to fit. */
export interface SummaryOptions {
  /** Characters of a line, at most; 40 at least. @default 80 */
  readonly width?: number;
  /** Lines, at most, as long as limits can be left out: those are counted then. @default 30 */
  readonly height?: number;
}

/** A cell of each technique. */
type Row = readonly [label: string, ...cells: string[]];

/** The columns of techniques; what is left of the width is the label's. */
const CELL = 19;
/** Limits that are listed, however little room there is. */
const FEWEST_LIMITS = 3;

/** Notes of how a patient was read that are shown. */
const NOTES_OF_PATIENT = 2;

/** The plans of a result on one screen, lines wrapped at words. */
export function summary(result: PlanningResult, { width = 80, height = 30 }: SummaryOptions = {}): string {
  const columns = Math.max(40, width);
  const above = [...headOf(result, columns), '', ...table([headRow(result), ...figures(result)], columns)];
  const below = ['', ...result.plans.flatMap((own) => wrapped(sentenceOf(own, result), columns)), ...footer(columns)];
  const limits = limitRows(result);
  // The heading of the limits, the line that counts those left out, and an empty one.
  const room = Math.max(FEWEST_LIMITS, height - above.length - below.length - 3);
  const shown = limits.length > room + 1 ? limits.slice(0, room) : limits;
  const left = limits.length - shown.length;
  const counted = left === 0 ? [] : wrapped(`and ${left} more that fail or bind`, columns);
  const listed =
    limits.length === 0 ? ['', 'No limit fails, none binds.'] : ['', ...table([limitHead(result), ...shown], columns)];
  return `${[...above, ...listed, ...counted, ...below].map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Lines of at most so many columns, broken between words; what follows the first is set in by two. */
export function wrapped(text: string, width: number): string[] {
  const plain = plainText(text);
  if (stringWidth(plain) <= width) return [plain];
  const [first = '', ...rest] = wrapAnsi(plain, width - 2, { hard: true }).split('\n');
  return [first, ...rest.map((line) => `  ${line}`)];
}

function headOf(result: PlanningResult, width: number): string[] {
  const { case: planCase, model, prior, plans } = result;
  const { dose, fractions, to } = planCase.prescription;
  const before = plans.find(({ cumulativeCord }) => cumulativeCord !== undefined)?.cumulativeCord;
  const course =
    prior === undefined
      ? 'No prior course.'
      : before === undefined
        ? prior.description
        : `Prior course: up to ${before.prior.toFixed(1)} Gy EQD2/${before.alphaBeta} in ${before.structure}, ${prior.months} months ago.`;
  const [note, ...more] = model.notes;
  const drawn = patientNotes(model.patient);
  const left = more.length + Math.max(0, drawn.length - NOTES_OF_PATIENT);
  const furtherCount = targetNames(model).length - 1;
  const noted = note === undefined ? [] : wrapped(`NOTE ${note}`, width).slice(0, 2);
  return [
    ...wrapped(`${model.patient.name}: ${dose} Gy in ${fractions} fractions (${to}), ${gapInWords(result)}`, width),
    ...wrapped(course, width),
    ...(furtherCount > FURTHER ? [`and ${furtherCount - FURTHER} more targets: --details`] : []),
    ...noted,
    ...drawn.slice(0, NOTES_OF_PATIENT).flatMap((own) => wrapped(`NOTE ${own}`, width).slice(0, 3)),
    ...(left === 0 ? [] : [`NOTE ${left} more notes`]),
  ];
}

const headRow = ({ plans }: PlanningResult): Row => ['', ...plans.map(({ plan }) => plan.technique.toUpperCase())];

/** Cord, both courses, coverage, prescription, proof, verdict. */
export function figures(result: PlanningResult): Row[] {
  const { case: planCase, model, plans } = result;
  const { dose, to } = planCase.prescription;
  const { cord, target } = model;
  const row = (label: string, cellOf: (own: PlanEvaluation) => string | undefined): Row[] => {
    const cells = plans.map(cellOf);
    return cells.every((cell) => cell === undefined) ? [] : [[label, ...cells.map((cell) => cell ?? '-')]];
  };
  const position = plans.find((own) => own.position !== undefined)?.position;
  const alphaBeta = plans.find(({ cumulativeCord }) => cumulativeCord !== undefined)?.cumulativeCord?.alphaBeta;
  return [
    ...row(`${cord} Max`, (own) => metricOf(own, cord, 'Max[Gy]', 'Gy')),
    ...row('  worst shift that the plan is for', ({ robust }) => robust && gray(worstOfReport(robust).own.cordMax)),
    ...row(`  both courses, EQD2/${alphaBeta}`, ({ cumulativeCord: c }) => c && gray(c.noRecovery.max)),
    ...row(
      `  both, worst shift in ${position ? shiftSize(position.search) : ''}`,
      (own) => own.position && gray(own.position.worst),
    ),
    ...row(`${target} V95%`, (own) => metricOf(own, target, 'V95%[%]', '%')),
    ...row(`${target} D95%`, (own) => metricOf(own, target, 'D95%[Gy]', '%', 100 / dose)),
    ...row(`prescribed: ${dose} Gy ${to}`, ({ plan: { solution } }) => {
      return `${gray(solution.prescriptionDose, 2)}${solution.status === 'prescription-missed' ? ', MISSED' : ''}`;
    }),
    ...furtherTargets(result).flatMap(({ structure, dose: own, to: at }, t) => [
      ...row(`${structure}: ${own} Gy ${at}`, ({ targets }) => reachedBy(targets![t + 1]!)),
      ...row('  V95% / D95%, %', (plan) => coverageOf(plan, structure, own)),
    ]),
    ...row('above the best plan, at most', ({ plan: { solution } }) => {
      const { gap } = solution.certificate;
      return gap === null ? 'nothing proven' : `${(100 * gap).toFixed(2)} %`;
    }),
    ...row('  of any fluence: price of delivery', ({ plan: { delivery } }) => delivery && priceCell(delivery)),
    ...(plans.some(({ plan }) => plan.delivery !== undefined)
      ? row('  segments / MU / min of a fraction', ({ plan }) => deliveryCell(plan, planCase))
      : []),
    ...row('verdict', (own) => verdictOf(own, dose)),
  ];
}

type Outcome = NonNullable<PlanEvaluation['targets']>[number];

/** How many further targets have their lines: what is left of a screen is for the limits. */
const FURTHER = 2;

/** All but the one of the prescription, which has its lines. */
const furtherTargets = ({ plans }: PlanningResult): readonly Outcome[] =>
  plans[0]?.targets?.slice(1, 1 + FURTHER) ?? [];

const reachedBy = (own: Outcome): string =>
  own.reached === null ? 'no dose' : `${gray(own.reached, 2)}${own.isOff ? ', OFF' : ''}`;

/** @param dose of the target, Gy */
function coverageOf({ structures }: PlanEvaluation, name: string, dose: number): string | undefined {
  const metrics = structures.find((s) => s.name === name)?.metrics;
  const [volume, near] = [metrics?.['V95%[%]'], metrics?.['D95%[Gy]']];
  if (volume === undefined || near === undefined) return undefined;
  return `${volume.toFixed(1)} / ${((100 * near) / dose).toFixed(1)}`;
}

/** Of a structure as it is drawn, with its error bound. @param scale of value and bound */
function metricOf(own: PlanEvaluation, name: string, metric: string, unit: string, scale = 1): string | undefined {
  const found = own.structures.find((s) => s.name === name);
  const value = found?.metrics[metric];
  if (value === undefined) return undefined;
  const bound = found!.errorBounds[metric];
  return `${(scale * value).toFixed(2)}${bound === undefined ? '' : ` ±${shownBound(scale * bound)}`} ${unit}`;
}

/** `NO PLAN`, `FAIL` where a goal fails or cannot be evaluated, `UNPROVEN` where none does but the proof is missing, or `PASS`. */
export function verdictOf({ plan, goals, asked }: PlanEvaluation, prescription: number): string {
  if (whyNoPlan(plan, prescription) !== undefined) return 'NO PLAN';
  const broken = asked.filter(({ force, result }) => force === 'hard' && result !== 'pass').length;
  if (broken > 0) return `FAIL, ${broken} of ${asked.length} constraints`;
  const missed = goals.filter(({ result }) => result === 'fail' || result === 'not evaluable').length;
  const varied = goals.filter(({ result }) => result === 'variation').length;
  if (missed > 0) return `FAIL ${missed} of ${goals.length} goals`;
  if (plan.solution.status === 'constraints-broken') return 'BREAKS CONSTRAINTS';
  if (whyUnproven(plan.solution) !== undefined) return 'UNPROVEN';
  if (goals.length === 0) return 'PASS, no goals';
  return varied > 0 ? `PASS, ${varied} varied` : `PASS all ${goals.length} goals`;
}

const limitHead = ({ plans }: PlanningResult): Row => [
  'Limits that fail or bind (*)',
  ...plans.map(({ plan }) => plan.technique.toUpperCase()),
];

/** Goals first, then caps by voxel, then what the literature allows; what is there for comparison only is left out. */
function limitRows({ plans, model }: PlanningResult): Row[] {
  const rows = new Map<string, string[]>();
  const put = (label: string, p: number, cell: string): void => {
    const cells = rows.get(label) ?? plans.map(() => '-');
    cells[p] = cell;
    rows.set(label, cells);
  };
  plans.forEach(({ goals }, p) => {
    for (const { goal, value, unit, result } of goals) {
      const word = { pass: 'PASS', variation: 'PASS', fail: 'FAIL', 'not evaluable': 'FAIL' }[result];
      put(`goal ${goal}`, p, `${word} ${value === null ? 'not evaluable' : `${value.toFixed(2)} ${unit}`}`);
    }
  });
  plans.forEach(({ asked }, p) => {
    for (const { constraint, value, unit, result, force, price } of asked) {
      const word = result === 'pass' ? 'PASS' : 'FAIL';
      const binds = force === 'hard' && price !== null && price > 0 ? '*' : '';
      put(constraint, p, `${word} ${value === null ? 'not evaluable' : `${value.toFixed(2)} ${unit}`}${binds}`);
    }
  });
  plans.forEach(({ priorities }, p) => {
    priorities.forEach(({ status, goals }, l) => {
      for (const { goal, reported } of goals) {
        const value = reported.value === null ? 'not evaluable' : `${reported.value.toFixed(2)} ${reported.unit}`;
        put(
          `${l + 1} ${goal}`,
          p,
          `${reported.result === 'fail' ? 'FAIL ' : ''}${value}${status === 'judged' ? '' : '*'}`,
        );
      }
    });
  });
  plans.forEach(({ plan, asked, priorities, constraintOutcomes: tolerances }, p) => {
    const { certificate, given } = plan.solution;
    const { prices } = certificate;
    for (const { limit, price, active } of prices) {
      const structure = limit === 'cord' ? model.cord : limit;
      // What the case asks for has its line.
      if (asked.some((own) => own.constraint === limit)) continue;
      if (priorities.some(({ goals }) => goals.some(({ goal }) => goal === limit))) continue;
      put(
        `cap in every voxel of ${structure}`,
        p,
        price > 0 && active.length > 0 ? `PASS ${active.length} voxels*` : 'PASS',
      );
    }
    for (const { structure, broken } of tolerances) {
      if (broken > 0) put(`cap in every voxel of ${structure}`, p, `FAIL ${broken} voxels`);
    }
    for (const { constraint, voxels, excess } of given?.broken ?? []) {
      if (voxels === null) put(`constraint ${constraint}`, p, `FAIL by ${gray(excess, 2)}`);
      else put(`cap in every voxel of ${constraint}`, p, `FAIL ${voxels} voxels`);
    }
  });
  plans.forEach(({ retreatment }, p) => {
    for (const row of retreatment?.rows ?? []) {
      if (row.role !== 'criterion' || (row.metric === 'interval' && row.result === 'pass')) continue;
      const binds = row === retreatment!.binding || row === retreatment!.strictest;
      put(
        limitName(row),
        p,
        `${row.result === 'pass' ? 'PASS' : 'FAIL'} ${row.value?.toFixed(1) ?? 'unknown'}${binds ? '*' : ''}`,
      );
    }
  });
  const isTold = ([, cells]: [string, string[]]): boolean => cells.some((cell) => /^FAIL|\*$/.test(cell));
  return [...rows].filter(isTold).map(([label, cells]): Row => [label, ...cells]);
}

function limitName({ title, structure, metric, courses, limit, scale }: AssessmentRow): string {
  const of = { this: '', all: ' both', each: ' each', share: ' share' }[metric === 'interval' ? 'this' : courses];
  return `${structure} ${metric}${of} ${toDecimals(limit, 2)} ${scale}, ${title}`;
}

/** For the physician: what the cord gets, and which limit decides. */
export function sentenceOf(own: PlanEvaluation, { case: planCase, model }: PlanningResult): string {
  const { plan, retreatment } = own;
  const { dose, fractions } = planCase.prescription;
  const name = plan.technique.toUpperCase();
  const said = [givenSentence(plan), whyNoPlan(plan, dose), whyUnproven(plan.solution)];
  const parts = said.filter((sentence) => sentence !== undefined);
  const gained = plan.delivery && priceGained(plan.delivery);
  if (retreatment === undefined) {
    const max = metricOf(own, model.cord, 'Max[Gy]', 'Gy');
    if (max !== undefined) parts.push(`${model.cord} gets at most ${max} in ${fractions} fractions`);
    if (gained !== undefined) parts.push(gained);
    return `${name}: ${parts.join('; ')}.`;
  }
  const { maximum, binding, strictest, exceeded } = retreatment;
  parts.push(
    `${retreatment.cord} gets at most ${gray(maximum.thisCourse)} in ${fractions} fractions, ${gray(maximum.cumulative)} EQD2/${maximum.alphaBeta} with the prior course`,
  );
  if (binding !== undefined) parts.push(`of its limits ${binding.title} ${leaves(binding)}`);
  if (strictest !== undefined && strictest !== binding && strictest.result === 'fail') {
    parts.push(`on ${strictest.structure} ${strictest.title} ${leaves(strictest)}`);
  }
  for (const { structure } of exceeded) parts.push(`the prior course alone exceeds a tolerance of ${structure}`);
  if (gained !== undefined) parts.push(gained);
  return `${name}: ${parts.join('; ')}.`;
}

const leaves = ({ room, result }: AssessmentRow): string =>
  result === 'fail'
    ? `is missed by ${gray(-room!)} of this course`
    : `leaves ${gray(Math.max(0, room!))} of this course`;

const gray = (value: number, digits = 1): string => `${value.toFixed(digits)} Gy`;

const footer = (width: number): string[] =>
  wrapped('±: what sampling and grid may hide. Research software, not for clinical use.', width);

/** Labels to the left, cells in columns of one width; what is longer loses its end. */
function table(rows: readonly Row[], width: number): string[] {
  const count = Math.max(...rows.map(([, ...cells]) => cells.length));
  const cell = Math.min(CELL, Math.floor(width / (count + 1)) - 1);
  const label = width - count * (cell + 1);
  return rows.map(([first, ...cells]) => fit(first, label) + cells.map((text) => ` ${fit(text, cell)}`).join(''));
}

/** A text in exactly so many columns of the terminal. */
function fit(text: string, width: number): string {
  const plain = plainText(text);
  if (stringWidth(plain) <= width) return plain + ' '.repeat(width - stringWidth(plain));
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(plain)) {
    if (stringWidth(`${kept}${segment}…`) > width) break;
    kept += segment;
  }
  return `${kept}…${' '.repeat(width - stringWidth(`${kept}…`))}`;
}
