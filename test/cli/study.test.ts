/** `respine study`: one row per plan, resumed after an interruption, failures reported without stopping. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-study-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);

const study = {
  base: {
    patient: { phantom: 'spine-t8', spacing: [6, 6, 6], parameters: { length: 60 } },
    prior: null,
    doseGrid: { spacing: [6, 6, 6], planning: 100 },
    imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 10 },
  },
  // The first isocentre lies outside the patient.
  vary: {
    isocenter: [
      [0, 400, 0],
      [0, 0, 0],
    ],
    cordCap: [28],
  },
  metrics: ['SpinalCord Max', 'PTV_3960 D95%'],
};
writeFileSync(join(folder, 'study.json'), JSON.stringify(study));

test('a study is interrupted, resumed and retried', { timeout: 180_000 }, async () => {
  const csv = join(folder, 'out', 'study.csv');
  const read = (): string => readFileSync(csv, 'utf8');
  const run = (...more: string[]) => respine('study', 'study.json', '--out', 'out', '--json', ...more);
  const all = await run();
  expect(all.stderr).toBe('');
  expect(all.code, 'plans failed').toBe(1);
  const report = JSON.parse(all.stdout);
  expect(report).toMatchObject({ plans: 2, planned: 2, failed: 1, others: 0 });
  const [failed, made] = report.rows;
  expect(failed).toMatchObject({
    status: 'failed',
    isocenter: '[0,400,0]',
    gap: null,
    'SpinalCord Max[Gy]': null,
  });
  expect(failed.error).toMatch(/isocenter \(0, 400, 0\) mm lies outside the patient/);
  expect(made).toMatchObject({ status: 'reached', cordCap: 28, error: null });
  expect(made['SpinalCord Max[Gy]']).toBeLessThanOrEqual(28 + 1e-4);
  expect(made.gap).toBeLessThan(0.02);
  const whole = read();
  expect(readdirSync(join(folder, 'out')), 'nothing but the table').toEqual(['study.csv']);

  // Interrupted in the last row: that plan is made anew, what failed is not.
  writeFileSync(csv, whole.slice(0, -40));
  expect(JSON.parse((await run()).stdout)).toMatchObject({ planned: 1, failed: 1 });
  expect(read(), 'as if it had not been interrupted').toBe(whole);

  // With --retry what failed is planned again, and nothing else: the mark on the finished row stays.
  const marked = whole.replace(',reached,', ',reached before,');
  writeFileSync(csv, marked);
  const again = await respine('study', 'study.json', '--out', 'out', '--retry');
  expect(again.code).toBe(1);
  expect(again.stdout.split('\n').slice(0, 2)).toEqual([
    expect.stringMatching(
      /^failed: imrt, isocenter = \[0,400,0\], cordCap = 28: case: isocenter .* lies outside the patient/,
    ),
    '2 plans: 1 failed, 1 reached before; 1 planned now, 1 before.',
  ]);
  expect(read()).toBe(marked);
});

test('bad input: exit 2, one sentence, nothing written', { timeout: 120_000 }, async () => {
  const out = join(folder, 'bad');
  const bad = async (content: object): Promise<string> => {
    writeFileSync(join(folder, 'bad.json'), JSON.stringify(content));
    const { code, stdout, stderr } = await respine('study', 'bad.json', '--out', out);
    expect(code, stderr).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    return stderr;
  };
  expect(await bad({ ...study, vary: { ...study.vary, cordCap: [0] } })).toMatch(
    /bad\.json with isocenter = \[0,400,0\], cordCap = 0: cordCap: is 0 Gy/,
  );
  // Every name is looked up before the first plan, also where it is the last run's.
  expect(await bad({ ...study, vary: { 'imrt.beams': ['posterior-3', 'posterior-11'] } })).toMatch(
    /imrt\.beams = "posterior-11": imrt\.beams: arrangement "posterior-11" is unknown\. Use one of posterior-1,/,
  );
  expect(await bad({ ...study, vary: { 'patient.phantom': ['spine-t8', 'spine-t99'] } })).toMatch(
    /patient\.phantom = "spine-t99": phantom "spine-t99" is unknown/,
  );
  expect(existsSync(out)).toBe(false);
  const { code, stderr } = await respine('study', 'study.json', '--out', 'study.json');
  expect([code, stderr]).toEqual([2, expect.stringContaining('is a file, but a folder is needed')]);
});

test('a table of another study is left as it is', { timeout: 60_000 }, async () => {
  const csv = join(folder, 'out', 'study.csv');
  const before = readFileSync(csv, 'utf8');
  writeFileSync(join(folder, 'other.json'), JSON.stringify({ ...study, metrics: ['SpinalCord Max'] }));
  const { code, stderr } = await respine('study', 'other.json', '--out', 'out');
  expect(code).toBe(2);
  expect(stderr).toMatch(/study\.csv is the table of another study: its column \d+ is .*Name another --out/);
  expect(readFileSync(csv, 'utf8')).toBe(before);
});
