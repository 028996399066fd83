/** The factor in Float64: with and without WebAssembly to the last bit, the inverse of its matrix, near it where rows are grouped. */
import { describe, expect, test } from 'vitest';
import { createDoubleKernel, PANEL_ROWS } from '../../src/optimize/double-kernel.js';
import { ExactNormal } from '../../src/optimize/exact-normal.js';
import { randomMatrix } from './problems.js';

const columns = 41;
const count = 150;
const matrix = Float32Array.from(randomMatrix(count, columns, 7).flat());
const sample = { matrix, count, memberOf: Int32Array.from({ length: count }, (_, r) => r), isExact: true };
const vector = Float64Array.from({ length: columns }, (_, c) => 1 + Math.sin(c));
/** Ten orders of magnitude. */
const stiff = Float64Array.from({ length: count }, (_, r) => 10 ** (6 - (r % 11)));
const own = new Float64Array(columns).fill(1e-3);
const right = Float64Array.from({ length: columns }, (_, c) => Math.cos(c));

const product = (d: Float64Array, e: Float64Array, x: Float64Array): Float64Array => {
  const out = e.map((value, c) => value * x[c]!);
  for (let r = 0; r < count; r++) {
    const row = matrix.subarray(r * columns, (r + 1) * columns);
    const along = d[r]! * row.reduce((sum, a, c) => sum + a * x[c]!, 0);
    row.forEach((a, c) => {
      out[c]! += along * a;
    });
  }
  const along = 2 * vector.reduce((sum, v, c) => sum + v * x[c]!, 0);
  return out.map((value, c) => value + along * vector[c]!);
};

test('the kernel adds c p p to the upper half, and plain and SIMD agree to the last bit', () => {
  const stride = 44;
  const [fast, plain] = [true, false].map((isAccelerated) => {
    const kernel = createDoubleKernel(stride, { isAccelerated });
    for (let q = 0; q < PANEL_ROWS; q++) {
      kernel.scales[q] = q - 3.5;
      for (let c = 0; c < stride; c++) kernel.rows[q * stride + c] = Math.sin(q * stride + c);
    }
    kernel.add(stride, 0, stride, PANEL_ROWS);
    kernel.add(stride, 8, stride, 5);
    return kernel.matrix;
  });
  const sum = (i: number, j: number, rows: number): number => {
    let total = 0;
    for (let q = 0; q < rows; q++) total += (q - 3.5) * Math.sin(q * stride + i) * Math.sin(q * stride + j);
    return total;
  };
  for (let i = 0; i < stride; i++) {
    for (let j = i; j < stride; j++) {
      expect(fast![i * stride + j]).toBe(plain![i * stride + j]);
      expect(fast![i * stride + j]).toBeCloseTo(sum(i, j, PANEL_ROWS) + (i >= 8 ? sum(i, j, 5) : 0), 10);
    }
  }
});

describe('the factor', () => {
  const solved = (d: Float64Array, e: Float64Array, isAccelerated = true): Float64Array => {
    const normal = new ExactNormal(sample, columns, { isAccelerated });
    normal.update(d, e, [{ vector, scale: 2 }]);
    return normal.solve(right, new Float64Array(columns));
  };

  test('plain and SIMD agree to the last bit', () => {
    expect(solved(stiff, own)).toEqual(solved(stiff, own, false));
  });

  test('is the inverse where every row that counts has a part of its own', () => {
    // More columns than rows with a stiffness of about one size: each counts in every column.
    const few = stiff.map((_, r) => (r < 20 ? 1e6 * (1 + (r % 3)) : 0));
    const back = product(few, own, solved(few, own));
    back.forEach((value, c) => {
      expect(value).toBeCloseTo(right[c]!, 4);
    });
  });

  test('is near the inverse where neighbours stand for each other', () => {
    // Neighbours in groups of four are the same row.
    const same = {
      ...sample,
      matrix: matrix.map((_, q) => matrix[Math.floor(q / columns / 4) * columns * 4 + (q % columns)]!),
    };
    const normal = new ExactNormal(same, columns);
    const even = new Float64Array(count).fill(1e-5);
    normal.update(
      even,
      own.map(() => 10),
    );
    const x = normal.solve(right, new Float64Array(columns));
    x.forEach((value, c) => {
      expect(value).toBeCloseTo(right[c]! / 10, 4);
    });
  });

  test('leaves a column alone that its own part holds', () => {
    const held = own.map((value, c) => (c === 3 ? 1e30 : value));
    const x = solved(stiff, held);
    expect(x[3]).toBeCloseTo(right[3]! / 1e30, 40);
    expect(x.every(Number.isFinite)).toBe(true);
  });
});
