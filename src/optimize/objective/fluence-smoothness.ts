/**
 * Fluence smoothness: `sum (w_i - w_j)^2 / number of pairs` over neighbouring beamlets. Convex.
 *
 * Objectives are functions of rows, so the differences become rows of their own: the operator is extended by one row per
 * pair, and the objective lives there. What holds of rows holds of these: steps, proof and preconditioner know no other kind.
 * A sample that was read off the operator is extended likewise, by {@link sampleWithPairs}.
 *
 * @see Spirou, Fournier-Bidoz, Yang, Chui and Ling, Med. Phys. 28 (2001) 2105 (smoothing in the objective)
 */
import { InvalidInputError } from '../../core/errors.js';
import type { LinearOperator } from '../../core/linear-operator.js';
import type { VoxelSample } from '../normal-matrix.js';
import { checkObjective, type Objective, shown } from './objective.js';

/** An operator with rows for the differences of beamlets, and the objective on these. */
export interface SmoothFluence {
  /** The operator with one more row per pair, after its own: w_i - w_j. */
  readonly operator: LinearOperator;
  readonly objective: Objective;
}

/**
 * Fluence smoothness, mean over pairs of neighbouring beamlets: `sum (w_i - w_j)^2 / number of pairs`, in the squared unit of the
 * weights (MU^2 in plans). Convex. Solve with the operator that it returns.
 *
 * @param pairs columns of neighbouring beamlets, i, j, i, j, ...: those of a plan by `neighbouringBeamlets`
 * @param weight importance relative to the others, > 0
 * @throws {InvalidInputError} for an odd list, a column that the operator does not have, or no pair at all
 */
export function fluenceSmoothness(operator: LinearOperator, pairs: Int32Array, weight: number): SmoothFluence {
  const { rows, columns } = operator;
  const count = pairs.length / 2;
  if (count === 0) {
    throw new InvalidInputError(
      'fluence smoothness: no two beamlets are neighbours. Leave it out, or choose smaller beamlets.',
    );
  }
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

/**
 * The sample of an operator's rows with one row more for every pair, each for itself: a preconditioner of it knows the curvature of
 * smoothness as exactly as that of dose.
 *
 * @param pairs as for {@link fluenceSmoothness}
 */
export function sampleWithPairs(sample: VoxelSample, columns: number, pairs: Int32Array): VoxelSample {
  const { count, memberOf } = sample;
  const added = pairs.length / 2;
  const matrix = new Float32Array((count + added) * columns);
  matrix.set(sample.matrix.subarray(0, count * columns));
  const members = new Int32Array(memberOf.length + added);
  members.set(memberOf);
  for (let q = 0; q < added; q++) {
    matrix[(count + q) * columns + pairs[2 * q]!] = 1;
    matrix[(count + q) * columns + pairs[2 * q + 1]!] = -1;
    members[memberOf.length + q] = count + q;
  }
  return { ...sample, matrix, count: count + added, memberOf: members };
}
