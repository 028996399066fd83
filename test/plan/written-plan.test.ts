/** Plans as RTPLAN and back: the file gives the dose of FCRT and of IMRT in segments; a fluence is not written. */
import { expect, test } from 'vitest';
import { readTreatmentPlan } from '../../src/io/dicom/treatment-plan-read.js';
import { encodeTreatmentPlan } from '../../src/io/dicom/treatment-plan-write.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { treatmentPlanOf, whyNoTreatmentPlan } from '../../src/plan/exchange/written-plan.js';
import { computeTreatment } from '../../src/plan/field/plan-dose.js';
import { treatPlan } from '../../src/plan/field/treated-plan.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { planToDicom } from '../../src/report/plan-dicom.js';
import { spine } from './spine.js';

const patient = spine({ spacing: 5, parameters: { length: 90 } });
const study = { attributes: { '00100010': 'Doe' }, studyUid: '1.2.5', frameOfReferenceUid: '1.2.9' };

const planned = (fcrt: PlanCaseInput['fcrt']) => {
  const input = {
    patient: { phantom: 'spine-t8', parameters: { length: 90 } },
    doseGrid: { spacing: [5, 5, 5] as [number, number, number], planning: 100 },
    fcrt,
  };
  return runPlan({ patient, case: parseCase(input), machine: artiste6mv }, { techniques: ['fcrt'] });
};

test.each<[string, PlanCaseInput['fcrt']]>([
  ['uniform leaves', { beams: [{ gantry: 180 }, { gantry: 120.5, collimator: 30 }, { gantry: -110, couch: 20 }] }],
  [
    'a leaf bank that lets some through',
    { beams: 'posterior-3', mlc: 'hd-120', conform: 'midway', transmission: { jaws: 0.003 } },
  ],
])('%s: the dose of the file is that of the plan', { timeout: 120_000 }, (_, fcrt) => {
  const result = planned(fcrt);
  const { plan } = result.plans[0]!;
  const content = treatmentPlanOf(result, plan, { structureSetUid: '1.2.7' });
  const again = readTreatmentPlan(encodeTreatmentPlan(content, study).file);
  const treated = treatPlan(again, artiste6mv, patient.position);
  expect(treated.notes).toEqual([]);
  const { dose, beams, maximum } = computeTreatment(patient, treated, artiste6mv, { grid: plan.dose.grid });
  expect(dose).toMatchObject({
    quantity: plan.dose.quantity,
    fractions: plan.dose.fractions,
    medium: plan.dose.medium,
  });
  let worst = 0;
  for (const [i, d] of plan.dose.data.entries()) worst = Math.max(worst, Math.abs(d - dose.data[i]!));
  expect(maximum.dose).toBeGreaterThan(30);
  expect(worst / maximum.dose).toBeLessThan(1e-5);
  // What the file says of each beam at the isocentre, per fraction, is what is recomputed.
  const group = again.fractionGroups[0]!;
  for (const [b, { isocenterDose, monitorUnits }] of beams.entries()) {
    expect(isocenterDose! / group.fractions!).toBeCloseTo(group.beams[b]!.dose!, 6);
    expect(monitorUnits).toBeCloseTo(plan.fields[b]!.monitorUnits, 6);
  }
  expect(again).toMatchObject({
    label: 'respine fcrt',
    intent: 'RESEARCH',
    approval: 'UNAPPROVED',
    prescriptionText: '39.6 Gy in 22 fractions, D50 of PTV_3960',
    prescriptions: [{ type: 'TARGET', targetDose: 39.6, structureType: 'SITE', description: 'PTV_3960' }],
    structureSetUid: '1.2.7',
  });
  // Other leaves give another dose: the file is what is computed.
  const shifted = {
    ...again,
    beams: again.beams.map((beam) => ({
      ...beam,
      controlPoints: beam.controlPoints.map((point) => ({ ...point, positions: moved(point.positions) })),
    })),
  };
  const other = computeTreatment(patient, treatPlan(shifted, artiste6mv, 'HFS'), artiste6mv, { grid: plan.dose.grid });
  expect(other.dose.data.some((d, i) => Math.abs(d - plan.dose.data[i]!) > 0.01 * maximum.dose)).toBe(true);
});

