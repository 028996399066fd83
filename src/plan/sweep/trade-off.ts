/**
 * The trade-off curve: the best target coverage under each cap of the cord, every point proven.
 *
 * What a prior course leaves holds at every point: a voxel of the cord gets the cap or its bound, whichever is less, and
 * bounded organs their bounds. Only the default limit of this course alone on the cord gives way: the caps stand for it.
 * Operator and preconditioner are made once, or anew where a bounded organ needs more rows; caps are taken from high to low, each
 * plan starting from the one before. What is told of a plan is what `plan` tells at that cap: the engine's dose in the structures
 * as they are drawn.
 */
import { checkPositive } from '../../core/check.js';
import { InvalidInputError } from '../../core/errors.js';
import type { Executor } from '../../core/executor.js';
import type { Patient } from '../../geometry/patient.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { Machine } from '../../machine/machine.js';
import { type Solution, solve } from '../../optimize/solver.js';
import { defaultBounds } from '../constraint/tolerance-limits.js';
import { checkBoundsLeaveDose, cordCaps, organCaps } from '../constraint/voxel-maximum.js';
import { type VoxelBounds, voxelBounds } from '../constraint/voxel-tolerance.js';
import { boundConstraints, type Constraint } from '../evaluation/constraint-list.js';
import type { PlanCase } from '../input/plan-case.js';
import { modelPatient, type PatientModel } from '../patient/patient-model.js';
import { exposeToPrior, type ImportedDoses } from '../patient/prior-course.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { cappedRows } from '../problem/capped-rows.js';
import { posePrescribed } from '../problem/drawn-prescription.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { refuseRobust } from '../problem/scenario.js';
import { doseOfPlan, drawnDvh } from '../technique/drawn-dvh.js';
import { FINE, finish } from '../technique/finish-plan.js';
import { modulatedBeams, modulatedFields } from '../technique/imrt.js';
import { type PreparedInfluence, prepareInfluence } from '../technique/prepared-influence.js';
import type { TechniquePlan } from '../technique/technique-plan.js';
import { OrganRows } from '../technique/working-set.js';
import { cordMaximum, coverageOf } from './coverage.js';

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
  /** Voxels of the cord whose bound is below the cap: what the prior course leaves there holds instead. */
  readonly bounded: number;
  /** Bounded structures besides the cord: largest dose in Gy, objective gained per Gy more on all of their bounds. */
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
  /** The doses of the case's prior files. */
  readonly prior?: ImportedDoses;
  /** Told what holds besides the caps, before the first plan. */
  readonly onConstraints?: (constraints: readonly Constraint[]) => void;
  readonly onPoint?: (point: TradeOffPoint) => void;
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
  patient: Patient,
  plan: PlanCase,
  machine: Machine,
  caps: readonly number[],
  { executor, prior, onConstraints, onPoint, signal, timeLimit: seconds }: TradeOffOptions = {},
): TradeOffPoint[] {
  if (caps.length === 0) throw new InvalidInputError('trade-off: there are no caps. Give at least one in Gy.');
  for (const cap of caps) checkPositive('trade-off: cap in Gy', cap);
  refuseRobust('trade-off', plan);
  if (seconds !== undefined) checkPositive('trade-off: time limit in seconds', seconds);
  const model = modelPatient(patient, plan, executor);
  const points: TradeOffPoint[] = [];
  let rig: Rig | undefined;
  try {
    const bounds = boundsBesideCaps(model, plan, exposeToPrior(model, plan, machine, prior));
    checkBoundsLeaveDose(bounds);
    onConstraints?.(boundConstraints(bounds, model, 'hard'));
    const rows = new OrganRows(model, plan, machine, organCaps(bounds, model), ['imrt']);
    let start: Float64Array | undefined;
    const falling = [...caps].sort((a, b) => b - a);
    for (let c = 0; c < falling.length; ) {
      rig ??= createRig(model, plan, machine, rows.choose());
      const cap = falling[c]!;
      const { voxels, beams } = rig;
      const cord = cordCaps(bounds, model, cap, voxels.cord.voxels);
      const [, ...others] = cappedRows(voxels, cord, rows.organs).map((set) => set.caps);
      const problem = { ...rig, ...posePrescribed(model, voxels, plan, 'cord', cord, others) };
      const solution = solve(problem, {
        gap: FINE,
        ...(start ? { start } : {}),
        ...(signal ? { signal } : {}),
        ...(seconds === undefined ? {} : { timeLimit: seconds }),
      });
      if (solution.status === 'stopped') break;
      start = solution.weights;
      const fields = modulatedFields(beams, solution.weights);
      const done = finish('imrt', 'cord', fields, model, plan, voxels, cord, rows.organs, problem, solution);
      const isPermitted = rows.organs.length === 0 || !rows.extend(done.dose.data.map((dose) => dose / done.share));
      if (isPermitted) {
        const isBounded = cord.reduce((sum, own) => sum + (own < cap ? 1 : 0), 0);
        const point = { ...pointOf(cap, done, model, plan.prescription.dose), bounded: isBounded };
        points.push(point);
        onPoint?.(point);
        c++;
      } else {
        rig.close();
        rig = undefined;
      }
    }
  } finally {
    rig?.close();
    model.bodyDose.close();
  }
  return points;
}

/** What is made once for many problems. */
interface Rig extends PreparedInfluence {
  readonly beams: readonly ModulatedBeam[];
  readonly voxels: PlanningVoxels;
}

function createRig(model: PatientModel, plan: PlanCase, machine: Machine, voxels: PlanningVoxels): Rig {
  const beams = modulatedBeams(model, plan, machine);
  return { beams, voxels, ...prepareInfluence(beams, model, voxels, plan) };
}

/** The case's bounds, or of the default ones that on both courses: the caps of the curve are limits of this course. */
function boundsBesideCaps(model: PatientModel, plan: PlanCase, prior: PriorExposure | undefined): VoxelBounds[] {
  const ofAll = defaultBounds(model, plan).filter(({ courses }) => courses === 'all');
  return voxelBounds(model, plan, prior, ofAll);
}

function pointOf(
  cap: number,
  done: TechniquePlan,
  model: PatientModel,
  prescription: number,
): Omit<TradeOffPoint, 'bounded'> {
  const { solution, voxels } = done;
  const { certificate } = solution;
  return {
    cap,
    status: solution.status,
    objective: certificate.value,
    lowerBound: certificate.lowerBound,
    ...coverageOf(done, model, prescription),
    cordMaximum: cordMaximum(done, model),
    price: certificate.prices.find(({ limit }) => limit === 'cord')?.price ?? 0,
    organs: voxels.organs.map(({ name }) => ({
      structure: name,
      maximum: drawnDvh(model, name, doseOfPlan(done, model)).max,
      price: certificate.prices.find(({ limit }) => limit === name)?.price ?? 0,
    })),
    evaluations: solution.evaluations,
  };
}
