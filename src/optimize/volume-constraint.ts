/**
 * Constraints on partial volumes: at most a fraction of a structure above a dose (V20Gy <= 20 %, D0.03cc <= 30 Gy), or at least a fraction of
 * it at a dose (D98% >= 36 Gy). They are not convex: which voxels may lie beyond the dose is a choice, and every choice is another problem.
 *
 * Two convex constraints imply them. The voxels are chosen: those of a plan in hand that lie furthest beyond the dose are let go, as much
 * volume as may be, and all others are held. Or the tail's mean is held: the hottest (coldest) fraction has its mean at the dose. A plan that
 * keeps the tail's mean keeps the choice of its own tail, so that choosing from it never loses.
 *
 * @see Romeijn et al., Phys. Med. Biol. 48 (2003) 3521, doi:10.1088/0031-9155/48/21/005 (conditional value at risk)
 */
import { checkNonNegative } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { type ConvexConstraint, maximumHottest, minimumColdest, type VoxelConstraint } from './constraint.js';
import type { VoxelSet } from './objective/objective.js';

/** At most, or at least, a fraction of a volume beyond a dose; not convex. */
export interface VolumeConstraint extends VoxelSet {
  readonly kind: 'volume';
  readonly name: string;
  /** 1: at most `fraction` of the volume above `dose`; -1: at most that below it. */
  readonly sign: 1 | -1;
  /** Gy */
  readonly dose: number;
  /** Of the volume, that may lie beyond the dose; from 0 to less than 1. */
  readonly fraction: number;
}

/**
 * At most `fraction` of the volume gets more than `dose` Gy: V20Gy <= 20 % is (20, 0.2), D0.03cc <= 30 Gy is (30, 0.03 / volume in cc).
 *
 * @param dose Gy
 * @param fraction of the volume, from 0 to less than 1
 */
export function maximumVolume(name: string, set: VoxelSet, dose: number, fraction: number): VolumeConstraint {
  return volumeConstraint(name, set, dose, fraction, 1);
}

/**
 * At least `fraction` of the volume gets `dose` Gy: D98% >= 36 Gy is (36, 0.98).
 *
 * @param dose Gy
 * @param fraction of the volume, more than 0 and at most 1
 */
export function minimumVolume(name: string, set: VoxelSet, dose: number, fraction: number): VolumeConstraint {
  return volumeConstraint(name, set, dose, 1 - fraction, -1);
}

function volumeConstraint(
  name: string,
  { rows, volumes }: VoxelSet,
  dose: number,
  fraction: number,
  sign: 1 | -1,
): VolumeConstraint {
  checkNonNegative(`limit "${name}": dose in Gy`, dose);
  const isFraction = fraction >= 0 && fraction < 1;
  if (!isFraction) {
    const asked = sign > 0 ? fraction : 1 - fraction;
    const range = sign > 0 ? 'from 0 to less than 1' : 'more than 0 and at most 1';
    throw new InvalidInputError(`limit "${name}": volume is ${asked}, but must be a fraction ${range}.`);
  }
  if (rows.length === 0 || rows.length !== volumes.length || !volumes.every((v) => v > 0 && Number.isFinite(v))) {
    throw new InvalidInputError(
      `limit "${name}": its structure has ${rows.length} voxels and ${volumes.length} volumes, but must have one > 0 for each of at least one voxel.`,
    );
  }
  return { kind: 'volume', name, sign, rows, volumes, dose, fraction };
}

/** Of a volume: as much is rounding of sums of its parts. */
const ROUNDING = 1e-9;

/** Fraction of the volume beyond the dose. */
export function fractionBeyond({ rows, volumes, sign, dose: level }: VolumeConstraint, dose: Float64Array): number {
  let beyond = 0;
  let total = 0;
  for (let q = 0; q < rows.length; q++) {
    total += volumes[q]!;
    if (sign * (dose[rows[q]!]! - level) > 0) beyond += volumes[q]!;
  }
  return beyond / total;
}

export const keepsVolume = (constraint: VolumeConstraint, dose: Float64Array): boolean =>
  fractionBeyond(constraint, dose) <= constraint.fraction + ROUNDING;

/** All voxels held but those that lie furthest beyond the dose, as much of the volume as may; null where that is all of it. */
export function chosenVoxels(constraint: VolumeConstraint, dose: Float64Array): VoxelConstraint | null {
  const { name, rows, volumes, sign, dose: level, fraction } = constraint;
  const order = Array.from(rows, (_, q) => q).sort((a, b) => sign * (dose[rows[b]!]! - dose[rows[a]!]!) || a - b);
  let left = (fraction + ROUNDING) * volumes.reduce((a, b) => a + b, 0);
  const held: number[] = [];
  for (const q of order) {
    if (volumes[q]! <= left) left -= volumes[q]!;
    else {
      // Those that come after are nearer to the dose, or within it: none of them goes before this one.
      left = -1;
      held.push(rows[q]!);
    }
  }
  if (held.length === 0) return null;
  const own = Int32Array.from(held).sort();
  return { kind: 'voxels', name, sign, rows: own, bounds: new Float64Array(own.length).fill(level) };
}

/** The mean of the tail at the dose: it is never nearer than the tail's own edge. */
export function heldTail(constraint: VolumeConstraint): ConvexConstraint | null {
  const { name, sign, dose, fraction } = constraint;
  if (fraction === 0) return null;
  return sign > 0 ? maximumHottest(name, constraint, fraction, dose) : minimumColdest(name, constraint, fraction, dose);
}
