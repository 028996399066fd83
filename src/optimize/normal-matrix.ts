/**
 * A Cholesky factor of the normal matrix, as preconditioner of the optimiser's Newton systems.
 *
 *     N = A' D A + E + sum_g k_g v_g v_g'        D, E diagonal
 *
 * A is not at hand as numbers, but a sample of its rows is: nearby voxels see nearly the same beamlets, so D is added up over
 * the voxels that a sample row stands for, G = B' D_B B. Float32 is enough for a preconditioner; the systems themselves are
 * solved with the operator, in Float64. From one step to the next only the rows whose curvature has changed are added anew.
 */
import { createDenseKernel, type DenseKernel, type DenseKernelOptions, PANEL } from './dense-kernel.js';

/** Rows of an operator that stand for all. */
export interface RowSample {
  /** One row after the other, Gy per unit weight. */
  readonly matrix: Float32Array;
  readonly count: number;
  /** For each row of the operator the sample row that stands for it, or -1. */
  readonly memberOf: Int32Array;
}

/** k v v' */
export interface RankOne {
  readonly vector: Float64Array;
  readonly scale: number;
}

/** Rows whose curvature has changed by less than this fraction are left as they are. */
const STALE = 0.2;
/** Rows that add less than this fraction to the trace are left out. */
const SMALL = 1e-7;

export class NormalMatrix {
  /** Sample matrix with columns of norm one, and what they were divided by. */
  private readonly rows: Float32Array;
  private readonly norms: Float64Array;
  private readonly rowNorms: Float64Array;
  /** D_B as it is in the matrix. */
  private readonly added: Float64Array;
  private readonly wanted: Float64Array;
  private readonly normal: DenseKernel;
  private readonly factor: DenseKernel;
  private readonly scale: Float64Array;
  private readonly scratch: Float64Array;

  constructor(
    private readonly sample: RowSample,
    private readonly columns: number,
    options: DenseKernelOptions = {},
  ) {
    const { matrix, count } = sample;
    this.norms = new Float64Array(columns);
    for (let r = 0, q = 0; r < count; r++) for (let c = 0; c < columns; c++, q++) this.norms[c]! += matrix[q]! ** 2;
    for (let c = 0; c < columns; c++) this.norms[c] = Math.sqrt(this.norms[c]!) || 1;
    this.rows = new Float32Array(count * columns);
    this.rowNorms = new Float64Array(count);
    for (let r = 0, q = 0; r < count; r++) {
      for (let c = 0; c < columns; c++, q++) {
        const value = matrix[q]! / this.norms[c]!;
        this.rows[q] = value;
        this.rowNorms[r]! += value * value;
      }
    }
    this.added = new Float64Array(count);
    this.wanted = new Float64Array(count);
    this.normal = createDenseKernel(columns, options);
    this.factor = createDenseKernel(columns, options);
    this.scale = new Float64Array(columns);
    this.scratch = new Float64Array(columns);
  }

  /**
   * Makes the factor anew.
   *
   * @param rowDiagonal    D, one per row of the operator, >= 0
   * @param columnDiagonal E, one per column, > 0
   */
  update(rowDiagonal: Float64Array, columnDiagonal: Float64Array, terms: readonly RankOne[] = []): void {
    this.addRows(rowDiagonal);
    // More on the diagonal until rounding leaves no pivot without sign.
    for (let shift = 1e-6; !this.tryFactor(columnDiagonal, terms, shift); shift *= 10);
  }

  private addRows(rowDiagonal: Float64Array): void {
    const { wanted, added, rowNorms, sample, columns, normal } = this;
    const { memberOf, count } = sample;
    wanted.fill(0);
    for (let i = 0; i < memberOf.length; i++) if (memberOf[i]! >= 0) wanted[memberOf[i]!]! += rowDiagonal[i]!;
    let trace = 0;
    for (let r = 0; r < count; r++) trace += wanted[r]! * rowNorms[r]!;
    const { panel, scales, stride } = normal;
    let filled = 0;
    const flush = (): void => {
      scales.fill(0, filled);
      normal.add(0);
      filled = 0;
    };
    for (let r = 0; r < count; r++) {
      const change = wanted[r]! - added[r]!;
      if (Math.abs(change) <= STALE * wanted[r]! || Math.abs(change) * rowNorms[r]! * count <= SMALL * trace) continue;
      panel.set(this.rows.subarray(r * columns, (r + 1) * columns), filled * stride);
      scales[filled++] = change;
      added[r] = wanted[r]!;
      if (filled === PANEL) flush();
    }
    if (filled > 0) flush();
  }

