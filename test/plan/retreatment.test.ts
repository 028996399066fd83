/** The prior course inside a plan: its dose on the plan's grid, the bounds it leaves, the assessment of a given dose. */
import { describe, expect, test } from 'vitest';
import { bed, doseFromEqd2, eqd2 } from '../../src/biology/linear-quadratic.js';
import type { Dvh } from '../../src/evaluate/dvh.js';
import { solidOfStructure } from '../../src/geometry/contour-solid.js';
import { createGrid, type Grid, gridBox, gridCovering, voxelCount } from '../../src/geometry/grid.js';
import { valueAt } from '../../src/geometry/resample.js';
import { createRigidTransform, identityTransform } from '../../src/geometry/rigid-transform.js';
import { createDose, type DoseVolume } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import {
  maximaOfVoxels,
  remainingDoseVolume,
  structureTolerances,
} from '../../src/plan/constraint/structure-tolerance.js';
import { assessRetreatment } from '../../src/plan/evaluation/retreatment.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { levelOf } from '../../src/plan/input/spine-level.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { placeOfVoxel, voxelAt } from '../../src/plan/patient/planning-grid.js';
import { exposeToPrior, type ImportedDose } from '../../src/plan/patient/prior-course.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';
import { drawnDvh } from '../../src/plan/technique/drawn-dvh.js';
import { retreatmentReport, retreatmentSentence, retreatmentTable } from '../../src/report/retreatment.js';
import { spine } from './spine.js';

const patient = spine({ spacing: [5, 4, 6] });
const caseOf = (input: Omit<PlanCaseInput, 'patient' | 'doseGrid'> = {}) =>
  parseCase({ patient: { phantom: 'spine-t8' }, doseGrid: { spacing: [5, 4, 6] }, ...input });
const model = modelPatient(patient, caseOf());
const prior = { dose: 38, fractions: 19, months: 17.7 };

/** A dose in 22 fractions that is the same everywhere, or a ramp along x around it. */
function courseOf(gy: number, perMm = 0): DoseVolume {
  const dose = createDose(model.grid, { quantity: 'physical', fractions: 22 });
  const [, , nx] = model.grid.shape;
  for (let i = 0; i < dose.data.length; i++) {
    const x = model.grid.origin[0] + (i % nx) * model.grid.spacing[0];
    dose.data[i] = Math.max(0, gy + perMm * x);
  }
  return dose;
}

function dvhsOf(dose: DoseVolume): ReadonlyMap<string, Dvh> {
  const names = ['SpinalCord', 'SpinalCord_PRV02', 'ThecalSac', 'Esophagus'];
  return new Map(names.map((name) => [name, drawnDvh(model, name, () => dose)]));
}

function assess(gy: number, input: Parameters<typeof caseOf>[0] = {}, perMm = 0, imported?: ImportedDose) {
  const plan = caseOf({ prior, ...input });
  const dose = courseOf(gy, perMm);
  const exposure = exposeToPrior(model, plan, artiste6mv, imported);
  return assessRetreatment(model, plan, exposure, { doseIn: () => dose, dvhs: dvhsOf(dose) })!;
}

