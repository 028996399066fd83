/**
 * Machine: everything the dose engine knows of a linear accelerator, as one plain object that can be saved as JSON.
 *
 * The photon pencil kernel of water at depth d is a sum of J normalised two-dimensional Gaussians of fixed width with
 * depth-dependent, non-negative weights:
 *
 *     k(r, d) = sum_j A_j(d) exp(-r^2 / 2 w_j^2) / (2 pi w_j^2),      w_0 = 0 (a delta) is allowed
 *
 * Widths are patient millimetres; seen from the isocentre plane, at a point at distance L from the source, they shrink by
 * SAD / L. A Gaussian is separable in x and y, so a square field, a beamlet or an MLC leaf has a closed form (a product of
 * two error-function differences), no kernel table is ever truncated, and the sum is non-negative everywhere by
 * construction.
 *
 * The source is a Gaussian too. Its blur behind a collimator at distance c from it is, in the plane at distance L and
 * projected back on the isocentre plane,
 *
 *     sigma(L) = sigma(SAD) (1 - c / L) / (1 - c / SAD)
 */
export interface Machine {
  readonly name: string;
  /** Nominal photon energy, MV. */
  readonly energy: number;
  /** Where the numbers come from. */
  readonly source: string;
  /** Source-axis distance, mm. */
  readonly sad: number;
  readonly penumbra: SourceBlur;
  /** In-air fluence of the open beam against radius in the isocentre plane (mm), 1 on the axis. */
  readonly primaryFluence: { readonly radius: readonly number[]; readonly value: readonly number[] };
  readonly kernel: PencilKernel;
  /** Gy per monitor unit at the reference point, and how that point is defined. */
  readonly calibration: {
    readonly gyPerMu: number;
    readonly ssd: number;
    readonly depth: number;
    readonly fieldSide: number;
  };
  /** Field sides in the isocentre plane and depths that were measured, mm; outside the dose is flagged. */
  readonly range: { readonly fieldSide: readonly [number, number]; readonly depth: readonly [number, number] };
}

/** Source blur behind the collimators that define X and Y (IEC 61217 beam-limiting device). */
export interface SourceBlur {
  /** Standard deviations along X and Y in the isocentre plane, for a point in that plane, mm; 0 is a point source. */
  readonly sigma: readonly [number, number];
  /** Source-to-collimator distance for X and Y, mm. */
  readonly collimator: readonly [number, number];
}

/** The pencil kernel of water: weights of Gaussians of fixed width, by depth. */
export interface PencilKernel {
  /** mm of water, rising, first 0. */
  readonly depths: readonly number[];
  /** Standard deviations, mm, rising; the first may be 0. */
  readonly widths: readonly number[];
  /** A[depth][width] >= 0; dose of the fluence 1 in an infinite field is the row sum. Gy per MU. */
  readonly amplitudes: readonly (readonly number[])[];
  /**
   * The part of `amplitudes` that scattered photons bring; the rest is short-range electrons. Of the same shape. A kernel
   * without it cannot be scaled with density.
   */
  readonly scatter?: readonly (readonly number[])[];
}

/** Variance of the source blur along one axis, for points at distance `toSource` from the source, in the isocentre plane, mm^2. */
export function blurVariance(machine: Machine, axis: 0 | 1, toSource: number): number {
  const { sigma, collimator } = machine.penumbra;
  const magnification = (1 - collimator[axis] / toSource) / (1 - collimator[axis] / machine.sad);
  return (sigma[axis] * magnification) ** 2;
}
