/**
 * NumPy's .npy arrays and .npz archives (zip, stored): what `numpy.load` reads, and `scipy.sparse.load_npz` for a matrix in
 * compressed columns.
 *
 * An .npy is a magic number, its version, a header that is a literal of Python (`descr`, `fortran_order`, `shape`), padded to 64 bytes, and
 * the values as they lie in memory. Written little-endian.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { unzipSync, Zip, ZipPassThrough } from 'fflate';
import { MOST_VOXELS } from '../core/budget.js';
import { FormatError } from '../core/errors.js';

/** A type of number of NumPy: little-endian Float32, Float64, Int32, Int64. */
export type NpyType = '<f4' | '<f8' | '<i4' | '<i8';

/** Bytes, part by part: what is too large to be held twice. */
export type Parts = readonly Uint8Array[];

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;
/** Data begin at a multiple of it; of what is written here, there: programs without a reader of headers count on that. */
const ALIGNED = 64;
const HEADER = 128;

/** What stands before the values of an array. */
export function npyHeader(type: NpyType | `|S${number}`, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.max(HEADER, ALIGNED * Math.ceil((10 + text.length + 1) / ALIGNED));
  const header = new TextEncoder().encode(`${' '.repeat(10)}${text.padEnd(length - 11)}\n`);
  header.set([...MAGIC, 1, 0, (length - 10) & 255, (length - 10) >> 8]);
  return header;
}

/** A list of numbers as an .npy. */
export function encodeNpy(values: Float64Array): Uint8Array {
  const header = npyHeader('<f8', [values.length]);
  const out = new Uint8Array(header.length + 8 * values.length);
  out.set(header);
  const view = new DataView(out.buffer, header.length);
  for (let i = 0; i < values.length; i++) view.setFloat64(8 * i, values[i]!, true);
  return out;
}

/** Numbers of an array file, in the order in which they lie. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly isFortranOrder: boolean;
  readonly values: Float64Array;
}

const READERS: Readonly<Record<string, readonly [bytes: number, (view: DataView, at: number, le: boolean) => number]>> =
  {
    f4: [4, (view, at, le) => view.getFloat32(at, le)],
    f8: [8, (view, at, le) => view.getFloat64(at, le)],
    i1: [1, (view, at) => view.getInt8(at)],
    u1: [1, (view, at) => view.getUint8(at)],
    i2: [2, (view, at, le) => view.getInt16(at, le)],
    u2: [2, (view, at, le) => view.getUint16(at, le)],
    i4: [4, (view, at, le) => view.getInt32(at, le)],
    u4: [4, (view, at, le) => view.getUint32(at, le)],
    i8: [8, (view, at, le) => Number(view.getBigInt64(at, le))],
    u8: [8, (view, at, le) => Number(view.getBigUint64(at, le))],
  };

/**
 * Reads an .npy of real numbers.
 *
 * @param name of the file, for messages
 * @throws {FormatError} if it is none, is cut short, or holds other values than real numbers
 */
