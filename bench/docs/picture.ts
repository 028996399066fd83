/** A picture of a run made small enough for a page: scaled by areas, the lowest bits left out so that it packs well. */
import { decode, encode } from 'fast-png';

/**
 * @param png   8 bit RGB, as `respine plan` writes it
 * @param width of the result, pixels, at most that of the picture
 * @param bits  that are kept of every channel
 */
export function shrinkPicture(png: Uint8Array, width: number, bits = 6): Uint8Array {
  const { width: oldWidth, height: oldHeight, channels, data } = decode(png);
  const scale = oldWidth / width;
  const height = Math.round(oldHeight / scale);
  const small = new Uint8Array(width * height * 3);
  const step = 2 ** (8 - bits);
  for (let y = 0; y < height; y++) {
    const rows = shares(y * scale, (y + 1) * scale, oldHeight);
    for (let x = 0; x < width; x++) {
      const columns = shares(x * scale, (x + 1) * scale, oldWidth);
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        let weight = 0;
        for (const [j, a] of rows) {
          for (const [i, b] of columns) {
            sum += a * b * data[(j * oldWidth + i) * channels + c]!;
            weight += a * b;
          }
        }
        small[(y * width + x) * 3 + c] = Math.min(255, Math.round(sum / weight / step) * step);
      }
    }
  }
  return encode({ width, height, channels: 3, depth: 8, data: small }, { zlib: { level: 9 } });
}

/** Pixels that lie within [from, to], with the part of each. */
function shares(from: number, to: number, count: number): [number, number][] {
  const parts: [number, number][] = [];
  for (let i = Math.floor(from); i < Math.min(Math.ceil(to - 1e-9), count); i++) {
    parts.push([i, Math.min(i + 1, to) - Math.max(i, from)]);
  }
  return parts;
}
