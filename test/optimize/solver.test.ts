/** The solver against problems with known answers and against an independent solver; the certificate must bracket them. */
import highsLoader, { type LegacyHighs } from 'highs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import {
  type Constraint,
  maximumDose,
  maximumGeud,
  maximumHottest,
  maximumMean,
  minimumDose,
  minimumMean,
} from '../../src/optimize/constraint.js';
import { maximumDvh } from '../../src/optimize/objective/dose-volume.js';
import { generalisedEud, squaredGeud } from '../../src/optimize/objective/generalised-eud.js';
import { smoothMaximum } from '../../src/optimize/objective/log-sum-exp.js';
import { meanDose } from '../../src/optimize/objective/mean-dose.js';
import type { Objective } from '../../src/optimize/objective/objective.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import { squaredOverdose } from '../../src/optimize/objective/squared-overdose.js';
import { squaredUnderdose } from '../../src/optimize/objective/squared-underdose.js';
import { worstCase } from '../../src/optimize/objective/worst-case.js';
import { resolveOverlap } from '../../src/optimize/overlap.js';
import { type Solution, solve } from '../../src/optimize/solver.js';
import { dense, randomMatrix, rowsOf } from './problems.js';

let highs: LegacyHighs;
beforeAll(async () => {
  // Its types describe the module, not its default export, to a NodeNext compiler.
  highs = await (highsLoader as unknown as () => Promise<LegacyHighs>)();
});

/** The proof holds: lower bound <= independent optimum <= value, with a small gap, and every limit is kept. */
function expectBracket(solution: Solution, optimum: number, gap: number): void {
  const { value, lowerBound, violation } = solution.certificate;
  const rounding = 1e-7 * Math.max(1, Math.abs(optimum));
  expect(lowerBound).not.toBeNull();
  expect(lowerBound!).toBeLessThanOrEqual(optimum + rounding);
  expect(value).toBeGreaterThanOrEqual(optimum - rounding);
  expect(value - lowerBound!).toBeLessThanOrEqual(gap * Math.abs(value) + rounding);
  if (violation) expect(violation.amount).toBeLessThanOrEqual(1e-9);
}

const sum = (row: readonly number[], name = 'w'): string =>
  row
    .map((a, j) => `${a < 0 ? '-' : '+'} ${Math.abs(a)} ${name}${j}`)
    .join(' ')
    .replace(/^\+ /, '');

