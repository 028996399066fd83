/**
 * A patient from one NRRD volume of electron densities or HU, without contours.
 *
 * The body is a mask of the user's, or the largest thing denser than air (0.1 of water, -900 HU) that is thicker than
 * 10 mm, with the holes of each slice filled; all else is emptied, so that couch and air take no dose and weaken no beam.
 */

import { InvalidInputError } from '../core/errors.js';
import { findExternal } from '../geometry/external.js';
import { checkSameGrid, describePlace, type Grid } from '../geometry/grid.js';
import { contoursOfVoxels } from '../geometry/mask-contours.js';
import type { Patient } from '../geometry/patient.js';
import type { Structure } from '../geometry/structure.js';
import { createVolume, type Volume } from '../geometry/volume.js';
import { voxelizeStructure } from '../geometry/voxelize.js';
import { densityOfHounsfield, type HounsfieldTable } from '../machine/hounsfield.js';
import type { NrrdVolume } from './nrrd.js';

export interface NrrdPatientOptions {
  /** For messages and results. @default 'patient' */
  readonly name?: string;
  /** DICOM patient position. @default 'HFS' */
  readonly position?: string;
  /** For HU. @default the table of `defaultHounsfieldTable` */
  readonly hounsfieldTable?: HounsfieldTable;
  /** The body, 0 to 1 on the same grid; half and more counts. @default found in the volume */
  readonly external?: NrrdVolume;
}

/** HU between air (-1000) and inflated lung (-850); as a density 0.1. What is denser may be body. */
export const denserThanAir = -900;

/** Gold is 14, tungsten 16: beyond, a density is a CT number or in kg/m3. */
const DENSEST = 20;

/**
 * @param volume values at voxel centres
 * @param kind   what the values are
 * @throws {InvalidInputError} for values that are not finite, or not what `kind` says; if there is no body
 */
export function patientFromNrrd(
  volume: NrrdVolume,
  kind: 'density' | 'hounsfield',
  options: NrrdPatientOptions = {},
): Patient {
  const { name = 'patient', position = 'HFS' } = options;
  checkValues(volume, kind, name);
  const { grid } = volume;
  const density =
    kind === 'density'
      ? createVolume('density', grid, volume.data.slice())
      : densityOfHounsfield(createVolume('hounsfield', grid, volume.data), options.hounsfieldTable);
  // For a density only the outline matters: water at 0, air at -1000.
  const hounsfield = createVolume(
    'hounsfield',
    grid,
    kind === 'hounsfield' ? volume.data : volume.data.map((value) => 1000 * (value - 1)),
  );
  const external = options.external ? externalOfMask(options.external, grid, name) : findBody(hounsfield, name);
  const body = voxelizeStructure(external, grid).data;
  for (let i = 0; i < body.length; i++) density.data[i]! *= body[i]!;
  const found = 'largest object denser than air (0.1 of water), holes filled; give an external mask where it is not';
  const notes = [`External: ${options.external ? 'as given' : found}.`];
  return { name, position, hounsfield, density, structures: [external], notes };
}

function findBody(hounsfield: Volume<'hounsfield'>, name: string): Structure {
  try {
    return findExternal(hounsfield, { threshold: denserThanAir });
  } catch (cause) {
    if (!(cause instanceof InvalidInputError)) throw cause;
    throw new InvalidInputError(
      `${name}: nothing denser than air is thicker than 10 mm, so there is no body. Check the values, or give an external mask.`,
    );
  }
}

/** The structure whose contours run along the edges of the pixels that are at least half inside. */
function externalOfMask(mask: NrrdVolume, grid: Grid, name: string): Structure {
  checkSameGrid(`${name}: volume and external mask`, grid, mask.grid);
  mask.data.forEach((value, i) => {
    if (!(value >= 0 && value <= 1)) {
      throw new InvalidInputError(
        `${name}: the external mask is ${value} at ${describePlace(grid, i)}, but must be 0 to 1. Save it as fractions.`,
      );
    }
  });
  if (!mask.data.some((value) => value >= 0.5)) {
    throw new InvalidInputError(`${name}: the external mask is empty. Give one that holds the body.`);
  }
  const contours = contoursOfVoxels(createVolume('mask', grid, mask.data));
  return { name: 'External', role: 'external', shape: { kind: 'contours', contours } };
}

function checkValues(volume: NrrdVolume, kind: 'density' | 'hounsfield', name: string): void {
  const { grid, data } = volume;
  if (volume.kind !== undefined && volume.kind !== kind) {
    throw new InvalidInputError(`${name}: the file says that it holds ${volume.kind}, not ${kind}. Name it so.`);
  }
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) {
      throw new InvalidInputError(
        `${name}: the ${kind} is ${value} at ${describePlace(grid, i)}, but must be finite. Mend it.`,
      );
    }
    if (kind === 'density' && (value < 0 || value > DENSEST)) {
      const rule = `an electron density relative to water is 0 to ${DENSEST}`;
      throw new InvalidInputError(
        `${name}: the density is ${value} at ${describePlace(grid, i)}, but ${rule}. Are these HU? Then give { "hounsfield": FILE }.`,
      );
    }
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (kind === 'hounsfield' && low >= 0 && high > 0 && high <= 5) {
    throw new InvalidInputError(
      `${name}: all HU lie between ${low} and ${high}, which looks like densities. Then give { "density": FILE }.`,
    );
  }
}
