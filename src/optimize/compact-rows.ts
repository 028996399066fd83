/**
 * Rows of an operator in a form that grows with what a row reaches, not with the number of columns.
 *
 *     a  ~  s + P t        s: few entries;  t: one value per pool of columns;  P: columns between their pools' places, linearly
 *
 * Of a beam a voxel sees few beamlets well and all others a little, by scatter that varies slowly over the field. The slow part is kept at
 * pools some beamlets apart, and what then is left is zero but near the voxel's own ray. An entry is two bytes: how many columns it lies behind the
 * one before, and the root of its fraction of the row's largest ({@link decoded}), so that small ones keep their digits. A preconditioner needs no
 * more: what is left out below {@link KEPT} is as much. Proofs and products never rest on these rows.
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
  /** Columns from the entry before, of a row's first from column 0; a step of {@link LONGEST} with the value 0 goes on. */
  readonly entrySteps: Uint8Array;
  readonly entryValues: Int8Array;
  /** What a row's values are multiplied by once {@link decoded}. */
  readonly entryScales: Float32Array;
  /** [row][pool] */
  readonly tails: Int8Array;
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
const CHUNK = 4e6;
/** Rows that tell how large entries are. */
const PROBED = 512;
/** Largest value and step of an entry. */
const LARGEST = 127;
export const LONGEST = 255;

/** The number that a value of entry or tail stands for, in units of its scale. */
export const decoded = (value: number): number => value * Math.abs(value);

/** The value that stands for a number, given its row's largest. */
const encoded = (x: number, largest: number): number =>
  Math.sign(x) * Math.round(LARGEST * Math.sqrt(Math.abs(x) / largest));

/** Scale of a row whose largest number is known. */
const scaleOf = (largest: number): number => largest / LARGEST ** 2;

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
  const { columns } = reader;
  const atOnce = Math.max(1, Math.floor(CHUNK / columns));
  let largest = 0;
  for (let first = 0; first < probed.length; first += atOnce) {
    const some = probed.subarray(first, first + atOnce);
    const matrix = reader.readRows(some);
    for (let q = 0; q < some.length * columns; q++) if (matrix[q]! > largest) largest = matrix[q]!;
  }
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
  const { tails, tailScales } = compressTails(reader.readTails(rows), count, pools.count, executor);
  const matrix = reader.readRows(rows);
  const entryStarts = new Int32Array(count + 1);
  const line = new Float32Array(columns);
  const ofPools = new Float32Array(pools.count);
  // First the differences, in place: what is not kept becomes zero.
  let total = 0;
  const squares = new Float64Array(count);
  const entryScales = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    for (let p = 0; p < pools.count; p++) ofPools[p] = tailScales[r]! * decoded(tails[r * pools.count + p]!);
    smoothLine(pools, ofPools, line);
    let largest = 0;
    let last = 0;
    for (let c = 0, q = r * columns; c < columns; c++, q++) {
      const left = matrix[q]! - line[c]!;
      const size = Math.abs(left);
      if (size > floor) {
        total += 1 + longSteps(c - last);
        last = c;
        squares[r]! += matrix[q]! ** 2;
        matrix[q] = left;
        if (size > largest) largest = size;
      } else matrix[q] = 0;
    }
    entryScales[r] = scaleOf(largest);
    entryStarts[r + 1] = total;
  }
  const entrySteps = new Uint8Array(sharedBytes(executor, total), 0, total);
  const entryValues = new Int8Array(sharedBytes(executor, total), 0, total);
  for (let r = 0, at = 0; r < count; r++) {
    const largest = entryScales[r]! * LARGEST ** 2;
    let last = 0;
    for (let c = 0, q = r * columns; c < columns; c++, q++) {
      if (matrix[q] === 0) continue;
      for (let k = longSteps(c - last); k > 0; k--) {
        entrySteps[at++] = LONGEST;
        last += LONGEST;
      }
      entrySteps[at] = c - last;
      // Rounding of the scale must not lead beyond the largest value.
      entryValues[at++] = Math.max(-LARGEST, Math.min(LARGEST, encoded(matrix[q]!, largest)));
      last = c;
    }
  }
  const starts = own.map((start) => start - own[0]!);
  const reached = largestReach(starts, entryStarts, entrySteps, entryValues, columns);
  const part = {
    firstRow: own[0]!,
    count,
    starts: executor.share(starts),
    entryStarts: executor.share(entryStarts),
    entrySteps,
    entryValues,
    entryScales: executor.share(entryScales),
    tails,
    tailScales,
  };
  return { part, squares, reached };
}

/** Steps of the longest kind before one that is as long as an entry can tell. */
const longSteps = (columns: number): number => Math.max(0, Math.ceil(columns / LONGEST) - 1);

/** Memory that all threads see. */
export const sharedBytes = (executor: Executor, bytes: number): ArrayBufferLike =>
  executor.allocate(Math.ceil(bytes / 8)).buffer;

function smoothLine({ of, weights, count }: Pools, tails: Float32Array, out: Float32Array): void {
  if (count === 0) return;
  for (let c = 0, q = 0; c < out.length; c++, q += 4) {
    out[c] =
      weights[q]! * tails[of[q]!]! +
      weights[q + 1]! * tails[of[q + 1]!]! +
      weights[q + 2]! * tails[of[q + 2]!]! +
      weights[q + 3]! * tails[of[q + 3]!]!;
  }
}

function compressTails(
  values: Float32Array,
  count: number,
  width: number,
  executor: Executor,
): Pick<CompactPart, 'tails' | 'tailScales'> {
  const tails = new Int8Array(sharedBytes(executor, count * width), 0, count * width);
  const tailScales = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    let largest = 0;
    for (let q = r * width; q < (r + 1) * width; q++) largest = Math.max(largest, Math.abs(values[q]!));
    tailScales[r] = scaleOf(largest);
    if (largest === 0) continue;
    for (let q = r * width; q < (r + 1) * width; q++) tails[q] = encoded(values[q]!, largest);
  }
  return { tails, tailScales: executor.share(tailScales) };
}

/** The most columns that the rows of one cluster reach. */
function largestReach(
  starts: Int32Array,
  entryStarts: Int32Array,
  entrySteps: Uint8Array,
  entryValues: Int8Array,
  columns: number,
): number {
  const seen = new Int32Array(columns).fill(-1);
  let widest = 0;
  for (let k = 0; k + 1 < starts.length; k++) {
    let reached = 0;
    for (let r = starts[k]!; r < starts[k + 1]!; r++) {
      for (let q = entryStarts[r]!, c = 0; q < entryStarts[r + 1]!; q++) {
        c += entrySteps[q]!;
        if (entryValues[q] === 0 || seen[c] === k) continue;
        seen[c] = k;
        reached++;
      }
    }
    widest = Math.max(widest, reached);
  }
  return widest;
}
