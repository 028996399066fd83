/**
 * What reaches a level of a volume, as contours on given slices: isodose lines.
 *
 * Between the volume's own slices values are interpolated; between its samples crossings lie on straight lines (marching squares). Where
 * the level runs out of the volume the contour closes half a voxel beyond the outermost samples, as their voxels end there.
 */
import { createContours } from './contour.js';
import { traceLevel } from './contour-trace.js';
import type { ContourPlane, Contours } from './structure.js';
import type { Volume } from './volume.js';

/**
 * @param level  > 0, in the unit of the volume
 * @param slices z by rising place, mm; those beyond the volume's first and last sample have nothing
 * @param spacing of these slices, mm
 * @returns undefined where no slice reaches the level
 */
export function contoursAtLevel(
  { grid, data }: Volume,
  level: number,
  slices: ArrayLike<number>,
  spacing: number,
): Contours | undefined {
  const [nz, ny, nx] = grid.shape;
  const [sx, sy, sz] = grid.spacing;
  // A rim around the samples, where a linear fall through the outermost voxel's face closes every ring.
  const [columns, rows] = [nx + 2, ny + 2];
  const origin = [grid.origin[0] - sx, grid.origin[1] - sy] as const;
  const planes: ContourPlane[] = [];
  for (let s = 0; s < slices.length; s++) {
    const at = (slices[s]! - grid.origin[2]) / sz;
    if (at < -1e-6 || at > nz - 1 + 1e-6) continue;
    const k = Math.max(0, Math.min(nz - 2, Math.floor(at)));
    const above = nz === 1 ? 0 : at - k;
    const step = nz === 1 ? 0 : nx * ny;
    const values = new Float64Array(columns * rows).fill(0);
    let largest = 0;
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++) {
        const from = i + nx * (j + ny * k);
        const value = data[from]! + above * (data[from + step]! - data[from]!);
        values[i + 1 + columns * (j + 1)] = value;
        if (value > largest) largest = value;
      }
    }
    if (largest < level) continue;
    mirrorRim(values, columns, rows, level);
    const polygons = traceLevel(values, [columns, rows], level, origin, [sx, sy]).filter((ring) => ring.length >= 6);
    if (polygons.length > 0) planes.push({ z: slices[s]!, polygons });
  }
  return planes.length === 0 ? undefined : createContours(planes, spacing);
}

/** Gives the rim as much below the level as its neighbour is above, so that the crossing lies half way between. */
function mirrorRim(values: Float64Array, columns: number, rows: number, level: number): void {
  const below = (of: number): number => Math.min(values[of]!, 2 * level - values[of]!);
  for (let c = 1; c + 1 < columns; c++) {
    values[c] = below(c + columns);
    values[c + columns * (rows - 1)] = below(c + columns * (rows - 2));
  }
  for (let r = 0; r < rows; r++) {
    values[columns * r] = below(1 + columns * r);
    values[columns * (r + 1) - 1] = below(columns * (r + 1) - 2);
  }
}
