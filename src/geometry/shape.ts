/**
 * Shapes: solids with a closed-form signed distance, and their unions, intersections and differences.
 *
 * Everything bony of a phantom is a prism (a polygon extruded along an axis), a tube or a union of those, because their
 * distances are exact outside: a margin of 3 mm around them is 3 mm everywhere.
 *
 * @see Hart, Visual Comput. 12 (1996) 527, doi:10.1007/s003710050084 (distance functions and their booleans)
 */
import { checkAllFinite, checkFinite, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { EdgeIndex } from './edge-index.js';
import type { Box, Vec3 } from './grid.js';
import { combineWithin, type Solid, type Within } from './solid.js';

/** Ball of radius `radius`, mm. */
export function sphere(center: Vec3, radius: number): Solid {
  return tube([center], radius);
}

/** Axis-aligned box; exact. */
export function box(min: Vec3, max: Vec3): Solid {
  for (let a = 0; a < 3; a++) checkPositive('box: size', max[a]! - min[a]!);
  const [cx, cy, cz] = [0, 1, 2].map((a) => (min[a]! + max[a]!) / 2) as [number, number, number];
  const [hx, hy, hz] = [0, 1, 2].map((a) => (max[a]! - min[a]!) / 2) as [number, number, number];
  const distance = (x: number, y: number, z: number): number => {
    const dx = Math.abs(x - cx) - hx;
    const dy = Math.abs(y - cy) - hy;
    const dz = Math.abs(z - cz) - hz;
    if (dx <= 0 && dy <= 0 && dz <= 0) return Math.max(dx, dy, dz);
    const ex = Math.max(0, dx);
    const ey = Math.max(0, dy);
    const ez = Math.max(0, dz);
    return Math.sqrt(ex * ex + ey * ey + ez * ez);
  };
  const column: Solid = {
    distance: (x, y) => {
      const dx = Math.abs(x - cx) - hx;
      const dy = Math.abs(y - cy) - hy;
      if (dx <= 0 && dy <= 0) return Math.max(dx, dy);
      const ex = Math.max(0, dx);
      const ey = Math.max(0, dy);
      return Math.sqrt(ex * ex + ey * ey);
    },
    box: { min: [min[0], min[1], -Infinity], max: [max[0], max[1], Infinity] },
    isExact: true,
    isColumn: true,
  };
  const within = { low: min[2], high: max[2], solid: column };
  return { distance, box: { min, max }, isExact: true, isExactInside: true, isBox: true, within };
}

/** Ellipsoid; a bound of the distance, (|p / a| - 1) min a, with the right sign. */
export function ellipsoid(center: Vec3, semiAxes: Vec3): Solid {
  for (const a of semiAxes) checkPositive('ellipsoid: semi-axis', a);
  const [cx, cy, cz] = center;
  const [a, b, c] = semiAxes;
  const least = Math.min(a, b, c);
  const distance = (x: number, y: number, z: number): number => {
    const u = (x - cx) / a;
    const v = (y - cy) / b;
    const w = (z - cz) / c;
    return (Math.sqrt(u * u + v * v + w * w) - 1) * least;
  };
  return {
    distance,
    box: { min: [cx - a, cy - b, cz - c], max: [cx + a, cy + b, cz + c] },
    isExact: a === b && b === c,
  };
}

/** Everything within `radius` of a polyline; exact. One point makes a ball, two a capsule. */
export function tube(points: readonly Vec3[], radius: number): Solid {
  if (points.length === 0) throw new InvalidInputError('tube: there are no points. Give at least one.');
  checkPositive('tube: radius', radius);
  const p = Float64Array.from(points.flat());
  checkAllFinite('tube: points', p);
  const n = p.length / 3;
  const low = [0, 1, 2].map((a) => Math.min(...points.map((q) => q[a]!)) - radius);
  const high = [0, 1, 2].map((a) => Math.max(...points.map((q) => q[a]!)) + radius);
  const [x0, y0, z0] = vec(low);
  const [x1, y1, z1] = vec(high);
  // Of each piece: its beginning, the way to its end, and the square of that.
  const pieces = new Float64Array(7 * Math.max(1, n - 1));
  for (let s = 0; 7 * s < pieces.length; s++) {
    const i = 3 * s;
    const j = n === 1 ? i : i + 3;
    const way = [p[j]! - p[i]!, p[j + 1]! - p[i + 1]!, p[j + 2]! - p[i + 2]!] as const;
    pieces.set([p[i]!, p[i + 1]!, p[i + 2]!, ...way, way[0] * way[0] + way[1] * way[1] + way[2] * way[2]], 7 * s);
  }
  const distance = (x: number, y: number, z: number, reach = Infinity): number => {
    const far = Math.max(x0 - x, x - x1, y0 - y, y - y1, z0 - z, z - z1);
    if (far >= reach) return far;
    let best = Infinity;
    for (let s = 0; s < pieces.length; s += 7) {
      const ux = pieces[s + 3]!;
      const uy = pieces[s + 4]!;
      const uz = pieces[s + 5]!;
      const wx = x - pieces[s]!;
      const wy = y - pieces[s + 1]!;
      const wz = z - pieces[s + 2]!;
      const length2 = pieces[s + 6]!;
      let t = length2 > 0 ? (wx * ux + wy * uy + wz * uz) / length2 : 0;
      t = t < 0 ? 0 : t > 1 ? 1 : t;
      const dx = wx - t * ux;
      const dy = wy - t * uy;
      const dz = wz - t * uz;
      const d2 = dx * dx + dy * dy + dz * dz;
      if (d2 < best) best = d2;
    }
    return Math.sqrt(best) - radius;
  };
  return { distance, box: { min: vec(low), max: vec(high) }, isExact: true, isExactInside: n <= 2 };
}

export interface PrismOptions {
  /** Axis of extrusion. @default 'z' */
  readonly axis?: 'x' | 'y' | 'z';
  /** Shrinks the outline by this much, mm: the inside of a wall. Its distance is then a bound. @default 0 */
  readonly inset?: number;
}

/** For each axis of extrusion: the axes of the outline's first and second coordinate. */
const outlineAxes = { x: [1, 2, 0], y: [0, 2, 1], z: [0, 1, 2] } as const;

/**
 * A polygon extruded along an axis; exact.
 *
 * @param outline [u0, v0, u1, v1, ...] mm, simple, closed implicitly; (u, v) is (x, y) for axis z, (x, z) for y, (y, z) for x
 * @param low,high range along the axis, mm
 */
export function prism(outline: Float64Array, low: number, high: number, options: PrismOptions = {}): Solid {
  const { axis = 'z', inset = 0 } = options;
  if (outline.length < 6 || outline.length % 2 !== 0) {
    throw new InvalidInputError(`prism: the outline has ${outline.length / 2} points, but needs at least 3.`);
  }
  checkAllFinite('prism: outline', outline);
  checkPositive('prism: height', high - low);
  checkFinite('prism: inset', inset);
  const middle = (low + high) / 2;
  const half = (high - low) / 2;
  const index = new EdgeIndex(edgesOf(outline));
  const along = (u: number, v: number, w: number, reach = Infinity): number => {
    const e = Math.abs(w - middle) - half;
    if (e >= reach) return e;
    const far = Math.max(u0 - u, u - u1, v0 - v, v - v1);
    if (far >= reach) return far;
    const d = index.signedDistance(u, v) + inset;
    if (d <= 0 && e <= 0) return d > e ? d : e;
    if (d <= 0) return e;
    if (e <= 0) return d;
    return Math.sqrt(d * d + e * e);
  };
  const [u, v, w] = outlineAxes[axis];
  const min = [Infinity, Infinity, Infinity];
  const max = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < outline.length; i++) {
    const a = i % 2 === 0 ? u : v;
    if (outline[i]! < min[a]!) min[a] = outline[i]!;
    if (outline[i]! > max[a]!) max[a] = outline[i]!;
  }
  for (const a of [u, v]) {
    min[a]! += inset;
    max[a]! -= inset;
  }
  min[w] = low;
  max[w] = high;
  const [u0, u1, v0, v1] = [min[u]!, max[u]!, min[v]!, max[v]!];
  const distance =
    axis === 'z'
      ? along
      : axis === 'y'
        ? (x: number, y: number, z: number, reach?: number) => along(x, z, y, reach)
        : (x: number, y: number, z: number, reach?: number) => along(y, z, x, reach);
  const isExact = inset === 0;
  const solid = { distance, box: { min: vec(min), max: vec(max) }, isExact };
  if (axis !== 'z') return solid;
  const column: Solid = {
    distance: (x, y, _, reach = Infinity) => {
      const far = Math.max(u0 - x, x - u1, v0 - y, y - v1);
      return far >= reach ? far : index.signedDistance(x, y) + inset;
    },
    box: { min: [u0, v0, -Infinity], max: [u1, v1, Infinity] },
    isExact,
    isColumn: true,
  };
  return { ...solid, within: { low, high, solid: column } };
}

