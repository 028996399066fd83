/** The curve of plans over the cap, as its reader meets it: table and figure. */
import { expect, test } from 'vitest';
import type { TradeOffPoint } from '../../src/plan/sweep/trade-off.js';
import { tradeOffFigure, tradeOffTable } from '../../src/report/trade-off.js';
import { byColumn, elements, readAxes, vertices, words } from './read-figure.js';

const point = (cap: number, d95: number, more: object = {}): TradeOffPoint => ({
  cap,
  status: 'reached',
  objective: 40,
  lowerBound: 39.6,
  d95,
  d98: d95 - 3,
  v95: 93.123456789,
  prescriptionDose: 30,
  cordMaximum: cap + 0.25,
  price: 0.5,
  bounded: 3,
  organs: [],
  evaluations: 250,
  ...more,
});
const points = [point(20, 28.5), point(10, 21, { lowerBound: 36 }), point(15, 26)];

test('the table holds every figure under the name of its column, to six digits, and organs with their names', () => {
  const organs = [
    { structure: 'Oesophagus', maximum: 31.2345678, price: 0.25 },
    { structure: 'Cauda', maximum: 12, price: 0 },
  ];
  const rows = byColumn(
    tradeOffTable([point(20, 28.5, { organs }), point(10, 21, { lowerBound: null, organs: organs.slice(1) })]),
  );
  expect(rows[0]).toEqual({
    cap: '20',
    status: 'reached',
    objective: '40',
    lowerBound: '39.6',
    d95: '28.5',
    d98: '25.5',
    v95: '93.1235',
    prescriptionDose: '30',
    cordMaximum: '20.25',
    price: '0.5',
    bounded: '3',
    evaluations: '250',
    maximum_Oesophagus: '31.2346',
    price_Oesophagus: '0.25',
    maximum_Cauda: '12',
    price_Cauda: '0',
  });
  expect(rows[1]).toMatchObject({ lowerBound: '', maximum_Oesophagus: '', price_Oesophagus: '', maximum_Cauda: '12' });
  expect(tradeOffTable([]).split('\n')).toHaveLength(2);
});

test('the figure read by its axes gives D95 and D98 in percent of the prescription over the cap', () => {
  const svg = tradeOffFigure(points, 'Trade-off', 30);
  const [axes] = readAxes(svg);
  const curves = elements(svg, 'path').map(({ d }) => vertices(d!).map(([x, y]) => [axes!.x(x!), axes!.y(y!)]));
  expect(curves).toHaveLength(2);
  for (const [curve, less] of [
    [curves[0]!, 0],
    [curves[1]!, 3],
  ] as const) {
    const expected = [
      [10, 21],
      [15, 26],
      [20, 28.5],
    ].map(([cap, d95]) => [cap!, (100 * (d95! - less)) / 30]);
    curve.flat().forEach((value, i) => {
      expect(Math.abs(value - expected.flat()[i]!)).toBeLessThan(0.01);
    });
  }
  const frame = elements(svg, 'rect').find(({ width }) => Number(width) > 300 && Number(width) < 900)!;
  const right = Number(frame.x) + Number(frame.width);
  expect([axes!.x(Number(frame.x)), axes!.x(right)].map((cap) => Number(cap.toFixed(2)))).toEqual([10, 20]);
  // From one below the least of all, on whole percents, to just above all.
  const bottom = axes!.y(Number(frame.y) + Number(frame.height));
  expect([bottom, axes!.y(Number(frame.y))].map((share) => Number(share.toFixed(1)))).toEqual([59, 101]);
  // The axes with their numbers and names lie between title and footer, the labels on the page.
  expect(Number(frame.y)).toBeGreaterThan(62);
  expect(Number(frame.y) + Number(frame.height)).toBeLessThan(600 - 34 - 45);
  expect(right).toBeLessThan(920 - 60);
  expect(Number(frame.x)).toBeGreaterThan(60);
});

test('a dot stands about every point, and the name of a curve at its end', () => {
  const svg = tradeOffFigure(points, 'Trade-off', 30);
  const [axes] = readAxes(svg);
  const dots = elements(svg, 'line').filter(({ 'stroke-width': width }) => width === '6');
  expect(dots).toHaveLength(6);
  dots.slice(0, 3).forEach(({ x1, x2, y1, y2 }, i) => {
    expect(axes!.x((Number(x1) + Number(x2)) / 2)).toBeCloseTo([10, 15, 20][i]!, 2);
    expect(Number(x2) - Number(x1)).toBeCloseTo(6, 6);
    expect(y1).toBe(y2);
    expect(axes!.y(Number(y1))).toBeCloseTo((100 * [21, 26, 28.5][i]!) / 30, 1);
  });
  const names = words(svg).filter(({ text }) => text === 'D95' || text === 'D98');
  const frame = elements(svg, 'rect').find(({ width }) => Number(width) > 300 && Number(width) < 900)!;
  names.forEach(({ x, y }, i) => {
    expect(x).toBeGreaterThan(Number(frame.x) + Number(frame.width));
    expect(Math.abs(axes!.y(y) - [95, 85][i]!)).toBeLessThan(1);
  });
});

test('the subtitle tells how far at most a plan is from the best possible', () => {
  const said = (list: TradeOffPoint[]): string[] => words(tradeOffFigure(list, '', 30)).map(({ text }) => text);
  expect(said(points)).toContain('every plan at most 10.0 % above the best possible objective');
  expect(said([point(20, 28, { lowerBound: null }), ...points])).toContain(
    'every plan at most 100.0 % above the best possible objective',
  );
  expect(() => tradeOffFigure(points.slice(0, 1), '', 30)).toThrow(/1 points make no curve/);
  expect(() => tradeOffFigure(points.slice(0, 2), '', 30)).not.toThrow();
});
