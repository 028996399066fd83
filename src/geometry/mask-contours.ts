/**
 * A mask as a structure: what was drawn where voxels are all that is left of the drawing.
 *
 * Where every voxel is in or out, the structure is the union of their boxes: rings along the edges of the pixels, each slice a slab
 * of its thickness. Volume, DVH, distance and voxels are exactly theirs.
 *
 * Where voxels are filled in part, the boundary runs through them: it is the surface on which the fractions, linear between voxel
 * centres, have the level that gives the structure the mask's own volume, the sum of fractions; about one half. It lies
 * within an eighth of a voxel of a flat face along the voxels; sharp corners are rounded.
 */
import { InvalidInputError } from '../core/errors.js';
import { createContours } from './contour.js';
import { traceLevel, tracePixels } from './contour-trace.js';
import { coordinateAt, voxelVolume } from './grid.js';
import type { ContourPlane, Contours } from './structure.js';
import type { Volume } from './volume.js';

/** Nearer to 0 or 1 a fraction is rounding. */
const ROUNDING = 1e-4;
/** Planes per slice of a mask with fractions, so that its ends along z are as fine as its sides; no closer than this, mm. */
const PLANES = 4;
const CLOSEST = 0.1;
/** To how much of it the volume is met, and with how many levels at most. */
const CLOSE = 5e-4;
const TRIALS = 8;
/** Beyond, a level says nothing of where a boundary is. */
const LEVELS = [0.02, 0.98] as const;

/**
 * The contours of a mask.
 *
 * @param mask fractions 0 to 1 on any grid
 * @param name for messages
 * @throws {InvalidInputError} where nothing is in it, or it is thinner than its voxels everywhere
 */
export function contoursOfMask(mask: Volume<'mask'>, name: string): Contours {
  const { data } = mask;
  let largest = 0;
  let isPartial = false;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value > largest) largest = value;
    isPartial ||= value > ROUNDING && value < 1 - ROUNDING;
  }
  if (!(largest > ROUNDING)) {
    throw new InvalidInputError(`${name}: the mask is empty. Leave it out, or give one that holds the structure.`);
  }
  return isPartial ? contoursOfFractions(mask, name) : contoursOfVoxels(mask);
}

/**
 * The boxes of the voxels that are filled to `from` and more, as contours along their edges; exact.
 *
 * @throws {InvalidInputError} where there is none
 */
export function contoursOfVoxels({ grid, data }: Volume<'mask'>, from = 0.5): Contours {
  const [nz, ny, nx] = grid.shape;
  const planes: ContourPlane[] = [];
  for (let k = 0; k < nz; k++) {
    const slice = data.subarray(k * nx * ny, (k + 1) * nx * ny);
    const inside = Uint8Array.from(slice, (value) => (value >= from ? 1 : 0));
    if (inside.includes(1)) planes.push({ z: coordinateAt(grid, 2, k), polygons: tracePixels(inside, grid) });
  }
  return createContours(planes, grid.spacing[2]);
}

