/** The sum of courses against the formula voxel by voxel, the two orders of converting, and what is refused. */
import { describe, expect, test } from 'vitest';
import { accumulate, accumulateVoxels } from '../../src/biology/accumulate.js';
import { bed, eqd2 } from '../../src/biology/linear-quadratic.js';
import { serialExecutor } from '../../src/core/executor.js';
import { createRandom } from '../../src/core/random.js';
import { createGrid, type Grid, type Vec3, voxelCount } from '../../src/geometry/grid.js';
import { valueAt } from '../../src/geometry/resample.js';
import { createRigidTransform, invertRigid, transformPoint } from '../../src/geometry/rigid-transform.js';
import { createDose, type DoseMeaning, type DoseVolume } from '../../src/geometry/volume.js';

const random = createRandom(20031);
const doseOn = (grid: Grid, fractions: number, most: number): DoseVolume => {
  const data = new Float32Array(voxelCount(grid));
  for (let i = 0; i < data.length; i++) data[i] = most * random.uniform();
  return createDose(grid, { quantity: 'physical', fractions }, data);
};

test('1e6 random voxels on one odd grid: the formula to 1e-6, with any number of lanes', { timeout: 20_000 }, () => {
  const grid = createGrid([99, 101, 101], [1.1, 0.9, 2.3], [-51, -43, -110]);
  const [prior, now] = [doseOn(grid, 19, 50), doseOn(grid, 22, 42)];
  const courses = [
    { name: 'prior', dose: prior },
    { name: 'now', dose: now },
  ];
  for (const [quantity, formula] of [['eqd2', eqd2] as const, ['bed', bed] as const]) {
    const { dose, missing, courses: tally } = accumulate(courses, grid, { alphaBeta: 2, quantity });
    expect(dose).toMatchObject({ quantity, alphaBeta: 2 });
    expect(dose.fractions).toBeUndefined();
    let worst = 0;
    const most = { prior: 0, now: 0 };
    for (let i = 0; i < dose.data.length; i++) {
      const a = formula(prior.data[i]!, 19, 2);
      const b = formula(now.data[i]!, 22, 2);
      worst = Math.max(worst, Math.abs(dose.data[i]! / (a + b) - 1));
      if (a > most.prior) most.prior = a;
      if (b > most.now) most.now = b;
    }
    expect(dose.data.length).toBeGreaterThan(1e6);
    expect(worst).toBeLessThan(1e-6);
    expect(missing).toBe(0);
    expect(tally).toEqual([
      { name: 'prior', beyond: 0, max: expect.closeTo(most.prior, 9) },
      { name: 'now', beyond: 0, max: expect.closeTo(most.now, 9) },
    ]);
    const inThree = accumulate(courses, grid, { alphaBeta: 2, quantity, executor: { ...serialExecutor, threads: 3 } });
    expect(inThree.dose.data.every((value, i) => value === dose.data[i])).toBe(true);
    expect(inThree.courses).toEqual(tally);
    // Every seventh voxel alone: the same bits there, nothing elsewhere.
    const some = Uint32Array.from({ length: Math.ceil(dose.data.length / 7) }, (_, i) => 7 * i);
    const there = accumulateVoxels(courses, some, { alphaBeta: 2, quantity });
    expect(there).toMatchObject({ quantity, alphaBeta: 2 });
    expect(there.data.every((value, i) => value === (i % 7 === 0 ? dose.data[i] : 0))).toBe(true);
  }
});

describe('a turned prior course on a grid of its own', () => {
  const sumFromCourse = createRigidTransform({ rotation: [5, -9, 14], translation: [2, -3, 4] });
  const prior = doseOn(createGrid([9, 13, 11], [3, 2.5, 4], [-14, -16, -15]), 10, 30);
  const now = doseOn(createGrid([17, 15, 19], [1.7, 2.1, 1.9], [-15, -14, -16]), 22, 40);
  const courses = [
    { name: 'prior', dose: prior, sumFromCourse },
    { name: 'now', dose: now },
  ];
  const priorAt = (at: number): number | undefined => {
    const [, ny, nx] = now.grid.shape;
    const n = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))];
    const place = n.map((c, a) => now.grid.origin[a]! + c * now.grid.spacing[a]!) as unknown as Vec3;
    return valueAt(prior, ...transformPoint(invertRigid(sumFromCourse), place));
  };

  test('each dose is interpolated, then converted; beyond its grid there is no value, and it is counted', () => {
    const { dose, missing, courses: tally } = accumulate(courses, now.grid, { alphaBeta: 3 });
    let without = 0;
    dose.data.forEach((value, i) => {
      const d = priorAt(i);
      if (d === undefined) without++;
      const expected = d === undefined ? Number.NaN : eqd2(d, 10, 3) + eqd2(now.data[i]!, 22, 3);
      if (Number.isNaN(expected)) expect(value).toBeNaN();
      else expect(Math.abs(value / expected - 1)).toBeLessThan(1e-6);
    });
    expect([missing, tally[0]!.beyond, tally[1]!.beyond]).toEqual([without, without, 0]);
    expect(without).toBeGreaterThan(100);
  });

  test('or the course gave nothing there, on the word of the caller; the count stays', () => {
    const { dose, missing, courses: tally } = accumulate(courses, now.grid, { alphaBeta: 3, beyond: 'zero' });
    expect(missing).toBe(0);
    expect(tally[0]!.beyond).toBeGreaterThan(100);
    dose.data.forEach((value, i) => {
      const d = priorAt(i) ?? 0;
      expect(Math.abs(value / (eqd2(d, 10, 3) + eqd2(now.data[i]!, 22, 3)) - 1)).toBeLessThan(1e-6);
    });
  });

  test('EQD2 is not interpolated: between 0 and 20 Gy in one fraction lie 10 Gy physical, not half the EQD2', () => {
    const pair = createGrid([1, 1, 2], [2, 2, 2], [0, 0, 0]);
    const steep = createDose(pair, { quantity: 'physical', fractions: 1 }, Float32Array.of(0, 20));
    const middle = createGrid([1, 1, 1], [1, 1, 1], [1, 0, 0]);
    const { dose } = accumulate([{ name: 'steep', dose: steep }], middle, { alphaBeta: 2 });
    expect(dose.data[0]).toBeCloseTo(eqd2(10, 1, 2), 5);
    expect(eqd2(10, 1, 2)).toBeLessThan(0.6 * (eqd2(20, 1, 2) / 2));
  });

  test('the maximum of the sum is at most the sum of the maxima', () => {
    const { dose, courses: tally } = accumulate(courses, now.grid, { alphaBeta: 2, beyond: 'zero' });
    const most = dose.data.reduce((a, b) => Math.max(a, b), 0);
    expect(most).toBeLessThan(tally.reduce((sum, { max }) => sum + max, 0));
  });
});

describe('refused', () => {
  const grid = createGrid([2, 2, 2], [2, 2, 2], [0, 0, 0]);
  const course = (meaning: DoseMeaning) => [{ name: 'prior', dose: createDose(grid, meaning) }];
  const physical = course({ quantity: 'physical', fractions: 19 });
  test.each([
    ['a dose in EQD2', course({ quantity: 'eqd2', alphaBeta: 2 }), 2, /prior is eqd2 already/],
    ['unknown fractions', course({ quantity: 'physical' }), 2, /prior does not tell its fractions/],
    ['alpha/beta 0', physical, 0, /alphaBeta is 0, but must be > 0/],
    ['no course', [], 2, /no course/],
  ])('%s', (_, courses, alphaBeta, message) => {
    expect(() => accumulate(courses, grid, { alphaBeta })).toThrow(message);
  });
});