describe('assessment of 38 Gy in 19, then a uniform course in 22 fractions', () => {
  const of = (gy: number, name: string, structure = 'SpinalCord') =>
    assess(gy).rows.find((row) => row.name === name && row.structure === structure)!;

  test('the order in which limits bind', () => {
    const allowed = Object.fromEntries(assess(20).rows.map((row) => [`${row.name} ${row.structure}`, row.allowed]));
    expect(allowed['hytec-retreatment SpinalCord']).toBeCloseTo(29.81, 2);
    expect(allowed['nieder-cumulative SpinalCord']).toBeCloseTo(33.7, 2);
    expect(allowed['nieder-none-seen SpinalCord']).toBeCloseTo(27.19, 2);
    expect(allowed['hytec-cumulative SpinalCord']).toBeCloseTo(35.45, 2);
    expect(allowed['hytec-share SpinalCord']).toBeCloseTo(doseFromEqd2(38, 22, 2), 4);
    expect(assess(20).binding).toMatchObject({ name: 'hytec-retreatment', structure: 'SpinalCord' });
  });

  test('verdict, margin in the own scale and in Gy of this course agree in sign', { timeout: 30_000 }, () => {
    for (const gy of [10, 25, 27, 29.8, 30, 39.6]) {
      for (const row of assess(gy).rows) {
        if (row.room === null || Math.abs(row.room) < 1e-4) continue;
        expect([row.name, row.result]).toEqual([row.name, row.room > 0 ? 'pass' : 'fail']);
        expect(Math.sign(row.margin!)).toBe(Math.sign(row.room));
      }
    }
    expect(of(29.8, 'hytec-retreatment').result).toBe('pass');
    expect(of(30, 'hytec-retreatment').result).toBe('fail');
    // 25.01 Gy EQD2 are 0.04 % above the limit.
    expect(of(doseFromEqd2(25.01, 22, 2), 'hytec-retreatment').result).toBe('fail');
    expect(of(doseFromEqd2(24.9999, 22, 2), 'hytec-retreatment').result).toBe('pass');
    expect(of(39.6, 'hytec-cumulative').value).toBeCloseTo(75.62, 2);
    expect(of(39.6, 'hytec-share').value).toBeCloseTo(49.7, 1);
  });

  test('every row says how it is known and where it is extrapolated', () => {
    const { rows } = assess(29.8);
    expect(of(29.8, 'hytec-retreatment').warnings).toEqual([
      'stated for ThecalSac, applied to SpinalCord: an extrapolation',
      'stated for 1 to 5 fractions, applied to 22: an extrapolation by the linear-quadratic model',
    ]);
    expect(of(29.8, 'hytec-retreatment', 'ThecalSac').warnings).toHaveLength(1);
    for (const { source } of rows) expect(['found', 'recalled', 'computed', 'assumed']).toContain(source.evidence);
  });

  test('recovery: none first and the only one in the figures; conventions disagree', () => {
    const { recovery, maximum } = assess(34);
    expect(recovery[0]).toMatchObject({ name: 'none', tolerance: 50 });
    expect(recovery[0]!.cumulative).toBeCloseTo(maximum.cumulative, 4);
    const allowed = Object.fromEntries(recovery.map((row) => [row.name, row.allowed]));
    expect(allowed['none']).toBeCloseTo(17.24, 2);
    expect(allowed['discount-prior']).toBeCloseTo(34.67, 2);
    expect(allowed['woolley-jones']).toBeCloseTo(46.95, 2);
    expect(34 <= allowed['discount-prior']! && 34 > allowed['scale-tolerance-geraghty']!).toBe(true);
  });

  test('score, probability and what the level changes', () => {
    const { risk } = assess(39.6);
    expect(risk.nieder).toMatchObject({ points: 4, group: 'intermediate', alphaBeta: 2 });
    expect(risk.schultheiss.cumulative).toBeGreaterThan(0.5);
    const lumbar = assess(20, { retreatment: { level: 'lumbar' } });
    expect(lumbar.risk.nieder!.alphaBeta).toBe(4);
    expect(lumbar.rows.some(({ name }) => name.startsWith('nieder'))).toBe(false);
    expect(levelOf(parseCase({ patient: { phantom: 'spine-l3' } }))).toBe('lumbar');
    expect(levelOf(parseCase({ patient: { phantom: 'spine-c5' } }))).toBe('cervical');
    expect(levelOf(caseOf())).toBe('thoracic');
  });

  test("limits of the case's own, those it omits, a month table of its own", () => {
    const source = { citation: 'our tumour board', evidence: 'assumed' } as const;
    const own = { name: 'board', structure: 'Esophagus', courses: 'all', alphaBeta: 3, limit: 60, source } as const;
    const recovery = { convention: 'discount-prior' as const, table: [[3, 0.1]] as [number, number][] };
    const {
      rows,
      strictest,
      recovery: shown,
    } = assess(22, {
      retreatment: { omit: ['hytec-retreatment'], limits: [own], recovery },
    });
    expect(rows.some(({ name }) => name === 'hytec-retreatment')).toBe(false);
    const row = rows.find(({ name }) => name === 'board')!;
    expect(row).toMatchObject({ scale: 'EQD2/3', result: 'pass', role: 'criterion', source, warnings: [] });
    expect(row.value).toBeCloseTo(38 + eqd2(22, 22, 3), 3);
    expect(row.allowed).toBeCloseTo(doseFromEqd2(60 - 38, 22, 3), 3);
    expect(strictest).toBe(row);
    expect(shown.at(-1)).toMatchObject({ name: 'discount-prior, own table', prior: expect.closeTo(34.2, 4) });
    const unknown = { retreatment: { limits: [{ ...own, structure: 'Gullet' }] } };
    expect(() => assess(22, unknown)).toThrow(/limits names "Gullet", which is not a structure/);
    expect(() => assess(22, { retreatment: { omit: ['hytek'] } })).toThrow(/omit names "hytek", which is no limit/);
    const all = { ...own, courses: 'share', limit: 100 } as const;
    expect(() => caseOf({ retreatment: { limits: [all] } })).toThrow(/limits\.0\.limit: is a share .* below 100/);
  });

  test('no prior course: nothing is assessed', () => {
    const dose = courseOf(20);
    const plan = caseOf({ prior: null });
    expect(
      assessRetreatment(model, plan, exposeToPrior(model, plan, artiste6mv), {
        doseIn: () => dose,
        dvhs: dvhsOf(dose),
      }),
    ).toBeUndefined();
    // Limits of a retreatment: a first course has none.
    expect(structureTolerances(model, plan, undefined)).toEqual([]);
  });
});

