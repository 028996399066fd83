/** A CT of files: a folder of DICOM slices, or an NRRD of HU. */
import { stat } from 'node:fs/promises';
import type { Grid } from '../geometry/grid.js';
import { readCt } from '../io/dicom/ct.js';
import { decodeNrrd } from '../io/nrrd.js';
import { readBytes, readFolder } from './files.js';
import { sha256 } from './sha256.js';

/** Where a CT lies. */
export interface LoadedCt {
  readonly grid: Grid;
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
    return { grid: hounsfield.grid, frameOfReferenceUid, hash: sha256(...files.map(({ bytes }) => bytes)), notes };
  }
  const bytes = await readBytes(path);
  const { grid } = await decodeNrrd(bytes, path);
  return { grid, hash: sha256(bytes), notes: [] };
}
