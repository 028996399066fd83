/**
 * What the interior-point method asks of a preconditioner: the inverse of something near A' D A + E + terms.
 */

/** k v v' */
export interface RankOne {
  readonly vector: Float64Array;
  readonly scale: number;
}

/** A symmetric positive definite stand-in for the normal matrix, made anew in every step. */
export interface Preconditioner {
  /**
   * Relative residual, in its norm, from which on a system is as good as solved though the proof asks for more. @default 3e-3
   *
   * A sharp one gets there in one product, with more of the proof left to gain by the next.
   */
  readonly solved?: number;
  /**
   * Makes the factor anew.
   *
   * @param rowDiagonal    D, one per row of the operator, >= 0
   * @param columnDiagonal E, one per column, > 0
   * @param roughness      rows that add less than this fraction of an average row's part may be left out. @default 1e-4
   * @param isOver         asked now and then; once true, the factor is given up
   * @returns false where it was given up: there is nothing to solve with then
   */
  update(
    rowDiagonal: Float64Array,
    columnDiagonal: Float64Array,
    terms?: readonly RankOne[],
    roughness?: number,
    isOver?: () => boolean,
  ): boolean;
  /** out = N^-1 right; `right` and `out` may be the same array. */
  solve(right: Float64Array, out: Float64Array): Float64Array;
  /** Frees what the threads hold. */
  close(): void;
}
