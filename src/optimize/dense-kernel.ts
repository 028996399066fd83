/**
 * The one dense loop of the optimiser: a panel of rank-one terms added to the upper half of a symmetric matrix,
 *
 *     G_ij += sum_q (c_q p_qi) p_qj      for j >= i
 *
 * It builds normal matrices and, with c = -1, is the trailing update of a Cholesky factorisation. Where WebAssembly is at
 * hand four columns at a time are done by SIMD; both versions round every product and sum to Float32 in the same order, so
 * they agree to the last bit. Entries left of the diagonal, within a few columns of it, are overwritten by either.
 */
import { callWasm, compileWasm, instantiateWasm, type WasmFunction, wasmMemory } from '../core/wasm.js';
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
  if (module === null) return new KernelIn({ buffer: new ArrayBuffer(bytes), entries }, columns, 4 * entries);
  const memory = wasmMemory(bytes);
  return new KernelIn({ buffer: memory.buffer, entries }, columns, 4 * entries, kernelsOf(module, memory));
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
  if (memory === undefined) return new KernelIn(shared, columns, at);
  const module = compileWasm(binary, isShared)!;
  return new KernelIn(shared, columns, at, kernelsOf(module, memory));
}

const kernelsOf = (module: WebAssembly.Module, memory: WebAssembly.Memory) =>
  instantiateWasm(module, memory) as Record<'ready' | 'addRows', WasmFunction>;

class KernelIn implements DenseKernel {
  readonly capacity: number;
  readonly matrix: Float32Array;
  readonly rows: Float32Array;
  readonly columnScales: Float32Array;
  readonly scales: Float32Array;
  private readonly scaled: Float32Array;
  private readonly panel: Float32Array;
  private readyRows = 0;

  constructor(
    { buffer, entries }: DenseMemory,
    columns: number,
    at: number,
    private readonly fast?: Record<'ready' | 'addRows', WasmFunction>,
  ) {
    const capacity = paddedSize(columns);
    let end = at;
    const take = (length: number): Float32Array => {
      end += 4 * length;
      return new Float32Array(buffer, end - 4 * length, length);
    };
    this.capacity = capacity;
    this.matrix = new Float32Array(buffer, 0, entries);
    this.scales = take(BLOCK);
    this.columnScales = take(capacity);
    this.rows = take(BLOCK * capacity);
    this.scaled = take(BLOCK * capacity);
    this.panel = take(BLOCK * capacity);
    this.columnScales.fill(1);
  }

  ready(stride: number, count: number): void {
    const { rows, columnScales, scales, panel, scaled, fast } = this;
    this.readyRows = count;
    if (fast === undefined) makeReady(rows, count, stride, columnScales, scales, panel, scaled);
    // biome-ignore format: as the kernel's parameters
    else callWasm(
      fast.ready, rows.byteOffset, count, stride, columnScales.byteOffset, scales.byteOffset, panel.byteOffset, scaled.byteOffset,
    );
  }

  add(stride: number, first: number, last: number, at: number, skipped = 0): void {
    const { matrix, panel, scaled, fast, readyRows } = this;
    const skip = BLOCK * skipped;
    if (fast === undefined)
      addRows(matrix.subarray(at), stride, first, last, panel.subarray(skip), scaled.subarray(skip), readyRows);
    // biome-ignore format: as the kernel's parameters
    else callWasm(
      fast.addRows, 4 * at, stride, first, last, panel.byteOffset + 4 * skip, scaled.byteOffset + 4 * skip, readyRows,
    );
  }
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
