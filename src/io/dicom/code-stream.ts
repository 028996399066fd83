/**
 * What the head of a compressed image says of itself: looked at before a decoder believes it.
 *
 * @see ITU-T T.81 (JPEG), T.87 (JPEG-LS), T.800 (JPEG 2000)
 */
import type { CodecName } from './transfer-syntax.js';

export interface StreamHead {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly precision: number;
  /** Is a pixel other than it was before it was compressed? */
  readonly isLossy: boolean;
}

/** undefined where the bytes are no such image. */
export function streamHead(bytes: Uint8Array, codec: CodecName): StreamHead | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return codec === 'jpeg2000' || codec === 'htj2k' ? headOfJpeg2000(view) : headOfJpeg(view);
  } catch (cause) {
    if (cause instanceof RangeError) return undefined;
    throw cause;
  }
}

const SIZ = 0xff51;
const COD = 0xff52;
const SOD = 0xff93;

function headOfJpeg2000(view: DataView): StreamHead | undefined {
  if (view.getUint32(0) !== 0xff4fff51) return undefined;
  const side = (end: number, start: number): number => view.getUint32(end) - view.getUint32(start);
  const [columns, rows] = [side(8, 16), side(12, 20)];
  const components = view.getUint16(40);
  const precision = (view.getUint8(42) & 0x7f) + 1;
  // Tiles of a few pixels would be millions of them.
  const tiles = Math.ceil(columns / view.getUint32(24)) * Math.ceil(rows / view.getUint32(28));
  if (!(tiles <= Math.max(64, (rows * columns) / 256))) return undefined;
  let isLossy = false;
  for (let at = 2; at + 4 <= view.byteLength; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (marker === SOD || (marker !== SIZ && marker >> 8 !== 0xff)) break;
    // The wavelet 0 is the 9-7 one, which rounds.
    if (marker === COD) isLossy = view.getUint8(at + 13) === 0;
  }
  return { rows, columns, components, precision, isLossy };
}

const SOS = 0xffda;

function headOfJpeg(view: DataView): StreamHead | undefined {
  if (view.getUint16(0) !== 0xffd8 || !hasEnd(view)) return undefined;
  let head: StreamHead | undefined;
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (marker === SOS) {
      // Of JPEG-LS, how far a pixel may be off.
      const near = view.getUint8(at + 5 + 2 * view.getUint8(at + 4));
      return head && { ...head, isLossy: head.isLossy && near > 0 };
    }
    const isFrame = marker === 0xfff7 || (marker >= 0xffc0 && marker <= 0xffcf && ![4, 8, 12].includes(marker & 15));
    if (isFrame) {
      head = {
        precision: view.getUint8(at + 4),
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
        isLossy: marker === 0xfff7,
      };
    } else if (marker >> 8 !== 0xff) return undefined;
  }
}

/** Does it end with its end marker, or with that and padding? CharLS searches for the rest of a stream that is cut for 20 seconds. */
function hasEnd(view: DataView): boolean {
  let end = view.byteLength;
  while (end > 2 && view.getUint8(end - 1) === 0) end--;
  return view.getUint16(end - 2) === 0xffd9;
}
