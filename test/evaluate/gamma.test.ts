/** Gamma: closed forms, laws, brute force, reference maps, published cases. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { type GammaCriteria, gammaIndex } from '../../src/evaluate/gamma.js';
import { createGrid, type Grid, type Vec3, voxelCount } from '../../src/geometry/grid.js';
import { createDose, type DoseVolume } from '../../src/geometry/volume.js';
import { readRtDose } from '../../src/io/dicom/dose.js';
import { decodeNrrd } from '../../src/io/nrrd.js';
import { doseOfNrrd } from '../../src/io/nrrd-dose.js';
import { hasShared, noteSkipped, shared } from '../shared.js';
import { doseOf, type Field, forEachVoxel } from './analytic.js';

/** What gammaIndex promises: at most this much above the minimum. */
const tolerance = 1e-5;

// Odd, unequal, shifted: a swapped axis shows.
const grid = createGrid([9, 11, 7], [2, 3, 5], [-6.3, -14.2, -20.1]);
const other = createGrid([14, 13, 11], [2.3, 2.6, 3.1], [-11.7, -15.5, -19.3]);

const values = (field: Field, on: Grid): DoseVolume => doseOf(field, on);
const at = (map: Float32Array, on: Grid, i: number, j: number, k: number): number =>
  map[i + on.shape[2] * (j + on.shape[1] * k)]!;

describe('closed forms', () => {
  test.each([
    ['x', 0, 2.4],
    ['y', 1, 2.4],
    ['z', 2, 2.4],
    ['z, steep', 2, 0.9],
  ])('a gradient along %s, shifted', (_, axis, distance) => {
    // D = 40 + g u against D(u - s): gamma = g s / sqrt(dD^2 + g^2 distance^2), away from the ends.
    const g = 0.7;
    const s = 0.8;
    const line: Field = (...p) => 40 + g * p[axis]!;
    const reference = values(line, grid);
    const most = reference.data.reduce((a, b) => Math.max(a, b));
    const shifted = values((...p) => line(...p) - g * s, grid);
    const { map } = gammaIndex(reference, shifted, { dose: 2, distance, threshold: 0 });
    const dD = 0.02 * most;
    expect(at(map.data, grid, 3, 5, 4)).toBeCloseTo((g * s) / Math.hypot(dD, g * distance), 4);
  });

  test('a constant offset: gamma = offset / dD, global and local', () => {
    const flat = values((x) => (x < 0 ? 20 : 50), grid);
    const more = values((x) => (x < 0 ? 20.5 : 50.5), grid);
    const globally = gammaIndex(flat, more, { dose: 2, distance: 0.3 });
    expect(at(globally.map.data, grid, 0, 5, 4)).toBeCloseTo(0.5 / 1, 4);
    const locally = gammaIndex(flat, more, { dose: 2, distance: 0.3, local: true });
    expect(at(locally.map.data, grid, 0, 5, 4)).toBeCloseTo(0.5 / 0.4, 4);
    expect(at(locally.map.data, grid, 6, 5, 4)).toBeCloseTo(0.5 / 1, 4);
    expect(locally.maximum).toBeCloseTo(1.25, 4);
  });

  test('nothing is extrapolated: beyond the evaluated dose its border counts', () => {
    const small = createGrid([9, 11, 4], [2, 3, 5], [-6.3, -14.2, -20.1]);
    const { map, outside, evaluated } = gammaIndex(
      values(() => 30, grid),
      values(() => 30, small),
      { dose: 3, distance: 3, cap: 2.5 },
    );
    // The border lies at i = 3; 2, 4 and 6 mm beyond it are 2/3, 4/3 and 2 criteria.
    expect([2, 3, 4, 5, 6].map((i) => at(map.data, grid, i, 5, 4))).toEqual(
      [0, 0, 2 / 3, 4 / 3, 2].map((v) => expect.closeTo(v, 4)),
    );
    expect([outside, evaluated]).toEqual([3 * 99, 7 * 99]);
  });

  test('the histogram ends with the cap, whole bins or not', () => {
    const dose = values(() => 30, grid);
    const far = values(() => 60, grid);
    const { histogram, maximum } = gammaIndex(dose, far, { dose: 1, distance: 1, threshold: 0, cap: 2.55 });
    expect(maximum).toBeCloseTo(2.55, 6);
    expect(histogram).toEqual([...new Array<number>(25).fill(0), 693]);
    expect(gammaIndex(dose, far, { dose: 1, distance: 1, threshold: 0, cap: 3 }).histogram).toHaveLength(30);
  });

  test('equal doses: 0 everywhere; the histogram holds every voxel', () => {
    const dose = values((x, y, z) => 30 + x - y * 0.2 + z * 0.1, grid);
    const result = gammaIndex(dose, dose, { dose: 1, distance: 1, threshold: 0 });
    expect([result.maximum, result.mean, result.passRate]).toEqual([0, 0, 100]);
    expect(result.histogram).toEqual([693, ...new Array<number>(19).fill(0)]);
  });
});

