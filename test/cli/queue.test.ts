/** `respine study --queue` and `respine worker`, as processes: the same table, whatever of them is killed. `npm run bench:queue-kills` kills more. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ProgressEvent } from '../../src/core/job-progress.js';
import { freePort } from '../io/dicom/peers.js';
import { ended, killed, Processes, type Started, until } from './processes.js';
import { hasRedis, TestRedis } from './redis.js';
import { main, respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-queue-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);

const study = {
  base: {
    ...{ patient: { phantom: 'water-box', spacing: [15, 15, 15] }, target: 'PTV', cord: 'PTV', prior: null },
    doseGrid: { spacing: [15, 15, 15], planning: 100 },
    fcrt: { beams: 'posterior-3' },
    retreatment: { position: null },
  },
  // Plans at the first isocentre fail.
  vary: {
    isocenter: [
      [0, 400, 0],
      [0, 0, 0],
    ],
    cordCap: [22, 24, 26, 28],
  },
  techniques: ['fcrt'],
  metrics: ['PTV Max', 'PTV D95%'],
};
writeFileSync(join(folder, 'study.json'), JSON.stringify(study));
const table = (out: string): string => readFileSync(join(folder, out, 'study.csv'), 'utf8');

/** A worker of the command line's, whose plans are another's after 1 s of silence. */
writeFileSync(
  join(folder, 'worker.mjs'),
  `import { connectQueue } from ${JSON.stringify(main.replace('cli/main.js', 'node/queue/connect.js'))};
import { serveQueue } from ${JSON.stringify(main.replace('cli/main.js', 'node/queue/serve-queue.js'))};
const giveBack = new AbortController();
process.once('SIGTERM', () => giveBack.abort());
const connection = await connectQueue(process.argv[2]);
await serveQueue(connection, { slots: 1, lock: 1000, giveBack: giveBack.signal, onRow: ({ key }) => console.log(key) });
connection.close();
`,
);

const processes = new Processes(folder);
const start = (...args: string[]): Started => processes.start(...args);

describe.skipIf(!hasRedis)('a queue', () => {
  test('workers, submitter and Redis are killed: the table of the study without a queue', {
    timeout: 180_000,
  }, async () => {
    const redis = new TestRedis(await freePort(), folder);
    await redis.start();
    const worker = () => start(join(folder, 'worker.mjs'), redis.url);
    const submit = () => start(main, 'study', 'study.json', '--out', 'out', '--queue', redis.url);
    const rows = (): number => (existsSync(join(folder, 'out', 'study.csv')) ? table('out').split('\n').length - 2 : 0);
    try {
      expect((await respine('study', 'study.json', '--out', 'one')).stderr).toBe('');
      const first = submit();
      const workers = [worker(), worker()];
      await until(() => rows() >= 1);
      await killed(first);
      await killed(workers[0]!);
      workers[0] = worker();
      const before = rows();
      const second = submit();
      await until(() => rows() > before);
      // Ctrl+C takes back what waits; what has been made stays.
      expect(await killed(second, 'SIGINT')).toBe(2);
      expect(second.said).toBe('respine: study: interrupted; its rows so far are kept. The same command goes on.\n');
      const third = submit();
      await redis.kill();
      await redis.start();
      // While that one is at it, a second one is refused.
      await until(() => existsSync(join(folder, 'out', '.respine.lock')));
      const other = await respine('study', 'study.json', '--out', 'out', '--queue', redis.url);
      if (third.exitCode === null)
        expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('is in use')]);
      expect(await ended(third), third.said).toBe(1);
      expect(third.said).toMatch(/8 plans: 4 failed, 4 reached; \d planned now, \d before\.\n/);
      expect(table('out')).toBe(table('one'));
      expect(readdirSync(join(folder, 'out'))).toEqual(['study.build', 'study.csv']);
      expect(await Promise.all(workers.map((one) => killed(one, 'SIGTERM')))).toEqual([0, 0]);
      const client = redis.client();
      expect((await client.keys('respine:*')).filter((key) => /:worker:|-[0-9a-f]{16}/.test(key))).toEqual([]);
      client.disconnect();
    } finally {
      await redis.kill();
      processes.kill();
    }
  });
});

