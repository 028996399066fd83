/** How far from the origin a patient may lie. */
import { FormatError } from '../core/errors.js';
import { coordinateAt, type Grid } from '../geometry/grid.js';

/** mm: what lies farther is in another unit, or corrupt. */
export const FARTHEST = 10_000;

/** @throws {FormatError} if a voxel lies more than 10 m from the origin, with the place */
export function checkReach(name: string, grid: Grid): void {
  for (let axis = 0; axis < 3; axis++) {
    const last = coordinateAt(grid, axis, grid.shape[2 - axis]! - 1);
    for (const x of [grid.origin[axis]!, last]) {
      if (Math.abs(x) <= FARTHEST) continue;
      throw new FormatError(
        `it reaches to ${'xyz'[axis]} = ${x} mm, more than 10 m away. Mend position and spacing.`,
        name,
      );
    }
  }
}
