/**
 * The phantoms that come with the package, by name; or a file of the user's.
 */
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { InvalidInputError } from '../core/errors.js';
import { type PhantomSpec, parsePhantom } from '../phantom/spec.js';
import { readJson } from './files.js';

const folder = fileURLToPath(new URL('../../phantoms/', import.meta.url));

/** Names of the built-in phantoms, sorted. */
export async function listPhantoms(): Promise<string[]> {
  const entries = await readdir(folder);
  return entries
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -5))
    .sort();
}

/**
 * A built-in phantom by its name, or one of a file.
 *
 * @param nameOrPath a built-in phantom, or the path of a .json file
 * @throws {InvalidInputError} for a name that there is not
 * @throws {FormatError} for a file that is no phantom
 */
export async function readPhantom(nameOrPath: string): Promise<PhantomSpec> {
  if (nameOrPath.endsWith('.json')) return parsePhantom(await readJson(nameOrPath), nameOrPath);
  const names = await listPhantoms();
  if (!names.includes(nameOrPath)) {
    throw new InvalidInputError(
      `phantom "${nameOrPath}" is unknown. There are ${names.join(', ')}; or give the path of a .json file.`,
    );
  }
  return parsePhantom(await readJson(`${folder}${nameOrPath}.json`), nameOrPath);
}
