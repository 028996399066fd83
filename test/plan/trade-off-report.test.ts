/** The trade-off under limits on both courses, as its reader meets it: table, words and figure. */
import { expect, test } from 'vitest';
import type { CumulativePoint, CumulativeTradeOff } from '../../src/plan/sweep/cumulative-trade-off.js';
import {
  cumulativeFigure,
  cumulativeReport,
  cumulativeSummary,
  cumulativeTable,
} from '../../src/report/cumulative-trade-off.js';
import { byColumn, elements, readAxes, vertices, words } from './read-figure.js';

const plan = (d95: number, cumulative: number, more: object = {}) => ({
  d95,
  d98: d95 - 2,
  v95: 91.25,
  prescriptionDose: 30,
  objective: 50,
  lowerBound: 49.5,
  cordMaximum: 12.5,
  cumulative,
  position: null,
  price: 0.75,
  evaluations: 400,
  ...more,
});
const position = { expected: 61.5, percentile95: 62.25, worstInside: 62.5, worst: 63.7 };
const point = (technique: string, limit: number, made: object | null, more: object = {}): CumulativePoint =>
  ({
    technique,
    limit,
    status: 'reached',
    maximum: { least: 5.25, largest: 14.123456789 },
    plan: made,
    reason: null,
    ...more,
  }) as any;
const result = {
  cord: 'SpinalCord',
  target: 'PTV',
  alphaBeta: 2,
  prescription: { dose: 30, fractions: 5, to: 'D95%' },
  prior: { maximum: 44.3, description: 'Prior course: 45 Gy in 25 fractions.' },
  recovery: 'none',
  search: [2, 2, 3],
  points: [
    point('imrt', 60, plan(28.5, 59.98, { position })),
    point('imrt', 50, plan(24.6, 49.9, { lowerBound: 45 }), { status: 'prescription-missed' }),
    point('fcrt', 60, plan(27, 58)),
    point('fcrt', 50, plan(21.3, 48), { status: 'prescription-missed' }),
    point('fcrt', 44, null, { status: 'prior-exceeds', maximum: { least: 0, largest: 3 }, reason: 'nothing is left' }),
  ],
} as unknown as CumulativeTradeOff;

test('the file has its own names for what is left, in the order that it had', () => {
  const { points } = cumulativeReport(result) as { points: Record<string, unknown>[] };
  expect(Object.keys(points[4]!)).toEqual(Object.keys(result.points[4]!).map((k) => (k === 'maximum' ? 'allowed' : k)));
  expect(points[4]).toEqual({
    ...{ technique: 'fcrt', limit: 44, allowed: { least: 0, most: 3 } },
    ...{ status: 'prior-exceeds', plan: null, reason: 'nothing is left' },
  });
});

test('the table holds every figure under the name of its column, to six digits', () => {
  const rows = byColumn(cumulativeTable(result));
  expect(rows).toHaveLength(5);
  expect(rows[0]).toEqual({
    technique: 'imrt',
    limit: '60',
    status: 'reached',
    allowedLeast: '5.25',
    allowedMost: '14.1235',
    d95: '28.5',
    d98: '26.5',
    v95: '91.25',
    prescriptionDose: '30',
    objective: '50',
    lowerBound: '49.5',
    cordMaximum: '12.5',
    cumulative: '59.98',
    expected: '61.5',
    percentile95: '62.25',
    worstInside: '62.5',
    worst: '63.7',
    price: '0.75',
    evaluations: '400',
    reason: '',
  });
  // Where nothing was planned the fields are empty, and the reason stands there.
  expect(rows[4]).toMatchObject({ status: 'prior-exceeds', allowedLeast: '0', d95: '', evaluations: '' });
  expect(rows[4]!.reason).toBe('nothing is left');
});

test('in words: the gap to the best possible in percent, what the limit means, and each reason once', () => {
  const twice = { ...result, points: [...result.points, point('imrt', 44, null, { reason: 'nothing is left' })] };
  const text = cumulativeSummary(twice);
  expect(text).toMatch(/^Prior course: 45 Gy in 25 fractions\.\n/);
  expect(text).toContain('alpha/beta 2 Gy, recovery none; the prior course alone gives up to 44.3 Gy');
  expect(text).toContain('(30 Gy in 5 fractions)');
  expect(text).toContain('within 2 x 2 x 3 mm (semi-axes), within: from places in SpinalCord only');
  const line = text.split('\n').find((row) => row.startsWith('imrt') && row.includes(' 60 '))!;
  expect(line.split(/\s+/).slice(0, 12)).toEqual(
    'imrt 60 28.50 26.50 91.25 12.50 59.98 61.50 62.50 63.70 1.00 reached'.split(' '),
  );
  expect(text.match(/nothing is left/g)).toHaveLength(1);
  expect(cumulativeSummary({ ...result, search: null })).not.toContain('rigid shifts');
  const unproven = { ...result, points: [point('imrt', 60, plan(28, 59, { lowerBound: null }))] };
  expect(cumulativeSummary(unproven)).toMatch(/ none +reached/);
});

