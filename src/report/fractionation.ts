/** Isoeffective fractionations as table, figure and words. */

import { InvalidInputError } from '../core/errors.js';
import type { Fractionation, FractionationRow } from '../plan/sweep/fractionation.js';
import type { FractionationLimit } from '../plan/sweep/fractionation-limits.js';
import { FAINT, HEAD, page } from '../render/figure.js';
import { chartFrame, dash, type LineChart, lineChart, splitFrame } from '../render/line-chart.js';
import { gapPercent, inWords, renamed, tableNumber } from './numbers.js';
import { columns, csvLine } from './table.js';

/** What stands beside every comparison of fractionations. */
export const fractionationNotes: readonly string[] = [
  'Incomplete repair between fractions, overall time and repopulation are not modelled; of few, large fractions the linear-quadratic model is less certain.',
  'Caps keep their EQD2 at every number of fractions, also where their source states them for others.',
];

/** Of the literature's criteria the one that allows least; undefined without one. */
export function strictestLimit({ limits }: FractionationRow): FractionationLimit | undefined {
  return limits
    .filter(({ role }) => role === 'criterion')
    .reduce<FractionationLimit | undefined>((a, b) => (a === undefined || b.allowed < a.allowed ? b : a), undefined);
}

/** fractionation.json. */
export function fractionationReport(result: Fractionation): Record<string, unknown> {
  return { ...result, rows: result.rows.map((row) => renamed(row, { part: 'share' })) };
}

/** One line per number of fractions: doses in Gy, shares as fractions, `allowed:NAME` the limits of the literature. */
export function fractionationTable({ rows }: Fractionation): string {
  const names = [...new Set(rows.flatMap(({ limits }) => limits.map(({ name }) => name)))];
  const head = [
    ...['fractions', 'dose', 'dosePerFraction', 'unsparedEqd2', 'cap', 'share', 'binding'],
    ...['technique', 'status', 'd95', 'd98', 'v95', 'd95Eqd2', 'objective', 'lowerBound', 'cordMaximum', 'cumulative'],
    ...names.map((name) => `allowed:${name}`),
    'extrapolated',
  ];
  const lines = rows.map((row) => {
    const { plan, limits } = row;
    return csvLine([
      row.fractions,
      ...[row.dose, row.dosePerFraction, row.unspared, row.cap, row.part].map(tableNumber),
      row.binding,
      plan?.technique ?? null,
      plan?.status ?? null,
      ...[plan?.d95, plan?.d98, plan?.v95, plan?.d95Eqd2, plan?.objective, plan?.lowerBound].map(tableNumber),
      ...[plan?.cordMaximum, plan?.cumulative].map(tableNumber),
      ...names.map((name) => tableNumber(limits.find((limit) => limit.name === name)?.allowed)),
      extrapolated(row).join(' '),
    ]);
  });
  return csvLine(head) + lines.join('');
}

/** Names of limits applied outside the numbers of fractions that they are stated for. */
function extrapolated({ limits }: FractionationRow): string[] {
  return limits.filter(({ warnings }) => warnings.some((w) => /^stated for \d+ to/.test(w))).map(({ name }) => name);
}

/** The same for a terminal, with the best number, its rule and what is not modelled. */
export function fractionationSummary(result: Fractionation): string {
  const { cord, target, alphaBeta, prescription, targetEqd2, threshold, prior, recovery, rows, best } = result;
  const hasPlans = rows.some(({ plan }) => plan !== null);
  const head = [
    'n',
    'Gy',
    'Gy each',
    'cord cap',
    'of Gy %',
    ...(hasPlans ? ['D95 %', 'EQD2', 'V95 %', 'both', 'gap %', ''] : []),
    'least criterion, Gy',
  ];
  const body = rows.map((row) => {
    const { plan } = row;
    const strictest = strictestLimit(row);
    const star = strictest !== undefined && strictest.warnings.length > 0 ? ' *' : '';
    return [
      String(row.fractions),
      row.dose.toFixed(2),
      row.dosePerFraction.toFixed(2),
      row.cap.toFixed(2),
      (100 * row.part).toFixed(1),
      ...(plan === null
        ? []
        : [
            ((100 * plan.d95) / row.dose).toFixed(2),
            plan.d95Eqd2.toFixed(2),
            plan.v95.toFixed(2),
            plan.cumulative.toFixed(2),
            inWords(gapPercent(plan), 2),
            plan.status,
          ]),
      strictest === undefined ? '' : `${strictest.allowed.toFixed(2)} ${strictest.title}${star}`,
    ];
  });
  const others = best === null || best.others.length === 0 ? '' : `; not told from it: ${best.others.join(', ')}`;
  const verdict = best === null ? '' : `Best of these by the ${best.rule}: ${best.fractions} fractions${others}.\n`;
  const binding = [...new Set(rows.map((row) => row.binding))].join('; ');
  return [
    prior === null ? 'No prior course.\n' : `${prior}\n`,
    `Same effect in ${target} as ${prescription.dose} Gy in ${prescription.fractions} fractions: ${targetEqd2.toFixed(2)} Gy EQD2, alpha/beta ${alphaBeta.target} Gy. Cap of ${cord}, alpha/beta ${alphaBeta.cord} Gy, recovery ${recovery}, by ${binding}.\n\n`,
    columns([head, ...body]),
    `\n${verdict}A voxel of ${cord} that receives more than ${(100 * threshold).toFixed(0)} % of the prescription is spared by more fractions, one that receives less by fewer.\n`,
    '* stated for another structure or other numbers of fractions: an extrapolation; the table of limits says which.\n',
    ...fractionationNotes.map((note) => `${note}\n`),
  ].join('');
}

