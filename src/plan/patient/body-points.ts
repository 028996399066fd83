/**
 * The points that a patient's doses are computed at: voxels of the body, the isocentre, the planning grid's voxels, points of the cord's surface.
 *
 * Of a fine grid their places are the largest part of a patient, 24 bytes a point. Who plans on some of the voxels never asks for all places: they are
 * made when a dose of the body is asked for first, once and where all threads see them.
 */
import type { Executor } from '../../core/executor.js';
import { centresOf, type DoseVoxels, indicesInside } from '../../dose/beam-view.js';
import type { LatePoints } from '../../dose/forward-dose.js';
import type { Vec3 } from '../../geometry/grid.js';
import type { Volume } from '../../geometry/volume.js';
import { fineVoxel, type PlanningGrid, surfaceVoxel } from './planning-grid.js';

export interface BodyPoints extends LatePoints {
  readonly body: DoseVoxels;
  /** Which voxel, of dose or planning grid, or point of the surface every point is; the isocentre is -1. */
  readonly voxelOfPoint: Int32Array;
}

/** What lies behind the voxels of the body. */
export interface FurtherPoints {
  readonly isocenter: Vec3;
  readonly fine: PlanningGrid | undefined;
  /** x, y, z triples in LPS, mm. */
  readonly surface: Float64Array;
}

/** @throws {InvalidInputError} for a mask without a voxel that is half inside */
export function bodyPoints(
  external: Volume<'mask'>,
  { isocenter, fine, surface }: FurtherPoints,
  executor: Executor,
): BodyPoints {
  const { grid } = external;
  const inside = indicesInside(external);
  const [inBody, onGrid] = [inside.length, fine?.voxels.length ?? 0];
  const count = inBody + 1 + onGrid + surface.length / 3;
  const numbers = { grid, ...(fine && { fine }) };
  const voxelOfPoint = new Int32Array(count).fill(-1);
  voxelOfPoint.set(inside);
  fine?.voxels.forEach((voxel, q) => {
    voxelOfPoint[inBody + 1 + q] = fineVoxel({ grid }, voxel);
  });
  for (let q = 0; 3 * q < surface.length; q++) voxelOfPoint[count - surface.length / 3 + q] = surfaceVoxel(numbers, q);
  const index = voxelOfPoint.subarray(0, inBody);
  let known: Float64Array | undefined;
  const make = (): Float64Array => {
    if (known === undefined) {
      known = executor.allocate(3 * count);
      centresOf(grid, index, known);
      known.set(isocenter, 3 * inBody);
      known.set(fine?.points ?? [], 3 * (inBody + 1));
      known.set(surface, known.length - surface.length);
    }
    return known;
  };
  const body: DoseVoxels = {
    grid,
    index,
    get points() {
      return make().subarray(0, 3 * inBody);
    },
  };
  return { count, make, body, voxelOfPoint };
}