const wavy: Field = (x, y, z) => 30 + 12 * Math.sin(x / 4 + y / 9) * Math.cos(z / 8) + 0.4 * y;

describe('laws', () => {
  test.each([1.7, 0.6])('gamma(%d x criteria) = gamma / k', (k) => {
    const reference = values(wavy, grid);
    const evaluated = values((x, y, z) => wavy(x - 1.1, y + 0.7, z + 1.9), other);
    const a = gammaIndex(reference, evaluated, { dose: 2, distance: 2, cap: 4 }).map.data;
    const b = gammaIndex(reference, evaluated, { dose: 2 * k, distance: 2 * k, cap: 4 / k }).map.data;
    a.forEach((value, i) => {
      if (!Number.isNaN(value)) expect(Math.abs(b[i]! - value / k)).toBeLessThan(3 * tolerance);
    });
  });

  test('axes: the same doses with x and z exchanged', () => {
    const turned = createGrid([7, 11, 9], [5, 3, 2], [-20.1, -14.2, -6.3]);
    const turnedOther = createGrid([11, 13, 14], [3.1, 2.6, 2.3], [-19.3, -15.5, -11.7]);
    const shifted: Field = (x, y, z) => wavy(x - 1.1, y + 0.7, z + 1.9);
    const criteria = { dose: 2, distance: 3, local: true };
    const a = gammaIndex(values(wavy, grid), values(shifted, other), criteria).map.data;
    const b = gammaIndex(
      values((x, y, z) => wavy(z, y, x), turned),
      values((x, y, z) => shifted(z, y, x), turnedOther),
      criteria,
    ).map.data;
    for (let k = 0; k < 9; k++)
      for (let j = 0; j < 11; j++)
        for (let i = 0; i < 7; i++)
          expect(Math.abs(at(a, grid, i, j, k) - at(b, turned, k, j, i))).toBeLessThan(3 * tolerance);
  });

  test('threshold: NaN below it, evaluated at it; the cap is reported where nothing is found', () => {
    // 1-D as pymedphys test (b): reference 0 to 10, evaluated 10 throughout, cut-off 20 % of 10.
    const line = createGrid([1, 1, 10], [1, 1, 1], [0, 0, 0]);
    const dose = (data: number[]): DoseVolume =>
      createDose(line, { quantity: 'physical', fractions: 1 }, Float32Array.from(data));
    const { map, evaluated, maximum, passed, histogram } = gammaIndex(
      dose([0, 1, 1.9, 2, 2.1, 3, 4, 5, 10, 10]),
      dose(new Array<number>(10).fill(10)),
      { dose: 10, distance: 1, threshold: 20 },
    );
    expect([...map.data].map(Number.isNaN)).toEqual([true, true, true, ...new Array<boolean>(7).fill(false)]);
    expect([evaluated, passed, maximum]).toEqual([7, 2, 2]);
    expect([histogram[0], histogram[19], histogram.length]).toEqual([2, 5, 20]);
  });
});

