/** What proves a plan: how near to the best one it is, and that the optimiser's dose is the reported one. */
import type { Certificate } from '../../optimize/certificate.js';
import { doseOfVoxel, type Grids } from '../patient/planning-grid.js';

/**
 * Largest difference of the optimiser's dose from the reported one, over the nominal rows that are voxels, Gy.
 *
 * @param rows     the optimiser's dose, one per row
 * @param places   which points of the model's `bodyDose` the nominal rows are; the isocentre is no voxel
 * @param reported dose on the grids
 */
export function largestDifference(
  rows: Float64Array,
  places: Int32Array,
  model: Grids & { readonly voxelOfPoint: Int32Array },
  reported: Parameters<typeof doseOfVoxel>[1],
): number {
  const doseOf = doseOfVoxel(model, reported);
  let largest = 0;
  for (let row = 0; row < places.length; row++) {
    const voxel = model.voxelOfPoint[places[row]!]!;
    if (voxel >= 0) largest = Math.max(largest, Math.abs(rows[row]! - doseOf(voxel)));
  }
  return largest;
}

/** A plan farther from what is proven to be the best possible than this fraction is not called reached. */
export const PROVEN = 0.02;

/** Whether a certificate proves its plan to be near the best one. */
export function isProven({ value, lowerBound }: Pick<Certificate, 'value' | 'lowerBound'>): boolean {
  return lowerBound !== null && value - lowerBound <= PROVEN * Math.abs(value) + 1e-12;
}
