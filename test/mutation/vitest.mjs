/** One run of test files in a copy of the tree, with a limit on its time. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The group of the run in progress: it ends with this process. */
let running;
process.on('exit', () => {
  if (running !== undefined) endGroup(running);
});

function endGroup(leader) {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // It had ended by itself.
    if (error.code !== 'ESRCH') throw error;
  }
}

/** @returns {Promise<{ outcome: 'passed' | 'failed' | 'timeout', seconds: number, output: string }>} */
export function runTests(root, files, limit, more = []) {
  const started = Date.now();
  const program = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [program, 'run', '--bail', '1', '--maxWorkers', '1', '--reporter', 'dot', ...more, ...files];
  // A group of its own, so that its workers end with it; no colours in what is read.
  const child = spawn(process.execPath, args, { cwd: root, detached: true, env: { ...process.env, NO_COLOR: '1' } });
  running = child.pid;
  let output = '';
  let isLate = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => (output = (output + data).slice(-20_000)));
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child.pid);
  }, 1000 * limit);
  return new Promise((done) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      running = undefined;
      const outcome = isLate ? 'timeout' : code === 0 ? 'passed' : 'failed';
      done({ outcome, seconds: (Date.now() - started) / 1000, output });
    });
  });
}

/**
 * A test file on the tree as it is: does it pass, how long does it take, and which lines of the sources does it run?
 *
 * @returns {Promise<{ test: string, passed: boolean, seconds: number, lines: Record<string, number[]> }>}
 */
export async function measureTest(root, test, limit) {
  const folder = join(root, 'coverage');
  rmSync(folder, { recursive: true, force: true });
  const coverage = [
    '--coverage.enabled',
    '--coverage.provider=v8',
    '--coverage.reporter=json',
    '--coverage.include=src/**',
  ];
  const { outcome, seconds } = await runTests(root, [test], limit, coverage);
  const file = join(folder, 'coverage-final.json');
  const passed = outcome === 'passed' && existsSync(file);
  return { test, passed, seconds, lines: passed ? linesRun(root, JSON.parse(readFileSync(file, 'utf8'))) : {} };
}

function linesRun(root, coverage) {
  const lines = {};
  for (const { path, statementMap, s } of Object.values(coverage)) {
    const run = new Set();
    for (const [id, { start, end }] of Object.entries(statementMap)) {
      if (s[id] > 0) for (let line = start.line; line <= end.line; line++) run.add(line);
    }
    if (run.size > 0) lines[path.slice(root.length + 1)] = [...run];
  }
  return lines;
}
