/**
 * Where a plan looks between the voxel centres of a coarse dose grid: in target and cord, on a grid of their own.
 *
 * A fluence of beamlets may dip and rise between points that lie farther apart than a beamlet is wide, and no objective at those
 * points would notice. So the optimiser's rows in target and cord, the caps there and every reported number of the two are of
 * points at most `doseGrid.planning` apart, whatever the dose grid. The grid lies around the two structures, with a point at the centre of
 * the target's box: it does not move with the dose grid.
 *
 * Beside voxel centres the cord's caps hold at points of its surface, near the target. Voxels and these points have one numbering:
 * those of the dose grid first, then those of the planning grid, then the surface's.
 */
import { checkBytes, checkCount, checkVoxels } from '../../core/budget.js';
import { voxelsInside } from '../../dose/beam-view.js';
import { solidOfStructure } from '../../geometry/contour-solid.js';
import {
  type Box,
  createGrid,
  describeGrid,
  type Grid,
  gridBox,
  gridCovering,
  indicesOf,
  placeOf,
  type Vec3,
  voxelCount,
} from '../../geometry/grid.js';
import type { Solid } from '../../geometry/solid.js';
import type { Structure } from '../../geometry/structure.js';
import type { DoseVolume, Volume } from '../../geometry/volume.js';
import { voxelizeStructure } from '../../geometry/voxelize.js';

export interface PlanningGrid {
  readonly grid: Grid;
  readonly target: Volume<'mask'>;
  readonly cord: Volume<'mask'>;
  /** Its voxels that hold any target or cord, two more around them, within the body, rising. */
  readonly voxels: Int32Array;
  /** Their centres, x, y, z triples in LPS, mm. */
  readonly points: Float64Array;
}

/** Rows of the optimiser, most of them: some 2000 cc at 2 mm. */
const MOST_POINTS = 400_000;

/** Spacings that differ by less are equal, mm. */
const EQUAL = 1e-6;

/** The structures that a planning grid lies around, and the body that it keeps to. */
export interface PlanningStructures {
  readonly target: Structure;
  readonly cord: Structure;
  readonly external: Structure;
}

/**
 * @param finest distance of its points along each axis at most, mm
 * @returns undefined where the dose grid is as fine
 * @throws {InvalidInputError} where it would need more memory than there is
 */
export function planningGridOf(
  doseGrid: Grid,
  structures: PlanningStructures,
  finest: number,
): PlanningGrid | undefined {
  const isFine = doseGrid.spacing.every((s) => s <= finest + EQUAL);
  if (isFine) return undefined;
  const planning = gridAround(doseGrid, structures, finest);
  checkCount(
    'case: doseGrid.planning: points in and around target and cord',
    planning.voxels.length,
    MOST_POINTS,
    `Let them lie farther apart than ${finest} mm.`,
  );
  return planning;
}

/** A grid around target and cord: of the dose grid's spacing, or `finest` along the axes where that is larger, mm. */
export function gridAround(
  doseGrid: Grid,
  { target, cord, external }: PlanningStructures,
  finest: number,
): PlanningGrid {
  const own = doseGrid.spacing.map((s) => Math.min(s, finest)) as unknown as Vec3;
  const boxes = [target, cord].map((structure) => solidOfStructure(structure).box);
  const centre = centreOf(boxes[0]!);
  const grid = latticeAround(around(boxes, gridBox(doseGrid), own), centre, own);
  checkBytes(
    `case: points ${finest} mm apart in target and cord, on a grid ${describeGrid(grid)},`,
    60 * voxelCount(grid),
  );
  const masks = { target: voxelizeStructure(target, grid), cord: voxelizeStructure(cord, grid) };
  const isBeside = touching(masks.target.data, grid, touching(masks.cord.data, grid, new Uint8Array(voxelCount(grid))));
  // What a DVH interpolates between, and their neighbours, which tell how far off that may be.
  const isNear = touching(Float32Array.from(isBeside), grid, new Uint8Array(isBeside.length));
  const body = voxelizeStructure(external, grid);
  for (let i = 0; i < isNear.length; i++) if (isNear[i] === 0) body.data[i] = 0;
  const { index: voxels, points } = voxelsInside(body);
  return { grid, ...masks, voxels, points };
}

const centreOf = ({ min, max }: Box): Vec3 => [0, 1, 2].map((a) => (min[a]! + max[a]!) / 2) as unknown as Vec3;

