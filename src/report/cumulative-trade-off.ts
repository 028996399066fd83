/** The cumulative trade-off as table, figure and words. */

import { InvalidInputError } from '../core/errors.js';
import type { Technique } from '../plan/input/plan-case.js';
import type { CumulativePoint, CumulativeTradeOff } from '../plan/sweep/cumulative-trade-off.js';
import { FAINT, HEAD, line, page, rect, text } from '../render/figure.js';
import { chartFrame, lineChart } from '../render/line-chart.js';
import { gapPercent, inWords, renamed, tableNumber } from './numbers.js';
import { columns, csvLine } from './table.js';

/** cumulative.json. */
export function cumulativeReport(result: CumulativeTradeOff): Record<string, unknown> {
  const points = result.points.map((point) => {
    return { ...renamed(point, { maximum: 'allowed' }), allowed: renamed(point.maximum, { largest: 'most' }) };
  });
  return { ...result, points };
}

/** One line per point: physical doses in Gy, limit and cumulative maxima in Gy EQD2, V95 in percent. */
export function cumulativeTable({ points }: CumulativeTradeOff): string {
  const head = [
    ...['technique', 'limit', 'status', 'allowedLeast', 'allowedMost', 'd95', 'd98', 'v95', 'prescriptionDose'],
    ...['objective', 'lowerBound', 'cordMaximum', 'cumulative', 'expected', 'percentile95', 'worstInside', 'worst'],
    ...['price', 'evaluations', 'reason'],
  ];
  const rows = points.map(({ technique, limit, status, maximum, plan, reason }) =>
    csvLine([
      technique,
      limit,
      status,
      tableNumber(maximum.least),
      tableNumber(maximum.largest),
      ...[plan?.d95, plan?.d98, plan?.v95, plan?.prescriptionDose, plan?.objective, plan?.lowerBound].map(tableNumber),
      ...[plan?.cordMaximum, plan?.cumulative].map(tableNumber),
      ...(['expected', 'percentile95', 'worstInside', 'worst'] as const).map((key) =>
        tableNumber(plan?.position?.[key]),
      ),
      tableNumber(plan?.price),
      plan?.evaluations ?? null,
      reason,
    ]),
  );
  return csvLine(head) + rows.join('');
}

/** The same for a terminal, with what the limits mean and what was set aside. */
export function cumulativeSummary(result: CumulativeTradeOff): string {
  const { cord, target, alphaBeta, prescription, prior, recovery, search, points } = result;
  const gy = (value: number | undefined): string => inWords(value, 2, '');
  const rows = points.map(({ technique, limit, status, plan }) => [
    technique,
    String(limit),
    ...[plan?.d95, plan?.d98, plan?.v95, plan?.cordMaximum, plan?.cumulative].map(gy),
    ...[plan?.position?.expected, plan?.position?.worstInside, plan?.position?.worst].map(gy),
    plan === null ? '' : inWords(gapPercent(plan), 2),
    status,
  ]);
  const head = ['', 'limit', 'D95', 'D98', 'V95 %', 'Max', 'both', 'expected', 'within', 'worst', 'gap %', ''];
  const reasons = new Set(points.flatMap(({ reason }) => (reason === null ? [] : [`${reason}\n`])));
  const shifts =
    search === null
      ? ''
      : `; expected, within and worst: the same under rigid shifts of either course within ${search.join(' x ')} mm (semi-axes), within: from places in ${cord} only`;
  return [
    `${prior.description}\n`,
    `Limit: EQD2 of both courses in every voxel of ${cord}, alpha/beta ${alphaBeta} Gy, recovery ${recovery}; the prior course alone gives up to ${prior.maximum.toFixed(1)} Gy. It stands alone: cordCap and bounds of the case are set aside.\n`,
    `D95, D98 of ${target} and Max of ${cord} in Gy of this course (${prescription.dose} Gy in ${prescription.fractions} fractions); both: largest sum in Gy EQD2, no recovery${shifts}.\n\n`,
    columns([head, ...rows]),
    ...reasons,
  ].join('');
}

const NAMES: Record<Technique, string> = { fcrt: 'FCRT', imrt: 'IMRT' };
const COLORS: Record<Technique, string> = { fcrt: '#b35c00', imrt: '#1f5fa8' };
const KEY = 178;

type Planned = CumulativePoint & { readonly plan: NonNullable<CumulativePoint['plan']> };

/**
 * D95 (and dashed D98) of the target over the cord's largest cumulative EQD2, as SVG. That is the limit of each point, or less
 * where the plan does not need it; a bar runs to the maximum under shifts at worst, a tick stands at what is expected; hollow
 * points missed the prescription.
 *
 * @throws {InvalidInputError} where fewer than two points have a plan
 */
