/** The queue of a study, with planners that only answer: what goes where, what is refused, what is left. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectQueue, type QueueConnection } from '../../src/node/queue/connect.js';
import { ReceivedInputs } from '../../src/node/queue/received-inputs.js';
import { QUEUE } from '../../src/node/queue/row-job.js';
import { type ServeOptions, serveQueue } from '../../src/node/queue/serve-queue.js';
import { QueueSubmitter } from '../../src/node/queue/submit-runs.js';
import { release, version } from '../../src/node/version.js';
import { expandStudy, parseStudy, type Study, type StudyRun } from '../../src/plan/input/study-file.js';
import { type StudyRow, studyColumns } from '../../src/report/study-table.js';
import { hasRedis, TestRedis } from '../cli/redis.js';
import { freePort } from '../io/dicom/peers.js';

if (!hasRedis) process.stdout.write('skipped: the queue of a study, for which redis-server is not there\n');

const folder = mkdtempSync(join(tmpdir(), 'respine-queue-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

function studyOf(
  count: number,
  base: object = { patient: { phantom: 'spine-t8' } },
): { study: Study; runs: StudyRun[] } {
  const vary = { cordCap: Array.from({ length: count }, (_, k) => 20 + k / 100) };
  const study = parseStudy({ base, vary }, join(folder, 'study.json'));
  return { study, runs: expandStudy(study, { version: '0', hash }) };
}

/** A row that a planner might have made. */
function rowOf(study: Study, run: StudyRun, text = ''): StudyRow {
  const cells = studyColumns(study).map(() => text);
  cells[0] = run.key;
  return { key: run.key, isFailure: false, cells };
}

