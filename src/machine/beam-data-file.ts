/**
 * Beam data from text: the tables that a physicist exports. docs/beam-data.md shows each.
 *
 *     tpr.dat or pdd.dat   first row: field sides; first column: depths; mm. Sides are those in the isocentre plane.
 *     of.dat               two columns: side in mm, output factor
 *     primflu.dat          two columns: radius at the isocentre in mm, in-air fluence
 *     profile.dat          or instead: radius at the isocentre in mm, dose across the largest open field in water
 *     surface.dat          optional, two columns: side in mm, dose at the surface in percent of the maximum
 *     exclude.dat          optional, two columns: depth and field side in mm of readings to leave out
 *     params.dat           lines `name value`
 *
 * Parameters: `SAD`, `photon_energy`; `dose_reference_ssd` and `dose_reference_depth` (of the output factors); `pdd_ssd`
 * (for pdd.dat); `fwhm_gauss` (blur of the source in the isocentre plane, or `fwhm_gauss_x` and `_y`);
 * `source_collimator_distance` (or `_x` and `_y`); `profile_ssd`, `profile_depth`, `profile_side`, `profile_angle` (for
 * profile.dat); optional, all or none: `calibration_gy_per_mu`, `calibration_ssd`, `calibration_depth`,
 * `calibration_side`. Lines that begin with `#` are comments; values are separated by blanks, commas or semicolons.
 */
import { checkCount } from '../core/budget.js';
import { FormatError } from '../core/errors.js';
import { nearNames } from '../core/near-names.js';
import type { BeamData, DepthDose } from './beam-data.js';
import { checkBeamData } from './beam-data-check.js';

/** The tables of one machine, as the text of each file. */
export interface BeamDataFiles {
  readonly tpr?: string | undefined;
  readonly pdd?: string | undefined;
  readonly outputFactors: string;
  readonly primaryFluence?: string | undefined;
  readonly profile?: string | undefined;
  readonly surface?: string | undefined;
  readonly params: string;
}

/**
 * Reads the tables of one machine.
 *
 * @throws {FormatError} if a table is missing, there twice, ragged or not numeric
 * @throws {InvalidInputError} if the numbers cannot be a megavoltage beam in millimetres ({@link checkBeamData})
 */
export function parseBeamData(files: BeamDataFiles, name: string): BeamData {
  const kind = oneOf(files, 'tpr', 'pdd', name);
  const fluenceKind = oneOf(files, 'primaryFluence', 'profile', name);
  const param = parseParams(files.params);
  const pair = (key: string): [number, number] => [param(`${key}_x`, key), param(`${key}_y`, key)];
  const [fwhmX, fwhmY] = pair('fwhm_gauss');
  const sigmaPerFwhm = 1 / Math.sqrt(8 * Math.log(2));
  const [ofSides, ofValues] = columns(files.outputFactors, 'of.dat');
  const surface = files.surface === undefined ? undefined : columns(files.surface, 'surface.dat');
  const [radius, value] = columns(files[fluenceKind]!, fluenceKind === 'profile' ? 'profile.dat' : 'primflu.dat');
  const data: BeamData = {
    name,
    energy: param('photon_energy'),
    sad: param('SAD'),
    penumbra: { sigma: [fwhmX * sigmaPerFwhm, fwhmY * sigmaPerFwhm], collimator: pair('source_collimator_distance') },
    depthDose: {
      kind,
      ...(kind === 'pdd' ? { ssd: param('pdd_ssd') } : {}),
      ...table(files[kind]!, `${kind}.dat`),
    },
    outputFactors: {
      sides: ofSides,
      values: ofValues,
      ssd: param('dose_reference_ssd'),
      depth: param('dose_reference_depth'),
    },
    ...(surface ? { surface: { sides: surface[0], percent: surface[1] } } : {}),
    ...(fluenceKind === 'profile'
      ? {
          profile: {
            radius,
            dose: value,
            ssd: param('profile_ssd'),
            depth: param('profile_depth'),
            side: param('profile_side'),
            angle: param('profile_angle'),
          },
        }
      : { primaryFluence: { radius, value } }),
    ...(param.has('calibration_')
      ? {
          calibration: {
            gyPerMu: param('calibration_gy_per_mu'),
            ssd: param('calibration_ssd'),
            depth: param('calibration_depth'),
            fieldSide: param('calibration_side'),
          },
        }
      : {}),
  };
  checkBeamData(data);
  return data;
}

/**
 * Reads exclude.dat: readings that shall not be fitted.
 *
 * @throws {FormatError} if a line names no entry of the depth-dose table: it would exclude nothing
 */
export function parseExclusions(text: string, { depths, sides }: DepthDose): { depth: number; side: number }[] {
  const [depth, side] = columns(text, 'exclude.dat', 1);
  return depth.map((d, i) => {
    if (!depths.includes(d) || !sides.includes(side[i]!)) {
      throw new FormatError(
        `depth ${d} mm, side ${side[i]} mm is no entry of the depth-dose table. Each line needs a depth and a field side as they stand there.`,
        'exclude.dat',
      );
    }
    return { depth: d, side: side[i]! };
  });
}

