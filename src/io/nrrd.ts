/**
 * NRRD: a text header and the raw or gzipped values; what 3D Slicer, ITK and plastimatch read.
 *
 * Written as float32, little endian, left-posterior-superior, mm, sizes x y z. Read in every numeric type and byte order,
 * in LPS or RAS, with axes along the patient's: negative directions are flipped on reading, others refused.
 */

import { checkVoxels } from '../core/budget.js';
import { FormatError, InvalidInputError, UnsupportedError } from '../core/errors.js';
import { emptyRecord, own } from '../core/own.js';
import { createGrid, describeGrid, type Grid, type Vec3, voxelCount } from '../geometry/grid.js';
import type { DoseMeaning, Volume, VolumeKind } from '../geometry/volume.js';
import { gunzipInto, gzip } from './gzip.js';

/** How an NRRD is written. */
export interface NrrdOptions {
  /** Compress the values: by the platform's streams, or by a compressor that is handed in (RFC 1952). @default false */
  readonly gzip?: boolean | ((bytes: Uint8Array) => Uint8Array);
  /** Further `key:=value` pairs of the header; keys without ":=" and line breaks. */
  readonly fields?: Readonly<Record<string, string>>;
  /** File or volume name for messages. */
  readonly name?: string;
}

export interface NrrdVolume {
  readonly grid: Grid;
  /** x-fastest, shape [nz, ny, nx]. */
  readonly data: Float32Array;
  /** As respine wrote it; undefined for files of others. */
  readonly kind?: VolumeKind;
  /** The `key:=value` pairs. */
  readonly fields: Readonly<Record<string, string>>;
}

const UNITS: Record<VolumeKind, string> = {
  hounsfield: 'HU',
  density: 'relative to water',
  mask: 'fraction',
  depth: 'mm of water',
  dose: 'Gy',
  gamma: 'index',
  difference: 'Gy',
};

/** Bytes of a header's line, and of all. */
const LONGEST_LINE = 10_000;
const LONGEST_HEADER = 1_000_000;
/** mm: finer or coarser voxels, and farther origins, are numbers in another unit. */
const STEPS = [1e-3, 1e3] as const;
const FARTHEST = 1e6;

/** Bytes per value and the DataView reader of every type name of the format. */
const TYPES: readonly [names: string, bytes: number, read: (view: DataView, at: number, little: boolean) => number][] =
  [
    ['signed char|int8|int8_t', 1, (view, at) => view.getInt8(at)],
    ['uchar|unsigned char|uint8|uint8_t', 1, (view, at) => view.getUint8(at)],
    ['short|short int|signed short|signed short int|int16|int16_t', 2, (view, at, le) => view.getInt16(at, le)],
    ['ushort|unsigned short|unsigned short int|uint16|uint16_t', 2, (view, at, le) => view.getUint16(at, le)],
    ['int|signed int|int32|int32_t', 4, (view, at, le) => view.getInt32(at, le)],
    ['uint|unsigned int|uint32|uint32_t', 4, (view, at, le) => view.getUint32(at, le)],
    [
      'longlong|long long|long long int|signed long long|int64|int64_t',
      8,
      (view, at, le) => Number(view.getBigInt64(at, le)),
    ],
    ['ulonglong|unsigned long long|uint64|uint64_t', 8, (view, at, le) => Number(view.getBigUint64(at, le))],
    ['float', 4, (view, at, le) => view.getFloat32(at, le)],
    ['double', 8, (view, at, le) => view.getFloat64(at, le)],
  ];

/**
 * A volume as the bytes of an NRRD file.
 *
 * The header carries `kind` and `units`, and for a dose `quantity`, `fractions`, `alphaBeta` and `medium`.
 *
 * @param volume any kind; its values are written as float32, x-fastest
 * @throws {InvalidInputError} for a field that the header cannot hold
 */
export async function encodeNrrd(volume: Volume, options: NrrdOptions = {}): Promise<Uint8Array> {
  const { grid, data } = volume;
  const [nz, ny, nx] = grid.shape;
  const [sx, sy, sz] = grid.spacing;
  const lines = [
    'NRRD0004',
    '# respine: values at voxel centres, x fastest',
    'type: float',
    'dimension: 3',
    'space: left-posterior-superior',
    `sizes: ${nx} ${ny} ${nz}`,
    `space directions: (${sx},0,0) (0,${sy},0) (0,0,${sz})`,
    'kinds: domain domain domain',
    'space units: "mm" "mm" "mm"',
    'endian: little',
    `encoding: ${options.gzip ? 'gzip' : 'raw'}`,
    `space origin: (${grid.origin.join(',')})`,
  ];
  const fields: Record<string, string> = {
    kind: volume.kind,
    units: UNITS[volume.kind],
    ...meaningOf(volume),
    ...options.fields,
  };
  for (const [key, value] of Object.entries(fields)) {
    if (/[\r\n]|:=/.test(key) || key === '' || key.startsWith('#') || /[\r\n]/.test(value)) {
      throw new InvalidInputError(`nrrd: field "${key}" holds a line break or ":=". Give plain one-line text.`);
    }
    lines.push(`${key}:=${value}`);
  }
  const header = utf8Encode(lines.join('\n') + '\n\n');
  const raw = new Uint8Array(4 * data.length);
  if (isLittleEndian) raw.set(new Uint8Array(data.buffer, data.byteOffset, raw.length));
  else {
    const view = new DataView(raw.buffer);
    for (let i = 0; i < data.length; i++) view.setFloat32(4 * i, data[i]!, true);
  }
  const body = await packed(raw, options.gzip ?? false);
  const bytes = new Uint8Array(header.length + body.length);
  bytes.set(header);
  bytes.set(body, header.length);
  return bytes;
}

