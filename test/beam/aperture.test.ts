/** Apertures: closed-form areas, leaves that cannot stand so, and the three ways to conform. */
import { describe, expect, test } from 'vitest';
import {
  type Aperture,
  apertureArea,
  createAperture,
  leavesOfRectangles,
  rasterizeAperture,
} from '../../src/beam/aperture.js';
import { type ConformMode, conformAperture } from '../../src/beam/conform.js';
import { createRandom } from '../../src/core/random.js';
import { createBeamFrame } from '../../src/geometry/frame.js';
import { createGrid } from '../../src/geometry/grid.js';
import { box, sphere } from '../../src/geometry/shape.js';
import type { Volume } from '../../src/geometry/volume.js';
import { voxelizeSolid } from '../../src/geometry/voxelize-solid.js';
import { leafBank, leafBanks, uniformLeaves } from '../../src/machine/mlc.js';

const SEED = 20_240_917;

/** Random leaf positions, a third of the pairs closed. */
export function randomLeaves(pairs: number, reach: number, seed: number): [number, number][] {
  const random = createRandom(seed);
  return Array.from({ length: pairs }, (): [number, number] => {
    const a = reach * (2 * random.uniform() - 1);
    const b = reach * (2 * random.uniform() - 1);
    return random.uniform() < 0.33 ? [a, a] : [Math.min(a, b), Math.max(a, b)];
  });
}

describe(`area is conserved to 1e-12, seed ${SEED}`, () => {
  const cases = Object.values(leafBanks).flatMap((bank, b) =>
    [1, 2.5, 0.7].map((size): [string, number, number] => [bank.name, size, SEED + b]),
  );
  test.each(cases)('%s on cells of %d mm', (name, size, seed) => {
    const bank = leafBank(name);
    const reach = Math.min(bank.reach, bank.overtravel ?? Infinity);
    const leaves = randomLeaves(bank.boundaries.length - 1, reach, seed);
    const aperture = createAperture(bank, leaves, { x1: -31.3, x2: 27.9, y1: -44.1, y2: 38.2 });
    const { grid, open } = rasterizeAperture(aperture, size);
    const total = open.reduce((a, b) => a + b, 0) * size * size;
    expect(Math.abs(total / apertureArea(aperture) - 1)).toBeLessThan(1e-12);
    expect(Math.max(...open)).toBeLessThan(1 + 1e-9);
    expect(grid.x.length - 1).toBe(open.length / (grid.y.length - 1));
  });
});

test('rectangles become leaf positions', () => {
  const bank = leafBank('hd-120');
  const leaves = leavesOfRectangles(bank, [
    { x1: -20, x2: 10, y1: -45, y2: 2.5 },
    { x1: -5, x2: 30, y1: 2.5, y2: 50 },
  ]);
  expect(apertureArea(createAperture(bank, leaves))).toBeCloseTo(30 * 47.5 + 35 * 47.5, 9);
});

describe('refused in one sentence', () => {
  const bank = leafBank('moduleaf');
  const closed = Array.from({ length: 40 }, (): [number, number] => [0, 0]);
  const withPair = (pair: [number, number]): [number, number][] => closed.map((c, n) => (n === 7 ? pair : c));
  const cases: [string, () => unknown, RegExp][] = [
    ['count', () => createAperture(bank, closed.slice(1)), /39 leaf pairs, but moduleaf has 40\./],
    [
      'crossing',
      () => createAperture(bank, withPair([3, -2])),
      /leaf pair 8 of moduleaf: the leaves cross, x1 is 3 mm/,
    ],
    ['not a number', () => createAperture(bank, withPair([Number.NaN, 2])), /the leaves cross, x1 is NaN/],
    ['reach', () => createAperture(bank, withPair([-61, 0])), /the leaves reach 60 mm from the axis/],
    ['overtravel', () => createAperture(bank, withPair([57, 59])), /cross the axis by at most 55 mm/],
    [
      'jaws swapped',
      () => createAperture(bank, closed, { x1: 9, x2: -9, y1: 0, y2: 1 }),
      /jaws: x1 is 9 mm and x2 is -9/,
    ],
    [
      'jaws beyond the leaves',
      () => createAperture(bank, closed, { x1: -9, x2: 9, y1: -60, y2: 10 }),
      /cover only -50 to 50/,
    ],
    [
      'no boundary',
      () => leavesOfRectangles(bank, [{ x1: 0, x2: 9, y1: 0, y2: 9 }]),
      /9 mm is no leaf boundary of moduleaf; the nearest are 7\.5 and 10 mm/,
    ],
    [
      'one pair twice',
      () =>
        leavesOfRectangles(
          bank,
          [0, 5].map((x) => ({ x1: x, x2: x + 1, y1: 0, y2: 5 })),
        ),
      /leaf pair 21 of moduleaf would open twice/,
    ],
    ['nothing open', () => rasterizeAperture(createAperture(bank, closed)), /every leaf pair is closed/],
  ];
  test.each(cases)('%s', (_, run, message) => {
    expect(run).toThrow(message);
  });
});

