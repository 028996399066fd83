/**
 * The build that made a study's table, in a file beside it: rows of two builds make no table, even where both have one version's number.
 */
import { join } from 'node:path';
import { InvalidInputError } from '../core/errors.js';
import { readBytes, writeFileAtomic } from './files.js';
import { build, release, version } from './version.js';

const BUILD_FILE = 'study.build';

/** `0.1.0 (build 0123456789ab)`; undefined where nothing says it, as in tables of before. */
async function releaseOf(dir: string): Promise<string | undefined> {
  const bytes = await readBytes(join(dir, BUILD_FILE), 1000).catch(() => undefined);
  return bytes && new TextDecoder().decode(bytes).trim();
}

/**
 * Marks a folder as this build's, before its first row.
 *
 * @throws {InvalidInputError} where its rows are of another build of this version; of another version they have other keys
 */
export async function claimFolder(dir: string, hasRows: boolean): Promise<void> {
  const was = await releaseOf(dir);
  if (hasRows && was?.startsWith(`${version} `) && was !== release) {
    throw new InvalidInputError(
      `${dir}: its rows are of respine ${was}, this is ${release}. Name another --out; or remove ${BUILD_FILE} there, if both plan alike.`,
    );
  }
  await markFolder(dir);
}

/** Says of a folder that this build made its table. */
export async function markFolder(dir: string): Promise<void> {
  if (build !== undefined) await writeFileAtomic(join(dir, BUILD_FILE), `${release}\n`);
}

/** @throws {InvalidInputError} where the tables of two folders, or one of them and this program, are of two builds of one version */
export async function checkBuilds(dirs: readonly string[]): Promise<void> {
  const found: { readonly release: string; readonly where: string }[] = [];
  if (build !== undefined) found.push({ release, where: 'this program' });
  for (const dir of dirs) {
    const own = await releaseOf(dir);
    if (own?.startsWith(`${version} `)) found.push({ release: own, where: dir });
  }
  const other = found.find((one) => one.release !== found[0]!.release);
  if (other === undefined) return;
  throw new InvalidInputError(
    `study: ${other.where} is of respine ${other.release}, ${found[0]!.where} of ${found[0]!.release}. Merge with the build that made the rows; or remove ${BUILD_FILE} there, if both plan alike.`,
  );
}
