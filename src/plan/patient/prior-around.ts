/**
 * A prior course as a drawn structure reads it: by interpolation, which takes in the voxels beside it. Where those have none, as
 * beyond a file's grid or outside the region of a uniform course, they count as the most of the structure's own next to them.
 */
import { type Grid, isSameGrid } from '../../geometry/grid.js';
import { resample, valueAt } from '../../geometry/resample.js';
import type { DoseVolume } from '../../geometry/volume.js';
import type { PatientModel } from './patient-model.js';
import { valueOfVoxel, voxelAt } from './planning-grid.js';
import type { PriorCourseExposure, PriorExposure } from './prior-exposure.js';

/** Each course on a grid, around one structure; zero where it is unknown, as what a structure reads is known. */
export function priorsOnGrid(
  { courses }: Pick<PriorExposure, 'courses'>,
  model: PatientModel,
  structure: string,
  grid: Grid,
): DoseVolume[] {
  return courses.map((course) => {
    const around = courseAround(course, model, structure);
    return isSameGrid(around.grid, grid) ? around : { ...around, ...resample(around, grid, { toFaces: true }).volume };
  });
}

/**
 * What each course gave the cord's points, in its own quantity, Gy: by voxel of dose or planning grid or point of the surface, as
 * `planning-grid.ts` numbers them. Between the dose grid's voxels it is interpolated.
 */
export function priorsAtCord(
  prior: Pick<PriorExposure, 'courses'>,
  model: PatientModel,
): ((voxel: number) => number)[] {
  const { cord, grid, fine, surface } = model;
  const around = priorsOnGrid(prior, model, cord, grid);
  const between = fine === undefined ? [] : priorsOnGrid(prior, model, cord, fine.grid);
  return prior.courses.map(({ dose }, c) => {
    const onSurface = (point: number): number => {
      const [x, y, z] = surface.subarray(3 * point, 3 * point + 3) as unknown as [number, number, number];
      // Beyond the outermost voxel centres the dose is that of the border.
      return valueAt(around[c]!, x, y, z) ?? around[c]!.data[voxelAt(grid, [x, y, z])]!;
    };
    return (voxel) => valueOfVoxel(model, voxel, dose.data, between[c]?.data, onSurface);
  });
}

/** In the course's own quantity, on the plan's grid. */
function courseAround(
  { dose, origin }: Pick<PriorCourseExposure, 'dose' | 'origin'>,
  { cells }: Pick<PatientModel, 'cells'>,
  structure: string,
): DoseVolume {
  const { voxels, mask } = cells.get(structure)!;
  const data = dose.data.slice();
  // A loop, as a call for every voxel of the grid costs more than all else here.
  for (let v = 0; v < data.length; v++) if (Number.isNaN(data[v]!)) data[v] = 0;
  const [nz, ny, nx] = dose.grid.shape;
  for (let v = 0; v < voxels.length; v++) {
    const voxel = voxels[v]!;
    const here = dose.data[voxel]!;
    if (Number.isNaN(here)) continue;
    const [i, j, k] = [voxel % nx, Math.floor(voxel / nx) % ny, Math.floor(voxel / (nx * ny))];
    for (let c = 0; c < 27; c++) {
      const [x, y, z] = [i + (c % 3) - 1, j + (Math.floor(c / 3) % 3) - 1, k + Math.floor(c / 9) - 1];
      if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz) continue;
      const beside = x + nx * (y + ny * z);
      if (mask.data[beside]! > 0) continue;
      const isMissing = origin === 'uniform' || Number.isNaN(dose.data[beside]!);
      if (isMissing && data[beside]! < here) data[beside] = here;
    }
  }
  return { ...dose, data };
}
