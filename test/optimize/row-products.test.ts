import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { createRowProducts } from '../../src/optimize/row-products.js';
import { Triangle } from '../../src/optimize/triangle.js';

const SEED = 20;

describe(`row products, seed ${SEED}`, () => {
  const { uniform: random } = createRandom(SEED);
  // Columns with every remainder modulo four, rows with and without a rest of four.
  for (const [count, columns] of [
    [7, 13],
    [8, 16],
    [1, 3],
    [5, 10],
    [0, 4],
  ] as const) {
    const matrix = Float32Array.from({ length: (count + 2) * columns }, () => random() - 0.3);
    const starts = Float64Array.from({ length: count }, (_, k) => (count + 1 - k) * columns);
    const x = Float64Array.from({ length: columns }, () => random() - 0.5);
    const forces = Float64Array.from({ length: count }, () => random() - 0.5);
    const [fast, plain] = [true, false].map((isAccelerated) =>
      createRowProducts(matrix, starts, columns, { isAccelerated }),
    ) as [ReturnType<typeof createRowProducts>, ReturnType<typeof createRowProducts>];

    it(`${count} x ${columns}: both versions agree to the last bit, twice`, () => {
      for (let round = 0; round < 2; round++) {
        const ofRows = [fast, plain].map((p) => p.combine(forces, new Float64Array(columns)));
        expect(ofRows[0]).toEqual(ofRows[1]);
        const ofColumns = [fast, plain].map((p) => p.dots(x, new Float64Array(count)));
        expect(ofColumns[0]).toEqual(ofColumns[1]);
      }
    });

    it(`${count} x ${columns}: as summed one by one, and each other's transpose`, () => {
      const sides = fast.dots(x, new Float64Array(count));
      const pull = fast.combine(forces, new Float64Array(columns));
      for (let k = 0; k < count; k++) {
        let sum = 0;
        for (let c = 0; c < columns; c++) sum += matrix[starts[k]! + c]! * x[c]!;
        expect(sides[k]).toBeCloseTo(sum, 13);
      }
      const along = x.reduce((sum, value, c) => sum + value * pull[c]!, 0);
      const across = forces.reduce((sum, force, k) => sum + force * sides[k]!, 0);
      expect(along).toBeCloseTo(across, 12);
    });
  }
});

describe(`triangle, seed ${SEED}`, () => {
  const { uniform: random } = createRandom(SEED);
  for (const n of [1, 2, 3, 4, 5, 7, 18]) {
    const stride = 4 * Math.ceil(n / 4);
    const factor = new Float32Array(stride * stride);
    for (let i = 0; i < n; i++) {
      // Left of the diagonal stands what a factorisation leaves: it must not count.
      for (let j = 0; j < n; j++) factor[i * stride + j] = random() - 0.5;
      factor[i * stride + i] = 1 + random();
    }
    const right = Float64Array.from({ length: n }, () => random() - 0.5);
    const solve = (isAccelerated: boolean): Float64Array => {
      const triangle = new Triangle(n + 2, { isAccelerated });
      triangle.matrix.set(factor);
      triangle.x.set(right);
      triangle.solve(n, stride);
      return triangle.x.slice(0, n);
    };

    it(`${n} rows: both versions agree to the last bit`, () => {
      expect(solve(true)).toEqual(solve(false));
    });

    it(`${n} rows: U' U x is the right side`, () => {
      const x = solve(true);
      const u = (i: number, j: number): number => (j < i ? 0 : factor[i * stride + j]!);
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) sum += u(k, i) * u(k, j) * x[j]!;
        expect(sum).toBeCloseTo(right[i]!, 10);
      }
    });
  }
});
