/** Leaf ends follow prices: outwards where it gains, inwards where it costs, and never into each other. */
import { expect, test } from 'vitest';
import { uniformFluenceGrid } from '../../../src/beam/fluence.js';
import { within } from '../../../src/plan/delivery/arc-fields.js';
import { pricedEnds } from '../../../src/plan/delivery/priced-ends.js';

const bank = { boundaries: [-10, -5, 0, 5, 10] };
const grid = uniformFluenceGrid(-20, -10, 5, 8, 4);
const beamlets = { grid, pixels: Int32Array.from({ length: 32 }, (_, n) => n) };
const jaws = { x1: -20, x2: 20, y1: -10, y2: 10 };
const rules = { bank, jaws, move: 5, gap: 0.5, interleaf: false };
const leaves = Array.from({ length: 4 }, (): [number, number] => [-7.5, 7.5]);

test('everything gains: all open as far as they may; everything costs: all close as far', () => {
  const gain = pricedEnds(leaves, { beamlets, prices: new Float64Array(32).fill(1) }, rules);
  expect(gain).toEqual(leaves.map(() => [-12.5, 12.5]));
  const cost = pricedEnds(leaves, { beamlets, prices: new Float64Array(32).fill(-1) }, rules);
  expect(cost).toEqual(leaves.map(() => [-2.5, 2.5]));
});

test('the mirrored prices move the mirrored ends', () => {
  const prices = Float64Array.from({ length: 32 }, (_, n) => Math.sin(3 * n) + 0.1);
  const mirrored = prices.map((_, n) => prices[8 * Math.floor(n / 8) + 7 - (n % 8)]!);
  const ends = pricedEnds(leaves, { beamlets, prices }, { ...rules, move: 3 });
  const other = pricedEnds(leaves, { beamlets, prices: mirrored }, { ...rules, move: 3 });
  ends.forEach(([x1, x2], n) => {
    expect(other[n]![0]).toBeCloseTo(-x2, 9);
    expect(other[n]![1]).toBeCloseTo(-x1, 9);
  });
});

test('the sum of prices that is open never falls, gap and neighbours are kept, jaws are not crossed', () => {
  for (const seed of [1, 2, 3, 4]) {
    const prices = Float64Array.from({ length: 32 }, (_, n) => Math.sin(seed * 7 * n + seed));
    const sumOf = (ends: readonly (readonly [number, number])[]): number =>
      ends.reduce((sum, [x1, x2], i) => {
        const open = (j: number): number => Math.max(0, Math.min(x2, 5 * j - 15) - Math.max(x1, 5 * j - 20));
        return sum + Array.from({ length: 8 }, (_, j) => open(j) * prices[8 * i + j]!).reduce((a, b) => a + b, 0);
      }, 0);
    const ends = pricedEnds(leaves, { beamlets, prices }, { ...rules, interleaf: true, move: 7 });
    expect(sumOf(ends)).toBeGreaterThanOrEqual(sumOf(leaves) - 1e-9);
    ends.forEach(([x1, x2], n) => {
      expect(x2 - x1).toBeGreaterThanOrEqual(0.5 - 1e-9);
      expect(x1).toBeGreaterThanOrEqual(-20);
      expect(x2).toBeLessThanOrEqual(20);
      if (n > 0) expect(Math.max(x1 - ends[n - 1]![1], ends[n - 1]![0] - x2)).toBeLessThanOrEqual(1e-9);
    });
  }
});

test('what travels too far is held back, and keeps its gap', () => {
  const far: [number, number][] = [
    [-30, -29],
    [10, 30],
  ];
  const held = within(far, leaves.slice(0, 2), 6);
  expect(held).toEqual([
    [-13.5, 1.5],
    [-1.5, 13.5],
  ]);
});