/** The grid with a voxel centre at a point that covers a box. */
function latticeAround({ min, max }: Box, centre: Vec3, spacing: Vec3): Grid {
  const first = [0, 1, 2].map((a) => Math.floor((min[a]! - centre[a]!) / spacing[a]!));
  const last = [0, 1, 2].map((a) => Math.ceil((max[a]! - centre[a]!) / spacing[a]!));
  const [nx, ny, nz] = [0, 1, 2].map((a) => last[a]! - first[a]! + 1) as [number, number, number];
  const origin = [0, 1, 2].map((a) => centre[a]! + first[a]! * spacing[a]!) as unknown as Vec3;
  checkVoxels(`planning grid of ${spacing.join(' x ')} mm`, nx * ny * nz);
  return createGrid([nz, ny, nx], spacing, origin);
}

/** The box of some boxes within another, four voxels wider: what touches the structures is in it. */
function around(boxes: readonly Box[], within: Box, spacing: Vec3): Box {
  const at = (a: number, side: 'min' | 'max'): number => {
    const margin = 4 * spacing[a]!;
    return side === 'min'
      ? Math.max(within.min[a]!, Math.min(...boxes.map(({ min }) => min[a]!))) - margin
      : Math.min(within.max[a]!, Math.max(...boxes.map(({ max }) => max[a]!))) + margin;
  };
  return { min: [at(0, 'min'), at(1, 'min'), at(2, 'min')], max: [at(0, 'max'), at(1, 'max'), at(2, 'max')] };
}

/** Marks every voxel that holds any of a mask or touches one that does, in `out`. */
export function touching(mask: Float32Array, { shape: [nz, ny, nx] }: Grid, out: Uint8Array): Uint8Array {
  for (let voxel = 0; voxel < mask.length; voxel++) {
    if (!(mask[voxel]! > 0)) continue;
    const i = voxel % nx;
    const j = Math.floor(voxel / nx) % ny;
    const k = Math.floor(voxel / (nx * ny));
    for (let z = Math.max(0, k - 1); z <= Math.min(nz - 1, k + 1); z++) {
      for (let y = Math.max(0, j - 1); y <= Math.min(ny - 1, j + 1); y++) {
        const row = nx * (y + ny * z);
        out.fill(1, row + Math.max(0, i - 1), row + Math.min(nx - 1, i + 1) + 1);
      }
    }
  }
  return out;
}

/** What has a dose grid, perhaps a finer one for target and cord, and points on the cord's surface. */
export interface Grids {
  readonly grid: Grid;
  readonly fine?: PlanningGrid;
  /** x, y, z triples in LPS, mm. */
  readonly surface: Float64Array;
}

/** The number of a voxel of the planning grid. */
export const fineVoxel = ({ grid }: Pick<Grids, 'grid'>, voxel: number): number => voxelCount(grid) + voxel;

/** The number of a point of the cord's surface. */
export const surfaceVoxel = ({ grid, fine }: Pick<Grids, 'grid' | 'fine'>, point: number): number =>
  voxelCount(grid) + (fine === undefined ? 0 : voxelCount(fine.grid)) + point;

/** Where a voxel is, or a point of the surface, LPS, mm. */
export function placeOfVoxel(grids: Grids, voxel: number): Vec3 {
  const { grid, fine, surface } = grids;
  const point = voxel - surfaceVoxel(grids, 0);
  if (point >= 0) return [surface[3 * point]!, surface[3 * point + 1]!, surface[3 * point + 2]!];
  const between = voxel - voxelCount(grid);
  return between < 0 ? placeOf(grid, voxel) : placeOf(fine!.grid, between);
}

/** What a voxel has of something that is known on the dose grid, on the planning grid and on the surface. */
export function valueOfVoxel(
  grids: Grids,
  voxel: number,
  coarse: ArrayLike<number>,
  fine: ArrayLike<number> | undefined,
  surface: (point: number) => number,
): number {
  const point = voxel - surfaceVoxel(grids, 0);
  if (point >= 0) return surface(point);
  const between = voxel - voxelCount(grids.grid);
  return between < 0 ? coarse[voxel]! : fine![between]!;
}

/** The dose of a finished plan in any voxel and at any point of the surface, Gy. */
export const doseOfVoxel =
  (
    grids: Grids,
    { dose, fineDose, surfaceDose }: { dose: DoseVolume; fineDose?: DoseVolume; surfaceDose: Float64Array },
  ): ((voxel: number) => number) =>
  (voxel) =>
    valueOfVoxel(grids, voxel, dose.data, fineDose?.data, (point) => surfaceDose[point]!);

/** From the target's edge, mm: so far the planning grid's voxels of the cord have caps, and its surface has points 1 mm apart. */
export const NEAR_TARGET = 8;

