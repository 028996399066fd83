/** Places of a structure that have too little dose: their parts give it, and the lowest of all is among them. */
import { expect, test } from 'vitest';
import { extremeDose } from '../../src/evaluate/extreme.js';
import { lowPlaces } from '../../src/evaluate/low-places.js';
import { StructureLines } from '../../src/evaluate/structure-lines.js';
import { createGrid } from '../../src/geometry/grid.js';
import { sphere } from '../../src/geometry/shape.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createDose } from '../../src/geometry/volume.js';

const grid = createGrid([12, 12, 12], [4, 3, 5], [-22, -17, -27]);
const solid = sphere([0, 1, 0], 11);
const structure: Structure = { name: 'Ball', role: 'target', shape: { kind: 'solid', solid } };
const lines = new StructureLines(structure, grid, 1_000_000);
const dose = createDose(
  grid,
  { quantity: 'physical' },
  Float32Array.from({ length: 12 ** 3 }, (_, v) => {
    const [x, y, z] = [v % 12, Math.floor(v / 12) % 12, Math.floor(v / 144)];
    return 30 + 2 * x - y + 3 * Math.sin(1.3 * x + y) * Math.cos(z);
  }),
);
const { value: least } = extremeDose(dose, solid, { extreme: 'min', tolerance: 1e-4 });

test('parts sum to one and give the dose, one place a cell, the lowest first', () => {
  const places = lowPlaces(dose, lines, least + 4, 1000);
  expect(places.length).toBeGreaterThan(20);
  for (const { voxels, parts, dose: own } of places) {
    expect(parts.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(parts.reduce((sum, part, q) => sum + part * dose.data[voxels[q]!]!, 0)).toBeCloseTo(own, 9);
    expect(own).toBeLessThan(least + 4);
  }
  expect(new Set(places.map(({ voxels }) => voxels.join())).size).toBe(places.length);
  expect(places.map((place) => place.dose)).toEqual(places.map((place) => place.dose).toSorted((a, b) => a - b));
  expect(Math.abs(places[0]!.dose - least)).toBeLessThan(1e-3);
});

test('as many as are wanted; none where nothing is too low; one where the lowest place is all that is', () => {
  expect(lowPlaces(dose, lines, least + 4, 3)).toHaveLength(3);
  expect(lowPlaces(dose, lines, least - 0.01, 1000)).toEqual([]);
  const few = lowPlaces(dose, lines, least + 2e-3, 1000);
  expect(few.length).toBeGreaterThan(0);
  expect(few.length).toBeLessThan(4);
});