describe.skipIf(!hasRedis)('a queue', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = new TestRedis(await freePort(), folder);
    await redis.start();
  });
  afterAll(() => redis.kill());

  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    const client = redis.client();
    await client.flushall();
    client.disconnect();
  });
  async function connected(): Promise<QueueConnection> {
    const connection = await connectQueue(redis.url);
    closing.push(() => connection.close());
    return connection;
  }
  /** A worker that answers at once; what it planned. */
  async function worker(options: Partial<ServeOptions> = {}, text = 'made'): Promise<string[]> {
    const connection = await connected();
    const end = new AbortController();
    const planned: string[] = [];
    const row = async (study: Study, run: StudyRun): Promise<StudyRow> => {
      planned.push(run.key);
      return rowOf(study, run, text);
    };
    const served = serveQueue(connection, {
      slots: 1,
      lock: 1000,
      giveBack: end.signal,
      planner: ({ study }) => ({ row: (run) => row(study, run), close: async () => undefined }),
      ...options,
    });
    closing.push(() => {
      end.abort();
      return served;
    });
    await connection.redis.get('');
    return planned;
  }
  async function rowsOf(
    { study, runs }: { study: Study; runs: StudyRun[] },
    onRow: (row: StudyRow) => Promise<void> = async () => undefined,
    ahead = 1000,
  ): Promise<Map<string, StudyRow>> {
    const rows = new Map<string, StudyRow>();
    const submitter = new QueueSubmitter(await connected(), folder, { ahead });
    await submitter.rows(study, runs, {
      timeLimit: undefined,
      onRun: () => undefined,
      onRow: async (row) => {
        expect(rows.has(row.key), 'a row comes once').toBe(false);
        rows.set(row.key, row);
        await onRow(row);
      },
    });
    return rows;
  }
  async function keysLeft(): Promise<string[]> {
    const client = redis.client();
    const keys = await client.keys('respine:*');
    client.disconnect();
    return keys.filter((key) => !/:(meta|id|events|stalled-check|marker)$|:worker:/.test(key));
  }

  test('is never longer than it may be, loses all, and every row comes once; nothing is left', async () => {
    const asked = studyOf(200);
    const planned = [await worker({ slots: 4 }), await worker({ slots: 4 })];
    const client = redis.client();
    let longest = 0;
    let count = 0;
    const rows = await rowsOf(
      asked,
      async () => {
        count++;
        if (count % 10 === 0)
          longest = Math.max(longest, (await client.keys(`respine:${QUEUE}:????????????-*`)).length);
        if (count === 60) await client.flushall();
      },
      50,
    );
    client.disconnect();
    expect([...rows.keys()].sort()).toEqual(asked.runs.map(({ key }) => key).sort());
    expect(longest).toBeGreaterThan(20);
    expect(longest).toBeLessThanOrEqual(2 * 50);
    expect(planned[0]!.length + planned[1]!.length).toBeGreaterThanOrEqual(200);
    expect(await keysLeft()).toEqual([]);
  });

  test('takes back what waits when its submitter is ended', async () => {
    const { study, runs } = studyOf(100);
    const end = new AbortController();
    const submitter = new QueueSubmitter(await connected(), folder, { signal: end.signal });
    const nothing = async (): Promise<void> => undefined;
    const rows = submitter.rows(study, runs, { timeLimit: undefined, onRun: () => undefined, onRow: nothing });
    while ((await keysLeft()).length < 64) await pause(20);
    end.abort();
    await expect(rows).rejects.toThrow(/^study: interrupted; its rows so far are kept/);
    expect(await keysLeft()).toEqual([]);
  });

  test('takes large files by their contents: a worker without them leaves the plan to others; without any, the row says who lacks what', async () => {
    const [here, there] = [join(folder, 'here'), join(folder, 'there')];
    for (const [dir, text] of [
      [folder, 'one machine'],
      [here, 'one machine'],
      [there, 'another'],
    ] as const) {
      mkdirSync(dir, { recursive: true });
      // More than goes over the queue.
      writeFileSync(join(dir, 'machine.json'), text.padEnd(1_000_001));
    }
    const asked = studyOf(3, { patient: { phantom: 'spine-t8' }, machine: 'machine.json' });
    const without = await worker({ inputs: there });
    const refused = await rowsOf(asked);
    for (const { isFailure, cells } of refused.values()) {
      expect(isFailure).toBe(true);
      expect(cells.at(-1)).toMatch(
        /^no worker has its files: \S+: machine\.json is not what the study was begun with; give that with --inputs \(not on the queue: the case's files have 1 MB, more than the 1 MB that go over the queue\)/,
      );
    }
    const lacking = await worker({ inputs: join(folder, 'nowhere') });
    const withThem = await worker({ inputs: here });
    const rows = await rowsOf(asked);
    expect([...rows.values()].map(({ isFailure }) => isFailure)).toEqual([false, false, false]);
    expect([without, lacking, withThem].map((planned) => planned.length)).toEqual([0, 0, 3]);
  });

  test('brings small inputs to a worker without them, once for all rows, also after Redis lost them; then they are gone on both sides', {
    timeout: 120_000,
  }, async () => {
    const dir = join(folder, 'small');
    mkdirSync(join(dir, 'p'), { recursive: true });
    for (const name of ['ct.nrrd', 'mask_PTV.nrrd', '.hidden']) writeFileSync(join(dir, 'p', name), `of ${name}`);
    writeFileSync(join(folder, 'near.json'), 'a machine');
    const base = { patient: { ct: 'p/ct.nrrd', masks: 'p' }, target: 'PTV', cord: 'PTV', machine: '../near.json' };
    const { study } = studyOf(40, base);
    const asked = { study: { ...study, path: join(dir, 'study.json') }, runs: studyOf(40, base).runs };
    const client = redis.client();
    const paths = new Set<string>();
    let [most, count] = [0, 0];
    const planner: ServeOptions['planner'] = ({ study: own }) => ({
      row: async (run) => {
        const home = dirname(own.path);
        paths.add(home);
        expect(readdirSync(join(home, 'p')).sort()).toEqual(['ct.nrrd', 'mask_PTV.nrrd']);
        expect(readFileSync(join(home, '../near.json'), 'utf8')).toBe('a machine');
        most = Math.max(most, (await client.keys('respine:input:*')).length);
        if (++count === 10) await client.flushall();
        return rowOf(study, run);
      },
      close: async () => undefined,
    });
    await worker({ slots: 2, inputs: join(folder, 'nowhere'), planner });
    const rows = await rowsOf(asked);
    expect([...rows.values()].filter(({ isFailure }) => isFailure)).toEqual([]);
    expect([rows.size, paths.size, most]).toEqual([40, 1, 3]);
    expect([...paths][0]!.startsWith(join(tmpdir(), `respine-inputs-${process.pid}-`))).toBe(true);
    expect(await keysLeft()).toEqual([]);
    client.disconnect();
    for (const close of closing.splice(0).reverse()) await close();
    expect(existsSync([...paths][0]!)).toBe(false);
  });

  test.each([
    ['leads out', '/evil.json', [{ data: '' }], /is none of a study \("\/evil\.json" leads out of its folder\)/],
    ['a name that is a path', 'evil', [{ name: '../evil.json', data: '' }], /it is no list of files/],
    ['no list', 'evil.json', { data: '' }, /it is no list of files/],
    ['too long', 'evil.json', [{ data: 'x'.repeat(2_000_001) }], /it has 2000\d\d\d characters/],
  ])('an input that is none of ours, %s: nothing is written', async (_, name, content, reason) => {
    const { redis: client } = await connected();
    await client.set('respine:input:abc', JSON.stringify(content));
    const received = new ReceivedInputs(client, 1);
    await expect(received.folderOf([{ name, sha256: 'abc' }], '/study.json')).rejects.toThrow(reason);
    await received.close();
  });

  test('tells what begins in the plans of workers, a word a second of each; a word that is lost, or is none, hurts nobody', {
    timeout: 60_000,
  }, async () => {
    const client = redis.client();
    const monitor = await client.monitor();
    const words: string[] = [];
    monitor.on('monitor', (_: string, [command, , field, value]: string[]) => {
      if (/^hset$/i.test(command!) && field === 'progress') words.push(value!);
    });
    const asked = studyOf(1);
    let begun = 0;
    const planner: ServeOptions['planner'] = ({ study }) => ({
      row: async (run, onStage) => {
        const isFirst = ++begun === 1;
        for (let k = 0; k < 350; k++) {
          onStage!(`imrt: step ${k}`);
          await pause(10);
          // The plan's job, with lock and words, is gone; it is put there again, and planned again.
          if (isFirst && k === 250) await client.flushall();
          const [job] = k === 330 ? await client.keys(`respine:${QUEUE}:????????????-*[0-9a-f]`) : [];
          if (job !== undefined) await client.hset(job, 'progress', '"\\u001b[31mred"');
        }
        return rowOf(study, run);
      },
      close: async () => undefined,
    });
    await worker({ planner, lock: 5000 });
    const told: string[] = [];
    await new QueueSubmitter(await connected(), folder).rows(asked.study, asked.runs, {
      timeLimit: undefined,
      onRun: () => told.push('begins'),
      onStage: (stage, { key }) => told.push(`${key} ${stage}`),
      onRow: async ({ isFailure }, _, seconds) => {
        told.push(isFailure ? 'failed' : 'made');
        expect(seconds).toBeGreaterThan(3.4);
        expect(seconds).toBeLessThan(15);
      },
    });
    monitor.disconnect();
    client.disconnect();
    expect(begun).toBe(2);
    expect([told[0], told.at(-1)]).toEqual(['begins', 'made']);
    expect(told.length).toBeGreaterThanOrEqual(4);
    for (const word of told.slice(1, -1)) expect(word).toMatch(new RegExp(`^${asked.runs[0]!.key} imrt: step \\d+$`));
    const own = words.filter((word) => /^"imrt/.test(word));
    expect(words.length, 'one was none').toBeGreaterThan(own.length);
    expect(own.length).toBeGreaterThanOrEqual(3);
    // 5 in the 6 s of both plans, more where the machine is slow.
    expect(own.length).toBeLessThanOrEqual(12);
  });

  test('refuses a row that is too large, and what is no run of a study', async () => {
    await worker({}, 'x'.repeat(100_000));
    const connection = await connected();
    const queue = new connection.bullmq.Queue(QUEUE, { connection: connection.redis, prefix: 'respine' });
    const { study, runs } = studyOf(1);
    const evil = {
      study,
      run: { ...runs[0]!, values: [], input: { patient: { phantom: 'x'.repeat(10), run: 'rm' } } },
    };
    await queue.add(
      'row',
      { ...evil, files: [], inputs: { areSent: false }, refusals: [] },
      { jobId: 'evil-1', attempts: 3 },
    );
    await queue.add('row', null, { jobId: 'evil-2', attempts: 3 });
    const [row] = (await rowsOf(studyOf(1))).values();
    expect(row!.cells.at(-1)).toMatch(/is no row \(it has \d+ characters, more than 262144: ask for fewer metrics\)/);
    const reasons = await Promise.all(['evil-1', 'evil-2'].map(async (id) => (await queue.getJob(id))!.failedReason));
    expect(reasons[0]).toMatch(/"run"/);
    expect(reasons[1]).toMatch(/is no run of a study \(it has no study\)/);
  });

  test('refuses another version, whoever comes second, and a second submitter of the study into the folder', async () => {
    const other = JSON.stringify({ id: 'x', version: '99.0.0', host: 'elsewhere', pid: 1, slots: 1 });
    const { redis: client, ...connection } = await connected();
    await client.set('respine:worker:x', other);
    await expect(rowsOf(studyOf(1))).rejects.toThrow(
      /its worker on elsewhere is respine 99\.0\.0, this is .* Install one build of one version/,
    );
    // Of the same number, but other programs.
    await client.set('respine:worker:x', other.replace('99.0.0', `${version} (build 0123456789ab)`));
    await expect(rowsOf(studyOf(1))).rejects.toThrow(
      `its worker on elsewhere is respine ${version} (build 0123456789ab), this is ${release}. Install one build`,
    );
    await client.del('respine:worker:x');
    await client.set('respine:submitter:x', other);
    await expect(serveQueue({ ...connection, redis: client }, { slots: 1 })).rejects.toThrow(
      /its submitter on elsewhere is respine 99\.0\.0/,
    );
    await client.del('respine:submitter:x');
    const asked = studyOf(1);
    const first = rowsOf(asked);
    while ((await client.keys('respine:submitter:*')).length === 0) await pause(20);
    // One that was killed elsewhere has its place until that lapses; this one goes on saying that it is there.
    const [place] = await client.keys('respine:submitter:*');
    await client.set(place!, other.replace('99.0.0', release), 'KEEPTTL');
    await expect(first).rejects.toThrow(/another run has taken this study over/);
    await client.pexpire(place!, 300);
    const second = rowsOf(asked);
    await worker();
    expect((await second).size).toBe(1);
  });

  test('gives back what a worker is at when it is ended, and what a silent one has', async () => {
    const asked = studyOf(1);
    const end = new AbortController();
    let begun = 0;
    await worker({
      giveBack: end.signal,
      planner: () => ({
        row: () => {
          begun++;
          return new Promise(() => undefined);
        },
        close: async () => undefined,
      }),
    });
    const rows = rowsOf(asked);
    while (begun === 0) await pause(20);
    end.abort();
    const planned = await worker();
    expect((await rows).size).toBe(1);
    expect(planned).toHaveLength(1);
  });
});

