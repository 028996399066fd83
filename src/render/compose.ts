/**
 * The layers of a drawing in one image: paper, the images on it, the vectors over them.
 */
import type { Drawing } from './drawing.js';
import { type Rgb, type Span, stretchImage } from './stretch.js';

/** White. */
const PAPER = 255;

/** Pixels in rows from the top. */
interface Layer {
  readonly width: number;
  readonly height: number;
  /** RGBA, colour multiplied by opacity. */
  readonly data: Uint8Array;
}

/**
 * Composes a drawing.
 *
 * @param vectors the upper layer, rasterised: the picture has its size, a whole number of pixels, to which the drawing is
 *   stretched in both directions as the renderer does
 */
export function composeLayers(
  drawing: Drawing,
  vectors: Layer,
): { width: number; height: number; channels: 3; data: Uint8Array } {
  const { width, height } = vectors;
  const data = new Uint8Array(3 * width * height).fill(PAPER);
  for (const image of drawing.images) {
    const across = spanOf(image.x, image.width, width / drawing.width, width);
    const down = spanOf(image.y, image.height, height / drawing.height, height);
    placePixels(image.pixels, across, down, data, width);
  }
  layOver(vectors.data, data);
  return { width, height, channels: 3, data };
}

/** RGBA, multiplied, over RGB. Most of it is transparent, and passed over in whole pixels. */
function layOver(over: Uint8Array, data: Uint8Array): void {
  const pixels = new Uint32Array(over.buffer, over.byteOffset, over.length / 4);
  for (let p = 0; p < pixels.length; p++) {
    if (pixels[p] === 0) continue;
    const [from, to] = [4 * p, 3 * p];
    const through = (255 - over[from + 3]!) / 255;
    // Bytes are cut, so that half a level more rounds.
    data[to] = over[from]! + through * data[to]! + 0.5;
    data[to + 1] = over[from + 1]! + through * data[to + 1]! + 0.5;
    data[to + 2] = over[from + 2]! + through * data[to + 2]! + 0.5;
  }
}

/** Lays an image on the paper; pixels that it covers in part show the paper for the rest. */
function placePixels(image: Rgb, across: Span, down: Span, data: Uint8Array, width: number): void {
  const clamped = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  stretchImage(image, across, down, clamped, 3 * width);
  const columns = coverOf(across);
  const rows = coverOf(down);
  for (let r = 0; r < down.count; r++) {
    // Rows but the first and last are covered whole, but for their ends.
    const step = rows[r] === 1 ? Math.max(1, across.count - 1) : 1;
    for (let c = 0; c < across.count; c += step) {
      const part = rows[r]! * columns[c]!;
      const at = 3 * (width * (down.first + r) + across.first + c);
      for (let i = at; i < at + 3; i++) data[i] = PAPER + part * (data[i]! - PAPER) + 0.5;
    }
  }
}

/** The pixels, of `n`, that an image touches from `at` on over `size` SVG units. */
function spanOf(at: number, size: number, scale: number, n: number): Span {
  const start = scale * at;
  const length = scale * size;
  const first = Math.min(n, Math.max(0, Math.floor(start)));
  return { first, count: Math.min(n, Math.ceil(start + length)) - first, start, length };
}

/** Which part of every pixel of a span the image covers, in quarters, as the renderer covers pixels. */
function coverOf({ first, count, start, length }: Span): Float64Array {
  const from = Math.round(4 * start) / 4;
  const to = Math.round(4 * (start + length)) / 4;
  return Float64Array.from({ length: count }, (_, p) =>
    Math.max(0, Math.min(first + p + 1, to) - Math.max(first + p, from)),
  );
}
