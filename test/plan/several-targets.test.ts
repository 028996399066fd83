/** Several targets: each is asked for its own dose, a voxel belongs to one, and one target more of the same dose is no target more. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Vec3 } from '../../src/geometry/grid.js';
import { uniteStructures } from '../../src/geometry/margin.js';
import { box, ellipsoid } from '../../src/geometry/shape.js';
import type { Structure } from '../../src/geometry/structure.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { resolveOverlap } from '../../src/optimize/overlap.js';
import { parseConstraint } from '../../src/plan/asked/asked-constraint.js';
import { defaultGoals } from '../../src/plan/evaluation/evaluate-plan.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { modelPatient, type PatientModel } from '../../src/plan/patient/patient-model.js';
import { posePlanningProblem } from '../../src/plan/problem/planning-problem.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';
import { optimise, type PlanningResult, recordsOf, remakePlan, runPlan } from '../../src/plan/run-plan.js';
import { askedInFull } from '../../src/report/asked-in-full.js';
import { planPictures } from '../../src/report/plan-figures.js';
import { planDetails, planReport } from '../../src/report/plan-report.js';
import { summary } from '../../src/report/plan-summary.js';
import { words } from './read-figure.js';
import { spine } from './spine.js';

const solid = (name: string, shape: ReturnType<typeof ellipsoid>): Structure => ({
  name,
  role: 'target',
  shape: { kind: 'solid', solid: shape },
});
const at = (center: Vec3, radius: number, name: string): Structure =>
  solid(name, ellipsoid(center, [radius, radius, radius]));
const base = spine({ spacing: 6, parameters: { length: 90 } });
// In the body of the vertebra, well inside the PTV; two that lie apart in front of it; one that the PTV cuts.
const boost = at([4, -28, 0], 8, 'GTV_4400');
const [above, below] = [at([0, -70, 24], 12, 'Above'), at([0, -70, -16], 10, 'Below')];
const both = uniteStructures([above, below], 'Both');
const apart = at([0, -40, 24], 14, 'VB_T07');
const inner = at([4, -28, 0], 4, 'Inner');
const patient = { ...base, structures: [...base.structures, boost, above, below, both, apart, inner] };
const caseOf = (more: Partial<PlanCaseInput> = {}) =>
  parseCase({
    patient: { phantom: 'spine-t8', parameters: { length: 90 } },
    doseGrid: { spacing: [6, 6, 6], planning: 100 },
    prior: null,
    // What is asked for holds in whatever dose; this one is the fastest.
    doseModel: { heterogeneity: 'depth', medium: 'engine' },
    imrt: { delivery: 'fluence', beams: 'posterior-5', beamlet: 9 },
    ...more,
  });
const jobOf = (more: Partial<PlanCaseInput> = {}) => ({ patient, case: caseOf(more), machine: artiste6mv });
/** Made once for every case: nothing changes a model. */
const models = new Map<string, PatientModel>();
const modelOf = (more: Partial<PlanCaseInput> = {}): PatientModel => {
  const key = JSON.stringify(more);
  const model = models.get(key) ?? modelPatient(patient, caseOf(more));
  models.set(key, model);
  return model;
};
afterAll(() => {
  for (const { bodyDose } of models.values()) bodyDose.close();
});
const boosted = { targets: [{ structure: 'GTV_4400', dose: 44 }] };

/** What a case's objectives say of a dose, which is a function of place. */
function objectiveOf(more: Partial<PlanCaseInput>, scale = 1): number {
  const planCase = caseOf(more);
  const voxels = choosePlanningVoxels(modelOf(more), [], planCase);
  const dose = Float64Array.from({ length: voxels.points.length / 3 }, (_, row) => {
    const [x, y, z] = voxels.points.subarray(3 * row, 3 * row + 3) as unknown as Vec3;
    return scale * (36 + 6 * Math.sin(x / 7) + 5 * Math.cos(y / 9 + z / 11));
  });
  const { objectives } = posePlanningProblem(voxels, planCase, 'cord');
  return objectives.reduce((sum, own) => sum + own.evaluate(dose, new Float64Array(dose.length)), 0);
}

