/** A dose file by what is in it, not by its name. */
import { createHash } from 'node:crypto';
import { UnsupportedError } from '../core/errors.js';
import type { DoseVolume } from '../geometry/volume.js';
import { isDicom } from '../io/dicom/dataset.js';
import { decodeNrrd } from '../io/nrrd.js';
import { doseOfNrrd } from '../io/nrrd-dose.js';
import { readBytes } from './files.js';

export interface LoadedDose {
  readonly dose: DoseVolume;
  /** SHA-256 of the file. */
  readonly hash: string;
}

/**
 * @param fractions of a file that does not say
 * @throws {InvalidInputError | FormatError | UnsupportedError} one sentence that names the file
 */
export async function loadDose(path: string, fractions = 1): Promise<LoadedDose> {
  const bytes = await readBytes(path);
  if (isDicom({ name: path, bytes })) {
    throw new UnsupportedError(`${path}: is DICOM, but doses are read from NRRD only as yet. Save it as .nrrd.`);
  }
  const dose = doseOfNrrd(await decodeNrrd(bytes, path), path, fractions);
  return { dose, hash: createHash('sha256').update(bytes).digest('hex') };
}
