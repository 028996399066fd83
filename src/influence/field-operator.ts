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

  /** Four columns at a time, so that the dose is read and written once for them; each sum in the order of the columns. */
  apply(weights: Float64Array, out: Float64Array): Float64Array {
    out.fill(0);
    const shining = this.influence.flatMap((column, c) => (weights[c] === 0 ? [] : [{ column, w: weights[c]! }]));
    const grouped = shining.length & ~3;
    for (let q = 0; q < grouped; q += 4) {
      const [a, b, c, d] = [shining[q]!, shining[q + 1]!, shining[q + 2]!, shining[q + 3]!];
      addFour(out, [a.column, b.column, c.column, d.column], [a.w, b.w, c.w, d.w]);
    }
    for (const { column, w } of shining.slice(grouped)) for (let r = 0; r < out.length; r++) out[r]! += w * column[r]!;
    return out;
  }

  applyTranspose(rowValues: Float64Array, out: Float64Array): Float64Array {
    const { influence } = this;
    const grouped = influence.length & ~3;
    for (let c = 0; c < grouped; c += 4) {
      out.set(sumsOfFour(rowValues, influence[c]!, influence[c + 1]!, influence[c + 2]!, influence[c + 3]!), c);
    }
    for (let c = grouped; c < influence.length; c++) {
      const column = influence[c]!;
      let sum = 0;
      for (let r = 0; r < rowValues.length; r++) sum += column[r]! * rowValues[r]!;
      out[c] = sum;
    }
    return out;
  }
}

type Four<T> = readonly [T, T, T, T];

function addFour(out: Float64Array, [a, b, c, d]: Four<Float64Array>, [wa, wb, wc, wd]: Four<number>): void {
  for (let r = 0; r < out.length; r++) {
    out[r] = out[r]! + wa * a[r]! + wb * b[r]! + wc * c[r]! + wd * d[r]!;
  }
}

function sumsOfFour(
  values: Float64Array,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  d: Float64Array,
): Four<number> {
  let [sa, sb, sc, sd] = [0, 0, 0, 0];
  for (let r = 0; r < values.length; r++) {
    const value = values[r]!;
    sa += a[r]! * value;
    sb += b[r]! * value;
    sc += c[r]! * value;
    sd += d[r]! * value;
  }
  return [sa, sb, sc, sd];
}
