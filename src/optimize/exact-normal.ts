/**
 * The normal matrix N = B' D B + E + sum_g k_g v_g v_g' and its Cholesky factor in Float64, for problems in which constraints alone curve.
 *
 * There D runs over many orders of magnitude: the few rows that hold are millions of times stiffer than those that do not, and what is
 * left of a Float32 factor is rounding. Rows that add less than rounding does are left out, so that late steps cost little.
 */
import type { VoxelSample } from './normal-matrix.js';
import type { RankOne } from './preconditioner.js';

/** Columns up to which a matrix is made: 32 MB, and a second a factor. */
export const MOST_COLUMNS = 2000;
/** Rows that add less than this fraction of each column's diagonal are left out. */
const SMALL = 1e-10;
/** What is added to a pivot that rounding leaves without sign, fraction of its diagonal. */
const SHIFT = 1e-14;

export class ExactNormal {
  private readonly factor: Float64Array;
  private readonly squares: Float64Array;

  constructor(
    private readonly sample: VoxelSample,
    private readonly columns: number,
  ) {
    this.factor = new Float64Array(columns * columns);
    const { matrix, count } = sample;
    this.squares = new Float64Array(count);
    for (let r = 0; r < count; r++) {
      let largest = 0;
      for (let c = 0; c < columns; c++) largest = Math.max(largest, Math.abs(matrix[r * columns + c]!));
      this.squares[r] = largest ** 2;
    }
  }

  /**
   * @param rowDiagonal    D, one per row of the operator, >= 0
   * @param columnDiagonal E, one per column, > 0
   */
  update(rowDiagonal: Float64Array, columnDiagonal: Float64Array, terms: readonly RankOne[]): void {
    const { sample, columns: n, factor, squares } = this;
    const { memberOf, count, matrix } = sample;
    const stiffness = new Float64Array(count);
    memberOf.forEach((member, row) => {
      if (member >= 0) stiffness[member]! += rowDiagonal[row]!;
    });
    factor.fill(0);
    const least = columnDiagonal.reduce((a, b) => Math.min(a, b), Infinity);
    const rows = [...stiffness.keys()].filter((r) => stiffness[r]! * squares[r]! > SMALL * least);
    for (let q = 0; q < rows.length; q += 4) {
      this.addFour(
        [0, 1, 2, 3].map((k) => {
          const row = rows[q + k];
          if (row === undefined) return { values: matrix.subarray(0, n), scale: 0 };
          return { values: matrix.subarray(row * n, (row + 1) * n), scale: stiffness[row]! };
        }),
      );
    }
    for (const { vector, scale } of terms) {
      for (let i = 0; i < n; i++) {
        const along = scale * vector[i]!;
        if (along !== 0) for (let j = i; j < n; j++) factor[i * n + j]! += along * vector[j]!;
      }
    }
    for (let i = 0; i < n; i++) factor[i * n + i]! += columnDiagonal[i]!;
    this.factorise();
  }

  /** Adds four rows at a time to the upper triangle: what is written is written a fourth as often. */
  private addFour(rows: readonly { readonly values: Float32Array; readonly scale: number }[]): void {
    const { columns: n, factor } = this;
    const [a, b, c, d] = rows.map(({ values }) => values) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const [p, q, r, s] = rows.map(({ scale }) => scale) as [number, number, number, number];
    for (let i = 0; i < n; i++) {
      const [e, f, g, h] = [p * a[i]!, q * b[i]!, r * c[i]!, s * d[i]!];
      if (e === 0 && f === 0 && g === 0 && h === 0) continue;
      const at = i * n;
      for (let j = i; j < n; j++) factor[at + j]! += e * a[j]! + f * b[j]! + g * c[j]! + h * d[j]!;
    }
  }

  /** U'U in place of the upper triangle, row by row. */
  private factorise(): void {
    const { columns: n, factor } = this;
    for (let i = 0; i < n; i++) {
      const at = i * n;
      const own = factor[at + i]!;
      for (let k = 0; k < i; k++) {
        const along = factor[k * n + i]!;
        if (along === 0) continue;
        const above = k * n;
        for (let j = i; j < n; j++) factor[at + j]! -= along * factor[above + j]!;
      }
      const pivot = Math.sqrt(Math.max(factor[at + i]!, SHIFT * own));
      for (let j = i; j < n; j++) factor[at + j]! /= pivot;
      // Where the pivot was rounding, the row is; its own column stands alone.
      factor[at + i] = pivot;
    }
  }

  /** out = N^-1 right; `right` and `out` may be the same array. */
  solve(right: Float64Array, out: Float64Array): Float64Array {
    const { columns: n, factor } = this;
    if (out !== right) out.set(right);
    for (let i = 0; i < n; i++) {
      const value = out[i]! / factor[i * n + i]!;
      out[i] = value;
      for (let j = i + 1; j < n; j++) out[j]! -= value * factor[i * n + j]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = out[i]!;
      for (let j = i + 1; j < n; j++) sum -= factor[i * n + j]! * out[j]!;
      out[i] = sum / factor[i * n + i]!;
    }
    return out;
  }
}
