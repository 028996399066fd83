/**
 * The one dense loop of the optimiser: a panel of rank-one terms added to the upper half of a symmetric matrix,
 *
 *     G_ij += sum_q (c_q p_qi) p_qj      for j >= i
 *
 * It builds normal matrices and, with c = -1, is the trailing update of a Cholesky factorisation. Where WebAssembly is at
 * hand four columns at a time are done by SIMD; both versions round every product and sum to Float32 in the same order, so
 * they agree to the last bit. Entries left of the diagonal, within a few columns of it, are overwritten by either.
 */
import { compileWasm, instantiateWasm, wasmMemory } from '../core/wasm.js';
import { binary } from './dense.wasm.js';

/** Rows of a panel, at most: as many as stay in a core's cache. */
export const BLOCK = 32;

/** Memory of one symmetric matrix with what adds to it; rows are padded to a multiple of four. */
export interface DenseKernel {
  /** Allocated for rows of up to this many columns. */
  readonly capacity: number;
  /** Rows of `stride` columns at any place; what lies right of the diagonal counts. */
  readonly matrix: Float32Array;
  /** Up to BLOCK rows of `stride` columns. */
  readonly rows: Float32Array;
  /** What the rows' columns are multiplied by; ones at first. */
  readonly columnScales: Float32Array;
  /** c, one per row. */
  readonly scales: Float32Array;
  /** Takes in so many rows with their scales: the panel p. */
  ready(stride: number, count: number): void;
  /**
   * Adds the panel made ready to the rows [first, last) of the whole, kept from the entry `at` on.
   *
   * @param skipped the panel's first so many columns, a multiple of four, are none of the matrix. @default 0
   */
  add(stride: number, first: number, last: number, at: number, skipped?: number): void;
}

export interface DenseKernelOptions {
  /** Rows that are kept. @default as many as columns */
  readonly rows?: number;
  /** @default true */
  readonly isAccelerated?: boolean;
}

/** Rows of a matrix with padding. */
export const paddedSize = (size: number): number => 4 * Math.ceil(size / 4);

/** Where a panel holds row q of column c: four columns of all rows lie together. */
const panelIndex = (q: number, c: number): number => 4 * ((c >> 2) * BLOCK + q) + (c & 3);

/** Smaller values are zero: their products would leave the normal range of Float32, which takes time. */
const TINY = Math.fround(1e-12);

/** @param columns of the largest matrix, before padding */
export function createDenseKernel(
  columns: number,
  { rows: kept = paddedSize(columns), isAccelerated = true }: DenseKernelOptions = {},
): DenseKernel {
  const capacity = paddedSize(columns);
  const entries = kept * capacity;
  const bytes = 4 * (entries + panelFloats(columns));
  const module = isAccelerated ? compileWasm(binary) : null;
  if (module === null) return kernelIn({ buffer: new ArrayBuffer(bytes), entries }, columns, 4 * entries);
  const memory = wasmMemory(bytes);
  return kernelIn({ buffer: memory.buffer, entries, memory }, columns, 4 * entries, instantiateWasm(module, memory));
}

/** Memory that begins with Float32 entries, which kernels of all threads see. */
export interface DenseMemory {
  readonly buffer: ArrayBufferLike;
  readonly entries: number;
  /** Where the module works on it; without, the plain version does. */
  readonly memory?: WebAssembly.Memory;
  /** Whether that is of the kind that all threads see. @default false */
  readonly isShared?: boolean;
}

/** Float32 numbers that a kernel needs besides the entries. */
export function panelFloats(columns: number): number {
  const capacity = paddedSize(columns);
  // Vectors may be read over the end of the panel, never used.
  return BLOCK + capacity + 3 * BLOCK * capacity + 4 * BLOCK;
}

/**
 * A kernel on memory that others see too.
 *
 * @param at first byte of {@link panelFloats} numbers of its own, a multiple of 16
 */
export function denseKernelIn(shared: DenseMemory, columns: number, at: number): DenseKernel {
  const { memory, isShared } = shared;
  if (memory === undefined) return kernelIn(shared, columns, at);
  const module = compileWasm(binary, isShared)!;
  return kernelIn(shared, columns, at, instantiateWasm(module, memory));
}

function kernelIn({ buffer, entries }: DenseMemory, columns: number, at: number, exported?: unknown): DenseKernel {
  const capacity = paddedSize(columns);
  const size = BLOCK * capacity;
  let end = at;
  const [scales, columnScales, rows, scaled, panel] = [BLOCK, capacity, size, size, size].map((length) => {
    end += 4 * length;
    return new Float32Array(buffer, end - 4 * length, length);
  }) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const matrix = new Float32Array(buffer, 0, entries);
  columnScales.fill(1);
  const places = [rows, columnScales, scales, panel, scaled].map((array) => array.byteOffset);
  const [rowsAt, columnScalesAt, scalesAt, panelAt, scaledAt] = places as [number, number, number, number, number];
  const accelerated = exported as Accelerated | undefined;
  let ready = 0;
  return {
    capacity,
    matrix,
    rows,
    columnScales,
    scales,
    ready(stride, count) {
      ready = count;
      if (accelerated) accelerated.ready(rowsAt, count, stride, columnScalesAt, scalesAt, panelAt, scaledAt);
      else makeReady(rows, count, stride, columnScales, scales, panel, scaled);
    },
    add(stride, first, last, at, skipped = 0) {
      const skip = BLOCK * skipped;
      if (accelerated) {
        accelerated.addRows(4 * at, stride, first, last, panelAt + 4 * skip, scaledAt + 4 * skip, ready);
      } else addRows(matrix.subarray(at), stride, first, last, panel.subarray(skip), scaled.subarray(skip), ready);
    },
  };
}

function makeReady(
  rows: Float32Array,
  count: number,
  stride: number,
  columnScales: Float32Array,
  scales: Float32Array,
  panel: Float32Array,
  scaled: Float32Array,
): void {
  const { fround, abs } = Math;
  for (let q = 0; q < count; q++) {
    for (let c = 0; c < stride; c++) {
      const value = fround(rows[q * stride + c]! * columnScales[c]!);
      const kept = abs(value) > TINY ? value : 0;
      panel[panelIndex(q, c)] = kept;
      scaled[panelIndex(q, c)] = fround(scales[q]! * kept);
    }
  }
}

function addRows(
  matrix: Float32Array,
  stride: number,
  first: number,
  last: number,
  panel: Float32Array,
  scaled: Float32Array,
  rows: number,
): void {
  const { fround } = Math;
  for (let i = first; i < last; i++) {
    const row = (i - first) * stride;
    for (let j = i & ~3; j < stride; j++) {
      let sum = matrix[row + j]!;
      for (let q = 0; q < rows; q++) sum = fround(sum + fround(scaled[panelIndex(q, i)]! * panel[panelIndex(q, j)]!));
      matrix[row + j] = sum;
    }
  }
}

interface Accelerated {
  ready(
    rows: number,
    count: number,
    stride: number,
    columnScales: number,
    scales: number,
    panel: number,
    scaled: number,
  ): void;
  addRows(
    matrix: number,
    stride: number,
    first: number,
    last: number,
    panel: number,
    scaled: number,
    rows: number,
  ): void;
}
