/**
 * A Cholesky factor of the normal matrix, as preconditioner of the optimiser's Newton systems.
 *
 *     N = A' D A + E + sum_g k_g v_g v_g'        D, E diagonal
 *
 * A is not at hand as numbers, but a sample of its rows is: nearby voxels see nearly the same beamlets, so D is added up over
 * the voxels that a sample row stands for, G = B' D_B B. Float32 is enough for a preconditioner; the systems themselves are
 * solved with the operator, in Float64. From one step to the next only the rows whose curvature has changed are added anew.
 */
import {
  BLOCK,
  createDenseKernel,
  type DenseKernel,
  type DenseKernelOptions,
  PANEL,
  PANELS,
  paddedSize,
} from './dense-kernel.js';

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

/** A column whose own E is this many times its part of G is taken to be alone: it hardly moves, and moves no other. */
const ALONE = 1e3;

export class NormalMatrix {
  /** What the sample's columns are divided by, so that they have norm one. */
  private readonly norms: Float64Array;
  private readonly rowNorms: Float64Array;
  /** D_B as it is in the matrix. */
  private readonly added: Float64Array;
  private readonly wanted: Float64Array;
  private readonly normal: DenseKernel;
  private readonly factor: DenseKernel;
  private readonly scale: Float64Array;
  /** Columns that are not alone; the factor is theirs. */
  private coupled = new Int32Array(0);
  private stride = 0;
  private readonly scratch: Float64Array;

