/**
 * PNG bytes of an image, by fast-png or around a deflater that is handed in.
 *
 * The pixels are the same whoever deflates them; the bytes are so for one deflater.
 */
import { encode } from 'fast-png';
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';

/** Pixels in rows from the top, `channels` bytes each. */
export interface RasterImage {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** 4 (RGBA) or 3 (RGB). @default 4 */
  readonly channels?: 3 | 4;
  /** Row by row from the top, `channels` bytes a pixel. */
  readonly data: Uint8Array;
}

/** How a PNG is compressed. */
export interface PngOptions {
  /** Deflate effort of fast-png, 1 (fast) to 9 (small). @default 6 */
  readonly level?: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
  /** Makes the zlib stream (RFC 1950) of the rows, where a faster one is at hand, as in Node. @default that of fast-png */
  readonly deflate?: (bytes: Uint8Array) => Uint8Array;
  /** Pixels per inch, so that a page is as large as it was drawn. @default not told */
  readonly resolution?: number;
  /** Words that the file carries, by keyword: PNG knows Title, Author, Description, Software, Source, Comment, Disclaimer. */
  readonly text?: Readonly<Record<string, string>>;
}

/**
 * Encodes as PNG. An RGBA image without transparency is written as RGB, which is a quarter smaller.
 *
 * @throws {InvalidInputError} if the number of bytes is not width x height x channels
 */
export function encodePng(picture: RasterImage, options: PngOptions = {}): Uint8Array {
  const { width, height, data } = picture;
  const channels = picture.channels ?? 4;
  if (data.length !== width * height * channels) {
    throw new InvalidInputError(
      `png: ${data.length} bytes for ${width} x ${height} pixels of ${channels} channels, but ${width * height * channels} are needed.`,
    );
  }
  const plain = channels === 4 ? withoutAlpha(data) : undefined;
  const image = { width, height, channels: plain ? 3 : channels, data: plain ?? data } as const;
  const png =
    options.deflate === undefined
      ? encode({ ...image, depth: 8 }, { zlib: { level: options.level ?? 6 } })
      : assemblePng(image, options.deflate);
  return withChunks(png, [...resolutionChunk(options.resolution), ...textChunks(options.text)]);
}

type Chunk = readonly [type: string, content: Uint8Array];

/** Pixels per metre in both directions. */
function resolutionChunk(perInch: number | undefined): Chunk[] {
  if (perInch === undefined) return [];
  const content = new Uint8Array(9);
  const view = new DataView(content.buffer);
  const perMetre = Math.round(checkPositive('png: resolution', perInch) / 0.0254);
  view.setUint32(0, perMetre);
  view.setUint32(4, perMetre);
  content[8] = 1;
  return [['pHYs', content]];
}

/** Latin text as `tEXt`, which every reader knows, other text as `iTXt`, UTF-8. */
function textChunks(text: Readonly<Record<string, string>> = {}): Chunk[] {
  const utf8 = new TextEncoder();
  return Object.entries(text).map(([keyword, words]) => {
    if (!/^[ -~]{1,79}$/.test(keyword)) {
      throw new InvalidInputError(`png: a keyword is "${keyword}", but must be 1 to 79 plain letters.`);
    }
    const isPlain = /^[\n -~]*$/.test(words);
    const between = isPlain ? '\0' : '\0\0\0\0\0';
    return [isPlain ? 'tEXt' : 'iTXt', utf8.encode(keyword + between + words)];
  });
}

/** The file with further chunks after its header. */
function withChunks(png: Uint8Array, chunks: readonly Chunk[]): Uint8Array {
  if (chunks.length === 0) return png;
  const head = SIGNATURE.length + 12 + 13;
  const out = new Uint8Array(png.length + chunks.reduce((sum, [, content]) => sum + 12 + content.length, 0));
  out.set(png.subarray(0, head));
  let at = head;
  for (const [type, content] of chunks) at = writeChunk(out, at, type, content);
  out.set(png.subarray(head), at);
  return out;
}

/** RGB of RGBA; undefined where a pixel is not opaque. */
function withoutAlpha(data: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array((data.length / 4) * 3);
  let alpha = 255;
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    out[to] = data[from]!;
    out[to + 1] = data[from + 1]!;
    out[to + 2] = data[from + 2]!;
    alpha &= data[from + 3]!;
  }
  return alpha === 255 ? out : undefined;
}

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** The file around the deflated rows: fast-png takes no other deflater than its own. @see PNG (Third Edition), W3C, section 11 */
function assemblePng(
  { width, height, channels, data }: Required<RasterImage>,
  deflate: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const stride = width * channels;
  // Every row begins with its filter: none, which on flat figures costs least and saves as much as any other.
  const rows = new Uint8Array((stride + 1) * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  const packed = deflate(rows);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  // 8 bits; colour type 2 is RGB, 6 RGBA; then deflate, adaptive filters, not interlaced.
  header.set([8, channels === 3 ? 2 : 6, 0, 0, 0], 8);
  const png = new Uint8Array(SIGNATURE.length + 3 * 12 + header.length + packed.length);
  png.set(SIGNATURE);
  let at = SIGNATURE.length;
  at = writeChunk(png, at, 'IHDR', header);
  at = writeChunk(png, at, 'IDAT', packed);
  writeChunk(png, at, 'IEND', new Uint8Array(0));
  return png;
}

/** Length, type, content and checksum of type and content. @returns where the next chunk begins */
function writeChunk(png: Uint8Array, at: number, type: string, content: Uint8Array): number {
  const view = new DataView(png.buffer);
  view.setUint32(at, content.length);
  for (let i = 0; i < 4; i++) png[at + 4 + i] = type.charCodeAt(i);
  png.set(content, at + 8);
  const end = at + 8 + content.length;
  view.setUint32(end, crc32(png, at + 4, end));
  return end + 4;
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** @see PNG (Third Edition), W3C, annex D */
function crc32(bytes: Uint8Array, from: number, to: number): number {
  let c = -1;
  for (let i = from; i < to; i++) c = CRC_TABLE[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}

/** Characters that one call is given: more arguments than an engine's stack holds would throw. */
const CHUNK = 0x4000;

/** Base64 of bytes (RFC 4648). */
export function base64(bytes: Uint8Array): string {
  let characters = '';
  for (let from = 0; from < bytes.length; from += CHUNK)
    characters += String.fromCharCode(...bytes.subarray(from, from + CHUNK));
  return btoa(characters);
}
