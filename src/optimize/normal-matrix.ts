/**
 * A Cholesky factor of the normal matrix, as preconditioner of the optimiser's Newton systems.
 *
 *     N = A' D A + E + sum_g k_g v_g v_g'        D, E diagonal
 *
 * A is not at hand as numbers, but a sample of its rows is: nearby voxels see nearly the same beamlets, so D is added up over
 * the voxels that a sample row stands for, G = B' D_B B. Float32 is enough for a preconditioner; the systems themselves are
 * solved with the operator, in Float64. From one step to the next only the rows whose curvature has changed are added anew.
 * Building and factorising are divided over the threads of an executor (`normal-thread.ts`).
 */
import { type Executor, type JobGroup, serialExecutor } from '../core/executor.js';
import { paddedSize } from './dense-kernel.js';
import { blocksOf, CHUNKS, factorBlocks, type NormalCommand, normalJob, type SharedNormal } from './normal-thread.js';
import type { Preconditioner, RankOne } from './preconditioner.js';
import { Triangle } from './triangle.js';

/** Rows of an operator that stand for all. */
export interface VoxelSample {
  /** One row after the other, Gy per unit weight. */
  readonly matrix: Float32Array;
  readonly count: number;
  /** For each row of the operator the sample row that stands for it, or -1. */
  readonly memberOf: Int32Array;
  /** Whether the rows are the operator's own, to Float32. @default false: they may be a little off */
  readonly isExact?: boolean;
}

export interface NormalOptions {
  /** @default serialExecutor */
  readonly executor?: Executor;
  /** Whether WebAssembly may be used. @default true */
  readonly isAccelerated?: boolean;
}

/** Rows whose curvature has changed by less than this fraction are left as they are. */
const STALE = 0.2;
/** Rows that add less than this fraction of what a row adds on average are left out. */
const SMALL = 1e-4;
/** A column whose own E is this many times its part of G is taken to be alone: it hardly moves, and moves no other. */
const ALONE = 1e3;
/** Columns from which on threads share the work. */
const SHARED = 256;

export class NormalMatrix implements Preconditioner {
  private readonly shared: SharedNormal;
  private readonly group: JobGroup<NormalCommand, boolean>;
  private readonly threads: number;
  /** D_B as it is in the matrix. */
  private readonly added: Float64Array;
  private readonly wanted: Float64Array;
  /** Columns that are not alone; the factor is theirs. */
  private coupledCount = 0;
  private stride = 0;
  private readonly triangle: Triangle;

  /** @param sample is kept, not copied: it must not change */
  constructor(
    private readonly sample: VoxelSample,
    private readonly columns: number,
    { executor = serialExecutor, isAccelerated = true }: NormalOptions = {},
  ) {
    const { matrix, count } = sample;
    this.threads = columns < SHARED ? 1 : Math.min(executor.threads, blocksOf(columns));
    const half = (length: number): ArrayBufferLike => executor.allocate(Math.ceil(length / 2)).buffer;
    this.shared = {
      sample: this.threads === 1 ? matrix : executor.share(matrix),
      count,
      columns,
      squares: executor.allocate(CHUNKS * columns),
      norms: executor.allocate(columns),
      rowNorms: executor.allocate(count),
      changed: new Int32Array(half(count), 0, count),
      changes: executor.allocate(count),
      diagonal: executor.allocate(columns),
      coupled: new Int32Array(half(columns), 0, columns),
      scale: executor.allocate(columns),
      factor: new Float32Array(half(paddedSize(columns) ** 2)),
    };
    this.added = new Float64Array(count);
    this.wanted = new Float64Array(count);
    this.triangle = new Triangle(columns, { isAccelerated });
    const { threads, shared } = this;
    this.group = executor.start(
      normalJob,
      Array.from({ length: threads }, (_, thread) => ({ shared, thread, threads, isAccelerated })),
    );
    this.group.run({ kind: 'columns' });
    for (let q = 0; q < shared.squares.length; q++) shared.norms[q % columns]! += shared.squares[q]!;
    for (let c = 0; c < columns; c++) shared.norms[c] = Math.sqrt(shared.norms[c]!) || 1;
    this.group.run({ kind: 'rows' });
  }

