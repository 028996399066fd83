/**
 * The reference folder that lies beside a developer's checkout. Someone who clones the project has none: tests that need
 * it are skipped with one line that says so.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const sharedFolder = fileURLToPath(new URL('../../shared/', import.meta.url));
export const hasShared = existsSync(sharedFolder);

/** Absolute path of a file of the shared folder. */
export const shared = (path: string): string => sharedFolder + path;

/** Prints the one line; call it where a suite is skipped. */
export function noteSkipped(what: string): void {
  if (!hasShared) process.stdout.write(`skipped: ${what} (needs the shared reference folder beside the checkout)\n`);
}