/** The left leaves 2 mm further in. */
function moved(positions: ReadonlyMap<string, readonly number[]>): ReadonlyMap<string, readonly number[]> {
  const ends = positions.get('MLCX')!;
  const half = ends.length / 2;
  return new Map([...positions, ['MLCX', ends.map((x, i) => (i < half && x < ends[i + half]! - 4 ? x + 2 : x))]]);
}

test('segments: the dose of the file is that of the plan', { timeout: 120_000 }, () => {
  const input: PlanCaseInput = {
    patient: { phantom: 'spine-t8', parameters: { length: 90 } },
    doseGrid: { spacing: [5, 5, 5], planning: 100 },
    imrt: {
      beams: 'posterior-3',
      beamlet: 10,
      delivery: { kind: 'step-and-shoot', segments: 12, interleaf: true, transmission: { leaves: 0.01 } },
    },
  };
  const result = runPlan({ patient, case: parseCase(input), machine: artiste6mv }, { techniques: ['imrt'] });
  const { plan } = result.plans[0]!;
  const again = readTreatmentPlan(
    encodeTreatmentPlan(treatmentPlanOf(result, plan, { structureSetUid: '1.2.7' }), study).file,
  );
  const segments = plan.fields.reduce((sum, field) => sum + field.segments!.length, 0);
  expect(segments).toBeGreaterThan(plan.fields.length);
  expect(again.beams.reduce((sum, { controlPoints }) => sum + controlPoints.length, 0)).toBe(2 * segments);
  const treated = treatPlan(again, artiste6mv, patient.position);
  const { dose, maximum } = computeTreatment(patient, treated, artiste6mv, { grid: plan.dose.grid });
  const worst = plan.dose.data.reduce((far, d, i) => Math.max(far, Math.abs(d - dose.data[i]!)), 0);
  expect(worst / maximum.dose).toBeLessThan(1e-5);
});

test('a plan of fluence is not written, and the export says so', { timeout: 120_000 }, () => {
  const result = planned({ beams: 'posterior-3' });
  const { plan } = result.plans[0]!;
  const fluence = { technique: 'imrt', fields: plan.fields.map(({ aperture: _, ...field }) => field) } as const;
  expect(whyNoTreatmentPlan(plan)).toBeUndefined();
  expect(whyNoTreatmentPlan(fluence)).toBe(
    'imrt: it is fluence, of which no RTPLAN is written; let imrt.delivery be "step-and-shoot"',
  );
  expect(() => treatmentPlanOf(result, fluence, { structureSetUid: '1.2.7' })).toThrow(/imrt: it is fluence/);

  const { files, notes } = planToDicom(result);
  const names = files.map(({ name }) => name);
  expect(names).toContain('RP_fcrt.dcm');
  const written = readTreatmentPlan(files.find(({ name }) => name === 'RP_fcrt.dcm')!);
  expect(written.prescriptions[0]).toMatchObject({
    structureType: 'VOLUME',
    roi: 1 + patient.structures.findIndex(({ name }) => name === 'PTV_3960'),
  });
  // The dose refers to the plan, the plan to the structures.
  const dose = files.find(({ name }) => name === 'RD_fcrt.dcm')!;
  const structures = files.find(({ name }) => name === 'RS.dcm')!;
  const holds = (bytes: Uint8Array, text: string): boolean => Buffer.from(bytes).includes(text);
  expect(holds(dose.bytes, written.uid)).toBe(true);
  expect(holds(structures.bytes, written.structureSetUid!)).toBe(true);
  expect(notes.filter((note) => note.includes('RTPLAN'))).toEqual([]);
  const imrt = { ...result, plans: [{ ...result.plans[0]!, plan: { ...plan, ...fluence } }] };
  const without = planToDicom(imrt);
  expect(without.files.map(({ name }) => name)).not.toContain('RP_imrt.dcm');
  expect(without.notes).toContain(
    'imrt: it is fluence, of which no RTPLAN is written; let imrt.delivery be "step-and-shoot".',
  );
});
