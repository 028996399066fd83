/** RTPLAN as plain data: control points made whole, what is odd named, and the same again after writing. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TreatmentPlan } from '../../../src/io/dicom/treatment-plan.js';
import { readTreatmentPlan } from '../../../src/io/dicom/treatment-plan-read.js';
import { encodeTreatmentPlan, type WritablePlan } from '../../../src/io/dicom/treatment-plan-write.js';
import { hasShared, noteSkipped, shared } from '../../shared.js';
import { firstPoint, gone, lastPoint, leavesAt, over, position, rawBeam, rawGroup, rawPlan } from './raw-plan.js';

test('control points have what those before them said', () => {
  const middle = [
    [0x300a0112, 'IS', '1'],
    [0x300a0134, 'DS', '0.25'],
    [0x300a011a, 'SQ', [leavesAt([-5, 5], [-5, 5], [-5, 5], [-5, 5])]],
    [0x300a011e, 'DS', '42'],
    [0x300a011f, 'CS', 'CW'],
  ] as const;
  const { beams } = readTreatmentPlan(rawPlan([rawBeam(1, [firstPoint, middle, lastPoint])]));
  const [a, b, c] = beams[0]!.controlPoints;
  expect(a!.positions.get('MLCX')).toEqual([-10, -12, -10, 0, 10, 8, 15, 0]);
  expect(b).toMatchObject({
    weight: 0.25,
    gantry: 42,
    gantryTurn: 'CW',
    collimator: 10,
    couch: 350,
    energy: 6,
    isocenter: [1, 2, 3],
  });
  expect(b!.positions.get('ASYMX')).toEqual([-30, 30]);
  expect(b!.positions.get('MLCX')).toEqual([-5, -5, -5, -5, 5, 5, 5, 5]);
  expect(c).toEqual({ ...b, weight: 1 });
  expect(beams[0]).toMatchObject({
    number: 1,
    name: 'Field 1',
    machine: 'linac',
    sad: 1000,
    position: 'HFS',
    finalWeight: 1,
  });
  expect(beams[0]!.devices[2]).toEqual({ type: 'MLCX', pairs: 4, boundaries: [-20, -10, 0, 10, 20] });
});

test('what stands in a beam is named, and a wedge that stays outside is not', () => {
  const wedge = [
    [0x300a00d2, 'IS', '1'],
    [0x300a00d4, 'SH', 'W30'],
    [0x300a00d5, 'IS', '30'],
  ] as const;
  const at = (where: string) =>
    [
      [0x300a0118, 'CS', where],
      [0x300c00c0, 'IS', '1'],
    ] as const;
  const named = (...changes: Parameters<typeof over>[1]): readonly string[] =>
    readTreatmentPlan(rawPlan([over(rawBeam(1), changes)])).beams[0]!.accessories;
  const points = (where: string) => [over(firstPoint, [[0x300a0116, 'SQ', [at(where)]]]), lastPoint];
  expect(named()).toEqual([]);
  expect(named([0x300a00d1, 'SQ', [wedge]])).toEqual(['wedge W30 of 30 degrees']);
  expect(named([0x300a00d1, 'SQ', [wedge]], [0x300a0111, 'SQ', points('IN')])).toEqual(['wedge W30 of 30 degrees']);
  expect(named([0x300a00d1, 'SQ', [wedge]], [0x300a0111, 'SQ', points('OUT')])).toEqual([]);
  expect(named([0x300a00d0, 'IS', '1'])).toEqual(['wedge']);
  expect(named([0x300a00f0, 'IS', '2'], [0x300a00ed, 'IS', '1'], [0x300a00e0, 'IS', '1'])).toEqual([
    'compensator',
    'block',
    'bolus',
  ]);
  expect(named([0x300a0107, 'SQ', [[[0x300a0108, 'SH', 'A10']]]])).toEqual(['applicator A10']);
});

describe('a plan that is bad is refused in one sentence that names beam and element', () => {
  const point = (...changes: Parameters<typeof over>[1]) =>
    rawPlan([rawBeam(1, [over(firstPoint, changes), lastPoint])]);
  const leaves = (...items: Parameters<typeof over>[1][]) => point([0x300a011a, 'SQ', items]);
  test.each([
    [
      'too few positions',
      () => leaves(position('MLCX', [1, 2, 3])),
      'beam 1 (Field 1): control point 0: MLCX has 3 LeafJawPositions, but must have 8',
    ],
    [
      'a position that is no number',
      () => leaves(position('ASYMX', 'abc\\1')),
      'control point 0: position 1 of ASYMX is no number',
    ],
    ['NaN in words', () => leaves(position('ASYMX', 'NaN\\1')), 'position 1 of ASYMX is no number'],
    [
      'a device that is not there',
      () => leaves(position('MLCY', [1, 2])),
      'MLCY has positions, but BeamLimitingDeviceSequence does not know it',
    ],
    ['an angle that is no number', () => point([0x300a011e, 'DS', 'north']), 'GantryAngle is "north"'],
    ['an isocentre of two numbers', () => point([0x300a012c, 'DS', '1\\2']), 'IsocenterPosition is [1, 2]'],
    ['a turn of no sense', () => point([0x300a011f, 'CS', 'UP']), 'a rotation direction is "UP"'],
    [
      'weights that fall',
      () => rawPlan([rawBeam(1, [over(firstPoint, [[0x300a0134, 'DS', '2']]), lastPoint])]),
      'its cumulative meterset weight of 1 is less than the 2 before it',
    ],
    [
      'boundaries that fall',
      () =>
        rawPlan([
          over(rawBeam(1), [
            [
              0x300a00b6,
              'SQ',
              [
                [
                  [0x300a00b8, 'CS', 'MLCX'],
                  [0x300a00bc, 'IS', '1'],
                  [0x300a00be, 'DS', '5\\-5'],
                ],
              ],
            ],
          ]),
        ]),
      'boundary 2 of MLCX is -5 mm',
    ],
    [
      'too few boundaries',
      () =>
        rawPlan([
          over(rawBeam(1), [
            [
              0x300a00b6,
              'SQ',
              [
                [
                  [0x300a00b8, 'CS', 'MLCX'],
                  [0x300a00bc, 'IS', '4'],
                  [0x300a00be, 'DS', '-5\\5'],
                ],
              ],
            ],
          ]),
        ]),
      'MLCX has 4 leaf pairs and 2 LeafPositionBoundaries',
    ],
    ['no number', () => rawPlan([over(rawBeam(1), [gone(0x300a00c0)])]), 'beam 1 has no BeamNumber'],
    ['one number twice', () => rawPlan([rawBeam(1), rawBeam(1)]), 'two beams have the number 1'],
    ['no beam', () => rawPlan([]), 'the plan has no beam'],
    [
      'monitor units that are no number',
      () => rawPlan([rawBeam(1)], [[0x300a0070, 'SQ', [rawGroup({ 1: 'many' })]]]),
      'BeamMeterset of beam 1 is "many"',
    ],
    ['ions', () => rawPlan([rawBeam(1)], [[0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.481.8']]), 'protons or ions'],
    ['a CT', () => rawPlan([rawBeam(1)], [[0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2']]), 'is no RT plan'],
  ])('%s', (_, file, message) => {
    expect(() => readTreatmentPlan(file())).toThrow(message);
  });
});

const study = {
  attributes: { '00100010': 'Doe^Jane', '00100020': 'D1' },
  studyUid: '1.2.5',
  frameOfReferenceUid: '1.2.9',
};

/** Two beams, one of them with many control points that turn and move. */
function movingPlan(): WritablePlan {
  const base = readTreatmentPlan(rawPlan([rawBeam(1), rawBeam(2)]));
  const [one, two] = base.beams;
  const [first] = two!.controlPoints;
  const controlPoints = Array.from({ length: 65 }, (_, p) => ({
    ...first!,
    weight: p / 64,
    gantry: (300 + 2 * p) % 360,
    gantryTurn: 'CW' as const,
    positions: new Map([...first!.positions, ['MLCX', [-10 + p / 8, -12, -10, 0, 10 + p / 8, 8, 15 - p / 16, 0.125]]]),
  }));
  const {
    uid: _,
    intent: __,
    approval: ___,
    patientName: ____,
    patientId: _____,
    frameOfReferenceUid: ______,
    ...rest
  } = base;
  return {
    ...rest,
    structureSetUid: '1.2.7',
    beams: [
      { ...one!, transmission: { jaws: 0, leaves: 1 / 3 } },
      { ...two!, type: 'DYNAMIC', controlPoints },
    ],
  };
}

