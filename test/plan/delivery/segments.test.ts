/** A plan in segments: what is reported is the dose of its apertures, and it says what delivery costs. */
import { beforeAll, describe, expect, test } from 'vitest';
import { createAperture } from '../../../src/beam/aperture.js';
import { createBeam } from '../../../src/beam/beam.js';
import { apertureFluence } from '../../../src/beam/collimated-fluence.js';
import { artiste6mv } from '../../../src/machine/artiste-6mv.js';
import { planDelivery } from '../../../src/plan/evaluation/delivered-fields.js';
import { computeFields } from '../../../src/plan/field/field-dose.js';
import { parseFields } from '../../../src/plan/input/fields-file.js';
import { parseCase } from '../../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../../src/plan/input/plan-case.js';
import { createJob } from '../../../src/plan/patient/plan-job.js';
import { type PlanningResult, runPlan } from '../../../src/plan/run-plan.js';
import { deliveryTable } from '../../../src/report/delivery.js';
import { planDetails, planReport } from '../../../src/report/plan-report.js';
import { summary } from '../../../src/report/plan-summary.js';
import { spine } from '../spine.js';

type Imrt = NonNullable<PlanCaseInput['imrt']>;
const spacing: [number, number, number] = [5, 5, 5];
const parameters = { length: 90 };
const patient = spine({ spacing, target: 'horseshoe', parameters });
const caseOf = (imrt: Imrt, more: Partial<PlanCaseInput> = {}) =>
  parseCase({
    patient: { phantom: 'spine-t8', target: 'horseshoe', parameters },
    doseGrid: { spacing, planning: 5 },
    prior: { dose: 38, fractions: 19, months: 17.7 },
    cordCap: 29.8,
    imrt: { beams: 'posterior-3', beamlet: 8, ...imrt },
    ...more,
  });
const jobOf = (imrt: Imrt, more: Partial<PlanCaseInput> = {}) =>
  createJob({ patient, machine: artiste6mv, case: caseOf(imrt, more) });
const planOf = (imrt: Imrt): PlanningResult => runPlan(jobOf(imrt), { techniques: ['imrt'] });
const slow = { doseRate: 300, leafSpeed: 25, gantrySpeed: 6, betweenFields: 0 };
const segmented = (segments: number, more: object = {}): Imrt => ({
  delivery: { kind: 'step-and-shoot', segments, ...more },
});

/** Leaf boundaries at the ends of beamlets of 8 mm. */
const rows = Array.from({ length: 25 }, (_, n) => 8 * (n - 12));

