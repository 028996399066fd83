/** The built command line, out to another optimiser and back: `influence`, `plan --weights`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { leanPhantom } from './lean-phantom.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-weights-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);

const caseOf = (name: string, beamlet: number): string => {
  const path = join(folder, name);
  const quick = {
    patient: { phantom: 'lean.json', target: 'body' },
    doseGrid: { spacing: [10, 10, 10], planning: 100 },
    imrt: { delivery: 'fluence', beams: 'posterior-2', beamlet },
    prior: null,
  };
  writeFileSync(path, JSON.stringify(quick));
  return path;
};
writeFileSync(join(folder, 'lean.json'), JSON.stringify(leanPhantom));
const path = caseOf('CASE.json', 14);
const out = join(folder, 'influence');

test('influence, weights, plan, and the plan again', { timeout: 300_000 }, async () => {
  const run = await respine('influence', path, '--out', out, '--json');
  expect([run.code, run.stderr]).toEqual([0, '']);
  const told = JSON.parse(run.stdout);
  expect(told).toEqual(JSON.parse(readFileSync(join(out, 'influence.json'), 'utf8')));
  expect(told.files).toEqual(readdirSync(out).sort((a, b) => told.files.indexOf(a) - told.files.indexOf(b)));
  expect(told.entries).toBe(told.rows * told.columns);
  const beamlets = readFileSync(join(out, 'beamlets.csv'), 'utf8').trim().split('\n');
  expect(beamlets).toHaveLength(told.columns + 1);
  const cut = await respine('influence', path, '--out', join(folder, 'cut'), '--cut', '0.1', '--voxels', 'SpinalCord');
  expect(cut.stdout).toMatch(/cut below 0\.1: at most \d\S* Gy of any voxel at 1 MU of every beamlet; \S+ Gy at equal/);

  writeFileSync(join(out, 'weights.csv'), beamlets.map((line, l) => `${line},${l === 0 ? 'weight' : 3000}\n`).join(''));
  const plan = (...more: string[]) =>
    respine(
      'plan',
      path,
      '--weights',
      join(out, 'weights.csv'),
      '--out',
      join(folder, 'plan'),
      '--no-pictures',
      ...more,
    );
  const first = await plan('--strict');
  expect([first.code, first.stderr]).toEqual([1, '']);
  expect(first.stdout).toContain('its weights were given, not optimised, nothing of it changed; it breaks');
  const [broken] = JSON.parse(readFileSync(join(folder, 'plan', 'plan.json'), 'utf8')).plans;
  expect(broken.status).toBe('constraints-broken');
  expect(broken.warning).toMatch(/it breaks the maxima of SpinalCord in \d+ voxels by up to \S+ Gy/);

  const held = await plan('--scale', '--prove', '--json');
  const [scaled] = JSON.parse(held.stdout).plans;
  expect(scaled.technique).toBe('imrt');
  expect(scaled.given.scale).toBeLessThan(1);
  expect(scaled.given.broken).toEqual([]);
  expect(scaled.certificate.lowerBound).toBeLessThan(scaled.certificate.value);
  const again = await respine(
    'plan',
    '--from',
    join(folder, 'plan', 'plan.json'),
    '--out',
    join(folder, 'again'),
    '--no-pictures',
  );
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('IMRT: the dose is that of')]);
});

test('bad input is one sentence', { timeout: 120_000 }, async () => {
  const weights = join(out, 'weights.csv');
  const other = caseOf('OTHER.json', 12);
  const bad: [string[], RegExp][] = [
    [['influence', path, '--out', out, '--cut', 'much'], /--cut is "much"/],
    [['influence', path, '--out', out, '--format', 'mat'], /--format is "mat"\. Use npz or mtx/],
    [['influence', path, '--out', out, '--voxels', 'body', 'PTV_3960'], /--voxels has "body" beside 1 more/],
    [['influence', path, '--out', path], /is a file, but a folder is needed/],
    [['plan', other, '--weights', weights], /are of another case: the influence\.json beside it/],
    [['plan', path, '--weights', join(folder, 'none.npy')], /none\.npy cannot be read/],
    [['plan', path, '--scale'], /--scale is of --weights/],
    [['plan', path, '--weights', weights, '--technique', 'fcrt'], /--technique is "fcrt"/],
    [['plan', path, '--weights', weights, '--time-limit', '5'], /only for --prove/],
    [['plan', '--from', path, '--weights', weights], /--weights are of a case/],
  ];
  for (const [args, said] of bad) {
    const run = await respine(...args);
    expect([run.code, run.stderr.trim().split('\n').length], args.join(' ')).toEqual([2, 1]);
    expect(run.stderr).toMatch(said);
    expect(run.stderr.length).toBeLessThan(420);
  }
});
