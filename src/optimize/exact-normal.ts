/**
 * The normal matrix N = B' D B + E + sum_g k_g v_g v_g' and its Cholesky factor in Float64, for problems in which constraints curve most.
 *
 * There D runs over many orders of magnitude: the few rows that hold are millions of times stiffer than those that do not, and what is
 * left of a Float32 factor is rounding. Rows that decide enter one by one; what the others add is taken in one of two ways.
 *
 * Where nothing but constraints curves, all others count little. A row's part, D_r sum_c b_rc^2 / N_cc, says what it decides: of those with
 * a small one, one of every few neighbours enters, which see nearly the same. Columns that E holds alone are left out.
 *
 * Where objectives curve too and limits can just be kept, all others are what threads have added up in Float32 (`normal-matrix.ts`).
 *
 * So the factor is near the matrix, not equal to it, and conjugate gradients with the rows themselves do the rest.
 */
import { createDoubleKernel, type DoubleKernel, PANEL_ROWS } from './double-kernel.js';
import type { NormalMatrix, VoxelSample } from './normal-matrix.js';
import type { Preconditioner, RankOne } from './preconditioner.js';
import type { ProductOptions } from './row-products.js';

/** Columns up to which a matrix is made: 32 MB, and a second a factor. */
export const MOST_COLUMNS = 2000;
/** Rows with a larger part enter one by one. */
const OWN_PART = 0.03;
/** Of the others one stands for so many. */
const NEIGHBOURS = 4;
/** Groups of rows with a smaller part are left out. */
const SMALL = 1e-6;
/** A column whose E is this many times what its rows add is taken to be alone. */
const ALONE = 1e4;
/** A pivot below this fraction of its diagonal is rounding: the column is taken to stand alone. */
const ROUNDING = 1e-13;
/** Beside what threads have added up, a row is stiff that has this many times the curvature of the middle one. */
const STIFF = 20;
/** With all rows in the matrix: relative residual from which on a system is as good as solved though the proof asks for more. */
const SOLVED = 1e-6;

/** How the matrix is made. */
export interface ExactOptions extends ProductOptions {
  /** Adds up all rows that are not stiff, of the same sample; its own factor is overwritten. @default neighbours stand for one another */
  readonly sums?: NormalMatrix;
}

/** A row of the sample with its part of D. */
interface WeighedRow {
  readonly row: number;
  readonly scale: number;
}

export class ExactNormal implements Preconditioner {
  readonly solved?: number;
  private readonly kernel: DoubleKernel;
  /** Columns that are not alone; the factor is theirs. */
  private readonly coupled: Int32Array;
  private n = 0;
  private stride = 0;
  private readonly diagonal: Float64Array;
  private readonly stiffness: Float64Array;
  private readonly parts: Float64Array;
  private readonly x: Float64Array;
  private readonly sums: NormalMatrix | undefined;

  constructor(
    private readonly sample: VoxelSample,
    private readonly columns: number,
    { sums, ...options }: ExactOptions = {},
  ) {
    this.sums = sums;
    if (sums) this.solved = SOLVED;
    const capacity = 4 * Math.ceil(columns / 4);
    this.kernel = createDoubleKernel(capacity, options);
    this.coupled = new Int32Array(columns);
    this.diagonal = new Float64Array(columns);
    this.stiffness = new Float64Array(sample.count);
    this.parts = new Float64Array(sample.count);
    this.x = new Float64Array(capacity);
  }

  /**
   * @param rowDiagonal    D, one per row of the operator, >= 0
   * @param columnDiagonal E, one per column, > 0
   */
  update(rowDiagonal: Float64Array, columnDiagonal: Float64Array, terms: readonly RankOne[] = []): boolean {
    const rows = this.sums
      ? this.stiffRows(this.sums, rowDiagonal)
      : this.rowsThatDecide(rowDiagonal, columnDiagonal, terms);
    this.addRows(rows, terms);
    const { n, stride, coupled } = this;
    const { matrix } = this.kernel;
    for (let i = 0; i < stride; i++) matrix[i * stride + i]! += i < n ? columnDiagonal[coupled[i]!]! : 1;
    this.factorise();
    return true;
  }

  /** All rows that are not stiff in place of the matrix; the others are returned. */
  private stiffRows(sums: NormalMatrix, rowDiagonal: Float64Array): WeighedRow[] {
    const { columns, coupled, sample } = this;
    const members = new Int32Array(sample.count);
    for (const group of sample.memberOf) if (group >= 0) members[group]!++;
    const curved = rowDiagonal.filter((d) => d > 0).sort();
    const least = STIFF * (curved[curved.length >> 1] ?? 0);
    const soft = rowDiagonal.slice();
    const stiff: WeighedRow[] = [];
    for (let row = 0; row < soft.length; row++) {
      const own = sample.memberOf[row]!;
      if (!(soft[row]! > least) || own < 0 || members[own] !== 1) continue;
      stiff.push({ row: own, scale: soft[row]! });
      soft[row] = 0;
    }
    this.n = columns;
    this.stride = 4 * Math.ceil(columns / 4);
    for (let c = 0; c < columns; c++) coupled[c] = c;
    const { matrix } = this.kernel;
    matrix.fill(0, 0, this.stride ** 2);
    sums.sumOf(soft, { matrix, stride: this.stride });
    return stiff;
  }

  /** Chooses columns and rows by what they decide; the matrix is empty. */
  private rowsThatDecide(...given: Parameters<ExactNormal['measure']>): Iterable<WeighedRow> {
    this.measure(...given);
    this.kernel.matrix.fill(0, 0, this.stride ** 2);
    return this.chosenRows();
  }

