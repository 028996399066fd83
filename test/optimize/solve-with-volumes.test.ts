/** Constraints on partial volumes: kept, and bracketed, against the mixed-integer optimum of HiGHS. */
import type { LegacyHighs } from 'highs';
import { beforeAll, expect, test } from 'vitest';
import {
  type Constraint,
  maximumDose,
  maximumHottest,
  minimumColdest,
  minimumMean,
} from '../../src/optimize/constraint.js';
import { meanDose } from '../../src/optimize/objective/mean-dose.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import { solveWithVolumes } from '../../src/optimize/solve-with-volumes.js';
import { solve } from '../../src/optimize/solver.js';
import { fractionBeyond, keepsVolume, maximumVolume, minimumVolume } from '../../src/optimize/volume-constraint.js';
import { dense, randomMatrix, rowsOf } from './problems.js';
import { loadHighs, meanRow, sum } from './programs.js';

let highs: LegacyHighs;
beforeAll(async () => {
  highs = await loadHighs();
});

const target = rowsOf(0, 1, 2, 3);
const organ = rowsOf(4, 5, 6, 7, 8, 9, 10, 11, 12, 13);

test.each([1, 2, 3, 4, 5, 6, 7, 8])('the mixed-integer optimum lies in the bracket (seed %i)', (seed) => {
  const A = randomMatrix(14, 8, 500 + seed);
  const operator = dense(A);
  const objectives = [meanDose('organ', organ, 1)];
  const constraints: Constraint[] = [minimumMean('target', target, 10), maximumDose('organ', organ, 30)];
  // Of the plan without it more than 30 % lie above this dose.
  const free = solve({ operator, objectives, constraints }, { gap: 1e-4 });
  const level = 0.9 * [...organ.rows].map((i) => free.dose[i]!).sort((a, b) => b - a)[3]!;
  const volume = maximumVolume('V', organ, level, 0.3);
  const result = solveWithVolumes({ operator, objectives, constraints, volumes: [volume] }, { gap: 1e-4 });
  const hard = [
    ` t: ${sum(meanRow(A, target.rows))} >= 10`,
    ...[...organ.rows].map((i) => ` o${i}: ${sum(A[i]!)} <= 30`),
  ];
  // b_i = 1 lets voxel i go up to 30 Gy; at most three of ten may.
  const mixed = [
    ...[...organ.rows].map((i) => ` v${i}: ${sum(A[i]!)} - ${30 - level} b${i} <= ${level}`),
    ` count: ${[...organ.rows].map((i) => `b${i}`).join(' + ')} <= 3`,
  ];
  const optimum = (rows: readonly string[], binaries: string): number => {
    const text = `Minimize\n obj: ${sum(meanRow(A, organ.rows))}\nSubject To\n${rows.join('\n')}\n${binaries}End`;
    const answer = highs.solve(text);
    expect(answer.Status).toBe('Optimal');
    return answer.ObjectiveValue;
  };
  const relaxed = optimum(hard, '');
  const best = optimum([...hard, ...mixed], `Binary\n ${[...organ.rows].map((i) => `b${i}`).join(' ')}\n`);
  expect(keepsVolume(volume, free.dose)).toBe(false);
  expect(result.lowerBound!).toBeLessThanOrEqual(relaxed + 1e-6);
  expect(result.lowerBound!).toBeGreaterThanOrEqual(relaxed * (1 - 2e-4));
  if (result.status === 'no-choice') {
    // Found for one of the eight: it says so, and does not pretend.
    expect(result.volumes[0]!.isKept).toBe(false);
    expect(seed).toBe(1);
    return;
  }
  expect(result.solution.objective).toBeGreaterThanOrEqual(best - 1e-6);
  expect(result.solution.objective).toBeLessThanOrEqual(1.02 * best);
  expect(result.volumes).toEqual([{ name: 'V', beyond: expect.any(Number), isKept: true, by: expect.any(String) }]);
  expect(fractionBeyond(volume, result.solution.dose)).toBeLessThanOrEqual(0.3);
  expect(result.solution.certificate.violation!.amount).toBeLessThanOrEqual(0);
  expect(result.solution.certificate.isConvex).toBe(false);
});

