/** `respine study --queue` and `respine worker`, as processes: the same table, whatever of them is killed. `npm run bench:queue-kills` kills more. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose } from '../../src/geometry/volume.js';
import { encodeNrrd } from '../../src/io/nrrd.js';
import { freePort } from '../io/dicom/peers.js';
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

const started: ChildProcess[] = [];
function start(...args: string[]): ChildProcess & { said: string } {
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const own = Object.assign(child, { said: '' });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (own.said += data));
  started.push(child);
  return own;
}
const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', resolve));
async function killed(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
  child.kill(signal);
  return ended(child);
}
async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !isSo() && performance.now() < end; ) await pause(20);
  expect(isSo()).toBe(true);
}

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
      for (const child of started) child.kill('SIGKILL');
    }
  });
});

describe.skipIf(!hasRedis)('inputs of a study', () => {
  // A phantom and a prior dose of the user's; the worker has a folder without them.
  const cube = {
    ...{ name: 'cube', description: 'Water.', length: 240, air: 0 },
    parts: [
      ['External', 'external', [0, 0, 0], [240, 240, 240]],
      ['PTV', 'target', [0, 0, 0], [40, 40, 40]],
      ['SpinalCord', 'organ', [0, 40, 0], [20, 20, 80]],
    ].map(([name, role, center, size]) => ({ name, role, material: 'water', shape: { kind: 'box', center, size } })),
  };
  const dose = async (size: number): Promise<Uint8Array> => {
    const origin = (-10 * (size - 1)) / 2;
    const grid = createGrid([size, size, size], [10, 10, 10], [origin, origin, origin]);
    const content = createDose(grid, { quantity: 'physical', fractions: 10 });
    content.data.fill(30);
    return encodeNrrd(content);
  };
  const own = {
    ...study,
    base: {
      ...study.base,
      ...{ patient: { phantom: 'cube.json', spacing: [15, 15, 15] }, cord: 'SpinalCord' },
      prior: { file: 'prior/dose.nrrd', months: 9 },
    },
    vary: { cordCap: [24, 28] },
  };
  mkdirSync(join(folder, 'inputs', 'prior'), { recursive: true });
  mkdirSync(join(folder, 'empty'));
  writeFileSync(join(folder, 'inputs', 'cube.json'), JSON.stringify(cube));
  writeFileSync(join(folder, 'inputs', 'study.json'), JSON.stringify(own));

  test('small ones go over the queue, large ones need a folder that all see', { timeout: 180_000 }, async () => {
    const redis = new TestRedis(await freePort(), folder);
    await redis.start();
    const submit = (out: string) => respine('study', 'inputs/study.json', '--out', out, '--queue', redis.url);
    try {
      writeFileSync(join(folder, 'inputs', 'prior', 'dose.nrrd'), await dose(31));
      const one = start(main, 'worker', '--queue', redis.url, '--concurrency', '1', '--inputs', 'empty');
      expect((await respine('study', 'inputs/study.json', '--out', 'near')).code).toBe(0);
      const sent = await submit('sent');
      expect([sent.code, sent.stderr]).toEqual([0, '']);
      expect(table('sent')).toBe(table('near'));
      writeFileSync(join(folder, 'inputs', 'prior', 'dose.nrrd'), await dose(65));
      const refused = await submit('refused');
      expect(refused.code).toBe(1);
      expect(table('refused')).toMatch(
        /no worker has its files: \S+: \S*empty\/cube\.json cannot be read \(no such file or folder\) \(not on the queue: the case's files have 1\.1 MB, more than the 1 MB that go over the queue\)/,
      );
      expect(await killed(one, 'SIGTERM'), one.said).toBe(0);
      const left = readdirSync(tmpdir()).filter((name) => name.startsWith(`respine-inputs-${one.pid}-`));
      expect(left, 'nothing of a patient stays').toEqual([]);
      const client = redis.client();
      expect(await client.keys('respine:input:*')).toEqual([]);
      client.disconnect();
    } finally {
      await redis.kill();
      for (const child of started) child.kill('SIGKILL');
    }
  });
});

test.each([
  [
    ['--queue', 'redis://127.0.0.1:1', '--jobs', '2'],
    /--queue: its workers say how many plans .* so --jobs says nothing/,
  ],
  [['--queue', 'redis://127.0.0.1:1', '--merge', 'one'], /nothing is planned, so --queue says nothing/],
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
