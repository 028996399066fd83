/** Prepared influence with fluence smoothness: its rows stand in sample and preconditioner, and plans get smoother with its weight. */
import { expect, test } from 'vitest';
import { neighbouringBeamlets } from '../../src/beam/fluence.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { solve } from '../../src/optimize/solver.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { posePlanningProblem } from '../../src/plan/problem/planning-problem.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';
import { modulatedBeams } from '../../src/plan/technique/imrt.js';
import { prepareInfluence } from '../../src/plan/technique/prepared-influence.js';
import { spine } from './spine.js';

test('smoothness in a plan: the same proof and cap, and a smoother fluence', () => {
  const patient = spine({ spacing: 6, parameters: { length: 90 } });
  const plan = parseCase({
    patient: { phantom: 'spine-t8' },
    doseGrid: { spacing: [8, 8, 8] },
    imrt: { delivery: 'fluence', beamlet: 10, beams: 'posterior-5' },
  });
  const model = modelPatient(patient, plan);
  const voxels = choosePlanningVoxels(model);
  const beams = modulatedBeams(model, plan.imrt, artiste6mv);
  const pairs = neighbouringBeamlets(beams);
  const roughness = (weights: Float64Array): number => {
    let sum = 0;
    for (let q = 0; q < pairs.length; q += 2) sum += (weights[pairs[q]!]! - weights[pairs[q + 1]!]!) ** 2;
    return sum / (pairs.length / 2);
  };
  const planAt = (weight?: number) => {
    const prepared = prepareInfluence(beams, model, voxels, plan, weight);
    const { smooth, sample, preconditioner } = prepared;
    const operator = smooth?.operator ?? prepared.operator;
    // At a level that stands still: no prescription moves what is compared.
    const { objectives: asked, constraints } = posePlanningProblem(voxels, plan, 'cord');
    expect(sample.memberOf.length).toBe(operator.rows);
    expect(smooth === undefined).toBe(weight === undefined);
    if (smooth) expect(operator.rows - prepared.operator.rows).toBe(pairs.length / 2);
    const objectives = [...asked, ...(smooth ? [smooth.objective] : [])];
    const solution = solve({ operator, sample, preconditioner, objectives, constraints }, { gap: 1e-2 });
    prepared.close();
    expect(solution.status).toBe('reached');
    expect(solution.certificate.violation!.amount).toBeLessThanOrEqual(1e-9);
    return solution;
  };
  const plans = [undefined, 1e-6, 1].map(planAt);
  const rough = plans.map(({ weights }) => roughness(weights));
  // A weight that has no say changes no more than the gap leaves open; one that has makes fluences smoother and the rest dearer.
  expect(Math.abs(plans[1]!.objective / plans[0]!.objective - 1)).toBeLessThan(0.02);
  expect(rough[2]!).toBeLessThan(0.5 * rough[0]!);
  expect(plans[2]!.objective).toBeGreaterThan(plans[0]!.objective);
});
