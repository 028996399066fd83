/** What a reader asks first: is the plan good, and how do the techniques compare. */
import { toDigits } from '../../core/rounding.js';
import { bounded, type Content, figure, html, list, type Markup, section, table, verdictMark } from './markup.js';
import type { GoalEntry, PlanEntry, PlanJson } from './plan-json.js';

/** FCRT, IMRT */
export const labelOf = ({ technique }: Pick<PlanEntry, 'technique'>): string => technique.toUpperCase();

/** The verdict of every technique, then each goal with its value in each. */
export function verdictSection({ plans }: PlanJson): Markup {
  return section(
    'verdict',
    'Verdict',
    html`<ul class="verdicts">${plans.map(verdictOf)}</ul>
`,
    plans.map(
      (plan) => plan.warning && html`<p class="warning"><strong>${labelOf(plan)}:</strong> ${plan.warning}</p>`,
    ),
    goalTable(plans),
    html`<p class="small">After ±: how far off a value may be to either side, by sampling and by what the dose grid may hide between its points.</p>`,
  );
}

function verdictOf(plan: PlanEntry): Markup {
  const { goals, retreatment, given } = plan;
  const failed = goals.filter(({ result }) => result === 'fail' || result === 'not evaluable').length;
  const outcome =
    goals.length === 0
      ? html`no goals`
      : failed === 0
        ? html`${verdictMark('pass')} all ${goals.length} goals`
        : html`${verdictMark('fail')} ${failed} of ${goals.length} goals`;
  const said = [given?.meaning, retreatment?.sentence].filter((sentence) => sentence !== undefined);
  return html`<li><h3>${labelOf(plan)} ${outcome}</h3>${said.map((sentence) => html`<p>${sentence}</p>`)}</li>`;
}

/** A row for each goal; techniques have the same ones. */
function goalTable(plans: readonly PlanEntry[]): Markup | undefined {
  const keys = [...new Set(plans.flatMap(({ goals }) => goals.map(goalName)))];
  if (keys.length === 0) return undefined;
  return table({
    caption: 'Goals',
    head: ['Goal', ...plans.map(labelOf)],
    rows: keys.map((key) => [
      key,
      ...plans.map(({ goals }) => {
        const goal = goals.find((own) => goalName(own) === key);
        return goal && goalCell(goal);
      }),
    ]),
  });
}

const COURSES: Readonly<Record<string, string>> = {
  all: ', both courses',
  each: ', each course',
  share: ' of both courses',
};
const goalName = ({ goal, courses }: GoalEntry): string =>
  `${goal}${goal.startsWith('interval') ? '' : (COURSES[courses] ?? '')}`;

function goalCell({ value, unit, result, errorBound, margin, reason, warnings }: GoalEntry): Content {
  if (value === null) return html`${verdictMark(result)} ${reason}`;
  const left = margin === null ? '' : `, margin ${margin < 0 ? '−' : '+'}${Math.abs(margin).toFixed(2)}`;
  const remarks = warnings.length === 0 ? undefined : html`<br><small>${warnings.join('; ')}</small>`;
  return html`${verdictMark(result)} ${bounded(value, errorBound, 2, unit)}<small>${left}</small>${remarks}`;
}

/** The techniques beside each other, in the order of the one screen that the command line prints. */
export function comparisonSection(plan: PlanJson): Markup {
  const { plans, case: planCase, gap } = plan;
  const { dose, to } = planCase.prescription;
  const title = plans.length > 1 ? plans.map(labelOf).join(' against ') : `${labelOf(plans[0]!)} in figures`;
  const row = (name: string, cellOf: (own: PlanEntry) => Content): readonly (readonly Content[])[] => {
    const cells = plans.map(cellOf);
    return cells.every((cell) => cell === undefined) ? [] : [[name, ...cells.map((cell) => cell ?? '–')]];
  };
  const metric =
    (structure: string, key: string, unit: string) =>
    ({ structures }: PlanEntry): Content => {
      const own = structures.find(({ name }) => name === structure);
      const value = own?.metrics[key];
      return value === undefined ? undefined : bounded(value, own?.errorBounds[key], 2, unit);
    };
  const { target, cord } = plan;
  const rows = [
    ...row(`${cord} Max`, metric(cord, 'Max[Gy]', 'Gy')),
    ...row(`${cord} D0.03cc`, metric(cord, 'D0.03cc[Gy]', 'Gy')),
    ...row('both courses, EQD2, Max', ({ retreatment: r }) => r && figure(r.maximum.cumulative, 2, 'Gy')),
    ...row('both courses, EQD2, worst shift', ({ retreatment: r }) => r?.position && figure(r.position.worst, 2, 'Gy')),
    ...['V95%[%]', 'V100%[%]'].flatMap((key) => row(`${target} ${key.split('[')[0]}`, metric(target, key, '%'))),
    ...['D98%[Gy]', 'D95%[Gy]', 'D50%[Gy]', 'D2%[Gy]'].flatMap((key) =>
      row(`${target} ${key.split('[')[0]}`, metric(target, key, 'Gy')),
    ),
    ...row(`prescribed: ${dose} Gy ${to}`, ({ prescriptionDose, status }) => {
      return html`${figure(prescriptionDose, 2, 'Gy')}${status === 'reached' ? '' : `, ${status}`}`;
    }),
    ...row('Paddick conformity index', ({ conformity }) => figure(conformity['paddick'], 2)),
    ...row('homogeneity index', ({ conformity }) => figure(conformity['homogeneity'], 3)),
    ...row('above the best possible plan, at most', ({ certificate: { gap: own } }) => percentOf(own)),
    ...row('price of delivery: above any fluence, at most', ({ delivery }) =>
      delivery?.price === undefined ? undefined : priceOf(delivery.price),
    ),
    ...row('segments', ({ delivery }) => delivery && figure(delivery.segments, 0)),
    ...row('monitor units of a fraction', ({ delivery }) => delivery && figure(delivery.monitorUnitsPerFraction, 0)),
    ...row('time of a fraction', ({ delivery }) => delivery && figure(delivery.secondsPerFraction, 0, 's')),
  ];
  const distance =
    gap.targetToCordMm === null
      ? undefined
      : html`<p>From ${target} to ${cord}: ${figure(gap.targetToCordMm, 2, 'mm')} between their surfaces${gap.overlapCc > 0 ? html`, ${figure(gap.overlapCc, 2, 'cc')} in common` : ''}.</p>`;
  return section(
    'comparison',
    title,
    table({ caption: 'Figures of this course', head: ['Figure', ...plans.map(labelOf)], rows }),
    distance,
  );
}

/** A fraction of the objective as percent; what is not proven says so. */
export const percentOf = (fraction: number | null): Markup =>
  fraction === null ? html`nothing proven` : html`<data value="${fraction}">${toDigits(100 * fraction, 3)}</data> %`;

/** Below zero there is none: the segments are better than any fluence that is even on each beamlet. */
const priceOf = (price: number | null): Markup =>
  price === null || price > -0.5e-4
    ? percentOf(price)
    : html`none: at least <data value="${price}">${toDigits(-100 * price, 3)}</data> % below`;

/** What reads as sentences below a heading. */
export const sentenceSection = (id: string, title: string, sentences: readonly string[]): Markup | undefined =>
  sentences.length === 0 ? undefined : section(id, title, list(sentences));
