/**
 * The case's constraints from plan to plan: what the optimiser is held to, until the dose that is reported keeps them.
 *
 * Every plan's own dose is read in the structures as they are drawn. What misses a constraint by no more than {@link SLIGHT} from above is
 * scaled away with the maxima; anything else moves the optimiser's bound by as much as it was missed, and a little more.
 */
import { InvalidInputError } from '../../core/errors.js';
import { type Dvh, doseAtVolume } from '../../evaluate/dvh.js';
import { evaluateMetric } from '../../evaluate/metric-value.js';
import type { AskedConstraint } from '../asked/asked-constraint.js';
import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { PatientModel } from '../patient/patient-model.js';
import { doseOfVoxel } from '../patient/planning-grid.js';
import { freeOf, type HeldConstraint, heldDose, heldRows } from '../problem/held-constraint.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import type { FollowedGoal } from '../problem/posed-goal.js';
import { cordDvh, doseOfPlan, drawnDvh } from './drawn-dvh.js';
import type { SolvedPlan, TechniquePlan } from './technique-plan.js';

/** What is above its bound by less than this fraction is scaled away. */
export const SLIGHT = 1e-3;
/** By how much more than it was missed a bound moves, fraction: it is larger than what scaling may take from what is held from below. */
const MORE = 1.5 * SLIGHT;
/** A dose in Float32 misses its bound from this fraction of it on. */
const ROUNDING = 1e-6;

/** The dose of a plan that a constraint is on, Gy in its scale. */
export function heldValue({ form, goal, structure }: AskedConstraint, dvh: Dvh): number {
  const { metric } = goal;
  switch (form.kind) {
    case 'extreme':
      return metric.kind === 'Min' ? dvh.min : dvh.max;
    case 'volume': {
      const own = form.unit === '%' ? (form.volume / 100) * dvh.volumeCc : form.volume;
      if (own > dvh.volumeCc) {
        throw new InvalidInputError(
          `constraint "${goal.text}": ${structure} has ${dvh.volumeCc.toFixed(2)} cc, less than the ${own} cc that it is on. Give a smaller volume, or percent.`,
        );
      }
      return doseAtVolume(dvh, form.isRest ? dvh.volumeCc - own : own).value;
    }
    default:
      return evaluateMetric({ ...metric, unit: 'Gy' }, dvh).value;
  }
}

/** DVHs of a plan in the structures that constraints are on, each made once. */
export function heldDvhs(
  model: PatientModel,
  plan: Pick<TechniquePlan, 'dose' | 'fineDose' | 'surfaceDose'>,
): (structure: string) => Dvh {
  const known = new Map<string, Dvh>();
  const doseIn = doseOfPlan(plan, model);
  return (structure) => {
    const dvh =
      known.get(structure) ??
      (structure === model.cord
        ? cordDvh(model, doseIn, doseOfVoxel(model, plan))
        : drawnDvh(model, structure, doseIn));
    known.set(structure, dvh);
    return dvh;
  };
}

/** By what a dose misses its bound, fraction of it; negative where it keeps it. */
export const missOf = ({ dose, sign }: AskedConstraint, value: number): number =>
  dose > 0 ? (sign * (value - dose)) / dose : sign * (value - dose);

/**
 * The scale of a plan's dose, at most 1, that keeps the constraints from above which it misses slightly. All but those on a biological
 * scale grow with the dose as it does.
 */
export function heldScale(held: readonly HeldConstraint[], dvhOf: (structure: string) => Dvh): number {
  return held.reduce((scale, { asked }) => {
    if (asked.sign < 0 || asked.scale !== undefined) return scale;
    const value = heldValue(asked, dvhOf(asked.structure));
    const miss = missOf(asked, value);
    return miss > 0 && miss <= SLIGHT ? Math.min(scale, asked.dose / value) : scale;
  }, 1);
}

/** Whether a plan keeps a constraint. */
export const isKept = (asked: AskedConstraint, value: number): boolean => missOf(asked, value) <= ROUNDING;

export class FollowedConstraints {
  private now: HeldConstraint[];
  private goalsNow: readonly (readonly FollowedGoal[])[];

