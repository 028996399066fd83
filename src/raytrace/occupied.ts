/**
 * Where an image has anything in it: the box of its voxels that are not zero, outside which a ray gathers nothing.
 */
import type { Grid } from '../geometry/grid.js';

/** [x low, x high, y low, y high, z low, z high), voxel indices; an empty image gives an empty box. O(voxels). */
export function occupiedBox(grid: Grid, data: ArrayLike<number>): readonly number[] {
  const [nz, ny, nx] = grid.shape;
  let [x0, x1, y0, y1, z0, z1] = [nx, 0, ny, 0, nz, 0];
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const row = nx * (j + ny * k);
      let first = 0;
      while (first < nx && data[row + first] === 0) first++;
      if (first === nx) continue;
      let last = nx - 1;
      while (data[row + last] === 0) last--;
      if (first < x0) x0 = first;
      if (last + 1 > x1) x1 = last + 1;
      if (j < y0) y0 = j;
      if (j + 1 > y1) y1 = j + 1;
      if (k < z0) z0 = k;
      z1 = k + 1;
    }
  }
  return [Math.min(x0, x1), x1, Math.min(y0, y1), y1, Math.min(z0, z1), z1];
}
