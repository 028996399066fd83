/** Prior courses on a plan's grid: uniform, read from a file, several as one; every figure by hand. */
import { describe, expect, test } from 'vitest';
import { bed, doseFromEqd2, eqd2 } from '../../src/biology/linear-quadratic.js';
import { StructureCells } from '../../src/evaluate/structure-cells.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createRigidTransform } from '../../src/geometry/rigid-transform.js';
import { box } from '../../src/geometry/shape.js';
import { createDose, createVolume, type DoseMeaning } from '../../src/geometry/volume.js';
import { exposeToPrior, type ImportedDose } from '../../src/plan/patient/prior-course.js';
import { effectAt, largestEffect, whyNoEffect } from '../../src/plan/patient/prior-effect.js';

const grid = createGrid([3, 4, 6], [2, 2, 2], [0, 0, 0]);
const size = 72;
const maskOf = (voxels: readonly number[]) =>
  createVolume(
    'mask',
    grid,
    Float32Array.from({ length: size }, (_, v) => (voxels.includes(v) ? 1 : 0)),
  );
const body = Array.from({ length: size }, (_, v) => v).filter((v) => v % 6 > 0);
const cord = [26, 27, 32, 33];
const model = {
  cord: 'Cord',
  grid,
  body: { index: Int32Array.from(body) },
  masks: new Map([
    ['Cord', maskOf(cord)],
    ['Skin', maskOf(body)],
  ]),
  cells: new Map([['Cord', new StructureCells(maskOf(cord))]]),
  // Voxels 26, 27, 32, 33: i = 2, 3; j = 0, 1; k = 1.
  structures: new Map([
    ['Cord', { name: 'Cord', role: 'organ', shape: { kind: 'solid', solid: box([3, -1, 1], [7, 3, 3]) } }],
  ]),
} as any;
const planOf = (prior: unknown, more: object = {}) =>
  ({ prior, alphaBeta: { cord: 2 }, retreatment: { recovery: 'none' }, doseModel: {}, ...more }) as any;
const uniform = { dose: 30, fractions: 10, months: 6 };
const expose = (prior: unknown, imported?: any, more?: object) =>
  exposeToPrior(model, planOf(prior, more), {} as any, imported);
const imported = (meaning: DoseMeaning, gray: (v: number) => number, on = grid): ImportedDose => ({
  dose: createDose(
    on,
    meaning,
    Float32Array.from({ length: on.shape.reduce((a, b) => a * b, 1) }, (_, v) => gray(v)),
  ),
  planFromCourse: createRigidTransform({}),
  notes: ['a note'],
});

test('no course is none; the dose of a uniform one is in the whole body, or in its region alone', () => {
  expect(expose(null)).toBeUndefined();
  const all = expose(uniform)!;
  expect(all).toMatchObject({ origin: 'uniform', fractions: 10, months: 6, beyond: 0, notes: [] });
  expect(all.description).toBe('Prior course: 30 Gy in 10 fractions 6 months ago, uniform in every structure.');
  expect([...all.dose.data]).toEqual(Array.from({ length: size }, (_, v) => (v % 6 > 0 ? 30 : 0)));
  const region = expose({ ...uniform, region: 'Cord' })!;
  expect([...region.dose.data]).toEqual(Array.from({ length: size }, (_, v) => (cord.includes(v) ? 30 : 0)));
  expect(region.description).toMatch(/uniform in Cord and nothing else\.$/);
  expect(() => expose({ ...uniform, region: 'GTV' })).toThrow(/"GTV" is not a structure\. There are Cord, Skin/);
});

