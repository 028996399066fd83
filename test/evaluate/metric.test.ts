import { describe, expect, test } from 'vitest';
import { createDvh } from '../../src/evaluate/dvh.js';
import { evaluateGoal, parseGoal } from '../../src/evaluate/goal.js';
import { evaluateMetric, formatMetric, parseMetric } from '../../src/evaluate/metric.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';

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
    ['Max[cGy]', /cGy|unit/],
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
      reason: 'no structure SpinalCord; there are PTV',
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
