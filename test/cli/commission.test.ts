/** `respine commission`: from a folder of tables to a dose, and one sentence for every folder that will not do. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, expect, test } from 'vitest';
import { parseMachine } from '../../src/machine/machine-file.js';
import { jobOf } from '../../src/node/load-job.js';
import { beamDataTexts, doseAt, measure, measureProfile } from '../machine/synthetic.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-commission-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const respine = respineIn(folder);

const texts = beamDataTexts(measure({ kind: 'pdd' }));

function write(name: string, files: Record<string, string>): string {
  const dir = join(folder, name);
  mkdirSync(dir, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(dir, file), text);
  return dir;
}

test('tables to machine.json, residuals and picture; the machine doses fields and plans cases', {
  timeout: 120_000,
}, async () => {
  const dir = write('clinic', { ...texts, 'exclude.dat': '2 40\n4 40\n', 'notes.txt': 'not read' });
  const run = await respine('commission', dir, '--out', 'm/linac.json', '--picture', 'm/residuals.png', '--json');
  expect([run.code, run.stderr]).toEqual([0, '']);
  const report = JSON.parse(run.stdout);
  expect(report.machine).toMatchObject({ name: 'clinic', energy: 6, sad: 1000 });
  expect(report.residuals.map((r: { side: number }) => r.side)).toEqual([
    10, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400,
  ]);
  for (const key of ['beyondMax[%]', 'buildUpMax[%]', 'outputFactor[%]']) expect(report.totals[key]).toBeLessThan(0.2);
  expect(report.totals.excluded).toBe(2);
  // Percent of dose: the bound on how far the fit is from its optimum.
  expect(report.fit['optimality[%]']).toBeLessThan(1e-3);
  expect(report.fit.steps).toBeGreaterThan(5);
  // Not among the tables' own depths and sides: the numbers of the machine that was measured.
  const maximum = Math.max(...Array.from({ length: 80 }, (_, i) => doseAt(100, 1000, 10 + 0.2 * i)));
  expect(report.quality['PDD10[%]']).toBeCloseTo((100 * doseAt(100, 1000, 100)) / maximum, 0);
  expect(report.quality.TPR2010).toBeCloseTo(doseAt(100, 800, 200) / doseAt(100, 900, 100), 2);
  expect(report.separableTerms[1]).toMatchObject({ tolerance: 0.001 });
  for (const { terms, tolerance, residual } of report.separableTerms) {
    expect(residual).toBeLessThan(terms.length * tolerance);
  }
  expect(Object.keys(report.inputs).sort()).toEqual(['exclude.dat', 'of.dat', 'params.dat', 'pdd.dat', 'primflu.dat']);
  expect(decode(readFileSync(join(folder, 'm/residuals.png'))).width).toBe(1840);

  const written = JSON.parse(readFileSync(join(folder, 'm/linac.json'), 'utf8'));
  expect(written.fit).toEqual(report.fit);
  const machine = parseMachine(written);
  expect(doseAt(100, 900, 100, machine)).toBeCloseTo(0.01, 9);
  expect(
    Math.abs(doseAt(70, 850, 140, machine) / doseAt(70, 850, 140) / (0.01 / doseAt(100, 900, 100)) - 1),
  ).toBeLessThan(3e-3);

  const fields = {
    patient: { phantom: 'water-box', spacing: [10, 10, 10] },
    machine: 'm/linac.json',
    isocenter: [0, 0, 0],
    beams: [{ gantry: 0, monitorUnits: 100, field: { x1: -50, x2: 50, y1: -50, y2: 50 } }],
  };
  writeFileSync(join(folder, 'fields.json'), JSON.stringify(fields));
  const dose = await respine('dose', 'fields.json', '--out', 'dose.nrrd', '--json');
  expect([dose.code, dose.stderr]).toEqual([0, '']);
  // The calibration: 100 MU are 1 Gy at SSD 900, depth 100 mm. The engine's own error is 1e-3.
  expect(Math.abs(JSON.parse(dose.stdout).totals.isocenterDose - 1)).toBeLessThan(2e-3);

  const loaded = await jobOf({ patient: { phantom: 'spine-t8' }, machine: 'm/linac.json' }, join(folder, 'case.json'));
  expect(loaded.machine.kernel).toEqual(machine.kernel);
});

test('a profile in water, other widths, a name, and the table', { timeout: 120_000 }, async () => {
  const { primaryFluence: _, ...rest } = measure({ kind: 'tpr', sides: [20, 50, 100, 200, 400] });
  const dir = write('profile', beamDataTexts({ ...rest, profile: measureProfile(45) }));
  const args = ['--name', 'my linac', '--widths', '0,5,12,30,70,150', '--out', 'p.json'];
  const run = await respine('commission', dir, ...args);
  expect([run.code, run.stderr]).toEqual([0, '']);
  expect(run.stdout).toMatch(/^my linac: TPR, model minus measurement/);
  expect(run.stdout).toMatch(/^all .*\d\.\d\d %/m);
  expect(run.stdout).toMatch(/asked 0\.1 %: K = \d \+ \d, residual .*what the engine keeps/);
  expect(run.stdout).toMatch(/fluence from the profile of the 400 mm field/);
  expect(parseMachine(JSON.parse(readFileSync(join(folder, 'p.json'), 'utf8'))).kernel.widths).toEqual([
    ...[0.2, 0.5, 1, 1.8, 3, 5, 9],
    ...[12, 30, 70, 150],
  ]);
});

test('what the tables lack and what they contradict is said; columns stay apart', { timeout: 120_000 }, async () => {
  // A wide source, no output factor for the largest field, and a depth that prints long.
  const dir = write('notes', {
    ...texts,
    'pdd.dat': texts['pdd.dat']!.replace(/^(4|6|10|12)\t.*\n/gm, '').replace(/^16\t/m, '16.125\t'),
    'of.dat': texts['of.dat']!.replace(/^400 .*\n/m, ''),
    'params.dat': texts['params.dat']!.replace(/fwhm_gauss .*/, 'fwhm_gauss 10'),
  });
  const run = await respine('commission', dir, '--out', 'notes.json');
  expect([run.code, run.stderr]).toEqual([0, '']);
  expect(run.stdout).toMatch(/^fit: every dose within 0\.0\d* % of the optimum's \(bound; \d+ steps\)$/m);
  expect(run.stdout).toMatch(
    /^Not fitted: the depth dose of side 400 mm, which has no output factor \(10 to 300 mm\)/m,
  );
  expect(run.stdout).toMatch(/^Rows above the maximum are up to 6 mm apart:.*Measure every 2 mm there\.$/m);
  expect(run.stdout).toMatch(
    /^The source blur is too wide for these tables: output factors miss by up to \d+\.\d %, with a point source by 0\.\d %\. fwhm_gauss \(here 10\.0 mm, a standard deviation of 4\.2 mm\) is the full width at half maximum as seen in the isocentre plane: 2\.355 standard deviations, or the width of the spot at the source times 1\.86/m,
  );
  const lines = run.stdout.split('\n');
  const head = lines.findIndex((line) => line.startsWith('field side'));
  const table = lines.slice(
    head,
    lines.findIndex((line) => line.startsWith('fit: ')),
  );
  expect(table).toHaveLength(12);
  expect(table.join('\n')).toMatch(/16\.125 mm/);
  // All columns of all lines, a unit with its number.
  for (const line of table) expect(line.split(/ {3,}/).length, line).toBe(7);
});

