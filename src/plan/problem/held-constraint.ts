/**
 * Constraints of a case on the rows of the optimiser, and how they are made to hold in the dose that is reported.
 *
 * A constraint is on the structure as it is drawn, in the engine's dose. The optimiser sees it on rows, of which those of a large
 * structure are a sample. So what it is held to there is the dose asked for times a factor, 1 at first; where the plan's own dose misses
 * the constraint, the factor moves by as much, and the plan is made again.
 *
 * A volume above a dose is no convex constraint. The first plan is made without it; where that plan breaks it, the voxels that the
 * plan gives least are held under the dose one by one, and the rest, as much as may exceed it, is free. Which voxels are free is
 * our choice: what is proven of such a plan is proven for that choice.
 */

import { constraintInBiologicalDose } from '../../optimize/biological-constraint.js';
import {
  type Constraint,
  maximumDose,
  maximumGeud,
  maximumMean,
  minimumDose,
  minimumGeud,
  minimumMean,
} from '../../optimize/constraint.js';
import type { VoxelSet } from '../../optimize/objective/objective.js';
import type { AskedConstraint } from '../asked/asked-constraint.js';
import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PlanningVoxels } from './planning-voxels.js';

/** A constraint with what the optimiser holds for it. */
export interface HeldConstraint {
  readonly asked: AskedConstraint;
  /** The optimiser's bound is the dose asked for times this. */
  readonly factor: number;
  /** Of a volume: the rows that are held, once they are chosen. */
  readonly rows?: Int32Array;
  /** Of the target's minimum, once it was missed: places of the target as it is drawn that are held besides its voxels. */
  readonly places?: readonly HeldPlace[];
}

/** A place between rows, whose dose is theirs times their parts. */
export interface HeldPlace {
  readonly rows: Int32Array;
  /** > 0 */
  readonly parts: Float64Array;
  /** Gy that it has of voxels that are no rows: what the last plan gave them. */
  readonly rest: number;
}

/** Gy, as the optimiser holds it. */
export const heldDose = ({ asked, factor }: HeldConstraint): number => asked.dose * factor;

/** The optimiser's constraints; maxima by voxel are with those of the organs. */
export function constraintsOn(
  held: readonly HeldConstraint[],
  { structures }: Pick<PlanningVoxels, 'structures'>,
  fractions: number,
): Constraint[] {
  return held.flatMap((one): Constraint[] => {
    const { form, sign, structure } = one.asked;
    const set = structures.get(structure)!;
    const dose = heldDose(one);
    if (form.kind === 'extreme') return sign > 0 ? [] : minimaOn(one, one.rows ?? set.rows);
    if (form.kind !== 'volume') return [constraintOn(one.asked, set, dose, fractions)];
    const { rows } = one;
    return rows === undefined || rows.length === 0 ? [] : [constraintOn(one.asked, { ...set, rows }, dose, fractions)];
  });
}

/**
 * What is asked, with a bound of `dose` Gy: of an extreme or a volume on each row of the set, else on its mean or gEUD.
 *
 * @param fractions of this course
 */
export function constraintOn(
  { text, form, sign, scale }: AskedConstraint,
  set: VoxelSet,
  dose: number,
  fractions: number,
): Constraint {
  // Of these the dose is physical already.
  if (form.kind === 'extreme' || form.kind === 'volume') return (sign > 0 ? maximumDose : minimumDose)(text, set, dose);
  const own =
    form.kind === 'gEUD'
      ? (sign > 0 ? maximumGeud : minimumGeud)(text, set, form.a, dose)
      : (sign > 0 ? maximumMean : minimumMean)(text, set, dose);
  return scale === undefined ? own : constraintInBiologicalDose(own, { ...scale, fractions });
}

/** A minimum in each of some rows, and at the places between them that are held. */
function minimaOn(held: HeldConstraint, rows: Int32Array): Constraint[] {
  const { text: name } = held.asked;
  const dose = heldDose(held);
  const { places = [] } = held;
  return [
    ...(rows.length > 0 ? [minimumDose(name, { rows }, dose)] : []),
    ...places.map(({ rows: own, parts, rest }): Constraint => {
      return { kind: 'linear', name, rows: own, coefficients: parts.map((part) => -part), bound: rest - dose };
    }),
  ];
}

/** Of which rows of a structure a volume constraint is held. */
export interface HeldChoice {
  /** Of a plan, Gy, one per row of the optimiser: those that break the constraint most are free. */
  readonly dose: Float64Array;
  /** Fraction of the structure that need not be held. */
  readonly free: number;
  readonly sign: 1 | -1;
  /** Rows that another constraint forbids to hold: free before all others. */
  readonly isForbidden: (row: number) => boolean;
}

/** The rows of a structure that a volume constraint holds: all but so much of the volume as is free. */
export function heldRows({ rows, volumes }: VoxelSet, { dose, free, sign, isForbidden }: HeldChoice): Int32Array {
  const total = volumes.reduce((a, b) => a + b, 0);
  const held: number[] = [];
  const order: number[] = [];
  let left = free * total;
  rows.forEach((row, q) => {
    if (isForbidden(row)) left -= volumes[q]!;
    else order.push(q);
  });
  order.sort((a, b) => sign * (dose[rows[b]!]! - dose[rows[a]!]!) || a - b);
  for (const q of order) {
    // A voxel that is free in part would be a voxel that is free.
    if (held.length === 0 && volumes[q]! <= left + 1e-9 * total) left -= volumes[q]!;
    else held.push(rows[q]!);
  }
  return Int32Array.from(held).sort();
}

/** Of a structure of so many cc, which fraction a volume constraint does not hold. */
export function freeOf({ form, sign }: AskedConstraint, volumeCc: number): number {
  if (form.kind !== 'volume') return 0;
  const own = form.unit === '%' ? form.volume / 100 : form.volume / volumeCc;
  const hottest = Math.min(1, form.isRest ? 1 - own : own);
  return sign > 0 ? hottest : 1 - hottest;
}

export const isMaximum = ({ form, sign }: AskedConstraint): boolean => form.kind === 'extreme' && sign > 0;

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
