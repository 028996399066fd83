/**
 * A DVH whose maximum is known from elsewhere: from the dose itself at many points of the structure, its surface included.
 *
 * Where dose rises steeply towards a surface, as from a spared cord to the target beside it, the trilinear dose of a grid lies some tenths of
 * a Gray above the true one between its points. The largest dose at points that are dense on the surface has no such error.
 */
import { type Dvh, volumeAtDose } from './dvh.js';
import { extremeBound } from './error-bound.js';

const ESTIMATOR =
  'largest dose at the voxel centres within the structure and at points of its surface, as caps are held there; the bound reaches up to the largest trilinear dose';

/**
 * The DVH with its maximum as known; no dose of the curve is above it. The bound of Max takes in the trilinear maximum and its own bound.
 *
 * @param known Gy, reached in the structure
 * @returns the DVH as it is where the two differ by more than its bound: the points do not lie where it is largest
 */
export function withKnownMaximum(dvh: Dvh, known: number): Dvh {
  const { bounds, estimators } = dvh;
  if (bounds === undefined || estimators === undefined) return dvh;
  const apart = Math.abs(dvh.max - known);
  if (!(apart <= extremeBound(dvh, ({ max }) => max)!.total)) return dvh;
  // As Float32, as the curve's own doses are kept.
  const max = Math.max(Math.fround(known), dvh.min);
  return {
    ...dvh,
    max,
    mean: Math.min(dvh.mean, max),
    ...cutAt(dvh, max),
    estimators: { ...estimators, max: ESTIMATOR },
    bounds: { ...bounds, withinMax: bounds.withinMax + apart },
  };
}

/** The curve from a dose down: what had more has that dose, and nothing below it moves. */
function cutAt(dvh: Dvh, max: number): Pick<Dvh, 'dose' | 'volume'> {
  const { dose, volume } = dvh;
  const above = dose.findIndex((gray) => gray < max);
  if (above <= 0) return { dose: dose.map((gray) => Math.min(gray, max)), volume };
  return {
    dose: preceded(max, dose.subarray(above)),
    volume: preceded(volumeAtDose(dvh, max), volume.subarray(above)),
  };
}

function preceded(first: number, rest: ArrayLike<number>): Float64Array {
  const out = new Float64Array(1 + rest.length);
  out[0] = first;
  out.set(rest, 1);
  return out;
}
