/**
 * What shifts do to a DVH: by how much the volume at or above each dose falls or rises, at most, under any of them.
 *
 *     low(d)  = min_s V_s(d) - V_0(d),    high(d) = max_s V_s(d) - V_0(d)      percent of the structure
 *
 * V_s counts voxels by the part of them that lies in the structure; V_0 is that of no shift, on the same voxels. So what counting voxels
 * errs by cancels, and the change may be laid around a curve of the structure as it is drawn.
 */
import { InvalidInputError } from '../core/errors.js';

export interface ShiftBand {
  /** Gy, rising from 0 to the largest dose under any shift. */
  readonly dose: Float64Array;
  /** Percentage points, <= 0 and >= 0. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Shifts that it counts, besides none. */
  readonly count: number;
}

/**
 * @param doses  of every voxel under every shift, Gy; the first without any
 * @param weights of the voxels, the part of each in the structure, >= 0
 * @param n      doses of the band, >= 2
 * @throws {InvalidInputError} without doses, or where all weights are 0
 */
export function shiftBand(doses: readonly ArrayLike<number>[], weights: ArrayLike<number>, n = 161): ShiftBand {
  let whole = 0;
  for (let v = 0; v < weights.length; v++) whole += weights[v]!;
  if (doses.length === 0 || !(whole > 0)) {
    throw new InvalidInputError('shift band: there is no dose, or no volume. Give a structure with voxels.');
  }
  let top = 0;
  for (const dose of doses) for (let v = 0; v < weights.length; v++) if (weights[v]! > 0) top = Math.max(top, dose[v]!);
  // Just past the maximum, so that the band ends on zero.
  const step = (top > 0 ? top * (1 + 1e-6) : 1) / (n - 1);
  const none = volumesOf(doses[0]!, weights, whole, step, n);
  const [low, high] = [new Float64Array(n), new Float64Array(n)];
  for (const dose of doses.slice(1)) {
    const volumes = volumesOf(dose, weights, whole, step, n);
    for (let i = 0; i < n; i++) {
      const change = volumes[i]! - none[i]!;
      if (change < low[i]!) low[i] = change;
      if (change > high[i]!) high[i] = change;
    }
  }
  return { dose: none.map((_, i) => step * i), low, high, count: doses.length - 1 };
}

/** Percent at or above each of the doses 0, step, 2 step... */
function volumesOf(
  dose: ArrayLike<number>,
  weights: ArrayLike<number>,
  whole: number,
  step: number,
  n: number,
): Float64Array {
  const volumes = new Float64Array(n);
  for (let v = 0; v < weights.length; v++)
    volumes[Math.min(n - 1, Math.floor(dose[v]! / step))]! += (100 * weights[v]!) / whole;
  for (let i = n - 2; i >= 0; i--) volumes[i]! += volumes[i + 1]!;
  return volumes;
}

/** The band around a curve: percent of the structure by dose, 0 to 100, never rising with dose. */
export function aroundCurve(
  { dose, low, high }: Omit<ShiftBand, 'count'>,
  percentAt: (dose: number) => number,
): { readonly dose: Float64Array; readonly low: Float64Array; readonly high: Float64Array } {
  const clamp = (percent: number): number => Math.min(100, Math.max(0, percent));
  const lower = dose.map((gray, i) => clamp(percentAt(gray) + low[i]!));
  const upper = dose.map((gray, i) => clamp(percentAt(gray) + high[i]!));
  for (let i = 1; i < dose.length; i++) {
    lower[i] = Math.min(lower[i]!, lower[i - 1]!);
    upper[dose.length - 1 - i] = Math.max(upper[dose.length - 1 - i]!, upper[dose.length - i]!);
  }
  return { dose, low: lower, high: upper };
}
