/** The worker pool of the built package: results, errors and ends of threads. Workers cannot start from TypeScript. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { createBeam } from '../../dist/beam/beam.js';
import { beamletsCovering, uniformFluenceGrid } from '../../dist/beam/fluence.js';
import { FormatError, InvalidInputError, UnsupportedError } from '../../dist/core/errors.js';
import type { Executor, JobType } from '../../dist/core/executor.js';
import { voxelsInside } from '../../dist/dose/beam-view.js';
import { ForwardDose } from '../../dist/dose/forward-dose.js';
import { createGrid } from '../../dist/geometry/grid.js';
import { createVolume } from '../../dist/geometry/volume.js';
import { DividedOperator } from '../../dist/influence/divided-operator.js';
import { artiste6mv } from '../../dist/machine/artiste-6mv.js';
import { packError, unpackError } from '../../dist/node/pool-message.js';
import { readPhantom, startWorkerPool } from '../../dist/node.js';
import { CompactNormal } from '../../dist/optimize/compact-normal.js';
import { compactRows } from '../../dist/optimize/compact-rows.js';
import { NormalMatrix } from '../../dist/optimize/normal-matrix.js';
import { buildPhantom } from '../../dist/phantom/build.js';
import { parseCase } from '../../dist/plan/input/parse-case.js';
import { runPlan } from '../../dist/plan/run-plan.js';
import { createRandom } from '../../src/core/random.js';

// Threads of a busy machine start late.
vi.setConfig({ testTimeout: 30_000 });

const folder = mkdtempSync(join(tmpdir(), 'respine-pool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dist = new URL('../../dist/', import.meta.url);
const jobsFile = join(folder, 'jobs.mjs');
writeFileSync(
  jobsFile,
  `import { FormatError } from '${new URL('index.js', dist)}';
   export const jobTypes = [{ name: 'test', create: (thread) => (command) => {
     if (command === 'exit') process.exit(3);
     if (command === 'format') throw new FormatError('is torn. Mend it.', 'a/b.nrrd', 17);
     if (command === 'bug') null.x;
     if (command === 'function') return () => 0;
     return thread + command;
   } }];`,
);
const jobs = pathToFileURL(jobsFile);
/** What the caller’s thread does of that job: nothing that fails. */
const testJob: JobType<string, string, unknown> = { name: 'test', create: (thread) => (command) => thread + command };

const grid = createGrid([9, 15, 17], [11, 9, 8], [-61, -70, -33]);
const random = createRandom(3);
const density = createVolume('density', grid);
const target = createVolume('mask', grid);
for (let v = 0; v < density.data.length; v++) {
  density.data[v] = 0.3 + random.uniform();
  target.data[v] = Math.abs((v % 17) - 7) < 3 && Math.abs((Math.floor(v / 17) % 15) - 7) < 3 ? 1 : 0;
}
const { points } = voxelsInside(createVolume('mask', grid, new Float32Array(density.data.length).fill(1)));
const beamAt = (gantry: number, isocenter: [number, number, number] = [-1, 2, 3]) =>
  createBeam(artiste6mv, { isocenter, gantry, collimator: 0, couch: 0, position: 'HFS' });
const modulated = [17, 95, 230].map((gantry) => {
  const beam = beamAt(gantry);
  return { beam, beamlets: beamletsCovering(beam.frame, target) };
});
const fields = modulated.map(({ beam }) => ({
  beam,
  fluence: {
    grid: uniformFluenceGrid(-30, -20, 7, 8, 6),
    weights: Float64Array.from({ length: 48 }, () => random.uniform()),
  },
}));
const vector = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.normal());

// What every pool is held against.
const serial = new DividedOperator(modulated, density, points);
const forward = new ForwardDose(density, points).total(fields);

/** Pools that nothing goes wrong in, one by number of threads: threads take longer to start than to answer. */
const pools = new Map<number, ReturnType<typeof startWorkerPool>>();
function poolOf(threads: number): ReturnType<typeof startWorkerPool> {
  const pool = pools.get(threads) ?? startWorkerPool({ threads });
  pools.set(threads, pool);
  return pool;
}
afterAll(async () => {
  for (const pool of pools.values()) await (await pool).close();
});

