/** What `plan` prints: one screen of 80 columns and 30 lines, whatever the plans came to. */
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { priceCell } from '../../src/report/delivery.js';
import { sentenceOf, summary, wrapped } from '../../src/report/plan-summary.js';

const structures = [
  {
    name: 'PTV',
    role: 'target',
    metrics: { 'V95%[%]': 97.9, 'D95%[Gy]': 38.61 },
    errorBounds: { 'V95%[%]': 0.69, 'D95%[Gy]': 0.37 },
  },
  { name: 'SpinalCord', role: 'organ', metrics: { 'Max[Gy]': 29.08 }, errorBounds: { 'Max[Gy]': 0.62 } },
];
const goal = (name: string, result: string, value: number | null = 29.08) => ({
  goal: name,
  result,
  value,
  unit: 'Gy',
});
const row = (structure: string, result: string, more: object = {}) => ({
  title: 'HyTEC, retreatment',
  structure,
  metric: 'Max',
  courses: 'this',
  scale: 'EQD2/2',
  limit: 25,
  value: result === 'pass' ? 24.15 : 38.7,
  result,
  room: result === 'pass' ? 0.73 : -10.54,
  role: 'criterion',
  warnings: [],
  ...more,
});
const rows = (result: string) => [
  row('ThecalSac', 'fail'),
  row('SpinalCord', result),
  ...[
    'both courses',
    'share of the retreatment',
    'small risk',
    'a limit of the case with a name that is very long',
  ].map((title, n) => row(n % 2 ? 'ThecalSac' : 'SpinalCord', result, { title, courses: 'all', limit: 70 })),
  row('SpinalCord', 'fail', { title: 'for comparison', role: 'comparison' }),
];
const retreatment = (result: string) => {
  const all = rows(result);
  const maximum = { thisCourse: 29.08, alphaBeta: 2, cumulative: 62.1 };
  return { cord: 'SpinalCord', maximum, rows: all, binding: all[1], strictest: all[0], exceeded: [] };
};
const certificate = {
  value: 1,
  lowerBound: 0.9949,
  gap: 0.0051,
  prices: [{ limit: 'cord', price: 21.7, active: [{}, {}] }],
};
const evaluated = (technique: string, more: object = {}, solution: object = {}) => ({
  plan: { technique, solution: { status: 'reached', prescriptionDose: 39.59, certificate, ...solution } },
  structures,
  goals: [goal('SpinalCord Max <= 29.8Gy', 'pass'), goal('PTV V95% >= 90%', 'pass', 97.9)],
  asked: [],
  priorities: [],
  constraintOutcomes: [],
  ...more,
});
const withPrior = (technique: string, result: string, more: object = {}) =>
  evaluated(technique, {
    cumulativeCord: { structure: 'SpinalCord', alphaBeta: 2, prior: 38, noRecovery: { max: 62.1 } },
    position: { search: [3, 3, 3], worst: 74.5 },
    retreatment: retreatment(result),
    ...more,
  });
const failing = [
  goal('SpinalCord Max <= 29.8Gy', 'fail', 40.35),
  goal('SpinalCord D0.03cc <= 29.8Gy', 'fail', 40.11),
  goal('PTV V95% >= 90%', 'pass', 100),
];
const resultOf = (plans: object[], more: object = {}) =>
  ({
    case: { prescription: { dose: 39.6, fractions: 22, to: 'D50' } },
    model: { patient: { name: 'reference' }, target: 'PTV', cord: 'SpinalCord', notes: [] },
    plans,
    gap: { distance: 1.96, overlap: 0 },
    ...more,
  }) as any;
const prior = { months: 17.7, description: 'Prior course: 38 Gy.' };
const both = resultOf([withPrior('fcrt', 'fail', { goals: failing }), withPrior('imrt', 'pass')], { prior });

/** Every line of it, checked. */
function screen(result: any, width = 80, height = 30): string[] {
  const text = summary(result, { width, height });
  expect(text).not.toMatch(/undefined|NaN|\bnull\b|Infinity/);
  const lines = text.trimEnd().split('\n');
  for (const line of lines) expect(stringWidth(line), line).toBeLessThanOrEqual(width);
  return lines;
}

