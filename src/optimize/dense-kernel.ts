/**
 * The one dense loop of the optimiser: eight rank-one terms added to the upper half of a symmetric matrix,
 *
 *     G_ij += sum_q (c_q p_qi) p_qj      for j >= i >= first
 *
 * It builds normal matrices and, with c = -1, is the trailing update of a Cholesky factorisation. Where WebAssembly is at
 * hand four columns at a time are done by SIMD; both versions round every product and sum to Float32 in the same order, so
 * they agree to the last bit. Entries just left of the diagonal, within its block of four, are overwritten by either.
 */
import { denseWasm } from './dense-wasm.js';

/** Rows of a panel. */
export const PANEL = 8;

/** Memory of one symmetric matrix with what adds to it; rows are padded to a multiple of four. */
export interface DenseKernel {
  readonly stride: number;
  /** stride x stride, row by row; the upper half counts. */
  readonly matrix: Float32Array;
  /** Eight rows. */
  readonly panel: Float32Array;
  /** c, one per row of the panel. */
  readonly scales: Float32Array;
  /** Adds the panel from row `first` on. */
  add(first: number): void;
}

export interface DenseKernelOptions {
  /** @default true */
  readonly isAccelerated?: boolean;
}

/** @param size rows of the matrix, before padding */
export function createDenseKernel(size: number, { isAccelerated = true }: DenseKernelOptions = {}): DenseKernel {
  const stride = 4 * Math.ceil(size / 4);
  const floats = stride * stride + PANEL * stride + PANEL;
  const accelerated = isAccelerated ? instantiate(4 * floats) : undefined;
  const buffer = accelerated?.buffer ?? new ArrayBuffer(4 * floats);
  const matrix = new Float32Array(buffer, 0, stride * stride);
  const panel = new Float32Array(buffer, matrix.byteLength, PANEL * stride);
  const scales = new Float32Array(buffer, matrix.byteLength + panel.byteLength, PANEL);
  const add = accelerated
    ? (first: number) => accelerated.addRankEight(0, stride, first, panel.byteOffset, scales.byteOffset)
    : (first: number) => addRankEight(matrix, stride, first, panel, scales);
  return { stride, matrix, panel, scales, add };
}

function addRankEight(
  matrix: Float32Array,
  stride: number,
  first: number,
  panel: Float32Array,
  scales: Float32Array,
): void {
  const { fround } = Math;
  for (let i = first; i < stride; i++) {
    const row = i * stride;
    for (let q = 0; q < PANEL; q++) {
      const a = fround(scales[q]! * panel[q * stride + i]!);
      for (let j = i & ~3; j < stride; j++) {
        matrix[row + j] = fround(matrix[row + j]! + fround(a * panel[q * stride + j]!));
      }
    }
  }
}

interface Accelerated {
  readonly buffer: ArrayBuffer;
  readonly addRankEight: (matrix: number, stride: number, first: number, panel: number, scales: number) => void;
}

/** What is used of WebAssembly, whose types the core's library does not have. */
interface WebAssemblyLike {
  Memory: new (pages: { initial: number }) => { readonly buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: object };
}

const PAGE = 65536;

/** The module in memory of its own; undefined where WebAssembly with SIMD is not to be had. */
function instantiate(bytes: number): Accelerated | undefined {
  const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyLike };
  if (WebAssembly === undefined) return undefined;
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
    const code = Uint8Array.from(denseWasm.match(/../g)!, (byte) => Number.parseInt(byte, 16));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
    return { buffer: memory.buffer, addRankEight: (exports as Accelerated).addRankEight };
  } catch {
    // An engine without SIMD, or a page that forbids WebAssembly: the plain version gives the same numbers.
    return undefined;
  }
}
