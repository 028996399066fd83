/** The influence operator: a linear map and its transpose, the forward dose of the same fluence, and the calibration. */
import { expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { beamletsCovering, fluenceOfBeamlets, uniformFluenceGrid } from '../../src/beam/fluence.js';
import { createRandom } from '../../src/core/random.js';
import { addFieldDose, viewOfBeam, voxelsInside } from '../../src/dose/beam-view.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { buildMatrix } from '../../src/influence/matrix.js';
import { InfluenceOperator } from '../../src/influence/operator.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { readPhantom } from '../../src/node/phantoms.js';
import { buildPhantom } from '../../src/phantom/build.js';

// Odd, unequal dims and spacings; a dense slab and a light one in water.
const grid = createGrid([19, 25, 31], [5, 6, 4], [-61, -70, -33]);
const density = createVolume('density', grid);
const target = createVolume('mask', grid);
for (let v = 0; v < density.data.length; v++) {
  const j = Math.floor(v / 31) % 25;
  density.data[v] = j < 5 ? 0.3 : j < 9 ? 1.6 : 1;
  const i = v % 31;
  const k = Math.floor(v / (31 * 25));
  target.data[v] = Math.abs(i - 12) < 4 && Math.abs(j - 12) < 3 && Math.abs(k - 9) < 4 ? 1 : 0;
}
const beams = [
  { gantry: 17, collimator: 30, couch: 0 },
  { gantry: 190, collimator: 0, couch: 25 },
].map((angles) => createBeam(artiste6mv, { isocenter: [-1, 2, 3], position: 'HFS', ...angles }));
const modulated = beams.map((beam) => ({ beam, beamlets: beamletsCovering(beam.frame, target) }));
const voxels = voxelsInside(createVolume('mask', grid, new Float32Array(density.data.length).fill(1)));
// In Float64: the reference.
const operator = new InfluenceOperator(modulated, density, voxels.points, { kernels: 'plain' });
const random = createRandom(7);
const vector = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.normal());
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

test("transpose: <A w, y> = <w, A' y> to rounding (seed 7)", () => {
  for (let trial = 0; trial < 3; trial++) {
    const w = vector(operator.columns);
    const y = vector(operator.rows);
    const left = dot(operator.apply(w, new Float64Array(operator.rows)), y);
    const right = dot(w, operator.applyTranspose(y, new Float64Array(operator.columns)));
    expect(Math.abs(left - right) / Math.abs(left)).toBeLessThan(1e-10);
  }
});

test('a row is what the columns hold there', () => {
  const row = new Float64Array(operator.columns);
  const column = new Float64Array(operator.rows);
  let largest = 0;
  let worst = 0;
  for (let c = 0; c < operator.columns; c += 7) {
    operator.column(c, column);
    for (let r = 0; r < operator.rows; r += 131) {
      largest = Math.max(largest, column[r]!);
      worst = Math.max(worst, Math.abs(operator.row(r, row)[c]! - column[r]!));
    }
  }
  expect(worst / largest).toBeLessThan(1e-12);
  expect(() => operator.row(operator.rows, row)).toThrow(/there is no row/);
});

test('linear: A (a v + b w) = a A v + b A w', () => {
  const v = vector(operator.columns);
  const w = vector(operator.columns);
  const sum = operator.apply(
    v.map((x, i) => 2 * x - 3 * w[i]!),
    new Float64Array(operator.rows),
  );
  const av = operator.apply(v, new Float64Array(operator.rows));
  const aw = operator.apply(w, new Float64Array(operator.rows));
  const largest = sum.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  for (let i = 0; i < sum.length; i++)
    expect(Math.abs(sum[i]! - 2 * av[i]! + 3 * aw[i]!)).toBeLessThan(1e-11 * largest);
});

test('the forward dose of the same fluence on finer nodes agrees within 0.2 % of the maximum', () => {
  const w = vector(operator.columns).map(Math.abs);
  const dose = operator.apply(w, new Float64Array(operator.rows));
  const forward = new Float64Array(operator.rows);
  let offset = 0;
  for (const { beam, beamlets } of modulated) {
    const field = { grid: beamlets.grid, weights: fluenceOfBeamlets(beamlets, w, offset) };
    offset += beamlets.pixels.length;
    addFieldDose(viewOfBeam(beam, density, voxels), field, forward, 0.5);
  }
  const largest = forward.reduce((a, b) => Math.max(a, b), 0);
  let worst = 0;
  for (let i = 0; i < dose.length; i++) worst = Math.max(worst, Math.abs(dose[i]! - forward[i]!));
  expect(worst / largest).toBeLessThan(0.002);
});