/**
 * Prescription and cap over the number of fractions in Gy, and below what the cord may receive of the prescription (with
 * D95 of the target, where planned), as SVG.
 *
 * @throws {InvalidInputError} for fewer than two numbers of fractions
 */
export function fractionationFigure(result: Fractionation, title: string): string {
  const { rows, cord, alphaBeta, targetEqd2, best } = result;
  if (rows.length < 2) {
    throw new InvalidInputError(
      `fractionation figure: ${rows.length} numbers of fractions make no curve. Give at least two.`,
    );
  }
  const [width, height] = [920, 720];
  const [above, below] = splitFrame(chartFrame({ width, height, top: HEAD + 10, key: 150, bottom: 48 }), 58);
  const xSpec = { min: rows[0]!.fractions - 0.5, max: rows[rows.length - 1]!.fractions + 0.5, name: 'Fractions' };
  const largest = Math.max(...rows.map(({ dose, cap }) => Math.max(dose, cap)));
  const doses = lineChart(above, xSpec, { min: 0, max: 1.08 * largest, name: 'Total dose [Gy]', ticks: 6 });
  const parts = rows.map(({ part }) => 100 * part);
  const covered = rows.flatMap(({ dose, plan }) => (plan === null ? [] : [(100 * plan.d95) / dose]));
  const least = 10 * Math.floor(Math.min(...parts, ...covered) / 10);
  const top = Math.max(104, ...parts.map((part) => part + 2));
  const relative = lineChart(below, xSpec, { min: least, max: top, name: 'Dose [% of prescription]', ticks: 6 });
  const draw = (
    chart: LineChart,
    of: (row: FractionationRow) => number | null,
    stroke: string,
    label: string,
    { dash: pattern = '', drop = 0 } = {},
  ): string => {
    const along = rows.flatMap((row) => {
      const value = of(row);
      return value === null ? [] : [[row.fractions, value] as const];
    });
    if (along.length === 0) return '';
    const name = chart.beside(along[along.length - 1]![1], label, { fill: stroke }, drop);
    return chart.curve(along, { stroke, width: 2, dash: pattern }) + chart.marks(along, dash(stroke)) + name;
  };
  const technique = rows[0]!.plan?.technique.toUpperCase() ?? '';
  const subtitle = `the same ${targetEqd2.toFixed(1)} Gy EQD2/${alphaBeta.target} in the target; ${cord} alpha/beta ${alphaBeta.cord} Gy; no incomplete repair, no time factor`;
  return page(
    width,
    height,
    { title, subtitle, ...(best === null ? {} : { footer: `best by the ${best.rule}: ${best.fractions} fractions` }) },
    doses.svg(
      draw(doses, ({ dose }) => dose, '#e01e8c', 'prescription') +
        draw(doses, (row) => strictestLimit(row)?.allowed ?? null, FAINT, 'least criterion', {
          dash: '5 4',
          drop: 16,
        }) +
        draw(doses, ({ cap }) => cap, '#0a6cd8', 'cap of the cord'),
    ) +
      relative.svg(
        draw(relative, ({ part }) => 100 * part, '#0a6cd8', 'cap of the cord') +
          draw(relative, (row) => row.plan && (100 * row.plan.d95) / row.dose, '#e01e8c', `D95, ${technique}`),
      ),
  );
}
