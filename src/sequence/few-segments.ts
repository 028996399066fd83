/**
 * Few segments at the least beam-on time: exact levels, no unit more than needed.
 *
 * The fewest are NP-hard to find, so this is a search. Each step takes a segment out of the map so that the least beam-on time of
 * what is left falls by exactly the segment's weight (Engel 2005; Kalinowski 2005). With the differences d_j = a_j - a_(j-1) of a
 * row, its least time is the sum of the positive ones, and an interval [l, r) at weight u may be taken where the row still ends in
 * time. Rows are independent, so each takes the interval that removes most differences. The greedy rule takes the largest weight
 * that every row can spare. The search tries the next smaller ones too, each with the greedy rest, and follows the best.
 */
import { checkInteger } from '../core/check.js';
import type { IntensityMap } from './intensity-map.js';
import type { Segment } from './segment.js';

/** What is left of a map after some segments. */
interface Remainder {
  readonly intensities: Int32Array;
  /** Least beam-on time of what is left. */
  readonly time: number;
  /** Segments taken so far. */
  readonly count: number;
  readonly weight: number;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly before: Remainder | undefined;
}

/** Interval of a row with the differences that taking it removes. */
interface Interval {
  readonly left: number;
  readonly right: number;
  readonly removed: number;
}

export interface FewSegmentsOptions {
  /**
   * Weights that each step tries, >= 1, each with the greedy rest; 1 is greedy. More find fewer segments and take longer.
   * @default 5
   */
  readonly tries?: number;
}

/**
 * Segments that deliver a map exactly in the least beam-on time, as few as the search finds.
 *
 * The search breaks ties from the left, so that it is made from both sides and the shorter sequence stands: the mirrored map has the
 * mirrored segments. A map that is its own mirror image has them in one of the two ways.
 *
 * Opposing ends of neighbouring pairs may overlap: for machines where they must not, take {@link sweepSegments} of a sweep with
 * the interleaf constraint.
 */
export function fewSegments(map: IntensityMap, { tries = 5 }: FewSegmentsOptions = {}): Segment[] {
  checkInteger('segments: weights tried', tries, 1);
  // In the coarsest units, so that a map in other units has the same segments.
  const unit = map.intensities.reduce(greatestDivisor, 0);
  const coarse = unit > 1 ? { ...map, intensities: map.intensities.map((intensity) => intensity / unit) } : map;
  const turned = mirrorImage(coarse);
  const [own, other] = [search(coarse, tries), mirrored(search(turned, tries), map.columns)];
  const isOwn = own.length === other.length ? isBefore(coarse, turned) : own.length < other.length;
  const found = isOwn ? own : other;
  return unit > 1 ? found.map((segment) => ({ ...segment, weight: segment.weight * unit })) : found;
}

function mirrorImage(map: IntensityMap): IntensityMap {
  const { rows, columns, intensities } = map;
  const turned = new Int32Array(rows * columns);
  for (let at = 0; at < turned.length; at++) {
    const column = at % columns;
    turned[at] = intensities[at - column + columns - 1 - column]!;
  }
  return { ...map, intensities: turned };
}

const mirrored = (segments: readonly Segment[], columns: number): Segment[] =>
  segments.map(({ left, right, weight }) => ({
    left: right.map((end) => columns - end),
    right: left.map((end) => columns - end),
    weight,
  }));

/** Any order will do, as long as it is the same from either side, and from head and foot: that of the sums over the rows. */
function isBefore(map: IntensityMap, turned: IntensityMap): boolean {
  const [a, b] = [orderOf(map), orderOf(turned)];
  const first = a.findIndex((units, at) => units !== b[at]);
  return first < 0 || a[first]! < b[first]!;
}

/** Sum of every column, then of their squares, then all there is. */
function orderOf({ columns, intensities }: IntensityMap): number[] {
  const [sums, squares] = [new Array<number>(columns).fill(0), new Array<number>(columns).fill(0)];
  intensities.forEach((units, at) => {
    sums[at % columns]! += units;
    squares[at % columns]! += units ** 2;
  });
  return [...sums, ...squares, ...intensities];
}

/** Few segments, ties broken from the left. */
function search(map: IntensityMap, tries: number): Segment[] {
  let state = startOf(map);
  let best = greedyRest(state, map);
  while (tries > 1 && state.time > 0) {
    const ends = followers(state, map, tries).map((next) => ({ next, last: greedyRest(next, map) }));
    const first = ends.reduce((a, b) => (b.last.count < a.last.count ? b : a));
    if (first.last.count < best.count) best = first.last;
    // The best whole sequence that is known is followed until another is better.
    state = first.last.count <= best.count ? first.next : ancestor(best, state.count + 1);
  }
  return segmentsOf(best);
}