test('the coldest tail: the mean of the rest, and D_V is never below what it is held to', () => {
  const A = randomMatrix(14, 8, 600);
  const set = rowsOf(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  const aside = rowsOf(10, 11, 12, 13);
  const constraint = minimumColdest('cold', set, 0.25, 8);
  const dose = Float64Array.from({ length: 14 }, (_, i) => i + 1);
  const slope = new Float64Array(14);
  // The coldest 2.5 voxels of 1, 2, 3 Gy; from below is from above of what is negative.
  expect(constraint.evaluate(dose, slope)).toBeCloseTo(-(1 + 2 + 1.5) / 2.5, 12);
  expect([...slope.subarray(0, 4)].map((g) => Number(g.toFixed(12)))).toEqual([-0.4, -0.4, -0.2, 0]);
  const { solution, certificate } = ((solved) => ({ solution: solved, certificate: solved.certificate }))(
    solve({ operator: dense(A), objectives: [meanDose('aside', aside, 1)], constraints: [constraint] }, { gap: 1e-3 }),
  );
  expect(certificate.violation!.amount).toBeLessThanOrEqual(0);
  // min aside under c - sum e_i / 2.5 >= 8 with e_i >= c - d_i.
  const rows = [
    ...[...set.rows].map((i) => ` e_${i}: ${sum(A[i]!)} - c + e${i} >= 0`),
    ` cold: c - ${[...set.rows].map((i) => `0.4 e${i}`).join(' - ')} >= 8`,
  ];
  const answer = highs.solve(
    `Minimize\n obj: ${sum(meanRow(A, aside.rows))}\nSubject To\n${rows.join('\n')}\nBounds\n c free\nEnd`,
  );
  expect(answer.Status).toBe('Optimal');
  expect(certificate.lowerBound!).toBeLessThanOrEqual(answer.ObjectiveValue + 1e-6);
  expect(certificate.value).toBeGreaterThanOrEqual(answer.ObjectiveValue - 1e-6);
  expect(certificate.gap!).toBeLessThanOrEqual(0.01);
  const sorted = [...set.rows].map((i) => solution.dose[i]!).sort((a, b) => a - b);
  expect(sorted[2]!).toBeGreaterThanOrEqual(8);
});

test('a minimum in most of a target; hot and cold tails imply the volumes', () => {
  const operator = dense(randomMatrix(14, 8, 601));
  const objectives = [squaredDeviation('target', target, { value: 10 }, 1), meanDose('organ', organ, 1)];
  const atLeast = minimumVolume('V9.5Gy', target, 9.5, 0.75);
  const free = solve({ operator, objectives });
  expect(keepsVolume(atLeast, free.dose)).toBe(false);
  const held = solveWithVolumes({ operator, objectives, volumes: [atLeast] });
  expect(held.volumes[0]).toMatchObject({ isKept: true });
  expect([...target.rows].filter((i) => held.solution.dose[i]! >= 9.5).length).toBeGreaterThanOrEqual(3);
  expect(held.solution.objective).toBeGreaterThanOrEqual(held.lowerBound!);
  expect(held.lowerBound!).toBeLessThanOrEqual(free.certificate.value);
  for (const [tail, volume] of [
    [minimumColdest('a', target, 0.25, 9.5), atLeast],
    [maximumHottest('b', organ, 0.3, 4), maximumVolume('b', organ, 4, 0.3)],
  ] as const) {
    expect(keepsVolume(volume, solve({ operator, objectives, constraints: [tail] }).dose)).toBe(true);
  }
});

test('what cannot be is said in a sentence', () => {
  expect(() => maximumVolume('V', organ, 20, 1.2)).toThrow('volume is 1.2');
  expect(() => minimumVolume('V', organ, 20, 0)).toThrow(
    'volume is 0, but must be a fraction more than 0 and at most 1',
  );
  expect(() => maximumVolume('V', organ, -1, 0.2)).toThrow('dose in Gy is -1');
  expect(() => maximumVolume('V', { rows: new Int32Array(0), volumes: new Float64Array(0) }, 1, 0.2)).toThrow(
    '0 voxels',
  );
  const operator = dense(randomMatrix(14, 8, 601));
  const objectives = [meanDose('organ', organ, 1)];
  const twice = [maximumVolume('V', organ, 20, 0.2), maximumVolume('V', organ, 10, 0.5)];
  expect(() => solveWithVolumes({ operator, objectives, volumes: twice })).toThrow('have one name');
});
