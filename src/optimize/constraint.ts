/**
 * Hard limits: what a plan must keep, whatever it costs.
 *
 *   voxels   d_i <= b_i, or >=, in every voxel: one bound for all or one for each
 *   linear   sum a_i d_i <= b: mean dose
 *   convex   g(d) <= b with g convex: gEUD, and the mean of the hottest volume, which bounds D0.03cc from above
 *
 * A convex limit is kept by the plane that touches it wherever the plan has crossed it, as often as that takes; each plane is
 * a linear limit that every permitted plan keeps, so what they prove holds for the limit itself.
 */
import { checkFinite, checkNonNegative } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { checkGeudExponent, generalisedEud } from './objective/generalised-eud.js';
import type { VoxelSet } from './objective/objective.js';

/** A bound on each row: `sign d_row <= sign bound`. */
export interface VoxelConstraint {
  readonly kind: 'voxels';
  readonly name: string;
  /** 1: the bounds are maxima; -1: minima. */
  readonly sign: 1 | -1;
  readonly rows: Int32Array;
  /** Gy, one per row */
  readonly bounds: Float64Array;
  /**
   * How much more than its bound the solver holds it to, Gy; what is proven is proven for the bound. @default 0
   *
   * @internal
   */
  readonly tightening?: number;
}

/** A bound on a weighted sum of rows: `sum coefficients d_row <= bound`. */
export interface LinearConstraint {
  readonly kind: 'linear';
  readonly name: string;
  readonly rows: Int32Array;
  /** One per row, without unit. */
  readonly coefficients: Float64Array;
  /** Gy */
  readonly bound: number;
  /**
   * As that of voxels. @default 0
   *
   * @internal
   */
  readonly tightening?: number;
}

/** A bound on a convex function of rows: `value(d) <= bound`. */
export interface ConvexConstraint {
  readonly kind: 'convex';
  readonly name: string;
  readonly rows: Int32Array;
  /** Gy */
  readonly bound: number;
  /** True: the value never falls where a dose rises. @default false: not told */
  readonly isRising?: boolean;
  /** Value where there is no dose at all, Gy, where that is not nothing. @default 0 */
  readonly withoutDose?: number;
  /**
   * As that of voxels. @default 0
   *
   * @internal
   */
  readonly tightening?: number;
  /** Value at `dose`; adds a subgradient to `gradient`. */
  evaluate(dose: Float64Array, gradient: Float64Array): number;
}

/** What every plan must keep: bounds by row, a bound on a weighted sum, or on a convex function. */
export type Constraint = VoxelConstraint | LinearConstraint | ConvexConstraint;

/**
 * No voxel above its bound.
 *
 * @param bounds Gy; one for all rows, or one for each
 */
export function maximumDose(
  name: string,
  { rows }: Pick<VoxelSet, 'rows'>,
  bounds: number | Float64Array,
): VoxelConstraint {
  return voxelConstraint(name, 1, rows, bounds);
}

/**
 * No voxel below its bound.
 *
 * @param bounds Gy; one for all rows, or one for each
 */
export function minimumDose(
  name: string,
  { rows }: Pick<VoxelSet, 'rows'>,
  bounds: number | Float64Array,
): VoxelConstraint {
  return voxelConstraint(name, -1, rows, bounds);
}

/**
 * Mean dose of a structure, at most a bound.
 *
 * @param bound Gy
 */
export function maximumMean(name: string, set: VoxelSet, bound: number): LinearConstraint {
  return meanConstraint(name, set, bound, 1);
}

/**
 * Mean dose of a structure, at least a bound.
 *
 * @param bound Gy
 */
export function minimumMean(name: string, set: VoxelSet, bound: number): LinearConstraint {
  return meanConstraint(name, set, bound, -1);
}

/**
 * gEUD of a structure, at most a bound.
 *
 * @param a exponent >= 1
 * @param bound Gy
 */
export function maximumGeud(name: string, set: VoxelSet, a: number, bound: number): ConvexConstraint {
  checkGeudExponent(`limit "${name}"`, a, 'above');
  return geudConstraint(name, set, a, bound, 1);
}

/**
 * gEUD of a structure, at least a bound.
 *
 * @param a exponent < 1, not 0
 * @param bound Gy
 */
export function minimumGeud(name: string, set: VoxelSet, a: number, bound: number): ConvexConstraint {
  checkGeudExponent(`limit "${name}"`, a, 'below');
  return geudConstraint(name, set, a, bound, -1);
}

/**
 * Mean dose of the hottest `fraction` of the volume, at most `bound` Gy. It is never below the dose that this volume
 * receives, so a bound on it is a bound on D_V, and a convex one.
 *
 * @param fraction of the volume, > 0 and at most 1
 * @param bound Gy
 * @see Romeijn et al., Med. Phys. 30 (2003) on conditional value at risk in fluence optimisation
 */
export function maximumHottest(name: string, set: VoxelSet, fraction: number, bound: number): ConvexConstraint {
  return tailConstraint(name, set, fraction, bound, 1);
}

/**
 * Mean dose of the coldest `fraction` of the volume, at least `bound` Gy. It is never above the dose that the rest of the volume
 * receives at least, so a bound on it is one on D_(1 - fraction): the coldest 2 % at 36 Gy make D98% at least 36 Gy.
 *
 * @param fraction of the volume, > 0 and at most 1
 * @param bound Gy
 */
