/** Comparison of doses: closed forms on unequal grids, bands of ramps, fall-off between concentric shapes. */
import { describe, expect, test } from 'vitest';
import { compareDoses } from '../../src/evaluate/compare.js';
import { doseDifference } from '../../src/evaluate/dose-difference.js';
import { createDvh, type Dvh } from '../../src/evaluate/dvh.js';
import { dvhBand, dvhDistance } from '../../src/evaluate/dvh-band.js';
import { doseFallOff } from '../../src/evaluate/fall-off.js';
import { parseMetric } from '../../src/evaluate/metric-parser.js';
import { createContours } from '../../src/geometry/contour.js';
import { createGrid } from '../../src/geometry/grid.js';
import { resample, valueAt } from '../../src/geometry/resample.js';
import { sphere, tube } from '../../src/geometry/shape.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createDose } from '../../src/geometry/volume.js';
import { doseOf, type Field, forEachVoxel, maskOf } from './analytic.js';

// Odd, unequal, shifted: a swapped axis shows. The second covers the first.
const grid = createGrid([9, 11, 7], [2, 3, 5], [-6.3, -14.2, -20.1]);
const other = createGrid([17, 25, 17], [2.3, 2.6, 3.1], [-11.7, -25.5, -23.3]);
const trilinear: Field = (x, y, z) =>
  40 + 0.4 * x - 0.2 * y + 0.3 * z + 0.01 * x * y - 0.004 * x * y * z + 0.02 * y * z;

describe('resampling', () => {
  test('a trilinear field is met exactly, up to the rounding of Float32', () => {
    const dose = doseOf((x, y, z) => 2 * x - 3 * y + z, other);
    const { volume, outside } = resample(dose, grid);
    expect(outside).toBe(0);
    forEachVoxel(grid, (index, x, y, z) => expect(volume.data[index]).toBeCloseTo(2 * x - 3 * y + z, 4));
    expect(valueAt(dose, 1.1, -2.7, 3.3)).toBeCloseTo(2 * 1.1 + 3 * 2.7 + 3.3, 4);
    const cell = createGrid([2, 2, 2], [3, 4, 5], [-1, -2, -3]);
    expect(valueAt(doseOf(trilinear, cell), 0.3, 1.1, -0.4)).toBeCloseTo(trilinear(0.3, 1.1, -0.4), 5);
  });

  test('nothing is extrapolated; a grid of one slice has its plane', () => {
    const { volume, isInside, outside } = resample(
      doseOf(() => 5, grid),
      other,
      { outside: -1 },
    );
    expect(outside).toBe(isInside.filter((v) => v === 0).length);
    expect(volume.data.every((value, i) => value === (isInside[i] ? 5 : -1))).toBe(true);
    // Faces: half a voxel more on every side, with the outermost values.
    const line = createGrid([1, 1, 9], [1, 1, 1], [-2, 0, 0]);
    const short = doseOf((x) => 3 + x, createGrid([1, 1, 3], [2, 1, 1], [0, 0, 0]));
    const faces = resample(short, line, { outside: -1, toFaces: true }).volume.data;
    expect([...faces]).toEqual([-1, 3, 3, 4, 5, 6, 7, 7, -1]);
    const slice = doseOf((x) => x, createGrid([1, 3, 3], [1, 1, 1], [0, 0, 7]));
    expect(valueAt(slice, 1.5, 1, 7)).toBeCloseTo(1.5, 6);
    expect(valueAt(slice, 1.5, 1, 7.5)).toBeUndefined();
    expect(valueAt(slice, -0.5, 1, 7)).toBeUndefined();
  });
});

