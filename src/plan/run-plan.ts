/**
 * The main job, from what is asked of a patient to plans, numbers and pictures.
 *
 *     patient --> masks, voxels, prior course and what it leaves --> beams, fields --> radiological depth, influence
 *       --> weights or fluence under the bounds of cord and organs --> dose --> DVH, metrics, goals --> pictures, tables
 */

import type { BeamAngles } from '../beam/arrangement.js';
import { checkPositive } from '../core/check.js';
import { timeLimit } from '../core/deadline.js';
import { InvalidInputError } from '../core/errors.js';
import type { Executor } from '../core/executor.js';
import type { FluenceField } from '../dose/beam-view.js';
import { type Vec3, voxelVolume } from '../geometry/grid.js';
import type { Patient } from '../geometry/patient.js';
import { surfaceDistance } from '../geometry/separation.js';
import type { Volume } from '../geometry/volume.js';
import type { RecordedPlan } from '../io/fluence-file.js';
import type { Machine } from '../machine/machine.js';
import { askedCourse, parseConstraints } from './asked/asked-constraint.js';
import { type StructureTolerance, structureTolerances } from './constraint/structure-tolerance.js';
import { checkTolerancesLeaveDose, cordMaxima, organMaxima } from './constraint/voxel-maximum.js';
import { checkMoving } from './delivery/moving-delivery.js';
import { checkDelivery, usualDelivery } from './delivery/segment-fields.js';
import { evaluatePlan, type PlanEvaluation } from './evaluation/evaluate-plan.js';
import { ownLimits } from './evaluation/retreatment.js';
import { compareRobust, type RobustReport } from './evaluation/robustness.js';
import { cordPosition, ShiftedCord } from './evaluation/setup-uncertainty.js';
import { checkMaps, checkWeightCount, checkWeights, fieldsOfMaps } from './exchange/given-fields.js';
import { planOfGiven } from './exchange/given-plan.js';
import { planFromRecord, recordOf } from './exchange/recorded-plan.js';
import type { PlanCase, PlanCaseInput, Technique } from './input/plan-case.js';
import { type KeptCase, KeptModel } from './patient/kept-model.js';
import type { PatientModel, StageListener } from './patient/patient-model.js';
import { checkJob, type PlanJob, withCase } from './patient/plan-job.js';
import { exposeToPrior } from './patient/prior-course.js';
import type { PriorExposure } from './patient/prior-exposure.js';
import { checkAskedOnPatient } from './problem/asked-on-patient.js';
import type { FurtherObjectives } from './problem/planning-problem.js';
import { modulatedBeams, modulatedFields } from './technique/imrt.js';
import { planWithinConstraints } from './technique/plan-within-constraints.js';
import { KeptRows } from './technique/prepared-influence.js';
import type { ProgressListener, TechniquePlan } from './technique/technique-plan.js';
import { WorkingSet } from './technique/working-set.js';

/** What planning a case makes: the patient as it was planned on, and a plan per technique. */
export interface PlanningResult {
  readonly case: PlanCase;
  readonly machine: Machine;
  readonly model: PatientModel;
  readonly plans: readonly PlanEvaluation[];
  /** The prior course on the dose grid, where the case has one. */
  readonly prior?: PriorExposure;
  /** What it leaves, voxel by voxel. */
  readonly tolerances: readonly StructureTolerance[];
  /** Between target and cord: signed distance of their surfaces, mm, negative where they overlap; volume that they share at most, cc. */
  readonly gap: { readonly distance: number | undefined; readonly overlap: number };
}

/** How a case is planned: which techniques, by whom, for how long, and who is told. */
export interface PipelineOptions {
  /** @default both */
  readonly techniques?: readonly Technique[];
  readonly onProgress?: ProgressListener;
  /** Told what begins. */
  readonly onStage?: StageListener;
  /** Who does the work of beams and dose; the plan is the same whoever does. @default serialExecutor */
  readonly executor?: Executor;
  /**
   * Seconds, > 0, that planning may take from the start of the first technique; then the plans so far are taken, as `time-limit`.
   * Their doses, metrics and comparisons come on top. @default none
   */
  readonly timeLimit?: number;
  /** Objectives of the caller's own, besides those of the case. @default none */
  readonly further?: FurtherObjectives;
  /** @internal What stays for the next plan on the patient; whoever keeps it closes it. @default all is made for this plan */
  readonly kept?: KeptWork;
}

