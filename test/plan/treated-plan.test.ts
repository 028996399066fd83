/** An RTPLAN computed anew: laws of its dose, what angles and positions mean, what is refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isRespineError } from '../../src/core/errors.js';
import type { ControlPoint, TreatmentBeam, TreatmentPlan } from '../../src/io/dicom/treatment-plan.js';
import { readTreatmentPlan } from '../../src/io/dicom/treatment-plan-read.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { computeFields } from '../../src/plan/field/field-dose.js';
import { computeTreatment, type PlanDose } from '../../src/plan/field/plan-dose.js';
import { type TreatmentChoice, treatPlan } from '../../src/plan/field/treated-plan.js';
import { parseFields } from '../../src/plan/input/fields-file.js';
import { rawBeam, rawGroup, rawPlan } from '../io/dicom/raw-plan.js';
import { hasShared, noteSkipped, shared } from '../shared.js';

/** Water with something of bone on one side, so that no turn of it is like another. */
const phantom = parsePhantom({
  name: 'cube',
  description: 'Water with a bone.',
  length: 140,
  air: 10,
  parts: [
    {
      name: 'External',
      material: 'water',
      role: 'external',
      shape: { kind: 'box', center: [0, 0, 0], size: [160, 160, 140] },
    },
    {
      name: 'Bone',
      material: 'cortical',
      role: 'organ',
      shape: { kind: 'box', center: [40, -30, 20], size: [30, 20, 40] },
    },
  ],
});
const water = parsePhantom({ ...phantom, parts: phantom.parts.slice(0, 1) });
const patient = buildPhantom(phantom, { spacing: [10, 10, 10] });
const plain = buildPhantom(water, { spacing: [10, 10, 10] });

/** Wide enough for every point of the worked cases. */
const pool = buildPhantom(
  parsePhantom({
    ...phantom,
    length: 700,
    parts: [{ ...phantom.parts[0], shape: { kind: 'box', center: [0, 0, 0], size: [700, 700, 700] } }],
  }),
  { spacing: [20, 20, 20] },
);

type Change = Partial<ControlPoint>;
const base = readTreatmentPlan(rawPlan());

/** A plan of one beam with these control points; what they leave out is that of the raw plan's. */
function planOf(points: readonly Change[], beam: Partial<TreatmentBeam> = {}): TreatmentPlan {
  const [own] = base.beams;
  const [first] = own!.controlPoints;
  let last: ControlPoint = { ...first!, collimator: 0, couch: 0, gantry: 0 };
  const controlPoints = points.map((change, p) => {
    last = { ...last, weight: p / (points.length - 1), ...change };
    return last;
  });
  return { ...base, beams: [{ ...own!, ...beam, controlPoints }] };
}

const still = (change: Change = {}, beam: Partial<TreatmentBeam> = {}): TreatmentPlan => planOf([change, {}], beam);

function doseOf(plan: TreatmentPlan, choice: TreatmentChoice = {}, of = patient): PlanDose {
  return computeTreatment(
    { ...of, frameOfReferenceUid: '1.2.9' },
    treatPlan(plan, artiste6mv, 'HFS', choice),
    artiste6mv,
  );
}

const data = (plan: TreatmentPlan, choice?: TreatmentChoice, of = patient): Float32Array =>
  doseOf(plan, choice, of).dose.data;

/** Largest difference in parts of the maximum. */
function difference(a: Float32Array, b: Float32Array): number {
  const maximum = a.reduce((most, d) => Math.max(most, d), 0);
  return a.reduce((most, d, i) => Math.max(most, Math.abs(d - b[i]!)), 0) / maximum;
}

const leaves = (...pairs: [number, number][]): ReadonlyMap<string, readonly number[]> =>
  new Map([
    ['ASYMX', [-30, 30]],
    ['ASYMY', [-20, 20]],
    ['MLCX', [...pairs.map(([a]) => a), ...pairs.map(([, b]) => b)]],
  ]);
const A = leaves([-20, 10], [-12, 8], [-10, 25], [0, 0]);
const B = leaves([-5, 28], [-12, 12], [-10, 0], [-25, 5]);

