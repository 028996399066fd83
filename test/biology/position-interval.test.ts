/** The interval of a cumulative maximum: Gaussians whose maxima under shifts are known in closed form. */
import { describe, expect, test } from 'vitest';
import { eqd2 } from '../../src/biology/linear-quadratic.js';
import {
  ellipsoidShifts,
  insideOf,
  movedDose,
  type PositionInput,
  positionInterval,
  surfaceShifts,
} from '../../src/biology/position-interval.js';
import { createRandom } from '../../src/core/random.js';
import { createGrid, type Vec3, voxelCount } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';

const grid = createGrid([11, 15, 25], [1, 1.5, 2], [-12, -10.5, -10]);
const places: Vec3[] = [];
for (let k = 0; k < 11; k++)
  for (let j = 0; j < 15; j++) for (let i = 0; i < 25; i++) places.push([-12 + i, -10.5 + 1.5 * j, -10 + 2 * k]);

/** A ramp along x, Gy per mm, so that a shift by s lowers it by slope x s. */
function ramp(gy: number, slope: number, fractions: number) {
  const data = Float32Array.from(places, ([x]) => gy + slope * x);
  return createDose(grid, { quantity: 'physical', fractions }, data);
}

/** Cord voxels: |x| <= 2. */
const mask = createVolume(
  'mask',
  grid,
  Float32Array.from(places, ([x, y, z]) => (inCord(x, y, z) ? 1 : 0)),
);
function inCord(x: number, y: number, z: number): boolean {
  return Math.abs(x) <= 2 && Math.abs(y) <= 3 && Math.abs(z) <= 6;
}
const points = Float64Array.from(places.filter((p) => inCord(...p)).flat());

const input = (over: Partial<PositionInput> = {}): PositionInput => ({
  prior: movedDose(ramp(30, 1, 10), points),
  now: movedDose(ramp(25, -0.5, 22), points),
  alphaBeta: 2,
  priorShifts: ellipsoidShifts([3, 3, 3]),
  nowShifts: ellipsoidShifts([2, 2, 2]),
  isInside: insideOf(mask, points),
  sd: { prior: [0, 0, 0], now: [0, 0, 0] },
  ...over,
});
const sum = (prior: number, now: number): number => eqd2(prior, 10, 2) + eqd2(now, 22, 2);

test('nominal, worst over all pairs of shifts, worst from places within the cord', () => {
  const { nominal, worst, worstInside, expected, percentile95 } = positionInterval(input());
  // At x = 2: 32 and 24 Gy; shifted by -3 and +2 mm along x: 35 and 25 Gy; at x = -2 29 and 27 Gy.
  expect(nominal).toBeCloseTo(sum(32, 24), 4);
  expect(worst).toBeCloseTo(Math.max(sum(35, 25), sum(31, 27)), 4);
  // Within the cord the prior is at most 32 Gy at x = 2, the new course 26 Gy at x = -2: x = 0 reaches both. The
  // nearest voxel decides what is within, so half a voxel more may count.
  expect(worstInside).toBeGreaterThanOrEqual(sum(32, 26) - 1e-4);
  expect(worstInside).toBeLessThan(sum(32.5, 26.25));
  expect([expected, percentile95]).toEqual([expect.closeTo(nominal, 9), expect.closeTo(nominal, 9)]);
});

test('the worst of an ellipsoid search is that of all rigid shifts of a list', () => {
  const shifts = ellipsoidShifts([3, 2, 1], 1);
  const { worst } = positionInterval(input({ priorShifts: shifts, nowShifts: [] }));
  const one = shifts.map((shift) => {
    const moved = movedDose(ramp(30, 1, 10), points);
    const prior = { ...moved, at: () => moved.at(shift) };
    return positionInterval(input({ prior, priorShifts: [], nowShifts: [] })).nominal;
  });
  expect(worst).toBeCloseTo(Math.max(...one), 9);
});

