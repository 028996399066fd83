/**
 * One thread's share of a normal matrix and of its Cholesky factor: every so many blocks of rows.
 *
 * A block belongs to one thread for good. Building adds the sample's rows to the own blocks; factorising goes from block to block: its
 * owner factors it and shows it to all, and all take it off the blocks below that are theirs. Every number is computed by one thread, and
 * sums run in the same order with any number of threads.
 */
import type { JobType } from '../core/executor.js';
import { BLOCK, createDenseKernel, type DenseKernel, paddedSize } from './dense-kernel.js';

/** Rows that are factored at a time within a block. */
export const PANEL = 8;
/** Parts into which the sample's rows are cut to measure them, whatever the number of threads. */
export const CHUNKS = 8;

/** What all threads see; each writes its own part. */
export interface SharedNormal {
  /** Sample rows by columns. */
  readonly sample: Float32Array;
  readonly count: number;
  readonly columns: number;
  /** Sums of squares of each column, [chunk][column]. */
  readonly squares: Float64Array;
  /** What each column is divided by. */
  readonly norms: Float64Array;
  /** Square of each sample row, its columns divided by their norms. */
  readonly rowNorms: Float64Array;
  /** Rows whose weight changes, and by how much. */
  readonly changed: Int32Array;
  readonly changes: Float64Array;
  /** G_cc */
  readonly diagonal: Float64Array;
  /** Columns of the factor, ascending, and what every column of G is multiplied by. */
  readonly coupled: Int32Array;
  readonly scale: Float64Array;
  /** U, one row after the other, each of `stride` columns. */
  readonly factor: Float32Array;
}

export interface NormalInput {
  readonly shared: SharedNormal;
  readonly thread: number;
  readonly threads: number;
  readonly isAccelerated: boolean;
}

export type NormalCommand =
  /** Squares of the columns; then of the rows. */
  | { readonly kind: 'columns' }
  | { readonly kind: 'rows' }
  /** Adds so many of the changed rows. */
  | { readonly kind: 'add'; readonly count: number }
  /** Shows G in place of the factor. */
  | { readonly kind: 'show' }
  /** Takes so many coupled columns of G with ones and the shift on the diagonal, adds terms, factors the first block. */
  | {
      readonly kind: 'prepare';
      readonly count: number;
      readonly shift: number;
      readonly terms: Float32Array;
      readonly scales: readonly number[];
    }
  /** Takes a factored block off those below and factors the next. */
  | { readonly kind: 'eliminate'; readonly block: number };

/** Rows [first, end) of the factor, which belong to one block of columns, and where a thread keeps them. */
interface FactorBlock {
  readonly owner: number;
  readonly first: number;
  readonly end: number;
  readonly at: number;
}

/** Answers false where a pivot is lost to rounding. */
export const normalJob: JobType<NormalInput, NormalCommand, boolean> = {
  name: 'normal matrix',
  create(input) {
    const thread = new NormalThread(input);
    return (command) => thread.run(command);
  },
};

/** Blocks of a matrix's rows. */
export const blocksOf = (rows: number): number => Math.ceil(rows / BLOCK);

class NormalThread {
  private readonly capacity: number;
  private readonly normal: DenseKernel;
  private readonly kernel: DenseKernel;
  private blocks: readonly FactorBlock[] = [];
  private stride = 0;

  constructor(private readonly input: NormalInput) {
    const { shared, thread, threads, isAccelerated } = input;
    this.capacity = paddedSize(shared.columns);
    const own = Math.ceil((blocksOf(shared.columns) - thread) / threads);
    this.normal = createDenseKernel(this.capacity, { rows: BLOCK * own, isAccelerated });
    this.kernel = createDenseKernel(this.capacity, { rows: BLOCK * own, isAccelerated });
  }

  run(command: NormalCommand): boolean {
    if (command.kind === 'columns') this.squareColumns();
    else if (command.kind === 'rows') this.squareRows();
    else if (command.kind === 'add') this.add(command.count);
    else if (command.kind === 'show') this.show();
    else if (command.kind === 'prepare') return this.prepare(command);
    else return this.eliminate(command.block);
    return true;
  }

  private squareColumns(): void {
    const { shared, thread, threads } = this.input;
    const { sample, count, columns, squares } = shared;
    for (let chunk = thread; chunk < CHUNKS; chunk += threads) {
      const [from, to] = [Math.floor((count * chunk) / CHUNKS), Math.floor((count * (chunk + 1)) / CHUNKS)];
      const sums = squares.subarray(chunk * columns, (chunk + 1) * columns);
      for (let r = from, q = from * columns; r < to; r++)
        for (let c = 0; c < columns; c++, q++) sums[c]! += sample[q]! ** 2;
    }
  }

  private squareRows(): void {
    const { shared, thread, threads } = this.input;
    const { sample, count, columns, norms, rowNorms } = shared;
    const inverseNorms = norms.map((norm) => 1 / norm);
    this.normal.columnScales.set(inverseNorms);
    for (let r = thread; r < count; r += threads) {
      let sum = 0;
      for (let c = 0, q = r * columns; c < columns; c++, q++) sum += (sample[q]! * inverseNorms[c]!) ** 2;
      rowNorms[r] = sum;
    }
  }

