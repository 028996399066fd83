/**
 * What is reported of a finished plan: the engine's dose, scaled into every cap, never below zero; cumulative figures of its
 * own fractions. On a cube of water, in closed form.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { eqd2 } from '../../src/biology/linear-quadratic.js';
import { ColumnOperator } from '../../src/influence/field-operator.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { solve } from '../../src/optimize/solver.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { evaluatePlan } from '../../src/plan/evaluation/evaluate-plan.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { doseOfVoxel } from '../../src/plan/patient/planning-grid.js';
import { exposeToPrior } from '../../src/plan/patient/prior-course.js';
import { scaleWithin } from '../../src/plan/problem/constrained-voxels.js';
import { posePlanningProblem } from '../../src/plan/problem/planning-problem.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { conformalColumns, conformalFields, weighedFields } from '../../src/plan/technique/fcrt.js';
import { finish } from '../../src/plan/technique/finish-plan.js';
import { ScenarioDose } from '../../src/plan/technique/scenario-dose.js';

const cube = parsePhantom({
  name: 'cube',
  description: 'Water, a target around the origin, a cord behind it.',
  length: 240,
  air: 0,
  parts: [
    ['External', 'external', [0, 0, 0], [240, 240, 240]],
    ['PTV', 'target', [0, 0, 0], [30, 30, 30]],
    ['SpinalCord', 'organ', [0, 30, 0], [10, 10, 60]],
  ].map(([name, role, center, size]) => ({ name, role, material: 'water', shape: { kind: 'box', center, size } })),
});
const spacing: [number, number, number] = [10, 10, 10];
const patient = buildPhantom(cube, { spacing });
const plan = parseCase({
  patient: { phantom: 'cube.json' },
  doseGrid: { spacing, planning: 100 },
  target: 'PTV',
  prescription: { dose: 39.6, fractions: 22 },
  prior: { dose: 38, fractions: 19, months: 17.7 },
  fcrt: { beams: [{ gantry: 0 }, { gantry: 90 }] },
} as any);
const model = modelPatient(patient, plan);
afterAll(() => model.bodyDose.close());

const voxels = choosePlanningVoxels(model);
const open = conformalFields(model, plan.fcrt, artiste6mv);
const columns = conformalColumns(model, voxels, open);
const fields = weighedFields(open, Float64Array.of(1500, 1000));
/** Of the engine, before anything is done to it. */
const raw = model.bodyDose.total(fields.map(({ beam, fluence }) => ({ beam, fluence }))).dose;
const rawAt = new Map(Array.from(model.voxelOfPoint, (voxel, p): [number, number] => [voxel, raw[p]!]));
const highest = Math.max(...Array.from(voxels.cord.voxels, (voxel) => rawAt.get(voxel)!));

/** The fields above under a cap on every voxel of the cord. */
function finished(cap: number, hold: 'cord' | 'prescription' = 'cord', scenarios?: ScenarioDose, of = fields) {
  const caps = new Float64Array(voxels.cord.rows.length).fill(cap);
  const problem = posePlanningProblem(voxels, plan, hold, { maxima: caps });
  const solution = {
    ...solve({ operator: new ColumnOperator(columns), ...problem }),
    weights: Float64Array.of(1500, 1000),
  };
  const made = { technique: 'fcrt', hold, fields: of, voxels, maxima: caps, organs: [], problem, solution } as const;
  return finish(model, plan, made, scenarios && { scenarios });
}

