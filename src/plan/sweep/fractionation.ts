/**
 * Isoeffective fractionation: the number of fractions n as a free variable, with the same effect in the target.
 *
 *     D(n)   = total dose with the target's BED of the prescription, by the target's alpha/beta rT
 *     cap(n) = (n/2) (-r + sqrt(r^2 + 4 (2 + r) b / n))      what the limits leave a voxel of the cord, b in EQD2
 *
 * What the plan must spare is cap(n) / D(n). A voxel that receives the share s of the prescription has, whatever n is,
 *
 *     BED(n) = s (1 - s rT / r) D(n) + s^2 (rT / r) BED of the target,
 *
 * and D(n) grows with n: more fractions spare it where s > r / rT, fewer where s is below. Dose distributions scale with the
 * prescription, so plans of all n are those of one operator with the caps relative to the prescription.
 *
 * Incomplete repair between fractions, overall time and repopulation are not modelled, and of few, large fractions the
 * linear-quadratic model is less certain. The limits keep their EQD2 at every n, also beyond the numbers they are stated for.
 */
import { doseFromEqd2, eqd2, isoeffectiveDose } from '../../biology/linear-quadratic.js';
import { checkInteger, checkPositive } from '../../core/check.js';
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import type { Executor } from '../../core/executor.js';
import type { Vec3 } from '../../geometry/grid.js';
import type { Machine } from '../../machine/machine.js';
import type { Solution } from '../../optimize/solver.js';
import { excessInWords, maximaOfVoxels, structureTolerances } from '../constraint/structure-tolerance.js';
import type { PlanCase, Technique } from '../input/plan-case.js';
import { conventionOf } from '../input/recovery-convention.js';
import type { PatientModel } from '../patient/patient-model.js';
import { checkJob, type PlanJob } from '../patient/plan-job.js';
import { placeOfVoxel } from '../patient/planning-grid.js';
import { exposeToPrior } from '../patient/prior-course.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { refuseRobust } from '../problem/scenario.js';
import type { ProgressListener } from '../technique/technique-plan.js';
import { type Coverage, cumulativeMaximum } from './coverage.js';
import { type FractionationLimit, literatureLimits } from './fractionation-limits.js';
import { type Level, onModel, type SweptPlan, sweep } from './sweep.js';

/** A certified plan at one number of fractions; doses are those of its own prescription. */
export interface FractionationPlan extends Coverage {
  readonly technique: Technique;
  readonly status: Solution['status'];
  /** EQD2 of D95 with the target's alpha/beta, Gy: what falls short of the prescription counts more in large fractions. */
  readonly d95Eqd2: number;
  /** Of the plan scaled to the case's prescription, so that it compares between numbers of fractions. */
  readonly objective: number;
  readonly lowerBound: number | null;
  /** Largest dose of this course in the cord, Gy. */
  readonly cordMaximum: number;
  /** Largest EQD2 of both courses in the cord, no recovery, Gy. */
  readonly cumulative: number;
}

export interface FractionationRow {
  readonly fractions: number;
  /** Prescribed total with the same effect in the target, Gy. */
  readonly dose: number;
  readonly dosePerFraction: number;
  /** Least remaining dose of the cord's voxels, Gy of this course; where, null for everywhere; and which limit binds there. */
  readonly cap: number;
  readonly place: Vec3 | null;
  readonly binding: string;
  /** cap / dose: the share of the prescription that the cord may receive there; from 1 on nothing need be spared. */
  readonly part: number;
  /** EQD2 of the whole prescription with the cord's alpha/beta, Gy: what an unspared cord would get. */
  readonly unspared: number;
  /** Of the literature, criteria first. */
  readonly limits: readonly FractionationLimit[];
  readonly plan: FractionationPlan | null;
}

export interface Fractionation {
  readonly cord: string;
  readonly target: string;
  /** Gy */
  readonly alphaBeta: { readonly target: number; readonly cord: number };
  readonly prescription: PlanCase['prescription'];
  /** EQD2 of the prescription in the target, the same at every n, Gy. */
  readonly targetEqd2: number;
  /** Fraction of the prescription from which on a voxel of the cord is spared by more fractions; below it by fewer. */
  readonly threshold: number;
  /** Description of the prior course; null without one. */
  readonly prior: string | null;
  readonly recovery: string;
  /** By rising number of fractions. */
  readonly rows: readonly FractionationRow[];
  readonly best: {
    readonly fractions: number;
    readonly rule: string;
    /** Numbers that the proof does not tell from it, or that are equal. */
    readonly others: readonly number[];
  } | null;
}

