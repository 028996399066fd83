/** Every constraint in force is listed with its origin, and nothing else is in force. */
import { expect, test } from 'vitest';
import { doseFromEqd2, eqd2 } from '../../src/biology/linear-quadratic.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { expandStudy, parseStudy } from '../../src/plan/input/study-file.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { type TradeOffPoint, tradeOff } from '../../src/plan/sweep/trade-off.js';
import { constraintListSentences, nameOfConstraint } from '../../src/report/constraint-list.js';
import { planDetails, planReport } from '../../src/report/plan-report.js';
import { studyRecord, studyRow } from '../../src/report/study-table.js';
import { spine } from './spine.js';

const spacing: [number, number, number] = [6, 6, 6];
const patient = spine({ spacing, target: 'horseshoe', parameters: { length: 90 } });
const base: PlanCaseInput = {
  patient: { phantom: 'spine-t8', target: 'horseshoe', parameters: { length: 90 } },
  doseGrid: { spacing, planning: 100 },
  // What is said of constraints holds in whatever dose; this one is the fastest.
  doseModel: { heterogeneity: 'depth', medium: 'engine' },
  imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 10 },
  retreatment: { position: null },
};
const caseOf = (input: Partial<PlanCaseInput>) =>
  parseCase({ ...base, ...input, retreatment: { position: null, ...input.retreatment } });
const planned = (input: Partial<PlanCaseInput>, technique: 'fcrt' | 'imrt' = 'imrt') =>
  runPlan({ patient, case: caseOf(input), machine: artiste6mv }, { techniques: [technique] });
const maximum = (result: ReturnType<typeof planned>, structure = 'SpinalCord') =>
  result.plans[0]!.structures.find(({ name }) => name === structure)!.metrics['Max[Gy]']!;
/** At the voxel centres, where constraints are held; a drawn cord may be above between them. */
const highest = ({ model, plans }: ReturnType<typeof planned>) =>
  model.cells.get('SpinalCord')!.voxels.reduce((most, v) => Math.max(most, plans[0]!.plan.dose.data[v]!), 0);
/** Of a retreatment in 22 fractions by HyTEC: 25 Gy EQD2 of this course. */
const HIDDEN = doseFromEqd2(25, 22, 2);

test('without a prior course a cap of 45 Gy is the only constraint, and what the trade-off finds', {
  timeout: 120_000,
}, () => {
  const result = planned({ prior: null, cordCap: 45 });
  const [evaluation] = result.plans;
  expect(evaluation!.constraints).toEqual([
    expect.objectContaining({ structure: 'SpinalCord', limit: 45, field: 'cordCap', origin: 'case', force: 'hard' }),
  ]);
  expect(evaluation!.constraints[0]!.strictest).toBe(evaluation!.constraints[0]!.voxels);
  expect(maximum(result)).toBeGreaterThan(HIDDEN + 5);
  let held: readonly unknown[] | undefined;
  const [point] = tradeOff({ patient, case: result.case, machine: artiste6mv }, [45], {
    onConstraints: (list) => {
      held = list;
    },
  }) as [TradeOffPoint];
  expect(held).toEqual([]);
  expect(maximum(result)).toBeCloseTo(point.cordMaximum, 0);
  const { value } = evaluation!.plan.solution.certificate;
  expect(Math.abs(value / point.objective - 1)).toBeLessThan(0.02);
  expect(planDetails(result)).toMatch(/SpinalCord Max <= 45 Gy of this course \(hard; cordCap, set by the case\)/);
  expect(planDetails(result)).not.toMatch(/HyTEC|default/);
  const report = planReport(result, { version: '0', inputs: {} }) as { case: object; plans: object[] };
  expect(report.plans[0]).toMatchObject({ constraints: [{ name: 'SpinalCord Max <= 45 Gy of this course' }] });
  // The case of a report is one that may be planned again.
  expect(caseOf(report.case).cordCap).toBe(45);
});

test('caps above the default limit of a retreatment make different plans', { timeout: 120_000 }, () => {
  const [low, high] = [33, 37].map((cordCap) => planned({ prior: null, cordCap }));
  expect(maximum(low!)).toBeGreaterThan(HIDDEN + 1);
  expect(highest(low!)).toBeLessThan(33.01);
  expect(maximum(high!)).toBeGreaterThan(maximum(low!) + 1);
});

