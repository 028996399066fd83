/** A mask as a structure: exactly its voxels, or exactly its volume. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { contoursVolume } from '../../src/geometry/contour.js';
import { solidOfContours } from '../../src/geometry/contour-solid.js';
import { createGrid, gridBox, placeOf, type Vec3, voxelVolume } from '../../src/geometry/grid.js';
import { contoursOfMask } from '../../src/geometry/mask-contours.js';
import { box, sphere } from '../../src/geometry/shape.js';
import type { Solid } from '../../src/geometry/solid.js';
import { createVolume, type Volume } from '../../src/geometry/volume.js';
import { voxelizeContours, voxelizeStructure } from '../../src/geometry/voxelize.js';

// Unequal in all three: an axis swap cannot hide.
const grid = createGrid([7, 9, 11], [1.5, 2, 3], [-7.25, 11, 100.1]);

/** Voxels in or out by a seeded coin: holes, corners that touch, slices apart. */
function coins(seed: number, chance: number): Volume<'mask'> {
  const random = createRandom(seed);
  const data = Float32Array.from({ length: 7 * 9 * 11 }, () => (random.uniform() < chance ? 1 : 0));
  return createVolume('mask', grid, data);
}

const fractionsOf = (solid: Solid, on = grid): Volume<'mask'> =>
  voxelizeStructure({ name: 'solid', role: 'organ', shape: { kind: 'solid', solid } }, on);

const sum = (mask: Volume<'mask'>): number => mask.data.reduce((a, b) => a + b, 0) * voxelVolume(mask.grid);

describe('voxels in or out', () => {
  test.each([
    [1, 0.02],
    [2, 0.2],
    [3, 0.5],
    [4, 0.9],
    [5, 1],
  ])('seed %i, chance %f: volume exact, and every voxel again', (seed, chance) => {
    const mask = coins(seed, chance);
    const contours = contoursOfMask(mask, 'coins');
    expect(contoursVolume(contours) / sum(mask)).toBeCloseTo(1, 12);
    expect(voxelizeContours(contours, grid).data).toEqual(mask.data);
  });

  test('inside is where a voxel is, to the last corner, and the distance is that to its boxes', () => {
    const mask = coins(6, 0.3);
    const { distance } = solidOfContours(contoursOfMask(mask, 'coins'));
    const random = createRandom(7);
    const { min, max } = gridBox(grid);
    const boxes = Array.from(mask.data.keys()).filter((v) => mask.data[v] === 1);
    for (let n = 0; n < 300; n++) {
      const p = [0, 1, 2].map((a) => min[a]! + (max[a]! - min[a]!) * random.uniform()) as unknown as Vec3;
      const nearest = Math.min(
        ...boxes.map((v) => {
          const centre = placeOf(grid, v);
          return Math.hypot(...[0, 1, 2].map((a) => Math.max(0, Math.abs(p[a]! - centre[a]!) - grid.spacing[a]! / 2)));
        }),
      );
      const d = distance(...p);
      expect(d < 0 ? 0 : d).toBeCloseTo(nearest, 9);
    }
  });

  test('more voxels are never less', () => {
    const few = coins(8, 0.3);
    const more = createVolume('mask', grid, few.data.slice());
    for (let v = 0; v < more.data.length; v += 5) more.data[v] = 1;
    const coarse = createGrid([4, 5, 4], [4, 4, 5], [-7, 10, 101]);
    const [a, b] = [few, more].map((mask) => voxelizeContours(contoursOfMask(mask, 'coins'), coarse).data);
    a!.forEach((value, v) => {
      expect(b![v]!).toBeGreaterThanOrEqual(value - 1e-6);
    });
  });

  test('one voxel is its box', () => {
    const data = new Float32Array(7 * 9 * 11);
    data[3 + 11 * (4 + 9 * 2)] = 1;
    const solid = solidOfContours(contoursOfMask(createVolume('mask', grid, data), 'one'));
    const centre = placeOf(grid, 3 + 11 * (4 + 9 * 2));
    expect(solid.box.min.map((c, a) => c - centre[a]!)).toEqual([-0.75, -1, -1.5].map((c) => expect.closeTo(c, 9)));
    expect(solid.box.max.map((c, a) => c - centre[a]!)).toEqual([0.75, 1, 1.5].map((c) => expect.closeTo(c, 9)));
  });
});