async function packed(raw: Uint8Array, how: NonNullable<NrrdOptions['gzip']>): Promise<Uint8Array> {
  if (typeof how === 'function') return how(raw);
  return how ? gzip(raw) : raw;
}

/**
 * The volume in an NRRD file with its values attached.
 *
 * @param bytes the whole file
 * @param name file name for messages
 * @throws {FormatError} where the header or the values are not what the format promises
 * @throws {UnsupportedError} for detached data, other encodings, dimensions, spaces or oblique axes
 */
export async function decodeNrrd(bytes: Uint8Array, name = 'nrrd'): Promise<NrrdVolume> {
  const { grid, layers, fields } = await decodeNrrdLayers(bytes, name);
  if (layers.length !== 1) {
    throw new UnsupportedError(
      `${name}: dimension is 4 (${layers.length} layers), but only 3 are read. Extract one volume.`,
    );
  }
  const kind = fields['kind'];
  return {
    grid,
    data: layers[0]!,
    fields,
    ...(kind !== undefined && Object.hasOwn(UNITS, kind) ? { kind: kind as VolumeKind } : {}),
  };
}

/** Volumes of one grid in one file. */
export interface NrrdLayers {
  readonly grid: Grid;
  /** Each x-fastest, shape [nz, ny, nx]. */
  readonly layers: readonly Float32Array[];
  /** The `key:=value` pairs. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * The volume of an NRRD file, or all those of a list that comes before x, y, z: what 3D Slicer writes where segments overlap.
 *
 * @throws as {@link decodeNrrd} does
 */
export async function decodeNrrdLayers(bytes: Uint8Array, name = 'nrrd'): Promise<NrrdLayers> {
  const { header, fields, offset } = parseHeader(bytes, name);
  const all = numbers(header, 'sizes', name);
  const isList = header.get('dimension') === '4' && /^(list|vector)\b/i.test(header.get('kinds') ?? '');
  const [layerCount, sizes] = isList ? [all[0]!, all.slice(1)] : [1, all];
  if ((!isList && header.get('dimension') !== '3') || sizes.length !== 3) {
    throw new UnsupportedError(
      `${name}: dimension is ${header.get('dimension')}, but only 3 are read. Extract one volume.`,
    );
  }
  if (all.some((n) => !Number.isInteger(n) || n < 1))
    throw new FormatError(`sizes "${header.get('sizes')}" are not ${isList ? 'four' : 'three'} counts.`, name);
  const count = sizes[0]! * sizes[1]! * sizes[2]!;
  checkVoxels(name, layerCount * count);
  if (header.has('data file') || header.has('datafile')) {
    throw new UnsupportedError(`${name}: the values lie in another file. Save it as one .nrrd file.`);
  }
  const axes = readAxes(header, name);
  const values = await readValues(bytes, offset, layerCount * count, header, name);
  const steps = axes.steps;
  const origin = axes.origin.map((o, a) => (steps[a]! < 0 ? o + (sizes[a]! - 1) * steps[a]! : o));
  const layers = layerCount === 1 ? [values] : takenApart(values, layerCount);
  for (const layer of layers) flip(layer, sizes, steps);
  const grid = createGrid(
    [sizes[2]!, sizes[1]!, sizes[0]!],
    [Math.abs(steps[0]), Math.abs(steps[1]), Math.abs(steps[2])],
    [origin[0]!, origin[1]!, origin[2]!],
  );
  return { grid, layers, fields };
}

/** The layers of a file in which those of a voxel follow each other. */
const takenApart = (values: Float32Array, layers: number): Float32Array[] =>
  Array.from({ length: layers }, (_, l) =>
    Float32Array.from({ length: values.length / layers }, (_, v) => values[l + layers * v]!),
  );

function meaningOf(volume: Volume): Record<string, string> {
  const { quantity, fractions, alphaBeta, medium } = volume as Partial<DoseMeaning>;
  if (volume.kind !== 'dose' || quantity === undefined) return {};
  return {
    quantity,
    ...(fractions === undefined ? {} : { fractions: String(fractions) }),
    ...(alphaBeta === undefined ? {} : { alphaBeta: String(alphaBeta) }),
    ...(medium === undefined ? {} : { medium }),
  };
}

interface Header {
  readonly header: ReadonlyMap<string, string>;
  readonly fields: Record<string, string>;
  /** First byte of the values. */
  readonly offset: number;
}

function parseHeader(bytes: Uint8Array, name: string): Header {
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

function required(header: ReadonlyMap<string, string>, key: string, name: string): string {
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
    throw new FormatError(`space origin (${origin!.join(', ')}) lies beyond ${FARTHEST} mm. Mend it.`, name);
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

async function readValues(
  bytes: Uint8Array,
  offset: number,
  count: number,
  header: ReadonlyMap<string, string>,
  name: string,
): Promise<Float32Array> {
  const typeName = required(header, 'type', name).toLowerCase();
  const type = TYPES.find(([names]) => names.split('|').includes(typeName));
  if (type === undefined) throw new UnsupportedError(`${name}: type "${typeName}" is not a number type that is read.`);
  const [, size, read] = type;
  const endian = size === 1 ? 'little' : required(header, 'endian', name);
  if (endian !== 'little' && endian !== 'big')
    throw new FormatError(`endian is "${endian}", but must be little or big.`, name);
  if (Number(header.get('byte skip') ?? 0) !== 0 || Number(header.get('line skip') ?? 0) !== 0) {
    throw new UnsupportedError(`${name}: byte skip and line skip are not read. Save it anew without them.`);
  }
  const encoding = required(header, 'encoding', name).toLowerCase();
  const packed = bytes.subarray(offset);
  const little = endian === 'little';
  const isGzip = encoding === 'gzip' || encoding === 'gz';
  if (!isGzip && encoding !== 'raw')
    throw new UnsupportedError(`${name}: encoding "${encoding}" is not read. Save it as raw or gzip.`);
  const largest = isGzip ? packed.length * GZIP_RATIO : packed.length;
  const short = (found: number): FormatError =>
    new FormatError(`${found} bytes of values where ${count * size} are needed. The file is truncated.`, name, offset);
  // Before anything is allocated: so few bytes cannot unpack to so many values.
  if (largest < count * size) throw short(isGzip ? packed.length : largest);
  const values = new Float32Array(count);
  const fill = valueFiller(values, size, (view, at) => read(view, at, little));
  const found = isGzip ? await gunzipInto(packed, name, offset, fill, count * size) : fill(packed);
  if (found < count * size) throw short(found);
  return values;
}

/** gzip packs no better than this. */
const GZIP_RATIO = 1032;

/** Reads values from bytes that come part by part, whose borders may lie within a value; returns how many bytes have come. */
function valueFiller(
  values: Float32Array,
  size: number,
  read: (view: DataView, at: number) => number,
): (part: Uint8Array) => number {
  const rest = new Uint8Array(size);
  const restView = new DataView(rest.buffer);
  let held = 0;
  let next = 0;
  let bytes = 0;
  return (part) => {
    bytes += part.length;
    let at = 0;
    while (held > 0 && at < part.length && next < values.length) {
      rest[held++] = part[at++]!;
      if (held === size) {
        values[next++] = read(restView, 0);
        held = 0;
      }
    }
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
    for (; at + size <= part.length && next < values.length; at += size) values[next++] = read(view, at);
    if (next < values.length) while (at < part.length) rest[held++] = part[at++]!;
    return bytes;
  };
}

/** Reverses the axes whose step is negative, in place. */
function flip(data: Float32Array, sizes: readonly number[], steps: Vec3): void {
  const [nx, ny, nz] = [sizes[0]!, sizes[1]!, sizes[2]!];
  if (steps[0] < 0) for (let row = 0; row < data.length; row += nx) data.subarray(row, row + nx).reverse();
  const swap = (a: number, b: number, n: number): void => {
    const kept = data.slice(a, a + n);
    data.copyWithin(a, b, b + n);
    data.set(kept, b);
  };
  if (steps[1] < 0) {
    for (let k = 0; k < nz; k++)
      for (let j = 0; j < ny >> 1; j++) swap((k * ny + j) * nx, (k * ny + ny - 1 - j) * nx, nx);
  }
  if (steps[2] < 0) for (let k = 0; k < nz >> 1; k++) swap(k * ny * nx, (nz - 1 - k) * ny * nx, ny * nx);
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

const utf8Encode = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Text of UTF-8 bytes, in every JavaScript environment. */
export const utf8Decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** `ct.nrrd: [60, 115, 170] at ...`: for messages and logs. */
export function describeNrrd(volume: NrrdVolume): string {
  return `${volume.kind ?? 'volume'} ${describeGrid(volume.grid)}, ${voxelCount(volume.grid)} voxels`;
}
