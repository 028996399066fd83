/**
 * DVHs of structures in a dose that was not planned here: contours, solids or masks on any grid, in a dose on another.
 *
 * Contours become fractions of the dose's voxels; a mask keeps its own grid, and the dose is interpolated onto it. What lies
 * outside the dose grid has no dose: its share is told, and a structure that misses more than a hundredth is refused unless
 * its part is asked for.
 */
import { createDvh, type Dvh } from '../evaluate/dvh.js';
import { contoursVolume } from '../geometry/contour.js';
import { gridBox, isSameGrid, voxelVolume } from '../geometry/grid.js';
import { resample } from '../geometry/resample.js';
import type { Structure, StructureRole } from '../geometry/structure.js';
import { createVolume, type DoseVolume, type Volume } from '../geometry/volume.js';
import { voxelizeStructure } from '../geometry/voxelize.js';
import { solidVolume } from '../geometry/voxelize-solid.js';

/** A structure that is given by its voxels. */
export interface MaskedStructure {
  readonly name: string;
  readonly role: StructureRole;
  /** Fractions 0..1. */
  readonly mask: Volume<'mask'>;
}

export interface StructureDvh {
  readonly name: string;
  readonly role: StructureRole;
  /** Of the whole structure, cc. */
  readonly volumeCc: number;
  /** Share of it within the dose grid, 0 to 1. */
  readonly coverage: number;
  /** Of the part within the dose grid; undefined where nothing is, or less than 99 % are and the part was not asked for. */
  readonly dvh?: Dvh;
  /** Why there is no DVH, or that it is of a part only. */
  readonly reason?: string;
}

/** Missing shares below this are the rounding of contours and voxel faces. */
const whole = 1 - 1e-4;

/** A body cut off at the head or the feet keeps its values, as of the part. */
const nearlyWhole = 0.99;

/**
 * @param dose total dose, Gy
 * @param options.partial give the DVH of the part within the dose grid. @default false
 * @throws {InvalidInputError} if a mask is not 0..1, or a dose not finite
 */
export function structureDvh(
  dose: DoseVolume,
  structure: Structure | MaskedStructure,
  options: { readonly partial?: boolean } = {},
): StructureDvh {
  const { name, role } = structure;
  const { mask, on, total } = 'mask' in structure ? maskedDose(dose, structure.mask) : drawnDose(dose, structure);
  const covered = volumeOf(mask);
  const coverage = total > 0 ? Math.min(1, covered / total) : 0;
  const head = { name, role, volumeCc: total, coverage };
  if (!(total > 0)) return { ...head, reason: `${name} is empty: it has no volume` };
  if (!(covered > 0)) return { ...head, reason: `${name} lies wholly outside the dose grid` };
  if (coverage >= whole) return { ...head, coverage: 1, dvh: createDvh(on, mask, { name }) };
  const share = `only ${(100 * coverage).toFixed(1)} % of ${name} lie in the dose grid`;
  if (coverage < nearlyWhole && !options.partial)
    return { ...head, reason: `${share}: ask for the part (partial), or give a larger dose grid` };
  return { ...head, dvh: createDvh(on, mask, { name }), reason: `${share}; all values are of that part` };
}

interface MaskAndDose {
  readonly mask: Volume<'mask'>;
  readonly on: DoseVolume;
  /** cc */
  readonly total: number;
}

function drawnDose(dose: DoseVolume, structure: Structure): MaskAndDose {
  const { shape } = structure;
  const mask = voxelizeStructure(structure, dose.grid);
  if (shape.kind === 'contours') return { mask, on: dose, total: contoursVolume(shape.contours) };
  // A solid's volume comes from an octree of its own: only where the grid cuts it off do the two differ by more than that.
  const { min, max } = gridBox(dose.grid);
  const isWhole = [0, 1, 2].every((a) => shape.solid.box.min[a]! >= min[a]! && shape.solid.box.max[a]! <= max[a]!);
  return { mask, on: dose, total: isWhole ? volumeOf(mask) : solidVolume(shape.solid) };
}

/** The dose at the mask's voxel centres, and the mask without those where there is none. */
function maskedDose(dose: DoseVolume, mask: Volume<'mask'>): MaskAndDose {
  const total = volumeOf(mask);
  if (isSameGrid(dose.grid, mask.grid)) return { mask, on: dose, total };
  const { volume, isInside, outside } = resample(dose, mask.grid);
  const on = { ...dose, ...volume };
  if (outside === 0) return { mask, on, total };
  const inside = mask.data.map((fraction, i) => (isInside[i] ? fraction : 0));
  return { mask: createVolume('mask', mask.grid, inside), on, total };
}

function volumeOf({ data, grid }: Volume<'mask'>): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]!;
  return sum * voxelVolume(grid);
}
