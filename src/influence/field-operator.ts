/**
 * The influence of a few fixed fields: one dense column per field, Gy per monitor unit.
 *
 * It is the same dose model as {@link InfluenceOperator} with a rasterised aperture in place of beamlets, so that conformal
 * and intensity-modulated plans differ by arrangement and not by engine or optimiser.
 */

import { InvalidInputError } from '../core/errors.js';
import type { LinearOperator } from '../core/linear-operator.js';

export class ColumnOperator implements LinearOperator {
  readonly rows: number;
  readonly columns: number;

  /** @param influence one array of `rows` values per column */
  constructor(private readonly influence: readonly Float64Array[]) {
    if (influence.length === 0) throw new InvalidInputError('influence: there are no fields. Give at least one.');
    this.rows = influence[0]!.length;
    this.columns = influence.length;
    for (const column of influence) {
      if (column.length !== this.rows) {
        throw new InvalidInputError(
          `influence: columns have ${this.rows} and ${column.length} rows, but must be equal.`,
        );
      }
    }
  }

  apply(weights: Float64Array, out: Float64Array): Float64Array {
    out.fill(0);
    this.influence.forEach((column, c) => {
      const w = weights[c]!;
      if (w !== 0) for (let r = 0; r < out.length; r++) out[r]! += w * column[r]!;
    });
    return out;
  }

  applyTranspose(rowValues: Float64Array, out: Float64Array): Float64Array {
    this.influence.forEach((column, c) => {
      let sum = 0;
      for (let r = 0; r < rowValues.length; r++) sum += column[r]! * rowValues[r]!;
      out[c] = sum;
    });
    return out;
  }
}