/** Edges from each point of a polygon to the one before. */
function edgesOf(outline: Float64Array): Float64Array {
  const n = outline.length;
  const edges = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const at = 2 * i - (i % 2);
    edges[at] = outline[i]!;
    edges[at + 2] = outline[(i + n - 2) % n]!;
  }
  return edges;
}

/** All that lies in at least one; exact outside where each is. */
export function union(...solids: readonly Solid[]): Solid {
  if (solids.length === 0) throw new InvalidInputError('union: there are no solids. Give at least one.');
  if (solids.length === 1) return solids[0]!;
  const distance = (x: number, y: number, z: number, reach = Infinity): number => {
    let d = Infinity;
    for (let s = 0; s < solids.length; s++) {
      const near = Math.min(reach, Math.abs(d));
      let other = solids[s]!.distance(x, y, z, near);
      // Further off than the nearest so far it counts for nothing; so far inside that it is the bound, it was only bounded.
      if (other <= -near && near < reach) other = solids[s]!.distance(x, y, z, reach);
      if (other < d) d = other;
    }
    return d;
  };
  return {
    distance,
    box: mergeBoxes(solids.map((s) => s.box)),
    isExact: solids.every((s) => s.isExact),
    ...combined(solids, union),
  };
}

/** What lies in both; a bound of the distance. */
export function intersection(a: Solid, b: Solid): Solid {
  const min = [0, 1, 2].map((i) => Math.max(a.box.min[i]!, b.box.min[i]!));
  const max = [0, 1, 2].map((i, k) => Math.max(min[k]!, Math.min(a.box.max[i]!, b.box.max[i]!)));
  return {
    distance: (x, y, z, reach = Infinity) => {
      const d = a.distance(x, y, z, reach);
      if (d >= reach) return d;
      const near = Math.min(reach, Math.abs(d));
      const other = b.distance(x, y, z, near);
      // Deeper in `b` than the other says anything it counts for nothing.
      return Math.max(d, other >= near && near < reach ? b.distance(x, y, z, reach) : other);
    },
    box: { min: vec(min), max: vec(max) },
    isExact: false,
    ...combined([a, b], intersection),
  };
}