test.skipIf(!hasRedis)(
  'a Redis that goes and does not come back is waited for as long as was asked, on both sides',
  async () => {
    const redis = new TestRedis(await freePort(), folder);
    await redis.start();
    const [one, other] = await Promise.all([1, 2].map(() => connectQueue(redis.url, { patience: 1 })));
    const { study, runs } = studyOf(1);
    const nothing = async (): Promise<void> => undefined;
    const sides = [
      new QueueSubmitter(one!, folder).rows(study, runs, {
        timeLimit: undefined,
        onRun: () => undefined,
        onRow: nothing,
      }),
      serveQueue(other!, {
        slots: 1,
        planner: () => ({ row: () => new Promise(() => undefined), close: nothing }),
      }),
    ];
    while ((await one!.redis.keys('*:active')).length === 0) await pause(20);
    const ends = Promise.allSettled(sides);
    await redis.kill();
    for (const end of await ends) {
      expect((end as PromiseRejectedResult).reason.message).toMatch(
        /: Redis has not answered for 1 s\. Start it again/,
      );
    }
    one!.close();
    other!.close();
  },
);

test('an address that is none, or where nothing is: one sentence within seconds, without the password', async () => {
  const begun = performance.now();
  for (const url of ['http://localhost', 'redis:', '127.0.0.1:6379', 'redis://host/name']) {
    await expect(connectQueue(url)).rejects.toThrow(/this is no address of a Redis\. Write redis:\/\/HOST:6379/);
  }
  const free = await freePort();
  const error = await connectQueue(`redis://:secret@127.0.0.1:${free}/2`).catch((cause: Error) => cause);
  expect((error as Error).message).toBe(
    `--queue redis://127.0.0.1:${free}/2: Redis cannot be used there (nothing listens). Start redis-server, or give the address of one that runs.`,
  );
  // What answers, but is no Redis.
  const { createServer } = await import('node:net');
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
  await new Promise((ready) => server.once('listening', ready));
  const { port } = server.address() as { port: number };
  await expect(connectQueue(`redis://127.0.0.1:${port}`, { within: 2 })).rejects.toThrow(/Redis cannot be used there/);
  server.close();
  expect(performance.now() - begun).toBeLessThan(8000);
});