describe('a horseshoe in 20 segments', () => {
  let made: PlanningResult;
  beforeAll(() => {
    made = planOf(segmented(20));
  }, 120_000);

  test('the cap holds in the dose that is reported, and the prescription is met', () => {
    const [{ plan, structures }] = [made.plans[0]!];
    expect(plan.solution.status).toBe('reached');
    expect(structures.find(({ name }) => name === 'SpinalCord')!.metrics['Max[Gy]']).toBeLessThanOrEqual(29.8 + 1e-6);
    expect(plan.solution.prescriptionDose).toBeCloseTo(39.6, 1);
  });

  test('no more segments than allowed; units and fluence of a field are those of its segments', () => {
    const { fields, delivery } = made.plans[0]!.plan;
    const count = fields.reduce((sum, { segments }) => sum + segments!.length, 0);
    expect(count).toBe(delivery!.segments);
    expect(count).toBeLessThanOrEqual(20);
    for (const { segments, monitorUnits, fluence } of fields) {
      expect(segments!.reduce((sum, own) => sum + own.monitorUnits, 0)).toBeCloseTo(monitorUnits, 9);
      const integral = ({ grid: { x, y }, weights }: typeof fluence): number =>
        weights.reduce((sum, w, c) => {
          const [i, j] = [c % (x.length - 1), Math.floor(c / (x.length - 1))];
          return sum + w * (x[i + 1]! - x[i]!) * (y[j + 1]! - y[j]!);
        }, 0);
      const parts = segments!.reduce((sum, own) => sum + own.monitorUnits * integral(apertureFluence(own.aperture)), 0);
      expect(integral(fluence) / parts).toBeCloseTo(1, 9);
    }
  });

  test('the dose is what the apertures give one by one', () => {
    const { plan } = made.plans[0]!;
    const { isocenter } = made.model;
    const fields = parseFields({
      patient: { phantom: 'spine-t8' },
      isocenter: [...isocenter],
      fractions: 22,
      beams: plan.fields.flatMap(({ beam, segments }, b) =>
        segments!.map(({ aperture, monitorUnits }, n) => ({
          name: `${b}.${n}`,
          gantry: beam.pose.gantry,
          monitorUnits,
          aperture: {
            bank: { boundaries: [...aperture.bank.boundaries], reach: aperture.bank.reach },
            leaves: aperture.leaves.map(([x1, x2]): [number, number] => [x1, x2]),
            jaws: { ...aperture.jaws! },
          },
        })),
      ),
    });
    const { dose } = computeFields(patient, fields, artiste6mv);
    const largest = plan.dose.data.reduce((a, b) => Math.max(a, b), 0);
    const difference = plan.dose.data.reduce((far, gray, v) => Math.max(far, Math.abs(gray - dose.data[v]!)), 0);
    expect(difference / largest).toBeLessThan(1e-3);
  });

  test('plan.json, the report and delivery.csv tell the same monitor units, segments, area, complexity and time', () => {
    const [{ plan }] = [made.plans[0]!];
    const { fields, all } = planDelivery(plan, made.case)!;
    const [entry] = (planReport(made, { version: '0', inputs: {} }) as { plans: Record<string, any>[] }).plans;
    expect(entry!.delivery).toMatchObject({ kind: 'step-and-shoot', segments: all.segments, at: { doseRate: 600 } });
    expect(entry!.delivery.monitorUnitsPerFraction).toBeCloseTo(entry!.delivery.monitorUnits / 22, 1);
    expect(entry!.delivery.monitorUnitsPerGray).toBeCloseTo(entry!.delivery.monitorUnits / 39.6, 1);
    expect(entry!.fields.map((own: { complexity: number }) => own.complexity)).toEqual(
      fields.map(({ complexity }) => Number(complexity!.toFixed(4))),
    );
    const rows = deliveryTable(made)!.trim().split('\n');
    expect(rows).toHaveLength(2 + plan.fields.length);
    expect(rows.at(-1)).toBe(
      `imrt,all,,${all.monitorUnits.toFixed(4)},${all.segments},${all.meanArea!.toFixed(4)},${all.complexity!.toFixed(5)},${all.beamOn.toFixed(2)},${all.time.toFixed(2)}`,
    );
    expect(planDetails(made)).toContain(`${all.segments} segments, ${all.monitorUnits.toFixed(0)} MU a fraction`);
    expect(summary(made)).toContain(`${all.segments} / ${all.monitorUnits.toFixed(0)} / ${(all.time / 60).toFixed(1)}`);
    // 600 MU a minute, and three fields with the ways between them.
    expect(all.beamOn).toBeCloseTo(all.monitorUnits / 10, 9);
    expect(all.time).toBeGreaterThan(all.beamOn);
    expect(planDelivery(plan, { ...made.case, delivery: slow })!.all.beamOn).toBeCloseTo(all.monitorUnits / 5, 9);
  });

  test('the mirrored plan has the same figures', () => {
    const { plan } = made.plans[0]!;
    const mirrored = plan.fields.map((field) => ({
      ...field,
      beam: createBeam(field.beam.machine, { ...field.beam.pose, gantry: 360 - field.beam.pose.gantry }),
      segments: field.segments!.map(({ aperture: { bank, leaves, jaws }, monitorUnits }) => ({
        aperture: createAperture(
          bank,
          leaves.map(([x1, x2]) => [-x2, -x1]),
          { ...jaws!, x1: -jaws!.x2, x2: -jaws!.x1 },
        ),
        monitorUnits,
      })),
    }));
    const [own, other] = [plan, { fields: mirrored }].map((one) => planDelivery(one, made.case)!.all);
    for (const key of ['monitorUnits', 'segments', 'meanArea', 'complexity', 'beamOn', 'time'] as const) {
      expect(other![key], key).toBeCloseTo(own![key]!, 8);
    }
  });

  test('delivery has a price above the bound of any fluence, and more segments lower it', () => {
    const price = made.plans[0]!.plan.delivery!.price!;
    const few = planOf(segmented(6)).plans[0]!.plan.delivery!.price!;
    expect(price).toBeGreaterThan(0);
    expect(few).toBeGreaterThan(price);
  });

  test('least area, least units, least gap and carriages: every segment keeps them, and the cap holds', () => {
    const rules = { leastArea: 6, leastUnits: 12, leafGap: 16, mlc: { boundaries: rows, span: 40 } };
    const { plan, structures } = planOf(segmented(20, rules)).plans[0]!;
    expect(structures.find(({ name }) => name === 'SpinalCord')!.metrics['Max[Gy]']).toBeLessThanOrEqual(29.8 + 1e-6);
    const segments = plan.fields.flatMap((field) => field.segments!);
    expect(segments.length).toBeGreaterThan(5);
    for (const { aperture, monitorUnits } of segments) {
      const area = aperture.openings.reduce((sum, { x0, x1, y0, y1 }) => sum + (x1 - x0) * (y1 - y0), 0);
      expect(area).toBeGreaterThanOrEqual(600 - 1e-6);
      expect(monitorUnits / 22).toBeGreaterThanOrEqual(12);
      for (const { x0, x1 } of aperture.openings) expect(x1 - x0).toBeGreaterThanOrEqual(16 - 1e-9);
      const ends = aperture.leaves.map(([x1, x2]) => [x1, x2] as const);
      for (const side of [0, 1] as const) {
        const own = ends.map((pair) => pair[side]);
        expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(40);
      }
    }
    const free = made.plans[0]!.plan.fields.flatMap((field) => field.segments!);
    expect(free.some(({ monitorUnits }) => monitorUnits / 22 < 12)).toBe(true);
  });

  test('a machine that does not interdigitate, and leaves that leak: the cap holds all the same', () => {
    const { plan, structures } = planOf(segmented(20, { interleaf: true, transmission: { leaves: 0.02 } })).plans[0]!;
    expect(structures.find(({ name }) => name === 'SpinalCord')!.metrics['Max[Gy]']).toBeLessThanOrEqual(29.8 + 1e-6);
    const collide = plan.fields.flatMap(({ segments }) =>
      segments!.filter(({ aperture: { leaves } }) =>
        leaves.some(([x1, x2], n) => n > 0 && (x1 > leaves[n - 1]![1] + 1e-9 || leaves[n - 1]![0] > x2 + 1e-9)),
      ),
    );
    expect(collide).toEqual([]);
    expect(plan.fields.every(({ fluence }) => fluence.weights.some((w) => w > 0))).toBe(true);
  });
});

