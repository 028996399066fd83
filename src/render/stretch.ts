/**
 * Stretch: an image resampled to pixels of another size, by the cubic filter of Mitchell and Netravali with B = C = 1/3,
 * first along columns, then along rows.
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

/**
 * Stretches an image over the pixels of both spans; beyond its edge it counts as its outermost pixels.
 *
 * @param out RGB of a picture, rows from the top; clamped bytes round, and hold what the filter's negative lobes drive over the ends
 * @param stride bytes in a row of it
 */
export function stretchImage(
  { width, height, data }: Rgb,
  across: Span,
  down: Span,
  out: Uint8ClampedArray,
  stride: number,
): void {
  const x = tapsOf(across, width);
  const y = tapsOf(down, height);
  const column = new Float32Array(3 * width);
  for (let r = 0; r < down.count; r++) {
    mixRows(data, 3 * width, y, TAPS * r, column);
    mixColumns(column, x, out, stride * (down.first + r) + 3 * across.first);
  }
}

/** The row of the image under a row of the target. */
function mixRows(data: Uint8Array, stride: number, { samples, weights }: Taps, tap: number, out: Float32Array): void {
  const w0 = weights[tap]!;
  const w1 = weights[tap + 1]!;
  const w2 = weights[tap + 2]!;
  const w3 = weights[tap + 3]!;
  const r0 = samples[tap]! * stride;
  const r1 = samples[tap + 1]! * stride;
  const r2 = samples[tap + 2]! * stride;
  const r3 = samples[tap + 3]! * stride;
  for (let i = 0; i < stride; i++) {
    out[i] = w0 * data[r0 + i]! + w1 * data[r1 + i]! + w2 * data[r2 + i]! + w3 * data[r3 + i]!;
  }
}

/** The pixels of the target's row from `at` on. */
function mixColumns(row: Float32Array, { samples, weights }: Taps, out: Uint8ClampedArray, at: number): void {
  for (let tap = 0; tap < samples.length; tap += TAPS) {
    const w0 = weights[tap]!;
    const w1 = weights[tap + 1]!;
    const w2 = weights[tap + 2]!;
    const w3 = weights[tap + 3]!;
    const c0 = 3 * samples[tap]!;
    const c1 = 3 * samples[tap + 1]!;
    const c2 = 3 * samples[tap + 2]!;
    const c3 = 3 * samples[tap + 3]!;
    out[at++] = w0 * row[c0]! + w1 * row[c1]! + w2 * row[c2]! + w3 * row[c3]!;
    out[at++] = w0 * row[c0 + 1]! + w1 * row[c1 + 1]! + w2 * row[c2 + 1]! + w3 * row[c3 + 1]!;
    out[at++] = w0 * row[c0 + 2]! + w1 * row[c1 + 2]! + w2 * row[c2 + 2]! + w3 * row[c3 + 2]!;
  }
}

interface Taps {
  readonly samples: Int32Array;
  readonly weights: Float64Array;
}

/** Samples of the image under the filter at every pixel of the span, and their weights. */
function tapsOf(span: Span, n: number): Taps {
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
