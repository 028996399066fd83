import { describe, expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { decodeNrrd, encodeNrrd } from '../../src/io/nrrd.js';
import { COMPUTED_AROUND, doseOfNrrd } from '../../src/io/nrrd-dose.js';

const grid = createGrid([2, 3, 4], [2, 3, 5], [0, 1, 2]);

describe('dose of an NRRD file', () => {
  test.each([
    { quantity: 'physical', fractions: 22 },
    { quantity: 'eqd2', fractions: 19, alphaBeta: 2 },
  ] as const)('the meaning that was written: $quantity', async (meaning) => {
    const dose = createDose(grid, meaning, new Float32Array(24).fill(3));
    const back = doseOfNrrd(await decodeNrrd(await encodeNrrd(dose)), 'a.nrrd', 5);
    expect(back).toEqual(dose);
  });

  test('a silent header: physical, in the fractions given, or in a number that stays unknown', async () => {
    const volume = { grid, data: new Float32Array(24), fields: {} };
    const dose = doseOfNrrd(volume);
    expect(dose).toMatchObject({ kind: 'dose', quantity: 'physical' });
    expect(dose.fractions).toBeUndefined();
    expect(doseOfNrrd(await decodeNrrd(await encodeNrrd(dose)))).toEqual(dose);
    expect(doseOfNrrd(volume, 'a.nrrd', 5).fractions).toBe(5);
  });

  test.each([
    [{ units: 'cGy' }, /a\.nrrd: its units are "cGy"/],
    [{ quantity: 'dose' }, /a\.nrrd: quantity "dose" is none of physical, eqd2, bed/],
    [{ fractions: 'many' }, /a\.nrrd: dose: fractions is NaN/],
    [{ quantity: 'eqd2' }, /a\.nrrd: dose: eqd2 needs an alpha\/beta/],
  ])('refuses %j', (fields: Record<string, string>, message) => {
    expect(() => doseOfNrrd({ grid, data: new Float32Array(24), fields }, 'a.nrrd')).toThrow(message);
  });

  test.each([
    [Number.NaN, /a\.nrrd: the dose at \(0, 1, 7\) mm is NaN, but must be a number/],
    [-2, /a\.nrrd: the dose at \(0, 1, 7\) mm is -2 Gy, but must not be negative/],
  ])('refuses a dose of %d', (value, message) => {
    const data = new Float32Array(24).fill(1);
    data[12] = value;
    expect(() => doseOfNrrd({ grid, data, fields: {} }, 'a.nrrd')).toThrow(message);
  });

  test('a planning dose is NaN beyond what it names, and is taken where that is known', () => {
    const data = new Float32Array(24).fill(1);
    data[12] = Number.NaN;
    const volume = { grid, data, fields: { [COMPUTED_AROUND]: 'PTV, SpinalCord' } };
    expect(() => doseOfNrrd(volume, 'a.nrrd')).toThrow(
      /^a\.nrrd: holds the dose around PTV, SpinalCord alone\. Give the whole one/,
    );
    expect(doseOfNrrd(volume, 'a.nrrd', 5, { mayBePartial: true }).data).toBe(data);
    data[3] = -2;
    expect(() => doseOfNrrd(volume, 'a.nrrd', 5, { mayBePartial: true })).toThrow(/is -2 Gy/);
  });

  test('refuses what is no dose', async () => {
    const density = await decodeNrrd(await encodeNrrd(createVolume('density', grid)));
    expect(() => doseOfNrrd(density, 'd.nrrd')).toThrow(/d\.nrrd: holds a volume of kind "density", not a dose/);
  });
});

test('more than anybody gets is refused: 1,000 Gy, of an EQD2 or BED 100,000', () => {
  const of = (value: number, quantity: string) => () =>
    doseOfNrrd({ grid, data: new Float32Array(24).fill(value), fields: { quantity, alphaBeta: '2' } }, 'a.nrrd');
  expect(of(1001, 'physical')).toThrow('is 1001 Gy, more than 1000 Gy. Is it in cGy?');
  expect(of(1000, 'physical')).not.toThrow();
  expect(of(5000, 'bed')).not.toThrow();
  expect(of(2e5, 'eqd2')).toThrow('more than 100000 Gy');
});
