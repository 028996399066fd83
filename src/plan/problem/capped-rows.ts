/** Rows of the optimiser with their caps, and what the engine's dose makes of them. */

import type { StructureCaps } from '../constraint/voxel-maximum.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PlanningVoxels } from './planning-voxels.js';

/** Rows of the optimiser with the voxels that they are and their caps, Gy. */
export interface CappedRows {
  readonly rows: Int32Array;
  readonly voxels: Int32Array;
  readonly caps: Float64Array;
}

/** The case's cap in every voxel of the cord. */
export function evenCaps(voxels: PlanningVoxels, plan: Pick<PlanCase, 'cordCap'>): Float64Array {
  return new Float64Array(voxels.cord.rows.length).fill(plan.cordCap);
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
