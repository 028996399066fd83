/** `respine study`: one row per plan, resumed after an interruption, failures reported without stopping. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  expect(readdirSync(join(folder, 'out')), 'nothing but the table').toEqual(['study.build', 'study.csv']);

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

describe('many plans', () => {
  const many = {
    base: {
      ...{ patient: { phantom: 'water-box', spacing: [15, 15, 15] }, target: 'PTV', cord: 'PTV', prior: null },
      doseGrid: { spacing: [15, 15, 15], planning: 100 },
      fcrt: { beams: 'posterior-3' },
      retreatment: { position: null },
    },
    // Plans on one grid share what is made for it.
    vary: { 'doseGrid.planning': [90, 100], cordCap: [24, 28] },
    techniques: ['fcrt'],
    metrics: ['PTV Max', 'PTV D95%'],
  };
  writeFileSync(join(folder, 'many.json'), JSON.stringify(many));
  const run = (...more: string[]) => respine('study', 'many.json', '--json', ...more);
  const table = (out: string): string => readFileSync(join(folder, out, 'study.csv'), 'utf8');
  beforeAll(async () => {
    expect((await run('--out', 'one', '--jobs', '1')).stderr).toBe('');
  }, 120_000);

  test('one after the other, side by side, and in shards that are merged: the same bytes', {
    timeout: 180_000,
  }, async () => {
    const beside = JSON.parse((await run('--out', 'beside', '--jobs', '2')).stdout);
    expect(beside).toMatchObject({ plans: 4, planned: 4, failed: 0, jobs: 2 });
    expect(beside.memoryBytes).toBeGreaterThan(5e7);
    expect(table('beside')).toBe(table('one'));
    for (const shard of ['1/2', '2/2']) {
      const part = JSON.parse((await run('--out', `shard ${shard[0]}`, '--shard', shard)).stdout);
      expect(part).toMatchObject({ plans: 2, planned: 2, others: 0 });
    }
    const merged = JSON.parse((await run('--merge', 'shard 1', 'shard 2', '--out', 'merged')).stdout);
    expect(merged).toMatchObject({ plans: 4, missing: 0, failed: 0, others: 0 });
    expect(table('merged')).toBe(table('one'));
    // Both shards into one folder, one after the other, end alike once the study looks at it.
    await run('--out', 'shard 1', '--shard', '2/2');
    expect(JSON.parse((await run('--out', 'shard 1')).stdout)).toMatchObject({ planned: 0, others: 0 });
    expect(table('shard 1')).toBe(table('one'));
  });

  test('merged tables: a failure gives way, other figures are refused, what is missing is told', async () => {
    const lines = table('one').trimEnd().split('\n');
    const put = (out: string, own: readonly string[]): void => {
      mkdirSync(join(folder, out), { recursive: true });
      writeFileSync(join(folder, out, 'study.csv'), `${own.join('\n')}\n`);
    };
    const columns = lines[0]!.split(',');
    const failed = lines[1]!.split(',').map((cell, c) => {
      if (columns[c] === 'status') return 'failed';
      return c > columns.indexOf('status') ? (columns[c] === 'error' ? 'the disk was full' : '') : cell;
    });
    put('a', [lines[0]!, failed.join(','), lines[2]!]);
    put('b', [lines[0]!, lines[1]!, lines[3]!]);
    for (const order of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const { code, stdout } = await run('--merge', ...order, '--out', `merged ${order[0]}`);
      expect([code, JSON.parse(stdout)]).toMatchObject([1, { plans: 3, missing: 1, failed: 0 }]);
      expect(table(`merged ${order[0]}`)).toBe(`${lines.slice(0, 4).join('\n')}\n`);
    }
    const words = await respine('study', 'many.json', '--merge', 'a', '--out', 'only a');
    expect(words.stdout).toMatch(/2 plans of the study are in none of the folders, the first of them fcrt, /);
    put('c', [lines[0]!, lines[1]!.replace(/,reached,([\d.]+),/, ',reached,1,')]);
    const other = await run('--merge', 'b', 'c', '--out', 'merged c');
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(
      /b\/study\.csv and c\/study\.csv hold the plan \w+ with other figures \("39.* and "1" in column/,
    );
    expect(existsSync(join(folder, 'merged c'))).toBe(false);
  });

  test('rows of another build of the version are neither merged nor gone on with; those of before the build was told are', async () => {
    const told = readFileSync(join(folder, 'one', 'study.build'), 'utf8').trim();
    expect(told).toMatch(/^\d+\.\d+\.\d+ \(build [0-9a-f]{12}\)$/);
    for (const [out, build] of [
      ['other', told.replace(/build .*\)/, 'build 000000000000)')],
      ['before', undefined],
    ] as const) {
      mkdirSync(join(folder, out));
      writeFileSync(join(folder, out, 'study.csv'), table('one'));
      if (build !== undefined) writeFileSync(join(folder, out, 'study.build'), build);
    }
    const merged = await run('--merge', 'one', 'other', '--out', 'merged builds');
    expect([merged.code, merged.stdout]).toEqual([2, '']);
    expect(merged.stderr).toMatch(/^respine: study: other is of respine \S+ \(build 0{12}\), this program of /);
    expect(merged.stderr).toContain(`of ${told}. Merge with the build`);
    expect(existsSync(join(folder, 'merged builds'))).toBe(false);
    const again = await run('--out', 'other');
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringMatching(/other: its rows are of respine \S+ \(build 0{12}\), this is /),
    ]);
    expect((await run('--merge', 'one', 'before', '--out', 'merged before')).code).toBe(0);
    expect(table('merged before')).toBe(table('one'));
    expect((await run('--out', 'before')).code).toBe(0);
    expect(readFileSync(join(folder, 'before', 'study.build'), 'utf8').trim()).toBe(told);
  });

  test.each([
    [['--shard', '3/2'], /there is no shard 3 of 2/],
    [['--shard', '0/2'], /there is no shard 0 of 2/],
    [['--shard', 'half'], /"half" is no shard\. Write for example 2\/8/],
    [['--jobs', '0'], /--jobs is "0"/],
    [['--merge', 'one', '--jobs', '2'], /nothing is planned, so --jobs says nothing/],
    [['--merge', 'nowhere'], /nowhere\/study\.csv cannot be read/],
  ])('%j: exit 2, one sentence', async (options, sentence) => {
    const { code, stdout, stderr } = await run('--out', 'never', ...options);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });

  test('killed at any moment: the next run ends with the same table', { timeout: 180_000 }, async () => {
    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const args = [main, 'study', 'many.json', '--out', 'killed', '--jobs', '2'];
    for (const after of [700, 1100]) {
      const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const timer = setTimeout(() => child.kill('SIGKILL'), after);
      await ended;
      clearTimeout(timer);
    }
    const { stdout, stderr } = await run('--out', 'killed', '--jobs', '2');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ plans: 4, failed: 0, others: 0 });
    expect(table('killed')).toBe(table('one'));
    expect(readdirSync(join(folder, 'killed'))).toEqual(['study.build', 'study.csv']);
  });
});
