/** Small dense problems for the optimiser's tests. */
import type { LinearOperator } from '../../src/core/linear-operator.js';
import { createRandom } from '../../src/core/random.js';
import type { VoxelSet } from '../../src/optimize/objective/objective.js';

export const rowsOf = (...rows: number[]): VoxelSet => ({
  rows: Int32Array.from(rows),
  volumes: new Float64Array(rows.length).fill(1),
});

export function dense(matrix: readonly (readonly number[])[]): LinearOperator {
  return {
    rows: matrix.length,
    columns: matrix[0]!.length,
    apply(w, out) {
      for (const [i, row] of matrix.entries()) out[i] = row.reduce((sum, a, j) => sum + a * w[j]!, 0);
      return out;
    },
    applyTranspose(y, out) {
      out.fill(0);
      for (const [i, row] of matrix.entries()) for (const [j, a] of row.entries()) out[j]! += a * y[i]!;
      return out;
    },
  };
}

/** Entries from 0 to 1, some of them zero, as an influence has. */
export function randomMatrix(rows: number, columns: number, seed: number): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => {
      const value = random.uniform();
      return value < 0.3 ? 0 : value;
    }),
  );
}
