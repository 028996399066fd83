/** Single cases of the kinds that broke it: sizes, names, units, sets of files, tables. Each with the right value or sentence. */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { arrangementAngles } from '../../src/beam/arrangement.js';
import { InvalidInputError } from '../../src/core/errors.js';
import { checkTree } from '../../src/core/json-tree.js';
import { plainText, shortSentence } from '../../src/core/sentence.js';
import { parseGoal } from '../../src/evaluate/goal.js';
import { parseMetric } from '../../src/evaluate/metric-parser.js';
import { createBeamFrame } from '../../src/geometry/frame.js';
import { createGrid, gridCovering } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { decodeNrrd, encodeNrrd } from '../../src/io/nrrd.js';
import { createLeafBank } from '../../src/machine/mlc.js';
import { readBytes, writeAll } from '../../src/node/files.js';
import { lockFolder } from '../../src/node/folder-lock.js';
import { readPhantom } from '../../src/node/phantoms.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { parseStudy } from '../../src/plan/input/study-file.js';
import { csvLine } from '../../src/report/table.js';
import { main, respineIn } from '../cli/respine.js';
import { hasShared, shared } from '../shared.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-items-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);
const grid = createGrid([3, 4, 5], [10, 10, 10], [0, 0, 0]);
const meaning = { quantity: 'physical', fractions: 10 } as const;
const doseFile = async (name: string): Promise<string> => {
  const path = join(folder, name);
  writeFileSync(path, await encodeNrrd(createDose(grid, meaning, new Float32Array(60).fill(2))));
  return path;
};

