/**
 * The dense loop of `dense-kernel.ts` in Float64, for matrices whose rows differ by more than Float32 holds: a panel of rank-one terms
 * added to the upper half of a symmetric matrix,
 *
 *     G_ij += sum_q c_q p_qi p_qj      for j >= i
 *
 * Where WebAssembly is at hand tiles of four by four stay in registers; both versions round in the same order and agree to the last bit.
 * Entries left of the diagonal, within four columns of it, are overwritten by either.
 */
import { callWasm, compileWasm, instantiateWasm, type WasmFunction } from '../core/wasm.js';
import { WasmLayout } from '../core/wasm-layout.js';
import { binary } from './double.wasm.js';
import type { ProductOptions } from './row-products.js';

/** Rows of a panel, at most. */
export const PANEL_ROWS = 32;

export interface DoubleKernel {
  /** Rows of `stride` columns, as many rows as columns; what lies right of the diagonal counts. */
  readonly matrix: Float64Array;
  /** Up to PANEL_ROWS rows of `stride` columns. */
  readonly rows: Float64Array;
  /** c, one per row. */
  readonly scales: Float64Array;
  /**
   * Adds the first `count` rows to the rows [first, stride) of the matrix, of which `first` is a multiple of four.
   *
   * @param stride columns, a multiple of four
   */
  add(stride: number, first: number, last: number, count: number): void;
}

/** Where a panel holds row q of column c: four columns of all rows lie together. */
const panelIndex = (q: number, c: number): number => 4 * ((c >> 2) * PANEL_ROWS + q) + (c & 3);

/** @param capacity columns of the largest matrix, a multiple of four */
export function createDoubleKernel(capacity: number, { isAccelerated = true }: ProductOptions = {}): DoubleKernel {
  const module = isAccelerated ? compileWasm(binary) : null;
  return module === null ? plainKernel(capacity) : new FastKernel(module, capacity);
}

class FastKernel implements DoubleKernel {
  readonly matrix: Float64Array;
  readonly rows: Float64Array;
  readonly scales: Float64Array;
  private readonly panelAt: number;
  private readonly scaledAt: number;
  private readonly kernels: Record<'ready' | 'addRows', WasmFunction>;

  constructor(module: WebAssembly.Module, capacity: number) {
    const size = PANEL_ROWS * capacity;
    const layout = new WasmLayout();
    const [matrixAt, rowsAt, scalesAt, panelAt, scaledAt] = [capacity * capacity, size, PANEL_ROWS, size, size].map(
      (n) => layout.reserve(8 * n),
    ) as [number, number, number, number, number];
    const memory = layout.create();
    const { buffer } = memory;
    this.matrix = new Float64Array(buffer, matrixAt, capacity * capacity);
    this.rows = new Float64Array(buffer, rowsAt, size);
    this.scales = new Float64Array(buffer, scalesAt, PANEL_ROWS);
    this.panelAt = panelAt;
    this.scaledAt = scaledAt;
    this.kernels = instantiateWasm(module, memory) as Record<'ready' | 'addRows', WasmFunction>;
  }

  add(stride: number, first: number, last: number, count: number): void {
    const { matrix, rows, scales, panelAt, scaledAt, kernels } = this;
    callWasm(kernels.ready, rows.byteOffset, count, stride, scales.byteOffset, panelAt, scaledAt);
    callWasm(kernels.addRows, matrix.byteOffset, stride, first, last, panelAt, scaledAt, count);
  }
}

function plainKernel(capacity: number): DoubleKernel {
  const size = PANEL_ROWS * capacity;
  const matrix = new Float64Array(capacity * capacity);
  const rows = new Float64Array(size);
  const scales = new Float64Array(PANEL_ROWS);
  const panel = new Float64Array(size);
  const scaled = new Float64Array(size);
  return {
    matrix,
    rows,
    scales,
    add(stride, first, last, count) {
      for (let q = 0; q < count; q++) {
        for (let c = 0; c < stride; c++) {
          panel[panelIndex(q, c)] = rows[q * stride + c]!;
          scaled[panelIndex(q, c)] = scales[q]! * rows[q * stride + c]!;
        }
      }
      for (let i = first; i < last; i++) {
        for (let j = i & ~3; j < stride; j++) {
          let sum = matrix[i * stride + j]!;
          for (let q = 0; q < count; q++) sum += scaled[panelIndex(q, i)]! * panel[panelIndex(q, j)]!;
          matrix[i * stride + j] = sum;
        }
      }
    },
  };
}
