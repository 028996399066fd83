/** The dense kernel's two versions, the committed WebAssembly, and the factor against what it stands for. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { createDenseKernel } from '../../src/optimize/dense-kernel.js';
import { NormalMatrix } from '../../src/optimize/normal-matrix.js';

test.each([5, 8, 37])('SIMD and plain TypeScript agree to the last bit (size %i, seed 1)', (size) => {
  const [fast, plain] = [true, false].map((isAccelerated) => {
    const random = createRandom(1);
    const kernel = createDenseKernel(size, { isAccelerated });
    for (let q = 0; q < 3; q++) {
      for (let i = 0; i < kernel.rows.length; i++) kernel.rows[i] = i % 11 === 0 ? 1e-13 : random.normal();
      for (let i = 0; i < kernel.columnScales.length; i++) kernel.columnScales[i] = random.uniform();
      for (let i = 0; i < kernel.scales.length; i++) kernel.scales[i] = random.normal();
      kernel.ready(kernel.capacity, 7 + 10 * q);
      kernel.add(kernel.capacity, q, kernel.capacity, q * kernel.capacity);
    }
    return kernel;
  });
  const upper = (matrix: Float32Array): number[] =>
    Array.from({ length: size }, (_, i) => [
      ...matrix.subarray(i * fast!.capacity + i, i * fast!.capacity + size),
    ]).flat();
  expect(upper(fast!.matrix)).toEqual(upper(plain!.matrix));
});

// Within one block of the factor, and over several.
test.each([
  [true, 23],
  [false, 23],
  [true, 150],
  [false, 150],
])('solves (B D B + E + k v v) x = r to Float32 (SIMD: %s, %i columns, seed 2)', (isAccelerated, columns) => {
  const random = createRandom(2);
  const rows = Math.round(2.6 * columns);
  const matrix = Float32Array.from({ length: rows * columns }, () => random.uniform());
  const D = Float64Array.from({ length: rows }, () => 3 * random.uniform());
  const E = Float64Array.from({ length: columns }, () => 0.5 + random.uniform());
  const v = Float64Array.from({ length: columns }, () => random.normal());
  const x = Float64Array.from({ length: columns }, () => random.normal());
  const memberOf = Int32Array.from({ length: rows }, (_, r) => r);
  const normal = new NormalMatrix({ matrix, count: rows, memberOf }, columns, { isAccelerated });
  // First with other curvatures, so that the second update has to change what is there.
  normal.update(
    D.map((d) => 7 - 2 * d),
    E,
  );
  normal.update(D, E, [{ vector: v, scale: 0.3 }]);
  const right = new Float64Array(columns);
  for (let r = 0; r < rows; r++) {
    let along = 0;
    for (let c = 0; c < columns; c++) along += matrix[r * columns + c]! * x[c]!;
    for (let c = 0; c < columns; c++) right[c]! += D[r]! * along * matrix[r * columns + c]!;
  }
  const along = v.reduce((sum, a, c) => sum + a * x[c]!, 0);
  for (let c = 0; c < columns; c++) right[c]! += E[c]! * x[c]! + 0.3 * along * v[c]!;
  const solved = normal.solve(right, new Float64Array(columns));
  // Rows that have changed by less than a fifth stay as they were: a preconditioner need not be exact.
  const error = Math.hypot(...solved.map((s, c) => s - x[c]!)) / Math.hypot(...x);
  expect(error).toBeLessThan(0.2);
  const exact = new NormalMatrix({ matrix, count: rows, memberOf }, columns, { isAccelerated });
  exact.update(D, E, [{ vector: v, scale: 0.3 }]);
  exact.solve(right, solved);
  for (let c = 0; c < columns; c++) expect(solved[c]!).toBeCloseTo(x[c]!, 2);
});
