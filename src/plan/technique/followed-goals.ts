/**
 * The case's goals in order from plan to plan: what the optimiser asks for in its rows, and the dose that its target has meanwhile.
 *
 * A plan by the objectives alone comes first. It says which rows stand for a goal on a volume, by what a goal's rows read otherwise than its
 * structure as it is drawn, and which mean dose the target has where its prescription is met. The prescription itself is a level of
 * objectives, which lists do not have, and a median is no convex constraint; so lists hold that mean, both ways, in its place. Where they
 * leave the prescription no room all the same, the mean follows what it was missed by, and the lists have their turn again.
 */
import { valueAt } from '../../optimize/goal.js';
import type { VoxelSet } from '../../optimize/objective/objective.js';
import { heldValue, isKept } from '../asked/asked-value.js';
import type { PatientModel } from '../patient/patient-model.js';
import { doseOfVoxel } from '../patient/planning-grid.js';
import { followsLevel, type PosedProblem, prescribedRows } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { type AskedLists, type FollowedGoal, poseGoal } from '../problem/posed-goal.js';
import type { RowMaxima } from '../problem/row-maxima.js';
import { heldDvhs } from './drawn-dvh.js';
import type { SolvedPlan } from './technique-plan.js';

/** Relative error of the prescribed dose at which it is met: that of a report. */
const MET = 2e-3;
/** By how much more than it was missed a goal is asked for, fraction. */
const MORE = 2.5e-4;
/** What is left of the dose that objectives alone reach of a prescription that they miss: beside the largest mean that constraints permit lies no other plan. */
const AIMED = 0.995;
/** A goal is met in the rows within this fraction of its dose. */
const ROUNDING = 1e-6;
/** What rows and structure read otherwise, at most. */
const FACTORS = [0.9, 1.1] as const;
/** A factor or the mean moves by so many times what is off, and by that fraction, at most. */
const MOST_LAG = 4;
const MOST_MOVE = 0.02;
/** The mean among those that have moved; no goal is named so. */
const MEAN = '';
/** Rounds in which the mean may move. */
const PATIENCE = 4;

/** The rows that goals are first posed on. */
export interface ListRows {
  readonly voxels: PlanningVoxels;
  readonly maxima: RowMaxima;
}

/** What is known from the plan by the objectives alone. */
interface Basis {
  readonly plan: SolvedPlan;
  /** The prescribed dose, or nearly what of it that plan has, Gy. */
  readonly aim: number;
}

export class FollowedGoals {
  private basis: Basis | undefined;
  private mean: number | undefined;
  private moves = 0;
  /** Of the plan before, by goal, and of the mean: where it stood, and what it was off. */
  private readonly before = new Map<string, Standing>();

  constructor(
    private goals: readonly (readonly FollowedGoal[])[],
    private readonly model: PatientModel,
    private readonly planCase: PosedProblem,
  ) {}

  /** From a plan by the objectives alone. */
  private begin(plan: SolvedPlan, { voxels, maxima }: ListRows): void {
    const { model, planCase } = this;
    const { prescription } = planCase;
    const { prescriptionDose } = plan.solution;
    const isMissed = plan.solution.status === 'prescription-missed';
    this.basis = { plan, aim: isMissed ? AIMED * prescriptionDose : prescription.dose };
    const dose = this.rowDose(voxels);
    if (followsLevel(planCase))
      this.mean = (meanOf(prescribedRows(voxels, planCase), dose) * this.basis.aim) / prescriptionDose;
    const volumeOf = (structure: string): number => model.drawnFractions.get(structure)!.volumeCc;
    const site = { voxels, volumeOf, fractions: prescription.fractions, maxima, dose };
    const dvhOf = heldDvhs(model, plan);
    this.goals = this.goals.map((list) =>
      list.map((goal): FollowedGoal => {
        if (goal.isLeast) return goal;
        const { asked } = goal;
        const own = poseGoal(goal, site);
        const drawn = heldValue(asked, dvhOf(asked.structure));
        const inRows = asked.scale === undefined ? valueAt(own, dose) : drawn;
        if (!(drawn > 0 && inRows > 0)) return goal;
        return {
          ...goal,
          factor: Math.min(FACTORS[1], Math.max(FACTORS[0], (inRows / drawn) * (1 - asked.sign * MORE))),
        };
      }),
    );
  }