/**
 * Plans a job.
 *
 * @throws {InvalidInputError} where parts of the job do not belong together, or the case does not fit the patient
 * @throws {UnsupportedError} where a beam misses the patient
 */
export function runPlan(job: PlanJob, options: PipelineOptions = {}): PlanningResult {
  const { techniques = BOTH, onProgress, further } = options;
  checkJob(job);
  const { imrt } = job.case;
  const asked = imrt.delivery ? job : withCase(job, { imrt: { ...imrt, delivery: usualDelivery(job.case) } });
  if (options.timeLimit !== undefined) checkPositive('plan: time limit in seconds', options.timeLimit);
  return evaluateAll(asked, techniques, options, (model, tolerances, prior) => {
    const { case: planCase, machine } = asked;
    if (techniques.some((technique) => planCase[technique].hold === 'cord')) checkTolerancesLeaveDose(tolerances);
    checkAskedOnPatient(parseConstraints(planCase.constraints, askedCourse(planCase)), model);
    // What asks for too much must show before the optimiser runs.
    if (techniques.includes('imrt')) {
      const beams = modulatedBeams(model, planCase.imrt, machine);
      checkDelivery(planCase, beams);
      checkMoving(planCase, beams);
    }
    const rows = new WorkingSet(
      model,
      planCase,
      machine,
      organMaxima(tolerances, model),
      techniques,
      further?.structures,
    );
    const timeLeft = timeLimit(options.timeLimit);
    return (technique, isNominal) =>
      planWithinConstraints(technique, model, planCase, machine, {
        tolerances,
        rows,
        prior,
        onProgress,
        timeLeft,
        isNominal,
        further,
        keptRows: options.kept?.rows,
      });
  });
}

/** What a plan is to be, in place of what the job's case says; what is left out stays. */
export interface OptimiseOptions extends Omit<PipelineOptions, 'techniques'> {
  /** As in CASE.json: in place of the case's. */
  readonly objectives?: PlanCaseInput['objectives'];
  /** As in CASE.json: in place of the case's. */
  readonly constraints?: PlanCaseInput['constraints'];
  /** Of IMRT: an arrangement by name, or a list of angles in degrees (IEC 61217). */
  readonly beams?: NonNullable<PlanCaseInput['imrt']>['beams'];
}

/**
 * The IMRT plan that is asked for in code: its constraints hold in the dose that is reported, and its certificate is that of this dose.
 *
 * @throws {InvalidInputError} as {@link withCase} and {@link runPlan} do
 */
export function optimise(
  job: PlanJob,
  { objectives, constraints, beams, ...options }: OptimiseOptions = {},
): PlanningResult {
  const { imrt } = job.case;
  const asked = withCase(job, {
    ...(objectives !== undefined && { objectives }),
    ...(constraints !== undefined && { constraints }),
    ...(beams !== undefined && { imrt: { ...imrt, beams } }),
  });
  return runPlan(asked, { ...options, techniques: ['imrt'] });
}

/**
 * Makes the plans of a job again from their records: doses, DVHs and all tables, computed anew, without optimising.
 *
 * @param records of the plans, as {@link recordsOf} gives them and `decodeFluence` reads them
 * @throws {InvalidInputError} where parts of the job do not belong together, or a technique that is asked for has no record
 */
export function remakePlan(
  job: PlanJob,
  records: readonly RecordedPlan[],
  options: Pick<PipelineOptions, 'techniques' | 'onStage' | 'executor'> = {},
): PlanningResult {
  const { techniques = records.map(({ technique }) => technique) } = options;
  const recordFor = (technique: Technique): RecordedPlan => {
    const found = records.find((record) => record.technique === technique);
    if (found !== undefined) return found;
    throw new InvalidInputError(
      `plan: there is no record of ${technique}, but of ${records.map((r) => r.technique).join(' and ')}. Ask for that, or plan the case anew.`,
    );
  };
  for (const technique of techniques) recordFor(technique);
  return evaluateAll(job, techniques, options, (model) => (technique, isNominal) => {
    const record = recordFor(technique);
    const own = isNominal ? record.nominal : record;
    if (own === undefined) {
      throw new InvalidInputError(
        'plan: the record of imrt lacks the nominal plan that a robust one is compared with. Plan the case anew.',
      );
    }
    return planFromRecord(own, model, job, isNominal);
  });
}