/** The sentence with which something is refused. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).name).toMatch(/^(InvalidInputError|FormatError|UnsupportedError)$/);
    expect((error as Error).message.length).toBeLessThanOrEqual(400);
    return (error as Error).message;
  }
  throw new Error('was not refused');
}

describe('sizes', () => {
  test('grids', () => {
    expect(refusal(() => createGrid([1200, 1000, 1000], [1, 1, 1], [0, 0, 0]))).toMatch(
      /1200 million voxels, more than 100 million/,
    );
    const box = { min: [-100, -100, -100], max: [100, 100, 100] } as const;
    expect(refusal(() => gridCovering(box, [1e-300, 1, 1]))).toMatch(/voxels, more than 100 million/);
    expect(createGrid([300, 512, 512], [1, 1, 1], [0, 0, 0]).shape).toEqual([300, 512, 512]);
  });
  test('a phantom at 0.3 mm, and masks at 0.6 mm', async () => {
    const spec = await readPhantom('spine-t8');
    expect(refusal(() => buildPhantom(spec, { spacing: [0.3, 0.3, 0.3] }))).toMatch(/million voxels/);
    expect(refusal(() => buildPhantom(spec, { spacing: [0.6, 0.6, 0.6] }))).toMatch(
      /about 4\.\d+ GB of memory, more than 2 GB/,
    );
  });
  test.each([
    [{ imrt: { beamlet: 0.1 } }, /imrt\.beamlet: is 0\.1, but must be >= 1/],
    [{ imrt: { margin: 1e6 } }, /imrt\.margin: is 1000000, but must be <= 100/],
    [{ doseGrid: { spacing: [0.01, 2, 2] } }, /doseGrid\.spacing\.0: is 0\.01, but must be >= 0\.1/],
    [{ fcrt: { mlc: { boundaries: [-10, 10], reach: 1e308 } } }, /fcrt\.mlc\.reach: is 1e\+308, but must be <= 500/],
    [{ goals: [`${'x'.repeat(1e5)} Max <= 3Gy`] }, /has 100011 characters, more than 200/],
    [{ target: 'x'.repeat(1e5) }, /target: is a text of 100000, but must have <= 1000 characters/],
  ])('a case: %#', (wrong, message) => {
    expect(refusal(() => parseCase({ patient: { phantom: 'spine-t8' }, ...wrong }))).toMatch(message);
  });
  test('texts, exponents, leaves, trees', () => {
    expect(refusal(() => parseMetric('x'.repeat(1e5)))).toMatch(/100000 characters/);
    expect(refusal(() => parseGoal(' '.repeat(1e5)))).toMatch(/100000 characters/);
    expect(refusal(() => parseMetric('gEUD(a=1000000000)'))).toMatch(/an exponent of 1\/1000 to 1000/);
    expect(parseMetric('gEUD(a=-20)').exponent).toBe(-20);
    expect(refusal(() => createLeafBank([-10, 10], { reach: 1e308 }))).toMatch(/reach is 1e\+308 mm, more than 500 mm/);
    expect(refusal(() => checkTree(JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)), 'a.json'))).toMatch(
      /more than 40 deep/,
    );
    expect(refusal(() => parseStudy({ vary: { [`a${'.a'.repeat(1e5)}`]: [1] } }))).toMatch(/^study: vary\.a\.a/);
    expect(refusal(() => parseStudy({ base: JSON.parse(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`) }))).toMatch(
      /deep/,
    );
  });
  test('files without end, and messages', async () => {
    await expect(readBytes('/dev/zero')).rejects.toThrow(/no plain file, but a device or a pipe/);
    const message = new InvalidInputError(`x: "${'y'.repeat(1e6)}" is wrong. Mend it.`).message;
    expect(message.length).toBeLessThanOrEqual(400);
    expect(message).toMatch(/^x: "y+.* \.\.\. y+" is wrong\. Mend it\.$/);
    expect(shortSentence('a\nb\tc')).toBe('a b c');
  });
  const bytes = async (replace: readonly [string | RegExp, string]): Promise<Uint8Array> => {
    const whole = Buffer.from(
      await encodeNrrd(createVolume('density', grid, new Float32Array(60).fill(1)), { gzip: true }),
    );
    const end = whole.indexOf('\n\n') + 2;
    return Buffer.concat([Buffer.from(whole.toString('latin1', 0, end).replace(...replace)), whole.subarray(end)]);
  };
  test.each([
    [/sizes: .*/, 'sizes: 1200 1000 1000', /1200 million voxels, more than 100 million/],
    [/sizes: .*/, 'sizes: 400 400 400', /where 256000000 are needed\. The file is truncated/],
    [/space directions: .*/, `space directions: ${'('.repeat(1e5)}`, /a line without end/],
    [/space directions: .*/, 'space directions: (1e-300,0,0) (0,1,0) (0,0,1)', /voxels of 1e-300 mm/],
    [/space directions: .*/, 'space directions: (1e300,0,0) (0,1,0) (0,0,1)', /voxels of 1e\+300 mm/],
    [/space units: .*/, 'space units: "parsec" "mm" "mm"', /space units are "parsec" "mm" "mm"/],
  ])('an NRRD: %s', async (from, to, message) => {
    const start = performance.now();
    await expect(decodeNrrd(await bytes([from, to]))).rejects.toThrow(message);
    expect(performance.now() - start).toBeLessThan(2000);
  });
  test('values that come in parts, of any size', async () => {
    const data = Float32Array.from({ length: 60_000 }, (_, i) => Math.sin(i));
    const large = createVolume('density', createGrid([30, 40, 50], [1, 1, 1], [0, 0, 0]), data);
    expect((await decodeNrrd(await encodeNrrd(large, { gzip: true }))).data).toEqual(data);
  });
});

describe("names of every object's own", () => {
  const inherited = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
  test.each(inherited)('%s', async (name) => {
    const spec = await readPhantom('water-box');
    expect(refusal(() => arrangementAngles(name))).toMatch(/is unknown\. Use one of posterior-1/);
    const parts = spec.parts.map((part) => ({ ...part, material: name }));
    expect(refusal(() => buildPhantom({ ...spec, parts }))).toMatch(/material .* is unknown\. There are air/);
    for (const path of [name, `${name}.x`, `External.${name}`, `External.${name}.name`]) {
      const parameters = JSON.parse(`{${JSON.stringify(path)}: 5}`);
      expect(refusal(() => buildPhantom(spec, { parameters }))).toMatch(/is no number of it/);
    }
    expect(({} as Record<string, unknown>)['5']).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
    const pose = { isocenter: [0, 0, 0], gantry: 0, collimator: 0, couch: 0, position: name } as const;
    expect(refusal(() => createBeamFrame(pose, 1000))).toMatch(/position/);
    const volume = createVolume('density', grid);
    const read = await decodeNrrd(await encodeNrrd(volume, { fields: JSON.parse(`{${JSON.stringify(name)}: "x"}`) }));
    expect(Object.hasOwn(read.fields, name) && read.fields[name]).toBe('x');
    const other = Buffer.from(await encodeNrrd(volume))
      .toString('latin1')
      .replace('kind:=density', `kind:=${name}`);
    expect((await decodeNrrd(Buffer.from(other, 'latin1'))).kind).toBeUndefined();
  });
  test('a key that schemas pass over in silence is refused', () => {
    const json = JSON.parse('{ "patient": { "phantom": "spine-t8", "parameters": { "__proto__": 5 } } }');
    expect(refusal(() => parseCase(json))).toMatch(/"__proto__" is the name of no field/);
  });
  test('names of parts', () => {
    const shape = { kind: 'box', center: [0, 0, 0], size: [9, 9, 9] };
    const spec = (...parts: object[]): unknown => ({
      name: 'p',
      description: 'd',
      length: 100,
      air: 0,
      parts: parts.map((part) => ({ name: 'a', material: 'water', shape, ...part })),
    });
    expect(refusal(() => parsePhantom(spec({}, {})))).toMatch(/"a" is the name of two parts/);
    expect(refusal(() => parsePhantom(spec({ name: '' })))).toMatch(/is empty, but a part needs a name/);
    expect(refusal(() => parsePhantom(spec({ subtract: ['a'] })))).toMatch(/"a" subtracts itself/);
    expect(refusal(() => parsePhantom(spec({ name: 'a\u001b[31m' })))).toMatch(/control character/);
  });
});