test('a cap on a sum: two equal wishes share it, and its price is the slope of the objective', () => {
  const operator = dense([
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  const at = (cap: number): Solution =>
    solve(
      {
        operator,
        objectives: [squaredDeviation('wish', rowsOf(0, 1), { value: 10 }, 100)],
        constraints: [maximumDose('sum', rowsOf(2), cap)],
      },
      { gap: 1e-7 },
    );
  const solution = at(12);
  expect(solution.dose[2]!).toBeLessThanOrEqual(12);
  expect(solution.weights[0]!).toBeCloseTo(6, 3);
  expect(solution.weights[1]!).toBeCloseTo(6, 3);
  // 100 (10 - cap / 2)^2: 1600 at 12, slope -400 per Gy.
  expectBracket(solution, 1600, 1e-6);
  const [price] = solution.certificate.prices;
  expect(price!.price).toBeCloseTo(400, 1);
  expect(price!.active).toHaveLength(1);
  expect(solution.certificate.objective).toBe('100 mean[(d - 10)^2] over wish');
});

test('non-negative least squares with a known answer: the best without the bound would be negative', () => {
  // min |A w - b|^2 over w >= 0: w1 = 0, w0 = a0'b / a0'a0 = 2.
  const operator = dense([
    [1, 2],
    [2, 1],
    [0, 2],
  ]);
  const b = [2, 4, -3];
  const objectives = b.map((level, i) => squaredDeviation(`row ${i}`, rowsOf(i), { value: level }, 1));
  const solution = solve({ operator, objectives }, { gap: 1e-7 });
  expect(solution.weights[0]!).toBeCloseTo(2, 4);
  expect(solution.weights[1]!).toBeCloseTo(0, 4);
  expectBracket(solution, 9, 1e-6);
});

test.each([1, 2, 3, 4])('linear programs (seed %i)', (seed) => {
  const [m, n] = [14, 9];
  const A = randomMatrix(m, n, seed);
  const target = rowsOf(0, 1, 2, 3);
  const organ = rowsOf(4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
  const limits: Constraint[] = [minimumDose('target', target, 10), maximumDose('organ', rowsOf(4, 5, 6), 14)];
  const solution = solve(
    { operator: dense(A), objectives: [meanDose('organ', organ, 1)], constraints: limits },
    { gap: 1e-6 },
  );
  const cost = A[0]!.map((_, j) => organ.rows.reduce((s, i) => s + A[i]![j]! / organ.rows.length, 0));
  const answer = highs.solve(
    `Minimize\n obj: ${sum(cost)}\nSubject To\n${[
      ...[0, 1, 2, 3].map((i) => ` t${i}: ${sum(A[i]!)} >= 10`),
      ...[4, 5, 6].map((i) => ` o${i}: ${sum(A[i]!)} <= 14`),
    ].join('\n')}\nEnd`,
  );
  if (answer.Status === 'Infeasible') {
    expect(solution.status).toBe('infeasible');
    expect(solution.certificate.leastViolation!).toBeGreaterThan(0);
  } else {
    expect(answer.Status).toBe('Optimal');
    expectBracket(solution, answer.ObjectiveValue, 1e-5);
  }
});

test.each([1, 2, 3, 4])('quadratic programs with caps, a mean and a minimum (seed %i)', (seed) => {
  const [m, n] = [12, 8];
  const A = randomMatrix(m, n, 10 + seed);
  const target = rowsOf(0, 1, 2, 3, 4);
  const organ = rowsOf(5, 6, 7, 8, 9, 10, 11);
  const limits: Constraint[] = [
    maximumDose('organ', organ, 9),
    maximumMean('organ mean', organ, 7),
    minimumDose('target', rowsOf(0), 4),
    minimumMean('target mean', target, 4),
  ];
  const objectives = [squaredDeviation('target', target, { value: 10 }, 5), squaredOverdose('organ', organ, 3, 2)];
  const solution = solve({ operator: dense(A), objectives, constraints: limits }, { gap: 1e-6 });
  // Over- and deviation as squares of extra variables: x_i >= d_i - 3, y_i = d_i - 10.
  const mean = (rows: Int32Array): number[] =>
    A[0]!.map((_, j) => rows.reduce((s, i) => s + A[i]![j]! / rows.length, 0));
  const text = `Minimize\n obj: [ ${[
    ...[...target.rows].map((i) => `2 y${i}^2`),
    ...[...organ.rows].map((i) => `${4 / organ.rows.length} x${i}^2`),
  ].join(' + ')} ] / 2\nSubject To\n${[
    ...[...target.rows].map((i) => ` y_${i}: ${sum(A[i]!)} - y${i} = 10`),
    ...[...organ.rows].map((i) => ` x_${i}: ${sum(A[i]!)} - x${i} <= 3`),
    ...[...organ.rows].map((i) => ` cap${i}: ${sum(A[i]!)} <= 9`),
    ` om: ${sum(mean(organ.rows))} <= 7`,
    ` t0: ${sum(A[0]!)} >= 4`,
    ` tm: ${sum(mean(target.rows))} >= 4`,
  ].join('\n')}\nBounds\n${[...target.rows].map((i) => ` y${i} free`).join('\n')}\nEnd`;
  const answer = highs.solve(text);
  expect(answer.Status).toBe('Optimal');
  expectBracket(solution, answer.ObjectiveValue, 1e-5);
});

test('the mean of the hottest volume, against its linear program', () => {
  const A = randomMatrix(10, 6, 31);
  const target = rowsOf(0, 1, 2);
  const organ = rowsOf(3, 4, 5, 6, 7, 8, 9);
  const fraction = 0.3;
  const objectives = [squaredUnderdose('target', target, { value: 10 }, 1, 3)];
  const limits = [maximumHottest('organ', organ, fraction, 6)];
  const solution = solve({ operator: dense(A), objectives, constraints: limits }, { gap: 1e-4 });
  // c + sum e_i / (fraction N) <= 6 with e_i >= d_i - c.
  const answer = highs.solve(
    `Minimize\n obj: [ ${[0, 1, 2].map((i) => `2 u${i}^2`).join(' + ')} ] / 2\nSubject To\n${[
      ...[0, 1, 2].map((i) => ` u_${i}: ${sum(A[i]!)} + u${i} >= 10`),
      ...[...organ.rows].map((i) => ` e_${i}: ${sum(A[i]!)} - c - e${i} <= 0`),
      ` hot: c + ${[...organ.rows].map((i) => `${1 / (fraction * organ.rows.length)} e${i}`).join(' + ')} <= 6`,
    ].join('\n')}\nBounds\n c free\nEnd`,
  );
  expect(answer.Status).toBe('Optimal');
  expectBracket(solution, answer.ObjectiveValue, 1e-3);
});

test('gEUD limits are kept and cost something; smooth convex objectives are proven, too', () => {
  const A = randomMatrix(10, 6, 41);
  const target = rowsOf(0, 1, 2);
  const organ = rowsOf(3, 4, 5, 6, 7, 8, 9);
  const operator = dense(A);
  const objectives: Objective[] = [
    squaredDeviation('target', target, { value: 10 }, 3),
    smoothMaximum('organ', organ, 0.5, 0.2),
    squaredGeud('organ', organ, { value: 2 }, { a: 3, side: 'above' }, 0.1),
  ];
  const free = solve({ operator, objectives }, { gap: 1e-6 });
  expect(free.certificate.gap!).toBeLessThan(1e-5);
  const bound = 0.8 * generalisedEud(free.dose, organ, 8);
  const held = solve({ operator, objectives, constraints: [maximumGeud('organ', organ, 8, bound)] }, { gap: 1e-3 });
  expect(generalisedEud(held.dose, organ, 8)).toBeLessThanOrEqual(bound * (1 + 1e-12));
  expect(held.certificate.gap!).toBeLessThan(2e-3);
  expect(held.certificate.lowerBound!).toBeGreaterThan(free.certificate.value);
  expect(held.certificate.prices[0]!.price).toBeGreaterThan(0);
});

test('an objective that is not convex is said to be so; the rest gives a lower bound', () => {
  const operator = dense(randomMatrix(10, 6, 51));
  const convex = squaredDeviation('target', rowsOf(0, 1, 2), { value: 10 }, 3);
  const alone = solve({ operator, objectives: [convex] }, { gap: 1e-6 });
  const both = solve({ operator, objectives: [convex, maximumDvh('organ', rowsOf(3, 4, 5, 6, 7, 8, 9), 3, 0.3, 1)] });
  expect(alone.certificate.isConvex).toBe(true);
  expect(both.certificate.isConvex).toBe(false);
  expect(both.certificate.lowerBound!).toBeLessThanOrEqual(alone.certificate.value);
  expect(both.certificate.value).toBeGreaterThanOrEqual(alone.certificate.lowerBound!);
});

test('limits that no plan keeps end with the smallest violation, proven, and where it is', () => {
  // d0 = w, d1 = w / 2: at least 10 and at most 3 leaves 4/3 Gy over at best (10 - t = 2 (3 + t)).
  const solution = solve({
    operator: dense([[1], [0.5]]),
    objectives: [squaredDeviation('target', rowsOf(0), { value: 10 }, 1)],
    constraints: [minimumDose('target', rowsOf(0), 10), maximumDose('cord', rowsOf(1), 3)],
  });
  expect(solution.status).toBe('infeasible');
  expect(solution.certificate.leastViolation!).toBeGreaterThan(1.33);
  expect(solution.certificate.leastViolation!).toBeLessThanOrEqual(4 / 3);
  expect(solution.certificate.violation!.amount).toBeCloseTo(4 / 3, 2);
  expect(['target', 'cord']).toContain(solution.certificate.violation!.limit);
});

test('prescription without limits is met exactly; out of reach under a cap it is missed, and the cap holds', () => {
  const operator = dense([
    [1, 0.5],
    [0.5, 1],
    [1, 1],
  ]);
  const level = (): { value: number } => ({ value: 10 });
  const prescribed = (l: { value: number }) => ({ ...rowsOf(0, 1), fraction: 0.5, dose: 10, level: l });
  const free = level();
  const open = solve({
    operator,
    objectives: [squaredDeviation('target', rowsOf(0, 1), free, 100), meanDose('all', rowsOf(0, 1, 2), 1)],
    prescription: prescribed(free),
  });
  expect(open.status).toBe('reached');
  expect(open.prescriptionDose).toBeCloseTo(10, 9);
  const held = level();
  const capped = solve({
    operator,
    objectives: [squaredDeviation('target', rowsOf(0, 1), held, 100)],
    prescription: prescribed(held),
    constraints: [maximumDose('cord', rowsOf(2), 4)],
  });
  expect(capped.status).toBe('prescription-missed');
  expect(capped.dose[2]!).toBeLessThanOrEqual(4);
  expect(capped.prescriptionDose).toBeLessThan(10);
  expect(capped.certificate.gap!).toBeLessThanOrEqual(0.01);
});

test('target voxels outside all beams are listed; a target outside altogether is refused', () => {
  const operator = dense([
    [1, 0.5],
    [0.5, 1],
    [0.001, 0.002],
  ]);
  const level = { value: 10 };
  const target = rowsOf(0, 1, 2);
  const objectives = [squaredDeviation('target', target, level, 1)];
  const solution = solve({ operator, objectives, prescription: { ...target, fraction: 0.5, dose: 10, level } });
  expect([...solution.uncovered]).toEqual([2]);
  expect(() => solve({ operator, objectives, prescription: { ...rowsOf(2), fraction: 0.5, dose: 10, level } })).toThrow(
    "none of the prescription's 1 voxels lies in a beam",
  );
});

test('a warm start takes fewer steps and ends within the same gap; two runs are equal to the last bit', () => {
  const operator = dense(randomMatrix(60, 30, 61));
  const problem = (cap: number) => ({
    operator,
    objectives: [squaredDeviation('target', rowsOf(...Array.from({ length: 20 }, (_, i) => i)), { value: 10 }, 10)],
    limits: [maximumDose('organ', rowsOf(...Array.from({ length: 30 }, (_, i) => 30 + i)), cap)],
  });
  const count = (start?: Float64Array): { steps: number; solution: Solution } => {
    let steps = 0;
    const solution = solve(problem(9), {
      ...(start ? { start } : {}),
      gap: 1e-3,
      onProgress: ({ step }) => (steps = step),
    });
    return { steps, solution };
  };
  const cold = count();
  const warm = count(solve(problem(9.1), { gap: 1e-3 }).weights);
  expect(warm.solution.certificate.gap!).toBeLessThanOrEqual(1e-3);
  expect(warm.steps).toBeLessThanOrEqual(cold.steps);
  expect(count().solution.weights).toEqual(cold.solution.weights);
});

test('the price of a cap is the slope of the best objective, and bounds what a whole Gy buys', () => {
  const operator = dense(randomMatrix(24, 10, 81));
  const target = rowsOf(0, 1, 2, 3, 4, 5, 6, 7);
  const at = (cap: number, gap = 1e-11): Solution =>
    solve(
      {
        operator,
        objectives: [squaredDeviation('target', target, { value: 10 }, 10), meanDose('organ', rowsOf(8, 9, 10, 11), 1)],
        constraints: [maximumDose('cord', rowsOf(12, 13, 14, 15), cap)],
      },
      { gap },
    );
  const step = 0.02;
  const [low, middle, high] = [at(7 - step), at(7, 1e-3), at(7 + step)];
  const slope = (low.certificate.value - high.certificate.value) / (2 * step);
  const { price } = middle.certificate.prices[0]!;
  expect(price).toBeCloseTo(slope, 1);
  const bought = middle.certificate.value - at(8).certificate.value;
  expect(bought).toBeGreaterThan(0);
  expect(bought).toBeLessThanOrEqual(price + 1e-3 * middle.certificate.value);
});

test('it stops when asked, with a plan that keeps the limits', () => {
  const signal = { aborted: false };
  const solution = solve(
    {
      operator: dense(randomMatrix(20, 10, 71)),
      objectives: [squaredDeviation('target', rowsOf(0, 1, 2), { value: 10 }, 10)],
      constraints: [maximumDose('organ', rowsOf(5, 6), 5)],
    },
    {
      gap: 1e-9,
      signal,
      onProgress: ({ step }) => {
        signal.aborted = step === 2;
      },
    },
  );
  expect(solution.status).toBe('stopped');
  expect(solution.certificate.violation!.amount).toBeLessThanOrEqual(0);
});

test('voxels of several structures go to the first priority, and it is said', () => {
  const structures = [
    { name: 'PTV', set: rowsOf(0, 1, 2, 3), priority: 2 },
    { name: 'cord', set: rowsOf(3, 4), priority: 1 },
    { name: 'boost', set: rowsOf(0), priority: 2 },
  ];
  const { sets, taken } = resolveOverlap(structures, 'priority');
  expect(sets.map(({ rows }) => [...rows])).toEqual([[0, 1, 2], [3, 4], [0]]);
  expect(taken).toEqual([{ from: 'PTV', by: 'cord', voxels: 1 }]);
  expect(resolveOverlap(structures, 'all').sets[0]).toBe(structures[0]!.set);
});

test('malformed problems are refused', () => {
  const operator = dense([[1]]);
  const objective = squaredDeviation('target', rowsOf(0), { value: 1 }, 1);
  expect(() => solve({ operator, objectives: [] })).toThrow('there is no objective');
  const none = { rows: 1, columns: 0, apply: operator.apply, applyTranspose: operator.applyTranspose };
  expect(() => solve({ operator: none, objectives: [objective] })).toThrow('no beamlet or field');
  expect(() => solve({ operator: dense([[0]]), objectives: [objective] })).toThrow('give no dose to any voxel');
  expect(() => solve({ operator, objectives: [objective], constraints: [maximumDose('cord', rowsOf(4), 1)] })).toThrow(
    'row 4, but the operator has 1 rows',
  );
  expect(() => maximumDose('cord', rowsOf(0), Number.NaN)).toThrow('is NaN');
  expect(() =>
    solve({
      operator,
      objectives: [objective],
      constraints: [minimumDose('target', rowsOf(0), 5), maximumDose('cord', rowsOf(0), 4)],
    }),
  ).toThrow('limits "target" and "cord" contradict each other: voxel 0 must get at least 5 and at most 4 Gy');
  const random = createRandom(1);
  expect(() => solve({ operator, objectives: [objective] }, { start: Float64Array.of(-random.uniform()) })).toThrow(
    'starting weights',
  );
});

describe('what is no problem, and columns that are no part of it', () => {
  const matrix = randomMatrix(12, 6, 91).map((row) => row.map((a, j) => (j === 2 ? 0 : a + 0.05)));
  const target = rowsOf(0, 1, 2, 3, 4);
  const outside = rowsOf(0, 12);
  const level = { value: 10 };

  test.each([
    ['deviation', squaredDeviation('odd', outside, level, 1)],
    ['underdose', squaredUnderdose('odd', outside, level, 0.97, 1)],
    ['overdose', squaredOverdose('odd', outside, 5, 1)],
    ['mean', meanDose('odd', outside, 1)],
    ['gEUD', squaredGeud('odd', outside, level, { a: 4, side: 'above' }, 1)],
    ['maximum', smoothMaximum('odd', outside, 1, 1)],
    ['dose-volume', maximumDvh('odd', outside, 5, 0.3, 1)],
    ['worst case', worstCase('odd', [[meanDose('a', target, 1)], [meanDose('b', outside, 1)]])],
  ])('an objective on rows that there are not: %s', (_, odd) => {
    const objectives = [squaredDeviation('target', target, level, 10), odd];
    expect(() => solve({ operator: dense(matrix), objectives })).toThrow(
      /objective "odd" names row 12, but the operator has 12 rows/,
    );
  });

  test('a row below zero, an objective of its own without a value, a level that is none', () => {
    const of =
      (...more: Objective[]) =>
      () =>
        solve({ operator: dense(matrix), objectives: more });
    expect(of(meanDose('odd', { rows: Int32Array.of(-1), volumes: Float64Array.of(1) }, 1))).toThrow(/names row -1/);
    const { rows: _, ...silent } = meanDose('own', outside, 1);
    expect(of(silent)).toThrow(/objective "own" is NaN for a dose of 1 Gy/);
    expect(of(squaredDeviation('own', target, { value: Number.NaN }, 1))).toThrow(/objective "own" is NaN/);
  });

  test('a beamlet that reaches nothing, or no row that is asked for, gets nothing; the others what they get without it', () => {
    const limits = [maximumDose('organ', rowsOf(8, 9), 4)];
    const objectives = [squaredDeviation('target', target, level, 10), meanDose('organ', rowsOf(8, 9, 10), 0.5)];
    const all = solve({ operator: dense(matrix), objectives, constraints: limits }, { gap: 1e-8 });
    expect(all.weights[2]).toBe(0);
    const without = matrix.map((row) => row.filter((_, j) => j !== 2));
    const few = solve({ operator: dense(without), objectives, constraints: limits }, { gap: 1e-8 });
    const kept = [...all.weights].filter((_, j) => j !== 2);
    kept.forEach((w, j) => {
      expect(w).toBeCloseTo(few.weights[j]!, 4);
    });
    // Of row 11 nothing is asked.
    const aside = matrix.map((row, i) => row.map((a, j) => (j === 2 ? Number(i === 11) : a)));
    const solution = solve({ operator: dense(aside), objectives, constraints: limits });
    expect(solution.weights[2]).toBe(0);
    expect(solution.dose[11]).toBeCloseTo(
      aside[11]!.reduce((sum, a, j) => sum + a * solution.weights[j]!, 0),
      9,
    );
  });
});

/** Freezes all that can be: what is in a typed array is compared instead. */
function deepFrozen<T>(value: T, seen = new Set<unknown>()): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return value;
  seen.add(value);
  for (const own of Object.values(value)) deepFrozen(own, seen);
  return Object.freeze(value);
}

test("a problem is left as it was, be it frozen: the level that moves is the solver's own", () => {
  const make = () => {
    const operator = dense(randomMatrix(40, 12, 77));
    const level = { value: 10 };
    const target = rowsOf(...Array.from({ length: 15 }, (_, i) => i));
    const organ = rowsOf(20, 21, 22, 23);
    const asked = [squaredDeviation('target', target, level, 50), squaredUnderdose('target', target, level, 0.97, 50)];
    return {
      operator,
      objectives: [
        worstCase('target', [asked, [squaredGeud('target', target, level, { a: -4, side: 'below' }, 60)]], 0.5),
        squaredDeviation('other level', organ, { value: 3 }, 0.1),
        meanDose('all', rowsOf(...Array.from({ length: 40 }, (_, i) => i)), 1),
      ],
      limits: [maximumDose('organ', organ, 6)],
      prescription: { ...target, fraction: 0.95, dose: 10, level },
    };
  };
  const [plain, frozen] = [make(), deepFrozen(make())];
  const before = frozen.objectives.map((o) => o.describe());
  const [one, other] = [solve(plain), solve(frozen)];
  // D95 is prescribed, so that the mean has to lie above: the level moved, and each objective that follows it with it.
  expect(other.level!).toBeGreaterThan(10.1);
  expect(other.certificate.objective).toContain(`(d - ${Number(other.level!.toPrecision(6))})^2`);
  expect(other.certificate.objective).toContain('(d - 3)^2');
  expect(frozen.prescription.level.value).toBe(10);
  expect(frozen.objectives.map((o) => o.describe())).toEqual(before);
  expect(other).toEqual(one);
  expect([...frozen.prescription.rows]).toEqual([...make().prescription.rows]);
  // Solved again, the same again: nothing of the first run is left in it.
  expect(solve(frozen)).toEqual(one);
});
