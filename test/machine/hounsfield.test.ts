import { expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { checkHounsfieldTable, defaultHounsfieldTable, densityOfHounsfield } from '../../src/machine/hounsfield.js';

const ct = (values: number[]) =>
  createVolume('hounsfield', createGrid([1, 1, values.length], [2, 3, 5], [0, 0, 0]), Float32Array.from(values));

test('linear between the points, constant beyond them', () => {
  const density = densityOfHounsfield(ct([-3000, -1024, -999, -90, 0, 50, 50.5, 350, 3000, 9000])).data;
  const hand = [0.001, 0.001, 0.001, 0.95, 1, 1.0475, 1 + 0.00095 * 50.5, 1.199, 2.505, 2.505];
  for (let i = 0; i < hand.length; i++) expect(density[i]).toBeCloseTo(hand[i]!, 6);
});

test("a table of one's own with odd limits", () => {
  const density = densityOfHounsfield(ct([-1000.5, 0, 1000]), [
    [-1000.5, 0],
    [1000, 2],
  ]).data;
  expect(density[1]).toBeCloseTo((2 * 1000.5) / 2000.5, 6);
  expect([density[0], density[2]]).toEqual([0, 2]);
});

test('a bad table is refused with the pair', () => {
  expect(() =>
    checkHounsfieldTable([
      [0, 1],
      [0, 2],
    ]),
  ).toThrow('pair 2 [0, 2] follows [0, 1]');
  expect(() =>
    checkHounsfieldTable([
      [0, 1],
      [10, -2],
    ]),
  ).toThrow('pair 2 [10, -2]');
  expect(() => checkHounsfieldTable([[0, 1]])).toThrow('at least 2');
  expect(checkHounsfieldTable(defaultHounsfieldTable)).toBe(defaultHounsfieldTable);
  expect(() => densityOfHounsfield(ct([0, Number.NaN]))).toThrow('voxel 1 of the CT is NaN');
});
