import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { coverageOf, type LeafEnds, movedEnds } from '../../src/sequence/leaf-ends.js';
import { interdigitates } from '../../src/sequence/segment.js';

const columns = 9;

/** Ends of six pairs anywhere, none closer than a pixel. */
function randomEnds(seed: number): LeafEnds {
  const random = createRandom(seed);
  const left = Float64Array.from({ length: 6 }, () => 4 * random.uniform());
  return { left, right: left.map((l) => l + 1 + 3.5 * random.uniform()) };
}

const prices = (seed: number): Float64Array => {
  const random = createRandom(seed + 50);
  return Float64Array.from({ length: 6 * columns }, () => random.normal());
};
const collected = (ends: LeafEnds, of: Float64Array): number =>
  coverageOf(ends, columns).reduce((sum, open, at) => sum + open * of[at]!, 0);

describe.each([1, 2, 3, 4, 5])('random ends %i', (seed) => {
  const ends = randomEnds(seed);
  const worth = prices(seed);

  test('what is open of all pixels is the distance of the ends', () => {
    const open = coverageOf(ends, columns);
    ends.left.forEach((l, i) => {
      const sum = open.subarray(i * columns, (i + 1) * columns).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(ends.right[i]! - l, 12);
    });
    expect(open.every((part) => part >= 0 && part <= 1)).toBe(true);
  });

  test('the slope of what is collected along an end is the price of its pixel', () => {
    const step = 1e-6;
    for (let i = 0; i < 6; i++) {
      for (const side of ['left', 'right'] as const) {
        const at = (by: number): number =>
          collected({ ...ends, [side]: ends[side].map((end, n) => (n === i ? end + by : end)) }, worth);
        const slope = (at(step) - at(-step)) / (2 * step);
        const price = worth[i * columns + Math.floor(ends[side][i]!)]!;
        expect(slope / (side === 'left' ? -price : price)).toBeCloseTo(1, 4);
      }
    }
  });

  test('moved ends gain, stay within their pixels, and a mixture of both shapes is one shape in between', () => {
    const moved = movedEnds(ends, worth, columns)!;
    expect(collected(moved, worth)).toBeGreaterThan(collected(ends, worth));
    for (const part of [0.2, 0.7]) {
      const between: LeafEnds = {
        left: ends.left.map((l, i) => l + part * (moved.left[i]! - l)),
        right: ends.right.map((r, i) => r + part * (moved.right[i]! - r)),
      };
      const [from, to] = [coverageOf(ends, columns), coverageOf(moved, columns)];
      coverageOf(between, columns).forEach((open, at) => {
        expect(open).toBeCloseTo((1 - part) * from[at]! + part * to[at]!, 12);
      });
    }
  });

  test('rules hold after a move: least opening, and no overlap with the ends beside', () => {
    const wide = movedEnds(ends, worth, columns, { least: 1 })!;
    expect(Math.min(...wide.right.map((r, i) => r - wide.left[i]!))).toBeGreaterThanOrEqual(1 - 1e-9);
    const apart: LeafEnds = { left: ends.left.map((l) => l / 4), right: ends.right.map((r) => 1.2 + r / 2) };
    expect(interdigitates(apart)).toBe(false);
    const coupled = movedEnds(apart, worth, columns, { interleaf: true, least: 0.1 })!;
    expect(interdigitates(coupled)).toBe(false);
  });
});

test('where nothing gains nothing moves, and closed pairs stay closed', () => {
  const ends: LeafEnds = { left: Float64Array.of(2, 3), right: Float64Array.of(5, 3) };
  const open = new Float64Array(2 * columns).fill(-1);
  open.fill(1, 2, 5);
  expect(movedEnds(ends, open, columns)).toBeUndefined();
});
