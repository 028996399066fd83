/** A CT of files: a folder of DICOM slices, or an NRRD of HU. */
import { stat } from 'node:fs/promises';
import { InvalidInputError } from '../core/errors.js';
import { createVolume, type Volume } from '../geometry/volume.js';
import { readCt } from '../io/dicom/ct.js';
import { decodeNrrd } from '../io/nrrd.js';
import { readBytes, readFolder } from './files.js';
import { sha256 } from './sha256.js';

/** Where a CT lies. */
export interface LoadedCt {
  /** HU. */
  readonly hounsfield: Volume<'hounsfield'>;
  /** Of DICOM. */
  readonly frameOfReferenceUid?: string;
  /** SHA-256 of all files. */
  readonly hash: string;
  readonly notes: readonly string[];
}

/** @throws {InvalidInputError | FormatError | UnsupportedError} one sentence that names the file */
export async function loadCt(path: string): Promise<LoadedCt> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) {
    const files = await readFolder(path);
    const { hounsfield, frameOfReferenceUid, notes } = readCt(files);
    return { hounsfield, frameOfReferenceUid, hash: sha256(...files.map(({ bytes }) => bytes)), notes };
  }
  const bytes = await readBytes(path);
  const { grid, data, kind } = await decodeNrrd(bytes, path);
  if (kind !== undefined && kind !== 'hounsfield') {
    throw new InvalidInputError(`${path}: the file says that it holds ${kind}, not hounsfield. Give the CT in HU.`);
  }
  return { hounsfield: createVolume('hounsfield', grid, data), hash: sha256(bytes), notes: [] };
}
