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
    patient: { spacing: [6, 6, 6], parameters: { length: 60 } },
    prior: null,
    doseGrid: { spacing: [6, 6, 6] },
    imrt: { beams: 'posterior-3', beamlet: 10 },
  },
  vary: { cordCap: [24, 30], 'patient.phantom': ['spine-t8', 'spine-t99'] },
  metrics: ['SpinalCord Max', 'PTV_3960 D95%'],
};
writeFileSync(join(folder, 'study.json'), JSON.stringify(study));

test('a study is interrupted, resumed and retried', { timeout: 60_000 }, async () => {
  const csv = join(folder, 'out', 'study.csv');
  const read = (): string => readFileSync(csv, 'utf8');
  const run = (...more: string[]) => respine('study', 'study.json', '--out', 'out', '--json', ...more);
  const all = await run();
  expect(all.stderr).toBe('');
  expect(all.code, 'plans failed').toBe(1);
  const report = JSON.parse(all.stdout);
  expect(report).toMatchObject({ plans: 4, planned: 4, failed: 2, others: 0 });
  const [low, failed, high] = report.rows;
  expect(failed).toMatchObject({
    status: 'failed',
    cordCap: 24,
    'patient.phantom': 'spine-t99',
    'SpinalCord Max[Gy]': null,
  });
  expect(failed.error).toMatch(/"spine-t99" is unknown/);
  for (const row of [low, high]) {
    expect(row['SpinalCord Max[Gy]']).toBeLessThanOrEqual(row.cordCap + 1e-4);
    expect(row.gap).toBeLessThan(0.02);
    expect(row.error).toBeNull();
  }
  expect(low['PTV_3960 D95%[Gy]']).toBeLessThan(high['PTV_3960 D95%[Gy]']);
  const whole = read();
  expect(readdirSync(join(folder, 'out')), 'nothing but the table').toEqual(['study.csv']);

  // Interrupted in the third row: that plan is made anew, and the fourth, which fails.
  const lines = whole.split('\n');
  writeFileSync(csv, [...lines.slice(0, 3), lines[3]!.slice(0, 40)].join('\n'));
  expect(JSON.parse((await run()).stdout)).toMatchObject({ planned: 2, failed: 2 });
  expect(read(), 'as if it had not been interrupted').toBe(whole);

  // With --retry what failed is planned again, and nothing else: the marks on finished rows stay.
  const marked = whole.replaceAll(',reached,', ',reached before,');
  writeFileSync(csv, marked);
  const again = await respine('study', 'study.json', '--out', 'out', '--retry');
  expect(again.code).toBe(1);
  expect(again.stdout.split('\n').slice(0, 3)).toEqual([
    expect.stringMatching(/^failed: imrt, cordCap = 24, patient\.phantom = spine-t99: phantom "spine-t99" is unknown/),
    expect.stringMatching(/^failed: imrt, cordCap = 30, patient\.phantom = spine-t99: /),
    '4 plans: 2 reached before, 2 failed; 2 planned now, 2 before.',
  ]);
  expect(read()).toBe(marked);
});

test('bad input: exit 2, one sentence, nothing written', { timeout: 60_000 }, async () => {
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
    /bad\.json with cordCap = 0, patient\.phantom = "spine-t8": cordCap: is 0 Gy/,
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