test.each(['simd', 'plain'] as const)('rows as numbers are those of `row` in Float32 (%s)', (kernels) => {
  // What a beam sees is Float32 in one and Float64 in the other; the same points are given to both.
  const seen = beams.map((beam) => viewOfBeam(beam, density, voxels, { kernels }).points);
  const read = new InfluenceOperator(modulated, density, voxels.points, { kernels, seen });
  const reference = new InfluenceOperator(modulated, density, voxels.points, { kernels: 'plain', seen });
  const which = Int32Array.from({ length: 300 }, (_, i) => (i * 37) % operator.rows);
  const stride = operator.columns + 3;
  const matrix = new Float32Array(which.length * stride).fill(-1);
  read.readRows(which, matrix, stride);
  const row = new Float64Array(operator.columns);
  let [largest, worst] = [0, 0];
  which.forEach((r, i) => {
    reference.row(r, row).forEach((value, c) => {
      largest = Math.max(largest, value);
      worst = Math.max(worst, Math.abs(matrix[i * stride + c]! - value));
    });
    expect(matrix[i * stride + operator.columns], 'beyond a row nothing is written').toBe(-1);
  });
  expect(worst / largest).toBeLessThan(5e-7);
  expect(() => read.readRows(Int32Array.of(0, operator.rows), matrix)).toThrow(/there is no row/);
});

test('explicit matrix: the same products to 1e-5, column by column', () => {
  const matrix = buildMatrix(operator);
  expect([matrix.rows, matrix.columns]).toEqual([operator.rows, operator.columns]);
  expect(matrix.truncation).toBe(0);
  const w = vector(operator.columns);
  const y = vector(operator.rows);
  const pairs = [
    [matrix.apply(w, new Float64Array(matrix.rows)), operator.apply(w, new Float64Array(operator.rows))],
    [
      matrix.applyTranspose(y, new Float64Array(matrix.columns)),
      operator.applyTranspose(y, new Float64Array(operator.columns)),
    ],
  ] as const;
  for (const [a, b] of pairs) {
    const largest = b.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
    for (let i = 0; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(1e-5 * largest);
  }
});

test('explicit matrix with a threshold: smaller, and wrong by no more than it says', () => {
  const matrix = buildMatrix(operator, { threshold: 0.01 });
  expect(matrix.values.length).toBeLessThan(0.5 * operator.rows * operator.columns);
  const ones = new Float64Array(operator.columns).fill(1);
  const exact = operator.apply(ones, new Float64Array(operator.rows));
  const cut = matrix.apply(ones, new Float64Array(operator.rows));
  const largest = exact.reduce((a, b) => Math.max(a, b), 0);
  const worst = exact.reduce((m, d, i) => Math.max(m, Math.abs(d - cut[i]!)), 0) / largest;
  expect(matrix.truncation).toBeGreaterThan(0.01);
  expect(worst).toBeLessThanOrEqual(matrix.truncation * (1 + 1e-5));
  expect(() => buildMatrix(operator, { maxEntries: 1000 })).toThrow(/million allowed\. Raise threshold/);
  expect(() => buildMatrix(operator, { threshold: 1 })).toThrow(/threshold is 1/);
});

test('calibration: 100 MU of 100 x 100 mm at SSD 900, 100 mm deep in water, are 1 Gy', {
  timeout: 60_000,
}, async () => {
  const water = buildPhantom(await readPhantom('water-box'), { spacing: [10, 10, 10] });
  const beam = createBeam(artiste6mv, { isocenter: [0, 0, 0], gantry: 0, collimator: 0, couch: 0, position: 'HFS' });
  const points = { grid: water.density.grid, index: Int32Array.of(0), points: Float64Array.of(0, 0, 0) };
  const field = { grid: uniformFluenceGrid(-50, -50, 5, 20, 20), weights: new Float64Array(400).fill(100) };
  const dose = addFieldDose(viewOfBeam(beam, water.density, points), field, new Float64Array(1));
  expect(dose[0]!).toBeCloseTo(1, 2);
});