test('both techniques after a prior course: 80 columns, 30 lines, the table first and the physician last', () => {
  const lines = screen(both);
  expect(lines.length).toBeLessThanOrEqual(30);
  expect(lines[0]).toBe('reference: 39.6 Gy in 22 fractions (D50), PTV to SpinalCord 2.0 mm');
  expect(lines[1]).toBe('Prior course: up to 38.0 Gy EQD2/2 in SpinalCord, 17.7 months ago.');
  const cells = (label: string) =>
    lines
      .find((line) => line.trim().startsWith(label))!
      .trim()
      .split(/ {2,}/);
  expect(cells('FCRT')).toEqual(['FCRT', 'IMRT']);
  expect(cells('SpinalCord Max')).toEqual(['SpinalCord Max', '29.08 ±0.62 Gy', '29.08 ±0.62 Gy']);
  expect(cells('both courses')).toEqual(['both courses, EQD2/2', '62.1 Gy', '62.1 Gy']);
  expect(cells('both, worst')).toEqual(['both, worst shift in 3 mm', '74.5 Gy', '74.5 Gy']);
  expect(cells('PTV V95%')).toEqual(['PTV V95%', '97.90 ±0.69 %', '97.90 ±0.69 %']);
  // D95% in percent of the prescription: 38.61 and 0.37 of 39.6 Gy; a bound is rounded up.
  expect(cells('PTV D95%')).toEqual(['PTV D95%', '97.50 ±0.94 %', '97.50 ±0.94 %']);
  expect(cells('verdict')).toEqual(['verdict', 'FAIL 2 of 3 goals', 'PASS all 2 goals']);
  const order = [
    'SpinalCord Max',
    '  both courses',
    'PTV V95%',
    'verdict',
    'Limits that fail',
    'FCRT: ',
    'IMRT: ',
    '±',
  ];
  const places = order.map((start) => lines.findIndex((line) => line.startsWith(start)));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places).not.toContain(-1);
});

test('limits that fail or bind, in words; those without room are counted, comparisons are not among them', () => {
  const all = screen(both, 80, 60);
  const limits = all.slice(all.findIndex((line) => line.startsWith('Limits')) + 1);
  const end = limits.indexOf('');
  expect(limits.slice(0, end).map((line) => line.replace(/ {2,}/g, '|'))).toEqual([
    'goal SpinalCord Max <= 29.8Gy|FAIL 40.35 Gy|PASS 29.08 Gy',
    'goal SpinalCord D0.03cc <= 29.8Gy|FAIL 40.11 Gy|-',
    'cap in every voxel of SpinalCord|PASS 2 voxels*|PASS 2 voxels*',
    'ThecalSac Max 25 EQD2/2, HyTEC, retreat… FAIL 38.7*|FAIL 38.7*',
    'SpinalCord Max 25 EQD2/2, HyTEC, retrea… FAIL 38.7*|PASS 24.1*',
    'SpinalCord Max both 70 EQD2/2, both cou… FAIL 38.7|PASS 24.1',
    'ThecalSac Max both 70 EQD2/2, share of … FAIL 38.7|PASS 24.1',
    'SpinalCord Max both 70 EQD2/2, small ri… FAIL 38.7|PASS 24.1',
    'ThecalSac Max both 70 EQD2/2, a limit o… FAIL 38.7|PASS 24.1',
  ]);
  expect(all.join()).not.toContain('comparison');
  const few = screen(both, 80, 26);
  expect(few.length).toBeLessThanOrEqual(26);
  expect(few.some((line) => /^and \d+ more that fail or bind$/.test(line))).toBe(true);
  // Nothing binds where no cap was reached.
  const free = { ...certificate, prices: [] };
  expect(screen(resultOf([evaluated('imrt', {}, { certificate: free })]))).toContain('No limit fails, none binds.');
});

