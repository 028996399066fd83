/**
 * The trade-off curve: the best target coverage under each cap of the cord, every point proven.
 *
 * What a prior course leaves holds at every point: a voxel of the cord gets the cap or its bound, whichever is less, and
 * organs with tolerances their maxima. Only the default limit of this course alone on the cord gives way: the caps stand for it.
 * Caps are taken from high to low. What is told of a plan is what `plan` tells at that cap: the engine's dose in the structures as
 * they are drawn.
 */
import { checkPositive } from '../../core/check.js';
import { InvalidInputError } from '../../core/errors.js';
import type { Executor } from '../../core/executor.js';
import type { Solution } from '../../optimize/solver.js';
import { type StructureTolerance, structureTolerances, type ToleranceCase } from '../constraint/structure-tolerance.js';
import { defaultTolerances } from '../constraint/tolerances-of-case.js';
import { checkTolerancesLeaveDose, cordMaxima, organMaxima } from '../constraint/voxel-maximum.js';
import { type ListedConstraint, toleranceConstraints } from '../evaluation/constraint-list.js';
import type { PatientModel } from '../patient/patient-model.js';
import { checkJob, type PlanJob } from '../patient/plan-job.js';
import { exposeToPrior } from '../patient/prior-course.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { refuseRobust } from '../problem/scenario.js';
import { doseOfPlan, drawnDvh } from '../technique/drawn-dvh.js';
import type { ProgressListener } from '../technique/technique-plan.js';
import { type Level, onModel, type SweptPlan, sweep } from './sweep.js';

/** The plan under one cap of the cord: coverage, cord maximum, and what one more Gy on the cord would gain. */
export interface TradeOffPoint {
  /** Gy */
  readonly cap: number;
  readonly status: Solution['status'];
  /** Value of the objectives at the plan. */
  readonly objective: number;
  /** No permitted plan has a smaller value; null where nothing is proven. */
  readonly lowerBound: number | null;
  /** Of the target, Gy */
  readonly d95: number;
  /** Of the target, Gy */
  readonly d98: number;
  /** Volume that receives 95 % of the prescription, percent of the target */
  readonly v95: number;
  /** The dose that was prescribed, as the plan has it, Gy. */
  readonly prescriptionDose: number;
  /** Gy */
  readonly cordMaximum: number;
  /** Objective gained per Gy more on the cord. */
  readonly price: number;
  /** Voxels of the cord whose remaining dose is below the cap, and holds instead. */
  readonly bounded: number;
  /** Structures with tolerances besides the cord: largest dose in Gy, objective gained per Gy more on all of their maxima. */
  readonly organs: readonly {
    readonly structure: string;
    readonly maximum: number;
    readonly price: number;
  }[];
  /** Products with the operator and with its transpose, half each. */
  readonly evaluations: number;
}

/** How the plans of a trade-off are made, and who is told. */
export interface TradeOffOptions {
  /** @default serialExecutor */
  readonly executor?: Executor;
  /** Told what holds besides the caps, before the first plan. */
  readonly onConstraints?: (constraints: readonly ListedConstraint[]) => void;
  readonly onPoint?: (point: TradeOffPoint) => void;
  /** Told after every step of the optimiser. */
  readonly onProgress?: ProgressListener;
  /** Seconds that each plan may take, > 0: then the best so far, whose status is `time-limit`. @default none */
  readonly timeLimit?: number;
  /** Looked at between steps; the points so far are returned. */
  readonly signal?: { readonly aborted: boolean };
}

/**
 * IMRT plans of a case under several caps, by falling cap.
 *
 * @param caps Gy, each > 0
 * @throws {InvalidInputError} without caps, where the case does not fit the patient, or where the prior course alone
 *   exceeds a bound
 * @throws {UnsupportedError} for a robust case
 */
export function tradeOff(
  job: PlanJob,
  caps: readonly number[],
  { executor, onConstraints, onPoint, onProgress, signal, timeLimit }: TradeOffOptions = {},
): TradeOffPoint[] {
  if (caps.length === 0) throw new InvalidInputError('trade-off: there are no caps. Give at least one in Gy.');
  for (const cap of caps) checkPositive('trade-off: cap in Gy', cap);
  checkJob(job);
  const { case: planCase, patient, machine, prior } = job;
  refuseRobust('trade-off', planCase);
  if (timeLimit !== undefined) checkPositive('trade-off: time limit in seconds', timeLimit);
  return onModel(patient, planCase, executor, (model) => {
    const tolerances = tolerancesBesideCaps(model, planCase, exposeToPrior(model, planCase, machine, prior));
    checkTolerancesLeaveDose(tolerances);
    onConstraints?.(toleranceConstraints(tolerances, model, 'hard'));
    const levels = [...caps]
      .sort((a, b) => b - a)
      .map((cap) => ({ cap, capsOf: (voxels: Int32Array) => cordMaxima(tolerances, model, cap, voxels) }));
    const points: TradeOffPoint[] = [];
    const options = { organs: organMaxima(tolerances, model), signal, timeLimit, onProgress };
    for (const swept of sweep('imrt', levels, model, planCase, machine, options)) {
      const point = pointOf(swept, model);
      points.push(point);
      onPoint?.(point);
    }
    return points;
  });
}

/** The case's bounds, or of the default ones that on both courses: the caps of the curve are limits of this course. */
function tolerancesBesideCaps(
  model: PatientModel,
  planCase: ToleranceCase,
  prior: PriorExposure | undefined,
): StructureTolerance[] {
  const ofAll = defaultTolerances(model, planCase).filter(({ courses }) => courses === 'all');
  return structureTolerances(model, planCase, prior, { defaults: ofAll });
}

function pointOf(swept: SweptPlan<Level & { readonly cap: number }>, model: PatientModel): TradeOffPoint {
  const { level, done, caps } = swept;
  const { cap } = level;
  return {
    cap,
    status: swept.status,
    objective: swept.objective,
    lowerBound: swept.lowerBound,
    ...swept.coverage,
    cordMaximum: swept.cordMaximum,
    price: swept.priceOf('cord'),
    organs: done.voxels.organs.map(({ name }) => ({
      structure: name,
      maximum: drawnDvh(model, name, doseOfPlan(done, model)).max,
      price: swept.priceOf(name),
    })),
    evaluations: swept.evaluations,
    bounded: caps.reduce((sum, left) => sum + (left < cap ? 1 : 0), 0),
  };
}
