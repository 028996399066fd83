import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import {
  createDvh,
  cumulativeCurve,
  differentialCurve,
  doseAtVolume,
  volumeAtDose,
  volumesAtDoses,
} from '../../src/evaluate/dvh.js';
import { createGrid, voxelCount } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { doseOf, fieldOf, gridAround, maskOf, shapeOf } from './analytic.js';

const physical = { quantity: 'physical', fractions: 22 } as const;

function twoVoxels(a: number, b: number, fractions: [number, number] = [1, 1]) {
  const grid = createGrid([1, 1, 2], [10, 10, 10], [0, 0, 0]);
  return createDvh(
    createDose(grid, physical, Float32Array.of(a, b)),
    createVolume('mask', grid, Float32Array.from(fractions)),
    { name: 'two' },
  );
}

describe('DVH of linear fields: closed forms', () => {
  // facts: R = 12 mm, H = 24 mm, 1 Gy/mm, 4 to 28 Gy; [D99, D95, D50, D5, D1, D0.1cc]
  const cases = [
    ['sphere', 'sphere', [0, 1, 0], 7.2382, 16, [5.4137, 7.2484, 16, 24.7516, 26.5863, 26.3322]],
    ['cylinder, axial', 'cylz', [0, 0, 1], 10.8573, 16, [4.24, 5.2, 16, 26.8, 27.76, 27.779]],
    ['cylinder, across', 'cylz', [0, 1, 0], 10.8573, 16, [4.788, 6.3354, 16, 25.6646, 27.212, 27.2543]],
    ['cone, to its apex', 'conez', [0, 0, 1], 3.6191, 10, [4.0803, 4.4069, 8.9512, 19.1583, 22.8294, 20.7443]],
    ['cone, across', 'conez', [0, 1, 0], 3.6191, 16, [6.2111, 8.2957, 16, 23.7043, 25.7889, 24.6434]],
  ] as const;
  // Unequal spacing on an odd grid that is not aligned with the shape: a swapped axis fails every case.
  const spacing = [2, 1.5, 2.5] as const;
  test.each(cases)('%s', (_, kind, u, volume, mean, expected) => {
    const grid = gridAround(13, spacing);
    const dvh = createDvh(doseOf(fieldOf('lin', [...u, 16, 1]), grid), maskOf(shapeOf(kind, 12, 24, 0), grid));
    // The brute-force mask is good to 0.3 % of a 3.6 cc cone; the aim for doses is 0.3 % of 28 Gy at 1 mm, here 2.5 mm.
    expect(Math.abs(dvh.volumeCc / volume - 1)).toBeLessThan(0.003);
    expect(Math.abs(dvh.mean - mean)).toBeLessThan(0.1);
    const read = [99, 95, 50, 5, 1].map((p) => doseAtVolume(dvh, (p / 100) * dvh.volumeCc).value);
    read.push(doseAtVolume(dvh, 0.1).value);
    read.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(0.28);
    });
  });

  test('a ramp over a box that fills its voxels is met to Float32 rounding, inside the range of voxel centres', () => {
    const grid = createGrid([5, 7, 11], [2, 3, 5], [0, 0, 0]);
    const dose = doseOf((x) => 10 + x / 5, grid);
    const dvh = createDvh(dose, createVolume('mask', grid, new Float32Array(voxelCount(grid)).fill(1)));
    for (let gy = 10.25; gy < 14; gy += 0.25) {
      // Box from x = -1 to 21: V(D) = (21 - x(D)) / 22.
      expect(volumeAtDose(dvh, gy) / dvh.volumeCc).toBeCloseTo((21 - 5 * (gy - 10)) / 22, 5);
    }
    expect(dvh.mean).toBeCloseTo(12, 5);
  });
});

describe('DVH of steps', () => {
  test('a jump stays a jump: half at 40 Gy, half at 20 Gy', () => {
    const grid = createGrid([2, 3, 4], [5, 5, 5], [0, 0, 0]);
    const dose = doseOf((x) => (x > 7 ? 40 : 20), grid);
    const dvh = createDvh(dose, createVolume('mask', grid, new Float32Array(24).fill(1)));
    for (const gy of [20.001, 25, 30, 39.999, 40]) expect(volumeAtDose(dvh, gy)).toBeCloseTo(dvh.volumeCc / 2, 9);
    expect(volumeAtDose(dvh, 40.001)).toBe(0);
    expect(volumeAtDose(dvh, 20)).toBe(dvh.volumeCc);
    expect(doseAtVolume(dvh, 0.49 * dvh.volumeCc).value).toBe(40);
    expect(doseAtVolume(dvh, 0.51 * dvh.volumeCc).value).toBe(20);
  });

  test('uniform dose: every metric is that dose', () => {
    const dvh = twoVoxels(30, 30, [1, 0.25]);
    expect(dvh.volumeCc).toBeCloseTo(1.25, 12);
    expect([dvh.min, dvh.mean, dvh.max]).toEqual([30, 30, 30]);
    expect(doseAtVolume(dvh, 0).value).toBe(30);
    expect(doseAtVolume(dvh, 1.25).value).toBe(30);
    expect(volumeAtDose(dvh, 30)).toBeCloseTo(1.25, 12);
  });

  test('zero dose everywhere is zero, not NaN', () => {
    const dvh = twoVoxels(0, 0);
    expect([dvh.mean, dvh.max, doseAtVolume(dvh, 1).value, volumeAtDose(dvh, 0)]).toEqual([0, 0, 0, 2]);
    const curve = differentialCurve(dvh, 4);
    expect(Array.from(curve.volume).every(Number.isFinite)).toBe(true);
  });
});

