/**
 * From intervals of dose with their volumes to V(D) and its mean: a sweep over the sorted ends of the intervals.
 */
import type { DoseSamples } from './dose-sample.js';
import { RadixSorter, type RisingOrder } from './radix-sort.js';

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

/** Corners of V(D), from hot to cold. */
export interface DvhCorners {
  /** Gy; Float32 holds them exactly, as it does the ends of the intervals. */
  readonly dose: Float32Array;
  /** cc */
  readonly volume: Float64Array;
}

/** Adds up samples to curves, and keeps its memory for the next one. */
export class Cumulator {
  private readonly sorter = new RadixSorter();
  private steps = new Float64Array(0);
  private dose = new Float32Array(0);
  private volume = new Float64Array(0);

  /** Corners of V(D) from hot to cold: slopes switch on at the top of each interval and off at its bottom. */
  cumulate({ ends, volume }: DoseSamples, total: number): DvhCorners {
    const n = volume.length;
    if (this.steps.length < 2 * n) {
      this.steps = new Float64Array(2 * n);
      this.dose = new Float32Array(3 * n);
      this.volume = new Float64Array(3 * n);
    }
    const { steps } = this;
    for (let i = 0; i < n; i++) {
      const width = ends[i]! - ends[n + i]!;
      // An interval without width has no slope: it is a jump.
      const slope = width === 0 ? 0 : volume[i]! / width;
      steps[i] = slope;
      steps[n + i] = -slope;
    }
    const { count, sum } = this.sweep(this.sorter.risingOrder(ends), volume);
    const { dose: corners, volume: above } = this;
    // The last corner is the whole structure; whatever rounding the sweep gathered is scaled out.
    const scale = sum > 0 ? total / sum : 1;
    let highest = 0;
    for (let i = 0; i < count; i++) {
      const scaled = above[i]! * scale;
      if (scaled > highest) highest = scaled;
      above[i] = highest < total ? highest : total;
    }
    return { dose: corners.slice(0, count), volume: above.slice(0, count) };
  }

  /** Corners into `dose` and `volume`; upper and lower ends are alike to it, so that nothing is guessed on the way. */
  private sweep({ values, order }: RisingOrder, volumes: Float64Array): { count: number; sum: number } {
    const { steps, dose: corners, volume: above } = this;
    const n = volumes.length;
    let count = 0;
    let sum = 0;
    let slope = 0;
    let jump = 0;
    let at = Infinity;
    for (let o = 2 * n - 1; o >= 0; o--) {
      const d = values[o]!;
      if (d !== at) {
        if (jump > 0) {
          sum += jump;
          corners[count] = at;
          above[count++] = sum;
          jump = 0;
        }
        if (count > 0) sum += slope * (at - d);
        corners[count] = d;
        above[count++] = sum;
        at = d;
      }
      const end = order[o]!;
      const step = steps[end]!;
      // Half of a jump at either of its ends, which are one.
      if (step === 0) jump += volumes[end < n ? end : end - n]! / 2;
      else slope += step;
    }
    if (jump > 0) {
      sum += jump;
      corners[count] = at;
      above[count++] = sum;
    }
    return { count, sum };
  }
}
