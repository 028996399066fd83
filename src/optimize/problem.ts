/**
 * The problem that an optimiser gets: a linear operator, objectives on its rows, hard caps on rows, a normalisation.
 *
 *     minimise  sum of objectives(A w)    subject to   w >= 0,   (A w)_i <= cap_i
 *     with      D_fraction(rows) = dose   (the prescription)
 *
 * No beam, no CT: rows are numbers here.
 */
import { InvalidInputError } from '../core/errors.js';
import type { LinearOperator } from '../core/linear-operator.js';
import type { Level, Objective, RowSet } from './objective/objective.js';

/** (A w)_row <= bound, Gy, for each row. */
export interface Caps {
  readonly rows: Int32Array;
  readonly bounds: Float64Array;
}

/**
 * The prescription: the dose that at least `fraction` of the rows' volume receives shall be `dose`. D50 is 0.5, D95 is
 * 0.95; a point is a single row.
 */
export interface Prescription extends RowSet {
  readonly fraction: number;
  /** Gy */
  readonly dose: number;
  /** The level of the target objectives, which moves until the prescription is met. */
  readonly level: Level;
}

export interface Problem {
  readonly operator: LinearOperator;
  readonly objectives: readonly Objective[];
  readonly caps?: Caps;
  readonly prescription?: Prescription;
}

/** @throws {InvalidInputError} if rows lie outside the operator, a bound is negative or not finite, or a set is empty */
export function checkProblem(problem: Problem): void {
  const { operator, objectives, caps, prescription } = problem;
  if (objectives.length === 0) throw new InvalidInputError('optimise: there is no objective. Give at least one.');
  for (const objective of objectives) {
    if (!(objective.weight >= 0) || !Number.isFinite(objective.weight)) {
      throw new InvalidInputError(
        `optimise: objective "${objective.name}" has weight ${objective.weight}, but must be >= 0.`,
      );
    }
  }
  const checkRows = (what: string, rows: Int32Array): void => {
    if (rows.length === 0)
      throw new InvalidInputError(`optimise: ${what} has no voxels. Remove it, or check its structure.`);
    for (const row of rows) {
      if (row < 0 || row >= operator.rows) {
        throw new InvalidInputError(`optimise: ${what} names row ${row}, but the operator has ${operator.rows} rows.`);
      }
    }
  };
  if (caps) {
    checkRows('a hard cap', caps.rows);
    for (const bound of caps.bounds) {
      if (!(bound >= 0) || !Number.isFinite(bound)) {
        throw new InvalidInputError(`optimise: a hard cap is ${bound} Gy, but must be finite and >= 0.`);
      }
    }
  }
  if (prescription) {
    checkRows('the prescription', prescription.rows);
    if (!(prescription.dose > 0)) {
      throw new InvalidInputError(`optimise: the prescribed dose is ${prescription.dose} Gy, but must be > 0.`);
    }
  }
}
