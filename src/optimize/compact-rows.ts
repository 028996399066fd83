/**
 * Rows of an operator in a form that grows with what a row reaches, not with the number of columns.
 *
 *     a  ~  s + P t        s: few entries;  t: one value per pool of columns;  P: columns between their pools' places, linearly
 *
 * Of a beam a voxel sees few beamlets well and all others a little, by scatter that varies slowly over the field. The slow part is kept at
 * pools some beamlets apart, and what then is left is zero but near the voxel's own ray. Values are 16-bit fractions of their row's largest: a
 * preconditioner needs no more. Proofs and products never rest on these rows.
 */
import { type Executor, serialExecutor } from '../core/executor.js';

/** Places of a smooth part: every column lies between four of them. */
export interface Pools {
  readonly count: number;
  /** [column][4] */
  readonly of: Int32Array;
  /** [column][4], adding up to 1 where there are pools */
  readonly weights: Float32Array;
}

/** Reads an operator's rows as numbers. */
export interface RowReader {
  readonly columns: number;
  readonly pools: Pools;
  /** The rows, [which][column], Gy per unit weight; what is returned may be overwritten by the next call. */
  readRows(which: Int32Array): Float32Array;
  /** Their smooth parts at the pools, [which][pool]. */
  readTails(which: Int32Array): Float32Array;
}

/** The operator's rows that are read, neighbours side by side. */
export interface RowClusters {
  readonly rows: Int32Array;
  /** Where each cluster of `rows` starts, and the end. */
  readonly starts: Int32Array;
  /** For each row of the operator the index in `rows` of the one that stands for it, or -1. */
  readonly memberOf: Int32Array;
}

/** Some clusters' rows. */
export interface CompactPart {
  /** Rows and clusters before it. */
  readonly firstRow: number;
  readonly firstCluster: number;
  readonly count: number;
  /** Of each cluster in the part, and the end; rows of the part. */
  readonly starts: Int32Array;
  /** Entries of each row: [starts, next). */
  readonly entryStarts: Int32Array;
  readonly entryColumns: Int32Array | Uint16Array;
  readonly entryValues: Int16Array;
  /** What a row's values are multiplied by. */
  readonly entryScales: Float32Array;
  /** [row][pool] */
  readonly tails: Int16Array;
  readonly tailScales: Float32Array;
}

export interface CompactRows {
  readonly columns: number;
  readonly count: number;
  readonly clusters: number;
  readonly pools: Pools;
  readonly memberOf: Int32Array;
  readonly parts: readonly CompactPart[];
  /** Columns that the rows of one cluster reach, at most. */
  readonly widest: number;
  /** Sum of the squares of each row's entries. */
  readonly squares: Float64Array;
  /** About the largest entry: scales are in units of it. */
  readonly unit: number;
}

/** What is left of an entry is kept from this fraction of the largest entry on. */
const KEPT = 2e-3;
/** Entries of the rows that are read at a time. */
const CHUNK = 8e6;
/** Rows that tell how large entries are. */
const PROBED = 512;
const LARGEST = 32767;

/** @param kept what is left of an entry is kept from this fraction of the largest one on */
export function compactRows(
  reader: RowReader,
  { rows, starts, memberOf }: RowClusters,
  { executor = serialExecutor, kept = KEPT }: { readonly executor?: Executor; readonly kept?: number } = {},
): CompactRows {
  const { columns, pools } = reader;
  const unit = largestEntry(reader, rows) || 1;
  const squares = new Float64Array(rows.length);
  const parts: CompactPart[] = [];
  const clusters = starts.length - 1;
  let widest = 0;
  for (let first = 0; first < clusters; ) {
    let end = first + 1;
    while (end < clusters && (starts[end + 1]! - starts[first]!) * columns <= CHUNK) end++;
    const own = starts.subarray(first, end + 1);
    const compressed = compressPart(reader, rows.subarray(own[0]!, own[own.length - 1]!), own, kept * unit, executor);
    const { part, reached } = compressed;
    squares.set(compressed.squares, own[0]!);
    widest = Math.max(widest, reached);
    parts.push({ ...part, firstCluster: first });
    first = end;
  }
  return { columns, count: rows.length, clusters, pools, memberOf, parts, widest, squares, unit };
}

