/** `respine inspect`: what is printed, that what it names can be run as it stands, and what is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Inspection } from '../../src/io/inspection.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine inspect '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);

beforeAll(async () => {
  expect((await respine('phantom', 'spine-t8', '--format', 'dicom', '--spacing', '8', '--out', 'a study')).code).toBe(
    0,
  );
  expect((await respine('phantom', 'water-box', '--spacing', '20', '--out', 'nrrd')).code).toBe(0);
}, 120_000);

test('a study in words, and the case that it names is taken', { timeout: 120_000 }, async () => {
  const run = await respine('inspect', 'a study');
  expect([run.code, run.stderr]).toEqual([0, '']);
  expect(run.stdout).toMatch(/^a study: \d+ files, 1 patient, 1 study$/m);
  expect(run.stdout).toMatch(
    /^ {2}1 {2}CT ".*RESEARCH ONLY.*": 15 slices of \d+ x \d+, 8 x 8 x 8 mm, axial,\s+HFS, frame 1; 15 files in CT$/m,
  );
  expect(run.stdout).toMatch(/^ {4}PTV_3960 +target +\d+\.\d+ +\d+$/m);
  expect(run.stdout).not.toContain('RESPINE^');
  const [, asked] = /CASE\.json: (.*)$/m.exec(run.stdout)!;
  writeFileSync(join(folder, 'CASE.json'), asked!);
  const shown = await respine('plan', 'CASE.json', '--show-objectives');
  expect([shown.code, shown.stderr]).toEqual([0, '']);
});

test('as JSON, and its schema', async () => {
  const run = await respine('inspect', 'a study', '--json', '--names');
  const found: Inspection = JSON.parse(run.stdout);
  expect(found.patients).toEqual([expect.objectContaining({ number: 1, name: 'RESPINE^SPINE-T8', id: 'spine-t8' })]);
  expect(found.uses[0]!.command).toBe('respine plan CASE.json --out out');
  const schema = JSON.parse(readFileSync(new URL('../../docs/schema/inspection.json', import.meta.url), 'utf8'));
  expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(found).sort());
});

test('NRRD: kinds and grids', async () => {
  const run = await respine('inspect', 'nrrd');
  expect(run.stdout).toMatch(/^ {2}hounsfield\.nrrd: hounsfield in HU, \d+ x \d+ x \d+ voxels of 20 x 20 x 20 mm$/m);
  expect(run.stdout).toContain('"masks":"nrrd"');
});

test('a path that is not there is one sentence', async () => {
  const run = await respine('inspect', 'nowhere');
  expect([run.code, run.stdout, run.stderr]).toEqual([
    2,
    '',
    'respine: nowhere is not there. Give a folder or a file.\n',
  ]);
});
