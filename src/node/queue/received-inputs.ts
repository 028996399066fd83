/**
 * Inputs that a worker takes from the queue, as it has not the files itself: they lie in a folder of its own among the temporary files, which goes with it.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { FormatError, InvalidInputError } from '../../core/errors.js';
import { orUnwritable } from '../files.js';
import { isAlive } from '../folder-lock.js';
import { sha256 } from '../sha256.js';
import type { CaseFile } from './case-files.js';
import { type ContentPart, inputKey, MOST_SENT } from './sent-inputs.js';

const FOLDER = 'respine-inputs-';
/** Sets of files that are kept beside those in use. */
const SPARE = 8;
/** ms for which what is not on the queue is waited for: its submitter puts it there again. */
const PATIENCE = 5000;
/** Of an input as text, base64 and names, from whomever. */
const LONGEST = 2 * MOST_SENT;

export class ReceivedInputs {
  /** Paths of studies whose folders have the files, by the files. */
  private readonly sets = new Map<string, Promise<string | undefined>>();
  private root: Promise<string> | undefined;

  /** @param slots plans side by side */
  constructor(
    private readonly redis: Redis,
    private readonly slots: number,
  ) {}

  /**
   * A path that stands for the study's, relative to which the files are there.
   *
   * @param path of the study where it was submitted
   * @returns undefined where they are not on the queue
   * @throws {InvalidInputError} where they cannot be written
   * @throws {FormatError} where what is there is none of our submitters'
   */
  async folderOf(files: readonly CaseFile[], path: string): Promise<string | undefined> {
    const key = JSON.stringify(files);
    const set = this.sets.get(key) ?? this.fetch(files, path, key);
    // The one that was asked for last is the last to go.
    this.sets.delete(key);
    this.sets.set(key, set);
    const there = await set.catch((cause: unknown) => {
      this.sets.delete(key);
      throw cause;
    });
    if (there === undefined) this.sets.delete(key);
    for (const [old, folder] of [...this.sets].slice(0, Math.max(0, this.sets.size - this.slots - SPARE))) {
      this.sets.delete(old);
      const gone = await folder.catch(() => undefined);
      if (gone !== undefined) await rm(dirname(gone), { recursive: true, force: true });
    }
    return there;
  }

  private async fetch(files: readonly CaseFile[], path: string, key: string): Promise<string | undefined> {
    const contents = new Map<string, readonly ContentPart[]>();
    for (const { name, sha256: hash } of files) {
      const content = await this.contentOf(hash);
      if (content === undefined) return undefined;
      contents.set(name, content);
    }
    const root = join(await this.ownRoot(), sha256(key).slice(0, 16));
    // As deep as names lead up, so that none leads out.
    const depth = Math.max(0, ...files.map(({ name }) => name.split(/[/\\]/).filter((part) => part === '..').length));
    const home = join(root, ...Array.from({ length: depth }, () => 'd'));
    await orFull(async () => {
      await mkdir(home, { recursive: true });
      for (const [name, parts] of contents) {
        const place = resolve(home, name);
        if (!place.startsWith(root + sep)) throw wrong(`"${name}" leads out of its folder`);
        for (const part of parts) {
          const file = part.name === undefined ? place : join(place, part.name);
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, Buffer.from(part.data, 'base64'));
        }
      }
    }).catch(async (cause: unknown) => {
      // Nothing half-written.
      await rm(root, { recursive: true, force: true }).catch(() => undefined);
      throw cause;
    });
    return join(home, basename(path));
  }

  /** The folder of all sets; one that cannot be made now is tried again for the next. */
  private async ownRoot(): Promise<string> {
    this.root ??= newRoot();
    try {
      return await this.root;
    } catch (cause) {
      this.root = undefined;
      throw cause;
    }
  }

  private async contentOf(hash: string): Promise<readonly ContentPart[] | undefined> {
    for (const end = performance.now() + PATIENCE; ; await pause(250)) {
      const text = await this.redis.get(inputKey(hash));
      if (text !== null) return parsed(text);
      if (performance.now() > end) return undefined;
    }
  }

  async close(): Promise<void> {
    const root = await this.root?.catch(() => undefined);
    if (root !== undefined) await rm(root, { recursive: true, force: true });
  }
}

/** A folder of this process; those of workers that were killed go. */
async function newRoot(): Promise<string> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const pid = name.startsWith(FOLDER) ? Number(/^\d+/.exec(name.slice(FOLDER.length))?.[0]) : Number.NaN;
    if (pid > 0 && !isAlive(pid))
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
  return orFull(() => mkdtemp(join(tmpdir(), `${FOLDER}${process.pid}-`)));
}

/** @throws {InvalidInputError} where the folder of temporary files takes nothing, with what a worker may do about that */
async function orFull<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await orUnwritable(tmpdir(), write);
  } catch (cause) {
    if (!(cause instanceof InvalidInputError)) throw cause;
    const why = cause.message.replace(/\. (Make|Choose) .*$/, '');
    throw new InvalidInputError(`${why}. Make room there, or name another folder for the worker's files in TMPDIR.`);
  }
}

function parsed(text: string): readonly ContentPart[] {
  if (text.length > LONGEST) throw wrong(`it has ${text.length} characters`);
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    throw wrong('it is no JSON');
  }
  const isPart = (part: ContentPart | null): boolean =>
    typeof part?.data === 'string' &&
    (part.name === undefined || (typeof part.name === 'string' && /^[^./\\\0][^/\\\0]*$/.test(part.name)));
  if (!Array.isArray(parts) || !parts.every(isPart)) throw wrong('it is no list of files');
  return parts as readonly ContentPart[];
}

const wrong = (why: string): FormatError =>
  new FormatError(
    `is none of a study (${why}). Put jobs there with respine study --queue alone.`,
    'an input of the queue',
  );
