/**
 * The problem that an optimiser gets: a linear operator, objectives and hard limits on its rows, a normalisation.
 *
 *     minimise  sum of objectives(A w)    subject to   w >= 0 and the limits
 *     with      D_fraction(rows) = dose   (the prescription)
 *
 * No beam, no CT: rows are numbers here.
 */
import { InvalidInputError } from '../core/errors.js';
import type { LinearOperator } from '../core/linear-operator.js';
import { type Constraint, checkAgreement } from './constraint.js';
import type { VoxelSample } from './normal-matrix.js';
import type { Level, Objective, VoxelSet } from './objective/objective.js';
import type { Preconditioner } from './preconditioner.js';

/**
 * The prescription: the dose that at least `fraction` of the rows' volume receives shall be `dose`. D50 is 0.5, D95 is
 * 0.95; a point is a single row.
 */
export interface Prescription extends VoxelSet {
  readonly fraction: number;
  /** Gy */
  readonly dose: number;
  /**
   * Reads the dose of the prescription from that of all rows, in proportion to it. @default the quantile of the prescription's
   * rows by their volumes
   */
  readonly read?: (dose: Float64Array) => number;
  /** The level of the target objectives at the start: solving moves one of its own until the prescription is met. */
  readonly level: Level;
}

/** What is minimised, and under what: dose = A w of an operator, objectives, limits, a prescription. */
export interface Problem {
  readonly operator: LinearOperator;
  readonly objectives: readonly Objective[];
  readonly constraints?: readonly Constraint[];
  readonly prescription?: Prescription;
  /**
   * Rows of the operator as numbers, for the preconditioner: it changes how many steps are needed, never the result.
   * @default read off the operator, which takes one application per column
   * @internal
   */
  readonly sample?: VoxelSample;
  /**
   * Made of the sample, for those who solve several problems on one operator. @default made anew
   *
   * @internal
   */
  readonly preconditioner?: Preconditioner;
}

/** @throws {InvalidInputError} if rows lie outside the operator, a weight or bound makes no sense, or limits contradict */
export function checkProblem(problem: Problem): void {
  const { operator, objectives, constraints = [], prescription, sample } = problem;
  if (operator.columns === 0) {
    throw new InvalidInputError(
      'optimise: there is no beamlet or field to weigh. Give at least one beam that meets the target.',
    );
  }
  if (objectives.length === 0) throw new InvalidInputError('optimise: there is no objective. Give at least one.');
  for (const objective of objectives) {
    if (!(objective.weight > 0) || !Number.isFinite(objective.weight)) {
      throw new InvalidInputError(
        `optimise: objective "${objective.name}" has weight ${objective.weight}, but must be finite and > 0. Leave it out.`,
      );
    }
  }
  for (const objective of objectives) {
    const what = `objective "${objective.name}"`;
    if (objective.rows !== undefined) checkRowsOf(what, objective.rows, operator);
    checkValue(what, objective, operator.rows);
  }
  checkRows(operator, constraints);
  checkAgreement(constraints);
  if (prescription) {
    checkRowsOf('the prescription', prescription.rows, operator);
    if (!(prescription.dose > 0)) {
      throw new InvalidInputError(`optimise: the prescribed dose is ${prescription.dose} Gy, but must be > 0.`);
    }
  }
  if (
    sample &&
    (sample.memberOf.length !== operator.rows || sample.matrix.length !== sample.count * operator.columns)
  ) {
    throw new InvalidInputError(
      `optimise: the sample is for ${sample.memberOf.length} rows and ${sample.matrix.length / sample.count} columns, but the operator has ${operator.rows} and ${operator.columns}.`,
    );
  }
}

/** @throws {InvalidInputError} if a constraint names no row, or one that the operator has not */
export function checkRows(operator: LinearOperator, constraints: readonly Pick<Constraint, 'name' | 'rows'>[]): void {
  for (const { name, rows } of constraints) checkRowsOf(`limit "${name}"`, rows, operator);
}

function checkRowsOf(what: string, rows: Int32Array, operator: LinearOperator): void {
  if (rows.length === 0)
    throw new InvalidInputError(`optimise: ${what} has no voxels. Remove it, or check its structure.`);
  for (const row of rows) {
    if (row < 0 || row >= operator.rows) {
      throw new InvalidInputError(`optimise: ${what} names row ${row}, but the operator has ${operator.rows} rows.`);
    }
  }
}

/** @throws {InvalidInputError} unless an objective has a value at 1 Gy in every row: one that has none would be called reached */
function checkValue(what: string, objective: Objective, rows: number): void {
  const value = objective.evaluate(new Float64Array(rows).fill(1), new Float64Array(rows));
  if (Number.isFinite(value)) return;
  throw new InvalidInputError(
    `optimise: ${what} is ${value} for a dose of 1 Gy in all ${rows} rows of the operator. Check its rows, level and bounds.`,
  );
}