test('an open aperture gives what FIELDS.json gives for it, to the last bit, times its fractions', () => {
  const plan = still({ positions: A, gantry: 40, collimator: 10, couch: 350 });
  const aperture = {
    bank: { boundaries: [-20, -10, 0, 10, 20] },
    leaves: [
      [-20, 10],
      [-12, 8],
      [-10, 25],
      [0, 0],
    ],
    jaws: { x1: -30, x2: 30, y1: -20, y2: 20 },
  };
  const beam = { gantry: 40, collimator: 10, couch: 350, monitorUnits: 1000, aperture };
  const fields = parseFields({ patient: { phantom: 'water-box' }, isocenter: [1, 2, 3], fractions: 10, beams: [beam] });
  const expected = computeFields(patient, fields, artiste6mv);
  const result = doseOf(plan);
  expect(result.dose.data).toEqual(expected.dose.data);
  expect(result.dose).toMatchObject({ quantity: 'physical', fractions: 10 });
  expect(result.beams[0]!.isocenterDose).toBe(expected.beams[0]!.isocenterDose);
  expect(result.maximum).toEqual(expected.maximum);
});

describe('laws of the dose', () => {
  test('a control point that is parted in two with the same leaves changes nothing', () => {
    const parted = planOf([{ positions: A, gantry: 30 }, { weight: 0.3 }, { weight: 1 }]);
    expect(difference(data(still({ positions: A, gantry: 30 })), data(parted))).toBeLessThan(1e-6);
  });

  test('segments of one beam are the sum of beams with one segment each', () => {
    const steps = data(
      planOf([{ positions: A, weight: 0 }, { weight: 0.4 }, { positions: B, weight: 0.4 }, { weight: 1 }]),
    );
    const [a, b] = [data(still({ positions: A })), data(still({ positions: B }))];
    expect(
      difference(
        steps,
        a.map((d, i) => 0.4 * d + 0.6 * b[i]!),
      ),
    ).toBeLessThan(1e-4);
  });

  test('dose is proportional to fractions and monitor units', () => {
    const given = (units: string, fractions: string): Float32Array =>
      data(readTreatmentPlan(rawPlan([rawBeam(1)], [[0x300a0070, 'SQ', [rawGroup({ 1: units }, fractions)]]])));
    const once = given('100', '1');
    expect(
      difference(
        once.map((d) => 7 * d),
        given('100', '7'),
      ),
    ).toBeLessThan(1e-6);
    expect(
      difference(
        once.map((d) => 7 * d),
        given('350', '2'),
      ),
    ).toBeLessThan(1e-6);
  });

  test('the total is the sum over beams', () => {
    const two = readTreatmentPlan(rawPlan([rawBeam(1), rawBeam(2)]));
    const [one, other] = two.beams;
    const plan = {
      ...two,
      beams: [one!, { ...other!, controlPoints: still({ positions: B, gantry: 200 }).beams[0]!.controlPoints }],
    };
    const [a, b] = [data(plan, { beams: [1] }), data(plan, { beams: [2] })];
    expect(
      difference(
        data(plan),
        a.map((d, i) => d + b[i]!),
      ),
    ).toBeLessThan(1e-6);
  });

  test('a mirrored plan gives the mirrored dose', () => {
    const pose = { gantry: 40, collimator: 20, couch: 15, isocenter: [12, 2, 3] as const };
    const mirrored = new Map([...A].map(([type, v]) => [type, type === 'ASYMY' ? v : mirror(v)]));
    const other = { gantry: 320, collimator: 340, couch: 345, isocenter: [-12, 2, 3] as const };
    const a = data(still({ positions: A, ...pose }), {}, plain);
    const b = data(still({ positions: mirrored, ...other }), {}, plain);
    const [, , nx] = plain.density.grid.shape;
    const turned = b.map((_, i) => b[i - (i % nx) + nx - 1 - (i % nx)]!);
    expect(difference(a, turned)).toBeLessThan(1e-6);
    expect(difference(a, b)).toBeGreaterThan(0.1);
  });

  test('a sliding window is its still apertures on the average', () => {
    const slid = data(
      planOf([
        { positions: leaves([-30, -30], [-30, -25], [-20, -20], [0, 0]) },
        { positions: leaves([30, 30], [10, 28], [20, 25], [0, 0]) },
      ]),
    );
    const [from, to] = [
      [-30, -30, -30, -25, -20, -20],
      [30, 30, 10, 28, 20, 25],
    ];
    const count = 120;
    const at = (t: number) => from!.map((x, i) => x + t * (to![i]! - x));
    const points = Array.from({ length: count }, (_, s) => {
      const [a, b, c, d, e, f] = at((s + 0.5) / count);
      const positions = leaves([a!, b!], [c!, d!], [e!, f!], [0, 0]);
      return [
        { positions, weight: s / count },
        { positions, weight: (s + 1) / count },
      ];
    }).flat();
    expect(difference(slid, data(planOf(points)))).toBeLessThan(2e-3);
  });
});

