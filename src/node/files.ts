/**
 * Files in and out: bytes for `io`, which touches none; one sentence when a path cannot be used; nothing half-written.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FormatError, InvalidInputError } from '../core/errors.js';

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * All plain files of a folder, sorted by name; subfolders and hidden files are left out.
 *
 * @throws {InvalidInputError} if the folder or one of its files cannot be read
 */
export async function readFolder(dir: string): Promise<NamedBytes[]> {
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
  const files: NamedBytes[] = [];
  // One after the other: hundreds of slices at once would exhaust the file handles.
  for (const name of names) files.push({ name, bytes: await readBytes(join(dir, name)) });
  return files;
}

/** @throws {InvalidInputError} if the file cannot be read */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const buffer = await readFile(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (cause) {
    throw unreadable(path, cause, 'Give a file');
  }
}

/**
 * @throws {InvalidInputError} if the file cannot be read
 * @throws {FormatError} if it is not JSON; the message holds the parser's place
 */
export async function readJson(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError(
      `is not JSON (${(cause instanceof Error ? cause.message : String(cause)).replace(/\s+/g, ' ')}). Mend that place.`,
      path,
    );
  }
}

/** Writes the whole file or none of it: into a temporary name beside it, then renamed. Makes the folder. */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  await writeAll(dirname(path), new Map([[basename(path), bytes]]));
}

/**
 * Writes a set of files or none: all go to temporary names first, and are renamed when every one is on disk.
 *
 * @param outDir made if it is not there
 * @param files content by name; names may hold `/` for subfolders
 * @throws {InvalidInputError} if `outDir` is a file or not writable, or a name leaves it
 */
export async function writeAll(outDir: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
  const known = await stat(outDir).catch(() => undefined);
  if (known && !known.isDirectory()) {
    throw new InvalidInputError(`${outDir} is a file, but a folder is needed to write into. Name another folder.`);
  }
  const suffix = `.${randomBytes(6).toString('hex')}.tmp`;
  const pending: { temporary: string; path: string }[] = [];
  try {
    for (const [name, content] of files) {
      const path = join(outDir, checkName(name));
      if ((await stat(path).catch(() => undefined))?.isDirectory()) {
        throw new InvalidInputError(
          `${path} is a folder, but a file is to be written there. Name another output folder.`,
        );
      }
      await makeFolder(dirname(path));
      const temporary = path + suffix;
      pending.push({ temporary, path });
      const handle = await open(temporary, 'wx');
      try {
        await handle.writeFile(content);
      } finally {
        await handle.close();
      }
    }
    for (const { temporary, path } of pending) await rename(temporary, path);
  } catch (cause) {
    await Promise.all(pending.map(({ temporary }) => rm(temporary, { force: true }).catch(() => undefined)));
    if (cause instanceof InvalidInputError) throw cause;
    throw new InvalidInputError(
      `${outDir} cannot be written (${reasonOf(cause)}). Choose a folder that you may write to.`,
    );
  }
}

/** Makes a folder and those above it, one by one: Node's recursive mkdir never returns where a file system refuses with ENOENT. */
async function makeFolder(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  await mkdir(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') throw cause;
  });
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
  EROFS: 'the disk is read-only',
  EMFILE: 'too many open files',
};

function reasonOf(cause: unknown): string {
  const code = (cause as { code?: string }).code;
  return (code !== undefined ? REASONS[code] : undefined) ?? (cause instanceof Error ? cause.message : String(cause));
}

const unreadable = (path: string, cause: unknown, remedy: string): InvalidInputError =>
  new InvalidInputError(`${path} cannot be read (${reasonOf(cause)}). ${remedy} that exists and that you may read.`);