  /** @param sample is kept, not copied: it must not change */
  constructor(
    private readonly sample: RowSample,
    private readonly columns: number,
    options: DenseKernelOptions = {},
  ) {
    const { matrix, count } = sample;
    this.norms = new Float64Array(columns);
    for (let r = 0, q = 0; r < count; r++) for (let c = 0; c < columns; c++, q++) this.norms[c]! += matrix[q]! ** 2;
    for (let c = 0; c < columns; c++) this.norms[c] = Math.sqrt(this.norms[c]!) || 1;
    this.rowNorms = new Float64Array(count);
    for (let r = 0, q = 0; r < count; r++) {
      for (let c = 0; c < columns; c++, q++) this.rowNorms[r]! += (matrix[q]! / this.norms[c]!) ** 2;
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
    this.chooseCoupled(columnDiagonal);
    // More on the diagonal until rounding leaves no pivot without sign.
    for (let shift = 1e-6; !this.tryFactor(terms, shift); shift *= 10);
  }

  private addRows(rowDiagonal: Float64Array): void {
    const { wanted, added, rowNorms, norms, sample, columns, normal } = this;
    const { matrix, memberOf, count } = sample;
    wanted.fill(0);
    for (let i = 0; i < memberOf.length; i++) if (memberOf[i]! >= 0) wanted[memberOf[i]!]! += rowDiagonal[i]!;
    let trace = 0;
    for (let r = 0; r < count; r++) trace += wanted[r]! * rowNorms[r]!;
    const { panels, scales, capacity } = normal;
    let filled = 0;
    const flush = (): void => {
      scales.fill(0, filled);
      normal.add(capacity, 0, capacity, Math.ceil(filled / PANEL));
      filled = 0;
    };
    for (let r = 0; r < count; r++) {
      const change = wanted[r]! - added[r]!;
      if (Math.abs(change) <= STALE * wanted[r]! || Math.abs(change) * rowNorms[r]! * count <= SMALL * trace) continue;
      const from = r * columns;
      const to = filled * capacity;
      for (let c = 0; c < columns; c++) panels[to + c] = matrix[from + c]! / norms[c]!;
      scales[filled++] = change;
      added[r] = wanted[r]!;
      if (filled === BLOCK) flush();
    }
    if (filled > 0) flush();
  }

  /** Scales of all columns, and those that couple. */
  private chooseCoupled(columnDiagonal: Float64Array): void {
    const { columns, norms, scale, normal } = this;
    const coupled: number[] = [];
    for (let c = 0; c < columns; c++) {
      const shared = Math.max(0, normal.matrix[c * normal.capacity + c]!);
      const own = columnDiagonal[c]! / norms[c]! ** 2;
      scale[c] = shared + own > 0 ? 1 / Math.sqrt(shared + own) : 1;
      if (own <= ALONE * shared) coupled.push(c);
    }
    this.coupled = Int32Array.from(coupled);
    this.stride = paddedSize(coupled.length);
  }

  private tryFactor(terms: readonly RankOne[], shift: number): boolean {
    const { scale, normal, factor, coupled, stride } = this;
    const { matrix } = factor;
    matrix.fill(0, 0, stride * stride);
    for (let i = 0; i < coupled.length; i++) {
      const from = coupled[i]! * normal.capacity;
      const to = i * stride;
      const s = scale[coupled[i]!]!;
      for (let j = i + 1; j < coupled.length; j++) {
        const c = coupled[j]!;
        matrix[to + j] = s * scale[c]! * normal.matrix[from + c]!;
      }
      matrix[to + i] = 1 + shift;
    }
    for (let i = coupled.length; i < stride; i++) matrix[i * stride + i] = 1;
    this.addTerms(terms);
    return factorise(factor, stride);
  }

  private addTerms(terms: readonly RankOne[]): void {
    const { norms, scale, factor, coupled, stride } = this;
    terms.forEach(({ vector, scale: k }, t) => {
      const slot = t % PANEL;
      if (slot === 0) {
        factor.scales.fill(0);
        factor.panels.fill(0, 0, PANEL * stride);
      }
      coupled.forEach((c, i) => {
        factor.panels[slot * stride + i] = (vector[c]! / norms[c]!) * scale[c]!;
      });
      factor.scales[slot] = k;
      if (slot === PANEL - 1 || t === terms.length - 1) factor.add(stride, 0, stride, 1);
    });
  }

  /** out = N^-1 right; `right` and `out` may be the same array. */
  solve(right: Float64Array, out: Float64Array): Float64Array {
    const { columns, norms, scale, coupled, stride, scratch: x } = this;
    const { matrix } = this.factor;
    const n = coupled.length;
    for (let i = 0; i < n; i++) x[i] = (right[coupled[i]!]! * scale[coupled[i]!]!) / norms[coupled[i]!]!;
    // Those that are alone; the others are overwritten below.
    for (let c = 0; c < columns; c++) out[c] = right[c]! * (scale[c]! / norms[c]!) ** 2;
    for (let i = 0; i < n; i++) {
      const row = i * stride;
      const value = x[i]! / matrix[row + i]!;
      x[i] = value;
      if (value !== 0) for (let j = i + 1; j < n; j++) x[j]! -= value * matrix[row + j]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      const row = i * stride;
      let value = x[i]!;
      for (let j = i + 1; j < n; j++) value -= matrix[row + j]! * x[j]!;
      x[i] = value / matrix[row + i]!;
    }
    for (let i = 0; i < n; i++) out[coupled[i]!] = (x[i]! * scale[coupled[i]!]!) / norms[coupled[i]!]!;
    return out;
  }
}

/** U' U = matrix, in its upper half; false where a pivot is lost to rounding. */
function factorise(kernel: DenseKernel, stride: number): boolean {
  const { matrix, panels, scales } = kernel;
  scales.fill(-1);
  for (let block = 0; block < stride; block += BLOCK) {
    const end = Math.min(stride, block + BLOCK);
    for (let from = block; from < end; from += PANEL) {
      const to = Math.min(end, from + PANEL);
      if (!factorRows(matrix, stride, from, to)) return false;
      if (to === end) break;
      panels.set(matrix.subarray(from * stride, to * stride));
      kernel.add(stride, to, end, 1);
    }
    if (end === stride) break;
    panels.set(matrix.subarray(block * stride, end * stride));
    kernel.add(stride, end, stride, PANELS);
  }
  return true;
}

/** The rows [from, to) of U, from what the rows above have left of them. */
function factorRows(matrix: Float32Array, stride: number, from: number, to: number): boolean {
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
  return true;
}
