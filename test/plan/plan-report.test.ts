/** A job's plans as JSON, table and DVHs, from a result that is made up: what is said, and what is left out where there is none. */
import { describe, expect, test } from 'vitest';
import { createDvh } from '../../src/evaluate/dvh.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { dvhTable, planDetails, planReport } from '../../src/report/plan-report.js';
import { byColumn } from './read-figure.js';

const grid = createGrid([1, 1, 4], [2, 2, 2], [0, 0, 0]);
const dose = createDose(grid, { quantity: 'physical', fractions: 5 }, Float32Array.of(10, 10, 20, 20));
const dvh = createDvh(dose, createVolume('mask', grid, new Float32Array(4).fill(1)), { name: 'PTV' });
const certificate = {
  objective: 'f',
  value: 100,
  lowerBound: 99,
  gap: 0.01,
  isConvex: true,
  violation: null,
  prices: [],
};
const constraint = {
  structure: 'SpinalCord',
  metric: 'Max',
  limit: 12.3456789,
  quantity: 'physical',
  courses: 'this',
  force: 'hard',
  field: 'cordCap',
  origin: 'case',
  basis: 'set by the case',
  voxels: 4,
  strictest: 4,
  leaves: [12.3456789, 12.3456789],
  shifts: 0,
};
const structure = (name: string, role: string) => ({
  name,
  role,
  volumeCc: 1.23456789,
  metrics: { 'Max[Gy]': 11.234567, 'D0.03cc[Gy]': 11, 'D0.1cc[Gy]': 10.5 },
  errorBounds: { 'Max[Gy]': 0.123456, 'D0.03cc[Gy]': 0.1, 'D0.1cc[Gy]': 0.05 },
});
const goal = (more: object = {}) => ({
  goal: 'SpinalCord Max <= 12 Gy',
  structure: 'SpinalCord',
  metric: 'Max[Gy]',
  limit: 12,
  value: 11.23456789,
  unit: 'Gy',
  margin: 0.76543211,
  result: 'pass',
  courses: 'this',
  errorBound: 0.123456,
  warnings: [],
  ...more,
});
const evaluated = (technique: string, more: object = {}, of: object = {}) =>
  ({
    plan: {
      technique,
      hold: 'cord',
      solution: { status: 'reached', prescriptionDose: 29.98768, evaluations: 321, certificate, uncovered: [] },
      fields: [{ beam: { name: 'first', pose: { gantry: 10, collimator: 20, couch: 30 } }, monitorUnits: 123.456 }],
      voxels: { points: new Float64Array(6), organs: [] },
      largestDifference: 0,
      beyondRange: 0,
      beyondDensity: 0,
      ...of,
    },
    dvhs: new Map([['PTV', dvh]]),
    structures: [structure('PTV', 'target'), structure('SpinalCord', 'organ'), structure('Skin', 'external')],
    goals: [goal()],
    conformity: { paddick: 0.812345, homogeneity: null, r50: 4.5678, gradientIndex: 3.25 },
    constraints: [constraint],
    asked: [],
    priorities: [],
    constraintOutcomes: [],
    ...more,
  }) as any;
const model = {
  patient: { name: 'Block', notes: ['of the patient'] },
  target: 'PTV',
  cord: 'SpinalCord',
  isocenter: [1, 2, 3],
  grid,
  notes: ['of the model'],
  masks: new Map([
    ['PTV', {}],
    ['SpinalCord', {}],
    ['ThecalSac', {}],
  ]),
};
const plan = {
  prescription: { dose: 30, fractions: 5, to: 'D95' },
  alphaBeta: { cord: 2 },
  cordCap: 12,
  cordCapOrigin: 'case',
  retreatment: { recovery: 'none', clinical: {} },
  doseModel: { heterogeneity: 'density', medium: 'engine' },
};
const resultOf = (plans: any[], more: object = {}) =>
  ({
    case: plan,
    model,
    machine: { source: 'a machine' },
    plans,
    gap: { distance: 5.25, overlap: 0.123456 },
    ...more,
  }) as any;
const report = (result: any): any => planReport(result, { version: '9', inputs: { case: 'abc' } });

