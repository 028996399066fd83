/**
 * What the queue of a study costs: rows by a planner that only waits, through Redis, on eight worker processes.
 *
 *     npm run bench:queue [-- ROWS [WORKERS [MS]]]        2,000 rows, 8 workers, 50 ms a plan, unless given; needs redis-server
 *
 * The cost of a row is the time that a worker's place has beyond the plan itself: wall x workers / (rows - workers) - plan, as the clock runs from the first row on,
 * with which each worker has made one. It is set against a plan
 * of 5 s, the shortest that a study is made of. Beside it the memory of Redis at most, and what the submitter took. The planner tells ten stages a
 * second, of which the submitter hears one: of plans of some seconds (`-- 160 8 3000`) their cost is in the figure.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { connectQueue } from '../dist/node/queue/connect.js';
import { serveQueue } from '../dist/node/queue/serve-queue.js';
import { QueueSubmitter } from '../dist/node/queue/submit-runs.js';
import { runStudy } from '../dist/node/run-study.js';
import { parseStudy } from '../dist/plan/input/study-file.js';
import { studyColumns } from '../dist/report/study-table.js';

const OF_A_PLAN = 5000;
const [mode] = process.argv.slice(2);
if (mode === 'worker') await work(process.argv[3]!, Number(process.argv[4]));
else await measure(process.argv.slice(2).map(Number));

/** A worker whose planner waits. */
async function work(url: string, milliseconds: number): Promise<void> {
  const connection = await connectQueue(url);
  const giveBack = new AbortController();
  process.once('SIGTERM', () => giveBack.abort());
  await serveQueue(connection, {
    slots: 1,
    giveBack: giveBack.signal,
    planner: ({ study }) => ({
      row: async (run, onStage) => {
        let stages = 0;
        const telling = setInterval(() => onStage?.(`imrt: stage ${++stages}`), 100);
        await pause(milliseconds);
        clearInterval(telling);
        const figures = studyColumns(study).slice(3 + study.parameters.length);
        const values = study.parameters.map((path) => String(run.values.get(path)));
        // As wide as figures are.
        const cells = [run.key, '0', run.technique, ...values, ...figures.map((_, c) => String(Math.sin(c)))];
        return { key: run.key, isFailure: false, cells };
      },
      close: async () => undefined,
    }),
  });
  process.exit();
}

async function measure([rows = 2000, workers = 8, milliseconds = 50]: number[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'respine-bench-queue-'));
  const started: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]): ChildProcess => {
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    started.push(child);
    return child;
  };
  try {
    const port = await freePort();
    const url = `redis://127.0.0.1:${port}`;
    start('redis-server', ['--port', `${port}`, '--save', '', '--dir', folder, '--bind', '127.0.0.1']);
    const watch = new Redis(url).on('error', () => undefined);
    await watch.ping();
    const memory = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await watch.info('memory'))![1]);
    const before = await memory();
    const self = fileURLToPath(import.meta.url);
    for (let w = 0; w < workers; w++) start(process.execPath, [self, 'worker', url, `${milliseconds}`]);
    while ((await watch.keys('respine:worker:*')).length < workers) await pause(100);
    let largest = 0;
    const sampling = setInterval(async () => {
      largest = Math.max(largest, await memory());
    }, 200);

    const study = parseStudy({
      base: { patient: { phantom: 'spine-t8' } },
      vary: { cordCap: Array.from({ length: rows }, (_, k) => 20 + (16 * k) / rows) },
    });
    const connection = await connectQueue(url);
    const used = process.cpuUsage();
    let [first, heard] = [0, 0];
    const out = join(folder, 'out');
    const maker = new QueueSubmitter(connection, out);
    await runStudy(study, out, {
      maker,
      onStage: () => heard++,
      onRow: () => {
        if (first === 0) first = performance.now();
      },
    });
    const wall = performance.now() - first;
    const { user, system } = process.cpuUsage(used);
    clearInterval(sampling);
    connection.close();
    const cost = (wall * workers) / (rows - workers) - milliseconds;
    console.log(
      `${rows} rows, ${workers} workers, plans of ${milliseconds} ms: ${(wall / 1000).toFixed(1)} s from the first row to the last, ${cost.toFixed(1)} ms a row beyond the plan, ${((100 * cost) / OF_A_PLAN).toFixed(2)} % of a plan of ${OF_A_PLAN / 1000} s`,
    );
    console.log(
      `Redis: ${(before / 1e6).toFixed(1)} MB before, ${(largest / 1e6).toFixed(1)} MB at most, ${((await memory()) / 1e6).toFixed(1)} MB after; submitter: ${((user + system) / 1e6).toFixed(1)} s of processor, table of ${(statSync(join(out, 'study.csv')).size / 1e3).toFixed(0)} kB; ${heard} stages heard`,
    );
    watch.disconnect();
    if (cost > 0.02 * OF_A_PLAN) process.exitCode = 1;
  } finally {
    for (const child of started.reverse()) child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
