/** The influence out and weights back: what is written multiplies to the engine's dose, and weights of others are refused. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { readCsv } from '../../src/io/csv.js';
import { decodeNpy, decodeSparseNpz, encodeNpy, type SparseColumns } from '../../src/io/npy.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { exportInfluence } from '../../src/node/export-influence.js';
import { importWeights } from '../../src/node/import-weights.js';
import type { InfluenceExportOptions } from '../../src/plan/exchange/influence-data.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { createJob, type PlanJob } from '../../src/plan/patient/plan-job.js';
import { planOfWeights } from '../../src/plan/run-plan.js';
import { spine } from '../plan/spine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-influence-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const place = (): string => join(folder, `set-${count++}`);

const spacing: [number, number, number] = [10, 10, 10];
const parameters = { length: 90 };
const patient = spine({ spacing, target: 'body', parameters });
const jobOf = (more: Partial<PlanCaseInput> = {}): PlanJob =>
  createJob({
    patient,
    machine: artiste6mv,
    case: parseCase({
      patient: { phantom: 'spine-t8', target: 'body', parameters },
      doseGrid: { spacing, planning: 7 },
      imrt: {
        delivery: 'fluence',
        beams: [
          { gantry: 150, collimator: 20 },
          { gantry: 210, couch: 10 },
        ],
        beamlet: 14,
      },
      prior: null,
      ...more,
    }),
  });
const job = jobOf();

interface Read {
  readonly matrix: SparseColumns;
  readonly rows: readonly Readonly<Record<string, string>>[];
}

function tableOf(text: string): Readonly<Record<string, string>>[] {
  const [header = [], ...records] = readCsv(text, 'table');
  return records.map((record) => Object.fromEntries(record.map((cell, c) => [header[c]!, cell])));
}

function readSet(out: string): Read {
  const matrix = decodeSparseNpz(readFileSync(join(out, 'influence.npz')), 'influence.npz');
  return { matrix, rows: tableOf(readFileSync(join(out, 'voxels.csv'), 'utf8')) };
}

async function exported(options: InfluenceExportOptions = {}): Promise<Read & { out: string; key: string }> {
  const out = place();
  const { key } = await exportInfluence(job, out, options);
  return { ...readSet(out), out, key };
}

/** A w, by the decoded matrix alone. */
function product({ rows, columns, pointers, rowIndex, values }: SparseColumns, weights: Float64Array): Float64Array {
  const dose = new Float64Array(rows);
  for (let c = 0; c < columns; c++) {
    for (let q = pointers[c]!; q < pointers[c + 1]!; q++) dose[rowIndex[0]![q]!]! += weights[c]! * values[0]![q]!;
  }
  return dose;
}

const whole = await exported();
const { columns } = whole.matrix;
const random = createRandom(17);
const weights = Float64Array.from({ length: columns }, () => 9000 * random.uniform() ** 2);
const { plan } = planOfWeights(job, weights).plans[0]!;
const engineDose = ({ grid, voxel }: Readonly<Record<string, string>>): number | undefined =>
  (grid === 'dose' ? plan.dose : grid === 'planning' ? plan.fineDose! : undefined)?.data[Number(voxel)];
const maximum = plan.dose.data.reduce((a, b) => Math.max(a, b), 0);

test('what is written multiplies to the dose of the engine, on both grids', () => {
  const dose = product(whole.matrix, weights);
  const seen = new Set<string>();
  let largest = 0;
  whole.rows.forEach((row, r) => {
    const own = engineDose(row);
    if (own === undefined) return;
    seen.add(row.grid!);
    largest = Math.max(largest, Math.abs(own - dose[r]!));
  });
  expect([...seen].sort()).toEqual(['dose', 'planning']);
  expect(whole.rows.length).toBe(whole.matrix.rows);
  expect(largest / maximum).toBeLessThan(1e-5);
  expect(whole.matrix.pointers.at(-1)).toBe(whole.matrix.rows * columns);
});

