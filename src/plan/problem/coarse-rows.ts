/**
 * Rows of a coarser planning problem: neighbours in blocks, each seen by the row nearest to their middle.
 *
 * Every row keeps its volume, its objectives and its maximum; only the dose that it is taken to have is that of its block. Sets of beams
 * come out in the order that they have with all rows (Spearman 0.985 over sixteen sets of nine, docs/beams.md).
 */
import type { PlanningVoxels } from './planning-voxels.js';
import type { VoxelClusters } from './voxel-clusters.js';

/** Side of a zone's blocks, mm: the cord; edge, 6 mm around and organs; up to 30 mm; further out; the target. 0: each row by itself. */
export type BlockSides = readonly [number, number, number, number, number];

/** Of a problem on which very many sets of beams are compared. */
export const COARSE: BlockSides = [4, 4, 12, 24, 4];
/** From all rows on, ever coarser. */
export const FINER: readonly BlockSides[] = [[0, 0, 0, 0, 0], [0, 0, 8, 0, 4], [0, 4, 8, 16, 4], COARSE];

/** Which side is that of each zone. */
const ZONES = [0, 1, 2, 3, 4, 1] as const;

/** Blocks are of one zone each, so that what is constrained is not taken for what is not. */
export function coarseRows(
  { points, zones }: Pick<PlanningVoxels, 'points' | 'zones'>,
  sides: BlockSides,
): VoxelClusters {
  const memberOf = new Int32Array(zones.length);
  const blocks: number[][] = [];
  const known = new Map<string, number>();
  for (let row = 0; row < zones.length; row++) {
    const zone = ZONES[zones[row]!]!;
    const side = sides[zone]!;
    const at = [0, 1, 2].map((axis) => Math.floor(points[3 * row + axis]! / side));
    const key = side === 0 ? `row ${row}` : `${zone} ${at.join(' ')}`;
    let block = known.get(key);
    if (block === undefined) {
      block = blocks.push([]) - 1;
      known.set(key, block);
    }
    blocks[block]!.push(row);
    memberOf[row] = block;
  }
  return { rows: Int32Array.from(blocks, (rows) => middleOf(points, rows)), memberOf };
}

/** The row nearest to the common centre. */
function middleOf(points: Float64Array, rows: readonly number[]): number {
  const centre = [0, 1, 2].map((axis) => rows.reduce((sum, row) => sum + points[3 * row + axis]!, 0) / rows.length);
  const distance = (row: number): number =>
    centre.reduce((sum, c, axis) => sum + (points[3 * row + axis]! - c) ** 2, 0);
  return rows.reduce((best, row) => (distance(row) < distance(best) ? row : best));
}
