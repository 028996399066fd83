/** Rows of the optimiser with their maxima, and what the engine's dose makes of them. */

import type { VoxelMaxima } from '../constraint/voxel-maximum.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PlanningVoxels } from './planning-voxels.js';

/** Rows of the optimiser with the voxels that they are and their maxima, Gy. */
export interface ConstrainedVoxels {
  readonly rows: Int32Array;
  readonly voxels: Int32Array;
  readonly maxima: Float64Array;
}

/** The case's cap in every voxel of the cord. */
export function uniformMaxima(voxels: PlanningVoxels, planCase: Pick<PlanCase, 'cordCap'>): Float64Array {
  return new Float64Array(voxels.cord.rows.length).fill(planCase.cordCap);
}

/** The cord's rows, then those of each bounded organ, in the order of `voxels.organs`. */
export function constrainedVoxels(
  voxels: PlanningVoxels,
  maxima: Float64Array,
  organs: readonly VoxelMaxima[],
): [cord: ConstrainedVoxels, ...organs: ConstrainedVoxels[]] {
  const others = voxels.organs.map(({ name, rows, voxels: own }): ConstrainedVoxels => {
    const { voxels: all, maxima: bounds } = organs.find(({ structure }) => structure === name)!;
    const of = new Map<number, number>();
    all.forEach((voxel, v) => {
      of.set(voxel, bounds[v]!);
    });
    return { rows, voxels: own, maxima: Float64Array.from(own, (voxel) => of.get(voxel)!) };
  });
  return [{ rows: voxels.cord.rows, voxels: voxels.cord.voxels, maxima }, ...others];
}

/** The engine's dose of some voxels of the grid, Gy, one each. */
export interface EngineDose {
  readonly index: Int32Array;
  readonly dose: Float64Array;
}

/** The scale of a dose, at most 1, that keeps every voxel under its maximum: of the cord, and of the organs whether a row or not. */
export function scaleWithin(
  { index, dose }: EngineDose,
  sets: readonly { readonly voxels: Int32Array; readonly maxima: Float64Array }[],
): number {
  const maximumOf = new Map<number, number>();
  for (const { voxels, maxima } of sets) {
    voxels.forEach((voxel, v) => {
      maximumOf.set(voxel, Math.min(maximumOf.get(voxel) ?? Infinity, maxima[v]!));
    });
  }
  let scale = 1;
  for (let p = 0; p < dose.length; p++) {
    const maximum = maximumOf.get(index[p]!);
    if (maximum !== undefined && dose[p]! * scale > maximum) scale = maximum / dose[p]!;
  }
  return scale;
}