export function decodeNpy(bytes: Uint8Array, name: string): NpyArray {
  const { descr, isFortranOrder, shape, at } = readHeader(bytes, name);
  const [, order, type] = /^([<>|=])([fiu]\d)$/.exec(descr) ?? [];
  const reader = READERS[type ?? ''];
  if (reader === undefined) {
    throw new FormatError(`holds values of the type "${descr}". Save real numbers, as float64.`, name);
  }
  const [size, read] = reader;
  const count = shape.reduce((product, n) => product * n, 1);
  if (!(count <= MOST_VOXELS)) {
    throw new FormatError(`has the shape (${shape.join(', ')}), more than ${MOST_VOXELS} numbers. Save fewer.`, name);
  }
  if (bytes.length - at !== size * count) {
    throw new FormatError(
      `has ${bytes.length - at} bytes of values, but the shape (${shape.join(', ')}) needs ${size * count}. Save it anew.`,
      name,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = read(view, size * i, order !== '>');
  return { shape, isFortranOrder, values };
}

interface Header {
  readonly descr: string;
  readonly isFortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the values begin. */
  readonly at: number;
}

function readHeader(bytes: Uint8Array, name: string): Header {
  const isNpy = bytes.length > 12 && MAGIC.every((byte, i) => bytes[i] === byte);
  if (!isNpy) throw new FormatError('is no .npy file. Write one with numpy.save.', name);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const isLong = bytes[6]! >= 2;
  const at = isLong ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
  const text = new TextDecoder('latin1').decode(bytes.subarray(isLong ? 12 : 10, Math.min(at, bytes.length)));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || shape === undefined || at > bytes.length) {
    throw new FormatError('has a header that cannot be read. Write one array of plain numbers with numpy.save.', name);
  }
  const sizes = shape.split(',').filter((n) => n.trim() !== '');
  return { descr, isFortranOrder: order === 'True', shape: sizes.map(Number), at };
}

/** A matrix in compressed columns: per column where it begins, per entry its row and value. */
export interface SparseColumns {
  readonly rows: number;
  readonly columns: number;
  /** Where each column begins, and where the last one ends: columns + 1 numbers. */
  readonly pointers: Int32Array;
  /** Rows of the entries, and their values, in the same parts. */
  readonly rowIndex: readonly Int32Array[];
  readonly values: readonly (Float32Array | Float64Array)[];
}

/** What a zip of ours may come to: it holds lengths in 32 bits. */
export const MOST_ZIP_BYTES = 4e9;

/** The archive that `scipy.sparse.load_npz` reads as a `csc_matrix`; stored, not packed. */
export function encodeSparseNpz(matrix: SparseColumns): Parts {
  const { rows, columns, pointers, rowIndex, values } = matrix;
  const entries = pointers[columns]!;
  const type = values[0] instanceof Float64Array ? '<f8' : '<f4';
  const sizes = new BigInt64Array([BigInt(rows), BigInt(columns)]);
  return zipStored([
    ['indices.npy', [npyHeader('<i4', [entries]), ...rowIndex.map(bytesOf)]],
    ['indptr.npy', [npyHeader('<i4', [columns + 1]), bytesOf(pointers)]],
    ['format.npy', [npyHeader('|S3', []), new TextEncoder().encode('csc')]],
    ['shape.npy', [npyHeader('<i8', [2]), bytesOf(sizes)]],
    ['data.npy', [npyHeader(type, [entries]), ...values.map(bytesOf)]],
  ]);
}

/** As they lie: every machine that runs this is little-endian. */
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** Files of a zip that lie in it as they are, in one order and with one date: the same bytes for the same content. */
function zipStored(files: readonly (readonly [name: string, parts: Parts])[]): Parts {
  const out: Uint8Array[] = [];
  const zip = new Zip((error, part) => {
    if (error) throw error;
    out.push(part);
  });
  for (const [name, parts] of files) {
    const file = new ZipPassThrough(name);
    file.mtime = DATE;
    zip.add(file);
    for (const part of parts) file.push(part);
    file.push(new Uint8Array(0), true);
  }
  zip.end();
  return out;
}

/** The first that a zip can tell. */
const DATE = '1980-01-01T12:00:00';

/**
 * The matrix of an archive that {@link encodeSparseNpz} or `scipy.sparse.save_npz` wrote, in compressed columns.
 *
 * @param name of the file, for messages
 * @throws {FormatError} if it is none, or in another layout
 */
export function decodeSparseNpz(bytes: Uint8Array, name: string): SparseColumns {
  let files: Readonly<Record<string, Uint8Array>>;
  try {
    files = unzipSync(bytes);
  } catch (cause) {
    throw new FormatError(`is no .npz archive (${cause instanceof Error ? cause.message : String(cause)}).`, name);
  }
  const numbers = (part: string): Float64Array => {
    const file = files[`${part}.npy`];
    if (file === undefined) throw new FormatError(`holds no ${part}. Write it with scipy.sparse.save_npz.`, name);
    return decodeNpy(file, `${name}: ${part}.npy`).values;
  };
  const format = files['format.npy'];
  if (format === undefined || !new TextDecoder('latin1').decode(format).endsWith('csc')) {
    throw new FormatError(
      'is no matrix in compressed columns. Write it with scipy.sparse.save_npz(FILE, A.tocsc()).',
      name,
    );
  }
  const [rows = 0, columns = 0] = numbers('shape');
  return {
    rows,
    columns,
    pointers: Int32Array.from(numbers('indptr')),
    rowIndex: [Int32Array.from(numbers('indices'))],
    values: [numbers('data')],
  };
}
