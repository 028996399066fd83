/**
 * A patient from a CT in HU and masks, NRRD each: what research and other planners keep where hospitals have DICOM.
 *
 * A mask becomes contours that hold exactly its voxels, or, where it has fractions, exactly its volume
 * (`geometry/mask-contours.ts`); from then on the patient is one like any other. Masks may lie on grids of their own.
 */
import { InvalidInputError } from '../core/errors.js';
import { contoursVolume } from '../geometry/contour.js';
import { axisCentres, gridBox, voxelVolume } from '../geometry/grid.js';
import { contoursOfMask } from '../geometry/mask-contours.js';
import type { Patient } from '../geometry/patient.js';
import type { Structure } from '../geometry/structure.js';
import { createVolume, type Volume } from '../geometry/volume.js';
import { completePatient, type DrawnOptions } from './drawn-patient.js';
import type { NrrdVolume } from './nrrd.js';
import { type NamedMask, roleOfName } from './nrrd-masks.js';

/** What the files do not say. */
export interface MaskedPatientOptions extends DrawnOptions {
  /** For messages and results. @default 'patient' */
  readonly name?: string | undefined;
  /** DICOM patient position: what gantry angles mean. @default 'HFS' */
  readonly position?: string | undefined;
}

/** Voxels finer than this are in another unit, mm. */
const FINEST = 0.1;
/** A volume that is further off than this is noted. */
const NOTED = 2e-3;
/** HU beyond which no scanner writes: padding is -2000 or -3024 or -32768, saturated metal 32767. */
const RANGE = [-32768, 32767] as const;

/**
 * A patient of a CT and masks.
 *
 * @param ct    HU at voxel centres
 * @param masks 0 to 1, each on a grid of its own
 * @throws {InvalidInputError} for a CT that is none, a mask that is empty, thinner than its voxels or off the CT, two masks of one
 *   name; and as `completePatient` throws
 */
export function patientFromMasks(
  ct: NrrdVolume,
  masks: readonly NamedMask[],
  options: MaskedPatientOptions = {},
  given: readonly string[] = [],
): Patient {
  const { name = 'patient', position = 'HFS', ...drawn } = options;
  const hounsfield = checkedHounsfield(ct, name);
  const notes = [...given];
  const structures = masks.map((own) => structureOfMask(own, hounsfield, notes));
  const twice = structures.find((own, i) => structures.findIndex((other) => other.name === own.name) < i);
  if (twice !== undefined) {
    throw new InvalidInputError(`masks: "${twice.name}" is given twice. Rename one of them.`);
  }
  return completePatient({ name, position, hounsfield }, structures, drawn, notes);
}

function structureOfMask({ name, mask, color }: NamedMask, ct: Volume<'hounsfield'>, notes: string[]): Structure {
  const { spacing } = mask.grid;
  if (spacing.some((s) => s < FINEST)) {
    throw new InvalidInputError(
      `mask "${name}": its voxels are ${spacing.join(' x ')} mm, finer than ${FINEST} mm. Mend its space directions, or give it coarser.`,
    );
  }
  const outside = outsideFraction(mask, ct);
  if (outside === 1) {
    const [from, to] = [gridBox(mask.grid), gridBox(ct.grid)];
    throw new InvalidInputError(
      `mask "${name}": all of it lies off the CT, on a grid from (${from.min.join(', ')}) to (${from.max.join(', ')}) mm beside (${to.min.join(', ')}) to (${to.max.join(', ')}) mm. Give the mask in the CT's frame.`,
    );
  }
  if (outside > 1e-6) notes.push(`${name}: ${(100 * outside).toFixed(1)} % of the mask lies off the CT.`);
  const contours = contoursOfMask(mask, `mask "${name}"`);
  const [drawn, filled] = [contoursVolume(contours), maskVolume(mask)];
  if (Math.abs(drawn - filled) > NOTED * filled) {
    notes.push(
      `${name}: drawn with ${drawn.toFixed(2)} cc where its mask holds ${filled.toFixed(2)} cc in parts of voxels.`,
    );
  }
  return { name, role: roleOfName(name), shape: { kind: 'contours', contours }, ...(color && { color }) };
}

/** cc */
const maskVolume = ({ grid, data }: Volume<'mask'>): number =>
  data.reduce((sum, value) => sum + value, 0) * voxelVolume(grid);

/** Of a mask's volume beyond the CT's voxels, 0 to 1; by voxel centres, and of an empty mask nothing. */
function outsideFraction({ grid, data }: Volume<'mask'>, ct: Volume<'hounsfield'>): number {
  const { min, max } = gridBox(ct.grid);
  const [nz, ny, nx] = grid.shape;
  const isIn = [0, 1, 2].map((axis) =>
    Uint8Array.from(axisCentres(grid, axis), (at) => (at > min[axis]! && at < max[axis]! ? 1 : 0)),
  );
  let all = 0;
  let outside = 0;
  for (let k = 0, v = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const isRowIn = isIn[1]![j]! & isIn[2]![k]!;
      for (let i = 0; i < nx; i++, v++) {
        all += data[v]!;
        if (!(isRowIn & isIn[0]![i]!)) outside += data[v]!;
      }
    }
  }
  return all > 0 ? outside / all : 0;
}

/** @throws {InvalidInputError} where the values are no HU: not finite, beyond all scanners, or densities */
function checkedHounsfield({ grid, data, kind }: NrrdVolume, name: string): Volume<'hounsfield'> {
  if (kind !== undefined && kind !== 'hounsfield') {
    throw new InvalidInputError(`${name}: the file says that it holds ${kind}, not hounsfield. Give the CT in HU.`);
  }
  let [low, high] = [Infinity, -Infinity];
  for (const value of data) {
    if (!Number.isFinite(value)) {
      throw new InvalidInputError(`${name}: a CT number is ${value}, but must be finite. Mend it.`);
    }
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low < RANGE[0] || high > RANGE[1]) {
    throw new InvalidInputError(
      `${name}: its values go from ${low} to ${high}, but HU lie between ${RANGE[0]} and ${RANGE[1]}. Give a CT in HU.`,
    );
  }
  if (low >= 0 && high > 0 && high <= 20) {
    throw new InvalidInputError(
      `${name}: all its values lie between ${low} and ${high}, which looks like densities or a mask. Give a CT in HU, water 0 and air -1000.`,
    );
  }
  return createVolume('hounsfield', grid, data);
}
