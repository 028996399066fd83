/**
 * What the new course must keep in every voxel: the cord's maximum, and the bounds of all structures that the case bounds.
 *
 * Caps hold in the engine's dose, in all voxels of the body. The optimiser sees the cord's voxels and those of other
 * structures that a plan could take to their bound; see `plan-within-constraints.ts` for why the rest need not be rows.
 */
import { InvalidInputError } from '../../core/errors.js';
import type { PatientModel } from '../patient/patient-model.js';
import { excessInWords, maximaOfVoxels, type PriorExcess, type StructureTolerance } from './structure-tolerance.js';

/** A structure of which every voxel has a maximum of its own. */
export interface VoxelMaxima {
  readonly structure: string;
  /** Of the grid, within the body. */
  readonly voxels: Int32Array;
  /** Gy, one per voxel. */
  readonly maxima: Float64Array;
}

/**
 * The maxima of the cord's voxels: the case's cap or what the prior course leaves, whichever is less.
 *
 * @param voxels of the grid
 */
export function cordMaxima(
  tolerances: readonly StructureTolerance[],
  model: PatientModel,
  maximum: number,
  voxels: ArrayLike<number>,
): Float64Array {
  const own = tolerances.find(({ structure }) => structure === model.cord);
  return own === undefined ? new Float64Array(voxels.length).fill(maximum) : maximaOfVoxels(own, voxels, maximum);
}

/** The bounds of all other structures, by voxels of the body. */
export function organMaxima(tolerances: readonly StructureTolerance[], model: PatientModel): VoxelMaxima[] {
  const inside = new Uint8Array(model.masks.get(model.external)!.data.length);
  for (const voxel of model.body.index) inside[voxel] = 1;
  return tolerances
    .filter(({ structure }) => structure !== model.cord)
    .map((own) => {
      const voxels = own.voxels.filter((voxel) => inside[voxel] === 1);
      return { structure: own.structure, voxels, maxima: maximaOfVoxels(own, voxels) };
    });
}

/**
 * @throws {InvalidInputError} where the prior course alone uses up a bound that is to hold, or is above it: every field gives some dose
 *   everywhere, so that no coverage at all is left
 */
export function checkTolerancesLeaveDose(tolerances: readonly StructureTolerance[]): void {
  const exceeded = tolerances.flatMap((own) => own.exceeded);
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
