/**
 * Solutions with a Cholesky factor that is kept block by block of its rows, and with further columns: the factor of
 *
 *     N + C' C,      N = U' U,     C further rows, of which the factor holds Y = U'^-1 C'
 *
 * is U (I + Y Y')^(1/2), so  (N + C' C)^-1 = U^-1 (I - Y (I + Y' Y)^-1 Y') U'^-1.  Rows that are many times as stiff as all others would leave
 * nothing of the others in Float32; the matrix I + Y' Y of the few is made in Float64. The result is positive definite whatever Y is.
 *
 * Where WebAssembly is at hand two columns at a time are done by SIMD. Both versions add up in the same order and agree to the last bit.
 */
import { callWasm, compileWasm, instantiateWasm, type WasmFunction } from '../core/wasm.js';
import { BLOCK } from './dense-kernel.js';
import { type FactorMemory, packedEntries } from './factor-memory.js';
import { binary } from './products.wasm.js';

export class PackedFactor {
  /** Right side and solution; what lies beyond the last column must be zero. */
  readonly x: Float64Array;
  private readonly entries: Float32Array;
  private readonly squares: Float32Array;
  private readonly kernels: Kernels;
  private blocks = 0;
  private width = 0;
  private further = 0;
  /** Lower triangle of the factor of I + Y' Y, row by row. */
  private corner: Float64Array = new Float64Array(0);

  /** @param blocks of the largest factor */
  constructor(memory: FactorMemory, blocks: number) {
    const { buffer, entries, solutionAt, capacity } = memory;
    this.squares = new Float32Array(blocks * BLOCK * BLOCK);
    this.entries = new Float32Array(buffer, 0, entries);
    this.x = new Float64Array(buffer, solutionAt, capacity);
    const values = new Float64Array(buffer, solutionAt + 8 * capacity, BLOCK);
    this.kernels = kernelsOf(memory, values) ?? plainKernels(this.entries, this.x, values);
  }

  /** Begins a factor of so many blocks and further columns. */
  begin(blocks: number, further: number, width: number): void {
    [this.blocks, this.further, this.width] = [blocks, further, width];
  }

  /** Takes one block once it is factored: what lies on the diagonal is kept apart, with zeros in its place, which threads no longer need. */
  take(block: number): void {
    const { entries, squares } = this;
    const stride = this.width - block * BLOCK;
    let at = packedEntries(block, this.width);
    for (let i = 0; i < BLOCK; i++, at += stride) {
      squares.set(entries.subarray(at, at + BLOCK), (block * BLOCK + i) * BLOCK);
      entries.fill(0, at, at + BLOCK);
    }
  }

  /** Once all blocks are there: the factor of I + Y' Y. */
  finish(): void {
    const { blocks, further: k, width } = this;
    this.corner = new Float64Array((k * (k + 1)) / 2);
    const { corner } = this;
    if (k === 0) return;
    const line = new Float64Array(k);
    for (let block = 0, at = 0; block < blocks; block++) {
      const stride = width - block * BLOCK;
      for (let i = 0; i < BLOCK; i++, at += stride) {
        const start = at + (blocks - block) * BLOCK;
        for (let q = 0; q < k; q++) line[q] = this.entries[start + q]!;
        for (let q = 0, to = 0; q < k; q++) {
          const value = line[q]!;
          for (let p = 0; p <= q; p++, to++) corner[to]! += value * line[p]!;
        }
      }
    }
    for (let q = 0; q < k; q++) corner[(q * (q + 3)) / 2]! += 1;
    factorLower(corner, k);
  }

