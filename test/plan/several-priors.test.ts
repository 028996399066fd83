/** Several prior courses in one plan, and an EQD2 that is taken as what it is: against sums by hand. */
import { describe, expect, test } from 'vitest';
import { accumulate } from '../../src/biology/accumulate.js';
import { bed, doseFromEqd2, eqd2 } from '../../src/biology/linear-quadratic.js';
import type { Dvh } from '../../src/evaluate/dvh.js';
import { solidOfStructure } from '../../src/geometry/contour-solid.js';
import { voxelCount } from '../../src/geometry/grid.js';
import { identityTransform } from '../../src/geometry/rigid-transform.js';
import { createDose, type DoseMeaning, type DoseVolume } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { structureTolerances } from '../../src/plan/constraint/structure-tolerance.js';
import { CumulativeDvhs } from '../../src/plan/evaluation/cumulative-dvhs.js';
import { assessRetreatment } from '../../src/plan/evaluation/retreatment.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { exposeToPrior, type ImportedDoses } from '../../src/plan/patient/prior-course.js';
import { effectAt, largestEffect } from '../../src/plan/patient/prior-effect.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { drawnDvh } from '../../src/plan/technique/drawn-dvh.js';
import { planDetails, planReport } from '../../src/report/plan-report.js';
import { spine } from './spine.js';

const spacing: [number, number, number] = [8, 8, 8];
const patient = spine({ spacing });
const caseOf = (input: Partial<PlanCaseInput>) =>
  parseCase({
    patient: { phantom: 'spine-t8' },
    doseGrid: { spacing, planning: 100 },
    fcrt: { beams: 'posterior-1' },
    imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 10 },
    ...input,
  });
const model = modelPatient(patient, caseOf({}));
const cordVoxels = model.cells.get('SpinalCord')!.voxels;

const first = { dose: 20, fractions: 5, months: 40 };
const second = { dose: 30, fractions: 15, months: 9, fields: { length: 40 } };
const expose = (prior: PlanCaseInput['prior'], imported?: ImportedDoses, more: Partial<PlanCaseInput> = {}) =>
  exposeToPrior(model, caseOf({ prior, ...more }), artiste6mv, imported)!;
const filled = (meaning: DoseMeaning, gray: (voxel: number) => number) => {
  const dose = createDose(model.grid, meaning);
  for (let i = 0; i < dose.data.length; i++) dose.data[i] = gray(i);
  return { dose, planFromCourse: identityTransform, notes: [] };
};