test('searched: the closed form of an oblique ramp, which no listed shift has, and never below any sampled pair', () => {
  // Falls off along (1, 2, 2) / 3 at 1 Gy/mm, and the other way at half of that.
  const oblique = (gy: number, slope: number, fractions: number) =>
    createDose(
      grid,
      { quantity: 'physical', fractions },
      Float32Array.from(places, ([x, y, z]) => gy + (slope * (x + 2 * y + 2 * z)) / 3),
    );
  const prior = movedDose(oblique(30, 1, 10), points);
  const now = movedDose(oblique(25, -0.5, 22), points);
  const [priorShifts, nowShifts] = [ellipsoidShifts([2, 2, 2]), surfaceShifts([1.5, 1.5, 1.5])];
  const listed = positionInterval(input({ prior, now, priorShifts, nowShifts }));
  const search = { prior: [2, 2, 2] as Vec3, now: [1.5, 1.5, 1.5] as Vec3 };
  const { worst, worstInside } = positionInterval(input({ prior, now, priorShifts, nowShifts, search }));
  // Along the ramp every voxel gains 2 and 0.75 Gy.
  const gains = Array.from({ length: points.length / 3 }, (_, v) => {
    const along = (points[3 * v]! + 2 * points[3 * v + 1]! + 2 * points[3 * v + 2]!) / 3;
    return sum(30 + along + 2, 25 - 0.5 * along + 0.75);
  });
  expect(worst).toBeCloseTo(Math.max(...gains), 2);
  expect(worst).toBeGreaterThan(listed.worst + 0.01);
  expect(worstInside).toBeGreaterThanOrEqual(listed.worstInside);
  const random = createRandom(3);
  const within = (radius: number): Vec3 => {
    const s: Vec3 = [random.normal(), random.normal(), random.normal()];
    const scale = radius / Math.hypot(...s);
    return [s[0] * scale, s[1] * scale, s[2] * scale];
  };
  for (let n = 0; n < 300; n++) {
    const pair = { priorShifts: [within(2)], nowShifts: [within(1.5)] };
    expect(positionInterval(input({ prior, now, ...pair, samples: 1 })).worst).toBeLessThanOrEqual(worst + 1e-2);
  }
});

test('expected: the mean over normal shifts, seeded', () => {
  const sd = { prior: [2, 0, 0] as Vec3, now: [0, 0, 0] as Vec3 };
  const drawn = positionInterval(input({ sd, samples: 2000 }));
  // E(D^2) of a ramp is D^2 + sd^2; the maximum stays at x = 2.
  const physical = (2 * eqd2(32, 10, 2) * 2 + 4 / 10) / 4 + eqd2(24, 22, 2);
  expect(Math.abs(drawn.expected - physical)).toBeLessThan(0.6);
  expect(drawn.percentile95 - drawn.nominal).toBeGreaterThan(6);
  expect(positionInterval(input({ sd, samples: 2000 }))).toEqual(drawn);
});

test('drawn shifts: of a single place every draw has its own sum, and without any scatter it is the nominal one', () => {
  const one = Float64Array.of(1, 0, 0);
  const of = (sd: Vec3) =>
    positionInterval(
      input({
        prior: movedDose(ramp(30, 1, 10), one),
        now: movedDose(ramp(25, -0.5, 22), one),
        isInside: insideOf(mask, one),
        sd: { prior: sd, now: [0, 0, 0] },
        samples: 50,
      }),
    );
  const still = of([0, 0, 0]);
  expect(still.expected).toBeCloseTo(sum(31, 24.5), 6);
  expect(still.percentile95).toBeCloseTo(sum(31, 24.5), 6);
  const moving = of([1, 0, 0]);
  expect(moving.percentile95).toBeGreaterThan(sum(31.5, 24.5));
  expect(moving.expected).toBeGreaterThan(0.9 * sum(31, 24.5));
});

test('a new course that is computed anew enters the envelope alone', () => {
  const nowEnvelope = { fractions: 22, at: () => new Float64Array(points.length / 3).fill(40) };
  const { nominal, worst } = positionInterval(
    input({ nowEnvelope, priorShifts: [], nowShifts: surfaceShifts([1, 1, 1]) }),
  );
  expect(nominal).toBeCloseTo(sum(32, 24), 4);
  expect(worst).toBeCloseTo(sum(32, 40), 4);
});

describe('shifts', () => {
  test('all within the ellipsoid, its surface included', () => {
    const shifts = ellipsoidShifts([3, 2, 0], 0.5);
    for (const [x, y, z] of shifts) expect((x / 3) ** 2 + (y / 2) ** 2).toBeLessThan(1 + 1e-9 + Math.abs(z));
    expect(shifts).toContainEqual([3, 0, 0]);
    expect(surfaceShifts([3, 3, 3]).every((s) => Math.abs(Math.hypot(...s) - 3) < 1e-12)).toBe(true);
    expect(() => ellipsoidShifts([-1, 1, 1])).toThrow(/semi-axis is -1/);
  });

  test('beyond the grid the nearest value counts; without a shift the values are those of the voxels', () => {
    const dose = ramp(30, 1, 10);
    const all = movedDose(dose, Float64Array.from(places.flat()));
    expect(Array.from(all.at([0, 0, 0]))).toEqual(Array.from(dose.data));
    expect(Math.max(...Array.from(all.at([-100, 0, 0])))).toBe(42);
    expect(voxelCount(grid)).toBe(places.length);
  });

  test('refused', () => {
    expect(() => positionInterval(input({ alphaBeta: 0 }))).toThrow(/alphaBeta is 0/);
    expect(() => positionInterval(input({ samples: 0 }))).toThrow(/samples is 0/);
    expect(() => positionInterval(input({ sd: { prior: [-1, 0, 0], now: [0, 0, 0] } }))).toThrow(/sd is -1/);
  });
});
