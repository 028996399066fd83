import { describe, expect, test } from 'vitest';
import { createDvh, type Dvh } from '../../src/evaluate/dvh.js';
import { evaluateGoal, judge, parseGoal } from '../../src/evaluate/goal.js';
import { describeMetric, formatMetric } from '../../src/evaluate/metric.js';
import { parseMetric } from '../../src/evaluate/metric-parser.js';
import { evaluateMetric } from '../../src/evaluate/metric-value.js';
import { powerMean } from '../../src/evaluate/power-mean.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume, type DoseMeaning } from '../../src/geometry/volume.js';

// Ten voxels of 1 cc, jumps between plateaus: 8 cc at 40 Gy, 2 cc at 10 Gy.
const grid = createGrid([1, 1, 10], [10, 10, 10], [0, 0, 0]);
const dose = createDose(
  grid,
  { quantity: 'physical', fractions: 22 },
  Float32Array.of(40, 40, 40, 40, 40, 40, 40, 40, 10, 10),
);
const dvh = createDvh(dose, createVolume('mask', grid, new Float32Array(10).fill(1)), { name: 'PTV' });
const context = { prescription: 40 };

describe('metric', () => {
  test.each([
    ['D95%[Gy]', 'D95%[Gy]', 10],
    ['D50%', 'D50%[Gy]', 40],
    ['D50%[%]', 'D50%[%]', 100],
    ['D0.03cc[Gy]', 'D0.03cc[Gy]', 40],
    ['D9cc', 'D9cc[Gy]', 10],
    ['DC2%[Gy]', 'DC2%[Gy]', 10],
    ['DC3cc', 'DC3cc[Gy]', 40],
    ['V95%[%]', 'V95%[%]', 80],
    ['V20Gy[%]', 'V20Gy[%]', 80],
    ['V20Gy[cc]', 'V20Gy[cc]', 8],
    ['v2000cGy[cc]', 'V20Gy[cc]', 8],
    ['CV20Gy[cc]', 'CV20Gy[cc]', 2],
    ['CV 50 % [ % ]', 'CV50%[%]', 20],
    ['Mean[Gy]', 'Mean[Gy]', 34],
    ['mean', 'Mean[Gy]', 34],
    ['Max[%]', 'Max[%]', 100],
    ['Min', 'Min[Gy]', 10],
    ['Volume', 'Volume[cc]', 10],
    ['gEUD(a=1)', 'gEUD(a=1)[Gy]', 34],
    ['geud( a = -1 )[Gy]', 'gEUD(a=-1)[Gy]', 1 / (0.8 / 40 + 0.2 / 10)],
    ['gEUD(a=2)[%]', 'gEUD(a=2)[%]', Math.sqrt(0.8 * 1600 + 0.2 * 100) / 0.4],
    // 40 Gy in 22 fractions: 40 (40/22 + 2) / 4; 10 Gy: 10 (10/22 + 2) / 4.
    ['Max[EQD2/2]', 'Max[EQD2/2]', 38.181818],
    ['min [ eqd2 / 2 ]', 'Min[EQD2/2]', 6.136364],
    ['Mean[EQD2/2]', 'Mean[EQD2/2]', 0.8 * 38.181818 + 0.2 * 6.136364],
    ['D50%[BED/2]', 'D50%[BED/2]', 76.363636],
    ['V25EQD2/2[cc]', 'V25EQD2/2[cc]', 8],
    ['CV38.2EQD2/2', 'CV38.2EQD2/2[%]', 100],
    ['gEUD(a=20)[EQD2/2]', 'gEUD(a=20)[EQD2/2]', 38.181818 * (0.8 + 0.2 * (6.136364 / 38.181818) ** 20) ** 0.05],
  ])('%s is %s', (text, canonical, value) => {
    const metric = parseMetric(text);
    expect(formatMetric(metric)).toBe(canonical);
    expect(formatMetric(parseMetric(canonical))).toBe(canonical);
    const result = evaluateMetric(metric, dvh, context);
    expect(result.value).toBeCloseTo(value, 6);
    expect(result.flag).toBeUndefined();
  });

  test.each([
    ['', /character 1 .*the text ends/],
    ['X95%', /character 1 .*found "X95%"/],
    ['D95', /character 4 a unit \(% or cc\)/],
    ['D95Gy', /character 4/],
    ['V20cc', /character 4/],
    ['D%', /character 2 a number/],
    ['D95%[cc]', /character 6/],
    ['D95%[Gy', /character 8 "\]"/],
    ['D95%[Gy]x', /character 9 the end/],
    ['D-5%', /character 2 a number/],
    ['D120%', /120 % of a structure/],
    ['Max[cGy]', /character 5 a result in Gy, not cGy, is expected, but found "cGy\]"/],
    ['gEUD', /character 5 "\(a=" and the exponent/],
    ['gEUD(a=0)', /character 8 an exponent other than 0/],
    ['gEUD(a=20', /character 10 "\)"/],
    ['Max[EQD2]', /character 9 "\/" and alpha\/beta in Gy, as in EQD2\/2/],
    ['V25EQD2/0', /character 9 an alpha\/beta above 0/],
    ['V25Gy[EQD2/2]', /character 7 a unit \(% or cc\)/],
    ['D5EQD2/2', /character 3 a unit \(% or cc\)/],
  ])('"%s" is refused with the position', (text, message) => {
    expect(() => parseMetric(text)).toThrow(message);
  });

  test('percent of dose needs a prescription; a larger volume than there is is flagged', () => {
    expect(() => evaluateMetric(parseMetric('D95%[%]'), dvh)).toThrow(/needs a prescription/);
    expect(() => evaluateMetric(parseMetric('V95%'), dvh)).toThrow(/needs a prescription/);
    expect(evaluateMetric(parseMetric('D20cc'), dvh)).toMatchObject({ value: 10, flag: /only 10 cc/ });
    expect(evaluateMetric(parseMetric('DC20cc'), dvh)).toMatchObject({ value: 40, flag: /maximum dose given/ });
  });
});