/** What is left after the largest weights, one after the other: nothing. */
function greedyRest(start: Remainder, map: IntensityMap): Remainder {
  let state = start;
  while (state.time > 0) state = followers(state, map, 1)[0]!;
  return state;
}

function ancestor(last: Remainder, count: number): Remainder {
  let state = last;
  while (state.count > count) state = state.before!;
  return state;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function startOf(map: IntensityMap): Remainder {
  const time = Math.max(...timesOf(map.intensities, map));
  const none = new Int32Array(0);
  return { intensities: map.intensities, time, count: 0, weight: 0, left: none, right: none, before: undefined };
}

/** The states after one more segment, of every weight that may be taken from the largest down. */
function followers(state: Remainder, map: IntensityMap, tries: number): Remainder[] {
  const times = timesOf(state.intensities, map);
  const largest = largestWeight(state, times, map);
  const out: Remainder[] = [];
  const least = Math.max(1, largest - tries + 1);
  for (let weight = largest; weight >= least; weight--) out.push(take(state, times, weight, map));
  return out;
}

/** The largest weight that every row can spare: Engel's step. */
function largestWeight(state: Remainder, times: readonly number[], { rows, columns }: IntensityMap): number {
  let largest = state.time;
  for (let i = 0; i < rows; i++) {
    const row = state.intensities.subarray(i * columns, (i + 1) * columns);
    const gap = state.time - times[i]!;
    let spared = gap;
    for (let l = 0; l < columns; l++) {
      const rise = row[l]! - (row[l - 1] ?? 0);
      if (rise <= 0) continue;
      let least = Infinity;
      for (let r = l + 1; r <= columns; r++) {
        least = Math.min(least, row[r - 1]!);
        if (least <= spared) break;
        const fall = row[r - 1]! - (row[r] ?? 0);
        if (fall <= 0) continue;
        spared = Math.max(spared, Math.min(least, heaviest(rise, fall, gap)));
      }
    }
    largest = Math.min(largest, spared);
  }
  return largest;
}

/** The heaviest interval between a rise and a fall in a row that has `gap` units to spare. */
function heaviest(rise: number, fall: number, gap: number): number {
  if (gap <= Math.abs(rise - fall)) return gap + Math.min(rise, fall);
  return Math.floor((rise + fall + gap) / 2);
}

function take(state: Remainder, times: readonly number[], weight: number, map: IntensityMap): Remainder {
  const { rows, columns } = map;
  const intensities = state.intensities.slice();
  const left = new Int32Array(rows);
  const right = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const row = intensities.subarray(i * columns, (i + 1) * columns);
    const interval = bestInterval(row, weight, state.time - times[i]!);
    left[i] = interval.left;
    right[i] = interval.right;
    for (let j = interval.left; j < interval.right; j++) row[j]! -= weight;
  }
  return { intensities, time: state.time - weight, count: state.count + 1, weight, left, right, before: state };
}

/** The interval that removes most differences at a weight; the longest among equals. */
function bestInterval(row: Int32Array, weight: number, gap: number): Interval {
  const columns = row.length;
  let best: Interval = { left: 0, right: 0, removed: gap >= weight ? 0 : -Infinity };
  for (let l = 0; l < columns; l++) {
    const rise = row[l]! - (row[l - 1] ?? 0);
    const lost = Math.max(0, weight - Math.max(0, rise));
    if (lost > gap) continue;
    for (let r = l + 1; r <= columns && row[r - 1]! >= weight; r++) {
      const fall = row[r - 1]! - (row[r] ?? 0);
      // The row's time falls by what the rise covers of the weight, and grows by what the fall does not.
      if (lost + Math.max(0, weight - Math.max(0, fall)) > gap) continue;
      const removed = change(rise, weight) + change(fall, weight);
      if (removed > best.removed || (removed === best.removed && r - l > best.right - best.left)) {
        best = { left: l, right: r, removed };
      }
    }
  }
  return best;
}

/** Differences removed at one end: 1 where the weight is all of it, -1 where there was none. */
function change(difference: number, weight: number): number {
  if (difference === weight) return 1;
  return difference === 0 ? -1 : 0;
}

/** Least beam-on time of each row. */
function timesOf(intensities: Int32Array, { rows, columns }: IntensityMap): number[] {
  return Array.from({ length: rows }, (_, i) => {
    let time = 0;
    for (let j = 0; j < columns; j++) {
      time += Math.max(0, intensities[i * columns + j]! - (j > 0 ? intensities[i * columns + j - 1]! : 0));
    }
    return time;
  });
}

function segmentsOf(last: Remainder): Segment[] {
  const segments: Segment[] = [];
  for (let state = last; state.before; state = state.before) {
    segments.push({ left: state.left, right: state.right, weight: state.weight });
  }
  return segments.reverse();
}
