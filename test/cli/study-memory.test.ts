/** `respine study --merge` and `--summary` of tables that memory does not hold: told before they are read, with what would hold them. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { keyedRuns } from '../../src/node/run-study.js';
import { version } from '../../src/node/version.js';
import { parseStudy } from '../../src/plan/input/study-file.js';
import { studyColumns, studyTable } from '../../src/report/study-table.js';
import { main } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-memory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const json = {
  base: {
    ...{ patient: { phantom: 'water-box', spacing: [15, 15, 15] }, target: 'PTV', cord: 'PTV', prior: null },
    doseGrid: { spacing: [15, 15, 15], planning: 100 },
    fcrt: { beams: 'posterior-3' },
    retreatment: { position: null },
  },
  sample: { draws: 5000, seed: 1, fields: { cordCap: { uniform: [20, 30] } } },
  vary: { 'doseGrid.planning': [90, 100] },
  techniques: ['fcrt'],
  metrics: ['PTV Max', 'PTV D95%'],
};
writeFileSync(join(folder, 'study.json'), JSON.stringify(json));
const study = parseStudy(json, join(folder, 'study.json'));
const runs = await keyedRuns(study);
const columns = studyColumns(study);
const rows = runs.map((run, k) => {
  const head = [run.key, version, 'machine=0123456789abcdef;phantom=0123456789abcdef', run.technique];
  const values = study.parameters.map((path) => String(run.values.get(path)));
  const figures = columns.slice(head.length + values.length).map((name, c) => {
    if (name === 'status') return 'reached';
    return ['remarks', 'error'].includes(name) ? '' : (30 + 20 * Math.sin(k + c)).toPrecision(6);
  });
  return { key: run.key, isFailure: false, cells: [...head, ...values, ...figures] };
});
for (const [name, own] of [
  ['one', rows.slice(0, 5000)],
  ['two', rows.slice(5000)],
  ['whole', rows],
] as const) {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'study.csv'), studyTable(study, own));
}

function inMemory(memory: number, ...args: string[]): Promise<{ code: number | null; text: string }> {
  const options = [`--max-old-space-size=${memory}`, '--max-semi-space-size=1'];
  const child = spawn(process.execPath, [...options, main, 'study', 'study.json', ...args], { cwd: folder });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, text })));
}

test.each([
  [
    ['--merge', 'one', 'two', '--out', 'out'],
    /^respine: study\.json: putting the tables together of 10000 rows for 10000 plans takes about 0\.05 GB of the 0\.0\d GB of memory there are for it\. Give more memory, NODE_OPTIONS=--max-old-space-size=\d+\.\n$/,
    'out/study.csv',
  ],
  [
    ['--summary', '--out', 'whole'],
    /^respine: study\.json: summarising the table of 10000 rows for 10000 plans takes about 0\.07 GB of the 0\.0\d GB of memory there are for it\. Give more memory, NODE_OPTIONS=--max-old-space-size=\d+\.\n$/,
    'whole/summary/summary.md',
  ],
] as const)(
  '%j: one sentence and nothing written, and what it asks for is enough',
  { timeout: 120_000 },
  async (args, sentence, file) => {
    const refused = await inMemory(22, ...args);
    expect(refused.text).toMatch(sentence);
    expect(refused.code).toBe(2);
    expect(existsSync(join(folder, file))).toBe(false);
    const enough = Number(/--max-old-space-size=(\d+)/.exec(refused.text)![1]);
    const made = await inMemory(enough, ...args);
    expect([made.code, existsSync(join(folder, file))], made.text).toEqual([0, true]);
  },
);

test('a table longer than a text may be is refused before it is read, to be gone on with, merged or summarised', async () => {
  mkdirSync(join(folder, 'long'));
  writeFileSync(join(folder, 'long', 'study.csv'), '');
  // Without its bytes on the disk.
  truncateSync(join(folder, 'long', 'study.csv'), 600_000_000);
  for (const args of [
    ['--merge', 'long', '--out', 'none'],
    ['--summary', '--out', 'long'],
    ['--out', 'long'],
  ]) {
    const { code, text } = await inMemory(4000, ...args);
    expect(text).toBe(
      `respine: ${join('long', 'study.csv')}: this table has 0.60 GB, more than the 0.54 GB that are read as one text. Divide the study into several, or ask for fewer metrics.\n`,
    );
    expect(code).toBe(2);
  }
  expect(existsSync(join(folder, 'none'))).toBe(false);
  expect(readdirSync(join(folder, 'long'))).toEqual(['study.csv']);
});
