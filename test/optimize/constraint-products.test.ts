/** Products with the limits' rows alone, against those with the whole operator. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { ConstraintProducts } from '../../src/optimize/constraint-products.js';

const [rows, columns] = [20, 7];
const random = createRandom(1);
// Whole numbers of an eighth, exact in Float32.
const matrix = Float32Array.from({ length: rows * columns }, () => Math.round(8 * random.normal()) / 8);
const operator = {
  rows,
  columns,
  apply: (w: Float64Array, out: Float64Array) =>
    out.map((_, r) => w.reduce((sum, x, c) => sum + matrix[r * columns + c]! * x, 0)),
  applyTranspose: (y: Float64Array, out: Float64Array) =>
    out.map((_, c) => y.reduce((sum, x, r) => sum + matrix[r * columns + c]! * x, 0)),
};
const ofPlane = Int32Array.of(0, 4);
const coefficients = Float64Array.of(0.5, 2);
const limits = {
  rows: Int32Array.of(3, 11, 12),
  signs: Float64Array.of(1, -1, 1),
  bounds: Float64Array.of(1, 2, 3),
  planes: [
    {
      name: 'plane',
      rows: ofPlane,
      coefficients,
      bound: 1,
      column: Float64Array.from({ length: columns }, (_, c) => 0.5 * matrix[c]! + 2 * matrix[4 * columns + c]!),
    },
  ],
};
const alone = Int32Array.from({ length: rows }, (_, r) => r);
const change = Float64Array.from({ length: columns }, () => random.normal());
const multipliers = Float64Array.from({ length: 4 }, () => random.uniform());

test('from a sample that holds them they are the operator’s, and cost none of it (seed 1)', () => {
  const asked = new ConstraintProducts(operator, limits);
  const cheap = new ConstraintProducts(operator, limits, { matrix, count: rows, memberOf: alone, isExact: true });
  expect(cheap.isCheap).toBe(true);
  const largest = (a: Float64Array, b: Float64Array): number =>
    Math.max(...a.map((value, q) => Math.abs(value - b[q]!)));
  expect(largest(cheap.changes(change), asked.changes(change))).toBeLessThan(1e-12);
  expect(largest(cheap.constraintGradient(multipliers), asked.constraintGradient(multipliers))).toBeLessThan(1e-12);
  expect(cheap.evaluations).toBe(0);
  expect(asked.evaluations).toBeGreaterThan(0);
});

test('a sample that is only near, or where a row stands for others, is not trusted', () => {
  const near = { matrix, count: rows, memberOf: alone };
  expect(new ConstraintProducts(operator, limits, near).isCheap).toBe(false);
  const shared = { ...near, memberOf: alone.map((r) => (r === 10 ? 11 : r)), isExact: true };
  expect(new ConstraintProducts(operator, limits, shared).isCheap).toBe(false);
});
