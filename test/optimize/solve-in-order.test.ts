/** Goals in order, level by level against linear programs in HiGHS, and the laws that any order obeys. */
import type { LegacyHighs } from 'highs';
import { beforeAll, describe, expect, test } from 'vitest';
import { maximumDose, maximumHottest, maximumMean, minimumDose, minimumMean } from '../../src/optimize/constraint.js';
import type { Goal } from '../../src/optimize/goal.js';
import { meanDose } from '../../src/optimize/objective/mean-dose.js';
import type { OrderedProblem } from '../../src/optimize/ordered-problem.js';
import { solveInOrder } from '../../src/optimize/solve-in-order.js';
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

describe('laws', () => {
  const values = (result: ReturnType<typeof solveInOrder>): number[] =>
    result.steps.flatMap(({ goals }) => goals.map(({ achieved }) => achieved));

  test('lists that come after take no more from a goal than its slack', () => {
    const problem = threeLevels(1);
    const alone = solveInOrder({ ...problem, priorities: [[targetMinimum]], objectives: [] });
    const all = solveInOrder(problem);
    const [before, after] = [alone.steps[0]!.goals[0]!, all.steps[0]!.goals[0]!];
    expect(after.achieved).toBe(before.achieved);
    expect(after.final).toBeGreaterThanOrEqual(before.achieved - before.slack - 1e-12);
    expect(after.slack).toBeCloseTo(0.03, 6);
  });

  test('what holds for lists alone holds in each, and the objectives are free of it', () => {
    const problem = threeLevels(2);
    const { operator } = problem;
    const meanOf = (dose: Float64Array): number => target.rows.reduce((sum, row) => sum + dose[row]! / 6, 0);
    const free = meanOf(solveInOrder({ ...problem, objectives: [] }).solution.dose);
    const listConstraints = [minimumMean('at least', target, free * 1.02), maximumMean('at most', target, free * 1.03)];
    const lists = solveInOrder({ ...problem, objectives: [], listConstraints });
    expect(meanOf(lists.solution.dose)).toBeGreaterThanOrEqual(free * 1.02 - 1e-9);
    expect(meanOf(lists.solution.dose)).toBeLessThanOrEqual(free * 1.03 + 1e-9);
    const all = solveInOrder({ ...problem, listConstraints }, { gap: 1e-3 });
    expect(all.constraints.map(({ name }) => name)).not.toContain('at least');
    expect(all.steps.map(({ shortfall }) => shortfall)).toEqual(lists.steps.map(({ shortfall }) => shortfall));
    // Freed of it, the sum of all doses ends no higher than with it as a constraint.
    const held = solveInOrder(
      { ...problem, constraints: [...problem.constraints!, ...listConstraints] },
      { gap: 1e-3 },
    );
    expect(all.solution.objective).toBeLessThanOrEqual(held.solution.objective * (1 + 2e-3));
    expect(operator.columns).toBe(all.solution.weights.length);
  });

  test('constraints of one name have one price, and the trades name them once', () => {
    const problem = { ...threeLevels(3), constraints: [maximumDose('cord max', cord, 3)] };
    const half = (from: number) => ({
      rows: cord.rows.slice(from, from + 3),
      volumes: cord.volumes.slice(from, from + 3),
    });
    const parts = [maximumDose('cord max', half(0), 3), maximumDose('cord max', half(2), 3)];
    const whole = solveInOrder(problem).steps[0]!.goals[0]!.trades;
    const inParts = solveInOrder({ ...problem, constraints: parts }).steps[0]!.goals[0]!.trades;
    expect(whole.map(({ of }) => of)).toEqual(['cord max']);
    expect(inParts.map(({ of }) => of)).toEqual(['cord max']);
    expect(inParts[0]!.gain / whole[0]!.gain).toBeCloseTo(1, 2);
  });

  test('what a list reaches does not depend on those below it', () => {
    const problem = threeLevels(3);
    const other: Goal = { constraint: maximumDose('gut max', gut, 1), isLeast: true };
    const [mean, max] = [
      solveInOrder(problem),
      solveInOrder({ ...problem, priorities: [[targetMinimum], [lungMean], [other]] }),
    ];
    for (const l of [0, 1]) expect(max.steps[l]!.goals[0]!.achieved).toBe(mean.steps[l]!.goals[0]!.achieved);
    for (const { steps } of [mean, max]) {
      const [first, second] = steps.map(({ goals }) => goals[0]!);
      expect(first!.final).toBeGreaterThanOrEqual(first!.kept - 1e-12);
      expect(second!.final).toBeLessThanOrEqual(second!.kept + 1e-12);
    }
  });

  test('a problem and its mirror image have mirrored plans, list by list', () => {
    // Columns and rows in reverse; every goal has the rows that its own became.
    const A = randomMatrix(30, 12, 102);
    const mirrored = A.map((row) => row.toReversed()).toReversed();
    const there = (set: typeof target): typeof target => ({ ...set, rows: set.rows.map((row) => 29 - row).reverse() });
    const make = (rows: number[][], at: (set: typeof target) => typeof target): OrderedProblem => ({
      operator: dense(rows),
      constraints: [maximumDose('cord max', at(cord), 9)],
      priorities: [
        [{ constraint: minimumDose('target min', at(target), 10) }],
        [{ constraint: maximumMean('gut mean', at(gut), 0), isLeast: true }],
      ],
      objectives: [meanDose('all', at(everything), 1)],
    });
    const [one, other] = [solveInOrder(make(A, (set) => set)), solveInOrder(make(mirrored, there))];
    one.steps.forEach((step, l) => {
      expect(other.steps[l]!.goals[0]!.achieved).toBeCloseTo(step.goals[0]!.achieved, 2);
      expect(other.steps[l]!.lowerBound!).toBeLessThanOrEqual(step.shortfall);
      expect(step.lowerBound!).toBeLessThanOrEqual(other.steps[l]!.shortfall);
    });
    expect(other.solution.objective / one.solution.objective).toBeCloseTo(1, 1);
  });

  test('a constraint more never makes a list better', () => {
    const problem = threeLevels(4);
    const more = { ...problem, constraints: [...problem.constraints!, maximumDose('gut max', gut, 8)] };
    const [few, many] = [solveInOrder(problem), solveInOrder(more)];
    expect(many.steps[0]!.shortfall).toBeGreaterThanOrEqual(few.steps[0]!.lowerBound!);
    expect(many.steps[0]!.lowerBound!).toBeGreaterThan(few.steps[0]!.shortfall - 1e-3);
  });

  test('the order within a list is none, and equal runs are equal', () => {
    const problem = { ...threeLevels(5), priorities: [[targetMinimum, lungMean, gutMean]] };
    const turned = { ...problem, priorities: [[gutMean, targetMinimum, lungMean]] };
    const [one, other] = [solveInOrder(problem), solveInOrder(turned)];
    expect(other.steps[0]!.shortfall).toBeCloseTo(one.steps[0]!.shortfall, 2);
    expect(other.steps[0]!.lowerBound!).toBeLessThanOrEqual(one.steps[0]!.shortfall);
    expect(one.steps[0]!.lowerBound!).toBeLessThanOrEqual(other.steps[0]!.shortfall);
    expect(solveInOrder(problem).solution.weights).toEqual(one.solution.weights);
  });

  test('dose in another unit: all values scale with it', () => {
    const unit = 100;
    const A = randomMatrix(30, 12, 101);
    const make = (u: number): OrderedProblem => ({
      operator: dense(A.map((row) => row.map((a) => u * a))),
      constraints: [maximumDose('cord max', cord, 9 * u)],
      priorities: [
        [{ constraint: minimumDose('target min', target, 10 * u) }],
        [{ constraint: maximumMean('lung mean', lung, 4 * u) }],
      ],
    });
    const [gray, centigray] = [values(solveInOrder(make(1))), values(solveInOrder(make(unit)))];
    centigray.forEach((value, k) => {
      expect(value / (unit * gray[k]!)).toBeCloseTo(1, 2);
    });
  });

  test('what a Gy of a goal costs of the one before: the slope between two plans', () => {
    const problem = threeLevels(1);
    const at = (slack: number) => solveInOrder({ ...problem, objectives: [] }, { slack, levelGap: 1e-4 }).steps;
    const [tight, wide] = [at(0.001), at(0.003)];
    const given = tight[0]!.goals[0]!.kept - wide[0]!.goals[0]!.kept;
    const gained = tight[1]!.goals[0]!.achieved - wide[1]!.goals[0]!.achieved;
    const { gain, cost } = tight[1]!.goals[0]!.trades.find((trade) => trade.of === 'target min')!;
    expect(given).toBeGreaterThan(0.01);
    expect(gained / given).toBeCloseTo(gain, 0);
    expect(gain * cost).toBeCloseTo(1, 9);
  });
});