/** The mask seen in a mirror across x = 0. */
function mirrored({ grid: { shape, spacing, origin }, data }: Volume<'mask'>): Volume<'mask'> {
  const nx = shape[2];
  const other = createGrid(shape, spacing, [-(origin[0] + (nx - 1) * spacing[0]), origin[1], origin[2]]);
  const values = data.slice();
  for (let row = 0; row < values.length; row += nx) values.subarray(row, row + nx).reverse();
  return createVolume('mask', other, values);
}

test.each([
  ['voxels', coins(9, 0.4)],
  ['fractions', fractionsOf(sphere([0.3, 18.7, 108], 6))],
])('in a mirror it is mirrored: %s', (_, mask) => {
  const here = solidOfContours(contoursOfMask(mask, 'here'));
  const there = solidOfContours(contoursOfMask(mirrored(mask), 'there'));
  const random = createRandom(10);
  for (let n = 0; n < 200; n++) {
    const [x, y, z] = [-9 + 20 * random.uniform(), 9 + 20 * random.uniform(), 97 + 26 * random.uniform()];
    expect(there.distance(-x, y, z)).toBeCloseTo(here.distance(x, y, z), 6);
  }
});

describe('fractions of voxels', () => {
  const fine = createGrid([20, 24, 30], [2, 2, 2], [-29.3, -23.1, -19.4]);

  test('the volume is the mask’s own', () => {
    for (const solid of [sphere([0, 0, 0], 12), sphere([1.1, 0.4, 0.2], 5), box([-9.7, -6.2, -7], [8.1, 7.9, 9.3])]) {
      const mask = fractionsOf(solid, fine);
      expect(contoursVolume(contoursOfMask(mask, 'part')) / sum(mask)).toBeCloseTo(1, 3);
    }
  });

  test('a ball’s surface is found to a tenth of a voxel, all round', () => {
    const solid = sphere([0.7, -0.4, 0.3], 12);
    const contours = contoursOfMask(fractionsOf(solid, fine), 'ball');
    const off = contours.planes.flatMap(({ z, polygons }) =>
      polygons.flatMap((ring) =>
        Array.from({ length: ring.length / 2 }, (_, i) => solid.distance(ring[2 * i]!, ring[2 * i + 1]!, z)),
      ),
    );
    // Near the poles the planes are far from level with the surface, yet the distance is what counts.
    expect(Math.max(...off.map(Math.abs))).toBeLessThan(0.2 * 2);
    expect(Math.sqrt(off.reduce((s, d) => s + d * d, 0) / off.length)).toBeLessThan(0.05 * 2);
  });

  test('flat faces are an eighth of a voxel off at most, wherever they cut', () => {
    for (const shift of [0, 0.2, 0.5, 0.8, 1.1, 1.4, 1.7]) {
      const mask = fractionsOf(box([-10 + shift, -8, -8], [10 + shift, 8, 8]), fine);
      const { distance } = solidOfContours(contoursOfMask(mask, 'slab'));
      for (const face of [-10 + shift, 10 + shift]) {
        expect(Math.abs(distance(face, 0.3, 0.4))).toBeLessThan(2 / 8);
      }
    }
  });

  test('what reaches the edge of the grid ends there', () => {
    const mask = fractionsOf(box([-100, -100, -100], [3.3, 100, 100]), fine);
    const solid = solidOfContours(contoursOfMask(mask, 'half'));
    const { min, max } = gridBox(fine);
    for (const a of [1, 2]) {
      expect(Math.abs(solid.box.min[a]! - min[a]!)).toBeLessThan(0.1 * 2);
      expect(Math.abs(solid.box.max[a]! - max[a]!)).toBeLessThan(0.1 * 2);
    }
    expect(contoursVolume(contoursOfMask(mask, 'half')) / sum(mask)).toBeCloseTo(1, 3);
  });
});

test('nothing is refused as nothing', () => {
  expect(() => contoursOfMask(createVolume('mask', grid), 'mask "GTV"')).toThrow(
    'mask "GTV": the mask is empty. Leave it out, or give one that holds the structure.',
  );
  const faint = createVolume('mask', grid, new Float32Array(7 * 9 * 11).fill(0.001));
  expect(() => contoursOfMask(faint, 'mask "GTV"')).toThrow(/no voxel of the mask is filled as far as to show/);
});
