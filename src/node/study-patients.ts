/** Patients of a study that are folders: what lies in them is looked into, and stands in the case as if it had been written there. */
import { readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { InvalidInputError } from '../core/errors.js';
import { type AskedPatient, namedPatients } from '../plan/asked/asked-patients.js';
import { isUnread, PATIENT, type Study } from '../plan/input/study-file.js';
import { inspectPath } from './inspect.js';

/**
 * The study with every patient's CT and structures.
 *
 * @throws {InvalidInputError} for a folder that there is not, that holds none or several, or is called as another
 */
export async function withFolders(study: Study): Promise<Study> {
  const { patients: asked, path } = study;
  if (asked === undefined) return study;
  const home = dirname(path);
  const listed = typeof asked === 'string' ? await patientsBelow(asked, home, path) : asked;
  const patients: AskedPatient[] = [];
  for (const patient of listed) patients.push(isUnread(patient) ? await found(patient, home, path) : patient);
  return { ...study, patients };
}

/** One of each folder in a folder. */
async function patientsBelow(folder: string, home: string, path: string): Promise<readonly AskedPatient[]> {
  const entries = await readdir(resolve(home, folder), { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) {
    throw new InvalidInputError(
      `${path}: patients: ${folder} is no folder that can be read. Name one, relative to the study.`,
    );
  }
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  if (names.length === 0) {
    throw new InvalidInputError(`${path}: patients: ${folder} holds no folder, but each patient is one. Name another.`);
  }
  const folders = names.sort().map((name) => join(folder, name).split(sep).join('/'));
  return namedPatients(folders, path) as readonly AskedPatient[];
}

/** The patient in a folder, paths relative to the study. */
async function found(patient: AskedPatient, home: string, path: string): Promise<AskedPatient> {
  const { name, folder, changes } = patient;
  const where = `${path}: patient "${name}"`;
  const { uses, problems } = await inspectPath(resolve(home, folder!)).catch((cause: Error) => {
    throw cause instanceof InvalidInputError ? new InvalidInputError(`${where}: ${cause.message}`) : cause;
  });
  const texts = uses.flatMap((use) =>
    use.case?.['patient'] === undefined ? [] : [JSON.stringify(use.case['patient'])],
  );
  const sources = [...new Set(texts)];
  if (sources.length === 0) {
    const why = problems[0] === undefined ? '' : ` (${problems[0].text.replace(/\.$/, '')})`;
    throw new InvalidInputError(
      `${where}: ${folder} holds no CT with its structures${why}. "respine inspect ${folder}" tells what is there; name the files under "patient".`,
    );
  }
  if (sources.length > 1) {
    throw new InvalidInputError(
      `${where}: ${folder} holds ${sources.length} pairs of CT and structures. Say which under "patient": ${sources.map((text) => JSON.stringify(relativeTo(home, JSON.parse(text)))).join(' or ')}.`,
    );
  }
  return { ...patient, changes: { ...changes, [PATIENT]: relativeTo(home, JSON.parse(sources[0]!)) } };
}

function relativeTo(home: string, source: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const isFile = (field: string): boolean => ['ct', 'structures', 'masks'].includes(field);
  const from = (file: string): string => relative(resolve(home), file).split(sep).join('/');
  return Object.fromEntries(
    Object.entries(source).map(([field, value]) => [field, isFile(field) ? from(value as string) : value]),
  );
}
