/**
 * A preconditioner for many columns: the normal matrix of compact rows, with the stiffest rows as the operator has them.
 *
 *     N = A' D A + E + sum_g k_g v_g v_g'
 *
 * The normal matrix of all rows as numbers takes rows times columns squared to build, and rows times columns to hold. Here rows are few
 * entries and a smooth rest (`compact-rows.ts`), taken in clusters of neighbours, which reach few columns: the cost of building grows with the
 * rows alone. What is left that grows faster are the factor, with the cube of the columns that couple, and its memory, with their square.
 *
 * Near the end a few constraints are 10^5 times as stiff as all else; in Float32 they would leave nothing of the other rows. Those rows are read
 * exactly, left out of the factor and put in afterwards in Float64 (`packed-factor.ts`).
 *
 * Building and factorising are divided over the threads of an executor (`compact-thread.ts`); the result does not depend on their number.
 */
import { type JobGroup, serialExecutor } from '../core/executor.js';
import { giveBackSharedMemory } from '../core/wasm.js';
import { type CompactRows, sharedBytes } from './compact-rows.js';
import { type CompactCommand, compactJob, packedStart, type SharedCompact } from './compact-thread.js';
import { BLOCK, paddedSize } from './dense-kernel.js';
import { factorMemory } from './factor-memory.js';
import type { NormalOptions } from './normal-matrix.js';
import { PackedFactor } from './packed-factor.js';
import type { Preconditioner, RankOne } from './preconditioner.js';

/** Rows whose curvature has changed by less than this fraction are left as they are. */
const STALE = 0.2;
/** Rows that add less than this fraction of what a row adds on average are left out. */
const SMALL = 1e-4;
/** A column whose own E is this many times its part of N is taken to be alone: it hardly moves, and moves no other. */
const ALONE = 1e3;
/** Stiff rows and terms, at most. */
export const FURTHER = 256;
/** A row is stiff that has this many times the curvature of the one after the last that could be. */
const STIFF = 20;
/** Residual at which a system is solved: products are few. */
const SOLVED = 1e-6;
/** Threads whose clusters are made at a time: each needs memory for one. */
const SLOTS = 8;

export interface CompactOptions extends NormalOptions {
  /** Rows of the operator as they are, [which][column]; what is returned may be overwritten. */
  readonly readRows: (which: Int32Array) => Float32Array;
}

export class CompactNormal implements Preconditioner {
  readonly solved = SOLVED;
  private readonly shared: SharedCompact;
  private readonly group: JobGroup<CompactCommand, number>;
  private readonly threads: number;
  private readonly slots: number;
  private readonly added: Float64Array;
  private readonly wanted: Float64Array;
  private readonly factor: PackedFactor;
  private readonly readRows: CompactOptions['readRows'];
  private coupledCount = 0;
  private further = 0;
  private isClosed = false;

  /** @param rows are kept, not copied */
  constructor(
    private readonly rows: CompactRows,
    { executor = serialExecutor, isAccelerated = true, readRows }: CompactOptions,
  ) {
    const { columns, count, clusters, pools, memberOf, widest } = rows;
    this.readRows = readRows;
    this.threads = executor.threads;
    this.slots = Math.min(SLOTS, this.threads);
    const { threads } = this;
    const floats = (length: number): Float32Array => new Float32Array(sharedBytes(executor, 4 * length), 0, length);
    const integers = (length: number): Int32Array => new Int32Array(sharedBytes(executor, 4 * length), 0, length);
    const blocks = Math.ceil(columns / BLOCK);
    const cluster = widest + pools.count;
    const factor = factorMemory(
      executor,
      { blocks, columns: BLOCK * blocks + paddedSize(FURTHER), cluster, slots: this.slots },
      isAccelerated,
    );
    this.shared = {
      rows: {
        columns,
        clusters,
        pools: { ...pools, of: executor.share(pools.of), weights: executor.share(pools.weights) },
        parts: rows.parts,
        widest,
        unit: rows.unit,
      },
      matrix: floats(packedStart(columns, columns) + columns),
      pooled: floats(pools.count * columns),
      ofPools: floats(pools.count ** 2),
      diagonal: executor.allocate(columns),
      changes: executor.allocate(count),
      changed: integers(clusters),
      slots: Array.from({ length: this.slots }, () => integers(cluster)),
      coupled: integers(columns),
      scale: executor.allocate(columns),
      further: floats(FURTHER * columns),
      factor,
    };
    this.added = new Float64Array(count);
    this.wanted = new Float64Array(count);
    this.factor = new PackedFactor(factor, blocks);
    this.clusterOf = clusterOfRows(rows);
    this.members = memberOf;
    const { shared } = this;
    this.group = executor.start(
      compactJob,
      Array.from({ length: threads }, (_, thread) => ({ shared, thread, threads })),
    );
  }

