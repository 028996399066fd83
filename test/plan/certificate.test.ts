/** The certificate of real plans, and the trade-off curve, on a coarse phantom. */
import { expect, test } from 'vitest';
import { ColumnOperator } from '../../src/influence/field-operator.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { certifyAt } from '../../src/optimize/certificate.js';
import { solve } from '../../src/optimize/solver.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput, Technique } from '../../src/plan/input/plan-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { doseOfVoxel } from '../../src/plan/patient/planning-grid.js';
import { uniformMaxima } from '../../src/plan/problem/constrained-voxels.js';
import { posePlanningProblem, settledProblem } from '../../src/plan/problem/planning-problem.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';
import { clusterVoxels } from '../../src/plan/problem/voxel-clusters.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { type TradeOffPoint, tradeOff } from '../../src/plan/sweep/trade-off.js';
import { conformalColumns, conformalFields, weighedFields } from '../../src/plan/technique/fcrt.js';
import { finish } from '../../src/plan/technique/finish-plan.js';
import { modulatedBeams, modulatedFields } from '../../src/plan/technique/imrt.js';
import { prepareInfluence } from '../../src/plan/technique/prepared-influence.js';
import type { TechniquePlan } from '../../src/plan/technique/technique-plan.js';
import { planDetails, planReport } from '../../src/report/plan-report.js';
import { tradeOffFigure, tradeOffTable } from '../../src/report/trade-off.js';
import { spine } from './spine.js';

const patient = spine({ target: 'horseshoe', spacing: 6 });
const caseOf = (more: Partial<PlanCaseInput> = {}) =>
  parseCase({
    patient: { phantom: 'spine-t8' },
    doseGrid: { spacing: [6, 6, 6], planning: 4 },
    imrt: { delivery: 'fluence', beams: 'posterior-5', beamlet: 10 },
    fcrt: { beams: 'posterior-3' },
    ...more,
  });

/** Gy of 39.6: the reported dose is Float32 (2e-6 Gy), and sums over fields and beamlets are taken in another order. */
const SAME = 1e-4;

test('both techniques are proven, and the cap holds in the engine’s dose', { timeout: 60_000 }, () => {
  const result = runPlan({ patient, case: caseOf(), machine: artiste6mv });
  const report = planReport(result, { version: '0', inputs: {} }) as {
    plans: {
      technique: string;
      certificate: { of: string; largestDifference: number; gap: number; objective: string; shadowPrices: any[] };
      structures: any[];
    }[];
  };
  for (const { certificate } of report.plans) {
    expect(certificate.of).toMatch(/^of this dose, under /);
    expect(certificate.largestDifference).toBeLessThan(SAME);
    // The solver stops at 1 %; what rounding takes from the caps costs the rest.
    expect(certificate.gap).toBeGreaterThan(0);
    expect(certificate.gap).toBeLessThan(0.015);
    expect(certificate.objective).toContain('mean[(d - ');
  }
  const imrt = report.plans.find(({ technique }) => technique === 'imrt')!;
  const cord = imrt.structures.find(({ name }) => name === 'SpinalCord');
  expect(cord.metrics['Max[Gy]']).toBeLessThanOrEqual(29.8 + 1e-4);
  const [price] = imrt.certificate.shadowPrices;
  expect(price.limit).toBe('cord');
  expect(price.objectivePerGy).toBeGreaterThan(0);
  expect(price.active[0].voxel).toHaveLength(3);
  expect(planDetails(result)).toMatch(
    /objective [\d.]+, at most [\d.]+ % above the best possible, of this dose, under these caps; one Gy more on the cord \(\d+ voxels hold\) buys up to [\d.]+ of the objective$/m,
  );
  expect(planDetails(result)).toContain('above the best possible, of this dose, under no hard cap');
});

/** The pieces of a plan as `finish-plan.ts` joins them, so that the problem that was solved is at hand. */
function solved(technique: Technique) {
  const plan = caseOf();
  const model = modelPatient(patient, plan);
  const voxels = choosePlanningVoxels(model);
  const { hold } = plan[technique];
  const caps = uniformMaxima(voxels, plan);
  const posed = posePlanningProblem(voxels, plan, hold, { maxima: caps });
  const made = { technique, hold, voxels, maxima: caps, organs: [] };
  const done = ((): TechniquePlan => {
    if (technique === 'fcrt') {
      const open = conformalFields(model, plan.fcrt, artiste6mv);
      const solution = solve({ operator: new ColumnOperator(conformalColumns(model, voxels, open)), ...posed });
      const fields = weighedFields(open, solution.weights);
      return finish(model, plan, { ...made, fields, problem: posed, solution });
    }
    const beams = modulatedBeams(model, plan.imrt, artiste6mv);
    const { close, ...rows } = prepareInfluence(beams, model, voxels, plan);
    const solution = solve({ ...posed, ...rows });
    close();
    const fields = modulatedFields(beams, solution.weights);
    return finish(model, plan, { ...made, fields, problem: posed, solution });
  })();
  model.bodyDose.close();
  // What is said of a plan is said at the level where solving it ended.
  return { model, posed: settledProblem(posed, done.solution), done };
}