describe('a list of courses', () => {
  const [one, two, both] = [expose(first), expose(second), expose([first, second])];

  test('each is what it is alone; their effects add, for every alpha/beta', () => {
    expect(both).toMatchObject({ origin: 'several', months: 9, fractions: 20 });
    expect(both.courses.map(({ months }) => months)).toEqual([40, 9]);
    expect(both.description).toMatch(/^2 prior courses, .* 1: Prior course: 20 Gy in 5 .* 2: Prior course, simulated/);
    for (const r of [0.87, 2, 3, 4]) {
      for (const v of [cordVoxels[0]!, cordVoxels[Math.floor(cordVoxels.length / 2)]!]) {
        const [a, b] = [one.dose.data[v]!, two.dose.data[v]!];
        expect(effectAt(both, v, 'eqd2', r)).toBeCloseTo(eqd2(a, 5, r) + eqd2(b, 15, r), 9);
        expect(effectAt(both, v, 'bed', r)).toBeCloseTo(bed(a, 5, r) + bed(b, 15, r), 9);
      }
    }
    // What moves as one has the cord's EQD2 of both.
    for (const v of cordVoxels) expect(eqd2(both.dose.data[v]!, 20, 2)).toBeCloseTo(effectAt(both, v, 'eqd2', 2), 3);
    const most = largestEffect(both, model, 'SpinalCord', 'eqd2', 2) as { all: number; each: number[] };
    expect(most.each[0]).toBeCloseTo(eqd2(20, 5, 2), 6);
    expect(most.all).toBeLessThanOrEqual(most.each[0]! + most.each[1]! + 1e-9);
    expect(most.all).toBeGreaterThan(Math.max(...most.each));
  });

  test('the bounds are what both leave', () => {
    const bounds = [{ structure: 'SpinalCord', courses: 'all' as const, eqd2: 80, alphaBeta: 2 }];
    const plan = caseOf({ prior: [first, second], retreatment: { bounds } });
    const [own] = structureTolerances(model, plan, both);
    own!.voxels.forEach((voxel, v) => {
      if (voxel >= voxelCount(model.grid)) return;
      expect(eqd2(own!.maxima[v]!, 22, 2) + effectAt(both, voxel, 'eqd2', 2)).toBeCloseTo(80, 4);
    });
  });

  test('a list of one is that course; null stays none', () => {
    expect(expose([first])).toEqual(one);
    expect(expose(null)).toBeUndefined();
  });

  test('planned: sums, goals on all courses, each course, the interval, and the report', { timeout: 60_000 }, () => {
    const goals = [
      { goal: 'SpinalCord Max[EQD2/2] <= 120Gy', courses: 'all' as const },
      { goal: 'SpinalCord Max[BED/2] <= 98Gy', courses: 'each' as const },
      { intervalMonths: 6 },
    ];
    const plan = caseOf({ prior: [first, { dose: 24, fractions: 12, months: 9 }], goals });
    const result = runPlan({ patient, case: plan, machine: artiste6mv }, { techniques: ['fcrt'] });
    const [{ retreatment, goals: judged, structures, position }] = result.plans as [(typeof result.plans)[number]];
    const cord = structures.find(({ name }) => name === 'SpinalCord')!.metrics['Max[Gy]']!;
    const before = eqd2(20, 5, 2) + 24;
    expect(retreatment!.maximum.priorEqd2).toBeCloseTo(before, 4);
    expect(retreatment!.maximum.cumulative).toBeCloseTo(before + eqd2(cord, 22, 2), 1);
    expect(judged[0]!.value).toBeCloseTo(before + eqd2(cord, 22, 2), 1);
    expect(judged[1]!.value).toBeCloseTo(Math.max(bed(20, 5, 2), bed(24, 12, 2), bed(cord, 22, 2)), 1);
    expect(judged[2]!.value).toBe(9);
    // Of the cord's voxels, and of the cord as it is drawn.
    const { data } = result.plans[0]!.plan.dose;
    const atVoxels = Array.from(cordVoxels, (v) => effectAt(result.prior!, v, 'eqd2', 2) + eqd2(data[v]!, 22, 2));
    expect(position!.nominal).toBeCloseTo(Math.max(...atVoxels), 2);
    expect(position!.nominal).toBeGreaterThan(retreatment!.maximum.cumulative);
    expect(retreatment!.recovery.map(({ name }) => name)).toEqual(['none']);
    expect(retreatment!.rows.find(({ name }) => name === 'hytec-interval')!.value).toBe(9);
    const report = planReport(result, { version: '0', inputs: {} }) as { case: object; plans: any[] };
    expect(report.plans[0].reirradiation.priorCourses).toMatchObject([
      { dose: 20, fractions: 5, monthsSince: 40 },
      { dose: 24, fractions: 12, monthsSince: 9 },
    ]);
    expect(report.plans[0].retreatment.prior.courses).toHaveLength(2);
    expect(planDetails(result)).toContain('2 prior courses, added as EQD2 point by point.');
    expect(parseCase(report.case).prior).toHaveLength(2);
  });

  describe('in the drawn cord each is interpolated, then converted at its own fractions', () => {
    const along = (gray: number, perMm: number) => (voxel: number) => {
      const { origin, spacing, shape } = model.grid;
      return Math.max(0, gray + perMm * (origin[0] + (voxel % shape[2]) * spacing[0]));
    };
    const { min, max } = solidOfStructure(model.structures.get('SpinalCord')!).box;
    const file = (name: string) => ({ file: name, months: 9 });
    // Steep ones against each other: EQD2 bends up, so that sums are largest at one of the cord's sides.
    const falling = filled({ quantity: 'physical', fractions: 5 }, along(20, -0.5));
    const rising = filled({ quantity: 'physical', fractions: 15 }, along(24, 0.6));
    const asRead = filled({ quantity: 'eqd2', alphaBeta: 2 }, along(10, 0.3));
    const now = createDose(model.grid, { quantity: 'physical', fractions: 22 });
    now.data.fill(22);
    const doseIn = () => now;
    const atSides = (of: (x: number) => number): number => Math.max(of(min[0]), of(max[0]));
    const physical = (x: number, r: number): number => eqd2(20 - 0.5 * x, 5, r) + eqd2(24 + 0.6 * x, 15, r);

    test.each([0.87, 2, 4])('two physical courses, alpha/beta %s Gy', (r) => {
      const exposure = expose([file('a'), file('b')], [falling, rising]);
      const most = largestEffect(exposure, model, 'SpinalCord', 'eqd2', r) as { all: number; each: number[] };
      expect(most.each[0]! / eqd2(20 - 0.5 * min[0], 5, r)).toBeCloseTo(1, 3);
      expect(most.each[1]! / eqd2(24 + 0.6 * max[0], 15, r)).toBeCloseTo(1, 3);
      expect(most.all / atSides((x) => physical(x, r))).toBeCloseTo(1, 3);
      expect(most.all).toBeLessThan(most.each[0]! + most.each[1]! - 1);
      const sum = new CumulativeDvhs(model, exposure, doseIn).of('SpinalCord', 'eqd2', r) as Dvh;
      expect(sum.max / atSides((x) => physical(x, r) + eqd2(22, 22, r))).toBeCloseTo(1, 3);
    });

    test('and an EQD2 that was read, which stays as it is, or is not told', () => {
      const exposure = expose([file('a'), file('b'), file('c')], [falling, rising, asRead]);
      const of = (x: number): number => physical(x, 2) + 10 + 0.3 * x;
      const both = new CumulativeDvhs(model, exposure, doseIn);
      const max2 = (quantity: 'eqd2' | 'bed'): number => (both.of('SpinalCord', quantity, 2) as Dvh).max;
      const all = atSides((x) => of(x) + eqd2(22, 22, 2));
      expect(max2('eqd2') / all).toBeCloseTo(1, 3);
      expect(max2('bed') / (2 * all)).toBeCloseTo(1, 3);
      expect((both.largestPrior('SpinalCord', 'eqd2', 2) as { all: number }).all / atSides(of)).toBeCloseTo(1, 3);
      expect(both.of('SpinalCord', 'eqd2', 3)).toMatch(/tells nothing of alpha\/beta 3 Gy/);
      expect(both.largestPrior('SpinalCord', 'eqd2', 3)).toMatch(/tells nothing of alpha\/beta 3 Gy/);
      const plan = caseOf({ prior: [file('a'), file('b'), file('c')] });
      const dvhs = new Map([['SpinalCord', drawnDvh(model, 'SpinalCord', doseIn)]]);
      const { maximum, recovery } = assessRetreatment(model, plan, exposure, { doseIn, dvhs })!;
      expect(maximum.cumulative / all).toBeCloseTo(1, 3);
      expect(recovery).toHaveLength(1);
      expect(recovery[0]!.prior / atSides(of)).toBeCloseTo(1, 2);
      expect(recovery[0]!.cumulative).toBe(maximum.cumulative);
    });

    test('a structure in which one of them is unknown is not told; beside it the known count', () => {
      const inCord = (voxel: number): boolean => model.masks.get('SpinalCord')!.data[voxel]! > 0;
      const whole = expose([file('a'), file('b')], [falling, rising]);
      const holed = <T extends { dose: DoseVolume }>(of: T): T => ({
        ...of,
        dose: { ...of.dose, data: of.dose.data.map((gray, v) => (inCord(v) ? gray : Number.NaN)) },
      });
      const [a, b] = whole.courses;
      const exposure = { ...holed(whole), courses: [a!, holed(b!)] };
      const both = new CumulativeDvhs(model, exposure, doseIn);
      expect(both.of('Esophagus', 'eqd2', 2)).toMatch(/unknown in \d+ voxels of Esophagus, beyond its grid/);
      const sum = both.of('SpinalCord', 'eqd2', 2) as Dvh;
      // Beyond the cord's voxels their own values go on.
      const all = new CumulativeDvhs(model, whole, doseIn).of('SpinalCord', 'eqd2', 2) as Dvh;
      expect(sum.max / all.max).toBeCloseTo(1, 1);
      expect(sum.min).toBeGreaterThan(0.9 * all.min);
    });
  });

  test('refused: an empty list, half a course, a recovery for several, a file that was not read', () => {
    expect(() => caseOf({ prior: [] })).toThrow(/prior: is an empty list: give null/);
    expect(() => caseOf({ prior: [first, { fractions: 5, months: 3 }] })).toThrow(/prior\.1\.dose: is missing/);
    expect(() => caseOf({ prior: [first, { ...first, region: 'CTV', fields: {} }] })).toThrow(
      /prior\.1\.region: does not/,
    );
    expect(() => caseOf({ prior: { ...first, doze: 3 } as never })).toThrow(/"doze"/);
    expect(() => caseOf({ prior: [first, { ...second, fields: { beams: 'pa-ap' } }] })).toThrow(
      /prior\.1\.fields\.beams/,
    );
    const elsewhere = caseOf({ prior: [first, { ...first, region: 'CTV_9' }] });
    expect(() => modelPatient(patient, elsewhere)).toThrow(/prior\.1\.region "CTV_9" is not a structure/);
    expect(() => expose([first, second], undefined, { retreatment: { recovery: 'ang' } })).toThrow(
      /credits ang, which is defined for one prior course, but there are 2/,
    );
    expect(() => expose([first, { file: 'b.nrrd', months: 3 }])).toThrow(/b\.nrrd.* was not read/);
  });
});

