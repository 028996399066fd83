/**
 * From intervals of dose with their volumes to V(D) and its mean: a sweep over the sorted ends of the intervals.
 */
import type { DoseSamples } from './dose-sample.js';
import { risingOrder } from './radix-sort.js';

/** Volume-weighted mean of the samples, Gy; each moved by its `shift`. */
export function meanOf({ ends, volume }: DoseSamples, shift?: Float32Array): number {
  const n = volume.length;
  let sum = 0;
  let total = 0;
  for (let i = 0; i < n; i++) {
    sum += volume[i]! * ((ends[n + i]! + ends[i]!) * 0.5 + (shift === undefined ? 0 : shift[i]!));
    total += volume[i]!;
  }
  return sum / total;
}

/**
 * Corners of V(D) from hot to cold: slopes switch on at the top of each interval and off at its bottom.
 *
 * Overwrites the samples' volumes: an interval's becomes its slope, one without width keeps its volume, as a negative.
 */
export function cumulate({ ends, volume }: DoseSamples, total: number): { dose: Float64Array; volume: Float64Array } {
  const n = volume.length;
  let nJumps = 0;
  for (let i = 0; i < n; i++) {
    const width = ends[i]! - ends[n + i]!;
    if (width === 0) nJumps++;
    volume[i] = width === 0 ? -volume[i]! : volume[i]! / width;
  }
  const { values, order } = risingOrder(ends);
  const corners = new Float64Array(2 * n + nJumps);
  const above = new Float64Array(2 * n + nJumps);
  let count = 0;
  let sum = 0;
  let slope = 0;
  let at = values[2 * n - 1]!;
  for (let o = 2 * n - 1; o >= 0; ) {
    const d = values[o]!;
    sum += slope * (at - d);
    at = d;
    let jump = 0;
    for (; o >= 0 && values[o]! === d; o--) {
      const end = order[o]!;
      const step = volume[end < n ? end : end - n]!;
      if (step < 0) jump -= step / 2;
      else slope += end < n ? step : -step;
    }
    corners[count] = d;
    above[count++] = sum;
    if (jump > 0) {
      sum += jump;
      corners[count] = d;
      above[count++] = sum;
    }
  }
  // The last corner is the whole structure; whatever rounding the sweep gathered is scaled out.
  const scale = sum > 0 ? total / sum : 1;
  let highest = 0;
  for (let i = 0; i < count; i++) {
    highest = Math.max(highest, above[i]! * scale);
    above[i] = Math.min(highest, total);
  }
  return { dose: corners.subarray(0, count), volume: above.subarray(0, count) };
}
