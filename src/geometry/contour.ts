/**
 * Planar contours: exact areas and volumes under the even-odd rule.
 *
 * A plane is cut into horizontal strips at every vertex and crossing. Within a strip no two edges meet, so sorted by x
 * they pair up into trapezoids that alternate inside, outside, inside: `A = sum h (xR - xL)`. Holes, nested rings,
 * keyholes with a channel of zero width and crossing outlines all come out exactly, whatever way round they were drawn.
 */
import { checkFinite, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { contourSlabs, samePlane, usualGap } from './contour-slabs.js';
import type { ContourPlane, Contours, EndRule } from './structure.js';

export { usualGap };

/** What makes a point inside: an odd number of turns around it, or any number but none. */
export type FillRule = 'even-odd' | 'nonzero';

/** How drawn planes become a structure. */
export interface ContourOptions {
  /** Where the structure ends beyond its first and last plane. @default 'half-slice' */
  readonly ends?: EndRule;
}

/**
 * Contours from planes in any order; planes at the same z are joined.
 *
 * @param planes each at one z with closed polygons [x0, y0, x1, y1, ...], mm, LPS, at least 3 points each
 * @param spacing distance between planes, mm, where there is one on every slice of it: a slice without a plane has nothing on it.
 *   @default told by the planes, of which some may have been left out: each stands for half the way to its neighbours
 * @throws {InvalidInputError} if there is no plane, a polygon is malformed, one plane comes without `spacing`, or the
 *   end rule `none` leaves a lone plane without thickness
 */
export function createContours(
  planes: readonly ContourPlane[],
  spacing?: number,
  { ends = 'half-slice' }: ContourOptions = {},
): Contours {
  if (planes.length === 0) throw new InvalidInputError('contours: no planes. Give at least one.');
  for (const plane of planes) checkPlane(plane);
  const joined = joinPlanes(planes);
  const usual = spacing ?? usualGap(joined.map((plane) => plane.z));
  if (usual === undefined) {
    throw new InvalidInputError(
      `contours: a single plane at z = ${joined[0]!.z} mm has no thickness of its own. Give the slice spacing.`,
    );
  }
  const contours: Contours = {
    planes: joined,
    spacing: checkPositive('contours: spacing', usual),
    ends,
    ...(spacing === undefined && { isSparse: true }),
  };
  const slabs = contourSlabs(contours);
  const flat = joined.findIndex((_, p) => !(slabs[2 * p + 1]! > slabs[2 * p]!));
  if (flat >= 0) {
    throw new InvalidInputError(
      `contours: the plane at z = ${joined[flat]!.z} mm stands alone and has no thickness under the end rule none. Use half-slice.`,
    );
  }
  return contours;
}

/** Planes in rising order, those at the same z joined. */
export function joinPlanes(planes: readonly ContourPlane[]): ContourPlane[] {
  const joined: { z: number; polygons: Float64Array[] }[] = [];
  for (const plane of [...planes].sort((a, b) => a.z - b.z)) {
    const last = joined[joined.length - 1];
    if (last && plane.z - last.z < samePlane) last.polygons.push(...plane.polygons);
    else joined.push({ z: plane.z, polygons: [...plane.polygons] });
  }
  return joined;
}

function checkPlane(plane: ContourPlane): void {
  checkFinite('contours: z', plane.z);
  for (const polygon of plane.polygons) {
    if (polygon.length < 6 || polygon.length % 2 !== 0) {
      throw new InvalidInputError(
        `contours: a polygon at z = ${plane.z} mm has ${polygon.length / 2} points, but needs at least 3. Drop it.`,
      );
    }
    if (!polygon.every(Number.isFinite)) {
      throw new InvalidInputError(`contours: a polygon at z = ${plane.z} mm has a coordinate that is not finite.`);
    }
  }
}

/** Area inside, mm^2; exact, also where outlines cross. */
export function contourArea(plane: ContourPlane, rule: FillRule = 'even-odd'): number {
  let area = 0;
  const t = insideTrapezoids(plane.polygons, rule);
  for (let i = 0; i < t.length; i += 6) {
    area += ((t[i + 1]! - t[i]!) * (t[i + 4]! - t[i + 2]! + t[i + 5]! - t[i + 3]!)) / 2;
  }
  return area;
}

/** Area inside of each plane, mm^2; exact. Worked out once. */
export function contourAreas(contours: Contours): Float64Array {
  let known = areas.get(contours);
  if (known === undefined) {
    known = Float64Array.from(contours.planes, (plane) => contourArea(plane));
    areas.set(contours, known);
  }
  return known;
}

const areas = new WeakMap<Contours, Float64Array>();

/** Volume, cc: the sum of area x slab thickness. */
export function contoursVolume(contours: Contours): number {
  const slabs = contourSlabs(contours);
  let volume = 0;
  contourAreas(contours).forEach((area, p) => {
    volume += area * (slabs[2 * p + 1]! - slabs[2 * p]!);
  });
  return volume / 1000;
}

/**
 * The inside of a set of rings as trapezoids that do not overlap, under the even-odd rule unless told otherwise.
 *
 * Each is [y0, y1, xLeft at y0, xLeft at y1, xRight at y0, xRight at y1], y0 < y1. O(points x edges per strip).
 */
export function insideTrapezoids(polygons: readonly Float64Array[], rule: FillRule = 'even-odd'): Float64Array {
  const edges = risingEdges(polygons);
  const levels = new Float64Array(2 * edges.length);
  edges.forEach((edge, e) => {
    levels[2 * e] = edge[1];
    levels[2 * e + 1] = edge[3];
  });
  levels.sort();
  const out: number[] = [];
  const active: Edge[] = [];
  let next = 0;
  for (let s = 0; s + 1 < levels.length; s++) {
    const y0 = levels[s]!;
    const y1 = levels[s + 1]!;
    if (y0 === y1) continue;
    let kept = 0;
    for (const edge of active) if (edge[3] > y0) active[kept++] = edge;
    active.length = kept;
    while (next < edges.length && edges[next]![1] <= y0) active.push(edges[next++]!);
    if (active.length > 0) stripTrapezoids(active, y0, y1, rule, out);
  }
  return new Float64Array(out);
}

/** x0, y0, x1, y1 with y0 < y1, and 1 where it was drawn upwards, -1 where downwards */
type Edge = readonly [number, number, number, number, number];

/** Edges that are not horizontal, lower end first, sorted by that end. */
function risingEdges(polygons: readonly Float64Array[]): Edge[] {
  const edges: Edge[] = [];
  for (const ring of polygons) {
    let x0 = ring[ring.length - 2]!;
    let y0 = ring[ring.length - 1]!;
    for (let i = 0; i < ring.length; i += 2) {
      const x1 = ring[i]!;
      const y1 = ring[i + 1]!;
      if (y0 < y1) edges.push([x0, y0, x1, y1, 1]);
      else if (y1 < y0) edges.push([x1, y1, x0, y0, -1]);
      x0 = x1;
      y0 = y1;
    }
  }
  return edges.sort((a, b) => a[1] - b[1]);
}

const xAt = (edge: Edge, y: number): number =>
  y === edge[3] ? edge[2] : edge[0] + ((edge[2] - edge[0]) * (y - edge[1])) / (edge[3] - edge[1]);

/** One strip without vertices inside: cut it again where edges cross, then pair the edges from left to right. */
function stripTrapezoids(active: readonly Edge[], y0: number, y1: number, rule: FillRule, out: number[]): void {
  if (active.length === 2) {
    const [a, b] = [active[0]!, active[1]!];
    const isLeft = xAt(a, y0) + xAt(a, y1) < xAt(b, y0) + xAt(b, y1);
    const [left, right] = isLeft ? [a, b] : [b, a];
    const [x0, x1, x2, x3] = [xAt(left, y0), xAt(left, y1), xAt(right, y0), xAt(right, y1)];
    // Two edges that do not cross, as in most strips, need no more.
    if (x2 >= x0 && x3 >= x1) {
      out.push(y0, y1, x0, x1, x2, x3);
      return;
    }
  }
  const cuts = [y0, y1];
  for (let i = 0; i < active.length; i++) {
    for (let j = 0; j < i; j++) {
      const low = xAt(active[i]!, y0) - xAt(active[j]!, y0);
      const high = xAt(active[i]!, y1) - xAt(active[j]!, y1);
      if (low * high < 0) cuts.push(y0 + ((y1 - y0) * low) / (low - high));
    }
  }
  cuts.sort((a, b) => a - b);
  for (let c = 0; c + 1 < cuts.length; c++) {
    const low = cuts[c]!;
    const high = cuts[c + 1]!;
    if (!(high > low)) continue;
    const middle = (low + high) / 2;
    const ordered = [...active].sort((a, b) => xAt(a, middle) - xAt(b, middle));
    let turns = 0;
    let left = ordered[0]!;
    for (const edge of ordered) {
      const before = turns;
      turns = rule === 'even-odd' ? 1 - turns : turns + edge[4];
      if (before === 0) left = edge;
      else if (turns === 0) out.push(low, high, xAt(left, low), xAt(left, high), xAt(edge, low), xAt(edge, high));
    }
  }
}
