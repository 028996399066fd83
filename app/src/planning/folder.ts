/** Files of what was dropped or chosen: folders are listed here, beside the page, whose own list of 500 files would stop it for a while. */
import { checkCount, MOST_FILES } from '../../../dist/core/budget.js';
import { InvalidInputError } from '../../../dist/core/errors.js';
import type { Given, GivenFile } from './messages.js';

/**
 * All files, folders opened, in the order of their paths whichever way they came.
 *
 * @throws {InvalidInputError} one sentence: a file that is gone, or more files than one CT has
 */
export async function listFiles(given: readonly Given[]): Promise<readonly GivenFile[]> {
  const files: GivenFile[] = [];
  for (const one of given) {
    if ('path' in one) files.push(one);
    else await list(one, one.name, files);
  }
  checkFiles(files);
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

const checkFiles = ({ length }: readonly GivenFile[]): void =>
  checkCount('files', length, MOST_FILES, 'Drop the folder of one CT with its RTSTRUCT.');

async function list(handle: FileSystemHandle, path: string, files: GivenFile[]): Promise<void> {
  if (handle.kind === 'file') {
    files.push({ path, file: await orGone(path, () => (handle as FileSystemFileHandle).getFile()) });
    // So that a whole disk is not listed to its end.
    checkFiles(files);
    return;
  }
  await orGone(path, async () => {
    for await (const [name, one] of (handle as FileSystemDirectoryHandle).entries()) {
      await list(one, `${path}/${name}`, files);
    }
  });
}

/** Of what the browser says why it cannot read, a sentence. */
async function orGone<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof DOMException) throw gone(path);
    throw cause;
  }
}

export const gone = (path: string): InvalidInputError =>
  new InvalidInputError(`"${path}" cannot be read: it has changed or gone since it was dropped. Drop it again.`);
