/** Weights and fluence of others as plans: linear, unchanged unless asked, judged by the case's own problem. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { decodeFluence, encodeFluence } from '../../src/io/fluence-file.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { maximumDose, maximumMean, minimumDose } from '../../src/optimize/constraint.js';
import { brokenConstraints } from '../../src/plan/exchange/given-plan.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { createJob, type PlanJob } from '../../src/plan/patient/plan-job.js';
import {
  type GivenPlanOptions,
  type PlanningResult,
  planOfFluence,
  planOfWeights,
  recordsOf,
  remakePlan,
  runPlan,
} from '../../src/plan/run-plan.js';
import type { TechniquePlan } from '../../src/plan/technique/technique-plan.js';
import { dvhTable, planDetails, planReport } from '../../src/report/plan-report.js';
import { summary } from '../../src/report/plan-summary.js';
import { spine } from './spine.js';

const spacing: [number, number, number] = [10, 10, 10];
const parameters = { length: 90 };
const patient = spine({ spacing, target: 'body', parameters });
const jobOf = (more: Partial<PlanCaseInput> = {}): PlanJob =>
  createJob({
    patient,
    machine: artiste6mv,
    case: parseCase({
      patient: { phantom: 'spine-t8', target: 'body', parameters },
      doseGrid: { spacing, planning: 100 },
      imrt: { delivery: 'fluence', beams: [{ gantry: 150 }, { gantry: 210, collimator: 15 }], beamlet: 14 },
      prior: null,
      ...more,
    }),
  });
const job = jobOf({ cordCap: 25 });
const planOf = ({ plans }: PlanningResult): TechniquePlan => plans[0]!.plan;
const given = (weights: ArrayLike<number>, options?: GivenPlanOptions): TechniquePlan =>
  planOf(planOfWeights(job, weights, options));

const optimised = planOf(runPlan(job, { techniques: ['imrt'] }));
const best = optimised.solution.weights!;
const random = createRandom(5);
const other = best.map(() => 300 * random.uniform());

/** Largest difference of two doses, fraction of the first's largest. */
function differs(a: ArrayLike<number>, b: ArrayLike<number>, scale = 1): number {
  let [largest, worst] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    largest = Math.max(largest, a[i]!);
    worst = Math.max(worst, Math.abs(a[i]! - scale * b[i]!));
  }
  return worst / largest;
}

test("the optimiser's weights make the optimiser's plan, with its proof", () => {
  const plan = given(best, { prove: true });
  expect(differs(optimised.dose.data, plan.dose.data)).toBeLessThan(1e-6);
  expect(plan.scale).toBe(1);
  expect(plan.solution.status).toBe('reached');
  expect(plan.solution.given).toEqual({ of: 'weights', isCompared: true, broken: [] });
  const [a, b] = [optimised.solution.certificate, plan.solution.certificate];
  expect(b.value / a.value).toBeCloseTo(1, 6);
  expect(b.lowerBound).toBe(a.lowerBound);
  // Without the case's problem solved nothing is proven but the value.
  const { certificate, status } = given(best).solution;
  expect([certificate.lowerBound, certificate.gap, status]).toEqual([null, null, 'unproven']);
});

test('dose is linear in weights, and what breaks is told, not changed', () => {
  const [once, twice] = [given(best), given(best.map((w) => 2 * w))];
  expect(differs(twice.dose.data, once.dose.data, 2)).toBeLessThan(1e-6);
  expect(twice.scale).toBe(1);
  expect(twice.fields.map(({ fluence }) => fluence)).toEqual(
    once.fields.map(({ fluence }) => ({ ...fluence, weights: fluence.weights.map((w) => 2 * w) })),
  );
  const { status, given: told, certificate } = twice.solution;
  expect(status).toBe('constraints-broken');
  expect(told!.broken).toHaveLength(1);
  const [cord] = told!.broken;
  expect(cord!.constraint).toBe('SpinalCord');
  expect(cord!.voxels).toBeGreaterThan(0);
  expect(cord!.excess).toBeCloseTo(certificate.violation!.amount, 6);
  expect(cord!.excess).toBeCloseTo(2 * (25 + once.solution.certificate.violation!.amount) - 25, 4);
  expect(certificate.lowerBound).toBeNull();
});

test('scaled into the constraints a plan keeps them all, and says by how much it was scaled', () => {
  const free = given(other.map((w) => 20 * w));
  const result = planOfWeights(
    job,
    other.map((w) => 20 * w),
    { scaleIntoConstraints: true, prove: true },
  );
  const held = planOf(result);
  expect(free.solution.status).toBe('constraints-broken');
  expect(held.scale).toBeLessThan(1);
  expect(differs(held.dose.data, free.dose.data, held.scale)).toBeLessThan(1e-6);
  expect(held.solution.given!.broken).toEqual([]);
  expect(held.solution.certificate.violation!.amount).toBeLessThanOrEqual(1e-4);
  // The bound is one on every plan that keeps the constraints: those of random weights are far above it.
  expect(held.solution.certificate.gap).toBeGreaterThan(0.02);
  expect(summary(result)).toContain('scaled down by');
  expect(planDetails(result)).toContain('its weights were given, not optimised, scaled down by');
});