test.each<[string, Imrt, Partial<PlanCaseInput>, string]>([
  ['fewer segments than beams', segmented(2), {}, '2 segments are too few for 3 beams'],
  ['leaves that end elsewhere', segmented(20, { mlc: 'agility' }), {}, 'no leaf of agility does'],
  ['a least area that no field opens', segmented(20, { leastArea: 400 }), {}, 'leastArea is 400 cm^2, but'],
  ['a gap wider than the field', segmented(20, { leafGap: 100 }), {}, 'leafGap is 100 mm, but'],
  [
    'leaves that do not cross the axis so far',
    segmented(20, { mlc: { boundaries: rows, overtravel: 10 } }),
    {},
    'cross the axis by at most 10 mm',
  ],
  ['leaves that do not reach so far', segmented(20, { mlc: { boundaries: rows, reach: 20 } }), {}, 'reach 20 mm'],
  ['robust', { ...segmented(20), robust: { shifts: [[3, 0, 0]] } }, {}, 'asks for imrt.robust'],
  [
    'priorities',
    segmented(20),
    { priorities: [['PTV_3960 D95% >= 95%', 'PTV_3960 D2% <= 107%']] },
    'asks for priorities',
  ],
  [
    'smoothness',
    segmented(20),
    { objectives: ['spine-default', { kind: 'smoothness', weight: 1 }] },
    'asks for smoothness',
  ],
])('%s: refused before planning', (_, imrt, more, sentence) => {
  const stages: string[] = [];
  const plan = (): unknown =>
    runPlan(jobOf(imrt, more), { techniques: ['imrt'], onStage: (stage) => void stages.push(stage) });
  expect(plan).toThrow(sentence);
  expect(stages.some((stage) => stage.includes('fluence'))).toBe(false);
});

test.each([
  ['doseRate', 0, 'delivery.doseRate'],
  ['leafSpeed', -2, 'delivery.leafSpeed'],
  ['gantrySpeed', Number.NaN, 'delivery.gantrySpeed'],
  ['betweenFields', 1e9, 'delivery.betweenFields'],
  ['leafspeed', 25, 'leafspeed'],
])('delivery: %s of %d is refused', (key, value, sentence) => {
  expect(() => caseOf({}, { delivery: { [key]: value } })).toThrow(sentence);
});

test.each([
  ['a kind that is not there', 'tomotherapy'],
  ['a negative least area', { kind: 'step-and-shoot', leastArea: -1 }],
  ['a span of nothing', { kind: 'step-and-shoot', mlc: { boundaries: [-10, 0, 10], span: 0 } }],
  ['no segments', { kind: 'step-and-shoot', segments: 0 }],
  ['an unknown leaf bank', { kind: 'step-and-shoot', mlc: 'none such' }],
])('%s is refused', (_, delivery) => {
  expect(() => caseOf({ delivery } as unknown as Imrt)).toThrow('imrt.delivery');
});