test('a cut leaves out what its table says, row by row, and no more', async () => {
  const { matrix, rows } = await exported({ cut: 0.02, precision: 'float64' });
  const [cut, all] = [product(matrix, weights), product(whole.matrix, weights)];
  const heaviest = weights.reduce((a, b) => Math.max(a, b), 0);
  const ones = new Float64Array(columns).fill(1);
  const [cutOfOnes, allOfOnes] = [product(matrix, ones), product(whole.matrix, ones)];
  expect(matrix.pointers.at(-1)!).toBeLessThan(0.9 * whole.matrix.pointers.at(-1)!);
  rows.forEach((row, r) => {
    const bound = Number(row.cut_Gy_per_MU);
    const noise = 1e-6 * maximum;
    expect(all[r]! - cut[r]!).toBeGreaterThan(-noise);
    expect(all[r]! - cut[r]!).toBeLessThanOrEqual(bound * heaviest + noise);
    // At one monitor unit each the bound is what is missing.
    expect(Math.abs(allOfOnes[r]! - cutOfOnes[r]! - bound)).toBeLessThan(2e-5 * bound + 1e-6 * allOfOnes[r]!);
  });
});

test('rows are the same numbers whichever others are exported; volumes are of the structures', async () => {
  const { matrix, rows } = await exported({ voxels: ['SpinalCord', 'Esophagus'] });
  expect(rows.every((row) => Number(row.SpinalCord) > 0 || Number(row.Esophagus) > 0)).toBe(true);
  const at = new Map(whole.rows.map((row, r) => [`${row.grid} ${row.voxel}`, r]));
  let both = 0;
  rows.forEach((row, r) => {
    const other = at.get(`${row.grid} ${row.voxel}`);
    if (other === undefined) return;
    both++;
    for (let c = 0; c < columns; c++) {
      expect(matrix.values[0]![matrix.pointers[c]! + r]).toBe(
        whole.matrix.values[0]![whole.matrix.pointers[c]! + other],
      );
    }
  });
  expect(both).toBeGreaterThan(5);
  const body = await exported({ voxels: 'body', cut: 0.5 });
  const cc = (name: string): number =>
    body.rows.reduce((sum, row) => sum + Number(row[name]) * Number(row.volume_cc), 0);
  // An ellipse of 8 mm x 6 mm over 90 mm.
  expect(cc('SpinalCord')).toBeCloseTo(((Math.PI / 4) * 8 * 6 * 90) / 1000, 0);
  expect(cc('External')).toBeGreaterThan(100 * cc('SpinalCord'));
});

test('the planning problem as numbers is that of the plan', () => {
  const problem = JSON.parse(readFileSync(join(whole.out, 'problem.json'), 'utf8'));
  const dose = product(whole.matrix, weights);
  const forms: Readonly<Record<string, (x: number) => number>> = {
    deviation: (x) => x * x,
    overdose: (x) => Math.max(0, x) ** 2,
    underdose: (x) => Math.max(0, -x) ** 2,
    linear: (x) => x,
  };
  let value = 0;
  for (const { form, rows, factors, doses } of problem.objectives) {
    rows.forEach((row: number, q: number) => {
      value += factors[q] * forms[form]!(dose[row]! - (Array.isArray(doses) ? doses[q] : doses));
    });
  }
  expect(value / plan.solution.certificate.value).toBeCloseTo(1, 5);
  const [cord] = problem.constraints;
  const above = Math.max(...cord.rows.map((row: number, q: number) => dose[row]! - cord.doses[q]));
  expect(above).toBeCloseTo(plan.solution.given!.broken[0]!.excess, 3);
  expect(above).toBeCloseTo(plan.solution.certificate.violation!.amount, 3);
});