/** Minimum over a lattice of `parts` points per cell edge and the reference point, refined around its 24 best points. */
function slowGamma(evaluated: DoseVolume, p: Vec3, dose: number, dD: number, distance: number, cap: number): number {
  const { shape, spacing, origin } = evaluated.grid;
  const n = [shape[2], shape[1], shape[0]];
  const parts = 6;
  const f = (u: readonly number[]): number => {
    const cell = u.map((t, a) => Math.min(Math.floor(t), n[a]! - 2));
    let d = 0;
    for (let corner = 0; corner < 8; corner++) {
      const bit = [corner & 1, (corner >> 1) & 1, corner >> 2];
      let weight = 1;
      for (let a = 0; a < 3; a++) weight *= bit[a] ? u[a]! - cell[a]! : 1 - u[a]! + cell[a]!;
      const [i, j, k] = cell.map((c, a) => c + bit[a]!);
      d += weight * evaluated.data[i! + n[0]! * (j! + n[1]! * k!)]!;
    }
    return Math.hypot(...u.map((t, a) => (origin[a]! + t * spacing[a]! - p[a]!) / distance), (d - dose) / dD);
  };
  const clamp = (t: number, a: number): number => Math.min(Math.max(t, 0), n[a]! - 1);
  const here = p.map((v, a) => clamp((v - origin[a]!) / spacing[a]!, a));
  const axes = [0, 1, 2].map((a) => {
    const list = [here[a]!];
    for (let m = 0; m <= (n[a]! - 1) * parts; m++)
      if (Math.abs(origin[a]! + (m / parts) * spacing[a]! - p[a]!) <= cap * distance) list.push(m / parts);
    return list;
  });
  const points: { u: number[]; value: number }[] = [];
  for (const z of axes[2]!)
    for (const y of axes[1]!) for (const x of axes[0]!) points.push({ u: [x, y, z], value: f([x, y, z]) });
  points.sort((a, b) => a.value - b.value);
  let best = cap;
  for (let { u, value } of points.slice(0, 24)) {
    for (let step = 0.5 / parts; step > 1e-5; ) {
      const before = value;
      const from = u;
      for (let m = 0; m < 27; m++) {
        const next = from.map((t, a) => clamp(t + ((Math.floor(m / 3 ** a) % 3) - 1) * step, a));
        const there = f(next);
        if (there < value) [u, value] = [next, there];
      }
      if (value > before - 1e-6) step /= 2;
    }
    best = Math.min(best, value);
  }
  return best;
}

describe('against a fine lattice', () => {
  const cases: [string, number, Partial<GammaCriteria>, number][] = [
    // The refined lattice may stop short on the floor of a steep valley.
    ['smooth, global', 0, { dose: 3, distance: 3 }, 5e-4],
    ['smooth, local, steep against the criterion', 0, { dose: 0.5, distance: 2, local: true }, 5e-4],
    ['noise of 2 Gy, seed 5: saddles in every cell', 2, { dose: 2, distance: 2.5 }, 5e-4],
  ];
  test.each(cases)('%s', { timeout: 60_000 }, (_, noise, part, slack) => {
    const criteria = { dose: 3, distance: 3, cap: 2, ...part };
    const random = createRandom(5);
    const reference = values(wavy, grid);
    const evaluated = values((x, y, z) => wavy(x - 0.9, y + 0.8, z + 1.3) + noise * random.normal(), other);
    const most = reference.data.reduce((a, b) => Math.max(a, b));
    const { map } = gammaIndex(reference, evaluated, criteria);
    let above = 0;
    let below = 0;
    forEachVoxel(grid, (index, x, y, z) => {
      const dose = reference.data[index]!;
      // Every 17th voxel: the lattice is slow.
      if (index % 17 || Number.isNaN(map.data[index]!)) return;
      const dD = (criteria.dose / 100) * (criteria.local ? dose : most);
      const slow = slowGamma(evaluated, [x, y, z], dose, dD, criteria.distance, criteria.cap);
      above = Math.max(above, map.data[index]! - slow);
      below = Math.max(below, slow - map.data[index]!);
    });
    expect(above, 'never above what a lattice finds').toBeLessThan(1.1 * tolerance);
    expect(below).toBeLessThan(slack);
  });
});

