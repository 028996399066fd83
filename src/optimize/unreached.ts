/**
 * Columns that reach no row that counts: whatever weight they carry changes nothing that is asked for, so they get none. And rows of a
 * prescription that hardly any column reaches.
 */
import { InvalidInputError } from '../core/errors.js';
import type { LinearOperator } from '../core/linear-operator.js';
import type { Prescription, Problem } from './problem.js';

/** With equal weights a voxel in the beams receives more than this fraction of the largest dose. */
const UNCOVERED = 0.02;
/** Against the column that reaches most: below this fraction is rounding. */
const NOTHING = 1e-9;
/** Of the golden ratio: row factors from 1 to 2 that no pattern of signs cancels. */
const IRREGULAR = 0.6180339887498949;

/** @returns one per column: whether it reaches nothing; half an evaluation of the operator */
export function unreachedColumns(problem: Problem): Uint8Array {
  const { operator } = problem;
  const rows = rowsThatCount(problem);
  const factors = new Float64Array(operator.rows);
  for (let i = 0; i < factors.length; i++) if (rows[i] === 1) factors[i] = 1 + ((IRREGULAR * (i + 1)) % 1);
  const reach = operator.applyTranspose(factors, new Float64Array(operator.columns));
  const largest = reach.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return Uint8Array.from(reach, (r) => (Math.abs(r) <= NOTHING * largest ? 1 : 0));
}

/** Rows of objectives, limits and prescription; all of them where an objective does not tell its own. */
function rowsThatCount({ operator, objectives, constraints = [], prescription }: Problem): Uint8Array {
  const counts = new Uint8Array(operator.rows);
  const sets = [...objectives, ...constraints, ...(prescription ? [prescription] : [])].map(({ rows }) => rows);
  if (sets.some((rows) => rows === undefined)) return counts.fill(1);
  for (const rows of sets) for (const row of rows!) counts[row] = 1;
  return counts;
}

/** Sets the weights of such columns to zero, in place. */
export function darken(weights: Float64Array, unreached: Uint8Array): void {
  for (let c = 0; c < weights.length; c++) if (unreached[c] === 1) weights[c] = 0;
}

/**
 * Rows of a prescription that hardly any weight reaches; half an evaluation of the operator.
 *
 * @throws {InvalidInputError} if no voxel of the prescription is covered
 */
export function uncoveredRows(operator: LinearOperator, prescription: Prescription): Int32Array {
  const dose = operator.apply(new Float64Array(operator.columns).fill(1), new Float64Array(operator.rows));
  const least = UNCOVERED * dose.reduce((a, b) => Math.max(a, b), 0);
  const rows = prescription.rows.filter((row) => dose[row]! < least);
  if (rows.length === prescription.rows.length) {
    throw new InvalidInputError(
      `optimise: none of the prescription's ${rows.length} voxels lies in a beam. Move the isocentre, or give beamlets that cover them.`,
    );
  }
  return rows;
}