export interface FractionationOptions {
  /** Of the target, Gy. @default the case's alphaBeta.target */
  readonly alphaBeta?: number;
  /** Whether every n is planned, and how. @default closed forms only */
  readonly technique?: Technique;
  /** @default serialExecutor */
  readonly executor?: Executor;
  readonly onRow?: (row: FractionationRow) => void;
  /** Told after every step of the optimiser. */
  readonly onProgress?: ProgressListener;
  /** Seconds that each plan may take, > 0: then the best so far, whose status is `time-limit`. @default none */
  readonly timeLimit?: number;
  /** Looked at between steps; the rows so far are returned. */
  readonly signal?: { readonly aborted: boolean };
}

/**
 * The case's prescription in other numbers of fractions, and what each asks of the cord.
 *
 * The caps are the case's `retreatment.bounds` of the cord, and its `cordCap` at the EQD2 that it has in the case's fractions.
 *
 * @param fractions whole numbers >= 1
 * @throws {InvalidInputError} for an empty list, a number that is not whole, an alpha/beta that is missing or not > 0, where
 *   the prior course leaves nothing, or where the case does not fit the patient
 * @throws {UnsupportedError} where IMRT of a robust case is asked for
 */
export function isoeffectiveFractionation(
  job: PlanJob,
  fractions: readonly number[],
  options: FractionationOptions = {},
): Fractionation {
  checkJob(job);
  const { case: planCase, patient, machine, prior } = job;
  checkRequest(planCase, fractions, options);
  const own = { ...options, ...(prior && { prior }) };
  return onModel(patient, planCase, options.executor, (model) =>
    fractionationOf(model, planCase, machine, fractions, own),
  );
}

/** The same on a model of the patient, which stays open; `executor` is the model's. */
export function fractionationOf(
  model: PatientModel,
  planCase: PlanCase,
  machine: Machine,
  fractions: readonly number[],
  options: Omit<FractionationOptions, 'executor'> & Pick<PlanJob, 'prior'> = {},
): Fractionation {
  const alphaBeta = { target: checkRequest(planCase, fractions, options), cord: planCase.alphaBeta.cord };
  const { dose, fractions: usual } = planCase.prescription;
  const prior = exposeToPrior(model, planCase, machine, options.prior);
  const counts = [...new Set(fractions)].sort((a, b) => a - b);
  const schedules = counts.map((n) =>
    scheduleOf(n, isoeffectiveDose(dose, usual, n, alphaBeta.target), model, planCase, prior),
  );
  const rows = rowsOf(schedules, { model, planCase, machine, prior, target: alphaBeta.target }, options);
  return {
    cord: model.cord,
    target: model.target,
    alphaBeta,
    prescription: planCase.prescription,
    targetEqd2: eqd2(dose, usual, alphaBeta.target),
    threshold: alphaBeta.cord / alphaBeta.target,
    prior: prior?.description ?? null,
    recovery: conventionOf(planCase.retreatment.recovery).name,
    rows,
    best: bestOf(rows),
  };
}

/** @returns alpha/beta of the target, Gy */
function checkRequest(
  planCase: PlanCase,
  fractions: readonly number[],
  { alphaBeta, technique, timeLimit }: FractionationOptions,
): number {
  if (fractions.length === 0) {
    throw new InvalidInputError('fractionation: there are no numbers of fractions. Give at least one.');
  }
  for (const n of fractions) checkInteger('fractionation: number of fractions', n, 1);
  if (timeLimit !== undefined) checkPositive('fractionation: time limit in seconds', timeLimit);
  if (technique === 'imrt') refuseRobust('fractionation', planCase);
  if ((planCase.targets ?? []).length > 0) {
    throw new UnsupportedError(
      `fractionation: it has one prescription, but the case has further targets ("${planCase.targets![0]!.structure}"). Leave targets out, or plan each fractionation by itself, e.g. as a study.`,
    );
  }
  const given = alphaBeta ?? planCase.alphaBeta.target;
  if (given === undefined) {
    throw new InvalidInputError(
      'fractionation: the alpha/beta of the target is missing, and there is no default, as it decides the answer. Give alphaBeta.target of the case in Gy, e.g. 10.',
    );
  }
  return checkPositive('fractionation: alpha/beta of the target in Gy', given);
}

interface Schedule extends Level {
  readonly row: Omit<FractionationRow, 'plan'>;
}