test('fluence maps are fields of their own: those of the weights make their plan; halves add up', () => {
  const plan = given(other);
  const maps = plan.fields.map(({ beam: { pose }, fluence }) => ({ ...pose, fluence }));
  const same = planOf(planOfFluence(job, maps));
  expect(same.dose.data).toEqual(plan.dose.data);
  expect(same.solution.certificate).toEqual(plan.solution.certificate);
  expect(same.solution.given!.of).toBe('fluence');
  const halves = maps.flatMap((map) => {
    const weights = map.fluence.weights.map((w) => w / 2);
    return [map, map].map((own) => ({ ...own, fluence: { grid: own.fluence.grid, weights } }));
  });
  expect(differs(plan.dose.data, planOf(planOfFluence(job, halves)).dose.data)).toBeLessThan(1e-6);
});

test.each<[string, GivenPlanOptions, number]>([
  ['broken', {}, 5],
  ['scaled, compared', { scaleIntoConstraints: true, prove: true }, 5],
])('a plan that was given is made again from its record: %s', (_, options, factor) => {
  const made = planOfWeights(
    job,
    best.map((w) => factor * w),
    options,
  );
  const told = (result: PlanningResult) => ({
    report: planReport(result, { version: '0', inputs: {} }),
    dvh: dvhTable(result),
    details: planDetails(result),
  });
  const remade = remakePlan(
    job,
    recordsOf(made).map((record) => decodeFluence(encodeFluence(record))),
  );
  expect(planOf(remade).dose.data).toEqual(planOf(made).dose.data);
  expect(told(remade)).toEqual(told(made));
  const [plan] = told(made).report.plans as [Record<string, any>];
  expect(plan!.given.scale).toBe(planOf(made).scale);
  expect(plan!.gaveWay).toBeUndefined();
});

test('caps of organs that are no rows are checked in every voxel', () => {
  const bounds = [{ structure: 'Esophagus', courses: 'this' as const, eqd2: 1, alphaBeta: 3 }];
  const bounded = jobOf({ retreatment: { position: null, bounds } });
  const [{ plan, constraintOutcomes }] = planOfWeights(bounded, best).plans as [PlanningResult['plans'][number]];
  const broken = plan.solution.given!.broken.find(({ constraint }) => constraint === 'Esophagus')!;
  expect(broken.voxels).toBe(constraintOutcomes.find(({ structure }) => structure === 'Esophagus')!.broken);
  expect(broken.voxels).toBeGreaterThan(0);
});

test('constraints of every kind are told where a dose breaks them, by how much, in how many voxels', () => {
  const set = { rows: Int32Array.of(0, 1, 2), volumes: Float64Array.of(1, 1, 2) };
  const dose = Float64Array.of(10, 20, 30);
  const all = (by: number) => [
    maximumDose('largest', set, Float64Array.of(12, 20 - by, 30 - 2 * by)),
    minimumDose('least', set, Float64Array.of(10 + by, 3, 3)),
    maximumMean('mean', set, 22.5 - by),
  ];
  expect(brokenConstraints(all(0), dose)).toEqual([]);
  expect(brokenConstraints(all(1), dose)).toEqual([
    { constraint: 'largest', voxels: 2, excess: 2 },
    { constraint: 'least', voxels: 1, excess: 1 },
    { constraint: 'mean', voxels: null, excess: 1 },
  ]);
});

test('what is no weight, no map, or not of the job is refused in one sentence', () => {
  const count = best.length;
  const refused: [() => unknown, RegExp][] = [
    [
      () => planOfWeights(job, best.subarray(1)),
      new RegExp(`there are ${count - 1}, but the case's 2 beams have ${count}`),
    ],
    [() => planOfWeights(job, best.with(1, -2)), /number 1 is -2, but a weight is monitor units/],
    [() => planOfWeights(job, best.with(0, Number.NaN)), /number 0 is NaN/],
    [() => planOfWeights(job, ['1'] as never), /number 0 is 1, but/],
    [() => planOfWeights(job, 7 as never), /no list of numbers/],
    [() => planOfWeights({} as never, best), /its "case" is missing/],
    [() => planOfWeights(job, best, { prove: true, timeLimit: -1 }), /time limit in seconds is -1/],
    [() => planOfFluence(job, []), /there are no fluence maps/],
    [() => planOfFluence(job, [{ gantry: 0 } as never]), /fluence map 0: grid\.x are no edges/],
    [() => planOfFluence(job, [{ ...mapOf([0, 5], [0, 5], [1, 2]) }]), /2 weights for 1 pixels/],
    [() => planOfFluence(job, [mapOf([0, 5, 4], [0, 5], [1, 2])]), /grid\.x are no edges/],
    [() => planOfFluence(job, [mapOf([0, 5], [0, 5], [-1])]), /fluence map 0: number 0 is -1/],
    [() => planOfFluence(job, [{ ...mapOf([0, 5], [0, 5], [1]), gantry: Number.NaN }]), /gantry is NaN/],
  ];
  for (const [make, said] of refused) expect(make).toThrow(said);
  const robust = jobOf({ imrt: { ...job.case.imrt, robust: { distance: 2 } } });
  expect(() => planOfWeights(robust, best)).toThrow(/imrt\.robust/);
  const soft = jobOf({ imrt: { ...job.case.imrt, hold: 'prescription' } });
  expect(() => planOfWeights(soft, best, { scaleIntoConstraints: true })).toThrow(/imrt\.hold is "prescription"/);
  // Where caps give way, nothing hard is broken.
  expect(
    planOf(
      planOfWeights(
        soft,
        best.map((w) => 3 * w),
      ),
    ).solution.given!.broken,
  ).toEqual([]);
});

function mapOf(x: number[], y: number[], weights: number[]) {
  const grid = { x: Float64Array.from(x), y: Float64Array.from(y) };
  return { gantry: 180, fluence: { grid, weights: Float64Array.from(weights) } };
}
