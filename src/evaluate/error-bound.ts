/**
 * How far off a figure read from a DVH may be, from the DVHs beside it.
 *
 * Sampling: of the scans at h, 2h and 4h the finest is off by about its step to the middle one over (f - 1), f being how
 * many times smaller that step is than the one before: 4 for an error of order h^2, 2 at the tip of a structure that the
 * lines hardly resolve (Richardson). The bound is twice that, or twice a twelfth of the step before where the last step
 * vanished by chance, as an error does where it changes sign; for that reason it is also taken over figures nearby.
 *
 * Dose grid: the figure again from the dose lowered and raised, place by place, by what trilinear interpolation may be off
 * there (`line-sample.ts`).
 */
import type { Dvh, DvhBounds } from './dvh.js';

/** How far off a figure may be, to either side, in its unit; all >= 0. */
export interface ErrorBound {
  /** Of the DVH of the trilinear dose in the structure as it is given. */
  readonly sampling: number;
  /** Between the trilinear dose and the dose that the grid samples. */
  readonly doseGrid: number;
  /** Sum of both. */
  readonly total: number;
}

export type Reading = (dvh: Dvh) => number;

/** The bound is this many times the estimate: what the 41 analytic cases need for it to hold in every one. */
const safety = 1.85;

/** Doses are kept as Float32: half a unit in the last place of the dose and of each end of an interval. */
const rounding = 2.4e-7;

/**
 * Bound of the sampling error of one figure.
 *
 * @param readings the figure, then figures nearby that must agree as well
 */
export function samplingBound(
  dvh: Dvh,
  { coarse, coarser }: Pick<DvhBounds, 'coarse' | 'coarser'>,
  readings: readonly Reading[],
): number {
  let last = 0;
  let before = 0;
  for (const read of readings) {
    const middle = read(coarse);
    last = Math.max(last, Math.abs(middle - read(dvh)));
    before = Math.max(before, Math.abs(read(coarser) - middle));
  }
  const fall = last > 0 ? Math.min(4, Math.max(2, before / last)) : 4;
  return safety * Math.max(last / (fall - 1), before / 12) + rounding * Math.abs(readings[0]!(dvh));
}

/** Bound of a figure; undefined where the DVH carries none. */
export function errorBound(dvh: Dvh, readings: readonly [Reading, ...Reading[]]): ErrorBound | undefined {
  const { bounds } = dvh;
  if (bounds === undefined) return undefined;
  return withDoseGrid(bounds, readings[0], samplingBound(dvh, bounds, readings));
}

/** Bound of a figure read from the largest or the smallest dose. */
export function extremeBound(dvh: Dvh, read: Reading): ErrorBound | undefined {
  const { bounds } = dvh;
  if (bounds === undefined) return undefined;
  const value = read(dvh);
  const beyond = read({ ...dvh, max: dvh.max + bounds.withinMax, min: dvh.min - bounds.withinMin });
  return withDoseGrid(bounds, read, Math.abs(beyond - value) + rounding * Math.abs(value));
}

function withDoseGrid({ coarse, lower, upper }: DvhBounds, read: Reading, sampling: number): ErrorBound {
  const middle = read(coarse);
  const doseGrid = Math.max(Math.abs(read(lower) - middle), Math.abs(read(upper) - middle));
  return { sampling, doseGrid, total: sampling + doseGrid };
}