test('a plan is the same after it was written and read, and writing it twice gives the same bytes', () => {
  const plan = movingPlan();
  const { uid, file } = encodeTreatmentPlan(plan, study);
  expect(encodeTreatmentPlan(plan, study).file.bytes).toEqual(file.bytes);
  expect(encodeTreatmentPlan({ ...plan, label: 'other' }, study).uid).not.toBe(uid);
  const again = readTreatmentPlan(file);
  expect(again).toMatchObject({ uid, intent: 'RESEARCH', approval: 'UNAPPROVED' });
  expect(again.beams).toEqual(plan.beams);
  expect(again.fractionGroups).toEqual(plan.fractionGroups);
  expect(again).toMatchObject({ frameOfReferenceUid: '1.2.9', patientName: 'Doe^Jane', structureSetUid: '1.2.7' });
  // What changes is written, nothing else: 65 points of 4 leaf pairs.
  expect(file.bytes.length).toBeLessThan(65 * 250 + 4000);
});

test('what cannot be an open photon beam is not written', () => {
  const plan = movingPlan();
  const [one] = plan.beams;
  const refused = (change: object): string => {
    try {
      encodeTreatmentPlan({ ...plan, beams: [{ ...one!, ...change }] }, study);
      return 'written';
    } catch (error) {
      return String(error);
    }
  };
  expect(refused({ radiation: 'ELECTRON' })).toContain('beam 1 (ELECTRON) is not written');
  expect(refused({ accessories: ['wedge W30'] })).toContain('beam 1 (PHOTON, wedge W30) is not written');
});

