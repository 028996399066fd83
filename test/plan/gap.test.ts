/** What a plan says of the distance between target and cord. */
import { expect, test } from 'vitest';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { planDetails, planReport } from '../../src/report/plan-report.js';

/** A cord of 10 mm across at y, through or beside a target that reaches from -30 to 30 mm. */
function planned(y: number) {
  const spec = parsePhantom({
    name: 'mine',
    description: 'a cord and a target',
    length: 120,
    air: 10,
    parts: [
      {
        name: 'External',
        material: 'water',
        role: 'external',
        shape: { kind: 'column', center: [0, 0], semiAxes: [100, 80] },
      },
      {
        name: 'PTV',
        material: 'water',
        role: 'target',
        shape: { kind: 'box', center: [0, 0, 0], size: [60, 60, 40] },
      },
      {
        name: 'SpinalCord',
        material: 'water',
        role: 'organ',
        shape: { kind: 'column', center: [0, y], semiAxes: [5, 5] },
      },
    ],
  });
  const plan = parseCase({
    patient: { phantom: 'mine.json' },
    target: 'PTV',
    prior: null,
    doseGrid: { spacing: [5, 5, 5], planning: 100 },
    fcrt: { beams: 'posterior-1' },
  });
  return runPlan(
    { patient: buildPhantom(spec, { spacing: [5, 5, 5] }), case: plan, machine: artiste6mv },
    { techniques: ['fcrt'] },
  );
}

test('a cord inside the target: negative by its depth, and said', () => {
  const result = planned(20);
  expect(result.gap.distance).toBeCloseTo(-15, 1);
  // A cylinder of 10 mm across over the target's 40 mm.
  expect(result.gap.overlap).toBeCloseTo((Math.PI * 25 * 40) / 1000, 1);
  expect(result.plans[0]!.fallOff!.distance).toBe(result.gap.distance);
  expect(planDetails(result)).toMatch(/PTV and SpinalCord overlap: -15\.0 mm, 3\.1\d cc in common/);
  const report = planReport(result, { version: '0', inputs: {} }) as { gap: { targetToCordMm: number } };
  expect(report.gap.targetToCordMm).toBeCloseTo(-15, 1);
});

test('beside it: the gap, and no volume in common, although they share voxels', () => {
  const result = planned(37);
  expect(result.gap.distance).toBeCloseTo(2, 1);
  expect(result.gap.overlap).toBe(0);
  expect(planDetails(result)).toMatch(/PTV to SpinalCord 2\.0 mm/);
});
