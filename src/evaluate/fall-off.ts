/**
 * How fast the dose falls between a target and an organ, Gy per mm: the gradient that a plan had to build.
 *
 *     fall-off = (D(t) - D(o)) / |t - o|
 *
 * o is a point of the organ's outline, t the nearest surface point of the target, D the trilinear dose. Only outline points
 * that face the target, no further than `reach`, count; where organ and target touch or overlap there is no gap to fall in.
 */
import { max, median } from 'd3-array';
import { checkPositive } from '../core/check.js';
import { valueAt } from '../geometry/resample.js';
import { type SurfaceGap, type SurfacePair, surfaceGap } from '../geometry/separation.js';
import type { Structure } from '../geometry/structure.js';
import type { DoseVolume } from '../geometry/volume.js';

/** Gaps below this, mm, are within the rounding of contours. */
const leastGap = 0.1;

/** Gaps wider than this, mm, are not looked at by default. */
export const fallOffReach = 10;

/** How fast the dose falls between a target and an organ. */
export interface DoseFallOff {
  /** Signed distance between the surfaces of organ and target, mm; negative where they overlap or one lies in the other. */
  readonly distance: number;
  /** Across the narrowest gap; null where no gap lies within reach and the dose grid. */
  readonly nearest: {
    /** mm */
    readonly gap: number;
    /** Gy, at the target's and at the organ's surface. */
    readonly targetDose: number;
    /** Gy */
    readonly organDose: number;
    /** Gy/mm */
    readonly perMm: number;
  } | null;
  /** Steepest and median fall-off over all gaps, Gy/mm. */
  readonly steepest: number | null;
  /** Gy/mm */
  readonly median: number | null;
  /** Gaps looked at. */
  readonly pairs: number;
}

/**
 * @param dose   total dose, Gy
 * @param target contours or solid
 * @param organ  contours or solid; a solid is traced on the slices of the dose grid
 * @param options.reach mm. @default {@link fallOffReach}
 * @param options.gap   between organ and target on the dose's grid, where it is known: it serves many doses
 * @returns undefined where the organ meets no slice of the dose grid
 */
export function doseFallOff(
  dose: DoseVolume,
  target: Structure,
  organ: Structure,
  options: { readonly reach?: number; readonly gap?: SurfaceGap } = {},
): DoseFallOff | undefined {
  const reach = checkPositive('dose fall-off: reach', options.reach ?? fallOffReach);
  const { distance, pairs } = options.gap ?? surfaceGap(organ, target, dose.grid, reach);
  if (distance === undefined) return undefined;
  const gaps: { pair: SurfacePair; targetDose: number; organDose: number; perMm: number }[] = [];
  for (const pair of pairs) {
    if (pair.distance < leastGap || pair.distance > reach) continue;
    const targetDose = valueAt(dose, ...pair.to);
    const organDose = valueAt(dose, ...pair.from);
    if (targetDose === undefined || organDose === undefined) continue;
    gaps.push({ pair, targetDose, organDose, perMm: (targetDose - organDose) / pair.distance });
  }
  if (gaps.length === 0) return { distance, nearest: null, steepest: null, median: null, pairs: 0 };
  const narrowest = gaps.reduce((a, b) => (b.pair.distance < a.pair.distance ? b : a));
  return {
    distance,
    nearest: {
      gap: narrowest.pair.distance,
      targetDose: narrowest.targetDose,
      organDose: narrowest.organDose,
      perMm: narrowest.perMm,
    },
    steepest: max(gaps, ({ perMm }) => perMm)!,
    median: median(gaps, ({ perMm }) => perMm)!,
    pairs: gaps.length,
  };
}
