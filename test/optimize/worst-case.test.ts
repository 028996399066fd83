/** The smooth worst case: below the worst scenario, above it less T log S, and its proven bound holds for the minimax. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { maximumDvh } from '../../src/optimize/objective/dose-volume.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import { worstCase } from '../../src/optimize/objective/worst-case.js';
import { solve } from '../../src/optimize/solver.js';
import { dense, randomMatrix, rowsOf } from './problems.js';

const scenarios = [rowsOf(0, 1, 2), rowsOf(3, 4, 5), rowsOf(6, 7, 8)].map((set, s) => [
  squaredDeviation('target', set, { value: 10 + s }, 2),
]);
const valuesAt = (dose: Float64Array): number[] =>
  scenarios.map(([o]) => o!.evaluate(dose, new Float64Array(dose.length)));

test('between the worst scenario and T log S below it, the mean where T is infinite (seed 9)', () => {
  const random = createRandom(9);
  for (const temperature of [0.1, 3, 100]) {
    const dose = Float64Array.from({ length: 9 }, () => 10 + 3 * random.normal());
    const most = Math.max(...valuesAt(dose));
    const value = worstCase('target', scenarios, temperature).evaluate(dose, new Float64Array(9));
    expect(value).toBeLessThanOrEqual(most);
    expect(value).toBeGreaterThanOrEqual(most - temperature * Math.log(3));
    const mean = worstCase('target', scenarios).evaluate(dose, new Float64Array(9));
    expect(mean).toBeCloseTo(valuesAt(dose).reduce((a, b) => a + b, 0) / 3, 12);
    expect(value).toBeGreaterThan(mean);
  }
});

test.each([1, 2, 3])(
  'minimax of two weights: the bound lies below the best, the plan within T log S above (seed %i)',
  (seed) => {
    const operator = dense(randomMatrix(9, 2, seed));
    // The best of a search: in steps of 0.3, then of 0.004 around it.
    let best = { value: Infinity, at: [0, 0] as [number, number] };
    const search = ([x, y]: [number, number], step: number): void => {
      for (let i = -100; i <= 100; i++) {
        for (let j = -100; j <= 100; j++) {
          const w = Float64Array.of(Math.max(0, x + i * step), Math.max(0, y + j * step));
          const value = Math.max(...valuesAt(operator.apply(w, new Float64Array(9))));
          if (value < best.value) best = { value, at: [w[0]!, w[1]!] };
        }
      }
    };
    search([0, 0], 0.3);
    search(best.at, 0.004);
    const temperature = (0.02 * best.value) / Math.log(3);
    const { certificate, dose } = solve(
      { operator, objectives: [worstCase('target', scenarios, temperature)] },
      { gap: 1e-4 },
    );
    expect(certificate.gap!).toBeLessThan(1e-4);
    expect(certificate.lowerBound!).toBeLessThanOrEqual(best.value);
    const worst = Math.max(...valuesAt(dose));
    expect(worst).toBeGreaterThan(best.value * (1 - 1e-3));
    expect(worst).toBeLessThan(best.value * (1 + 0.02 + 1e-4));
  },
);

test('what makes no sense is refused', () => {
  expect(() => worstCase('target', [])).toThrow('there is none');
  expect(() => worstCase('target', [scenarios[0]!, []])).toThrow('a scenario has no objective');
  expect(() => worstCase('target', scenarios, 0)).toThrow('the temperature is 0, but must be > 0');
  expect(() => worstCase('target', scenarios, Number.NaN)).toThrow('the temperature is NaN');
  expect(() => worstCase('target', [[maximumDvh('PTV', rowsOf(0, 1), 1, 0.5, 1)]])).toThrow('"PTV" is not convex');
});