describe('difference', () => {
  test('a linear field against itself plus a tilt', () => {
    const result = doseDifference(
      doseOf((x) => 40 + x, grid),
      doseOf((x) => 41 + x * 1.1, other),
    );
    expect([result.voxels, result.outside]).toEqual([9 * 11 * 7, 0]);
    // Evaluated - reference = 1 + 0.1 x, x = -6.3 + 2 i for i = 0..6.
    const xs = Array.from({ length: 7 }, (_, i) => 1 + 0.1 * (-6.3 + 2 * i));
    const mean = xs.reduce((a, b) => a + b) / 7;
    expect(result.mean).toBeCloseTo(mean, 4);
    expect(result.standardDeviation).toBeCloseTo(Math.sqrt(xs.reduce((a, b) => a + (b - mean) ** 2, 0) / 7), 4);
    expect(result.rootMeanSquare).toBeCloseTo(Math.sqrt(xs.reduce((a, b) => a + b * b, 0) / 7), 4);
    expect([result.minimum, result.maximum, result.percentiles[50]]).toEqual(
      [xs[0]!, xs[6]!, xs[3]!].map((v) => expect.closeTo(v, 4)),
    );
  });

  test('threshold: counts where either dose reaches it; outside is counted, not invented', () => {
    const reference = doseOf((x) => (x < 0 ? 50 : 1), grid);
    const evaluated = doseOf((x) => (x > 4 ? 8 : 1), grid);
    // x = -6.3 + 2 i: below 0 for i = 0..3, above 4 for i = 6.
    const result = doseDifference(reference, evaluated);
    expect(result.voxels).toBe(5 * 99);
    expect(result.map.data.filter((v) => Number.isNaN(v)).length).toBe(2 * 99);
    const part = createGrid([9, 11, 5], [2, 3, 5], [-6.3, -14.2, -20.1]);
    expect(
      doseDifference(
        reference,
        doseOf(() => 1, part),
      ),
    ).toMatchObject({ voxels: 4 * 99, outside: 0 });
    expect(
      doseDifference(
        doseOf(() => 9, grid),
        doseOf(() => 9, part),
      ),
    ).toMatchObject({ voxels: 5 * 99, outside: 2 * 99 });
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'no overlap',
      () =>
        doseDifference(
          doseOf(() => 9, grid),
          doseOf(() => 9, createGrid([2, 2, 2], [1, 1, 1], [500, 0, 0])),
        ),
      /do not overlap/,
    ],
    [
      'other fractions',
      () =>
        doseDifference(
          doseOf(() => 9, grid),
          { ...doseOf(() => 9, grid), fractions: 5 },
        ),
      /22 fractions .*5/,
    ],
    [
      'NaN',
      () =>
        doseDifference(
          doseOf(() => 9, grid),
          doseOf(() => Number.NaN, grid),
        ),
      /evaluated dose\[0\] is NaN/,
    ],
    [
      'no dose',
      () =>
        doseDifference(
          doseOf(() => 0, grid),
          doseOf(() => 9, grid),
        ),
      /no dose above 0/,
    ],
    [
      'a threshold of 101',
      () =>
        doseDifference(
          doseOf(() => 9, grid),
          doseOf(() => 9, grid),
          { threshold: 101 },
        ),
      /threshold is 101/,
    ],
  ])('refuses %s', (_, job, message) => {
    expect(job).toThrow(message);
  });
});

/** Volume falls evenly from `low` to `high`. */
const ramp = (low: number, high: number): Dvh => ({
  name: 'ramp',
  quantity: 'physical',
  fractions: 22,
  volumeCc: 8,
  mean: (low + high) / 2,
  max: high,
  min: low,
  dose: Float64Array.of(high, low),
  volume: Float64Array.of(0, 8),
});

describe('bands', () => {
  test('two ramps: their envelope, and how far they are apart', () => {
    const { dose, low, high } = dvhBand([ramp(0, 40), ramp(10, 30)], 5);
    expect([...dose].map((d) => Math.round(d))).toEqual([0, 10, 20, 30, 40]);
    expect([...low]).toEqual([100, 75, 50, 0, 0].map((v) => expect.closeTo(v, 3)));
    expect([...high]).toEqual([100, 100, 50, 25, 0].map((v) => expect.closeTo(v, 3)));
    const distance = dvhDistance(ramp(0, 40), ramp(10, 30));
    expect(Math.abs(distance.volume.points)).toBeCloseTo(25, 0);
    // D1% is 39.6 against 29.8, D99% 0.4 against 10.2.
    expect(Math.abs(distance.dose.gy)).toBeCloseTo(9.8, 6);
    expect(() => dvhBand([])).toThrow(/no DVH/);
  });
});

