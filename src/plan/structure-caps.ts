/**
 * What the new course must keep in every voxel: the cord's cap, and the bounds of all structures that the case bounds.
 *
 * Caps hold in the engine's dose, in all voxels of the body. The optimiser sees the cord's voxels and those of other
 * structures that a plan could take to their bound; see `bounded-plan.ts` for why the rest need not be rows.
 */
import { InvalidInputError } from '../core/errors.js';
import type { PlanCase } from './case.js';
import type { PatientModel } from './patient-model.js';
import type { PlanningVoxels } from './planning-voxels.js';
import { boundsOfVoxels, excessInWords, type PriorExcess, type VoxelBounds } from './voxel-bounds.js';

/** What stands firm where caps and prescription cannot both be met. */
export type Hold = 'cord' | 'prescription';

/** A structure of which every voxel has a cap of its own. */
export interface StructureCaps {
  readonly structure: string;
  /** Of the grid, within the body. */
  readonly voxels: Int32Array;
  /** Gy, one per voxel. */
  readonly caps: Float64Array;
}

/** Rows of the optimiser with the voxels that they are and their caps, Gy. */
export interface CappedRows {
  readonly rows: Int32Array;
  readonly voxels: Int32Array;
  readonly caps: Float64Array;
}

/** The case's cap in every voxel of the cord. */
export function evenCaps(voxels: PlanningVoxels, plan: PlanCase): Float64Array {
  return new Float64Array(voxels.cord.rows.length).fill(plan.cordCap);
}

/**
 * The caps of the cord's voxels: the case's cap or what the prior course leaves, whichever is less.
 *
 * @param voxels of the grid
 */
export function cordCaps(
  bounds: readonly VoxelBounds[],
  model: PatientModel,
  cap: number,
  voxels: ArrayLike<number>,
): Float64Array {
  const own = bounds.find(({ structure }) => structure === model.cord);
  return own === undefined ? new Float64Array(voxels.length).fill(cap) : boundsOfVoxels(own, voxels, cap);
}

/** The bounds of all other structures, by voxels of the body. */
export function organCaps(bounds: readonly VoxelBounds[], model: PatientModel): StructureCaps[] {
  const inside = new Uint8Array(model.masks.get(model.external)!.data.length);
  for (const voxel of model.body.index) inside[voxel] = 1;
  return bounds
    .filter(({ structure }) => structure !== model.cord)
    .map((own) => {
      const voxels = own.voxels.filter((voxel) => inside[voxel] === 1);
      return { structure: own.structure, voxels, caps: boundsOfVoxels(own, voxels) };
    });
}

/**
 * @throws {InvalidInputError} where the prior course alone uses up a bound that is to hold, or is above it: every field gives some dose
 *   everywhere, so that no coverage at all is left
 */
export function checkBoundsLeaveDose(bounds: readonly VoxelBounds[]): void {
  const exceeded = bounds.flatMap((own) => own.exceeded);
  if (exceeded.length === 0) return;
  const [first, ...others] = exceeded as [PriorExcess, ...PriorExcess[]];
  const more = others.length > 1 ? [`and ${others.length - 1} more`] : [];
  const told = [
    excessInWords(first),
    ...others.slice(0, 1).map((e) => excessInWords(e).replace(/^exceeds /, '')),
    ...more,
  ];
  throw new InvalidInputError(
    `case: the prior course alone ${told.join('; ')}, where nothing may be given: no coverage is left. Change retreatment.bounds or retreatment.recovery, or let hold be "prescription".`,
  );
}

/** The cord's rows, then those of each bounded organ, in the order of `voxels.organs`. */
export function cappedRows(
  voxels: PlanningVoxels,
  caps: Float64Array,
  organs: readonly StructureCaps[],
): [cord: CappedRows, ...organs: CappedRows[]] {
  const others = voxels.organs.map(({ name, rows, voxels: own }): CappedRows => {
    const { voxels: all, caps: bounds } = organs.find(({ structure }) => structure === name)!;
    const of = new Map<number, number>();
    all.forEach((voxel, v) => {
      of.set(voxel, bounds[v]!);
    });
    return { rows, voxels: own, caps: Float64Array.from(own, (voxel) => of.get(voxel)!) };
  });
  return [{ rows: voxels.cord.rows, voxels: voxels.cord.voxels, caps }, ...others];
}

/** The engine's dose of some voxels of the grid, Gy, one each. */
export interface EngineDose {
  readonly index: Int32Array;
  readonly dose: Float64Array;
}

/** The share of a dose, at most 1, that keeps every voxel under its cap: of the cord, and of the organs whether a row or not. */
export function shareWithin(
  { index, dose }: EngineDose,
  sets: readonly { readonly voxels: Int32Array; readonly caps: Float64Array }[],
): number {
  const capOf = new Map<number, number>();
  for (const { voxels, caps } of sets) {
    voxels.forEach((voxel, v) => {
      capOf.set(voxel, Math.min(capOf.get(voxel) ?? Infinity, caps[v]!));
    });
  }
  let share = 1;
  for (let p = 0; p < dose.length; p++) {
    const cap = capOf.get(index[p]!);
    if (cap !== undefined && dose[p]! * share > cap) share = cap / dose[p]!;
  }
  return share;
}
