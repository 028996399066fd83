/**
 * What an optimiser needs to know of dose: `dose = A w`, and the transpose.
 *
 * `apply` and `applyTranspose` overwrite `out` and return it. Both must belong to one linear map:
 * `<A w, y> = <w, A' y>` to rounding.
 */
export interface LinearOperator {
  /** Number of dose values (voxels). */
  readonly rows: number;
  /** Number of weights (beamlets or fields). */
  readonly columns: number;
  apply(weights: Float64Array, out: Float64Array): Float64Array;
  applyTranspose(rowValues: Float64Array, out: Float64Array): Float64Array;
}