describe('two doses', () => {
  const mask = maskOf((x, y, z) => Math.hypot(x, y, z) < 12, grid, 50);
  const a = doseOf((x) => 40 + x, grid);
  const b = doseOf((x) => 41 + x, grid);
  const side = (dose: typeof a, name = 'PTV') => ({ dose, dvhs: new Map([[name, createDvh(dose, mask, { name })]]) });

  test('metrics differ by the offset; gamma, band and difference agree with it', () => {
    const metrics = ['Mean', 'D95%', 'Max', 'D95%[%]', 'D500cc'].map(parseMetric);
    const result = compareDoses(side(a), side(b), { metrics, gamma: { dose: 3, distance: 2 } });
    const [ptv] = result.structures;
    expect(ptv!.metrics.slice(0, 3).map(({ difference }) => difference)).toEqual(
      [1, 1, 1].map((v) => expect.closeTo(v, 4)),
    );
    expect(ptv!.metrics[3]).toMatchObject({
      reference: null,
      difference: null,
      reason: expect.stringMatching(/prescription/),
    });
    expect(ptv!.metrics[4]!.reason).toMatch(/has only/);
    expect(ptv!.distance.dose.gy).toBeCloseTo(1, 4);
    expect(result.difference.mean).toBeCloseTo(1, 4);
    expect(result.gamma!.passRate).toBe(100);
    expect(compareDoses(side(a), side(b), { gamma: null }).gamma).toBeUndefined();
  });

  test('structures of one side only are named', () => {
    expect(compareDoses(side(a), side(b, 'GTV'), { gamma: null })).toMatchObject({
      structures: [],
      unmatched: ['PTV', 'GTV'],
    });
  });
});

describe('fall-off between target and organ', () => {
  const space = createGrid([41, 41, 41], [1, 1, 1.5], [-20.2, -19.9, -30.3]);
  const organ: Structure = { name: 'Cord', role: 'organ', shape: { kind: 'solid', solid: sphere([0, 0, 0], 5) } };
  const target: Structure = { name: 'PTV', role: 'target', shape: { kind: 'solid', solid: sphere([20, 0, 0], 8) } };

  test('two spheres 7 mm apart, the dose rising by 2 Gy/mm towards the target', () => {
    const dose = doseOf((x) => 60 + 2 * x, space);
    const fall = doseFallOff(dose, target, organ)!;
    // On slices 1.5 mm apart the foremost point is missed by up to 0.75 mm of height: 5 - sqrt(25 - 0.75^2) = 0.06 mm.
    expect(fall.distance).toBeGreaterThan(7 - 1e-6);
    expect(fall.distance).toBeLessThan(7.15);
    // The distance is the lesser of both ways, of which the pairs run one.
    expect(fall.nearest!.gap).toBeGreaterThanOrEqual(fall.distance);
    expect(fall.nearest!.gap).toBeCloseTo(fall.distance, 1);
    expect(fall.nearest!.perMm).toBeCloseTo(2, 2);
    expect(fall.nearest!.targetDose - fall.nearest!.organDose).toBeCloseTo(2 * fall.distance, 1);
    expect(fall.steepest).toBeLessThan(2 + 1e-3);
    expect(fall.median).toBeGreaterThan(1.7);
    expect(doseFallOff(dose, target, organ, { reach: 6 })).toMatchObject({ nearest: null, pairs: 0 });
  });

  test('overlap: a negative distance and only the gaps that are', () => {
    const near: Structure = { ...target, shape: { kind: 'solid', solid: sphere([10, 0, 0], 8) } };
    const fall = doseFallOff(
      doseOf((x) => 60 + 2 * x, space),
      near,
      organ,
    )!;
    expect(fall.distance).toBeCloseTo(-3, 1);
    expect(fall.pairs).toBeGreaterThan(100);
  });

  test('contours one above the other: the gap runs from slab to slab', () => {
    const circle = (r: number): Float64Array =>
      Float64Array.from({ length: 120 }, (_, i) =>
        i % 2 ? r * Math.sin((Math.PI * i) / 60) : r * Math.cos((Math.PI * (i + 1)) / 60),
      );
    const stack = (name: string, from: number): Structure => ({
      name,
      role: 'organ',
      shape: {
        kind: 'contours',
        contours: createContours(
          [0, 2, 4].map((z) => ({ z: from + z, polygons: [circle(6)] })),
          2,
        ),
      },
    });
    // Slabs from -11 to -5 and from 3 to 9: 8 mm, of which the dose falls 1.5 Gy/mm.
    const fall = doseFallOff(
      doseOf((_x, _y, z) => 60 + 1.5 * z, space),
      stack('PTV', 4),
      stack('Cord', -10),
    )!;
    expect(fall.distance).toBeCloseTo(8, 4);
    expect(fall.nearest!.perMm).toBeCloseTo(1.5, 3);
  });

  test('an organ beyond the dose', () => {
    const far: Structure = {
      ...organ,
      shape: {
        kind: 'solid',
        solid: tube(
          [
            [0, 0, 500],
            [0, 0, 600],
          ],
          5,
        ),
      },
    };
    expect(doseFallOff(createDose(space, { quantity: 'physical' }), target, far)).toBeUndefined();
  });
});
