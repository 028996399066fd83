/** What a CASE.json asks for has no left and no right: the mirrored case on the mirrored patient gives the mirrored plan. */
import { beforeAll, expect, test } from 'vitest';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { createJob } from '../../src/plan/patient/plan-job.js';
import { type PlanningResult, runPlan } from '../../src/plan/run-plan.js';
import { planDetails, planReport } from '../../src/report/plan-report.js';
import { mirroredCase, mirrorPhantom } from '../plan/mirror.js';

const asked: PlanCaseInput = {
  patient: { phantom: 'mirror' },
  target: 'PTV',
  cord: 'SpinalCord',
  prior: null,
  doseGrid: { spacing: [6, 6, 6], planning: 100 },
  doseModel: { heterogeneity: 'depth', medium: 'engine' },
  imrt: {
    delivery: 'fluence',
    beams: [{ gantry: 130 }, { gantry: 165 }, { gantry: 180 }, { gantry: 250 }],
    beamlet: 10,
  },
  constraints: ['Left Mean <= 6Gy', 'Right D1cc <= 24Gy', 'PTV Max <= 46Gy', 'Below Max <= 30Gy'],
  objectives: [
    'spine-default',
    { kind: 'overdose', structure: 'Left', dose: 6, weight: 5 },
    { kind: 'mean', structure: 'Right', weight: 3 },
    { kind: 'mean', structure: 'Below', weight: 1 },
  ],
};
const mirrored = mirroredCase(asked);

const plan = (input: PlanCaseInput): PlanningResult => {
  const patient = buildPhantom(mirrorPhantom, { spacing: [6, 6, 6] });
  return runPlan(createJob({ case: parseCase(input), patient, machine: artiste6mv }), { techniques: ['imrt'] });
};

let [straight, turned] = [] as unknown as [PlanningResult, PlanningResult];
beforeAll(() => {
  [straight, turned] = [plan(asked), plan(mirrored)];
}, 120_000);

const only = ({ plans }: PlanningResult) => plans[0]!;

test('both are proven and keep their constraints, one of which binds', () => {
  for (const result of [straight, turned]) {
    const { plan: own, asked: outcomes } = only(result);
    expect(own.solution.status).toBe('reached');
    expect(outcomes.map(({ result }) => result)).toEqual(['pass', 'pass', 'pass', 'pass']);
    expect(outcomes[0]!.price).toBeGreaterThan(1);
  }
});

test('the dose is the mirror image, and so is what the constraints cost', () => {
  const [a, b] = [only(straight), only(turned)];
  const [nz, ny, nx] = a.plan.dose.grid.shape;
  // Where lines that the optimiser samples, every eighth at most, lie as far from either side.
  expect((nx - 1) % 8).toBe(0);
  let largest = 0;
  let beside = 0;
  for (let i = 0; i < nx * ny * nz; i++) {
    const mirror = i - (i % nx) + nx - 1 - (i % nx);
    largest = Math.max(largest, Math.abs(a.plan.dose.data[i]! - b.plan.dose.data[mirror]!));
    beside = Math.max(beside, Math.abs(a.plan.dose.data[i]! - b.plan.dose.data[i]!));
  }
  // Plans are made to their gap, and a dose is known no better: 2 % of its maximum.
  expect(largest).toBeLessThan(0.8);
  expect(beside).toBeGreaterThan(8);
  const [own, other] = [a.plan.solution.certificate, b.plan.solution.certificate];
  expect(other.value).toBeGreaterThan(own.lowerBound!);
  expect(own.value).toBeGreaterThan(other.lowerBound!);
  expect(b.asked.map(({ constraint }) => constraint)).toEqual([
    'Right Mean <= 6Gy',
    'Left D1cc <= 24Gy',
    'PTV Max <= 46Gy',
    'Below Max <= 30Gy',
  ]);
  b.asked.forEach(({ value, price }, n) => {
    expect(value! / a.asked[n]!.value!).toBeCloseTo(1, 1);
    expect(Math.abs((price ?? 0) - (a.asked[n]!.price ?? 0))).toBeLessThan(0.2 * (1 + (price ?? 0)));
  });
});

test('a structure that no beam meets is told, once, and no other', () => {
  for (const result of [straight, turned]) {
    expect(only(result).notes).toEqual([
      expect.stringMatching(
        /^IMRT: no beam meets Below, which constraints and objectives name: it gets at most [12]\.\d Gy, all of it scattered, and what is asked of it hardly changes the plan\. Add beams that meet it, or take it out\.$/,
      ),
    ]);
    const said = (planReport(result, { version: '0', inputs: {} }) as { notes: string[] }).notes;
    expect(said.at(-1)).toContain('no beam meets Below');
    expect(planDetails(result)).toContain('  NOTE  IMRT: no beam meets Below');
  }
});