/** Characters of one table: 1000 depths of 100 fields. */
const LONGEST_TABLE = 2_000_000;

const FILE_NAMES = { tpr: 'tpr.dat', pdd: 'pdd.dat', primaryFluence: 'primflu.dat', profile: 'profile.dat' } as const;

function oneOf<K extends keyof typeof FILE_NAMES>(files: BeamDataFiles, a: K, b: K, name: string): K {
  const [hasA, hasB] = [files[a] !== undefined, files[b] !== undefined];
  if (hasA === hasB) {
    throw new FormatError(
      `${hasA ? 'both' : 'neither'} ${FILE_NAMES[a]} ${hasA ? 'and' : 'nor'} ${FILE_NAMES[b]} ${hasA ? 'are' : 'is'} there. Give one of them.`,
      name,
    );
  }
  return hasA ? a : b;
}

function table(text: string, path: string): Pick<DepthDose, 'depths' | 'sides' | 'values'> {
  const rows = parseNumbers(text, path, 2);
  const sides = rows[0]!.slice(1);
  const body = rows.slice(1);
  for (const row of body) {
    if (row.length !== sides.length + 1) {
      throw new FormatError(
        `depth ${row[0]} mm has ${row.length - 1} values for ${sides.length} field sides. Each row needs its depth and one value per side, the first row any number and the sides.`,
        path,
      );
    }
  }
  return { sides, depths: body.map((row) => row[0]!), values: body.map((row) => row.slice(1)) };
}

function parseNumbers(text: string, path: string, least: number): number[][] {
  checkCount(`${path}: characters`, text.length, LONGEST_TABLE, 'Give the measured table alone.');
  const rows: number[][] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    const body = line.replace(/#.*/, '').trim();
    if (body === '') return;
    const row = body.split(/[\s,;]+/).map(Number);
    if (row.some((value) => !Number.isFinite(value))) {
      throw new FormatError(
        `line ${index + 1} is not a row of numbers: "${body}". Put words behind a # and write decimals with a point.`,
        path,
      );
    }
    rows.push(row);
  });
  if (rows.length < least) {
    throw new FormatError(
      `holds ${rows.length} row${rows.length === 1 ? '' : 's'} of numbers, but needs at least ${least}.`,
      path,
    );
  }
  return rows;
}

function columns(text: string, path: string, least = 2): [number[], number[]] {
  const rows = parseNumbers(text, path, least);
  for (const row of rows) {
    if (row.length !== 2) {
      throw new FormatError(
        `the row that begins with ${row[0]} has ${row.length} value${row.length === 1 ? '' : 's'}, but two columns are needed.`,
        path,
      );
    }
  }
  return [rows.map((row) => row[0]!), rows.map((row) => row[1]!)];
}

interface Params {
  /** Value of the first of the names that is there. */
  (...names: string[]): number;
  /** True if a name begins so. */
  has(prefix: string): boolean;
}

/** Every name that is read; `_x` and `_y` stand for one axis each. */
const PARAMETERS = [
  ...['SAD', 'photon_energy', 'pdd_ssd', 'dose_reference_ssd', 'dose_reference_depth'],
  ...['fwhm_gauss', 'source_collimator_distance'].flatMap((name) => [name, `${name}_x`, `${name}_y`]),
  ...['ssd', 'depth', 'side', 'angle'].map((name) => `profile_${name}`),
  ...['gy_per_mu', 'ssd', 'depth', 'side'].map((name) => `calibration_${name}`),
];

/**
 * Files of others hold names that nobody asks for; one that is nearly that of a parameter is a slip.
 *
 * @throws {FormatError} with what was probably meant
 */
function checkNames(names: readonly string[]): void {
  for (const name of names) {
    const near = PARAMETERS.includes(name) ? [] : nearNames(name, PARAMETERS);
    if (near.length === 0) continue;
    const meant = near.map((other) => `"${other}"`).join(' or ');
    throw new FormatError(
      `"${name}" is no parameter. Did you mean ${meant}? docs/beam-data.md lists them.`,
      'params.dat',
    );
  }
}

function parseParams(text: string): Params {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [key, value] = line
      .replace(/#.*/, '')
      .trim()
      .split(/[\s,;=]+/);
    if (key && value !== undefined) values.set(key, value);
  }
  checkNames([...values.keys()]);
  const read = (...names: string[]): number => {
    const name = names.find((candidate) => values.has(candidate));
    if (name === undefined) {
      throw new FormatError(
        `parameter ${names.join(' or ')} is missing. Add a line "${names[names.length - 1]} value".`,
        'params.dat',
      );
    }
    const value = Number(values.get(name));
    if (!Number.isFinite(value)) {
      throw new FormatError(
        `parameter ${name} is "${values.get(name)}", not a number. Write decimals with a point.`,
        'params.dat',
      );
    }
    return value;
  };
  return Object.assign(read, { has: (prefix: string) => [...values.keys()].some((key) => key.startsWith(prefix)) });
}