function contoursOfFractions(mask: Volume<'mask'>, name: string): Contours {
  const { grid, data } = mask;
  const wanted = data.reduce((sum, value) => sum + value, 0) * voxelVolume(grid) * 1000;
  const perSlice = Math.max(1, Math.min(PLANES, Math.floor(grid.spacing[2] / CLOSEST)));
  const slices = finerSlices(mask, perSlice);
  const trace = (level: number): { level: number; planes: ContourPlane[]; volume: number } => {
    const planes = slices.flatMap(({ z, values, count, origin }): ContourPlane[] => {
      const [sx, sy] = grid.spacing;
      const polygons = traceLevel(values, count, level, origin, [sx, sy]);
      return polygons.length > 0 ? [{ z, polygons }] : [];
    });
    const area = planes.reduce(
      (sum, { polygons }) => sum + Math.abs(polygons.reduce((a, p) => a + turnedArea(p), 0)),
      0,
    );
    return { level, planes, volume: (area * grid.spacing[2]) / perSlice };
  };
  // The higher the level the smaller the volume: a secant, kept between levels that are known to be too low and too high.
  const miss = ({ volume }: { volume: number }): number => Math.abs(volume - wanted);
  let last = trace(0.5);
  let best = last;
  let slope = -2 * wanted;
  let [low, high]: [number, number] = [...LEVELS];
  for (let n = 1; n < TRIALS && miss(best) > CLOSE * wanted; n++) {
    if (last.volume > wanted) low = last.level;
    else high = last.level;
    const next = last.level + (wanted - last.volume) / slope;
    const tried = trace(next > low && next < high ? next : (low + high) / 2);
    const steepness = (tried.volume - last.volume) / (tried.level - last.level);
    if (steepness < 0) slope = steepness;
    last = tried;
    if (miss(last) < miss(best)) best = last;
  }
  if (best.planes.length === 0) {
    throw new InvalidInputError(
      `${name}: no voxel of the mask is filled as far as to show where the structure ends. Save it on finer voxels.`,
    );
  }
  return createContours(best.planes, grid.spacing[2] / perSlice);
}

/** A plane between slices, cut to what is filled, with a row of nothing around it. */
interface FinerSlice {
  readonly z: number;
  readonly values: Float64Array;
  readonly count: readonly [number, number];
  readonly origin: readonly [number, number];
}

/** Planes through the mask, so many to a slice, fractions linear between slices; beyond the grid there is nothing. */
function finerSlices({ grid, data }: Volume<'mask'>, perSlice: number): FinerSlice[] {
  const [nz, ny, nx] = grid.shape;
  const finer: FinerSlice[] = [];
  for (let q = -perSlice; q < (nz + 1) * perSlice; q++) {
    const at = (q + 0.5) / perSlice - 0.5;
    const below = Math.floor(at);
    const weight = at - below;
    const slices = [below, below + 1].map((k) =>
      k >= 0 && k < nz ? data.subarray(k * nx * ny, (k + 1) * nx * ny) : undefined,
    );
    const range = filledRange(slices, nx, ny);
    if (range === undefined) continue;
    const [i0, i1, j0, j1] = range;
    const count: [number, number] = [i1 - i0 + 3, j1 - j0 + 3];
    const values = new Float64Array(count[0] * count[1]);
    slices.forEach((slice, s) => {
      const part = s === 0 ? 1 - weight : weight;
      if (slice === undefined || part === 0) return;
      for (let j = j0; j <= j1; j++) {
        const row = (j - j0 + 1) * count[0] + 1 - i0;
        for (let i = i0; i <= i1; i++) values[row + i]! += part * slice[i + nx * j]!;
      }
    });
    const origin = [coordinateAt(grid, 0, i0 - 1), coordinateAt(grid, 1, j0 - 1)] as const;
    finer.push({ z: coordinateAt(grid, 2, at), values, count, origin });
  }
  return finer;
}

/** First and last column and row with anything in it. */
function filledRange(
  slices: readonly (Float32Array | undefined)[],
  nx: number,
  ny: number,
): [number, number, number, number] | undefined {
  let [i0, i1, j0, j1] = [nx, -1, ny, -1];
  for (const slice of slices) {
    for (let j = 0; slice && j < ny; j++) {
      for (let i = 0; i < nx; i++) {
        if (!(slice[i + nx * j]! > ROUNDING)) continue;
        i0 = Math.min(i0, i);
        i1 = Math.max(i1, i);
        j0 = Math.min(j0, j);
        j1 = Math.max(j1, j);
      }
    }
  }
  return i1 < 0 ? undefined : [i0, i1, j0, j1];
}

/** Area of a ring, mm^2, with the sign of the way round that it was drawn. */
function turnedArea(ring: Float64Array): number {
  let area = 0;
  for (let i = 0, k = ring.length - 2; i < ring.length; k = i, i += 2) {
    area += ring[k]! * ring[i + 1]! - ring[i]! * ring[k + 1]!;
  }
  return area / 2;
}