describe('as JSON', () => {
  test('figures to 1e-4, monitor units to a tenth', () => {
    const whole = report(resultOf([evaluated('imrt')]));
    expect(whole).toMatchObject({
      software: 'respine 9',
      patient: 'Block',
      gap: { targetToCordMm: 5.25, overlapCc: 0.1235 },
    });
    expect(whole.case).not.toHaveProperty('cordCapOrigin');
    const [entry] = whole.plans;
    expect(entry).toMatchObject({ technique: 'imrt', status: 'reached', prescriptionDose: 29.9877, evaluations: 321 });
    expect(entry.fields).toEqual([{ name: 'first', gantry: 10, collimator: 20, couch: 30, monitorUnits: 123.5 }]);
    expect(entry.structures[0]).toMatchObject({
      volumeCc: 1.2346,
      metrics: { 'Max[Gy]': 11.2346 },
      errorBounds: { 'Max[Gy]': 0.1235 },
    });
    expect(entry.goals[0]).toMatchObject({ value: 11.2346, margin: 0.7654, errorBound: 0.1235 });
    expect(entry.conformity).toEqual({ paddick: 0.8123, homogeneity: null, r50: 4.5678, gradientIndex: 3.25 });
    expect(entry.constraints[0]).toMatchObject({
      name: 'SpinalCord Max <= 12.35 Gy of this course',
      limit: 12.3457,
      leaves: [12.3457, 12.3457],
    });
    expect(entry.gaveWay).toContain('the prescription');
    for (const key of [
      'fallOff',
      'cumulativeCordEqd2',
      'retreatment',
      'robust',
      'reirradiation',
      'modelSensitivity',
      'warning',
    ])
      expect(entry).not.toHaveProperty(key);
    expect(whole.assumptions.join()).toContain('No prior course: nothing is accumulated.');
    expect(whole.notes).toEqual(['of the model', 'of the patient']);
  });

  test('what has no value is null; what cannot be told of a mask or a goal is not there', () => {
    const goals = [goal({ value: null, margin: null, errorBound: null, result: 'not evaluable', reason: 'why' })];
    const [entry] = report(resultOf([evaluated('imrt', { goals }, { hold: 'prescription' })])).plans;
    expect(entry.goals[0]).toMatchObject({ value: null, margin: null, errorBound: null, reason: 'why' });
    expect(entry.gaveWay).toContain('the caps of cord and bounded organs');
    const none = report(
      resultOf([evaluated('imrt', { constraints: [{ ...constraint, leaves: null }] })], { gap: { overlap: 0 } }),
    );
    expect(none.plans[0].constraints[0].leaves).toBeNull();
    expect(none.gap.targetToCordMm).toBeNull();
  });

  test('a fall-off and the sum in the cord are rounded where there are any', () => {
    const fallOff = {
      distance: 5.123456,
      nearest: { gap: 5.123456, targetDose: 30, organDose: 12, perMm: 3.5123456 },
      steepest: 4,
      median: 3,
      pairs: 9,
    };
    const cumulativeCord = {
      structure: 'SpinalCord',
      alphaBeta: 2,
      prior: 45.123456,
      retreatment: { max: 20.123456, nearMax: 19 },
      noRecovery: { max: 62.123456, nearMax: 60 },
      sumOfMaxima: 65.246912,
    };
    const [entry] = report(resultOf([evaluated('imrt', { fallOff, cumulativeCord })])).plans;
    expect(entry.fallOff).toMatchObject({ distance: 5.1235, nearest: { gap: 5.1235, perMm: 3.5123 } });
    expect(entry.cumulativeCordEqd2).toEqual({
      structure: 'SpinalCord',
      alphaBeta: 2,
      prior: 45.1235,
      retreatment: { max: 20.1235, nearMax: 19 },
      noRecovery: { max: 62.1235, nearMax: 60 },
      sumOfMaxima: 65.2469,
    });
    const [bare] = report(resultOf([evaluated('imrt', { fallOff: { ...fallOff, nearest: null } })])).plans;
    expect(bare.fallOff.nearest).toBeNull();
  });

  test('a warning says what is wrong with a plan, all of it in one sentence', () => {
    const warned = (of: object) => report(resultOf([evaluated('imrt', {}, of)])).plans[0].warning;
    expect(warned({ beyondRange: 7 })).toBe(
      '7 voxels lie deeper than the machine was commissioned for; their dose is that of the last depth.',
    );
    const solution = {
      status: 'unproven',
      prescriptionDose: 10,
      evaluations: 1,
      certificate: { ...certificate, gap: 0.1, lowerBound: 90 },
      uncovered: [],
    };
    expect(warned({ solution, beyondRange: 7, beyondDensity: 3 })).toMatch(
      /^no plan: the constraints leave 10\.00 of 30 Gy; not proven to be near the best plan: .*; 7 voxels lie deeper.*; .*3 .*\.$/,
    );
  });

  test('what is in force is said once, or by technique where they differ', () => {
    const same = report(resultOf([evaluated('fcrt'), evaluated('imrt')])).assumptions.join('\n');
    expect(same).not.toContain('IMRT: ');
    const soft = evaluated('fcrt', { constraints: [{ ...constraint, force: 'soft' }] });
    const differ = report(resultOf([soft, evaluated('imrt')])).assumptions.join('\n');
    expect(differ).toMatch(/FCRT: SpinalCord Max <= 12\.35 Gy of this course \(soft;/);
    expect(differ).toMatch(/IMRT: SpinalCord Max <= 12\.35 Gy of this course \(hard;/);
    const idle = [
      { ...constraint, strictest: 0, leaves: null },
      { ...constraint, field: 'retreatment.bounds', origin: 'default' },
    ];
    const { notes } = report(
      resultOf([evaluated('fcrt', { constraints: idle }), evaluated('imrt', { constraints: idle })]),
    );
    expect(notes.filter((note: string) => note.includes('holds nothing back'))).toHaveLength(1);
  });
});

describe('as a table', () => {
  const lines = (result: any): string[] => planDetails(result).split('\n');

  test('goals with their verdicts, the cord’s maxima with their bounds, the indices', () => {
    const goals = [
      goal(),
      goal({ result: 'fail' }),
      goal({ result: 'variation' }),
      goal({ value: null, reason: 'why', result: 'not evaluable' }),
    ];
    const text = lines(resultOf([evaluated('imrt', { goals })]));
    expect(text[1]).toBe('Block: 30 Gy in 5 fractions (D95), PTV to SpinalCord 5.3 mm');
    expect(text).toContain('IMRT  reached, prescription dose 29.99 Gy');
    expect(text).toContain('  pass  SpinalCord Max <= 12 Gy            11.23 ±0.13 Gy');
    expect(text).toContain('  FAIL  SpinalCord Max <= 12 Gy            11.23 ±0.13 Gy');
    expect(text).toContain('  var.  SpinalCord Max <= 12 Gy            11.23 ±0.13 Gy');
    expect(text).toContain('  FAIL  SpinalCord Max <= 12 Gy            not evaluable: why');
    expect(text).toContain('        SpinalCord         Max 11.23 ±0.13  D0.03cc 11.00 ±0.10  D0.1cc 10.50 ±0.05 Gy');
    expect(text).toContain('        Paddick CI 0.81, HI none, R50 4.57, gradient index 3.25');
    // Targets and what has no mask are not among them.
    expect(text.some((line) => line.startsWith('        PTV ') || line.startsWith('        ThecalSac '))).toBe(false);
    expect(text.join()).not.toContain('over both courses');
    expect(text.join()).not.toContain('NOTE');
  });

  test('an overlap, no distance, no plan, and no proof are said', () => {
    const gap = (distance: number | undefined) =>
      lines(resultOf([evaluated('imrt')], { gap: { distance, overlap: 0.5 } }))[1];
    expect(gap(-2.25)).toContain('PTV and SpinalCord overlap: -2.3 mm, 0.50 cc in common');
    expect(gap(0)).toContain('overlap: 0.0 mm');
    expect(gap(undefined)).toContain('PTV to SpinalCord no distance');
    const solution = { status: 'stopped', prescriptionDose: 10, evaluations: 1, certificate, uncovered: [] };
    const text = lines(resultOf([evaluated('imrt', {}, { solution })]));
    expect(text).toContain('        no plan: the constraints leave 10.00 of 30 Gy; no goal on it is passed');
    expect(text.join()).toContain('  NOTE  not proven to be near the best plan: it was stopped');
  });

  test('the fall-off and the sum of both courses where there are any', () => {
    const fallOff = {
      distance: 5,
      nearest: { gap: 5.12, targetDose: 30, organDose: 12, perMm: 3.514 },
      steepest: null,
      median: 3,
    };
    const cumulativeCord = {
      structure: 'SpinalCord',
      alphaBeta: 2,
      prior: 45.1,
      retreatment: { max: 20.2 },
      noRecovery: { max: 62.3 },
      sumOfMaxima: 65.3,
    };
    const text = lines(resultOf([evaluated('imrt', { fallOff, cumulativeCord })]));
    expect(text).toContain('        from PTV to SpinalCord across 5.1 mm: 3.51 Gy/mm, steepest none, median 3.00');
    expect(text).toContain(
      '        SpinalCord over both courses, EQD2 (alpha/beta 2 Gy), no recovery: Max 62.3 Gy; sum of maxima 45.1 + 20.2 = 65.3 Gy',
    );
    const bare = lines(resultOf([evaluated('imrt', { fallOff: { ...fallOff, nearest: null } })]));
    expect(bare.join()).not.toContain('across');
    const prior = { description: 'Prior course.', notes: ['a note of it'] };
    expect(lines(resultOf([evaluated('imrt')], { prior })).join('\n')).toContain('\nPrior course.\na note of it\n');
  });
});

test('DVHs by technique, one line per dose, from all of the structure to none', () => {
  const rows = byColumn(dvhTable(resultOf([evaluated('fcrt'), evaluated('imrt')]), 21));
  expect(rows).toHaveLength(42);
  expect(rows[0]).toEqual({
    technique: 'fcrt',
    structure: 'PTV',
    dose_Gy: '0.0000',
    volume_cc: '0.03200',
    volume_percent: '100.0000',
  });
  expect(rows[21]!.technique).toBe('imrt');
  expect(Number(rows[20]!.dose_Gy)).toBeGreaterThanOrEqual(20);
  const half = rows.slice(0, 21).find((row) => Number(row.dose_Gy) > 14 && Number(row.dose_Gy) < 16)!;
  expect(Number(half.volume_percent)).toBeGreaterThan(30);
  expect(Number(half.volume_percent)).toBeLessThan(90);
  expect(dvhTable(resultOf([evaluated('imrt')])).split('\n')).toHaveLength(203);
});
