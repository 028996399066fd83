/** Laws of the slabs that planes stand for, whatever their spacing. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { createStructureDvh } from '../../src/evaluate/structure-dvh.js';
import { contoursVolume, createContours } from '../../src/geometry/contour.js';
import { describeRemarks, inspectContours } from '../../src/geometry/contour-check.js';
import { contourGaps, contourSlabs } from '../../src/geometry/contour-slabs.js';
import { solidOfContours } from '../../src/geometry/contour-solid.js';
import { contoursOfStructure } from '../../src/geometry/contour-trace.js';
import { createGrid } from '../../src/geometry/grid.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createDose } from '../../src/geometry/volume.js';
import { voxelizeContours } from '../../src/geometry/voxelize.js';
import { solidVolume } from '../../src/geometry/voxelize-solid.js';

const square = Float64Array.of(-10, -10, 10, -10, 10, 10, -10, 10);
const prism = (z: readonly number[], spacing?: number) =>
  createContours(
    z.map((at) => ({ z: at, polygons: [square] })),
    spacing,
  );
/** Extent along z that a prism of 400 mm2 fills, mm. */
const length = (z: readonly number[], spacing?: number): number => contoursVolume(prism(z, spacing)) / 0.4;
const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);

test('even planes: half a spacing beyond the ends, to the bit, however they are rounded', () => {
  for (const step of [1, 2.5, 3, 1.171875]) {
    const z = range(-31.3, -31.3 + 20 * step, step);
    const slabs = contourSlabs(prism(z));
    const { spacing } = prism(z);
    z.forEach((at, p) => {
      expect(slabs[2 * p]).toBe(at - (p === 0 ? spacing : at - z[p - 1]!) / 2);
      expect(slabs[2 * p + 1]).toBe(at + (p === z.length - 1 ? spacing : z[p + 1]! - at) / 2);
    });
    expect(contourSlabs(prism(z, spacing))).toEqual(slabs);
    expect(inspectContours(prism(z))).toEqual([]);
  }
  expect(inspectContours(prism([0, 2, 5, 7, 10, 12]))).toEqual([]);
});

test('mixed spacing: half the way to the neighbours, half the spacing of that end beyond', () => {
  const mixed = [...range(-30, 0, 3), ...range(6, 30, 6)];
  expect(length(mixed)).toBeCloseTo(60 + 1.5 + 3, 9);
  expect(length([...range(-20, 0, 1), ...range(5, 20, 5)])).toBeCloseTo(40 + 0.5 + 2.5, 9);
  // Every third slice at one end, twice; the same at both ends.
  expect(length([...range(-24, 0, 12), ...range(4, 20, 4)])).toBeCloseTo(44 + 6 + 2, 9);
  expect(length([-24, -12, 0, ...range(4, 20, 4), 32, 44])).toBeCloseTo(68 + 12, 9);
  expect(length([...range(0, 20, 2), 24])).toBeCloseTo(24 + 1 + 1, 9);
  expect(describeRemarks(prism(mixed))).toEqual([
    'slices are left out between z = 0 and 30 mm in 5 places, where contours lie up to 6 mm apart and elsewhere 3 mm; each contour stands for half the way to its neighbours (6 cc of it).',
  ]);
});

test('several times the spacing around it is a gap; planes that come on every slice have nothing on one without', () => {
  const pieces = [...range(0, 12, 3), ...range(30, 42, 3)];
  expect(length(pieces)).toBeCloseTo(15 + 15, 9);
  expect(describeRemarks(prism(pieces))).toEqual([
    'nothing is drawn between z = 12 and 30 mm, and nothing is filled in.',
  ]);
  // A piece of one slice between two gaps has the usual thickness.
  expect(length([...range(0, 12, 3), 40, ...range(70, 82, 3)])).toBeCloseTo(15 + 3 + 15, 9);
  // Pieces of different spacing end by their own.
  expect(length([...range(0, 12, 3), ...range(40, 52, 6)])).toBeCloseTo(15 + 18, 9);
  expect(length([0, 3, 9, 12], 3)).toBeCloseTo(12, 9);
  expect(contourGaps(prism([0, 3, 9, 12], 3))).toEqual([false, true, false]);
  expect(length([0, 3, 9, 12])).toBeCloseTo(15, 9);
});

test('slices left out of a prism change its volume by no more than its ends', () => {
  const all = range(0, 60, 3);
  const whole = length(all);
  const everySecond = all.filter((_, i) => i % 2 === 0);
  expect(length(everySecond)).toBeCloseTo(whole + 3, 9);
  const { uniform } = createRandom(11);
  for (let trial = 0; trial < 200; trial++) {
    const step = 1 + 4 * uniform();
    const from = 100 * (uniform() - 0.5);
    const z = range(from, from + 24 * step, step);
    // Never two neighbours.
    const kept = z.filter((_, i) => i % 2 === 0 || uniform() < 0.5);
    const beyond = length(kept) - length(z);
    expect(Math.abs(beyond)).toBeLessThanOrEqual(step + 1e-9);
    const mirrored = kept.map((at) => -at).reverse();
    expect(length(mirrored)).toBeCloseTo(length(kept), 8);
    expect(length([...kept].reverse())).toBe(length(kept));
  }
});

test('volume, voxels, distance, DVH and outlines follow one rule', () => {
  const contours = prism([...range(-12, 0, 3), ...range(6, 18, 6)]);
  const structure: Structure = { name: 'A', role: 'organ', shape: { kind: 'contours', contours } };
  const volume = contoursVolume(contours);
  expect(volume).toBeCloseTo(0.4 * (30 + 1.5 + 3), 9);
  const grid = createGrid([25, 15, 15], [2, 2, 1.5], [-14, -14, -15]);
  const mask = voxelizeContours(contours, grid);
  expect(mask.data.reduce((sum, value) => sum + value, 0) * 6e-3).toBeCloseTo(volume, 5);
  const solid = solidOfContours(contours);
  expect(solidVolume(solid)).toBeCloseTo(volume, 1);
  for (const [z, isIn] of [
    [-13.4, true],
    [-13.6, false],
    [3, true],
    [9.1, true],
    [20.9, true],
    [21.1, false],
  ] as const) {
    expect(solid.distance(0, 0, z) < 0, String(z)).toBe(isIn);
  }
  const dose = createDose(grid, { quantity: 'physical', fractions: 1 });
  const [nz, ny, nx] = grid.shape;
  for (let i = 0; i < nz * ny * nx; i++) dose.data[i] = 20 + grid.origin[2] + 1.5 * Math.floor(i / (nx * ny));
  const dvh = createStructureDvh(dose, structure);
  expect(dvh.volumeCc).toBeCloseTo(volume, 9);
  expect(dvh.mean).toBeCloseTo(20 + (21 - 13.5) / 2, 2);
  // On slices that were left out there is an outline too.
  const slices = createGrid([14, 15, 15], [2, 2, 3], [-14, -14, -15]);
  const traced = contoursOfStructure(structure, slices)!;
  expect(traced.planes.map(({ z }) => z)).toEqual(range(-12, 18, 3));
  // They end half a slice beyond the last, where the structure ends half of 6 mm beyond.
  expect(Math.abs(contoursVolume(traced) - volume)).toBeLessThan(0.4 * 1.6);
});