/**
 * Points of the cord's surface, each with a cap: by their distance from the target's edge, mm, where the edges of a lattice of so
 * many mm cross it. Farther off dose is not steep, and voxel centres do.
 */
export const SURFACE_LATTICES = [
  { from: 0, to: NEAR_TARGET, spacing: 1 },
  { from: NEAR_TARGET, to: 30, spacing: 2 },
] as const;

/** The voxel of a grid that is nearest to a point. */
export function voxelAt({ shape: [nz, ny, nx], spacing, origin }: Grid, at: ArrayLike<number>): number {
  const index = (a: number, n: number): number =>
    Math.max(0, Math.min(n - 1, Math.round((at[a]! - origin[a]!) / spacing[a]!)));
  return index(0, nx) + nx * (index(1, ny) + ny * index(2, nz));
}

/** What has a cord with caps. */
interface CordGrids extends Grids {
  readonly masks: ReadonlyMap<string, Volume<'mask'>>;
  readonly cord: string;
  /** Voxels of the planning grid that hold any cord, near the target. */
  readonly fineCord: Int32Array;
}

/** Voxels that hold any of a mask. */
export function occupiedVoxels({ data }: Volume<'mask'>): number[] {
  const found: number[] = [];
  for (let i = 0; i < data.length; i++) if (data[i]! > 0) found.push(i);
  return found;
}

/** All that has a cap: every voxel of the dose grid with any cord in it, those of the planning grid near the target, points of the surface. */
export function cordVoxels(model: CordGrids): Int32Array {
  const found = occupiedVoxels(model.masks.get(model.cord)!);
  for (const voxel of model.fineCord) found.push(fineVoxel(model, voxel));
  for (let point = 0; 3 * point < model.surface.length; point++) found.push(surfaceVoxel(model, point));
  return Int32Array.from(found);
}

/** Those of them that lie in the cord: voxels whose centre does, and all of the surface. */
export function pointsInCord(model: CordGrids, cord: Structure): Int32Array {
  const solid = solidOfStructure(cord);
  const reach = Math.max(...model.grid.spacing);
  return cordVoxels(model).filter(
    (voxel) => voxel >= surfaceVoxel(model, 0) || solid.distance(...placeOfVoxel(model, voxel), reach) <= 0,
  );
}

/** Halvings of an edge: a crossing is known to a hundredth of a millimetre. */
const HALVINGS = 7;

/**
 * Points on a structure's surface: where the edges of a lattice cross it.
 *
 * A voxel that the surface only reaches into has its centre on one side; what lies between that and the surface is as far from any
 * centre as half a voxel, which is Grays where dose is steep.
 *
 * @param spacing of the lattice, mm
 * @param isWanted whether a place counts; asked of the lattice and of the points
 * @returns x, y, z triples in LPS, mm
 */
export function surfacePointsOf(
  structure: Structure,
  spacing: number,
  within: Box,
  isWanted: (x: number, y: number, z: number) => boolean,
): Float64Array {
  const solid = solidOfStructure(structure);
  const lattice = gridCovering(around([solid.box], within, [spacing, spacing, spacing]), [spacing, spacing, spacing]);
  const [nz, ny, nx] = lattice.shape;
  const counts = [nx, ny, nz];
  const strides = [1, nx, nx * ny];
  const reach = 2 * spacing;
  // 0 where it does not matter.
  const side = new Int8Array(voxelCount(lattice));
  for (let node = 0; node < side.length; node++) {
    const place = placeOf(lattice, node);
    if (isWanted(...place)) side[node] = solid.distance(...place, reach) < 0 ? 1 : -1;
  }
  const points: number[] = [];
  for (let node = 0; node < side.length; node++) {
    if (side[node] === 0) continue;
    const index = indicesOf(lattice, node);
    for (let axis = 0; axis < 3; axis++) {
      if (index[axis]! + 1 >= counts[axis]! || side[node]! * side[node + strides[axis]!]! !== -1) continue;
      points.push(...crossing(solid, placeOf(lattice, node), axis, spacing, side[node] === 1, reach));
    }
  }
  return Float64Array.from(points);
}

/** Where an edge from a point along an axis crosses the surface. */
function crossing(solid: Solid, from: Vec3, axis: number, length: number, isFirstInside: boolean, reach: number): Vec3 {
  const at = (t: number): Vec3 => from.map((c, a) => (a === axis ? c + t * length : c)) as unknown as Vec3;
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (solid.distance(...at(middle), reach) < 0 === isFirstInside) low = middle;
    else high = middle;
  }
  return at((low + high) / 2);
}
