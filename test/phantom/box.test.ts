/** Boxes along the axes: cells that their faces only touch are not split, and nothing changes by it. */
import { expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { box, ellipsoid } from '../../src/geometry/shape.js';
import { voxelizeSolid } from '../../src/geometry/voxelize-solid.js';
import { materials } from '../../src/phantom/material.js';
import { paint } from '../../src/phantom/paint.js';

const corners = [
  ['on voxel faces', [-6, -9, -10], [18, 12, 5]],
  ['between them', [-5.2, -8.9, -9.7], [17.1, 12.4, 4.6]],
  ['beyond the grid', [-500, -9, -10], [500, 12, 5]],
] as const;
const grid = createGrid([9, 11, 13], [2, 3, 5], [-11, -13.5, -22.5]);
const cubes = createGrid([9, 11, 13], [3, 3, 3], [-19.5, -16.5, -11.5]);

test.each(corners)(
  '%s: as without the mark where voxels are cubes, and never further from the overlap',
  (_, min, max) => {
    const marked = box(min, max);
    const { isBox, ...plain } = marked;
    expect(isBox).toBe(true);
    const layers = (solid: typeof plain) => [
      { solid: box([-9, -12, -20], [9, 0, 10]), material: materials['water']! },
      { solid, material: materials['lung']! },
      { solid: ellipsoid([3, 1, -2], [6, 5, 8]), material: materials['cortical']! },
    ];
    expect(voxelizeSolid(marked, cubes)).toEqual(voxelizeSolid(plain, cubes));
    expect(paint(layers(marked), materials['air']!, cubes)).toEqual(paint(layers(plain), materials['air']!, cubes));
    const overlap = (axis: 0 | 1 | 2, n: number): number => {
      const [low, edge] = [grid.origin[axis] + (n - 0.5) * grid.spacing[axis], grid.spacing[axis]];
      return Math.max(0, Math.min(max[axis], low + edge) - Math.max(min[axis], low)) / edge;
    };
    const [found, split] = [voxelizeSolid(marked, grid).data, voxelizeSolid(plain, grid).data];
    for (let v = 0; v < found.length; v++) {
      const exact = overlap(0, v % 13) * overlap(1, Math.floor(v / 13) % 11) * overlap(2, Math.floor(v / 143));
      expect(Math.abs(found[v]! - exact)).toBeLessThanOrEqual(Math.abs(split[v]! - exact) + 1e-6);
    }
  },
);

test('on voxel faces every fraction is 0 or 1, and their sum the volume', () => {
  const { data } = voxelizeSolid(box(corners[0][1], corners[0][2]), grid);
  expect(new Set(data)).toEqual(new Set([0, 1]));
  // Within the grid from x = -6 to 14 and z = -10 to 5.
  expect(data.reduce((a, b) => a + b) * 30).toBeCloseTo(20 * 21 * 15, 6);
});
