/**
 * How far apart two structures are: the gap in which a plan must fall from the prescription to the cord's limit.
 *
 * Points of an outline lie 0.25 mm apart or closer, on every slice of a grid and at both ends for a solid, and at the middle and both faces
 * of every slab for contours; each is followed to the nearest surface point of the other structure.
 */
import { contourSlabs } from './contour-slabs.js';
import { solidOfStructure } from './contour-solid.js';
import { contoursOfStructure } from './contour-trace.js';
import type { Grid, Vec3 } from './grid.js';
import type { Solid } from './solid.js';
import type { Contours, Structure } from './structure.js';

/** Distance between points sampled along an outline, mm. */
const sampling = 0.25;

/** Step of the numeric gradient, mm. */
const step = 1e-3;

/** A surface point of one structure and the nearest of another, mm. */
export interface SurfacePair {
  readonly from: Vec3;
  readonly to: Vec3;
  /** Negative where `from` lies inside the other structure. */
  readonly distance: number;
}

/**
 * Least distance from the outlines of `from`, on the slices of a grid, to the surface of `to`, mm.
 *
 * At most 0.13 mm too large in the plane; for a solid, a closest point between two slices, other than on a flat end, is not seen. Negative: the depth
 * to which an outline of `from` enters `to`.
 *
 * @returns undefined where `from` meets no slice
 */
export function separation(from: Structure, to: Structure, grid: Grid): number | undefined {
  return leastOf(distancesOf(from, to, grid));
}

/**
 * Signed distance between the surfaces of two structures, mm: the width of the narrowest gap, 0 where they touch; negative where
 * they overlap, by how deep one enters the other.
 *
 * Outlines of either are held against the other, so that it is the same whichever comes first, and negative also where one lies
 * wholly inside the other. As exact as {@link separation}; a depth is at least what is said where a solid's inner distance is a bound.
 *
 * @param grid whose slices solids are traced on
 * @returns undefined where neither meets a slice
 */
export function surfaceDistance(a: Structure, b: Structure, grid: Grid): number | undefined {
  return lesser(separation(a, b, grid), separation(b, a, grid));
}

const lesser = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);

/** Outline points of a structure, x, y, z triples, with their distance from another, mm. */
interface OutlineDistances {
  readonly points: Float64Array;
  readonly distance: Float64Array;
}

function distancesOf(from: Structure, to: Structure, grid: Grid): OutlineDistances {
  const solid = solidOfStructure(to);
  const points: number[] = [];
  const distance: number[] = [];
  forOutlinePoints(from, grid, (x, y, z) => {
    points.push(x, y, z);
    distance.push(solid.distance(x, y, z));
  });
  return { points: Float64Array.from(points), distance: Float64Array.from(distance) };
}

function leastOf({ distance }: OutlineDistances): number | undefined {
  return distance.length === 0 ? undefined : distance.reduce((least, d) => Math.min(least, d), Infinity);
}

/** What lies between the outlines of one structure and the surface of another. */
export interface SurfaceGap {
  /** As {@link surfaceDistance} gives it; undefined where `from` meets no slice. */
  readonly distance: number | undefined;
  /** As {@link surfacePairs} gives them. */
  readonly pairs: readonly SurfacePair[];
}

/** Both at once: the distances of `from` are found once. */
export function surfaceGap(from: Structure, to: Structure, grid: Grid, reach: number): SurfaceGap {
  const found = distancesOf(from, to, grid);
  const own = leastOf(found);
  return {
    distance: own === undefined ? undefined : lesser(own, separation(to, from, grid)),
    pairs: pairsOf(found, solidOfStructure(to), reach),
  };
}

/**
 * Every outline point of `from` that lies outside `to` and no further than `reach`, with the nearest surface point of `to`.
 *
 * @param reach mm
 */
export function surfacePairs(from: Structure, to: Structure, grid: Grid, reach: number): SurfacePair[] {
  return pairsOf(distancesOf(from, to, grid), solidOfStructure(to), reach);
}

function pairsOf({ points, distance }: OutlineDistances, solid: Solid, reach: number): SurfacePair[] {
  const pairs: SurfacePair[] = [];
  for (let p = 0; p < distance.length; p++) {
    if (!(distance[p]! > 0 && distance[p]! <= reach)) continue;
    const from: Vec3 = [points[3 * p]!, points[3 * p + 1]!, points[3 * p + 2]!];
    pairs.push({ from, to: nearestOn(solid, from), distance: distance[p]! });
  }
  return pairs;
}

/** Down the gradient of the distance to the surface; again where a solid's distance is only a bound. */
function nearestOn(solid: Solid, start: Vec3): Vec3 {
  let [x, y, z] = start;
  for (let n = 0; n < 8; n++) {
    const distance = solid.distance(x, y, z);
    if (Math.abs(distance) < step) break;
    const gx = solid.distance(x + step, y, z) - solid.distance(x - step, y, z);
    const gy = solid.distance(x, y + step, z) - solid.distance(x, y - step, z);
    const gz = solid.distance(x, y, z + step) - solid.distance(x, y, z - step);
    const size = Math.hypot(gx, gy, gz);
    if (!(size > 0)) break;
    x -= (distance * gx) / size;
    y -= (distance * gy) / size;
    z -= (distance * gz) / size;
  }
  return [x, y, z];
}

function forOutlinePoints(structure: Structure, grid: Grid, visit: (x: number, y: number, z: number) => void): void {
  const { shape } = structure;
  if (shape.kind === 'solid') {
    for (const slices of [grid, ...endsOf(shape.solid, grid)]) {
      const { planes } = contoursOfStructure(structure, slices) ?? { planes: [] };
      for (const { polygons, z } of planes) alongOutlines(polygons, z, visit);
    }
    return;
  }
  const slabs = contourSlabs(shape.contours);
  shape.contours.planes.forEach(({ polygons, z }, p) => {
    // Just inside the faces: on a face the point belongs to both slabs.
    for (const level of [z, slabs[2 * p]! + 1e-6, slabs[2 * p + 1]! - 1e-6]) alongOutlines(polygons, level, visit);
  });
}

/** Slices just inside the ends of a solid, as far as they lie in the grid: a flat end mostly lies between two slices of it. */
function endsOf({ box: { min, max } }: Solid, { shape, spacing, origin }: Grid): Grid[] {
  const [sx, sy, sz] = spacing;
  const low = origin[2] - sz / 2;
  const high = low + shape[0] * sz;
  return [min[2] + 1e-6, max[2] - 1e-6]
    .filter((z) => z >= low && z <= high)
    .map((z) => ({ shape: [1, shape[1], shape[2]], spacing: [sx, sy, sz], origin: [origin[0], origin[1], z] }));
}

function alongOutlines(
  polygons: Contours['planes'][number]['polygons'],
  z: number,
  visit: (x: number, y: number, z: number) => void,
): void {
  for (const polygon of polygons) {
    const n = polygon.length;
    for (let i = 0; i < n; i += 2) {
      const j = (i + 2) % n;
      const dx = polygon[j]! - polygon[i]!;
      const dy = polygon[j + 1]! - polygon[i + 1]!;
      const steps = Math.max(1, Math.ceil(Math.hypot(dx, dy) / sampling));
      for (let s = 0; s < steps; s++) visit(polygon[i]! + (dx * s) / steps, polygon[i + 1]! + (dy * s) / steps, z);
    }
  }
}
