/** Which rows of the optimiser have a maximum, and what cannot be asked of them besides. */

import { InvalidInputError } from '../../core/errors.js';
import { toDigits } from '../../core/rounding.js';
import type { VoxelSet } from '../../optimize/objective/objective.js';
import type { AskedConstraint } from '../asked/asked-constraint.js';
import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import { constrainedVoxels } from './constrained-voxels.js';
import { type HeldConstraint, heldDose } from './held-constraint.js';
import type { PlanningVoxels } from './planning-voxels.js';

/** The strictest maximum of a row. */
export interface RowMaximum {
  /** Gy */
  readonly bound: number;
  /** Whose: the cord, or a bounded structure. */
  readonly structure: string;
}

export type RowMaxima = ReadonlyMap<number, RowMaximum>;

/** @param cord its name; `maxima` one per cord voxel, Gy */
export function rowMaxima(
  voxels: PlanningVoxels,
  cord: string,
  maxima: Float64Array,
  organs: readonly VoxelMaxima[],
): RowMaxima {
  const of = new Map<number, RowMaximum>();
  constrainedVoxels(voxels, maxima, organs).forEach((set, s) => {
    const structure = s === 0 ? cord : voxels.organs[s - 1]!.name;
    set.rows.forEach((row, q) => {
      const bound = set.maxima[q]!;
      if (bound < (of.get(row)?.bound ?? Infinity)) of.set(row, { bound, structure });
    });
  });
  return of;
}

/** Room that rounding takes of a bound, fraction. */
const ROUNDING = 1e-9;

/** Of a set, the places whose rows must stay below a dose. */
export const placesBelow = ({ rows }: VoxelSet, dose: number, maxima: RowMaxima): number[] =>
  Array.from(rows, (_, q) => q).filter((q) => (maxima.get(rows[q]!)?.bound ?? Infinity) < dose * (1 - ROUNDING));

/** Two that exclude each other in voxels that they share. */
export interface RowConflict {
  readonly low: HeldConstraint;
  /** Whose maximum it is. */
  readonly structure: string;
  /** The least of the shared rows' maxima, Gy. */
  readonly bound: number;
  /** Shared rows */
  readonly count: number;
}

/** A minimum in every voxel of a structure that another's maximum does not let through. */
export function rowConflict(
  held: readonly HeldConstraint[],
  { structures }: Pick<PlanningVoxels, 'structures'>,
  maxima: RowMaxima,
): RowConflict | undefined {
  for (const low of held) {
    const { form, sign, structure: own } = low.asked;
    if (sign > 0 || form.kind !== 'extreme') continue;
    const set = structures.get(own)!;
    const below = placesBelow(set, heldDose(low), maxima).map((q) => maxima.get(set.rows[q]!)!);
    if (below.length === 0) continue;
    const worst = below.reduce((a, b) => (b.bound < a.bound ? b : a));
    return { low, ...worst, count: below.length };
  }
  return undefined;
}

/** @throws {InvalidInputError} saying what excludes what, before anything is planned */
export function refuseConflict(
  { low, structure, bound, count }: RowConflict,
  names: (structure: string) => string,
): never {
  const { asked } = low;
  const where =
    structure === asked.structure
      ? structure
      : `${asked.structure} and ${structure} have ${count} voxels in common, which`;
  throw new InvalidInputError(
    `constraints "${asked.text}" and "${names(structure)}" contradict each other: ${where} would get at least ${toDigits(heldDose(low), 4)} and at most ${toDigits(bound, 4)} Gy. Lower the one, raise the other, crop one of the structures, or ask for D98% in place of Min.`,
  );
}

/** What sets the maximum of a structure, as a sentence names it. */
export function maximumName(structure: string, asked: readonly AskedConstraint[], cord: string): string {
  const own = asked.find((one) => one.structure === structure && one.form.kind === 'extreme' && one.sign > 0);
  if (own !== undefined) return own.text;
  return structure === cord ? `the cap on ${cord}` : `the bound on ${structure}`;
}
