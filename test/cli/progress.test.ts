/** What long commands tell of their progress: on a terminal, in a file, to a program, and not at all. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { afterAll, expect, test } from 'vitest';
import { jsonLine, plainLine, terminalLine } from '../../src/cli/progress-text.js';
import { type ProgressEvent, timeText } from '../../src/core/job-progress.js';
import { main, respineIn } from './respine.js';

const event: ProgressEvent = {
  event: 'step',
  stage: 'imrt: fluence',
  fraction: 0.427,
  done: 12,
  total: null,
  unit: 'steps',
  rate: 3.1234,
  secondsLeft: 17.2,
  seconds: 12.345,
  case: 'imrt',
  note: 'within 3.1 % of the best',
};

test('a line of a terminal never reaches its width, and tells first what matters', () => {
  const awkward = { ...event, stage: '計画 \u001b[31m of a very long name of a stage', case: 'a\nb' };
  for (let columns = 1; columns <= 140; columns++) {
    for (const one of [event, awkward, { ...event, fraction: null }, { ...event, fraction: 1, secondsLeft: null }]) {
      const line = terminalLine(one, columns);
      expect(stringWidth(line), line).toBeLessThanOrEqual(columns);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be sent
      expect(line).not.toMatch(/[\u0000-\u001f\u007f]/);
    }
  }
  expect(terminalLine(event, 140)).toBe(
    'imrt: fluence  [=========             ]  42 %  about 18 s left  12 steps, 3.1/s  within 3.1 % of the best',
  );
  expect(terminalLine(event, 40)).toBe('imrt: fluence  42 %  about 18 s left');
});

test('a plain line and an event say the same', () => {
  expect(plainLine('plan', event)).toBe('respine plan: 42 %, imrt: fluence, 12 steps, 3.1/s, about 18 s left');
  const study = { ...event, stage: 'plans', done: 3, total: 12, unit: 'plans', rate: 0.02, case: 'imrt, cordCap = 24' };
  expect(plainLine('study', study)).toBe(
    'respine study: 42 %, plans, imrt, cordCap = 24, 3 of 12 plans, 1.2/min, about 18 s left',
  );
  expect(JSON.parse(jsonLine('plan', event))).toEqual({
    ...event,
    command: 'plan',
    rate: 3.12,
    seconds: 12.35,
  });
  expect(timeText(0)).toBe('0 s');
  expect(timeText(89)).toBe('89 s');
  expect(timeText(600)).toBe('10 min');
  expect(timeText(7200)).toBe('2.0 h');
});

const dir = mkdtempSync(join(tmpdir(), 'respine-progress-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const respine = respineIn(dir);
const coarse = {
  patient: { phantom: 'spine-t8', spacing: [6, 6, 6], parameters: { length: 60 } },
  prior: null,
  doseGrid: { spacing: [6, 6, 6], planning: 100 },
  imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 10 },
};
writeFileSync(join(dir, 'case.json'), JSON.stringify(coarse));

test('events of a plan: its stages in their order, each once, to the end', { timeout: 120_000 }, async () => {
  const run = await respine(
    'plan',
    'case.json',
    ...['--technique', 'imrt', '--no-pictures', '--out', 'out', '--json-progress'],
  );
  expect(run.code).toBe(0);
  const events: (ProgressEvent & { command: string })[] = run.stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(new Set(events.map(({ command }) => command))).toEqual(new Set(['plan']));
  const stages = events.filter((one) => one.event === 'stage').map(({ stage }) => stage);
  expect(stages).toEqual([
    'reading the case',
    'structures and voxels',
    'prior course, tolerances',
    'planning voxels',
    'imrt: beamlets, rows',
    'imrt: fluence',
    'imrt: dose',
    'imrt: DVHs, goals, retreatment',
    'tables, packed doses',
  ]);
  expect(events.at(-1)).toMatchObject({ event: 'end', fraction: 1, secondsLeft: 0 });
  const fractions = events.map(({ fraction }) => fraction ?? 0);
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  // Every stage that costs something moves it.
  expect(new Set(fractions).size).toBeGreaterThan(7);
});

test.each(['1', '2'])(
  'events of a study tell what begins in its plans, %s at a time',
  { timeout: 120_000 },
  async (jobs) => {
    const base = {
      ...{ patient: { phantom: 'water-box', spacing: [15, 15, 15] }, target: 'PTV', cord: 'PTV', prior: null },
      doseGrid: { spacing: [15, 15, 15], planning: 100 },
      fcrt: { beams: 'posterior-3' },
      retreatment: { position: null },
    };
    const study = { base, vary: { cordCap: [24, 28] }, techniques: ['fcrt'], metrics: ['PTV Max'] };
    writeFileSync(join(dir, 'study.json'), JSON.stringify(study));
    const run = await respine('study', 'study.json', '--out', `jobs ${jobs}`, '--jobs', jobs, '--json-progress');
    const steps: ProgressEvent[] = run.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === 'step');
    // Ten a second at most are told, so not every stage of so short a plan.
    const notes = steps.map(({ case: name, note }) => `${name}: ${note}`);
    expect(notes.join('\n')).toMatch(
      /^fcrt, cordCap = 2[48]: (structures and voxels|prior course, tolerances|fcrt: .+)/m,
    );
    expect(steps.at(-1)).toMatchObject({ done: 2, total: 2, stage: 'plans' });
  },
);

test('--quiet and --json-progress contradict each other', async () => {
  const run = await respine('inspect', '.', '--quiet', '--json-progress');
  expect([run.code, run.stdout, run.stderr]).toEqual([
    2,
    '',
    'respine: --quiet tells no progress, and --json-progress tells it. Leave one of them out.\n',
  ]);
});

const ESC = '\u001b';

/** What a command writes on a terminal of 60 columns; `script` of util-linux makes one. */
function onTerminal(args: readonly string[]) {
  const command = `stty cols 60; exec ${[process.execPath, main, ...args].map((word) => `'${word}'`).join(' ')}`;
  const run = spawnSync('script', ['-qec', command, '/dev/null'], {
    ...{ cwd: dir, encoding: 'utf8', timeout: 100_000, input: '' },
    env: { ...process.env, TERM: 'xterm' },
  });
  return { code: run.status, text: run.stdout };
}

const hasTerminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

test.skipIf(!hasTerminal)(
  'on a terminal: a bar in one line, taken away at the end and before an error; no mode is changed',
  { timeout: 300_000 },
  () => {
    const fractions = ['fractionation', 'case.json', '--fractions', '5,22', '--alpha-beta', '10', '--out', 'f'];
    const made = onTerminal(fractions);
    expect(made.code, made.text).toBe(0);
    const lines = made.text.split(`${ESC}[1G`).slice(1);
    expect(lines.join('\n')).toMatch(/reading the case[\s\S]*(plans|pictures) {2}\[=* *\] {2}\d+ %/);
    // Cleared, and only then what is printed.
    expect(lines.at(-1)).toMatch(new RegExp(`^${ESC}\\[2KNo prior course\\.`));
    // Neither a hidden cursor nor colours.
    expect(made.text).not.toMatch(new RegExp(`${ESC}\\[[?\\d;]*[hlm]`));

    const failed = onTerminal(['fractionation', 'case.json', '--fractions', '5,22', '--out', 'f']);
    expect(failed.code).toBe(2);
    expect(failed.text).toMatch(new RegExp(`${ESC}\\[2Krespine: .*alpha/beta of the target is missing.*\r\n$`));

    const silent = onTerminal([...fractions, '--quiet']);
    expect([silent.code, silent.text.includes(ESC)]).toEqual([0, false]);
  },
);