/** What lies in `a` but not in `b`; a bound of the distance. */
export function difference(a: Solid, b: Solid): Solid {
  return {
    distance: (x, y, z, reach = Infinity) => {
      const d = a.distance(x, y, z, reach);
      if (d >= reach) return d;
      const near = Math.min(reach, Math.abs(d));
      const other = b.distance(x, y, z, near);
      // Further from `b` than the other says anything it counts for nothing.
      return Math.max(d, -(other <= -near && near < reach ? b.distance(x, y, z, reach) : other));
    },
    box: a.box,
    isExact: false,
    ...combined([a, b], difference),
  };
}

/** `solid` shrunk by `depth` mm: the inside of a wall of that thickness. A bound of the distance. */
export function inset(solid: Solid, depth: number): Solid {
  const min = solid.box.min.map((c) => c + depth);
  const max = solid.box.max.map((c, a) => Math.max(min[a]!, c - depth));
  return {
    distance: (x, y, z, reach = Infinity) => solid.distance(x, y, z, reach + Math.abs(depth)) + depth,
    box: { min: vec(min), max: vec(max) },
    isExact: false,
  };
}

/** The part between planes of solids that are combined, and whether the whole is a column. */
function combined<S extends readonly Solid[]>(
  solids: S,
  combine: (...solids: S) => Solid,
): { isColumn?: boolean; within?: Within } {
  if (solids.every((solid) => solid.isColumn)) return { isColumn: true };
  const within = combineWithin(solids, combine as unknown as (...solids: Solid[]) => Solid);
  return within === undefined ? {} : { within };
}

function mergeBoxes(boxes: readonly Box[]): Box {
  return {
    min: vec([0, 1, 2].map((a) => Math.min(...boxes.map((b) => b.min[a]!)))),
    max: vec([0, 1, 2].map((a) => Math.max(...boxes.map((b) => b.max[a]!)))),
  };
}

function vec(values: readonly number[]): Vec3 {
  return [values[0]!, values[1]!, values[2]!];
}
