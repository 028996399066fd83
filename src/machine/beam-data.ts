/**
 * Beam data as measured: what a physicist brings.
 *
 * Tissue-phantom ratios by depth and square field side *at the measuring point*, total output factors, the in-air
 * fluence of the largest open field, and the conditions they were measured under. Text tables as in {@link parseBeamData}.
 */
import { FormatError, InvalidInputError } from '../core/errors.js';
import { checkRising } from '../core/interpolate.js';

export interface BeamData {
  readonly name: string;
  readonly energy: number;
  readonly sad: number;
  /** Full width at half maximum of the source blur in the isocentre plane, mm. */
  readonly penumbraFwhm: number;
  readonly tpr: {
    readonly depths: readonly number[];
    /** Square field sides at the measuring point, mm. */
    readonly sides: readonly number[];
    /** [depth][side], normalised to 1 at the reference depth. */
    readonly values: readonly (readonly number[])[];
  };
  readonly outputFactors: {
    readonly sides: readonly number[];
    readonly values: readonly number[];
    readonly ssd: number;
    readonly depth: number;
  };
  readonly primaryFluence: { readonly radius: readonly number[]; readonly value: readonly number[] };
}

/** The four text tables of one machine. */
export interface BeamDataFiles {
  /** First row field sides, first column depths, mm. */
  readonly tpr: string;
  /** Two columns: side in mm, output factor. */
  readonly outputFactors: string;
  /** Two columns: radius at the isocentre in mm, fluence. */
  readonly primaryFluence: string;
  /** `name value` lines: SAD, photon_energy, fwhm_gauss, dose_reference_ssd, dose_reference_depth. */
  readonly params: string;
}

/**
 * Reads the four tables. Lines that begin with `#` are comments.
 *
 * @throws {FormatError} if a table is ragged or not numeric, {@link InvalidInputError} if a column does not rise or the
 *   depths look like centimetres
 */
export function parseBeamData(files: BeamDataFiles, name: string): BeamData {
  const tprRows = parseNumbers(files.tpr, 'tpr.dat');
  const sides = tprRows[0]!.slice(1);
  const rows = tprRows.slice(1);
  for (const row of rows) {
    if (row.length !== sides.length + 1) {
      throw new FormatError(
        `depth ${row[0]} mm has ${row.length - 1} values for ${sides.length} field sides.`,
        'tpr.dat',
      );
    }
  }
  const depths = rows.map((row) => row[0]!);
  const of = columns(parseNumbers(files.outputFactors, 'of.dat'), 'of.dat');
  const fluence = columns(parseNumbers(files.primaryFluence, 'primflu.dat'), 'primflu.dat');
  const params = parseParams(files.params);
  const data: BeamData = {
    name,
    energy: params('photon_energy'),
    sad: params('SAD'),
    penumbraFwhm: params('fwhm_gauss'),
    tpr: { depths, sides, values: rows.map((row) => row.slice(1)) },
    outputFactors: {
      sides: of[0],
      values: of[1],
      ssd: params('dose_reference_ssd'),
      depth: params('dose_reference_depth'),
    },
    primaryFluence: { radius: fluence[0], value: fluence[1] },
  };
  checkBeamData(data);
  return data;
}

/** @throws {InvalidInputError} for tables that cannot be a megavoltage beam in millimetres */
export function checkBeamData(data: BeamData): void {
  checkRising('tpr: depths', data.tpr.depths);
  checkRising('tpr: field sides', data.tpr.sides);
  checkRising('output factors: sides', data.outputFactors.sides);
  checkRising('primary fluence: radii', data.primaryFluence.radius);
  const deepest = data.tpr.depths[data.tpr.depths.length - 1]!;
  if (deepest < 100) {
    throw new InvalidInputError(
      `tpr: the deepest entry is ${deepest} mm. Depths must be millimetres and reach 100; were they centimetres?`,
    );
  }
  data.tpr.values.forEach((row, i) => {
    row.forEach((value, j) => {
      if (!(value > 0)) {
        throw new InvalidInputError(
          `tpr: ${value} at depth ${data.tpr.depths[i]} mm, side ${data.tpr.sides[j]} mm, but every value must be > 0.`,
        );
      }
    });
  });
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

function parseParams(text: string): (name: string) => number {
  const values = new Map<string, number>();
  for (const line of text.split(/\r?\n/)) {
    const [key, value] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (key && value !== undefined) values.set(key, Number(value));
  }
  return (name) => {
    const value = values.get(name);
    if (value === undefined || !Number.isFinite(value)) {
      throw new FormatError(`parameter ${name} is ${value === undefined ? 'missing' : 'not a number'}.`, 'params.dat');
    }
    return value;
  };
}