  private readonly clusterOf: Int32Array;
  private readonly members: Int32Array;

  update(
    rowDiagonal: Float64Array,
    columnDiagonal: Float64Array,
    terms: readonly RankOne[] = [],
    roughness = SMALL,
    isOver: () => boolean = () => false,
  ): boolean {
    const stiff = stiffRows(rowDiagonal, Math.max(0, FURTHER - terms.length));
    if (!this.addRows(rowDiagonal, stiff, Math.max(SMALL, roughness), isOver)) return false;
    this.placeFurther(rowDiagonal, stiff, terms);
    this.chooseCoupled(columnDiagonal);
    // More on the diagonal until rounding leaves no pivot without sign.
    for (let shift = 1e-6; ; shift *= 10) {
      const made = this.tryFactor(shift, isOver);
      if (made !== 'lost') return made === 'made';
    }
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.group.close();
    const { memory, isShared } = this.shared.factor;
    if (memory && isShared) giveBackSharedMemory(memory);
  }

  private addRows(rowDiagonal: Float64Array, stiff: Int32Array, small: number, isOver: () => boolean): boolean {
    const { wanted, added, shared, members, rows, clusterOf } = this;
    const { changes, changed } = shared;
    wanted.fill(0);
    for (let i = 0; i < members.length; i++) if (members[i]! >= 0) wanted[members[i]!]! += rowDiagonal[i]!;
    for (const row of stiff) if (members[row]! >= 0) wanted[members[row]!]! -= rowDiagonal[row]!;
    let trace = 0;
    for (let r = 0; r < rows.count; r++) {
      wanted[r] = Math.max(0, wanted[r]!);
      trace += wanted[r]! * rows.squares[r]!;
    }
    changes.fill(0);
    let filled = 0;
    for (let r = 0; r < rows.count; r++) {
      const change = wanted[r]! - added[r]!;
      const isSmall = Math.abs(change) * rows.squares[r]! * rows.count <= small * trace;
      if (Math.abs(change) <= STALE * wanted[r]! || isSmall) continue;
      changes[r] = change;
      const cluster = clusterOf[r]!;
      if (filled === 0 || changed[filled - 1] !== cluster) changed[filled++] = cluster;
    }
    for (let first = 0; first < filled; first += this.slots) {
      if (isOver()) return false;
      const end = Math.min(filled, first + this.slots);
      const slots = this.group.run({ kind: 'cluster', first, end });
      this.group.run({ kind: 'add', slots: slots.slice(0, end - first) });
      for (let k = first; k < end; k++) this.noteAdded(changed[k]!);
    }
    this.group.run({ kind: 'pools' });
    this.group.run({ kind: 'diagonal' });
    return true;
  }

  private noteAdded(cluster: number): void {
    const { rows, added, wanted, shared } = this;
    const part = rows.parts.findLast(({ firstCluster }) => firstCluster <= cluster)!;
    const k = cluster - part.firstCluster;
    for (let r = part.firstRow + part.starts[k]!; r < part.firstRow + part.starts[k + 1]!; r++) {
      if (shared.changes[r] !== 0) added[r] = wanted[r]!;
    }
  }

