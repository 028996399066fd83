/**
 * Solids of revolution with flat ends along an axis of the patient frame: cylinder, cone and what lies between.
 *
 * In the half-plane of (radius, height) such a solid is a trapezoid, so its distance is that of a polygon: to the slanted
 * side and to the two ends. Exact inside and outside.
 */
import { checkFinite, checkNonNegative, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { Vec3 } from './grid.js';
import type { Solid } from './solid.js';

export type Axis = 'x' | 'y' | 'z';

const axisIndex = { x: 0, y: 1, z: 2 } as const;

/** Cylinder of radius `radius` and height `height` around `center`, mm. */
export function cylinder(center: Vec3, radius: number, height: number, axis: Axis = 'z'): Solid {
  return frustum(center, radius, radius, height, axis);
}

/** Right cone around `center`: base radius `radius` at -height/2, apex at +height/2 along the axis, mm. */
export function cone(center: Vec3, radius: number, height: number, axis: Axis = 'z'): Solid {
  return frustum(center, radius, 0, height, axis);
}

/**
 * Truncated cone around `center`.
 *
 * @param low,high radius at -height/2 and at +height/2 along the axis, mm, >= 0 and not both 0
 */
export function frustum(center: Vec3, low: number, high: number, height: number, axis: Axis = 'z'): Solid {
  for (const c of center) checkFinite('frustum: centre', c);
  checkNonNegative('frustum: radius', low);
  checkNonNegative('frustum: radius', high);
  checkPositive('frustum: height', height);
  if (low === 0 && high === 0) throw new InvalidInputError('frustum: both radii are 0 mm. Give one above 0.');
  const half = height / 2;
  const a = axisIndex[axis];
  const [b, c] = [(a + 1) % 3, (a + 2) % 3] as [number, number];
  const distance = (x: number, y: number, z: number): number => {
    const p = a === 0 ? x - center[0] : a === 1 ? y - center[1] : z - center[2];
    const q = b === 0 ? x - center[0] : b === 1 ? y - center[1] : z - center[2];
    const s = c === 0 ? x - center[0] : c === 1 ? y - center[1] : z - center[2];
    return trapezoidDistance(Math.sqrt(q * q + s * s), p, low, high, half);
  };
  const reach = [0, 1, 2].map((i) => (i === a ? half : Math.max(low, high)));
  return {
    distance,
    box: {
      min: [center[0] - reach[0]!, center[1] - reach[1]!, center[2] - reach[2]!],
      max: [center[0] + reach[0]!, center[1] + reach[1]!, center[2] + reach[2]!],
    },
    isExact: true,
    isExactInside: true,
  };
}

/** Signed distance of (r, p) to the trapezoid of half width `low` at -half and `high` at +half. */
function trapezoidDistance(r: number, p: number, low: number, high: number, half: number): number {
  const slope = high - low;
  const length2 = slope * slope + 4 * half * half;
  // Along the slanted side from (low, -half): its foot, held between the two ends.
  const t = Math.min(1, Math.max(0, ((r - low) * slope + (p + half) * 2 * half) / length2));
  const side2 = (r - low - t * slope) ** 2 + (p + half - 2 * half * t) ** 2;
  const capR = Math.max(0, r - (p < 0 ? low : high));
  const cap2 = capR * capR + (Math.abs(p) - half) ** 2;
  const isInside = Math.abs(p) < half && r < low + (slope * (p + half)) / (2 * half);
  const d = Math.sqrt(Math.min(side2, cap2));
  return isInside ? -d : d;
}
