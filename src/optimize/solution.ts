/**
 * What a solve is asked and what it answers: when it ends, what it tells on the way, and the plan with its proof.
 */
import type { Certificate } from './certificate.js';
import type { HalfSpaces, Multipliers } from './half-spaces.js';

/** When a solve ends, and who is told. */
export interface SolveOptions {
  /** Starting weights, e.g. of a similar plan; default: equal weights. */
  readonly start?: Float64Array;
  /** Stop at this gap, fraction of the objective. @default 0.01 */
  readonly gap?: number;
  /** Newton steps, at most. @default 60 */
  readonly maxSteps?: number;
  /**
   * Seconds, >= 0, after which the plan so far is returned as `time-limit`, with the gap that is proven by then. Looked at between
   * products of the operator. @default Infinity
   */
  readonly timeLimit?: number;
  /** Relative error of the prescription at which its level stands still. @default 0.0005 */
  readonly prescriptionTolerance?: number;
  /** Called after every step. */
  readonly onProgress?: (progress: SolveProgress) => void;
  /** Looked at between steps; an AbortSignal fits. */
  readonly signal?: { readonly aborted: boolean };
  /**
   * Weights > 0 whose dose keeps every constraint with a margin: the method starts there, and falls back on it where new planes cut a
   * plan off. Nothing is searched for then. @default searched for
   *
   * @internal
   */
  readonly interior?: Float64Array;
  /** @internal Whether the prescribed dose follows its level only in part, as other objectives hold it. @default false */
  readonly isHeldBack?: boolean;
  /** @internal Called after every step with the weights, > 0; they are not to be kept. */
  readonly onPoint?: (weights: Float64Array) => void;
  /** @internal Told at the end what prices a column that the problem does not have. */
  readonly onDual?: (dual: Dual) => void;
}

/** @internal All limits as half-spaces, and what each of them costs. */
export interface Dual {
  readonly halfSpaces: HalfSpaces;
  readonly multipliers: Multipliers;
}

/** Where a solve is after one of its steps. */
export interface SolveProgress {
  readonly step: number;
  readonly evaluations: number;
  readonly objective: number;
  /** Largest violation of a constraint, Gy; negative where all are kept. */
  readonly violation: number;
  /** Proven, fraction of the objective; Infinity as long as nothing is. */
  readonly gap: number;
  /** Gy */
  readonly prescriptionDose: number;
}

/**
 * How a solve ended. `reached`: the limits hold, the prescription is met, and the plan is proven to be within the gap asked for of
 * the best one; `unproven`: the first two, but steps no longer brought the proof nearer; `prescription-missed`: the limits hold, the
 * prescribed dose was not met under them (`certificate.gap` says how far that plan is proven); `infeasible`: no plan keeps the
 * limits, this one breaks them least; `time-limit`: the plan when time was over, which keeps the limits unless the certificate
 * says otherwise; `stopped`: on request; `constraints-broken`: of weights that were given, not solved for: they break the limits.
 */
export type SolutionStatus =
  | 'reached'
  | 'unproven'
  | 'prescription-missed'
  | 'infeasible'
  | 'time-limit'
  | 'stopped'
  | 'constraints-broken';

/** Weights, their dose, how the solve ended, and the proof. */
export interface Solution {
  /** Zero for columns that reach no row of the problem. */
  readonly weights: Float64Array;
  /** A w */
  readonly dose: Float64Array;
  readonly status: SolutionStatus;
  /** Value of the objectives at the plan. */
  readonly objective: number;
  /** Products with the operator and with its transpose, half each. */
  readonly evaluations: number;
  /** The dose that was prescribed, as the plan has it, Gy. */
  readonly prescriptionDose: number;
  /** Where the level of the target objectives stood at the end, Gy: the certificate is for that. Absent without a prescription. */
  readonly level?: number;
  readonly certificate: Certificate;
  /** Rows of the prescription that hardly any weight reaches: a target outside all beams. */
  readonly uncovered: Int32Array;
}
