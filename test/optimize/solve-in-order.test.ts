/** Goals in order, level by level against linear programs in HiGHS, and the laws that any order obeys. */
import type { LegacyHighs } from 'highs';
import { beforeAll, expect, test } from 'vitest';
import { maximumDose, maximumMean, minimumDose } from '../../src/optimize/constraint.js';
import type { Goal } from '../../src/optimize/goal.js';
import { meanDose } from '../../src/optimize/objective/mean-dose.js';
import { type OrderedProblem, solveInOrder } from '../../src/optimize/solve-in-order.js';
import { dense, randomMatrix, rowsOf } from './problems.js';
import { loadHighs, meanRow, sum } from './programs.js';

let highs: LegacyHighs;
beforeAll(async () => {
  highs = await loadHighs();
});

const target = rowsOf(0, 1, 2, 3, 4, 5);
const cord = rowsOf(6, 7, 8, 9, 10);
const lung = rowsOf(11, 12, 13, 14, 15, 16, 17, 18, 19, 20);
const gut = rowsOf(21, 22, 23, 24, 25, 26, 27, 28, 29);
const everything = rowsOf(...Array.from({ length: 30 }, (_, i) => i));

const targetMinimum: Goal = { constraint: minimumDose('target min', target, 10) };
const lungMean: Goal = { constraint: maximumMean('lung mean', lung, 4) };
const gutMean: Goal = { constraint: maximumMean('gut mean', gut, 0), isLeast: true };
const threeLevels = (seed: number): OrderedProblem => ({
  operator: dense(randomMatrix(30, 12, 100 + seed)),
  constraints: [maximumDose('cord max', cord, 9)],
  priorities: [[targetMinimum], [lungMean], [gutMean]],
  objectives: [meanDose('all', everything, 1)],
});

const optimum = (cost: string, rows: readonly string[]): number => {
  const answer = highs.solve(`Minimize\n obj: ${cost}\nSubject To\n${rows.join('\n')}\nEnd`);
  expect(answer.Status).toBe('Optimal');
  return answer.ObjectiveValue;
};

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'three levels and an objective: each within 0.5 % of its linear program (seed %i)',
  (seed) => {
    const A = randomMatrix(30, 12, 100 + seed);
    const problem = threeLevels(seed);
    const { steps, solution, constraints, endedAt } = solveInOrder(problem, { gap: 1e-3 });
    const [first, second, third] = steps.map(({ goals }) => goals[0]!);
    const hard = [...cord.rows].map((i) => ` c${i}: ${sum(A[i]!)} <= 9`);
    const keptTarget = [...target.rows].map((i) => ` t${i}: ${sum(A[i]!)} >= ${first!.kept}`);
    const keptLung = ` l: ${sum(meanRow(A, lung.rows))} <= ${second!.kept}`;
    const keptGut = ` g: ${sum(meanRow(A, gut.rows))} <= ${third!.kept}`;
    const optima = [
      optimum('t', [...hard, ...[...target.rows].map((i) => ` t${i}: ${sum(A[i]!)} + t >= 10`)]),
      optimum('t', [...hard, ...keptTarget, ` l: ${sum(meanRow(A, lung.rows))} - t <= 4`]),
      optimum(sum(meanRow(A, gut.rows)), [...hard, ...keptTarget, keptLung]),
    ];
    for (const [k, { goals, lowerBound, status }] of steps.entries()) {
      const [goal] = goals;
      const size = goal!.asked ?? optima[k]!;
      expect(goal!.shortfall, goal!.name).toBeGreaterThanOrEqual(optima[k]! - 1e-6);
      expect(goal!.shortfall - optima[k]!, goal!.name).toBeLessThanOrEqual(0.005 * size);
      expect(goal!.leastShortfall!, goal!.name).toBeLessThanOrEqual(optima[k]! + 1e-6);
      expect(goal!.shortfall - goal!.leastShortfall!, goal!.name).toBeLessThanOrEqual(0.001 * size);
      expect(lowerBound! > 0).toBe(status !== 'met');
      // What is proven out of reach is out of reach; what is met is met.
      if (status === 'met') expect(optima[k]!).toBeLessThanOrEqual(1e-9);
    }
    expect(endedAt).toBe(optima[0]! > 1e-6 ? 0 : optima[1]! > 1e-6 ? 1 : null);
    const best = optimum(sum(meanRow(A, everything.rows)), [...hard, ...keptTarget, keptLung, keptGut]);
    const { value, lowerBound, violation, gap } = solution.certificate;
    expect(solution.status).toBe('reached');
    expect(lowerBound!).toBeLessThanOrEqual(best + 1e-6);
    expect(value).toBeGreaterThanOrEqual(best - 1e-6);
    expect(gap!).toBeLessThanOrEqual(0.001);
    expect(violation!.amount).toBeLessThanOrEqual(0);
    expect(constraints.map(({ name }) => name)).toEqual(['cord max', 'target min', 'lung mean', 'gut mean']);
    expect(third!.final).toBeLessThanOrEqual(third!.kept);
  },
);
