/** Goals stand in a DVH where the curve would have to pass. */
import { expect, test } from 'vitest';
import { createDvh } from '../../src/evaluate/dvh.js';
import { evaluateGoal, parseGoal } from '../../src/evaluate/goal.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { goalPoint } from '../../src/report/dvh-goals.js';

// 20 voxels of 1 cc, 1 to 20 Gy.
const grid = createGrid([1, 1, 20], [10, 10, 10], [0, 0, 0]);
const doses = Float32Array.from({ length: 20 }, (_, i) => i + 1);
const dose = createDose(grid, { quantity: 'physical', fractions: 5 }, doses);
const dvh = createDvh(dose, createVolume('mask', grid, new Float32Array(20).fill(1)), { name: 'A' });
const point = (goal: string) => {
  const result = evaluateGoal(parseGoal(`A ${goal}`), new Map([['A', dvh]]), { prescription: 20 });
  return goalPoint(result, dvh, 20);
};

test.each([
  ['Max <= 30Gy', { dose: 30, volume: 0, isMet: true }],
  ['Min >= 5Gy', { dose: 5, volume: 100, isMet: false }],
  ['D95% >= 80%', { dose: 16, volume: 95, isMet: false }],
  ['D2cc <= 19.5Gy', { dose: 19.5, volume: 10, isMet: true }],
  ['V10Gy <= 60%', { dose: 10, volume: 60, isMet: true }],
  ['V50% <= 5cc', { dose: 10, volume: 25, isMet: false }],
])('%s', (goal, wanted) => {
  expect(point(goal)).toEqual({ structure: 'A', ...wanted });
});

test.each(['Mean <= 10Gy', 'Max[EQD2/2] <= 20Gy'])('%s is no point of the curve', (goal) => {
  expect(point(goal)).toBeUndefined();
});