  constructor(
    asked: readonly AskedConstraint[],
    goals: readonly (readonly FollowedGoal[])[],
    private readonly model: PatientModel,
  ) {
    this.now = asked.map((one) => ({ asked: one, factor: 1 }));
    this.goalsNow = goals;
  }

  get goals(): readonly (readonly FollowedGoal[])[] {
    return this.goalsNow;
  }

  get held(): readonly HeldConstraint[] {
    return this.now;
  }

  /** What the optimiser holds as the cord's maximum, Gy. @param given the case's cap */
  cordMaximum(given: number): number {
    return Math.min(given, ...this.maximaOn(this.model.cord));
  }

  /** The maxima of organs, with those that are asked for. @param given what the prior course leaves */
  organMaxima(given: readonly VoxelMaxima[]): VoxelMaxima[] {
    return withAsked(given, this.now, this.model);
  }

  private maximaOn(structure: string): number[] {
    return this.now.filter((one) => isMaximum(one.asked) && one.asked.structure === structure).map(heldDose);
  }

  /**
   * Moves the bounds of what a plan misses.
   *
   * @param maximumOf the largest dose that a row may have, Gy
   * @returns whether any moved: the plan must be made again
   */
  follow(plan: SolvedPlan, { structures }: PlanningVoxels, maximumOf: (row: number) => number): boolean {
    const dvhOf = heldDvhs(this.model, plan);
    let hasMoved = false;
    this.now = this.now.map((one): HeldConstraint => {
      const { asked, factor } = one;
      const dvh = dvhOf(asked.structure);
      const value = heldValue(asked, dvh);
      if (isKept(asked, value)) return one;
      hasMoved = true;
      if (asked.form.kind === 'volume' && one.rows === undefined) {
        const set = structures.get(asked.structure)!;
        const { sign, dose: wanted } = asked;
        const isForbidden = (row: number): boolean => sign < 0 && maximumOf(row) <= wanted;
        return {
          ...one,
          rows: heldRows(set, { dose: plan.solution.dose, free: freeOf(asked, dvh.volumeCc), sign, isForbidden }),
        };
      }
      const nearer = value > 0 && asked.dose > 0 ? asked.dose / value : 1;
      return { ...one, factor: factor * nearer * (1 - asked.sign * MORE) };
    });
    return this.followGoals(plan, dvhOf) || hasMoved;
  }

  /** A goal that is met in the rows, but not as the structure is drawn, is asked for a little more. */
  private followGoals(plan: SolvedPlan, dvhOf: (structure: string) => Dvh): boolean {
    let hasMoved = false;
    this.goalsNow = this.goalsNow.map((list, l) =>
      list.map((goal): FollowedGoal => {
        const { asked, factor, isLeast } = goal;
        const result = plan.priorities?.[l]?.goals.find(({ name }) => name === asked.text);
        if (isLeast || result === undefined || result.shortfall > ROUNDING * asked.dose) return goal;
        const value = heldValue(asked, dvhOf(asked.structure));
        if (isKept(asked, value) || !(value > 0)) return goal;
        hasMoved = true;
        return { ...goal, factor: factor * (asked.dose / value) * (1 - asked.sign * MORE) };
      }),
    );
    return hasMoved;
  }
}

const isMaximum = ({ form, sign }: AskedConstraint): boolean => form.kind === 'extreme' && sign > 0;

/** Maxima by voxel with those that constraints ask for, each structure once; the cord has its own. */
export function withAsked(
  given: readonly VoxelMaxima[],
  held: readonly HeldConstraint[],
  { masks, body, cord }: Pick<PatientModel, 'masks' | 'body' | 'cord'>,
): VoxelMaxima[] {
  const all = new Map(given.map((own) => [own.structure, own]));
  for (const one of held) {
    const { structure } = one.asked;
    if (!isMaximum(one.asked) || structure === cord) continue;
    const dose = heldDose(one);
    const known = all.get(structure);
    const mask = masks.get(structure)!.data;
    const voxels = known?.voxels ?? body.index.filter((voxel) => mask[voxel]! > 0);
    const maxima =
      known?.maxima.map((maximum) => Math.min(maximum, dose)) ?? new Float64Array(voxels.length).fill(dose);
    all.set(structure, { structure, voxels, maxima });
  }
  return [...all.values()];
}
