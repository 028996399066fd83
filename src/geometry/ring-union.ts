/**
 * What the rings of one plane enclose together, where they are drawn one beside or in another.
 *
 * A ring drawn twice is one ring. A ring wholly within another is a hole of it, and one in that hole an island, as the even-odd
 * rule has it. Rings that overlap in part are united, each less the holes that lie wholly in it. Only planes in which rings overlap
 * are drawn anew; the even-odd inside of what comes out is then what the rings enclose.
 *
 * @see A. Johnson, Clipper2 (clipper2-ts): clipping on whole numbers, here of 1e-5 mm
 */
import { difference, FillRule, type Path64, type Paths64, union } from 'clipper2-ts';
import { contourArea } from './contour.js';
import { areaOf, type MeasuredRing, measureRing, type RingRelation, relateRings } from './ring-relation.js';

/** Rings of which none overlaps another in part, and what was done for it. */
export interface ResolvedRings {
  readonly polygons: readonly Float64Array[];
  /** How many were there already. */
  readonly twins: number;
  /** How many overlap others in part; 0 where none does. */
  readonly overlapping: number;
  /** What they enclose beyond the even-odd inside of the same rings, mm^2. */
  readonly gained: number;
}

/** Steps of the whole numbers per mm. */
const steps = 1e5;

/** More regions than this are not held against their union one by one. */
const MANY = 30;

/** How far off a union may be, mm, by rounding. */
const tolerance = 1e-4;

/** Edges along x that lie on each other are not always told apart by the library: then everything is turned, radians. */
const angles = [0, 0.3217, 1.1934, 2.4331];

export function resolveRings(rings: readonly Float64Array[]): ResolvedRings {
  if (rings.length < 2) return { polygons: rings, twins: 0, overlapping: 0, gained: 0 };
  const measured = rings.map(measureRing);
  const kept: MeasuredRing[] = [];
  const relations: RingRelation[][] = [];
  for (const ring of measured) {
    const own = kept.map((other) => relateRings(ring, other));
    if (own.includes('same')) continue;
    kept.push(ring);
    relations.push(own);
  }
  const polygons = kept.map(({ ring }) => ring);
  const twins = rings.length - kept.length;
  const isOverlapping = kept.map((_, r) =>
    kept.some((__, o) => o !== r && relationOf(relations, r, o) === 'overlapping'),
  );
  const overlapping = isOverlapping.filter(Boolean).length;
  if (overlapping === 0) return { polygons, twins, overlapping, gained: 0 };
  const united = unite(kept, relations);
  const gained = contourArea({ z: 0, polygons: united }) - contourArea({ z: 0, polygons });
  return { polygons: united, twins, overlapping, gained };
}

/** Of ring r to ring o. */
function relationOf(relations: readonly RingRelation[][], r: number, o: number): RingRelation {
  const found = r > o ? relations[r]![o]! : relations[o]![r]!;
  if (r > o) return found;
  return found === 'within' ? 'around' : found === 'around' ? 'within' : found;
}

function unite(rings: readonly MeasuredRing[], relations: readonly RingRelation[][]): Float64Array[] {
  const isWithin = (r: number, o: number): boolean => r !== o && relationOf(relations, r, o) === 'within';
  const depths = depthsOf(rings.length, isWithin);
  const isHole = depths.map((depth) => depth % 2 === 1);
  let best: { polygons: Float64Array[]; error: number } = { polygons: [], error: Infinity };
  for (const angle of angles) {
    const frame = turnedFrame(rings, angle);
    const insides = rings.map(({ ring }) => union([frame.to(ring)], FillRule.EvenOdd));
    const regions = insides.flatMap((inside, r): Paths64[] => {
      if (isHole[r]) return [];
      const holes = insides.flatMap((hole, o) => (isHole[o] && isWithin(o, r) ? hole : []));
      if (holes.length === 0) return [inside];
      return [difference(inside, union(holes, FillRule.NonZero), FillRule.NonZero)];
    });
    const polygons = frame.from(union(regions.flat(), FillRule.NonZero));
    const error = errorOf(polygons, rings, insides.map(frame.from), regions.map(frame.from));
    if (error < best.error) best = { polygons, error };
    if (error <= tolerance) break;
  }
  return best.polygons;
}

/**
 * How far off a union is, mm: area over length. Each ring must have kept its own inside, and the union must hold every region whole.
 */
function errorOf(
  polygons: readonly Float64Array[],
  rings: readonly MeasuredRing[],
  insides: readonly (readonly Float64Array[])[],
  regions: readonly (readonly Float64Array[])[],
): number {
  const area = (own: readonly Float64Array[]): number => contourArea({ z: 0, polygons: own });
  const all = area(polygons);
  const length = rings.reduce((sum, { perimeter }) => sum + perimeter, 0);
  const ofRings = insides.map((own, r) => Math.abs(area(own) - areaOf(rings[r]!)));
  // Of very many rings, which nobody draws, each against the union would take long.
  const asked = regions.length > MANY ? [] : regions;
  const ofRegions = asked.map((own) => Math.abs(area([...polygons, ...own]) - (all - area(own))));
  const twice = Math.abs(contourArea({ z: 0, polygons }, 'nonzero') - all);
  return Math.max(twice, ...ofRings, ...ofRegions) / length;
}

/** In how many rings each lies, counted along the longest chain of rings within rings. */
function depthsOf(count: number, isWithin: (r: number, o: number) => boolean): number[] {
  const depths = new Array<number>(count).fill(-1);
  const depthOf = (r: number): number => {
    if (depths[r]! >= 0) return depths[r]!;
    let depth = 0;
    for (let o = 0; o < count; o++) if (isWithin(r, o)) depth = Math.max(depth, depthOf(o) + 1);
    depths[r] = depth;
    return depth;
  };
  for (let r = 0; r < count; r++) depthOf(r);
  return depths;
}

interface Frame {
  readonly to: (ring: Float64Array) => Path64;
  readonly from: (paths: Paths64) => Float64Array[];
}

/** From mm to whole numbers and back, turned by an angle. */
function turnedFrame(rings: readonly MeasuredRing[], angle: number): Frame {
  // Whole mm: where a point is rounded to does not depend on which rings there are.
  const [left, top] = [0, 1].map((axis) => Math.floor(Math.min(...rings.map(({ box }) => box[axis]!)))) as [
    number,
    number,
  ];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return {
    to: (ring) =>
      Array.from({ length: ring.length / 2 }, (_, p) => {
        const [x, y] = [ring[2 * p]! - left, ring[2 * p + 1]! - top];
        return { x: Math.round((cos * x - sin * y) * steps), y: Math.round((sin * x + cos * y) * steps) };
      }),
    from: (paths) =>
      paths
        .filter((path) => path.length >= 3)
        .map((path) =>
          Float64Array.from(
            path.flatMap(({ x, y }) => [left + (cos * x + sin * y) / steps, top + (cos * y - sin * x) / steps]),
          ),
        ),
  };
}
