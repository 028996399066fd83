import { describe, expect, test } from 'vitest';
import { createGrid, type Grid, voxelCount } from '../../src/geometry/grid.js';
import { createVolume, type Volume } from '../../src/geometry/volume.js';
import { isolines, isolinesOf, outline } from '../../src/render/isodose.js';
import {
  cropSlice,
  extractSlice,
  PLANE_AXES,
  type Plane,
  planeExtent,
  refineSlice,
  resampleSlice,
} from '../../src/render/slice.js';

const grid = createGrid([7, 11, 9], [2, 3, 5], [-4, 10, -20]);

function linear(g: Grid): Volume<'density'> {
  const data = new Float32Array(voxelCount(g));
  const [nz, ny, nx] = g.shape;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++)
        data[i + nx * (j + ny * k)] =
          g.origin[0] +
          i * g.spacing[0] +
          10 * (g.origin[1] + j * g.spacing[1]) +
          100 * (g.origin[2] + k * g.spacing[2]);
  return createVolume('density', g, data);
}

describe('slices of x + 10 y + 100 z on odd dims and unequal spacing', () => {
  const volume = linear(grid);
  const point = [3.1, 21.7, -8.3] as const;
  test.each([
    ['axial', 9, 11, (u: number, v: number) => u + 10 * v + 100 * point[2]],
    ['sagittal', 11, 7, (u: number, v: number) => point[0] + 10 * u + 100 * v],
    ['coronal', 9, 7, (u: number, v: number) => u + 10 * point[1] + 100 * v],
  ] as const)('%s', (plane, columns, rows, value) => {
    const slice = extractSlice(volume, plane, point);
    expect([slice.columns, slice.rows]).toEqual([columns, rows]);
    for (const s of [slice, refineSlice(slice, 3), cropSlice(slice, { uMin: 0, uMax: 5, vMin: -10, vMax: 15 }, 1)]) {
      for (let r = 0; r < s.rows; r++)
        for (let c = 0; c < s.columns; c++)
          expect(s.data[r * s.columns + c]!).toBeCloseTo(value(s.u0 + c * s.du, s.v0 + r * s.dv), 2);
    }
    const us = Float64Array.of(slice.u0 - 100, slice.u0, slice.u0 + 1.3);
    const vs = Float64Array.of(slice.v0 + 2.1, slice.v0);
    const values = resampleSlice(slice, us, vs, -7);
    for (const [r, v] of vs.entries()) {
      for (const [c, u] of us.entries()) {
        if (c === 0) expect(values[3 * r + c]).toBe(-7);
        else expect(values[3 * r + c]!).toBeCloseTo(value(u, v), 2);
      }
    }
  });

  test('letters: +x is the patient left, +y posterior, +z superior', () => {
    expect(PLANE_AXES.axial.letters).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' });
    expect(PLANE_AXES.sagittal).toMatchObject({ across: 1, isDownReversed: true, letters: { left: 'A', top: 'S' } });
    expect(PLANE_AXES.coronal).toMatchObject({ across: 0, isDownReversed: true, letters: { right: 'L', top: 'S' } });
  });

  test('refuses a plane outside, an unknown plane, an empty crop', () => {
    expect(() => extractSlice(volume, 'axial', [0, 0, 200])).toThrow(/z = 200 mm misses the grid/);
    expect(() => extractSlice(volume, 'axial', [0, 0, Number.NaN])).toThrow(/misses/);
    expect(() => extractSlice(volume, 'oblique' as Plane, point)).toThrow(/axial, sagittal or coronal/);
    expect(() => planeExtent(grid, 'axial', { min: [100, 0, 0], max: [120, 9, 9] })).toThrow(/crop box/);
  });
});

describe('isolines', () => {
  test('a level of a linear slice is a straight line at its place, open at the edges', () => {
    const slice = extractSlice(linear(grid), 'axial', [0, 0, 0 - 10]);
    const level = -1000 + 10 * 22.5;
    const lines = isolines(slice, level);
    expect(lines).toHaveLength(1);
    for (let i = 0; i < lines[0]!.length; i += 2) {
      expect(lines[0]![i]! + 10 * lines[0]![i + 1]! - 1000).toBeCloseTo(level, 2);
    }
  });

  test('the outline of a fractional disc lies on its circle to a tenth of the voxel', () => {
    const g = createGrid([1, 31, 41], [2, 2.5, 3], [-40, -37.5, 0]);
    const data = new Float32Array(voxelCount(g));
    for (let j = 0; j < 31; j++)
      for (let i = 0; i < 41; i++) {
        let count = 0;
        for (let a = 0; a < 10; a++)
          for (let b = 0; b < 10; b++)
            if (Math.hypot(-40 + 2 * (i + (a + 0.5) / 10 - 0.5), -37.5 + 2.5 * (j + (b + 0.5) / 10 - 0.5)) < 14)
              count++;
        data[i + 41 * j] = count / 100;
      }
    const lines = outline(extractSlice(createVolume('mask', g, data), 'axial', [0, 0, 0]));
    expect(lines).toHaveLength(1);
    const line = lines[0]!;
    for (let i = 0; i < line.length; i += 2)
      expect(Math.abs(Math.hypot(line[i]!, line[i + 1]!) - 14)).toBeLessThan(0.25);
    expect([line[0], line[1]]).toEqual([line[line.length - 2], line[line.length - 1]]);
  });

  test('lines of levels that only part of the slice reaches are those of the whole, to the bit', () => {
    const g = createGrid([1, 43, 51], [2, 2.5, 3], [-50, -52, 0]);
    const data = new Float32Array(voxelCount(g));
    for (let j = 0; j < 43; j++)
      for (let i = 0; i < 51; i++)
        data[i + 51 * j] = 40 * Math.exp(-(((i - 30) / 5) ** 2) - ((j - 12) / 4) ** 2) + 3 * ((i * 7 + j * 5) % 3);
    const slice = extractSlice(createVolume('dose', g, data), 'axial', [0, 0, 0]);
    const levels = [38, 20, 12];
    const own = isolinesOf(slice, levels);
    expect(own.map((lines) => lines.length)).not.toContain(0);
    expect(own).toEqual(levels.map((level) => isolines(slice, level)));
    expect(isolinesOf(slice, [1e9, 900])).toEqual([[], []]);
  });

  test('a level that is nowhere reached gives nothing', () => {
    expect(isolines(extractSlice(linear(grid), 'axial', [0, 0, 0]), 1e9)).toEqual([]);
  });
});
