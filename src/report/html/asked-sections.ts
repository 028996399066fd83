/** What a case or its reader asked for beside the usual: several targets, robustness, priorities, other dose models, a finer grid. */
import { toDecimals } from '../../core/rounding.js';
import { MODEL_NAMES } from '../dose-model-sensitivity.js';
import { PRIORITY_STATUS } from '../priorities.js';
import { bounded, type Content, figure, html, list, type Markup, section, table, verdictMark } from './markup.js';
import type { AskedEntry, PlanEntry, PlanJson, PriorityEntry, RobustEntry, ShiftedEntry } from './plan-json.js';
import { labelOf } from './verdict-section.js';

/** What each of several targets was asked for, and what it received; nothing where there is one. */
export function targetsSection({ plans }: PlanJson): Markup | undefined {
  const { targets } = plans.find((plan) => plan.targets !== undefined) ?? {};
  if (targets === undefined) return undefined;
  return section(
    'targets',
    'Targets',
    table({
      caption: 'Dose of each target',
      head: ['Target', 'Asked', ...plans.map(labelOf)],
      rows: targets.map(({ structure, dose, to }, t) => [
        structure,
        html`${figure(dose, 2, 'Gy')} ${to}`,
        ...plans.map((plan) => {
          const { reached = null, percent = null, isOff = false } = plan.targets?.[t] ?? {};
          const share = percent === null ? '' : html`<small>, ${figure(percent, 1)} %${isOff ? ': off' : ''}</small>`;
          return html`<span class="whole">${figure(reached, 2, 'Gy')}</span>${share}`;
        }),
      ]),
    }),
  );
}

/** Robust plans beside the nominal ones, in every scenario. */
export function robustSection({ plans }: PlanJson): Markup | undefined {
  const robust = plans.flatMap((plan) => (plan.robust === undefined ? [] : [{ plan, own: plan.robust }]));
  if (robust.length === 0) return undefined;
  return section(
    'robust',
    'Robustness',
    robust.flatMap(({ plan, own }) => [
      html`<p><strong>${labelOf(plan)}:</strong> ${own.sentence}</p>`,
      scenarioTable(
        `${labelOf(plan)} under shifts of the patient, LPS mm; beside each figure that of the nominal plan`,
        own,
      ),
      list(own.notes),
    ]),
  );
}

function scenarioTable(caption: string, { scenarios, nominalPlan, worst, ball }: RobustEntry): Markup {
  const row = (name: Content, own: ShiftedEntry, nominal: ShiftedEntry | undefined): readonly Content[] => [
    name,
    ...(['cordMax', 'cordNearMax', 'targetD95', 'targetV95'] as const).flatMap((key) => [
      figure(own[key], 2),
      html`<small>${figure(nominal?.[key], 2)}</small>`,
    ]),
  ];
  const shifts = scenarios.map((own, s) => row(placeOf(own.shift), own, nominalPlan.scenarios[s]));
  const beside = (name: string): readonly string[] => [name, 'nominal plan'];
  return table({
    caption,
    head: [
      'Shift',
      ...beside('Cord Max [Gy]'),
      ...beside('Cord D0.03cc [Gy]'),
      ...beside('Target D95 [Gy]'),
      ...beside('Target V95 [%]'),
    ],
    rows: [
      ...shifts,
      ...(ball === undefined
        ? []
        : [row(html`worst in any direction: ${placeOf(ball.worst.shift)}`, ball.worst, ball.nominalWorst)]),
      row('worst of all, figure by figure', worst, nominalPlan.worst),
    ],
  });
}

const placeOf = (shift: readonly number[] = []): string =>
  shift.every((mm) => mm === 0) ? 'none' : shift.map((mm) => String(toDecimals(mm, 2))).join(', ');

/** Constraints of the case on whole structures: what each is in every plan, and what it costs. */
export function askedConstraints(plans: readonly PlanEntry[]): Markup | undefined {
  const names = [...new Set(plans.flatMap(({ asked = [] }) => asked.map(({ constraint }) => constraint)))];
  if (names.length === 0) return undefined;
  return table({
    caption: 'Constraints that the case asks for',
    head: ['Constraint', ...plans.map(labelOf)],
    rows: names.map((name) => [
      name,
      ...plans.map(({ asked = [] }) => askedCell(asked.find(({ constraint }) => constraint === name))),
    ]),
  });
}

