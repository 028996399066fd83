/** A DVH of a converted dose from that of the dose: closed forms, and as sampled from the converted dose. */
import { expect, test } from 'vitest';
import { eqd2 } from '../../src/biology/linear-quadratic.js';
import { convertDvh } from '../../src/evaluate/converted-dvh.js';
import type { DoseField } from '../../src/evaluate/dose-field.js';
import { doseAtVolume, volumeAtDose } from '../../src/evaluate/dvh.js';
import { createStructureDvh } from '../../src/evaluate/structure-dvh.js';
import { createGrid } from '../../src/geometry/grid.js';
import { box, sphere } from '../../src/geometry/shape.js';
import type { Solid } from '../../src/geometry/solid.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createDose } from '../../src/geometry/volume.js';
import { doseOf } from './analytic.js';

const grid = createGrid([9, 11, 8], [4, 3, 4], [-14, -15, -16]);
const of = (solid: Solid): Structure => ({ name: 'SpinalCord', role: 'organ', shape: { kind: 'solid', solid } });
const inEqd2 = { quantity: 'eqd2', alphaBeta: 2 } as const;
const before = 27;
const sum = (gray: number): number => before + eqd2(Math.max(0, gray), 22, 2);

test('a ramp in a box: every figure in closed form', () => {
  const dose = createDose(grid, { quantity: 'physical', fractions: 22 }, doseOf((x) => 20 + x, grid).data);
  const dvh = createStructureDvh(dose, of(box([-8, -7, -6], [8, 5, 6])));
  const both = convertDvh(dvh, sum, inEqd2);
  expect(both).toMatchObject({ name: 'SpinalCord', ...inEqd2, volumeCc: dvh.volumeCc });
  expect(both.fractions).toBeUndefined();
  // Many places tie on a flat face, where the search for the physical ones ends some way apart.
  expect(Math.abs(both.max - sum(28))).toBeLessThanOrEqual(both.bounds!.withinMax + 1e-5);
  expect(Math.abs(both.min - sum(12))).toBeLessThanOrEqual(both.bounds!.withinMin + 1e-5);
  expect(both.bounds!.withinMax).toBeCloseTo(sum(dvh.max + dvh.bounds!.withinMax) - sum(dvh.max), 9);
  // The mean of d (d / 22 + 2) / 4 over 12 to 28: the mean square is 20^2 + 16^2 / 12.
  expect(both.mean).toBeCloseTo(before + ((400 + 256 / 12) / 22 + 2 * 20) / 4, 4);
  for (const share of [0.02, 0.3, 0.5, 0.98]) {
    // The ramp has a corner every 4 Gy, between which a converted dose is not straight: 0.02 Gy off.
    expect(doseAtVolume(both, share * dvh.volumeCc).value).toBeCloseTo(sum(28 - 16 * share), 3);
    expect(doseAtVolume(both, share * dvh.volumeCc).value).toBeCloseTo(
      sum(doseAtVolume(dvh, share * dvh.volumeCc).value),
      3,
    );
    expect(volumeAtDose(both, sum(28 - 16 * share))).toBeCloseTo(share * dvh.volumeCc, 3);
  }
});

test('what the same sum has where it is sampled itself, within its bounds', () => {
  const steep = doseOf((x, y) => 20 + 1.1 * y + 0.02 * x * x, grid).data;
  const cord = of(sphere([0.7, -1.3, 0.4], 6));
  const own = createStructureDvh(createDose(grid, { quantity: 'physical', fractions: 22 }, steep), cord);
  const terms = [
    { data: new Float32Array(steep.length).fill(before), convert: (gray: number) => gray },
    { data: steep, convert: (gray: number) => eqd2(Math.max(0, gray), 22, 2) },
  ];
  const field: DoseField = { grid, ...inEqd2, terms };
  const sampled = createStructureDvh(field, cord);
  const converted = convertDvh(own, sum, inEqd2);
  expect(Math.abs(converted.max - sampled.max)).toBeLessThan(
    converted.bounds!.withinMax + sampled.bounds!.withinMax + 1e-5,
  );
  expect(Math.abs(converted.mean - sampled.mean)).toBeLessThan(2e-3);
  for (const share of [0.02, 0.5, 0.98]) {
    const at = (dvh: typeof own): number => doseAtVolume(dvh, share * dvh.volumeCc).value;
    expect(Math.abs(at(converted) - at(sampled)), `${share}`).toBeLessThan(2e-3 * (sampled.max - sampled.min));
  }
  for (const level of ['coarse', 'coarser', 'lower', 'upper'] as const) {
    const [a, b] = [converted.bounds![level], sampled.bounds![level]];
    expect(Math.abs(a.mean - b.mean), level).toBeLessThan(0.02);
  }
});