test('Matrix Market holds the same entries', async () => {
  const out = place();
  await exportInfluence(job, out, { format: 'mtx', cut: 0.1 });
  const { matrix } = await exported({ cut: 0.1 });
  const [banner, ...lines] = readFileSync(join(out, 'influence.mtx'), 'utf8').trim().split('\n');
  expect(banner).toBe('%%MatrixMarket matrix coordinate real general');
  const [size, ...entries] = lines.filter((line) => !line.startsWith('%'));
  expect(size).toBe(`${matrix.rows} ${columns} ${matrix.pointers.at(-1)}`);
  let c = 0;
  entries.forEach((line, q) => {
    while (q >= matrix.pointers[c + 1]!) c++;
    const [row, column, value] = line.split(' ').map(Number);
    expect([row! - 1, column! - 1, Math.fround(value!)]).toEqual([matrix.rowIndex[0]![q], c, matrix.values[0]![q]]);
  });
});

const hasSciPy = spawnSync('python3', ['-c', 'import numpy, scipy.sparse, scipy.io'], { stdio: 'ignore' }).status === 0;
if (!hasSciPy) process.stdout.write('skipped: SciPy reads the influence (needs python3 with numpy and scipy)\n');

test.runIf(hasSciPy)('SciPy reads both forms, and its weights come back', { timeout: 300_000 }, async () => {
  const text = place();
  await exportInfluence(job, text, { format: 'mtx' });
  writeFileSync(join(whole.out, 'given.npy'), encodeNpy(weights));
  const program = `
import sys, numpy as np, scipy.sparse as sp, scipy.io
A = sp.load_npz(sys.argv[1] + "/influence.npz")
B = scipy.io.mmread(sys.argv[2] + "/influence.mtx").tocsc()
w = np.load(sys.argv[1] + "/given.npy")
assert A.format == "csc" and A.dtype == np.float32
assert abs(A - B.astype(np.float32)).max() == 0
np.save(sys.argv[1] + "/dose.npy", A.astype(float) @ w)
np.save(sys.argv[1] + "/weights.npy", w)
`;
  const { status, stderr } = spawnSync('python3', ['-c', program, whole.out, text], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  const dose = decodeNpy(readFileSync(join(whole.out, 'dose.npy')), 'dose.npy').values;
  let largest = 0;
  whole.rows.forEach((row, r) => {
    largest = Math.max(largest, Math.abs((engineDose(row) ?? dose[r]!) - dose[r]!));
  });
  process.stdout.write(
    `SciPy's A w differs from the engine's dose by ${(largest / maximum).toExponential(1)} of the maximum\n`,
  );
  expect(largest / maximum).toBeLessThan(1e-5);
  expect(await importWeights(join(whole.out, 'weights.npy'), job)).toEqual(weights);
});

test('weights are read from .npy, JSON, tables and lists, and held against the case', async () => {
  const out = place();
  mkdirSync(out);
  const put = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(out, name), content);
    return join(out, name);
  };
  const lines = readFileSync(join(whole.out, 'beamlets.csv'), 'utf8').trim().split('\n');
  const table = (own: ArrayLike<number>): string =>
    lines.map((line, l) => `${line},${l === 0 ? 'weight' : own[l - 1]}\n`).join('');
  const good: [string, string | Uint8Array][] = [
    ['w.npy', encodeNpy(weights)],
    ['w.json', JSON.stringify([...weights])],
    ['k.json', JSON.stringify({ key: whole.key, weights: [...weights] })],
    ['w.csv', table(weights)],
    ['w.txt', `# monitor units\n${[...weights].join('\n')}\n`],
  ];
  for (const [name, content] of good) expect(await importWeights(put(name, content), job), name).toEqual(weights);
  expect(await importWeights(weights, job)).toEqual(weights);

  const changed = (c: number, value: number): Float64Array => weights.map((w, i) => (i === c ? value : w));
  const swapped = [lines[0]!, lines[2]!, lines[1]!, ...lines.slice(3)];
  const bad: [string, string | Uint8Array, RegExp][] = [
    ['nan.npy', encodeNpy(changed(3, Number.NaN)), /nan\.npy: number 3 is NaN, but a weight is monitor units/],
    ['less.txt', [...changed(2, -1)].join(' '), /less\.txt: number 2 is -1/],
    ['inf.csv', table(changed(0, Infinity)).replace('Infinity', 'inf'), /number 0 is Infinity/],
    [
      'short.npy',
      encodeNpy(weights.subarray(1)),
      new RegExp(`there are ${columns - 1}, but .* have ${columns} beamlets`),
    ],
    ['k.json', JSON.stringify({ key: 'abc', weights: [...weights] }), /of another case: its key says abc/],
    ['moved.csv', swapped.map((line, l) => `${line},${l === 0 ? 'weight' : 1}\n`).join(''), /row 0 column is 1/],
    ['none.csv', lines.join('\n'), /none is called weight/],
    ['none.json', '{"w":[1]}', /holds no weights/],
    ['text.json', '["1"]', /weights\[0\] is "1"/],
    ['no.npy', 'weights', /is no \.npy file/],
    ['cut.npy', encodeNpy(weights).subarray(0, 200), /bytes of values, but the shape/],
    ['empty.txt', '\n', /is empty/],
    ['words.txt', 'a b c', /none is called weight/],
  ];
  for (const [name, content, said] of bad) {
    await expect(importWeights(put(name, content), job), name).rejects.toThrow(said);
  }
  await expect(importWeights(join(out, 'missing.npy'), job)).rejects.toThrow(/missing\.npy cannot be read/);
});