const own = new URL('../reference/gamma/', import.meta.url).pathname;
const rows = readFileSync(`${own}expected.csv`, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','));

describe('reference pass rates and maps', () => {
  const load = async (folder: string, name: string): Promise<DoseVolume> =>
    doseOfNrrd(await decodeNrrd(readFileSync(`${folder}${name}.nrrd`), name), name);

  const loadDay = (day: string): DoseVolume => {
    const name = shared(`patients/eclipse-ent/RD_${day}.dcm`);
    return readRtDose({ name, bytes: readFileSync(name) }).dose;
  };

  async function compare(folder: string, row: readonly string[], hasMap: boolean): Promise<void> {
    const [name, dose, distance, norm, threshold, n, nPass, , mean, max] = row;
    const isPatient = name!.startsWith('eclipse');
    const side = (part: string, day: string): Promise<DoseVolume> | DoseVolume =>
      isPatient ? loadDay(day) : load(folder, `${name}_${part}`);
    const result = gammaIndex(await side('ref', 'day1'), await side('eval', 'day2'), {
      dose: Number(dose),
      distance: Number(distance),
      local: norm === 'local',
      threshold: Number(threshold),
    });
    expect(result.evaluated).toBe(Number(n));
    expect(result.passed).toBe(result.histogram.slice(0, 10).reduce((a, b) => a + b));
    // The reference allows n_within_0.02_of_1 voxels to flip; none does.
    expect(result.passed).toBe(Number(nPass));
    if (!isPatient) {
      expect(Math.abs(result.mean - Number(mean))).toBeLessThan(1e-5);
      expect(Math.abs(result.maximum - Number(max))).toBeLessThan(2e-5);
    }
    if (!hasMap) return;
    const file = `${name}_${norm![0]}${Number(distance)}${Number(dose)}_gamma.nrrd`;
    const expected = await decodeNrrd(readFileSync(folder + file), file);
    let worst = 0;
    let other = 0;
    result.map.data.forEach((value, i) => {
      if (Number.isNaN(value) !== Number.isNaN(expected.data[i]!)) other++;
      else if (!Number.isNaN(value)) worst = Math.max(worst, Math.abs(value - expected.data[i]!));
    });
    expect(other, 'voxels evaluated in one map only').toBe(0);
    // The reference map's own search stopped up to 2e-4 above the minimum.
    expect(worst).toBeLessThan(3e-4);
  }

  test('other grids, 2 % local, 2 mm: the copied map', { timeout: 60_000 }, async () => {
    const row = rows.find((r) => r[0] === 'box_othergrid' && Number(r[1]) === 2 && r[3] === 'local')!;
    await compare(own, row, true);
  });

  describe.skipIf(!hasShared)('all of the shared folder', () => {
    test.each(rows)('%s %s %% %s mm %s', { timeout: 120_000 }, async (...row) => {
      const hasMap = !row[0]!.startsWith('eclipse') && [`3.0global`, `2.0local`].includes(row[1]! + row[3]!);
      await compare(shared('reference/gamma/'), row as string[], hasMap);
    });

    test('published block cases in 3-D, 2-D and 1-D (pymedphys test_gamma_shell)', () => {
      const file = JSON.parse(readFileSync(shared('reference/gamma/published_block_cases.json'), 'utf8'));
      // Their arrays are [x][y][z], spacing 0.1; z is made the fastest axis here.
      const block = (name: string, from: (a: number[][][]) => number[][][]): number[][][] => from(file[name]);
      const cuts: [string, (a: number[][][]) => number[][][]][] = [
        ['3-D', (a) => a],
        ['2-D', (a) => [a[5]!]],
        ['1-D', (a) => [[a[5]![5]!]]],
      ];
      for (const [dimension, cut] of cuts) {
        const dose = (name: string): DoseVolume => {
          const a = block(name, cut);
          const on = createGrid([a.length, a[0]!.length, a[0]![0]!.length], [0.1, 0.1, 0.1], [0, 0, 0]);
          return createDose(on, { quantity: 'physical', fractions: 1 }, Float32Array.from(a.flat(2)));
        };
        // 3 % of the maximum of the whole block, 1.015, which the cuts share.
        const reference = dose('reference');
        const percent = (3 * 1.015) / reference.data.reduce((a, b) => Math.max(a, b));
        const { map } = gammaIndex(reference, dose('evaluation'), { dose: percent, distance: 0.3, threshold: 0 });
        expect(voxelCount(map.grid)).toBe(map.data.length);
        const expected = block('expected_gamma_rounded', cut).flat(2);
        const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(map.data[i]! - value)), 0);
        const above = expected.reduce((most, value, i) => Math.max(most, map.data[i]! - value), -Infinity);
        expect(above, `${dimension}: a lattice can only overestimate`).toBeLessThan(1e-9);
        // Theirs is rounded to 0.1 and read from a lattice of a tenth of the distance: 0.05 and a little.
        expect(worst, dimension).toBeLessThan(0.07);
      }
    });
  });
  noteSkipped('gamma reference maps');
});

