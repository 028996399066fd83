/** The rows of a retreatment's table, from a dose that is the same everywhere: every figure by hand. */
import { expect, test } from 'vitest';
import type { CordTolerance } from '../../src/biology/cord-tolerances.js';
import { createDvh } from '../../src/evaluate/dvh.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { bindingRow, intervalRows, limitRows, manyFractions } from '../../src/plan/evaluation/tolerance-rows.js';

const grid = createGrid([2, 3, 4], [2, 2, 2], [0, 0, 0]);
const mask = createVolume('mask', grid, new Float32Array(24).fill(1));
const dvhOf = (gray: number, meaning: object = { quantity: 'physical', fractions: 5 }) =>
  createDvh(createDose(grid, meaning as any, new Float32Array(24).fill(gray)), mask, { name: 'SpinalCord' } as any);

const limit = (more: Partial<CordTolerance> = {}): CordTolerance => ({
  name: 'own',
  title: 'Own',
  structure: 'cord',
  metric: 'Max',
  courses: 'this',
  quantity: 'eqd2',
  alphaBeta: 2,
  limit: 12.5,
  role: 'criterion',
  source: { citation: 'A', evidence: 'found' },
  ...more,
});
/** This course 10 Gy in 5 fractions: EQD2/2 is 10, BED/2 is 20. The prior one 30 Gy EQD2. */
const context = (more: object = {}) =>
  ({
    model: { cord: 'SpinalCord' },
    dvhs: new Map([['SpinalCord', dvhOf(10)]]),
    fractions: 5,
    both: {
      of: (_: string, quantity: string) => dvhOf(quantity === 'eqd2' ? 40 : 80, { quantity, alphaBeta: 2 }),
      largestPrior: (_: string, quantity: string) =>
        quantity === 'eqd2' ? { all: 30, each: [20, 10] } : { all: 60, each: [40, 20] },
    },
    ...more,
  }) as any;
const rowOf = (more: Partial<CordTolerance>, of: object = {}) => limitRows([limit(more)], context(of))[0]!;

test('a limit on this course: its EQD2, the margin in it, and the room in physical Gy', () => {
  const row = rowOf({ limit: 17.5 });
  expect(row).toMatchObject({ structure: 'SpinalCord', scale: 'EQD2/2', result: 'pass' });
  expect(row.value).toBeCloseTo(10, 6);
  expect(row.margin).toBeCloseTo(7.5, 6);
  // 17.5 = D (D / 5 + 2) / 4: D = 14.36...
  expect(row.allowed).toBeCloseTo(-5 + Math.sqrt(25 + 350), 6);
  expect(row.room).toBeCloseTo(Math.sqrt(375) - 15, 5);
  expect(row).not.toHaveProperty('sumOfMaxima');
});

test('a limit on all courses leaves what the prior one left, and tells the sum of maxima', () => {
  const row = rowOf({ courses: 'all', limit: 42.5 });
  expect(row.value).toBeCloseTo(40, 5);
  expect(row.sumOfMaxima).toBeCloseTo(40, 5);
  expect(row.margin).toBeCloseTo(2.5, 5);
  // 12.5 Gy EQD2 left of this course: D^2 / 5 + 2 D = 50.
  expect(row.allowed).toBeCloseTo(-5 + Math.sqrt(275), 5);
  expect(rowOf({ courses: 'all', limit: 25 })).toMatchObject({ allowed: 0, result: 'fail' });
});

test('the same in BED', () => {
  const row = rowOf({ courses: 'all', quantity: 'bed', limit: 85 });
  expect(row.scale).toBe('BED/2');
  expect(row.value).toBeCloseTo(80, 5);
  expect(row.sumOfMaxima).toBeCloseTo(80, 5);
  expect(row.allowed).toBeCloseTo(-5 + Math.sqrt(275), 5);
  expect(rowOf({ quantity: 'bed', limit: 20 }).value).toBeCloseTo(20, 6);
});

test('a limit on each course is broken by the larger, and one above it leaves nothing', () => {
  const kept = rowOf({ courses: 'each', limit: 20 });
  expect(kept.value).toBeCloseTo(20, 6);
  expect(kept.result).toBe('pass');
  expect(kept.allowed).toBeCloseTo(-5 + Math.sqrt(25 + 400), 5);
  expect(rowOf({ courses: 'each', limit: 19 })).toMatchObject({ allowed: 0, result: 'fail' });
  const now = { both: { ...context().both, largestPrior: () => ({ all: 3, each: [1, 2] }) } };
  expect(rowOf({ courses: 'each', limit: 20 }, now).value).toBeCloseTo(10, 6);
});

