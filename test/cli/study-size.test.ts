/** `respine study` of very many plans: counted before one is made, asked for on a terminal, refused elsewhere. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { main } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-many-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const base = {
  ...{ patient: { phantom: 'water-box', spacing: [15, 15, 15] }, target: 'PTV', cord: 'PTV', prior: null },
  doseGrid: { spacing: [15, 15, 15], planning: 100 },
  fcrt: { beams: 'posterior-3' },
  retreatment: { position: null },
};
const studyOf = (draws: number): object => ({
  ...{ base, techniques: ['fcrt'], metrics: ['PTV Max'] },
  sample: { draws, seed: 1, fields: { cordCap: { uniform: [20, 30] }, 'isocenter.0': { uniform: [-5, 5] } } },
});
for (const draws of [12_000, 1_000_000, 10_000_001]) {
  const study = { ...studyOf(draws), base: { ...base, isocenter: [0, 0, 0] } };
  writeFileSync(join(folder, `${draws}.json`), JSON.stringify(study));
}

/** As a batch job has it: nobody at the terminal, and an input that is left open. */
function unattended(memory: number, ...args: string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [`--max-old-space-size=${memory}`, main, 'study', ...args], { cwd: folder });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data));
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, text });
    }),
  );
}

test.each([
  [
    4000,
    '1000000.json',
    [],
    /^respine: 1000000\.json: these are 1000000 plans, about 2\d00 h of one core \(\d\.\d s each\), and \d+ MB of disk for their table\. Where that is meant, say --yes, or --plans 1000000\.\n$/,
  ],
  [
    4000,
    '1000000.json',
    ['--plans', '999999'],
    /these are 1000000 plans, not 999999\. Mend the study, or say --plans 1000000/,
  ],
  // Counted in a hundredth of the memory that its list takes.
  [
    50,
    '1000000.json',
    ['--yes'],
    /whose list takes about 2\.8 GB of the 0\.\d GB of memory there are for it\. .*several studies/,
  ],
  [
    500,
    '1000000.json',
    ['--yes'],
    /Make it in parts, --shard 1\/\d+ and so on, or give more memory, NODE_OPTIONS=--max-old-space-size=\d+/,
  ],
  [4000, '10000001.json', ['--yes'], /sample\.draws: is 10000001, more than 10000000/],
] as const)('%i MB, %s %j: exit 2, one sentence, nothing written', async (memory, name, more, sentence) => {
  const { code, text } = await unattended(memory, name, '--out', 'never', ...more);
  expect(text).toMatch(sentence);
  expect([code, text.trim().split('\n').length]).toEqual([2, 1]);
  expect(existsSync(join(folder, 'never'))).toBe(false);
});

/** On a terminal that `script` of util-linux makes, with somebody who answers. */
function answered(answer: string, ...args: string[]) {
  const command = [process.execPath, main, 'study', '12000.json', ...args].map((word) => `'${word}'`).join(' ');
  const run = spawnSync('script', ['-qec', command, '/dev/null'], {
    ...{ cwd: folder, encoding: 'utf8', timeout: 60_000, input: answer },
    env: { ...process.env, TERM: 'xterm' },
  });
  return { code: run.status, text: run.stdout };
}
const hasTerminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

test.skipIf(!hasTerminal)('on a terminal it asks: yes plans, anything else does not', { timeout: 120_000 }, () => {
  const question = /respine: 12000\.json: these are 12000 plans, about \d\d h of one core .*\. Plan them\? \[y\/N\] /;
  for (const answer of ['n\n', '\n', '\u0004']) {
    const { code, text } = answered(answer, '--out', 'no');
    expect(text).toMatch(question);
    expect(text).toMatch(/12000\.json: nothing was planned, as you said\.\r\n$/);
    expect(code).toBe(2);
  }
  expect(existsSync(join(folder, 'no'))).toBe(false);
  const made = answered('y\n', '--out', 'yes', '--shard', '7/12000');
  expect([made.code, made.text]).toEqual([0, expect.stringMatching(question)]);
  expect(readFileSync(join(folder, 'yes', 'study.csv'), 'utf8').split('\n')).toHaveLength(3);
  const unasked = answered('', '--out', 'yes', '--shard', '8/12000', '--plans', '12000');
  expect([unasked.code, unasked.text.includes('[y/N]')]).toEqual([0, false]);
});
