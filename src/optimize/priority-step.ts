/** What is told of a list of goals after its turn: how far each is met, what is proven of it, and what stands in its way. */
import type { Certificate } from './certificate.js';
import { type Constraint, violationOf } from './constraint.js';
import { askedOf, boundOf, constraintOf, type Goal, isFromBelow, valueAt } from './goal.js';
import type { Solution, SolutionStatus } from './solver.js';

/** What of something that is kept could be had for a goal. */
export interface Trade {
  /** A constraint, or a goal of a list before. */
  readonly of: string;
  /** Gy by which the goal would come nearer per Gy that the other gave way; less where it gives way further. */
  readonly gain: number;
  /** Gy of the other that one Gy of the goal costs, at least: 1 / gain. */
  readonly cost: number;
}

/** A goal after its turn. */
export interface GoalResult {
  readonly name: string;
  /** Gy; the largest where voxels have their own. Null: as little as possible. */
  readonly asked: number | null;
  /** Value at the end of its turn, Gy; where voxels have bounds of their own, `asked` and what the worst voxel is beyond its own. */
  readonly achieved: number;
  /** Gy beyond what was asked for, >= 0; where as little as possible is asked for the value itself. */
  readonly shortfall: number;
  /** Proven: no plan that keeps what comes before misses this goal by less, Gy. Null in a list of several, where only their sum is. */
  readonly leastShortfall: number | null;
  /** Value that later lists keep, Gy. */
  readonly kept: number;
  /** Of it what is granted beyond `achieved`, Gy; 0 where the goal is met with more than that to spare. */
  readonly slack: number;
  /** Gy that the sum of the list measures it by. */
  readonly scale: number;
  /** Value in the plan in the end, Gy. */
  readonly final: number;
  /** What gives way to it, the best bargain first. */
  readonly trades: readonly Trade[];
}

/**
 * A list of goals after its turn. `met`: every value asked for is reached; `missed`: proven that no plan reaches them all; `unproven`:
 * not reached, but not proven to be out of reach either; `least`: only as little as possible was asked for, and that is proven within the
 * gap; `time-limit` and `stopped`: ended before.
 */
export interface PriorityStep {
  readonly status: 'met' | 'missed' | 'least' | 'unproven' | 'time-limit' | 'stopped';
  readonly goals: readonly GoalResult[];
  /** Sum of the shortfalls, each relative to its scale. */
  readonly shortfall: number;
  /** Proven: no permitted plan has a smaller sum; null where nothing is proven. */
  readonly lowerBound: number | null;
  /** (value - lower bound) / value of the objective written out in `certificate`. */
  readonly gap: number | null;
  readonly certificate: Certificate;
}

/** A goal with the Gy that it is measured in. */
export interface ScaledGoal extends Goal {
  readonly scale: number;
}

/** Multipliers of a constraint with more left than this fraction of its bound are those of any interior point, not its price. */
const HELD = 0.01;
/** Gains below this fraction of the largest are not told. */
const SMALL_GAIN = 1e-3;

/** What a list stands on. */
export interface StepSite {
  /** What it had to keep: hard constraints, then the goals before it. */
  readonly held: readonly Constraint[];
  /** How many of these are hard. */
  readonly hard: number;
  /** What the objective has beyond the sum of the shortfalls. */
  readonly constant: number;
  /** What later lists may take back of a goal, fraction of its scale. */
  readonly slack: number;
}

/** By how much the bound of a goal is eased for later lists, Gy: what it misses and the slack, as far as that is beyond the bound. */
export const easingOf = (goal: ScaledGoal, dose: Float64Array, slack: number): number =>
  Math.max(0, violationOf(constraintOf(goal), dose).amount + slack * goal.scale);

export function stepOf(goals: readonly ScaledGoal[], solution: Solution, site: StepSite): PriorityStep {
  const { dose } = solution;
  const { certificate } = solution;
  const { constant, slack } = site;
  const amounts = goals.map((goal) => violationOf(constraintOf(goal), dose).amount);
  const shortfall = goals.reduce((sum, { scale }, g) => sum + Math.max(0, amounts[g]!) / scale, 0);
  // No plan misses by less than nothing.
  const lowerBound = certificate.lowerBound === null ? null : Math.max(0, certificate.lowerBound - constant);
  const value = constant + shortfall;
  const gap = lowerBound === null ? null : (shortfall - lowerBound) / value;
  // What is met has no price.
  const gains = shortfall > 0 ? gainsOf(certificate, dose, site) : [];
  const results = goals.map((goal, g): GoalResult => {
    const { scale, constraint } = goal;
    const asked = askedOf(goal);
    const achieved = valueAt(goal, dose);
    const easing = easingOf(goal, dose, slack);
    const sign = isFromBelow(constraint) ? -1 : 1;
    return {
      name: constraint.name,
      asked,
      achieved,
      shortfall: Math.max(0, amounts[g]!),
      leastShortfall: goals.length === 1 && lowerBound !== null ? lowerBound * scale : null,
      kept: (asked ?? 0) + sign * easing,
      slack: easing > 0 ? easing - amounts[g]! : 0,
      scale,
      final: achieved,
      trades: gains.map(({ of, gain }) => ({ of, gain: gain * scale, cost: 1 / (gain * scale) })),
    };
  });
  return {
    status: statusOf(goals, amounts, lowerBound, solution.status),
    goals: results,
    shortfall,
    lowerBound,
    gap,
    certificate: { ...certificate, value, gap },
  };
}

/** Relative shortfall per Gy of what a list had to keep, the largest first. */
function gainsOf(
  { prices }: Certificate,
  dose: Float64Array,
  { held, hard }: StepSite,
): { of: string; gain: number }[] {
  // Constraints of one name have one price.
  const names = [...new Set(held.map(({ name }) => name))];
  const priceOf = new Map(prices.map((one) => [one.limit, one]));
  const all = names.map((name) => {
    const { price, active } = priceOf.get(name)!;
    const own = held.flatMap((constraint, k) => (constraint.name === name ? [{ constraint, k }] : []));
    const isHeld = own.some(
      ({ constraint, k }) =>
        (k < hard && constraint.kind === 'voxels') ||
        violationOf(constraint, dose).amount > -HELD * boundOf(constraint),
    );
    const whole = own[0]!.constraint.kind === 'voxels' ? active.reduce((sum, one) => sum + one.price, 0) : price;
    return { of: name, gain: isHeld ? whole : 0 };
  });
  const largest = all.reduce((a, { gain }) => Math.max(a, gain), 0);
  return all.filter(({ gain }) => gain > SMALL_GAIN * largest).sort((a, b) => b.gain - a.gain);
}

function statusOf(
  goals: readonly Goal[],
  amounts: readonly number[],
  lowerBound: number | null,
  status: SolutionStatus,
): PriorityStep['status'] {
  const asking = goals.map((_, g) => g).filter((g) => !goals[g]!.isLeast);
  const isMet = asking.every((g) => amounts[g]! <= 0);
  if (asking.length > 0 && isMet) return 'met';
  if (asking.length === goals.length && lowerBound !== null && lowerBound > 0) return 'missed';
  if (status === 'time-limit' || status === 'stopped') return status;
  return asking.length === 0 && status === 'reached' ? 'least' : 'unproven';
}
