/**
 * What the prior course costs: the best coverage of the target under each limit on the cord's dose over *both* courses.
 *
 * For a limit L in EQD2 every voxel v of the cord keeps what the prior course left it,
 *
 *     cap(v) = (m/2) (-r + sqrt(r^2 + 4 (2 + r) b / m)),   b = L - prior EQD2(v)      m fractions, r = alpha/beta
 *
 * and both techniques are planned with these caps hard, so that the curves compare arrangements. The limit stands alone: the
 * case's `cordCap` and its bounds of the cord are set aside, or they would bind instead of it. Every point is proven, and
 * carries the cord's cumulative maximum as an interval under the case's rigid shifts.
 */
import { LEAST_DOSE, type ToleranceExcess } from '../../biology/remaining-dose.js';
import { checkPositive } from '../../core/check.js';
import { InvalidInputError } from '../../core/errors.js';
import type { Executor } from '../../core/executor.js';
import { type Vec3, voxelCount } from '../../geometry/grid.js';
import type { Machine } from '../../machine/machine.js';
import type { Solution } from '../../optimize/solver.js';
import { maximaOfVoxels, structureTolerances, type ToleranceCase } from '../constraint/structure-tolerance.js';
import { cordPosition, type PositionReport } from '../evaluation/setup-uncertainty.js';
import type { PlanCase, Technique } from '../input/plan-case.js';
import { conventionOf } from '../input/recovery-convention.js';
import type { PatientModel } from '../patient/patient-model.js';
import { checkJob, type PlanJob } from '../patient/plan-job.js';
import { exposeToPrior } from '../patient/prior-course.js';
import { effectAt } from '../patient/prior-effect.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { refuseRobust } from '../problem/scenario.js';
import type { ProgressListener } from '../technique/technique-plan.js';
import { type Coverage, cumulativeMaximum, priorCordMaximum } from './coverage.js';
import { type Level, onModel, type SweptPlan, sweep } from './sweep.js';

/** A plan of the curve. */
export interface CumulativePlan extends Coverage {
  readonly objective: number;
  /** No plan within the caps has a smaller objective; null where nothing is proven. */
  readonly lowerBound: number | null;
  /** Largest dose of this course in the cord, Gy. */
  readonly cordMaximum: number;
  /** Largest EQD2 of both courses in the cord, no recovery, Gy. */
  readonly cumulative: number;
  /** The same under rigid shifts of either course; null where the case asks for none, or the point was left out. */
  readonly position: PositionReport | null;
  /** By how much the objective falls per Gy more of this course on the cord. */
  readonly price: number;
  readonly evaluations: number;
}

export interface CumulativePoint {
  readonly technique: Technique;
  /** EQD2 of both courses, Gy */
  readonly limit: number;
  /** As of every plan; `prior-exceeds` where the prior course alone reaches the limit, so that nothing is left. */
  readonly status: Solution['status'] | 'prior-exceeds';
  /** Physical Gy of this course that the prior one leaves: the least and the most of the cord's voxels. */
  readonly maximum: { readonly least: number; readonly largest: number };
  /** null where the prior course alone reaches the limit. */
  readonly plan: CumulativePlan | null;
  /** There: where, how many voxels, by how much, and what is left elsewhere. */
  readonly reason: string | null;
}

export interface CumulativeTradeOff {
  readonly cord: string;
  readonly target: string;
  /** Of the cord and the limits, Gy */
  readonly alphaBeta: number;
  /** Gy, fractions of this course */
  readonly prescription: PlanCase['prescription'];
  /** Largest EQD2 of the prior course in the cord, Gy, and its description. */
  readonly prior: { readonly maximum: number; readonly description: string };
  /** Convention that the caps credit. */
  readonly recovery: string;
  /** Semi-axes of the search for the worst case, mm; null where there is none. */
  readonly search: Vec3 | null;
  /** By technique, by falling limit. */
  readonly points: readonly CumulativePoint[];
}

export interface CumulativeTradeOffOptions {
  /** @default both */
  readonly techniques?: readonly Technique[];
  /** @default serialExecutor */
  readonly executor?: Executor;
  /** Of which limits the maximum is told under shifts, which costs some seconds per point. @default all of them */
  readonly positions?: readonly number[];
  readonly onPoint?: (point: CumulativePoint) => void;
  /** Told after every step of the optimiser. */
  readonly onProgress?: ProgressListener;
  /** Seconds that each plan may take, > 0: then the best so far, whose status is `time-limit`. @default none */
  readonly timeLimit?: number;
  /** Looked at between steps; the points so far are returned. */
  readonly signal?: { readonly aborted: boolean };
}

/**
 * Plans of a case under several limits on the cord's EQD2 over both courses, with the cord's alpha/beta of the case.
 *
 * Operator, preconditioner and fields are made once per technique; each plan starts from the one before.
 *
 * @param limits Gy EQD2, each > 0
 * @throws {InvalidInputError} without limits, without a prior course, where the prior course alone reaches all of them, or
 *   where the case does not fit the patient
 * @throws {UnsupportedError} where a beam misses the patient, or for a robust IMRT case
 */
