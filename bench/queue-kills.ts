/**
 * A study on a queue whose workers, submitter and Redis are killed (-9) at random moments: what becomes of its table.
 *
 *     npm run bench:queue-kills [-- SEED [KILLS]]        20 kills unless given; needs redis-server
 *
 * Killed are, in the order of the seed: one of two workers, which is started anew; the submitter, which is started anew with the same
 * command; Redis, which comes back with what it had on disk, or with nothing. In the end the table must be that of the study without a
 * queue, byte for byte, nothing else may lie in the folder or on the queue, and no process may be left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { createRandom } from '../dist/core/random.js';

const [seed = 1, kills = 20] = process.argv.slice(2).map(Number);
const { uniform } = createRandom(seed);
const problems: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'respine-queue-kills-'));
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const study = {
  base: {
    patient: { phantom: 'spine-t8', parameters: { length: 80 } },
    doseGrid: { spacing: [5, 5, 5] },
    imrt: { delivery: 'fluence', beams: 'posterior-3' },
  },
  vary: {
    'patient.target': ['body', 'body-pedicle', 'horseshoe', 'ring'],
    // Plans at the first fail.
    isocenter: [
      [0, 400, 0],
      [0, 0, 0],
    ],
    cordCap: Array.from({ length: 4 }, (_, k) => 20 + 4 * k),
  },
  techniques: ['imrt'],
};
writeFileSync(join(folder, 'study.json'), JSON.stringify(study));

const table = (name: string): string => readFileSync(join(folder, name, 'study.csv'), 'utf8');
/** Marks every process of this run, and those that they start. */
const MARK = `RESPINE_KILLS=${folder}`;

function start(name: string, args: readonly string[]): ChildProcess {
  const program = name === 'redis-server' ? name : process.execPath;
  const child = spawn(program, name === 'redis-server' ? args : [main, name, ...args], {
    cwd: folder,
    env: { ...process.env, RESPINE_KILLS: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const note = (data: Buffer): void => appendFileSync(join(folder, `${name}.log`), data);
  child.stdout!.on('data', note);
  child.stderr!.on('data', note);
  return child;
}
const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', resolve));

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended(child);
}

const port = await new Promise<number>((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number };
    server.close(() => resolve(port));
  });
});
const url = `redis://127.0.0.1:${port}`;
const disk = join(folder, 'disk');
const startRedis = (): ChildProcess => {
  mkdirSync(disk, { recursive: true });
  return start('redis-server', ['--port', `${port}`, '--appendonly', 'yes', '--dir', disk, '--bind', '127.0.0.1']);
};
const startWorker = (): ChildProcess => start('worker', ['--queue', url, '--concurrency', '1']);
const startStudy = (): ChildProcess => start('study', ['study.json', '--queue', url, '--out', 'out']);

const say = (text: string): void =>
  console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${text}`);
let begun = performance.now();
const serial = start('study', ['study.json', '--out', 'serial']);
await ended(serial);
say('the study without a queue');

begun = performance.now();
let redis = startRedis();
const workers = [startWorker(), startWorker()];
let submitter = startStudy();
const counts = { worker: 0, submitter: 0, 'Redis, which comes back': 0, 'Redis, which has lost all': 0 };
for (let k = 0; k < kills; k++) {
  await Promise.race([pause(1000 + 5000 * uniform()), ended(submitter)]);
  if (submitter.exitCode !== null) {
    say(`the study has ended after ${k} kills; it is begun again`);
    // There is none where Redis was away as it began.
    rmSync(join(folder, 'out'), { recursive: true, force: true });
    submitter = startStudy();
  }
  const what = uniform();
  if (what < 0.4) {
    const w = uniform() < 0.5 ? 0 : 1;
    await killed(workers[w]!);
    workers[w] = startWorker();
    counts.worker++;
    say(`killed: worker ${w + 1}`);
  } else if (what < 0.7) {
    await killed(submitter);
    checkFolder('after the kill');
    submitter = startStudy();
    counts.submitter++;
    say('killed: the submitter');
  } else {
    await killed(redis);
    const isKept = what < 0.85;
    if (!isKept) rmSync(disk, { recursive: true });
    await pause(3000 * uniform());
    redis = startRedis();
    counts[isKept ? 'Redis, which comes back' : 'Redis, which has lost all']++;
    say(`killed: Redis, ${isKept ? 'which comes back with what it had' : 'which has lost all'}`);
  }
}
const code = await Promise.race([ended(submitter), pause(600_000, 'it did not end', { ref: false })]);
say(`the study has ended, exit code ${code} (1: plans failed)`);

if (table('out') !== table('serial')) problems.push('the tables differ');
checkFolder('in the end');
const client = new Redis(url);
const left = (await client.keys('respine:*')).filter(
  (key) => !/:(meta|id|events|stalled-check|marker)$|:worker:/.test(key),
);
// A plan that was begun twice, as its first worker was lost for a while, may still be in work.
say(`on the queue are left ${left.length} keys${left.length > 0 ? `, ${left.slice(0, 4).join(', ')}` : ''}`);
client.disconnect();
const planned = readFileSync(join(folder, 'worker.log'), 'utf8').match(/^[0-9a-f]{16} /gm) ?? [];
const rows = table('serial').trimEnd().split('\n').length - 1;
for (const worker of workers) worker.kill('SIGTERM');
const ends = await Promise.race([Promise.all(workers.map(ended)), pause(10_000, undefined, { ref: false })]);
if (ends === undefined) problems.push('a worker did not end');
redis.kill('SIGTERM');
await ended(redis);
const orphans = processes();
if (orphans.length > 0) problems.push(`processes are left: ${orphans.join(', ')}`);
console.log(
  `seed ${seed}: ${Object.entries(counts)
    .map(([what, count]) => `${count} x ${what}`)
    .join(', ')}; ${rows} rows, ${planned.length} plans made`,
);
console.log(problems.length === 0 ? 'the table is the same, byte for byte; nothing is left' : problems.join('\n'));
if (problems.length > 0) process.exitCode = 1;
else rmSync(folder, { recursive: true, force: true });

/** Nothing half-written: the table, and what the next run takes away. */
function checkFolder(when: string): void {
  if (!existsSync(join(folder, 'out'))) return;
  const names = readdirSync(join(folder, 'out')).filter((name) => name !== 'study.csv' && name !== 'study.build');
  const odd = when === 'in the end' ? names : names.filter((name) => !/^\.respine\.lock|\.tmp$/.test(name));
  if (odd.length > 0) problems.push(`${when} there lie ${odd.join(', ')}`);
  const text = readdirSync(join(folder, 'out')).includes('study.csv') ? table('out') : '\n';
  if (!text.endsWith('\n')) problems.push(`${when} the table is cut off`);
}

/** Ids of processes of this run that live. */
function processes(): string[] {
  return readdirSync('/proc').filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      return readFileSync(`/proc/${id}/environ`, 'utf8').includes(MARK);
    } catch {
      return false;
    }
  });
}