/** What is done with weights or fluence that were given. */
export interface GivenPlanOptions extends Pick<PipelineOptions, 'onProgress' | 'onStage' | 'executor' | 'timeLimit'> {
  /** Scales the whole plan down until every hard constraint holds; the plan says by how much. @default false: it is left as given */
  readonly scaleIntoConstraints?: boolean;
  /**
   * Solves the case's own problem too, for a lower bound: the certificate then says how far the plan is from the best one of the
   * same beamlets. `timeLimit` and `onProgress` are of that. @default false: nothing is proven but the objective's value
   */
  readonly prove?: boolean;
}

/**
 * The plan of weights that another optimiser found: their fields, the engine's dose, DVHs, goals and what becomes of the constraints, as
 * `runPlan` tells them of its own. Nothing is changed unless `scaleIntoConstraints` asks for it: constraints that are broken are
 * told, with status `constraints-broken`.
 *
 * @param weights monitor units over the course, >= 0, one per beamlet of the case's `imrt`, in the order of the columns of
 *   `exportInfluence`: beam by beam, in each by rising pixel
 * @throws {InvalidInputError} for a weight that is not finite or negative, another count, or parts of the job that do not belong together
 * @throws {UnsupportedError} for a robust case, or where a beam misses the patient
 */
export function planOfWeights(
  job: PlanJob,
  weights: ArrayLike<number>,
  { scaleIntoConstraints: isScaled = false, prove = false, ...options }: GivenPlanOptions = {},
): PlanningResult {
  const of = 'weights';
  checkWeights(of, weights);
  if (options.timeLimit !== undefined) checkPositive('plan: time limit in seconds', options.timeLimit);
  return evaluateAll(job, ['imrt'], options, (model, tolerances) => {
    const { case: planCase, machine } = job;
    const beams = modulatedBeams(model, planCase.imrt, machine);
    checkWeightCount(of, weights.length, beams);
    const own = Float64Array.from(weights);
    const timeLeft = timeLimit(options.timeLimit);
    const { onProgress } = options;
    const solve: Parameters<typeof planOfGiven>[3]['solve'] = (rest) =>
      planWithinConstraints('imrt', model, planCase, machine, { ...rest, onProgress, timeLeft });
    const given = { of, fields: modulatedFields(beams, own), weights: own, isScaled, ...(prove && { solve }) } as const;
    return () => planOfGiven(model, job, tolerances, given);
  });
}

/**
 * The plan of fluence maps, whatever made them: as {@link planOfWeights}, with beams and pixels of their own around the case's isocentre.
 *
 * @param maps per beam its angles, IEC 61217, degrees, and its fluence: edges of pixels in the isocentre plane, mm, and monitor units over
 *   the course per pixel, >= 0, pixel (i, j) at i + nx j
 * @throws {InvalidInputError} naming the map that is none
 * @throws {UnsupportedError} for a robust case, or where a beam misses the patient
 */
export function planOfFluence(
  job: PlanJob,
  maps: readonly (BeamAngles & { readonly fluence: FluenceField })[],
  {
    scaleIntoConstraints: isScaled = false,
    ...options
  }: Omit<GivenPlanOptions, 'prove' | 'timeLimit' | 'onProgress'> = {},
): PlanningResult {
  checkMaps(maps);
  return evaluateAll(job, ['imrt'], options, (model, tolerances) => {
    const fields = fieldsOfMaps(maps, model, job.machine);
    return () => planOfGiven(model, job, tolerances, { of: 'fluence', fields, isScaled });
  });
}

/** What {@link remakePlan} makes the plans of a result of again. */
export function recordsOf({ model, plans }: Pick<PlanningResult, 'model' | 'plans'>): RecordedPlan[] {
  return plans.map(({ plan, nominal }) => {
    return { ...recordOf(model, plan), ...(nominal && { nominal: recordOf(model, nominal) }) };
  });
}

const BOTH = ['fcrt', 'imrt'] as const;

/** The plan of one technique under the job's case; `isNominal`: as if the case asked for no robustness. */
type Maker = (technique: Technique, isNominal: boolean) => TechniquePlan;

