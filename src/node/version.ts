/** The version of the package, from its package.json, and the build of its programs. */
import { readFileSync } from 'node:fs';

/** The version of the package. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

/** A hash of the programs that were built, in which two builds of one version differ; undefined where the sources run themselves. */
export const build: string | undefined = builtAs(new URL('../build.json', import.meta.url));

/** `0.1.0 (build 0123456789ab)` */
export const release: string = build === undefined ? version : `${version} (build ${build})`;

function builtAs(file: URL): string | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { id: string }).id;
  } catch {
    return undefined;
  }
}
