/**
 * The one dense loop of the optimiser: panels of eight rank-one terms added to the upper half of a symmetric matrix,
 *
 *     G_ij += sum_q (c_q p_qi) p_qj      for j >= i
 *
 * It builds normal matrices and, with c = -1, is the trailing update of a Cholesky factorisation. Where WebAssembly is at
 * hand four columns at a time are done by SIMD; both versions round every product and sum to Float32 in the same order, so
 * they agree to the last bit. Entries just left of the diagonal, within its block of four, are overwritten by either.
 */
import { compileWasm, instantiateWasm, wasmMemory } from '../core/wasm.js';
import { binary } from './dense.wasm.js';

/** Rows of a panel, and panels that are added at once: as many rows as stay in a core's cache. */
export const PANEL = 8;
export const PANELS = 4;
/** Rows of all panels. */
export const BLOCK = PANEL * PANELS;

/** Memory of one symmetric matrix with what adds to it; rows are padded to a multiple of four. */
export interface DenseKernel {
  /** Allocated for rows of up to this many columns. */
  readonly capacity: number;
  /** Rows of `stride` columns at any place; what lies right of the diagonal counts. */
  readonly matrix: Float32Array;
  /** BLOCK rows, of `stride` columns each. */
  readonly panels: Float32Array;
  /** c, one per row of the panels. */
  readonly scales: Float32Array;
  /** Adds the first `count` panels to the rows [first, last) of the whole, kept from the entry `at` on. */
  add(stride: number, first: number, last: number, count: number, at: number): void;
}

export interface DenseKernelOptions {
  /** Rows that are kept. @default as many as columns */
  readonly rows?: number;
  /** @default true */
  readonly isAccelerated?: boolean;
}

/** Rows of a matrix with padding. */
export const paddedSize = (size: number): number => 4 * Math.ceil(size / 4);

/** @param columns of the largest matrix, before padding */
export function createDenseKernel(
  columns: number,
  { rows = paddedSize(columns), isAccelerated = true }: DenseKernelOptions = {},
): DenseKernel {
  const capacity = paddedSize(columns);
  const floats = rows * capacity + BLOCK * capacity + BLOCK;
  const accelerated = isAccelerated ? instantiate(4 * floats) : undefined;
  const buffer = accelerated?.buffer ?? new ArrayBuffer(4 * floats);
  const matrix = new Float32Array(buffer, 0, rows * capacity);
  const panels = new Float32Array(buffer, matrix.byteLength, BLOCK * capacity);
  const scales = new Float32Array(buffer, matrix.byteLength + panels.byteLength, BLOCK);
  const add = accelerated
    ? (stride: number, first: number, last: number, count: number, at: number) =>
        accelerated.addPanels(4 * at, stride, first, last, panels.byteOffset, count, scales.byteOffset)
    : (stride: number, first: number, last: number, count: number, at: number) =>
        addPanels(matrix, at, stride, first, last, panels, count, scales);
  return { capacity, matrix, panels, scales, add };
}

function addPanels(
  matrix: Float32Array,
  at: number,
  stride: number,
  first: number,
  last: number,
  panels: Float32Array,
  count: number,
  scales: Float32Array,
): void {
  const { fround } = Math;
  for (let i = first; i < last; i++) {
    const row = at + (i - first) * stride;
    for (let q = 0; q < PANEL * count; q++) {
      const a = fround(scales[q]! * panels[q * stride + i]!);
      for (let j = i & ~3; j < stride; j++) {
        matrix[row + j] = fround(matrix[row + j]! + fround(a * panels[q * stride + j]!));
      }
    }
  }
}

interface Accelerated {
  readonly buffer: ArrayBuffer;
  readonly addPanels: (
    matrix: number,
    stride: number,
    first: number,
    last: number,
    panels: number,
    count: number,
    scales: number,
  ) => void;
}

/** The module in memory of its own; undefined where WebAssembly with SIMD is not to be had: the plain version gives the same. */
function instantiate(bytes: number): Accelerated | undefined {
  const module = compileWasm(binary);
  if (module === null) return undefined;
  const memory = wasmMemory(bytes);
  return { buffer: memory.buffer, addPanels: (instantiateWasm(module, memory) as Accelerated).addPanels };
}