test('a hard constraint that no plan keeps: infeasible, with the least violation', () => {
  const operator = dense([[1], [0.5]]);
  const constraints = [minimumDose('target', rowsOf(0), 10), maximumDose('cord', rowsOf(1), 3)];
  const goal: Goal = { constraint: maximumMean('mean', rowsOf(0), 1) };
  const result = solveInOrder({ operator, constraints, priorities: [[goal]] });
  expect(result).toMatchObject({ status: 'infeasible', steps: [], endedAt: null });
  expect(result.solution.certificate.leastViolation!).toBeGreaterThan(1.32);
  expect(result.solution.certificate.leastViolation!).toBeLessThanOrEqual(4 / 3);
});

test('what lists alone hold and nothing keeps is unproven, not infeasible: it says nothing of the constraints', () => {
  const problem = threeLevels(1);
  const never = [minimumMean('more than all', target, 1e3), maximumMean('less than that', target, 10)];
  const { status, steps, solution } = solveInOrder({ ...problem, listConstraints: never });
  expect(status).toBe('unproven');
  expect(steps).toEqual([]);
  expect(solution.certificate.leastViolation).toBeUndefined();
});

test('convex goals: the hottest part of an organ, against its linear program', () => {
  const A = randomMatrix(30, 12, 102);
  const constraint = maximumHottest('hot', lung, 0.3, 8);
  const { steps } = solveInOrder({
    operator: dense(A),
    constraints: [minimumDose('target min', target, 8)],
    priorities: [[{ constraint }]],
  });
  const rows = [
    ...[...target.rows].map((i) => ` t${i}: ${sum(A[i]!)} >= 8`),
    ...[...lung.rows].map((i) => ` e_${i}: ${sum(A[i]!)} - c - e${i} <= 0`),
    ` hot: c + ${[...lung.rows].map((i) => `${1 / 3} e${i}`).join(' + ')} - t <= 8`,
  ];
  const best = optimum('t', [...rows.slice(0, -1), `${rows.at(-1)}\nBounds\n c free`]);
  const [goal] = steps[0]!.goals;
  expect(goal!.shortfall).toBeGreaterThanOrEqual(best - 1e-6);
  expect(goal!.shortfall - best).toBeLessThanOrEqual(0.005 * 8);
  expect(goal!.leastShortfall!).toBeLessThanOrEqual(best + 1e-6);
});

test('malformed orders are refused in a sentence', () => {
  const problem = threeLevels(1);
  const of = (priorities: OrderedProblem['priorities']) => () => solveInOrder({ ...problem, priorities });
  expect(of([])).toThrow('Give each at least one goal');
  expect(of([[targetMinimum], []])).toThrow('Give each at least one goal');
  expect(of([[targetMinimum], [targetMinimum]])).toThrow('"target min" is named twice');
  expect(of([[{ constraint: maximumDose('cord max', cord, 5) }]])).toThrow('"cord max" is named twice');
  expect(of([[{ ...targetMinimum, isLeast: true }]])).toThrow('bounded from below');
  expect(of([[{ ...targetMinimum, scale: 0 }]])).toThrow('scale in Gy is 0');
  expect(of([[{ constraint: maximumDose('off', rowsOf(77), 5) }]])).toThrow('row 77');
  expect(() => solveInOrder(problem, { slack: -1 })).toThrow('slack is -1');
  expect(() => solveInOrder(problem, { timeLimit: -1 })).toThrow('timeLimit is -1 s');
  expect(solveInOrder(problem, { timeLimit: 0 }).status).toBe('time-limit');
});
