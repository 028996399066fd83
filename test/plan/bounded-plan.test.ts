/** A plan bounded voxel by voxel by what a prior course left: the limit holds, and the plan is better than any safe cap's. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { eqd2 } from '../../src/biology/linear-quadratic.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { type PlanCaseInput, parseCase } from '../../src/plan/case.js';
import { runPlan } from '../../src/plan/pipeline.js';

const spec = fileURLToPath(new URL('../../phantoms/spine-t8.json', import.meta.url));
const patient = buildPhantom(parsePhantom(JSON.parse(readFileSync(spec, 'utf8'))), { spacing: [5, 5, 5] });
// The prior fields end within the target's length, so that the cord has all of it above and nearly nothing below.
const fields = { beams: 'ap-pa', length: 30, isocenter: [0, 0, 25] as [number, number, number] };
const bound = { structure: 'SpinalCord', courses: 'all', eqd2: 50, alphaBeta: 2 } as const;
const run = (cordCap: number, eqd2Limit: number, courses: 'all' | 'this' = 'all') => {
  const input: PlanCaseInput = {
    patient: { phantom: 'spine-t8' },
    doseGrid: { spacing: [5, 5, 5] },
    prior: { dose: 38, fractions: 19, months: 17.7, fields },
    cordCap,
    imrt: { beams: 'posterior-5' },
    retreatment: { position: null, bounds: [{ ...bound, courses, eqd2: eqd2Limit }] },
  };
  return runPlan(patient, parseCase(input), artiste6mv, { techniques: ['imrt'] });
};

test('held in every voxel, and better than the scalar cap that is safe everywhere by more than both gaps', {
  timeout: 120_000,
}, () => {
  const voxelwise = run(60, 50);
  const [plan] = voxelwise.plans;
  const cord = voxelwise.model.masks.get('SpinalCord')!.data;
  cord.forEach((fraction, i) => {
    if (fraction === 0) return;
    const sum = eqd2(voxelwise.prior!.dose.data[i]!, 19, 2) + eqd2(plan!.plan.dose.data[i]!, 22, 2);
    expect(sum).toBeLessThan(50 + 0.02);
  });
  const safe = Math.min(...voxelwise.bounds[0]!.dose);
  const scalar = run(safe, 90, 'this').plans[0]!;
  const [a, b] = [plan!.plan.solution.certificate, scalar.plan.solution.certificate];
  expect(b.value - a.value).toBeGreaterThan(a.gap! + b.gap!);
  const d95 = (p: typeof scalar): number => p.structures.find(({ name }) => name === 'PTV_3960')!.metrics['D95%[Gy]']!;
  expect(d95(plan!)).toBeGreaterThan(d95(scalar) + 1);
});

test('a prior course above the limit: where, how many, by how much, before anything is optimised', {
  timeout: 60_000,
}, () => {
  expect(() => run(60, 30)).toThrow(
    /alone exceeds SpinalCord 30 Gy .* in \d+ voxels, by up to 8\.\d Gy EQD2 at .* no coverage is left/,
  );
});
