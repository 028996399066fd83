/** What makes up for slopes below zero: a bound stays below every permitted plan, whatever the multipliers are. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { type Cut, lowerBound, restorationCost } from '../../src/optimize/lower-bound.js';

const COLUMNS = 6;

test.each([1, 2, 3, 4, 5])(
  'a limit with slopes nowhere below zero restores a bound, which no permitted plan is below (seed %i)',
  (seed) => {
    const random = createRandom(seed);
    const next = () => random.uniform();
    const slopes = Float64Array.from({ length: COLUMNS }, () => next() - 0.2);
    const limit: Cut = { slopes: Float64Array.from({ length: COLUMNS }, () => 0.1 + next()), bound: 5 };
    const tangent = { constant: 3, slopes };
    const bound = lowerBound(tangent, [limit], 100);
    expect(Number.isFinite(bound)).toBe(true);
    let least = Infinity;
    for (let trial = 0; trial < 2000; trial++) {
      // Plans with few weights come nearest to the bound.
      const w = Float64Array.from({ length: COLUMNS }, () => (next() < 0.7 ? 0 : next()));
      const used = w.reduce((sum, value, c) => sum + value * limit.slopes[c]!, 0);
      const scale = used > 0 ? 5 / used : 0;
      least = Math.min(least, 3 + w.reduce((sum, value, c) => sum + scale * value * slopes[c]!, 0));
    }
    expect(least).toBeGreaterThanOrEqual(bound - 1e-9);
    // And it is near the least: one weight alone, that with the largest fall per limit.
    expect(least - bound).toBeLessThan(1e-6 + 0.02 * Math.abs(bound));
  },
);

test('without slopes below zero nothing is paid; a limit that a falling slope does not meet restores nothing', () => {
  const limit: Cut = { slopes: Float64Array.of(1, 0), bound: 5 };
  expect(restorationCost(Float64Array.of(0, 2), [limit], 1)).toBe(0);
  expect(restorationCost(Float64Array.of(1, -1), [limit], 1)).toBe(Infinity);
  expect(restorationCost(Float64Array.of(-1, 0), [limit], 1)).toBeCloseTo(5, 9);
});
