/** Coarse slices: fewer voxels cost less, and hold what the fine ones in them hold. */
import { expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { difference, prism, sphere, tube, union } from '../../src/geometry/shape.js';
import type { Solid } from '../../src/geometry/solid.js';
import { voxelizeSolid } from '../../src/geometry/voxelize-solid.js';
import { materials } from '../../src/phantom/material.js';
import { superellipse } from '../../src/phantom/outline.js';
import { paint } from '../../src/phantom/paint.js';

/** The same solid, whose questions are counted. */
function counted(solid: Solid, count: { n: number }): Solid {
  const { within } = solid;
  return {
    ...solid,
    distance: (x, y, z, reach) => {
      count.n++;
      return solid.distance(x, y, z, reach);
    },
    ...(within ? { within: { ...within, solid: counted(within.solid, count) } } : {}),
  };
}

const column = prism(superellipse([3, -2], [70, 50], 2.5), -100, 100);
const tilted = tube(
  [
    [-40, 10, -70],
    [50, -15, 60],
  ],
  14,
);
const solids = [column, tilted, difference(union(tilted, sphere([0, 20, 0], 30)), sphere([10, 10, 5], 17))];
/** 21 x 33 x 240 / sz voxels. */
const gridOf = (sz: number): ReturnType<typeof createGrid> =>
  createGrid([240 / sz, 33, 41], [4, 4, sz], [-80, -64, -120 + sz / 2]);

test.each([8, 12, 16, 20, 40])('voxels of 4 x 4 x %i mm: no more questions than at 4 x 4 x 4', (sz) => {
  for (const solid of solids) {
    const fine = { n: 0 };
    const coarse = { n: 0 };
    const small = voxelizeSolid(counted(solid, fine), gridOf(4)).data;
    const large = voxelizeSolid(counted(solid, coarse), gridOf(sz)).data;
    expect(coarse.n).toBeLessThanOrEqual(1.2 * fine.n);
    // A coarse voxel is the mean of the fine ones in it, whose leaves are its own: what is left is Float32.
    const parts = sz / 4;
    const area = 33 * 41;
    large.forEach((fraction, voxel) => {
      let sum = 0;
      for (let part = 0; part < parts; part++) {
        sum += small[(voxel % area) + area * (parts * Math.floor(voxel / area) + part)]!;
      }
      if (Math.abs(fraction - sum / parts) > 2e-6) expect([voxel, fraction]).toEqual([voxel, sum / parts]);
    });
  }
});

test.each([8, 20])('paint at 4 x 4 x %i mm', (sz) => {
  const fine = { n: 0 };
  const coarse = { n: 0 };
  const names = ['water', 'cortical', 'lung'];
  const painted = (mm: number, count: { n: number }): Float32Array =>
    paint(
      solids.map((solid, s) => ({ solid: counted(solid, count), material: materials[names[s]!]! })),
      materials['air']!,
      gridOf(mm),
    ).density.data;
  const mass = (data: Float32Array, mm: number): number => mm * data.reduce((a, b) => a + b, 0);
  const change = mass(painted(sz, coarse), sz) / mass(painted(4, fine), 4) - 1;
  expect(coarse.n).toBeLessThanOrEqual(1.2 * fine.n);
  expect(Math.abs(change)).toBeLessThan(1e-5);
});

test('an edge a little longer than the others asks for no second part, one much longer for as many as it holds', () => {
  for (const [spacing, most] of [
    [[2, 2, 2.2], 1],
    [[2, 2, 3], 1],
    [[1, 1, 3], 3],
    [[0.5, 0.5, 5], 10],
  ] as const) {
    const count = { n: 0 };
    const cube = { n: 0 };
    const around = (s: readonly number[]): ReturnType<typeof createGrid> =>
      createGrid(
        [Math.ceil(64 / s[2]!), Math.ceil(64 / s[1]!), Math.ceil(64 / s[0]!)],
        [s[0]!, s[1]!, s[2]!],
        [-32, -32, -32],
      );
    const ball = sphere([0, 0, 0], 25);
    voxelizeSolid(counted(ball, count), around(spacing));
    voxelizeSolid(counted(ball, cube), around([spacing[0], spacing[0], spacing[0]]));
    expect(count.n / cube.n, `${spacing.join(' x ')}, ${most} parts`).toBeLessThanOrEqual(1.3);
  }
});
