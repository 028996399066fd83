/** Segments of a step-and-shoot field: leaf ends on pixel edges, with the units that are delivered through them. */
import type { IntensityMap } from './intensity-map.js';

/** One shape of the leaves and its units: pair n is open from pixel edge `left[n]` to `right[n]`, closed where they are equal. */
export interface Segment {
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Units, > 0. */
  readonly weight: number;
}

/** Units that segments deliver in all, and so the beam-on time. */
export function beamOnTime(segments: readonly Segment[]): number {
  return segments.reduce((sum, { weight }) => sum + weight, 0);
}

/** What segments deliver: the sum of their weights in every pixel that each leaves open. */
export function deliveredIntensities(segments: readonly Segment[], rows: number, columns: number): IntensityMap {
  const intensities = new Int32Array(rows * columns);
  for (const { left, right, weight } of segments) {
    for (let i = 0; i < rows; i++) {
      for (let j = left[i]!; j < right[i]!; j++) intensities[i * columns + j]! += weight;
    }
  }
  return { rows, columns, intensities };
}

/**
 * Whether opposing ends of neighbouring pairs would overlap: a left end beyond the right end of the pair above or below.
 * Ends may touch. A machine that interdigitates permits it, others collide.
 */
export function interdigitates({
  left,
  right,
}: {
  readonly left: ArrayLike<number>;
  readonly right: ArrayLike<number>;
}): boolean {
  for (let i = 1; i < left.length; i++) {
    if (left[i]! > right[i - 1]! || left[i - 1]! > right[i]!) return true;
  }
  return false;
}
