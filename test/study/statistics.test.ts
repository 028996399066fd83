/** Medians, intervals, the signed-rank test and its correction: against SciPy (make-signed-rank.py), by hand, and by laws. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  difference,
  fencesOf,
  holm,
  LEAST_P,
  medianInterval,
  quartilesOf,
  signedRankP,
} from '../../src/study/statistics.js';

const many = Array.from({ length: 60 }, (_, i) => ((i * 37) % 41) - 15 + 0.01 * i);

// SciPy 1.10.1 by make-signed-rank.py.
test.each([
  ['plain', [1.2, -0.4, 2.2, 3.1, 0.7, -1.1, 1.9, 2.5], 0.0546875, [-1.1, 3.1]],
  ['ties', [1, 1, -1, 2, 2, -3, 4, 4, 5, 1], 0.072204072286, [-1, 4]],
  ['zeros and ties', [0, 0, 1.5, -2, 3, 3, 0, 4, -1, 2.5, 6], 0.0583979067493, [-1, 4]],
  ['zeros', [0, 0, 1.5, -2, 3, 0, 4, -1, 2.5, 6], 0.10831938073, [-1, 4]],
  ['one side', [1, 2, 3, 4, 5, 6], 0.03125, [1, 6]],
  ['more than fifty', many, 0.00222265476117, [-0.42, 11.14]],
  ['even', [-3, -2, -1, 1.5, 2.5, 3.5], 0.84375, [-3, 3.5]],
] as const)('%s: p and interval as SciPy has them', (_, differences, p, interval) => {
  expect(signedRankP(differences)).toBeCloseTo(p, 11);
  const [low, high] = medianInterval(differences)!;
  expect([low, high]).toEqual([expect.closeTo(interval[0], 9), expect.closeTo(interval[1], 9)]);
});

test('quartiles as NumPy has them, fences by hand', () => {
  const { least, lower, median, upper, largest } = quartilesOf([1.2, -0.4, 2.2, 3.1, 0.7, -1.1, 1.9, 2.5]);
  expect([least, lower, median, upper, largest]).toEqual(
    [-1.1, 0.425, 1.55, 2.275, 3.1].map((v) => expect.closeTo(v, 12)),
  );
  expect(quartilesOf([7])).toEqual({ least: 7, lower: 7, median: 7, upper: 7, largest: 7 });
  expect(fencesOf({ lower: 2, upper: 4 })).toEqual([-1, 7]);
});

test('few values: no interval below six, no p where fewer than two differ', () => {
  expect(medianInterval([1, 2, 3, 4, 5])).toBeUndefined();
  expect(medianInterval([])).toBeUndefined();
  expect(medianInterval([6, 1, 5, 2, 4, 3])).toEqual([1, 6]);
  expect([signedRankP([]), signedRankP([0, 0, 0]), signedRankP([0, 3])]).toEqual([undefined, undefined, undefined]);
  // 1000 of one sign: the normal distribution has no such number.
  expect(signedRankP(Array.from({ length: 1000 }, (_, i) => 1 + i))).toBe(LEAST_P);
});

test('the interval covers the median at least as often as it says, of thousands of values too', () => {
  // Both ends leave out k of n: 2 P(B <= k) <= 5 % < 2 P(B <= k + 1), P summed the long way.
  for (const n of [6, 17, 40, 101]) {
    const [low] = medianInterval(Array.from({ length: n }, (_, i) => i))!;
    const below = (k: number): number => {
      let [term, sum] = [2 ** -n, 0];
      for (let i = 0; i <= k; i++) {
        sum += term;
        term *= (n - i) / (i + 1);
      }
      return sum;
    };
    expect(2 * below(low)).toBeLessThanOrEqual(0.05);
    expect(2 * below(low + 1)).toBeGreaterThan(0.05);
  }
  // Of many by the normal distribution: half of n less 1.96 half roots.
  const [low, high] = medianInterval(Array.from({ length: 10_000 }, (_, i) => i))!;
  expect(Math.abs(low - (5000 - 0.98 * 100))).toBeLessThan(2);
  expect(low + high).toBe(9999);
});

test('Holm by hand; it never lowers a p, keeps their order, and one alone is itself', () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02].map((p) => expect.closeTo(p, 12)));
  expect(holm([0.3])).toEqual([0.3]);
  expect(holm([])).toEqual([]);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }), (p) => {
      const corrected = holm(p);
      expect(corrected.every((own, i) => own >= p[i]! && own <= 1)).toBe(true);
      const order = p.map((_, i) => i).sort((a, b) => p[a]! - p[b]!);
      order.slice(1).forEach((i, o) => {
        expect(corrected[i]!).toBeGreaterThanOrEqual(corrected[order[o]!]!);
      });
    }),
    { seed: 21, numRuns: 100 },
  );
});

test('p: the same for mirrored differences, in any order and in any unit', () => {
  const values = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 2, maxLength: 30 });
  fc.assert(
    fc.property(values, (differences) => {
      const p = signedRankP(differences);
      fc.pre(p !== undefined);
      const same = [differences.map((d) => -d), differences.toReversed(), differences.map((d) => d * 8)];
      for (const other of same) expect(signedRankP(other)).toBeCloseTo(p!, 12);
    }),
    { seed: 21, numRuns: 200 },
  );
});

test('differences are those of decimals', () => {
  expect(difference(0.3, 0.1)).toBe(0.2);
  expect(difference(40.1, 40)).toBe(difference(30.1, 30));
});
