/** DICOM out of the command line: of a plan, a phantom, a sum of courses; each a set that comes and goes as a whole. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { eqd2 } from '../../src/biology/linear-quadratic.js';
import { createGrid, isSameGrid } from '../../src/geometry/grid.js';
import { createDose } from '../../src/geometry/volume.js';
import { readDataset, text } from '../../src/io/dicom/dataset.js';
import { type RtDose, readRtDose } from '../../src/io/dicom/dose.js';
import { readRegistration, rigidBetween } from '../../src/io/dicom/registration.js';
import { writeDose } from '../../src/io/dicom/write-dose.js';
import { decodeNrrd } from '../../src/io/nrrd.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-dicom-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);
const json = (name: string, content: object): string => {
  writeFileSync(join(folder, name), JSON.stringify(content));
  return name;
};
const listed = (name: string): string[] =>
  readdirSync(join(folder, name), { recursive: true })
    .map(String)
    .filter((path) => path.endsWith('.dcm'))
    .sort();
const withoutSlices = (names: string[]): string[] => names.filter((name) => !name.includes('CT_'));
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));
const doseOf = (name: string): RtDose => readRtDose({ name, bytes: bytesOf(name) });
const tag = (name: string, of: string): string | undefined =>
  text(readDataset({ name, bytes: bytesOf(name) }).elements, of);
const IDENTITY = ['00100010', '00100020', '0020000D', '00200052'];

const fields = json('fields.json', {
  patient: { phantom: 'spine-t8' },
  grid: { spacing: [8, 8, 8] },
  isocenter: [0, -10, 0],
  fractions: 20,
  beams: [{ gantry: 180, monitorUnits: 2000, field: { x1: -40, x2: 40, y1: -50, y2: 50 } }],
});
const plan = {
  patient: { phantom: 'spine-t8', spacing: [4, 4, 5], parameters: { length: 90 } },
  doseGrid: { spacing: [6, 6, 6], planning: 100 },
  imrt: { delivery: 'fluence', beams: 'posterior-5' },
  prior: { dose: 38, fractions: 19, months: 17.7 },
};

describe('phantom --format dicom', () => {
  const args = ['phantom', 'spine-t8', '--out', 'ph', '--format', 'dicom', '--spacing', '6'];

  test('a study with its dose and isodose lines; without a dose these go', async () => {
    const run = await respine(...args, '--dose', fields, '--isodoses', '5,12,900', '--json');
    expect(run.stderr).toBe('');
    expect(run.code).toBe(0);
    expect(withoutSlices(listed('ph'))).toEqual(['RD.dcm', 'RS.dcm', 'RS_isodoses.dcm']);
    const { structures, notes } = JSON.parse(run.stdout);
    expect(notes).toEqual(['No isodose line of 900 Gy in RD.dcm: it is lower.']);
    // What other readers find, and the solid.
    const canal = structures.find(({ name }: { name: string }) => name === 'SpinalCanal');
    expect(canal.solidCc).not.toBe(canal.volumeCc);
    expect(canal.volumeCc / canal.solidCc).toBeCloseTo(1, 1);
    expect(doseOf('ph/RD.dcm').dose).toMatchObject({ quantity: 'physical', fractions: 20 });
    for (const of of IDENTITY) expect(tag('ph/RD.dcm', of)).toBe(tag('ph/RS.dcm', of));
    const again = await respine(...args);
    expect(again.stdout).toContain('in the files');
    expect(withoutSlices(listed('ph'))).toEqual(['RS.dcm']);
  });
});

describe('plan --dicom', () => {
  test('of a phantom: a whole study, and the doses that the NRRD files hold', { timeout: 240_000 }, async () => {
    const args = ['plan', json('plan.json', plan), '--out', 'p', '--technique', 'fcrt', '--no-pictures', '--json'];
    const run = await respine(...args, '--dicom', '--isodoses', '20,37.62');
    expect(run.stderr).toBe('');
    const names = [
      'RD_cumulative_eqd2_fcrt.dcm',
      'RD_fcrt.dcm',
      'RD_prior.dcm',
      'RP_fcrt.dcm',
      'RS.dcm',
      'RS_isodoses_fcrt.dcm',
    ];
    expect(withoutSlices(listed('p'))).toEqual(names.map((name) => join('dicom', name)));
    const report = JSON.parse(run.stdout);
    expect(report.files).toEqual(expect.arrayContaining(names.map((name) => `dicom/${name}`)));
    expect(report.dicom.structures.map(({ name }: { name: string }) => name)).toContain('PTV_3960');
    const [written, stored] = [doseOf('p/dicom/RD_fcrt.dcm').dose, await decodeNrrd(bytesOf('p/dose_fcrt.nrrd'))];
    expect(isSameGrid(written.grid, stored.grid)).toBe(true);
    const most = stored.data.reduce((a, b) => Math.max(a, b));
    expect(stored.data.every((value, i) => Math.abs(value - written.data[i]!) <= 1e-6 * most)).toBe(true);
    const prior = doseOf('p/dicom/RD_prior.dcm').dose;
    const sum = doseOf('p/dicom/RD_cumulative_eqd2_fcrt.dcm');
    expect(sum).toMatchObject({ summation: 'MULTI_PLAN', dose: { quantity: 'eqd2', alphaBeta: 2 } });
    expect(sum.planUids).toContain(doseOf('p/dicom/RD_fcrt.dcm').planUids[0]);
    sum.dose.data.forEach((value, i) => {
      const both = eqd2(stored.data[i]!, 22, 2) + eqd2(prior.data[i]!, 19, 2);
      if (Math.abs(value - both) > 1e-4) throw new Error(`${value} is not ${both}`);
    });
    for (const name of names)
      for (const of of IDENTITY) expect(tag(`p/dicom/${name}`, of)).toBe(tag('p/dicom/RS.dcm', of));
    // Without it, what it wrote goes.
    await respine(...args);
    expect(existsSync(join(folder, 'p/dicom/RD_fcrt.dcm'))).toBe(false);
  });

  test('of a CT: doses under its identifiers, and the way of the prior dose', { timeout: 240_000 }, async () => {
    expect((await respine('phantom', 'spine-t8', '--out', 'ct', '--format', 'dicom', '--spacing', '6')).code).toBe(0);
    const { patient: _, ...rest } = plan;
    const study = { attributes: {}, studyUid: '1.2.3', frameOfReferenceUid: '1.2.4' };
    const grid = createGrid([5, 41, 31], [10, 10, 40], [-150, -220, -80]);
    const dose = createDose(grid, { quantity: 'physical', fractions: 19 });
    dose.data.fill(30);
    writeFileSync(join(folder, 'before.dcm'), writeDose(dose, study, { planUids: ['1.2.5'] }).file.bytes);
    const prior = { file: 'before.dcm', months: 12, transform: { translation: [0, 5, 0] }, beyond: 'zero' };
    const file = json('of-ct.json', { ...rest, patient: { ct: 'ct/CT', structures: 'ct/RS.dcm' }, prior });
    const run = await respine('plan', file, '--out', 'q', '--technique', 'fcrt', '--no-pictures', '--dicom', '16');
    expect(run.stderr).toBe('');
    const names = ['RD_cumulative_eqd2_fcrt.dcm', 'RD_fcrt.dcm', 'RD_prior.dcm', 'REG_prior.dcm', 'RP_fcrt.dcm'];
    expect(listed('q')).toEqual(names.map((name) => join('dicom', name)));
    for (const name of names) for (const of of IDENTITY) expect(tag(`q/dicom/${name}`, of)).toBe(tag('ct/RS.dcm', of));
    const bytes = bytesOf('q/dicom/REG_prior.dcm');
    const moved = rigidBetween(readRegistration({ name: 'REG', bytes }), '1.2.4', tag('ct/RS.dcm', '00200052')!);
    expect(moved.translation).toEqual([0, 5, 0]);
    // Its own output is no place for its input.
    const own = json('own.json', { ...rest, prior: { ...prior, file: 'q/dicom/RD_prior.dcm' }, patient: plan.patient });
    const refused = await respine('plan', own, '--out', 'q', '--dicom');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/RD_prior\.dcm would take the place/)]);
  });
});

describe('accumulate --dicom', () => {
  const course = (name: string, frame: string, shift: number): string => {
    const dose = createDose(createGrid([3, 5, 7], [4, 3, 2], [shift, 0, 0]), { quantity: 'physical', fractions: 10 });
    dose.data.fill(20);
    const study = { attributes: { '00100010': `${name}^P` }, studyUid: '1.2.3', frameOfReferenceUid: frame };
    writeFileSync(
      join(folder, `${name}.dcm`),
      writeDose(dose, study, { planUids: [`1.2.${frame.at(-1)}`] }).file.bytes,
    );
    return `${name}.dcm`;
  };
  const courses = [
    { name: 'first', dose: course('first', '1.9.2', 0), transform: { translation: [8, 0, 0] } },
    { name: 'now', dose: course('now', '1.9.1', 0) },
  ];

  test('the sum is EFFECTIVE, in the frame of its reference, with the transforms', async () => {
    const file = json('courses.json', { alphaBeta: 2, beyond: 'zero', courses });
    const run = await respine('accumulate', '--courses', file, '--out', 'sum', '--dicom');
    expect(run.stderr).toBe('');
    expect(listed('sum')).toEqual(['REG_first.dcm', 'cumulative_eqd2.dcm']);
    const { dose, ...said } = doseOf('sum/cumulative_eqd2.dcm');
    expect(said).toMatchObject({ frameOfReferenceUid: '1.9.1', planUids: ['1.2.2', '1.2.1'], summation: 'MULTI_PLAN' });
    expect([dose.quantity, dose.alphaBeta]).toEqual(['eqd2', 2]);
    expect(tag('sum/cumulative_eqd2.dcm', '00100010')).toBe('now^P');
    expect(tag('sum/cumulative_eqd2.dcm', '30040004')).toBe('EFFECTIVE');
    const largest = dose.data.reduce((a, b) => Math.max(a, b));
    expect(largest).toBeCloseTo(2 * eqd2(20, 10, 2), 4);
    // Never added up as if it were physical.
    const twice = json('twice.json', { alphaBeta: 2, courses: [{ name: 'sum', dose: 'sum/cumulative_eqd2.dcm' }] });
    const refused = await respine('accumulate', '--courses', twice);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/is eqd2 already/)]);
  });

  test('what is unknown somewhere is refused, and nothing is written', async () => {
    const file = json('unknown.json', { alphaBeta: 2, courses });
    const { code, stderr } = await respine('accumulate', '--courses', file, '--out', 'none', '--dicom');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/eqd2 dose is unknown at .*beyond: "zero"/)]);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

test.each<[string[], RegExp]>([
  [['plan', 'plan.json', '--dicom', '12'], /--dicom is "12", but a stored dose has 16 or 32 bits/],
  [['plan', 'plan.json', '--isodoses', '20'], /--isodoses are structures of --dicom/],
  [['plan', 'plan.json', '--dicom', '--isodoses', '20,-3'], /isodoses: -3 is no dose > 0/],
  [['plan', 'plan.json', '--dicom', '--isodoses', 'low'], /--isodoses is "low", but must be a number/],
  [['phantom', 'water-box', '--dose', 'fields.json'], /--dose is written as RTDOSE. Give --format dicom/],
  [['phantom', 'water-box', '--format', 'dicom', '--isodoses', '5'], /--isodoses are lines of --dose/],
  [
    ['phantom', 'water-box', '--format', 'dicom', '--spacing', '20', '--dose', 'fields.json'],
    /of another patient than/,
  ],
])('%j: exit 2, one sentence, nothing written', async (args, message) => {
  const { code, stderr } = await respine(...args, '--out', 'bad');
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(existsSync(join(folder, 'bad'))).toBe(false);
});
test('accumulate --dicom without a folder', async () => {
  const { code, stderr } = await respine('accumulate', '--courses', 'x.json', '--dicom');
  expect([code, stderr]).toEqual([2, expect.stringMatching(/--dicom is written into the folder of --out/)]);
});