const without = (file: string): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).filter(([name]) => name !== file));
const deep = texts['pdd.dat']!;

test.each<[string, Record<string, string>, readonly string[], RegExp]>([
  ['no output factors', without('of.dat'), [], /of\.dat is not there\. Add the output factors/],
  ['no parameters', without('params.dat'), [], /params\.dat is not there\. Add the conditions/],
  ['no depth doses', without('pdd.dat'), [], /neither tpr\.dat nor pdd\.dat is there\. Give one of them/],
  ['both depth doses', { ...texts, 'tpr.dat': deep }, [], /both tpr\.dat and pdd\.dat are there\. Give one/],
  ['no fluence', without('primflu.dat'), [], /neither primflu\.dat nor profile\.dat is there/],
  [
    'ragged',
    { ...texts, 'pdd.dat': deep.replace(/\t[^\t]*\n/, '\n') },
    [],
    /depth 0 mm has 11 values for 10 field sides/,
  ],
  [
    'depths in cm',
    { ...texts, 'pdd.dat': deep.replace(/^[\d.]+/gm, (d) => String(Number(d) / 10)) },
    [],
    /were they centimetres/,
  ],
  ['out of order', { ...texts, 'pdd.dat': deep.replace(/^4\t/m, '7\t') }, [], /depths must rise strictly/],
  [
    'fields without output factor',
    { ...texts, 'of.dat': '90 0.98\n110 1.01\n' },
    [],
    /none for the fields of 10, 20, 30, 40, 60, 80, 150, 200, 300, 400 mm/,
  ],
  [
    'rows too coarse',
    { ...texts, 'pdd.dat': deep.replace(/^(2|4|6|8|10|12)\t.*\n/gm, '') },
    [],
    /no row between 0 and 14 mm/,
  ],
  ['an exclusion of nothing', { ...texts, 'exclude.dat': '40 2\n' }, [], /depth 40 mm, side 2 mm is no entry/],
  ['widths in words', texts, ['--widths', '0,four'], /--widths is "0,four"/],
  ['widths that fall', texts, ['--widths', '9,4'], /widths must rise/],
  ['an output that is no .json', texts, ['--out', 'machine.dat'], /--out is "machine\.dat"/],
  ['a picture that is no .png', texts, ['--picture', 'x.pdf'], /--picture is "x\.pdf"/],
])('bad input: %s', { timeout: 60_000 }, async (name, files, args, message) => {
  const run = await respine('commission', write(name, files), '--out', 'bad/m.json', ...args);
  expect(run.code, run.stderr).toBe(2);
  expect(run.stdout).toBe('');
  expect(run.stderr).toMatch(message);
  expect(run.stderr.trim().split('\n')).toHaveLength(1);
  expect(existsSync(join(folder, 'bad'))).toBe(false);
});

test('bad input: no such folder', { timeout: 60_000 }, async () => {
  const run = await respine('commission', 'nowhere', '--out', 'bad/m.json');
  expect([run.code, run.stderr]).toEqual([
    2,
    expect.stringMatching(/nowhere cannot be read \(no such file or folder\)/),
  ]);
});
