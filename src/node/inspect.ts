/** `inspectPath`: what is in a folder or file, read in parts: heads of images, all of what radiotherapy adds, headers of NRRD files. */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInputError, isRespineError } from '../core/errors.js';
import { readCt } from '../io/dicom/ct.js';
import type { DicomFile } from '../io/dicom/dataset.js';
import { decodeDicom } from '../io/dicom/decode.js';
import { inspectFile, withoutName } from '../io/dicom/inspect-file.js';
import { FolderInspector, type SliceSample } from '../io/inspect-folder.js';
import { inspectNrrd, isNrrd } from '../io/inspect-nrrd.js';
import type { Inspection } from '../io/inspection.js';
import { dicomCodecs } from './dicom-codecs.js';
import { readBytes } from './files.js';

/** Bytes of a file that are read first, and where its header is longer. */
const HEADS = [16_384, 1 << 20] as const;
/** A larger file is not looked into further than its head. */
const LARGEST = 1 << 29;
/** Files of a folder and those below it, at most. */
const MOST = 200_000;

/** How a folder is looked at and told. */
export interface InspectPathOptions {
  /** Whether names and numbers of patients are told. @default false */
  readonly withNames?: boolean;
  /** Told how many files have been looked at. */
  readonly onFile?: (count: number) => void;
}

/**
 * What is in a folder, with the folders below it, or in a file: DICOM and NRRD. No single file is refused: what is wrong with it is told.
 *
 * Lengths are mm in LPS, volumes cc, doses in the units of their file. Of images only headers are read, and one slice of each CT.
 *
 * @param path folder or file; in the result files are named by it
 * @throws {InvalidInputError} where there is no such path, or it holds more than 200,000 files
 */
export async function inspectPath(path: string, { onFile, ...options }: InspectPathOptions = {}): Promise<Inspection> {
  const inspector = new FolderInspector();
  let count = 0;
  for await (const file of filesBelow(path)) {
    if (++count > MOST) throw new InvalidInputError(`${path} holds more than ${MOST} files. Give a folder in it.`);
    await look(file, inspector);
    onFile?.(count);
  }
  const samples = new Map<string, SliceSample>();
  for (const file of inspector.slicesToSample()) samples.set(file, await sampleOf(file));
  return inspector.finish(path, samples, options);
}

/** Plain files, by name; hidden ones are left out. */
async function* filesBelow(path: string): AsyncGenerator<string> {
  const known = await stat(path).catch(() => undefined);
  if (known === undefined) throw new InvalidInputError(`${path} is not there. Give a folder or a file.`);
  if (!known.isDirectory()) {
    yield path;
    return;
  }
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) throw new InvalidInputError(`${path} cannot be read. Give a folder that you may read.`);
  const names = entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of names) {
    const there = join(path, entry.name);
    if (entry.isDirectory()) yield* filesBelow(there);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await stat(there).catch(() => undefined))?.isFile()))
      yield there;
  }
}

async function look(name: string, inspector: FolderInspector): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(name);
    const known = await handle.stat();
    if (!known.isFile()) {
      inspector.add({ is: 'broken', file: name, problem: 'is no plain file' });
      return;
    }
    const { size } = known;
    for (const length of [...HEADS, size]) {
      if (length > LARGEST) break;
      const bytes = await headOf(handle, Math.min(length, size));
      if (isNrrd(bytes)) {
        if (length === HEADS[0] && size > length) continue;
        inspector.addNrrd(inspectNrrd(name, bytes, size));
        return;
      }
      const found = await inspectFile(length < size ? { name, bytes } : await decoded({ name, bytes }), size);
      if (typeof found === 'object') {
        inspector.add(found);
        return;
      }
    }
    inspector.add({ is: 'broken', file: name, problem: `has ${size} bytes, more than are looked into (${LARGEST})` });
  } catch (cause) {
    if (isRespineError(cause)) inspector.add({ is: 'broken', file: name, problem: withoutName(cause.message, name) });
    else if ((cause as NodeJS.ErrnoException).syscall !== undefined)
      inspector.add({ is: 'broken', file: name, problem: `cannot be read (${(cause as NodeJS.ErrnoException).code})` });
    else throw cause;
  } finally {
    await handle?.close();
  }
}

/** With pixels that can be looked at, where they are packed and can be unpacked. */
async function decoded(file: DicomFile): Promise<DicomFile> {
  try {
    const [plain] = await decodeDicom([file], dicomCodecs);
    return plain!;
  } catch (cause) {
    if (isRespineError(cause)) return file;
    throw cause;
  }
}

async function headOf(handle: FileHandle, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** The range of one CT slice, read as a series of its own. */
async function sampleOf(name: string): Promise<SliceSample> {
  try {
    const { hounsfield } = readCt(await decodeDicom([{ name, bytes: await readBytes(name) }], dicomCodecs));
    let [least, largest] = [Infinity, -Infinity];
    for (const value of hounsfield.data) {
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
    return { range: [least, largest], grid: hounsfield.grid };
  } catch (cause) {
    if (!isRespineError(cause)) throw cause;
    return { problem: withoutName(cause.message, name) };
  }
}