const mirror = (v: readonly number[]): number[] =>
  [...v.slice(v.length / 2), ...v.slice(0, v.length / 2)].map((x) => 0 - x);

describe('angles are IEC 61217, and anatomy stays where it is in every patient position', () => {
  const pose = { gantry: 40, collimator: 20, couch: 0 };
  const asked = { HFS: pose, couched: { ...pose, couch: 15 } };
  const of = (change: Change, position = 'HFS'): Float32Array => data(still({ positions: A, ...change }, { position }));

  // From the axes of the positions: HFP is the half turn about the long axis, FFS that about the vertical one, and so on.
  test.each([
    ['HFP', { gantry: 220, collimator: 20, couch: 0 }, 'HFS'],
    ['HFP', { gantry: 220, collimator: 20, couch: 345 }, 'couched'],
    ['FFS', { gantry: 40, collimator: 20, couch: 180 }, 'HFS'],
    ['FFS', { gantry: 40, collimator: 20, couch: 195 }, 'couched'],
    ['FFP', { gantry: 220, collimator: 20, couch: 180 }, 'HFS'],
    ['FFP', { gantry: 220, collimator: 20, couch: 165 }, 'couched'],
    ['HFDR', { gantry: 310, collimator: 20, couch: 0 }, 'HFS'],
    ['HFDL', { gantry: 130, collimator: 20, couch: 0 }, 'HFS'],
  ] as const)('%s at %o', (position, change, as) => {
    expect(difference(of(asked[as]), of(change, position))).toBeLessThan(1e-6);
  });

  test('feet first on a side', () => {
    const across = { gantry: 130, collimator: 20, couch: 180 };
    expect(difference(of(across), of({ ...across, gantry: 40, couch: 0 }, 'FFDL'))).toBeLessThan(1e-6);
    expect(difference(of(across), of({ ...across, gantry: 220, couch: 0 }, 'FFDR'))).toBeLessThan(1e-6);
  });

  test('a couch of 180 degrees is the gantry on the other side with the collimator turned', () => {
    expect(difference(of({ ...pose, couch: 180 }), of({ gantry: 320, collimator: 200, couch: 0 }))).toBeLessThan(1e-6);
  });

  test('a collimator of 180 degrees mirrors jaws and leaves in both axes', () => {
    const ends = A.get('MLCX')!;
    const pairs = [0, 1, 2, 3].map((n): [number, number] => [0 - ends[7 - n]!, 0 - ends[3 - n]!]);
    expect(difference(of(pose), of({ ...pose, collimator: 200, positions: leaves(...pairs) }))).toBeLessThan(1e-6);
  });

  test('leaves along Y are leaves along X with the collimator turned by a quarter', () => {
    const ends = A.get('MLCX')!;
    const positions = new Map([
      ['ASYMX', [-20, 20]],
      ['ASYMY', [-30, 30]],
      ['MLCY', mirror(ends)],
    ]);
    const devices = base.beams[0]!.devices.map((device) =>
      device.type === 'MLCX' ? { ...device, type: 'MLCY' } : device,
    );
    const turned = data(still({ ...pose, collimator: 110, positions }, { devices }));
    expect(difference(of(pose), turned)).toBeLessThan(1e-6);
  });

  noteSkipped('worked cases of IEC 61217 on RTPLAN');
  test.runIf(hasShared)('worked cases: a narrow field around where a point is seen hits the point', () => {
    const { cases } = JSON.parse(readFileSync(shared('reference/geometry/iec61217_cases.json'), 'utf8')) as {
      cases: Record<string, unknown>[];
    };
    for (const one of cases) {
      const { at, pose: of, position, seen } = workedCase(one);
      const [u, v] = seen;
      const field = (x: number, y: number): TreatmentPlan => {
        const positions = new Map([
          ['ASYMX', [x - 4, x + 4]],
          ['ASYMY', [y - 4, y + 4]],
        ]);
        return still({ ...of, positions }, { position, devices: base.beams[0]!.devices.slice(0, 2) });
      };
      const doseAt = (plan: TreatmentPlan): number => {
        const treated = treatPlan(plan, artiste6mv, 'HFS');
        // A grid of one voxel at the point.
        const grid = { shape: [1, 1, 1], spacing: [1, 1, 1], origin: at } as const;
        return computeTreatment({ ...pool, frameOfReferenceUid: '1.2.9' }, treated, artiste6mv, { grid }).dose.data[0]!;
      };
      const hit = doseAt(field(u, v));
      for (const [x, y] of [
        [u + 12, v],
        [u, v - 12],
        [-u - 15, -v - 15],
      ] as const) {
        expect(doseAt(field(x, y)), JSON.stringify(one)).toBeLessThan(0.25 * hit);
      }
    }
  });
});

