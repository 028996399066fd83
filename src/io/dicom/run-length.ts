/**
 * DICOM RLE: one PackBits stream per byte of the pixel, most significant byte first.
 *
 * @see DICOM PS3.5 annex G
 */
import { FormatError } from '../../core/errors.js';

/**
 * @param fragment one frame: a header of 16 words, then the segments
 * @param width bytes per pixel
 * @param out little-endian pixels of the frame; overwritten and returned
 * @throws {FormatError} if the header or a segment does not fit the frame
 */
export function decodeRunLength(fragment: Uint8Array, width: number, name: string, out: Uint8Array): Uint8Array {
  if (fragment.length < 64)
    throw new FormatError('an RLE frame is shorter than its header. The file is truncated.', name);
  const header = new DataView(fragment.buffer, fragment.byteOffset, 64);
  const segments = header.getUint32(0, true);
  if (segments !== width)
    throw new FormatError(`an RLE frame has ${segments} segments for ${width} bytes per pixel.`, name);
  for (let s = 0; s < segments; s++) {
    const start = header.getUint32(4 * (s + 1), true);
    const end = s + 1 < segments ? header.getUint32(4 * (s + 2), true) : fragment.length;
    if (start < 64 || end < start || end > fragment.length) {
      throw new FormatError('an RLE segment lies outside its frame. The file is corrupt.', name);
    }
    unpack(fragment.subarray(start, end), out, width - 1 - s, width, name);
  }
  return out;
}

/** PackBits into every `stride`-th byte of `out` from `at`. */
function unpack(bytes: Uint8Array, out: Uint8Array, at: number, stride: number, name: string): void {
  let to = at;
  for (let from = 0; from < bytes.length && to < out.length; ) {
    const control = bytes[from++]!;
    if (control === 128) continue;
    const isLiteral = control < 128;
    const run = isLiteral ? control + 1 : 257 - control;
    if (from + (isLiteral ? run : 1) > bytes.length) break;
    for (let i = 0; i < run && to < out.length; i++, to += stride) out[to] = bytes[isLiteral ? from + i : from]!;
    from += isLiteral ? run : 1;
  }
  if (to < out.length)
    throw new FormatError('an RLE segment ends before its frame is full. The file is truncated.', name);
}
