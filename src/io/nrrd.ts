/**
 * NRRD: a text header and the raw or gzipped values; what 3D Slicer, ITK and plastimatch read.
 *
 * Written as float32, little endian, left-posterior-superior, mm, sizes x y z. Read in every numeric type and byte order,
 * in LPS or RAS, with axes along the patient's: negative directions are flipped on reading, others refused.
 */

import { InvalidInputError, UnsupportedError } from '../core/errors.js';
import type { Grid } from '../geometry/grid.js';
import type { DoseMeaning, Volume, VolumeKind } from '../geometry/volume.js';
import { gzip } from './gzip.js';
import { parseHeader, readLayout } from './nrrd-header.js';
import { flip, readValues } from './nrrd-values.js';
import { checkReach } from './reach.js';
import { utf8Encode } from './utf8.js';

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
  const { grid, layerCount, sizes, steps } = readLayout(header, name);
  checkReach(name, grid);
  const count = layerCount * sizes[0] * sizes[1] * sizes[2];
  const values = await readValues(bytes, offset, count, header, name);
  const layers = layerCount === 1 ? [values] : takenApart(values, layerCount);
  for (const layer of layers) flip(layer, sizes, steps);
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

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
