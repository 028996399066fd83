/**
 * Stored pixel values of a native or run-length coded DICOM image.
 *
 * A pixel of `BitsAllocated` holds its value in the `BitsStored` bits below `HighBit`, two's complement where
 * PixelRepresentation is 1; what stands in the other bits (old overlays) is no part of it.
 */

import { checkVoxels } from '../../core/budget.js';
import { FormatError, UnsupportedError } from '../../core/errors.js';
import { own } from '../../core/own.js';
import { type Dataset, fragments, needNumbers, number } from './dataset.js';
import { decodeRunLength } from './run-length.js';

const bigEndian = '1.2.840.10008.1.2.2';
const runLength = '1.2.840.10008.1.2.5';
const native = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.1.99', bigEndian];

const isHostLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Names for messages; PS3.6 annex A. */
const COMPRESSED: Record<string, string> = {
  '1.2.840.10008.1.2.4.50': 'JPEG baseline',
  '1.2.840.10008.1.2.4.51': 'JPEG extended',
  '1.2.840.10008.1.2.4.57': 'JPEG lossless',
  '1.2.840.10008.1.2.4.70': 'JPEG lossless, first order',
  '1.2.840.10008.1.2.4.80': 'JPEG-LS lossless',
  '1.2.840.10008.1.2.4.81': 'JPEG-LS near-lossless',
  '1.2.840.10008.1.2.4.90': 'JPEG 2000 lossless',
  '1.2.840.10008.1.2.4.91': 'JPEG 2000',
  '1.2.840.10008.1.2.4.201': 'high-throughput JPEG 2000 lossless',
};

/**
 * Stored values of all frames, rows x columns each, x fastest, before any rescale.
 *
 * @throws {UnsupportedError} for compressed syntaxes other than RLE, colour, or more than 16 bits (32 where unsigned)
 * @throws {FormatError} if the values are missing or fewer than rows x columns x frames
 */
export function readPixels(dataset: Dataset, frames = 1): Int32Array | Uint32Array {
  const { elements, name, transferSyntax } = dataset;
  const need = (tag: string, keyword: string): number => needNumbers(dataset, tag, keyword, 1)[0]!;
  const count = need('00280010', 'Rows') * need('00280011', 'Columns');
  const allocated = need('00280100', 'BitsAllocated');
  const stored = need('00280101', 'BitsStored');
  const high = number(elements, '00280102') ?? stored - 1;
  const isSigned = (number(elements, '00280103') ?? 0) === 1;
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
  checkVoxels(name, frames * count);
  const bytes = nativeBytes(dataset, frames, count, allocated / 8);
  if (bytes.length < (frames * count * allocated) / 8) {
    throw new FormatError(
      `pixel data holds ${bytes.length} bytes where ${(frames * count * allocated) / 8} are needed. The file is truncated; export it again.`,
      name,
    );
  }
  const out = isSigned || stored < 32 ? new Int32Array(frames * count) : new Uint32Array(frames * count);
  const isWhole = !isSigned && stored === allocated && high === stored - 1;
  if (isWhole && allocated > 8 && isHostLittle && transferSyntax !== bigEndian) {
    // The usual case at the speed of a copy; typed arrays want their values aligned, and a Buffer's slice copies nothing.
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    const { buffer, byteOffset } = aligned;
    const { length } = out;
    out.set(
      allocated === 16 ? new Uint16Array(buffer, byteOffset, length) : new Uint32Array(buffer, byteOffset, length),
    );
    return out;
  }
  const isLittle = transferSyntax !== bigEndian;
  // In big endian 8-bit pixels in words (OW) come in swapped pairs.
  const swap = !isLittle && allocated === 8 && elements['7FE00010']?.vr === 'OW' ? 1 : 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const left = 31 - high;
  const right = 32 - stored;
  for (let i = 0; i < out.length; i++) {
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

/** Uncompressed bytes of all frames. */
function nativeBytes(dataset: Dataset, frames: number, count: number, width: number): Uint8Array {
  const { elements, name, transferSyntax } = dataset;
  const parts = fragments(elements, '7FE00010');
  if (parts.length === 0) throw new FormatError('has no pixel data. Export it again.', name);
  if (native.includes(transferSyntax)) return parts[0]!;
  if (transferSyntax !== runLength) {
    throw new UnsupportedError(
      `${name}: transfer syntax ${transferSyntax} (${own(COMPRESSED, transferSyntax) ?? 'unknown'}) is not decoded. ` +
        'Decompress the files first, as with `gdcmconv --raw` or `dcmdjpeg`.',
    );
  }
  if (parts.length !== frames) {
    throw new FormatError(`${parts.length} RLE fragments for ${frames} frame(s).`, name);
  }
  const bytes = new Uint8Array(frames * count * width);
  parts.forEach((part, f) => {
    decodeRunLength(part, width, name, bytes.subarray(f * count * width, (f + 1) * count * width));
  });
  return bytes;
}