describe.each([1, 2, 3, 5])('%i threads', (threads) => {
  test('dose and gradient are the serial ones to the last bit (seed 3)', async () => {
    const pool = await poolOf(threads);
    const divided = new DividedOperator(modulated, density, points, { executor: pool });
    for (let trial = 0; trial < 3; trial++) {
      const w = vector(serial.columns);
      const y = vector(serial.rows);
      expect(divided.apply(w, new Float64Array(serial.rows))).toEqual(serial.apply(w, new Float64Array(serial.rows)));
      expect(divided.applyTranspose(y, new Float64Array(serial.columns))).toEqual(
        serial.applyTranspose(y, new Float64Array(serial.columns)),
      );
    }
    const which = Int32Array.from({ length: 50 }, (_, i) => (i * 29) % serial.rows);
    expect(Float32Array.from(divided.readRows(which))).toEqual(serial.readRows(which));
    divided.close();
    const pooled = new ForwardDose(density, points, { executor: pool }).total(fields);
    expect(Float64Array.from(pooled.dose)).toEqual(forward.dose);
    expect(pooled.beyondRange).toBe(forward.beyondRange);
  });
});

test('a normal matrix is factored to the same bits on any number of threads (seed 4)', async () => {
  const [count, columns] = [500, 290];
  const random = createRandom(4);
  const matrix = Float32Array.from({ length: count * columns }, () => Math.max(0, random.normal()) ** 3);
  const sample = { matrix, count, memberOf: Int32Array.from({ length: count }, (_, r) => r) };
  const D = [1, 2].map(() => Float64Array.from({ length: count }, () => random.uniform()));
  // The last columns are so stiff that they stand alone: blocks of the factor no longer end where those of the matrix do.
  const E = Float64Array.from({ length: columns }, (_, c) => (c % 17 === 5 ? 1e9 : 0.1 + random.uniform()));
  const vectors = [1, 2].map((scale) => ({
    scale,
    vector: Float64Array.from({ length: columns }, () => random.uniform()),
  }));
  const right = Float64Array.from({ length: columns }, () => random.normal());
  const solved = (executor?: Executor): Float64Array[] => {
    const normal = new NormalMatrix(sample, columns, executor ? { executor } : {});
    const both = D.map((diagonal) => {
      normal.update(diagonal, E, vectors);
      return normal.solve(right, new Float64Array(columns));
    });
    normal.close();
    return both;
  };
  const alone = solved();
  expect(alone[0]!.every(Number.isFinite)).toBe(true);
  for (const threads of [2, 3]) {
    expect(solved(await poolOf(threads)), `${threads} threads`).toEqual(alone);
  }
});

test('a preconditioner of compact rows is the same to the last bit with 1, 2 and 3 threads', async () => {
  const [rows, columns, pools] = [600, 300, 6];
  const matrix = Float32Array.from({ length: rows * columns }, () => (random.uniform() < 0.2 ? random.uniform() : 0));
  const tails = Float32Array.from({ length: rows * pools }, () => 0.02 * random.uniform());
  const of = Int32Array.from({ length: 4 * columns }, () => Math.floor(pools * random.uniform()));
  const pick = (from: Float32Array, width: number, which: Int32Array): Float32Array =>
    Float32Array.from(Array.from(which, (row) => [...from.subarray(row * width, (row + 1) * width)]).flat());
  const readRows = (which: Int32Array): Float32Array => pick(matrix, columns, which);
  const reader = {
    columns,
    pools: { count: pools, of, weights: new Float32Array(4 * columns).fill(0.25) },
    readRows,
    readTails: (which: Int32Array) => pick(tails, pools, which),
  };
  const own = Int32Array.from({ length: rows }, (_, row) => row);
  const starts = Int32Array.from([...own.filter((row) => row % 50 === 0), rows]);
  const D = Float64Array.from({ length: rows }, (_, row) => (row < 5 ? 1e5 : 1) * random.uniform());
  const E = Float64Array.from({ length: columns }, () => 0.5 + random.uniform());
  const right = Float64Array.from({ length: columns }, () => random.normal());
  const solved = (executor?: Executor): Float64Array => {
    const options = executor ? { executor } : {};
    const normal = new CompactNormal(compactRows(reader, { rows: own, starts, memberOf: own }, options), {
      ...options,
      readRows,
    });
    normal.update(D, E);
    const solution = normal.solve(right, new Float64Array(columns));
    normal.close();
    return solution;
  };
  const alone = solved();
  expect(alone.every(Number.isFinite)).toBe(true);
  for (const threads of [2, 3]) expect(solved(await poolOf(threads)), `${threads} threads`).toEqual(alone);
});

test('a whole plan is the same with and without a pool', { timeout: 60_000 }, async () => {
  const plan = parseCase({
    patient: { phantom: 'slab-lung' },
    target: 'PTV',
    doseGrid: { spacing: [9, 8, 7], planning: 100 },
    fcrt: { beams: 'posterior-3' },
    imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 10 },
  });
  const patient = buildPhantom(await readPhantom('slab-lung'), { spacing: [9, 8, 7] });
  const job = { patient, case: plan, machine: artiste6mv };
  const serial = runPlan(job);
  const pooled = runPlan(job, { executor: await poolOf(2) });
  for (const p of [0, 1]) {
    expect(pooled.plans[p]!.plan.dose.data).toEqual(serial.plans[p]!.plan.dose.data);
    expect(pooled.plans[p]!.plan.beyondRange).toBe(serial.plans[p]!.plan.beyondRange);
  }
});

