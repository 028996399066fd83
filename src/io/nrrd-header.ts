/** The text header of an NRRD file: its lines, and the axes of its values in LPS and mm. */
import { checkVoxels } from '../core/budget.js';
import { FormatError, UnsupportedError } from '../core/errors.js';
import { emptyRecord, own } from '../core/own.js';
import { createGrid, type Grid, type Vec3 } from '../geometry/grid.js';
import { FARTHEST } from './reach.js';
import { utf8Decode } from './utf8.js';

/** Bytes of a header's line, and of all. */
const LONGEST_LINE = 10_000;
const LONGEST_HEADER = 1_000_000;
/** mm: finer or coarser voxels, and farther origins, are numbers in another unit. */
const STEPS = [1e-3, 1e3] as const;

export interface NrrdHeader {
  readonly header: ReadonlyMap<string, string>;
  readonly fields: Record<string, string>;
  /** First byte of the values. */
  readonly offset: number;
}

/**
 * The header of an NRRD file, whose bytes may end anywhere behind it.
 *
 * @throws {FormatError} where it is none, or has no end
 */
export function parseHeader(bytes: Uint8Array, name: string): NrrdHeader {
  const header = new Map<string, string>();
  const fields = emptyRecord<string>();
  if (utf8Decode(bytes.subarray(0, 4)) !== 'NRRD')
    throw new FormatError('does not begin with "NRRD". Give an NRRD file.', name, 0);
  let at = 0;
  for (let first = true; ; first = false) {
    const end = bytes.indexOf(10, at);
    if ((end < 0 ? bytes.length : end) - at > LONGEST_LINE || at > LONGEST_HEADER) {
      throw new FormatError('the header has no end, or a line without end. Give an NRRD file.', name, at);
    }
    if (end < 0) throw new FormatError('the header has no end (an empty line). The file is truncated.', name, at);
    const line = utf8Decode(bytes.subarray(at, end)).replace(/\r$/, '');
    const start = at;
    at = end + 1;
    if (line === '') return { header, fields, offset: at };
    if (first || line.startsWith('#')) continue;
    const pair = line.indexOf(':=');
    const colon = line.indexOf(': ');
    if (pair > 0 && (colon < 0 || pair < colon)) fields[line.slice(0, pair)] = line.slice(pair + 2);
    else if (colon > 0) header.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 2).trim());
    else throw new FormatError(`"${line.slice(0, 40)}" is not a header line.`, name, start);
  }
}

/** How the values of a file lie. */
export interface NrrdLayout {
  /** Of one layer, axes along LPS. */
  readonly grid: Grid;
  /** Volumes of that grid in the file. */
  readonly layerCount: number;
  /** Values along x, y, z. */
  readonly sizes: Vec3;
  /** mm from one value to the next in the file, LPS; negative where the file runs the other way. */
  readonly steps: Vec3;
}

/**
 * The layout that a header promises, without the values.
 *
 * @throws {FormatError} where it is none
 * @throws {InvalidInputError} for more voxels than are held
 * @throws {UnsupportedError} for detached data, other dimensions, spaces or oblique axes
 */
export function readLayout(header: ReadonlyMap<string, string>, name: string): NrrdLayout {
  const all = numbers(header, 'sizes', name);
  const isList = header.get('dimension') === '4' && /^(list|vector)\b/i.test(header.get('kinds') ?? '');
  const [layerCount, counts] = isList ? [all[0]!, all.slice(1)] : [1, all];
  if ((!isList && header.get('dimension') !== '3') || counts.length !== 3) {
    throw new UnsupportedError(
      `${name}: dimension is ${header.get('dimension')}, but only 3 are read. Extract one volume.`,
    );
  }
  if (all.some((n) => !Number.isInteger(n) || n < 1))
    throw new FormatError(`sizes "${header.get('sizes')}" are not ${isList ? 'four' : 'three'} counts.`, name);
  checkVoxels(
    name,
    all.reduce((product, n) => product * n, 1),
  );
  if (header.has('data file') || header.has('datafile')) {
    throw new UnsupportedError(`${name}: the values lie in another file. Save it as one .nrrd file.`);
  }
  const sizes: Vec3 = [counts[0]!, counts[1]!, counts[2]!];
  const { steps, origin } = readAxes(header, name);
  const first = origin.map((o, a) => (steps[a]! < 0 ? o + (sizes[a]! - 1) * steps[a]! : o));
  const grid = createGrid(
    [sizes[2], sizes[1], sizes[0]],
    [Math.abs(steps[0]), Math.abs(steps[1]), Math.abs(steps[2])],
    [first[0]!, first[1]!, first[2]!],
  );
  return { grid, layerCount, sizes, steps };
}

