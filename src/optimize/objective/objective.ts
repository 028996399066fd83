/**
 * Objective: a convex function of the dose on some rows, as value and gradient.
 *
 * Each is normalised by the volume of its structure: `weights` are the rows' volumes (fractional masks count with their
 * fraction), and only their ratios matter. Dose is in Gy; an objective has the unit Gy^2 (or Gy for the mean).
 */
export interface Objective {
  readonly name: string;
  /** Importance relative to the others. */
  readonly weight: number;
  /**
   * Value at `dose`; adds `weight` times its gradient to `gradient` and returns `weight` times the value.
   */
  evaluate(dose: Float64Array, gradient: Float64Array): number;
}

/** Rows of one structure and their share of its volume. */
export interface RowSet {
  readonly rows: Int32Array;
  /** > 0, one per row; any common scale. */
  readonly volumes: Float64Array;
}

/** A dose level that may move while the plan is normalised. */
export interface Level {
  /** Gy */
  value: number;
}
