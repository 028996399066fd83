/** A plan by sliding windows: the cap holds in the dose of the moving leaves, and a file of them gives that dose again. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { TreatmentPlan } from '../../../src/io/dicom/treatment-plan.js';
import { readTreatmentPlan } from '../../../src/io/dicom/treatment-plan-read.js';
import { encodeTreatmentPlan } from '../../../src/io/dicom/treatment-plan-write.js';
import { decodeFluence, encodeFluence } from '../../../src/io/fluence-file.js';
import { artiste6mv } from '../../../src/machine/artiste-6mv.js';
import { treatmentPlanOf } from '../../../src/plan/exchange/written-plan.js';
import { computeTreatment } from '../../../src/plan/field/plan-dose.js';
import { treatPlan } from '../../../src/plan/field/treated-plan.js';
import { parseCase } from '../../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../../src/plan/input/plan-case.js';
import { createJob } from '../../../src/plan/patient/plan-job.js';
import { type PlanningResult, recordsOf, remakePlan, runPlan } from '../../../src/plan/run-plan.js';
import { spine } from '../spine.js';
import { judge } from './judge.js';

type Imrt = NonNullable<PlanCaseInput['imrt']>;
const spacing: [number, number, number] = [5, 5, 5];
const parameters = { length: 90 };
const patient = spine({ spacing, target: 'horseshoe', parameters });
const caseOf = (imrt: Imrt, more: Partial<PlanCaseInput> = {}) =>
  parseCase({
    patient: { phantom: 'spine-t8', target: 'horseshoe', parameters },
    doseGrid: { spacing, planning: 5 },
    cordCap: 29.8,
    imrt: { beams: 'posterior-3', beamlet: 8, ...imrt },
    ...more,
  });
const jobOf = (imrt: Imrt, more: Partial<PlanCaseInput> = {}) =>
  createJob({ patient, machine: artiste6mv, case: caseOf(imrt, more) });
const window = (more: object = {}): Imrt => ({ delivery: { kind: 'sliding-window', ...more } });
const study = { attributes: { '00100010': 'Doe' }, studyUid: '1.2.5', frameOfReferenceUid: '1.2.9' };
const written = (result: PlanningResult): TreatmentPlan =>
  readTreatmentPlan(
    encodeTreatmentPlan(treatmentPlanOf(result, result.plans[0]!.plan, { structureSetUid: '1.2.7' }), study).file,
  );

describe('a horseshoe by sliding windows of leaves that leak, and do not overlap', () => {
  let made: PlanningResult;
  let file: TreatmentPlan;
  const job = jobOf(window({ points: 40, interleaf: true, leafGap: 1, transmission: { leaves: 0.015 } }));
  beforeAll(() => {
    made = runPlan(job, { techniques: ['imrt'] });
    file = written(made);
  }, 300_000);

  test('the cap holds in the dose that is reported, the prescription is met, and delivery has a price', () => {
    const { plan, structures } = made.plans[0]!;
    expect(plan.solution.status).toBe('reached');
    expect(structures.find(({ name }) => name === 'SpinalCord')!.metrics['Max[Gy]']).toBeLessThanOrEqual(29.8 + 1e-6);
    expect(plan.solution.prescriptionDose).toBeCloseTo(39.6, 1);
    expect(plan.delivery).toMatchObject({ kind: 'sliding-window', segments: 120 });
    expect(plan.delivery!.price).toBeGreaterThan(0);
    expect(plan.delivery!.price).toBeLessThan(1);
  });

  test('a machine can do it, in the time that is told; a slower one cannot in that time', () => {
    const numbers = { leafSpeed: 25, doseRate: [0, 600], gap: 1, interleaf: true } as const;
    const group = file.fractionGroups[0]!;
    const judged = file.beams.map((beam, b) => judge(beam, group.beams[b]!.meterset!, numbers));
    expect(judged.flatMap(({ wrong }) => wrong)).toEqual([]);
    const seconds = judged.reduce((sum, own) => sum + own.seconds, 0);
    expect(seconds).toBeCloseTo(made.plans[0]!.plan.delivery!.seconds!, 3);
    const slow = file.beams.map((beam, b) => judge(beam, group.beams[b]!.meterset!, { ...numbers, leafSpeed: 10 }));
    expect(slow.reduce((sum, own) => sum + own.seconds, 0)).toBeGreaterThan(1.2 * seconds);
    // Which the judge must see: a pair closed, a neighbour over the other.
    expect(judge(file.beams[0]!, 100, { ...numbers, gap: 3 }).wrong.length).toBeGreaterThan(0);
  });

  test('the file gives the dose of the plan again', () => {
    const { plan } = made.plans[0]!;
    expect(file.beams.map(({ controlPoints }) => controlPoints.length)).toEqual([40, 40, 40]);
    const treated = treatPlan(file, artiste6mv, patient.position);
    expect(treated.beams.map(({ kind }) => kind)).toEqual(['static', 'static', 'static']);
    const { dose, maximum } = computeTreatment(patient, treated, artiste6mv, { grid: plan.dose.grid });
    const worst = plan.dose.data.reduce((far, gray, i) => Math.max(far, Math.abs(gray - dose.data[i]!)), 0);
    expect(worst / maximum.dose).toBeLessThan(1e-5);
  });

  test('its record gives it again, control points and all', () => {
    const records = recordsOf(made).map((record) => decodeFluence(encodeFluence(record)));
    const again = remakePlan(job, records);
    expect(again.plans[0]!.plan.dose.data).toEqual(made.plans[0]!.plan.dose.data);
    expect(again.plans[0]!.plan.delivery).toEqual(made.plans[0]!.plan.delivery);
    expect(written(again).uid).toBe(file.uid);
  });
});

describe('a horseshoe by an arc behind the patient, at 60 MU/min and more', () => {
  let made: PlanningResult;
  let file: TreatmentPlan;
  const arc = { kind: 'arc', start: 145, stop: 215, every: 35, spacing: 7, leafTravel: 12, doseRate: [60, 600] };
  const delivery = { ...arc, interleaf: true, transmission: { leaves: 0.01 } } as Imrt['delivery'];
  const job = jobOf({ delivery });
  beforeAll(() => {
    made = runPlan(job, { techniques: ['imrt'] });
    file = written(made);
  }, 300_000);

  test('the cap holds in the dose that is reported, and delivery has a price', () => {
    const { plan, structures } = made.plans[0]!;
    expect(plan.solution.status).toBe('reached');
    expect(structures.find(({ name }) => name === 'SpinalCord')!.metrics['Max[Gy]']).toBeLessThanOrEqual(29.8 + 1e-6);
    expect(plan.solution.prescriptionDose).toBeCloseTo(39.6, 1);
    expect(plan.delivery).toMatchObject({ kind: 'arc', segments: 11 });
    expect(plan.delivery!.price).toBeGreaterThan(0);
    expect(plan.delivery!.price).toBeLessThan(1);
  });

  test('a machine can do it, in the time that is told; one with a slower gantry cannot in that time', () => {
    const numbers = { leafSpeed: 25, doseRate: [60, 600], gantrySpeed: 6, gap: 0.5, interleaf: true } as const;
    const [beam, units] = [file.beams[0]!, file.fractionGroups[0]!.beams[0]!.meterset!];
    const judged = judge(beam, units, numbers);
    expect(judged.wrong).toEqual([]);
    expect(judged.seconds).toBeCloseTo(made.plans[0]!.plan.delivery!.seconds!, 3);
    expect(judge(beam, units, { ...numbers, gantrySpeed: 1 }).seconds).toBeGreaterThan(70 - 1e-6);
    // Which the judge must see: leaves too near each other, a dose rate too low, a gantry that must not turn.
    expect(judge(beam, units, { ...numbers, gap: 2 }).wrong.length).toBeGreaterThan(0);
    expect(judge(beam, units, { ...numbers, doseRate: [500, 600] }).wrong.length).toBeGreaterThan(0);
    const { gantrySpeed: _, ...still } = numbers;
    expect(judge(beam, units, still).wrong.length).toBeGreaterThan(0);
    // No leaf travels farther per degree than the case says.
    const travel = beam.controlPoints.slice(1).map((to, p) => {
      const before = beam.controlPoints[p]!.positions.get('MLCX')!;
      return Math.max(...to.positions.get('MLCX')!.map((x, n) => Math.abs(x - before[n]!)));
    });
    expect(Math.max(...travel)).toBeLessThanOrEqual(7 * 12 + 1e-6);
  });

  test('the file is one arc and gives the dose of the plan again', () => {
    const { plan } = made.plans[0]!;
    const treated = treatPlan(file, artiste6mv, patient.position);
    expect(treated.beams.map(({ kind }) => kind)).toEqual(['arc']);
    expect(file.beams[0]!.controlPoints.map(({ gantry }) => gantry)).toEqual(
      Array.from({ length: 11 }, (_, k) => 145 + 7 * k),
    );
    const { dose, maximum } = computeTreatment(patient, treated, artiste6mv, { grid: plan.dose.grid });
    const worst = plan.dose.data.reduce((far, gray, i) => Math.max(far, Math.abs(gray - dose.data[i]!)), 0);
    expect(worst / maximum.dose).toBeLessThan(1e-5);
  });

  test('its record gives it again', () => {
    const records = recordsOf(made).map((record) => decodeFluence(encodeFluence(record)));
    const again = remakePlan(job, records);
    expect(again.plans[0]!.plan.dose.data).toEqual(made.plans[0]!.plan.dose.data);
    expect(written(again).uid).toBe(file.uid);
  });
});

test.each<[string, Imrt, Partial<PlanCaseInput>, string]>([
  [
    'a field that leaves cannot cross in time',
    { delivery: { kind: 'arc', leafTravel: 2 } },
    {},
    'mm wide, but leaves travel',
  ],
  ['a gap wider than a beamlet', window({ leafGap: 9 }), {}, 'leafGap is 9 mm, but beamlets are 8 mm wide'],
  ['a field larger than the leaves', window({ mlc: { boundaries: [-16, -8, 0, 8, 16] } }), {}, 'no leaf of'],
  [
    'leaves that do not cross the field',
    window({ mlc: { boundaries: Array.from({ length: 41 }, (_, n) => 8 * (n - 20)), reach: 20 } }),
    {},
    'must cross the field and get 20 mm far',
  ],
  ['robust', { ...window(), robust: { shifts: [[3, 0, 0]] } }, {}, 'asks for imrt.robust'],
  ['smoothness', window(), { objectives: ['spine-default', { kind: 'smoothness', weight: 1 }] }, 'asks for smoothness'],
])('%s: refused before planning', (_, imrt, more, sentence) => {
  const stages: string[] = [];
  const plan = (): unknown =>
    runPlan(jobOf(imrt, more), { techniques: ['imrt'], onStage: (stage) => void stages.push(stage) });
  expect(plan).toThrow(sentence);
  expect(stages.some((stage) => stage.includes('fluence'))).toBe(false);
});

test.each([
  ['no leaf speed', { leafSpeed: 0 }, 'leafSpeed: is 0 mm/s, but must be above 0'],
  ['no dose rate', { doseRate: 0 }, 'doseRate: is 0 MU/min, but must be above 0'],
  ['a negative gap', { leafGap: -1 }, 'leafGap'],
  ['one control point', { points: 1 }, 'points'],
  ['an arc of no control points', { kind: 'arc', start: 90, stop: 90 }, 'there is no control point'],
  ['an arc of the smallest turn', { kind: 'arc', start: 90, stop: 91 }, 'there is no control point'],
  ['more between control points than beams', { kind: 'arc', spacing: 15, every: 10 }, 'farther apart than beams'],
  ['dose rates upside down', { kind: 'arc', doseRate: [600, 100] }, 'not below the largest'],
  ['a gantry that stands', { kind: 'arc', gantrySpeed: 0 }, 'gantrySpeed: is 0 degrees/s, but must be above 0'],
])('%s is refused', (_, more, sentence) => {
  expect(() => caseOf(window(more))).toThrow(sentence);
});
