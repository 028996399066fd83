/** The retreatment: prior course and this one in EQD2, limits of the literature, recovery, risk. */
import { type Content, figure, html, list, type Markup, section, table, verdictMark } from './markup.js';
import type { LimitEntry, PlanEntry, PlanJson, RetreatmentEntry, SourceEntry } from './plan-json.js';
import { labelOf } from './verdict-section.js';

type Assessed = PlanEntry & { readonly retreatment: RetreatmentEntry };

const isAssessed = (plan: PlanEntry): plan is Assessed => plan.retreatment !== undefined;

/** The assessment of every technique; of a case without a prior course one sentence. */
export function retreatmentSection({ plans }: PlanJson): Markup {
  const assessed = plans.filter(isAssessed);
  const [first] = assessed;
  if (first === undefined)
    return section('retreatment', 'Retreatment', html`<p>No prior course: nothing is accumulated.</p>`);
  const { retreatment } = first;
  const { alphaBeta } = retreatment.maximum;
  return section(
    'retreatment',
    'Retreatment',
    html`<p>${retreatment.prior.description} EQD2 with alpha/beta ${alphaBeta} Gy, added point by point; no recovery is credited in any figure but where a convention is named. Incomplete repair between fractions is not modelled.</p>`,
    list(retreatment.prior.notes),
    sumTable(assessed),
    limitTable(assessed),
    recoveryTable(assessed),
    riskTable(assessed),
    list([...new Set(assessed.flatMap((own) => own.retreatment.position?.notes ?? []))]),
  );
}

function sumTable(plans: readonly Assessed[]): Markup {
  const { cord, prior, position } = plans[0]!.retreatment;
  const row = (name: string, of: (own: RetreatmentEntry) => number | null | undefined): readonly Content[] => [
    name,
    ...plans.map(({ retreatment }) => figure(of(retreatment), 2, 'Gy')),
  ];
  const within =
    position === undefined
      ? ''
      : `${new Set(position.search).size === 1 ? position.search[0] : position.search.join(' x ')} mm`;
  return table({
    caption: `${cord}: prior course (${prior.months} months ago) and this one`,
    head: ['Maximum', ...plans.map(labelOf)],
    rows: [
      row('this course, physical', ({ maximum }) => maximum.thisCourse),
      row('this course, EQD2', ({ maximum }) => maximum.thisEqd2),
      row('prior course, EQD2', ({ maximum }) => maximum.priorEqd2),
      row('both courses, EQD2, point by point', ({ maximum }) => maximum.cumulative),
      row('both courses, EQD2, D0.03cc', ({ cumulativeNearMax }) => cumulativeNearMax),
      row('sum of both maxima, EQD2', ({ maximum }) => maximum.sumOfMaxima),
      ...(position === undefined
        ? []
        : [
            row(`both, worst rigid shift within ${within}`, (own) => own.position?.worst),
            row('both, worst from places within the cord', (own) => own.position?.worstInside),
            row('both, expected under set-up errors', (own) => own.position?.expected),
            row('both, 95th percentile of these', (own) => own.position?.percentile95),
          ]),
    ],
  });
}

const COURSES: Readonly<Record<string, string>> = {
  this: 'this course',
  all: 'both courses',
  each: 'each course',
  share: 'share of both',
};

function limitName({ title, structure, metric, courses, limit, scale, role }: LimitEntry): Content {
  const of =
    metric === 'interval' ? 'interval between courses' : `${structure} ${metric}, ${COURSES[courses] ?? courses}`;
  const bound =
    metric === 'interval' ? `at least ${limit}` : `at most ${Number.isInteger(limit) ? limit : limit.toFixed(1)}`;
  return html`${title}: ${of} ${bound} ${scale}${role === 'comparison' ? html` <small>(for comparison)</small>` : ''}`;
}

function limitTable(plans: readonly Assessed[]): Markup {
  const { limits } = plans[0]!.retreatment;
  const cellOf = (row: LimitEntry | undefined): Content => {
    if (row === undefined) return '–';
    if (row.value === null) return verdictMark(row.result);
    const left = row.room === null ? undefined : html`<br><small>${leftOf(row.room)}</small>`;
    return html`${verdictMark(row.result)} ${figure(row.value, 1)}${left}`;
  };
  return table({
    caption:
      'Limits of the literature; below each value what the limit leaves of this course, or by how much it is missed',
    head: ['Limit', ...plans.map(labelOf), 'Source'],
    rows: limits.map((row, i) => [
      limitName(row),
      ...plans.map(({ retreatment }) => cellOf(retreatment.limits[i])),
      html`<small>${sourceOf(row.source)}${row.warnings.map((warning) => html`; ${warning}`)}</small>`,
    ]),
  });
}

const leftOf = (room: number): string =>
  room < 0 ? `missed by ${(-room).toFixed(1)} Gy` : `leaves ${room.toFixed(1)} Gy`;

const sourceOf = ({ citation, doi, evidence }: SourceEntry): string =>
  `[${evidence}] ${citation}${doi === undefined ? '' : `, doi:${doi}`}`;

function recoveryTable(plans: readonly Assessed[]): Markup {
  return table({
    caption: 'Conventions of recovery, for the maximum: both courses in EQD2, and what this course may give',
    head: ['Convention', ...plans.map(labelOf), 'Source'],
    rows: plans[0]!.retreatment.recovery.map((row, i) => [
      html`${row.name}: ${row.title}`,
      ...plans.map(({ retreatment }) => {
        const own = retreatment.recovery[i];
        return own === undefined
          ? '–'
          : html`<span class="whole">${figure(own.cumulative, 1)} of ${figure(own.tolerance, 1, 'Gy')}</span><br><small class="whole">allows ${own.allowed.toFixed(1)} Gy here</small>`;
      }),
      html`<small>${sourceOf(row.source)}</small>`,
    ]),
  });
}

function riskTable(plans: readonly Assessed[]): Markup {
  const percent = (fraction: number | null): Content =>
    fraction === null ? 'none told' : html`<data value="${fraction}">${(100 * fraction).toPrecision(2)}</data> %`;
  const { risk } = plans[0]!.retreatment;
  const of = (cell: (own: RetreatmentEntry['risk']) => Content): readonly Content[] =>
    plans.map(({ retreatment }) => cell(retreatment.risk));
  return table({
    caption: 'Risk of myelopathy, for orientation: never a pass or fail',
    head: ['Model', ...plans.map(labelOf), 'Source'],
    rows: [
      [
        'Nieder, points',
        ...of(({ nieder }) => (nieder === null ? 'none told' : html`${figure(nieder.points, 0)} (${nieder.group})`)),
        html`<small>${risk.nieder && sourceOf(risk.nieder.source)}</small>`,
      ],
      [
        'Schultheiss, both courses without recovery',
        ...of(({ schultheiss }) => percent(schultheiss.cumulative)),
        html`<small>${sourceOf(risk.schultheiss.source)}</small>`,
      ],
      [
        'Lyman, pessimistic',
        ...of(({ lyman }) => percent(lyman.cumulative)),
        html`<small>${sourceOf(risk.lyman.source)}</small>`,
      ],
    ],
  });
}
