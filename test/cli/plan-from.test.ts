/** `respine plan --from plan.json`: the same files to the last byte, without an optimiser; a set of files that changes as a whole. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leanPhantom } from './lean-phantom.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-from-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);
const at = (...path: string[]): string => join(folder, ...path);
const beams = [{ gantry: 150 }, { gantry: 210 }];
const asked = {
  patient: { phantom: 'mine.json', target: 'body' },
  doseGrid: { spacing: [10, 10, 10], planning: 100 },
  imrt: { delivery: 'fluence', beams, beamlet: 14 },
  fcrt: { beams },
};
const filesOf = (dir: string): string[] => readdirSync(at(dir)).sort();
const planOf = (dir: string) => JSON.parse(readFileSync(at(dir, 'plan.json'), 'utf8'));

let first = { code: -1, stdout: '', stderr: '' };
beforeAll(async () => {
  mkdirSync(at('cases'));
  writeFileSync(at('cases', 'mine.json'), JSON.stringify(leanPhantom, null, 2));
  writeFileSync(at('cases', 'case.json'), JSON.stringify(asked));
  first = await respine('plan', 'cases/case.json', '--out', 'runs/out');
}, 300_000);

test('every file of the set is made again, byte for byte, pictures and plan.json among them', {
  timeout: 300_000,
}, async () => {
  expect([first.code, first.stderr]).toEqual([0, '']);
  const run = await respine('plan', '--from', 'runs/out/plan.json', '--out', 'runs/again', '--strict');
  // The goals of the plan fail, as they did.
  expect([run.code, run.stderr]).toEqual([1, '']);
  expect(filesOf('runs/again')).toEqual(filesOf('runs/out'));
  for (const name of filesOf('runs/out')) {
    expect(readFileSync(at('runs/again', name)).equals(readFileSync(at('runs/out', name))), name).toBe(true);
  }
  expect(run.stdout).toContain('FCRT and IMRT: the dose is that of runs/out/plan.json, bit for bit.');
  const said = (text: string): string[] =>
    text.split('\n').filter((line) => !/bit for bit|files in|cap in every|more that fail/.test(line));
  expect(said(run.stdout)).toEqual(said(first.stdout));
  const { remake, files, plans } = planOf('runs/out');
  expect(remake).toMatchObject({ folder: '../../cases', defaults: ['cordCap'] });
  expect([...files].sort()).toEqual(filesOf('runs/out'));
  expect(plans[1].fluence.file).toBe('fluence_imrt.json');
  for (const line of run.stdout.trimEnd().split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(run.stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
});

test('a case that says nothing of its delivery: planned in segments, and the same again', {
  timeout: 300_000,
}, async () => {
  const { delivery: _, ...imrt } = asked.imrt;
  writeFileSync(at('cases', 'usual.json'), JSON.stringify({ ...asked, imrt }));
  const args = ['--technique', 'imrt', '--no-pictures'];
  const made = await respine('plan', 'cases/usual.json', '--out', 'runs/usual', ...args);
  expect([made.code, made.stderr]).toEqual([0, '']);
  const { case: planned, plans } = planOf('runs/usual');
  expect([planned.imrt.delivery, plans[0].delivery.kind]).toEqual(['step-and-shoot', 'step-and-shoot']);
  const run = await respine('plan', '--from', 'runs/usual/plan.json', '--out', 'runs/usual-again', ...args);
  expect([run.code, run.stderr]).toEqual([0, '']);
  for (const name of filesOf('runs/usual')) {
    expect(readFileSync(at('runs/usual-again', name)).equals(readFileSync(at('runs/usual', name))), name).toBe(true);
  }
});

test('a run replaces the files of the one before, pictures of both plans included, and no other file', {
  timeout: 300_000,
}, async () => {
  const own = { 'notes.txt': 'mine', 'axial_mine.png': 'no picture', 'fluence_mine.json': '{}' };
  for (const [name, text] of Object.entries(own)) writeFileSync(at('runs/again', name), text);
  const before = planOf('runs/again').files as string[];
  expect(before).toEqual(
    expect.arrayContaining(['axial_fcrt.png', 'axial_imrt.png', 'dose_fcrt.nrrd', 'fluence_fcrt.json']),
  );
  const args = ['--technique', 'imrt', '--no-pictures', '--json'];
  const run = await respine('plan', '--from', 'runs/again/plan.json', '--out', 'runs/again', ...args);
  expect([run.code, run.stderr]).toEqual([0, '']);
  const { files, plans } = JSON.parse(run.stdout);
  expect(plans.map((p: { technique: string }) => p.technique)).toEqual(['imrt']);
  expect(files.some((name: string) => /fcrt|png$/.test(name))).toBe(false);
  expect(filesOf('runs/again')).toEqual([...files, ...Object.keys(own)].sort());
  for (const [name, text] of Object.entries(own)) expect(readFileSync(at('runs/again', name), 'utf8')).toBe(text);
  const same = 'dose_imrt.nrrd';
  expect(readFileSync(at('runs/again', same)).equals(readFileSync(at('runs/out', same)))).toBe(true);
});

describe('refused in one sentence, before anything is computed or written', () => {
  const refuse = async (said: RegExp, ...args: string[]): Promise<void> => {
    const run = await respine('plan', ...args, '--out', 'none');
    expect([run.code, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toMatch(said);
    expect(run.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(run.stderr.length).toBeLessThanOrEqual(420);
    expect(readdirSync(folder)).not.toContain('none');
  };
  const from = ['--from', 'runs/out/plan.json'];
  /** With a file changed, and as it was afterwards. */
  const changed = async (
    path: string,
    change: (text: string) => string,
    said: RegExp,
    ...args: string[]
  ): Promise<void> => {
    const text = readFileSync(at(path), 'utf8');
    expect(change(text)).not.toBe(text);
    writeFileSync(at(path), change(text));
    try {
      await refuse(said, ...from, ...args);
    } finally {
      writeFileSync(at(path), text);
    }
  };

  test('a request that makes no sense', { timeout: 120_000 }, async () => {
    await refuse(/plan: give either a CASE\.json, or --from/);
    await refuse(/plan: give either a CASE\.json, or --from/, 'cases/case.json', ...from);
    await refuse(/--time-limit is of the optimiser/, ...from, '--time-limit', '5');
    await refuse(/holds no fcrt plan, but imrt/, '--from', 'runs/again/plan.json', '--technique', 'fcrt');
    await refuse(/nowhere\.json cannot be read \(no such file/, '--from', 'nowhere.json');
    await refuse(
      /case\.json: is no plan\.json that a plan can be made from \(software: is missing/,
      '--from',
      'cases/case.json',
    );
  });

  test('a plan.json that names a technique twice, or an input by a name that every object has', {
    timeout: 120_000,
  }, async () => {
    const { plans } = planOf('runs/out');
    const twice = (text: string) => JSON.stringify({ ...JSON.parse(text), plans: [plans[0], plans[0]] });
    await changed('runs/out/plan.json', twice, /holds more than one fcrt plan/);
    const named = (text: string) => text.replace('"inputs": {', '"inputs": { "constructor": "a",');
    await changed('runs/out/plan.json', named, /its input "constructor" is not what it was/);
  });

  test('a record of another patient, though its hash was set to match', { timeout: 120_000 }, async () => {
    const [path, name] = ['runs/out/fluence_imrt.json', 'fluence_imrt.json'];
    const [text, record] = [readFileSync(at(path), 'utf8'), JSON.parse(readFileSync(at(path), 'utf8'))];
    const { sha256: was } = planOf('runs/out').plans[1].fluence;
    const { certificate } = record.outcome;
    const beyond = { ...certificate, violation: { limit: 'cap', amount: 0, row: 1e6 } };
    const wrong: [object, RegExp][] = [
      [{ organVoxels: [{ structure: 'Nobody', runs: [[0, 1]] }] }, /voxels of "Nobody" that the patient has not/],
      [{ organVoxels: [{ structure: 'Esophagus', runs: [[9e6, 1]] }] }, /voxels of "Esophagus" that the patient has/],
      [{ outcome: { ...record.outcome, certificate: beyond } }, /it names row 1000000 of/],
    ];
    for (const [more, said] of wrong) {
      const other = JSON.stringify({ ...record, ...more });
      writeFileSync(at('runs/out', name), other);
      const hash = createHash('sha256').update(other).digest('hex');
      await changed('runs/out/plan.json', (t) => t.replace(was, hash), said);
    }
    writeFileSync(at(path), text);
  });

  test('an input that the files of the plan would take the place of', { timeout: 120_000 }, async () => {
    mkdirSync(at('kept'));
    const own = JSON.stringify({ ...asked, patient: { phantom: 'spine-t8', target: 'body' } });
    writeFileSync(at('kept', 'plan.json'), own);
    const dose = readFileSync(at('runs/out/dose_fcrt.nrrd'));
    writeFileSync(at('kept', 'dose_fcrt.nrrd'), dose);
    const prior = { file: 'dose_fcrt.nrrd', months: 12 };
    writeFileSync(at('kept', 'case.json'), JSON.stringify({ ...JSON.parse(own), prior }));
    for (const name of ['plan.json', 'case.json']) {
      const run = await respine('plan', `kept/${name}`, '--out', 'kept');
      expect([run.code, run.stdout]).toEqual([2, '']);
      expect(run.stderr).toMatch(/the plan's own (plan\.json|dose_fcrt\.nrrd) would take the place of its input/);
    }
    expect(readFileSync(at('kept', 'plan.json'), 'utf8')).toBe(own);
    expect(readFileSync(at('kept', 'dose_fcrt.nrrd')).equals(dose)).toBe(true);
    expect(filesOf('kept')).toEqual(['case.json', 'dose_fcrt.nrrd', 'plan.json']);
  });

  test('the folder of the CT takes no plan, and what else lies there is no input', { timeout: 120_000 }, async () => {
    const made = await respine('phantom', 'spine-t8', '--format', 'dicom', '--spacing', '8', '--out', 'study');
    expect(made.code).toBe(0);
    writeFileSync(at('study/case.json'), JSON.stringify({ patient: { ct: 'CT', structures: 'RS.dcm' } }));
    const before = filesOf('study/CT');
    for (const out of ['study/CT', './study/CT/']) {
      const run = await respine('plan', 'study/case.json', '--out', out);
      expect([run.code, run.stdout]).toEqual([2, '']);
      expect(run.stderr).toMatch(/--out \S*study\/CT\/?: the case reads that folder/);
    }
    expect(filesOf('study/CT')).toEqual(before);
  });

  test('an input that has changed, or is not there, is named', { timeout: 120_000 }, async () => {
    await changed(
      'cases/mine.json',
      (t) => t.replace('"air": ', '"air": 1'),
      /the phantom is not what it was when the plan was made/,
    );
    await changed(
      'runs/out/plan.json',
      (t) => t.replace('"months": 17.7', '"months": 18'),
      /the case in it is not what it was/,
    );
    await changed(
      'runs/out/fluence_imrt.json',
      (t) => t.replace('"gantry": 1', '"gantry": 2'),
      /fluence_imrt\.json is not what it was/,
    );
    renameSync(at('cases/mine.json'), at('cases/moved.json'));
    await refuse(
      /an input of its case cannot be read: .*mine\.json cannot be read \(no such file or folder\)/,
      ...from,
    );
    renameSync(at('cases/moved.json'), at('cases/mine.json'));
    renameSync(at('runs/out/fluence_imrt.json'), at('runs/out/moved'));
    await refuse(/fluence_imrt\.json cannot be read \(no such file or folder\)/, ...from);
    renameSync(at('runs/out/moved'), at('runs/out/fluence_imrt.json'));
  });

  test('a dose that is not that of the plan, though all else agrees; another version says so and goes on', {
    timeout: 200_000,
  }, async () => {
    const { plans } = planOf('runs/out');
    const hash: string = plans[0].dose.sha256;
    const fcrt = ['--technique', 'fcrt'];
    await changed(
      'runs/out/plan.json',
      (t) => t.replace(hash, '0'.repeat(64)),
      /the dose of FCRT made again is not that of the plan/,
    );
    const text = readFileSync(at('runs/out/plan.json'), 'utf8');
    const other = text
      .replace(hash, '0'.repeat(64))
      .replace(/"software": "respine [^"]*"/, '"software": "respine 0.0.1"');
    writeFileSync(at('runs/out/other.json'), other);
    const run = await respine('plan', '--from', 'runs/out/other.json', '--out', 'other', '--no-pictures', ...fcrt);
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(run.stdout.replace(/\n */g, ' ')).toMatch(
      /FCRT: the dose is not bit for bit that of runs\/out\/other\.json, which respine 0\.0\.1 made/,
    );
  });
});
