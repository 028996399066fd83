/** The smallest conflicting set: against what was built in, against every subset, and against HiGHS. */
import type { LegacyHighs } from 'highs';
import { beforeAll, expect, test } from 'vitest';
import { conflictOf } from '../../src/optimize/conflict.js';
import {
  type Constraint,
  maximumDose,
  maximumGeud,
  maximumHottest,
  maximumMean,
  minimumDose,
  minimumMean,
} from '../../src/optimize/constraint.js';
import { dense, randomMatrix, rowsOf } from './problems.js';
import { loadHighs, meanRow, sum } from './programs.js';

let highs: LegacyHighs;
beforeAll(async () => {
  highs = await loadHighs();
});

test('two that contradict each other among others that do not', () => {
  // d1 = d0 / 2: at least 10 and at most 3 cannot be; 4/3 Gy is the least violation.
  const operator = dense([
    [1, 0],
    [0.5, 0],
    [0, 1],
  ]);
  const constraints = [
    maximumDose('aside', rowsOf(2), 5),
    minimumDose('target', rowsOf(0), 10),
    maximumMean('target mean', rowsOf(0), 30),
    maximumDose('cord', rowsOf(1), 3),
  ];
  const conflict = conflictOf({ operator, constraints });
  expect(conflict.status).toBe('conflict');
  expect(conflict.constraints).toEqual(['target', 'cord']);
  expect(conflict.unproven).toEqual([]);
  expect(conflict.leastViolation!).toBeGreaterThan(1.32);
  expect(conflict.leastViolation!).toBeLessThanOrEqual(4 / 3);
});

test('a voxel that no beamlet reaches cannot have a minimum: one constraint conflicts with itself', () => {
  const operator = dense([
    [1, 1],
    [0, 0],
  ]);
  const constraints = [minimumDose('outside', rowsOf(1), 2), maximumDose('inside', rowsOf(0), 4)];
  expect(conflictOf({ operator, constraints })).toMatchObject({ status: 'conflict', constraints: ['outside'] });
});

test('bounds that contradict each other in a voxel are a conflict, not an error', () => {
  const constraints = [minimumDose('target', rowsOf(0), 5), maximumDose('cord', rowsOf(0), 4)];
  const conflict = conflictOf({ operator: dense([[1]]), constraints });
  expect(conflict).toMatchObject({ status: 'conflict', constraints: ['target', 'cord'] });
  expect(conflict.leastViolation!).toBeCloseTo(0.5, 2);
});

/** Constraints as rows of a linear program. */
interface Written {
  readonly constraint: Constraint;
  readonly rows: readonly string[];
}

function written(seed: number): { A: number[][]; all: Written[] } {
  const A = randomMatrix(24, 8, 300 + seed);
  const minimum = (name: string, at: number[], bound: number): Written => ({
    constraint: minimumDose(name, rowsOf(...at), bound),
    rows: at.map((i) => `${sum(A[i]!)} >= ${bound}`),
  });
  const maximum = (name: string, at: number[], bound: number): Written => ({
    constraint: maximumDose(name, rowsOf(...at), bound),
    rows: at.map((i) => `${sum(A[i]!)} <= ${bound}`),
  });
  return {
    A,
    all: [
      maximum('a', [0, 1, 2], 8),
      minimum('b', [3, 4, 5], 6),
      { constraint: maximumMean('c', rowsOf(6, 7, 8, 9), 2.5), rows: [`${sum(meanRow(A, [6, 7, 8, 9]))} <= 2.5`] },
      { constraint: minimumMean('d', rowsOf(10, 11, 12), 9), rows: [`${sum(meanRow(A, [10, 11, 12]))} >= 9`] },
      maximum('e', [13, 14, 15, 16], 9),
      minimum('f', [17, 18], 3),
      maximum('g', [19, 20, 21, 22, 23], 30),
    ],
  };
}

test.each([1, 2, 3, 4, 5, 6])(
  'HiGHS agrees: the set cannot be held, and can without any one of it (seed %i)',
  (seed) => {
    const { A, all } = written(seed);
    const isFeasible = (names: readonly string[]): boolean => {
      const rows = all.filter(({ constraint }) => names.includes(constraint.name)).flatMap((own) => own.rows);
      if (rows.length === 0) return true;
      const text = rows.map((row, i) => ` r${i}: ${row}`).join('\n');
      return highs.solve(`Minimize\n obj: ${sum(A[0]!)}\nSubject To\n${text}\nEnd`).Status === 'Optimal';
    };
    const constraints = all.map(({ constraint }) => constraint);
    const conflict = conflictOf({ operator: dense(A), constraints });
    const names = constraints.map(({ name }) => name);
    if (isFeasible(names)) {
      expect(conflict).toMatchObject({ status: 'none', constraints: [], leastViolation: null });
      return;
    }
    expect(conflict.status).toBe('conflict');
    expect(isFeasible(conflict.constraints)).toBe(false);
    for (const name of conflict.constraints) {
      expect(isFeasible(conflict.constraints.filter((other) => other !== name)), name).toBe(true);
    }
    // The same again, whatever the clock.
    expect(conflictOf({ operator: dense(A), constraints })).toEqual(conflict);
  },
);

test('convex constraints take part: what is proven with planes holds for them', () => {
  const operator = dense([
    [1, 0],
    [0, 1],
    [0.6, 0.2],
    [0.5, 0.5],
  ]);
  const target = minimumDose('target', rowsOf(0, 1), 10);
  const organ = rowsOf(2, 3);
  const aside = maximumMean('aside', organ, 20);
  // Both weights are at least 10, so the organ has at least 8 and 10 Gy.
  const tight = conflictOf({ operator, constraints: [aside, target, maximumHottest('hot', organ, 0.5, 9)] });
  expect(tight).toMatchObject({ status: 'conflict', constraints: ['target', 'hot'] });
  const geud = conflictOf({ operator, constraints: [aside, target, maximumGeud('geud', organ, 4, 8.5)] });
  expect(geud).toMatchObject({ status: 'conflict', constraints: ['target', 'geud'] });
  const wide = conflictOf({ operator, constraints: [aside, target, maximumHottest('hot', organ, 0.5, 11)] });
  expect(wide.status).toBe('none');
});

test('no time is an answer too, and bad input one sentence', () => {
  const { A, all } = written(1);
  const operator = dense(A);
  const constraints = all.map(({ constraint }) => constraint);
  expect(conflictOf({ operator, constraints }, { timeLimit: 0 }).status).toBe('undecided');
  expect(() => conflictOf({ operator, constraints }, { timeLimit: -1 })).toThrow('timeLimit is -1 s');
  expect(() => conflictOf({ operator, constraints: [] })).toThrow('there is no constraint');
  expect(() => conflictOf({ operator, constraints: [maximumDose('off', rowsOf(99), 1)] })).toThrow('names row 99');
});
