/**
 * Solutions with a Cholesky factor in Float32, x = (U' U)^-1 x, in Float64.
 *
 * Where WebAssembly is at hand two columns at a time are done by SIMD. Both versions add up in the same order and agree to the last bit.
 */
import { callWasm, compileWasm, instantiateWasm, type WasmFunction } from '../core/wasm.js';
import { WasmLayout } from '../core/wasm-layout.js';
import { paddedSize } from './dense-kernel.js';
import { binary } from './products.wasm.js';
import type { ProductOptions } from './row-products.js';

/** A factor with one right side. */
export class Triangle {
  /** U, one row after the other, each of `stride` columns, a multiple of four; zeros beyond the last column. */
  readonly matrix: Float32Array;
  /** Right side and solution; zeros beyond the last row. */
  readonly x: Float64Array;
  private readonly fast: WasmFunction | undefined;

  /** @param capacity rows of the largest factor */
  constructor(capacity: number, { isAccelerated = true }: ProductOptions = {}) {
    const size = paddedSize(capacity);
    const module = isAccelerated ? compileWasm(binary) : null;
    if (module === null) {
      this.matrix = new Float32Array(size * size);
      this.x = new Float64Array(size);
      return;
    }
    const layout = new WasmLayout();
    const matrixAt = layout.reserve(4 * size * size);
    const xAt = layout.reserve(8 * size);
    const memory = layout.create();
    this.matrix = new Float32Array(memory.buffer, matrixAt, size * size);
    this.x = new Float64Array(memory.buffer, xAt, size);
    this.fast = (instantiateWasm(module, memory) as { solve: WasmFunction }).solve;
  }

  /** Overwrites x. */
  solve(rows: number, stride: number): void {
    const { matrix, x, fast } = this;
    if (fast) callWasm(fast, matrix.byteOffset, rows, stride, x.byteOffset);
    else solvePlain(matrix, rows, stride, x);
  }
}

function solvePlain(matrix: Float32Array, rows: number, stride: number, x: Float64Array): void {
  for (let i = 0; i < rows; i++) {
    const row = i * stride;
    const value = x[i]! / matrix[row + i]!;
    x[i] = value;
    for (let j = i + 1; j < rows; j++) x[j]! -= value * matrix[row + j]!;
  }
  const sums = new Float64Array(4);
  for (let i = rows - 1; i >= 0; i--) {
    const row = i * stride;
    sums.fill(0);
    for (let j = i + 1; j < rows; j++) sums[j & 3]! += matrix[row + j]! * x[j]!;
    x[i] = (x[i]! - (sums[0]! + sums[1]! + (sums[2]! + sums[3]!))) / matrix[row + i]!;
  }
}
