/** The preconditioner of compact rows against the matrix that it stands for, and its laws. */
import { expect, test } from 'vitest';
import { type Executor, serialExecutor } from '../../src/core/executor.js';
import { createRandom } from '../../src/core/random.js';
import { compileWasm } from '../../src/core/wasm.js';
import { CompactNormal, FURTHER, stiffRows } from '../../src/optimize/compact-normal.js';
import { compactRows, decoded } from '../../src/optimize/compact-rows.js';
import { maximumDose } from '../../src/optimize/constraint.js';
import { binary as denseModule } from '../../src/optimize/dense.wasm.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import type { RankOne } from '../../src/optimize/preconditioner.js';
import { binary as productsModule } from '../../src/optimize/products.wasm.js';
import { solve } from '../../src/optimize/solver.js';
import { dense, rowsOf } from './problems.js';

interface Sample {
  readonly matrix: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly tails: Float32Array;
  readonly pools: { readonly count: number; readonly of: Int32Array; readonly weights: Float32Array };
}

/** Few entries and a smooth rest on pools, of values that two bytes tell exactly. */
function sampleOf(rows: number, columns: number, pools: number, seed: number): Sample {
  const random = createRandom(seed);
  const value = (): number => decoded(Math.ceil(127 * random.uniform())) / decoded(127);
  const matrix = Float32Array.from({ length: rows * columns }, () => (random.uniform() < 0.2 ? value() : 0));
  const tails = Float32Array.from({ length: rows * pools }, (_, q) => 0.02 * (q % pools === 0 ? 1 : value()));
  for (let r = 0; r < rows; r++) matrix[r * columns + Math.floor(columns * random.uniform())] = 1;
  const of = Int32Array.from({ length: 4 * columns }, () => Math.floor(random.uniform() * Math.max(1, pools)));
  const weights = new Float32Array(4 * columns).fill(pools > 0 ? 0.25 : 0);
  for (let r = 0, q = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, q++) {
      for (let k = 4 * c; pools > 0 && k < 4 * c + 4; k++) matrix[q]! += 0.25 * tails[r * pools + of[k]!]!;
    }
  }
  return { matrix, rows, columns, tails, pools: { count: pools, of, weights } };
}

function normalOf(
  { matrix, rows, columns, tails, pools }: Sample,
  { executor = serialExecutor, isAccelerated = true }: { executor?: Executor; isAccelerated?: boolean } = {},
): CompactNormal {
  const pick = (from: Float32Array, width: number, which: Int32Array): Float32Array =>
    Float32Array.from(Array.from(which, (r) => [...from.subarray(r * width, (r + 1) * width)]).flat());
  const readRows = (which: Int32Array): Float32Array => pick(matrix, columns, which);
  const reader = { columns, pools, readRows, readTails: (which: Int32Array) => pick(tails, pools.count, which) };
  const own = Int32Array.from({ length: rows }, (_, r) => r);
  const starts = Int32Array.from([...own.filter((r) => r % 40 === 0), rows]);
  const compact = compactRows(reader, { rows: own, starts, memberOf: own }, { executor, kept: 1e-4 });
  return new CompactNormal(compact, { executor, isAccelerated, readRows });
}

interface System {
  readonly D: Float64Array;
  readonly E: Float64Array;
  readonly terms: readonly RankOne[];
}

function systemOf({ rows, columns }: Sample, seed: number, stiff = 0): System {
  const random = createRandom(seed);
  const D = Float64Array.from({ length: rows }, (_, r) => (r < stiff ? 1e6 : 1) * (0.1 + random.uniform()));
  const E = Float64Array.from({ length: columns }, () => 0.3 + random.uniform());
  return { D, E, terms: [{ vector: Float64Array.from({ length: columns }, () => random.uniform()), scale: 40 }] };
}

function product({ matrix, rows, columns }: Sample, { D, E, terms }: System, x: Float64Array): Float64Array {
  const out = x.map((value, c) => E[c]! * value);
  for (let r = 0; r < rows; r++) {
    let along = 0;
    for (let c = 0; c < columns; c++) along += matrix[r * columns + c]! * x[c]!;
    for (let c = 0; c < columns; c++) out[c]! += D[r]! * along * matrix[r * columns + c]!;
  }
  for (const { vector, scale } of terms) {
    const along = scale * vector.reduce((sum, v, c) => sum + v * x[c]!, 0);
    for (let c = 0; c < columns; c++) out[c]! += along * vector[c]!;
  }
  return out;
}