/** What a worked case says, by the names that its file has. */
function workedCase(one: Record<string, unknown>) {
  const number = (key: string): number => Number(one[key] ?? 0);
  return {
    at: one['patient_dicom_lps_mm'] as [number, number, number],
    position: (one['patient_position'] as string | undefined) ?? 'HFS',
    pose: {
      isocenter: one['isocenter_mm'] as [number, number, number],
      gantry: number('gantry_deg'),
      collimator: number('collimator_deg'),
      couch: number('patient_support_deg'),
    },
    seen: one['bev_at_iso_plane'] as [number, number],
  };
}

describe('an arc', () => {
  const arc = (from: number, to: number, turn: 'CW' | 'CC', change: Change = {}): TreatmentPlan =>
    planOf([{ positions: A, gantry: from, gantryTurn: turn, ...change }, { gantry: to }]);

  test('turns the way that the plan says, through zero', () => {
    const { beams } = doseOf(arc(350, 10, 'CW'), { arcStep: 5 });
    expect(beams[0]).toMatchObject({ kind: 'arc', monitorUnits: 1000 });
    expect(beams[0]!.fields.map(({ beam }) => beam.pose.gantry % 360)).toEqual([352.5, 357.5, 2.5, 7.5]);
    const long = treatPlan(arc(350, 10, 'CC'), artiste6mv, 'HFS', { arcStep: 34 }).beams[0]!.fields;
    expect(long.map(({ beam }) => Math.round(beam.pose.gantry))).toEqual([
      333, 299, 265, 231, 197, 163, 129, 95, 61, 27,
    ]);
  });

  test('of the couch and the collimator turns against the clock with rising angle, seen from above and from the source', () => {
    const plan = planOf([
      { positions: A, couch: 10, couchTurn: 'CC', collimator: 40, collimatorTurn: 'CW' },
      { couch: 20, collimator: 30 },
    ]);
    const poses = treatPlan(plan, artiste6mv, 'HFS', { arcStep: 5 }).beams[0]!.fields.map(({ beam }) => beam.pose);
    expect(poses).toMatchObject([
      { couch: 12.5, collimator: 37.5 },
      { couch: 17.5, collimator: 32.5 },
    ]);
  });

  test('comes nearer to the dose of many beams with the square of the step', () => {
    const plan = arc(340, 20, 'CW');
    const fine = data(plan, { arcStep: 0.5 });
    const off = [8, 4, 2].map((arcStep) => difference(fine, data(plan, { arcStep })));
    expect(off[2]).toBeLessThan(2e-3);
    expect(off[0]! / off[1]!).toBeGreaterThan(2.5);
    expect(off[1]! / off[2]!).toBeGreaterThan(2.5);
  });

  test('that is parted into control points is the same arc', () => {
    const parted = planOf([{ positions: A, gantry: 350, gantryTurn: 'CW' }, { gantry: 0 }, { gantry: 10 }]);
    expect(difference(data(arc(350, 10, 'CW')), data(parted))).toBeLessThan(1e-6);
  });

  test('of many control points is as many beams as its angle asks for, at the mean of their monitor units', () => {
    const many = planOf(
      Array.from(
        { length: 41 },
        (_, p): Change => ({ gantry: 350 + p / 2 - (p > 20 ? 360 : 0), gantryTurn: 'CW', positions: A }),
      ),
    );
    const few = arc(350, 10, 'CW');
    const poses = treatPlan(many, artiste6mv, 'HFS').beams[0]!.fields.map(
      ({ beam }) => Math.round(beam.pose.gantry) % 360,
    );
    expect(poses).toEqual(treatPlan(few, artiste6mv, 'HFS').beams[0]!.fields.map(({ beam }) => beam.pose.gantry % 360));
    expect(difference(data(few), data(many))).toBeLessThan(1e-5);
    // All monitor units in the first half of a step are given at its quarter.
    const early = planOf([
      { gantry: 10, gantryTurn: 'CW', positions: A },
      { gantry: 11, weight: 1 },
      { gantry: 12, weight: 1 },
    ]);
    expect(treatPlan(early, artiste6mv, 'HFS').beams[0]!.fields.map(({ beam }) => beam.pose.gantry)).toEqual([10.5]);
  });

  test('moves its leaves as it turns', () => {
    const moved = planOf([
      { positions: A, gantry: 0, gantryTurn: 'CW' },
      { gantry: 4, positions: B },
    ]);
    const { fields } = treatPlan(moved, artiste6mv, 'HFS').beams[0]!;
    expect(fields).toHaveLength(2);
    const fine = data(moved, { arcStep: 0.25 });
    const off = [2, 1].map((arcStep) => difference(fine, data(moved, { arcStep })));
    // Leaves of 4.5 mm per degree, without other parts of an arc to even it out.
    expect(off[0]).toBeLessThan(0.02);
    expect(off[0]! / off[1]!).toBeGreaterThan(2.5);
    expect(difference(data(planOf([{ positions: A, gantry: 2 }, {}])), data(moved))).toBeGreaterThan(0.2);
  });
});

