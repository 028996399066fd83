/** `respine dose --plan`: an RTPLAN on its CT, and one sentence for every bad input. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Written } from '../../src/io/dicom/element-writer.js';
import { ctReference, writeCt, writeStructureSet } from '../../src/io/dicom/write.js';
import { decodeNrrd } from '../../src/io/nrrd.js';
import { loadDose } from '../../src/node/load-dose.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { firstPoint, lastPoint, leavesAt, over, position, rawBeam, rawGroup, rawPlan } from '../io/dicom/raw-plan.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-rtplan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);

/** Water of 160 mm, on a couch that is no part of it. */
const cube = buildPhantom(
  parsePhantom({
    name: 'cube',
    description: 'Water.',
    length: 120,
    air: 20,
    parts: [
      {
        name: 'External',
        material: 'water',
        role: 'external',
        shape: { kind: 'box', center: [0, 0, 0], size: [160, 160, 120] },
      },
    ],
  }),
  { spacing: [8, 8, 8] },
);
const identity = { patientName: 'Doe^Jane', patientId: 'D1' };
const reference = ctReference(cube.hounsfield, identity);

/** A plan on that CT. */
const planFile = (name: string, beams: readonly (readonly Written[])[], changes: readonly Written[] = []): string => {
  const own: Written[] = [[0x00200052, 'UI', reference.frameOfReferenceUid], ...changes];
  writeFileSync(join(folder, name), rawPlan(beams, own).bytes);
  return name;
};

const doseAt = (...args: string[]) => respine('dose', '--ct', 'CT', '--spacing', '8', ...args);

beforeAll(() => {
  mkdirSync(join(folder, 'CT'));
  for (const { name, bytes } of writeCt(cube.hounsfield, identity)) writeFileSync(join(folder, 'CT', name), bytes);
  writeFileSync(join(folder, 'RS.dcm'), writeStructureSet(cube.structures, reference).bytes);
  planFile('RP.dcm', [rawBeam(1), over(rawBeam(2), [[0x300a00ce, 'CS', 'SETUP']])]);
});

test('beams, doses and what they rest on; the same as NRRD and as RTDOSE', { timeout: 120_000 }, async () => {
  const run = await doseAt('--plan', 'RP.dcm', '--structures', 'RS.dcm', '--out', 'dose.nrrd', '--json');
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toBe('');
  const report = JSON.parse(run.stdout);
  expect(report).toMatchObject({
    fractions: 10,
    quantity: 'physical',
    plan: { label: 'Plan' },
    machine: { name: 'artiste-6mv' },
  });
  expect(report.beams).toHaveLength(1);
  expect(report.beams[0]).toMatchObject({
    number: 1,
    gantry: 40,
    collimator: 10,
    couch: 350,
    energy: 6,
    controlPoints: 2,
    fields: 1,
    monitorUnits: 1000,
    computedAs: 'static',
  });
  expect(report.notes.join('\n')).toContain('Beam 2 (Field 2) is of delivery type SETUP and is passed over.');
  expect(report.assumptions.join('\n')).toContain('100 MU give 1 Gy at 100 mm depth, SSD 900 mm, 100 mm field');
  expect(Object.keys(report.inputs)).toEqual(['plan', 'ct', 'structures']);

  const asDicom = await doseAt('--plan', 'RP.dcm', '--structures', 'RS.dcm', '--out', 'dose.dcm');
  expect(asDicom.code, asDicom.stderr).toBe(0);
  expect(asDicom.stdout).toContain('1 Field 1');
  const { data } = await decodeNrrd(readFileSync(join(folder, 'dose.nrrd')));
  const { dose } = await loadDose(join(folder, 'dose.dcm'), { plan: join(folder, 'RP.dcm') });
  expect(dose.fractions).toBe(10);
  const maximum = dose.data.reduce((most, d) => Math.max(most, d), 0);
  expect(maximum).toBeCloseTo(report.totals.maximumDose, 4);
  expect(data.every((d, i) => Math.abs(d - dose.data[i]!) < 1e-6 * maximum)).toBe(true);

  // Without structures the body is found in the CT, and that is said.
  const found = await doseAt('--plan', 'RP.dcm', '--out', 'found.nrrd', '--json');
  const other = JSON.parse(found.stdout);
  expect(other.notes.join('\n')).toContain('External: found in the CT');
  expect(other.beams[0].isocenterDose).toBeCloseTo(report.beams[0].isocenterDose, 0);
});

test('of many control points the time is told before it is spent', { timeout: 120_000 }, async () => {
  const points = Array.from({ length: 1001 }, (_, p): readonly Written[] => [
    ...(p === 0 ? firstPoint.filter(([tag]) => ![0x300a0134, 0x300a011f].includes(tag)) : []),
    ...(p === 0
      ? ([[0x300a011f, 'CS', 'CW']] as const)
      : ([
          [0x300a011e, 'DS', String(40 + p / 50)],
          [0x300a0112, 'IS', String(p)],
        ] as const)),
    [0x300a0134, 'DS', String(p / 1000)],
  ]);
  planFile('arc.dcm', [rawBeam(1, points), rawBeam(2, [firstPoint, lastPoint])]);
  const run = await doseAt(
    '--plan',
    'arc.dcm',
    '--structures',
    'RS.dcm',
    '--spacing',
    '16',
    '--out',
    'arc.nrrd',
    '--json',
  );
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toMatch(/^respine: 1003 control points make 11 fields, which take about \d+ min\.\n$/);
  expect(JSON.parse(run.stdout).beams[0]).toMatchObject({ computedAs: 'arc', gantry: [40, 60], fields: 10 });
});

