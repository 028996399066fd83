/** Plans one after the other on what is kept are those on work of their own, to the last bit, whatever was planned before. */
import { expect, test } from 'vitest';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { KeptWork, runPlan } from '../../src/plan/run-plan.js';
import { planReport } from '../../src/report/plan-report.js';
import { spine } from './spine.js';

const patient = spine({ target: 'horseshoe', spacing: 8 });
type Imrt = NonNullable<PlanCaseInput['imrt']>;
const caseOf = ({ imrt, ...more }: Partial<PlanCaseInput> = {}) =>
  parseCase({
    patient: { phantom: 'spine-t8' },
    doseGrid: { spacing: [8, 8, 8], planning: 8 },
    ...more,
    imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 10, ...imrt } satisfies Imrt,
  });

/** A plan's dose and all that is told of it. */
function told(planCase: ReturnType<typeof caseOf>, kept?: KeptWork): { dose: Float32Array; report: string } {
  const result = runPlan(
    { patient, case: planCase, machine: artiste6mv },
    { techniques: ['imrt'], ...(kept && { kept }) },
  );
  const { plans, ...rest } = planReport(result, { version: '0', inputs: {} }) as { plans: object[] };
  return { dose: result.plans[0]!.plan.dose.data as Float32Array, report: JSON.stringify([plans, Object.keys(rest)]) };
}

test('other caps, beamlets, dose models, rows, smoothness, a robust plan, another search', { timeout: 120_000 }, () => {
  const cases = [
    caseOf(),
    caseOf({ cordCap: 24 }),
    caseOf({ cordCap: 24, imrt: { beamlet: 12 } }),
    caseOf({ cordCap: 24, doseModel: { heterogeneity: 'depth' } }),
    caseOf({ constraints: ['Esophagus max <= 20 Gy'] }),
    caseOf({ objectives: ['spine-default', { kind: 'smoothness', weight: 0.01 }] }),
    caseOf({ imrt: { robust: { shifts: [[2, 0, 0]] } } }),
    caseOf({ retreatment: { position: { search: [1, 1, 1] } } }),
    caseOf(),
  ];
  const kept = new KeptWork();
  try {
    for (const one of cases) {
      const [beside, alone] = [told(one, kept), told(one)];
      expect(beside.dose).toEqual(alone.dose);
      expect(beside.report).toBe(alone.report);
    }
  } finally {
    kept.close();
  }
});

test('operator and rows stay for a plan on the same voxels, and only for that', () => {
  const kept = new KeptWork();
  const operators: unknown[] = [];
  const { of } = kept.rows;
  kept.rows.of = (asked, read) => {
    const rows = of.call(kept.rows, asked, read);
    operators.push(rows.operator);
    return rows;
  };
  try {
    for (const cordCap of [29.8, 24]) told(caseOf({ cordCap }), kept);
    told(caseOf({ imrt: { beamlet: 12 } }), kept);
    const [first, second, third] = operators;
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  } finally {
    kept.close();
  }
});

test('a kept model tells its stages to whoever asked for it last', () => {
  const kept = new KeptWork();
  try {
    const [first, second]: string[][] = [[], []];
    const planned = { patient, case: caseOf(), machine: artiste6mv };
    runPlan(planned, { techniques: ['imrt'], kept, onStage: (stage) => first!.push(stage) });
    const before = first!.length;
    runPlan(planned, { techniques: ['imrt'], kept, onStage: (stage) => second!.push(stage) });
    expect(first).toHaveLength(before);
    expect(second).toEqual(first!.filter((stage) => stage !== 'structures and voxels'));
  } finally {
    kept.close();
  }
});
