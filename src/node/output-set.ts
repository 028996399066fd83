/**
 * A set of files that changes as a whole: whoever looks, at whatever moment, and wherever the process is killed, finds all old
 * files or all new ones.
 *
 *     out/.respine-PID-ID/new/...     the new files, complete
 *     out/.respine-PID-ID/old/...     hard links to what they take the place of
 *     out/.respine-PID-ID/set         a link to "old", then to "new": changing it is the one moment at which the set changes
 *     out/plan.json                   for that moment a link to .respine-PID-ID/set/plan.json
 *
 * Afterwards the links give way to the files themselves, and the stage goes. What a killed run left is settled the same way, by
 * the next run. A folder that is not there, or empty, is made beside and moved as one.
 */
import { randomBytes } from 'node:crypto';
import {
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { isAlive, LOCK, lockFolder } from './folder-lock.js';

const STAGE = /^\.respine-(\d+)-[0-9a-f]{12}$/;
/** Of single files; the second as written by earlier versions. */
const TEMPORARY = /\.(\d+)\.[0-9a-f]{12}\.tmp$|()\.[0-9a-f]{12}\.tmp$/;
/** ms that a run waits for another one that is writing its files. */
const PATIENCE = 20_000;

/** What a file holds; of what is too large to be held twice its parts, which can be gone through more than once. */
export type Content = Uint8Array | string | Iterable<Uint8Array>;

/** A name that only this process uses. */
export const ownName = (): string => `${process.pid}-${randomBytes(6).toString('hex')}`;

/** How a run knows what an earlier one of its kind wrote, which goes where it is not written anew. */
export interface EarlierFiles {
  /** A JSON file of the set, whose "files" names all of it. */
  readonly record?: string;
  /** Names of files that are ours where their first bytes say so. */
  readonly ours?: RegExp;
}

/** A hidden folder of this process: within an output folder, or beside the one named. */
export const stageName = (beside?: string): string =>
  `${beside === undefined ? '' : `.${basename(resolve(beside))}`}.respine-${ownName()}`;

/**
 * @param outDir  made if it is not there, with those above it
 * @param files   content by checked name, `/` for subfolders
 * @param earlier which others go; none by default
 */
export async function writeSet(
  outDir: string,
  files: ReadonlyMap<string, Content>,
  earlier: EarlierFiles = {},
): Promise<void> {
  if (!(await hasFiles(outDir)) && (await writeFresh(outDir, files))) return;
  const lock = await lockFolder(outDir, PATIENCE);
  try {
    await settleFolder(outDir);
    const gone = (await earlierFiles(outDir, earlier)).filter((name) => !files.has(name));
    await exchange(outDir, files, gone);
  } finally {
    await lock.release();
  }
}

/** Brings a folder in order that a killed run left: its set as it was or as it became, nothing temporary. */
export async function recoverFolder(outDir: string): Promise<void> {
  const folder = resolve(outDir);
  const beside = new RegExp(`^\\.${escaped(basename(folder))}\\.respine-(\\d+)-[0-9a-f]{12}$`);
  for (const name of await namesOf(dirname(folder))) {
    if (isLeft(name, beside)) await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
  const names = await namesOf(outDir);
  if (!names.some((name) => isLeft(name, STAGE) || isLeft(name, TEMPORARY))) return;
  const lock = await lockFolder(outDir, PATIENCE);
  await settleFolder(outDir).finally(() => lock.release());
}

/** Makes a folder and those above it, one by one: Node's recursive mkdir never returns where a file system refuses with ENOENT. */
export async function makeFolder(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  await mkdir(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') throw cause;
  });
}

/** A folder that is there and cannot be moved onto: a mount point, or one whose parent may not be written to. */
const FIXED = ['EBUSY', 'EXDEV', 'EACCES', 'EPERM', 'EROFS'];

/** All in one move; false where the folder was filled meanwhile, or is there and can only be written into. */
async function writeFresh(outDir: string, files: ReadonlyMap<string, Content>): Promise<boolean> {
  await makeFolder(dirname(outDir));
  const beside = join(dirname(outDir), stageName(outDir));
  try {
    await writeInto(beside, files);
    await rename(beside, outDir);
    return true;
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (['ENOTEMPTY', 'EEXIST'].includes(code)) return false;
    if (FIXED.includes(code) && (await stat(outDir).catch(() => undefined))?.isDirectory()) return false;
    throw cause;
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

async function writeInto(folder: string, files: ReadonlyMap<string, Content>): Promise<void> {
  for (const [name, content] of files) {
    const path = join(folder, name);
    await makeFolder(dirname(path));
    const handle = await open(path, 'wx');
    try {
      if (typeof content === 'string' || content instanceof Uint8Array) await handle.writeFile(content);
      else for (const part of content) await handle.writeFile(part);
    } finally {
      await handle.close();
    }
  }
}

/** Names of what an earlier run wrote and that is still there. */
async function earlierFiles(outDir: string, { record, ours }: EarlierFiles): Promise<string[]> {
  const names = new Set<string>();
  if (record !== undefined) for (const name of await recordedFiles(join(outDir, record))) names.add(name);
  if (ours !== undefined) {
    for (const name of await filesBelow(outDir)) {
      if (ours.test(name) && (await isMade(join(outDir, name)))) names.add(name);
    }
  }
  const isThere = await Promise.all([...names].map((name) => stat(join(outDir, name)).catch(() => undefined)));
  return [...names].filter((_, n) => isThere[n]?.isFile());
}

async function recordedFiles(path: string): Promise<string[]> {
  try {
    const { software, files } = JSON.parse(await readFile(path, 'utf8')) as { software: unknown; files: unknown };
    if (typeof software !== 'string' || !software.startsWith('respine') || !Array.isArray(files)) return [];
    return files.filter(
      (name) => typeof name === 'string' && /^[^/\\\0]+(\/[^/\\\0]+)*$/.test(name) && !name.split('/').includes('..'),
    );
  } catch {
    // None, or not ours.
    return [];
  }
}

/** Whether a file says in its first bytes that respine made it. */
async function isMade(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const head = Buffer.alloc(4096);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return /respine/i.test(head.toString('latin1', 0, bytesRead));
  } finally {
    await handle.close();
  }
}

/** Puts the files in the place of what is there. */
async function exchange(outDir: string, files: ReadonlyMap<string, Content>, gone: readonly string[]): Promise<void> {
  const stage = join(outDir, stageName());
  try {
    await writeInto(join(stage, 'new'), files);
    const names = [...files.keys(), ...gone];
    if (names.length === 1) {
      await makeFolder(dirname(join(outDir, names[0]!)));
      await rename(join(stage, 'new', names[0]!), join(outDir, names[0]!));
      return;
    }
    for (const name of names) await keepOld(outDir, stage, name);
    if (await pointAt(stage, 'old')) {
      for (const name of names) await placeLink(outDir, stage, name);
      await pointAt(stage, 'new');
    }
    // Without links the files are moved one by one.
    else for (const name of files.keys()) await moveOver(join(stage, 'new', name), join(outDir, name));
  } finally {
    await settle(outDir, stage);
  }
  for (const name of gone) {
    await rm(join(outDir, name), { force: true });
    await removeEmpty(dirname(join(outDir, name)), outDir);
  }
}

async function keepOld(outDir: string, stage: string, name: string): Promise<void> {
  const path = await realpath(join(outDir, name)).catch(() => undefined);
  if (path === undefined) return;
  const kept = join(stage, 'old', name);
  await makeFolder(dirname(kept));
  await link(path, kept).catch(() => copyFile(path, kept));
}

/** Makes the stage's `set` a link to its old or new files; false where the file system has no links. */
async function pointAt(stage: string, which: 'old' | 'new'): Promise<boolean> {
  try {
    await symlink(which, join(stage, 'set.next'));
  } catch (cause) {
    if (which === 'old' && ['EPERM', 'ENOSYS', 'ENOTSUP'].includes((cause as NodeJS.ErrnoException).code ?? '')) {
      return false;
    }
    throw cause;
  }
  await rename(join(stage, 'set.next'), join(stage, 'set'));
  return true;
}

async function placeLink(outDir: string, stage: string, name: string): Promise<void> {
  const path = join(outDir, name);
  await makeFolder(dirname(path));
  const next = join(stage, 'link.next');
  await symlink(relative(dirname(path), join(stage, 'set', name)), next);
  await rename(next, path);
}

/** Puts files in the place of the links to a stage, as its `set` says, and removes the stage. */
async function settle(outDir: string, stage: string): Promise<void> {
  const set = await readlink(join(stage, 'set')).catch(() => undefined);
  if (set !== undefined) {
    const names = new Set([...(await filesBelow(join(stage, 'old'))), ...(await filesBelow(join(stage, 'new')))]);
    for (const name of names) {
      const path = join(outDir, name);
      const target = await readlink(path).catch(() => undefined);
      if (target === undefined || !target.split(/[/\\]/).includes(basename(stage))) continue;
      const file = join(stage, set, name);
      if (await stat(file).catch(() => undefined)) await rename(file, path);
      else await rm(path, { force: true });
    }
  }
  await rm(stage, { recursive: true, force: true });
}

/** Everything that ended processes left in a folder; the caller holds its lock. */
async function settleFolder(outDir: string): Promise<void> {
  for (const name of await namesOf(outDir)) {
    if (isLeft(name, STAGE)) await settle(outDir, join(outDir, name));
    else if (isLeft(name, TEMPORARY)) await rm(join(outDir, name), { force: true });
  }
}

/** Whether a name is one that a process made which has ended. */
function isLeft(name: string, pattern: RegExp): boolean {
  const match = pattern.exec(name);
  return match !== null && !(match[1] && isAlive(Number(match[1])));
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)).replaceAll(sep, '/'));
}

async function moveOver(from: string, to: string): Promise<void> {
  await makeFolder(dirname(to));
  await rename(from, to);
}

async function removeEmpty(folder: string, top: string): Promise<void> {
  if (folder === top || !folder.startsWith(top)) return;
  const isGone = await rmdir(folder).then(
    () => true,
    () => false,
  );
  if (isGone) await removeEmpty(dirname(folder), top);
}

async function hasFiles(folder: string): Promise<boolean> {
  const known = await lstat(folder).catch(() => undefined);
  if (known === undefined) return false;
  return known.isSymbolicLink() || (await namesOf(folder)).some((name) => name !== LOCK) || !known.isDirectory();
}

const namesOf = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
