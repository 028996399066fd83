/** Where the corners of a slice lie. */
import type { Vec3 } from '../../geometry/grid.js';

/** A slice by its first pixel and the steps to the next ones, mm, LPS. */
export interface SlicePlane {
  readonly origin: ArrayLike<number>;
  /** Direction cosines along a row and along a column. */
  readonly row: ArrayLike<number>;
  readonly column: ArrayLike<number>;
  readonly alongRow: number;
  readonly alongColumn: number;
  readonly rows: number;
  readonly columns: number;
}

/** Centres of the four corner pixels, LPS, mm. */
export function cornersOf({ origin, row, column, alongRow, alongColumn, rows, columns }: SlicePlane): Vec3[] {
  const at = (c: number, r: number, a: number): number =>
    origin[a]! + c * alongRow * row[a]! + r * alongColumn * column[a]!;
  return [
    [0, 0],
    [columns - 1, 0],
    [0, rows - 1],
    [columns - 1, rows - 1],
  ].map(([c, r]): Vec3 => [at(c!, r!, 0), at(c!, r!, 1), at(c!, r!, 2)]);
}
