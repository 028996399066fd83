/**
 * The reference data of the validation: a folder of the user's, what lies beside the project, what the project holds itself.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidInputError } from '../core/errors.js';
import type { ReferenceReader } from '../validate/comparison.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param folder where to look first
 * @returns a reader that gives undefined for a file that is nowhere
 * @throws {InvalidInputError} if `folder` is given but is not there
 */
export function referenceReader(folder?: string): ReferenceReader {
  if (folder !== undefined && !existsSync(folder)) {
    throw new InvalidInputError(`${folder} is not there. Name the folder with the reference data, or leave it out.`);
  }
  const folders = [folder, join(root, '../shared/reference'), join(root, 'test/reference')];
  // Patients lie in a folder beside the reference data.
  const siblings = [folder && join(folder, '..'), join(root, '../shared')];
  return (path) => {
    for (const dir of path.startsWith('patients/') ? siblings : folders) {
      const file = dir && join(dir, path);
      if (file && existsSync(file)) return readFileSync(file);
    }
    return undefined;
  };
}
