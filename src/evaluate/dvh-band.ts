/**
 * A band of DVHs: between which volumes the curves of several doses lie, dose by dose, and how far two curves are apart.
 *
 * Both are read from the exact curves. Apart means vertically (percentage points of volume at one dose) and horizontally
 * (Gy at one volume); horizontally from 1 to 99 %, because the ends of a curve are single voxels.
 */
import { checkInteger } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { type Dvh, doseAtVolume, volumeAtDose } from './dvh.js';

export interface DvhBand {
  /** Gy, rising from 0 to the largest maximum. */
  readonly dose: Float64Array;
  /** Least and largest volume at or above each dose, percent of each curve's own structure. */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/**
 * @param dvhs of one structure in several doses
 * @param n    doses, >= 2
 * @throws {InvalidInputError} if there is none, or `n` is not a whole number >= 2
 */
export function dvhBand(dvhs: readonly Dvh[], n = 201): DvhBand {
  checkInteger('DVH band: n', n, 2);
  if (dvhs.length === 0) throw new InvalidInputError('DVH band: no DVH. Give at least one.');
  const largest = dvhs.reduce((top, dvh) => Math.max(top, dvh.max), 0);
  // Just past the maximum, so that the band ends on zero.
  const top = largest > 0 ? largest * (1 + 1e-6) : 1;
  const dose = Float64Array.from({ length: n }, (_, i) => (top * i) / (n - 1));
  const low = new Float64Array(n).fill(100);
  const high = new Float64Array(n);
  for (const dvh of dvhs) {
    for (let i = 0; i < n; i++) {
      const percent = (100 * volumeAtDose(dvh, dose[i]!)) / dvh.volumeCc;
      low[i] = Math.min(low[i]!, percent);
      high[i] = Math.max(high[i]!, percent);
    }
  }
  return { dose, low, high };
}

export interface DvhDistance {
  /** Largest difference of volume, evaluated - reference in percentage points of volume, and the dose where it is, Gy. */
  readonly volume: { readonly points: number; readonly atDose: number };
  /** Largest difference of dose, evaluated - reference in Gy, and the percent of volume where it is. */
  readonly dose: { readonly gy: number; readonly atPercent: number };
}

/** How far two curves are apart at most. O(n log corners). */
export function dvhDistance(reference: Dvh, evaluated: Dvh, n = 1001): DvhDistance {
  checkInteger('DVH distance: n', n, 2);
  const top = Math.max(reference.max, evaluated.max);
  const percentAt = (dvh: Dvh, dose: number): number => (100 * volumeAtDose(dvh, dose)) / dvh.volumeCc;
  const doseAt = (dvh: Dvh, percent: number): number => doseAtVolume(dvh, (percent / 100) * dvh.volumeCc).value;
  let volume = { points: 0, atDose: 0 };
  let dose = { gy: 0, atPercent: 50 };
  for (let i = 0; i < n; i++) {
    const atDose = (top * i) / (n - 1);
    const points = percentAt(evaluated, atDose) - percentAt(reference, atDose);
    if (Math.abs(points) > Math.abs(volume.points)) volume = { points, atDose };
    const atPercent = 1 + (98 * i) / (n - 1);
    const gy = doseAt(evaluated, atPercent) - doseAt(reference, atPercent);
    if (Math.abs(gy) > Math.abs(dose.gy)) dose = { gy, atPercent };
  }
  return { volume, dose };
}
