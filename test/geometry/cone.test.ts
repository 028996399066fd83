/** Distances of cylinders and cones against the nearest of many points on their surface. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { cone, cylinder, frustum } from '../../src/geometry/cone.js';
import { solidVolume } from '../../src/geometry/voxelize-solid.js';

const seed = 11;

test.each([
  ['cylinder', 5, 5, 14],
  ['cone', 6, 0, 9],
  ['cone upside down', 0, 4, 9],
  ['frustum', 3, 7, 4],
] as const)(`%s: distance to its surface, all axes (seed ${seed})`, (_, low, high, height) => {
  const random = createRandom(seed);
  const center = [1, -2, 3] as const;
  const surface: [number, number][] = [];
  const steps = 3000;
  for (let n = 0; n <= steps; n++) {
    const t = n / steps;
    surface.push([low + t * (high - low), (t - 0.5) * height], [t * low, -height / 2], [t * high, height / 2]);
  }
  for (const [axis, a] of [
    ['x', 0],
    ['y', 1],
    ['z', 2],
  ] as const) {
    const solid = frustum(center, low, high, height, axis);
    for (let n = 0; n < 60; n++) {
      const p = [0, 1, 2].map(() => 20 * random.uniform() - 10);
      const along = p[a]!;
      const radius = Math.hypot(p[(a + 1) % 3]!, p[(a + 2) % 3]!);
      const nearest = Math.min(...surface.map(([r, h]) => Math.hypot(r - radius, h - along)));
      const isIn = Math.abs(along) < height / 2 && radius < low + ((high - low) * (along + height / 2)) / height;
      const d = solid.distance(center[0] + p[0]!, center[1] + p[1]!, center[2] + p[2]!);
      expect(d < 0).toBe(isIn);
      // Points of the surface lie 5 micrometres apart.
      expect(Math.abs(Math.abs(d) - nearest)).toBeLessThan(0.006);
    }
  }
});

test('volumes and refusals', () => {
  expect(solidVolume(cylinder([0, 0, 0], 5, 12, 'y')) / ((Math.PI * 25 * 12) / 1000)).toBeCloseTo(1, 2);
  expect(solidVolume(cone([0, 0, 0], 6, 9)) / ((Math.PI * 36 * 3) / 1000)).toBeCloseTo(1, 2);
  expect(() => frustum([0, 0, 0], 0, 0, 5)).toThrow(/both radii/);
  expect(() => cylinder([0, 0, 0], 3, -1)).toThrow(/height is -1/);
});