  /** Stiff rows and terms, each times the root of its curvature. */
  private placeFurther(rowDiagonal: Float64Array, stiff: Int32Array, terms: readonly RankOne[]): void {
    const { columns } = this.rows;
    const { further } = this.shared;
    const matrix = stiff.length > 0 ? this.readRows(stiff) : undefined;
    stiff.forEach((row, q) => {
      const root = Math.sqrt(rowDiagonal[row]!);
      for (let c = 0, at = q * columns; c < columns; c++, at++) further[at] = root * matrix![at]!;
    });
    const placed = terms.slice(0, FURTHER - stiff.length);
    placed.forEach(({ vector, scale }, t) => {
      const root = Math.sqrt(scale);
      for (let c = 0, at = (stiff.length + t) * columns; c < columns; c++, at++) further[at] = root * vector[c]!;
    });
    this.further = stiff.length + placed.length;
  }

  /** Scales of all columns, and those that couple. */
  private chooseCoupled(columnDiagonal: Float64Array): void {
    const { diagonal, scale, coupled, further } = this.shared;
    const { columns } = this.rows;
    const ofFurther = new Float64Array(columns);
    for (let q = 0, at = 0; q < this.further; q++)
      for (let c = 0; c < columns; c++, at++) ofFurther[c]! += further[at]! ** 2;
    this.coupledCount = 0;
    for (let c = 0; c < columns; c++) {
      const part = Math.max(0, diagonal[c]!);
      const own = columnDiagonal[c]!;
      const isCoupled = own <= ALONE * (part + ofFurther[c]!);
      const sum = part + own + (isCoupled ? 0 : ofFurther[c]!);
      scale[c] = sum > 0 ? 1 / Math.sqrt(sum) : 1;
      if (isCoupled) coupled[this.coupledCount++] = c;
    }
  }

  private tryFactor(shift: number, isOver: () => boolean): 'made' | 'lost' | 'given up' {
    const { coupledCount: count, further, factor } = this;
    const blocks = Math.ceil(count / BLOCK);
    factor.begin(blocks, further, blocks * BLOCK + paddedSize(further));
    for (let block = 0; block < blocks; block++) {
      if (isOver()) return 'given up';
      const command: CompactCommand =
        block === 0 ? { kind: 'prepare', count, further, shift } : { kind: 'eliminate', block: block - 1 };
      if (this.group.run(command).includes(0)) return 'lost';
      factor.take(block);
    }
    factor.finish();
    return 'made';
  }

  solve(right: Float64Array, out: Float64Array): Float64Array {
    const { scale, coupled } = this.shared;
    const { x } = this.factor;
    const n = this.coupledCount;
    for (let i = 0; i < n; i++) x[i] = right[coupled[i]!]! * scale[coupled[i]!]!;
    x.fill(0, n);
    // Those that are alone; the others are overwritten below.
    for (let c = 0; c < out.length; c++) out[c] = right[c]! * scale[c]! ** 2;
    this.factor.solve();
    for (let i = 0; i < n; i++) out[coupled[i]!] = x[i]! * scale[coupled[i]!]!;
    return out;
  }
}

/** Rows that have many times the curvature of all but the stiffest few, by number. */
export function stiffRows(rowDiagonal: Float64Array, largestCount: number): Int32Array {
  if (largestCount <= 0) return new Int32Array(0);
  const sorted = rowDiagonal.slice().sort();
  const after = sorted.length - 1 - largestCount;
  const least = after >= 0 ? STIFF * sorted[after]! : Number.POSITIVE_INFINITY;
  const stiff: number[] = [];
  rowDiagonal.forEach((d, row) => {
    if (d > least) stiff.push(row);
  });
  return Int32Array.from(stiff);
}

function clusterOfRows({ parts, count }: CompactRows): Int32Array {
  const clusterOf = new Int32Array(count);
  for (const { firstRow, firstCluster, starts } of parts) {
    for (let k = 0; k + 1 < starts.length; k++)
      clusterOf.fill(firstCluster + k, firstRow + starts[k]!, firstRow + starts[k + 1]!);
  }
  return clusterOf;
}
