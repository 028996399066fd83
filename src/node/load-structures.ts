/** Structures by what is in the files: an RTSTRUCT, NRRD masks or segmentations, or a folder that holds either. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { InvalidInputError } from '../core/errors.js';
import type { EmptyStructure, MaskedStructure } from '../evaluate/roi-dvh.js';
import type { EndRule, Structure } from '../geometry/structure.js';
import { isDicom, sopClassOf } from '../io/dicom/dataset.js';
import { readStructureSet, structureSetStorage } from '../io/dicom/structure-set.js';
import { decodeMask, decodeSegmentation, isSegmentation, roleOfName } from '../io/nrrd-masks.js';
import { type NamedBytes, readBytes, readFolder } from './files.js';
import { sha256 } from './sha256.js';

/** Structures of files, drawn or as masks. */
export interface LoadedStructures {
  /** Drawn ones, masks, and those that have only a name. */
  readonly structures: readonly (Structure | MaskedStructure | EmptyStructure)[];
  /** Of an RTSTRUCT: why others, by name, cannot be used. */
  readonly unfit?: Readonly<Record<string, string>>;
  /** Of an RTSTRUCT. */
  readonly frameOfReferenceUid?: string;
  /** SHA-256 of all files. */
  readonly hash: string;
  readonly notes: readonly string[];
}

/**
 * The structures of files: an RTSTRUCT, or NRRD masks.
 *
 * @param options.ends where drawn structures end beyond their first and last slice. @default 'half-slice'
 * @param options.sliceSpacing how far slices lie apart, mm: the thickness of what is drawn on one only. @default as most of the set
 * @param paths an RTSTRUCT, or NRRD masks (`mask_SpinalCord.nrrd` or `SpinalCord.nrrd` is SpinalCord) and segmentations of 3D
 *   Slicer, or one folder of them
 * @throws {InvalidInputError | FormatError | UnsupportedError} one sentence that names the file
 */
export async function loadStructures(
  paths: readonly string[],
  options: { readonly ends?: EndRule; readonly sliceSpacing?: number } = {},
): Promise<LoadedStructures> {
  const notes: string[] = [];
  const files = await filesOf(paths, notes);
  const hash = sha256(...files.map(({ bytes }) => bytes));
  const sets = files.filter((file) => isDicom(file));
  if (sets.length === 0) {
    const structures = (await Promise.all(files.map((file) => readMasks(file, notes)))).flat();
    checkNames(structures.map(({ name }) => name));
    return { structures, hash, notes };
  }
  if (sets.length > 1 || files.length > 1) {
    throw new InvalidInputError(
      `structures: ${files.map(({ name }) => name).join(', ')} are ${files.length} files, but one RTSTRUCT, or NRRD masks only, is needed. Name one.`,
    );
  }
  const set = readStructureSet(sets[0]!, options);
  return {
    structures: [...set.structures, ...set.empty],
    unfit: set.unfit,
    frameOfReferenceUid: set.frameOfReferenceUid,
    hash,
    notes: [...notes, ...set.notes],
  };
}

/** The files named; of a folder its structure sets, or else its masks. */
async function filesOf(paths: readonly string[], notes: string[]): Promise<NamedBytes[]> {
  const files: NamedBytes[] = [];
  for (const path of paths) {
    if (!(await stat(path).catch(() => undefined))?.isDirectory()) {
      files.push({ name: path, bytes: await readBytes(path) });
      continue;
    }
    const all = await readFolder(path);
    const sets = all.filter((file) => isDicom(file) && sopClassOf(file) === structureSetStorage);
    const nrrd = all.filter(({ name }) => name.endsWith('.nrrd'));
    const masks = nrrd.filter(({ name }) => name.startsWith('mask_'));
    const found = sets.length > 0 ? sets : masks.length > 0 ? masks : nrrd;
    if (found.length === 0) {
      throw new InvalidInputError(
        `${path}: holds neither an RTSTRUCT nor NRRD masks. Give a structure set, or masks as mask_NAME.nrrd.`,
      );
    }
    if (found.length < all.length) notes.push(`${path}: ${all.length - found.length} other file(s) passed over.`);
    files.push(...found);
  }
  return files;
}

async function readMasks({ name: file, bytes }: NamedBytes, notes: string[]): Promise<MaskedStructure[]> {
  if (isSegmentation(bytes)) {
    const { segments, empty } = await decodeSegmentation(bytes, file);
    notes.push(...empty.map((name) => `${name}: nothing is drawn in this segment.`));
    return segments.map(({ name, mask }) => ({ name, role: roleOfName(name), mask }));
  }
  const name = structureOfFile(file);
  return [{ name, role: roleOfName(name), mask: await decodeMask(bytes, file) }];
}

/** The structure that a file is named for: `mask_SpinalCord.nrrd` and `SpinalCord.nrrd` are of SpinalCord. */
export const structureOfFile = (file: string): string => basename(file, '.nrrd').replace(/^mask_/, '');

function checkNames(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InvalidInputError(`structures: "${twice}" is given twice. Rename one of them.`);
  }
}
