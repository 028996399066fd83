import { describe, expect, test } from 'vitest';
import { bed, doseFromBed, doseFromEqd2, eqd2 } from '../../src/biology/linear-quadratic.js';

describe('linear-quadratic', () => {
  // [dose, fractions, alphaBeta, BED, EQD2], worked by hand from D (1 + d / r).
  test.each([
    [39.6, 22, 2, 75.24, 37.62],
    [38, 19, 2, 76, 38],
    [30, 10, 2, 75, 37.5],
    [39.6, 22, 10, 46.728, 38.94],
    [30, 10, 10, 39, 32.5],
    [37.5, 15, 2, 84.375, 42.1875],
    [20, 5, 2, 60, 30],
    [8, 1, 2, 40, 20],
  ])('%d Gy in %d fractions, alpha/beta %d', (dose, fractions, alphaBeta, b, e) => {
    expect(bed(dose, fractions, alphaBeta)).toBeCloseTo(b, 10);
    expect(eqd2(dose, fractions, alphaBeta)).toBeCloseTo(e, 10);
    expect(doseFromBed(b, fractions, alphaBeta)).toBeCloseTo(dose, 10);
    expect(doseFromEqd2(e, fractions, alphaBeta)).toBeCloseTo(dose, 10);
  });

  test('22 x 1.8 Gy at alpha/beta 0.87 is 36.840 Gy EQD2', () => {
    expect(eqd2(39.6, 22, 0.87)).toBeCloseTo(36.84, 3);
    expect(bed(39.6, 22, 0.87)).toBeCloseTo(121.531, 3);
  });

  // The table of cord limits for 22 fractions, alpha/beta 2: EQD2 -> total dose, 2 decimals.
  test.each([
    [10, 14.93],
    [12.5, 17.8],
    [20, 25.37],
    [25, 29.81],
    [32, 35.45],
  ])('EQD2 %d Gy is %d Gy in 22 fractions', (e, dose) => {
    expect(doseFromEqd2(e, 22, 2)).toBeCloseTo(dose, 2);
  });

  test('2 Gy fractions are their own EQD2, at any alpha/beta; the inverse holds for tiny doses', () => {
    for (const r of [0.87, 2, 3, 10]) expect(eqd2(50, 25, r)).toBeCloseTo(50, 12);
    // The cancellation-free form keeps full relative precision: 1e-15 is a few roundings.
    const tiny = doseFromEqd2(1e-9, 22, 2);
    expect(Math.abs(eqd2(tiny, 22, 2) / 1e-9 - 1)).toBeLessThan(1e-15 * 4);
    expect(doseFromEqd2(0, 22, 2)).toBe(0);
  });

  test.each([
    [() => bed(-1, 22, 2), /totalDose is -1/],
    [() => eqd2(10, 0, 2), /fractions is 0/],
    [() => eqd2(10, 2.5, 2), /fractions is 2.5/],
    [() => doseFromEqd2(10, 22, 0), /alphaBeta is 0/],
    [() => doseFromEqd2(Number.NaN, 22, 2), /eqd2 is NaN/],
  ])('refuses %#', (call, message) => {
    expect(call).toThrow(message);
  });
});
