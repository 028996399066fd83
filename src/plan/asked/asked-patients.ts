/** `patients` of STUDY.json: by name, each with what it changes of the case; a folder stands for what lies in it. */
import * as z from 'zod/mini';
import { InvalidInputError } from '../../core/errors.js';

const folder = z.string().check(z.minLength(1, { error: 'is empty, but must name a folder' }), z.maxLength(1000));

const ENTRY = 'must be a folder, or { "name", "folder", fields of CASE.json by path }';

/** `patients` of a study whose fields are named by `path`. */
export const askedPatients = <P extends z.core.$ZodType<string, string>>(path: P) =>
  z.union(
    [
      folder,
      z
        .array(z.union([folder, z.record(path, z.json())], { error: ENTRY }))
        .check(z.minLength(1, { error: 'holds no patient' })),
    ],
    {
      error:
        'must be a folder of folders, or a list of folders and of { "name", "folder", fields of CASE.json by path }',
    },
  );
type Asked = z.output<ReturnType<typeof askedPatients<z.ZodMiniString<string>>>>;

/** One patient of a study. */
export interface AskedPatient {
  /** Of its own; the column `patient` of the table. */
  readonly name: string;
  /** Relative to the study's file. */
  readonly folder?: string;
  /** What it changes, by path; with a folder and no `patient`, that is to be found there. */
  readonly changes: Readonly<Record<string, unknown>>;
}

/**
 * The patients by name: the given one, or that of the folder or phantom.
 *
 * @param path of the study, for messages
 * @returns a folder whose folders are the patients as it is
 * @throws {InvalidInputError} for a name that is none or stands twice, an entry that names no patient
 */
export function namedPatients(given: Asked, path: string): string | readonly AskedPatient[] {
  if (typeof given === 'string') return given;
  const patients = given.map((entry, p) => patientOf(entry, `${path}: patients.${p}`));
  patients.forEach(({ name }, p) => {
    const first = patients.findIndex((other) => other.name === name);
    if (first === p) return;
    throw new InvalidInputError(
      `${path}: patients.${first} and patients.${p} are both called "${name}". Give each a "name" of its own.`,
    );
  });
  return patients;
}

function patientOf(entry: Exclude<Asked, string>[number], where: string): AskedPatient {
  if (typeof entry === 'string') return { name: lastOf(entry), folder: entry, changes: {} };
  const { name: given, folder: from, ...changes } = entry;
  for (const [field, value] of Object.entries({ name: given, folder: from })) {
    if (value === undefined || (typeof value === 'string' && value.trim() !== '')) continue;
    throw new InvalidInputError(`${where}: ${field} is ${JSON.stringify(value)}, but must be a text. Mend or drop it.`);
  }
  const isThere = from !== undefined || Object.keys(changes).some((key) => key.split('.')[0] === 'patient');
  if (!isThere) {
    throw new InvalidInputError(
      `${where} names no patient. Give a "folder", or "patient" with its fields as in CASE.json.`,
    );
  }
  const name = (given as string | undefined) ?? (from === undefined ? phantomOf(changes) : lastOf(from as string));
  if (name === undefined) throw new InvalidInputError(`${where} has no name. Give it a "name".`);
  return { name, changes, ...(from !== undefined && { folder: from as string }) };
}

function phantomOf(changes: Readonly<Record<string, unknown>>): string | undefined {
  const { patient, 'patient.phantom': named } = changes as { patient?: { phantom?: unknown } | null } & Record<
    string,
    unknown
  >;
  const phantom = named ?? patient?.phantom;
  return typeof phantom === 'string' ? lastOf(phantom) : undefined;
}

const lastOf = (path: string): string =>
  path
    .split(/[/\\]/)
    .filter((part) => part !== '' && part !== '.')
    .at(-1) ?? path;

/** JSON with `{folder}` in its texts replaced by a patient's folder. */
export function inFolder(json: unknown, place: string): unknown {
  if (typeof json === 'string') return json.replaceAll('{folder}', () => place);
  if (Array.isArray(json)) return json.map((value) => inFolder(value, place));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, inFolder(value, place)]));
}
