/**
 * Files in and out: bytes for `io`, which touches none; one sentence when a path cannot be used; nothing half-written.
 */

import type { Stats } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { checkCount, MOST_FILE_BYTES, MOST_FILES, MOST_JSON_BYTES } from '../core/budget.js';
import { FormatError, InvalidInputError } from '../core/errors.js';
import { own } from '../core/own.js';
import type { DicomFile } from '../io/dicom/dataset.js';
import {
  type Content,
  type EarlierFiles,
  makeFolder,
  ownName,
  recoverFolder,
  stageName,
  writeSet,
} from './output-set.js';

export type NamedBytes = DicomFile;

/**
 * All plain files of a folder, sorted by name; subfolders and hidden files are left out.
 *
 * @throws {InvalidInputError} if the folder or one of its files cannot be read
 */
export async function readFolder(dir: string): Promise<DicomFile[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(dir, cause, 'Give a folder of files');
  });
  const names: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const isFile = entry.isSymbolicLink() ? await isPlainFile(join(dir, entry.name)) : entry.isFile();
    if (isFile) names.push(entry.name);
  }
  names.sort();
  checkCount(`${dir}: files`, names.length, MOST_FILES, 'Give the folder of one series.');
  let total = 0;
  for (const name of names) total += (await stat(join(dir, name)).catch(() => undefined))?.size ?? 0;
  if (total > MOST_FILE_BYTES) {
    throw new InvalidInputError(
      `${dir}: its ${names.length} files have ${(total / 1e9).toPrecision(3)} GB, more than ${MOST_FILE_BYTES / 1e9} GB. Give the folder of one series.`,
    );
  }
  const files: NamedBytes[] = [];
  // One after the other: hundreds of slices at once would exhaust the file handles.
  for (const name of names) files.push({ name, bytes: await readBytes(join(dir, name)) });
  return files;
}

/** Names of what lies in a folder; none where it is not there. */
export const readFolderNames = (dir: string): Promise<string[]> => readdir(dir).catch(() => []);

/**
 * The bytes of a file.
 *
 * @param largest bytes
 * @throws {InvalidInputError} if the file cannot be read, is none (a device, a pipe), or is larger than `most`
 */
export async function readBytes(path: string, largest = MOST_FILE_BYTES): Promise<Uint8Array> {
  try {
    checkSize(path, await stat(path), largest);
    const buffer = await readFile(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (cause) {
    if (cause instanceof InvalidInputError) throw cause;
    throw unreadable(path, cause, 'Give a file');
  }
}

/** What has no end cannot be read whole. */
function checkSize(path: string, known: Stats, largest: number): void {
  if (known.isDirectory()) throw unreadable(path, { code: 'EISDIR' }, 'Give a file');
  if (!known.isFile()) {
    throw new InvalidInputError(`${path} cannot be read (it is no plain file, but a device or a pipe). Give a file.`);
  }
  if (known.size > largest) {
    throw new InvalidInputError(
      `${path} has ${known.size} bytes, more than ${largest}. Give a smaller file, or look whether it is the right one.`,
    );
  }
}

/**
 * @throws {InvalidInputError} if the file cannot be read
 * @throws {FormatError} if it is not JSON; the message holds the parser's place
 */
export async function readJson(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(path, MOST_JSON_BYTES));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(
      `is not JSON (${(cause instanceof Error ? cause.message : String(cause)).replace(/\s+/g, ' ')}). Mend that place.`,
      path,
    );
  }
}

/** Writes the whole file or none of it: into a temporary name beside it, then renamed. Makes the folder. A large text may come in pieces. */
export async function writeFileAtomic(path: string, content: Uint8Array | string | Iterable<string>): Promise<void> {
  await checkFolder(dirname(path));
  await checkTarget(path);
  const temporary = `${path}.${ownName().replace('-', '.')}.tmp`;
  await orUnwritable(dirname(path), async () => {
    try {
      await makeFolder(dirname(path));
      await writeFile(temporary, content, { flag: 'wx' });
      await rename(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw cause;
    }
  });
}

/**
 * Writes a set of files or none: whoever looks at the folder, at whatever moment, finds what was there or all of the new ones.
 *
 * @param outDir made if it is not there
 * @param files content by name; names may hold `/` for subfolders
 * @param earlier how an earlier run's files are known, which go where they are not written anew. @default no others go
 * @throws {InvalidInputError} if `outDir` is a file or not writable, a name leaves it, or another run writes into it
 */
export async function writeAll(
  outDir: string,
  files: ReadonlyMap<string, Content>,
  earlier: EarlierFiles = {},
): Promise<void> {
  await checkFolder(outDir);
  for (const name of files.keys()) await checkTarget(join(outDir, checkName(name)));
  await orUnwritable(outDir, () => writeSet(outDir, files, earlier));
}

/**
 * Tries whether a folder can be written, before anything is computed for it: in it, or in the nearest one above that is there.
 * Nothing stays. What a killed run left in it is settled.
 *
 * @throws {InvalidInputError} if not
 */
export async function tryFolder(outDir: string): Promise<void> {
  await checkFolder(outDir);
  await orUnwritable(outDir, async () => {
    await recoverFolder(outDir);
    const folder = resolve(outDir);
    let there = folder;
    while (!(await stat(there).catch(() => undefined)) && dirname(there) !== there) there = dirname(there);
    const trial = join(there, stageName(there === folder ? undefined : folder));
    await mkdir(trial);
    await rmdir(trial);
  });
}

/** The same for a file's folder. */
export async function tryFile(path: string): Promise<void> {
  await checkTarget(path);
  await tryFolder(dirname(path));
}

async function checkFolder(outDir: string): Promise<void> {
  const known = await stat(outDir).catch(() => undefined);
  if (known && !known.isDirectory()) {
    throw new InvalidInputError(`${outDir} is a file, but a folder is needed to write into. Name another folder.`);
  }
}

async function checkTarget(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) {
    throw new InvalidInputError(`${path} is a folder, but a file is to be written there. Name another output folder.`);
  }
}

/** @throws {InvalidInputError} with the reason, where what is written into a folder fails */
export async function orUnwritable<T>(outDir: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (cause instanceof InvalidInputError) throw cause;
    const isFull = ['ENOSPC', 'EDQUOT'].includes((cause as { code?: string }).code ?? '');
    const remedy = isFull ? 'Make room there, or choose another folder.' : 'Choose a folder that you may write to.';
    throw new InvalidInputError(`${outDir} cannot be written (${reasonOf(cause)}). ${remedy}`);
  }
}

function checkName(name: string): string {
  if (name === '' || name.startsWith('/') || name.split(/[/\\]/).includes('..')) {
    throw new InvalidInputError(`output name "${name}" would leave the output folder. Use a plain name.`);
  }
  return name;
}

const isPlainFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() ?? false;

const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'not a folder',
  EEXIST: 'a file is in the way',
  EISDIR: 'it is a folder',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your quota of the disk is used up',
  EROFS: 'the disk is read-only',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOTEMPTY: 'a folder is in the way',
  ELOOP: 'links that lead in a circle',
  ERR_INVALID_ARG_VALUE: 'no file has such a name',
};

function reasonOf(cause: unknown): string {
  const code = (cause as { code?: string }).code;
  return (
    (code !== undefined ? own(REASONS, code) : undefined) ?? (cause instanceof Error ? cause.message : String(cause))
  );
}

/** Why a path cannot be read, in one sentence. */
export const unreadable = (path: string, cause: unknown, remedy: string): InvalidInputError =>
  new InvalidInputError(`${path} cannot be read (${reasonOf(cause)}). ${remedy} that exists and that you may read.`);
