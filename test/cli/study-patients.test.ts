/** `respine study` over folders of patients: found, named, hashed, and refused with one sentence before anything is planned. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose } from '../../src/geometry/volume.js';
import { readCsv } from '../../src/io/csv.js';
import { encodeNrrd } from '../../src/io/nrrd.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-cohort-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);

const study = {
  base: {
    ...{ target: 'PTV', cord: 'PTV', doseGrid: { spacing: [15, 15, 15], planning: 100 } },
    prior: { file: '{folder}/prior.nrrd', months: 9, beyond: 'zero' },
    fcrt: { beams: 'posterior-3' },
    retreatment: { position: null },
  },
  patients: 'cohort',
  techniques: ['fcrt'],
  metrics: ['PTV Max'],
};
const put = (name: string, more: object = {}): void =>
  writeFileSync(join(folder, name), JSON.stringify({ ...study, ...more }));

beforeAll(async () => {
  for (const [name, format] of [
    ['p1', 'dicom'],
    ['p2', 'nrrd'],
  ] as const) {
    const made = await respine(
      'phantom',
      'water-box',
      '--spacing',
      '15',
      '--format',
      format,
      '--out',
      `cohort/${name}`,
    );
    expect(made.stderr).toBe('');
    const dose = createDose(createGrid([30, 30, 30], [20, 20, 20], [-290, -290, -290]), {
      quantity: 'physical',
      fractions: 10,
    });
    // Uneven: it rises along x.
    dose.data.forEach((_, v) => {
      dose.data[v] = 10 + (v % 30) / 10;
    });
    writeFileSync(join(folder, 'cohort', name, 'prior.nrrd'), await encodeNrrd(dose));
  }
  put('study.json');
}, 60_000);

const bad = async (more: object, name = 'bad.json'): Promise<string> => {
  put(name, more);
  const { code, stdout, stderr } = await respine('study', name, '--out', 'bad');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(existsSync(join(folder, 'bad'))).toBe(false);
  return stderr;
};

test('each folder is a row with hashes of all that it was made of; other files are not the same study', {
  timeout: 120_000,
}, async () => {
  const { code, stderr } = await respine('study', 'study.json', '--out', 'out', '--jobs', '1');
  expect([code, stderr]).toEqual([0, '']);
  const [head, ...rows] = readCsv(readFileSync(join(folder, 'out', 'study.csv'), 'utf8'), 'study.csv', {
    remedy: '',
  }) as [string[], ...string[][]];
  const column = (name: string): string[] => rows.map((row) => row[head.indexOf(name)]!);
  expect(column('patient')).toEqual(['p1', 'p2']);
  expect(column('version')).toEqual(['0.1.0', '0.1.0']);
  const of = (text: string) => Object.fromEntries(text.split(';').map((part) => part.split('=')));
  const [first, second] = column('inputs').map(of);
  expect(Object.keys(first)).toEqual(['machine', 'ct', 'structures', 'prior']);
  expect([first.prior === second.prior, first.ct === second.ct]).toEqual([true, false]);
  expect(first.prior).toMatch(/^[0-9a-f]{16}$/);

  // One of the files is another one now.
  const mask = join(folder, 'cohort', 'p2', 'mask_PTV.nrrd');
  const was = readFileSync(mask);
  cpSync(join(folder, 'cohort', 'p2', 'mask_External.nrrd'), mask);
  const again = await respine('study', 'study.json', '--out', 'out');
  expect(again.code).toBe(2);
  expect(again.stderr).toMatch(
    /fcrt with patient = "p2" stands in out\/study\.csv, made of other files: structures is \w{16} and was \w{16}\. Name another --out/,
  );
  writeFileSync(mask, was);
  expect((await respine('study', 'study.json', '--out', 'out')).stdout).toMatch(/0 planned now, 2 before/);
});

test('bad folders: exit 2, one sentence, nothing written', { timeout: 60_000 }, async () => {
  expect(await bad({ patients: ['cohort/p1', 'cohort/p3'] })).toMatch(/patient "p3": .*cohort\/p3 is not there/);
  expect(await bad({ patients: 'nowhere' })).toMatch(/patients: nowhere is no folder that can be read/);
  mkdirSync(join(folder, 'empty', 'inner'), { recursive: true });
  expect(await bad({ patients: 'empty' })).toMatch(/patient "inner": empty\/inner holds no CT with its structures/);
  expect(await bad({ patients: 'empty/inner' })).toMatch(/holds no folder, but each patient is one/);
  expect(await bad({ patients: ['cohort'] })).toMatch(
    /patient "cohort": cohort holds 2 pairs of CT and structures\. Say which under "patient": \{"ct":"cohort\/p1\/CT"/,
  );
  expect(await bad({ base: { ...study.base, target: 'PTV_3960' } })).toMatch(
    /patient = "p1": case: target "PTV_3960" is not a structure of RESPINE\^WATER-BOX\. It has External, PTV, SpinalCord/,
  );
  const { prior, ...rest } = study.base;
  expect(await bad({ base: { ...rest, prior: { ...prior, file: '{folder}/none.nrrd' } } })).toMatch(
    /patient = "p1": .*none\.nrrd cannot be read/,
  );
});

test('many plans are asked for first', async () => {
  const many = { sample: { draws: 10_000, seed: 1, fields: { cordCap: { uniform: [20, 30] } } } };
  expect(await bad(many)).toMatch(
    /bad\.json: these are 20000 plans, about \d+ h of one core \(\d+(\.\d)? s each\), and \d(\.\d)? MB of disk for their table\. Where that is meant, say --yes, or --plans 20000/,
  );
  const other = await respine('study', 'study.json', '--out', 'bad', '--plans', '3');
  expect(other.stderr).toMatch(/these are 2 plans, not 3\. Mend the study, or say --plans 2/);
});
