/**
 * Unidirectional leaf sweeps: the schedule of least beam-on time, for sliding windows and as segments.
 *
 * Both ends of a pair move from left to right. The right end uncovers pixel j at time r_j, the left end covers it at
 * t_j = r_j + a_j, where a_j is its intensity in units. Leaves do not turn back, so
 *
 *     r_(j+1) >= r_j     and     t_(j+1) >= t_j
 *
 * and the earliest schedule that keeps both ends after max_i sum_j max(0, a_ij - a_i(j-1)) units, which no schedule undercuts
 * (Bortfeld et al. 1994). Where opposing ends of neighbouring pairs must not overlap, a left end waits for the right ends
 * beside it,
 *
 *     t_ij >= r_(i-1)j     and     t_ij >= r_(i+1)j,
 *
 * and the earliest schedule is a longest path: columns in order, within a column once up and once down the pairs, since waiting
 * on from pair to pair only costs. No segments in any order take less time (Kamath et al. 2004; Kalinowski 2005).
 */
import type { IntensityMap } from './intensity-map.js';
import type { Segment } from './segment.js';

/** When each pixel is uncovered and covered again, in units of beam-on time; both rise along every row. */
export interface SweepSchedule {
  readonly rows: number;
  readonly columns: number;
  /** Right (leading) end passes pixel j of pair i, at `i * columns + j`. */
  readonly uncovered: Int32Array;
  /** Left (trailing) end passes it: later by the pixel's intensity. */
  readonly covered: Int32Array;
  /** When all is delivered. */
  readonly beamOnTime: number;
}

/**
 * The schedule of least beam-on time: exact, in one pass over the map.
 *
 * @param interleaf true: opposing ends of neighbouring pairs may touch, but not overlap
 */
export function leastSweep(map: IntensityMap, interleaf = false): SweepSchedule {
  const { rows, columns, intensities } = map;
  const uncovered = new Int32Array(rows * columns);
  const covered = new Int32Array(rows * columns);
  const wait = (i: number, other: number, j: number): void => {
    const at = i * columns + j;
    uncovered[at] = Math.max(uncovered[at]!, uncovered[other * columns + j]! - intensities[at]!);
  };
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < rows; i++) {
      const at = i * columns + j;
      if (j > 0) uncovered[at] = Math.max(uncovered[at - 1]!, covered[at - 1]! - intensities[at]!);
    }
    if (interleaf) {
      for (let i = 1; i < rows; i++) wait(i, i - 1, j);
      for (let i = rows - 2; i >= 0; i--) wait(i, i + 1, j);
    }
    for (let i = 0; i < rows; i++)
      covered[i * columns + j] = uncovered[i * columns + j]! + intensities[i * columns + j]!;
  }
  let time = 0;
  for (let i = 0; i < rows; i++) time = Math.max(time, covered[(i + 1) * columns - 1]!);
  return { rows, columns, uncovered, covered, beamOnTime: time };
}

/** The least units in which segments of these leaves deliver a map: a proven minimum, whatever the segments. */
export function leastBeamOnTime(map: IntensityMap, interleaf = false): number {
  return leastSweep(map, interleaf).beamOnTime;
}

/** The schedule as step-and-shoot segments in order: the leaves stand wherever a sweep has them between two events. */
export function sweepSegments(schedule: SweepSchedule): Segment[] {
  const { rows, columns, uncovered, covered, beamOnTime } = schedule;
  const times = new Set<number>([0, beamOnTime]);
  for (let at = 0; at < uncovered.length; at++) {
    if (covered[at] === uncovered[at]) continue;
    times.add(uncovered[at]!);
    times.add(covered[at]!);
  }
  const events = [...times].sort((a, b) => a - b);
  return events.slice(1).map((end, n) => {
    const time = events[n]!;
    const left = new Int32Array(rows);
    const right = new Int32Array(rows);
    for (let i = 0; i < rows; i++) {
      left[i] = passed(covered, i, columns, time);
      right[i] = passed(uncovered, i, columns, time);
    }
    return { left, right, weight: end - time };
  });
}

/** Pixels of pair i that an end has passed at a time: its place, as a pixel edge. */
function passed(times: Int32Array, i: number, columns: number, time: number): number {
  let j = 0;
  while (j < columns && times[i * columns + j]! <= time) j++;
  return j;
}
