/**
 * One thread's part in the normal matrix of compact rows and in its Cholesky factor.
 *
 * The normal matrix X of entries and pools is added up cluster by cluster: each thread makes the small dense matrix of a cluster, then adds what
 * falls into its own rows, for all clusters in their order. Of X and the pools' weights the matrix of the columns is made,
 *
 *     N_ij = X_ij + P_i R_j + R_i P_j + P_i Q P_j',     X = [[X, R], [R', Q]]
 *
 * and factored by blocks of rows, with further columns to the right, which the factor turns into U'^-1 of them. Every number is computed by one
 * thread, and sums run in the same order with any number of threads.
 */
import type { JobType } from '../core/executor.js';
import { type CompactRows, decoded } from './compact-rows.js';
import { BLOCK, type DenseKernel, denseKernelIn, paddedSize } from './dense-kernel.js';
import { type FactorMemory, packedEntries } from './factor-memory.js';
import { factorRows, PANEL } from './normal-thread.js';

/** What all threads see; each writes its own part. */
export interface SharedCompact {
  readonly rows: Pick<CompactRows, 'columns' | 'clusters' | 'pools' | 'parts' | 'widest' | 'unit'>;
  /** Upper half of S, one row after the other. */
  readonly matrix: Float32Array;
  /** R', [pool][column], and Q, [pool][pool], of which the upper half is added to. */
  readonly pooled: Float32Array;
  readonly ofPools: Float32Array;
  /** N_cc */
  readonly diagonal: Float64Array;
  /** By how much each row's weight changes. */
  readonly changes: Float64Array;
  /** Clusters that hold a row that changes. */
  readonly changed: Int32Array;
  /** By thread: the columns of its cluster, whose matrix lies where the factor will. */
  readonly slots: readonly Int32Array[];
  /** Columns of the factor, ascending, and what every column of N is multiplied by. */
  readonly coupled: Int32Array;
  readonly scale: Float64Array;
  /** Further columns, [which][column]. */
  readonly further: Float32Array;
  /** The factor, block by block of its rows; before it is made, the matrices of clusters. */
  readonly factor: FactorMemory;
}

export interface CompactInput {
  readonly shared: SharedCompact;
  readonly thread: number;
  readonly threads: number;
}

export type CompactCommand =
  /** The matrices of the clusters changed[first ...], one per thread, up to changed[end]. */
  | { readonly kind: 'cluster'; readonly first: number; readonly end: number }
  /** Adds those of so many threads, slot by slot, to the own rows. */
  | { readonly kind: 'add'; readonly slots: readonly number[] }
  /** Completes the pools' part; then the diagonal. */
  | { readonly kind: 'pools' }
  | { readonly kind: 'diagonal' }
  /** Takes so many coupled and further columns with ones and the shift on the diagonal, factors the first block. */
  | { readonly kind: 'prepare'; readonly count: number; readonly further: number; readonly shift: number }
  /** Takes a factored block off those below and factors the next. */
  | { readonly kind: 'eliminate'; readonly block: number };

/** Answers false where a pivot is lost to rounding; of a cluster how many columns it has. */
export const compactJob: JobType<CompactInput, CompactCommand, number> = {
  name: 'compact normal matrix',
  create(input) {
    const thread = new CompactThread(input);
    return (command) => thread.run(command);
  },
};

/** Where row i of the upper half of a matrix begins, less i: entry (i, j) lies at that + j. */
export const packedStart = (i: number, size: number): number => i * size - (i * (i + 1)) / 2;

class CompactThread {
  private readonly kernel: DenseKernel;
  private readonly placeOf: Int32Array;
  private blocks = 0;
  private width = 0;

  constructor(private readonly input: CompactInput) {
    const { factor, rows } = input.shared;
    this.kernel = denseKernelIn(factor, factor.capacity, factor.scratch[input.thread]!);
    this.placeOf = new Int32Array(rows.columns);
  }

  run(command: CompactCommand): number {
    switch (command.kind) {
      case 'cluster':
        return this.makeCluster(command.first + this.input.thread, command.end);
      case 'add':
        command.slots.forEach((count, slot) => {
          this.addSlot(slot, count);
        });
        return 1;
      case 'pools':
        return this.mirrorPools();
      case 'diagonal':
        return this.readDiagonal();
      case 'prepare':
        return this.prepare(command.count, command.further, command.shift) ? 1 : 0;
      case 'eliminate':
        return this.eliminate(command.block) ? 1 : 0;
    }
  }