test('after a prior course the default bounds hold, are listed as defaults, and overrule a cap aloud', () => {
  const result = planned({ cordCap: 45 });
  const [cap, own, all] = result.plans[0]!.constraints;
  expect(cap).toMatchObject({ field: 'cordCap', origin: 'case', strictest: 0, leaves: null });
  expect(own).toMatchObject({ field: 'retreatment.bounds', origin: 'default', courses: 'this', limit: 25 });
  expect(own!.leaves![0]).toBeCloseTo(HIDDEN, 6);
  expect(all).toMatchObject({ origin: 'default', courses: 'all', limit: 70, strictest: 0 });
  expect(highest(result)).toBeLessThan(HIDDEN + 1e-3);
  const overruled =
    /cap of 45 Gy that the case sets on SpinalCord holds nothing back: .*25 Gy EQD2\/2.*\[\] means none/;
  expect(planDetails(result)).toMatch(overruled);
  const { notes } = planReport(result, { version: '0', inputs: {} }) as { notes: string[] };
  expect(notes.at(-1)).toMatch(overruled);
  const study = parseStudy({ base: { ...base }, vary: { cordCap: [45] } } as never);
  const [run] = expandStudy(study, { version: '0', hash: (text) => text });
  expect(studyRecord(study, studyRow(study, run!, result.plans[0]!, '0')).remarks).toMatch(/holds nothing back/);
});

test('retreatment.bounds: [] means none', () => {
  const result = planned({ cordCap: 45, retreatment: { bounds: [] } });
  expect(result.tolerances).toEqual([]);
  expect(result.plans[0]!.constraints.map(nameOfConstraint)).toEqual(['SpinalCord Max <= 45 Gy of this course']);
  expect(maximum(result)).toBeGreaterThan(HIDDEN + 5);
  // Judged it is all the same.
  expect(result.plans[0]!.retreatment!.binding).toMatchObject({ result: 'fail' });
});

test("bounds that are asked for hold without a prior course, and are the case's", () => {
  const bounds = [{ structure: 'SpinalCord', courses: 'this' as const, eqd2: 20, alphaBeta: 2 }];
  const result = planned({ prior: null, cordCap: 45, retreatment: { bounds } });
  expect(result.plans[0]!.constraints[1]).toMatchObject({ origin: 'case', limit: 20, basis: 'set by the case' });
  expect(highest(result)).toBeLessThan(doseFromEqd2(20, 22, 2) + 1e-3);
  expect(planDetails(result)).not.toMatch(/holds nothing back/);
});

test('a cap is explained by what it is: of the case, of another organ, or the default in other fractions', {
  timeout: 120_000,
}, () => {
  const other = planned({
    prior: null,
    cord: 'Esophagus',
    cordCap: 25,
    prescription: { dose: 50, fractions: 25 },
  });
  expect(constraintListSentences(other.plans[0]!.constraints).join()).toMatch(
    /^Esophagus Max <= 25 Gy .*set by the case\)/,
  );
  expect(planDetails(other)).not.toMatch(/HyTEC/);
  const five = planned({ prior: null, prescription: { dose: 25, fractions: 5 } }, 'fcrt').plans[0]!.constraints[0]!;
  expect(five).toMatchObject({ origin: 'default', limit: 29.8, force: 'soft' });
  expect(five.basis).toContain(`in 5 fractions it is ${eqd2(29.8, 5, 2).toFixed(1)} Gy EQD2/2`);
  // A number that the case writes is its own, also where it is that of the default.
  expect(caseOf({ cordCap: 29.8 }).cordCapOrigin).toBe('case');
  expect(caseOf({}).cordCapOrigin).toBe('default');
});

test('a prior course that uses up a limit, or is above it, is refused before planning', () => {
  const of = (dose: number, fractions: number) => ({ prior: { dose, fractions, months: 20 } });
  expect(() => planned(of(70, 35))).toThrow(
    /prior course alone uses up SpinalCord 70 Gy EQD2\/2, .*no coverage is left/,
  );
  expect(() => planned(of(60, 10))).toThrow(/alone exceeds SpinalCord 70 Gy .* by up to 50\.0 Gy EQD2/);
  expect(() => tradeOff({ patient, case: caseOf(of(70, 35)), machine: artiste6mv }, [30])).toThrow(
    /uses up SpinalCord 70 Gy/,
  );
});

test('what is left of the prescription is no plan: no goal on it is passed, and it is said', () => {
  // 0.1 Gy EQD2 are left.
  const result = planned({ prior: { dose: 69.9, fractions: 35, months: 20 } });
  const [{ goals, plan }] = result.plans as [(typeof result.plans)[number]];
  expect(plan.solution.prescriptionDose).toBeLessThan(0.1 * 39.6);
  expect(goals.find(({ goal }) => goal.startsWith('SpinalCord Max'))!.value).toBeLessThan(1);
  for (const goal of goals) expect(goal).toMatchObject({ result: 'fail', reason: expect.stringMatching(/^no plan/) });
  expect(planDetails(result)).toMatch(/no plan: the constraints leave \d\.\d\d of 39\.6 Gy; no goal on it is passed/);
});
