/**
 * A property of the command line: whatever it is given, it ends in exit 0, 1 or 2, in bounded time and memory, with one sentence
 * where it refuses, and with no file or a whole set.
 *
 * The short form tries some, one after another in one process; RESPINE_INPUTS=900 (npm run test:inputs) goes on until so many were
 * refused, each in a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { main, respineIn } from '../cli/respine.js';
import { type GeneratedInput, generateInput } from './inputs.js';

const hook = fileURLToPath(new URL('./usage-hook.mjs', import.meta.url));
const seed = Number(process.env['RESPINE_SEED'] ?? 15);
const wanted = Number(process.env['RESPINE_INPUTS'] ?? 30);

interface Outcome {
  readonly code: number | null;
  readonly violations: readonly string[];
  readonly cpu: number;
  readonly memory: number;
}

interface UsedRun {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** CPU seconds. */
  readonly cpu: number;
  /** MB at most; of a process that others shared, of all its runs so far. */
  readonly memory: number;
}

/** In a process of its own. */
function runAlone(scratch: string, folder: string, args: readonly string[]): UsedRun {
  const usage = join(folder, 'usage.json');
  rmSync(usage, { force: true });
  const env = { ...process.env, USAGE: usage };
  const run = spawnSync(process.execPath, ['--import', hook, main, ...args], {
    cwd: scratch,
    env,
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 1 << 28,
  });
  const { cpu = Infinity, memory = Infinity } = existsSync(usage) ? JSON.parse(readFileSync(usage, 'utf8')) : {};
  return { ...run, cpu, memory };
}

async function runWarm(scratch: string, args: readonly string[]): Promise<UsedRun> {
  const { code, ...run } = await respineIn(scratch)(...args);
  return { ...run, status: code, signal: null };
}

async function tryInput({ args, files }: GeneratedInput, folder: string): Promise<Outcome> {
  const scratch = mkdtempSync(join(folder, 'i-'));
  for (const { name, content } of files) writeFileSync(join(scratch, name), content);
  const out = join(scratch, 'OUT');
  const run = process.env['RESPINE_INPUTS'] ? runAlone(scratch, folder, args) : await runWarm(scratch, args);
  const { cpu, memory } = run;
  // A message may quote what it was given.
  const isTold = /NaN|undefined/.test(
    [...args, ...files.map(({ content }) => Buffer.from(content).toString('latin1'))].join(),
  );
  const violations: string[] = [];
  const demand = (isMet: boolean, what: string): void => void (isMet || violations.push(what));
  demand([0, 1, 2].includes(run.status!), `exit ${run.status} ${run.signal ?? ''} ${run.stderr.slice(0, 500)}`);
  if (run.status === 2) {
    const lines = run.stderr.trimEnd().split('\n');
    demand(lines.length === 1 && lines[0] !== '', `${lines.length} lines: ${run.stderr.slice(0, 300)}`);
    // "respine: " stands before the sentence.
    demand(run.stderr.trimEnd().length <= 409, `${run.stderr.length} characters`);
    demand(isTold || !/NaN|undefined|\[object/.test(run.stderr), run.stderr);
    demand(!existsSync(out), `left ${existsSync(out) ? readdirSync(out).join(', ') : ''}`);
    demand(cpu <= 10 && memory <= 1000, `${cpu} CPU s, ${memory} MB`);
  } else {
    // Valid after all: bounded, and nothing temporary.
    demand(cpu <= 60 && memory <= 1500, `valid: ${cpu} CPU s, ${memory} MB`);
    demand(!existsSync(out) || !readdirSync(out).some((name) => name.startsWith('.')), 'left something temporary');
    demand(isTold || !/\bNaN\b/.test(run.stdout), `NaN: ${run.stdout.slice(0, 400)}`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
  demand(!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(run.stdout + run.stderr), 'a control character was printed');
  rmSync(scratch, { recursive: true, force: true });
  return { code: run.status, violations, cpu, memory };
}

test('what is broken is whole before', { timeout: 600_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'respine-inputs-'));
  // The last kinds need an option, or are no command.
  for (let kind = 0; kind < 12; kind++) {
    const input = generateInput(seed, kind, true);
    const { code, violations } = await tryInput(input, folder);
    expect([input.title, code, violations]).toEqual([input.title, 0, []]);
  }
  rmSync(folder, { recursive: true, force: true });
});

test(`${wanted} generated inputs (seed ${seed})`, { timeout: 7_200_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'respine-inputs-'));
  mkdirSync(folder, { recursive: true });
  const broken: string[] = [];
  const count = { all: 0, refused: 0, cpu: 0, memory: 0 };
  // In the long form only those that were refused count.
  const isEnough = (): boolean => (process.env['RESPINE_INPUTS'] ? count.refused : count.all) >= wanted;
  for (let index = Number(process.env['RESPINE_FROM'] ?? 0); !isEnough(); index++) {
    const input = generateInput(seed, index);
    const outcome = await tryInput(input, folder);
    count.all++;
    if (outcome.code === 2) {
      count.refused++;
      count.cpu = Math.max(count.cpu, outcome.cpu);
      count.memory = Math.max(count.memory, outcome.memory);
    }
    for (const violation of outcome.violations) {
      broken.push(`${input.title}: ${violation}`);
      if (process.env['RESPINE_INPUTS']) console.log(broken.at(-1));
    }
  }
  rmSync(folder, { recursive: true, force: true });
  if (process.env['RESPINE_INPUTS']) console.log(count);
  expect(broken).toEqual([]);
});
