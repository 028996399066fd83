/**
 * A folder of measured tables, read as one machine's beam data.
 */
import { basename, resolve } from 'node:path';
import { FormatError } from '../core/errors.js';
import { utf8Decode } from '../io/utf8.js';
import type { BeamData } from '../machine/beam-data.js';
import { parseBeamData, parseExclusions } from '../machine/beam-data-file.js';
import { readFolder } from './files.js';
import { sha256 } from './sha256.js';

export interface LoadedBeamData {
  readonly data: BeamData;
  /** Readings of exclude.dat, for `commission(data, { exclude })`. */
  readonly exclude: readonly { readonly depth: number; readonly side: number }[];
  /** SHA-256 by file name. */
  readonly inputs: Readonly<Record<string, string>>;
}

const NAMES = ['tpr', 'pdd', 'of', 'primflu', 'profile', 'surface', 'exclude', 'params'].map((name) => `${name}.dat`);

/**
 * @param dir folder with the files that docs/beam-data.md describes; others in it are not read
 * @param name of the machine. @default the folder's name
 * @throws {InvalidInputError | FormatError} one sentence that names the file
 */
export async function loadBeamData(dir: string, name = basename(resolve(dir))): Promise<LoadedBeamData> {
  const texts = new Map<string, string>();
  const inputs: Record<string, string> = {};
  for (const { name: file, bytes } of await readFolder(dir)) {
    if (!NAMES.includes(file)) continue;
    texts.set(file, utf8Decode(bytes));
    inputs[file] = sha256(bytes);
  }
  const required = (file: string, what: string): string => {
    const text = texts.get(file);
    if (text === undefined) throw new FormatError(`${file} is not there. Add the ${what}.`, dir);
    return text;
  };
  const params = required('params.dat', 'conditions of the measurements');
  const outputFactors = required('of.dat', 'output factors');
  const data = parseBeamData(
    {
      tpr: texts.get('tpr.dat'),
      pdd: texts.get('pdd.dat'),
      outputFactors,
      primaryFluence: texts.get('primflu.dat'),
      profile: texts.get('profile.dat'),
      surface: texts.get('surface.dat'),
      params,
    },
    name,
  );
  const exclusions = texts.get('exclude.dat');
  return { data, exclude: exclusions === undefined ? [] : parseExclusions(exclusions, data.depthDose), inputs };
}
