/** `respine dvh`, `check` and `compare` as built: contract, exit codes, one sentence for bad input, real DICOM. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkCommand } from '../../src/cli/check.js';
import { compareCommand } from '../../src/cli/compare.js';
import { dvhCommand } from '../../src/cli/dvh.js';
import { isRespineError } from '../../src/core/errors.js';
import { evaluateDose } from '../../src/evaluate/evaluate-dose.js';
import { targetReport } from '../../src/evaluate/target-coverage.js';
import { createGrid } from '../../src/geometry/grid.js';
import { sphere } from '../../src/geometry/shape.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { ctReference, writeStructureSet } from '../../src/io/dicom/write.js';
import { encodeNrrd } from '../../src/io/nrrd.js';
import { loadDose } from '../../src/node/load-dose.js';
import { loadStructures } from '../../src/node/load-structures.js';
import { doseOf, maskOf } from '../evaluate/analytic.js';
import { hasShared, noteSkipped, shared } from '../shared.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-dvh-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);
const slow = { timeout: 60_000 };
const write = async (name: string, bytes: Promise<Uint8Array> | Uint8Array | string): Promise<string> => {
  writeFileSync(join(folder, name), await bytes);
  return name;
};

// A ball of 12 mm, the dose rising by 1 Gy/mm along x: mean 30 Gy, D50% 30 Gy, volume 7.238 cc.
const grid = createGrid([15, 15, 15], [2, 2, 2], [-14, -14, -14]);
const fine = createGrid([27, 27, 27], [1, 1, 1], [-13, -13, -13]);
const ball = (on = grid, radius = 12): ReturnType<typeof maskOf> =>
  maskOf((x, y, z) => Math.hypot(x, y, z) < radius, on, 100);
await write('dose.nrrd', encodeNrrd(doseOf((x) => 30 + x, grid)));
await write('more.nrrd', encodeNrrd(doseOf((x) => 31 + x, createGrid([21, 21, 21], [1.5, 1.5, 1.5], [-15, -15, -15]))));
await write('mask_PTV.nrrd', encodeNrrd(ball()));
await write('SpinalCord.nrrd', encodeNrrd(ball(fine, 5)));
await write('empty.nrrd', encodeNrrd(createVolume('mask', grid)));
await write('far.nrrd', encodeNrrd(maskOf((x) => x > 8, createGrid([5, 5, 31], [2, 2, 2], [-30, -4, -4]), 8)));
const structures = ['--structures', 'mask_PTV.nrrd', 'SpinalCord.nrrd'];
const on = ['--dose', 'dose.nrrd'];

describe('dvh', () => {
  test('JSON contract, masks on two grids, all outputs', slow, async () => {
    const metrics = ['Mean,D50%[Gy]', 'Max[EQD2/2]', 'D10cc'];
    const run = await respine('dvh', ...structures, ...on, '--metrics', ...metrics, '--json', '--out', 'out');
    expect([run.code, run.stderr]).toEqual([0, '']);
    const report = JSON.parse(run.stdout);
    const [ptv, cord] = report.structures;
    expect([ptv.name, ptv.role, cord.name, cord.role]).toEqual(['PTV', 'target', 'SpinalCord', 'organ']);
    expect(Math.abs(ptv.volumeCc - 7.2382)).toBeLessThan(0.01);
    expect(Math.abs(cord.volumeCc - 0.5236)).toBeLessThan(0.003);
    expect(Object.keys(ptv.metrics)).toEqual(['Mean[Gy]', 'D50%[Gy]', 'Max[EQD2/2]', 'D10cc[Gy]']);
    expect(ptv.metrics['Mean[Gy]']).toBeCloseTo(30, 1);
    expect(ptv.remarks).toEqual([expect.stringMatching(/^D10cc\[Gy\]: PTV has only/)]);
    expect(report.dose).toEqual({ quantity: 'physical', fractions: 22 });
    expect(JSON.parse(readFileSync(join(folder, 'out/dvh.json'), 'utf8'))).toEqual(report);
    expect(readFileSync(join(folder, 'out/metrics.csv'), 'utf8')).toMatch(
      /^structure,volume_cc,coverage,Mean\[Gy\],Mean\[Gy\] bound,D50%\[Gy\],D50%\[Gy\] bound,.*\nPTV,7\.2/,
    );
    const curve = readFileSync(join(folder, 'out/dvh.csv'), 'utf8').trim().split('\n');
    expect(curve[0]).toBe('structure,dose_Gy,volume_cc,volume_percent,differential_cc_per_Gy');
    expect(curve.length).toBe(1 + 2 * 201);
  });

  test('a structure partly or wholly outside, and an empty one: said, never a zero', slow, async () => {
    const args = [
      'dvh',
      ...on,
      '--metrics',
      'Mean',
      '--structures',
      'far.nrrd',
      'empty.nrrd',
      'mask_PTV.nrrd',
      '--json',
    ];
    const [far, empty, ptv] = JSON.parse((await respine(...args)).stdout).structures;
    expect(far.metrics['Mean[Gy]']).toBeNull();
    expect(far.remarks[0]).toMatch(/only \d+\.\d % of far lie in the dose grid: ask for the part/);
    expect(empty).toMatchObject({
      volumeCc: 0,
      metrics: { 'Mean[Gy]': null },
      remarks: [/empty/].map((r) => expect.stringMatching(r)),
    });
    expect(ptv.metrics['Mean[Gy]']).toBeCloseTo(30, 1);
    const part = JSON.parse((await respine(...args, '--partial')).stdout).structures[0];
    // x from 8 to 14 mm (the mask goes on to 30): its voxel centres lie at 10, 12 and 14, and a half of 8.
    expect(part.metrics['Mean[Gy]']).toBeGreaterThan(40);
    expect(part.coverage).toBeLessThan(0.6);
  });
});

test('RTSTRUCT: a structure that is named but not drawn is listed as empty', async () => {
  const hounsfield = createVolume('hounsfield', grid);
  const at = (name: string, z: number): Structure => ({
    name,
    role: 'organ',
    shape: { kind: 'solid', solid: sphere([0, 0, z], 8) },
  });
  const identity = { patientName: 'A', patientId: 'B' };
  const file = writeStructureSet([at('Cord', 0), at('Undrawn', 500)], ctReference(hounsfield, identity));
  await write('RS.dcm', file.bytes);
  const loaded = await loadStructures([join(folder, 'RS.dcm')]);
  const { dose } = await loadDose(join(folder, 'dose.nrrd'));
  const [cord, undrawn] = evaluateDose(dose, loaded.structures);
  expect(Math.abs(cord!.metrics['Mean[Gy]']! - 30)).toBeLessThan(cord!.errorBounds['Mean[Gy]']!.total + 0.01);
  expect(undrawn).toMatchObject({ name: 'Undrawn', volumeCc: 0, coverage: 0, metrics: { 'Mean[Gy]': null } });
  expect(undrawn!.remarks).toEqual(['Undrawn is empty: it has no closed contour']);
  expect(() => targetReport(dose, loaded.structures, { target: 'Undrawn' })).toThrow(/Undrawn is empty/);
  // Slices are 2 mm apart, the outermost at -6 and 6 mm or so: without half a slice at both ends it is 2 mm shorter.
  const [shorter] = evaluateDose(dose, (await loadStructures([join(folder, 'RS.dcm')], { ends: 'none' })).structures);
  expect(shorter!.volumeCc).toBeLessThan(0.99 * cord!.volumeCc);
});

describe('check', () => {
  const goals = {
    prescription: { dose: 30, fractions: 22 },
    prior: { dose: 38, fractions: 19 },
    goals: [
      'PTV D50% >= 99%',
      { goal: 'SpinalCord Max <= 29Gy', variation: '36Gy', priority: 1 },
      { goal: 'SpinalCord Max[EQD2/2] <= 75Gy', courses: 'all' },
      { intervalMonths: 6 },
      'Cord Max <= 30Gy',
    ],
  };

  test('verdicts, margins, --strict, CSV and table', slow, async () => {
    await write('GOALS.json', JSON.stringify(goals));
    const args = ['check', '--goals', 'GOALS.json', ...structures, ...on];
    const run = await respine(...args, '--json', '--strict', '--out', 'checked');
    expect([run.code, run.stderr]).toEqual([1, '']);
    const report = JSON.parse(run.stdout);
    expect(report.goals.map((g: { result: string }) => g.result)).toEqual([
      'pass',
      'variation',
      'pass',
      'not evaluable',
      'not evaluable',
    ]);
    const [d50, max, all, , none] = report.goals;
    expect(d50).toMatchObject({ goal: 'PTV D50% >= 99%', unit: '%', metric: 'D50%[%]', protocol: 'goals' });
    expect(d50.margin).toBeCloseTo(d50.value - 99, 5);
    expect(max).toMatchObject({ acceptable: 36, priority: 1 });
    expect(all.value).toBeCloseTo(38 + (max.value * (max.value / 22 + 2)) / 4, 3);
    expect(none).toMatchObject({ value: null, margin: null, reason: expect.stringMatching(/no structure "Cord"/) });
    expect(report.protocols).toEqual([{ name: 'goals', title: 'goals', result: 'not evaluable' }]);
    const csv = readFileSync(join(folder, 'checked/check.csv'), 'utf8').trim().split('\n');
    expect(csv.length).toBe(6);
    expect(csv[2]).toMatch(/^goals,1,SpinalCord Max <= 29Gy,this,35,Gy,29,36,-6,variation/);
    const table = await respine(...args);
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(/VAR\. {5}1 {2}SpinalCord Max <= 29Gy/);
  });

  test('a built-in protocol, with its warnings', slow, async () => {
    const protocol = ['--protocol', 'hytec-retreatment', '--prior', '38,19,17.7', '--strict'];
    const run = await respine('check', ...protocol, '--structures', 'SpinalCord.nrrd', ...on);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(
      /FAIL .*SpinalCord Max\[EQD2\/2\] <= 25Gy .*stated for ThecalSac, applied to SpinalCord/,
    );
    expect(run.stdout).toContain('doi:10.1016/j.ijrobp.2019.09.038');
    expect(run.stdout).toMatch(/none .*no structure "ThecalSac"/);
  });
});

describe('compare', () => {
  test('two doses 1 Gy apart on different grids', slow, async () => {
    const args = ['compare', 'dose.nrrd', 'more.nrrd', ...structures, '--metrics', 'Mean', 'D2%'];
    const run = await respine(...args, '--json', '--out', 'compared');
    expect([run.code, run.stderr]).toEqual([0, '']);
    const report = JSON.parse(run.stdout);
    expect(report.difference.mean).toBeCloseTo(1, 4);
    expect(report.gamma).toMatchObject({ passRate: expect.any(Number), criteria: { dose: 3, distance: 3 } });
    expect(report.structures[1].metrics[0]).toMatchObject({ metric: 'Mean[Gy]', difference: expect.closeTo(1, 2) });
    for (const name of ['compare.json', 'difference.nrrd', 'gamma.nrrd', 'dvh_band.csv']) {
      expect(existsSync(join(folder, 'compared', name)), name).toBe(true);
    }
    const table = await respine(...args);
    expect(table.stdout).toMatch(/mean 1\.000, standard deviation 0\.000/);
    expect(table.stdout).toMatch(/SpinalCord, 0\.52 cc: curves at most/);
  });
});

describe('bad input: exit 2, one sentence, nothing written', async () => {
  const meaning = { quantity: 'physical' } as const;
  const bad = (value: number): Float32Array => new Float32Array(3375).fill(20).fill(value, 7, 8);
  await write('nan.nrrd', encodeNrrd(createDose(grid, meaning, bad(Number.NaN))));
  await write('negative.nrrd', encodeNrrd(createDose(grid, meaning, bad(-1))));
  await write('away.nrrd', encodeNrrd(doseOf(() => 30, createGrid([5, 5, 5], [2, 2, 2], [500, 0, 0]))));
  await write('labels.nrrd', encodeNrrd(createVolume('mask', grid, new Float32Array(3375).fill(3))));
  await write('silent.nrrd', encodeNrrd(createDose(grid, meaning, new Float32Array(3375).fill(20))));
  mkdirSync(join(folder, 'bare'));
  await write('slip.json', '["PTV D95 >= 95%"]');
  const masks = { structures: ['mask_PTV.nrrd', 'SpinalCord.nrrd'].map((name) => join(folder, name)) };
  const file = (name: string): string => join(folder, name);
  const patient = { ...masks, dose: file('dose.nrrd') };
  const gamma = { dose: '3', distance: '3', threshold: '10' };
  const out = file('never');
  // In this process: a start of the built one takes most of a second.
  test.each<[string, () => Promise<number>, RegExp]>([
    [
      'a dose that is NaN',
      () => dvhCommand({ ...masks, dose: file('nan.nrrd'), out }),
      /nan\.nrrd: the dose at \(0, -14, -14\) mm is NaN/,
    ],
    [
      'a negative dose',
      () => dvhCommand({ ...masks, dose: file('negative.nrrd'), out }),
      /is -1 Gy, but must not be negative/,
    ],
    ['a metric', () => dvhCommand({ ...patient, metrics: ['D95'], out }), /character 4 a unit/],
    ['a name', () => dvhCommand({ ...patient, roi: ['Spinal cord'], out }), /did you mean "SpinalCord"\?/],
    ['a label map', () => dvhCommand({ ...patient, structures: [file('labels.nrrd')], out }), /label map up to 3/],
    ['a cord without a target', () => dvhCommand({ ...patient, cord: 'SpinalCord', out }), /Add --target/],
    ['no such target', () => dvhCommand({ ...patient, target: 'ptv', out }), /no structure "ptv", did you mean "PTV"/],
    [
      'one name twice',
      () => dvhCommand({ ...patient, structures: [file('far.nrrd'), file('far.nrrd')] }),
      /"far" is given twice/,
    ],
    [
      'a dose as structures',
      () => dvhCommand({ ...patient, structures: [file('dose.nrrd')] }),
      /holds a volume of kind "dose", not a mask/,
    ],
    [
      'a folder of neither',
      () => dvhCommand({ ...patient, structures: [file('bare')] }),
      /holds neither an RTSTRUCT nor NRRD masks/,
    ],
    ['half a fraction', () => dvhCommand({ ...patient, fractions: '2.5' }), /--fractions is "2\.5"/],
    [
      'an end rule',
      () => dvhCommand({ ...patient, endSlices: 'half' }),
      /--end-slices is "half", but must be one of half-slice, none/,
    ],
    [
      'an extent',
      () => dvhCommand({ ...patient, extent: 'all' }),
      /--extent is "all", but must be one of course, fraction/,
    ],
    ['a word for an NRRD', () => dvhCommand({ ...patient, gyPerUnit: '2' }), /gyPerUnit speaks for an RTDOSE/],
    [
      'a goal',
      () => checkCommand({ ...patient, goals: file('slip.json'), out }),
      /slip\.json: 0: goal "PTV D95 >= 95%"/,
    ],
    ['no goals', () => checkCommand({ ...patient, out }), /nothing to check against/],
    [
      'a prior',
      () => checkCommand({ ...patient, protocol: ['nieder-retreatment'], prior: '38', out }),
      /--prior is "38"/,
    ],
    ['a protocol', () => checkCommand({ ...patient, protocol: ['x'], out }), /protocol "x" is not one of/],
    [
      'no overlap',
      () => compareCommand(file('dose.nrrd'), file('away.nrrd'), { ...gamma, out }),
      /do not overlap where there is dose/,
    ],
    [
      'unknown fractions',
      () => compareCommand(file('dose.nrrd'), file('silent.nrrd'), { ...gamma, out }),
      /22 fractions and the evaluated dose physical dose in an unknown number/,
    ],
    [
      'names without structures',
      () => compareCommand(file('dose.nrrd'), file('away.nrrd'), { ...gamma, roi: ['PTV'] }),
      /Add --structures/,
    ],
  ])('%s', async (_, job, message) => {
    await expect(job()).rejects.toThrow(message);
    await expect(job()).rejects.toSatisfy(isRespineError);
    expect(existsSync(out)).toBe(false);
  });

  test('exit 2, one sentence', slow, async () => {
    const run = await respine('dvh', ...structures, '--dose', 'nan.nrrd', '--json', '--out', 'never');
    expect([run.code, run.stdout, run.stderr]).toEqual([
      2,
      '',
      expect.stringMatching(/^respine: nan\.nrrd: the dose at/),
    ]);
    expect(run.stderr.trim().split('\n').length).toBe(1);
  });
});

describe.skipIf(!hasShared)('real DICOM', () => {
  const at = (path: string): string => shared(`patients/${path}`);

  test('Eclipse prostate: six structures, gamma and compare of two days', slow, async () => {
    const patient = ['--structures', at('eclipse-prostate/RS.dcm'), '--dose', at('eclipse-prostate/RD.dcm')];
    const gap = ['--target', 'PTV', '--cord', 'Rectum', '--prescription', '46'];
    const report = JSON.parse((await respine('dvh', ...patient, ...gap, '--json')).stdout);
    expect(report.target.conformity.coverage).toBeGreaterThan(0.98);
    expect(report.target.fallOff.distance).toBeLessThan(5);
    expect(report.structures.map((s: { name: string }) => s.name)).toContain('Femoral Head Lt');
    expect(report.dose.fractions).toBeNull();
    const days = ['RD_day1.dcm', 'RD_day2.dcm'].map((name) => at(`eclipse-ent/${name}`));
    const run = await respine('gamma', ...days, '--dose', '3', '--distance', '3', '--json');
    // expected.csv: 79951 of 88129.
    expect(JSON.parse(run.stdout)).toMatchObject({ evaluated: 88129, passed: 79951 });
  });

  const mask = { structures: [join(folder, 'mask_PTV.nrrd')] };
  const relative = { ...mask, dose: at('pydicom-files/rtdose.dcm') };
  test.each<[string, () => Promise<number>, RegExp]>([
    ['relative units', () => dvhCommand(relative), /DoseUnits is RELATIVE/],
    ['one beam', () => dvhCommand({ ...relative, gyPerUnit: '1' }), /DoseSummationType is BEAM/],
    [
      'another patient',
      () => dvhCommand({ dose: at('eclipse-prostate/RD.dcm'), structures: [at('eclipse-ent/RS.dcm')] }),
      /frame of reference/,
    ],
    ['a plan as dose', () => dvhCommand({ ...mask, dose: at('odd/rtplan_undeflen.dcm') }), /is no RT dose/],
    [
      'a dose as structures',
      () => dvhCommand({ dose: join(folder, 'dose.nrrd'), structures: [at('pydicom-files/rtdose.dcm')] }),
      /is no RT structure set/,
    ],
  ])('refuses %s', async (_, job, message) => {
    await expect(job()).rejects.toThrow(message);
  });
});
noteSkipped('dvh, check and compare of real DICOM');