test('sentence and table for the reference patient', () => {
  const assessment = assess(29.8);
  expect(retreatmentSentence(assessment, 22)).toMatch(
    /^SpinalCord: maximum 29\.8 Gy of this course in 22 fractions, with the prior course \(up to 38\.0 Gy EQD2\) 63\.0 Gy EQD2 in all, no recovery, alpha\/beta 2 Gy; HyTEC, retreatment \(Max 25 Gy EQD2\/2, stated for ThecalSac, stated for 1 to 5 fractions\) binds, with 0\.0 Gy of this course left\.$/,
  );
  const table = retreatmentTable(assessment);
  expect(table.indexOf('none  ')).toBeLessThan(table.indexOf('discount-prior'));
  expect(table).toMatch(/Incomplete repair between fractions is not modelled/);
  const report = retreatmentReport(assessment, 22);
  expect(JSON.parse(JSON.stringify(report))).toMatchObject({
    binding: { name: 'hytec-retreatment', structure: 'SpinalCord', result: 'pass' },
    maximum: { thisCourse: 29.8, priorEqd2: 38 },
    prior: { origin: 'uniform', fractions: 19, months: 17.7 },
  });
});

test('an even prior course: what it leaves is the same for any plan, and the sum of the maxima is the maximum of the sum', () => {
  const [flat, steep] = [assess(20), assess(24, {}, 0.9)];
  const allowed = ({ rows }: typeof flat) => rows.filter(({ metric }) => metric === 'Max').map((row) => row.allowed);
  expect(allowed(steep).length).toBeGreaterThan(5);
  // It differed by up to 0.003 Gy, as every sum had a search of its own.
  allowed(steep).forEach((gy, r) => {
    expect(Math.abs(gy! - allowed(flat)[r]!)).toBeLessThan(1e-9);
  });
  const { maximum, recovery } = steep;
  expect(Math.abs(maximum.cumulative - maximum.sumOfMaxima)).toBeLessThan(1e-9);
  expect(Math.abs(maximum.cumulative - (38 + eqd2(maximum.thisCourse, 22, 2)))).toBeLessThan(1e-9);
  for (const row of recovery.filter(({ tolerance }) => tolerance === 50)) {
    expect(Math.abs(row.cumulative - row.prior - maximum.thisEqd2), row.name).toBeLessThan(1e-9);
  }
});

