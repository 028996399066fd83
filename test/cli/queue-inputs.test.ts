/** Inputs of a study's plans and the queue: small ones go over it unless that is switched off, and a worker may have no room for them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose } from '../../src/geometry/volume.js';
import { encodeNrrd } from '../../src/io/nrrd.js';
import { freePort } from '../io/dicom/peers.js';
import { killed, Processes, type Started } from './processes.js';
import { hasRedis, TestRedis } from './redis.js';
import { main, respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-queue-inputs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);
const table = (out: string): string => readFileSync(join(folder, out, 'study.csv'), 'utf8');

// A phantom and a prior dose of the user's; workers have a folder without them.
const cube = {
  ...{ name: 'cube', description: 'Water of the patient Jane Doe.', length: 240, air: 0 },
  parts: [
    ['External', 'external', [0, 0, 0], [240, 240, 240]],
    ['PTV', 'target', [0, 0, 0], [40, 40, 40]],
    ['SpinalCord', 'organ', [0, 40, 0], [20, 20, 80]],
  ].map(([name, role, center, size]) => ({ name, role, material: 'water', shape: { kind: 'box', center, size } })),
};
const study = {
  base: {
    ...{ patient: { phantom: 'cube.json', spacing: [15, 15, 15] }, target: 'PTV', cord: 'SpinalCord' },
    prior: { file: 'prior/dose.nrrd', months: 9 },
    doseGrid: { spacing: [15, 15, 15], planning: 100 },
    fcrt: { beams: 'posterior-3' },
    retreatment: { position: null },
  },
  vary: { cordCap: [24, 28] },
  techniques: ['fcrt'],
  metrics: ['PTV Max', 'PTV D95%'],
};
const dose = async (size: number): Promise<Uint8Array> => {
  const origin = (-10 * (size - 1)) / 2;
  const grid = createGrid([size, size, size], [10, 10, 10], [origin, origin, origin]);
  const content = createDose(grid, { quantity: 'physical', fractions: 10 });
  content.data.fill(30);
  return encodeNrrd(content);
};
const PHANTOM = join(folder, 'inputs', 'cube.json');
const DOSE = join(folder, 'inputs', 'prior', 'dose.nrrd');

describe.skipIf(!hasRedis)('inputs of a study', () => {
  let redis: TestRedis;
  let processes: Processes;
  beforeAll(async () => {
    mkdirSync(join(folder, 'inputs', 'prior'), { recursive: true });
    mkdirSync(join(folder, 'empty'));
    writeFileSync(PHANTOM, JSON.stringify(cube));
    writeFileSync(DOSE, await dose(31));
    writeFileSync(join(folder, 'inputs', 'study.json'), JSON.stringify(study));
    redis = new TestRedis(await freePort(), folder);
    await redis.start();
    processes = new Processes(folder);
    expect((await respine('study', 'inputs/study.json', '--out', 'near')).code).toBe(0);
  });
  afterEach(() => processes.kill());
  afterAll(() => redis.kill());
  const submit = (out: string, ...more: string[]) =>
    respine('study', 'inputs/study.json', '--out', out, '--queue', redis.url, ...more);
  const worker = (env: Readonly<Record<string, string>> = {}, inputs = 'empty'): Started =>
    processes.startWith(env, main, 'worker', '--queue', redis.url, '--concurrency', '1', '--inputs', inputs);

  test('small ones go over the queue, large ones need a folder that all see', { timeout: 180_000 }, async () => {
    const one = worker();
    const sent = await submit('sent');
    expect([sent.code, sent.stderr]).toEqual([0, '']);
    expect(table('sent')).toBe(table('near'));
    writeFileSync(DOSE, await dose(65));
    const refused = await submit('refused');
    writeFileSync(DOSE, await dose(31));
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
  });

  /** All that is told to the Redis from now on, as it hears it, also what its scripts do. */
  async function overheard(): Promise<{ text: () => string; stop: () => void }> {
    const client = redis.client();
    const parts: string[] = [];
    const monitor: Redis = await client.monitor();
    monitor.on('monitor', (_: string, words: string[]) => parts.push(words.join(' ')));
    const stop = (): void => {
      monitor.disconnect();
      client.disconnect();
    };
    return { text: () => parts.join('\n'), stop };
  }
  /** What of the two files stands in a text, as it is or in base64: pieces of 30 bytes from three places of each. */
  function foundIn(text: string): string[] {
    return [PHANTOM, DOSE].flatMap((path) => {
      const bytes = readFileSync(path);
      const places = [0, 3 * Math.floor(bytes.length / 6), 3 * Math.floor(bytes.length / 3) - 30];
      return places.flatMap((at) => {
        const piece = bytes.subarray(at, at + 30);
        const forms = [
          piece.toString('latin1'),
          piece.toString('base64'),
          JSON.stringify(piece.toString()).slice(1, -1),
        ];
        return forms.some((form) => text.includes(form)) ? [`${path} at ${at}`] : [];
      });
    });
  }

  test('nothing of their contents lies on the Redis at any time where that is switched off', {
    timeout: 180_000,
  }, async () => {
    // What a submitter that was killed has left there.
    const client = redis.client();
    const usual = await overheard();
    const first = processes.start(main, ...['study', 'inputs/study.json', '--out', 'off', '--queue', redis.url]);
    while ((await client.keys('respine:input:*')).length < 2) {
      expect(first.exitCode).toBeNull();
      await pause(5);
    }
    await killed(first);
    usual.stop();
    expect(foundIn(usual.text()), 'the look finds what is there').toHaveLength(6);
    expect(await client.keys('respine:input:*')).toHaveLength(2);
    const heard = await overheard();
    try {
      const withThem = worker({}, 'inputs');
      const off = await submit('off', '--no-inputs-on-queue');
      expect([off.code, off.stderr]).toEqual([0, '']);
      expect(table('off')).toBe(table('near'));
      // Without the files there is only a refusal.
      expect(await killed(withThem, 'SIGTERM'), withThem.said).toBe(0);
      const without = worker();
      const refused = await submit('kept', '--no-inputs-on-queue');
      expect(refused.code).toBe(1);
      expect(table('kept')).toMatch(
        /no worker has its files: \S+: \S*empty\/cube\.json cannot be read \(no such file or folder\) \(not on the queue: the study was submitted with --no-inputs-on-queue\)/,
      );
      expect(await killed(without, 'SIGTERM'), without.said).toBe(0);
      expect(await client.keys('respine:input:*')).toEqual([]);
      const text = heard.text();
      expect(text).toContain('prior/dose.nrrd');
      expect(text).not.toMatch(/"?set"? respine:input:/i);
      expect(foundIn(text)).toEqual([]);
    } finally {
      heard.stop();
      client.disconnect();
    }
  });

  const full = join(folder, 'full');
  const hasFull = (): boolean => {
    mkdirSync(full);
    return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'none', full]).status === 0;
  };
  afterAll(() => spawnSync('umount', [full]));
  const places: [string, () => string | undefined, RegExp][] = [
    ['a file', () => PHANTOM, /\(not a folder\)\. Make room there/],
    ['not there', () => join(folder, 'nowhere'), /\(no such file or folder\)\. Make room there/],
    ['full', () => (hasFull() ? full : undefined), /\(the disk is full\)\. Make room there/],
  ];
  test.each(places)(
    'a worker whose folder for temporary files is %s leaves plans to others, and is named',
    {
      timeout: 180_000,
    },
    async (name, placeOf, reason) => {
      const place = placeOf();
      if (place === undefined) {
        process.stdout.write('skipped: a full folder, for which nothing may be mounted here\n');
        return;
      }
      const out = `where ${name}`;
      const bad = worker({ TMPDIR: place });
      expect((await submit(out)).code).toBe(1);
      const rows = table(out).trimEnd().split('\n').slice(1);
      for (const row of rows) {
        expect(row).toMatch(
          /no worker has its files: \S+: \S*empty\/cube\.json cannot be read \(no such file or folder\), and what the queue has cannot be taken: \S+ cannot be written/,
        );
        expect(row).toMatch(reason);
        expect(row).toContain("or name another folder for the worker's files in TMPDIR");
      }
      expect(rows).toHaveLength(2);
      const left = name === 'full' ? readdirSync(place, { recursive: true }) : [];
      expect(
        left.filter((own) => !/^respine-inputs-[\w-]+$/.test(String(own))),
        'nothing half-written',
      ).toEqual([]);
      const good = worker();
      const client = redis.client();
      while ((await client.keys('respine:worker:*')).length < 2) await pause(20);
      client.disconnect();
      expect((await submit(out, '--retry')).code).toBe(0);
      expect(table(out)).toBe(table('near'));
      expect(await killed(bad, 'SIGTERM'), bad.said).toBe(0);
      expect(await killed(good, 'SIGTERM'), good.said).toBe(0);
      expect(bad.said).toMatch(
        /respine: plans are left to other workers: \S*empty\/cube\.json cannot be read .* cannot be written .*\.\n/,
      );
      expect(bad.said.match(/left to other/g)).toHaveLength(1);
      if (name === 'full') expect(readdirSync(place)).toEqual([]);
    },
  );
});
