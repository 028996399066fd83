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
import { type MeasuredRing, measureRing, type RingRelation, relateRings } from './ring-relation.js';

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
  // Whole mm: where a point is rounded to does not depend on which rings there are.
  const [left, top] = [0, 1].map((axis) => Math.floor(Math.min(...rings.map(({ box }) => box[axis]!)))) as [
    number,
    number,
  ];
  const areas = rings.map(({ ring }) => union([toPath(ring, left, top)], FillRule.EvenOdd));
  const isWithin = (r: number, o: number): boolean => r !== o && relationOf(relations, r, o) === 'within';
  const depths = depthsOf(rings.length, isWithin);
  const regions = areas.flatMap((area, r): Paths64 => {
    if (depths[r]! % 2 === 1) return [];
    const holes = areas.flatMap((hole, o) => (depths[o]! % 2 === 1 && isWithin(o, r) ? hole : []));
    return holes.length === 0 ? area : difference(area, union(holes, FillRule.NonZero), FillRule.NonZero);
  });
  const united = union(regions, FillRule.NonZero);
  return united.filter((path) => path.length >= 3).map((path) => toRing(path, left, top));
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

const toPath = (ring: Float64Array, left: number, top: number): Path64 =>
  Array.from({ length: ring.length / 2 }, (_, p) => ({
    x: Math.round((ring[2 * p]! - left) * steps),
    y: Math.round((ring[2 * p + 1]! - top) * steps),
  }));

const toRing = (path: Path64, left: number, top: number): Float64Array =>
  Float64Array.from(path.flatMap(({ x, y }) => [left + x / steps, top + y / steps]));
