/** The inputs of a study's rows: by their hashes, so that a row is known to rest on the files that there are now. */
import { InvalidInputError } from '../core/errors.js';
import { describeValues, type Study, type StudyRun } from '../plan/input/study-file.js';
import { inputsOfRow, type StudyRow } from '../report/study-table.js';

/** Characters of a hash that a table holds. */
const LENGTH = 16;

/** `machine=0123456789abcdef;phantom=...`: all but the case, which the key is of. */
export const inputsText = ({ case: _, ...inputs }: Readonly<Record<string, string>>): string =>
  Object.entries(inputs)
    .map(([role, hash]) => `${role}=${hash.slice(0, LENGTH)}`)
    .join(';');

/**
 * @param file the table, for the message
 * @throws {InvalidInputError} naming the first run whose row was made of other files
 */
export function checkInputs(
  study: Study,
  runs: readonly StudyRun[],
  rows: ReadonlyMap<string, StudyRow>,
  file: string,
): void {
  for (const { key, inputs, technique, values } of runs) {
    const row = rows.get(key);
    const was = row && inputsOfRow(row);
    if (!was || inputs === undefined || was === inputs) continue;
    throw new InvalidInputError(
      `${study.path}: ${technique} with ${describeValues(values)} stands in ${file}, made of other files: ${changed(was, inputs)}. Name another --out, or put the files back.`,
    );
  }
}

/** `ct is 0123456789abcdef and was 1123456789abcdef` */
function changed(was: string, is: string): string {
  const before = new Map(was.split(';').map((part) => part.split('=') as [string, string]));
  const now = new Map(is.split(';').map((part) => part.split('=') as [string, string]));
  const roles = [...new Set([...now.keys(), ...before.keys()])].filter((role) => before.get(role) !== now.get(role));
  return roles
    .map((role) => `${role} is ${now.get(role) ?? 'missing'} and was ${before.get(role) ?? 'missing'}`)
    .join(', ');
}