test('every bad input is one sentence and leaves no file', { timeout: 120_000 }, async () => {
  planFile('electron.dcm', [over(rawBeam(1), [[0x300a00c6, 'CS', 'ELECTRON']])]);
  planFile('overlap.dcm', [
    rawBeam(1, [
      over(firstPoint, [
        [
          0x300a011a,
          'SQ',
          [position('ASYMX', [-30, 30]), position('ASYMY', [-20, 20]), leavesAt([5, -5], [0, 0], [0, 0], [0, 0])],
        ],
      ]),
      lastPoint,
    ]),
  ]);
  planFile('far.dcm', [rawBeam(1, [over(firstPoint, [[0x300a012c, 'DS', '0\\0\\-3000']]), lastPoint])]);
  planFile('frame.dcm', [rawBeam(1)]);
  writeFileSync(join(folder, 'frame.dcm'), rawPlan([rawBeam(1)]).bytes);
  planFile('zero.dcm', [rawBeam(1)], [[0x300a0070, 'SQ', [rawGroup({ 1: '0' })]]]);
  writeFileSync(join(folder, 'text.dcm'), 'no plan');
  writeFileSync(join(folder, 'cut.dcm'), rawPlan().bytes.subarray(0, 700));
  mkdirSync(join(folder, 'empty'), { recursive: true });
  const bad: [string[], string][] = [
    [['dose', '--plan', 'RP.dcm', '--out', 'bad.nrrd'], 'Give its folder with --ct'],
    [['dose', '--out', 'bad.nrrd'], 'give either a FIELDS.json, or --plan'],
    [['dose', 'f.json', '--plan', 'RP.dcm', '--ct', 'CT', '--out', 'bad.nrrd'], 'give either a FIELDS.json, or --plan'],
    [['dose', 'f.json', '--beams', '1', '--out', 'bad.nrrd'], '--beams speaks of an RTPLAN'],
    [['dose', '--plan', 'RP.dcm', '--ct', 'CT', '--out', 'bad.txt'], '--out is "bad.txt"'],
    [['dose', '--plan', 'RP.dcm', '--ct', 'empty', '--out', 'bad.nrrd'], 'CT'],
    [['dose', '--plan', 'none.dcm', '--ct', 'CT', '--out', 'bad.nrrd'], 'none.dcm cannot be read'],
    [['dose', '--plan', 'text.dcm', '--ct', 'CT', '--out', 'bad.nrrd'], 'it is no DICOM file'],
    [['dose', '--plan', 'cut.dcm', '--ct', 'CT', '--out', 'bad.nrrd'], 'truncated or corrupt'],
    [['dose', '--plan', 'RS.dcm', '--ct', 'CT', '--out', 'bad.nrrd'], 'is no RT plan'],
    [['dose', '--plan', 'RP.dcm', '--ct', 'CT', '--beams', '7', '--out', 'bad.nrrd'], 'the plan has no beam 7'],
    [['dose', '--plan', 'RP.dcm', '--ct', 'CT', '--beams', 'one', '--out', 'bad.nrrd'], '--beams is "one"'],
    [['dose', '--plan', 'RP.dcm', '--ct', 'CT', '--spacing', '0.01', '--out', 'bad.nrrd'], '--spacing is "0.01"'],
    [['dose', '--plan', 'RP.dcm', '--ct', 'CT', '--arc-step', '0', '--out', 'bad.nrrd'], '--arc-step'],
    [
      ['dose', '--plan', 'RP.dcm', '--ct', 'CT', '--leaf-transmission', '2', '--out', 'bad.nrrd'],
      '--leaf-transmission',
    ],
    [
      ['dose', '--plan', 'RP.dcm', '--ct', 'CT', '--machine', 'linac', '--out', 'bad.nrrd'],
      'machine "linac" is unknown',
    ],
    [
      ['dose', '--plan', 'electron.dcm', '--ct', 'CT', '--out', 'bad.nrrd'],
      'beam 1 (Field 1): it is of radiation ELECTRON',
    ],
    [['dose', '--plan', 'overlap.dcm', '--ct', 'CT', '--out', 'bad.nrrd'], 'leaf pair 1 overlaps'],
    [['dose', '--plan', 'far.dcm', '--ct', 'CT', '--out', 'bad.nrrd'], 'm from the CT'],
    [
      ['dose', '--plan', 'frame.dcm', '--ct', 'CT', '--out', 'bad.nrrd'],
      'the plan lies in the frame of reference 1.2.9',
    ],
    [['dose', '--plan', 'zero.dcm', '--ct', 'CT', '--out', 'bad.nrrd'], 'BeamMeterset is 0'],
  ];
  for (const [args, message] of bad) {
    const run = await respine(...args);
    expect(run.code, args.join(' ')).toBe(2);
    expect(run.stderr).toContain(message);
    expect(run.stderr.trim().split('\n')).toHaveLength(1);
    expect(run.stderr.length).toBeLessThanOrEqual(420);
    expect(run.stdout).toBe('');
    expect(existsSync(join(folder, 'bad.nrrd'))).toBe(false);
  }
});
