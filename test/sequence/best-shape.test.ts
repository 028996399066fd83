import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { bestShape, type ShapeRules } from '../../src/sequence/best-shape.js';
import { interdigitates } from '../../src/sequence/segment.js';

const pricesOf = (seed: number, count: number): Float64Array => {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, () => random.normal());
};

/** The best of all shapes, one by one. */
function bestOfAll(prices: Float64Array, rows: number, { interleaf = false, least = 1 }: ShapeRules): number {
  const columns = prices.length / rows;
  const pairs: [number, number][] = [];
  for (let l = 0; l <= columns; l++)
    for (let r = l; r <= columns; r++) if (r === l || r - l >= least) pairs.push([l, r]);
  let best = 0;
  const visit = (ends: [number, number][], value: number): void => {
    if (ends.length === rows) {
      const shape = { left: ends.map(([l]) => l), right: ends.map(([, r]) => r) };
      if (!interleaf || !interdigitates(shape)) best = Math.max(best, value);
      return;
    }
    for (const [l, r] of pairs) {
      const own = prices.subarray(ends.length * columns + l, ends.length * columns + r);
      visit(
        [...ends, [l, r]],
        own.reduce((a, b) => a + b, value),
      );
    }
  };
  visit([], 0);
  return best;
}

const collected = (prices: Float64Array, { left, right }: { left: Int32Array; right: Int32Array }): number => {
  const columns = prices.length / left.length;
  return left.reduce(
    (sum, l, i) => prices.subarray(i * columns + l, i * columns + right[i]!).reduce((a, b) => a + b, sum),
    0,
  );
};

describe.each([1, 2, 3, 4, 5, 6])('random prices %i', (seed) => {
  const prices = pricesOf(seed, 16);

  test.each([[{}], [{ interleaf: true }], [{ least: 2 }], [{ interleaf: true, least: 2 }]] as [ShapeRules][])(
    '%o: the best of all shapes',
    (rules: ShapeRules) => {
      const shape = bestShape(prices, 4, rules);
      expect(shape.value).toBeCloseTo(bestOfAll(prices, 4, rules), 10);
      expect(collected(prices, shape)).toBeCloseTo(shape.value, 10);
      if (rules.interleaf) expect(interdigitates(shape)).toBe(false);
      shape.left.forEach((l, i) => {
        const width = shape.right[i]! - l;
        if (width !== 0) expect(width).toBeGreaterThanOrEqual(rules.least ?? 1);
      });
    },
  );

  test('a rule never raises the value; mirror images of the prices have the same; scaled prices as much more', () => {
    const many = pricesOf(seed, 120);
    const free = bestShape(many, 10).value;
    const turned = many.slice().reverse();
    for (const rules of [{}, { interleaf: true }, { interleaf: true, least: 3 }] as ShapeRules[]) {
      const { value } = bestShape(many, 10, rules);
      expect(value).toBeLessThanOrEqual(free + 1e-12);
      expect(bestShape(turned, 10, rules).value).toBeCloseTo(value, 10);
      expect(
        bestShape(
          many.map((price) => 3 * price),
          10,
          rules,
        ).value,
      ).toBeCloseTo(3 * value, 10);
    }
  });
});

test('where nothing is worth opening, all pairs are closed', () => {
  for (const interleaf of [false, true]) {
    const { left, right, value } = bestShape(new Float64Array(12).fill(-1), 3, { interleaf });
    expect(value).toBe(0);
    expect([...left]).toEqual([...right]);
  }
});

test('prices that are no rows or not finite are refused', () => {
  expect(() => bestShape(new Float64Array(7), 2)).toThrow('7 prices are no 2 rows');
  expect(() => bestShape(Float64Array.of(1, NaN), 1)).toThrow('price 2 is NaN');
});
