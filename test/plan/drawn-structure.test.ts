/**
 * A plan's numbers are those of the structures as they are drawn, in one dose read one way; what has no dose is said before
 * planning.
 */
import { describe, expect, test } from 'vitest';
import { doseAtVolume } from '../../src/evaluate/dvh.js';
import { parseMetric } from '../../src/evaluate/metric-parser.js';
import { evaluateMetric } from '../../src/evaluate/metric-value.js';
import { createStructureDvh } from '../../src/evaluate/structure-dvh.js';
import { createGrid, type Vec3, voxelCount } from '../../src/geometry/grid.js';
import type { Patient } from '../../src/geometry/patient.js';
import { box, sphere } from '../../src/geometry/shape.js';
import type { Structure, StructureRole } from '../../src/geometry/structure.js';
import { createVolume } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { tradeOff } from '../../src/plan/sweep/trade-off.js';
import { planDetails, planReport } from '../../src/report/plan-report.js';
import { spine } from './spine.js';

const ball = (name: string, role: StructureRole, center: Vec3, radius: number): Structure => ({
  name,
  role,
  shape: { kind: 'solid', solid: sphere(center, radius) },
});

/** A block of water of 120 x 120 x 80 mm in a CT of 160 x 160 x 80 mm, with a target and a cord where they are asked for. */
function patientWith(target: Vec3, cord: Vec3, more: readonly Structure[] = []): Patient {
  const grid = createGrid([20, 40, 40], [4, 4, 4], [-78, -78, -38]);
  const water = new Float32Array(voxelCount(grid)).fill(1);
  const body: Structure = {
    name: 'External',
    role: 'external',
    shape: { kind: 'solid', solid: box([-60, -60, -40], [60, 60, 40]) },
  };
  const structures = [body, ball('PTV', 'target', target, 10), ball('SpinalCord', 'organ', cord, 5), ...more];
  return {
    name: 'block',
    hounsfield: createVolume('hounsfield', grid, new Float32Array(water.length)),
    density: createVolume('density', grid, water),
    structures,
    position: 'HFS',
    notes: [],
  };
}

const caseOf = (input: Omit<PlanCaseInput, 'patient'> = {}) =>
  parseCase({
    patient: { ct: 'CT', structures: 'RS.dcm' },
    target: 'PTV',
    prior: null,
    doseGrid: { spacing: [4, 4, 4] },
    imrt: { delivery: 'fluence', beams: 'posterior-3' },
    ...input,
  });

describe('what has no dose is said before planning, with its share', () => {
  const inside: Vec3 = [0, 0, 0];
  const cord: Vec3 = [0, 25, 0];
  const model = (patient: Patient, input: Parameters<typeof caseOf>[0] = {}) => {
    const made = modelPatient(patient, caseOf(input));
    made.bodyDose.close();
    return made;
  };

  test.each([
    // A ball cut through its centre, and one cut a fifth of its diameter deep: 3 h^2 R - h^3 over 4 R^3.
    [
      'target half above the CT',
      [0, 0, 40],
      cord,
      /only 50\.0 % of the target "PTV" \(4\.1\d* cc as drawn\) lies on the CT/,
    ],
    ['target a fifth above the CT', [0, 0, 34], cord, /only 89\.[5-7] % of the target "PTV"/],
    [
      'target half outside the body',
      [60, 0, 0],
      cord,
      /only 50\.\d % of the target "PTV".*lies inside the body \(External\)/,
    ],
    ['target wholly off the CT', [0, 0, 90], cord, /only 0\.0 % of the target "PTV"/],
    ['cord wholly off the grid', inside, [0, 25, 80], /only 0\.0 % of the cord "SpinalCord".*lies on the CT/],
    ['cord half off the grid', inside, [0, 25, 40], /only 50\.0 % of the cord "SpinalCord"/],
    ['cord half outside the body', inside, [0, 60, 0], /only 50\.\d % of the cord "SpinalCord".*inside the body/],
  ] as [string, Vec3, Vec3, RegExp][])('%s: refused', (_, target, own, message) => {
    const refuse = (): unknown => model(patientWith(target, own));
    expect(refuse).toThrow(message);
    try {
      refuse();
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(400);
    }
  });

  test('a structure of which every voxel is bounded must be on the grid', () => {
    const kidney = ball('Kidney', 'organ', [-30, 0, 40], 8);
    const bounds = [{ structure: 'Kidney', courses: 'this', eqd2: 12, alphaBeta: 3 }] as const;
    expect(() => model(patientWith(inside, cord, [kidney]), { retreatment: { bounds: [...bounds] } })).toThrow(
      /only 50\.0 % of the bounded structure "Kidney"/,
    );
  });

  test('other structures: said first in report and summary, without metrics, and goals on them are not evaluable', () => {
    const more = [ball('Kidney', 'organ', [-30, 0, 40], 8), ball('Couch', 'support', [0, 60, 0], 6)];
    const patient = patientWith(inside, cord, more);
    const plan = caseOf({ goals: ['Kidney Mean <= 12Gy', 'PTV D95% >= 80%'] });
    const result = runPlan({ patient, case: plan, machine: artiste6mv }, { techniques: ['fcrt'] });
    const said = /^Only 50\.0 % of Kidney \(2\.1\d* cc as drawn\) lies on the dose grid: it has no metrics\.$/;
    expect(result.model.notes[0]).toMatch(said);
    expect(result.model.notes[1]).toMatch(
      /^Only 50\.\d % of Couch .* lies inside External: outside it no dose is computed/,
    );
    const report = planReport(result, { version: 'test', inputs: {} }) as { notes: string[] };
    expect(report.notes.slice(0, 2)).toEqual(result.model.notes);
    expect(planDetails(result).split('\n')[0]).toMatch(said);
    const [evaluation] = result.plans;
    const kidney = evaluation!.structures.find(({ name }) => name === 'Kidney')!;
    expect(kidney).toMatchObject({ metrics: {}, errorBounds: {} });
    // As drawn: 4/3 pi 8^3 mm3.
    expect(kidney.volumeCc).toBeCloseTo(2.145, 1);
    expect(kidney.coverage).toBeCloseTo(0.5, 2);
    expect(evaluation!.goals[0]).toMatchObject({ result: 'not evaluable', reason: expect.stringMatching(/50\.0 %/) });
  });

  test('what lies wholly in body and grid gets no word', () =>
    expect(model(patientWith(inside, cord)).notes).toEqual([]));
});

