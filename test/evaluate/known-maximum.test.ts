/** A DVH whose maximum is known: no metric passes it, the curve below stays, and its bound still holds the trilinear maximum. */
import { expect, test } from 'vitest';
import { doseAtVolume, volumeAtDose } from '../../src/evaluate/dvh.js';
import { extremeBound } from '../../src/evaluate/error-bound.js';
import { withKnownMaximum } from '../../src/evaluate/known-maximum.js';
import { createStructureDvh } from '../../src/evaluate/structure-dvh.js';
import { createGrid } from '../../src/geometry/grid.js';
import { box } from '../../src/geometry/shape.js';
import { createDose } from '../../src/geometry/volume.js';

// Convex along x, as towards a target: the trilinear dose lies above it between the points.
const grid = createGrid([12, 12, 12], [3, 3, 3], [-16.5, -16.5, -16.5]);
const dose = createDose(grid, { quantity: 'physical', fractions: 5 });
for (let v = 0; v < dose.data.length; v++) dose.data[v] = 10 + 0.1 * (grid.origin[0] + 3 * (v % 12) + 20) ** 2;
const shape = { kind: 'solid', solid: box([0, 0, 0], [9, 6, 6]) } as const;
const dvh = createStructureDvh(dose, { name: 'Cord', role: 'organ', shape });
const known = 10 + 0.1 * 29 ** 2;
const kept = withKnownMaximum(dvh, known);

test('Max is what is known, and every DX and the mean stand below it in their order', () => {
  expect(dvh.max).toBeGreaterThan(known);
  expect(kept.max).toBeCloseTo(known, 4);
  const doses = [0, 1e-6, 0.03, 0.5, 1, 2].map((cc) => doseAtVolume(kept, cc).value);
  expect(doses.every((gray, i) => gray <= kept.max && (i === 0 || gray <= doses[i - 1]!))).toBe(true);
  expect(kept.mean).toBeLessThanOrEqual(kept.max);
});

test('below it the curve stays as it was', () => {
  for (const gray of [20, 40, 60, 80, 90]) expect(volumeAtDose(kept, gray)).toBeCloseTo(volumeAtDose(dvh, gray), 6);
});

test('the bound reaches up to the trilinear maximum and its own bound', () => {
  const of = (own: typeof dvh): number => extremeBound(own, ({ max }) => max)!.total;
  expect(kept.max + of(kept)).toBeGreaterThanOrEqual(dvh.max + of(dvh) - 1e-4);
});

test('a maximum that differs by more than the bound is of other points: the DVH stays', () => {
  expect(withKnownMaximum(dvh, 50)).toBe(dvh);
  expect(withKnownMaximum({ ...dvh, bounds: undefined }, known).max).toBe(dvh.max);
});