test('a share is this course of all, in percent', () => {
  const row = rowOf({ courses: 'share', limit: 40 });
  expect(row).toMatchObject({ scale: '%', result: 'pass' });
  expect(row.value).toBeCloseTo(25, 5);
  expect(row.margin).toBeCloseTo(15, 5);
  // 30 before is 60 % of 50, of which 20 are left to this course.
  expect(row.allowed).toBeCloseTo(-5 + Math.sqrt(25 + 400), 5);
  const nothing = {
    both: { of: () => dvhOf(0, { quantity: 'eqd2', alphaBeta: 2 }), largestPrior: () => ({ all: 0, each: [] }) },
  };
  expect(rowOf({ courses: 'share' }, nothing).value).toBe(0);
});

test('a limit is kept to the rounding of a dose in single precision, and no further', () => {
  expect(rowOf({ limit: 10 * (1 - 5e-7) }).result).toBe('pass');
  expect(rowOf({ limit: 10 * (1 - 3e-6) }).result).toBe('fail');
});

test('what the prior course does not tell is not evaluable, and says why; this course alone does not ask', () => {
  const untold = { both: { of: () => 'unknown there', largestPrior: () => 'unknown there' } };
  expect(rowOf({ courses: 'all' }, untold)).toMatchObject({
    result: 'not evaluable',
    value: null,
    margin: null,
    allowed: null,
    room: null,
    reason: 'unknown there',
  });
  expect(rowOf({}, untold)).toMatchObject({ result: 'pass' });
});

test('a limit for the thecal sac stands on the cord within it too, and says that this extrapolates', () => {
  const both = new Map([
    ['SpinalCord', dvhOf(10)],
    ['ThecalSac', dvhOf(10)],
  ]);
  const rows = limitRows([limit({ structure: 'ThecalSac' })], context({ dvhs: both }));
  expect(rows.map(({ structure }) => structure)).toEqual(['ThecalSac', 'SpinalCord']);
  expect(rows[0]!.warnings).toEqual([]);
  expect(rows[1]!.warnings).toEqual(['stated for ThecalSac, applied to SpinalCord: an extrapolation']);
  expect(limitRows([limit({ structure: 'ThecalSac' })], context())).toHaveLength(1);
  expect(limitRows([limit({ structure: 'Skin' })], context())).toEqual([]);
  expect(rowOf({ fractions: [1, 3] }).warnings[0]).toMatch(/^stated for 1 to 3 fractions, applied to 5/);
});

test('numbers of fractions at either end of what a limit is stated for are within it', () => {
  expect([1, 5].flatMap((n) => manyFractions([1, 5], n))).toEqual([]);
  expect([6, 0].map((n) => manyFractions([1, 5], n).length)).toEqual([1, 1]);
});

test('intervals: 5 months of HyTEC, 6 of Nieder, which is not of the lumbar spine', () => {
  const of = (months: number, level: any, fractions = 5) => intervalRows(months, level, fractions);
  expect(of(5, 'thoracic').map(({ result, margin, limit: least }) => [result, margin, least])).toEqual([
    ['pass', 0, 5],
    ['fail', -1, 6],
  ]);
  expect(of(6, 'cervical').map(({ result }) => result)).toEqual(['pass', 'pass']);
  expect(of(4.5, 'lumbar')).toMatchObject([{ name: 'hytec-interval', result: 'fail', value: 4.5, room: null }]);
  expect(of(6, 'lumbar', 5)[0]!.warnings).toEqual([]);
  expect(of(6, 'lumbar', 1)[0]!.warnings).toEqual([]);
  expect(of(6, 'lumbar', 6)[0]!.warnings).toHaveLength(1);
});

test('the criterion with the least room binds; comparisons and what has no value do not', () => {
  const row = (name: string, room: number | null, role = 'criterion') => ({ name, room, role }) as any;
  const rows = [row('none', null), row('a', 3), row('compared', -9, 'comparison'), row('b', 2), row('c', 2)];
  expect(bindingRow(rows)!.name).toBe('b');
  expect(bindingRow([row('none', null)])).toBeUndefined();
});
