/**
 * What a prior course leaves: the physical dose that the new course may give to each voxel.
 *
 * For every limit, with m fractions, r = alpha/beta, and b what it leaves in EQD2 at that voxel,
 *
 *     b = limit                      of this course alone
 *     b = limit - prior EQD2         of all courses
 *     D = (m/2) (-r + sqrt(r^2 + 4 (2 + r) b / m))
 *
 * and the remaining dose is the smallest D. Where the prior dose reaches a limit or is above it nothing is left, and the voxel is
 * reported: where, how many, by how much.
 */
import { checkInteger, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { Source } from './evidence.js';
import { doseFromEqd2, eqd2 } from './linear-quadratic.js';
import { noRecovery, type RecoveryConvention } from './recovery.js';

/** A limit on every voxel of a structure. */
export interface VoxelTolerance {
  readonly name: string;
  /** Of this course alone, or of all together. */
  readonly courses: 'this' | 'all';
  /** EQD2, Gy, > 0. */
  readonly eqd2: number;
  /** Gy */
  readonly alphaBeta: number;
  /** Where the number comes from. */
  readonly source?: Source;
  /** How far it is stretched beyond what its source states. */
  readonly warnings?: readonly string[];
}

/** A prior course at the voxels asked for: its physical dose, or what is known of it as EQD2. */
export type PriorAtVoxels = PhysicalPrior | BiologicalPrior;

export interface PhysicalPrior {
  /** Physical total, Gy, one per voxel; finite. */
  readonly dose: ArrayLike<number>;
  readonly fractions: number;
  /** Since its end. */
  readonly months?: number;
}

/** An EQD2 counts as it is, against limits of its own alpha/beta. */
export interface BiologicalPrior {
  /** Gy, one per voxel; finite. */
  readonly eqd2: ArrayLike<number>;
  /** Gy */
  readonly alphaBeta: number;
  /** Since its end. */
  readonly months?: number;
}

/** Less than this is nothing, physical Gy: a field gives more to whatever it passes by. */
export const LEAST_DOSE = 0.01;

/** Voxels where the prior dose alone uses up a limit, or is above it. */
export interface ToleranceExcess {
  readonly limit: string;
  readonly voxels: number;
  /** Largest EQD2 above the limit, Gy; 0 where it is just used up. */
  readonly largest: number;
  /** Which of the voxels that is. */
  readonly at: number;
}

export interface RemainingDose {
  /** Physical Gy of the new course, one per voxel. */
  readonly dose: Float64Array;
  /** Which limit binds, one per voxel. */
  readonly binding: Uint8Array;
  /** Limits that the prior dose alone uses up or exceeds somewhere. */
  readonly exceeded: readonly ToleranceExcess[];
}

export interface RemainingDoseOptions {
  /** What of the prior course still counts; never anything but `none` unless it is asked for. @default noRecovery */
  readonly recovery?: RecoveryConvention;
}

/**
 * Physical dose in `fractions` with the EQD2 that is left; 0 where nothing is left.
 *
 * @param left EQD2, Gy; may be negative
 */
export function doseOfRemainingEqd2(left: number, fractions: number, alphaBeta: number): number {
  return left <= 0 ? 0 : doseFromEqd2(left, fractions, alphaBeta);
}

/**
 * @param priors prior courses, all at the same `count` voxels
 * @param tolerances all of them hold at every voxel
 * @param fractions of the new course
 * @throws {InvalidInputError} if a prior dose is unknown (not finite) or negative somewhere, or there is no limit; if a
 *   recovery is asked for more than one prior course
 */
export function remainingDose(
  priors: readonly PriorAtVoxels[],
  count: number,
  tolerances: readonly VoxelTolerance[],
  fractions: number,
  { recovery = noRecovery }: RemainingDoseOptions = {},
): RemainingDose {
  checkInteger('remaining dose: fractions', fractions, 1);
  if (tolerances.length === 0) throw new InvalidInputError('remaining dose: there is no limit. Give at least one.');
  for (const { name, eqd2: tolerance, alphaBeta } of tolerances) {
    checkPositive(`remaining dose: limit ${name}`, tolerance);
    checkPositive(`remaining dose: alpha/beta of ${name}`, alphaBeta);
  }
  for (const prior of priors) checkPrior(prior, count, tolerances);
  if (priors.length > 1 && recovery.name !== noRecovery.name) {
    throw new InvalidInputError(
      `remaining dose: recovery ${recovery.name} is defined for one prior course, but there are ${priors.length}. Credit no recovery.`,
    );
  }
  const foreign = tolerances.find(({ courses, alphaBeta }) => {
    return courses === 'all' && recovery.alphaBeta !== undefined && recovery.alphaBeta !== alphaBeta;
  });
  if (foreign !== undefined) {
    throw new InvalidInputError(
      `remaining dose: recovery ${recovery.name} holds for alpha/beta ${recovery.alphaBeta} Gy, but limit ${foreign.name} has ${foreign.alphaBeta}. Use another convention, or none.`,
    );
  }
  const dose = new Float64Array(count).fill(Infinity);
  const binding = new Uint8Array(count);
  const exceeded: ToleranceExcess[] = [];
  tolerances.forEach((tolerance, l) => {
    const excess = { voxels: 0, largest: -Infinity, at: -1 };
    for (let v = 0; v < count; v++) {
      const left = leftAt(priors, v, tolerance, recovery);
      const allowed = doseOfRemainingEqd2(left, fractions, tolerance.alphaBeta);
      if (tolerance.courses === 'all' && allowed < LEAST_DOSE) {
        excess.voxels++;
        if (-left > excess.largest) {
          excess.largest = -left;
          excess.at = v;
        }
      }
      if (allowed < dose[v]!) {
        dose[v] = allowed;
        binding[v] = l;
      }
    }
    if (excess.voxels > 0) exceeded.push({ limit: tolerance.name, ...excess, largest: Math.max(0, excess.largest) });
  });
  return { dose, binding, exceeded };
}

function leftAt(
  priors: readonly PriorAtVoxels[],
  voxel: number,
  { courses, eqd2: limit, alphaBeta }: VoxelTolerance,
  recovery: RecoveryConvention,
): number {
  if (courses === 'this') return limit;
  let left = limit;
  for (const course of priors) {
    const before = 'eqd2' in course ? course.eqd2[voxel]! : eqd2(course.dose[voxel]!, course.fractions, alphaBeta);
    const { prior, tolerance } = recovery.after(before, course.months, limit);
    left += tolerance - limit - prior;
  }
  return left;
}

function checkPrior(prior: PriorAtVoxels, count: number, tolerances: readonly VoxelTolerance[]): void {
  const dose = 'eqd2' in prior ? prior.eqd2 : prior.dose;
  if ('eqd2' in prior) checkAlphaBeta(prior, tolerances);
  else checkInteger('remaining dose: fractions of the prior course', prior.fractions, 1);
  if (dose.length !== count) {
    throw new InvalidInputError(`remaining dose: the prior course has ${dose.length} doses for ${count} voxels.`);
  }
  let unknown = 0;
  for (let v = 0; v < count; v++) {
    if (dose[v]! < 0)
      throw new InvalidInputError(`remaining dose: the prior dose of voxel ${v} is ${dose[v]} Gy, but must be >= 0.`);
    if (!Number.isFinite(dose[v]!)) unknown++;
  }
  if (unknown > 0) {
    throw new InvalidInputError(
      `remaining dose: the prior dose is unknown in ${unknown} of ${count} voxels, beyond its grid. Give a dose that covers them, or say that the course gave none there (beyond: "zero").`,
    );
  }
}

function checkAlphaBeta({ alphaBeta }: BiologicalPrior, tolerances: readonly VoxelTolerance[]): void {
  const foreign = tolerances.find((tolerance) => tolerance.courses === 'all' && tolerance.alphaBeta !== alphaBeta);
  if (foreign === undefined) return;
  throw new InvalidInputError(
    `remaining dose: the prior dose is EQD2 with alpha/beta ${alphaBeta} Gy, but limit ${foreign.name} has ${foreign.alphaBeta} Gy. Give the physical dose, or a limit with alpha/beta ${alphaBeta}.`,
  );
}