describe('laws', () => {
  test('a target in another of the same dose changes nothing that is asked for', () => {
    const one = objectiveOf({});
    expect(objectiveOf({ targets: [{ structure: 'GTV_4400', dose: 39.6 }] })).toBeCloseTo(one, 6);
    expect(Math.abs(objectiveOf(boosted) / one - 1)).toBeGreaterThan(0.01);
  });

  test('two that lie apart are their union, where they are asked for one dose', () => {
    const union = objectiveOf({ target: 'Both' });
    const two = objectiveOf({ target: 'Above', targets: [{ structure: 'Below', dose: 39.6 }] });
    expect(Math.abs(two / union - 1)).toBeLessThan(1e-3);
    expect(Math.abs(objectiveOf({ target: 'Above' }) / union - 1)).toBeGreaterThan(0.05);
  });

  test('what is asked for scales with all doses: squares with the square, where no mean is among them', () => {
    const objectives: PlanCaseInput['objectives'] = [
      { structure: 'Targets', kind: 'deviation', dose: '100%', isLevel: true, weight: 100 },
      { structure: 'Targets', kind: 'underdose', dose: '97%', isLevel: true, weight: 100 },
      { kind: 'fall-off', weight: 60 },
    ];
    const of = (k: number) =>
      objectiveOf(
        {
          objectives,
          prescription: { dose: 39.6 * k, fractions: 22 },
          targets: [
            { structure: 'GTV_4400', dose: 44 * k },
            { structure: 'VB_T07', dose: 36 * k },
          ],
        },
        k,
      );
    expect(of(1.5) / of(1)).toBeCloseTo(2.25, 9);
  });

  test('one more target makes no voxel farther, and inside the first changes nothing around it', () => {
    const [one, inside, outside] = [
      modelOf(),
      modelOf({ targets: [{ structure: 'Inner', dose: 44 }] }),
      modelOf({ targets: [{ structure: 'VB_T07', dose: 30 }] }),
    ];
    expect(inside.targetDistance()).toEqual(one.targetDistance());
    let [nearer, farther] = [0, 0];
    const before = one.targetDistance();
    outside.targetDistance().forEach((distance, voxel) => {
      if (distance > before[voxel]!) farther++;
      if (distance < before[voxel]!) nearer++;
    });
    expect(farther).toBe(0);
    expect(nearer).toBeGreaterThan(100);
    // The fall-off begins at what the nearest target is asked for.
    const { tissue } = choosePlanningVoxels(outside);
    const known = new Set(tissue.dose);
    expect([...known].sort()).toEqual([30, 39.6]);
    expect(new Set(choosePlanningVoxels(inside).tissue.dose)).toEqual(new Set([39.6]));
    expect(inside.isocenter).toEqual(one.isocenter);
  });

  test('of every voxel the targets own what their union fills, each no more than it holds', () => {
    const model = modelOf({
      targets: [
        { structure: 'GTV_4400', dose: 44 },
        { structure: 'VB_T07', dose: 42 },
      ],
    });
    const { several } = model;
    let [off, most, least] = [0, 0, 0];
    several!.mask.data.forEach((fraction, voxel) => {
      const { held, owned } = several!.fractionsOf(voxel);
      owned.forEach((own, t) => {
        most = Math.max(most, own - held[t]!);
        least = Math.min(least, own);
      });
      off = Math.max(off, Math.abs(owned.reduce((a, b) => a + b, 0) - fraction));
    });
    expect(off).toBeLessThan(1e-6);
    expect(most).toBeLessThan(1e-6);
    expect(least).toBe(0);
  });

  test('voxels that targets fill belong to whom resolveOverlap gives them, by dose or by the order of overlap', () => {
    const model = modelOf(boosted);
    const { targets } = choosePlanningVoxels(model);
    const held = choosePlanningVoxels(model, [], {
      constraints: [],
      priorities: [],
      objectives: 'spine-default',
      overlap: ['PTV_3960', 'GTV_4400'],
    } as never);
    const names = ['GTV_4400', 'PTV_3960'];
    const sets = names.map((name, n) => ({ name, set: held.structures.get(name)!, priority: n }));
    const { sets: resolved, taken } = resolveOverlap(sets, 'priority');
    expect(taken).toEqual([{ from: 'PTV_3960', by: 'GTV_4400', voxels: expect.any(Number) }]);
    // PTV keeps part of the voxels on the surface of the boost, by the part that it has of them.
    const kept = [...resolved[1]!.rows];
    expect(kept.every((row) => targets!.get('PTV_3960')!.rows.includes(row))).toBe(true);
    expect(targets!.get('GTV_4400')!.rows).toEqual(resolved[0]!.rows);
    const shared = targets!.get('PTV_3960')!.rows.filter((row) => !kept.includes(row));
    const boostOf = new Map(Array.from(resolved[0]!.rows, (row, q) => [row, resolved[0]!.volumes[q]!]));
    for (const row of shared) expect(boostOf.get(row)).toBeLessThan(1);
    // The other way round nothing of the boost is left.
    expect(() => modelOf({ ...boosted, overlap: ['PTV_3960', 'GTV_4400'] })).toThrow(
      /nothing of GTV_4400 \(44 Gy\) is left to it, as PTV_3960 \(39.6 Gy\) holds all of it/,
    );
  });
});