  /** Adds rows of the sample and terms to the matrix. */
  private addRows(chosen: Iterable<WeighedRow>, terms: readonly RankOne[]): void {
    const { n, stride, kernel, coupled, columns, sample } = this;
    const { rows, scales } = kernel;
    let filled = 0;
    const add = (vector: Float32Array | Float64Array, from: number, scale: number): void => {
      const at = filled * stride;
      for (let i = 0; i < n; i++) rows[at + i] = vector[from + coupled[i]!]!;
      rows.fill(0, at + n, at + stride);
      scales[filled++] = scale;
      if (filled < PANEL_ROWS) return;
      kernel.add(stride, 0, stride, filled);
      filled = 0;
    };
    for (const { row, scale } of chosen) add(sample.matrix, row * columns, scale);
    for (const { vector, scale } of terms) add(vector, 0, scale);
    if (filled > 0) kernel.add(stride, 0, stride, filled);
  }

  close(): void {
    // Nothing is held but memory.
  }

  /** Diagonal of N, its coupled columns and what part each row has. */
  private measure(rowDiagonal: Float64Array, columnDiagonal: Float64Array, terms: readonly RankOne[]): void {
    const { sample, columns, diagonal, stiffness, parts, coupled } = this;
    const { memberOf, count, matrix } = sample;
    stiffness.fill(0);
    for (let i = 0; i < memberOf.length; i++) if (memberOf[i]! >= 0) stiffness[memberOf[i]!]! += rowDiagonal[i]!;
    diagonal.fill(0);
    for (let r = 0, q = 0; r < count; r++) {
      const by = stiffness[r]!;
      if (by === 0) q += columns;
      else for (let c = 0; c < columns; c++, q++) diagonal[c]! += by * matrix[q]! * matrix[q]!;
    }
    for (const { vector, scale } of terms) for (let c = 0; c < columns; c++) diagonal[c]! += scale * vector[c]! ** 2;
    this.n = 0;
    for (let c = 0; c < columns; c++) {
      const own = columnDiagonal[c]!;
      if (own <= ALONE * diagonal[c]!) coupled[this.n++] = c;
      diagonal[c]! += own;
    }
    this.stride = 4 * Math.ceil(this.n / 4);
    const inverse = diagonal.map((value) => 1 / value);
    for (let r = 0, q = 0; r < count; r++) {
      let sum = 0;
      if (stiffness[r] === 0) q += columns;
      else for (let c = 0; c < columns; c++, q++) sum += matrix[q]! * matrix[q]! * inverse[c]!;
      parts[r] = sum * stiffness[r]!;
    }
  }

  /** Rows by themselves where they decide; of the others one for a group, which has the part of all. */
  private *chosenRows(): Generator<WeighedRow> {
    const { parts, stiffness } = this;
    let [sum, members, largest] = [0, 0, -1];
    const group = (): WeighedRow => ({
      row: largest,
      scale: (stiffness[largest]! * sum) / parts[largest]!,
    });
    for (let r = 0; r < parts.length; r++) {
      const part = parts[r]!;
      if (part > OWN_PART) yield { row: r, scale: stiffness[r]! };
      else if (part > 0) {
        if (members === 0 || part > parts[largest]!) largest = r;
        sum += part;
        if (++members === NEIGHBOURS) {
          if (sum > SMALL) yield group();
          [sum, members] = [0, 0];
        }
      }
    }
    if (members > 0) yield group();
  }

  /** U'U in place of the upper triangle, a panel of rows at a time. */
  private factorise(): void {
    const { stride, kernel } = this;
    const { matrix, rows, scales } = kernel;
    const diagonal = Float64Array.from({ length: stride }, (_, i) => matrix[i * stride + i]!);
    for (let first = 0; first < stride; first += PANEL_ROWS) {
      const last = Math.min(stride, first + PANEL_ROWS);
      for (let i = first; i < last; i++) {
        const at = i * stride;
        const own = diagonal[i]!;
        for (let above = first; above < i; above++) {
          const from = above * stride;
          const along = matrix[from + i]!;
          if (along !== 0) for (let j = i; j < stride; j++) matrix[at + j]! -= along * matrix[from + j]!;
        }
        if (!(matrix[at + i]! > ROUNDING * Math.abs(own))) {
          // What rounding left beside it would grow without bound.
          matrix.fill(0, at + i + 1, at + stride);
          matrix[at + i] = Math.sqrt(Math.max(Math.abs(own), Number.MIN_VALUE));
          continue;
        }
        const pivot = Math.sqrt(matrix[at + i]!);
        for (let j = i; j < stride; j++) matrix[at + j]! /= pivot;
        matrix[at + i] = pivot;
      }
      if (last === stride) break;
      rows.set(matrix.subarray(first * stride, last * stride));
      scales.fill(-1);
      kernel.add(stride, last, stride, last - first);
    }
  }

  /** out = N^-1 right; `right` and `out` may be the same array. */
  solve(right: Float64Array, out: Float64Array): Float64Array {
    const { n, stride, coupled, diagonal, x, kernel } = this;
    const { matrix } = kernel;
    for (let i = 0; i < n; i++) x[i] = right[coupled[i]!]!;
    // Those that are alone; the others are overwritten below.
    if (n < out.length) for (let c = 0; c < out.length; c++) out[c] = right[c]! / diagonal[c]!;
    for (let i = 0; i < n; i++) {
      const at = i * stride;
      const value = x[i]! / matrix[at + i]!;
      x[i] = value;
      for (let j = i + 1; j < n; j++) x[j]! -= value * matrix[at + j]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      const at = i * stride;
      let sum = x[i]!;
      for (let j = i + 1; j < n; j++) sum -= matrix[at + j]! * x[j]!;
      x[i] = sum / matrix[at + i]!;
      out[coupled[i]!] = x[i]!;
    }
    return out;
  }
}