describe('DVH laws', () => {
  const seed = 7;
  const random = createRandom(seed);
  const grid = createGrid([5, 9, 7], [2, 3, 5], [-1, 4, 9]);
  const n = voxelCount(grid);
  const dose = createDose(
    grid,
    physical,
    Float32Array.from({ length: n }, () => 40 * random.uniform()),
  );
  const mask = createVolume(
    'mask',
    grid,
    Float32Array.from({ length: n }, () => Math.max(0, 1.5 * random.uniform() - 0.6)).map((f) => Math.min(1, f)),
  );
  const dvh = createDvh(dose, mask);

  test(`dose at volume is the inverse of volume at dose, also at jumps (seed ${seed})`, () => {
    for (let i = 1; i < 50; i++) {
      const cc = (i / 50) * dvh.volumeCc;
      const gy = doseAtVolume(dvh, cc).value;
      // V(D) >= cc, and just above D it is not more: 1e-5 Gy at up to 3 percent of the volume per Gy.
      expect(volumeAtDose(dvh, gy)).toBeGreaterThan(cc - 1e-9);
      expect(volumeAtDose(dvh, gy + 1e-5)).toBeLessThan(cc + 1e-6 * dvh.volumeCc);
    }
  });

  test('volume falls with dose, doses stay in [min, max], the differential curve sums to the volume', () => {
    const curve = cumulativeCurve(dvh, 300);
    for (let i = 1; i < 300; i++) expect(curve.volume[i]!).toBeLessThanOrEqual(curve.volume[i - 1]!);
    expect(curve.percent[0]).toBe(100);
    expect(curve.volume[299]).toBe(0);
    expect(dvh.dose[0]!).toBeLessThanOrEqual(dvh.max);
    expect(dvh.dose[dvh.dose.length - 1]!).toBeGreaterThanOrEqual(dvh.min);
    const d = differentialCurve(dvh, 37);
    const width = d.dose[1]! - d.dose[0]!;
    expect(d.volume.reduce((sum, v) => sum + v * width, 0)).toBeCloseTo(dvh.volumeCc, 9);
  });

  test('scaling the dose scales every dose read off', () => {
    const twice = createDvh(
      createDose(
        grid,
        physical,
        dose.data.map((d) => 2 * d),
      ),
      mask,
    );
    for (const p of [2, 30, 50, 98]) {
      const cc = (p / 100) * dvh.volumeCc;
      expect(doseAtVolume(twice, cc).value).toBeCloseTo(2 * doseAtVolume(dvh, cc).value, 4);
    }
    expect(twice.max).toBe(2 * dvh.max);
  });

  test('max and min are voxel-centre values over voxels of any occupancy', () => {
    const trace = twoVoxels(50, 10, [0.001, 1]);
    expect([trace.max, trace.min]).toEqual([50, 10]);
    expect(trace.quantity).toBe('physical');
  });
});

describe('DVH, odd requests', () => {
  test('a structure smaller than the volume asked for gives its minimum and says so', () => {
    const reading = doseAtVolume(twoVoxels(30, 20), 5);
    expect(reading.value).toBe(20);
    expect(reading.flag).toBe('two has only 2 cc, less than 5 cc: minimum dose given');
  });

  test('refuses empty, other grids, unknown quantity, NaN', () => {
    const grid = createGrid([1, 1, 2], [1, 1, 1], [0, 0, 0]);
    const other = createGrid([1, 1, 2], [1, 1, 2], [0, 0, 0]);
    const dose = createDose(grid, physical, Float32Array.of(1, 2));
    const full = createVolume('mask', grid, Float32Array.of(1, 1));
    expect(() => createDvh(dose, createVolume('mask', grid), { name: 'SpinalCord' })).toThrow(/SpinalCord.*no voxel/);
    expect(() => createDvh(dose, createVolume('mask', other))).toThrow(/different grids/);
    expect(() => createDvh({ ...dose, quantity: undefined as never }, full)).toThrow(/quantity is undefined/);
    expect(() => createDvh(createDose(grid, physical, Float32Array.of(1, Number.NaN)), full)).toThrow(/voxel 1 is NaN/);
    expect(() => createDvh(dose, createVolume('mask', grid, Float32Array.of(1, 2)))).toThrow(/fraction 0\.\.1/);
    expect(() => createDvh(dose, createVolume('mask', grid, Float32Array.of(1, Number.NaN)))).toThrow(/NaN/);
    expect(() => doseAtVolume(twoVoxels(1, 2), -1)).toThrow(/>= 0/);
    expect(() => volumeAtDose(twoVoxels(1, 2), Number.NaN)).toThrow(/finite/);
  });
});

