/** The worst shift of an ellipsoid: closed forms, and never below any sampled set of shifts in it. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import type { Vec3 } from '../../src/geometry/grid.js';
import { searchWorstShift } from '../../src/geometry/worst-shift.js';

const each =
  (value: (shift: Vec3) => number) =>
  (shifts: readonly Vec3[]): number[] =>
    shifts.map(value);
const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

test.each([1, 2, 3, 4, 5, 6])('a linear function: |g| times the radius, in the direction of g (seed %i)', (seed) => {
  const random = createRandom(seed);
  const g: Vec3 = [random.normal(), random.normal(), random.normal()];
  const { worst, evaluated } = searchWorstShift(
    [2, 2, 2],
    each((s) => dot(g, s)),
  );
  const most = 2 * Math.hypot(...g);
  expect(worst.value).toBeLessThanOrEqual(most * (1 + 1e-12));
  expect(worst.value).toBeGreaterThan(most * (1 - 3e-4));
  expect(evaluated).toBeLessThan(400);
});

test('an ellipsoid: the length of g times the semi-axes; one without extent along an axis stays there', () => {
  const { worst } = searchWorstShift(
    [3, 1, 0],
    each(([x, y, z]) => x + 2 * y + 100 * z),
  );
  expect(worst.value).toBeCloseTo(Math.hypot(3, 2), 2);
  expect(worst.shift[2]).toBe(0);
  expect(
    searchWorstShift(
      [0, 0, 0],
      each(() => 7),
    ),
  ).toMatchObject({ evaluated: 1, worst: { value: 7 } });
});

test('a peak within: found where it is', () => {
  const { worst } = searchWorstShift(
    [2, 2, 2],
    each(([x, y, z]) => -((x - 0.7) ** 2) - (y + 0.4) ** 2 - (z - 0.3) ** 2),
  );
  expect(worst.value).toBeGreaterThan(-3e-3);
});

describe('the largest of many, as the maximum of a dose over voxels is', () => {
  test.each([11, 12, 13, 14])('not below 2000 sampled shifts of the ball, nor the axis shifts (seed %i)', (seed) => {
    const random = createRandom(seed);
    const voxels = Array.from({ length: 40 }, () => ({
      dose: 27 + random.normal(),
      slope: [random.normal(), random.normal(), random.normal()] as Vec3,
      bend: 0.05 * random.normal(),
    }));
    const value = (s: Vec3): number =>
      Math.max(...voxels.map(({ dose, slope, bend }) => dose + dot(slope, s) + bend * dot(s, s)));
    const { worst, peaks } = searchWorstShift([2, 2, 2], each(value));
    expect(Math.hypot(...worst.shift)).toBeLessThanOrEqual(2 * (1 + 1e-12));
    expect(worst.value).toBe(value(worst.shift));
    const sampled: Vec3[] = [
      [2, 0, 0],
      [-2, 0, 0],
      [0, 2, 0],
      [0, -2, 0],
      [0, 0, 2],
      [0, 0, -2],
    ];
    while (sampled.length < 2000) {
      const s: Vec3 = [4 * random.uniform() - 2, 4 * random.uniform() - 2, 4 * random.uniform() - 2];
      const length = Math.hypot(...s);
      if (length <= 2) sampled.push(s, [(2 * s[0]) / length, (2 * s[1]) / length, (2 * s[2]) / length]);
    }
    // What the last step leaves, of second order: 1e-3 of 4 Gy.
    for (const s of sampled) expect(value(s)).toBeLessThan(worst.value + 4e-3);
    expect(peaks[0]).toEqual(worst);
  });
});

test('a negative semi-axis is refused', () => {
  expect(() =>
    searchWorstShift(
      [1, -2, 1],
      each(() => 0),
    ),
  ).toThrow(/semi-axis in mm is -2/);
});
