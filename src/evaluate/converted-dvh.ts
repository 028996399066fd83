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
  const { dose, volume, mean } = convertCorners(dvh, convert);
  const remark = negativeRemark(name, convert(min), convert(max));
  return {
    name,
    ...meaning,
    volumeCc,
    mean: Math.min(convert(max), Math.max(convert(min), mean)),
    max: convert(max),
    min: convert(min),
    dose,
    volume,
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

/** Corners are closer where a straight line between two would be further off than this fraction of the largest dose. */
const STRAIGHT = 1e-6;

/**
 * The converted curve and its mean, by Simpson's rule between corners, where the volume is even over the dose; a jump counts at its
 * dose. Between corners that lie far apart, as those of an even ramp do, there are more.
 */
function convertCorners(
  { dose, volume, volumeCc }: Dvh,
  convert: (gray: number) => number,
): { readonly dose: Float64Array; readonly volume: Float64Array; readonly mean: number } {
  const n = dose.length;
  const corners = new Float64Array(n);
  for (let c = 0; c < n; c++) corners[c] = convert(dose[c]!);
  const allowed = STRAIGHT * Math.abs(corners[0]!);
  // Of each corner, in how many parts the way to it from the one before is cut.
  const parts = new Uint8Array(n).fill(1);
  let added = 0;
  let sum = corners[0]! * volume[0]!;
  for (let c = 1; c < n; c++) {
    const middle = convert((dose[c - 1]! + dose[c]!) / 2);
    const bow = Math.abs(middle - (corners[c - 1]! + corners[c]!) / 2);
    sum += ((corners[c - 1]! + 4 * middle + corners[c]!) / 6) * (volume[c]! - volume[c - 1]!);
    if (!(bow > allowed)) continue;
    parts[c] = Math.min(200, Math.ceil(Math.sqrt(bow / allowed)));
    added += parts[c]! - 1;
  }
  const mean = sum / volumeCc;
  if (added === 0) return { dose: corners, volume, mean };
  const [more, volumes] = [new Float64Array(n + added), new Float64Array(n + added)];
  for (let c = 0, at = 0; c < n; c++) {
    for (let q = 1; q < parts[c]!; q++) {
      const t = q / parts[c]!;
      more[at] = convert(dose[c - 1]! + t * (dose[c]! - dose[c - 1]!));
      volumes[at++] = volume[c - 1]! + t * (volume[c]! - volume[c - 1]!);
    }
    more[at] = corners[c]!;
    volumes[at++] = volume[c]!;
  }
  return { dose: more, volume: volumes, mean };
}

/** What `within` to either side becomes. */
const spread = (convert: (gray: number) => number, at: number, within: number): number =>
  Math.max(convert(at + within) - convert(at), convert(at) - convert(at - within));
