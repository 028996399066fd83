/**
 * DVHs of structures in a dose that was not planned here: contours, solids or masks on any grid, in a dose on another.
 *
 * What is drawn is scanned as it is drawn; a mask keeps its own grid, and the dose is interpolated onto it. What lies
 * outside the dose grid has no dose: that fraction is told, and a structure that misses more than a hundredth is refused unless
 * its part is asked for.
 */
import { InvalidInputError } from '../core/errors.js';
import { contoursVolume } from '../geometry/contour.js';
import { isSameGrid, voxelVolume } from '../geometry/grid.js';
import { resample } from '../geometry/resample.js';
import type { Structure, StructureRole } from '../geometry/structure.js';
import { createVolume, type DoseVolume, type Volume } from '../geometry/volume.js';
import { solidVolume } from '../geometry/voxelize-solid.js';
import { createDvh, type Dvh } from './dvh.js';
import { createStructureDvh } from './structure-dvh.js';

/** A structure that is given by its voxels. */
export interface MaskedStructure {
  readonly name: string;
  readonly role: StructureRole;
  /** Fractions 0..1. */
  readonly mask: Volume<'mask'>;
}

/** A structure that is named but has no volume. */
export interface EmptyStructure {
  readonly name: string;
  readonly role: StructureRole;
  /** Why: `it has no closed contour`. */
  readonly emptyBecause: string;
}

/** Whatever a file may hold under a structure's name. */
export type AnyStructure = Structure | MaskedStructure | EmptyStructure;

export interface StructureDvh {
  readonly name: string;
  readonly role: StructureRole;
  /** Of the whole structure, cc. */
  readonly volumeCc: number;
  /** Fraction of it within the dose grid, 0 to 1. */
  readonly coverage: number;
  /** Of the part within the dose grid; undefined where nothing is, or less than 99 % are and the part was not asked for. */
  readonly dvh?: Dvh;
  /** Why there is no DVH, or that it is of a part only. */
  readonly reason?: string;
}

/** A body cut off at the head or the feet keeps its values, as of the part. */
const nearlyWhole = 0.99;

/**
 * @param dose total dose, Gy
 * @param options.partial give the DVH of the part within the dose grid. @default false
 * @throws {InvalidInputError} if a mask is not 0..1
 */
export function structureDvh(
  dose: DoseVolume,
  structure: AnyStructure,
  options: { readonly partial?: boolean } = {},
): StructureDvh {
  const { name, role } = structure;
  const none = (volumeCc: number, reason: string): StructureDvh => ({
    name,
    role,
    volumeCc,
    coverage: 0,
    reason,
  });
  if ('emptyBecause' in structure) return none(0, `${name} is empty: ${structure.emptyBecause}`);
  let dvh: Dvh;
  try {
    dvh = 'mask' in structure ? maskDvh(dose, structure) : createStructureDvh(dose, structure, { partial: 'covered' });
  } catch (error) {
    // Empty, or outside the grid: what is wrong with one structure is said, and the others go on.
    if (!(error instanceof InvalidInputError)) throw error;
    const volumeCc = wholeVolume(structure);
    return none(
      volumeCc,
      volumeCc === 0 ? `${name} is empty: its mask has no voxel` : error.message.replace(/\.$/, ''),
    );
  }
  const { coverage = 1 } = dvh;
  const head = { name, role, volumeCc: dvh.volumeCc / coverage, coverage };
  if (coverage === 1) return { ...head, dvh };
  const fraction = `only ${(100 * coverage).toFixed(1)} % of ${name} lie in the dose grid`;
  if (coverage < nearlyWhole && !options.partial) {
    return { ...head, reason: `${fraction}: ask for the part (partial), or give a larger dose grid` };
  }
  return { ...head, dvh, reason: `${fraction}; all values are of that part` };
}

/** The dose at the mask's voxel centres, and the mask without those where there is none. */
function maskDvh(dose: DoseVolume, { name, mask }: MaskedStructure): Dvh {
  if (isSameGrid(dose.grid, mask.grid)) return createDvh(dose, mask, { name });
  const { volume, isInside, outside } = resample(dose, mask.grid, { toFaces: true });
  const on = { ...dose, ...volume };
  if (outside === 0) return createDvh(on, mask, { name });
  const inside = createVolume(
    'mask',
    mask.grid,
    mask.data.map((fraction, i) => (isInside[i] ? fraction : 0)),
  );
  const coverage = volumeOf(inside) / volumeOf(mask);
  if (!(coverage > 0)) throw new InvalidInputError(`${name} lies wholly outside the dose grid.`);
  return { ...createDvh(on, inside, { name }), ...(coverage < 1 ? { coverage } : {}) };
}

function wholeVolume(structure: Structure | MaskedStructure): number {
  if ('mask' in structure) return volumeOf(structure.mask);
  const { shape } = structure;
  return shape.kind === 'contours' ? contoursVolume(shape.contours) : solidVolume(shape.solid);
}

function volumeOf({ data, grid }: Volume<'mask'>): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]!;
  return sum * voxelVolume(grid);
}
