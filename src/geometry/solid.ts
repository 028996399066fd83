/**
 * Solid: a region of space given by its signed distance, mm, negative inside.
 *
 * Contract, which everything that uses a solid relies on: |distance| never exceeds the true distance to the boundary
 * (so a voxel further from the boundary than its half-diagonal is wholly in or out); where `isExact` is true the
 * distance *outside* is the true Euclidean one, so a margin is a plain subtraction. Unions keep exactness, cuts and
 * intersections lose it.
 */
import type { Box } from './grid.js';

/** A region of space, given by its signed distance. */
export interface Solid {
  /**
   * Signed distance of (x, y, z), mm; < 0 inside.
   *
   * @param reach mm; where the distance is not within (-reach, reach), any bound of it will do that is not either: a
   *   question about a small cell costs little far from the boundary. @default Infinity
   */
  distance(x: number, y: number, z: number, reach?: number): number;
  /** Box that contains the solid, mm. */
  readonly box: Box;
  /** Whether distances outside are exact. */
  readonly isExact: boolean;
  /** Whether distances inside are exact too: then the solid shrinks by plain addition. @default false */
  readonly isExactInside?: boolean;
  /** Whether it is the whole of its box: then cells along its faces need no splitting. @default false */
  readonly isBox?: boolean;
  /** @internal Where it is as a simpler solid. */
  readonly within?: Within;
  /** Whether it is the same at every z. @default false */
  readonly isColumn?: boolean;
}

/**
 * A part of a solid between two planes across z, in which it is as a simpler solid: one without the flat faces at the planes,
 * along which every cell would be split for nothing, to be found full.
 *
 * For a cell that lies between the planes, no nearer to them than {@link clearance}, both give the same filled fraction.
 */
export interface Within {
  /** mm */
  readonly low: number;
  readonly high: number;
  readonly solid: Solid;
}

/**
 * How far, mm, a cell must keep from the planes of {@link Within} where its leaves have the half edges hx, hy, hz: a leaf takes
 * a boundary nearer than the mean of these to cut it, whichever way the boundary lies.
 */
export function clearance(hx: number, hy: number, hz: number): number {
  return Math.max(0, (hx + hy + hz) / 3 - hz) - 1e-9;
}

/** What several solids between the planes of all are when they are combined; undefined where none has such a part. */
export function combineWithin(solids: readonly Solid[], combine: (...solids: Solid[]) => Solid): Within | undefined {
  const parts = solids.flatMap(({ within }) => within ?? []);
  const low = Math.max(...parts.map((part) => part.low));
  const high = Math.min(...parts.map((part) => part.high));
  if (parts.length === 0 || !(low < high)) return undefined;
  return { low, high, solid: combine(...solids.map((solid) => solid.within?.solid ?? solid)) };
}

/**
 * Whether the box around (x, y, z) of half edges (hx, hy, hz) lies inside the solid's own box (1), outside it or just touching
 * it (-1), or across its faces (0).
 */
export function sideOfBox(
  { box: { min, max } }: Solid,
  x: number,
  y: number,
  z: number,
  hx: number,
  hy: number,
  hz: number,
): -1 | 0 | 1 {
  if (x + hx <= min[0] || x - hx >= max[0]) return -1;
  if (y + hy <= min[1] || y - hy >= max[1]) return -1;
  if (z + hz <= min[2] || z - hz >= max[2]) return -1;
  const isWithin = x - hx >= min[0] && x + hx <= max[0] && y - hy >= min[1] && y + hy <= max[1];
  return isWithin && z - hz >= min[2] && z + hz <= max[2] ? 1 : 0;
}
