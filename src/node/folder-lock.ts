/**
 * One writer per folder: a hidden lock file that names its process, and is taken over where that process has ended.
 */
import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { InvalidInputError } from '../core/errors.js';

/** Of a folder. */
export const LOCK = '.respine.lock';

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * @param dir a folder that is there
 * @param patience ms to wait for another process that holds it. @default 0
 * @throws {InvalidInputError} if a process that lives holds the folder
 */
export async function lockFolder(dir: string, patience = 0): Promise<FolderLock> {
  const file = join(dir, LOCK);
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), id: randomBytes(6).toString('hex') });
  for (const end = performance.now() + patience; ; await pause(20)) {
    if (await placed(file, mine)) {
      return {
        release: async () => {
          if ((await contentOf(file)) === mine) await rm(file, { force: true });
        },
      };
    }
    const held = await contentOf(file);
    if (held === undefined) continue;
    if (isStale(held)) await takeAway(file, held);
    else if (performance.now() > end) {
      throw new InvalidInputError(
        `${dir} is in use by another run of respine (process ${holderOf(held)?.pid ?? 'unknown'}). Wait for its end, or name another folder.`,
      );
    }
  }
}

/** Places a lock that is written already: one that is there is whole. */
async function placed(file: string, content: string): Promise<boolean> {
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx');
  try {
    await handle.writeFile(content);
  } finally {
    await handle.close();
  }
  try {
    await link(temporary, file);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // No hard links here: whoever makes the file first has it.
    const made = await open(file, 'wx').catch(() => undefined);
    await made?.writeFile(content);
    await made?.close();
    return made !== undefined;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Removes the lock that was seen; one that came in its place is put back. */
async function takeAway(file: string, seen: string): Promise<void> {
  const aside = `${file}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
  await rename(file, aside).catch(() => undefined);
  const taken = await contentOf(aside);
  if (taken !== undefined && taken !== seen) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

const contentOf = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);

function holderOf(content: string): { pid: number; host: string } | undefined {
  try {
    const { pid, host } = JSON.parse(content) as { pid: unknown; host: unknown };
    return typeof pid === 'number' && typeof host === 'string' ? { pid, host } : undefined;
  } catch {
    return undefined;
  }
}

/** Held by a process of this computer that has ended, or by none that can be told. */
function isStale(content: string): boolean {
  const holder = holderOf(content);
  return holder === undefined || (holder.host === hostname() && !isAlive(holder.pid));
}

/** Whether a process of this computer lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // It is there, but another user's.
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
