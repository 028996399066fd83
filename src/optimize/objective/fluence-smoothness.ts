/**
 * Fluence smoothness: `sum (w_i - w_j)^2 / number of pairs` over neighbouring beamlets. Convex.
 *
 * Objectives are functions of rows, so the differences become rows of their own: the operator is extended by one row per
 * pair, and the objective lives there.
 */
import { InvalidInputError } from '../../core/errors.js';
import type { LinearOperator } from '../../core/linear-operator.js';
import { checkObjective, type Objective, shown } from './objective.js';

export interface SmoothFluence {
  /** The operator with one more row per pair. */
  readonly operator: LinearOperator;
  readonly objective: Objective;
}

/**
 * @param pairs columns of neighbouring beamlets, i, j, i, j, ...
 * @throws {InvalidInputError} for an odd list or a column that the operator does not have
 */
export function fluenceSmoothness(operator: LinearOperator, pairs: Int32Array, weight: number): SmoothFluence {
  const { rows, columns } = operator;
  const count = pairs.length / 2;
  if (!Number.isInteger(count) || pairs.some((column) => column < 0 || column >= columns)) {
    throw new InvalidInputError(
      `fluence smoothness: ${pairs.length} columns do not make pairs of the operator's ${columns}. Give i, j for each pair.`,
    );
  }
  const set = {
    rows: Int32Array.from({ length: count }, (_, q) => rows + q),
    volumes: new Float64Array(count).fill(1),
  };
  checkObjective('fluence smoothness', set, weight);
  const scale = weight / count;
  return {
    operator: {
      rows: rows + count,
      columns,
      apply(weights, out) {
        operator.apply(weights, out.subarray(0, rows));
        for (let q = 0; q < count; q++) out[rows + q] = weights[pairs[2 * q]!]! - weights[pairs[2 * q + 1]!]!;
        return out;
      },
      applyTranspose(rowValues, out) {
        operator.applyTranspose(rowValues.subarray(0, rows), out);
        for (let q = 0; q < count; q++) {
          out[pairs[2 * q]!]! += rowValues[rows + q]!;
          out[pairs[2 * q + 1]!]! -= rowValues[rows + q]!;
        }
        return out;
      },
    },
    objective: {
      name: 'fluence smoothness',
      weight,
      isConvex: true,
      rows: set.rows,
      describe: () => `${shown(weight)} mean[(w_i - w_j)^2] over neighbouring beamlets`,
      evaluate(dose, gradient) {
        let sum = 0;
        for (let q = 0; q < count; q++) {
          const difference = dose[rows + q]!;
          sum += difference * difference;
          gradient[rows + q]! += 2 * scale * difference;
        }
        return scale * sum;
      },
      addCurvature(_, out) {
        for (let q = 0; q < count; q++) out[rows + q]! += 2 * scale;
      },
    },
  };
}