describe('plans', () => {
  let result: PlanningResult;
  /** Of one target. */
  let single: PlanningResult;
  beforeAll(() => {
    result = runPlan(jobOf(boosted));
    single = optimise(jobOf());
  }, 240_000);

  const medianOf = (of: PlanningResult, name: string, p = 0): number =>
    of.plans[p]!.structures.find((own) => own.name === name)!.metrics['D50%[Gy]']!;

  test('a boost inside the target: both medians within 1 %, the cap held, the proof as good as without', () => {
    const [, imrt] = result.plans;
    const { certificate, status } = imrt!.plan.solution;
    expect(status).toBe('reached');
    expect(certificate.gap).toBeLessThan(0.01);
    expect(Math.abs(medianOf(result, 'PTV_3960', 1) / 39.6 - 1)).toBeLessThan(2e-3);
    expect(Math.abs(medianOf(result, 'GTV_4400', 1) / 44 - 1)).toBeLessThan(0.01);
    expect(imrt!.dvhs.get('SpinalCord')!.max).toBeLessThanOrEqual(29.8 * (1 + 1e-6));
    const [main, other] = imrt!.targets!;
    expect(main).toMatchObject({ structure: 'PTV_3960', dose: 39.6, to: 'D50', isOff: false });
    expect(other).toMatchObject({ structure: 'GTV_4400', dose: 44, to: 'D50', isOff: false });
    expect(other!.reached).toBe(medianOf(result, 'GTV_4400', 1));
    // Percent of dose is of a target's own: V95% of the boost is of 41.8 Gy.
    const { volumeCc } = imrt!.dvhs.get('GTV_4400')!;
    const v95 = imrt!.structures.find(({ name }) => name === 'GTV_4400')!.metrics['V95%[%]']!;
    const goal = imrt!.goals.find(({ goal: text }) => text === 'GTV_4400 V95% >= 90%')!;
    expect(goal.value).toBe(v95);
    expect(volumeCc).toBeGreaterThan(2);
  });

  test('few open fields give no boost, and the result says so', () => {
    const [fcrt] = result.plans;
    expect(fcrt!.targets![1]!.isOff).toBe(true);
    const report = planReport(result, { version: '0', inputs: {} }) as never as {
      plans: { warning?: string; targets: { structure: string; percent: number; isOff: boolean }[] }[];
      notes: string[];
    };
    expect(report.plans[0]!.warning).toMatch(/GTV_4400 is asked for 44 Gy \(D50\) and is \d+\.\d % below/);
    expect(report.plans[1]!.warning ?? '').not.toMatch(/GTV_4400/);
    expect(report.plans[1]!.targets.map(({ structure }) => structure)).toEqual(['PTV_3960', 'GTV_4400']);
    expect(report.notes.join()).toMatch(/GTV_4400 owns 2\.\d+ cc of PTV_3960: 44 Gy are asked for there, not 39.6 Gy/);
    expect(planDetails(result)).toMatch(/GTV_4400 D50: \d+\.\d+ Gy of 44 Gy, \d+\.\d % below/);
  });

  test('one screen still, and the pictures show every target', () => {
    const lines = summary(result).trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(30);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines.join('\n')).toMatch(/GTV_4400: 44 Gy D50 +\d+\.\d+ Gy, OFF +4[34]\.\d+ Gy/);
    const pictures = planPictures(result);
    const saidIn = (name: string): string[] => words(pictures.get(name) as string).map((own) => own.text);
    expect(saidIn('dvh')).toContain('GTV_4400 44 Gy');
    expect(saidIn('field_imrt_01')).toContain('GTV_4400');
  });

  test('the record makes the same plan again, bit for bit', () => {
    const again = remakePlan(jobOf(boosted), recordsOf(result));
    again.plans.forEach(({ plan, targets }, p) => {
      expect(plan.dose.data).toEqual(result.plans[p]!.plan.dose.data);
      expect(targets).toEqual(result.plans[p]!.targets);
    });
  });

  test('no further target is the plan without, to the last bit; so is the order of several', {
    timeout: 240_000,
  }, () => {
    const doseOf = (more: Partial<PlanCaseInput>) => optimise(jobOf(more)).plans[0]!.plan.dose.data;
    expect(doseOf({ targets: [] })).toEqual(single.plans[0]!.plan.dose.data);
    const [a, b] = [
      { structure: 'GTV_4400', dose: 44 },
      { structure: 'VB_T07', dose: 36 },
    ] as const;
    const some = optimise(jobOf({ targets: [a, b] }));
    expect(doseOf({ targets: [b, a] })).toEqual(some.plans[0]!.plan.dose.data);
    // Beams cover all of them, so that the one outside the first has its dose too.
    expect(Math.abs(medianOf(some, 'VB_T07') / 36 - 1)).toBeLessThan(0.02);
  });

  test('a target of the same dose inside is the plan without, to within the gaps', { timeout: 240_000 }, () => {
    const [one, two] = [single, optimise(jobOf({ targets: [{ structure: 'GTV_4400', dose: 39.6 }] }))];
    const [a, b] = [one, two].map(({ plans }) => plans[0]!.plan.solution.certificate);
    expect(b!.value).toBeGreaterThan(a!.lowerBound! * (1 - 1e-3));
    expect(a!.value).toBeGreaterThan(b!.lowerBound! * (1 - 1e-3));
    const d = (of: PlanningResult) => of.plans[0]!.structures.find(({ name }) => name === 'PTV_3960')!.metrics;
    expect(Math.abs(d(one)['D95%[Gy]']! - d(two)['D95%[Gy]']!)).toBeLessThan(0.2);
  });

  test('two vertebrae on a coarse dose grid: both are on the planning grid, both medians within 1 %', {
    timeout: 240_000,
  }, () => {
    const two = optimise(
      jobOf({
        target: 'Above',
        targets: [{ structure: 'Below', dose: 36 }],
        doseGrid: { spacing: [6, 6, 6], planning: 4 },
        cordCap: 40,
      }),
    );
    expect(two.model.fine).toBeDefined();
    expect(Math.abs(medianOf(two, 'Above') / 39.6 - 1)).toBeLessThan(3e-3);
    expect(Math.abs(medianOf(two, 'Below') / 36 - 1)).toBeLessThan(0.01);
    expect(two.plans[0]!.plan.solution.certificate.gap).toBeLessThan(0.01);
    // The isocentre is the centre of both.
    const { isocenter } = two.model;
    expect(isocenter[2]).toBeGreaterThan(4);
    expect(isocenter[2]).toBeLessThan(20);
    // The indices are of both in one.
    expect(two.plans[0]!.conformity.targetVolume).toBeCloseTo(
      two.plans[0]!.dvhs.get('Above')!.volumeCc + two.plans[0]!.dvhs.get('Below')!.volumeCc,
      1,
    );
  });
});

