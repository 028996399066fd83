/**
 * Which rows stand for all in the optimiser's preconditioner.
 *
 * With all of them a step takes one or two products with the operator. Where that would be too many numbers, voxels close to
 * each other, which see nearly the same beamlets, stand for one another: where all of a group count alike or none does, in blocks, as inside
 * the target; around it in pairs as on a chessboard. Far tissue stands for large volumes, so a few of its voxels are as stiff as a block of
 * the target's while their neighbours do not count at all: it comes last. That costs products, never the result. The cord's voxels always
 * count one by one.
 */

/** 0: the cord; 1: the target's edge, 6 mm around it and bounded organs; 2: up to 30 mm; 3: further out; 4: wholly inside the target. */
export type Zone = 0 | 1 | 2 | 3 | 4;

export interface RowGroups {
  /** The rows that stand for others. */
  readonly rows: Int32Array;
  /** For each row the index of its group. */
  readonly memberOf: Int32Array;
}

/** Ways to group the rows, by zone: PAIRS, or the side of blocks in mm; 0 for each row by itself. */
const PAIRS = -1;
const SCHEMES = [
  [0, 0, 0, 0, 0],
  [0, PAIRS, 0, 0, 4],
  [0, PAIRS, 8, 0, 4],
  [0, 6, 12, 24, 8],
] as const;
/** Entries of the sample, rows times columns, at most: 152 MB. */
const MOST_ENTRIES = 38e6;

/**
 * @param points  x, y, z triples in LPS, mm
 * @param zones   one per row
 * @param spacing of the grid that the points lie on, mm
 * @param columns of the operator
 */
export function groupRows(
  points: Float64Array,
  zones: Uint8Array,
  spacing: readonly [number, number, number],
  columns: number,
): RowGroups {
  let groups: RowGroups | undefined;
  for (const scheme of SCHEMES) {
    groups = groupBy(points, zones, spacing, scheme);
    if (groups.rows.length * columns <= MOST_ENTRIES) break;
  }
  return groups!;
}

function groupBy(
  points: Float64Array,
  zones: Uint8Array,
  spacing: readonly [number, number, number],
  scheme: readonly number[],
): RowGroups {
  const members = new Map<string, number[]>();
  for (let row = 0; row < zones.length; row++) {
    const side = scheme[zones[row]!]!;
    const at = [0, 1, 2].map((axis) => points[3 * row + axis]! / (side > 0 ? side : spacing[axis]!));
    let key = `${row}`;
    if (side > 0) key = `${side} ${at.map(Math.floor).join(' ')}`;
    else if (side === PAIRS) {
      const [i, j, k] = at.map(Math.round) as [number, number, number];
      key = `pair ${Math.floor((i + ((j + k) & 1)) / 2)} ${j} ${k}`;
    }
    const known = members.get(key);
    if (known) known.push(row);
    else members.set(key, [row]);
  }
  const memberOf = new Int32Array(zones.length);
  const chosen: number[] = [];
  for (const rows of members.values()) {
    for (const row of rows) memberOf[row] = chosen.length;
    chosen.push(central(points, rows));
  }
  return { rows: Int32Array.from(chosen), memberOf };
}

/** The row nearest to the common centre. */
function central(points: Float64Array, rows: readonly number[]): number {
  const centre = [0, 1, 2].map((axis) => rows.reduce((sum, row) => sum + points[3 * row + axis]!, 0) / rows.length);
  const distance = (row: number): number =>
    centre.reduce((sum, c, axis) => sum + (points[3 * row + axis]! - c) ** 2, 0);
  return rows.reduce((best, row) => (distance(row) < distance(best) ? row : best));
}
