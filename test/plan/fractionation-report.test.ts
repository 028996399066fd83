/** Isoeffective fractionations as their reader meets them: table, words and figure. */
import { expect, test } from 'vitest';
import type { Fractionation } from '../../src/plan/sweep/fractionation.js';
import {
  fractionationFigure,
  fractionationReport,
  fractionationSummary,
  fractionationTable,
  strictestLimit,
} from '../../src/report/fractionation.js';
import { byColumn, elements, readAxes, vertices, words } from './read-figure.js';

const limit = (name: string, allowed: number, more: object = {}) => ({
  name,
  title: `Title of ${name}`,
  role: 'criterion',
  allowed,
  warnings: [],
  ...more,
});
const plan = (d95: number, more: object = {}) => ({
  technique: 'imrt',
  status: 'reached',
  d95,
  d98: d95 - 1,
  v95: 93.21,
  d95Eqd2: 31.5,
  prescriptionDose: 30,
  objective: 40,
  lowerBound: 39,
  cordMaximum: 13,
  cumulative: 57.5,
  ...more,
});
const row = (fractions: number, dose: number, cap: number, more: object = {}) => ({
  fractions,
  dose,
  dosePerFraction: dose / fractions,
  cap,
  place: null,
  binding: 'cumulative',
  part: cap / dose,
  unspared: 1.5 * dose,
  limits: [
    limit('compared', 1, { role: 'comparison' }),
    limit('hytec', cap + 2, { warnings: ['stated for 1 to 5 fractions'] }),
    limit('own', cap + 1),
  ],
  plan: null,
  ...more,
});
const result = {
  cord: 'SpinalCord',
  target: 'PTV',
  alphaBeta: { target: 10, cord: 2 },
  prescription: { dose: 30, fractions: 5, to: 'D95%' },
  targetEqd2: 40.04,
  threshold: 0.2,
  prior: 'Prior course: 45 Gy in 25 fractions.',
  recovery: 'none',
  rows: [
    row(3, 25.5, 12, { plan: plan(22.4) }),
    row(5, 30, 14.5, { plan: plan(26.7, { lowerBound: null }) }),
    row(10, 36.25, 17.75, { binding: 'cordCap', limits: [limit('own', 18.75)] }),
  ],
  best: { fractions: 5, rule: 'D95 in EQD2', others: [3] },
} as unknown as Fractionation;

test('the file calls the part of the prescription that the cap is a share', () => {
  const { rows } = fractionationReport(result) as { rows: Record<string, unknown>[] };
  expect(Object.keys(rows[0]!)).toEqual(Object.keys(result.rows[0]!).map((key) => (key === 'part' ? 'share' : key)));
  expect(rows[0]!['share']).toBe(12 / 25.5);
});

test('of the criteria the one that allows least is the strictest; what is compared is none', () => {
  expect(strictestLimit(result.rows[0]!)!.name).toBe('own');
  expect(strictestLimit({ ...result.rows[0]!, limits: [] })).toBeUndefined();
  // Of two that allow the same the first, as they are listed.
  const equal = { ...result.rows[0]!, limits: [limit('a', 9), limit('b', 9)] } as any;
  expect(strictestLimit(equal)!.name).toBe('a');
});

test('the table holds every figure under the name of its column, to six digits', () => {
  const rows = byColumn(fractionationTable(result));
  expect(rows[0]).toEqual({
    fractions: '3',
    dose: '25.5',
    dosePerFraction: '8.5',
    unsparedEqd2: '38.25',
    cap: '12',
    share: '0.470588',
    binding: 'cumulative',
    technique: 'imrt',
    status: 'reached',
    d95: '22.4',
    d98: '21.4',
    v95: '93.21',
    d95Eqd2: '31.5',
    objective: '40',
    lowerBound: '39',
    cordMaximum: '13',
    cumulative: '57.5',
    'allowed:compared': '1',
    'allowed:hytec': '14',
    'allowed:own': '13',
    extrapolated: 'hytec',
  });
  expect(rows[1]).toMatchObject({ lowerBound: '', d95: '26.7' });
  // Neither planned nor stated there: empty.
  expect(rows[2]).toMatchObject({
    technique: '',
    d95: '',
    'allowed:hytec': '',
    'allowed:own': '18.75',
    extrapolated: '',
  });
});

