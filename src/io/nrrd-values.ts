/** The values of an NRRD file: every numeric type and byte order, raw or gzipped. */
import { FormatError, UnsupportedError } from '../core/errors.js';
import type { Vec3 } from '../geometry/grid.js';
import { gunzipInto } from './gzip.js';
import { required } from './nrrd-header.js';

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

/** As many numbers as there are, in the order of the file. */
export async function readValues(
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
  if (found > count * size) {
    throw new FormatError(
      `more than the ${count * size} bytes of values that sizes and type ask for, so one of these is not what was written. Mend the header.`,
      name,
      offset + (isGzip ? 0 : count * size),
    );
  }
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
export function flip(data: Float32Array, sizes: readonly number[], steps: Vec3): void {
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
