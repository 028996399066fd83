/**
 * How far apart two structures are: the gap in which a plan must fall from the prescription to the cord's limit.
 */

import { solidOfStructure } from './contour-solid.js';
import { contoursOfStructure } from './contour-trace.js';
import type { Grid } from './grid.js';
import type { Structure } from './structure.js';

/** Distance between points sampled along an outline, mm. */
const sampling = 0.25;

/**
 * Least distance from the outlines of `from`, on the slices of a grid, to the surface of `to`, mm.
 *
 * Outlines are sampled every 0.25 mm, so the result is at most 0.13 mm too large in the plane; a closest point between two
 * slices of `from` is not seen. Negative: the depth to which an outline of `from` enters `to`.
 *
 * @returns undefined where `from` meets no slice
 */
export function separation(from: Structure, to: Structure, grid: Grid): number | undefined {
  const contours = contoursOfStructure(from, grid);
  if (contours === undefined) return undefined;
  const solid = solidOfStructure(to);
  let least = Infinity;
  for (const { z, polygons } of contours.planes) {
    for (const polygon of polygons) {
      const n = polygon.length;
      for (let i = 0; i < n; i += 2) {
        const j = (i + 2) % n;
        const dx = polygon[j]! - polygon[i]!;
        const dy = polygon[j + 1]! - polygon[i + 1]!;
        const steps = Math.max(1, Math.ceil(Math.hypot(dx, dy) / sampling));
        for (let s = 0; s < steps; s++) {
          least = Math.min(
            least,
            solid.distance(polygon[i]! + (dx * s) / steps, polygon[i + 1]! + (dy * s) / steps, z),
          );
        }
      }
    }
  }
  return Number.isFinite(least) ? least : undefined;
}