describe('the prior dose', () => {
  test('uniform in a region is nothing elsewhere', () => {
    const plan = caseOf({ prior: { ...prior, region: 'Esophagus' } });
    const { dose } = exposeToPrior(model, plan, artiste6mv)!;
    const esophagus = model.masks.get('Esophagus')!.data;
    expect(dose.data.every((value, i) => value === (esophagus[i]! > 0 ? 38 : 0))).toBe(true);
    const other = caseOf({ prior: { ...prior, region: 'Myelon' } });
    expect(() => exposeToPrior(model, other, artiste6mv)).toThrow(/prior.region "Myelon" is not a structure/);
  });

  test('simulated: the reference point has the dose; AP-PA is even along the beams, a posterior field is not', {
    timeout: 30_000,
  }, () => {
    const along = (beams: string): number[] => {
      const fields = { beams, length: 60 };
      const exposure = exposeToPrior(model, caseOf({ prior: { ...prior, fields } }), artiste6mv)!;
      expect(exposure).toMatchObject({ origin: 'simulated', fractions: 19 });
      const { grid, data } = exposure.dose;
      const at = (y: number): number => {
        const [x0, y0, z0] = model.isocenter;
        const [i, j, k] = [x0, y0 + y, z0].map((c, a) => Math.round((c - grid.origin[a]!) / grid.spacing[a]!));
        return data[i! + grid.shape[2] * (j! + grid.shape[1] * k!)]!;
      };
      return [at(-60), at(0), at(40)];
    };
    const [front, middle, back] = along('ap-pa') as [number, number, number];
    expect(Math.abs(middle - 38)).toBeLessThan(0.5);
    expect(Math.max(front, back) / Math.min(front, back)).toBeLessThan(1.2);
    const [far, , near] = along('posterior-1') as [number, number, number];
    expect(near / far).toBeGreaterThan(1.3);
    const off = { beams: 'ap-pa', reference: [0, 0, 400] as [number, number, number] };
    expect(() => exposeToPrior(model, caseOf({ prior: { ...prior, fields: off } }), artiste6mv)).toThrow(
      /reference point .* no dose worth the name/,
    );
  });

  const onOwnGrid = (grid: Grid, perMm: number): DoseVolume => {
    const data = new Float32Array(voxelCount(grid));
    const [, , nx] = grid.shape;
    for (let i = 0; i < data.length; i++) data[i] = 30 + perMm * (grid.origin[0] + (i % nx) * grid.spacing[0]);
    return createDose(grid, { quantity: 'physical', fractions: 10 }, data);
  };
  const wide = gridCovering(gridBox(model.grid), [7, 5, 9]);
  const larger = createGrid([wide.shape[0] + 8, wide.shape[1] + 8, wide.shape[2] + 8], wide.spacing, [
    wide.origin[0] - 28,
    wide.origin[1] - 20,
    wide.origin[2] - 36,
  ]);
  const file = { file: 'RD.dcm', months: 17.7 };

  test('imported: interpolated at the place in its own frame; a ramp shifts with it', () => {
    const planFromCourse = createRigidTransform({ translation: [10, 0, 0] });
    const imported = { dose: onOwnGrid(larger, 0.05), planFromCourse, notes: [] };
    const exposure = exposeToPrior(model, caseOf({ prior: file }), artiste6mv, imported)!;
    expect(exposure).toMatchObject({ origin: 'imported', fractions: 10, beyond: 0 });
    model.body.index.forEach((voxel, p) => {
      if (p % 97 === 0) expect(exposure.dose.data[voxel]).toBeCloseTo(30 + 0.05 * (model.body.points[3 * p]! - 10), 3);
    });
  });

  test('the maximum of the sum lies below the sum of the maxima where the courses pull apart', () => {
    const imported = { dose: onOwnGrid(larger, -0.4), planFromCourse: identityTransform, notes: [] };
    const { maximum, rows } = assess(25, { prior: file }, 0.4, imported);
    expect(maximum.sumOfMaxima - maximum.cumulative).toBeGreaterThan(1);
    // Of the cord as it is drawn: the sum bends up, so that it is largest at one of its sides.
    const { box } = solidOfStructure(model.structures.get('SpinalCord')!);
    const at = (x: number): number => eqd2(30 - 0.4 * x, 10, 2) + eqd2(25 + 0.4 * x, 22, 2);
    const most = Math.max(at(box.min[0]), at(box.max[0]));
    expect(maximum.cumulative).toBeCloseTo(most, 2);
    const row = rows.find(({ name, structure }) => name === 'hytec-cumulative' && structure === 'SpinalCord')!;
    expect(row.value).toBeCloseTo(most, 2);
    expect(row.sumOfMaxima).toBeCloseTo(maximum.sumOfMaxima, 3);
  });

  const short = createGrid([4, larger.shape[1], larger.shape[2]], larger.spacing, [
    larger.origin[0],
    larger.origin[1],
    0,
  ]);
  test.each([
    ['beyond its grid', { dose: onOwnGrid(short, 0) }, /unknown in \d+ voxels of SpinalCord, beyond its grid/],
    [
      'in EQD2 of another alpha/beta',
      { dose: createDose(larger, { quantity: 'eqd2', alphaBeta: 3 }) },
      /the prior dose is eqd2 with alpha\/beta 3 Gy, but the cord's is 2 Gy/,
    ],
    ['unknown fractions', { dose: createDose(larger, { quantity: 'physical' }) }, /number of fractions .* unknown/],
  ])('refused: %s', (_, { dose }, message) => {
    const imported = { dose, planFromCourse: identityTransform, notes: [] };
    expect(() => exposeToPrior(model, caseOf({ prior: file }), artiste6mv, imported)).toThrow(message);
    expect(() => exposeToPrior(model, caseOf({ prior: file }), artiste6mv)).toThrow(/was not read/);
  });

  test('beyond its grid it gave nothing, on the word of the case', () => {
    const imported = { dose: onOwnGrid(short, 0), planFromCourse: identityTransform, notes: [] };
    const exposure = exposeToPrior(model, caseOf({ prior: { ...file, beyond: 'zero' } }), artiste6mv, imported)!;
    expect(exposure.beyond).toBeGreaterThan(0);
    expect(exposure.description).toMatch(/taken to have given nothing/);
    expect(exposure.dose.data.every(Number.isFinite)).toBe(true);
  });
});