export function cumulativeFigure(result: CumulativeTradeOff, title: string): string {
  const { points, prescription, prior, search, cord, alphaBeta } = result;
  const planned = points.filter((p): p is Planned => p.plan !== null);
  if (planned.length < 2) {
    throw new InvalidInputError(
      `trade-off figure: ${planned.length} points with a plan make no curve. Give at least two limits above the prior course.`,
    );
  }
  const [width, height] = [920, 600];
  const percent = (gray: number): number => (100 * gray) / prescription.dose;
  const largest = Math.max(...planned.map(({ plan }) => Math.max(plan.cumulative, plan.position?.worst ?? 0)));
  const least = Math.min(prior.maximum, ...planned.map(({ plan }) => plan.cumulative));
  const lowest = Math.min(...planned.map(({ plan }) => percent(plan.d98)));
  const chart = lineChart(
    chartFrame({ width, height, top: HEAD + 10, key: KEY }),
    {
      min: Math.floor(least - 0.5),
      max: Math.ceil(largest + 0.5),
      name: `Maximum of ${cord} over both courses [Gy EQD2/${alphaBeta}]`,
    },
    { min: 10 * Math.floor(lowest / 10), max: 104, name: 'Dose of the target [% of prescription]' },
  );
  const curve = (technique: Technique): string => {
    const own = planned.filter((p) => p.technique === technique).sort((a, b) => a.limit - b.limit);
    const stroke = COLORS[technique];
    const along = (key: 'd95' | 'd98') => own.map(({ plan }) => [plan.cumulative, percent(plan[key])] as const);
    const marks = own.map(({ status, plan }) => {
      const [x, y] = [chart.x(plan.cumulative), chart.y(percent(plan.d95))];
      const fill = status === 'reached' ? stroke : '#ffffff';
      return interval(chart.x, y, plan, stroke) + rect(x - 4, y - 4, 8, 8, { fill, stroke, width: 1.8 });
    });
    return (
      chart.curve(along('d98'), { stroke, width: 1.4, dash: '5 4' }) +
      chart.curve(along('d95'), { stroke, width: 2.2 }) +
      marks.join('')
    );
  };
  const { frame } = chart;
  const before =
    chart.upright(prior.maximum, { stroke: FAINT, width: 1.2, dash: '2 3' }) +
    text(chart.x(prior.maximum) + 5, frame.top + 18, `prior course alone ${prior.maximum.toFixed(1)} Gy`, {
      fill: FAINT,
    });
  const gaps = planned.map(({ plan }) => gapPercent(plan) ?? 100);
  const techniques = (['imrt', 'fcrt'] as const).filter((t) => planned.some((p) => p.technique === t));
  const subtitle = `${prescription.dose} Gy in ${prescription.fractions} fractions; every plan at most ${Math.max(...gaps).toFixed(1)} % above the best possible objective`;
  const drawn = chart.svg(before + techniques.map(curve).join(''));
  return page(
    width,
    height,
    { title, subtitle },
    drawn + key(frame.left + frame.width + 14, frame.top, techniques, search),
  );
}

/** From the planned maximum to the worst under shifts, with a tick at the expected one. */
function interval(
  x: (value: number) => number,
  y: number,
  { position, cumulative }: Planned['plan'],
  stroke: string,
): string {
  if (position === null) return '';
  const end = (value: number, half: number): string =>
    line(x(value), y - half, x(value), y + half, { stroke, width: 1.6 });
  const bar = line(x(cumulative), y, x(position.worst), y, { stroke, width: 1.6, opacity: 0.8 });
  return bar + end(position.worst, 5) + end(position.expected, 8);
}

function key(
  left: number,
  top: number,
  techniques: readonly Technique[],
  search: CumulativeTradeOff['search'],
): string {
  const parts: string[] = [];
  let y = top + 10;
  const entry = (label: string, mark: string, gap = 19): void => {
    parts.push(mark, text(left + 30, y + 4, label));
    y += gap;
  };
  for (const technique of techniques) {
    const stroke = COLORS[technique];
    entry(`${NAMES[technique]}, D95`, line(left, y, left + 24, y, { stroke, width: 2.2 }));
    entry(`${NAMES[technique]}, D98`, line(left, y, left + 24, y, { stroke, width: 1.4, dash: '5 4' }), 24);
  }
  const square = (fill: string): string => rect(left + 8, y - 4, 8, 8, { fill, stroke: FAINT, width: 1.8 });
  entry('prescription met', square(FAINT));
  entry('prescription missed', square('#ffffff'), 24);
  if (search !== null) {
    const stroke = FAINT;
    const bar = line(left, y, left + 24, y, { stroke, width: 1.6 });
    entry('to the worst under', bar + line(left + 24, y - 5, left + 24, y + 5, { stroke, width: 1.6 }), 16);
    entry(`shifts within ${Math.max(...search)} mm`, '', 20);
    entry('expected', line(left + 12, y - 8, left + 12, y + 8, { stroke, width: 1.6 }));
  }
  return parts.join('');
}
