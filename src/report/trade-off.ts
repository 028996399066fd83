/** The trade-off curve as a table and a figure. */

import { InvalidInputError } from '../core/errors.js';
import type { TradeOffPoint } from '../plan/sweep/trade-off.js';
import { HEAD, page } from '../render/figure.js';
import { chartFrame, dash, lineChart } from '../render/line-chart.js';
import { gapPercent, tableNumber } from './numbers.js';
import { csvLine } from './table.js';

const COLUMNS = [
  'cap',
  'status',
  'objective',
  'lowerBound',
  'd95',
  'd98',
  'v95',
  'prescriptionDose',
  'cordMaximum',
  'price',
  'bounded',
  'evaluations',
] as const;

/** The points of a trade-off as CSV, a line for each; doses in Gy. Bounded organs add columns `maximum_` and `price_` with their names. */
export function tradeOffTable(points: readonly TradeOffPoint[]): string {
  const names = (points[0]?.organs ?? []).map(({ structure }) => structure);
  const organKeys = ['maximum', 'price'] as const;
  const cell = (value: string | number | null): string | number | null =>
    typeof value === 'string' ? value : tableNumber(value);
  const head = [...COLUMNS, ...names.flatMap((name) => organKeys.map((key) => `${key}_${name}`))];
  const lines = points.map((p) => [
    ...COLUMNS.map((c) => cell(p[c])),
    ...names.flatMap((name) => {
      const own = p.organs.find(({ structure }) => structure === name);
      return organKeys.map((key) => cell(own?.[key] ?? null));
    }),
  ]);
  return [head, ...lines].map(csvLine).join('');
}

/**
 * D95 and D98 of the target over the cap of the cord, as SVG.
 *
 * @param prescription total prescribed dose, Gy: drawn as a line
 * @throws {InvalidInputError} for fewer than two points
 */
export function tradeOffFigure(points: readonly TradeOffPoint[], title: string, prescription: number): string {
  if (points.length < 2) {
    throw new InvalidInputError(`trade-off figure: ${points.length} points make no curve. Give at least two caps.`);
  }
  const [width, height] = [920, 600];
  const sorted = [...points].sort((a, b) => a.cap - b.cap);
  const percent = (gray: number): number => (100 * gray) / prescription;
  const lowest = Math.min(...sorted.map((p) => percent(p.d98)));
  const [first, last] = [sorted[0]!, sorted[sorted.length - 1]!];
  const chart = lineChart(
    chartFrame({ width, height, top: HEAD + 10, key: 110 }),
    { min: first.cap, max: last.cap, name: 'Cap on every voxel of the cord [Gy]' },
    { min: Math.floor(lowest - 1), max: 101, name: 'Dose of the target [% of prescription]' },
  );
  const curve = (key: 'd95' | 'd98', label: string, color: string): string => {
    const along = sorted.map((p) => [p.cap, percent(p[key])] as const);
    const name = chart.beside(percent(last[key]), label, { size: 13, fill: color });
    return chart.curve(along, { stroke: color, width: 2 }) + chart.marks(along, dash(color)) + name;
  };
  const gaps = sorted.map((p) => gapPercent(p) ?? 100);
  return page(
    width,
    height,
    { title, subtitle: `every plan at most ${Math.max(...gaps).toFixed(1)} % above the best possible objective` },
    chart.svg(curve('d95', 'D95', '#1f5fa8') + curve('d98', 'D98', '#b35c00')),
  );
}
