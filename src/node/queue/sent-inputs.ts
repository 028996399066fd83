/**
 * Small inputs of cases on the queue: the contents of files and folders, each once by its hash however many rows rest on it, as long as a row on the
 * queue does.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Redis } from 'ioredis';
import { toDigits } from '../../core/rounding.js';
import type { CaseFile } from './case-files.js';
import { PREFIX } from './connect.js';

/** Bytes of all files of a case that go over the queue. */
export const MOST_SENT = 1e6;
/** Bytes of all that lie there at a time. */
const MOST_HELD = 64e6;
/** s for which they lie there after their submitter was last there. */
const DAY = 24 * 3600;

/** Whether the files of a case are on the queue. */
export interface SentState {
  readonly areSent: boolean;
  /** Why they are not. */
  readonly why?: string | undefined;
}

/** A file of an input: of a folder with its name, else without. */
export interface ContentPart {
  readonly name?: string;
  /** base64 */
  readonly data: string;
}

export const inputKey = (hash: string): string => `${PREFIX}:input:${hash}`;

/** Paths of the files that a name stands for, with their names in its folder; hidden files are left out, as where it is read. */
async function partsOf(name: string, from: string): Promise<{ readonly path: string; readonly name?: string }[]> {
  const path = resolve(dirname(from), name);
  if (!(await stat(path)).isDirectory()) return [{ path }];
  const inside = (await readdir(path)).filter((own) => !own.startsWith('.')).sort();
  const files = await Promise.all(inside.map(async (own) => (await stat(join(path, own))).isFile()));
  return inside.filter((_, i) => files[i]).map((own) => ({ path: join(path, own), name: own }));
}

/**
 * Whether files of a case may go over the queue: they are small, and their names lead a worker nowhere but into a folder of its own.
 *
 * @param from path of the study, to whose folder names are relative
 */
export async function maySend(files: readonly CaseFile[], from: string): Promise<SentState> {
  const far = files.find(({ name }) => isAbsolute(name));
  if (far !== undefined) return { areSent: false, why: `"${far.name}" is an absolute path` };
  let bytes = 0;
  for (const { name } of files) {
    for (const { path } of await partsOf(name, from)) bytes += (await stat(path)).size;
  }
  if (bytes <= MOST_SENT) return { areSent: true };
  const [has, may] = [bytes, MOST_SENT].map((b) => `${toDigits(b / 1e6, 2)} MB`);
  return { areSent: false, why: `the case's files have ${has}, more than the ${may} that go over the queue` };
}

/** Takes the contents of files off the queue, whoever has put them there; a submitter that still needs them puts them there again. */
export async function withdrawInputs(redis: Redis, files: readonly CaseFile[]): Promise<void> {
  if (files.length > 0) await redis.del(...files.map(({ sha256 }) => inputKey(sha256)));
}

/** What a submitter has on the queue. */
export class SentInputs {
  private readonly held = new Map<string, { readonly content: string; rows: number }>();
  private bytes = 0;

  constructor(private readonly redis: Redis) {}

  /**
   * Puts the inputs of one more row there.
   *
   * @returns false where too much lies there already: that row's do not go
   */
  async put(files: readonly CaseFile[], from: string): Promise<boolean> {
    const missing = files.filter(({ sha256 }) => !this.held.has(sha256));
    const contents = new Map<string, string>();
    for (const { name, sha256 } of missing) {
      const parts: ContentPart[] = [];
      for (const { path, ...own } of await partsOf(name, from)) {
        parts.push({ ...own, data: (await readFile(path)).toString('base64') });
      }
      contents.set(sha256, JSON.stringify(parts));
    }
    const more = [...contents.values()].reduce((sum, { length }) => sum + length, 0);
    if (this.bytes + more > MOST_HELD) return false;
    for (const [hash, content] of contents) {
      await this.redis.set(inputKey(hash), content, 'EX', DAY);
      this.held.set(hash, { content, rows: 0 });
      this.bytes += content.length;
    }
    for (const { sha256 } of files) this.held.get(sha256)!.rows++;
    return true;
  }

  /** A row that was put has left the queue. */
  async release(files: readonly CaseFile[]): Promise<void> {
    for (const { sha256 } of files) {
      const own = this.held.get(sha256);
      if (own === undefined || --own.rows > 0) continue;
      this.held.delete(sha256);
      this.bytes -= own.content.length;
      await this.redis.del(inputKey(sha256));
    }
  }

  /** Puts again what Redis has lost, or another submitter has taken away. */
  async renew(): Promise<void> {
    for (const [hash, { content }] of this.held) {
      if ((await this.redis.expire(inputKey(hash), DAY)) === 0) {
        await this.redis.set(inputKey(hash), content, 'EX', DAY);
      }
    }
  }

  /** Takes all away. */
  async clear(): Promise<void> {
    const keys = [...this.held.keys()].map(inputKey);
    this.held.clear();
    this.bytes = 0;
    if (keys.length > 0) await this.redis.del(...keys);
  }
}