describe('what is in percent', () => {
  const planCase = caseOf(boosted);

  test('of a constraint is of the target that it is on', () => {
    const course = { dose: 39.6, fractions: 22, doseIn: (name: string) => (name === 'GTV_4400' ? 44 : 39.6) };
    expect(parseConstraint('GTV_4400 D98% >= 90%', course).dose).toBeCloseTo(39.6, 12);
    expect(parseConstraint('PTV_3960 D98% >= 90%', course).dose).toBeCloseTo(35.64, 12);
    expect(parseConstraint('GTV_4400 V95% >= 90%', course).dose).toBeCloseTo(41.8, 12);
  });

  test('of the goals of a case that names none covers every target; a hot spot is one beside the highest dose', () => {
    expect(defaultGoals(modelOf(boosted), planCase).slice(2)).toEqual([
      'PTV_3960 V95% >= 90%',
      'PTV_3960 D95% >= 95%',
      'PTV_3960 D2% <= 47.08Gy',
      'GTV_4400 V95% >= 90%',
      'GTV_4400 D95% >= 95%',
      'GTV_4400 D2% <= 107%',
    ]);
  });

  test('of the template in full is of all targets, by one name', () => {
    const { imrt } = askedInFull(planCase);
    const listed = imrt.objectives as { structure: string }[];
    expect(listed.map(({ structure }) => structure)).toEqual(['Targets', 'Targets', 'Tissue', 'Tissue']);
    const written = objectiveOf({ ...boosted, objectives: listed as never });
    expect(written).toBe(objectiveOf(boosted));
  });
});