describe('conforming to a ball: each leaf end against the circle', () => {
  // Odd, unequal dims and spacings.
  const grid = createGrid([51, 45, 63], [1.25, 1.75, 1.5], [-38.75, -38.5, -37.5]);
  const ball = voxelizeSolid(sphere([0, 0, 0], 30), grid);
  const frame = createBeamFrame({ isocenter: [0, 0, 0], gantry: 40, collimator: 25, couch: 15 }, 1000);
  const margin = 5;
  // Seen from the source, the ball's edge is the tangent: R / sqrt(1 - (R / SAD)^2).
  const radius = 30 / Math.sqrt(1 - 0.03 ** 2) + margin;
  const chord = (y: number): number => Math.sqrt(Math.max(0, radius ** 2 - y ** 2));
  const primitive = (y: number): number => {
    const t = Math.max(-1, Math.min(1, y / radius));
    return (radius ** 2 * (Math.asin(t) + t * Math.sqrt(1 - t * t))) / 2;
  };
  const ends: Record<ConformMode, (low: number, high: number) => number> = {
    outside: (low, high) => chord(low * high <= 0 ? 0 : Math.min(Math.abs(low), Math.abs(high))),
    midway: (low, high) => (primitive(high) - primitive(low)) / (high - low),
    touching: (low, high) => chord(Math.max(Math.abs(low), Math.abs(high))),
  };
  const conform = (mode: ConformMode, bank = leafBank('millennium-120')): Aperture =>
    conformAperture(frame, ball, { margin, mode, bank });

  test.each(Object.keys(ends) as ConformMode[])('%s', (mode) => {
    for (const bank of [uniformLeaves(5), leafBank('hd-120'), leafBank('mlci2'), leafBank('brainlab-m3')]) {
      for (const { y0, y1, x0, x1 } of conform(mode, bank).openings) {
        // Silhouette cells are 1 mm and a voxel's shadow is its half diagonal: 1.5 mm of radius, more along a slant.
        const y = Math.max(Math.abs(y0), Math.abs(y1));
        if (y > 0.8 * radius) continue;
        const tolerance = 1.5 * (1 + y / chord(y));
        expect(Math.abs(x1 - ends[mode](y0, y1)), `${bank.name} ${y0}`).toBeLessThan(tolerance);
        expect(Math.abs(x0 + ends[mode](y0, y1)), `${bank.name} ${y0}`).toBeLessThan(tolerance);
      }
    }
  });

  test('touching lies within midway lies within outside; midway opens the area of the silhouette', () => {
    const leaves = (['touching', 'midway', 'outside'] as const).map((mode) => conform(mode).leaves);
    leaves[2]!.forEach(([x1, x2], n) => {
      for (const inner of [leaves[0]![n]!, leaves[1]![n]!]) {
        if (inner[0] < inner[1]) expect(inner[0] >= x1 && inner[1] <= x2).toBe(true);
      }
      const [touching, midway] = [leaves[0]![n]!, leaves[1]![n]!];
      if (touching[0] < touching[1]) expect(touching[0] >= midway[0] && touching[1] <= midway[1]).toBe(true);
    });
    expect(apertureArea(conform('midway')) / (Math.PI * radius ** 2)).toBeCloseTo(1, 1);
    const areas = (['touching', 'midway', 'outside'] as const).map((mode) => apertureArea(conform(mode)));
    expect(areas[0]).toBeLessThan(areas[1]!);
    expect(areas[1]).toBeLessThan(areas[2]!);
  });

  test('the jaws are the rectangle around the opening', () => {
    const { jaws, openings } = conform('outside');
    expect(jaws!.x1).toBe(Math.min(...openings.map((o) => o.x0)));
    expect(jaws!.y2).toBe(Math.max(...openings.map((o) => o.y1)));
  });

  test('a shield takes the cord out; the pair keeps the larger side', () => {
    const cord = voxelizeSolid(box([-4, -38, -38], [4, 37, 36]), grid);
    const straight = createBeamFrame({ isocenter: [0, 0, 0], gantry: 0, collimator: 0, couch: 0 }, 1000);
    const { openings } = conformAperture(straight, ball, { margin, shield: cord });
    // The cord's outermost voxels that are half full lie 1 mm inside its side.
    for (const { x0, x1, y0 } of openings) expect(x1 <= -3 || x0 >= 3 || Math.abs(y0) >= 35, `at ${y0}`).toBe(true);
    expect(openings.length).toBeGreaterThan(10);
  });
});

describe('collimator and reach', () => {
  const grid = createGrid([61, 31, 35], [1.25, 1.5, 2], [-21.25, -22.5, -60]);
  const bar: Volume<'mask'> = voxelizeSolid(box([-10, -10, -50], [15, 10, 40]), grid);
  const frame = (collimator: number) =>
    createBeamFrame({ isocenter: [0, 0, 0], gantry: 0, collimator, couch: 0 }, 1000);

  test('at 90 degrees the leaves run along the bar', () => {
    const upright = conformAperture(frame(0), bar, { margin: 0 }).jaws!;
    const lying = conformAperture(frame(90), bar, { margin: 0 }).jaws!;
    // Beam x at 90 degrees is the gantry's y, beam y its -x.
    expect(Math.abs(lying.x1 - upright.y1)).toBeLessThan(5);
    expect(Math.abs(lying.x2 - upright.y2)).toBeLessThan(5);
    expect(Math.abs(lying.y2 + upright.x1)).toBeLessThan(5);
    expect(Math.abs(lying.y1 + upright.x2)).toBeLessThan(5);
  });

  test('a target beyond the leaves', () => {
    expect(() => conformAperture(frame(0), bar, { bank: leafBank('moduleaf') })).toThrow(
      /the target with its margin of 6 mm spans x .* but moduleaf covers x -60 to 60, y -50 to 50 mm\. Use a larger leaf bank/,
    );
  });

  test('leaves too wide to touch anything', () => {
    const small = voxelizeSolid(sphere([0, 0, 0], 3), grid);
    expect(() => conformAperture(frame(0), small, { margin: 0, mode: 'touching', bank: leafBank('mlci2') })).toThrow(
      /no leaf pair of mlci2 opens with the leaf ends touching/,
    );
  });
});