describe('what a biological dose or a percentage needs', () => {
  const of = (meaning: DoseMeaning): Dvh =>
    createDvh(createDose(grid, meaning, dose.data), createVolume('mask', grid, new Float32Array(10).fill(1)), {
      name: 'PTV',
    });
  test.each<[string, DoseMeaning, RegExp]>([
    ['Max[EQD2/2]', { quantity: 'physical' }, /needs the number of fractions, which the dose does not tell/],
    [
      'Max[EQD2/2]',
      { quantity: 'eqd2', alphaBeta: 3 },
      /is eqd2 with alpha\/beta 3 Gy, from which EQD2\/2 does not follow/,
    ],
    ['Max[%]', { quantity: 'eqd2', alphaBeta: 3 }, /the dose is eqd2, but the prescription .* is physical/],
    ['V95%', { quantity: 'bed', alphaBeta: 3 }, /the dose is bed/],
  ])('%s of %j', (text, meaning, message) => {
    expect(() => evaluateMetric(parseMetric(text), of(meaning), context)).toThrow(message);
  });

  test('EQD2 and BED follow from each other without fractions', () => {
    const eqd2 = of({ quantity: 'eqd2', alphaBeta: 2 });
    expect(evaluateMetric(parseMetric('Max[EQD2/2]'), eqd2).value).toBeCloseTo(40, 6);
    expect(evaluateMetric(parseMetric('Max[BED/2]'), eqd2).value).toBeCloseTo(80, 6);
    expect(evaluateMetric(parseMetric('V79BED/2[cc]'), eqd2).value).toBeCloseTo(8, 6);
    expect(evaluateMetric(parseMetric('Max[EQD2/2]'), of({ quantity: 'bed', alphaBeta: 2 })).value).toBeCloseTo(20, 6);
  });

  test('percent in words', () => {
    expect(describeMetric(parseMetric('D95%[%]'))).toBe(
      'dose that the hottest 95 % of the structure receive at least, in % of the prescription',
    );
    expect(describeMetric(parseMetric('V95%[%]'))).toBe(
      'volume that receives at least 95 % of the prescription, in % of the structure',
    );
    expect(describeMetric(parseMetric('CV25EQD2/2[cc]'))).toBe(
      'volume that receives less than 25 Gy EQD2 (alpha/beta 2 Gy), in cc',
    );
  });
});