function largestEntry(reader: RowReader, rows: Int32Array): number {
  const step = Math.max(1, Math.floor(rows.length / PROBED));
  const probed = rows.filter((_, q) => q % step === 0);
  const matrix = reader.readRows(probed);
  let largest = 0;
  for (let q = 0; q < probed.length * reader.columns; q++) if (matrix[q]! > largest) largest = matrix[q]!;
  return largest;
}

function compressPart(
  reader: RowReader,
  rows: Int32Array,
  own: Int32Array,
  floor: number,
  executor: Executor,
): { part: Omit<CompactPart, 'firstCluster'>; squares: Float64Array; reached: number } {
  const { columns, pools } = reader;
  const count = rows.length;
  const tails = reader.readTails(rows);
  const matrix = reader.readRows(rows);
  const entryStarts = new Int32Array(count + 1);
  const line = new Float32Array(columns);
  // First the differences, in place: what is not kept becomes zero.
  let total = 0;
  const squares = new Float64Array(count);
  const entryScales = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    smoothLine(pools, tails, r * pools.count, line);
    let largest = 0;
    for (let c = 0, q = r * columns; c < columns; c++, q++) {
      const left = matrix[q]! - line[c]!;
      const size = Math.abs(left);
      if (size > floor) {
        total++;
        squares[r]! += matrix[q]! ** 2;
        matrix[q] = left;
        if (size > largest) largest = size;
      } else matrix[q] = 0;
    }
    entryScales[r] = largest / LARGEST;
    entryStarts[r + 1] = total;
  }
  const entryColumns = new Uint16Array(sharedBytes(executor, 2 * total), 0, total);
  const entryValues = new Int16Array(sharedBytes(executor, 2 * total), 0, total);
  for (let r = 0, at = 0; r < count; r++) {
    const inverse = 1 / entryScales[r]!;
    for (let c = 0, q = r * columns; c < columns; c++, q++) {
      if (matrix[q] === 0) continue;
      entryColumns[at] = c;
      entryValues[at++] = Math.round(matrix[q]! * inverse);
    }
  }
  const starts = own.map((start) => start - own[0]!);
  const reached = largestReach(starts, entryStarts, entryColumns, columns);
  const fractions = fractionsOf(tails, count, pools.count, executor);
  const part = {
    firstRow: own[0]!,
    count,
    starts: executor.share(starts),
    entryStarts: executor.share(entryStarts),
    entryColumns,
    entryValues,
    entryScales: executor.share(entryScales),
    ...fractions,
  };
  return { part, squares, reached };
}

/** Memory that all threads see. */
export const sharedBytes = (executor: Executor, bytes: number): ArrayBufferLike =>
  executor.allocate(Math.ceil(bytes / 8)).buffer;

function smoothLine({ of, weights, count }: Pools, tails: Float32Array, at: number, out: Float32Array): void {
  if (count === 0) return;
  for (let c = 0, q = 0; c < out.length; c++, q += 4) {
    out[c] =
      weights[q]! * tails[at + of[q]!]! +
      weights[q + 1]! * tails[at + of[q + 1]!]! +
      weights[q + 2]! * tails[at + of[q + 2]!]! +
      weights[q + 3]! * tails[at + of[q + 3]!]!;
  }
}

function fractionsOf(
  values: Float32Array,
  count: number,
  width: number,
  executor: Executor,
): { tails: Int16Array; tailScales: Float32Array } {
  const tails = new Int16Array(sharedBytes(executor, 2 * count * width), 0, count * width);
  const tailScales = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    let largest = 0;
    for (let q = r * width; q < (r + 1) * width; q++) largest = Math.max(largest, Math.abs(values[q]!));
    tailScales[r] = largest / LARGEST;
    if (largest === 0) continue;
    for (let q = r * width; q < (r + 1) * width; q++) tails[q] = Math.round((values[q]! / largest) * LARGEST);
  }
  return { tails, tailScales: executor.share(tailScales) };
}

/** The most columns that the rows of one cluster reach. */
function largestReach(starts: Int32Array, entryStarts: Int32Array, entryColumns: Uint16Array, columns: number): number {
  const seen = new Int32Array(columns).fill(-1);
  let widest = 0;
  for (let k = 0; k + 1 < starts.length; k++) {
    let reached = 0;
    for (let q = entryStarts[starts[k]!]!; q < entryStarts[starts[k + 1]!]!; q++) {
      const c = entryColumns[q]!;
      if (seen[c] === k) continue;
      seen[c] = k;
      reached++;
    }
    widest = Math.max(widest, reached);
  }
  return widest;
}