describe('a course from a file', () => {
  const file = { file: 'a.nrrd', months: 12 };
  const physical = { quantity: 'physical', fractions: 5 } as const;

  test('is its dose in the body, with the fractions of the file or of the case', () => {
    const prior = expose(
      file,
      imported(physical, (v) => v),
    )!;
    expect(prior).toMatchObject({ origin: 'imported', fractions: 5, beyond: 0, notes: ['a note'] });
    expect([...prior.dose.data]).toEqual(Array.from({ length: size }, (_, v) => (v % 6 > 0 ? v : 0)));
    expect(prior.description).toBe('Prior course, from a file: 5 fractions 12 months ago, no transform.');
    expect(
      expose(
        { ...file, fractions: 8 },
        imported(physical, () => 3),
      )!.fractions,
    ).toBe(8);
    expect(
      expose(
        { ...file, fractions: 8 },
        imported({ quantity: 'physical' }, () => 3),
      )!.fractions,
    ).toBe(8);
    expect(() =>
      expose(
        file,
        imported({ quantity: 'physical' }, () => 3),
      ),
    ).toThrow(/number of fractions .* is unknown/);
    expect(() => expose(file)).toThrow(/"a\.nrrd" was not read/);
  });

  test('is unknown beyond its grid, or nothing, as the case says; in the cord it has to be known', () => {
    // To x = 8: the outermost voxels of the body, i = 5, lie beyond.
    const part = createGrid([3, 4, 5], [2, 2, 2], [0, 0, 0]);
    const prior = expose(
      file,
      imported(physical, () => 7, part),
    )!;
    expect(prior.beyond).toBe(12);
    expect(prior.dose.data[5]).toBeNaN();
    expect(prior.dose.data[4]).toBe(7);
    expect(prior.description).toMatch(/ 12 of 60 body voxels lie beyond its grid, where it is unknown\.$/);
    const zero = expose(
      { ...file, beyond: 'zero' },
      imported(physical, () => 7, part),
    )!;
    expect([zero.dose.data[5], zero.beyond]).toEqual([0, 12]);
    expect(zero.description).toMatch(/taken to have given nothing\.$/);
    const small = createGrid([3, 4, 3], [2, 2, 2], [0, 0, 0]);
    expect(() =>
      expose(
        file,
        imported(physical, () => 7, small),
      ),
    ).toThrow(/unknown in 2 voxels of Cord, beyond its grid\. Check/);
    const moved = { ...imported(physical, () => 7), planFromCourse: createRigidTransform({ translation: [20, 0, 0] }) };
    expect(() => expose(file, moved)).toThrow(/unknown in 4 voxels of Cord, beyond its grid \(/);
  });

  test('of EQD2 or BED counts for its own alpha/beta alone', () => {
    const prior = expose(
      file,
      imported({ quantity: 'eqd2', alphaBeta: 2 }, () => 24),
    )!;
    expect(prior.courses[0]!.dose).toMatchObject({ quantity: 'eqd2', alphaBeta: 2 });
    expect(prior.courses[0]!.description).toContain('EQD2 with alpha/beta 2 Gy, ended 12 months ago');
    expect(prior.notes).toHaveLength(2);
    // As fractions of 2 Gy it is what it is.
    expect(prior.fractions).toBe(12);
    expect(prior.dose.data[26]).toBeCloseTo(24, 4);
    const ofBed = expose(
      file,
      imported({ quantity: 'bed', alphaBeta: 2 }, () => 48),
    )!;
    expect(ofBed.courses[0]!.dose.data[26]).toBeCloseTo(24, 5);
    expect(
      expose(
        file,
        imported({ quantity: 'eqd2', alphaBeta: 2 }, () => 0.4),
      )!.fractions,
    ).toBe(1);
    expect(() =>
      expose(
        file,
        imported({ quantity: 'eqd2', alphaBeta: 3 }, () => 24),
      ),
    ).toThrow(/alpha\/beta 3 Gy, but the cord's is 2/);
    expect(() =>
      expose(
        { ...file, fractions: 5 },
        imported({ quantity: 'eqd2', alphaBeta: 2 }, () => 24),
      ),
    ).toThrow(/Leave prior\.fractions out/);
    expect(() =>
      expose(
        file,
        imported({ quantity: 'eqd2', alphaBeta: 2 }, () => 24),
        { retreatment: { recovery: 'discount-prior' } },
      ),
    ).toThrow(/an EQD2 may be the sum of several/);
  });
});

describe('several courses', () => {
  const second = { dose: 20, fractions: 5, months: 24, region: 'Cord' };
  const both = expose([uniform, second])!;

  test('are one in as many fractions, with the sum of their EQD2 at every place', () => {
    expect(both).toMatchObject({ origin: 'several', fractions: 15, months: 6, beyond: 0 });
    const sum = eqd2(30, 10, 2) + eqd2(20, 5, 2);
    expect(both.dose.data[26]).toBeCloseTo(doseFromEqd2(sum, 15, 2), 4);
    expect(both.dose.data[1]).toBeCloseTo(doseFromEqd2(eqd2(30, 10, 2), 15, 2), 4);
    expect(both.dose.data[0]).toBe(0);
    expect(both.description).toMatch(
      /^2 prior courses, added as EQD2 point by point\. 1: Prior course: 30 Gy.* 2: Prior course: 20 Gy/,
    );
    expect(both.notes).toEqual(['Under shifts all prior courses move together, as one.']);
  });

  test('one unknown makes the sum unknown; the one with most beyond its grid is told', () => {
    const part = createGrid([3, 4, 5], [2, 2, 2], [0, 0, 0]);
    const file = { file: 'a.nrrd', months: 3 };
    const dose = imported({ quantity: 'physical', fractions: 5 }, () => 7, part);
    const mixed = expose([uniform, file], [undefined, dose])!;
    expect(mixed.dose.data[5]).toBeNaN();
    expect(mixed.dose.data[4]).toBeGreaterThan(30);
    expect([mixed.beyond, mixed.months]).toEqual([12, 3]);
    expect(mixed.notes).toEqual(['a note', 'Under shifts all prior courses move together, as one.']);
  });

  test('credit no recovery', () => {
    expect(() => expose([uniform, second], undefined, { retreatment: { recovery: 'discount-prior' } })).toThrow(
      /retreatment\.recovery credits .* but there are 2/,
    );
  });

  test('what they did to a place, and at most to a structure, each and all', () => {
    expect(effectAt(both, 26, 'eqd2', 3)).toBeCloseTo(eqd2(30, 10, 3) + eqd2(20, 5, 3), 6);
    expect(effectAt(both, 26, 'bed', 2)).toBeCloseTo(bed(30, 10, 2) + bed(20, 5, 2), 6);
    expect(largestEffect(both, model, 'Cord', 'eqd2', 2)).toEqual({
      all: expect.closeTo(eqd2(30, 10, 2) + eqd2(20, 5, 2), 6),
      each: [expect.closeTo(eqd2(30, 10, 2), 6), expect.closeTo(eqd2(20, 5, 2), 6)],
    });
  });

  test('that vary: the largest sum is no more than the sum of the largest', () => {
    const physical = { quantity: 'physical', fractions: 5 } as const;
    // One rises along x, the other falls: 2 to 3 of i within the cord, whose faces lie half a voxel out.
    const rising = imported(physical, (v) => 10 + 2 * (v % 6));
    const falling = imported(physical, (v) => 20 - 2 * (v % 6));
    const files = [
      { file: 'a', months: 3 },
      { file: 'b', months: 9 },
    ];
    const prior = expose(files, [rising, falling])!;
    const known = largestEffect(prior, model, 'Cord', 'eqd2', 2) as { all: number; each: number[] };
    expect(known.each[0]).toBeCloseTo(eqd2(17, 5, 2), 1);
    expect(known.each[1]).toBeCloseTo(eqd2(17, 5, 2), 1);
    // Together 30 Gy everywhere, in EQD2 most at the ends: 13 and 17 Gy.
    expect(known.all).toBeCloseTo(eqd2(13, 5, 2) + eqd2(17, 5, 2), 1);
    const one = expose([uniform, files[0]!], [undefined, rising])!;
    const sum = largestEffect(one, model, 'Cord', 'eqd2', 2) as { all: number; each: number[] };
    expect(sum.all).toBeCloseTo(sum.each[0]! + sum.each[1]!, 6);
  });

  test('an EQD2 of another alpha/beta tells nothing, and says so', () => {
    const read = expose(
      { file: 'a', months: 3 },
      imported({ quantity: 'eqd2', alphaBeta: 2 }, () => 24),
    )!;
    expect(whyNoEffect(read, 2)).toBeUndefined();
    expect(whyNoEffect(read, 3)).toBe(
      'a prior dose is given as EQD2 with alpha/beta 2 Gy, which tells nothing of alpha/beta 3 Gy',
    );
    expect(whyNoEffect(both, 3)).toBeUndefined();
    expect(largestEffect(read, model, 'Cord', 'eqd2', 3)).toMatch(/tells nothing/);
    expect(effectAt(read, 26, 'eqd2', 2)).toBe(24);
    expect(effectAt(read, 26, 'bed', 2)).toBeCloseTo(48, 9);
  });
});