/** Runs a tool over a file; undefined where the tool is not there. */
function toolOn(bytes: Uint8Array, command: string, args: readonly string[]): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'respine-rtplan-'));
  try {
    const file = join(folder, 'RP.dcm');
    writeFileSync(file, bytes);
    return execFileSync('/bin/sh', ['-c', `${command} ${args.join(' ')} ${file} 2>&1 || true`], { encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const has = (test: string, isLast = true): boolean => {
  try {
    execFileSync('/bin/sh', ['-c', test], { stdio: 'ignore' });
    return true;
  } catch {
    if (isLast) process.stdout.write(`skipped: a check of RTPLAN by others (needs: ${test})\n`);
    return false;
  }
};

test.runIf(has('command -v dciodvfy'))('dciodvfy finds no error in it', () => {
  const told = toolOn(encodeTreatmentPlan(movingPlan(), study).file.bytes, 'dciodvfy', ['-new'])!;
  expect(told).toContain('RTPlan');
  expect(told.match(/^Error.*$/gm) ?? []).toEqual([]);
});

const python = ['python3', '/usr/bin/python3'].find((name) =>
  has(`${name} -c "import pydicom"`, name === '/usr/bin/python3'),
);

test.runIf(python)('pydicom reads the same numbers', () => {
  const plan = movingPlan();
  const script = [
    'import sys,json,pydicom',
    'd=pydicom.dcmread(sys.argv[1])',
    'f=lambda x:[float(v) for v in x]',
    'print(json.dumps([[[float(c.CumulativeMetersetWeight), f(c.BeamLimitingDevicePositionSequence[-1].LeafJawPositions) if "BeamLimitingDevicePositionSequence" in c else None] for c in b.ControlPointSequence] for b in d.BeamSequence]))',
    'print(float(d.FractionGroupSequence[0].ReferencedBeamSequence[1].BeamMeterset), d.PlanIntent, d.ApprovalStatus)',
  ].join('\n');
  const folder = mkdtempSync(join(tmpdir(), 'respine-rtplan-'));
  writeFileSync(join(folder, 'read.py'), script);
  const told = toolOn(encodeTreatmentPlan(plan, study).file.bytes, python!, [join(folder, 'read.py')])!;
  rmSync(folder, { recursive: true });
  const [points, rest] = told.trim().split('\n').slice(-2);
  const read = JSON.parse(points!) as [number, number[] | null][][];
  for (const [b, beam] of plan.beams.entries()) {
    for (const [p, { weight, positions }] of beam.controlPoints.entries()) {
      const [w, leaves] = read[b]![p]!;
      expect(w).toBeCloseTo(weight, 9);
      for (const [i, x] of (leaves ?? []).entries()) expect(x).toBeCloseTo(positions.get('MLCX')![i]!, 9);
    }
  }
  expect(rest).toBe('100.0 RESEARCH UNAPPROVED');
});

noteSkipped('RTPLAN files of others');

describe.runIf(hasShared)('plans of others', () => {
  const read = (path: string): TreatmentPlan =>
    readTreatmentPlan({ name: path, bytes: new Uint8Array(readFileSync(shared(`patients/${path}`))) });

  test('one open field', () => {
    const plan = read('pydicom-files/rtplan.dcm');
    expect(plan.fractionGroups[0]).toMatchObject({
      fractions: 30,
      beams: [{ beam: 1, meterset: 116.0036697, dose: 1.0275401 }],
    });
    expect(plan.beams[0]).toMatchObject({ name: 'Field 1', type: 'STATIC', position: 'HFS', accessories: [] });
    expect(plan.beams[0]!.controlPoints[1]!.positions.get('X')).toEqual([-100, 100]);
    expect(plan.prescriptions[1]).toMatchObject({ type: 'TARGET', targetDose: 30.826203 });
  });

  test('a sliding window of 384 control points, the same in every encoding', () => {
    const plan = read('odd/rtplan_undeflen.dcm');
    expect(plan.beams.map(({ controlPoints }) => controlPoints.length)).toEqual([92, 94, 103, 95]);
    expect(plan.beams.map(({ controlPoints: [first] }) => [first!.gantry, first!.energy])).toEqual([
      [327, 10],
      [0, 6],
      [56, 6],
      [150, 10],
    ]);
    for (const name of ['bigendian', 'explicitlen', 'nometa']) expect(read(`odd/rtplan_${name}.dcm`)).toEqual(plan);
    expect(() => read('odd/rtplan_truncated.dcm')).toThrow('truncated');
  });
});
