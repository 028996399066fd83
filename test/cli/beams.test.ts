/** `respine beams`: the chosen case that plans as it is, the table, the pictures, one sentence for bad input. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { jobOf } from '../../src/node/load-job.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-beams-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);

const path = join(folder, 'case.json');
const phantom = readFileSync(new URL('../../phantoms/spine-t8.json', import.meta.url), 'utf8');
mkdirSync(join(folder, 'data'));
writeFileSync(join(folder, 'data', 'own.json'), phantom);
const quick = {
  patient: { phantom: 'data/own.json', parameters: { length: 90 } },
  doseGrid: { spacing: [8, 8, 8], planning: 100 },
  imrt: { delivery: 'fluence', beamlet: 14, margin: 4 },
  prior: null,
  cordCap: 28,
};
writeFileSync(path, JSON.stringify(quick));
const list = join(folder, 'list.json');
writeFileSync(
  list,
  JSON.stringify([{ gantry: 100 }, { gantry: 180 }, { gantry: 40, couch: 0 }, { gantry: 215, couch: 30 }]),
);

test('a case, a table and a picture; the case names its files from where it lies', { timeout: 120_000 }, async () => {
  const out = join(folder, 'deep', 'chosen');
  const run = await respine('beams', path, '--choose', '2', '--candidates', list, '--json', '--out', out);
  expect([run.code, run.stderr]).toEqual([0, '']);
  expect(readdirSync(out).sort()).toEqual(['CASE.json', 'beams.csv', 'beams.png']);
  const result = JSON.parse(run.stdout);
  expect(result.candidates).toHaveLength(4);
  expect(result.points[0].objective).toBeGreaterThanOrEqual(result.all.lowerBound);
  expect(result.notChecked[0]).toMatch(/gantry, couch and patient are clear of each other/);
  const written = JSON.parse(readFileSync(join(out, 'CASE.json'), 'utf8'));
  expect(written.imrt.beams).toEqual(result.points[0].beams);
  expect(written.patient.phantom).toBe('../../data/own.json');
  // All else is as it was asked.
  const [before, after] = [await jobOf(quick as never, path), await jobOf(written, join(out, 'CASE.json'))];
  expect({ ...after.case, imrt: 0, patient: 0 }).toEqual({ ...before.case, imrt: 0, patient: 0 });
  expect({ ...after.case.imrt, beams: 0 }).toEqual({ ...before.case.imrt, beams: 0 });
});

test('a curve: a line for each number of beams, in words and as CSV', { timeout: 120_000 }, async () => {
  const out = join(folder, 'curve');
  const args = ['--choose', '3', '--curve', '2-4', '--candidates', '6', '--out', out];
  const run = await respine('beams', path, ...args);
  expect([run.code, run.stderr]).toEqual([0, '']);
  expect(run.stdout).toMatch(/No choice of the 6 candidates has an objective below \d/);
  const lines = readFileSync(join(out, 'beams.csv'), 'utf8').trim().split('\n');
  expect(lines.map((line) => line.split(',')[0])).toEqual(['number', '2', '3', '4']);
  expect(JSON.parse(readFileSync(join(out, 'CASE.json'), 'utf8')).imrt.beams).toHaveLength(3);
});

const bad = join(folder, 'bad.json');
writeFileSync(bad, JSON.stringify([{ gantry: 100 }, { gantry: -260 }]));
test.each([
  [['--choose', '0'], /--choose is "0", but must be a whole number >= 1/],
  [['--choose', '5', '--candidates', '4'], /5 beams are to be chosen, but there are only 4 candidates/],
  [['--choose', '1', '--candidates', bad], /are one beam/],
  [['--curve', '9'], /--curve is "9", but must be two numbers of beams/],
  [['--couch', '0,up'], /--couch is "up", but must be a number/],
  [['--candidates', 'missing.json'], /missing\.json/],
  [['--time-limit', '0'], /--time-limit is 0 s/],
])('%j', { timeout: 60_000 }, async (args, sentence) => {
  const run = await respine('beams', path, ...args, '--out', join(folder, 'none'));
  expect(run.code).toBe(2);
  expect(run.stderr).toMatch(sentence);
  expect(run.stderr.trim().split('\n')).toHaveLength(1);
  expect(run.stderr.length).toBeLessThanOrEqual(400);
  expect(readdirSync(folder)).not.toContain('none');
});
