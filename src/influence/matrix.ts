/**
 * The influence as an explicit sparse matrix, for research code that wants one: compressed columns, Float32 values.
 *
 * It is made from the matrix-free operator, column by column, so both are one model. Optionally entries below a fraction of
 * their column's largest are left out; what that costs is measured on the spot and kept beside the matrix.
 */
import { InvalidInputError } from '../core/errors.js';
import type { LinearOperator } from '../core/linear-operator.js';

/** An operator that can give one of its columns without the others. */
export interface ColumnSource extends LinearOperator {
  /** Gy per monitor unit of beamlet `column` at every row; overwrites and returns `out`. */
  column(column: number, out: Float64Array): Float64Array;
}

/** What of an operator is kept as a matrix. */
export interface MatrixOptions {
  /** Entries below this fraction of their column's largest are left out. @default 0: every entry that is not zero */
  readonly threshold?: number;
  /** Most entries to keep; each takes 8 bytes. @default 250e6 */
  readonly maxEntries?: number;
}

/**
 * The influence as a sparse matrix, compressed by columns.
 *
 * Column c holds entries pointers[c] to pointers[c + 1] - 1 of `rowIndex` and `values`.
 */
export class InfluenceMatrix implements LinearOperator {
  /**
   * @param rows points
   * @param columns beamlets
   * @param pointers where each column begins: columns + 1 numbers
   * @param rowIndex of every entry
   * @param values of every entry, Gy per monitor unit
   * @param truncation largest dose that what was left out would have added with equal weights, fraction of the largest dose
   */
  constructor(
    readonly rows: number,
    readonly columns: number,
    /** length columns + 1; Float64 because entries may pass 2^31 */
    readonly pointers: Float64Array,
    readonly rowIndex: Int32Array,
    /** Gy per monitor unit */
    readonly values: Float32Array,
    /** Largest dose that the entries left out would have added with equal weights, fraction of the largest dose. */
    readonly truncation: number,
  ) {}

  /**
   * A w: the dose of all beamlets at every point.
   *
   * @param weights monitor units per beamlet
   * @param out Gy, one per point; overwritten and returned
   */
  apply(weights: Float64Array, out: Float64Array): Float64Array {
    const { columns, pointers, rowIndex, values } = this;
    out.fill(0);
    for (let c = 0; c < columns; c++) {
      const w = weights[c]!;
      if (w === 0) continue;
      const end = pointers[c + 1]!;
      for (let q = pointers[c]!; q < end; q++) out[rowIndex[q]!]! += w * values[q]!;
    }
    return out;
  }

  /**
   * A' y: what a value at each point brings to every beamlet.
   *
   * @param rowValues one per point
   * @param out one per beamlet, Gy per monitor unit times the values' unit; overwritten and returned
   */
  applyTranspose(rowValues: Float64Array, out: Float64Array): Float64Array {
    const { columns, pointers, rowIndex, values } = this;
    for (let c = 0; c < columns; c++) {
      const end = pointers[c + 1]!;
      let sum = 0;
      for (let q = pointers[c]!; q < end; q++) sum += values[q]! * rowValues[rowIndex[q]!]!;
      out[c] = sum;
    }
    return out;
  }
}

/**
 * Builds the matrix of an operator. Two passes over the columns: the first counts, so that nothing is allocated twice.
 *
 * @throws {InvalidInputError} if the threshold is outside [0, 1), or the matrix would have more than `maxEntries` entries
 */
export function buildMatrix(operator: ColumnSource, options: MatrixOptions = {}): InfluenceMatrix {
  const { threshold = 0, maxEntries = 250e6 } = options;
  if (!(threshold >= 0 && threshold < 1)) {
    throw new InvalidInputError(`influence matrix: threshold is ${threshold}, but must be from 0 to below 1.`);
  }
  const { rows, columns } = operator;
  const column = new Float64Array(rows);
  const floors = new Float64Array(columns);
  const pointers = new Float64Array(columns + 1);
  for (let c = 0; c < columns; c++) {
    operator.column(c, column);
    let largest = 0;
    for (let r = 0; r < rows; r++) if (column[r]! > largest) largest = column[r]!;
    const floor = threshold * largest;
    let kept = 0;
    for (let r = 0; r < rows; r++) if (isKept(column[r]!, floor)) kept++;
    floors[c] = floor;
    pointers[c + 1] = pointers[c]! + kept;
  }
  const entries = pointers[columns]!;
  if (entries > maxEntries) {
    throw new InvalidInputError(
      `influence matrix: ${Math.round(entries / 1e6)} million entries (${((8 * entries) / 1e9).toFixed(1)} GB), more than the ${Math.round(maxEntries / 1e6)} million allowed. Raise threshold or maxEntries, or use the operator, which needs no matrix.`,
    );
  }
  const rowIndex = new Int32Array(entries);
  const values = new Float32Array(entries);
  const all = new Float64Array(rows);
  const dropped = new Float64Array(rows);
  for (let c = 0; c < columns; c++) {
    operator.column(c, column);
    const floor = floors[c]!;
    let q = pointers[c]!;
    for (let r = 0; r < rows; r++) {
      const value = column[r]!;
      all[r]! += value;
      if (isKept(value, floor)) {
        rowIndex[q] = r;
        values[q++] = value;
      } else dropped[r]! += Math.abs(value);
    }
  }
  const largest = all.reduce((a, b) => Math.max(a, b), 0);
  const truncation = largest > 0 ? dropped.reduce((a, b) => Math.max(a, b), 0) / largest : 0;
  return new InfluenceMatrix(rows, columns, pointers, rowIndex, values, truncation);
}

const isKept = (value: number, floor: number): boolean => value !== 0 && Math.abs(value) >= floor;
