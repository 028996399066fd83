/** One plan under three dose models: the one it was made with unchanged, the others in the order of the physics. */
import { expect, test } from 'vitest';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { modelSensitivity } from '../../src/plan/sweep/dose-model-sensitivity.js';
import { sensitivityFigure, sensitivitySummary } from '../../src/report/dose-model-sensitivity.js';
import { planReport } from '../../src/report/plan-report.js';
import { spine } from './spine.js';

const patient = spine({ phantom: 'spine-t4', spacing: 6 });
// Two beams through lung and one that meets none.
const beams = [{ gantry: 120 }, { gantry: 180 }, { gantry: 240 }];
const plan = parseCase({
  patient: { phantom: 'spine-t4' },
  doseGrid: { spacing: [6, 6, 6], planning: 100 },
  fcrt: { beams },
});

test('water, depth scaling and density scaling of one conformal plan', { timeout: 60_000 }, () => {
  const result = runPlan({ patient, case: plan, machine: artiste6mv }, { techniques: ['fcrt'] });
  const sensitivity = modelSensitivity(result, result.plans[0]!);
  expect(sensitivity.planned).toBe('density');
  const mean = (model: string): number =>
    sensitivity.outcomes.find((o) => o.model === model)!.evaluation.dvhs.get('PTV_3960')!.mean;
  expect(mean('density')).toBe(result.plans[0]!.dvhs.get('PTV_3960')!.mean);
  // Lung lets more through than water would; what it scatters away, depth scaling does not see.
  expect(mean('water')).toBeLessThan(0.97 * mean('density'));
  expect(mean('depth') / mean('density')).toBeGreaterThan(1.003);
  expect(mean('depth') / mean('density')).toBeLessThan(1.05);

  const text = sensitivitySummary(result, sensitivity);
  expect(text).toMatch(/^FCRT under other dose models, same monitor units \(planned with density scaling\)/);
  expect(text.split('\n')).toHaveLength(4);
  expect(sensitivityFigure(result, sensitivity)).toMatch(
    /SpinalCord Max: density scaling .*depth scaling .*uniform water/,
  );
  const report = planReport(result, { version: '0', inputs: {} }, [sensitivity]) as {
    plans: { modelSensitivity: { models: { model: string }[] } }[];
  };
  expect(report.plans[0]!.modelSensitivity.models.map((m) => m.model)).toEqual(['density', 'depth', 'water']);
});
