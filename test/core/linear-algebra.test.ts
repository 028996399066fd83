/** The thin singular value decomposition: factors, orthonormality, and matrices without full rank. */
import { expect, test } from 'vitest';
import { singularValues } from '../../src/core/linear-algebra.js';
import { createRandom } from '../../src/core/random.js';

const random = createRandom(3);

/** Largest deviation of U S V' from A, and of U'U and V'V from one where singular values are not zero. */
function errorsOf(a: Float64Array, rows: number, columns: number): { product: number; unit: number } {
  const { u, s, v } = singularValues(a, rows, columns);
  const dot = (m: Float64Array, length: number, i: number, j: number): number =>
    Array.from({ length }, (_, r) => m[r * columns + i]! * m[r * columns + j]!).reduce((x, y) => x + y, 0);
  let [product, unit] = [0, 0];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const sum = Array.from(s, (value, k) => u[r * columns + k]! * value * v[c * columns + k]!).reduce(
        (x, y) => x + y,
      );
      product = Math.max(product, Math.abs(sum - a[r * columns + c]!));
    }
  }
  for (let i = 0; i < columns; i++) {
    expect(s[i]!).toBeGreaterThanOrEqual(0);
    if (i > 0) expect(s[i]!).toBeLessThanOrEqual(s[i - 1]!);
    for (let j = 0; j <= i; j++) {
      unit = Math.max(unit, Math.abs(dot(v, columns, i, j) - (i === j ? 1 : 0)));
      if (s[i]! > 0) unit = Math.max(unit, Math.abs(dot(u, rows, i, j) - (i === j ? 1 : 0)));
    }
  }
  return { product, unit };
}

test.each([
  [600, 14],
  [7, 7],
  [5, 1],
])('%i x %i: A = U S V to rounding (seed 3)', (rows, columns) => {
  const a = Float64Array.from({ length: rows * columns }, () => random.normal());
  // Two columns that are almost one.
  if (columns > 2) for (let r = 0; r < rows; r++) a[r * columns + 2] = a[r * columns]! + 1e-7 * a[r * columns + 2]!;
  const { product, unit } = errorsOf(a, rows, columns);
  expect(product).toBeLessThan(1e-13 * Math.sqrt(rows));
  expect(unit).toBeLessThan(1e-13);
});

test('singular values of a known matrix, and of none', () => {
  // [[3, 0], [4, 5]] has 3 sqrt 5 and sqrt 5.
  const { s } = singularValues(Float64Array.of(3, 0, 4, 5), 2, 2);
  expect(s[0]).toBeCloseTo(3 * Math.sqrt(5), 14);
  expect(s[1]).toBeCloseTo(Math.sqrt(5), 14);
  expect(errorsOf(new Float64Array(12), 4, 3)).toEqual({ product: 0, unit: 0 });
  // A column of zeros among others.
  const gap = Float64Array.of(1, 0, 2, 0, 0, 0, 5, 0, 1, 2, 0, 2);
  expect(errorsOf(gap, 4, 3).product).toBeLessThan(1e-14);
});