describe('means of a power', () => {
  // A ramp from 0 to 60 Gy without jumps: V(D) is a straight line, the mean of D^a is 60^a / (a + 1).
  const ramp = (low: number, high: number): Dvh => ({
    name: 'ramp',
    quantity: 'physical',
    fractions: 20,
    volumeCc: 5,
    mean: (low + high) / 2,
    max: high,
    min: low,
    dose: Float64Array.of(high, low),
    volume: Float64Array.of(0, 5),
  });
  test.each([1, 2, 8, 20, 100, 0.5])('gEUD of a ramp, a = %d', (a) => {
    expect(powerMean(ramp(0, 60), a) / (60 * (1 / (a + 1)) ** (1 / a))).toBeCloseTo(1, 7);
  });
  test.each([-10, -2])('a = %d, from 30 to 60 Gy', (a) => {
    const mean = (60 ** (a + 1) - 30 ** (a + 1)) / ((a + 1) * 30);
    expect(powerMean(ramp(30, 60), a) / mean ** (1 / a)).toBeCloseTo(1, 8);
  });
  test('no dose somewhere: a negative exponent gives 0', () => {
    expect(powerMean(ramp(0, 60), -10)).toBe(0);
  });
  test('mean EQD2 of a ramp: (E[D^2] / n + r E[D]) / (2 + r)', () => {
    const value = evaluateMetric(parseMetric('Mean[EQD2/3]'), ramp(0, 60)).value;
    expect(value).toBeCloseTo((1200 / 20 + 3 * 30) / 5, 8);
  });
});

describe('goal', () => {
  const dvhs = new Map([['PTV', dvh]]);
  test.each([
    ['PTV D80% >= 95%', 'pass', 100, '%', 5],
    ['PTV D95% >= 95%', 'fail', 25, '%', -70],
    ['PTV V95% >= 90%', 'fail', 80, '%', -10],
    ['PTV V20Gy >= 8cc', 'pass', 8, 'cc', 0],
    ['PTV V20Gy > 8cc', 'fail', 8, 'cc', 0],
    ['PTV  Max <=  4200cGy', 'pass', 40, 'Gy', 2],
    ['PTV Max[Gy] ≤ 29.8', 'fail', 40, 'Gy', -10.2],
    ['PTV D0.03cc <= 107%', 'pass', 100, '%', 7],
  ])('%s: %s', (text, result, value, unit, margin) => {
    const out = evaluateGoal(parseGoal(text), dvhs, context);
    expect(out).toMatchObject({ result, unit });
    expect(out.value).toBeCloseTo(value, 6);
    expect(out.margin).toBeCloseTo(margin, 6);
  });

  test('a cap met to Float32 rounding is met', () => {
    const at = createDose(grid, { quantity: 'physical', fractions: 22 }, new Float32Array(10).fill(29.8));
    const capped = createDvh(at, createVolume('mask', grid, new Float32Array(10).fill(1)));
    expect(evaluateGoal(parseGoal('C Max <= 29.8Gy'), new Map([['C', capped]])).result).toBe('pass');
  });

  test.each([
    ['PTV D80% >= 101%', '99%', 'variation', -1],
    ['PTV D80% >= 101%', 101 - 0.5, 'fail', -1],
    ['PTV Max <= 39Gy', '4000cGy', 'variation', -1],
    ['PTV Max <= 41Gy', 42, 'pass', 1],
    ['PTV Max < 39Gy', '40Gy', 'fail', -1],
  ])('%s, acceptable %s: %s', (text, acceptable, result, margin) => {
    const out = evaluateGoal(parseGoal(text, { acceptable }), dvhs, context);
    expect(out.result).toBe(result);
    expect(out.margin).toBeCloseTo(margin, 6);
  });

  test.each([
    ['PTV Max <= 39Gy', '38Gy', /variation 38 Gy must be weaker than its limit of 39 Gy/],
    ['PTV D95% >= 95%', '95%', /must be weaker/],
    ['PTV D95% >= 95%', '38Gy', /its limit is in %, but the variation in Gy/],
    ['PTV Max <= 39Gy', 'more', /its variation "more" is no number/],
  ])('%s, acceptable %s: refused', (text, acceptable, message) => {
    expect(() => parseGoal(text, { acceptable })).toThrow(message);
  });

  test('a biological goal; spaces within the metric', () => {
    const out = evaluateGoal(parseGoal('PTV Max [EQD2/2] <= 25Gy'), dvhs);
    expect(out).toMatchObject({ structure: 'PTV', metric: 'Max[EQD2/2]', unit: 'Gy', result: 'fail' });
    expect(out.value).toBeCloseTo(38.181818, 5);
  });

  test('a name that is nearly there', () => {
    const near = (name: string): string | undefined => evaluateGoal(parseGoal(`${name} Max <= 1Gy`), dvhs).reason;
    expect(near('ptv')).toBe('no structure "ptv", did you mean "PTV"?');
    expect(near('PTV1')).toMatch(/did you mean "PTV"/);
    expect(near('GTV_1')).toMatch(/^no structure "GTV_1"; there/);
  });

  test('names with spaces survive; text is kept with single spaces', () => {
    expect(parseGoal('Left lung  V20Gy <= 30%')).toMatchObject({
      structure: 'Left lung',
      text: 'Left lung V20Gy <= 30%',
    });
  });

  test('what is missing is not evaluable, with its reason and no number', () => {
    const lost = evaluateGoal(parseGoal('SpinalCord Max <= 29.8Gy'), dvhs);
    expect(lost).toMatchObject({
      result: 'not evaluable',
      value: null,
      margin: null,
      reason: 'no structure "SpinalCord"; there are PTV.',
    });
    expect(evaluateGoal(parseGoal('PTV D95% >= 95%'), dvhs)).toMatchObject({
      result: 'not evaluable',
      reason: /prescription/,
    });
  });

  test.each([
    ['PTV D95% 95%', /no comparison/],
    ['D95% >= 95%', /structure and a metric/],
    ['PTV D95% >= much', /character 12/],
    ['PTV Q95% >= 95%', /character 1 D, DC/],
    ['PTV D95%[Gy] >= 95%', /metric is in Gy, but the limit in %/],
    ['PTV Max <= 3cc', /measured in Gy or %/],
    ['PTV V20Gy <= 30Gy', /measured in % or cc/],
  ])('"%s" is refused', (text, message) => {
    expect(() => parseGoal(text)).toThrow(message);
  });
});

