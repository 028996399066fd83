/** The certificate's numbers against a problem whose best plan is known in closed form. */
import { expect, test } from 'vitest';
import { type Certificate, certifyAt, worstViolation } from '../../src/optimize/certificate.js';
import { maximumDose, minimumDose } from '../../src/optimize/constraint.js';
import { smoothMinimum } from '../../src/optimize/objective/log-sum-exp.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import { solve } from '../../src/optimize/solver.js';
import { certificateLine, certificateReport } from '../../src/report/certificate.js';
import { dense, rowsOf } from './problems.js';

/** Two voxels wish for 10 Gy, their sum is capped at 12: the best is 6 Gy each, 100 (10 - 6)^2 = 1600. */
const operator = dense([
  [1, 0],
  [0, 1],
  [1, 1],
]);
const objectives = [squaredDeviation('wish', rowsOf(0, 1), { value: 10 }, 100)];
const limits = [maximumDose('sum', rowsOf(2), 12)];
const solution = solve({ operator, objectives, constraints: limits }, { gap: 1e-7 });

test('the gap is the whole distance from the best plan, as a fraction of the plan’s own value', () => {
  // 5 Gy each cost 2500, of which 900 are above the best.
  const worse = certifyAt(solution.certificate, objectives, limits, Float64Array.of(5, 5, 10));
  expect(worse.value).toBe(2500);
  expect(worse.gap).toBeCloseTo(900 / 2500, 5);
  expect(worse.violation).toMatchObject({ limit: 'sum', row: 2, amount: -2 });
  expect(certificateLine(worse)).toContain('at most 36.00 % above the best possible');
  const voxels = { points: new Float64Array(9), organs: [] } as any;
  const report = certificateReport({ solution: { ...solution, certificate: worse }, voxels, largestDifference: 0 });
  expect(report).toMatchObject({ value: 2500, gap: 0.36 });
});

test('the solver’s own gap is that of its value and bound', () => {
  const rough = solve({ operator, objectives, constraints: limits }, { gap: 0.2 }).certificate;
  expect(rough.gap).toBeCloseTo((rough.value - rough.lowerBound!) / rough.value, 12);
  expect(rough.value * (1 - rough.gap!)).toBeLessThanOrEqual(1600 + 1e-6);
});

test('below zero the gap is still above zero; without a bound, or of nothing, there is none', () => {
  const of = (lowerBound: number | null): Certificate => ({ ...solution.certificate, lowerBound });
  const gain = [smoothMinimum('gain', rowsOf(0), 1, 1)];
  // -4 where nothing is below -5.
  expect(certifyAt(of(-5), gain, [], Float64Array.of(4)).gap).toBeCloseTo(0.25, 12);
  expect(certifyAt(of(null), gain, [], Float64Array.of(4)).gap).toBeNull();
  expect(certifyAt(of(0), gain, [], Float64Array.of(0)).gap).toBeNull();
});

test('a limit is broken from its own value on: 0.1 % is said, and of two the worse is named', () => {
  const cap = maximumDose('cap', rowsOf(0, 1), 29.8);
  const floor = minimumDose('floor', rowsOf(2), 20);
  const at = (...dose: number[]) => worstViolation([cap, floor], Float64Array.from(dose));
  expect(at(29.8298, 10, 30)).toMatchObject({ limit: 'cap', row: 0, amount: expect.closeTo(0.0298, 9) });
  expect(at(29.8, 10, 30)!.amount).toBe(0);
  expect(at(20, 29.83, 19.9)).toMatchObject({ limit: 'floor', row: 2, amount: expect.closeTo(0.1, 9) });
  expect(worstViolation([], Float64Array.of(1))).toBeNull();
});
