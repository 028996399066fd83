/**
 * Both courses together, voxel by voxel: EQD2 of every prior course and of this plan at one alpha/beta, no recovery; zero outside the body.
 *
 *     EQD2(v) = sum_k D_k(v) (D_k(v) / n_k + r) / (2 + r)
 */
import { quadraticOf } from '../../biology/linear-quadratic.js';
import { createDose, type DoseVolume } from '../../geometry/volume.js';
import type { PatientModel } from '../patient/patient-model.js';
import { effectAt, whyNoEffect } from '../patient/prior-effect.js';
import type { PriorExposure } from '../patient/prior-exposure.js';

/**
 * @param dose of this course, physical, on the model's grid
 * @param fractions of this course
 * @param alphaBeta Gy
 * @returns the EQD2, NaN where a prior course is unknown; or why it cannot be told
 */
export function cumulativeEqd2(
  { grid, body }: Pick<PatientModel, 'grid' | 'body'>,
  prior: Pick<PriorExposure, 'courses'>,
  { data }: Pick<DoseVolume, 'data'>,
  fractions: number,
  alphaBeta: number,
): DoseVolume | string {
  const reason = whyNoEffect(prior, alphaBeta);
  if (reason !== undefined) return reason;
  const { linear, quadratic } = quadraticOf('eqd2', fractions, alphaBeta);
  const total = createDose(grid, { quantity: 'eqd2', alphaBeta });
  for (const voxel of body.index) {
    const d = data[voxel]!;
    total.data[voxel] = effectAt(prior, voxel, 'eqd2', alphaBeta) + d * (linear + quadratic * d);
  }
  return total;
}