  private add(count: number): void {
    const { capacity, normal } = this;
    const { shared, thread, threads } = this.input;
    const { sample, columns, changed, changes, diagonal } = shared;
    const { rows, scales, matrix } = normal;
    const blocks = blocksOf(columns);
    for (let from = 0; from < count; from += BLOCK) {
      const filled = Math.min(BLOCK, count - from);
      for (let q = 0; q < filled; q++) {
        const row = changed[from + q]! * columns;
        rows.set(sample.subarray(row, row + columns), q * capacity);
        scales[q] = changes[from + q]!;
      }
      normal.ready(capacity, filled);
      for (let block = thread, own = 0; block < blocks; block += threads, own++) {
        const first = block * BLOCK;
        normal.add(capacity, first, Math.min(capacity, first + BLOCK), own * BLOCK * capacity);
      }
    }
    for (let block = thread, own = 0; block < blocks; block += threads, own++) {
      for (
        let c = block * BLOCK, at = own * BLOCK * capacity;
        c < Math.min(columns, (block + 1) * BLOCK);
        c++, at += capacity
      ) {
        diagonal[c] = matrix[at + c]!;
      }
    }
  }

  private show(): void {
    const { capacity, normal } = this;
    const { shared, thread, threads } = this.input;
    const blocks = blocksOf(shared.columns);
    for (let block = thread, own = 0; block < blocks; block += threads, own++) {
      const [first, end] = [block * BLOCK, Math.min(shared.columns, (block + 1) * BLOCK)];
      const at = own * BLOCK * capacity;
      shared.factor.set(normal.matrix.subarray(at, at + (end - first) * capacity), first * capacity);
    }
  }

  private prepare({ count, shift, terms, scales }: NormalCommand & { kind: 'prepare' }): boolean {
    const { capacity, normal, kernel } = this;
    const { shared, thread, threads } = this.input;
    const { coupled, scale } = shared;
    this.stride = paddedSize(count);
    const { stride } = this;
    this.blocks = factorBlocks(coupled.subarray(0, count), threads);
    const { matrix: target } = kernel;
    const { matrix: source } = normal;
    const isWhole = count === shared.columns;
    const columnScales = Float64Array.from(coupled.subarray(0, count), (c) => scale[c]!);
    for (const { owner, first, end, at } of this.blocks) {
      if (owner !== thread) continue;
      for (let i = first, to = at * stride; i < end; i++, to += stride) {
        const c = coupled[i]!;
        const from = (Math.floor(c / BLOCK / threads) * BLOCK + (c % BLOCK)) * capacity;
        const s = columnScales[i]!;
        // What lies left of the diagonal is not read, but must not be NaN.
        target.fill(0, to, to + i);
        target[to + i] = 1 + shift;
        if (isWhole) for (let j = i + 1; j < count; j++) target[to + j] = s * columnScales[j]! * source[from + j]!;
        else for (let j = i + 1; j < count; j++) target[to + j] = s * columnScales[j]! * source[from + coupled[j]!]!;
        target.fill(0, to + count, to + stride);
      }
    }
    for (let from = 0; from < scales.length; from += BLOCK) {
      const filled = Math.min(BLOCK, scales.length - from);
      for (let q = 0; q < filled; q++) {
        kernel.rows.fill(0, q * stride, (q + 1) * stride);
        kernel.rows.set(terms.subarray((from + q) * count, (from + q + 1) * count), q * stride);
        kernel.scales[q] = scales[from + q]!;
      }
      kernel.ready(stride, filled);
      this.addToOwn(0);
    }
    return this.factor(0);
  }

  private eliminate(block: number): boolean {
    const { stride } = this;
    const { first, end } = this.blocks[block]!;
    this.takeOff(this.input.shared.factor.subarray(first * stride, end * stride));
    this.addToOwn(block + 1);
    return this.factor(block + 1);
  }

  /** Makes rows of U ready to be taken off. */
  private takeOff(rows: Float32Array): void {
    const { kernel, stride } = this;
    const count = rows.length / stride;
    kernel.rows.set(rows);
    kernel.scales.fill(-1, 0, count);
    kernel.ready(stride, count);
  }

  /** The panel made ready to the own blocks from one on. */
  private addToOwn(from: number): void {
    const { kernel, stride } = this;
    for (let b = from; b < this.blocks.length; b++) {
      const { owner, first, end, at } = this.blocks[b]!;
      if (owner === this.input.thread) kernel.add(stride, first, end, at * stride);
    }
  }

  /** Factors a block if it is this thread's, and shows it. */
  private factor(block: number): boolean {
    const own = this.blocks[block];
    if (own?.owner !== this.input.thread) return true;
    const { kernel, stride } = this;
    const { matrix } = kernel;
    const { first, end, at } = own;
    for (let from = first; from < end; from += PANEL) {
      const to = Math.min(end, from + PANEL);
      const start = (at + from - first) * stride;
      if (!factorRows(matrix, stride, start, from, to)) return false;
      if (to === end) break;
      const next = start + PANEL * stride;
      this.takeOff(matrix.subarray(start, next));
      kernel.add(stride, to, end, next);
    }
    this.input.shared.factor.set(matrix.subarray(at * stride, (at + end - first) * stride), first * stride);
    return true;
  }
}

/** The coupled columns by the block that they belong to. */
export function factorBlocks(coupled: Int32Array, threads: number): FactorBlock[] {
  const blocks: FactorBlock[] = [];
  const rows = new Int32Array(threads);
  for (let first = 0; first < coupled.length; ) {
    const block = Math.floor(coupled[first]! / BLOCK);
    let end = first;
    while (end < coupled.length && coupled[end]! < (block + 1) * BLOCK) end++;
    const owner = block % threads;
    blocks.push({ owner, first, end, at: rows[owner]! });
    rows[owner]! += end - first;
    first = end;
  }
  return blocks;
}

/** The rows [from, to) of U, kept from `start` on, from what the rows above have left of them. */
export function factorRows(matrix: Float32Array, stride: number, start: number, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const row = start + (i - from) * stride;
    for (let above = start; above < row; above += stride) {
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
