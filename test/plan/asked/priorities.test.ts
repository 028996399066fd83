/** Plans by goals in order: sides do not matter, a price is the slope between two plans, and who leaves the prescription no room is named. */
import { beforeAll, expect, test } from 'vitest';
import { artiste6mv } from '../../../src/machine/artiste-6mv.js';
import { buildPhantom } from '../../../src/phantom/build.js';
import { parseCase } from '../../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../../src/plan/input/plan-case.js';
import { createJob } from '../../../src/plan/patient/plan-job.js';
import { runPlan } from '../../../src/plan/run-plan.js';
import { prioritySentences } from '../../../src/report/priorities.js';
import { mirroredCase, mirrorPhantom } from '../mirror.js';

const asked = (d95: number): PlanCaseInput => ({
  patient: { phantom: 'mirror' },
  target: 'PTV',
  cord: 'SpinalCord',
  prior: null,
  doseGrid: { spacing: [6, 6, 6], planning: 100 },
  doseModel: { heterogeneity: 'depth', medium: 'engine' },
  imrt: { beams: [{ gantry: 130 }, { gantry: 165 }, { gantry: 180 }, { gantry: 250 }], beamlet: 10 },
  constraints: ['PTV Max <= 46Gy'],
  priorities: [[`PTV D95% >= ${d95}Gy`], ['Left Mean']],
});

const plan = (input: PlanCaseInput) => {
  const patient = buildPhantom(mirrorPhantom, { spacing: [6, 6, 6] });
  const job = createJob({ case: parseCase(input), patient, machine: artiste6mv });
  return runPlan(job, { techniques: ['imrt'] }).plans[0]!;
};

const LESS = 34;
const MORE = 35;
let [straight, turned, more] = [] as unknown as ReturnType<typeof plan>[];
beforeAll(() => {
  [straight, turned, more] = [plan(asked(LESS)), plan(mirroredCase(asked(LESS))), plan(asked(MORE))];
}, 240_000);

test('lists that leave the prescription no room are named, with what the target has', () => {
  const { plan: made, priorities } = straight!;
  expect(priorities.map(({ status }) => status)).toEqual(['met', 'least']);
  expect(made.solution.status).toBe('prescription-missed');
  const dose = made.solution.prescriptionDose;
  expect(dose).toBeGreaterThan(40);
  expect(prioritySentences(priorities, made.solution).at(-1)).toContain(
    `no room: the target has ${dose.toFixed(2)} Gy under priorities 1 (PTV D95% >= ${LESS}Gy), 2 (Left Mean)`,
  );
  // What is met by itself is not spoken of.
  const met = { ...made.solution, status: 'reached' } as const;
  expect(prioritySentences(priorities, met).join()).not.toContain('no room');
});

test('the mirrored case on the mirrored patient reaches the same, list by list', () => {
  // Bounds follow what each side's reported dose misses: 2 %, as far as plans are known.
  straight!.priorities.forEach(({ goals: [goal] }, l) => {
    const [other] = turned!.priorities[l]!.goals;
    expect(Math.abs(other!.optimised!.kept / goal!.optimised!.kept - 1)).toBeLessThan(0.02);
  });
  expect(turned!.priorities[1]!.goals[0]!.goal).toBe('Right Mean');
});

test('what a Gy of a goal costs of the one before lies between the prices of two plans', () => {
  const [few, many] = [straight!, more!].map(({ priorities }) => {
    const [before, own] = priorities.map(({ goals }) => goals[0]!.optimised!);
    const trade = own!.trades.find(({ of }) => of === before!.name);
    return { kept: before!.kept, value: own!.achieved, gain: trade?.gain ?? 0 };
  });
  const slope = (many!.value - few!.value) / (many!.kept - few!.kept);
  // The least mean is convex in what is kept before it: its slopes rise.
  expect(slope).toBeGreaterThan(0.95 * few!.gain);
  expect(slope).toBeLessThan(1.05 * many!.gain);
  expect(many!.gain).toBeGreaterThan(0.01);
});
