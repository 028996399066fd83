/** Files that a case points to, and hashes of what is in them: two machines plan the same where they read the same. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type PlanCase, priorsOf } from '../../plan/input/plan-case.js';
import { unreadable } from '../files.js';
import { sha256 } from '../sha256.js';

/** A file or folder of a case. */
export interface CaseFile {
  /** As the case names it. */
  readonly name: string;
  readonly sha256: string;
}

/** Names of the files and folders that a case points to, each once, as it writes them; none for a built-in phantom without dose files. */
export function fileNamesOf(asked: Pick<PlanCase, 'patient' | 'machine' | 'prior'>): string[] {
  const { patient, machine } = asked;
  const names: (string | undefined)[] = [machine.endsWith('.json') ? machine : undefined];
  if ('phantom' in patient) names.push(patient.phantom.endsWith('.json') ? patient.phantom : undefined);
  else if ('masks' in patient) {
    names.push(patient.ct, ...(typeof patient.masks === 'string' ? [patient.masks] : Object.values(patient.masks)));
  } else names.push(patient.ct, patient.structures);
  for (const { file, plan, transform } of priorsOf(asked)) {
    if (file !== undefined) names.push(file, plan, typeof transform === 'string' ? transform : undefined);
  }
  return [...new Set(names.filter((name) => name !== undefined))];
}

/**
 * Hashes of files; one that has not changed since, by its size and time, is read once.
 *
 * Of a folder what `readFolder` reads of it, the names and contents of its plain files.
 */
export class FileHashes {
  private readonly known = new Map<string, { readonly stamp: string; readonly sha256: string }>();

  /**
   * @param from path of the study; names are relative to its folder
   * @throws {InvalidInputError} for one that cannot be read
   */
  async of(name: string, from: string): Promise<string> {
    const path = resolve(dirname(from), name);
    try {
      if (!(await stat(path)).isDirectory()) return await this.ofFile(path);
      const inside = (await readdir(path)).filter((own) => !own.startsWith('.')).sort();
      const parts: string[] = [];
      for (const own of inside) {
        if ((await stat(join(path, own))).isFile()) parts.push(`${own}\0${await this.ofFile(join(path, own))}\n`);
      }
      return sha256(...parts);
    } catch (cause) {
      throw unreadable(path, cause, 'Give a file or folder');
    }
  }

  private async ofFile(path: string): Promise<string> {
    const { size, mtimeMs, ino } = await stat(path);
    const stamp = `${size} ${mtimeMs} ${ino}`;
    const before = this.known.get(path);
    if (before?.stamp === stamp) return before.sha256;
    const hash = createHash('sha256');
    for await (const part of createReadStream(path)) hash.update(part as Buffer);
    const found = hash.digest('hex');
    this.known.set(path, { stamp, sha256: found });
    return found;
  }
}