  private makeCluster(at: number, end: number): number {
    if (at >= end) return 0;
    const { shared, thread } = this.input;
    const cluster = shared.changed[at]!;
    const { columns, pools, parts, unit } = shared.rows;
    const part = parts.findLast(({ firstCluster }) => firstCluster <= cluster)!;
    const { firstRow, starts, entryStarts, entrySteps, entryValues, entryScales, tails, tailScales } = part;
    const [from, to] = [starts[cluster - part.firstCluster]!, starts[cluster - part.firstCluster + 1]!];
    const changing: number[] = [];
    for (let r = from; r < to; r++) if (shared.changes[firstRow + r] !== 0) changing.push(r);
    const { placeOf, kernel } = this;
    placeOf.fill(-1);
    for (const r of changing) {
      for (let q = entryStarts[r]!, c = 0; q < entryStarts[r + 1]!; q++) {
        c += entrySteps[q]!;
        if (entryValues[q] !== 0) placeOf[c] = 0;
      }
    }
    const slot = shared.slots[thread]!;
    let reached = 0;
    for (let c = 0; c < columns; c++) {
      if (placeOf[c] !== 0) continue;
      placeOf[c] = reached;
      slot[reached++] = c;
    }
    const size = reached + pools.count;
    for (let p = 0; p < pools.count; p++) slot[reached + p] = columns + p;
    const stride = paddedSize(size);
    const { rows, scales, matrix } = kernel;
    const start = thread * shared.factor.ofCluster;
    matrix.fill(0, start, start + size * stride);
    for (let first = 0; first < changing.length; first += BLOCK) {
      const filled = Math.min(BLOCK, changing.length - first);
      rows.fill(0, 0, filled * stride);
      for (let k = 0; k < filled; k++) {
        const r = changing[first + k]!;
        const scale = entryScales[r]! / unit;
        for (let q = entryStarts[r]!, c = 0; q < entryStarts[r + 1]!; q++) {
          c += entrySteps[q]!;
          if (entryValues[q] !== 0) rows[k * stride + placeOf[c]!] = scale * decoded(entryValues[q]!);
        }
        const tailScale = tailScales[r]! / unit;
        for (let p = 0, to = k * stride + reached, q = r * pools.count; p < pools.count; p++, to++, q++) {
          rows[to] = tailScale * decoded(tails[q]!);
        }
        scales[k] = shared.changes[firstRow + r]!;
      }
      kernel.ready(stride, filled);
      kernel.add(stride, 0, size, start);
    }
    return size;
  }

  private addSlot(slot: number, size: number): void {
    if (size === 0) return;
    const { shared, thread, threads } = this.input;
    const { matrix, pooled, ofPools, rows } = shared;
    const { columns: count, pools } = rows;
    const columns = shared.slots[slot]!;
    const { matrix: values } = this.kernel;
    const stride = paddedSize(size);
    const reached = size - pools.count;
    for (let i = 0; i < size; i++) {
      const c = columns[i]!;
      if (Math.floor(c / BLOCK) % threads !== thread) continue;
      let j = i;
      let q = slot * shared.factor.ofCluster + i * stride + i;
      const start = packedStart(c, count);
      for (; j < reached; j++, q++) matrix[start + columns[j]!]! += values[q]!;
      // Behind the columns come all pools, in order.
      if (c < count) for (let p = 0; p < pools.count; p++, q++) pooled[p * count + c]! += values[q]!;
      else for (let p = c - count; p < pools.count; p++, q++) ofPools[(c - count) * pools.count + p]! += values[q]!;
    }
  }

  /** The lower half of Q. */
  private mirrorPools(): number {
    const { shared, thread, threads } = this.input;
    const { ofPools, rows } = shared;
    const m = rows.pools.count;
    for (let p = thread; p < m; p += threads) for (let q = 0; q < p; q++) ofPools[p * m + q] = ofPools[q * m + p]!;
    return 1;
  }

  /** R_i + P_i Q, one per pool. */
  private poolLine(i: number, out: Float64Array): void {
    const { shared } = this.input;
    const { columns, pools } = shared.rows;
    const { of, weights, count } = pools;
    if (count === 0) return;
    const { pooled, ofPools } = shared;
    for (let p = 0; p < count; p++) {
      let sum = pooled[p * columns + i]!;
      for (let k = 4 * i; k < 4 * i + 4; k++) sum += weights[k]! * ofPools[of[k]! * count + p]!;
      out[p] = sum;
    }
  }

