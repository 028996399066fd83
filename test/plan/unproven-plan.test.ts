/** A plan that is not proven to be near the best one says so: status, certificate, summary. Time is bounded. */
import { expect, test } from 'vitest';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { doseOfVoxel } from '../../src/plan/patient/planning-grid.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { isProven } from '../../src/plan/technique/proof.js';
import { whyUnproven } from '../../src/report/certificate.js';
import { planDetails, planReport } from '../../src/report/plan-report.js';
import { spine } from './spine.js';

const patient = spine({ spacing: 6, parameters: { length: 90 } });
const plan = parseCase({
  patient: { phantom: 'spine-t8', parameters: { length: 90 } },
  doseGrid: { spacing: [6, 6, 6], planning: 100 },
  prior: null,
  imrt: { delivery: 'fluence', beams: 'posterior-5', beamlet: 8 },
});
const made = new Map<number, ReturnType<typeof make>>();
/** Each made once: time that is over is so in every run. */
const run = (timeLimit: number) => {
  const known = made.get(timeLimit) ?? make(timeLimit);
  made.set(timeLimit, known);
  return known;
};
function make(timeLimit: number) {
  const result = runPlan({ patient, case: plan, machine: artiste6mv }, { techniques: ['imrt'], timeLimit });
  const [entry] = (planReport(result, { version: '0', inputs: {} }) as { plans: Record<string, unknown>[] }).plans;
  return { result, solution: result.plans[0]!.plan.solution, entry: entry! };
}

test('time that is over: the plan so far, under its caps, with what is proven, said in status, summary and plan.json', {
  timeout: 120_000,
}, () => {
  const { result, solution, entry } = run(1e-3);
  expect(solution.status).toBe('time-limit');
  expect(entry).toMatchObject({ status: 'time-limit', certificate: { isProven: false } });
  expect(entry['warning']).toMatch(/not proven to be near the best plan: time was over/);
  expect(planDetails(result)).toMatch(/IMRT {2}time-limit, .*\n.*\n[\s\S]*NOTE {2}not proven to be near the best plan/);
  const { plan: short } = result.plans[0]!;
  const doseOf = doseOfVoxel(result.model, short);
  for (const voxel of short.voxels.cord.voxels) expect(doseOf(voxel)).toBeLessThanOrEqual(plan.cordCap + 1e-5);
  const value = solution.certificate.lowerBound;
  const best = run(3600).solution.certificate;
  expect(value ?? -Infinity).toBeLessThanOrEqual(best.value);
});

test('a proven plan has no such note, and is reached within its gap', { timeout: 120_000 }, () => {
  const { result, solution, entry } = run(3600);
  expect(solution.status).toBe('reached');
  expect(isProven(solution.certificate)).toBe(true);
  expect(entry).toMatchObject({ certificate: { isProven: true } });
  expect(planDetails(result)).not.toContain('not proven');
});

test('far from its bound is not proven, whatever the status says', () => {
  const { certificate } = run(1e-3).solution;
  const far = { ...certificate, value: 52, lowerBound: -122, gap: 3.34 };
  expect(isProven(far)).toBe(false);
  expect(whyUnproven({ status: 'prescription-missed', certificate: far })).toBe(
    'not proven to be near the best plan: the optimiser came no nearer to its proof, it is proven to be at most 334.00 % above the best possible',
  );
  expect(isProven({ value: 0, lowerBound: 0 })).toBe(true);
});

test('a limit that is none is refused', () => {
  for (const seconds of [0, -1, Number.NaN]) expect(() => run(seconds)).toThrow(/time limit in seconds is/);
});
