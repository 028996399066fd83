/**
 * The closed contours of one region of a structure set, as planes of rings that no other overlaps.
 *
 * Points, open lines and second copies of a ring are passed over; rings that overlap in part are united, but those that say that
 * they are meant exclusively (CLOSEDPLANAR_XOR). A region with a contour that is not axial is none of ours.
 */
import { FormatError } from '../../core/errors.js';
import { toDecimals, toDigits } from '../../core/rounding.js';
import { contourArea, joinPlanes } from '../../geometry/contour.js';
import { samePlane } from '../../geometry/contour-slabs.js';
import { resolveRings } from '../../geometry/ring-union.js';
import type { ContourPlane } from '../../geometry/structure.js';
import { type Elements, number, numbers, text } from './dataset.js';

/** What was drawn of a region, and what was made of it. */
export interface DrawnPlanes {
  /** Rising. */
  readonly planes: readonly ContourPlane[];
  /** Why the region cannot be used at all; then there are no planes. */
  readonly unfitBecause?: string;
  /** Sentences without the region's name. */
  readonly remarks: readonly string[];
}

/** No patient is this far from the origin, mm. */
const FARTHEST = 10_000;

const exclusive = 'CLOSEDPLANAR_XOR';

/**
 * @param contours of the region
 * @param name     of the region, for messages
 * @param file     its name, for messages
 * @throws {FormatError} where coordinates are no numbers, are not as many as they should be, or are absurd
 */
export function readPlanes(contours: readonly Elements[], name: string, file: string): DrawnPlanes {
  const closed: ContourPlane[] = [];
  const xor: ContourPlane[] = [];
  const passed = new Map<string, number>();
  const pass = (what: string, n = 1): void => void passed.set(what, (passed.get(what) ?? 0) + n);
  for (const contour of contours) {
    const type = text(contour, '30060042') ?? 'CLOSED_PLANAR';
    const data = coordinatesOf(contour, name, file);
    if (type !== 'CLOSED_PLANAR' && type !== exclusive) pass(type);
    else if (data.length < 9) pass('closed with fewer than 3 points');
    else {
      const [low, high] = rangeOfZ(data);
      if (high - low > samePlane) {
        const between = `z = ${toDecimals(low, 2)} to ${toDecimals(high, 2)} mm`;
        return { planes: [], unfitBecause: `a contour of it spans ${between} and is not axial`, remarks: [] };
      }
      (type === exclusive ? xor : closed).push(toPlane(data));
    }
  }
  const { planes, twins, overlaps } = resolvePlanes(closed);
  if (twins > 0) pass('drawn twice', twins);
  const remarks = [...passed].map(([what, n]) => `${n} contour(s) passed over (${what}).`);
  if (overlaps.length > 0) remarks.push(overlapRemark(overlaps));
  if (contours.length === 0) remarks.push('has no contours and was passed over.');
  return { planes: xor.length === 0 ? planes : joinPlanes([...planes, ...xor]), remarks };
}

function coordinatesOf(contour: Elements, name: string, file: string): Float64Array {
  const data = numbers(contour, '30060050');
  const count = number(contour, '30060046');
  if (data.length % 3 !== 0 || (count !== undefined && data.length !== 3 * count) || !data.every(Number.isFinite)) {
    throw new FormatError(
      `a contour of "${name}" holds ${data.length} coordinates for ${count ?? '?'} points. Export the file again.`,
      file,
    );
  }
  const far = data.find((value) => Math.abs(value) > FARTHEST);
  if (far !== undefined) {
    throw new FormatError(
      `a contour of "${name}" has the coordinate ${far} mm, more than ${FARTHEST / 1000} m from the origin. Export the file again.`,
      file,
    );
  }
  return data;
}

function rangeOfZ(data: Float64Array): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let p = 2; p < data.length; p += 3) {
    low = Math.min(low, data[p]!);
    high = Math.max(high, data[p]!);
  }
  return [low, high];
}

function toPlane(data: Float64Array): ContourPlane {
  const polygon = new Float64Array((data.length / 3) * 2);
  for (let p = 0; 3 * p < data.length; p++) {
    polygon[2 * p] = data[3 * p]!;
    polygon[2 * p + 1] = data[3 * p + 1]!;
  }
  return { z: data[2]!, polygons: [polygon] };
}

/** A plane of which rings were united: its area, and how much of it even-odd would have left out, mm^2. */
interface Overlap {
  readonly z: number;
  readonly area: number;
  readonly gained: number;
}

function resolvePlanes(drawn: readonly ContourPlane[]): {
  readonly planes: readonly ContourPlane[];
  readonly twins: number;
  readonly overlaps: readonly Overlap[];
} {
  let twins = 0;
  const overlaps: Overlap[] = [];
  const planes = joinPlanes(drawn).map(({ z, polygons }) => {
    const resolved = resolveRings(polygons);
    twins += resolved.twins;
    if (resolved.overlapping > 0) {
      overlaps.push({ z, area: contourArea({ z, polygons: resolved.polygons }), gained: resolved.gained });
    }
    return { z, polygons: resolved.polygons };
  });
  return { planes, twins, overlaps };
}

function overlapRemark(overlaps: readonly Overlap[]): string {
  const [first, last] = [overlaps[0]!, overlaps[overlaps.length - 1]!];
  const largest = overlaps.reduce((a, b) => (b.gained > a.gained ? b : a));
  const where =
    first === last
      ? `z = ${toDigits(first.z, 6)} mm`
      : `${overlaps.length} slices from z = ${toDigits(first.z, 6)} to ${toDigits(last.z, 6)} mm`;
  return `contours overlap in part on ${where} and are united (up to ${toDigits(largest.gained, 4)} of ${toDigits(largest.area, 4)} mm2, at z = ${toDigits(largest.z, 6)} mm).`;
}
