/** COURSES.json from files to numbers, the command as built, one sentence for bad input. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { bed, eqd2 } from '../../src/biology/linear-quadratic.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume, type DoseMeaning } from '../../src/geometry/volume.js';
import { decimals, encodeDicom, type Written } from '../../src/io/dicom/element-writer.js';
import { registrationStorage } from '../../src/io/dicom/registration.js';
import { decodeNrrd, encodeNrrd } from '../../src/io/nrrd.js';
import { loadCourses } from '../../src/node/load-courses.js';
import { accumulateCourses } from '../../src/plan/evaluation/accumulated-courses.js';
import { accumulationReport, accumulationSummary } from '../../src/report/accumulation.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-accumulate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

const grid = createGrid([6, 7, 9], [3, 2, 2.5], [-10, -8, -5]);
async function nrrd(name: string, meaning: DoseMeaning, perMm: number, on = grid): Promise<void> {
  const dose = createDose(on, meaning);
  const [, , nx] = on.shape;
  for (let i = 0; i < dose.data.length; i++) dose.data[i] = 20 + perMm * (on.origin[0] + (i % nx) * on.spacing[0]);
  write(name, await encodeNrrd(dose));
}
await nrrd('now.nrrd', { quantity: 'physical', fractions: 22 }, 0.5);
await nrrd(
  'prior.nrrd',
  { quantity: 'physical', fractions: 10 },
  -0.4,
  createGrid([12, 9, 15], [2, 2, 2], [-16, -10, -9]),
);
await nrrd('silent.nrrd', { quantity: 'physical' }, 0);
await nrrd('eqd2.nrrd', { quantity: 'eqd2', alphaBeta: 2 }, 0);
const mask = createVolume('mask', grid);
for (let k = 1; k < 5; k++) for (let j = 2; j < 5; j++) for (let i = 2; i < 7; i++) mask.data[i + 9 * (j + 7 * k)] = 1;
write('mask_SpinalCord.nrrd', await encodeNrrd(mask));
const whole = createVolume('mask', grid, new Float32Array(mask.data.length).fill(1));
write('mask_External.nrrd', await encodeNrrd(whole));

/** RTDOSE of 2 x 2 x 2 voxels, 1 Gy. */
function rtDose(name: string, frame: string): void {
  const sopClass = '1.2.840.10008.5.1.4.1.1.481.2';
  const elements: Written[] = [
    [0x00080016, 'UI', sopClass],
    [0x00080018, 'UI', '1.2.3'],
    [0x00200032, 'DS', '0\\0\\0'],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00200052, 'UI', frame],
    [0x00280002, 'US', [1]],
    [0x00280008, 'IS', '2'],
    [0x00280010, 'US', [2]],
    [0x00280011, 'US', [2]],
    [0x00280030, 'DS', '2\\2'],
    [0x00280100, 'US', [16]],
    [0x00280101, 'US', [16]],
    [0x00280102, 'US', [15]],
    [0x00280103, 'US', [0]],
    [0x30040002, 'CS', 'GY'],
    [0x30040004, 'CS', 'PHYSICAL'],
    [0x3004000a, 'CS', 'PLAN'],
    [0x3004000c, 'DS', '0\\2'],
    [0x3004000e, 'DS', '0.1'],
    [0x7fe00010, 'OW', new Uint8Array(new Uint16Array(8).fill(10).buffer)],
  ];
  write(name, encodeDicom(sopClass, '1.2.3', elements));
}
rtDose('a.dcm', '1.9.1');
rtDose('b.dcm', '1.9.2');
const shift = [1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const item: Written[] = [
  [0x00200052, 'UI', '1.9.2'],
  [0x00700309, 'SQ', [[[0x0070030a, 'SQ', [[[0x300600c6, 'DS', decimals(shift)], [0x0070030c, 'CS', 'RIGID']]]]]]], // biome-ignore format: nested items
];
write(
  'REG.dcm',
  encodeDicom(registrationStorage, '1.2.4', [
    [0x00080016, 'UI', registrationStorage],
    [0x00200052, 'UI', '1.9.1'],
    [0x00700308, 'SQ', [item]],
  ]),
);

let count = 0;
const coursesFile = (content: unknown): string => write(`courses-${count++}.json`, JSON.stringify(content));
const run = async (content: unknown) => {
  const { courses, doses, reference, structures, notes } = await loadCourses(coursesFile(content));
  return { ...accumulateCourses(courses, doses, reference, structures), notes };
};
const uniform = { name: 'prior', dose: 38, fractions: 19, months: 17.7 };
const now = { name: 'now', dose: 'now.nrrd' };

test('uniform + file: EQD2 and BED, sums of voxels and of maxima, by structure', async () => {
  const structures = ['mask_SpinalCord.nrrd', 'mask_External.nrrd'];
  for (const [quantity, formula] of [['eqd2', eqd2] as const, ['bed', bed] as const]) {
    const result = await run({ alphaBeta: 2, quantity, structures, courses: [uniform, now] });
    const cord = result.structures[0]!;
    // The mask's last column lies at x = -10 + 6 x 3 mm.
    const most = formula(20 + 0.5 * 8, 22, 2);
    expect(cord).toMatchObject({ name: 'SpinalCord', coverage: 1, volumeCc: expect.closeTo((60 * 15) / 1000, 9) });
    expect(cord.courses).toEqual({ prior: expect.closeTo(formula(38, 19, 2), 4), now: expect.closeTo(most, 4) });
    expect(cord.maximumOfSum).toBeCloseTo(formula(38, 19, 2) + most, 4);
    expect(cord.sumOfMaxima).toBeCloseTo(cord.maximumOfSum!, 4);
    expect(accumulationSummary(result)).toMatch(/SpinalCord/);
  }
});

test('two ramps against each other: the sum of the maxima is no maximum of the sum', async () => {
  const prior = { name: 'prior', dose: 'prior.nrrd', transform: { translation: [2, 0, 0] }, months: 9 };
  const result = await run({ alphaBeta: 2, structures: 'mask_SpinalCord.nrrd', courses: [prior, now] });
  const [cord] = result.structures;
  const at = (x: number): number => eqd2(20 - 0.4 * (x - 2), 10, 2) + eqd2(20 + 0.5 * x, 22, 2);
  expect(cord!.maximumOfSum).toBeCloseTo(Math.max(...[-4, -1, 2, 5, 8].map(at)), 4);
  expect(cord!.sumOfMaxima).toBeCloseTo(eqd2(20 + 0.4 * 6, 10, 2) + eqd2(24, 22, 2), 4);
  const report = accumulationReport(result) as { courses: unknown[]; missing: number };
  expect(report.courses[0]).toMatchObject({ name: 'prior', fractions: 10, months: 9 });
  expect(result.notes.some((note) => /origin moved by \(2\.0, 0\.0, 0\.0\) mm/.test(note))).toBe(true);
});

test('a structure without a dose of every course has no values, and says why', async () => {
  const short = createGrid([6, 7, 3], [3, 2, 2.5], [-10, -8, -5]);
  await nrrd('short.nrrd', { quantity: 'physical', fractions: 10 }, 0, short);
  const courses = [{ name: 'prior', dose: 'short.nrrd' }, now];
  const structures = 'mask_External.nrrd';
  const missing = await run({ alphaBeta: 2, structures, courses });
  expect(missing.total.missing).toBe(6 * 7 * 6);
  expect(missing.structures[0]).toMatchObject({
    maximumOfSum: null,
    reason: expect.stringMatching(/33\.3 % of External/),
  });
  const zero = await run({ alphaBeta: 2, beyond: 'zero', structures, courses });
  expect(zero.structures[0]!.maximumOfSum).toBeGreaterThan(0);
});

test('a registration takes one frame of reference into another', async () => {
  const courses = [
    { name: 'prior', dose: 'b.dcm', fractions: 5, transform: 'REG.dcm' },
    { name: 'now', dose: 'a.dcm', fractions: 22 },
  ];
  const { total, notes } = await run({ alphaBeta: 2, courses });
  // Shifted by 1 mm along x: the first column of voxels lies before it.
  expect([total.missing, notes.some((note) => /by REG\.dcm/.test(note))]).toEqual([4, true]);
});

test('the command as built: JSON and volume', { timeout: 60_000 }, async () => {
  const respine = respineIn(folder);
  const out = join(folder, 'out');
  const path = coursesFile({ alphaBeta: 2, structures: 'mask_SpinalCord.nrrd', courses: [uniform, now] });
  const done = await respine('accumulate', '--courses', path, '--json', '--out', out);
  expect([done.code, done.stderr]).toEqual([0, '']);
  const report = JSON.parse(done.stdout);
  expect(report.structures[0]).toMatchObject({
    name: 'SpinalCord',
    metrics: { 'Max[Gy]': expect.closeTo(38 + eqd2(24, 22, 2), 4) },
  });
  const volume = await decodeNrrd(readFileSync(join(out, 'cumulative_eqd2.nrrd')));
  expect(volume.fields).toMatchObject({ quantity: 'eqd2', alphaBeta: '2', courses: 'prior + now' });
  expect(JSON.parse(readFileSync(join(out, 'accumulate.json'), 'utf8'))).toEqual({
    ...report,
    files: ['accumulate.json', 'cumulative_eqd2.nrrd'],
  });
  const bad = await respine('accumulate', '--courses', coursesFile({ courses: [uniform, now] }), '--out', `${out}2`);
  expect([bad.code, bad.stdout]).toEqual([2, '']);
  expect(bad.stderr).toMatch(/alphaBeta: must be given in Gy/);
  expect(bad.stderr.trim().split('\n').length).toBe(1);
  expect(existsSync(`${out}2`)).toBe(false);
});

describe('bad input', () => {
  const r = 'a.dcm';
  const cases: [string, unknown, RegExp][] = [
    ['alpha/beta 0', { alphaBeta: 0, courses: [uniform, now] }, /alphaBeta: is 0 Gy, but must be > 0/],
    [
      'fractions of a uniform course',
      { alphaBeta: 2, courses: [{ name: 'p', dose: 38 }, now] },
      /fractions: is missing/,
    ],
    [
      'fractions of a file',
      { alphaBeta: 2, courses: [{ name: 'p', dose: 'silent.nrrd' }] },
      /p does not tell its fractions/,
    ],
    ['months', { alphaBeta: 2, courses: [{ ...uniform, months: -2 }, now] }, /months: is -2, but must be >= 0/],
    ['EQD2 among them', { alphaBeta: 2, courses: [{ name: 'p', dose: 'eqd2.nrrd' }, now] }, /p is eqd2 already/],
    ['only uniform', { alphaBeta: 2, courses: [uniform] }, /at least one course with a dose file/],
    ['two of a name', { alphaBeta: 2, courses: [now, now] }, /"now" is the name of two courses/],
    ['unknown reference', { alphaBeta: 2, reference: 'x', courses: [now] }, /"x" is no course with a dose file/],
    ['no such file', { alphaBeta: 2, courses: [{ name: 'p', dose: 'none.dcm' }] }, /none\.dcm cannot be read/],
    [
      'other fractions than the file',
      { alphaBeta: 2, courses: [{ ...now, fractions: 5 }] },
      /5 fractions are given, but the file says 22/,
    ],
    [
      'another frame of reference',
      { alphaBeta: 2, courses: [{ name: 'p', dose: 'b.dcm', fractions: 5 }, { name: 'n', dose: r, fractions: 22 }] }, // biome-ignore format: one case
      /p: its dose lies in frame of reference 1\.9\.2, not in 1\.9\.1\. Give the transform/,
    ],
    [
      'a registration of an NRRD',
      { alphaBeta: 2, courses: [{ name: 'p', dose: 'prior.nrrd', transform: 'REG.dcm' }, { name: 'n', dose: r, fractions: 22 }] }, // biome-ignore format: one case
      /a registration needs the dose's frame of reference/,
    ],
  ];
  test.each(cases)('%s', async (_, content, message) => {
    await expect(run(content)).rejects.toThrow(message);
  });
});
