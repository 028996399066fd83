import { describe, expect, test } from 'vitest';
import { evenPixels, type PixelFluence } from '../../src/beam/pixel-fluence.js';
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

describe.each([1, 2, 3])('random fluence %i', (seed) => {
  const fluence = randomFluence(seed);

  test('even pixels keep the integral, and a fluence that has them already', () => {
    for (const size of [0.5, 1, 3]) {
      const even = evenPixels(fluence, size);
      expect(integral(even)).toBeCloseTo(integral(fluence), 9);
      expect(even.grid.x[1]! - even.grid.x[0]!).toBeCloseTo(size, 12);
      const again = evenPixels(even, size);
      expect(again.weights).toEqual(even.weights);
    }
  });
});
