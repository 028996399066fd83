import { describe, expect, test } from 'vitest';
import { apertureFluence } from '../../src/beam/collimated-fluence.js';
import type { PixelFluence } from '../../src/beam/pixel-fluence.js';
import { createRandom } from '../../src/core/random.js';
import { createLeafBank } from '../../src/machine/mlc.js';
import { fewSegments } from '../../src/sequence/few-segments.js';
import { apertureOfSegment, leafRowsOf, leveledRows } from '../../src/sequence/leaf-rows.js';
import { interdigitates } from '../../src/sequence/segment.js';
import { leastSweep, sweepSegments } from '../../src/sequence/sweep.js';

const bank = createLeafBank([-20, -15, -10, -5, 0, 5, 10, 15, 20], { name: 'eight pairs', reach: 60 });

/** Random fluence on pixels of 5 mm, 30 x 20 mm from (-15, -10). */
function randomFluence(seed: number): PixelFluence {
  const random = createRandom(seed);
  const x = Float64Array.from({ length: 7 }, (_, i) => 5 * i - 15);
  const y = Float64Array.from({ length: 5 }, (_, j) => 5 * j - 10);
  return { grid: { x, y }, weights: Float64Array.from({ length: 24 }, () => 40 * random.uniform()) };
}

/** Value of a fluence at a point of the plane, MU. */
function at({ grid: { x, y }, weights }: PixelFluence, u: number, v: number): number {
  const i = x.findLastIndex((edge) => edge <= u);
  const j = y.findLastIndex((edge) => edge <= v);
  return i < 0 || j < 0 || i >= x.length - 1 || j >= y.length - 1 ? 0 : weights[i + (x.length - 1) * j]!;
}

describe.each([1, 2, 3])('random fluence %i', (seed) => {
  const fluence = randomFluence(seed);
  const rows = leafRowsOf(fluence, bank);

  test('pairs as high as the pixels take over the fluence as it is', () => {
    expect(rows.first).toBe(2);
    expect(rows.rows).toHaveLength(4);
    expect(rows.rows.flatMap((row) => [...row])).toEqual([...fluence.weights]);
  });

  test('wide pairs keep the integral over the plane', () => {
    const wide = createLeafBank([-23, -16, -9, -2, 5, 12], { name: 'wide', reach: 60 });
    const total = leafRowsOf(fluence, wide).rows.reduce((sum, row) => sum + 7 * row.reduce((a, b) => a + b, 0), 0);
    expect(total).toBeCloseTo(5 * fluence.weights.reduce((a, b) => a + b, 0), 8);
  });

  test('a smaller error takes no fewer levels, and the stated error is kept', () => {
    let before = 0;
    for (const error of [0.1, 0.05, 0.02, 0.01]) {
      const leveled = leveledRows(rows, error);
      expect(leveled.error).toBeLessThanOrEqual(error);
      const highest = leveled.map.intensities.reduce((a, b) => Math.max(a, b));
      expect(highest).toBeGreaterThanOrEqual(before);
      before = highest;
    }
  });

  test('the apertures of all segments add up to the rounded fluence, and no pair collides where none may', () => {
    const { map, unit } = leveledRows(rows, 0.05);
    for (const segments of [fewSegments(map), sweepSegments(leastSweep(map, true))]) {
      const fluences = segments.map((segment) => ({
        open: apertureFluence(apertureOfSegment(segment, rows)),
        units: unit * segment.weight,
      }));
      for (let i = 0; i < 24; i++) {
        const [u, v] = [5 * (i % 6) - 12.5, 5 * Math.floor(i / 6) - 7.5];
        const sum = fluences.reduce((total, { open, units }) => total + units * at(open, u, v), 0);
        expect(sum).toBeCloseTo(unit * map.intensities[i]!, 9);
      }
    }
    for (const segment of sweepSegments(leastSweep(map, true))) {
      const { leaves } = apertureOfSegment(segment, rows);
      const ends = { left: Float64Array.from(leaves, ([x]) => x), right: Float64Array.from(leaves, ([, x]) => x) };
      expect(interdigitates(ends)).toBe(false);
    }
  });
});

test.each([
  ['negative', (w: Float64Array) => w.fill(-1, 3, 4), 'pixel 4 of row 1 is -1 MU'],
  ['NaN', (w: Float64Array) => w.fill(NaN, 7, 8), 'pixel 2 of row 2 is NaN MU'],
  ['dark', (w: Float64Array) => w.fill(0), 'every pixel is 0 MU'],
])('a fluence that is %s is refused', (_, change, sentence) => {
  const fluence = randomFluence(1);
  change(fluence.weights);
  expect(() => leafRowsOf(fluence, bank)).toThrow(sentence);
});

test('a fluence beyond the leaves is refused, and a leaf beyond its reach', () => {
  const narrow = createLeafBank([-5, 0, 5], { name: 'two pairs' });
  expect(() => leafRowsOf(randomFluence(1), narrow)).toThrow('the leaves of two pairs cover -5 to 5 mm');
  const short = createLeafBank([...bank.boundaries], { name: 'short', reach: 10 });
  const rows = leafRowsOf(randomFluence(1), short);
  const { map } = leveledRows(rows, 0.05);
  expect(() => fewSegments(map).map((segment) => apertureOfSegment(segment, rows))).toThrow('reach 10 mm');
});