  /** For the rows of the next plan; undefined as long as objectives alone are planned by. */
  on(voxels: PlanningVoxels): AskedLists | undefined {
    if (this.basis === undefined) return undefined;
    const { goals, mean } = this;
    return { goals, dose: this.rowDose(voxels), ...(mean !== undefined && { mean }) };
  }

  /**
   * After a plan: lists begin with the first by the objectives alone that keeps the case's constraints; then goals and mean follow what each misses.
   *
   * @param rows of that plan, if it is such a one
   * @returns `as they were`: the next plan would be the same
   */
  follow(plan: SolvedPlan, rows: ListRows | undefined): 'begun' | 'moved' | 'as they were' {
    if (this.goals.length === 0) return 'as they were';
    if (this.basis === undefined) {
      if (rows === undefined) return 'as they were';
      this.begin(plan, rows);
      return 'begun';
    }
    this.moves++;
    const hasMoved = this.followGoals(plan);
    return this.followMean(plan) || hasMoved ? 'moved' : 'as they were';
  }

  /** A plan as it is told: with the dose of the plan by the objectives alone, where that missed the prescription too. */
  told(made: SolvedPlan): SolvedPlan {
    const { solution } = this.basis?.plan ?? {};
    return solution?.status === 'prescription-missed' ? { ...made, reachedAlone: solution.prescriptionDose } : made;
  }

  /** A goal that is met in the rows, but not as the structure is drawn, is asked for a little more. */
  private followGoals(plan: SolvedPlan): boolean {
    const dvhOf = heldDvhs(this.model, plan);
    let hasMoved = false;
    this.goals = this.goals.map((list, l) =>
      list.map((goal): FollowedGoal => {
        const { asked, factor, isLeast } = goal;
        const result = plan.priorities?.[l]?.goals.find(({ name }) => name === asked.text);
        if (isLeast || result === undefined || result.shortfall > ROUNDING * asked.dose) return goal;
        const dvh = dvhOf(asked.structure);
        const value = heldValue(asked, dvh);
        if (!(value > 0)) return goal;
        if (isKept(asked, dvh, this.planCase)) return goal;
        hasMoved = true;
        const off = Math.log(asked.dose / value) - asked.sign * MORE;
        const before = this.before.get(asked.text);
        this.before.set(asked.text, { at: factor, off });
        return { ...goal, factor: factor * Math.exp(stepOf({ at: factor, off }, before)) };
      }),
    );
    return hasMoved;
  }

  private followMean({ solution: { status, prescriptionDose } }: SolvedPlan): boolean {
    const { mean } = this;
    if (mean === undefined) return false;
    const off = Math.log(this.basis!.aim / prescriptionDose);
    const before = this.before.get(MEAN);
    this.before.set(MEAN, { at: mean, off });
    if (status !== 'prescription-missed' || this.moves > PATIENCE || !(Math.abs(off) > MET)) return false;
    this.mean = mean * Math.exp(stepOf({ at: mean, off }, before));
    return true;
  }

  /** The dose of the plan by the objectives alone in the rows of any other: that of its own, or what is reported there. */
  private rowDose({ places }: PlanningVoxels): Float64Array {
    const { plan } = this.basis!;
    const doseOf = doseOfVoxel(this.model, plan);
    const known = new Map(Array.from(plan.voxels.places, (place, row) => [place, row]));
    return Float64Array.from(places, (place) => {
      const row = known.get(place);
      return row === undefined ? doseOf(this.model.voxelOfPoint[place]!) : plan.solution.dose[row]!;
    });
  }
}

/** Where a factor or the mean stood in a plan, and by what its dose was off, as a logarithm. */
interface Standing {
  readonly at: number;
  readonly off: number;
}

/** By what to move next, as a logarithm: what a dose follows in part only is moved by as much more. */
function stepOf({ at, off }: Standing, before: Standing | undefined): number {
  const followed = before && before.at !== at ? (before.off - off) / Math.log(at / before.at) : 1;
  const lag = Math.min(MOST_LAG, Math.max(1, 1 / Math.max(followed, 1e-9)));
  return lag > 1 ? Math.max(-MOST_MOVE, Math.min(MOST_MOVE, lag * off)) : off;
}

function meanOf({ rows, volumes }: VoxelSet, dose: Float64Array): number {
  const total = volumes.reduce((a, b) => a + b, 0);
  return rows.reduce((sum, row, q) => sum + (volumes[q]! / total) * dose[row]!, 0);
}