/** Everything but the making of the plans: the patient and what bounds it before, the evaluation after. */
function evaluateAll(
  job: PlanJob,
  techniques: readonly Technique[],
  { onStage, executor, kept }: Pick<PipelineOptions, 'onStage' | 'executor' | 'kept'>,
  makerOf: (model: PatientModel, tolerances: readonly StructureTolerance[], prior: PriorExposure | undefined) => Maker,
): PlanningResult {
  checkJob(job);
  checkTechniques(techniques);
  const { case: planCase, patient, machine } = job;
  const work = kept ?? new KeptWork();
  const model = work.model(patient, planCase, executor, onStage);
  try {
    model.onStage('prior course, tolerances');
    const prior = exposeToPrior(model, planCase, machine, job.prior);
    const tolerances = structureTolerances(model, planCase, prior);
    // A name that is wrong must show before the optimiser runs.
    ownLimits(planCase, model);
    const make = makerOf(model, tolerances, prior);
    const robustness = (robust: TechniquePlan): { robust?: RobustReport; nominal?: TechniquePlan } => {
      if (planCase.imrt.robust === undefined || robust.technique !== 'imrt') return {};
      const nominal = make('imrt', true);
      const maxima = cordMaxima(tolerances, model, planCase.cordCap, robust.voxels.cord.voxels);
      return { robust: compareRobust(model, planCase, maxima, { robust, nominal }), nominal };
    };
    const plans = techniques.map((technique) => {
      const made = make(technique, false);
      model.onStage(`${technique}: DVHs, goals, retreatment`);
      const evaluation = { ...evaluatePlan(made, model, planCase, prior, tolerances), ...robustness(made) };
      const { position: shifts } = planCase.retreatment;
      if (prior === undefined || shifts === null) return evaluation;
      model.onStage(`${technique}: shifts`);
      const shiftedCord = work.shiftedCord(model, planCase, shifts.search);
      return { ...evaluation, position: cordPosition(model, planCase, prior, made, shifts, shiftedCord) };
    });
    return {
      case: planCase,
      machine,
      model,
      plans,
      ...(prior ? { prior } : {}),
      tolerances,
      gap: gapOf(model),
    };
  } finally {
    if (kept === undefined) work.close();
  }
}

/**
 * What stays from plan to plan, as long as plans ask for the same: the patient's model, the influence on its voxels, its cord under shifts.
 * A plan with it is the plan without it, to the last bit.
 *
 * @internal
 */
export class KeptWork {
  private readonly models = new KeptModel();
  readonly rows = new KeptRows();
  private cord: { readonly of: PatientModel; readonly search: Vec3; readonly shifted: ShiftedCord } | undefined;

  /** As {@link modelPatient}; the executor is that of the first. */
  model(patient: Patient, planCase: KeptCase, executor?: Executor, onStage?: StageListener): PatientModel {
    return this.models.of(patient, planCase, executor, onStage, () => this.closeRest());
  }

  /** @param search semi-axes of the ellipsoid, mm */
  shiftedCord(model: PatientModel, planCase: Pick<PlanCase, 'prescription' | 'doseModel'>, search: Vec3): ShiftedCord {
    const { cord } = this;
    if (cord?.of === model && cord.search.every((semiAxis, axis) => semiAxis === search[axis])) return cord.shifted;
    cord?.shifted.close();
    const shifted = new ShiftedCord(model, planCase, search);
    this.cord = { of: model, search, shifted };
    return shifted;
  }

  /** Frees what the threads hold. */
  close(): void {
    this.closeRest();
    this.models.close();
  }

  private closeRest(): void {
    const { cord } = this;
    this.cord = undefined;
    cord?.shifted.close();
    this.rows.close();
  }
}

function checkTechniques(techniques: readonly Technique[]): void {
  const wrong = Array.isArray(techniques) ? techniques.find((one) => !BOTH.includes(one)) : techniques;
  if (wrong === undefined) return;
  throw new InvalidInputError(`plan: techniques has "${wrong}". Give a list of "fcrt", "imrt" or both.`);
}

function gapOf(model: PatientModel): PlanningResult['gap'] {
  const [a, b] = [model.structures.get(model.target)!, model.structures.get(model.cord)!];
  // A cord beyond the dose grid has a distance all the same.
  const distance = model.cordGap().distance ?? surfaceDistance(a, b, model.grid);
  // Structures that lie apart may share a voxel, but no volume.
  const isApart = distance !== undefined && distance > 0;
  return {
    distance,
    overlap: isApart ? 0 : sharedVolume(model.masks.get(model.target)!, model.masks.get(model.cord)!),
  };
}

/** cc */
function sharedVolume(a: Volume<'mask'>, b: Volume<'mask'>): number {
  let sum = 0;
  for (let v = 0; v < a.data.length; v++) sum += Math.min(a.data[v]!, b.data[v]!);
  return sum * voxelVolume(a.grid);
}
