/**
 * Beam data from text: the tables that a physicist exports.
 *
 *     tpr.dat or pdd.dat   first row: field sides; first column: depths; mm. Sides are those in the isocentre plane.
 *     of.dat               two columns: side in mm, output factor
 *     primflu.dat          two columns: radius at the isocentre in mm, in-air fluence
 *     surface.dat          optional, two columns: side in mm, dose at the surface in percent of the maximum
 *     params.dat           lines `name value`
 *
 * Parameters: `SAD`, `photon_energy`; `dose_reference_ssd` and `dose_reference_depth` (of the output factors); `pdd_ssd`
 * (for pdd.dat); `fwhm_gauss` (blur of the source in the isocentre plane, or `fwhm_gauss_x` and `_y`);
 * `source_collimator_distance` (or `_x` and `_y`). Lines that begin with `#` are comments; values are separated by blanks,
 * commas or semicolons.
 */
import { FormatError } from '../core/errors.js';
import { type BeamData, checkBeamData } from './beam-data.js';

/** The text of each file. */
export interface BeamDataFiles {
  readonly tpr?: string;
  readonly pdd?: string;
  readonly outputFactors: string;
  readonly primaryFluence: string;
  readonly surface?: string;
  readonly params: string;
}

/**
 * Reads the tables of one machine.
 *
 * @throws {FormatError} if a table is missing, ragged or not numeric
 * @throws {InvalidInputError} if the numbers cannot be a megavoltage beam in millimetres ({@link checkBeamData})
 */
export function parseBeamData(files: BeamDataFiles, name: string): BeamData {
  const kind = files.tpr !== undefined ? 'tpr' : 'pdd';
  const text = files.tpr ?? files.pdd;
  if (text === undefined) throw new FormatError('neither tpr.dat nor pdd.dat is there. Give one of them.', name);
  const path = `${kind}.dat`;
  const rows = parseNumbers(text, path);
  const sides = rows[0]!.slice(1);
  for (const row of rows) {
    if (row.length !== sides.length + 1) {
      throw new FormatError(`depth ${row[0]} mm has ${row.length - 1} values for ${sides.length} field sides.`, path);
    }
  }
  const of = columns(parseNumbers(files.outputFactors, 'of.dat'), 'of.dat');
  const fluence = columns(parseNumbers(files.primaryFluence, 'primflu.dat'), 'primflu.dat');
  const surface =
    files.surface === undefined ? undefined : columns(parseNumbers(files.surface, 'surface.dat'), 'surface.dat');
  const param = parseParams(files.params);
  const sigma = (axis: string): number =>
    (param(`fwhm_gauss_${axis}`, 'fwhm_gauss') as number) / Math.sqrt(8 * Math.log(2));
  const collimator = (axis: string): number =>
    param(`source_collimator_distance_${axis}`, 'source_collimator_distance');
  const data: BeamData = {
    name,
    energy: param('photon_energy'),
    sad: param('SAD'),
    penumbra: { sigma: [sigma('x'), sigma('y')], collimator: [collimator('x'), collimator('y')] },
    depthDose: {
      kind,
      ...(kind === 'pdd' ? { ssd: param('pdd_ssd') } : {}),
      depths: rows.slice(1).map((row) => row[0]!),
      sides,
      values: rows.slice(1).map((row) => row.slice(1)),
    },
    outputFactors: {
      sides: of[0],
      values: of[1],
      ssd: param('dose_reference_ssd'),
      depth: param('dose_reference_depth'),
    },
    ...(surface ? { surface: { sides: surface[0], percent: surface[1] } } : {}),
    primaryFluence: { radius: fluence[0], value: fluence[1] },
  };
  checkBeamData(data);
  return data;
}

function parseNumbers(text: string, path: string): number[][] {
  const rows: number[][] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    const body = line.replace(/#.*/, '').trim();
    if (body === '') return;
    const row = body.split(/[\s,;]+/).map(Number);
    if (row.some((value) => !Number.isFinite(value))) {
      throw new FormatError(`line ${index + 1} is not a row of numbers: "${body}".`, path);
    }
    rows.push(row);
  });
  if (rows.length < 2) throw new FormatError(`holds ${rows.length} rows of numbers, needs at least 2.`, path);
  return rows;
}

function columns(rows: number[][], path: string): [number[], number[]] {
  for (const row of rows) {
    if (row.length !== 2) throw new FormatError(`a row has ${row.length} values, but two columns are needed.`, path);
  }
  return [rows.map((row) => row[0]!), rows.map((row) => row[1]!)];
}

/** Value of the first of the names that is there. */
function parseParams(text: string): (...names: string[]) => number {
  const values = new Map<string, number>();
  for (const line of text.split(/\r?\n/)) {
    const [key, value] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (key && value !== undefined) values.set(key, Number(value));
  }
  return (...names) => {
    const name = names.find((candidate) => values.has(candidate));
    if (name === undefined) throw new FormatError(`parameter ${names.join(' or ')} is missing.`, 'params.dat');
    const value = values.get(name)!;
    if (!Number.isFinite(value)) throw new FormatError(`parameter ${name} is not a number.`, 'params.dat');
    return value;
  };
}
