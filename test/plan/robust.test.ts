/** A robust plan: the cap holds in every scenario as the engine recomputes it, the nominal plan breaks it, the gap is proven. */
import { describe, expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { createRandom } from '../../src/core/random.js';
import { ForwardDose } from '../../src/dose/forward-dose.js';
import type { Vec3 } from '../../src/geometry/grid.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { organMaxima } from '../../src/plan/constraint/voxel-maximum.js';
import { worstOf, worstOfReport } from '../../src/plan/evaluation/robustness.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { posePlanningProblem } from '../../src/plan/problem/planning-problem.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';
import { groupScenarios, scenarioShifts, withScenarios } from '../../src/plan/problem/scenario.js';
import { clusterVoxels } from '../../src/plan/problem/voxel-clusters.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { cumulativeTradeOff } from '../../src/plan/sweep/cumulative-trade-off.js';
import { isoeffectiveFractionation } from '../../src/plan/sweep/fractionation.js';
import { tradeOff } from '../../src/plan/sweep/trade-off.js';
import { centresOf, dosesUnderShifts } from '../../src/plan/technique/cord-shifts.js';
import { planModulated } from '../../src/plan/technique/imrt.js';
import { prepareTechnique } from '../../src/plan/technique/prepared-technique.js';
import type { TechniquePlan } from '../../src/plan/technique/technique-plan.js';
import { planDetails, planReport } from '../../src/report/plan-report.js';
import { spine } from './spine.js';

const patient = spine({ spacing: 5, target: 'horseshoe' });
const inputOf = (imrt: PlanCaseInput['imrt'], more: Partial<PlanCaseInput> = {}): PlanCaseInput => ({
  patient: { phantom: 'spine-t8' },
  doseGrid: { spacing: [5, 5, 5], planning: 100 },
  prior: null,
  imrt: { delivery: 'fluence', beams: 'posterior-5', beamlet: 10, ...imrt },
  ...more,
});
type Bounds = NonNullable<NonNullable<PlanCaseInput['retreatment']>['bounds']>;
const run = (imrt: PlanCaseInput['imrt'], more?: Partial<PlanCaseInput>) =>
  runPlan({ patient, case: parseCase(inputOf(imrt, more)), machine: artiste6mv }, { techniques: ['imrt'] });

const model = modelPatient(patient, parseCase(inputOf({})));
const voxels = choosePlanningVoxels(model);
const cordPoints = Float64Array.from(
  Array.from(voxels.cord.rows).flatMap((row) => Array.from(voxels.points.subarray(3 * row, 3 * row + 3))),
);

/** The cord's maximum with beams made anew, whose isocentre lies off by the opposite of the shift. */
function cordMaximum({ fields }: TechniquePlan, shift: Vec3): number {
  const forward = new ForwardDose(patient.density, cordPoints);
  const { dose } = forward.total(
    fields.map(({ beam, fluence }) => {
      const isocenter = beam.pose.isocenter.map((c, axis) => c - shift[axis]!) as unknown as Vec3;
      return { beam: createBeam(artiste6mv, { ...beam.pose, isocenter }), fluence };
    }),
  );
  return Math.max(...dose);
}
// Maps of the cord alone lie on other nodes than those of the report: 0.1 % of the field each.
const NODES = 1.003;

describe('2 mm in every direction', () => {
  const result = run({ robust: { distance: 2 } });
  const [evaluation] = result.plans;
  const report = evaluation!.robust!;
  const { certificate, status } = evaluation!.plan.solution;

  test('the cap holds in every scenario, and binds away from the nominal place', { timeout: 300_000 }, () => {
    expect(report.scenarios.map(({ shift }) => shift)).toEqual([[0, 0, 0], ...scenarioShifts({ distance: 2 })]);
    for (const { shift, cordMax, capMargin } of report.scenarios) {
      // Float32 of the dose volume.
      expect(capMargin).toBeGreaterThan(-1e-5);
      // The drawn cord's, at its points.
      expect(cordMax).toBeLessThan(29.8 * (1 + 1e-5));
      expect(cordMaximum(evaluation!.plan, shift)).toBeLessThan(29.8 * NODES);
    }
    expect(report.scenarios[0]!.capMargin).toBeGreaterThan(1);
    expect(worstOf(report.scenarios).cordMax).toBeGreaterThan(28);
    expect(worstOf(report.scenarios).cordNearMax).toBeLessThan(29.8);
  });

  test('the ball: the cap holds under diagonal and random shifts, and none is worse than the worst that is told', {
    timeout: 300_000,
  }, () => {
    const { worst, nominalWorst, held } = report.ball!;
    const random = createRandom(9);
    const shifts: Vec3[] = [...scenarioShifts({ distance: 2 }), [1.4, 1.4, 0], [-1.4, 1.4, 0], [1.4, -1.4, 0]];
    while (shifts.length < 80) {
      const s: Vec3 = [random.normal(), random.normal(), random.normal()];
      const length = (Math.hypot(...s) / 2) * (shifts.length % 3 === 0 ? 1 + random.uniform() : 1);
      shifts.push([s[0] / length, s[1] / length, s[2] / length]);
    }
    const cord = Int32Array.from(voxels.cord.voxels);
    const most = (fields: TechniquePlan['fields']): number =>
      Math.max(
        ...dosesUnderShifts(model, parseCase(inputOf({})), centresOf(model, cord), fields, shifts).map((dose) =>
          Math.max(...dose),
        ),
      );
    const [own, nominal] = [most(evaluation!.plan.fields), 29.8 - nominalWorst.capMargin];
    expect(Math.hypot(...worst.shift)).toBeLessThanOrEqual(2 + 1e-9);
    expect(worst.capMargin).toBeGreaterThan(-1e-5);
    // Sampled shifts are none worse: the last step of the search leaves 0.01 %.
    expect(own).toBeLessThanOrEqual((29.8 - worst.capMargin) * (1 + 1e-4));
    expect(own).toBeLessThanOrEqual(29.8 * (1 + 1e-4));
    expect(nominal).toBeGreaterThanOrEqual(29.8 - worstOf(report.nominalPlan).capMargin - 1e-3);
    expect(held!.added.length).toBeGreaterThan(0);
    expect(held!.scale).toBeGreaterThan(0.998);
    expect(worstOfReport(report).own.capMargin).toBe(Math.min(worst.capMargin, worstOf(report.scenarios).capMargin));
  });

  test('the nominal plan of the same case breaks it in the worst scenario and covers more', () => {
    const [own, other] = [worstOf(report.scenarios), worstOf(report.nominalPlan)];
    expect(report.nominalPlan[0]!.capMargin).toBeGreaterThan(-1e-5);
    expect(other.cordMax).toBeGreaterThan(31);
    // The margin is that of voxel centres, the maximum that of the drawn cord.
    expect(other.capMargin).toBeLessThan(-1);
    expect(Math.abs(other.capMargin - (29.8 - other.cordMax))).toBeLessThan(2);
    expect(report.nominalPlan[0]!.targetD95).toBeGreaterThan(report.scenarios[0]!.targetD95 + 0.5);
    expect(own.targetD95).toBeLessThan(report.scenarios[0]!.targetD95);
  });

  test('proven to be within a percent or so of the best robust plan', () => {
    expect(status).toBe('reached');
    expect(certificate.gap!).toBeLessThan(0.015);
    expect(certificate.violation!.amount).toBeLessThanOrEqual(0);
  });

  test('one sentence in the report, numbers by scenario in plan.json, shifts beside the voxels that hold', () => {
    expect(planDetails(result)).toMatch(
      /Robust against every shift of up to 2 mm: SpinalCord D0\.03cc worst 2\d\.\d\d Gy \(nominal plan: 3\d\.\d\d Gy\), PTV_3960 D95 \d+\.\d %, worst \d+\.\d % \(nominal plan: \d+\.\d %, worst \d+\.\d %\)\./,
    );
    const [plan] = (planReport(result, { version: '0', inputs: {} }) as { plans: Record<string, never>[] }).plans;
    const { robust, certificate: printed } = plan as unknown as {
      robust: { scenarios: object[]; worst: { cordNearMax: number }; nominalPlan: { scenarios: object[] } };
      certificate: { shadowPrices: { active: { shift?: number[]; voxel: number[] }[] }[] };
    };
    expect(robust.scenarios).toHaveLength(7);
    expect(robust.nominalPlan.scenarios).toHaveLength(7);
    expect(robust.worst.cordNearMax).toBeCloseTo(worstOfReport(report).own.cordNearMax, 3);
    const [dearest] = printed.shadowPrices[0]!.active;
    expect(Math.hypot(...dearest!.shift!)).toBeCloseTo(2, 6);
    expect(dearest!.voxel.every(Number.isFinite)).toBe(true);
  });
});

test("bounds of another organ hold at the nominal place, the cord's in every scenario, and both are priced", {
  timeout: 300_000,
}, () => {
  const structure = 'Esophagus';
  const bounds: Bounds = [
    { structure: 'SpinalCord', courses: 'this', eqd2: 26, alphaBeta: 2 },
    { structure, courses: 'this', eqd2: 20, alphaBeta: 3 },
  ];
  const robust = { shifts: [[0, 3, 0]] as [number, number, number][] };
  const result = run({ robust }, { retreatment: { bounds } });
  const [{ plan, robust: report }] = result.plans as [(typeof result.plans)[0]];
  expect(plan.solution.certificate.prices.map(({ limit }) => limit)).toEqual(['cord', structure]);
  for (const { price } of plan.solution.certificate.prices) expect(price).toBeGreaterThan(0);
  const excess = organMaxima(result.tolerances, result.model)[0]!;
  const margins = Array.from(excess.voxels, (voxel, v) => excess.maxima[v]! - plan.dose.data[voxel]!);
  expect(Math.min(...margins)).toBeGreaterThan(-1e-5);
  expect(Math.min(...margins)).toBeLessThan(0.2);
  for (const { capMargin } of report!.scenarios) expect(capMargin).toBeGreaterThan(-1e-5);
  expect(worstOf(report!.scenarios).capMargin).toBeLessThan(0.1);
  expect(worstOf(report!.nominalPlan).capMargin).toBeLessThan(-1);
  expect(plan.solution.status).toBe('reached');
});

test('coverage in the worst scenario: better there than where it counts at the nominal place, proven for the minimax', {
  timeout: 300_000,
}, () => {
  const shifts: [number, number, number][] = [
    [0, 4, 0],
    [0, -4, 0],
  ];
  const plans = (['nominal', 'worst'] as const).map((target) => {
    const plan = parseCase(inputOf({ robust: { shifts, target } }));
    const model = modelPatient(patient, plan);
    const voxels = choosePlanningVoxels(model);
    const made = planModulated(model, voxels, plan, artiste6mv);
    // Both judged by the worst scenario's own objective, at one level.
    const all = withScenarios(voxels, shifts, 'worst');
    const forward = new ForwardDose(patient.density, all.points, { shifted: all.scenarios! });
    const { dose } = forward.total(made.fields);
    const { targets } = posePlanningProblem(all, plan, 'cord');
    const values = targets.map((own) =>
      own.reduce((sum, o) => sum + o.evaluate(dose, new Float64Array(dose.length)), 0),
    );
    return { made, worst: Math.max(...values) };
  });
  const [nominal, worst] = plans as [(typeof plans)[0], (typeof plans)[0]];
  expect(worst.worst).toBeLessThan(nominal.worst);
  const { worstCase, solution } = worst.made;
  expect(worstCase!.value).toBeGreaterThanOrEqual(solution.objective);
  expect(worstCase!.gap!).toBeLessThan(0.07);
  expect(worstCase!.gap!).toBeGreaterThan(0);
  expect(nominal.made.worstCase).toBeUndefined();
});

test('hold "prescription": nothing is hard, the overdose counts in the mean of all scenarios, and that is said', {
  timeout: 300_000,
}, () => {
  const imrt = { hold: 'prescription', robust: { shifts: [[0, 3, 0]] } } as const;
  const result = run(imrt as never);
  expect(result.plans[0]!.plan.solution.certificate.prices).toEqual([]);
  expect(planDetails(result)).toContain(
    'Under 1 stated shift of up to 3 mm, the cap soft in all of them as hold is "prescription": SpinalCord D0.03cc worst',
  );
  const all = withScenarios(voxels, [[0, 3, 0]], 'nominal');
  const overdoseOf = (of: typeof all, dose: Float64Array): number =>
    posePlanningProblem(of, result.case, 'prescription')
      .objectives.at(-1)!
      .evaluate(dose, new Float64Array(dose.length));
  const dose = Float64Array.from({ length: all.points.length / 3 }, (_, row) => 25 + (row % 13));
  const shifted = dose.slice();
  all.scenarios![0]!.cord.rows.forEach((row, q) => {
    shifted[voxels.cord.rows[q]!] = dose[row]!;
  });
  expect(overdoseOf(all, dose)).toBeCloseTo((overdoseOf(voxels, dose) + overdoseOf(voxels, shifted)) / 2, 9);
});

test('rows of the scenarios: places of the patient, a sample row for every cord voxel, one that looks alike for the target', () => {
  const shifts: Vec3[] = [
    [5, 0, 0],
    [0, 0, -5],
  ];
  const all = withScenarios(voxels, shifts, 'expected');
  const groups = groupScenarios(clusterVoxels(voxels.points, voxels.zones, voxels.spacing, 1), all);
  const nominal = voxels.points.length / 3;
  expect(all.points.length / 3).toBe(nominal + 2 * (voxels.cord.rows.length + voxels.target.rows.length));
  const members = new Int32Array(groups.rows.length);
  for (const group of groups.memberOf) members[group]!++;
  const pointOf = (row: number): number[] => Array.from(all.points.subarray(3 * row, 3 * row + 3));
  const cordPlaces = new Set(Array.from(voxels.cord.rows, (row) => pointOf(row).join(' ')));
  // Every row with a cap stands alone, so that the products with the limits are read from the sample.
  for (const row of voxels.cord.rows) expect(members[groups.memberOf[row]!]).toBe(1);
  const places = new Set(
    Array.from({ length: nominal }, (_, row) => voxels.points.subarray(3 * row, 3 * row + 3).join(' ')),
  );
  all.scenarios!.forEach(({ shift, from, to, cord, target }, s) => {
    expect(from).toBe(s === 0 ? nominal : all.scenarios![0]!.to);
    expect(to - from).toBe(cord.rows.length + target!.rows.length);
    cord.rows.forEach((row, q) => {
      expect(pointOf(row)).toEqual(pointOf(voxels.cord.rows[q]!));
      expect(groups.rows[groups.memberOf[row]!]).toBe(row);
      expect(members[groups.memberOf[row]!]).toBe(1);
    });
    // Where it seems to be, if a row is there: further than 6 mm from the target not every voxel is one.
    for (const row of target!.rows) {
      const seen = pointOf(row).map((c, axis) => c + shift[axis]!);
      const stand = pointOf(groups.rows[groups.memberOf[row]!]!);
      const isCord = cordPlaces.has(seen.join(' '));
      if (places.has(seen.join(' ')) && !isCord) expect(stand).toEqual(seen);
      else expect(Math.hypot(...stand.map((c, axis) => c - seen[axis]!))).toBeLessThanOrEqual(10 * Math.sqrt(3));
      expect(groups.rows[groups.memberOf[row]!]).toBeLessThan(nominal);
    }
  });
});

test('shifts: the axes, or a list without the nominal place and without repetition', () => {
  expect(scenarioShifts({ distance: 3 })).toHaveLength(6);
  const shifts: [number, number, number][] = [
    [0, 0, 0],
    [1, 0, -2],
    [1, 0, -2],
    [-0, 0, 4],
    [0, 0, 4],
  ];
  expect(scenarioShifts({ shifts })).toEqual([
    [1, 0, -2],
    [0, 0, 4],
  ]);
});

test.each([
  [{ distance: 25 }, 'imrt.robust.distance: is 25 mm, but a shift is at most 20 mm'],
  [{ distance: 0 }, 'imrt.robust.distance: is 0 mm, but must be > 0'],
  [{ distance: Number.NaN }, 'imrt.robust.distance: is NaN, but must be a finite number of mm'],
  [{ shifts: [] }, 'imrt.robust.shifts: is an empty list'],
  [{ shifts: [[0, 0, 0]] }, 'holds nothing but [0, 0, 0]'],
  [{ shifts: [[0, Number.POSITIVE_INFINITY, 0]] }, 'imrt.robust.shifts.0.1: is Infinity, but must be a finite number'],
  [{ shifts: [[0, 0, -21]] }, 'imrt.robust.shifts.0.2: is -21 mm, but a shift is at most 20 mm'],
  [{}, 'imrt.robust: must have either "distance" in mm or "shifts"'],
  [{ distance: 2, shifts: [[1, 0, 0]] }, 'imrt.robust: must have either "distance" in mm or "shifts"'],
] as const)('%j is refused', (robust, message) => {
  expect(() => parseCase(inputOf({ robust } as never))).toThrow(message);
});

test('sweeps are nominal: a robust case is refused', () => {
  const prior = { dose: 20, fractions: 5, beams: 'posterior-5' };
  const plan = { ...parseCase(inputOf({ robust: { distance: 2 } })), prior } as never;
  const refused = 'the case has imrt.robust';
  expect(() => tradeOff({ patient, case: plan, machine: artiste6mv }, [25, 30])).toThrow(
    `trade-off: its IMRT plans are nominal, but ${refused}`,
  );
  expect(() => cumulativeTradeOff({ patient, case: plan, machine: artiste6mv }, [60])).toThrow(refused);
  const options = { alphaBeta: 10, technique: 'imrt' } as const;
  expect(() => isoeffectiveFractionation({ patient, case: plan, machine: artiste6mv }, [5], options)).toThrow(refused);
  expect(() => prepareTechnique('imrt', model, voxels, plan, artiste6mv)).toThrow(refused);
});
