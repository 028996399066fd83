/** Rigid transforms as a group, and trilinear values along turned rows against point by point. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { createGrid, type Vec3, voxelCount, voxelVolume } from '../../src/geometry/grid.js';
import { resample, valueAt } from '../../src/geometry/resample.js';
import { resampleRigid } from '../../src/geometry/resample-rigid.js';
import {
  composeRigid,
  createRigidTransform,
  describeRigid,
  identityTransform,
  invertRigid,
  isIdentity,
  rigidFromMatrix,
  transformPoint,
} from '../../src/geometry/rigid-transform.js';
import { createVolume, type Volume } from '../../src/geometry/volume.js';

const turned = createRigidTransform({ rotation: [12, -7, 31], translation: [3, -2, 5], center: [1, 2, 3] });
const close = (a: Vec3, b: Vec3, digits = 10): void => {
  for (const i of [0, 1, 2]) expect(a[i]).toBeCloseTo(b[i]!, digits);
};

describe('rigid transforms', () => {
  test('a quarter turn about z takes +x to +y (left to posterior), about a centre that stays', () => {
    const quarter = createRigidTransform({ rotation: [0, 0, 90], center: [10, 0, 0], translation: [0, 0, 1] });
    close(transformPoint(quarter, [10, 0, 0]), [10, 0, 1]);
    close(transformPoint(quarter, [11, 0, 0]), [10, 1, 1]);
  });

  test('x first, then y, then z', () => {
    const all = createRigidTransform({ rotation: [90, 90, 0] });
    // +y goes to +z under the turn about x, then to +x under that about y.
    close(transformPoint(all, [0, 1, 0]), [1, 0, 0]);
  });

  test('inverse, composition, matrix', () => {
    const p: Vec3 = [4, -7, 2.5];
    close(transformPoint(invertRigid(turned), transformPoint(turned, p)), p);
    expect(isIdentity(composeRigid(turned, invertRigid(turned)))).toBe(true);
    close(
      transformPoint(composeRigid(turned, createRigidTransform({ translation: [1, 0, 0] })), p),
      transformPoint(turned, [p[0] + 1, p[1], p[2]]),
    );
    const [r, t] = [turned.rotation, turned.translation];
    const rows = [0, 1, 2].flatMap((i) => [...r.slice(3 * i, 3 * i + 3), t[i]!]);
    const rounded = [...rows, 0, 0, 0, 1].map((n) => Number(n.toFixed(6)));
    const read = rigidFromMatrix(rounded);
    close(transformPoint(read, p), transformPoint(turned, p), 4);
    // Orthonormal to the last digit although it was written with six.
    expect(isIdentity(composeRigid(read, invertRigid(read)))).toBe(true);
    expect(describeRigid(createRigidTransform({ rotation: [0, 0, 5] }))).toMatch(/turned by 5\.00 degrees/);
  });

  test.each([
    ['fifteen numbers', new Array(15).fill(0), /sixteen finite numbers/],
    ['by columns', [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 0, 0, 1], /last row is 5 0 0 1/],
    ['scaling', [2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], /not rigid/],
    ['a mirror', [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], /mirrors/],
  ])('refused: %s', (_, matrix, message) => {
    expect(() => rigidFromMatrix(matrix)).toThrow(message);
  });

  test('a number that is none', () => {
    expect(() => createRigidTransform({ rotation: [Number.NaN, 0, 0] })).toThrow(/must be a finite number/);
  });
});

// Odd, unequal dimensions and spacing: a swapped axis shows.
const source = createGrid([7, 11, 9], [2, 3, 5], [-8, -15, -17]);
const random = createRandom(7);
const noise = createVolume('density', source, Float32Array.from({ length: voxelCount(source) }, random.uniform));

/** Ten lines: inverse transform, then the value at that point. */
function slow(volume: Volume, grid: typeof source, targetFromSource: typeof turned): (number | undefined)[] {
  const back = invertRigid(targetFromSource);
  const out: (number | undefined)[] = [];
  for (let k = 0; k < grid.shape[0]; k++)
    for (let j = 0; j < grid.shape[1]; j++)
      for (let i = 0; i < grid.shape[2]; i++) {
        const place = [i, j, k].map((n, a) => grid.origin[a]! + n * grid.spacing[a]!) as unknown as Vec3;
        out.push(valueAt(volume, ...transformPoint(back, place)));
      }
  return out;
}

describe('values on a turned grid', () => {
  const target = createGrid([13, 8, 17], [1.3, 2.9, 2.1], [-9, -11, -10]);
  test.each([
    ['turned and shifted', turned],
    ['a quarter turn', createRigidTransform({ rotation: [0, 0, 90] })],
    ['shifted', createRigidTransform({ translation: [0.7, -1.1, 2.2] })],
    ['as it is', identityTransform],
  ])('%s: against point by point', (_, transform) => {
    const expected = slow(noise, target, transform);
    const { volume, isInside, outside } = resampleRigid(noise, target, transform, -1);
    expected.forEach((value, i) => {
      expect(isInside[i]).toBe(value === undefined ? 0 : 1);
      expect(volume.data[i]).toBeCloseTo(value ?? -1, 6);
    });
    expect(outside).toBe(expected.filter((value) => value === undefined).length);
    expect(outside).toBeGreaterThan(0);
    expect(outside).toBeLessThan(expected.length);
  });

  test('without a transform it is resample(), to the bit where the grids are one', () => {
    const rigid = resampleRigid(noise, target, identityTransform);
    const plain = resample(noise, target);
    expect(rigid.outside).toBe(plain.outside);
    expect(rigid.volume.data.every((value, i) => Math.abs(value - plain.volume.data[i]!) < 1e-6)).toBe(true);
    expect(resampleRigid(noise, source, identityTransform).volume.data).toEqual(noise.data);
  });

  test('a single slice has values in its plane only', () => {
    const flat = createGrid([1, 4, 4], [1, 1, 1], [0, 0, 0]);
    const slice = createVolume('density', flat, new Float32Array(16).fill(2));
    const shift = (z: number) => createRigidTransform({ translation: [0, 0, z] });
    expect(resampleRigid(slice, flat, shift(0)).outside).toBe(0);
    expect(resampleRigid(slice, flat, shift(0.5)).outside).toBe(16);
  });

  test('integral dose of a blob is kept within 0.1 % where the grid covers it', () => {
    const grid = createGrid([40, 44, 38], [2.5, 2, 3], [-47, -43, -58]);
    const blob = createVolume('density', grid);
    forVoxels(grid, (at, x, y, z) => {
      blob.data[at] = 40 * Math.exp(-(x * x + 1.5 * y * y + 0.7 * z * z) / 250);
    });
    const wide = createGrid([81, 75, 79], [2.1, 1.7, 2.3], [-80, -62, -92]);
    const there = resampleRigid(blob, wide, turned).volume;
    const integral = ({ data, grid: g }: Volume): number => data.reduce((a, b) => a + b, 0) * voxelVolume(g);
    expect(Math.abs(integral(there) / integral(blob) - 1)).toBeLessThan(1e-3);
  });
});

function forVoxels(grid: typeof source, visit: (at: number, x: number, y: number, z: number) => void): void {
  for (let k = 0, at = 0; k < grid.shape[0]; k++)
    for (let j = 0; j < grid.shape[1]; j++)
      for (let i = 0; i < grid.shape[2]; i++, at++) {
        const [x, y, z] = [i, j, k].map((n, a) => grid.origin[a]! + n * grid.spacing[a]!);
        visit(at, x!, y!, z!);
      }
}
