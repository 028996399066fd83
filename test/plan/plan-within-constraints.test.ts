/** A plan bounded voxel by voxel by what a prior course left: limits hold in every voxel, and the plan is better than any safe cap's. */
import { beforeAll, describe, expect, test } from 'vitest';
import { eqd2 } from '../../src/biology/linear-quadratic.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { structureTolerances } from '../../src/plan/constraint/structure-tolerance.js';
import { organMaxima } from '../../src/plan/constraint/voxel-maximum.js';
import { constraintOutcomes } from '../../src/plan/evaluation/constraint-outcome.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { type PlanCaseInput, priorsOf, type Technique } from '../../src/plan/input/plan-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { exposeToPrior } from '../../src/plan/patient/prior-course.js';
import { type PlanningResult, runPlan } from '../../src/plan/run-plan.js';
import { tradeOff } from '../../src/plan/sweep/trade-off.js';
import { planWithinConstraints } from '../../src/plan/technique/plan-within-constraints.js';
import { WorkingSet } from '../../src/plan/technique/working-set.js';
import { planDetails, planReport } from '../../src/report/plan-report.js';
import { tradeOffTable } from '../../src/report/trade-off.js';
import { spine } from './spine.js';

type Bounds = NonNullable<NonNullable<PlanCaseInput['retreatment']>['bounds']>;

const patient = spine({ spacing: 6, parameters: { length: 90 }, and: ['VB_T08'] });
// The prior fields end within the target's length, so that the cord has all of it above and nearly nothing below.
const fields = { beams: 'ap-pa', length: 30, isocenter: [0, 0, 25] as [number, number, number] };
const cord = { structure: 'SpinalCord', courses: 'all', eqd2: 50, alphaBeta: 2 } as const;
const esophagus = { structure: 'Esophagus', courses: 'all', eqd2: 44, alphaBeta: 3 } as const;
const caseOf = (bounds: Bounds, more: Partial<PlanCaseInput> = {}) =>
  parseCase({
    patient: { phantom: 'spine-t8', parameters: { length: 90 } },
    doseGrid: { spacing: [6, 6, 6], planning: 100 },
    prior: { dose: 38, fractions: 19, months: 17.7, fields },
    // Bounds hold in whatever dose; this one is the fastest.
    doseModel: { heterogeneity: 'depth', medium: 'engine' },
    cordCap: 60,
    imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 10 },
    fcrt: { beams: 'posterior-3', hold: 'cord' },
    retreatment: { position: null, bounds },
    ...more,
  });
const run = (bounds: Bounds, techniques: Technique[] = ['imrt'], more: Partial<PlanCaseInput> = {}) =>
  runPlan({ patient, case: caseOf(bounds, more), machine: artiste6mv }, { techniques });
/** Largest EQD2 of both courses in a structure, from the doses. */
const cumulative = ({ model, prior, plans }: PlanningResult, structure: string, alphaBeta: number, p = 0): number => {
  const mask = model.masks.get(structure)!.data;
  const dose = plans[p]!.plan.dose.data;
  const sums = Array.from(mask, (f, i) =>
    f === 0 ? 0 : eqd2(prior!.dose.data[i]!, 19, alphaBeta) + eqd2(dose[i]!, 22, alphaBeta),
  );
  return Math.max(...sums);
};
const d95 = ({ plans }: PlanningResult): number =>
  plans[0]!.structures.find(({ name }) => name === 'PTV_3960')!.metrics['D95%[Gy]']!;

describe('the cord', () => {
  let voxelwise: PlanningResult;
  beforeAll(() => {
    voxelwise = run([cord]);
  }, 120_000);

  test('held in every voxel, and better than the scalar cap that is safe everywhere by more than both gaps', {
    timeout: 120_000,
  }, () => {
    expect(cumulative(voxelwise, 'SpinalCord', 2)).toBeLessThan(50 + 0.02);
    const safe = Math.min(...voxelwise.tolerances[0]!.maxima);
    const scalar = run([{ ...cord, courses: 'this', eqd2: 150 }], ['imrt'], { cordCap: safe });
    const [a, b] = [voxelwise, scalar].map(({ plans }) => plans[0]!.plan.solution.certificate);
    expect(b!.value - a!.value).toBeGreaterThan(a!.value - a!.lowerBound! + b!.value - b!.lowerBound!);
    expect(d95(voxelwise)).toBeGreaterThan(d95(scalar) + 1);
  });

  test('and one organ more: held in every voxel of the engine’s dose, broken without', { timeout: 120_000 }, () => {
    const result = run([cord, esophagus], ['fcrt', 'imrt']);
    expect(cumulative(voxelwise, 'Esophagus', 3)).toBeGreaterThan(46);
    result.plans.forEach(({ plan, constraintOutcomes: bounds }, p) => {
      expect(cumulative(result, 'SpinalCord', 2, p)).toBeLessThan(50 + 0.02);
      expect(cumulative(result, 'Esophagus', 3, p)).toBeLessThan(44 + 0.02);
      expect(bounds.map(({ structure, force, broken }) => [structure, force, broken])).toEqual([
        ['SpinalCord', 'hard', 0],
        ['Esophagus', 'hard', 0],
      ]);
      expect(plan.solution.certificate.prices.map(({ limit }) => limit)).toEqual(['cord', 'Esophagus']);
    });
    const [, imrt] = result.plans;
    const { certificate } = imrt!.plan.solution;
    // One more bound cannot make the best plan better.
    expect(certificate.value).toBeGreaterThan(voxelwise.plans[0]!.plan.solution.certificate.lowerBound!);
    expect(certificate.prices[1]!.price).toBeGreaterThan(0.1);
    expect(certificate.gap).toBeLessThan(0.03);
    const [, organ] = imrt!.constraintOutcomes;
    expect(organ!.rows).toBeGreaterThan(10);
    expect(organ!.rows).toBeLessThan(organ!.voxels);
    expect(organ!.worst!.eqd2).toBeGreaterThan(-0.5);
    const report = planReport(result, { version: '0', inputs: {} }) as { plans: { bounds: any[] }[] };
    expect(report.plans[1]!.bounds[1]).toMatchObject({
      structure: 'Esophagus',
      broken: 0,
      limits: [{ eqd2: 44, alphaBeta: 3, source: null }],
      proof: expect.stringMatching(/the dose of the engine keeps the bound in the \d+ others too/),
    });
    expect(planDetails(result)).toMatch(
      /Esophagus: bounded to .* Gy of this course in \d+ voxels .*; held in all, nearest/,
    );
  });
});

