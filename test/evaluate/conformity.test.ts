import { describe, expect, test } from 'vitest';
import { conformity } from '../../src/evaluate/conformity.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { doseOf, gridAround, maskOf } from './analytic.js';

// Concentric spheres: target of radius 15 mm, dose 60 - r Gy (r in mm), so the isodose D is a sphere of radius 60 - D.
const grid = gridAround(34, [2, 2.5, 3]);
const dose = doseOf((x, y, z) => 60 - Math.hypot(x, y, z), grid);
const target = maskOf((x, y, z) => Math.hypot(x, y, z) <= 15, grid, 250);
const ball = (r: number): number => ((4 / 3) * Math.PI * r ** 3) / 1000;

describe('conformity of concentric spheres', () => {
  test('isodose outside the target: CI = (15 / 20)^3', () => {
    const c = conformity(dose, target, 40, { isodose: 1 });
    // Isodose 40 Gy: radius 20. Volumes of 2 to 3 mm voxels are good to 1 %.
    expect(Math.abs(c.isodoseVolume / ball(20) - 1)).toBeLessThan(0.01);
    expect(c.coverage).toBeCloseTo(1, 6);
    expect(Math.abs(c.paddick! - (15 / 20) ** 3)).toBeLessThan(0.01);
    expect(c.conformationNumber).toBe(c.paddick);
    expect(Math.abs(c.rtog - (20 / 15) ** 3)).toBeLessThan(0.03);
    expect(Math.abs(c.selectivity! - (15 / 20) ** 3)).toBeLessThan(0.01);
  });

  test('isodose inside the target: CI = coverage = (12 / 15)^3, selectivity 1', () => {
    const c = conformity(dose, target, 48, { isodose: 1 });
    expect(Math.abs(c.coverage - (12 / 15) ** 3)).toBeLessThan(0.01);
    expect(Math.abs(c.paddick! - (12 / 15) ** 3)).toBeLessThan(0.01);
    expect(c.selectivity).toBeCloseTo(1, 2);
  });

  test('homogeneity, R50 and gradient index', () => {
    const c = conformity(dose, target, 56);
    // V(D) of the target: r = 15 p^(1/3): D2 = 60 - 4.07, D98 = 60 - 14.9, D50 = 60 - 11.91.
    const d = (p: number): number => 60 - 15 * Math.cbrt(p);
    expect(Math.abs(c.homogeneity! - (d(0.02) - d(0.98)) / d(0.5))).toBeLessThan(0.006);
    // 28 Gy is the sphere of 32 mm.
    expect(Math.abs(c.r50 / (32 / 15) ** 3 - 1)).toBeLessThan(0.01);
    // 56 Gy: 4 mm, a dozen voxels of this grid, whose peak is cut.
    expect(Math.abs(c.gradientIndex! / (32 / 4) ** 3 - 1)).toBeLessThan(0.1);
    // From 4 to 32 mm, the smaller radius as uncertain as its peak.
    expect(Math.abs(c.gradientDistance! - 28)).toBeLessThan(0.2);
    expect(c.isodose).toBeCloseTo(0.95 * 56, 12);
  });

  test('no dose at the isodose: null, never NaN', () => {
    const c = conformity(dose, target, 100);
    expect(c).toMatchObject({ paddick: null, selectivity: null, gradientIndex: null, coverage: 0, rtog: 0 });
  });

  test('a region limits where isodose volume counts', () => {
    const half = maskOf((x) => x >= 0, grid, 250);
    const c = conformity(dose, target, 40, { isodose: 1, region: half });
    expect(Math.abs(c.isodoseVolume / ball(20) - 0.5)).toBeLessThan(0.01);
  });

  test('refuses', () => {
    expect(() => conformity(dose, target, 0)).toThrow(/prescription is 0/);
    expect(() => conformity(dose, target, 40, { isodose: 95 })).toThrow(/fraction of the prescription/);
    expect(() => conformity(dose, createVolume('mask', grid), 40)).toThrow(/target.*no voxel/);
    expect(() => conformity(dose, createVolume('mask', createGrid([1, 1, 1], [1, 1, 1], [0, 0, 0])), 40)).toThrow(
      /grids/,
    );
  });
});
