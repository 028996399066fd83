/**
 * From intervals of dose with their volumes to V(D) and its mean: a sweep over the sorted ends of the intervals.
 */
import type { DoseSamples } from './dose-sample.js';
import { RadixSorter } from './radix-sort.js';

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

/**
 * Adds up samples to curves, and keeps its memory for the next one.
 *
 * Its loops stand alone, one to a function: one function that holds several, each run once for a million ends, is compiled
 * for each of them anew, and left half compiled each time.
 */
export class Cumulator {
  private readonly sorter = new RadixSorter();
  private corners = new Float32Array(0);
  private above = new Float64Array(0);
  private count = 0;
  private sum = 0;
  private slope = 0;
  private jump = 0;
  private at = Infinity;

  /**
   * Corners of V(D) from hot to cold: slopes switch on at the top of each interval and off at its bottom.
   *
   * Overwrites the samples' volumes: an interval's becomes its slope, one without width keeps its volume, as a negative.
   */
  cumulate({ ends, volume }: DoseSamples, total: number): DvhCorners {
    const { sorter } = this;
    const capacity = ends.length + toSlopes(ends, volume);
    if (this.corners.length < capacity) {
      this.corners = new Float32Array(capacity);
      this.above = new Float64Array(capacity);
    }
    const { corners, above } = this;
    this.count = 0;
    this.sum = 0;
    this.slope = 0;
    this.jump = 0;
    this.at = Infinity;
    for (let run = sorter.deal(ends) - 1; run >= 0; run--) {
      sorter.sort(run);
      this.sweep(sorter, volume);
    }
    this.addJump();
    const { count, sum } = this;
    // The last corner is the whole structure; whatever rounding the sweep gathered is scaled out.
    scaleRising(above, count, sum > 0 ? total / sum : 1, total);
    return { dose: corners.slice(0, count), volume: above.slice(0, count) };
  }

  /** Goes down a sorted run. */
  private sweep({ floats, words, from, count: pairs }: RadixSorter, slopes: Float64Array): void {
    const n = slopes.length;
    const { corners, above } = this;
    let { count, sum, slope, at } = this;
    for (let p = 2 * (from + pairs - 1); p >= 2 * from; p -= 2) {
      const d = floats[p]!;
      if (d !== at) {
        if (this.jump > 0) {
          this.count = count;
          this.sum = sum;
          this.at = at;
          this.addJump();
          count = this.count;
          sum = this.sum;
        }
        if (count > 0) sum += slope * (at - d);
        corners[count] = d;
        above[count++] = sum;
        at = d;
      }
      const end = words[p + 1]!;
      // 1 for a lower end, 0 for an upper one: they come in any order, so that a branch would be guessed wrong half the time.
      const isLower = (n - 1 - end) >>> 31;
      const step = slopes[end - (n & -isLower)]!;
      // Half of a jump at either of its ends, which are one.
      if (step < 0) this.jump -= step / 2;
      else slope += step * (1 - 2 * isLower);
    }
    this.count = count;
    this.sum = sum;
    this.slope = slope;
    this.at = at;
  }

  /** A second corner where intervals without width have gathered. */
  private addJump(): void {
    if (!(this.jump > 0)) return;
    this.sum += this.jump;
    this.corners[this.count] = this.at;
    this.above[this.count++] = this.sum;
    this.jump = 0;
  }
}

/** Volumes to slopes, or to their negatives where there is no width; @returns how many those are */
function toSlopes(ends: Float32Array, volume: Float64Array): number {
  const n = volume.length;
  let nJumps = 0;
  for (let i = 0; i < n; i++) {
    const width = ends[i]! - ends[n + i]!;
    if (width === 0) nJumps++;
    volume[i] = width === 0 ? -volume[i]! : volume[i]! / width;
  }
  return nJumps;
}

/** Scales the first values, keeps them rising and at most `total`. */
function scaleRising(values: Float64Array, count: number, scale: number, total: number): void {
  let highest = 0;
  for (let i = 0; i < count; i++) {
    const scaled = values[i]! * scale;
    if (scaled > highest) highest = scaled;
    values[i] = highest < total ? highest : total;
  }
}