describe('units', () => {
  test.each([
    [
      'trade-off',
      ['c.json', '--caps', '2000,2980', '--out', 'o'],
      /--caps is 2000 Gy, more than 200: was it meant in cGy\? Give it in Gy \(20\)/,
    ],
    ['trade-off', ['c.json', '--cumulative', '6000,7000', '--out', 'o'], /--cumulative is 6000 Gy, more than 200/],
    [
      'check',
      ['--protocol', 'hytec-retreatment', '--structures', 'm', '--dose', 'd', '--prior', '3800,19,17.7'],
      /--prior is 3800 Gy.*\(38\)/,
    ],
    [
      'check',
      ['--protocol', 'hytec-retreatment', '--structures', 'm', '--dose', 'd', '--prescription', '3960'],
      /--prescription is 3960 Gy.*\(39\.6\)/,
    ],
    ['dvh', ['--structures', 'm', '--dose', 'd', '--prescription', '3960'], /--prescription is 3960 Gy.*\(39\.6\)/],
    ['phantom', ['water-box', '--noise=-5', '--out', 'o'], /--noise is -5, but must be 0 to 1000/],
    ['phantom', ['water-box', '--noise', '5', '--seed', '1e300', '--out', 'o'], /seed is 1e\+300/],
    ['gamma', ['a', 'b', '--dose', '3', '--distance', '3', '--cap', '1e9'], /cannot be read|cap is 1000000000/],
  ])('%s %j', { timeout: 60_000 }, async (command, args, message) => {
    writeFileSync(join(folder, 'c.json'), JSON.stringify({ patient: { phantom: 'spine-t8' } }));
    const { code, stderr } = await respine(command, ...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(existsSync(join(folder, 'o'))).toBe(false);
  });
  test('fractions against those of the file', { timeout: 60_000 }, async () => {
    const dose = await doseFile('ten.nrrd');
    const gamma = (...more: string[]) => respine('gamma', dose, dose, '--dose', '3', '--distance', '3', ...more);
    expect((await gamma('--fractions', '7')).stderr).toMatch(/7 fractions are given, but the file says 10/);
    expect((await gamma('--fractions', '10')).code).toBe(0);
  });
  test('NRRD in cm and um is the volume in mm', async () => {
    const volume = createVolume(
      'density',
      grid,
      Float32Array.from({ length: 60 }, (_, i) => i),
    );
    const text = Buffer.from(
      await encodeNrrd({ ...volume, grid: createGrid(grid.shape, [10, 20, 30], [40, 50, 60]) }),
    ).toString('latin1');
    const inUnit = (unit: string, mm: number): Promise<{ grid: unknown }> =>
      decodeNrrd(
        Buffer.from(
          text
            .replace('"mm" "mm" "mm"', `"${unit}" "${unit}" "${unit}"`)
            .replace('(10,0,0) (0,20,0) (0,0,30)', `(${10 / mm},0,0) (0,${20 / mm},0) (0,0,${30 / mm})`)
            .replace('(40,50,60)', `(${40 / mm},${50 / mm},${60 / mm})`),
          'latin1',
        ),
      );
    for (const [unit, mm] of [
      ['mm', 1],
      ['cm', 10],
      ['m', 1000],
      ['um', 0.001],
    ] as const) {
      const read = await inUnit(unit, mm);
      expect(read.grid).toMatchObject({
        spacing: [10, 20, 30].map((n) => expect.closeTo(n, 9)),
        origin: [40, 50, 60].map((n) => expect.closeTo(n, 9)),
      });
    }
  });
  test.skipIf(!hasShared)('the same dose in cm', { timeout: 60_000 }, async () => {
    const metrics = async (dose: string): Promise<unknown> => {
      const at = (name: string): string => shared(`cases/faults/${name}`);
      const args = ['--structures', at('mask_PTV.nrrd'), '--dose', at(dose), '--metrics', 'Max', 'Mean', '--partial'];
      return JSON.parse((await respine('dvh', ...args, '--json')).stdout).structures[0].metrics;
    };
    expect(await metrics('cm.nrrd')).toEqual(await metrics('a.nrrd'));
    expect(await metrics('cm.nrrd')).toMatchObject({
      'Max[Gy]': expect.closeTo(3.15, 2),
      'Mean[Gy]': expect.closeTo(2.08, 2),
    });
  });
});

describe('output', () => {
  test('what an earlier run wrote goes, what others wrote stays', async () => {
    const out = join(folder, 'set');
    const set = (...names: string[]): Promise<void> =>
      writeAll(
        out,
        new Map([
          ...names.map((name) => [name, name] as const),
          ['plan.json', JSON.stringify({ software: 'respine 1', files: [...names, 'plan.json'] })],
        ]),
        { record: 'plan.json' },
      );
    await set('dose_fcrt.nrrd', 'dose_imrt.nrrd');
    writeFileSync(join(out, 'notes.txt'), 'mine');
    writeFileSync(join(out, 'dvh.csv.0123456789ab.tmp'), 'of a killed run');
    await set('dose_imrt.nrrd');
    expect(readdirSync(out).sort()).toEqual(['dose_imrt.nrrd', 'notes.txt', 'plan.json']);
    // A record that names files elsewhere is no licence to remove them.
    writeFileSync(
      join(out, 'plan.json'),
      JSON.stringify({ software: 'respine 1', files: ['../items.txt', '/etc/passwd', 'notes.txt'] }),
    );
    writeFileSync(join(folder, 'items.txt'), 'outside');
    await set('dose_imrt.nrrd');
    expect(existsSync(join(folder, 'items.txt'))).toBe(true);
  });
  test('phantom: the slices of a finer one go', { timeout: 120_000 }, async () => {
    const slices = async (mm: string): Promise<number> => {
      expect((await respine('phantom', 'water-box', '--format', 'dicom', '--spacing', mm, '--out', 'ct')).code).toBe(0);
      return readdirSync(join(folder, 'ct', 'CT')).length;
    };
    expect([await slices('10'), await slices('20')]).toEqual([30, 15]);
  });
  test('a folder that cannot be written is said before the work', { timeout: 60_000 }, async () => {
    writeFileSync(join(folder, 'file'), '');
    writeFileSync(
      join(folder, 'plan.json'),
      JSON.stringify({ patient: { phantom: 'spine-t8' }, doseGrid: { spacing: [2, 2, 2] } }),
    );
    for (const out of ['file', 'file/x', `${'x'.repeat(300)}`, '/proc/none/x']) {
      const start = performance.now();
      const { code, stderr } = await respine('plan', 'plan.json', '--out', out);
      expect([code, stderr.trim().split('\n').length]).toEqual([2, 1]);
      expect(stderr).toMatch(/is a file, but a folder|cannot be written/);
      expect(performance.now() - start).toBeLessThan(15_000);
    }
  });
  test('one study per folder', { timeout: 60_000 }, async () => {
    writeFileSync(join(folder, 'study.json'), JSON.stringify({ base: { patient: { phantom: 'spine-t8' } } }));
    mkdirSync(join(folder, 'busy'));
    const lock = await lockFolder(join(folder, 'busy'));
    const { code, stderr } = await respine('study', 'study.json', '--out', 'busy');
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/busy is in use by another run of respine \(process \d+\)/),
    ]);
    await lock.release();
    expect(readdirSync(join(folder, 'busy'))).toEqual([]);
  });
  test('the lock of a process that has ended is taken over, by one of many', { timeout: 60_000 }, async () => {
    const dir = join(folder, 'stale');
    mkdirSync(dir);
    const ended = spawnSync(process.execPath, ['-e', '']).pid;
    const { hostname } = await import('node:os');
    writeFileSync(join(dir, '.respine.lock'), JSON.stringify({ pid: ended, host: hostname(), id: 'x' }));
    const taken = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(dir)));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
  test('a reader that goes, and a full disk', { timeout: 60_000 }, async () => {
    const gone = await new Promise<[number | null, string]>((done) => {
      const child = spawn(process.execPath, [
        main,
        'phantom',
        'water-box',
        '--spacing',
        '20',
        '--out',
        join(folder, 'head'),
      ]);
      child.stdout.destroy();
      let stderr = '';
      child.stderr.on('data', (text) => {
        stderr += text;
      });
      child.on('close', (code) => done([code, stderr]));
    });
    expect(gone).toEqual([0, 'respine: the reader of the output went before its end.\n']);
    if (!existsSync('/dev/full')) return;
    const full = spawnSync(
      process.execPath,
      [main, 'phantom', 'water-box', '--spacing', '20', '--out', join(folder, 'full')],
      {
        stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
        encoding: 'utf8',
      },
    );
    expect([full.status, full.stderr]).toEqual([
      2,
      expect.stringMatching(/^respine: the output cannot be written \(the disk is full\)\. .*\n$/),
    ]);
  });
});