describe.skipIf(!hasRedis)('progress', () => {
  // Plans of some seconds.
  const longer = {
    base: {
      patient: { phantom: 'spine-t8', parameters: { length: 80 } },
      doseGrid: { spacing: [5, 5, 5] },
      imrt: { delivery: 'fluence', beams: 'posterior-3' },
    },
    vary: { cordCap: [24, 28] },
    techniques: ['imrt'],
  };
  test('tells what begins in the plans of workers', { timeout: 180_000 }, async () => {
    const redis = new TestRedis(await freePort(), folder);
    await redis.start();
    writeFileSync(join(folder, 'longer.json'), JSON.stringify(longer));
    try {
      start(main, 'worker', '--queue', redis.url, '--concurrency', '2');
      const run = await respine('study', 'longer.json', '--out', 'told', '--queue', redis.url, '--json-progress');
      expect(run.code).toBe(0);
      const steps: ProgressEvent[] = run.stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
        .filter(({ event }) => event === 'step');
      const notes = steps.map(({ case: name, note }) => `${name}: ${note}`).join('\n');
      expect(notes).toMatch(/^imrt, cordCap = 2[48]: (structures and voxels|prior course, tolerances|imrt: .+)/m);
      expect(steps.at(-1)).toMatchObject({ done: 2, total: 2, stage: 'plans' });
      // Of two plans alike one is half of the time, as its worker knows it.
      expect(steps.find(({ done }) => done === 1)!.fraction).toBeCloseTo(0.5, 1);
    } finally {
      await redis.kill();
      processes.kill();
    }
  });
});

test.each([
  [
    ['--queue', 'redis://127.0.0.1:1', '--jobs', '2'],
    /--queue: its workers say how many plans .* so --jobs says nothing/,
  ],
  [['--queue', 'redis://127.0.0.1:1', '--merge', 'one'], /nothing is planned, so --queue says nothing/],
  [['--no-inputs-on-queue', '--merge', 'one'], /nothing is planned, so --no-inputs-on-queue says nothing/],
  [['--no-inputs-on-queue'], /--no-inputs-on-queue goes with --queue\. Give that too, or leave it out/],
  [
    ['--queue', 'redis://127.0.0.1:1'],
    /--queue redis:\/\/127\.0\.0\.1:1: Redis cannot be used there \(nothing listens\)/,
  ],
])('%j: exit 2, one sentence, nothing written', async (options, sentence) => {
  const { code, stdout, stderr } = await respine('study', 'study.json', '--out', 'never', ...options);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(existsSync(join(folder, 'never'))).toBe(false);
});

test.each([
  [['--inputs', 'nowhere'], /--inputs nowhere: there is no such folder/],
  [['--concurrency', 'many'], /--concurrency is "many", but must be a number/],
])('worker %j: exit 2, one sentence', async (options, sentence) => {
  const { code, stdout, stderr } = await respine('worker', '--queue', 'redis://127.0.0.1:1', ...options);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(sentence);
});

test('without its packages the command names them, and all else works', async () => {
  const hook = `export const resolve = async (name, context, next) => {
    if (name !== 'bullmq' && name !== 'ioredis') return next(name, context);
    throw Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' });
  };`;
  const url = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(url(hook))});`;
  const run = (...args: string[]) =>
    new Promise<string>((done) =>
      execFile(process.execPath, ['--import', url(register), main, ...args], { cwd: folder }, (_, __, stderr) =>
        done(stderr),
      ),
    );
  expect(await run('worker', '--queue', 'redis://127.0.0.1:1')).toBe(
    'respine: --queue needs the packages bullmq and ioredis, which respine does not bring along. Install them: npm install bullmq ioredis\n',
  );
  expect(await run('study', 'none.json', '--out', 'never')).toMatch(/^respine: none\.json cannot be read/);
});
