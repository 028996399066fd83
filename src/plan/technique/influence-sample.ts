/**
 * Rows of the influence as numbers, for the optimiser: its preconditioner, and the limits' own rows.
 */
import type { DividedOperator } from '../../influence/divided-operator.js';
import type { RowSample } from '../../optimize/normal-matrix.js';
import type { RowGroups } from '../problem/voxel-clusters.js';

/**
 * @param groups the rows that are read, and whom they stand for
 */
export function sampleInfluence(operator: DividedOperator, { rows, memberOf }: RowGroups): RowSample {
  return { matrix: operator.readRows(rows), count: rows.length, memberOf, isExact: true };
}
