/**
 * Which rows stand for all in the optimiser's preconditioner.
 *
 * With all of them a step takes one or two products with the operator. Where that would be too many numbers, voxels close to
 * each other, which see nearly the same beamlets, stand for one another: where all of a group count alike or none does, in blocks, as inside
 * the target; around it in pairs as on a chessboard. Far tissue stands for large volumes, so a few of its voxels are as stiff as a block of
 * the target's while their neighbours do not count at all: it comes last. That costs products, never the result. The cord's voxels always
 * count one by one.
 */

import type { RowClusters } from '../../optimize/compact-rows.js';

/** 0: the cord; 1: the target's edge and 6 mm around it; 2: up to 30 mm; 3: further out; 4: wholly inside the target; 5: bounded organs. */
export type Zone = 0 | 1 | 2 | 3 | 4 | 5;

export interface VoxelClusters {
  /** The rows that stand for others. */
  readonly rows: Int32Array;
  /** For each row the index of its group. */
  readonly memberOf: Int32Array;
}

/** Ways to group the rows, by zone: PAIRS, of neighbours or of every second voxel, or the side of blocks in mm; 0 for each row by itself. */
const PAIRS = -1;
const SECOND_PAIRS = -2;
const SCHEMES = [
  [0, 0, 0, 0, 0, 0],
  [0, PAIRS, 0, 0, 4, PAIRS],
  [0, PAIRS, 8, 0, 4, PAIRS],
  [0, 6, 12, 24, 8, 6],
] as const;
/** Entries of the sample, rows times columns, at most: 152 MB. */
const MOST_ENTRIES = 38e6;
/**
 * The same where rows are compact, each as it is as long as there is room: of so many entries are kept about 0.4 GB. What has constraints counts
 * one by one always: a row that holds is many times as stiff as its neighbour that does not.
 */
const COMPACT_SCHEMES = [
  [0, 0, 0, 0, 0, 0],
  [0, 0, SECOND_PAIRS, 0, PAIRS, 0],
  [0, PAIRS, SECOND_PAIRS, 0, PAIRS, 0],
  [0, PAIRS, 4, 0, 4, 0],
  [0, 6, 12, 24, 8, 0],
] as const;
const COMPACT_ENTRIES = 1.8e9;

/**
 * @param points  x, y, z triples in LPS, mm
 * @param zones   one per row
 * @param spacing of the grid that the points lie on, mm
 * @param columns of the operator
 * @param isCompact whether the rows that stand for others will be kept as {@link neighbourhoods}, which takes much less. @default false
 */
export function clusterVoxels(
  points: Float64Array,
  zones: Uint8Array,
  spacing: readonly [number, number, number],
  columns: number,
  isCompact = false,
): VoxelClusters {
  let groups: VoxelClusters | undefined;
  for (const scheme of isCompact ? COMPACT_SCHEMES : SCHEMES) {
    groups = groupBy(points, zones, spacing, scheme);
    if (groups.rows.length * columns <= (isCompact ? COMPACT_ENTRIES : MOST_ENTRIES)) break;
  }
  return groups!;
}

/** Rows of a neighbourhood, at most: two panels of the dense kernel. */
const NEIGHBOURS = 64;

/**
 * The rows that stand for others, ordered so that neighbours lie side by side, in neighbourhoods of up to 64: halves along the longest axis, again
 * and again.
 *
 * @param points x, y, z triples in LPS, mm, of all rows
 */
export function neighbourhoods(points: Float64Array, { rows, memberOf }: VoxelClusters): RowClusters {
  const order = Int32Array.from(rows.keys());
  const starts: number[] = [];
  const divide = (from: number, to: number): void => {
    if (to - from <= NEIGHBOURS) {
      starts.push(from);
      return;
    }
    const own = order.subarray(from, to);
    const at = (index: number, axis: number): number => points[3 * rows[index]! + axis]!;
    const extents = [0, 1, 2].map((axis) => {
      let [low, high] = [Infinity, -Infinity];
      for (const index of own) [low, high] = [Math.min(low, at(index, axis)), Math.max(high, at(index, axis))];
      return high - low;
    });
    const axis = extents.indexOf(Math.max(...extents));
    own.sort((a, b) => at(a, axis) - at(b, axis) || a - b);
    const middle = from + Math.ceil((to - from) / 2);
    divide(from, middle);
    divide(middle, to);
  };
  divide(0, rows.length);
  const placeOf = new Int32Array(rows.length);
  order.forEach((index, place) => {
    placeOf[index] = place;
  });
  return {
    rows: order.map((index) => rows[index]!),
    starts: Int32Array.from([...starts, rows.length]),
    memberOf: memberOf.map((index) => (index < 0 ? index : placeOf[index]!)),
  };
}

function groupBy(
  points: Float64Array,
  zones: Uint8Array,
  spacing: readonly [number, number, number],
  scheme: readonly number[],
): VoxelClusters {
  const [sx, sy, sz] = spacing;
  const known = new Map<number, number[]>();
  const groups: number[][] = [];
  for (let row = 0; row < zones.length; row++) {
    const side = scheme[zones[row]!]!;
    if (side === 0) {
      groups.push([row]);
      continue;
    }
    const isPair = side < 0;
    const x = points[3 * row]! / (isPair ? -side * sx : side);
    const y = points[3 * row + 1]! / (isPair ? -side * sy : side);
    const z = points[3 * row + 2]! / (isPair ? -side * sz : side);
    let key = 0;
    if (isPair) {
      const j = Math.round(y);
      const k = Math.round(z);
      key = keyOf(-1 - side, Math.floor((Math.round(x) + ((j + k) & 1)) / 2), j, k);
    } else {
      key = keyOf(side, Math.floor(x), Math.floor(y), Math.floor(z));
    }
    const group = known.get(key);
    if (group) group.push(row);
    else {
      const own = [row];
      known.set(key, own);
      groups.push(own);
    }
  }
  const memberOf = new Int32Array(zones.length);
  const chosen: number[] = [];
  for (const rows of groups) {
    for (const row of rows) memberOf[row] = chosen.length;
    chosen.push(rows.length === 1 ? rows[0]! : central(points, rows));
  }
  return { rows: Int32Array.from(chosen), memberOf };
}

/** One number for a block: 15 bits per axis hold 8 m of voxels of a quarter millimetre, and 5 bits the side. */
function keyOf(side: number, i: number, j: number, k: number): number {
  const axis = 1 << 15;
  return ((side * axis + i + axis / 2) * axis + j + axis / 2) * axis + k + axis / 2;
}

/** The row nearest to the common centre. */
function central(points: Float64Array, rows: readonly number[]): number {
  const centre = [0, 1, 2].map((axis) => rows.reduce((sum, row) => sum + points[3 * row + axis]!, 0) / rows.length);
  const distance = (row: number): number =>
    centre.reduce((sum, c, axis) => sum + (points[3 * row + axis]! - c) ** 2, 0);
  return rows.reduce((best, row) => (distance(row) < distance(best) ? row : best));
}