function askedCell(own: AskedEntry | undefined): Content {
  if (own === undefined) return '–';
  const { value, unit, result, errorBound, reason, force, price } = own;
  if (value === null) return html`${verdictMark('not evaluable')} ${reason}`;
  const buys = price === null || price === 0 ? '' : html`; one Gy buys up to ${figure(price, 2)} of the objective`;
  const held = force === 'hard' ? html`hard${buys}` : 'judged alone, as the technique holds its prescription';
  return html`${verdictMark(result)} ${bounded(value, errorBound, 2, unit)}<br><small>${held}</small>`;
}

/** Lists of goals in their order: what became of each, and of its goals. */
export function prioritySection({ plans }: PlanJson): Markup | undefined {
  const asked = plans.filter((plan) => (plan.priorities ?? []).length > 0);
  if (asked.length === 0) return undefined;
  return section('priorities', 'Priorities', asked.map(priorityTable));
}

function priorityTable(plan: PlanEntry): Markup {
  const rows = plan.priorities!.flatMap(({ list: number, status, goals }) =>
    goals.map((own, g) => [
      g === 0 ? String(number) : html`<small>${number}</small>`,
      own.goal,
      html`${reportedCell(own.reported)}`,
      PRIORITY_STATUS[status],
      html`<small>${tradesOf(own)}</small>`,
    ]),
  );
  return table({
    caption: `${labelOf(plan)}: lists of goals, the most important first; each holds in all after it`,
    head: ['List', 'Goal', 'Reached', 'What became of the list', 'One Gy of the goal costs'],
    rows,
  });
}

const reportedCell = ({ value, unit, result, errorBound }: PriorityEntry['goals'][number]['reported']): Content =>
  value === null
    ? verdictMark('not evaluable')
    : html`${result === 'least' ? '' : verdictMark(result)} ${bounded(value, errorBound, 2, unit)}`;

/** What gives way to a goal, the dearest two. */
function tradesOf({ optimised }: PriorityEntry['goals'][number]): Content {
  const told = (optimised?.trades ?? []).slice(0, 2);
  return told.map(
    ({ of, cost }, t) =>
      html`${t === 0 ? '' : ', '}${figure(cost, 2, 'Gy')} of ${of === 'cord' ? "the cord's cap" : of}`,
  );
}

/** The plans under other dose models, with the same monitor units. */
export function modelSection({ plans, target, cord }: PlanJson): Markup | undefined {
  const asked = plans.flatMap((plan) => (plan.modelSensitivity ? [{ plan, own: plan.modelSensitivity }] : []));
  if (asked.length === 0) return undefined;
  const columns = [
    [cord, 'Max[Gy]'],
    [cord, 'D0.03cc[Gy]'],
    [target, 'D95%[Gy]'],
    [target, 'D2%[Gy]'],
    [target, 'Mean[Gy]'],
  ] as const;
  return section(
    'models',
    'Under other dose models',
    asked.map(({ plan, own }) =>
      table({
        caption: `${labelOf(plan)}, planned with ${MODEL_NAMES[own.planned]}: the same fluence and monitor units under each dose model`,
        head: ['Dose model', ...columns.map(([name, key]) => `${name} ${key.replace('[', ' [')}`)],
        rows: own.models.map(({ model, structures }) => [
          MODEL_NAMES[model],
          ...columns.map(([name, key]) => figure(structures.find((s) => s.name === name)?.metrics[key], 2)),
        ]),
      }),
    ),
  );
}

/** What the grid hides: target and cord from the same fluence on a finer one. */
export function gridSection({ plans }: PlanJson): Markup | undefined {
  const asked = plans.flatMap((plan) => (plan.gridCheck ? [{ plan, own: plan.gridCheck }] : []));
  if (asked.length === 0) return undefined;
  return section(
    'grid',
    'On a finer grid',
    asked.map(({ plan, own: { spacing, points, metrics } }) =>
      table({
        caption: `${labelOf(plan)}: the same fluence at ${points} points around target and cord, ${spacing} mm apart`,
        head: ['Figure', 'Reported', 'On the finer grid', 'Within ±'],
        rows: metrics.map(({ structure, metric, planned, errorBound, recomputed, isWithinBound }) => {
          const [, name = metric, unit = ''] = /^(.*)\[(.*)\]$/.exec(metric) ?? [];
          return [
            `${structure} ${name}`,
            bounded(planned, errorBound, 2, unit),
            figure(recomputed, 2, unit),
            isWithinBound ? 'yes' : html`<strong>no</strong>`,
          ];
        }),
      }),
    ),
  );
}