test('in words: doses, the share in percent, the gap, the strictest criterion, and which number is best', () => {
  const text = fractionationSummary(result);
  const cells = (n: number): string[] =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${n} `))!
      .split(/\s+/);
  // n, Gy, each, cap, its share, D95 of the prescription, EQD2, V95, both courses, gap (1 - 39 / 40), status
  expect(cells(3).slice(0, 14)).toEqual(
    '3 25.50 8.50 12.00 47.1 87.84 31.50 93.21 57.50 2.50 reached 13.00 Title of'.split(' '),
  );
  expect(cells(5)).toContain('none');
  expect(text).toContain(
    'Same effect in PTV as 30 Gy in 5 fractions: 40.04 Gy EQD2, alpha/beta 10 Gy. Cap of SpinalCord, alpha/beta 2 Gy, recovery none, by cumulative; cordCap.',
  );
  expect(text).toContain('Best of these by the D95 in EQD2: 5 fractions; not told from it: 3.');
  expect(text).toContain('receives more than 20 % of the prescription is spared by more fractions');
  const alone = { ...result, prior: null, best: { ...result.best!, others: [] } };
  expect(fractionationSummary(alone)).toMatch(/^No prior course\.\n/);
  expect(fractionationSummary(alone)).toContain('5 fractions.\n');
  expect(fractionationSummary({ ...result, best: null })).not.toContain('Best');
});

test('an extrapolated strictest criterion has its star; without plans there are no columns of plans', () => {
  const only = { ...result.rows[0]!, plan: null, limits: [limit('hytec', 9, { warnings: ['stated for 5'] })] };
  const text = fractionationSummary({ ...result, rows: [only, result.rows[2]!] as any });
  expect(text).toContain('9.00 Title of hytec *');
  expect(text).toMatch(/18\.75 Title of own$/m);
  expect(text).not.toContain('D95 %');
  const none = fractionationSummary({ ...result, rows: [{ ...only, limits: [] }] as any });
  expect(none).not.toContain('Title');
});

test('the figure read by its axes: doses above, shares of the prescription below', () => {
  const svg = fractionationFigure(result, 'Fractionation');
  const [doses, shares] = readAxes(svg);
  const curves = elements(svg, 'path').map(({ d }) => vertices(d!));
  const read = (axes: typeof doses, curve: number[][]) => curve.map(([x, y]) => [axes!.x(x!), axes!.y(y!)]);
  const near = (found: number[][], expected: number[][]): void => {
    expect(found).toHaveLength(expected.length);
    expected.flat().forEach((value, i) => {
      expect(Math.abs(found.flat()[i]! - value)).toBeLessThan(0.005);
    });
  };
  const [prescription, criterion, cap, share, d95] = curves;
  near(
    read(doses, prescription!),
    result.rows.map(({ fractions, dose }) => [fractions, dose]),
  );
  near(
    read(doses, criterion!),
    result.rows.map(({ fractions, cap: least }) => [fractions, least + 1]),
  );
  near(
    read(doses, cap!),
    result.rows.map(({ fractions, cap: most }) => [fractions, most]),
  );
  near(
    read(shares, share!),
    result.rows.map((one) => [one.fractions, 100 * one.part]),
  );
  // Where it was planned.
  near(read(shares, d95!), [
    [3, (100 * 22.4) / 25.5],
    [5, (100 * 26.7) / 30],
  ]);
  expect(curves).toHaveLength(5);
});

test('a dot stands about every point, and the name of a curve at its end', () => {
  const svg = fractionationFigure(result, 'Fractionation');
  const [doses] = readAxes(svg);
  const dots = elements(svg, 'line').filter(
    ({ 'stroke-width': width, stroke }) => width === '6' && stroke === '#e01e8c',
  );
  // Three of the prescription, two of D95.
  expect(dots).toHaveLength(5);
  const [first] = dots;
  expect(doses!.x((Number(first!.x1) + Number(first!.x2)) / 2)).toBeCloseTo(3, 2);
  expect(doses!.y(Number(first!.y1))).toBeCloseTo(25.5, 2);
  expect(first!.y1).toBe(first!.y2);
  const frames = elements(svg, 'rect').filter(({ width }) => Number(width) > 300 && Number(width) < 900);
  const right = Number(frames[0]!.x) + Number(frames[0]!.width);
  const labels = words(svg).filter(({ text, x }) => x > right && !/research/.test(text));
  expect(labels.map(({ text }) => text).sort()).toEqual(
    ['D95, IMRT', 'cap of the cord', 'cap of the cord', 'least criterion', 'prescription'].sort(),
  );
  for (const { x } of labels) expect(x - right).toBeLessThan(20);
  const level = labels.find(({ text }) => text === 'prescription')!;
  expect(Math.abs(doses!.y(level.y) - 36.25)).toBeLessThan(1);
  // Its letters stand about the end of the curve: the baseline a little below.
  const end = vertices(elements(svg, 'path')[0]!.d!).at(-1)![1]!;
  expect(level.y - end).toBeGreaterThan(2);
  expect(level.y - end).toBeLessThan(6);
  // The criterion's name is set off from the cap's, which ends a Gray below.
  const [criterion, cap] = ['least criterion', 'cap of the cord'].map((t) => labels.find(({ text }) => text === t)!);
  expect(Math.abs(criterion!.y - cap!.y)).toBeGreaterThan(5);
});

test('the panels hold all that is drawn, one above the other, on the page', () => {
  const svg = fractionationFigure(result, 'Fractionation');
  const [doses, shares] = readAxes(svg);
  const frames = elements(svg, 'rect').filter(({ width }) => Number(width) > 300 && Number(width) < 900);
  const [upper, lower] = frames.map(({ x, y, width, height }) => ({
    left: Number(x),
    right: Number(x) + Number(width),
    top: Number(y),
    bottom: Number(y) + Number(height),
  }));
  const whole = (value: number): number => Number(value.toFixed(1));
  // Half a fraction to either side; from nothing to 8 % above the largest dose; shares from whole tens to above all.
  expect([doses!.x(upper!.left), doses!.x(upper!.right)].map(whole)).toEqual([2.5, 10.5]);
  expect(doses!.y(upper!.bottom)).toBeCloseTo(0, 1);
  expect(doses!.y(upper!.top)).toBeCloseTo(1.08 * 36.25, 1);
  expect([shares!.y(lower!.bottom), shares!.y(lower!.top)].map(whole)).toEqual([40, 104]);
  // Room for the ticks' numbers and the axis' name between them and below.
  expect(lower!.top - upper!.bottom).toBeGreaterThan(45);
  expect(lower!.bottom).toBeLessThan(720 - 34 - 40);
  expect(upper!.bottom - upper!.top).toBeCloseTo(lower!.bottom - lower!.top, 1);
  expect([upper!.left, upper!.right]).toEqual([lower!.left, lower!.right]);
  const said = words(svg).map(({ text }) => text);
  expect(said).toContain('best by the D95 in EQD2: 5 fractions');
  expect(said).toContain(
    'the same 40.0 Gy EQD2/10 in the target; SpinalCord alpha/beta 2 Gy; no incomplete repair, no time factor',
  );
});

test('a cap above the prescription is within the figure too, and one number makes no curve', () => {
  const free = result.rows.map((one) => ({ ...one, cap: 50, part: 1.25 }));
  const svg = fractionationFigure({ ...result, rows: free, best: null }, '');
  const [doses, shares] = readAxes(svg);
  const [upper, lower] = elements(svg, 'rect').filter(({ width }) => Number(width) > 300 && Number(width) < 900);
  expect(doses!.y(Number(upper!.y))).toBeCloseTo(54, 1);
  expect(shares!.y(Number(lower!.y))).toBeCloseTo(127, 1);
  expect(() => fractionationFigure({ ...result, rows: result.rows.slice(1, 2) }, '')).toThrow(/1 numbers of fractions/);
});