  /** Overwrites x. */
  solve(): void {
    const { blocks, width, x, squares, kernels, further } = this;
    const { values } = kernels;
    const end = blocks * BLOCK;
    x.fill(0, end);
    for (let block = 0, at = 0; block < blocks; block++) {
      const first = block * BLOCK;
      const stride = width - first;
      for (let i = 0; i < BLOCK; i++) {
        const row = (first + i) * BLOCK;
        const value = x[first + i]! / squares[row + i]!;
        x[first + i] = value;
        values[i] = -value;
        for (let j = i + 1; j < BLOCK; j++) x[first + j]! -= value * squares[row + j]!;
      }
      if (stride > BLOCK) kernels.combine(at, stride, first);
      at += BLOCK * stride;
    }
    // x holds -Y' z behind the columns, and then (I + Y' Y)^-1 Y' z.
    for (let q = 0; q < further; q++) x[end + q]! *= -1;
    solveLower(this.corner, x.subarray(end, end + further));
    for (let block = blocks - 1, at = packedEntries(blocks, width); block >= 0; block--) {
      const first = block * BLOCK;
      const stride = width - first;
      at -= BLOCK * stride;
      values.fill(0);
      if (stride > BLOCK) kernels.dots(at, stride, first);
      for (let i = BLOCK - 1; i >= 0; i--) {
        const row = (first + i) * BLOCK;
        let sum = x[first + i]! - values[i]!;
        for (let j = i + 1; j < BLOCK; j++) sum -= squares[row + j]! * x[first + j]!;
        x[first + i] = sum / squares[row + i]!;
      }
    }
  }
}

interface Kernels {
  /** One value per row of a block. */
  readonly values: Float64Array;
  /** x[to ...] += sum over a block's rows of value times row. */
  combine(at: number, stride: number, to: number): void;
  /** values = rows times x[from ...]. */
  dots(at: number, stride: number, from: number): void;
}

/** By SIMD, where there is any. */
function kernelsOf(factor: FactorMemory, values: Float64Array): Kernels | undefined {
  const { memory, isShared } = factor;
  const module = memory && compileWasm(binary, isShared);
  return module ? new FastKernels(module, memory, factor, values) : undefined;
}

class FastKernels implements Kernels {
  private readonly fast: Record<'dots' | 'combine', WasmFunction>;
  private readonly xAt: number;
  private readonly valuesAt: number;

  constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    { solutionAt, capacity }: FactorMemory,
    readonly values: Float64Array,
  ) {
    this.fast = instantiateWasm(module, memory) as Record<'dots' | 'combine', WasmFunction>;
    this.xAt = solutionAt;
    this.valuesAt = solutionAt + 8 * capacity;
  }

  combine(at: number, stride: number, to: number): void {
    callWasm(this.fast.combine, 4 * at, BLOCK, stride, this.valuesAt, this.xAt + 8 * to);
  }

  dots(at: number, stride: number, from: number): void {
    callWasm(this.fast.dots, 4 * at, BLOCK, stride, this.xAt + 8 * from, this.valuesAt);
  }
}

function plainKernels(entries: Float32Array, x: Float64Array, values: Float64Array): Kernels {
  return {
    values,
    combine(at, stride, to) {
      for (let i = 0, q = at; i < BLOCK; i++)
        for (let j = 0; j < stride; j++, q++) x[to + j]! += values[i]! * entries[q]!;
    },
    dots(at, stride, from) {
      const sums = new Float64Array(4);
      for (let i = 0, q = at; i < BLOCK; i++) {
        sums.fill(0);
        for (let j = 0; j < stride; j++, q++) sums[j & 3]! += entries[q]! * x[from + j]!;
        values[i] = sums[0]! + sums[1]! + (sums[2]! + sums[3]!);
      }
    },
  };
}

/** Cholesky factor in place, of a lower triangle row by row. */
function factorLower(a: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    const row = (i * (i + 1)) / 2;
    for (let j = 0; j <= i; j++) {
      const other = (j * (j + 1)) / 2;
      let sum = a[row + j]!;
      for (let k = 0; k < j; k++) sum -= a[row + k]! * a[other + k]!;
      // The diagonal is 1 and more, less what rounding takes.
      a[row + j] = j < i ? sum / a[other + j]! : Math.sqrt(Math.max(sum, 1e-3));
    }
  }
}

/** x = (L L')^-1 x */
function solveLower(a: Float64Array, x: Float64Array): void {
  for (let i = 0; i < x.length; i++) {
    const row = (i * (i + 1)) / 2;
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= a[row + k]! * x[k]!;
    x[i] = sum / a[row + i]!;
  }
  for (let i = x.length - 1; i >= 0; i--) {
    const row = (i * (i + 1)) / 2;
    const value = x[i]! / a[row + i]!;
    x[i] = value;
    for (let k = 0; k < i; k++) x[k]! -= value * a[row + k]!;
  }
}