test('where the prescription holds, bounds give way and the result says by how much', { timeout: 60_000 }, () => {
  const result = run([esophagus, { structure: 'SpinalCord', limit: 'nieder-cumulative' }], ['fcrt'], {
    fcrt: { beams: 'posterior-3', hold: 'prescription' },
  });
  const [{ constraintOutcomes: bounds, plan }] = result.plans as [PlanningResult['plans'][number]];
  expect(plan.scale).toBe(1);
  expect(plan.solution.prescriptionDose).toBeCloseTo(39.6, 2);
  expect(bounds[0]).toMatchObject({ structure: 'Esophagus', force: 'soft' });
  expect(bounds[0]!.broken).toBeGreaterThan(0);
  expect(bounds[0]!.worst!.eqd2).toBeCloseTo(cumulative(result, 'Esophagus', 3) - 44, 4);
  expect(bounds[1]!.tolerances[0]!.source!.citation).toMatch(/^Nieder/);
  expect(plan.solution.certificate.objective).toContain('over Esophagus');
  expect(planDetails(result)).toMatch(/\d+ are above, by up to .* against Esophagus 44 Gy EQD2\/3, both courses/);
});

test('rows are added where a voxel that is none would be above its bound, and the rest stays checked', {
  timeout: 60_000,
}, () => {
  const plan = caseOf([{ structure: 'External', courses: 'this', eqd2: 42, alphaBeta: 3 }]);
  const model = modelPatient(patient, plan);
  const rows = new WorkingSet(
    model,
    plan,
    artiste6mv,
    organMaxima(structureTolerances(model, plan, undefined), model),
    ['imrt'],
  );
  const [body] = rows.choose().organs;
  const isRow = new Set(body!.voxels);
  // Every voxel of the target is a row, and most of the body is none.
  model.masks.get('PTV_3960')!.data.forEach((fraction, i) => {
    if (fraction === 1) expect(isRow.has(i)).toBe(true);
  });
  expect(isRow.size).toBeLessThan(model.body.index.length / 4);
  const dose = new Float64Array(model.masks.get('External')!.data.length).fill(10);
  expect(rows.extend(dose)).toBe(false);
  const hot = model.body.index.find((voxel) => !isRow.has(voxel))!;
  dose[hot] = 60;
  expect(rows.extend(dose)).toBe(true);
  expect([...rows.choose().organs[0]!.voxels].filter((voxel) => !isRow.has(voxel))).toEqual([hot]);
  expect(rows.extend(dose)).toBe(false);
});

test('the target within a bounded organ: the bound wins, and the result says in how many voxels', {
  timeout: 60_000,
}, () => {
  const result = run([{ structure: 'VB_T08', courses: 'this', eqd2: 34, alphaBeta: 3 }]);
  const [{ constraintOutcomes: bounds, plan }] = result.plans as [PlanningResult['plans'][number]];
  const target = result.model.masks.get('PTV_3960')!.data;
  expect(bounds[0]!.targetVoxels).toBe(result.tolerances[0]!.voxels.filter((voxel) => target[voxel]! > 0).length);
  expect(bounds[0]).toMatchObject({ broken: 0, force: 'hard' });
  expect(bounds[0]!.targetVoxels).toBeGreaterThan(20);
  expect(plan.solution.status).toBe('prescription-missed');
  // What stands against the prescription is named.
  expect(planDetails(result)).toMatch(/prescription-missed.*\n.*one Gy more on the VB_T08 \(\d+ voxels hold\) buys/);
});

