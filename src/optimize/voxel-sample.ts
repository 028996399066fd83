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

/** The sample of an operator whose columns are at hand: all rows, as {@link sampleVoxels} reads them. */
export function sampleColumns(columns: readonly Float64Array[]): VoxelSample {
  const rows = columns[0]!.length;
  const count = columns.length;
  const matrix = new Float32Array(rows * count);
  for (let first = 0; first < count; first += TOGETHER) {
    const some = columns.slice(first, first + TOGETHER);
    for (let row = 0; row < rows; row++) {
      for (let k = 0, at = row * count + first; k < some.length; k++) matrix[at + k] = some[k]![row]!;
    }
  }
  return { matrix, count: rows, memberOf: Int32Array.from({ length: rows }, (_, row) => row), isExact: true };
}
