/**
 * The DVH of a dose that rises with another one's, from the DVH of that: V(D) keeps its volumes, and its doses are converted.
 *
 *     V'(f(D)) = V(D)
 *
 * So a biological dose, or the sum with a course that is even in the structure, needs no sampling of its own.
 */
import type { DoseMeaning } from '../geometry/volume.js';
import { type Dvh, negativeRemark } from './dvh.js';

/**
 * The DVH of the converted dose.
 *
 * O(corners). The mean is exact for conversions up to the third degree.
 *
 * @param convert Gy to Gy; must not fall
 * @param meaning of what it gives
 */
export function convertDvh(dvh: Dvh, convert: (gray: number) => number, meaning: DoseMeaning): Dvh {
  const { name, volumeCc, max, min, estimators, coverage, bounds } = dvh;
  const dose = new Float64Array(dvh.dose.length);
  for (let c = 0; c < dose.length; c++) dose[c] = convert(dvh.dose[c]!);
  const remark = negativeRemark(name, convert(min), convert(max));
  return {
    name,
    ...meaning,
    volumeCc,
    mean: Math.min(convert(max), Math.max(convert(min), convertedMean(dvh, dose, convert))),
    max: convert(max),
    min: convert(min),
    dose,
    volume: dvh.volume,
    ...(estimators === undefined ? {} : { estimators }),
    ...(coverage === undefined ? {} : { coverage }),
    ...(remark === undefined ? {} : { remarks: [remark] }),
    ...(bounds === undefined
      ? {}
      : {
          bounds: {
            coarse: convertDvh(bounds.coarse, convert, meaning),
            coarser: convertDvh(bounds.coarser, convert, meaning),
            lower: convertDvh(bounds.lower, convert, meaning),
            upper: convertDvh(bounds.upper, convert, meaning),
            withinMax: spread(convert, max, bounds.withinMax),
            withinMin: spread(convert, min, bounds.withinMin),
          },
        }),
  };
}

/**
 * Simpson's rule between corners, where the volume is even over the dose; a jump counts at its dose.
 *
 * @param converted of the corners
 */
function convertedMean(
  { dose, volume, volumeCc }: Dvh,
  converted: Float64Array,
  convert: (gray: number) => number,
): number {
  let sum = converted[0]! * volume[0]!;
  for (let c = 1; c < converted.length; c++) {
    const middle = convert((dose[c - 1]! + dose[c]!) / 2);
    sum += ((converted[c - 1]! + 4 * middle + converted[c]!) / 6) * (volume[c]! - volume[c - 1]!);
  }
  return sum / volumeCc;
}

/** What `within` to either side becomes. */
const spread = (convert: (gray: number) => number, at: number, within: number): number =>
  Math.max(convert(at + within) - convert(at), convert(at) - convert(at - within));