  update(
    rowDiagonal: Float64Array,
    columnDiagonal: Float64Array,
    terms: readonly RankOne[] = [],
    roughness = SMALL,
  ): boolean {
    this.addRows(rowDiagonal, Math.max(SMALL, roughness));
    this.chooseCoupled(columnDiagonal);
    // More on the diagonal until rounding leaves no pivot without sign.
    for (let shift = 1e-6; !this.tryFactor(terms, shift); shift *= 10);
    this.triangle.matrix.set(this.shared.factor.subarray(0, this.coupledCount * this.stride));
    return true;
  }

  /**
   * A' D A as its sample has it, upper half, in place of `matrix`. The factor is lost: `update` must come before `solve`.
   *
   * @param out rows of `stride`
   */
  sumOf(rowDiagonal: Float64Array, { matrix, stride: width }: { matrix: Float64Array; stride: number }): void {
    const { columns, shared } = this;
    const { norms, factor } = shared;
    this.addRows(rowDiagonal, SMALL);
    this.group.run({ kind: 'show' });
    const stride = paddedSize(columns);
    for (let i = 0; i < columns; i++)
      for (let j = i; j < columns; j++) matrix[i * width + j] = norms[i]! * norms[j]! * factor[i * stride + j]!;
  }

  /** Frees what the threads hold; the matrix cannot be updated afterwards. */
  close(): void {
    this.group.close();
  }

  private addRows(rowDiagonal: Float64Array, small: number): void {
    const { wanted, added, sample, shared } = this;
    const { memberOf, count } = sample;
    const { rowNorms, changed, changes } = shared;
    wanted.fill(0);
    for (let i = 0; i < memberOf.length; i++) if (memberOf[i]! >= 0) wanted[memberOf[i]!]! += rowDiagonal[i]!;
    let trace = 0;
    for (let r = 0; r < count; r++) trace += wanted[r]! * rowNorms[r]!;
    let filled = 0;
    for (let r = 0; r < count; r++) {
      const change = wanted[r]! - added[r]!;
      if (Math.abs(change) <= STALE * wanted[r]! || Math.abs(change) * rowNorms[r]! * count <= small * trace) continue;
      changed[filled] = r;
      changes[filled++] = change;
      added[r] = wanted[r]!;
    }
    this.group.run({ kind: 'add', count: filled });
  }

  /** Scales of all columns, and those that couple. */
  private chooseCoupled(columnDiagonal: Float64Array): void {
    const { diagonal, norms, scale, coupled } = this.shared;
    this.coupledCount = 0;
    for (let c = 0; c < this.columns; c++) {
      const shared = Math.max(0, diagonal[c]!);
      const own = columnDiagonal[c]! / norms[c]! ** 2;
      scale[c] = shared + own > 0 ? 1 / Math.sqrt(shared + own) : 1;
      if (own <= ALONE * shared) coupled[this.coupledCount++] = c;
    }
    this.stride = paddedSize(this.coupledCount);
  }

  private tryFactor(terms: readonly RankOne[], shift: number): boolean {
    const { norms, scale, coupled } = this.shared;
    const count = this.coupledCount;
    const vectors = new Float32Array(terms.length * count);
    terms.forEach(({ vector }, t) => {
      for (let i = 0; i < count; i++)
        vectors[t * count + i] = (vector[coupled[i]!]! / norms[coupled[i]!]!) * scale[coupled[i]!]!;
    });
    const scales = terms.map((term) => term.scale);
    const isWhole = (done: readonly boolean[]): boolean => done.every(Boolean);
    if (!isWhole(this.group.run({ kind: 'prepare', count, shift, terms: vectors, scales }))) return false;
    const blocks = factorBlocks(coupled.subarray(0, count), this.threads).length;
    for (let block = 0; block < blocks - 1; block++) {
      if (!isWhole(this.group.run({ kind: 'eliminate', block }))) return false;
    }
    return true;
  }

  solve(right: Float64Array, out: Float64Array): Float64Array {
    const { columns, stride, triangle } = this;
    const { norms, scale, coupled } = this.shared;
    const { x } = triangle;
    const n = this.coupledCount;
    for (let i = 0; i < n; i++) x[i] = (right[coupled[i]!]! * scale[coupled[i]!]!) / norms[coupled[i]!]!;
    x.fill(0, n);
    // Those that are alone; the others are overwritten below.
    for (let c = 0; c < columns; c++) out[c] = right[c]! * (scale[c]! / norms[c]!) ** 2;
    triangle.solve(n, stride);
    for (let i = 0; i < n; i++) out[coupled[i]!] = (x[i]! * scale[coupled[i]!]!) / norms[coupled[i]!]!;
    return out;
  }
}