describe('just beyond its limit a goal fails, by however little more than the rounding of a dose', () => {
  // Doses are Float32: 6e-8 of their value; limits hold to 1e-6 of theirs.
  test.each([
    ['SpinalCord Max <= 29.8Gy', 29.8, 1],
    ['SpinalCord D0.03cc <= 29.8Gy', 29.8, 1],
    ['PTV V95% >= 90%', 90, -1],
    ['PTV D95% >= 95%', 95, -1],
    ['PTV D95% >= 37.62Gy', 37.62, -1],
    ['SpinalCord Max[EQD2/2] <= 25Gy', 25, 1],
  ])('%s', (text, limit, sign) => {
    const at = (relative: number) => judge(parseGoal(text), limit * (1 + sign * relative)).result;
    expect(at(0)).toBe('pass');
    expect(at(5e-7)).toBe('pass');
    for (const relative of [2e-6, 1e-5, 1e-4, 7e-4, 1e-3, 1e-2]) expect(at(relative)).toBe('fail');
  });

  test('29.82 Gy against 29.8, and against a variation of 29.81', () => {
    const goal = parseGoal('SpinalCord Max <= 29.8Gy');
    expect(judge(goal, 29.82)).toMatchObject({ result: 'fail', margin: expect.closeTo(-0.02, 9) });
    const lenient = parseGoal('SpinalCord Max <= 29.8Gy', { acceptable: '29.81Gy' });
    expect(judge(lenient, 29.805).result).toBe('variation');
    expect(judge(lenient, 29.82).result).toBe('fail');
    // A strict comparison has no tolerance at all.
    expect(judge(parseGoal('SpinalCord Max < 29.8Gy'), 29.8).result).toBe('fail');
  });

  test('a limit of nothing is met by nothing', () => {
    const goal = parseGoal('Bowel V20Gy <= 0cc');
    expect(judge(goal, 0).result).toBe('pass');
    expect(judge(goal, 1e-9).result).toBe('fail');
    expect(judge(parseGoal('Bowel V20Gy < 0cc'), 0).result).toBe('fail');
  });

  test('a plateau of a DVH', () => {
    const of = (gray: number) =>
      createDvh(
        createDose(grid, { quantity: 'physical', fractions: 22 }, new Float32Array(10).fill(gray)),
        createVolume('mask', grid, new Float32Array(10).fill(1)),
        { name: 'SpinalCord' },
      );
    const result = (gray: number) =>
      evaluateGoal(parseGoal('SpinalCord Max <= 29.8Gy'), new Map([['SpinalCord', of(gray)]])).result;
    expect([result(29.8), result(29.803), result(29.82)]).toEqual(['pass', 'fail', 'fail']);
  });
});
