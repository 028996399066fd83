/** `respine gamma` as built: JSON contract, map, one sentence for bad input. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { decodeNrrd, encodeNrrd } from '../../src/io/nrrd.js';
import { type Run, respineIn } from './respine.js';

const reference = fileURLToPath(new URL('../reference/gamma/box_othergrid_ref.nrrd', import.meta.url));
const evaluated = fileURLToPath(new URL('../reference/gamma/box_othergrid_eval.nrrd', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'respine-gamma-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const respine = respineIn(folder);
const gamma = (...args: string[]): Promise<Run> => respine('gamma', ...args);

test('figures, map, and their agreement', { timeout: 60_000 }, async () => {
  const out = join(folder, 'new', 'gamma.nrrd');
  const args = [reference, evaluated, '--dose', '2', '--distance', '2', '--out', out];
  const run = await gamma(...args, '--json');
  expect([run.code, run.stderr]).toEqual([0, '']);
  const report = JSON.parse(run.stdout);
  // expected.csv: 2 % global, 2 mm.
  expect(report).toMatchObject({ evaluated: 26224, passed: 26028, outside: 0, version: expect.any(String) });
  expect(report.passRate).toBeCloseTo(99.2526, 4);
  expect(report.criteria).toEqual({ dose: 2, distance: 2, local: false, threshold: 10, cap: 2 });
  const map = await decodeNrrd(readFileSync(out));
  expect(map.kind).toBe('gamma');
  expect(map.data.filter((value) => value <= 1).length).toBe(report.passed);
  expect(map.fields).toMatchObject({ criteria: 'gamma 2 % / 2 mm global, threshold 10 %, cap 2' });
  const text = await gamma(reference, evaluated, '--dose', '2', '--distance', '2', '--local', '--threshold', '10');
  expect(text.stdout).toMatch(/local.*\npassed {3}99\.14 % {2}\(25999 of 26224 voxels\)/);
});

describe('bad input: exit 2, one sentence, nothing written', async () => {
  const grid = createGrid([2, 2, 2], [2, 2, 2], [0, 0, 0]);
  const file = async (name: string, bytes: Promise<Uint8Array> | Uint8Array): Promise<string> => {
    writeFileSync(join(folder, name), await bytes);
    return join(folder, name);
  };
  const ones = new Float32Array(8).fill(1);
  const meaning = { quantity: 'physical', fractions: 22 } as const;
  const inFractions = await file('fractions.nrrd', encodeNrrd(createDose(grid, meaning, ones)));
  const density = await file('density.nrrd', encodeNrrd(createVolume('density', grid, ones)));
  const dicom = await file('rd.dcm', Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(40)]));
  const text = await file('dose.txt', Buffer.from('no volume'));
  const cases: [string, string[], RegExp][] = [
    ['no such file', [reference, 'nowhere.nrrd'], /nowhere\.nrrd cannot be read/],
    ['a broken DICOM file', [reference, dicom], /rd\.dcm: is truncated or corrupt DICOM/],
    ['no NRRD', [text, evaluated], /dose\.txt: does not begin with "NRRD"/],
    ['no dose', [reference, density], /density\.nrrd: holds a volume of kind "density"/],
    ['other fractions', [reference, inFractions], /in an unknown number of fractions .*in 22 fractions/],
    ['a word', [reference, evaluated, '--cap', 'high'], /--cap is "high", but must be a number/],
    ['a cap of 1', [reference, evaluated, '--cap', '1'], /cap is 1, but must be above 1/],
    ['half a fraction', [reference, evaluated, '--fractions', '0.5'], /--fractions is "0.5"/],
  ];
  test.each(cases)('%s', { timeout: 30_000 }, async (name, args, message) => {
    const out = join(folder, name, 'map.nrrd');
    const run = await gamma(...args, '--dose', '3', '--distance', '3', '--out', out);
    expect([run.code, run.stdout, run.stderr]).toEqual([2, '', expect.stringMatching(message)]);
    expect(run.stderr.trim().split('\n').length).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  test('a map that is no .nrrd; no distance', { timeout: 30_000 }, async () => {
    const png = await gamma(reference, evaluated, '--dose', '3', '--distance', '3', '--out', 'map.png');
    expect([png.code, png.stderr]).toEqual([2, expect.stringMatching(/--out is "map\.png"/)]);
    expect((await gamma(reference, evaluated, '--dose', '3')).code).toBe(2);
  });

  test('--fractions speaks for a silent file', { timeout: 30_000 }, async () => {
    const run = await gamma(reference, inFractions, '--dose', '3', '--distance', '3', '--fractions', '22', '--json');
    expect(JSON.parse(run.stdout).meaning.fractions).toBe(22);
  });
});
