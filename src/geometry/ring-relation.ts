/**
 * How two rings of one plane lie: apart, one within the other, the same ring twice, or overlapping in part.
 *
 * Rings that touch nowhere are apart or nested, and need no more; of the others the areas decide, by which an overlap or an
 * overhang thinner than coordinates are rounded is none.
 */
import { contourArea } from './contour.js';

/** Of the first ring to the second. */
export type RingRelation = 'apart' | 'within' | 'around' | 'same' | 'overlapping';

/** A ring with what is asked of it over and over. */
export interface MeasuredRing {
  readonly ring: Float64Array;
  /** x0, y0, x1, y1, mm */
  readonly box: readonly [number, number, number, number];
  /** mm */
  readonly perimeter: number;
  /** Even-odd, mm^2; found when first asked for. */
  area?: number;
}

/** What is thinner than this, mm, as area over length, is two roundings of 0.01 mm. */
const thin = 0.02;

/** Boxes of the same ring, drawn twice, differ by no more than this, mm. */
const sameBox = 0.1;

export function measureRing(ring: Float64Array): MeasuredRing {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  let perimeter = 0;
  for (let i = 0, k = ring.length - 2; i < ring.length; k = i, i += 2) {
    x0 = Math.min(x0, ring[i]!);
    y0 = Math.min(y0, ring[i + 1]!);
    x1 = Math.max(x1, ring[i]!);
    y1 = Math.max(y1, ring[i + 1]!);
    perimeter += Math.hypot(ring[i]! - ring[k]!, ring[i + 1]! - ring[k + 1]!);
  }
  return { ring, box: [x0, y0, x1, y1], perimeter };
}

export function relateRings(a: MeasuredRing, b: MeasuredRing): RingRelation {
  const isNear = a.box.every((edge, i) => (i < 2 ? edge <= b.box[i + 2]! : edge >= b.box[i - 2]!));
  if (!isNear) return 'apart';
  const isSameBox = a.box.every((edge, i) => Math.abs(edge - b.box[i]!) <= sameBox);
  if (isSameBox || doTouch(a, b)) return relateByArea(a, b);
  if (isInside(a.ring[0]!, a.ring[1]!, b.ring)) return 'within';
  return isInside(b.ring[0]!, b.ring[1]!, a.ring) ? 'around' : 'apart';
}

function relateByArea(a: MeasuredRing, b: MeasuredRing): RingRelation {
  const [ofA, ofB] = [areaOf(a), areaOf(b)];
  const either = contourArea({ z: 0, polygons: [a.ring, b.ring] });
  const shared = (ofA + ofB - either) / 2;
  if (either <= thin * Math.max(a.perimeter, b.perimeter)) return 'same';
  if (shared <= thin * Math.min(a.perimeter, b.perimeter)) return 'apart';
  if (ofA - shared <= thin * a.perimeter && ofA < ofB) return 'within';
  if (ofB - shared <= thin * b.perimeter) return 'around';
  return 'overlapping';
}

/** Even-odd, mm^2. */
export function areaOf(ring: MeasuredRing): number {
  ring.area ??= contourArea({ z: 0, polygons: [ring.ring] });
  return ring.area;
}

/** Whether any edges meet, where one ring may reach the other. */
function doTouch(a: MeasuredRing, b: MeasuredRing): boolean {
  const ofA = edgesWithin(a.ring, b.box);
  if (ofA.length === 0) return false;
  const ofB = edgesWithin(b.ring, a.box);
  for (let i = 0; i < ofA.length; i += 4) {
    for (let j = 0; j < ofB.length; j += 4) if (doEdgesMeet(ofA, i, ofB, j)) return true;
  }
  return false;
}

/** Edges [x0, y0, x1, y1] whose own box meets a box. */
function edgesWithin(ring: Float64Array, [x0, y0, x1, y1]: MeasuredRing['box']): number[] {
  const edges: number[] = [];
  for (let i = 0, k = ring.length - 2; i < ring.length; k = i, i += 2) {
    const [ax, ay, bx, by] = [ring[k]!, ring[k + 1]!, ring[i]!, ring[i + 1]!];
    if (Math.max(ax, bx) < x0 || Math.min(ax, bx) > x1 || Math.max(ay, by) < y0 || Math.min(ay, by) > y1) continue;
    edges.push(ax, ay, bx, by);
  }
  return edges;
}

function doEdgesMeet(a: readonly number[], i: number, b: readonly number[], j: number): boolean {
  const [ax, ay, bx, by] = [a[i]!, a[i + 1]!, a[i + 2]!, a[i + 3]!];
  const [cx, cy, dx, dy] = [b[j]!, b[j + 1]!, b[j + 2]!, b[j + 3]!];
  if (Math.max(ax, bx) < Math.min(cx, dx) || Math.max(cx, dx) < Math.min(ax, bx)) return false;
  if (Math.max(ay, by) < Math.min(cy, dy) || Math.max(cy, dy) < Math.min(ay, by)) return false;
  const side = (x: number, y: number): number => (bx - ax) * (y - ay) - (by - ay) * (x - ax);
  const other = (x: number, y: number): number => (dx - cx) * (y - cy) - (dy - cy) * (x - cx);
  return side(cx, cy) * side(dx, dy) <= 0 && other(ax, ay) * other(bx, by) <= 0;
}

function isInside(x: number, y: number, ring: Float64Array): boolean {
  let odd = false;
  for (let i = 0, k = ring.length - 2; i < ring.length; k = i, i += 2) {
    const [y0, y1] = [ring[k + 1]!, ring[i + 1]!];
    if (y0 > y === y1 > y) continue;
    if (x < ring[k]! + ((y - y0) / (y1 - y0)) * (ring[i]! - ring[k]!)) odd = !odd;
  }
  return odd;
}
