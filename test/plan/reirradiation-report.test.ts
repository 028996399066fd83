/** The items of a report on re-irradiation: what is given, what is not stated, and whether the volumes overlap. */
import { expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose } from '../../src/geometry/volume.js';
import { reirradiationReport } from '../../src/report/reirradiation.js';

const grid = createGrid([1, 2, 5], [2, 4, 5], [0, 0, 0]);
const doseOf = (values: number[]) =>
  createDose(
    grid,
    { quantity: 'physical', fractions: 5 },
    Float32Array.from({ length: 10 }, (_, v) => values[v] ?? 0),
  );
const model = { target: 'PTV', cord: 'SpinalCord', grid, body: { index: Int32Array.from([0, 1, 2, 3, 4, 5]) } } as any;
const course = { origin: 'imported', dose: { fractions: 25 }, months: 12, description: 'Prior' };
const prior = (values: number[], more: object = {}) =>
  ({ origin: 'imported', courses: [course], dose: doseOf(values), ...more }) as any;
const evaluation = (values: number[], more: object = {}) =>
  ({
    plan: { technique: 'imrt', dose: doseOf(values), solution: { prescriptionDose: 30 } },
    structures: [{ name: 'PTV', metrics: { 'D95%[Gy]': 28.123456 } }],
    ...more,
  }) as any;
const plan = (more: object = {}) =>
  ({
    prescription: { dose: 30, fractions: 5, to: 'D95' },
    retreatment: { clinical: { site: 'T8', cohort: 'A' }, recovery: 'none' },
    alphaBeta: { cord: 2 },
    prior: { dose: 45, fractions: 25, months: 12 },
    ...more,
  }) as any;
const of = (now: number[], before: number[]) =>
  reirradiationReport(evaluation(now), model, plan(), prior(before)).type as any;

test('volumes overlap where both courses give half or more of their own dose', () => {
  // 40 mm3 a voxel; half the prescription is 15 Gy, half the prior maximum 20.
  expect(of([15, 14.9, 30, 20], [20, 40, 19.9, 30])).toEqual({
    type: 1,
    why: expect.stringMatching(/^0\.1 cc lie within half/),
  });
  const many = of([15, 15, 15, 15, 15, 15], [40, 20, 20, 20, 20, 20]);
  expect(many.why).toMatch(/^0\.2 cc/);
  expect(of([15, 14.9, 30, 0], [10, 40, 19.9, 30])).toEqual({ type: 2, why: expect.stringMatching(/^0\.0 cc/) });
  // What lies outside the body does not count, neither its dose nor its maximum.
  expect(of([30, 0, 0, 0, 0, 0, 30], [20, 0, 0, 0, 0, 0, 90]).type).toBe(1);
  expect(of([0, 0, 0, 0, 0, 0, 30], [20, 0, 0, 0, 0, 0, 90]).type).toBe(2);
  const uniform = reirradiationReport(evaluation([0]), model, plan(), prior([0], { origin: 'uniform' })).type;
  expect(uniform).toMatchObject({ type: 1, why: expect.stringContaining('assumed') });
});

test('what the case says stands there, what it does not is named', () => {
  const report = reirradiationReport(evaluation([0]), model, plan(), prior([0])) as any;
  expect(report).toMatchObject({ site: 'T8', cohort: 'A', histology: null });
  expect(report.notStated).toHaveLength(9);
  expect(report.notStated).not.toContain('site');
  expect(report.notStated).toContain('followUp');
  expect(report.priorCourse).toEqual({
    dose: 45,
    fractions: 25,
    monthsSince: 12,
    doseDistribution: 'imported',
    description: 'Prior',
  });
  expect(report.thisCourse).toEqual({ dose: 30, fractions: 5, prescribedTo: 'D95', technique: 'imrt', target: 'PTV' });
  expect(report.summation.method).toBe('rigid');
  expect(report.coverage).toEqual({ 'D95%[Gy]': 28.1235 });
  expect(report.cumulative).toBeNull();
});

test('several courses, a course without fractions, the sum in the cord, a target that is not there', () => {
  const second = { ...course, dose: {}, months: 30 };
  const more = {
    structures: [],
    cumulativeCord: { structure: 'SpinalCord', noRecovery: { max: 60.123456, nearMax: 58 }, sumOfMaxima: 64.5 },
  };
  const report = reirradiationReport(
    evaluation([0], more),
    model,
    plan({ prior: [{ dose: 45 }] }),
    prior([0], { origin: 'several', courses: [course, second] }),
  ) as any;
  expect(report).not.toHaveProperty('priorCourse');
  expect(report.priorCourses.map(({ dose, fractions, monthsSince }: any) => [dose, fractions, monthsSince])).toEqual([
    [45, 25, 12],
    [null, null, 30],
  ]);
  expect(report.summation.method).toBe('each as described');
  expect(report.cumulative).toEqual({
    structure: 'SpinalCord',
    maxEqd2: 60.1235,
    'D0.03ccEqd2': 58,
    sumOfMaximaEqd2: 64.5,
  });
  expect(report.coverage).toBeNull();
});
