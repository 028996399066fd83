/** The part of a patient that a picture shows. */
import { type Box, coordinateAt, type Vec3 } from '../geometry/grid.js';
import type { Volume } from '../geometry/volume.js';

/** The box of a mask's voxels, `margin` mm wider, within another. The mask must not be empty. */
export function cropAround({ grid, data }: Volume<'mask'>, within: Box, margin: number): Box {
  const [nz, ny, nx] = grid.shape;
  const first = [nx, ny, nz];
  const last = [-1, -1, -1];
  for (let row = 0, at = 0; row < ny * nz; row++) {
    for (let i = 0; i < nx; i++, at++) {
      if (data[at] === 0) continue;
      const [j, k] = [row % ny, Math.floor(row / ny)];
      first[0] = Math.min(first[0]!, i);
      first[1] = Math.min(first[1]!, j);
      first[2] = Math.min(first[2]!, k);
      last[0] = Math.max(last[0]!, i);
      last[1] = Math.max(last[1]!, j);
      last[2] = Math.max(last[2]!, k);
    }
  }
  const pick = (f: (a: number) => number): Vec3 => [f(0), f(1), f(2)];
  return {
    min: pick((a) => Math.max(within.min[a]!, coordinateAt(grid, a, first[a]!) - margin)),
    max: pick((a) => Math.min(within.max[a]!, coordinateAt(grid, a, last[a]!) + margin)),
  };
}