test('weights beside the influence of another case are refused in one sentence, and never come to lie there', async () => {
  const { out } = await exported({ cut: 0.5 });
  writeFileSync(join(out, 'weights.npy'), encodeNpy(weights));
  expect(await importWeights(join(out, 'weights.npy'), job)).toEqual(weights);
  // As many beamlets, of another model of their dose; but what is asked of them may change.
  const other = jobOf({ doseModel: { heterogeneity: 'depth' } });
  await expect(importWeights(join(out, 'weights.npy'), other)).rejects.toThrow(
    /^plan: weights of .* are of another case: the influence\.json beside it says [0-9a-f]{12}, this case's is [0-9a-f]{12}/,
  );
  expect(await importWeights(join(out, 'weights.npy'), jobOf({ cordCap: 12 }))).toEqual(weights);
  await expect(exportInfluence(other, out, { cut: 0.5 })).rejects.toThrow(/holds the influence of another case/);
  await exportInfluence(job, out, { format: 'mtx', cut: 0.5, voxels: ['SpinalCord'] });
  // An earlier export goes, what is no part of it stays.
  expect(readdirSync(out).sort()).toEqual(
    ['README.txt', 'beamlets.csv', 'influence.json', 'influence.mtx', 'voxels.csv', 'weights.npy'].sort(),
  );
});

test('what cannot be exported is refused before it is computed', async () => {
  const out = place();
  const refused: [InfluenceExportOptions, RegExp][] = [
    [{ cut: 1 }, /cut is 1, but must be a fraction from 0 to below 1/],
    [{ cut: Number.NaN }, /cut is NaN/],
    [{ format: 'csv' as 'npz' }, /format is "csv"\. Use "npz" or "mtx"/],
    [{ precision: 'float16' as 'float32' }, /precision is "float16"/],
    [{ voxels: ['Spinalcord'] }, /no structure "Spinalcord", did you mean "SpinalCord"/],
    [{ voxels: [] }, /voxels is \[\]/],
    [{ maxEntries: 1000 }, /voxels x \d+ beamlets with nothing cut: entries: .*, more than 1000/],
    [{ maxEntries: 1000, cut: 1e-4 }, /the first 1 beams alone have .* million entries/],
  ];
  for (const [options, said] of refused) await expect(exportInfluence(job, out, options)).rejects.toThrow(said);
  writeFileSync(join(folder, 'file'), '');
  await expect(exportInfluence(job, join(folder, 'file'))).rejects.toThrow(/file is a file, but a folder is needed/);
  const robust = jobOf({ imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 14, robust: { distance: 2 } } });
  await expect(exportInfluence(robust, out)).rejects.toThrow(/imrt\.robust/);
  expect(readdirSync(folder)).not.toContain(out.split('/').at(-1));
});