describe('an EQD2 as the prior dose', () => {
  const file = { file: 'sum.nrrd', months: 9 };
  const gray = (voxel: number): number => 20 + (voxel % 7);
  const sum = filled({ quantity: 'eqd2', alphaBeta: 2 }, gray);

  test('is taken as what it is: the same plan as the courses that it is the sum of', () => {
    const courses = [first, second].map((prior, c) => ({ name: `${c}`, dose: expose(prior).dose }));
    const total = accumulate(courses, model.grid, { alphaBeta: 2 }).dose;
    const read = { dose: total, planFromCourse: identityTransform, notes: [] };
    const [added, given] = [expose([first, second]), expose(file, read)];
    for (const v of cordVoxels) expect(effectAt(given, v, 'eqd2', 2)).toBeCloseTo(effectAt(added, v, 'eqd2', 2), 4);
    const [a, b] = [added, given].map(
      (exposure) => structureTolerances(model, caseOf({ prior: file }), exposure)[0]!.maxima,
    );
    const { voxels } = structureTolerances(model, caseOf({ prior: file }), added)[0]!;
    a!.forEach((bound, v) => {
      // Between voxel centres an interpolated EQD2 is not that of interpolated doses.
      if (voxels[v]! < voxelCount(model.grid)) expect(b![v]).toBeCloseTo(bound, 4);
    });
    expect(given.description).toMatch(/from a file: EQD2 with alpha\/beta 2 Gy, ended 9 months ago/);
  });

  test('tells its own alpha/beta only; a BED is the same times a constant', () => {
    const exposure = expose(file, sum);
    const v = cordVoxels[3]!;
    expect(effectAt(exposure, v, 'eqd2', 2)).toBeCloseTo(gray(v), 5);
    expect(effectAt(exposure, v, 'bed', 2)).toBeCloseTo(2 * gray(v), 5);
    expect(largestEffect(exposure, model, 'SpinalCord', 'eqd2', 3)).toMatch(/tells nothing of alpha\/beta 3 Gy/);
    const asBed = expose(
      file,
      filled({ quantity: 'bed', alphaBeta: 2 }, (voxel) => 2 * gray(voxel)),
    );
    expect(effectAt(asBed, v, 'eqd2', 2)).toBeCloseTo(gray(v), 5);
    expect(() => expose(file, sum, { retreatment: { recovery: 'ang' } })).toThrow(/an EQD2 may be the sum of several/);
    const foreign = [{ structure: 'Esophagus', courses: 'all' as const, eqd2: 60, alphaBeta: 3 }];
    const plan = caseOf({ prior: file, retreatment: { bounds: foreign } });
    expect(() => structureTolerances(model, plan, exposure)).toThrow(
      /EQD2 with alpha\/beta 2 Gy, but limit Esophagus.* has 3 Gy/,
    );
  });

  test('beside a physical course, planned and judged; what it does not tell is not evaluable', {
    timeout: 60_000,
  }, () => {
    const plan = caseOf({
      prior: [first, file],
      goals: [
        { goal: 'SpinalCord Max[EQD2/2] <= 120Gy', courses: 'all' },
        { goal: 'SpinalCord Max[EQD2/3] <= 120Gy', courses: 'all' },
      ],
    });
    const even = filled({ quantity: 'eqd2', alphaBeta: 2 }, () => 24);
    const result = runPlan(
      { patient, case: plan, machine: artiste6mv, prior: [undefined, even] },
      { techniques: ['fcrt'] },
    );
    const [{ goals, retreatment }] = result.plans as [(typeof result.plans)[number]];
    const cord = retreatment!.maximum.thisCourse;
    expect(retreatment!.maximum.priorEqd2).toBeCloseTo(eqd2(20, 5, 2) + 24, 4);
    expect(goals[0]!.value).toBeCloseTo(eqd2(20, 5, 2) + 24 + eqd2(cord, 22, 2), 1);
    expect(goals[1]).toMatchObject({
      value: null,
      result: 'not evaluable',
      reason: expect.stringMatching(/alpha\/beta 3/),
    });
    const foreign = retreatment!.rows.find(({ name }) => name === 'quantec-54-all')!;
    expect(foreign).toMatchObject({
      result: 'not evaluable',
      reason: expect.stringMatching(/nothing of alpha\/beta 0\.87/),
    });
    expect(retreatment!.risk.schultheiss.cumulative).toBeNull();
    expect(planDetails(result)).toMatch(/Schultheiss .* of this course, none told of both/);
    // 70 Gy EQD2 less what both gave.
    const left = doseFromEqd2(70 - eqd2(20, 5, 2) - 24, 22, 2);
    expect(result.tolerances[0]!.maxima[0]).toBeCloseTo(left, 3);
  });

  test('unknown voxels stay unknown, and fractions beside it are refused', () => {
    const holed = filled({ quantity: 'eqd2', alphaBeta: 2 }, (voxel) => (voxel === cordVoxels[0] ? Number.NaN : 20));
    expect(() => expose(file, holed)).toThrow(/unknown in 1 voxels of SpinalCord/);
    expect(() => expose({ ...file, fractions: 10 }, sum)).toThrow(/fractions are contained already/);
    expect(() => expose(file, sum, { alphaBeta: { cord: 3 } })).toThrow(
      /eqd2 with alpha\/beta 2 Gy, but the cord's is 3 Gy/,
    );
  });
});