// Own closed-form reference of the shared data; absent in a plain clone.
const reference = new URL('../../../shared/reference/dvh/analytic_dvh.csv', import.meta.url);
if (!existsSync(reference)) process.stdout.write('skipped: ../shared/reference/dvh is not here\n');

test.skipIf(!existsSync(reference))(
  'analytic DVHs of shapes of 10 to 30 mm on a 2 mm grid: within 0.7 % of the maximum (Gaussians 1.3 %)',
  { timeout: 60_000 },
  () => {
    const [head, ...rows] = readFileSync(reference, 'utf8')
      .trim()
      .split(/\r?\n/)
      .map((row) => row.split(','));
    let checked = 0;
    for (const row of rows) {
      const size = [2, 3, 4].map((i) => Number(row[i])) as [number, number, number];
      if (Math.max(...size) > 30 || Math.min(...size.filter((s) => s > 0)) < 10) continue;
      const grid = gridAround(Math.max(...size) / (row[1] === 'sphere' ? 1 : 2) + 3, [2, 2, 2]);
      const field = fieldOf(row[5]!, row[6]!.split(' ').map(Number));
      const dvh = createDvh(doseOf(field, grid), maskOf(shapeOf(row[1]!, ...size), grid, 1000));
      const max = Number(row[9]);
      head!.forEach((name, i) => {
        const percent = /^D(\d+)%$/.exec(name);
        const cc = /^D([\d.]+)cc$/.exec(name);
        // Below 0.1 cc (12 voxels) the clamp to the voxel-centre maximum shows; that is checked on its own.
        if (row[i] === '' || row[i] === undefined || (percent === null && (cc === null || Number(cc[1]) < 0.1))) return;
        const at = percent ? (Number(percent[1]) / 100) * dvh.volumeCc : Number(cc![1]);
        const error = (doseAtVolume(dvh, at).value - Number(row[i])) / max;
        // D99% of a Gaussian is a shell of 0.04 mm at 3 Gy/mm: cells of 0.5 mm see it to a fifth of a millimetre.
        expect(Math.abs(error), `${row[0]} ${name}`).toBeLessThan(row[5] === 'lin' ? 0.007 : 0.013);
        checked++;
      });
    }
    expect(checked).toBeGreaterThan(150);
  },
);

test('volumes at some doses alone are those of the curve, jumps included', () => {
  const random = createRandom(77);
  const grid = createGrid([11, 13, 9], [2, 3, 4], [0, 0, 0]);
  const data = Float32Array.from({ length: voxelCount(grid) }, (_, v) => (v % 3 === 0 ? 12 : 30 * random.uniform()));
  const fractions = Float32Array.from(data, (_, v) => (v % 5 === 0 ? random.uniform() : v % 2));
  const dose = createDose(grid, { quantity: 'physical' }, data);
  for (const filled of [fractions, new Float32Array(data.length).fill(1)]) {
    const mask = createVolume('mask', grid, filled);
    const dvh = createDvh(dose, mask);
    const levels = [-1, 0, 3.3, 12, 17, dvh.max, 31];
    const volumes = volumesAtDoses(dose, mask, levels);
    levels.forEach((gy, i) => {
      expect(Math.abs(volumes[i]! - volumeAtDose(dvh, gy)), `${gy} Gy`).toBeLessThan(1e-9 * dvh.volumeCc);
    });
  }
  const even = createDose(grid, { quantity: 'physical' }, new Float32Array(data.length).fill(12));
  const mask = createVolume('mask', grid, fractions);
  const all = createDvh(even, mask).volumeCc;
  expect(volumesAtDoses(even, mask, [12, 12.001])[0]).toBeCloseTo(all, 9);
  expect(volumesAtDoses(even, mask, [12, 12.001])[1]).toBe(0);
  expect(() => volumesAtDoses(even, mask, [Number.NaN])).toThrow(/NaN/);
  expect(() => volumesAtDoses(even, createVolume('mask', grid), [1], { name: 'x' })).toThrow(/DVH of x.*no voxel/);
});
