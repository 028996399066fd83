import { describe, expect, test } from 'vitest';
import { evenPixels, type PixelFluence, sumOfFluences } from '../../src/beam/pixel-fluence.js';
import { createRandom } from '../../src/core/random.js';

function randomFluence(seed: number): PixelFluence {
  const random = createRandom(seed);
  const edges = (): Float64Array => {
    let at = -20 * random.uniform();
    return Float64Array.from({ length: 5 }, () => {
      at += 0.3 + 7 * random.uniform();
      return at;
    });
  };
  return { grid: { x: edges(), y: edges() }, weights: Float64Array.from({ length: 16 }, () => random.uniform()) };
}

const integral = ({ grid: { x, y }, weights }: PixelFluence): number =>
  weights.reduce((sum, w, c) => {
    const [i, j] = [c % (x.length - 1), Math.floor(c / (x.length - 1))];
    return sum + w * (x[i + 1]! - x[i]!) * (y[j + 1]! - y[j]!);
  }, 0);

function at({ grid: { x, y }, weights }: PixelFluence, u: number, v: number): number {
  const i = x.findLastIndex((edge) => edge <= u);
  const j = y.findLastIndex((edge) => edge <= v);
  return i < 0 || j < 0 || i >= x.length - 1 || j >= y.length - 1 ? 0 : weights[i + (x.length - 1) * j]!;
}

describe.each([1, 2, 3])('random fluences %i', (seed) => {
  const parts = [0, 1, 2].map((n) => ({ ...randomFluence(10 * seed + n), units: 1 + n }));

  test('the sum is the sum at every point, in any order', () => {
    const [sum, turned] = [sumOfFluences(parts), sumOfFluences([...parts].reverse())];
    const random = createRandom(seed);
    for (let n = 0; n < 200; n++) {
      const [u, v] = [60 * random.uniform() - 25, 60 * random.uniform() - 25];
      const expected = parts.reduce((total, part) => total + part.units * at(part, u, v), 0);
      expect(at(sum, u, v)).toBeCloseTo(expected, 12);
      expect(at(turned, u, v)).toBeCloseTo(expected, 12);
    }
  });

  test('even pixels keep the integral, and a fluence that has them already', () => {
    for (const size of [0.5, 1, 3]) {
      const even = evenPixels(parts[0]!, size);
      expect(integral(even)).toBeCloseTo(integral(parts[0]!), 9);
      expect(even.grid.x[1]! - even.grid.x[0]!).toBeCloseTo(size, 12);
      const again = evenPixels(even, size);
      expect(again.weights).toEqual(even.weights);
    }
  });
});
