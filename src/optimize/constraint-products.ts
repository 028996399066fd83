/**
 * Products with the rows of the limits alone: what the half-spaces see of a change of weights, and what their multipliers pull on the
 * weights.
 *
 * Limits bind few rows of many. Where the sample holds those rows one by one, exactly as the operator has them, a product with them costs
 * a small part of one with the operator; without, the operator is asked. Directions rest on these products, proofs never do.
 */
import type { LinearOperator } from '../core/linear-operator.js';
import { addForces, changesOf, type HalfSpaces, halfSpaceCount, type Multipliers } from './half-spaces.js';
import type { VoxelSample } from './normal-matrix.js';
import { createRowProducts, type RowProducts } from './row-products.js';

export class ConstraintProducts {
  /** Products with the operator or its transpose that were made, half an evaluation each. */
  evaluations = 0;
  /** Undefined where the sample lacks a row. */
  private readonly rows: RowProducts | undefined;

  constructor(
    private readonly operator: LinearOperator,
    private readonly constraints: HalfSpaces,
    sample?: VoxelSample,
  ) {
    const starts = sample && startsOf(constraints.rows, sample, operator.columns);
    this.rows = starts && createRowProducts(sample!.matrix, starts, operator.columns);
  }

  /** Whether no product needs the operator. */
  get isCheap(): boolean {
    return this.rows !== undefined;
  }

  /** How much every left side changes with the weights' change. */
  changes(change: Float64Array): Float64Array {
    const { operator, constraints, rows } = this;
    const out = new Float64Array(halfSpaceCount(constraints));
    if (rows === undefined) {
      this.evaluations += 0.5;
      return changesOf(constraints, operator.apply(change, new Float64Array(operator.rows)), out);
    }
    const { length } = constraints.rows;
    rows.dots(change, out.subarray(0, length));
    for (let k = 0; k < length; k++) out[k]! *= constraints.signs[k]!;
    constraints.planes.forEach(({ column }, p) => {
      let sum = 0;
      for (let c = 0; c < change.length; c++) sum += column[c]! * change[c]!;
      out[length + p] = sum;
    });
    return out;
  }

  /** A' C' multipliers, one per column. */
  constraintGradient(multipliers: Multipliers): Float64Array {
    const { operator, constraints, rows } = this;
    const out = new Float64Array(operator.columns);
    if (rows === undefined) {
      this.evaluations += 0.5;
      const force = new Float64Array(operator.rows);
      addForces(constraints, multipliers, force);
      return operator.applyTranspose(force, out);
    }
    const { length } = constraints.rows;
    rows.combine(
      constraints.signs.map((sign, k) => sign * multipliers[k]!),
      out,
    );
    constraints.planes.forEach(({ column }, p) => {
      const force = multipliers[length + p]!;
      for (let c = 0; c < out.length; c++) out[c]! += force * column[c]!;
    });
    return out;
  }
}

/** First entry in the sample of each row; undefined unless every row stands in the sample for itself alone. */
function startsOf(rows: Int32Array, sample: VoxelSample, columns: number): Float64Array | undefined {
  if (!sample.isExact) return undefined;
  const members = new Int32Array(sample.count);
  for (const group of sample.memberOf) if (group >= 0) members[group]!++;
  const isAlone = (row: number): boolean => sample.memberOf[row]! >= 0 && members[sample.memberOf[row]!] === 1;
  return rows.every(isAlone) ? Float64Array.from(rows, (row) => sample.memberOf[row]! * columns) : undefined;
}
