/**
 * Objective: a function of the dose on some rows, as value, gradient and curvature.
 *
 * Each is normalised by the volume of its structure: `volumes` are the rows' volumes (fractional masks count with their
 * fraction), and only their ratios matter. Dose is in Gy; an objective has the unit Gy^2, or Gy where it says so. None carries
 * an additive constant, so that a relative gap means something.
 */

import { checkFinite } from '../../core/check.js';
import { InvalidInputError } from '../../core/errors.js';
import { toDigits } from '../../core/rounding.js';

/** A function of the dose on some rows: value, gradient and curvature. */
export interface Objective {
  readonly name: string;
  /** Importance relative to the others, > 0. */
  readonly weight: number;
  /** False: a minimum found is only local. A term that is not convex must never be negative. */
  readonly isConvex: boolean;
  /**
   * True: it never falls where a dose rises. Such an objective, where it is convex, stays so in whatever is convex in dose and
   * rises with it. @default false: not told
   */
  readonly isRising?: boolean;
  /** True: it has no curvature anywhere. @default false */
  readonly isLinear?: boolean;
  /** Rows of the dose that it reads, for the check against the operator. @default not told: any */
  readonly rows?: Int32Array;
  /** The formula with its present numbers, weight included. */
  describe(): string;
  /** Value at `dose`; adds `weight` times its gradient to `gradient` and returns `weight` times the value. */
  evaluate(dose: Float64Array, gradient: Float64Array): number;
  /** Adds `weight` times the diagonal of its second derivative, or of a bound of it, to `out`; never negative. */
  addCurvature(dose: Float64Array, out: Float64Array): void;
  /** Adds what the second derivative times `direction` is beyond that diagonal; left out where it is diagonal. */
  addCoupling?(dose: Float64Array, direction: Float64Array, out: Float64Array): void;
  /** The same objective following the level `to`, where it follows `from`; left out where it follows none. */
  withLevel?(from: Level, to: Level): Objective;
  /** The dose that it asks its rows to reach as things stand, Gy; left out where it asks for none. */
  askedDose?(): number;
  /**
   * The same as numbers, for optimisers of others; left out where it is no such sum.
   *
   * @internal
   */
  terms?(): RowTerms;
}

/** An objective as a sum over rows of one function f of the dose: `sum factors_q f(d_q - doses_q)`. */
export interface RowTerms {
  /** f(x): `deviation` x^2, `overdose` max(0, x)^2, `underdose` max(0, -x)^2, `linear` x. */
  readonly form: 'deviation' | 'overdose' | 'underdose' | 'linear';
  readonly rows: Int32Array;
  /** Weight and volume of each row, without unit. */
  readonly factors: Float64Array;
  /** Gy, one per row, or one for all. */
  readonly doses: number | Float64Array;
  /** Where the objective follows a level: `doses` are this fraction of it. */
  readonly ofLevel?: number;
}

/** Rows of one structure and what fraction of its volume each is. */
export interface VoxelSet {
  /** Rows of the operator. */
  readonly rows: Int32Array;
  /** > 0, one per row; any common scale. */
  readonly volumes: Float64Array;
}

/** A dose level that objectives may follow. Whoever solves moves one of his own, not that of the problem. */
export interface Level {
  /** Gy */
  readonly value: number;
}

/** The objectives, following the level `to` where they follow `from`. */
export const followLevel = (objectives: readonly Objective[], from: Level, to: Level): readonly Objective[] =>
  objectives.map((objective) => objective.withLevel?.(from, to) ?? objective);

/**
 * Total volume of a set, checked on the way.
 *
 * @throws {InvalidInputError} for a weight that is not > 0, an empty set, or a volume that is not > 0
 */
export function checkObjective(name: string, set: VoxelSet, weight: number): number {
  checkFinite(`objective "${name}": weight`, weight);
  if (!(weight > 0)) {
    throw new InvalidInputError(
      `objective "${name}": weight is ${weight}, but must be > 0. Leave the objective out where it should not count.`,
    );
  }
  if (set.rows.length === 0 || set.rows.length !== set.volumes.length) {
    throw new InvalidInputError(
      `objective "${name}": its structure has ${set.rows.length} voxels and ${set.volumes.length} volumes, but must have one volume for each of at least one voxel. Check its contours, or remove the objective.`,
    );
  }
  let total = 0;
  for (const volume of set.volumes) {
    if (!(volume > 0 && Number.isFinite(volume))) {
      throw new InvalidInputError(
        `objective "${name}": a voxel has volume ${volume}, but must have one > 0. Leave it out.`,
      );
    }
    total += volume;
  }
  return total;
}

/** A number as a formula shows it. */
export const shown = (value: number): string => String(toDigits(value, 6));