describe('the plan is scaled into its caps, in the engine’s dose', () => {
  test.each([1.25, 1.001, 1 + 1e-6])('a cord %d times its cap', (over) => {
    const cap = highest / over;
    const done = finished(cap);
    expect(done.scale).toBeCloseTo(1 / over, 12);
    const reported = Math.max(...Array.from(voxels.cord.voxels, doseOfVoxel(model, done)));
    expect(Math.fround(reported)).toBe(Math.fround(cap));
    expect(done.fields[0]!.monitorUnits).toBeCloseTo(1500 / over, 9);
    expect(done.solution.weights[1]!).toBeCloseTo(1000 / over, 9);
    // What the optimiser had planned is scaled alike.
    const caps = new Float64Array(voxels.cord.rows.length).fill(cap);
    const { dose: whole } = solve({
      operator: new ColumnOperator(columns),
      ...posePlanningProblem(voxels, plan, 'cord', { maxima: caps }),
    });
    done.solution.dose.forEach((gray, row) => {
      expect(Math.abs(gray - whole[row]! / over)).toBeLessThan(1e-9 + 1e-9 * whole[row]!);
    });
  });

  test('within its caps it stays, and so does one that holds the prescription', () => {
    for (const done of [finished(highest * 1.001), finished(highest / 2, 'prescription')]) {
      expect(done.scale).toBe(1);
      expect(done.fields[0]!.monitorUnits).toBe(1500);
    }
  });

  test('so is one whose cord comes over its cap with the patient off', () => {
    // 10 mm forwards, the cord comes from behind the target's edge into the fields.
    const scenarios = new ScenarioDose(model, plan, [[0, -10, 0]]);
    const own = new Set(voxels.cord.voxels);
    const cordMaximum = (of: Parameters<ScenarioDose['of']>[0]): number =>
      scenarios.of(of)[0]!.reduce((most, d, q) => (own.has(scenarios.voxels[q]!) ? Math.max(most, d) : most), 0);
    const there = cordMaximum(fields);
    expect(there).toBeGreaterThan(1.02 * highest);
    const done = finished(highest, 'cord', scenarios);
    expect(done.scale).toBeCloseTo(highest / there, 12);
    // Maps of fluence are held in Float32.
    expect(cordMaximum(done.fields)).toBeCloseTo(highest, 5);
    scenarios.close();
  });

  test('every voxel counts under the strictest of its caps, by itself', () => {
    const dose = { index: Int32Array.of(4, 5, 9), dose: Float64Array.of(30, 20, 90) };
    const caps = (at: number[], gy: number[]) => ({ voxels: Int32Array.from(at), maxima: Float64Array.from(gy) });
    expect(scaleWithin(dose, [caps([4, 5], [30, 20])])).toBe(1);
    expect(scaleWithin(dose, [caps([4, 5], [29.95, 20])])).toBeCloseTo(29.95 / 30, 12);
    expect(scaleWithin(dose, [caps([4], [40]), caps([4, 5], [28, 15])])).toBeCloseTo(15 / 20, 12);
    expect(scaleWithin(dose, [caps([7], [0])])).toBe(1);
  });
});

test('no dose is below zero, as the kernel’s sum can be', () => {
  // A field that takes dose away stands for the residual of the kernel, which is above zero in so small a cube.
  const taking = weighedFields(open, Float64Array.of(1500, -1000));
  const sum = model.bodyDose.total(taking.map(({ beam, fluence }) => ({ beam, fluence }))).dose;
  expect(Math.min(...sum)).toBeLessThan(-1);
  const { dose } = finished(highest, 'prescription', undefined, taking);
  model.body.index.forEach((voxel, p) => {
    expect(dose.data[voxel]!).toBe(Math.fround(Math.max(0, sum[p]!)));
  });
});

test('the cumulative near-maximum is that of the courses’ own fractions', () => {
  const prior = exposeToPrior(model, plan, artiste6mv)!;
  const { cumulativeCord: cord, dvhs, structures } = evaluatePlan(finished(20), model, plan, prior);
  const nearMax = structures.find(({ name }) => name === 'SpinalCord')!.metrics['D0.03cc[Gy]']!;
  expect(nearMax).toBeGreaterThan(15);
  expect(cord!.retreatment.nearMax).toBeCloseTo(eqd2(nearMax, 22, 2), 9);
  expect(cord!.retreatment.max).toBeCloseTo(eqd2(dvhs.get('SpinalCord')!.max, 22, 2), 9);
  // The prior course is uniform, so that both courses are its 38 Gy in 2 Gy and this one's; the sum is held in Float32.
  expect(cord!.noRecovery.nearMax).toBeGreaterThan(38 + 0.97 * cord!.retreatment.nearMax);
  expect(Math.abs(cord!.noRecovery.max - (38 + cord!.retreatment.max))).toBeLessThan(1e-4);
});

test('a prior course above the cord’s bound is refused where the cord is held, not where the prescription is', () => {
  const of = (hold: 'cord' | 'prescription') => {
    const prior = { dose: 80, fractions: 40, months: 12 };
    return runPlan(
      { patient, case: { ...plan, prior, fcrt: { ...plan.fcrt, hold } }, machine: artiste6mv },
      { techniques: ['fcrt'] },
    );
  };
  expect(() => of('cord')).toThrow(/the prior course alone exceeds/);
  const [planned] = of('prescription').plans;
  expect(planned!.plan.solution.prescriptionDose).toBeCloseTo(39.6, 3);
  expect(planned!.retreatment!.exceeded.length).toBeGreaterThan(0);
});
