import { expect, test } from 'vitest';
import { directionOf, isPossible } from '../../src/optimize/direction.js';

const one = (value: number): Float64Array => Float64Array.of(value);
const at = { weights: one(1), slacks: one(1), reduced: one(1), multipliers: one(1) };
const none = { weights: one(0), slacks: one(0) };

test('a step of a factor that broke down, or from a slack that rounding has taken, is none', () => {
  expect(isPossible(directionOf(at, one(-0.5), one(0.5), 0.1, none))).toBe(true);
  expect(isPossible(directionOf(at, one(Number.NaN), one(0.5), 0.1, none))).toBe(false);
  // 0.99 s / 0 is no length, and makes NaN of the weights.
  expect(isPossible(directionOf({ ...at, slacks: one(-1e-18) }, one(0), one(0), 0.1, none))).toBe(false);
});
