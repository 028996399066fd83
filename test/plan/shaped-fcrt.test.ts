/** FCRT with wedges, with smaller fields in its fields, with blocks: what that gains, its record, and its RTPLAN read back. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { apertureArea } from '../../src/beam/aperture.js';
import { readTreatmentPlan } from '../../src/io/dicom/treatment-plan-read.js';
import { encodeTreatmentPlan } from '../../src/io/dicom/treatment-plan-write.js';
import { decodeFluence, encodeFluence } from '../../src/io/fluence-file.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { treatmentPlanOf } from '../../src/plan/exchange/written-plan.js';
import { computeTreatment } from '../../src/plan/field/plan-dose.js';
import { treatPlan } from '../../src/plan/field/treated-plan.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { createJob } from '../../src/plan/patient/plan-job.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';
import { type PlanningResult, recordsOf, remakePlan, runPlan } from '../../src/plan/run-plan.js';
import { conformalFields } from '../../src/plan/technique/fcrt.js';
import { prepareTechnique } from '../../src/plan/technique/prepared-technique.js';
import { missingTools, output } from '../io/dicom/peers.js';
import { spine } from './spine.js';

type Fcrt = NonNullable<PlanCaseInput['fcrt']>;
const spacing: [number, number, number] = [5, 5, 5];
const phantom = 'spine-l3';
const parameters = { length: 90 };
const patient = spine({ phantom, spacing, target: 'horseshoe', parameters, and: ['CaudaEquina'] });
const study = { attributes: { '00100010': 'Doe' }, studyUid: '1.2.5', frameOfReferenceUid: '1.2.9' };
const inputOf = (fcrt: Fcrt, more: Partial<PlanCaseInput> = {}): PlanCaseInput => ({
  patient: { phantom, target: 'horseshoe', parameters, spacing },
  doseGrid: { spacing: [8, 8, 8], planning: 5 },
  fcrt: { beams: 'posterior-3', ...fcrt },
  ...more,
});
const jobOf = (fcrt: Fcrt) => createJob({ patient, machine: artiste6mv, case: parseCase(inputOf(fcrt)) });
const planned = (fcrt: Fcrt): PlanningResult => runPlan(jobOf(fcrt), { techniques: ['fcrt'] });
const planOf = ({ plans }: PlanningResult) => plans[0]!.plan;
const coverage = ({ plans, model }: PlanningResult): number =>
  plans[0]!.structures.find(({ name }) => name === model.target)!.metrics['V95%[%]']!;
const cordOf = ({ plans, model }: PlanningResult): number =>
  plans[0]!.structures.find(({ name }) => name === model.cord)!.metrics['Max[Gy]']!;
const highest = (dose: Float32Array, other: Float32Array): number =>
  dose.reduce((far, d, i) => Math.max(far, Math.abs(d - other[i]!)), 0);

/** The plan's RTPLAN, read. */
const writtenOf = (result: PlanningResult) =>
  encodeTreatmentPlan(treatmentPlanOf(result, planOf(result), { structureSetUid: '1.2.7' }), study).file;