export function required(header: ReadonlyMap<string, string>, key: string, name: string): string {
  const value = header.get(key);
  if (value === undefined) throw new FormatError(`the header has no "${key}".`, name);
  return value;
}

const numbers = (header: ReadonlyMap<string, string>, key: string, name: string): number[] =>
  required(header, key, name).split(/\s+/).map(Number);

/** Steps and origin in LPS, mm. */
function readAxes(header: ReadonlyMap<string, string>, name: string): { steps: Vec3; origin: Vec3 } {
  const space = required(header, 'space', name).toLowerCase();
  const isRas = space === 'right-anterior-superior' || space === 'ras';
  if (!isRas && space !== 'left-posterior-superior' && space !== 'lps') {
    throw new UnsupportedError(
      `${name}: space is "${space}", but only left-posterior-superior and right-anterior-superior are read.`,
    );
  }
  const vectors = vectorsOf(required(header, 'space directions', name), 3, name);
  const [origin] = vectorsOf(required(header, 'space origin', name), 1, name);
  const perUnit = lengthUnits(header, name);
  const sign = (isRas ? [-1, -1, 1] : [1, 1, 1]).map((s, a) => s * perUnit[a]!);
  const steps = vectors.map((vector, a) => {
    const size = Math.hypot(...vector);
    if (vector.some((v, b) => b !== a && Math.abs(v) > 1e-5 * size) || !(size > 0)) {
      throw new UnsupportedError(
        `${name}: axis ${a} points along (${vector.join(', ')}), but must run along patient axis ${'xyz'[a]}. Resample it to an axial grid.`,
      );
    }
    const step = vector[a]! * sign[a]!;
    if (!(Math.abs(step) >= STEPS[0] && Math.abs(step) <= STEPS[1])) {
      throw new FormatError(
        `axis ${a} has voxels of ${Math.abs(step)} mm, but ${STEPS[0]} to ${STEPS[1]} mm are read. Mend the space directions.`,
        name,
      );
    }
    return step;
  });
  const shifted = origin!.map((o, a) => o * sign[a]!);
  if (shifted.some((o) => !(Math.abs(o) <= FARTHEST))) {
    throw new FormatError(
      `space origin (${origin!.join(', ')}) lies more than 10 m away. Mend it, or the space units.`,
      name,
    );
  }
  return { steps: [steps[0]!, steps[1]!, steps[2]!], origin: [shifted[0]!, shifted[1]!, shifted[2]!] };
}

/** mm per unit of each axis of space: none named is mm, as Slicer and ITK take it. */
function lengthUnits(header: ReadonlyMap<string, string>, name: string): number[] {
  const text = header.get('space units');
  if (text === undefined) return [1, 1, 1];
  const units = [...text.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => (match[1] ?? match[2]!).trim().toLowerCase());
  const factors = units.map((unit) => own(MILLIMETRES, unit));
  if (factors.length !== 3 || factors.some((factor) => factor === undefined)) {
    throw new UnsupportedError(
      `${name}: space units are ${text}, but three of "mm", "cm", "m" or "um" are read. Save it in mm.`,
    );
  }
  return factors as number[];
}

const MILLIMETRES: Readonly<Record<string, number>> = {
  mm: 1,
  millimeter: 1,
  millimeters: 1,
  millimetre: 1,
  millimetres: 1,
  cm: 10,
  centimeter: 10,
  centimeters: 10,
  centimetre: 10,
  centimetres: 10,
  m: 1000,
  meter: 1000,
  meters: 1000,
  metre: 1000,
  metres: 1000,
  um: 1e-3,
  µm: 1e-3,
  μm: 1e-3,
  micron: 1e-3,
  microns: 1e-3,
  micrometer: 1e-3,
  micrometers: 1e-3,
  // As a writer that does not know leaves it.
  '': 1,
  '???': 1,
};

function vectorsOf(text: string, count: number, name: string): number[][] {
  const vectors = [...text.matchAll(/\(([^()]*)\)/g)].map((match) => match[1]!.split(',').map(Number));
  if (vectors.length !== count || vectors.some((v) => v.length !== 3 || !v.every(Number.isFinite))) {
    throw new FormatError(`"${text}" is not ${count} vector(s) of three numbers.`, name);
  }
  return vectors;
}