describe('tolerances by voxel', () => {
  const bounds = (structure: string, courses: 'this' | 'all', limit: number, alphaBeta = 2) =>
    ({ structure, courses, eqd2: limit, alphaBeta }) as const;

  test('the remaining dose meets the limit exactly in every cord voxel, and goes to the optimiser by rows', () => {
    const plan = caseOf({
      prior: { ...prior, fields: { length: 40 } },
      retreatment: { bounds: [bounds('SpinalCord', 'all', 55)] },
    });
    const exposure = exposeToPrior(model, plan, artiste6mv)!;
    const [cord] = structureTolerances(model, plan, exposure);
    cord!.voxels.forEach((voxel, v) => {
      const place = placeOfVoxel(model, voxel);
      const before = valueAt(exposure.dose, ...place) ?? exposure.dose.data[voxelAt(model.grid, place)]!;
      // Between voxel centres the prior dose is interpolated, in Float32.
      const digits = voxel < voxelCount(model.grid) ? 6 : 2;
      expect(eqd2(before, 19, 2) + eqd2(cord!.maxima[v]!, 22, 2)).toBeCloseTo(55, digits);
    });
    expect(Math.max(...cord!.maxima) - Math.min(...cord!.maxima)).toBeGreaterThan(5);
    const { voxels } = choosePlanningVoxels(model).cord;
    const all = new Map(Array.from(cord!.voxels, (voxel, v): [number, number] => [voxel, cord!.maxima[v]!]));
    expect([...maximaOfVoxels(cord!, voxels)]).toEqual(Array.from(voxels, (voxel) => all.get(voxel)!));
    expect(maximaOfVoxels(cord!, voxels, 20).every((b) => b <= 20)).toBe(true);
    expect(() => maximaOfVoxels(cord!, [0])).toThrow(/voxel 0 is none of it/);
    const volume = remainingDoseVolume([cord!], model, plan);
    expect(volume.data.filter((value) => !Number.isNaN(value)).length).toBe(
      cord!.voxels.filter((voxel) => voxel < volume.data.length).length,
    );
  });

  test('any organ, and where the prior course is above the limit already: 0, with place and amount', () => {
    const plan = caseOf({
      prior,
      retreatment: { bounds: [bounds('SpinalCord', 'this', 25), bounds('Esophagus', 'all', 30, 3)] },
    });
    const exposure = exposeToPrior(model, plan, artiste6mv)!;
    const [, esophagus] = structureTolerances(model, plan, exposure);
    expect(new Set(esophagus!.maxima)).toEqual(new Set([0]));
    expect(esophagus!.exceeded).toEqual([
      expect.objectContaining({
        structure: 'Esophagus',
        voxels: esophagus!.voxels.length,
        largest: expect.closeTo(8, 9),
      }),
    ]);
    const assessment = assess(20, { retreatment: { bounds: [bounds('SpinalCord', 'all', 30)] } });
    expect(retreatmentSentence(assessment, 22)).toMatch(/alone exceeds SpinalCord 30 Gy .* by up to 8\.0 Gy EQD2 at/);
    const unknown = caseOf({ retreatment: { bounds: [bounds('Myelon', 'all', 30)] } });
    expect(() => structureTolerances(model, unknown, undefined)).toThrow(/"Myelon", which is not a structure/);
  });

  test('a recovery is credited only by name', () => {
    const half = caseOf({
      prior,
      retreatment: { recovery: 'discount-prior', bounds: [bounds('SpinalCord', 'all', 50)] },
    });
    const [cord] = structureTolerances(model, half, exposeToPrior(model, half, artiste6mv));
    expect(cord!.maxima[0]).toBeCloseTo(34.67, 2);
    const none = caseOf({ prior, retreatment: { bounds: [bounds('SpinalCord', 'all', 50)] } });
    expect(structureTolerances(model, none, exposeToPrior(model, none, artiste6mv))[0]!.maxima[0]).toBeCloseTo(
      17.24,
      2,
    );
  });
});

