/** The preconditioners of limits that can just be kept: against the matrices that they stand for. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { BorderedNormal } from '../../src/optimize/bordered-normal.js';
import { ExactNormal } from '../../src/optimize/exact-normal.js';
import { NormalMatrix } from '../../src/optimize/normal-matrix.js';
import { dense } from './problems.js';

const rows = 90;

function made(columns: number, seed: number) {
  const random = createRandom(seed);
  const matrix = Float32Array.from({ length: rows * columns }, () => random.uniform());
  const A = Array.from({ length: rows }, (_, r) => [...matrix.subarray(r * columns, (r + 1) * columns)]);
  const sample = { matrix, count: rows, memberOf: Int32Array.from({ length: rows }, (_, r) => r), isExact: true };
  return { random, A, sample, normal: new NormalMatrix(sample, columns) };
}
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((total, v, i) => total + v * b[i]!, 0);

// Within one block of the factor, and over several.
test.each([23, 80])('rows ten orders stiffer than others leave these what they are (%i columns)', (columns) => {
  const { random, A, sample, normal } = made(columns, 5);
  const stiff = new ExactNormal(sample, columns, { sums: normal });
  const E = Float64Array.from({ length: columns }, () => 1e-3 + random.uniform());
  const v = Float64Array.from({ length: columns }, () => random.normal());
  const x = Float64Array.from({ length: columns }, () => random.normal());
  const soft = Float64Array.from({ length: rows }, () => 0.5 + random.uniform());
  // Twice, with other rows stiff: the second update has to change what is there.
  for (const few of [7, 11]) {
    const D = soft.map((d, r) => (r % few === 0 ? 1e9 : 1) * d);
    stiff.update(D, E, [{ vector: v, scale: 1e8 }]);
    const right = Float64Array.from(E, (e, c) => e * x[c]!);
    A.forEach((row, r) => {
      const along = D[r]! * dot(row, x);
      row.forEach((a, c) => {
        right[c]! += along * a;
      });
    });
    const along = 1e8 * dot(v, x);
    for (let c = 0; c < columns; c++) right[c]! += along * v[c]!;
    const found = stiff.solve(right, new Float64Array(columns));
    const off = Math.hypot(...found.map((value, c) => value - x[c]!)) / Math.hypot(...x);
    // The soft rows are Float32: 1e-7 of them, by the condition of what the stiff ones leave.
    expect(off).toBeLessThan(1e-3);
  }
});

test('the border of the least violation is solved exactly with an exact inside', () => {
  const columns = 12;
  const { random, A, sample, normal } = made(columns, 6);
  const constraints = {
    rows: Int32Array.from([3, 9, 9, 40]),
    signs: Float64Array.from([1, -1, 1, -1]),
    bounds: new Float64Array(4),
    planes: [],
  };
  const D = Float64Array.from([2, 0.5, 1, 3, 0]);
  const E = Float64Array.from({ length: columns + 1 }, () => 0.5 + random.uniform());
  const bordered = new BorderedNormal(new ExactNormal(sample, columns, { sums: normal }), dense(A), constraints);
  bordered.update(D, E);
  const x = Float64Array.from({ length: columns + 1 }, () => random.normal());
  const right = Float64Array.from(E, (e, c) => e * x[c]!);
  constraints.rows.forEach((row, k) => {
    const side = [...A[row]!.map((a) => constraints.signs[k]! * a), -1];
    const along = D[k]! * dot(side, x);
    side.forEach((a, c) => {
      right[c]! += along * a;
    });
  });
  const found = bordered.solve(right, new Float64Array(columns + 1));
  found.forEach((value, c) => {
    expect(value).toBeCloseTo(x[c]!, 4);
  });
});