export function minimumColdest(name: string, set: VoxelSet, fraction: number, bound: number): ConvexConstraint {
  return tailConstraint(name, set, fraction, bound, -1);
}

/** By how much a dose breaks a limit, Gy (negative where it keeps it), and the row where it does so most. */
export function violationOf(constraint: Constraint, dose: Float64Array): { amount: number; row: number } {
  let amount = -Infinity;
  let row = constraint.rows[0]!;
  if (constraint.kind === 'voxels') {
    for (let q = 0; q < constraint.rows.length; q++) {
      const over = constraint.sign * (dose[constraint.rows[q]!]! - constraint.bounds[q]!);
      if (over > amount) {
        amount = over;
        row = constraint.rows[q]!;
      }
    }
    return { amount, row };
  }
  if (constraint.kind === 'linear') {
    amount = constraint.rows.reduce((sum, r, q) => sum + constraint.coefficients[q]! * dose[r]!, 0) - constraint.bound;
  } else {
    amount = constraint.evaluate(dose, new Float64Array(dose.length)) - constraint.bound;
  }
  for (const r of constraint.rows) if (dose[r]! > dose[row]!) row = r;
  return { amount, row };
}

function voxelConstraint(name: string, sign: 1 | -1, rows: Int32Array, bounds: number | Float64Array): VoxelConstraint {
  const all = typeof bounds === 'number' ? new Float64Array(rows.length).fill(bounds) : bounds;
  checkSet(name, rows, all.length);
  for (const bound of all) checkNonNegative(`limit "${name}": bound in Gy`, bound);
  return { kind: 'voxels', name, sign, rows, bounds: all };
}

function geudConstraint(name: string, set: VoxelSet, a: number, bound: number, sign: 1 | -1): ConvexConstraint {
  checkSet(name, set.rows, set.volumes.length);
  checkNonNegative(`limit "${name}": bound`, bound);
  return {
    kind: 'convex',
    name,
    rows: set.rows,
    bound: sign * bound,
    isRising: sign > 0,
    evaluate: (dose, gradient) => sign * generalisedEud(dose, set, a, gradient, sign),
  };
}

function tailConstraint(
  name: string,
  { rows, volumes }: VoxelSet,
  fraction: number,
  bound: number,
  sign: 1 | -1,
): ConvexConstraint {
  checkSet(name, rows, volumes.length);
  checkNonNegative(`limit "${name}": bound`, bound);
  if (!(fraction > 0 && fraction <= 1)) {
    throw new InvalidInputError(`limit "${name}": volume is ${fraction}, but must be a fraction above 0 and up to 1.`);
  }
  const order = Array.from(rows, (_, q) => q);
  const tail = fraction * volumes.reduce((a, b) => a + b, 0);
  return {
    kind: 'convex',
    name,
    rows,
    bound: sign * bound,
    isRising: sign > 0,
    evaluate(dose, gradient) {
      order.sort((a, b) => sign * (dose[rows[b]!]! - dose[rows[a]!]!) || a - b);
      let left = tail;
      let sum = 0;
      for (const q of order) {
        const part = (sign * Math.min(left, volumes[q]!)) / tail;
        sum += part * dose[rows[q]!]!;
        gradient[rows[q]!]! += part;
        left -= volumes[q]!;
        if (left <= 0) break;
      }
      return sum;
    },
  };
}

function meanConstraint(name: string, { rows, volumes }: VoxelSet, bound: number, sign: 1 | -1): LinearConstraint {
  checkSet(name, rows, volumes.length);
  checkNonNegative(`limit "${name}": bound in Gy`, bound);
  const total = volumes.reduce((a, b) => a + b, 0);
  return { kind: 'linear', name, rows, coefficients: volumes.map((v) => (sign * v) / total), bound: sign * bound };
}

function checkSet(name: string, rows: Int32Array, values: number): void {
  if (rows.length === 0 || rows.length !== values) {
    throw new InvalidInputError(
      `limit "${name}": its structure has ${rows.length} voxels and ${values} values, but must have one for each of at least one voxel. Check its contours, or remove the limit.`,
    );
  }
}

/** @throws {InvalidInputError} unless the name is given to finite bounds that do not contradict each other in any voxel */
export function checkAgreement(constraints: readonly Constraint[]): void {
  const highest = new Map<number, { bound: number; name: string }>();
  for (const constraint of constraints) {
    if (constraint.kind !== 'voxels' || constraint.sign < 0) continue;
    constraint.rows.forEach((row, q) => {
      const bound = constraint.bounds[q]!;
      if (bound < (highest.get(row)?.bound ?? Infinity)) highest.set(row, { bound, name: constraint.name });
    });
  }
  for (const constraint of constraints) {
    if (constraint.kind !== 'voxels' || constraint.sign > 0) continue;
    constraint.rows.forEach((row, q) => {
      const largest = highest.get(row);
      if (largest === undefined || largest.bound >= constraint.bounds[q]!) return;
      throw new InvalidInputError(
        `limits "${constraint.name}" and "${largest.name}" contradict each other: voxel ${row} must get at least ${constraint.bounds[q]} and at most ${largest.bound} Gy. Give overlapping voxels to one of them with resolveOverlap.`,
      );
    });
  }
  for (const constraint of constraints)
    if (constraint.kind !== 'voxels') checkFinite(`limit "${constraint.name}": bound`, constraint.bound);
}
