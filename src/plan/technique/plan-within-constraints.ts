/** A plan under the bounds of the cord and of any other structures, every voxel of which is checked. */
import { forever } from '../../core/deadline.js';
import type { Machine } from '../../machine/machine.js';
import type { StructureTolerance } from '../constraint/structure-tolerance.js';
import { cordMaxima } from '../constraint/voxel-maximum.js';
import type { PlanCase, Technique } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { planConformal } from './fcrt.js';
import { type ModulatedOptions, planModulated } from './imrt.js';
import type { PosedCase, SolvedPlan } from './technique-plan.js';
import type { WorkingSet } from './working-set.js';

/** Plans made of one technique, at most: after the last one the scaling to the bounds stands. */
const ROUNDS = 4;

/** What holds besides the case's cap, and how it is planned. */
export interface ConstrainedOptions extends Pick<ModulatedOptions, 'onProgress' | 'timeLeft' | 'isNominal'> {
  /** What the prior course leaves. */
  readonly tolerances: readonly StructureTolerance[];
  /** Rows of the bounded structures besides the cord; more are added where a plan needs them. */
  readonly rows: WorkingSet;
}

/**
 * The plan of a technique that keeps every bound, or as many as its prescription allows where that is to hold. Where a voxel
 * that is no row of the optimiser is above its bound, rows are added and the plan is made again.
 */
export function planWithinConstraints(
  technique: Technique,
  model: PatientModel,
  planCase: PosedCase & Pick<PlanCase, 'fcrt' | 'imrt'>,
  machine: Machine,
  { tolerances, rows, timeLeft = forever, ...options }: ConstrainedOptions,
): SolvedPlan {
  for (let round = 1; ; round++) {
    model.onStage('planning voxels');
    const voxels = rows.choose();
    const maxima = cordMaxima(tolerances, model, planCase.cordCap, voxels.cord.voxels);
    const make = technique === 'fcrt' ? planConformal : planModulated;
    const planned = make(model, voxels, planCase, machine, { ...options, maxima, organs: rows.organs, timeLeft });
    if (round === ROUNDS || timeLeft() === 0) return planned;
    const unscaled = planned.dose.data.map((dose) => dose / planned.scale);
    if (!rows.extend(unscaled)) return planned;
  }
}