describe('tables and terminals', () => {
  test('a name is no formula, a number is a number', () => {
    const cells = ['=1+1', '+A', '-cmd', '@x', ' =1', '\t=1', '＝1', '-3.5', '+2', '-1e-5', '-', 'a=1', 'PTV-1'];
    const line = csvLine(cells).trimEnd().split(',');
    expect(line).toEqual([
      "'=1+1",
      "'+A",
      "'-cmd",
      "'@x",
      "' =1",
      "'\t=1",
      "'＝1",
      '-3.5',
      '+2',
      '-1e-5',
      "'-",
      'a=1',
      'PTV-1',
    ]);
    expect(csvLine(['a\u001b[31m,b'])).toBe('"a\\u001b[31m,b"\n');
  });
  test('what steers a terminal is shown, and JSON stays what it was', () => {
    const name = 'a\u001b[31m\u009b2J\u202eb\u0007\r';
    expect(plainText(name)).toBe('a\\u001b[31m\\u009b2J\\u202eb\\u0007\\u000d');
    expect(JSON.parse(plainText(JSON.stringify({ name }, null, 2)))).toEqual({ name });
  });
  test('the name of a mask', { timeout: 60_000 }, async () => {
    const path = join(folder, 'mask_a\u001b[31mred.nrrd');
    writeFileSync(path, await encodeNrrd(createVolume('mask', grid, new Float32Array(60).fill(1))));
    const dose = await doseFile('d.nrrd');
    const run = await respine('dvh', '--structures', path, '--dose', dose, '--metrics', 'Max', 'Mean');
    expect([run.code, run.stdout.includes('\u001b')]).toEqual([0, false]);
    expect(run.stdout).toContain('a\\u001b[31mred');
  });
  test.skipIf(!hasShared)('commission: no attenuation, numbers beyond any', { timeout: 60_000 }, async () => {
    const constant = shared('cases/faults/beam-constant');
    const run = await respine('commission', constant, '--out', 'm.json');
    expect([run.code, run.stderr]).toEqual([
      2,
      expect.stringMatching(/has 100\.0 % of its maximum at \d+ mm, no attenuation/),
    ]);
    mkdirSync(join(folder, 'huge'));
    for (const name of readdirSync(constant)) {
      const text = readFileSync(join(constant, name), 'utf8');
      const lines = text
        .split('\n')
        .map((line, n) => (name === 'tpr.dat' && n > 5 ? line.replace(/^(\s*\S+\s+)\S+/, '$11e308') : line));
      writeFileSync(join(folder, 'huge', name), lines.join('\n'));
    }
    const huge = await respine('commission', 'huge', '--out', 'm.json');
    expect([huge.code, huge.stderr]).toEqual([2, expect.stringMatching(/1e\+308 .*no reading is larger than 1000000/)]);
    expect(existsSync(join(folder, 'm.json'))).toBe(false);
  });
});