test('a plan that begins without rows of the organ ends with those that it needs, as good as one with many', {
  timeout: 120_000,
}, () => {
  const plan = caseOf([cord, esophagus]);
  const model = modelPatient(patient, plan);
  const bounds = structureTolerances(model, plan, exposeToPrior(model, plan, artiste6mv));
  const organs = organMaxima(bounds, model);
  const make = (rows: WorkingSet) =>
    planWithinConstraints('imrt', model, plan, artiste6mv, { tolerances: bounds, rows });
  const [few, many] = [[], ['imrt'] as const].map((techniques) =>
    make(new WorkingSet(model, plan, artiste6mv, organs, techniques)),
  );
  expect(few!.voxels.organs[0]!.rows.length).toBeGreaterThan(0);
  expect(few!.voxels.organs[0]!.rows.length).toBeLessThan(many!.voxels.organs[0]!.rows.length);
  for (const planned of [few!, many!]) {
    expect(constraintOutcomes(bounds, model, plan, planned).map(({ broken }) => broken)).toEqual([0, 0]);
  }
  // Both bounds are proven for the same problem: neither plan may be below the other's.
  const [a, b] = [few!.solution.certificate, many!.solution.certificate];
  expect(a.value).toBeGreaterThan(b.lowerBound!);
  expect(b.value).toBeGreaterThan(a.lowerBound!);
  expect(few!.scale).toBeGreaterThan(0.995);
});

test('the trade-off keeps the bounds at every cap', { timeout: 120_000 }, () => {
  const plan = caseOf([cord, esophagus]);
  const model = modelPatient(patient, plan);
  const [own] = structureTolerances(model, plan, exposeToPrior(model, plan, artiste6mv));
  const points = tradeOff({ patient, case: plan, machine: artiste6mv }, [60, 10]);
  expect(points.map(({ bounded }) => bounded)).toEqual([own!.voxels.length, 0]);
  for (const { cap, cordMaximum, organs } of points) {
    expect(cordMaximum).toBeLessThanOrEqual(Math.min(cap, Math.max(...own!.maxima)));
    expect(organs.map(({ structure }) => structure)).toEqual(['Esophagus']);
    expect(organs[0]!.price).toBeGreaterThan(0);
  }
  expect(points[1]!.objective).toBeGreaterThan(points[0]!.lowerBound!);
  expect(tradeOffTable(points).split('\n')[0]).toMatch(/,bounded,evaluations,maximum_Esophagus,price_Esophagus$/);
});

test('the trade-off of a case without bounds: the limit on both courses stands, the caps replace that of this one', {
  timeout: 120_000,
}, () => {
  // 70 Gy EQD2 less 38 Gy leave 35.45 Gy in 22 fractions; 25 Gy EQD2 would be 29.81 Gy.
  const { fields: _, ...uniform } = priorsOf(caseOf([cord]))[0]!;
  const plain = caseOf([cord], { prior: uniform, retreatment: { position: null } });
  const [point] = tradeOff({ patient, case: plain, machine: artiste6mv }, [60]);
  expect(point!.bounded).toBeGreaterThan(0);
  expect(point!.cordMaximum).toBeLessThanOrEqual(35.46);
  expect(point!.cordMaximum).toBeGreaterThan(34);
});

describe('refused', () => {
  test('a prior course above a limit: where, how many, by how much, before anything is optimised', {
    timeout: 60_000,
  }, () => {
    expect(() =>
      run(
        [
          { ...cord, eqd2: 30 },
          { ...esophagus, eqd2: 20 },
        ],
        ['fcrt'],
      ),
    ).toThrow(
      /alone exceeds SpinalCord 30 Gy .* in \d+ voxels, by up to [78]\.\d Gy EQD2 at .*; Esophagus 20 Gy .* no coverage is left/,
    );
    expect(() => tradeOff({ patient, case: caseOf([{ ...esophagus, eqd2: 20 }]), machine: artiste6mv }, [30])).toThrow(
      /alone exceeds Esophagus 20 Gy/,
    );
  });

  const bad = (bound: object) => () => caseOf([bound as Bounds[number]]);
  test('what is no maximum over voxels, half a bound, a name with numbers', { timeout: 60_000 }, () => {
    expect(bad({ structure: 'Lung_L', metric: 'Mean', courses: 'all', eqd2: 20, alphaBeta: 3 })).toThrow(
      /bounds.*metric.* is "Mean", which is no maximum over voxels/,
    );
    expect(bad({ structure: 'Lung_L', metric: 'V20Gy', limit: 'lung' })).toThrow(/is "V20Gy", which is no maximum/);
    expect(bad({ structure: 'Esophagus', eqd2: 60 })).toThrow(/courses: is missing: give "courses", "eqd2"/);
    expect(bad({ ...cord, limit: 'hytec-cumulative' })).toThrow(/does not go with "limit", which brings its own/);
    expect(() => caseOf([{ structure: 'Esophagus', limit: 'hytec-cumulative' }], { prior: null })).toThrow(
      /retreatment\.bounds\.0: limit "hytec-cumulative" on every voxel of Esophagus: it is stated for ThecalSac, another organ/,
    );
  });
});