describe('what would be wrong is refused, in one sentence that names the beam', () => {
  const treated = (plan: TreatmentPlan, choice?: TreatmentChoice) => treatPlan(plan, artiste6mv, 'HFS', choice);
  const [own] = base.beams;
  const [first] = own!.controlPoints;
  const group = base.fractionGroups[0]!;
  const grouped = (change: object): TreatmentPlan => ({
    ...still({ positions: A }),
    fractionGroups: [{ ...group, ...change }],
  });
  const units = (meterset: number | undefined): TreatmentPlan => grouped({ beams: [{ beam: 1, meterset }] });

  test.each<[string, () => unknown, string]>([
    [
      'electrons',
      () => treated(still({}, { radiation: 'ELECTRON' })),
      'beam 1 (Field 1): it is of radiation ELECTRON, but respine computes photons',
    ],
    [
      'a wedge',
      () => treated(still({}, { accessories: ['wedge W30 of 30 degrees', 'bolus 1'] })),
      'wedge W30 of 30 degrees, bolus 1 in the beam, which respine does not compute',
    ],
    ['minutes', () => treated(still({}, { unit: 'MINUTE' })), 'its meterset is in MINUTE'],
    [
      'another distance',
      () => treated(still({}, { sad: 800 })),
      'its source-axis distance is 800 mm, but that of machine artiste-6mv is 1000 mm',
    ],
    [
      'two layers of leaves',
      () =>
        treated(
          still(
            {},
            {
              devices: [
                { type: 'MLCX1', pairs: 4 },
                { type: 'MLCX2', pairs: 4 },
              ],
            },
          ),
        ),
      'its leaves are MLCX1 and MLCX2',
    ],
    ['nothing that limits', () => treated(still({}, { devices: [] })), 'it has neither jaws nor leaves'],
    [
      'leaves without positions',
      () => treated(still({ positions: new Map([...A].slice(0, 2)) })),
      'control point 0: MLCX has no LeafJawPositions',
    ],
    [
      'leaves that overlap',
      () => treated(still({ positions: leaves([0, 5], [3, 2], [0, 0], [0, 0]) })),
      'beam 1 (Field 1): control point 0: leaf pair 2 overlaps, its leaves stand at 3 and 2 mm',
    ],
    [
      'closed jaws',
      () => treated(still({ positions: new Map([...A, ['ASYMX', [5, 5]]]) })),
      'the X jaws stand at 5 and 5 mm',
    ],
    [
      'leaves in another unit',
      () => treated(still({ positions: leaves([-4000, 1], [0, 0], [0, 0], [0, 0]) })),
      'the leaves reach 300 mm from the axis',
    ],
    [
      'one control point',
      () => treated({ ...base, beams: [{ ...own!, controlPoints: [first!] }] }),
      'it has 1 control points',
    ],
    [
      'no isocentre',
      () => treated(still({ isocenter: undefined })),
      'its first control point has no IsocenterPosition',
    ],
    [
      'weights that end early',
      () => treated(still({}, { finalWeight: 2 })),
      'its cumulative meterset weights run from 0 to 1, but must run from 0 to FinalCumulativeMetersetWeight, 2',
    ],
    [
      'a tilted table',
      () => treated(still({ tilts: { ...first!.tilts, pitch: 2 } })),
      'control point 0: a table top pitch of 2 degrees is not computed',
    ],
    [
      'a turn without a direction',
      () => treated(planOf([{ positions: A, gantry: 0 }, { gantry: 30 }])),
      'control point 0: the gantry goes from 0 to 30 degrees while the beam is on, but its rotation direction is NONE',
    ],
    ['a whole turn or none', () => treated(planOf([{ positions: A, gantryTurn: 'CW' }, {}])), 'a whole turn or none'],
    ['no monitor units', () => treated(units(undefined)), 'beam 1 (Field 1): BeamMeterset is missing'],
    ['zero monitor units', () => treated(units(0)), 'BeamMeterset is 0, but must be monitor units above 0'],
    ['no fractions', () => treated(grouped({ fractions: undefined })), 'NumberOfFractionsPlanned is missing'],
    ['half a fraction', () => treated(grouped({ fractions: 2.5 })), 'NumberOfFractionsPlanned is 2.5'],
    [
      'two groups',
      () => treated({ ...base, fractionGroups: [group, { ...group, number: 2 }] }),
      'Choose one with --group 1 or 2',
    ],
    ['a group that is not there', () => treated(base, { group: 4 }), 'the plan has no fraction group 4. Use one of 1'],
    ['no group', () => treated({ ...base, fractionGroups: [] }), 'the plan has no fraction group'],
    ['brachytherapy', () => treated({ ...base, fractionGroups: [{ ...group, brachySetups: 1 }] }), 'brachytherapy'],
    ['a beam that is not there', () => treated(base, { beams: [3] }), 'the plan has no beam 3. Use of 1'],
    ['setup alone', () => treated(still({}, { delivery: 'SETUP' })), 'no beam of the plan is left to compute'],
    ['a device', () => treated({ ...base, geometry: 'TREATMENT_DEVICE' }), 'geometry is TREATMENT_DEVICE'],
    [
      'another frame',
      () => doseOf({ ...still({ positions: A }), frameOfReferenceUid: '1.2.8' }),
      'the plan lies in the frame of reference 1.2.8, but the CT in 1.2.9',
    ],
    [
      'an isocentre that flies off',
      () => treated(planOf([{ positions: A }, { isocenter: [0, 0, 1e9] }])),
      'control point 1: its isocentre lies 1.000e+9 mm from that of the first',
    ],
    [
      'an isocentre of another patient',
      () => doseOf(still({ positions: A, isocenter: [0, 0, 2000] })),
      'mm lies 1.93 m from the CT',
    ],
  ])('%s', (_, act, message) => {
    let told = 'nothing was refused';
    try {
      act();
    } catch (error) {
      told = String((error as Error).message);
    }
    expect(told).toContain(message);
    expect(told.length).toBeLessThanOrEqual(400);
  });

  test('what does not matter is passed over with a note', () => {
    const two = {
      ...base,
      beams: [
        still({ positions: A }).beams[0]!,
        { ...own!, number: 2, name: 'CBCT', delivery: 'SETUP' },
        { ...own!, number: 3, name: 'spare' },
      ],
    };
    const { beams, notes } = treated(two);
    expect(beams).toHaveLength(1);
    expect(notes).toEqual(
      expect.arrayContaining([
        'Beam 2 (CBCT) is of delivery type SETUP and is passed over.',
        'Beam 3 (spare) is not in fraction group 1 and is passed over.',
      ]),
    );
  });

  test('another energy, a fluence mode, another position and the transmission are said', () => {
    const { notes } = treated(still({ positions: A, energy: 10 }, { fluenceMode: 'FFF', position: 'HFP' }));
    expect(notes.join('\n')).toMatch(/it is of 10 MV and is computed as 6 MV of artiste-6mv/);
    expect(notes.join('\n')).toMatch(/its fluence mode is FFF/);
    expect(notes.join('\n')).toMatch(/treats the patient HFP, the CT was taken HFS/);
    expect(notes.join('\n')).toMatch(
      /Leaf transmission 0: an RTPLAN does not tell it, and no built-in leaf bank has these leaf boundaries/,
    );
  });

  test('leaves transmit what the one bank with their boundaries does, or what is given', () => {
    const boundaries = Array.from({ length: 61 }, (_, n) =>
      n <= 10 ? -200 + 10 * n : n <= 50 ? -100 + 5 * (n - 10) : 100 + 10 * (n - 50),
    );
    const devices = [...own!.devices.slice(0, 2), { type: 'MLCX', pairs: 60, boundaries }];
    const positions = new Map([...A, ['MLCX', [...Array(60).fill(-10), ...Array(60).fill(10)]]]);
    const plan = still({ positions }, { devices });
    const { beams, notes } = treated(plan);
    expect(beams[0]!.collimator.transmission).toEqual({ jaws: 0, leaves: 0.015 });
    expect(notes).toContain('Leaf transmission 1.5 % of millennium-120, whose leaf boundaries these are.');
    const given = treated(plan, { transmission: { leaves: 0.03, jaws: 0.01 } });
    expect(given.beams[0]!.collimator.transmission).toEqual({ jaws: 0.01, leaves: 0.03 });
  });
});

test('bytes that are changed at random give fields or one sentence, never anything else', () => {
  const { bytes } = rawPlan([rawBeam(1), rawBeam(2)]);
  let state = 20261130;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let computed = 0;
  let refused = 0;
  for (let n = 0; n < 400; n++) {
    const changed = Uint8Array.from(bytes);
    for (let k = random(5); k >= 0; k--)
      changed[random(changed.length)] = random(2) === 0 ? 48 + random(10) : random(256);
    try {
      const file = { name: 'RP.dcm', bytes: n % 10 === 0 ? changed.subarray(0, random(changed.length)) : changed };
      const { beams } = treatPlan(readTreatmentPlan(file), artiste6mv, 'HFS');
      const weights = beams.flatMap(({ fields }) => fields.flatMap(({ fluence }) => [...fluence.weights]));
      expect(weights.every((w) => w >= 0 && w < 1e9)).toBe(true);
      computed++;
    } catch (error) {
      if (!isRespineError(error)) throw error;
      expect(error.message.length).toBeLessThanOrEqual(400);
      refused++;
    }
  }
  expect(computed).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(100);
});