const spineCase = (
  mm: number,
  target: 'body' | 'horseshoe',
  input: Omit<PlanCaseInput, 'patient'> = {},
  parameters: Readonly<Record<string, number>> = {},
) =>
  parseCase({
    patient: { phantom: 'spine-t8', target, parameters },
    doseGrid: { spacing: [mm, mm, mm], planning: 4 },
    prior: null,
    ...input,
  });

describe('one dose, read one way', () => {
  const to = ['D95', 'D50'] as const;
  const patient = spine({ spacing: 6, target: 'body' });
  test.each(to)(
    'the prescription to %s is met by the DVH of the report, on voxels of 6 mm',
    (metric) => {
      const plan = spineCase(6, 'body', {
        prescription: { dose: 39.6, fractions: 22, to: metric },
        imrt: { delivery: 'fluence', beams: 'posterior-5' },
        goals: [`PTV_3960 ${metric}% >= 39.5Gy`],
      });
      const { plans } = runPlan({ patient, case: plan, machine: artiste6mv });
      for (const { plan: made, dvhs, structures, goals } of plans) {
        const dvh = dvhs.get('PTV_3960')!;
        const given = doseAtVolume(dvh, (metric === 'D95' ? 0.95 : 0.5) * dvh.volumeCc).value;
        // It was 40.82 Gy where 39.59 was said, and for the median 35.99 where 34.89 was.
        expect(given, made.technique).toBeGreaterThan(39.6 * 0.998);
        expect(given, made.technique).toBeLessThan(39.6 * 1.002);
        expect(made.solution.prescriptionDose).toBe(given);
        expect(made.solution.status).toBe('reached');
        expect(structures.find(({ name }) => name === 'PTV_3960')!.metrics[`${metric}%[Gy]`]).toBe(given);
        expect(goals[0]!.value).toBe(given);
      }
    },
    120_000,
  );

  test('plan, DVH from the drawn structures and trade-off say the same at one cap', () => {
    const parameters = { length: 90 };
    const horseshoe = spine({ spacing: 5, target: 'horseshoe', parameters });
    const imrt = { beams: 'posterior-3', beamlet: 10, delivery: 'fluence' as const };
    const plan = spineCase(5, 'horseshoe', { cordCap: 25, imrt }, parameters);
    const [evaluation] = runPlan(
      { patient: horseshoe, case: plan, machine: artiste6mv },
      { techniques: ['imrt'] },
    ).plans;
    const [point] = tradeOff({ patient: horseshoe, case: plan, machine: artiste6mv }, [25]);
    // The dose grid is coarse: target and cord are read from their own.
    const dose = evaluation!.plan.fineDose!;
    for (const [name, metric] of [
      ['PTV_3960', 'D95%'],
      ['PTV_3960', 'V95%'],
      ['SpinalCord', 'Max'],
      ['SpinalCord', 'D0.03cc'],
    ] as const) {
      const drawn = horseshoe.structures.find((s) => s.name === name)!;
      const parsed = parseMetric(metric);
      const alone = evaluateMetric(parsed, createStructureDvh(dose, drawn), { prescription: 39.6 }).value;
      const structure = evaluation!.structures.find((s) => s.name === name)!;
      const key = Object.keys(structure.metrics).find((k) => k.startsWith(`${metric}[`))!;
      // Finer lines by themselves: the same within the sampling; but Max is that of the engine, not of the trilinear dose.
      const within = { 'V95%': 0.3, Max: 0.25, 'D95%': 0.06, 'D0.03cc': 0.06 }[metric];
      expect(Math.abs(structure.metrics[key]! - alone), `${name} ${metric}`).toBeLessThan(within);
      expect(structure.errorBounds[key]!).toBeGreaterThan(Math.abs(structure.metrics[key]! - alone));
    }
    const ptv = evaluation!.structures.find(({ name }) => name === 'PTV_3960')!.metrics;
    const cord = evaluation!.structures.find(({ name }) => name === 'SpinalCord')!.metrics;
    // Two plans within 1 % of the best, read alike; read from the optimiser's voxels it was 0.24 to 0.5 Gy off.
    expect(Math.abs(point!.d95 - ptv['D95%[Gy]']!)).toBeLessThan(0.1);
    expect(Math.abs(point!.v95 - ptv['V95%[%]']!)).toBeLessThan(0.5);
    expect(Math.abs(point!.cordMaximum - cord['Max[Gy]']!)).toBeLessThan(0.1);
  }, 120_000);
});
