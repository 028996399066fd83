/**
 * Several targets from plan to plan: what the optimiser asks each for, until each receives its own dose.
 *
 * The level of the objectives follows the prescription of one target. A boost beside it loses dose to its surroundings, which are asked
 * for less, so that what it is asked for is its dose times an aim: 1 at first, then moved by what the plan's own dose misses.
 */
import { type Dvh, doseAtVolume } from '../../evaluate/dvh.js';
import type { AskedTarget } from '../asked/asked-target.js';
import type { PatientModel } from '../patient/patient-model.js';

/** So often an aim moves, at most. */
const MOST_MOVES = 5;
/** What misses its dose by less than this fraction is met. */
const MET = 5e-3;
/** An aim is at most so far from 1: what that does not reach is out of reach, and more would be hot spots. */
const FARTHEST = 0.12;
/** The dose of a target rises by at least this fraction of its aim's rise: less is noise of the proof's gap. */
const LEAST_SLOPE = 0.3;

interface Aim {
  readonly target: AskedTarget;
  readonly aim: number;
  /** Of the plan before: its aim and the fraction of the dose that was reached. */
  readonly before?: { readonly aim: number; readonly reached: number };
}

export class FollowedTargets {
  private now: readonly Aim[];
  private moves = 0;

  /** @param followed structures that objectives ask for a fraction of the level */
  constructor({ several }: Pick<PatientModel, 'several'>, followed: readonly (string | undefined)[]) {
    const others = several?.all.slice(1).filter(({ name }) => followed.includes(name)) ?? [];
    this.now = others.map((target) => ({ target, aim: 1 }));
  }

  get isEmpty(): boolean {
    return this.now.length === 0;
  }

  /** By target: what it is asked for, as a multiple of its dose. */
  get aims(): ReadonlyMap<string, number> {
    return new Map(this.now.map(({ target, aim }) => [target.name, aim]));
  }

  /**
   * @param dvhOf a target's of the last plan
   * @returns whether any aim moved: the plan must be made again
   */
  follow(dvhOf: (target: string) => Dvh): boolean {
    if (this.isEmpty || this.moves++ === MOST_MOVES) return false;
    let hasMoved = false;
    this.now = this.now.map((one): Aim => {
      const reached = reachedFraction(one.target, dvhOf(one.target.name));
      if (Math.abs(reached - 1) <= MET) return one;
      const aim = nextAim(one, reached);
      hasMoved ||= Math.abs(aim - one.aim) > MET / 2;
      return { ...one, aim, before: { aim: one.aim, reached } };
    });
    return hasMoved;
  }
}

const reachedFraction = ({ dose, fraction }: AskedTarget, dvh: Dvh): number =>
  doseAtVolume(dvh, fraction * dvh.volumeCc).value / dose;

/** Along the secant through the last two plans, where they tell; else in proportion. */
function nextAim({ aim, before }: Aim, reached: number): number {
  const slope = before === undefined ? Number.NaN : (reached - before.reached) / (aim - before.aim);
  const rise = slope >= LEAST_SLOPE ? (1 - reached) / slope : aim * (1 / reached - 1);
  return Math.max(1 - FARTHEST, Math.min(1 + FARTHEST, aim + rise));
}
