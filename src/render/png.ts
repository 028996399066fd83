/**
 * PNG bytes of an image, by fast-png; the same bytes on every machine.
 */
import { encode } from 'fast-png';
import { InvalidInputError } from '../core/errors.js';

/** Pixels in rows from the top, `channels` bytes each. */
export interface RasterImage {
  readonly width: number;
  readonly height: number;
  /** 4 (RGBA) or 3 (RGB). @default 4 */
  readonly channels?: 3 | 4;
  readonly data: Uint8Array;
}

/**
 * Encodes as PNG. An RGBA image without transparency is written as RGB, which is a quarter smaller.
 *
 * @param options.level deflate effort 1 (fast) to 9 (small). @default 6
 * @throws {InvalidInputError} if the number of bytes is not width x height x channels
 */
export function encodePng(
  picture: RasterImage,
  options: { level?: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 } = {},
): Uint8Array {
  const { width, height, data } = picture;
  const channels = picture.channels ?? 4;
  if (data.length !== width * height * channels) {
    throw new InvalidInputError(
      `png: ${data.length} bytes for ${width} x ${height} pixels of ${channels} channels, but ${width * height * channels} are needed.`,
    );
  }
  const zlib = { zlib: { level: options.level ?? 6 } } as const;
  if (channels === 4 && isOpaque(data)) {
    return encode({ width, height, channels: 3, data: withoutAlpha(data), depth: 8 }, zlib);
  }
  return encode({ width, height, channels, data, depth: 8 }, zlib);
}

function isOpaque(data: Uint8Array): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

function withoutAlpha(data: Uint8Array): Uint8Array {
  const out = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    out[to++] = data[from]!;
    out[to++] = data[from + 1]!;
    out[to++] = data[from + 2]!;
  }
  return out;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 of bytes (RFC 4648): written here because neither `Buffer` nor `btoa` is in every place this runs. */
export function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  let chunk = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const b = bytes[i + 1] ?? 0;
    const c = bytes[i + 2] ?? 0;
    const triple = (bytes[i]! << 16) | (b << 8) | c;
    chunk +=
      DIGITS[triple >> 18]! +
      DIGITS[(triple >> 12) & 63]! +
      (i + 1 < bytes.length ? DIGITS[(triple >> 6) & 63]! : '=') +
      (i + 2 < bytes.length ? DIGITS[triple & 63]! : '=');
    if (chunk.length > 8192) {
      parts.push(chunk);
      chunk = '';
    }
  }
  parts.push(chunk);
  return parts.join('');
}
