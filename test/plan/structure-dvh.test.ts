/** DVHs in a dose that was not planned here: a mask on its own grid, and what of it the dose does not reach. */
import { expect, test } from 'vitest';
import { type MaskedStructure, structureDvh } from '../../src/evaluate/roi-dvh.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';

// Faces of the dose at x = +-20 mm; those of the mask at -20 and 60 or so.
const grid = createGrid([5, 6, 10], [4, 4, 4], [-18, -10, -8]);
const dose = createDose(grid, { quantity: 'physical', fractions: 5 }, new Float32Array(300).fill(10));

/** 2 mm voxels from x = -20 on, 4 mm of y and z about the middle. */
function bar(length: number): MaskedStructure {
  const nx = length / 2;
  const own = createGrid([2, 2, nx], [2, 2, 2], [-19, -1, -1]);
  const mask = createVolume('mask', own, new Float32Array(4 * nx).fill(1));
  return { name: 'Bar', role: 'organ', mask };
}

test('a mask within the dose is whole', () => {
  const { coverage, volumeCc, dvh, reason } = structureDvh(dose, bar(40));
  expect(coverage).toBe(1);
  expect(volumeCc).toBeCloseTo((40 * 4 * 4) / 1000, 9);
  expect([dvh!.min, dvh!.max]).toEqual([10, 10]);
  expect(reason).toBeUndefined();
});

test('of one that is half without a dose the share is told, and no zero is made of it', () => {
  const refused = structureDvh(dose, bar(80));
  expect(refused.dvh).toBeUndefined();
  expect(refused.coverage).toBeCloseTo(0.5, 9);
  expect(refused.volumeCc).toBeCloseTo((80 * 4 * 4) / 1000, 9);
  expect(refused.reason).toMatch(/^only 50\.0 % of Bar lie in the dose grid: ask for the part/);
  const part = structureDvh(dose, bar(80), { partial: true });
  expect(part.volumeCc).toBeCloseTo((80 * 4 * 4) / 1000, 9);
  expect(part.dvh!.volumeCc).toBeCloseTo((40 * 4 * 4) / 1000, 9);
  expect(part.dvh!.min).toBeCloseTo(10, 5);
  expect(part.reason).toMatch(/all values are of that part$/);
});

test('one that misses less than a hundredth keeps its values; one that misses all has none', () => {
  const nearly = structureDvh(dose, { ...bar(40), mask: shifted(-0.1) });
  expect(nearly.dvh).toBeDefined();
  const far = structureDvh(dose, { ...bar(40), mask: shifted(500) });
  expect(far).toMatchObject({ coverage: 0, reason: 'Bar lies wholly outside the dose grid' });
  expect(far.dvh).toBeUndefined();
});

const shifted = (x: number) => {
  const { mask } = bar(40);
  return createVolume('mask', { ...mask.grid, origin: [-19 + x, -1, -1] }, mask.data);
};
