/**
 * The patient as rays sample it: the box of voxels that are not empty, with a rim of zeros.
 *
 * Density between voxel centres is trilinear: the mean of the voxels over a cube of one voxel. The mask is 1 in voxels that are not
 * empty, and is read alike, so that a mean density over matter alone is the quotient of the two.
 */
import { InvalidInputError } from '../core/errors.js';
import { coordinateAt, type Vec3 } from '../geometry/grid.js';
import type { Volume } from '../geometry/volume.js';
import { occupiedBox } from './occupied.js';

export interface DensityBox {
  /** Voxels along x, y and z, the rim of one voxel on each side included. */
  readonly counts: Vec3;
  /** Centre of voxel (0, 0, 0), which belongs to the rim, LPS, mm. */
  readonly origin: Vec3;
  /** mm */
  readonly spacing: Vec3;
  /** [z][y][x], relative to water. */
  readonly densities: Float32Array;
  /** Least and largest density of matter. */
  readonly range: readonly [least: number, largest: number];
  /** First and last voxel of matter of every line along x: x, y, z triples in LPS, mm. */
  readonly outline: Float64Array;
}

/** The centres of its eight corner voxels, LPS, mm. */
export const boxCorners = (box: DensityBox): readonly (readonly number[])[] =>
  Array.from({ length: 8 }, (_, corner) =>
    [0, 1, 2].map((a) => coordinateAt(box, a, ((corner >> a) & 1) * (box.counts[a]! - 1))),
  );

/** A whole face of the image with no more than this, and more than nothing, is air around the patient, not in it. */
const AIR = 0.01;

/**
 * @param density relative electron density, finite, >= 0, zero outside the body and nowhere inside
 * @throws {InvalidInputError} for a density that is none, or where a whole side of the image holds air
 */
export function createDensityBox({ grid, data }: Volume<'density'>): DensityBox {
  const [nz, ny, nx] = grid.shape;
  const [x0, x1, y0, y1, z0, z1] = occupiedBox(grid, data) as [number, number, number, number, number, number];
  refuseAirAround(data, nx, ny, nz);
  const counts: Vec3 = [x1 - x0 + 2, y1 - y0 + 2, z1 - z0 + 2];
  const densities = new Float32Array(counts[0] * counts[1] * counts[2]);
  const outline: number[] = [];
  let [least, largest] = [Infinity, 0];
  const place = (i: number, j: number, k: number): void => {
    outline.push(...[i, j, k].map((n, a) => coordinateAt(grid, a, n)));
  };
  for (let k = z0; k < z1; k++) {
    for (let j = y0; j < y1; j++) {
      const row = nx * (j + ny * k);
      let to = 1 + counts[0] * (j - y0 + 1 + counts[1] * (k - z0 + 1));
      let [first, last] = [-1, -1];
      for (let i = x0; i < x1; i++, to++) {
        const rho = data[row + i]!;
        if (rho === 0) continue;
        if (!(rho > 0 && rho < Infinity)) {
          throw new InvalidInputError(
            `density: voxel (${i}, ${j}, ${k}) is ${rho}, but must be finite and not negative. Mend the image or its density table.`,
          );
        }
        if (first < 0) first = i;
        last = i;
        if (rho < least) least = rho;
        if (rho > largest) largest = rho;
        densities[to] = rho;
      }
      if (first < 0) continue;
      place(first, j, k);
      place(last, j, k);
    }
  }
  const origin = [x0, y0, z0].map((low, a) => coordinateAt(grid, a, low - 1));
  return {
    counts,
    origin: origin as unknown as Vec3,
    spacing: grid.spacing,
    densities,
    range: [least, largest],
    outline: Float64Array.from(outline),
  };
}

/** Air that was left outside the body would scale the skin's kernel; a side of the image that is all air is such air. */
function refuseAirAround(data: ArrayLike<number>, nx: number, ny: number, nz: number): void {
  const isAir = (first: number, along: number, count: number): boolean => {
    for (let k = 0; k < nz; k++) {
      for (let q = 0; q < count; q++) {
        const rho = data[first + q * along + nx * ny * k]!;
        if (!(rho > 0 && rho <= AIR)) return false;
      }
    }
    return true;
  };
  const sides = [
    [0, nx, ny],
    [nx - 1, nx, ny],
    [0, 1, nx],
    [nx * (ny - 1), 1, nx],
  ] as const;
  if (!sides.some((side) => isAir(side[0], side[1], side[2]))) return;
  throw new InvalidInputError(
    `density: a whole side of the image is air (${data[0]!.toPrecision(2)}), but outside the body the density must be zero. Set it to zero outside the external contour.`,
  );
}