test.each(['fcrt', 'imrt'] as const)(
  'the certificate of %s is one of the reported dose',
  { timeout: 60_000 },
  (technique) => {
    const { model, posed, done } = solved(technique);
    const { solution, voxels } = done;
    const doseOf = doseOfVoxel(model, done);
    // The isocentre is no voxel.
    const reported = Float64Array.from(voxels.places, (place, row) => {
      const voxel = model.voxelOfPoint[place]!;
      return voxel < 0 ? solution.dose![row]! : doseOf(voxel);
    });
    const apart = reported.reduce((most, d, row) => Math.max(most, Math.abs(d - solution.dose![row]!)), 0);
    expect(done.largestDifference).toBe(apart);
    expect(apart).toBeLessThan(SAME);
    const { certificate } = solution;
    const own = certifyAt(certificate, posed.objectives, posed.constraints, reported);
    expect(own.value).toBeGreaterThanOrEqual(certificate.lowerBound!);
    // As plan.json prints the gap, to three digits.
    expect((own.value - certificate.lowerBound!) / own.value).toBeLessThanOrEqual(certificate.gap! * 1.005);
    if (posed.constraints.length > 0) expect(own.violation!.amount).toBeLessThan(SAME);
    else expect(own.violation).toBeNull();
  },
);

test('the trade-off: less on the cord is never better for the target, and its price rises', { timeout: 60_000 }, () => {
  const points = tradeOff({ patient, case: caseOf(), machine: artiste6mv }, [25, 35, 30]);
  expect(points.map(({ cap }) => cap)).toEqual([35, 30, 25]);
  for (const [i, point] of points.entries()) {
    expect(point.cordMaximum).toBeLessThanOrEqual(point.cap);
    expect(point.objective - point.lowerBound!).toBeLessThanOrEqual(0.0101 * point.objective);
    if (i > 0) expect(point.objective).toBeGreaterThan(points[i - 1]!.lowerBound!);
  }
  expect(points[2]!.price).toBeGreaterThan(points[0]!.price);
  // A price is the slope of the best objective, which is convex in the cap: between two caps it lies between their prices.
  for (const [above, below] of [points.slice(0, 2), points.slice(1)] as [TradeOffPoint, TradeOffPoint][]) {
    const slope = (below.objective - above.objective) / (above.cap - below.cap);
    const slack = (0.01 * below.objective) / (above.cap - below.cap);
    expect(slope).toBeLessThan(below.price + slack);
    expect(slope).toBeGreaterThan(above.price - slack);
  }
  // Coverage has no such slope that a certificate could tell: it is not predicted.
  expect(tradeOffTable(points)).not.toMatch(/PerGy/);
  expect(tradeOffTable(points).split('\n')).toHaveLength(5);
  expect(tradeOffFigure(points, 'trade-off', 39.6)).toContain('D95');
  expect(() => tradeOff({ patient, case: caseOf(), machine: artiste6mv }, [])).toThrow('there are no caps');
  expect(() => tradeOff({ patient, case: caseOf(), machine: artiste6mv }, [-1])).toThrow('cap in Gy is -1');
});

test('rows are grouped only where there are too many: the cord never', () => {
  const points = Float64Array.from({ length: 3 * 1000 }, (_, q) => {
    const row = Math.floor(q / 3);
    return 2 * [row % 10, Math.floor(row / 10) % 10, Math.floor(row / 100)][q % 3]!;
  });
  const zones = Uint8Array.from({ length: 1000 }, (_, row) => (row < 100 ? 0 : 1));
  const count = (columns: number): number => clusterVoxels(points, zones, [2, 2, 2], columns).rows.length;
  expect(count(10)).toBe(1000);
  const paired = count(50_000);
  expect(paired).toBeGreaterThanOrEqual(550);
  expect(paired).toBeLessThan(620);
});