describe('refuses', () => {
  const dose = values(() => 30, grid);
  const criteria = { dose: 3, distance: 3 };
  const cases: [string, () => unknown, RegExp][] = [
    ['no dose criterion', () => gammaIndex(dose, dose, { dose: 0, distance: 3 }), /dose criterion \(percent\) is 0/],
    ['a negative distance', () => gammaIndex(dose, dose, { dose: 3, distance: -1 }), /distance criterion.*is -1/],
    ['a cap at which all pass', () => gammaIndex(dose, dose, { ...criteria, cap: 1 }), /cap is 1, but must be above 1/],
    ['a threshold above 100', () => gammaIndex(dose, dose, { ...criteria, threshold: 101 }), /threshold is 101/],
    [
      'local at no dose',
      () => gammaIndex(dose, dose, { ...criteria, local: true, threshold: 0 }),
      /no local criterion/,
    ],
    ['other fractions', () => gammaIndex(dose, { ...dose, fractions: 5 }, criteria), /22 fractions.*5 fractions/],
    ['EQD2', () => gammaIndex(dose, { ...dose, quantity: 'eqd2', alphaBeta: 2 }, criteria), /physical.*eqd2/],
    [
      'no reference dose',
      () =>
        gammaIndex(
          values(() => 0, grid),
          dose,
          criteria,
        ),
      /no dose above 0/,
    ],
    [
      'not finite',
      () =>
        gammaIndex(
          dose,
          values(() => NaN, grid),
          criteria,
        ),
      /evaluated dose\[0\] is NaN/,
    ],
    [
      'grids that do not overlap',
      () =>
        gammaIndex(
          dose,
          values(() => 30, createGrid([9, 11, 7], [2, 3, 5], [-6.3, 100, -20.1])),
          criteria,
        ),
      /do not overlap where there is dose/,
    ],
    [
      'a boundless search',
      () =>
        gammaIndex(
          dose,
          values(() => 30, createGrid([200, 200, 200], [0.1, 0.1, 0.1], [0, 0, 0])),
          { dose: 3, distance: 20 },
        ),
      /more than 2000000/,
    ],
  ];
  test.each(cases)('%s', (_, job, message) => {
    expect(job).toThrow(message);
  });
});
