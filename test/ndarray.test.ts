/** The door for arrays: a view shares memory and order with its volume; back, whatever the strides, the values are where they were. */
import fc from 'fast-check';
import ndarray from 'ndarray';
import ops from 'ndarray-ops';
import { expect, test } from 'vitest';
import { InvalidInputError } from '../src/core/errors.js';
import { createGrid } from '../src/geometry/grid.js';
import { createDose, createVolume } from '../src/geometry/volume.js';
import { asNdarray, doseOfNdarray, volumeOfNdarray } from '../src/ndarray.js';

// Odd, unequal counts and spacings.
const grid = createGrid([5, 7, 3], [2, 3, 5], [-10, 20, 30]);
const [nz, ny, nx] = grid.shape;
const meaning = { quantity: 'physical', fractions: 22, medium: 'engine' } as const;
const values = (seed: number): Float32Array => Float32Array.from({ length: 105 }, (_, v) => Math.sin(seed + 7.3 * v));

test('a view is the memory of its volume, both ways', () => {
  const dose = createDose(grid, meaning, values(1));
  const view = asNdarray(dose);
  expect([view.data, view.shape, view.stride, view.offset]).toEqual([dose.data, [5, 7, 3], [21, 3, 1], 0]);
  expect(view.data).toBe(dose.data);
  view.set(4, 2, 1, 9);
  expect(dose.data[1 + nx * (2 + ny * 4)]).toBe(9);
  dose.data[0] = -3;
  expect(view.get(0, 0, 0)).toBe(-3);
  ops.assigns(view.pick(null, null, 2), 0.5);
  for (let row = 0; row < nz * ny; row++) expect(dose.data[nx * row + 2]).toBe(0.5);
});

test('get(k, j, i) is the voxel whose centre the grid has there', () => {
  const { spacing, origin } = grid;
  const volume = createVolume('density', grid);
  let v = 0;
  // Of every centre its own number: z slowest, as the grid says.
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, v++)
        volume.data[v] =
          origin[0] + i * spacing[0] + 100 * (origin[1] + j * spacing[1]) + 1e4 * (origin[2] + k * spacing[2]);
  const view = asNdarray(volume);
  fc.assert(
    fc.property(fc.nat(nz - 1), fc.nat(ny - 1), fc.nat(nx - 1), (k, j, i) => {
      expect(view.get(k, j, i)).toBe(-10 + 2 * i + 100 * (20 + 3 * j) + 1e4 * (30 + 5 * k));
    }),
    { seed: 3 },
  );
});

test('sums, differences and scaling of ndarray-ops are those of a plain loop, to the last bit', () => {
  const [a, b] = [createDose(grid, meaning, values(1)), createDose(grid, meaning, values(2))];
  const out = createDose(grid, meaning);
  const cases: readonly [() => void, (x: number, y: number) => number][] = [
    [() => ops.add(asNdarray(out), asNdarray(a), asNdarray(b)), (x, y) => x + y],
    [() => ops.sub(asNdarray(out), asNdarray(a), asNdarray(b)), (x, y) => x - y],
    [() => ops.muls(asNdarray(out), asNdarray(a), 1.8), (x) => x * 1.8],
    [() => ops.addeq(asNdarray(out), asNdarray(b)), (x, y) => Math.fround(x * 1.8) + y],
  ];
  for (const [compute, slow] of cases) {
    compute();
    expect(out.data).toEqual(Float32Array.from(a.data, (x, v) => slow(x, b.data[v]!)));
  }
  expect(ops.sup(asNdarray(a))).toBe(Math.max(...a.data));
  expect(ops.sum(asNdarray(a))).toBe(a.data.reduce((sum, x) => sum + x, 0));
});

test('back: the same values in memory of their own, with their meaning', () => {
  const dose = createDose(grid, meaning, values(4));
  const back = doseOfNdarray(asNdarray(dose), grid, meaning);
  expect(back).toEqual(dose);
  expect(back.data.buffer).not.toBe(dose.data.buffer);
  const density = volumeOfNdarray(ndarray(Float64Array.from(dose.data, Math.abs), [5, 7, 3]), grid, 'density');
  expect(density).toEqual(createVolume('density', grid, dose.data.map(Math.abs)));
  expect(() => doseOfNdarray(asNdarray(dose), grid, { quantity: 'eqd2' })).toThrow(/eqd2 needs an alpha\/beta/);
});

/** Cuts, turns and strides of a larger array that end in the shape of the grid, as ndarray makes them. */
const wide = ndarray(
  Float32Array.from({ length: 9 * 16 * 11 }, (_, v) => v),
  [9, 16, 11],
);
test.each([
  ['a part of a larger one', wide.lo(2, 4, 5).hi(5, 7, 3)],
  ['every second value', wide.step(1, 2, 1).lo(1, 1, 1).hi(5, 7, 3)],
  ['turned round', wide.hi(5, 7, 3).step(-1, 1, -1)],
  ['axes swapped', wide.hi(7, 3, 5).transpose(2, 0, 1)],
  ['one plane of four axes', ndarray(wide.data, [3, 3, 16, 11]).pick(1, null, null, null).step(1, 1, 1)],
  ['Fortran order', ndarray(wide.data, [5, 7, 3], [1, 5, 35], 17)],
  ['plain numbers', ndarray(Array.from(wide.data), [5, 7, 3])],
  ['16-bit numbers', ndarray(Int16Array.from(wide.data), [5, 7, 3])],
] as const)('a view is copied value by value: %s', (_, view) => {
  const target = createGrid(view.shape as unknown as [number, number, number], [1, 1, 1], [0, 0, 0]);
  const { data } = volumeOfNdarray(view as ndarray.NdArray, target, 'density');
  let v = 0;
  for (let k = 0; k < view.shape[0]!; k++)
    for (let j = 0; j < view.shape[1]!; j++)
      for (let i = 0; i < view.shape[2]!; i++, v++) expect(data[v]).toBe(view.get(k, j, i));
  expect(data).toHaveLength(v);
});

test.each([
  ['another order', ndarray(new Float32Array(105), [3, 7, 5]), 'its shape is [3, 7, 5], but the grid is [5, 7, 3] at'],
  ['two axes', ndarray(new Float32Array(105), [5, 21]), 'its shape is [5, 21], but'],
  ['no ndarray at all', [1, 2, 3] as unknown as ndarray.NdArray, 'its shape is [], but the grid is [5, 7, 3]'],
  [
    'a hole',
    ndarray([...values(1).subarray(1), NaN], [5, 7, 3]),
    'the value at [4, 6, 2] is NaN, but a density is finite',
  ],
  ['too large', ndarray([1e39, ...values(1).subarray(1)], [5, 7, 3]), 'the value at [0, 0, 0] is 1e+39, but a density'],
])('refused in a sentence: %s', (_, array, message) => {
  const make = (): unknown => volumeOfNdarray(array, grid, 'density');
  expect(make).toThrow(InvalidInputError);
  expect(make).toThrow(message);
});

test('a difference may have holes, as those that respine makes', () => {
  const holes = values(1).fill(NaN, 3, 5);
  expect(volumeOfNdarray(ndarray(holes, [5, 7, 3]), grid, 'difference').data).toEqual(holes);
});