const normalVector = (length: number, seed: number): Float64Array => {
  const random = createRandom(seed);
  return Float64Array.from({ length }, () => random.normal());
};
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const solved = (normal: CompactNormal, right: Float64Array): Float64Array =>
  normal.solve(right, new Float64Array(right.length));
const distance = (a: Float64Array, b: Float64Array): number =>
  Math.hypot(...a.map((v, i) => v - b[i]!)) / Math.hypot(...b);

// Within one block of the factor and over several; with pools and without; with rows a million times as stiff as the others.
test.each([
  [23, 0, 0],
  [23, 3, 4],
  [110, 0, 4],
  [110, 5, 0],
  [110, 5, 12],
])(
  'with all rows it is the inverse: one product is enough (%i columns, %i pools, %i stiff rows, seeds 3 to 5)',
  (columns, pools, stiff) => {
    const sample = sampleOf(400, columns, pools, 3);
    const normal = normalOf(sample);
    const other = systemOf(sample, 9);
    // First another system, so that the second has to change what is there.
    normal.update(other.D, other.E);
    const system = systemOf(sample, 4, stiff);
    // Rows that change by less than a fifth are left as they are.
    for (let r = 0; r < sample.rows; r++) if (r >= stiff) system.D[r] = 3 * other.D[r]!;
    expect(normal.update(system.D, system.E, system.terms)).toBe(true);
    const x = normalVector(columns, 5);
    const error = solved(normal, product(sample, system, x)).map((y, c) => y - x[c]!);
    const energy = (v: Float64Array): number => dot(v, product(sample, system, v));
    expect(Math.sqrt(energy(error) / energy(x))).toBeLessThan(1e-3);
  },
);

test('it is symmetric and positive definite, whatever the curvatures (seeds 6 to 12)', () => {
  const sample = sampleOf(400, 90, 4, 6);
  const normal = normalOf(sample);
  for (const [seed, stiff] of [
    [7, 0],
    [8, 5],
    [9, 60],
  ] as const) {
    const { D, E, terms } = systemOf(sample, seed, stiff);
    normal.update(
      D.map((d, r) => (r % 3 === 0 ? 0 : d)),
      E,
      terms,
    );
    const [a, b] = [normalVector(90, 10), normalVector(90, 11)];
    const scale = Math.sqrt(dot(a, solved(normal, a)) * dot(b, solved(normal, b)));
    expect(Math.abs(dot(a, solved(normal, b)) - dot(b, solved(normal, a)))).toBeLessThan(1e-9 * scale);
    for (let s = 12; s < 30; s++)
      expect(dot(normalVector(90, s), solved(normal, normalVector(90, s)))).toBeGreaterThan(0);
  }
});

test('columns and rows in another order change nothing but rounding (seed 13)', () => {
  const sample = sampleOf(400, 70, 3, 13);
  const { columns, rows, pools } = sample;
  const system = systemOf(sample, 14, 3);
  const [ofColumn, ofRow] = [(c: number) => (c * 27) % columns, (r: number) => (r * 37) % rows];
  const swapped: Sample = {
    ...sample,
    matrix: sample.matrix.map(
      (_, q) => sample.matrix[ofRow(Math.floor(q / columns)) * columns + ofColumn(q % columns)]!,
    ),
    tails: sample.tails.map((_, q) => sample.tails[ofRow(Math.floor(q / 3)) * 3 + (q % 3)]!),
    pools: { ...pools, of: pools.of.map((_, k) => pools.of[4 * ofColumn(k >> 2) + (k & 3)]!) },
  };
  const right = normalVector(columns, 15);
  const [plain, other] = [normalOf(sample), normalOf(swapped)];
  plain.update(system.D, system.E, system.terms);
  other.update(
    system.D.map((_, r) => system.D[ofRow(r)]!),
    system.E.map((_, c) => system.E[ofColumn(c)]!),
    system.terms.map(({ vector, scale }) => ({ vector: vector.map((_, c) => vector[ofColumn(c)]!), scale })),
  );
  const expected = solved(plain, right);
  const found = solved(
    other,
    right.map((_, c) => right[ofColumn(c)]!),
  );
  expect(
    distance(
      found,
      expected.map((_, c) => expected[ofColumn(c)]!),
    ),
  ).toBeLessThan(1e-3);
});

