/** A dose that is there whatever the weights are: the same problem where there is none, and the whole dose is what counts. */
import { expect, test } from 'vitest';
import { ColumnOperator } from '../../src/influence/field-operator.js';
import { maximumDose, maximumHottest, maximumMean, violationOf } from '../../src/optimize/constraint.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import { squaredOverdose } from '../../src/optimize/objective/squared-overdose.js';
import type { Problem } from '../../src/optimize/problem.js';
import { solve } from '../../src/optimize/solver.js';
import { withBackground } from '../../src/optimize/with-background.js';

const rows = 24;
/** Columns of overlapping hills. */
const hill = (at: number): Float64Array =>
  Float64Array.from({ length: rows }, (_, r) => Math.exp(-(((r - at) / 3) ** 2)));
const operator = new ColumnOperator([3, 7, 11, 15, 19].map(hill));
const setOf = (from: number, to: number) => ({
  rows: Int32Array.from({ length: to - from }, (_, q) => from + q),
  volumes: new Float64Array(to - from).fill(1),
});
const [target, organ] = [setOf(6, 16), setOf(16, 22)];
const level = { value: 10 };
const problem: Problem = {
  operator,
  objectives: [squaredDeviation('target', target, level, 1), squaredOverdose('organ', organ, 2, 0.5)],
  constraints: [
    maximumDose('organ', organ, 5),
    maximumMean('organ mean', organ, 3),
    maximumHottest('hot', organ, 0.3, 4.5),
  ],
};
const background = Float64Array.from(hill(18), (d) => 1.5 * d);

test('without a background it is the same problem', () => {
  const plain = solve(problem, { gap: 1e-4 });
  const same = solve(withBackground(problem, new Float64Array(rows)), { gap: 1e-4 });
  expect(same.objective).toBeCloseTo(plain.objective, 9);
});

test('the whole dose keeps the constraints, and its value is that of the whole dose', () => {
  const solution = solve(withBackground(problem, background), { gap: 1e-4 });
  expect(solution.status).toBe('reached');
  const whole = solution.dose.map((d, r) => d + background[r]!);
  for (const constraint of problem.constraints!) expect(violationOf(constraint, whole).amount).toBeLessThan(1e-6);
  const value = problem.objectives.reduce((sum, one) => sum + one.evaluate(whole, new Float64Array(rows)), 0);
  expect(solution.objective).toBeCloseTo(value, 9);
  // What the weights give alone would be less constrained.
  expect(problem.constraints!.some((one) => violationOf(one, whole).amount > -0.05)).toBe(true);
});

test('a dose that weights could give themselves costs nothing that they would have given', () => {
  const plain = solve(problem, { gap: 1e-5 });
  const part = plain.weights.map((w) => 0.4 * w);
  const given = operator.apply(part, new Float64Array(rows));
  const rest = solve(withBackground(problem, given), { gap: 1e-5 });
  expect(rest.objective).toBeCloseTo(plain.objective, 3);
});

test('gradient and curvature are those of the whole dose', () => {
  const { objectives } = withBackground({ ...problem, objectives: problem.objectives }, background);
  const dose = operator.apply(new Float64Array(5).fill(6), new Float64Array(rows));
  for (const one of objectives) {
    const gradient = new Float64Array(rows);
    one.evaluate(dose, gradient);
    for (const row of [8, 17, 20]) {
      const at = (step: number): number => {
        const moved = dose.slice();
        moved[row]! += step;
        return one.evaluate(moved, new Float64Array(rows));
      };
      expect((at(1e-5) - at(-1e-5)) / 2e-5).toBeCloseTo(gradient[row]!, 5);
    }
  }
});
