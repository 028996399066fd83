/**
 * The main job, from a patient and a case to plans, numbers and pictures.
 *
 *     patient --> masks, voxels, prior course and what it leaves --> beams, fields --> radiological depth, influence
 *       --> weights or fluence under the bounds of cord and organs --> dose --> DVH, metrics, goals --> pictures, tables
 */

import { checkPositive } from '../core/check.js';
import { timeLimit } from '../core/deadline.js';
import type { Executor } from '../core/executor.js';
import { voxelVolume } from '../geometry/grid.js';
import type { Patient } from '../geometry/patient.js';
import { surfaceDistance } from '../geometry/separation.js';
import type { Machine } from '../machine/machine.js';
import { checkBoundsLeaveDose, cordCaps, organCaps } from './constraint/voxel-maximum.js';
import { type VoxelBounds, voxelBounds } from './constraint/voxel-tolerance.js';
import { evaluatePlan, type PlanEvaluation } from './evaluation/evaluate-plan.js';
import { ownLimits } from './evaluation/retreatment.js';
import { compareRobust, type RobustReport } from './evaluation/robustness.js';
import { cordPosition, ShiftedCord } from './evaluation/setup-uncertainty.js';
import type { PlanCase, Technique } from './input/plan-case.js';
import { modelPatient, type PatientModel, type StageListener } from './patient/patient-model.js';
import { exposeToPrior, type ImportedDoses } from './patient/prior-course.js';
import type { PriorExposure } from './patient/prior-exposure.js';
import { modulatedBeams } from './technique/imrt.js';
import { planWithinBounds } from './technique/plan-within-constraints.js';
import type { ProgressListener, TechniquePlan } from './technique/technique-plan.js';
import { OrganRows } from './technique/working-set.js';

/** What planning a case makes: the patient as it was planned on, and a plan per technique. */
export interface PlanningResult {
  readonly case: PlanCase;
  readonly machine: Machine;
  readonly model: PatientModel;
  readonly plans: readonly PlanEvaluation[];
  /** The prior course on the dose grid, where the case has one. */
  readonly prior?: PriorExposure;
  /** What it leaves, voxel by voxel. */
  readonly bounds: readonly VoxelBounds[];
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
  /** The doses of the case's prior files. */
  readonly prior?: ImportedDoses;
  /**
   * Seconds, > 0, that planning may take from the start of the first technique; then the plans so far are taken, as `time-limit`.
   * Their doses, metrics and comparisons come on top. @default none
   */
  readonly timeLimit?: number;
}

/**
 * Plans a case.
 *
 * @throws {InvalidInputError} where the case does not fit the patient
 * @throws {UnsupportedError} where a beam misses the patient
 */
export function runPlan(
  patient: Patient,
  plan: PlanCase,
  machine: Machine,
  options: PipelineOptions = {},
): PlanningResult {
  const { techniques = ['fcrt', 'imrt'], onProgress, onStage, executor } = options;
  if (options.timeLimit !== undefined) checkPositive('plan: time limit in seconds', options.timeLimit);
  const model = modelPatient(patient, plan, executor, onStage);
  let shiftedCord: ShiftedCord | undefined;
  try {
    model.onStage('prior course, tolerances');
    const prior = exposeToPrior(model, plan, machine, options.prior);
    const bounds = voxelBounds(model, plan, prior);
    // A name that is wrong must show before the optimiser runs.
    ownLimits(plan, model);
    if (techniques.some((technique) => plan[technique].hold === 'cord')) checkBoundsLeaveDose(bounds);
    // So must what asks for too much.
    if (techniques.includes('imrt')) modulatedBeams(model, plan, machine);
    const rows = new OrganRows(model, plan, machine, organCaps(bounds, model), techniques);
    const timeLeft = timeLimit(options.timeLimit);
    const planned = (technique: Technique, of: PlanCase): TechniquePlan =>
      planWithinBounds(technique, model, of, machine, bounds, rows, onProgress, timeLeft);
    const robustness = (robust: TechniquePlan): { robust?: RobustReport } => {
      const { robust: settings, ...nominal } = plan.imrt;
      if (settings === undefined || robust.technique !== 'imrt') return {};
      const both = { robust, nominal: planned('imrt', { ...plan, imrt: nominal }) };
      const caps = cordCaps(bounds, model, plan.cordCap, robust.voxels.cord.voxels);
      return { robust: compareRobust(model, plan, caps, both) };
    };
    const plans = techniques.map((technique) => {
      const made = planned(technique, plan);
      model.onStage(`${technique}: DVHs, goals, retreatment`);
      const evaluation = { ...evaluatePlan(made, model, plan, prior, bounds), ...robustness(made) };
      const { position: shifts } = plan.retreatment;
      if (prior === undefined || shifts === null) return evaluation;
      model.onStage(`${technique}: shifts`);
      shiftedCord ??= new ShiftedCord(model, plan, shifts.search);
      return { ...evaluation, position: cordPosition(model, plan, prior, made, shifts, shiftedCord) };
    });
    return { case: plan, machine, model, plans, ...(prior ? { prior } : {}), bounds, gap: gapOf(model) };
  } finally {
    shiftedCord?.close();
    model.bodyDose.close();
  }
}

function gapOf(model: PatientModel): PlanningResult['gap'] {
  const [a, b] = [model.structures.get(model.target)!, model.structures.get(model.cord)!];
  // A cord beyond the dose grid has a distance all the same.
  const distance = model.cordGap().distance ?? surfaceDistance(a, b, model.grid);
  const target = model.masks.get(model.target)!;
  const cord = model.masks.get(model.cord)!.data;
  const shared = target.data.reduce((sum, fraction, i) => sum + Math.min(fraction, cord[i]!), 0);
  return {
    distance,
    // Structures that lie apart may share a voxel, but no volume.
    overlap: distance !== undefined && distance > 0 ? 0 : shared * voxelVolume(model.grid),
  };
}
