/**
 * Stretch: an image resampled to pixels of another size, by the cubic filter of Mitchell and Netravali with B = C = 1/3,
 * first along rows, then along columns.
 *
 * It is the filter of resvg for images in an SVG, so that a drawing is the same pixels whoever stretches its images.
 *
 * @see Mitchell and Netravali, Computer Graphics 22 (1988) 221, doi:10.1145/378456.378514, equation (8)
 */

export interface Rgb {
  readonly width: number;
  readonly height: number;
  /** 3 bytes per pixel, rows from the top. */
  readonly data: Uint8Array;
}

/** Pixels `first` to `first + count - 1` of the target, in which the image begins at `start` and is `length` long, px. */
export interface Span {
  readonly first: number;
  readonly count: number;
  readonly start: number;
  readonly length: number;
}

/** Samples of the image under the filter, per direction. */
const TAPS = 4;

/** @returns RGB of the target's pixels in both spans, 0..255; beyond its edge the image counts as its outermost pixels */
export function stretchImage({ width, height, data }: Rgb, across: Span, down: Span): Uint8ClampedArray {
  const x = tapsOf(across, width);
  const y = tapsOf(down, height);
  const wide = new Float32Array(3 * across.count * height);
  for (let r = 0, out = 0; r < height; r++) {
    const row = 3 * width * r;
    for (let c = 0, tap = 0; c < across.count; c++, tap += TAPS, out += 3) {
      const [w0, w1, w2, w3] = [x.weights[tap]!, x.weights[tap + 1]!, x.weights[tap + 2]!, x.weights[tap + 3]!];
      const a = row + 3 * x.samples[tap]!;
      const b = row + 3 * x.samples[tap + 1]!;
      const d = row + 3 * x.samples[tap + 2]!;
      const e = row + 3 * x.samples[tap + 3]!;
      wide[out] = w0 * data[a]! + w1 * data[b]! + w2 * data[d]! + w3 * data[e]!;
      wide[out + 1] = w0 * data[a + 1]! + w1 * data[b + 1]! + w2 * data[d + 1]! + w3 * data[e + 1]!;
      wide[out + 2] = w0 * data[a + 2]! + w1 * data[b + 2]! + w2 * data[d + 2]! + w3 * data[e + 2]!;
    }
  }
  const stride = 3 * across.count;
  // Clamped bytes round, and hold what the filter's negative lobes drive over the ends.
  const out = new Uint8ClampedArray(stride * down.count);
  for (let r = 0, at = 0, tap = 0; r < down.count; r++, tap += TAPS) {
    const [w0, w1, w2, w3] = [y.weights[tap]!, y.weights[tap + 1]!, y.weights[tap + 2]!, y.weights[tap + 3]!];
    const a = stride * y.samples[tap]!;
    const b = stride * y.samples[tap + 1]!;
    const d = stride * y.samples[tap + 2]!;
    const e = stride * y.samples[tap + 3]!;
    for (let i = 0; i < stride; i++, at++) {
      out[at] = w0 * wide[a + i]! + w1 * wide[b + i]! + w2 * wide[d + i]! + w3 * wide[e + i]!;
    }
  }
  return out;
}

/** Samples of the image under the filter at every pixel of the span, and their weights. */
function tapsOf(span: Span, n: number): { samples: Int32Array; weights: Float64Array } {
  const samples = new Int32Array(TAPS * span.count);
  const weights = new Float64Array(TAPS * span.count);
  for (let p = 0; p < span.count; p++) {
    // In units of samples; sample i covers i to i + 1.
    const position = ((span.first + p + 0.5 - span.start) / span.length) * n - 0.5;
    const base = Math.floor(position);
    for (let tap = 0; tap < TAPS; tap++) {
      const sample = base - 1 + tap;
      samples[TAPS * p + tap] = Math.min(n - 1, Math.max(0, sample));
      weights[TAPS * p + tap] = mitchell(Math.abs(position - sample));
    }
  }
  return { samples, weights };
}

/** The filter at a distance in samples. */
function mitchell(x: number): number {
  if (x >= 2) return 0;
  return x < 1 ? (16 + x * x * (21 * x - 36)) / 18 : (32 + x * (-60 + x * (36 - 7 * x))) / 18;
}
