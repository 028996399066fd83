/**
 * Machine: everything the dose engine knows of a linear accelerator, as one plain object that can be saved as JSON.
 *
 * The photon pencil kernel of water at depth d is a sum of J normalised two-dimensional Gaussians of fixed width with
 * depth-dependent, non-negative weights:
 *
 *     k(r, d) = sum_j A_j(d) exp(-r^2 / 2 s_j^2) / (2 pi s_j^2),      s_0 = 0 (a delta)
 *
 * Widths are patient millimetres; in the isocentre plane of a point at distance L from the source they shrink by SAD / L.
 * A Gaussian is separable in x and y, so a square field, a beamlet or an MLC leaf has a closed form (a product of two
 * error-function differences), no kernel table is ever truncated, and the sum is non-negative everywhere by construction.
 */
export interface Machine {
  readonly name: string;
  /** Nominal photon energy, MV. */
  readonly energy: number;
  /** Where the numbers come from. */
  readonly source: string;
  /** Source-axis distance, mm. */
  readonly sad: number;
  /** Standard deviation of the source blur in the isocentre plane, mm. */
  readonly penumbraSigma: number;
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

export interface PencilKernel {
  /** mm of water, rising, first 0. */
  readonly depths: readonly number[];
  /** Standard deviations, mm, rising; the first is 0. */
  readonly widths: readonly number[];
  /** A[depth][width] >= 0; dose of the fluence 1 in an infinite field is the row sum. Gy per MU. */
  readonly amplitudes: readonly (readonly number[])[];
}