test('the figure read by its axes gives D95 and D98 over the cumulative maximum', () => {
  const svg = cumulativeFigure(result, 'Trade-off');
  const [axes] = readAxes(svg);
  const drawn = elements(svg, 'path').map(({ d, stroke, 'stroke-dasharray': dash }) => ({
    points: vertices(d!).map(([x, y]) => [axes!.x(x!), (axes!.y(y!) * 30) / 100]),
    stroke,
    isDashed: dash !== undefined,
  }));
  const near = (found: number[][], expected: number[][]): void => {
    expect(found).toHaveLength(expected.length);
    // A coordinate is rounded to 1/100 px of some 600 over 20 Gy.
    expected.flat().forEach((value, i) => {
      expect(Math.abs(found.flat()[i]! - value)).toBeLessThan(0.002);
    });
  };
  const of = (isDashed: boolean, stroke: string) =>
    drawn.find((curve) => curve.isDashed === isDashed && curve.stroke === stroke)!.points;
  const [imrt, fcrt] = ['#1f5fa8', '#b35c00'];
  // By rising limit, whatever the order of the points.
  near(of(false, imrt!), [
    [49.9, 24.6],
    [59.98, 28.5],
  ]);
  near(of(true, imrt!), [
    [49.9, 22.6],
    [59.98, 26.5],
  ]);
  near(of(false, fcrt!), [
    [48, 21.3],
    [58, 27],
  ]);
  near(of(true, fcrt!), [
    [48, 19.3],
    [58, 25],
  ]);
});

test('squares stand about their points, hollow where the prescription is missed; bars run to the worst shift', () => {
  const svg = cumulativeFigure(result, 'Trade-off');
  const [axes] = readAxes(svg);
  const squares = elements(svg, 'rect').filter(({ width, stroke }) => width === '8' && stroke !== '#5c5c5c');
  const centre = ({ x, y, width, height }: (typeof squares)[0]) => [
    axes!.x(Number(x) + Number(width) / 2),
    axes!.y(Number(y) + Number(height) / 2),
  ];
  expect(squares).toHaveLength(4);
  const [missed, reached] = squares;
  expect(missed!.fill).toBe('#ffffff');
  expect(reached!.fill).toBe('#1f5fa8');
  expect(centre(reached!)[0]).toBeCloseTo(59.98, 2);
  expect(centre(reached!)[1]).toBeCloseTo(95, 1);
  const lines = elements(svg, 'line').filter(({ stroke }) => stroke === '#1f5fa8');
  const [bar, worst, expected] = lines;
  expect(axes!.x(Number(bar!.x1))).toBeCloseTo(59.98, 2);
  expect(axes!.x(Number(bar!.x2))).toBeCloseTo(63.7, 2);
  expect(axes!.y(Number(bar!.y1))).toBeCloseTo(95, 1);
  for (const [tick, value] of [
    [worst, 63.7],
    [expected, 61.5],
  ] as const) {
    expect(axes!.x(Number(tick!.x1))).toBeCloseTo(value, 2);
    expect(tick!.x2).toBe(tick!.x1);
    // Half above the bar, half below.
    expect(Number(tick!.y1) + Number(tick!.y2)).toBeCloseTo(2 * Number(bar!.y1), 6);
  }
  const tall = ({ y1, y2 }: typeof bar & object) => Number(y2) - Number(y1);
  expect(tall(expected!)).toBeGreaterThan(tall(worst!));
});

test('the prior course alone is a line at its maximum, which is within the axes', () => {
  const svg = cumulativeFigure(result, 'Trade-off');
  const [axes] = readAxes(svg);
  const dashed = elements(svg, 'line').find(({ 'stroke-dasharray': dash }) => dash === '2 3')!;
  expect(axes!.x(Number(dashed.x1))).toBeCloseTo(44.3, 2);
  expect(dashed.x1).toBe(dashed.x2);
  const frame = elements(svg, 'rect').find(({ width }) => Number(width) > 300 && Number(width) < 900)!;
  const [left, right] = [axes!.x(Number(frame.x)), axes!.x(Number(frame.x) + Number(frame.width))];
  // From half a Gy below the least to as much above the worst, on whole Gy.
  expect([left, right].map((gray) => Number(gray.toFixed(2)))).toEqual([43, 65]);
  const [top, bottom] = [axes!.y(Number(frame.y)), axes!.y(Number(frame.y) + Number(frame.height))];
  expect([top, bottom].map((share) => Number(share.toFixed(1)))).toEqual([104, 60]);
  expect([Number(dashed.y1), Number(dashed.y2)]).toEqual([Number(frame.y), Number(frame.y) + Number(frame.height)]);
});

test('the figure tells how far at most a plan is from the best possible, and names what it shows', () => {
  const svg = cumulativeFigure(result, 'Trade-off');
  const said = words(svg).map(({ text }) => text);
  // The worst of them: 45 of 50.
  expect(said).toContain('30 Gy in 5 fractions; every plan at most 10.0 % above the best possible objective');
  expect(said).toContain('prior course alone 44.3 Gy');
  expect(said).toContain('Maximum of SpinalCord over both courses [Gy EQD2/2]');
  const key = ['IMRT, D95', 'IMRT, D98', 'FCRT, D95', 'FCRT, D98', 'prescription met', 'prescription missed'];
  const inKey = words(svg).filter(({ text }) => [...key, 'shifts within 3 mm', 'expected'].includes(text));
  expect(inKey).toHaveLength(8);
  // Right of the axes, one under the other without touching, and on the page.
  const frame = elements(svg, 'rect').find(({ width }) => Number(width) > 300 && Number(width) < 900)!;
  inKey.forEach(({ x, y, size }, i) => {
    expect(x).toBeGreaterThan(Number(frame.x) + Number(frame.width));
    expect(x).toBeLessThan(920 - 100);
    if (i > 0) expect(y - inKey[i - 1]!.y).toBeGreaterThan(size);
  });
  expect(said.slice(0, 60)).not.toContain('undefined');
  const alone = { ...result, search: null, points: result.points.slice(0, 2) };
  const less = words(cumulativeFigure(alone, 'Trade-off')).map(({ text }) => text);
  expect(less).not.toContain('FCRT, D95');
  expect(less).not.toContain('expected');
});

test('one plan makes no curve', () => {
  expect(() => cumulativeFigure({ ...result, points: result.points.slice(3) }, '')).toThrow(/1 points with a plan/);
});