describe('what cannot be planned is one sentence', () => {
  const refused: [what: string, more: Partial<PlanCaseInput>, says: RegExp][] = [
    [
      'unknown',
      { targets: [{ structure: 'GTV_50', dose: 50 }] },
      /targets\.0 "GTV_50" is not a structure of .*It has /,
    ],
    [
      'the target',
      { targets: [{ structure: 'PTV_3960', dose: 44 }] },
      /targets\.0 is "PTV_3960", which is the case's target/,
    ],
    ['no dose', { targets: [{ structure: 'GTV_4400', dose: 0 }] }, /targets\.0\.dose: is 0 Gy, but must be > 0/],
    ['less than none', { targets: [{ structure: 'GTV_4400', dose: -2 }] }, /targets\.0\.dose: is -2 Gy/],
    ['in cGy', { targets: [{ structure: 'GTV_4400', dose: 4400 }] }, /at most 200 Gy, the total of the course/],
    [
      'of a fraction',
      { targets: [{ structure: 'GTV_4400', dose: 2 }] },
      /asks for 2 Gy, 0\.051 times the prescription of 39\.6 Gy/,
    ],
    [
      'twice',
      {
        targets: [
          { structure: 'GTV_4400', dose: 44 },
          { structure: 'GTV_4400', dose: 45 },
        ],
      },
      /names "GTV_4400" twice: give each target one dose/,
    ],
    [
      'nothing left',
      {
        targets: [
          { structure: 'GTV_4400', dose: 44 },
          { structure: 'Inner', dose: 42 },
        ],
      },
      /nothing of Inner \(42 Gy\) is left to it, as GTV_4400 \(44 Gy\) holds all of it\. Leave it out of targets/,
    ],
    [
      'nothing left of the target',
      { target: 'Inner', targets: [{ structure: 'GTV_4400', dose: 44 }] },
      /Let that be "target"/,
    ],
    [
      'a prescription that is another target’s',
      { target: 'Both', targets: [{ structure: 'Above', dose: 44 }] },
      /63 % of Both belong to targets of a higher dose, so that its D50 is a dose of theirs/,
    ],
    [
      'an order of some',
      {
        targets: [
          { structure: 'GTV_4400', dose: 44 },
          { structure: 'VB_T07', dose: 36 },
        ],
        overlap: ['PTV_3960', 'GTV_4400'],
      },
      /overlap orders PTV_3960 and GTV_4400, but not the target "VB_T07"/,
    ],
    [
      'coverage in scenarios',
      { ...boosted, imrt: { robust: { distance: 3, target: 'worst' } } },
      /imrt\.robust\.target is "worst", but of several targets/,
    ],
  ];
  test.each(refused)('%s', (_, more, says) => {
    const message = (() => {
      try {
        modelOf(more);
      } catch (error) {
        return (error as Error).message;
      }
      return 'nothing';
    })();
    expect(message).toMatch(says);
    expect(message.length).toBeLessThanOrEqual(400);
  });

  test('a target outside the body, and one without any volume', () => {
    const more = [at([0, -400, 0], 8, 'Off'), solid('Flat', box([0, -28, 0], [0.001, -27.9, 0.1]))];
    const odd = { ...patient, structures: [...patient.structures, ...more] };
    const of = (structure: string) => () => modelPatient(odd, caseOf({ targets: [{ structure, dose: 44 }] }));
    expect(of('Off')).toThrow(/only 0\.0 % of the target "Off"/);
    expect(of('Flat')).toThrow(/target "Flat"/);
  });
});