test('an error of a worker arrives with class, message and fields', async () => {
  const pool = await startWorkerPool({ threads: 2, jobs });
  const miss = { beam: beamAt(0, [900, 0, 0]), beamlets: modulated[0]!.beamlets };
  // The second thread is a worker, and it holds the first beam.
  expect(() => new DividedOperator([miss, modulated[1]!], density, points, { executor: pool })).toThrow(
    new UnsupportedError(
      'beam G0: its central ray misses the patient. Move the isocentre (900.0, 0.0, 0.0) mm into the body.',
    ),
  );
  const group = pool.start(testJob, ['a', 'b']);
  const thrown = (command: string): unknown => {
    try {
      return group.run(command);
    } catch (error) {
      return error;
    }
  };
  const format = thrown('format');
  expect(format).toBeInstanceOf(FormatError);
  expect(format).toMatchObject({ message: 'a/b.nrrd: is torn. Mend it.', path: 'a/b.nrrd', offset: 17 });
  expect(thrown('bug')).toBeInstanceOf(TypeError);
  expect((thrown('bug') as Error).stack).toContain('jobs.mjs');
  expect(thrown('function')).toMatchObject({ message: expect.stringContaining('could not be cloned') });
  expect(group.run('!'), 'and the pool goes on').toEqual(['a!', 'b!']);
  expect(() => pool.start({ ...testJob, name: 'no such' }, ['a', 'b'])).toThrow(InvalidInputError);
  expect(() => pool.start(testJob, ['a', 'b', 'c'])).toThrow('3 inputs for 2 threads');
  expect(() => pool.start(testJob, ['a', (() => 0) as unknown as string])).toThrow('could not be cloned');
  group.close();
  expect(() => group.run('!')).toThrow(InvalidInputError);
  await pool.close();
  expect(() => pool.start(testJob, ['a'])).toThrow('it is closed');
});

test('errors survive the crossing', () => {
  for (const error of [
    new InvalidInputError('a. b.'),
    new UnsupportedError('a. b.'),
    new FormatError('a. b.', 'path', 3),
    new FormatError('a. b.'),
    new RangeError('a'),
  ]) {
    const copy = unpackError(structuredClone(packError(error)));
    expect(copy).toBeInstanceOf(error.constructor);
    expect(copy).toEqual(error);
    expect(copy.stack).toBe(error.stack);
  }
  expect(unpackError(packError('text'))).toEqual(new Error('text'));
});

test('a worker that dies is an error, not a hang', async () => {
  const pool = await startWorkerPool({ threads: 3, jobs });
  const group = pool.start(testJob, ['a', 'b', 'c']);
  expect(() => group.run('exit')).toThrow(/^worker pool: the worker of thread 1 has ended \(exit code 3\)/);
  expect(() => group.run('!'), 'and stays one').toThrow(UnsupportedError);
  expect(() => pool.start(testJob, ['a', 'b'])).toThrow(UnsupportedError);
  group.close();
  await pool.close();
});

test('a wake-up without a request is slept through', async () => {
  const pool = await startWorkerPool({ threads: 2, jobs });
  const group = pool.start(testJob, ['a', 'b']);
  const { requests } = pool as unknown as { requests: Int32Array };
  // As when the caller is interrupted between its request and the notify, which then comes when the worker sleeps again.
  await vi.waitFor(() => expect(Atomics.notify(requests, 1)).toBe(1));
  await new Promise((done) => setTimeout(done, 50));
  expect(group.run('!')).toEqual(['a!', 'b!']);
  group.close();
  await pool.close();
});

test('a pool whose threads cannot start is an error', async () => {
  await expect(startWorkerPool({ threads: 2, jobs: pathToFileURL(join(folder, 'none.mjs')) })).rejects.toThrow(
    UnsupportedError,
  );
  await expect(startWorkerPool({ threads: 0 })).rejects.toThrow(InvalidInputError);
});

test.each(['await pool.close();', ''])('the process exits by itself (%s)', async (end) => {
  const script = `import { startWorkerPool } from '${new URL('node.js', dist)}';
    const pool = await startWorkerPool({ threads: 3, jobs: new URL('${jobs}') });
    const group = pool.start({ name: 'test', create: (thread) => (command) => thread + command }, ['a', 'b', 'c']);
    process.stdout.write(group.run('!').join());
    ${end}`;
  const run = await new Promise<{ code: number; text: string }>((done) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, text: stdout + stderr }),
    );
  });
  expect(run).toEqual({ code: 0, text: 'a!,b!,c!' });
});
