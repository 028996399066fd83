/** The trade-off curve as a table and a figure. */
import { InvalidInputError } from '../core/errors.js';
import type { TradeOffPoint } from '../plan/sweep/trade-off.js';
import { createAxes } from '../render/axis.js';
import { FOOT, HEAD, line, MARGIN, page, path, polylinePath, text } from '../render/figure.js';
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
  const cell = (value: string | number | null): string =>
    value === null ? '' : typeof value === 'number' ? String(Number(value.toPrecision(6))) : value;
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
  const frame = {
    left: MARGIN + 56,
    top: HEAD + 10,
    width: width - 2 * MARGIN - 56 - 110,
    height: height - HEAD - FOOT - 64,
  };
  const sorted = [...points].sort((a, b) => a.cap - b.cap);
  const percent = (gray: number): number => (100 * gray) / prescription;
  const lowest = Math.min(...sorted.map((p) => percent(p.d98)));
  const [first, last] = [sorted[0]!, sorted[sorted.length - 1]!];
  const axes = createAxes(
    frame,
    { min: first.cap, max: last.cap, name: 'Cap on every voxel of the cord [Gy]' },
    { min: Math.floor(lowest - 1), max: 101, name: 'Dose of the target [% of prescription]' },
  );
  const curve = (key: 'd95' | 'd98', label: string, color: string): string => {
    const at = sorted.flatMap((p) => [axes.x(p.cap), axes.y(percent(p[key]))]);
    const dots = sorted.map((p) => {
      const [x, y] = [axes.x(p.cap), axes.y(percent(p[key]))];
      return line(x - 3, y, x + 3, y, { stroke: color, width: 6 });
    });
    const y = axes.y(percent(last[key]));
    const name = text(frame.left + frame.width + 10, y + 4, label, { size: 13, fill: color });
    return path(polylinePath([at]), { stroke: color, width: 2 }) + dots.join('') + name;
  };
  const gaps = sorted.map((p) => (p.lowerBound === null ? 100 : (100 * (p.objective - p.lowerBound)) / p.objective));
  return page(
    width,
    height,
    { title, subtitle: `every plan at most ${Math.max(...gaps).toFixed(1)} % above the best possible objective` },
    axes.grid + curve('d95', 'D95', '#1f5fa8') + curve('d98', 'D98', '#b35c00') + axes.svg,
  );
}
