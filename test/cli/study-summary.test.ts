/** `respine study --summary`: files beside the table, the exit code, and one row that is made again by the command that names it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-summary-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);
const study = {
  name: 'Two caps',
  base: {
    ...{ patient: { phantom: 'water-box', spacing: [15, 15, 15] }, target: 'PTV', cord: 'PTV', prior: null },
    doseGrid: { spacing: [15, 15, 15], planning: 100 },
    fcrt: { beams: 'posterior-3' },
    retreatment: { position: null },
  },
  vary: { cordCap: [24, 28] },
  techniques: ['fcrt'],
  metrics: ['PTV Max', 'PTV D95%'],
};
writeFileSync(join(folder, 'study.json'), JSON.stringify(study));
const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
const run = (...more: string[]) => respine('study', 'study.json', ...more);

beforeAll(async () => {
  expect((await run('--out', 'out', '--jobs', '2')).code).toBe(0);
}, 120_000);

test('tables, a page, figures and what they rest on, beside the table, which stays', { timeout: 120_000 }, async () => {
  const table = read('out/study.csv');
  const { code, stdout, stderr } = await run('--out', 'out', '--summary');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^2 plans; 0 failed and 0 are missing: none of these is in any number\.\n/);
  expect(stdout).toMatch(/cordCap 24 to 28: PTV Max \[Gy\] [-+\d.]+ \(no interval\), 1 pairs, p none/);
  expect(read('out/study.csv')).toBe(table);
  const names = readdirSync(join(folder, 'out', 'summary')).sort();
  expect(names).toEqual(
    ['box_cordCap.png', 'box_cordCap.svg', 'lines_cordCap.png', 'lines_cordCap.svg', 'paired.csv']
      .concat('summary.csv', 'summary.json', 'summary.md', 'summary.tex')
      .sort(),
  );
  const record = JSON.parse(read('out/summary/summary.json'));
  expect(record).toMatchObject({ title: 'Two caps', plans: 2, failed: [], missing: [] });
  expect([...record.files].sort()).toEqual(names);
  expect(read('out/summary/summary.md')).toContain('![box cordCap](box_cordCap.png)');
  expect(read('out/summary/summary.csv').split('\n')[0]).toMatch(
    /^technique,factor,factorUnit,level,figure,unit,plans,/,
  );

  // The same again, to the byte; what an earlier summary had and this one has not is gone.
  const before = names.map((name) => readFileSync(join(folder, 'out', 'summary', name), 'latin1'));
  await run('--out', 'out', '--summary');
  expect(names.map((name) => readFileSync(join(folder, 'out', 'summary', name), 'latin1'))).toEqual(before);
});

test('a row alone is made again, to the byte', { timeout: 120_000 }, async () => {
  const [head, , second] = read('out/study.csv').split('\n');
  const key = second!.slice(0, 16);
  expect((await run('--row', key, '--out', 'again')).code).toBe(0);
  expect(read('again/study.csv')).toBe(`${head}\n${second}\n`);
  // Of a table with one row of two the rest is missing.
  const { code, stdout } = await run('--out', 'again', '--summary', '--json');
  const [first] = read('out/study.csv').split('\n').slice(1);
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { plans: 1, missing: [first!.slice(0, 16)], paired: [] }]);
});

test.each([
  [['--summary', '--jobs', '2', '--out', 'out'], /--summary: nothing is planned, so --jobs says nothing/],
  [['--summary', '--retry', '--out', 'out'], /--summary: nothing is planned, so --retry says nothing/],
  [['--summary', '--merge', 'out', '--out', 'never'], /--merge: nothing is planned, so --summary says nothing/],
  [['--compare', 'cordCap', '--out', 'never'], /--compare goes with --summary\. Give that too/],
  [['--summary', '--compare', 'cap', '--out', 'out'], /--compare "cap" is no factor of the study/],
  [['--summary', '--out', 'never'], /never\/study\.csv cannot be read/],
  [
    ['--row', 'abc', '--out', 'never'],
    /no plan of the study has the key "abc"\. Keys are the first column of study\.csv/,
  ],
])('%j: exit 2, one sentence', async (options, sentence) => {
  const { code, stdout, stderr } = await run(...options);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(existsSync(join(folder, 'never'))).toBe(false);
});

test('a table without a plan that was made, and that of another study', async () => {
  const [head] = read('out/study.csv').split('\n');
  mkdirSync(join(folder, 'none'));
  writeFileSync(join(folder, 'none', 'study.csv'), `${head}\n`);
  expect((await run('--summary', '--out', 'none')).stderr).toMatch(
    /the table holds no plan of this study that was made \(0 failed, 2 missing\)\. The same command without --summary makes them/,
  );
  writeFileSync(join(folder, 'none', 'study.csv'), `${head!.replace('cordCap', 'target')}\n`);
  expect((await run('--summary', '--out', 'none')).stderr).toMatch(
    /is the table of another study: its column 5 is "target"/,
  );
  expect(readdirSync(join(folder, 'none'))).toEqual(['study.csv']);
});
