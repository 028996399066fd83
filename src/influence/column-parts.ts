/**
 * The influence of one beam after the other as compressed columns, in the precision that is asked for, with what is left out of every row.
 *
 * Only the entries that are kept are held: each beam's operator goes before the next one comes. Columns are read once; `buildMatrix`,
 * whose arrays are of one piece, reads them twice.
 */
import { InvalidInputError } from '../core/errors.js';
import type { ColumnSource } from './matrix.js';

/** How entries are kept. */
export interface ColumnOptions {
  /** Entries below this fraction of their column's largest are left out; 0: every entry that is not zero is kept. */
  readonly threshold: number;
  readonly precision: 'float32' | 'float64';
  /** Entries, at most, of all beams together. */
  readonly maxEntries: number;
}

/** Some columns: how many entries each has, their rows, rising, and their values, Gy per monitor unit. */
export interface ColumnPart {
  readonly counts: Int32Array;
  readonly rowIndex: Int32Array;
  readonly values: Float32Array | Float64Array;
}

/** The columns of all beams, with the sums of every row over all of them. */
export interface ColumnParts {
  readonly parts: readonly ColumnPart[];
  /** Sum of each row with nothing left out: its dose when every weight is one monitor unit, Gy. */
  readonly sums: Float64Array;
  /** Of that, what was left out. */
  readonly leftOut: Float64Array;
}

/**
 * @param operators one per beam, of the same rows, in order; each is asked for when its turn comes
 * @throws {InvalidInputError} if more entries than `maxEntries` are kept
 */
export function compressColumns(operators: Iterable<ColumnSource>, rows: number, options: ColumnOptions): ColumnParts {
  const sums = new Float64Array(rows);
  const leftOut = new Float64Array(rows);
  const parts: ColumnPart[] = [];
  let entries = 0;
  for (const operator of operators) {
    const part = compressOne(operator, options, sums, leftOut);
    parts.push(part);
    entries += part.rowIndex.length;
    if (entries > options.maxEntries) {
      const count = (n: number): string => `${(n / 1e6).toPrecision(3)} million`;
      throw new InvalidInputError(
        `influence: the first ${parts.length} beams alone have ${count(entries)} entries, more than ${count(options.maxEntries)}. Cut more, export fewer voxels, use fewer beamlets, or raise maxEntries.`,
      );
    }
  }
  return { parts, sums, leftOut };
}

function compressOne(
  operator: ColumnSource,
  { threshold, precision }: ColumnOptions,
  sums: Float64Array,
  leftOut: Float64Array,
): ColumnPart {
  const { rows, columns } = operator;
  const counts = new Int32Array(columns);
  const column = new Float64Array(rows);
  const make = (length: number): Float32Array | Float64Array =>
    precision === 'float32' ? new Float32Array(length) : new Float64Array(length);
  // Without a cut all of it; with one as much as the columns turn out to need.
  let rowIndex = new Int32Array(threshold === 0 ? rows * columns : rows);
  let values = make(rowIndex.length);
  let end = 0;
  for (let c = 0; c < columns; c++) {
    operator.column(c, column);
    if (end + rows > rowIndex.length) {
      const length = Math.min(rows * columns, Math.max(2 * rowIndex.length, end + rows));
      const [oldIndex, oldValues] = [rowIndex, values];
      rowIndex = new Int32Array(length);
      values = make(length);
      rowIndex.set(oldIndex.subarray(0, end));
      values.set(oldValues.subarray(0, end));
    }
    let largest = 0;
    for (let r = 0; r < rows; r++) if (column[r]! > largest) largest = column[r]!;
    const least = threshold * largest;
    const first = end;
    for (let r = 0; r < rows; r++) {
      const value = column[r]!;
      sums[r]! += value;
      if (value === 0) continue;
      if (Math.abs(value) < least) leftOut[r]! += Math.abs(value);
      else {
        rowIndex[end] = r;
        values[end++] = value;
      }
    }
    counts[c] = end - first;
  }
  return { counts, rowIndex: rowIndex.slice(0, end), values: values.slice(0, end) };
}