function scheduleOf(
  n: number,
  dose: number,
  model: PatientModel,
  planCase: PlanCase,
  prior: PriorExposure | undefined,
): Schedule {
  const alphaBeta = planCase.alphaBeta.cord;
  const { fractions: usual } = planCase.prescription;
  const ceiling = doseFromEqd2(eqd2(planCase.cordCap, usual, alphaBeta), n, alphaBeta);
  const tolerances = structureTolerances(model, planCase, prior, { fractions: n });
  const own = tolerances.find(({ structure }) => structure === model.cord);
  const [excess] = own?.exceeded ?? [];
  if (excess !== undefined) {
    throw new InvalidInputError(
      `fractionation: the prior course alone ${excessInWords(excess)}, where nothing is left in any number of fractions. Change retreatment.bounds or retreatment.recovery.`,
    );
  }
  let least = {
    cap: ceiling,
    place: null as Vec3 | null,
    binding: `cordCap ${planCase.cordCap} Gy in ${usual} fractions`,
  };
  own?.maxima.forEach((cap, v) => {
    if (!(cap < least.cap)) return;
    const { name, courses } = own.tolerances[own.binding[v]!]!;
    least = { cap, binding: name, place: courses === 'this' ? null : placeOfVoxel(model, own.voxels[v]!) };
  });
  const row = {
    fractions: n,
    dose,
    dosePerFraction: dose / n,
    ...least,
    part: least.cap / dose,
    unspared: eqd2(dose, n, alphaBeta),
    limits: literatureLimits(n, model, planCase, prior),
  };
  const capsOf = (voxels: Int32Array): Float64Array =>
    own === undefined ? new Float64Array(voxels.length).fill(ceiling) : maximaOfVoxels(own, voxels, ceiling);
  return { row, capsOf };
}

/** What the rows of a comparison are made from. */
interface RowsInput {
  readonly model: PatientModel;
  readonly planCase: PlanCase;
  readonly machine: Machine;
  readonly prior: PriorExposure | undefined;
  /** alpha/beta of the target, Gy */
  readonly target: number;
}

/** From the largest share down, where they are planned: each plan starts from the one before. */
function rowsOf(
  schedules: readonly Schedule[],
  input: RowsInput,
  { technique, onRow, onProgress, signal, timeLimit }: FractionationOptions,
): FractionationRow[] {
  if (technique === undefined) {
    const rows = schedules.map(({ row }) => ({ ...row, plan: null }));
    for (const row of rows) onRow?.(row);
    return rows;
  }
  const { model, planCase, machine } = input;
  const levels = [...schedules]
    .sort((a, b) => b.row.part - a.row.part)
    .map(({ row, capsOf }) => {
      const scale = row.dose / planCase.prescription.dose;
      return { row, scale, capsOf: (voxels: Int32Array) => capsOf(voxels).map((cap) => cap / scale) };
    });
  const rows: FractionationRow[] = [];
  for (const swept of sweep(technique, levels, model, planCase, machine, { signal, timeLimit, onProgress })) {
    const planned: FractionationRow = { ...swept.level.row, plan: planOf(swept, input) };
    rows.push(planned);
    onRow?.(planned);
  }
  return rows.sort((a, b) => a.fractions - b.fractions);
}

/** The plan of the case's prescription, told as one of the row's own. */
function planOf(
  swept: SweptPlan<Level & Pick<Schedule, 'row'> & { readonly scale: number }>,
  { model, planCase, prior, target }: RowsInput,
): FractionationPlan {
  const { done, coverage } = swept;
  const { row, scale } = swept.level;
  const d95 = scale * coverage.d95;
  return {
    technique: done.technique,
    status: swept.status,
    d95,
    d95Eqd2: eqd2(d95, row.fractions, target),
    d98: scale * coverage.d98,
    v95: coverage.v95,
    prescriptionDose: scale * coverage.prescriptionDose,
    objective: swept.objective,
    lowerBound: swept.lowerBound,
    cordMaximum: scale * swept.cordMaximum,
    cumulative: cumulativeMaximum(done, model, prior, row.fractions, planCase.alphaBeta.cord, scale),
  };
}

/** Shares count as equal within this. */
const EQUAL = 1e-9;

function bestOf(rows: readonly FractionationRow[]): Fractionation['best'] {
  const [first] = rows;
  if (first === undefined) return null;
  if (first.plan === null) {
    const best = rows.reduce((a, b) => (b.part > a.part + EQUAL ? b : a));
    const others = rows.filter((row) => row !== best && row.part >= best.part - EQUAL);
    return named(best, others, 'largest share of the prescription that the cord may receive');
  }
  const best = rows.reduce((a, b) => (b.plan!.objective < a.plan!.objective ? b : a));
  const others = rows.filter((row) => row !== best && (row.plan!.lowerBound ?? -Infinity) <= best.plan!.objective);
  return named(best, others, 'smallest objective of a certified plan');
}

function named(best: FractionationRow, others: readonly FractionationRow[], rule: string): Fractionation['best'] {
  return { fractions: best.fractions, rule, others: others.map(({ fractions }) => fractions) };
}