  private readDiagonal(): number {
    const { shared, thread, threads } = this.input;
    const { columns, pools, unit } = shared.rows;
    const { of, weights, count } = pools;
    const { matrix, pooled, diagonal } = shared;
    const line = new Float64Array(count);
    const [from, to] = [Math.floor((columns * thread) / threads), Math.floor((columns * (thread + 1)) / threads)];
    for (let c = from; c < to; c++) {
      this.poolLine(c, line);
      let sum = matrix[packedStart(c, columns) + c]!;
      if (count > 0) {
        for (let k = 4 * c; k < 4 * c + 4; k++) sum += weights[k]! * (line[of[k]!]! + pooled[of[k]! * columns + c]!);
      }
      diagonal[c] = sum * unit ** 2;
    }
    return 1;
  }

  private prepare(count: number, further: number, shift: number): boolean {
    const { thread, threads, shared } = this.input;
    const { columns, pools, unit } = shared.rows;
    const { of, weights } = pools;
    const m = pools.count;
    const { coupled, scale, matrix, pooled } = shared;
    this.blocks = Math.ceil(count / BLOCK);
    this.width = this.blocks * BLOCK + paddedSize(further);
    const target = this.kernel.matrix;
    const line = new Float64Array(m);
    const across = new Float64Array(columns);
    for (let block = thread; block < this.blocks; block += threads) {
      const first = block * BLOCK;
      const stride = this.width - first;
      let to = this.placeOfBlock(block);
      for (let i = first; i < first + BLOCK; i++, to += stride) {
        target.fill(0, to, to + stride);
        target[to + i - first] = 1 + shift;
        if (i >= count) continue;
        const c = coupled[i]!;
        const own = unit ** 2 * scale[c]!;
        const start = packedStart(c, columns);
        this.poolLine(c, line);
        across.fill(0, c);
        for (let k = 4 * c; m > 0 && k < 4 * c + 4; k++) {
          const weight = weights[k]!;
          if (weight === 0) continue;
          for (let j = c, q = of[k]! * columns + c; j < columns; j++, q++) across[j]! += weight * pooled[q]!;
        }
        for (let j = i + 1; j < count; j++) {
          const other = coupled[j]!;
          const k = 4 * other;
          let sum = matrix[start + other]! + across[other]!;
          if (m > 0) {
            sum +=
              weights[k]! * line[of[k]!]! +
              weights[k + 1]! * line[of[k + 1]!]! +
              weights[k + 2]! * line[of[k + 2]!]! +
              weights[k + 3]! * line[of[k + 3]!]!;
          }
          target[to + j - first] = own * scale[other]! * sum;
        }
        const end = to + this.blocks * BLOCK - first;
        for (let q = 0; q < further; q++) target[end + q] = scale[c]! * shared.further[q * columns + c]!;
      }
    }
    return this.factor(0);
  }

  private placeOfBlock(block: number): number {
    return packedEntries(block, this.width);
  }

  private eliminate(block: number): boolean {
    const { thread, threads } = this.input;
    const { kernel, width, blocks } = this;
    const stride = width - block * BLOCK;
    const at = this.placeOfBlock(block);
    this.takeOff(kernel.matrix.subarray(at, at + BLOCK * stride), stride, BLOCK);
    const next = block + 1 + ((((thread - block - 1) % threads) + threads) % threads);
    for (let b = next; b < blocks; b += threads) {
      const skipped = (b - block) * BLOCK;
      kernel.add(stride - skipped, 0, BLOCK, this.placeOfBlock(b), skipped);
    }
    return this.factor(block + 1);
  }

  /** Makes rows of U ready to be taken off. */
  private takeOff(rows: Float32Array, stride: number, count: number): void {
    const { kernel } = this;
    kernel.rows.set(rows);
    kernel.scales.fill(-1, 0, count);
    kernel.ready(stride, count);
  }

  /** Factors a block if it is this thread's. */
  private factor(block: number): boolean {
    const { thread, threads } = this.input;
    if (block >= this.blocks || block % threads !== thread) return true;
    const { kernel, width } = this;
    const { matrix } = kernel;
    const stride = width - block * BLOCK;
    const at = this.placeOfBlock(block);
    for (let from = 0; from < BLOCK; from += PANEL) {
      const to = from + PANEL;
      const start = at + from * stride;
      if (!factorRows(matrix, stride, start, from, to)) return false;
      if (to === BLOCK) break;
      const next = start + PANEL * stride;
      this.takeOff(matrix.subarray(start, next), stride, PANEL);
      kernel.add(stride, to, BLOCK, next);
    }
    return true;
  }
}
