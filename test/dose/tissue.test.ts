/** Engine dose, dose to medium, dose to water: named, converted once, never mixed. */
import { expect, test } from 'vitest';
import { convertDose, defaultTissues, doseFactor } from '../../src/dose/tissue.js';
import { gammaIndex } from '../../src/evaluate/gamma.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { decodeNrrd, encodeNrrd } from '../../src/io/nrrd.js';
import { doseOfNrrd } from '../../src/io/nrrd-dose.js';

const grid = createGrid([1, 1, 4], [2, 2, 2], [0, 0, 0]);
const density = createVolume('density', grid, Float32Array.of(0.26, 1, 1.3, 0));
const engine = createDose(
  grid,
  { quantity: 'physical', fractions: 22, medium: 'engine' },
  Float32Array.of(10, 20, 30, 0),
);

test('lung and soft tissue lose 1 % to the medium and none to water; bone lies between', () => {
  const medium = convertDose(engine, density, 'medium');
  expect(Array.from(medium.data, (d, i) => (i < 3 ? d / engine.data[i]! : d))).toEqual([
    expect.closeTo(0.991, 3),
    expect.closeTo(0.99, 3),
    expect.closeTo(0.95, 6),
    0,
  ]);
  expect([medium.medium, medium.fractions]).toEqual(['medium', 22]);
  const water = convertDose(engine, density, 'water').data;
  expect(Array.from(water.subarray(0, 3), (d, i) => d / engine.data[i]!)).toEqual([
    expect.closeTo(1, 6),
    expect.closeTo(1, 6),
    expect.closeTo(1.05, 2),
  ]);
});

test('twice is refused, so is a table without an end or out of order', () => {
  const medium = convertDose(engine, density, 'medium');
  expect(() => convertDose(medium, density, 'water')).toThrow(/the dose is physical, medium, but must be the engine's/);
  expect(() => doseFactor(1.2, 'medium', defaultTissues.slice(0, 2))).toThrow(
    /no tissue holds an electron density of 1.2/,
  );
  expect(() => convertDose(engine, density, 'medium', [...defaultTissues].reverse())).toThrow(
    /soft tissue ends at 1.08/,
  );
});

test('a file keeps the medium; doses to different media are not compared', async () => {
  const medium = convertDose(engine, density, 'medium');
  const again = doseOfNrrd(await decodeNrrd(await encodeNrrd(medium, { gzip: true })));
  expect(again.medium).toBe('medium');
  expect(() => gammaIndex(engine, again, { dose: 3, distance: 3 })).toThrow(
    /the medium of the reference dose is "engine", that of the evaluated dose "medium"/,
  );
});
