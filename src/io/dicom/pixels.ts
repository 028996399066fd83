/**
 * Stored pixel values of a DICOM image: native, run-length coded, or decoded before.
 *
 * A pixel of `BitsAllocated` holds its value in the `BitsStored` bits below `HighBit`, two's complement where
 * PixelRepresentation is 1; what stands in the other bits (old overlays) is no part of it.
 */

import { checkVoxels } from '../../core/budget.js';
import { FormatError, UnsupportedError } from '../../core/errors.js';
import { type Dataset, fragments, needNumbers, number } from './dataset.js';
import { decodeRunLength } from './run-length.js';
import { syntaxName } from './transfer-syntax.js';

const bigEndian = '1.2.840.10008.1.2.2';
const runLength = '1.2.840.10008.1.2.5';
const native = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99', bigEndian];

const isHostLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export type StoredValues = Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

/** How the pixels of an image are stored. */
export interface PixelLayout {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  /** Bits of a pixel, of its value, and the highest of these. */
  readonly allocated: number;
  readonly stored: number;
  readonly high: number;
  readonly isSigned: boolean;
}

/**
 * @throws {UnsupportedError} for colour, or pixels of other than 8, 16 or 32 bits
 * @throws {FormatError} if an element is missing or does not fit the others
 * @throws {InvalidInputError} for more voxels than fit into memory
 */
export function pixelLayout(dataset: Dataset, frames = 1): PixelLayout {
  const { elements, name } = dataset;
  const need = (tag: string, keyword: string): number => needNumbers(dataset, tag, keyword, 1)[0]!;
  const [rows, columns] = [need('00280010', 'Rows'), need('00280011', 'Columns')];
  const allocated = need('00280100', 'BitsAllocated');
  const stored = need('00280101', 'BitsStored');
  const high = number(elements, '00280102') ?? stored - 1;
  if ((number(elements, '00280002') ?? 1) !== 1) {
    throw new UnsupportedError(
      `${name}: a colour image (SamplesPerPixel > 1) holds no values to plan on. Leave it out.`,
    );
  }
  if (allocated !== 8 && allocated !== 16 && allocated !== 32) {
    throw new UnsupportedError(`${name}: BitsAllocated is ${allocated}, but only 8, 16 and 32 are read.`);
  }
  if (stored < 1 || high < stored - 1 || high >= allocated) {
    throw new FormatError(`BitsStored ${stored} and HighBit ${high} do not fit BitsAllocated ${allocated}.`, name);
  }
  if (!(rows >= 1 && columns >= 1)) {
    throw new FormatError(`Rows ${rows} and Columns ${columns} make no image. Export the file again.`, name);
  }
  checkVoxels(name, frames * rows * columns);
  return { rows, columns, frames, allocated, stored, high, isSigned: (number(elements, '00280103') ?? 0) === 1 };
}

/**
 * Reads the stored values of one frame after the other, rows x columns, x fastest, before any rescale: of whole little-endian
 * words a view of the file, else a copy.
 *
 * @throws {UnsupportedError} for a compressed file that was not decoded before, colour, or more than 16 bits (32 where unsigned)
 * @throws {FormatError} if the values are missing or fewer than rows x columns x frames
 */
export function frameReader(dataset: Dataset, frames = 1): (frame: number) => StoredValues {
  const { elements, name, transferSyntax, decoded } = dataset;
  const layout = pixelLayout(dataset, frames);
  const { allocated } = layout;
  const width = allocated / 8;
  const size = layout.rows * layout.columns * width;
  const parts = fragments(elements, '7FE00010');
  if (parts.length === 0) throw new FormatError('has no pixel data. Export it again.', name);
  const isLittle = transferSyntax !== bigEndian;
  // In big endian 8-bit pixels in words (OW) come in swapped pairs.
  const swap = !isLittle && allocated === 8 && elements['7FE00010']?.vr === 'OW' ? 1 : 0;
  if (decoded !== undefined) {
    if (decoded.length !== frames) throw new FormatError(`${decoded.length} images for ${frames} frame(s).`, name);
    return (frame) => valuesOf(decoded[frame]!, { ...layout, high: layout.stored - 1 }, true, 0);
  }
  if (native.includes(transferSyntax)) {
    const bytes = parts[0]!;
    if (bytes.length < frames * size) throw tooShort(bytes.length, frames * size, name);
    return (frame) => valuesOf(bytes.subarray(frame * size, (frame + 1) * size), layout, isLittle, swap);
  }
  if (transferSyntax !== runLength) {
    throw new UnsupportedError(
      `${name}: transfer syntax ${transferSyntax} (${syntaxName(transferSyntax)}) is not decoded here. Hand the files to \`decodeDicom\` of respine/dicom before, or decompress them with \`gdcmconv --raw\`.`,
    );
  }
  if (parts.length !== frames) throw new FormatError(`${parts.length} RLE fragments for ${frames} frame(s).`, name);
  return (frame) => valuesOf(decodeRunLength(parts[frame]!, width, name, new Uint8Array(size)), layout, true, 0);
}

/**
 * Stored values of all frames, rows x columns each, x fastest, before any rescale.
 *
 * @throws as {@link frameReader}
 */
export function readPixels(dataset: Dataset, frames = 1): StoredValues {
  const read = frameReader(dataset, frames);
  if (frames === 1) return read(0);
  const first = read(0);
  const Values = first.constructor as new (length: number) => StoredValues;
  const out = new Values(frames * first.length);
  out.set(first);
  for (let f = 1; f < frames; f++) out.set(read(f), f * first.length);
  return out;
}

const tooShort = (found: number, needed: number, name: string): FormatError =>
  new FormatError(
    `pixel data holds ${found} bytes where ${needed} are needed. The file is truncated; export it again.`,
    name,
  );

/** The values in the bytes of one frame. */
function valuesOf(
  bytes: Uint8Array,
  { rows, columns, allocated, stored, high, isSigned }: PixelLayout,
  isLittle: boolean,
  swap: 0 | 1,
): StoredValues {
  const length = rows * columns;
  const isWhole = stored === allocated && high === stored - 1;
  if (isWhole && allocated > 8 && isHostLittle && isLittle) {
    // The usual case for nothing; typed arrays want their values aligned, and a Buffer's slice copies nothing.
    const { buffer, byteOffset } = bytes.byteOffset % (allocated / 8) === 0 ? bytes : new Uint8Array(bytes);
    const Words = allocated === 16 ? (isSigned ? Int16Array : Uint16Array) : isSigned ? Int32Array : Uint32Array;
    return new Words(buffer as ArrayBuffer, byteOffset, length);
  }
  const out = isSigned || stored < 32 ? new Int32Array(length) : new Uint32Array(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const left = 31 - high;
  const right = 32 - stored;
  for (let i = 0; i < length; i++) {
    const raw =
      allocated === 8
        ? view.getUint8(i ^ swap)
        : allocated === 16
          ? view.getUint16(2 * i, isLittle)
          : view.getUint32(4 * i, isLittle);
    out[i] = isSigned ? (raw << left) >> right : (raw << left) >>> right;
  }
  return out;
}