describe('bad cases', () => {
  const of = (p: unknown) => () => caseOf({ prior: p as never });
  test.each([
    [
      'unknown fractions',
      { dose: 38, months: 17.7 },
      /prior\.fractions: is missing: the EQD2 of a course in an unknown/,
    ],
    ['negative months', { ...prior, months: -1 }, /prior\.months: is -1, but must be >= 0/],
    ['no dose at all', { fractions: 19, months: 17.7 }, /prior\.dose: is missing/],
    ['a file and a dose', { ...prior, file: 'RD.dcm' }, /prior\.dose: does not go with "file"/],
    ['fields in a region', { ...prior, region: 'CTV', fields: {} }, /prior\.region: does not go with "fields"/],
    [
      'a transform of nothing',
      { ...prior, transform: 'REG.dcm' },
      /prior\.transform: does not go with a course without/,
    ],
  ])('%s', (_, p, message) => {
    expect(of(p)).toThrow(message);
  });

  test('alpha/beta 0, an unknown convention', () => {
    expect(() => caseOf({ alphaBeta: { cord: 0 } })).toThrow(/alphaBeta\.cord/);
    expect(() => caseOf({ retreatment: { recovery: 'full' } })).toThrow(/retreatment\.recovery: .*"full" is unknown/);
  });

  test('a uniform prior keeps to the formula', () => {
    expect(assess(29.81).maximum.cumulative).toBeCloseTo(63, 2);
    expect(bed(38, 19, 2) + bed(29.81, 22, 2)).toBeCloseTo(126.01, 2);
  });
});