export function cumulativeTradeOff(
  job: PlanJob,
  limits: readonly number[],
  options: CumulativeTradeOffOptions = {},
): CumulativeTradeOff {
  if (limits.length === 0) {
    throw new InvalidInputError('trade-off: there are no cumulative limits. Give at least one in Gy EQD2.');
  }
  for (const limit of limits) checkPositive('trade-off: cumulative limit in Gy EQD2', limit);
  checkJob(job);
  const { case: planCase, patient, machine } = job;
  if (planCase.prior === null) {
    throw new InvalidInputError(
      'trade-off: the case has no prior course, so there is no cumulative limit to move. Give caps of this course instead.',
    );
  }
  const { techniques = ['fcrt', 'imrt'], executor, timeLimit } = options;
  if (timeLimit !== undefined) checkPositive('trade-off: time limit in seconds', timeLimit);
  if (techniques.includes('imrt')) refuseRobust('trade-off', planCase);
  return onModel(patient, planCase, executor, (model) => {
    const prior = exposeToPrior(model, planCase, machine, job.prior)!;
    const falling = [...new Set(limits)].sort((a, b) => b - a);
    const limitsHere = falling.map((limit) => cumulativeLimitOf(limit, model, planCase, prior));
    if (limitsHere.every(({ reason }) => reason !== null))
      throw new InvalidInputError(`trade-off: ${limitsHere[0]!.reason}`);
    const alphaBeta = planCase.alphaBeta.cord;
    return {
      cord: model.cord,
      target: model.target,
      alphaBeta,
      prescription: planCase.prescription,
      prior: { maximum: priorCordMaximum(model, prior, alphaBeta), description: prior.description },
      recovery: conventionOf(planCase.retreatment.recovery).name,
      search: planCase.retreatment.position?.search ?? null,
      points: techniques.flatMap((technique) =>
        pointsOf(technique, limitsHere, { model, planCase, machine, prior }, options),
      ),
    };
  });
}

/** What the points of a curve are made from. */
interface CurveInput {
  readonly model: PatientModel;
  readonly planCase: PlanCase;
  readonly machine: Machine;
  readonly prior: PriorExposure;
}

/** By falling limit: the plans, then the limits that leave none; those only where the plans were not stopped. */
function pointsOf(
  technique: Technique,
  limitsHere: readonly CumulativeLimit[],
  { model, planCase, machine, prior }: CurveInput,
  { positions, onPoint, onProgress, signal, timeLimit }: CumulativeTradeOffOptions,
): CumulativePoint[] {
  const points: CumulativePoint[] = [];
  const tell = (point: CumulativePoint): void => {
    points.push(point);
    onPoint?.(point);
  };
  const left = limitsHere.filter(({ reason }) => reason === null);
  for (const swept of sweep(technique, left, model, planCase, machine, { signal, timeLimit, onProgress })) {
    const { limit, maximum } = swept.level;
    const hasPosition = positions?.includes(limit) ?? true;
    const { status } = swept;
    tell({ technique, limit, maximum, status, plan: planOf(swept, model, planCase, prior, hasPosition), reason: null });
  }
  if (points.length < left.length) return points;
  for (const { limit, maximum, reason } of limitsHere) {
    if (reason !== null) tell({ technique, limit, maximum, status: 'prior-exceeds', plan: null, reason });
  }
  return points;
}

/** What one limit leaves the cord. */
interface CumulativeLimit extends Level {
  readonly limit: number;
  readonly maximum: CumulativePoint['maximum'];
  readonly reason: string | null;
}

function cumulativeLimitOf(
  limit: number,
  model: PatientModel,
  planCase: ToleranceCase,
  prior: PriorExposure,
): CumulativeLimit {
  const alphaBeta = planCase.alphaBeta.cord;
  const alone = { structure: model.cord, courses: 'all', eqd2: limit, alphaBeta } as const;
  const [tolerances] = structureTolerances(model, planCase, prior, { asked: [alone] });
  const { maxima: dose, exceeded, voxels } = tolerances!;
  const capsOf = (of: Int32Array): Float64Array => maximaOfVoxels(tolerances!, of);
  const maximum = dose.reduce(
    (range, d) => ({ least: Math.min(range.least, d), largest: Math.max(range.largest, d) }),
    {
      least: Infinity,
      largest: 0,
    },
  );
  if (maximum.least >= LEAST_DOSE) return { limit, capsOf, maximum, reason: null };
  const reached = dose.reduce((count, d) => count + (d >= LEAST_DOSE ? 0 : 1), 0);
  // Caps are held in voxels, of which some reach beyond the cord.
  const ofGrid = voxels.filter((voxel) => voxel < voxelCount(model.grid));
  const highest = ofGrid.reduce((largest, voxel) => Math.max(largest, effectAt(prior, voxel, 'eqd2', alphaBeta)), 0);
  const [worst] = exceeded;
  const where = worst === undefined || worst.largest < 0.05 ? 'just so' : placeOf(worst);
  const reason = `the prior course alone reaches the cumulative limit of ${limit} Gy EQD2/${alphaBeta} in ${reached} of ${voxels.length} voxels of ${model.cord}, ${where}, where nothing is left; elsewhere up to ${maximum.largest.toFixed(1)} Gy of this course are. Every field gives some dose, so no coverage is left. Give a limit above ${highest.toFixed(1)} Gy, or credit a recovery by retreatment.recovery.`;
  return { limit, capsOf, maximum, reason };
}

function placeOf({ largest, place }: ToleranceExcess & { readonly place: Vec3 }): string {
  return `by up to ${largest.toFixed(1)} Gy at (${place.map((c) => c.toFixed(0)).join(', ')}) mm`;
}

function planOf(
  swept: SweptPlan<CumulativeLimit>,
  model: PatientModel,
  planCase: PlanCase,
  prior: PriorExposure,
  hasPosition: boolean,
): CumulativePlan {
  const { done } = swept;
  const { position: shifts } = planCase.retreatment;
  return {
    ...swept.coverage,
    objective: swept.objective,
    lowerBound: swept.lowerBound,
    cordMaximum: swept.cordMaximum,
    cumulative: cumulativeMaximum(done, model, prior, planCase.prescription.fractions, planCase.alphaBeta.cord),
    position: shifts === null || !hasPosition ? null : cordPosition(model, planCase, prior, done, shifts),
    price: swept.priceOf('cord'),
    evaluations: swept.evaluations,
  };
}