/** Record and RTPLAN of a plan give its dose again. */
async function checkAgain(result: PlanningResult, fcrt: Fcrt): Promise<void> {
  const { dose } = planOf(result);
  const records = recordsOf(result).map((record) => decodeFluence(encodeFluence(record)));
  expect(planOf(remakePlan(jobOf(fcrt), records)).dose.data).toEqual(dose.data);
  const file = writtenOf(result);
  const read = readTreatmentPlan(file);
  expect(read.beams.flatMap(({ accessories }) => accessories)).toEqual([]);
  const treated = treatPlan(read, artiste6mv, patient.position);
  const again = computeTreatment(patient, treated, artiste6mv, { grid: dose.grid });
  expect(highest(dose.data, again.dose.data) / again.maximum.dose).toBeLessThan(1e-5);
  if (missingTools('dciodvfy').length > 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'respine-fcrt-'));
  try {
    writeFileSync(join(folder, 'RP.dcm'), file.bytes);
    const told = await output('dciodvfy', ['-new', 'RP.dcm'], folder);
    expect(told).toContain('RTPlan');
    expect(told.match(/^Error.*$/gm) ?? []).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let open: PlanningResult;
beforeAll(() => {
  open = planned({});
}, 120_000);

describe('wedges', () => {
  const fcrt: Fcrt = {
    wedges: {
      angles: [60],
      physical: [
        {
          name: 'W30',
          angle: 30,
          profile: [
            [-120, 0.35],
            [0, 0.6],
            [120, 1],
          ],
        },
      ],
    },
  };
  let wedged: PlanningResult;
  beforeAll(() => {
    wedged = planned(fcrt);
  }, 120_000);

  test('a large deep target that open fields cannot make homogeneous gets its dose', () => {
    expect(coverage(open)).toBeLessThan(90);
    expect(coverage(wedged)).toBeGreaterThan(97);
    expect(planOf(wedged).solution.status).toBe('reached');
    expect(planOf(wedged).solution.objective).toBeLessThan(planOf(open).solution.objective);
  });

  test('each direction has its open field and one wedge at most; side beams are thin towards the depth', () => {
    const { fields } = planOf(wedged);
    for (const gantry of [120, 180, 240]) {
      const own = fields.filter(({ beam }) => beam.pose.gantry === gantry);
      expect(own.filter(({ wedge }) => wedge).length).toBeLessThanOrEqual(1);
      expect(own.filter(({ wedge }) => !wedge).length).toBeLessThanOrEqual(1);
    }
    const side = (gantry: number) => fields.find(({ beam, wedge }) => beam.pose.gantry === gantry && wedge)!;
    // From the right and from the left the depth lies on other sides of the collimator.
    expect([side(120).wedge!.orientation, side(240).wedge!.orientation]).toEqual([90, 270]);
    expect(side(120).monitorUnits / side(240).monitorUnits).toBeCloseTo(1, 0);
    expect(fields.every(({ monitorUnits }) => monitorUnits >= 44)).toBe(true);
  });

  test('record and RTPLAN give the dose again', { timeout: 120_000 }, () => checkAgain(wedged, fcrt));

  test('RTPLAN: a virtual wedge is DYNAMIC, one of metal STANDARD; of a stranger no more is known than its name', () => {
    const file = writtenOf(wedged);
    const [first] = readTreatmentPlan(file).beams.filter(({ wedge }) => wedge);
    expect(first!.wedge).toEqual(planOf(wedged).fields.find(({ wedge }) => wedge)!.wedge);
    expect(Buffer.from(file.bytes).includes('DYNAMIC')).toBe(true);
    const { wedge: _, ...bare } = first!;
    const stranger = { ...bare, accessories: ['wedge V60 of 60 degrees'] };
    const plan = { ...readTreatmentPlan(file), beams: [stranger] };
    expect(() => treatPlan(plan, artiste6mv, 'HFS')).toThrow(/wedge V60 of 60 degrees in the beam/);
    // Leaves that move behind a wedge: another dose than is computed.
    const moving = first!.controlPoints.map((point, p) => ({
      ...point,
      positions: new Map([...point.positions, ['ASYMX', [-60 - 5 * p, 60]]]),
    }));
    const moved = { ...plan, beams: [{ ...first!, controlPoints: moving }] };
    expect(() => treatPlan(moved, artiste6mv, 'HFS')).toThrow(/stands in front of leaves or jaws that move/);
  });
});

describe('field-in-field behind a block', () => {
  const fcrt: Fcrt = { fieldInField: 2, cordBlock: { margin: 0, transmission: 0.6 }, mlc: 'agility' };
  let nested: PlanningResult;
  beforeAll(() => {
    nested = planned(fcrt);
  }, 120_000);

  test('smaller fields lie within the conformal ones, and no more than asked for; the plan is better for them', () => {
    const plain = planned({ cordBlock: fcrt.cordBlock, mlc: 'agility' });
    expect(planOf(nested).solution.objective).toBeLessThan(0.9 * planOf(plain).solution.objective);
    expect(coverage(nested)).toBeGreaterThan(coverage(plain));
    // The block spares the cord, with smaller fields as without.
    expect(cordOf(plain)).toBeLessThan(0.9 * cordOf(open));
    let smaller = 0;
    for (const { beam, segments } of planOf(nested).fields) {
      const whole = planOf(plain).fields.find((field) => field.beam.name === beam.name)!.aperture!;
      expect(segments!.length).toBeLessThanOrEqual(3);
      for (const { aperture, monitorUnits } of segments!) {
        expect(monitorUnits).toBeGreaterThanOrEqual(44);
        aperture.openings.forEach(({ x0, x1, y0 }) => {
          const outer = whole.openings.find((own) => own.y0 === y0)!;
          expect(x0).toBeGreaterThanOrEqual(outer.x0);
          expect(x1).toBeLessThanOrEqual(outer.x1);
        });
        if (apertureArea(aperture) < 0.9 * apertureArea(whole)) smaller++;
      }
    }
    expect(smaller).toBeGreaterThan(1);
  });

  test('the optimised dose is the one that is reported', () => {
    expect(planOf(nested).largestDifference).toBeLessThan(0.02);
  });

  test('record and RTPLAN give the dose again', { timeout: 120_000 }, () => checkAgain(nested, fcrt));
});

test('a collimator that is asked for stays, others turn to the target', () => {
  const beams = [
    { gantry: 120, collimator: 7 },
    { gantry: 240, couch: 20 },
  ];
  const { fcrt } = parseCase(inputOf({ collimator: 'fit', beams }));
  const [given, turned] = conformalFields(open.model, fcrt, artiste6mv).map(({ beam }) => beam.pose.collimator);
  expect(given).toBe(7);
  expect(turned! % 5).toBe(0);
  expect(turned).not.toBe(0);
});

describe('refused in one sentence, before anything is computed', () => {
  const refused = (fcrt: object, more: Partial<PlanCaseInput> = {}) => {
    try {
      parseCase(inputOf(fcrt as Fcrt, more));
    } catch (error) {
      const { message } = error as Error;
      expect(message.length).toBeLessThan(400);
      return message;
    }
    return 'nothing';
  };
  test.each<[string, object, string]>([
    ['an open wedge', { wedges: { angles: [0] } }, 'is 0, but a wedge has 1 to 75 degrees'],
    ['a right angle', { wedges: { angles: [90] } }, 'is 90, but a wedge has 1 to 75 degrees'],
    ['half a degree', { wedges: { angles: [22.5] } }, 'is 22.5, but must be whole degrees'],
    ['no wedge', { wedges: { angles: [] } }, 'has neither angles of virtual wedges nor physical ones'],
    ['the same twice', { wedges: { angles: [30, 30] } }, 'wedge V30 is there twice'],
    ['an odd orientation', { wedges: { orientations: [45] } }, 'must be 0, 90, 180 or 270 degrees'],
    [
      'a negative transmission',
      {
        wedges: {
          physical: [
            {
              name: 'W',
              angle: 30,
              profile: [
                [-100, -0.2],
                [100, 1],
              ],
            },
          ],
        },
      },
      'fcrt.wedges: wedge W: at -100 mm its profile lets -0.2 of the open fluence through',
    ],
    ['wedges and smaller fields', { wedges: {}, fieldInField: 2 }, 'the case has fcrt.wedges too'],
    ['no smaller field', { fieldInField: 0 }, 'fcrt.fieldInField'],
    ['a block that lets more through', { cordBlock: { transmission: 1.5 } }, 'fcrt.cordBlock.transmission'],
    ['a negative block', { cordBlock: { transmission: -1 } }, 'fcrt.cordBlock.transmission'],
    ['an angle for all', { collimator: 30 }, 'fcrt.collimator: must be "fit"'],
  ])('%s', (_, fcrt, told) => {
    expect(refused(fcrt)).toContain(told);
  });

  test('where many plans are made of one set of fields', () => {
    const { case: planCase } = jobOf({ wedges: {} });
    const voxels = choosePlanningVoxels(open.model);
    expect(() => prepareTechnique('fcrt', open.model, voxels, planCase, artiste6mv)).toThrow(
      /case: fcrt.wedges: fields are chosen for one plan/,
    );
  });

  test('a block that closes a field, and a profile that ends within one', () => {
    const fieldsOf = (fcrt: Fcrt) => () => conformalFields(open.model, parseCase(inputOf(fcrt)).fcrt, artiste6mv);
    expect(fieldsOf({ cordBlock: { margin: 50 }, margin: 0, beams: [{ gantry: 180 }] })).toThrow(
      /case: fcrt.cordBlock: nothing of field G180 is open beside the block over CaudaEquina/,
    );
    const short = {
      name: 'W30',
      angle: 30,
      profile: [
        [-20, 0.5],
        [20, 1],
      ] as [number, number][],
    };
    expect(fieldsOf({ wedges: { physical: [short] } })).toThrow(
      /wedge W30: its profile covers -20 to 20 mm .* but the field is open from/,
    );
  });
});