describe('every kind of verdict', () => {
  const verdict = (more: object, solution: object = {}) => {
    const lines = screen(resultOf([evaluated('imrt', more, solution)]));
    expect(lines.length).toBeLessThanOrEqual(30);
    return { said: lines.find((line) => line.startsWith('verdict'))!.replace(/^verdict +/, ''), text: lines.join(' ') };
  };
  const goals = (...results: string[]) => ({ goals: results.map((r, n) => goal(`PTV D${n}% >= 9Gy`, r)) });

  test('of goals', () => {
    expect(verdict(goals('pass', 'pass')).said).toBe('PASS all 2 goals');
    expect(verdict(goals('pass', 'variation')).said).toBe('PASS, 1 varied');
    expect(verdict(goals('pass', 'fail', 'pass')).said).toBe('FAIL 1 of 3 goals');
    expect(verdict({ goals: [goal('Kidney Mean <= 5Gy', 'not evaluable', null)] })).toMatchObject({
      said: 'FAIL 1 of 1 goals',
      text: expect.stringMatching(/goal Kidney Mean <= 5Gy +FAIL not evaluable/),
    });
    expect(verdict({ goals: [] }).said).toBe('PASS, no goals');
  });

  test('of the optimiser: no plan, no proof, time that was over, a prescription that was missed', () => {
    const none = verdict(
      {},
      { status: 'infeasible', prescriptionDose: 3, certificate: { ...certificate, leastViolation: 2 } },
    );
    expect(none.said).toBe('NO PLAN');
    expect(none.text.replace(/ +/g, ' ')).toContain(
      'IMRT: no plan: none keeps the constraints, and this one reaches 3.00 of 39.6 Gy;',
    );
    const late = verdict({}, { status: 'time-limit', certificate: { ...certificate, lowerBound: null, gap: null } });
    expect(late.said).toBe('UNPROVEN');
    expect(late.text).toMatch(/above the best plan, at most +nothing proven/);
    expect(late.text.replace(/ +/g, ' ')).toContain('not proven to be near the best plan: time was over');
    const missed = verdict(goals('fail'), { status: 'prescription-missed', prescriptionDose: 30 });
    expect(missed.said).toBe('FAIL 1 of 1 goals');
    expect(missed.text).toMatch(/prescribed: 39\.6 Gy D50 +30\.00 Gy, MISSED/);
  });
});

test('names of any length and script, any width: no line is longer than it', () => {
  const long = '脊髓'.repeat(40);
  const model = {
    patient: { name: `${long} x`.repeat(3) },
    target: 'PTV',
    cord: 'SpinalCord',
    notes: [`${long} note`, 'b', 'c'],
  };
  const goals = [goal(`${long} Max <= 1Gy`, 'fail', 12345.678), goal(`${'a'.repeat(300)} Max <= 1Gy`, 'fail')];
  const result = resultOf([evaluated('fcrt', { goals }), evaluated('imrt', { goals })], { model });
  for (const width of [40, 60, 80, 132]) screen(result, width);
  expect(screen(result).join('\n')).toContain('NOTE 2 more notes');
  // Narrower than 40 makes no table: then it is 40.
  expect(summary(result, { width: 10 })).toBe(summary(result, { width: 40 }));
});

test('lines break between words; what steers a terminal is shown, not sent', () => {
  expect(wrapped('one two three four', 9)).toEqual(['one two', '  three', '  four']);
  expect(wrapped('one two', 7)).toEqual(['one two']);
  expect(wrapped('abcdefgh', 5)).toEqual(['abc', '  def', '  gh']);
  expect(wrapped('a\u001b[31mb', 80)).toEqual(['a\\u001b[31mb']);
});

test('a price of delivery below zero is none, and the sentence says what is gained', () => {
  const delivery = (price: number | null, kind?: 'arc') => ({ price, kind, segments: 94 }) as any;
  expect(priceCell(delivery(0.003))).toBe('0.30 %, 94 segments');
  expect(priceCell(delivery(-0.0182))).toBe('none, 94 segments');
  expect(priceCell(delivery(-0.0182, 'arc'))).toBe('none, 94 control points');
  // Nothing is gained by what rounds to nothing.
  expect(priceCell(delivery(-0.00004))).toBe('0.00 %, 94 segments');
  expect(priceCell(delivery(null))).toBeUndefined();

  const own: any = withPrior('imrt', 'pass');
  const said = (price: number): string =>
    sentenceOf({ ...own, plan: { ...own.plan, delivery: delivery(price) } }, resultOf([], { prior }));
  expect(said(-0.0182)).toMatch(
    /; the objective of its segments is at least 1\.82 % better than that of any fluence that is even on each beamlet, as leaves end within beamlets too\.$/,
  );
  expect(said(0.003)).not.toContain('better');
});