test.each([1, 2, 3, 5])('the same to the last bit with %i threads, and without SIMD (seed 16)', (threads) => {
  const sample = sampleOf(300, 130, 4, 16);
  const { D, E, terms } = systemOf(sample, 17, 6);
  const right = normalVector(130, 18);
  const solutionOf = (options: Parameters<typeof normalOf>[1]): number[] => {
    const normal = normalOf(sample, options);
    normal.update(D, E, terms);
    return [...solved(normal, right)];
  };
  const expected = solutionOf({});
  expect(solutionOf({ executor: { ...serialExecutor, threads } })).toEqual(expected);
  expect(solutionOf({ executor: { ...serialExecutor, threads }, isAccelerated: false })).toEqual(expected);
});

test('a factor is given up between its blocks once time is over', () => {
  const sample = sampleOf(300, 130, 0, 19);
  const { D, E } = systemOf(sample, 20);
  for (const asks of [0, 2, 7]) {
    let left = asks;
    expect(normalOf(sample).update(D, E, [], 1e-4, () => left-- === 0)).toBe(false);
  }
});

test('entries keep their columns, however far apart, and their values to a hundredth', () => {
  const [columns, places] = [1200, [0, 254, 255, 510, 766, 1199]];
  const matrix = new Float32Array(2 * columns);
  places.forEach((c, k) => {
    matrix[columns + c] = (k + 1) ** 2 / 30;
  });
  const pools = { count: 0, of: new Int32Array(4 * columns), weights: new Float32Array(4 * columns) };
  const own = Int32Array.of(0, 1);
  const readRows = (which: Int32Array): Float32Array =>
    Float32Array.from([...which].flatMap((r) => [...matrix.subarray(r * columns, (r + 1) * columns)]));
  const reader = { columns, pools, readRows, readTails: () => new Float32Array(0) };
  const { parts, widest, squares } = compactRows(reader, { rows: own, starts: Int32Array.of(0, 2), memberOf: own });
  const { entryStarts, entrySteps, entryValues, entryScales } = parts[0]!;
  const line = new Float64Array(columns);
  for (let q = entryStarts[1]!, c = 0; q < entryStarts[2]!; q++) {
    c += entrySteps[q]!;
    line[c]! += entryScales[1]! * decoded(entryValues[q]!);
  }
  line.forEach((value, c) => {
    expect(Math.abs(value - matrix[columns + c]!), `column ${c}`).toBeLessThanOrEqual(0.02 * matrix[columns + c]!);
  });
  expect([entryStarts[1], widest]).toEqual([0, places.length]);
  expect(squares[1]! / matrix.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 12);
});

test('modules work on memory that all threads see as well', () => {
  for (const module of [denseModule, productsModule]) expect(compileWasm(module, true)).not.toBeNull();
});

test('stiff rows are those with many times the curvature of the one after the last that could be', () => {
  const D = Float64Array.from({ length: 600 }, (_, r) => (r % 100 === 7 ? 50 : 1 + r / 1000));
  expect([...stiffRows(D, FURTHER)]).toEqual([7, 107, 207, 307, 407, 507]);
  expect(stiffRows(D, 3)).toHaveLength(0);
  expect(stiffRows(D, 0)).toHaveLength(0);
  expect(stiffRows(D.subarray(0, 3), FURTHER)).toHaveLength(0);
});

test('a plan that it preconditions is the plan, in as few evaluations (seed 21)', () => {
  const sample = sampleOf(300, 60, 3, 21);
  const rows = Array.from({ length: 300 }, (_, r) => [...sample.matrix.subarray(60 * r, 60 * r + 60)]);
  const held = rowsOf(...Array.from({ length: 40 }, (_, q) => q));
  const others = rowsOf(...Array.from({ length: 260 }, (_, q) => 40 + q));
  const problem = {
    operator: dense(rows),
    objectives: [squaredDeviation('target', others, { value: 10 }, 1)],
    constraints: [maximumDose('held', held, 6)],
  };
  const given = solve(problem, { gap: 1e-4 });
  const found = solve({ ...problem, preconditioner: normalOf(sample) }, { gap: 1e-4 });
  expect(found.status).toBe('reached');
  expect(found.objective / given.objective).toBeCloseTo(1, 3);
  // Without a preconditioner's sample of its own the plain one is read column by column.
  expect(found.evaluations).toBeLessThan(given.evaluations + 20);
});
