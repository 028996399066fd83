/** One place each: where voxels lie, which one a point is in, and where values of some voxels go. */
import { expect, test } from 'vitest';
import { beamletOffsets } from '../../src/beam/fluence.js';
import { toDecimals, toDigits } from '../../src/core/rounding.js';
import {
  axisCentres,
  coordinateAt,
  createGrid,
  describePlace,
  gridBox,
  indicesOf,
  placeOf,
  voxelCount,
  voxelOf,
} from '../../src/geometry/grid.js';
import { scatterDose } from '../../src/geometry/volume.js';

const grid = createGrid([11, 7, 9], [2, 3, 5], [-9, -7.5, 12]);

test('a voxel lies at its centre, and the centre in its voxel', () => {
  const axes = [0, 1, 2].map((axis) => axisCentres(grid, axis));
  expect(axes.map(({ length }) => length)).toEqual([9, 7, 11]);
  for (let voxel = 0; voxel < voxelCount(grid); voxel++) {
    const [i, j, k] = indicesOf(grid, voxel);
    expect(i + 9 * (j + 7 * k)).toBe(voxel);
    const place = placeOf(grid, voxel);
    expect(place).toEqual([-9 + 2 * i, -7.5 + 3 * j, 12 + 5 * k]);
    expect(place).toEqual([axes[0]![i], axes[1]![j], axes[2]![k]]);
    expect(voxelOf(grid, place)).toBe(voxel);
  }
  expect(describePlace(grid, 1 + 9 * (2 + 7 * 3))).toBe('(-7, -1.5, 27) mm');
});

test('the faces of a grid are half an index beyond its centres, and beyond them is no voxel', () => {
  const { min, max } = gridBox(grid);
  [9, 7, 11].forEach((n, axis) => {
    expect(coordinateAt(grid, axis, -0.5)).toBe(min[axis]);
    expect(coordinateAt(grid, axis, n - 0.5)).toBe(max[axis]);
    for (const index of [-0.6, n - 0.4]) {
      const point = [0, 1, 2].map((a) => coordinateAt(grid, a, a === axis ? index : 1));
      expect(voxelOf(grid, point)).toBeUndefined();
    }
  });
});

test('doses go to their voxels, none below zero, and what is of another grid nowhere', () => {
  const data = new Float64Array(4).fill(7);
  scatterDose(data, Int32Array.of(-1, 10, 12, 13, 14), Float64Array.of(1, 2, -3, 4, 5), 10);
  expect([...data]).toEqual([2, 7, 0, 4]);
});

test('beamlets of all fields stand in one list, the next field where the last one ends', () => {
  const fields = [3, 0, 5].map((n) => ({ beamlets: { pixels: new Int32Array(n) } as any }));
  expect(beamletOffsets(fields)).toEqual([0, 3, 3, 8]);
  expect(beamletOffsets([])).toEqual([0]);
});

test('rounded numbers are numbers', () => {
  expect([toDecimals(-1234.5678, 2), toDecimals(0.00004, 4), toDigits(1234.5678, 6), toDigits(1e-9, 2)]).toEqual([
    -1234.57, 0, 1234.57, 1e-9,
  ]);
});
