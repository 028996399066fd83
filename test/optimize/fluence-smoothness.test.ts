/** Fluence smoothness: its laws, and that operator, sample and preconditioner with pairs solve what the plain problem says. */
import { expect, test } from 'vitest';
import { neighbouringBeamlets, uniformFluenceGrid } from '../../src/beam/fluence.js';
import { createRandom } from '../../src/core/random.js';
import { maximumDose } from '../../src/optimize/constraint.js';
import { NormalMatrix } from '../../src/optimize/normal-matrix.js';
import { fluenceSmoothness, sampleWithPairs } from '../../src/optimize/objective/fluence-smoothness.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import { solve } from '../../src/optimize/solver.js';
import { sampleVoxels } from '../../src/optimize/voxel-sample.js';
import { dense, randomMatrix, rowsOf } from './problems.js';

const [nx, ny] = [4, 3];
const field = {
  beamlets: { grid: uniformFluenceGrid(0, 0, 5, nx, ny), pixels: Int32Array.from({ length: nx * ny }, (_, p) => p) },
};
const columns = nx * ny;
const operator = dense(randomMatrix(30, columns, 5));
const pairs = neighbouringBeamlets([field]);
const roughness = (weights: Float64Array, of = pairs, from = operator): number => {
  const { operator: more, objective } = fluenceSmoothness(from, of, 1);
  return objective.evaluate(more.apply(weights, new Float64Array(more.rows)), new Float64Array(more.rows));
};
const random = createRandom(6);
const weights = Float64Array.from({ length: columns }, () => random.uniform());

test('an even fluence costs nothing, whatever its height; one beamlet that stands out costs its height squared', () => {
  expect(roughness(new Float64Array(columns).fill(7.3))).toBe(0);
  const one = new Float64Array(columns);
  one[5] = 2;
  // Beamlet 5 has four neighbours.
  expect(roughness(one)).toBeCloseTo((4 * 2 ** 2) / (pairs.length / 2), 12);
});

test('mirrored fluences cost the same; more of all adds nothing; twice the differences cost four times', () => {
  const mirrored = weights.map((_, c) => weights[nx - 1 - (c % nx) + nx * Math.floor(c / nx)]!);
  expect(roughness(mirrored)).toBeCloseTo(roughness(weights), 12);
  expect(roughness(weights.map((w) => w + 3))).toBeCloseTo(roughness(weights), 12);
  expect(roughness(weights.map((w) => 2 * w))).toBeCloseTo(4 * roughness(weights), 12);
});

test('fields add, by their numbers of pairs', () => {
  const two = dense(randomMatrix(30, 2 * columns, 8));
  const all = neighbouringBeamlets([field, field]);
  const other = weights.map((w) => 1 - w * w);
  const both = Float64Array.of(...weights, ...other);
  expect(roughness(both, all, two)).toBeCloseTo((roughness(weights) + roughness(other)) / 2, 12);
});

test('gradient by central differences; the curvature is constant; the transpose belongs to the operator', () => {
  const { operator: more, objective } = fluenceSmoothness(operator, pairs, 3);
  const at = (w: Float64Array): number =>
    objective.evaluate(more.apply(w, new Float64Array(more.rows)), new Float64Array(more.rows));
  const gradient = new Float64Array(more.rows);
  objective.evaluate(more.apply(weights, new Float64Array(more.rows)), gradient);
  const back = more.applyTranspose(gradient, new Float64Array(columns));
  for (let c = 0; c < columns; c++) {
    const [up, down] = [1e-5, -1e-5].map((step) => at(weights.map((w, i) => (i === c ? w + step : w))));
    expect(back[c]!).toBeCloseTo((up! - down!) / 2e-5, 6);
  }
  const curvature = new Float64Array(more.rows);
  objective.addCurvature(gradient, curvature);
  for (let i = 0; i < more.rows; i++) expect(curvature[i]).toBeCloseTo(i < 30 ? 0 : 6 / (pairs.length / 2), 12);
});

test('a sample that was read off the operator, with pairs, is what is read off the operator with pairs', () => {
  const { operator: more } = fluenceSmoothness(operator, pairs, 1);
  const extended = sampleWithPairs(sampleVoxels(operator), columns, pairs);
  const read = sampleVoxels(more);
  expect(extended.count).toBe(read.count);
  expect([...extended.memberOf]).toEqual([...read.memberOf]);
  expect(extended.matrix).toEqual(read.matrix);
  expect(extended.isExact).toBe(true);
});

test('with a given sample and preconditioner the plan is the one without, in no more evaluations; smoother with weight', () => {
  const target = rowsOf(...Array.from({ length: 12 }, (_, i) => i));
  const constraints = [maximumDose('organ', rowsOf(20, 21, 22, 23), 6)];
  const planAt = (weight: number, isPrepared: boolean) => {
    const { operator: more, objective } = fluenceSmoothness(operator, pairs, weight);
    const sample = sampleWithPairs(sampleVoxels(operator), columns, pairs);
    const problem = {
      operator: more,
      objectives: [squaredDeviation('target', target, { value: 10 }, 10), objective],
      constraints,
    };
    const given = { ...problem, sample, preconditioner: new NormalMatrix(sample, columns) };
    return solve(isPrepared ? given : problem, { gap: 1e-6 });
  };
  const values = [0.01, 1, 100].map((weight) => {
    const [prepared, plain] = [planAt(weight, true), planAt(weight, false)];
    expect(prepared.status).toBe('reached');
    expect(prepared.evaluations).toBeLessThanOrEqual(plain.evaluations);
    expect(prepared.objective).toBeCloseTo(plain.objective, 4);
    expect(prepared.certificate.objective).toContain('mean[(w_i - w_j)^2] over neighbouring beamlets');
    return roughness(prepared.weights);
  });
  expect(values[0]).toBeGreaterThan(values[1]!);
  expect(values[1]).toBeGreaterThan(values[2]!);
});

test('what makes no sense is refused', () => {
  expect(() => fluenceSmoothness(operator, Int32Array.of(), 1)).toThrow('no two beamlets are neighbours');
  expect(() => fluenceSmoothness(operator, Int32Array.of(0, columns), 1)).toThrow('pairs');
  expect(() => fluenceSmoothness(operator, Int32Array.of(0, 1, 2), 1)).toThrow('3 columns do not make pairs');
  expect(() => fluenceSmoothness(operator, pairs, 0)).toThrow('weight is 0');
  expect(() => fluenceSmoothness(operator, pairs, Number.NaN)).toThrow('weight is NaN');
});
