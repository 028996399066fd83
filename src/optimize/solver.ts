/**
 * The solver: projected quasi-Newton inside an augmented Lagrangian.
 *
 * Caps g_i(w) = (A w)_i - cap_i <= 0 enter as
 *
 *     L(w) = f(w) + (rho / 2) sum_i max(0, g_i + lambda_i / rho)^2,      lambda_i <- max(0, lambda_i + rho g_i)
 *
 * Between two multiplier updates the level of the target objectives moves by prescribed / reached, so cap and prescription
 * are met together; nothing is scaled up afterwards. What is left over of a cap's violation (a few hundredths of a Gy at
 * most) is removed at the end by scaling the whole plan *down*; that loss is part of the reported prescription dose. Only a plan
 * without caps is scaled to its prescription.
 *
 * @see Nocedal and Wright, Numerical Optimization (2nd ed.), section 17.4
 */
import { weightedUpperQuantile } from '../core/quantile.js';
import { boundMinimize } from './bound-minimize.js';
import { checkProblem, type Problem } from './problem.js';

export interface SolveOptions {
  /** Starting weights; default: equal weights that give the prescribed dose. */
  readonly start?: Float64Array;
  /** Multiplier updates. @default 14 */
  readonly rounds?: number;
  /** Evaluations of value and gradient between two updates. @default 14 */
  readonly evaluationsPerRound?: number;
  /** Cap violation at which rounds may end, Gy. @default 0.02 */
  readonly capTolerance?: number;
  /** Relative error of the prescription at which rounds may end. @default 0.0005 */
  readonly prescriptionTolerance?: number;
  /** Called after every round. */
  readonly onProgress?: (progress: SolveProgress) => void;
  /** Looked at between rounds; an AbortSignal fits. */
  readonly signal?: { readonly aborted: boolean };
}

export interface SolveProgress {
  readonly round: number;
  readonly evaluations: number;
  readonly objective: number;
  /** Largest (A w)_i - cap_i, Gy; negative: room left. */
  readonly violation: number;
  /** Gy */
  readonly prescriptionDose: number;
}

export interface Solution {
  readonly weights: Float64Array;
  /** A w */
  readonly dose: Float64Array;
  /** `reached`: prescription and caps hold; `prescription-missed`: caps hold, the prescribed dose is out of their reach. */
  readonly status: 'reached' | 'prescription-missed' | 'stopped';
  readonly objective: number;
  readonly evaluations: number;
  readonly prescriptionDose: number;
  /** Lagrange multiplier of each cap: objective gained per Gy more. */
  readonly multipliers: Float64Array;
}

/** @throws {InvalidInputError} for a malformed problem; not converging is a status, not an error */
export function solve(problem: Problem, options: SolveOptions = {}): Solution {
  checkProblem(problem);
  const { operator, objectives, caps, prescription } = problem;
  const rounds = options.rounds ?? 14;
  const perRound = options.evaluationsPerRound ?? 14;
  const capTolerance = options.capTolerance ?? 0.02;
  const prescriptionTolerance = options.prescriptionTolerance ?? 0.0005;

  const dose = new Float64Array(operator.rows);
  const rowGradient = new Float64Array(operator.rows);
  const x = options.start ? Float64Array.from(options.start) : new Float64Array(operator.columns).fill(1);
  const reached = (): number =>
    prescription
      ? weightedUpperQuantile(
          Array.from(prescription.rows, (row) => dose[row]!),
          prescription.volumes,
          prescription.fraction,
        )
      : Number.NaN;

  operator.apply(x, dose);
  if (!options.start && prescription) {
    const scale = prescription.dose / reached();
    if (Number.isFinite(scale)) for (let i = 0; i < x.length; i++) x[i]! *= scale;
  }
  // The solver works on weights in units of their own typical size, so that its first step and tolerances are scale-free.
  const unit = x.reduce((a, b) => a + b, 0) / x.length || 1;
  for (let i = 0; i < x.length; i++) x[i]! /= unit;

  const multipliers = new Float64Array(caps ? caps.rows.length : 0);
  let rho = caps ? 20 / caps.rows.length : 0;
  let objective = 0;
  const scaled = new Float64Array(x.length);
  const gradientAtEnd = new Float64Array(x.length);
  const f = (point: Float64Array, gradient: Float64Array): number => {
    for (let i = 0; i < point.length; i++) scaled[i] = point[i]! * unit;
    operator.apply(scaled, dose);
    rowGradient.fill(0);
    objective = 0;
    for (const term of objectives) objective += term.evaluate(dose, rowGradient);
    let value = objective;
    if (caps) {
      for (let q = 0; q < caps.rows.length; q++) {
        const row = caps.rows[q]!;
        const push = dose[row]! - caps.bounds[q]! + multipliers[q]! / rho;
        if (push <= 0) continue;
        value += 0.5 * rho * push * push;
        rowGradient[row]! += rho * push;
      }
    }
    operator.applyTranspose(rowGradient, gradient);
    for (let i = 0; i < gradient.length; i++) gradient[i]! *= unit;
    return value;
  };
  const violationOf = (): number => {
    let worst = -Infinity;
    if (caps)
      for (let q = 0; q < caps.rows.length; q++) worst = Math.max(worst, dose[caps.rows[q]!]! - caps.bounds[q]!);
    return worst;
  };

  let evaluations = 0;
  let lastViolation = Infinity;
  let status: Solution['status'] = 'prescription-missed';
  const highestLevel = prescription ? 1.2 * prescription.dose : 0;
  for (let round = 1; round <= rounds; round++) {
    if (options.signal?.aborted) {
      status = 'stopped';
      break;
    }
    evaluations += boundMinimize(f, x, {
      maxEvaluations: perRound,
      gradientTolerance: 1e-4,
      valueTolerance: 1e-5,
    }).evaluations;
    f(x, gradientAtEnd);
    const violation = violationOf();
    const prescriptionDose = reached();
    options.onProgress?.({ round, evaluations, objective, violation, prescriptionDose });
    const isPrescribed = !prescription || Math.abs(prescriptionDose / prescription.dose - 1) < prescriptionTolerance;
    if (isPrescribed && violation < capTolerance && round > 2) {
      status = 'reached';
      break;
    }
    if (caps) {
      for (let q = 0; q < caps.rows.length; q++) {
        multipliers[q] = Math.max(0, multipliers[q]! + rho * (dose[caps.rows[q]!]! - caps.bounds[q]!));
      }
      if (violation > capTolerance && violation > 0.4 * lastViolation) rho *= 2.5;
      lastViolation = violation;
    }
    if (prescription) {
      const level = prescription.level.value * (prescription.dose / prescriptionDose);
      prescription.level.value = Math.min(highestLevel, Math.max(0.8 * prescription.dose, level));
    }
  }

  let scale = 1;
  if (caps) {
    for (let q = 0; q < caps.rows.length; q++) {
      if (dose[caps.rows[q]!]! > caps.bounds[q]!) scale = Math.min(scale, caps.bounds[q]! / dose[caps.rows[q]!]!);
    }
  } else if (prescription && reached() > 0) {
    // Nothing stands against it: the prescription is met exactly.
    scale = prescription.dose / reached();
    if (status === 'prescription-missed') status = 'reached';
  }
  for (let i = 0; i < x.length; i++) scaled[i] = x[i]! * unit * scale;
  operator.apply(scaled, dose);
  return {
    weights: Float64Array.from(scaled),
    dose,
    status,
    objective,
    evaluations,
    prescriptionDose: reached(),
    multipliers,
  };
}
