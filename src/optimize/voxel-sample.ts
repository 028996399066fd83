/**
 * A sample of an operator's rows as numbers, for the preconditioner.
 */
import type { LinearOperator } from '../core/linear-operator.js';
import type { VoxelSample } from './normal-matrix.js';

/** Entries up to which all rows are taken, 64 MB. */
const MOST_ENTRIES = 16e6;

/** Columns that are read before they are written, one row after the other: a row lies together, a column does not. */
const TOGETHER = 16;

/**
 * Reads the sample off a plain operator, one column after the other: as many applications as it has columns. Rows are taken
 * in groups of neighbours where all would be too many.
 */
export function sampleVoxels(operator: LinearOperator): VoxelSample {
  const { rows, columns } = operator;
  const group = Math.max(1, Math.ceil((rows * columns) / MOST_ENTRIES));
  const count = Math.ceil(rows / group);
  const matrix = new Float32Array(count * columns);
  const unit = new Float64Array(columns);
  const doses = Array.from({ length: Math.min(TOGETHER, columns) }, () => new Float64Array(rows));
  const middle = (sample: number): number => Math.min(rows - 1, sample * group + Math.floor(group / 2));
  for (let first = 0; first < columns; first += TOGETHER) {
    const some = doses.slice(0, columns - first);
    some.forEach((dose, k) => {
      unit[first + k] = 1;
      operator.apply(unit, dose);
      unit[first + k] = 0;
    });
    for (let s = 0; s < count; s++) {
      const row = middle(s);
      for (let k = 0, at = s * columns + first; k < some.length; k++) matrix[at + k] = some[k]![row]!;
    }
  }
  return {
    matrix,
    count,
    memberOf: Int32Array.from({ length: rows }, (_, row) => Math.floor(row / group)),
    isExact: true,
  };
}

/** Rows that are written before the next: of all columns they stay in the cache. */
const BLOCK = 64;

/**
 * The sample of an operator whose columns are at hand: all rows, as {@link sampleVoxels} reads them.
 *
 * @param memory for it, which is overwritten, of at least as many entries. @default its own
 */
export function sampleColumns(columns: readonly Float64Array[], memory?: Float32Array): VoxelSample {
  const rows = columns[0]!.length;
  const count = columns.length;
  const matrix = memory === undefined ? new Float32Array(rows * count) : memory.subarray(0, rows * count);
  const grouped = count & ~3;
  for (let first = 0; first < rows; first += BLOCK) {
    const end = Math.min(first + BLOCK, rows);
    for (let c = 0; c < grouped; c += 4) {
      writeFour(matrix, c, count, [columns[c]!, columns[c + 1]!, columns[c + 2]!, columns[c + 3]!], first, end);
    }
    for (let c = grouped; c < count; c++) {
      const column = columns[c]!;
      for (let row = first; row < end; row++) matrix[row * count + c] = column[row]!;
    }
  }
  return { matrix, count: rows, memberOf: Int32Array.from({ length: rows }, (_, row) => row), isExact: true };
}

type Four = readonly [Float64Array, Float64Array, Float64Array, Float64Array];

function writeFour(
  matrix: Float32Array,
  column: number,
  stride: number,
  [a, b, c, d]: Four,
  first: number,
  end: number,
): void {
  for (let row = first, at = first * stride + column; row < end; row++, at += stride) {
    matrix[at] = a[row]!;
    matrix[at + 1] = b[row]!;
    matrix[at + 2] = c[row]!;
    matrix[at + 3] = d[row]!;
  }
}