  private tryFactor(columnDiagonal: Float64Array, terms: readonly RankOne[], shift: number): boolean {
    const { columns, norms, scale, normal, factor } = this;
    const { stride, matrix } = factor;
    for (let c = 0; c < columns; c++) {
      const own = Math.max(0, normal.matrix[c * stride + c]!) + columnDiagonal[c]! / norms[c]! ** 2;
      scale[c] = own > 0 ? 1 / Math.sqrt(own) : 1;
    }
    matrix.fill(0);
    for (let i = 0; i < columns; i++) {
      const row = i * stride;
      const s = scale[i]!;
      for (let j = i + 1; j < columns; j++) matrix[row + j] = s * scale[j]! * normal.matrix[row + j]!;
      matrix[row + i] = 1 + shift;
    }
    for (let i = columns; i < stride; i++) matrix[i * stride + i] = 1;
    this.addTerms(terms);
    return factorise(factor);
  }

  private addTerms(terms: readonly RankOne[]): void {
    const { columns, norms, scale, factor } = this;
    terms.forEach(({ vector, scale: k }, t) => {
      const slot = t % PANEL;
      if (slot === 0) factor.scales.fill(0);
      for (let c = 0; c < columns; c++) factor.panel[slot * factor.stride + c] = (vector[c]! / norms[c]!) * scale[c]!;
      factor.scales[slot] = k;
      if (slot === PANEL - 1 || t === terms.length - 1) factor.add(0);
    });
  }

  /** out = N^-1 right; `right` and `out` may be the same array. */
  solve(right: Float64Array, out: Float64Array): Float64Array {
    const { columns, norms, scale, scratch: x } = this;
    const { stride, matrix } = this.factor;
    for (let c = 0; c < columns; c++) x[c] = (right[c]! * scale[c]!) / norms[c]!;
    for (let i = 0; i < columns; i++) {
      const row = i * stride;
      const value = x[i]! / matrix[row + i]!;
      x[i] = value;
      if (value !== 0) for (let j = i + 1; j < columns; j++) x[j]! -= value * matrix[row + j]!;
    }
    for (let i = columns - 1; i >= 0; i--) {
      const row = i * stride;
      let value = x[i]!;
      for (let j = i + 1; j < columns; j++) value -= matrix[row + j]! * x[j]!;
      x[i] = value / matrix[row + i]!;
    }
    for (let c = 0; c < columns; c++) out[c] = (x[c]! * scale[c]!) / norms[c]!;
    return out;
  }
}

/** U' U = matrix, in its upper half, eight rows at a time; false where a pivot is lost to rounding. */
function factorise(kernel: DenseKernel): boolean {
  const { stride, matrix, panel, scales } = kernel;
  for (let from = 0; from < stride; from += PANEL) {
    const to = Math.min(stride, from + PANEL);
    for (let i = from; i < to; i++) {
      const row = i * stride;
      for (let q = from; q < i; q++) {
        const above = q * stride;
        const a = matrix[above + i]!;
        if (a !== 0) for (let j = i; j < stride; j++) matrix[row + j]! -= a * matrix[above + j]!;
      }
      const pivot = matrix[row + i]!;
      if (!(pivot > 1e-7)) return false;
      const inverse = 1 / Math.sqrt(pivot);
      for (let j = i; j < stride; j++) matrix[row + j]! *= inverse;
    }
    if (to === stride) break;
    // Only what lies right of the panel's own rows may be added to the rows below.
    panel.set(matrix.subarray(from * stride, to * stride));
    for (let q = 0; q < PANEL; q++) panel.fill(0, q * stride, q * stride + from);
    scales.fill(-1);
    kernel.add(to);
  }
  return true;
}
