/** Doses and places of shifted points, from coordinates that are worked out once, against point by point. */
import { expect, test } from 'vitest';
import { insideOf, movedDose } from '../../src/biology/position-interval.js';
import { createRandom } from '../../src/core/random.js';
import { createGrid, type Vec3 } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';

const seed = 319;

test(`trilinear values and nearest voxels of moved points (seed ${seed})`, () => {
  const random = createRandom(seed);
  const grid = createGrid([5, 7, 9], [2, 3, 5], [-8, -9, 4]);
  const [nz, ny, nx] = grid.shape;
  const data = Float32Array.from({ length: nx * ny * nz }, () => 40 * random.uniform());
  const dose = createDose(grid, { quantity: 'physical', fractions: 22 }, data);
  const mask = createVolume(
    'mask',
    grid,
    data.map((d) => (d > 20 ? 1 : 0)),
  );
  // Voxel centres, and points that share no coordinate, also beyond the grid.
  const points = Float64Array.from({ length: 3 * 90 }, (_, c) => {
    const a = c % 3;
    const index =
      Math.floor(c / 3) < 60 ? Math.floor(grid.shape[2 - a]! * random.uniform()) : 12 * random.uniform() - 1;
    return grid.origin[a]! + index * grid.spacing[a]!;
  });
  const at = (i: number, j: number, k: number): number => data[i + nx * (j + ny * k)]!;
  for (const shift of [
    [0, 0, 0],
    [2, -3, 5],
    [1.3, 0.4, -2.2],
  ] as Vec3[]) {
    const values = movedDose(dose, points).at(shift);
    const inside = insideOf(mask, points)(shift);
    for (let p = 0; p < points.length / 3; p++) {
      const place = [0, 1, 2].map((a) => (points[3 * p + a]! - shift[a]! - grid.origin[a]!) / grid.spacing[a]!);
      const held = place.map((c, a) => Math.min(Math.max(c, 0), grid.shape[2 - a]! - 1)) as [number, number, number];
      let value = 0;
      for (let corner = 0; corner < 8; corner++) {
        const [i, j, k] = held.map((c, a) => Math.floor(c) + ((corner >> a) & 1)) as [number, number, number];
        const weight = held.reduce((w, c, a) => w * ((corner >> a) & 1 ? c - Math.floor(c) : 1 - c + Math.floor(c)), 1);
        if (weight > 0) value += weight * at(i, j, k);
      }
      // Lerps and products of weights round differently.
      expect(Math.abs(values[p]! - value)).toBeLessThan(1e-12 * 40);
      const [i, j, k] = place.map(Math.round) as [number, number, number];
      const isIn = i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz;
      expect(inside[p]).toBe(isIn && at(i, j, k) > 20 ? 1 : 0);
    }
  }
});
