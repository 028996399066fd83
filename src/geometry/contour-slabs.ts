/**
 * The slab that each plane of contours stands for: half the way to its neighbours, whatever the spacing.
 *
 * Planes that are cut on every slice, as a mask's or a traced solid's, are whole: a slice without one has nothing on it. By hand
 * slices are left out, every second or third one or some, and the spacing changes along a structure: what lies between two planes was not
 * drawn because it is like them, unless it is several times as far as planes lie apart around it: a gap, where nothing is.
 */
import type { Contours } from './structure.js';

/** Planes nearer than this are one plane, and spacings that differ by less are one: contour files round to 0.01 mm. */
export const samePlane = 0.05;

/** Wider than this many spacings, a slice lies between two planes. */
export const nextSlice = 1.5;

/** Wider than this many spacings around it, the way between two planes is a gap. */
const several = 2.5;

/** And wider than this many usual spacings of the structure in any case. */
const farApart = 10;

/** Up to as many, two ways alike one after the other are a spacing too: every third slice, at an end. */
const farForTwo = 6;

/** On each side of a way between two planes so many others say what is usual there. */
const around = 3;

/** Lower median of the distances between rising positions; undefined for fewer than two. */
export function usualGap(z: readonly number[]): number | undefined {
  return lowerMedian(waysBetween(z));
}

/** Where nothing is between a plane and the next: one for each plane but the last. */
export function contourGaps({ planes, spacing, isSparse }: Contours): boolean[] {
  const ways = waysBetween(planes.map(({ z }) => z));
  return ways.map((way, i) => {
    if (!isSparse) return way > nextSlice * spacing;
    const below = lowerMedian(ways.slice(Math.max(0, i - around), i));
    const above = lowerMedian(ways.slice(i + 1, i + 1 + around));
    const usual = Math.max(below ?? 0, above ?? 0) || spacing;
    const isEven = [ways[i - 1], ways[i + 1]].some((other) => Math.abs((other ?? Infinity) - way) < samePlane);
    return way > farApart * spacing || (way > several * usual && !(isEven && way <= farForTwo * spacing));
  });
}

/**
 * The slab that each plane stands for: [low, high] in z, mm, one pair per plane.
 *
 * Half the way towards each neighbour; at the ends, and towards a gap, what the end rule says: half of how far planes lie apart
 * there, or nothing.
 */
export function contourSlabs(contours: Contours): Float64Array {
  const { planes, spacing, ends, isSparse } = contours;
  const isGap = contourGaps(contours);
  const ways = waysBetween(planes.map(({ z }) => z));
  /** From plane p inwards, up to the next gap. */
  const end = (p: number, step: -1 | 1): number => {
    if (ends === 'none') return 0;
    const inwards: number[] = [];
    for (let i = step > 0 ? p : p - 1; isSparse && inwards.length < around; i += step) {
      if (ways[i] === undefined || isGap[i]) break;
      inwards.push(ways[i]!);
    }
    const local = lowerMedian(inwards) ?? spacing;
    // Even planes have one spacing, whatever their coordinates are rounded to.
    return Math.abs(local - spacing) < samePlane ? spacing : local;
  };
  const slabs = new Float64Array(2 * planes.length);
  for (let p = 0; p < planes.length; p++) {
    const { z } = planes[p]!;
    slabs[2 * p] = z - (p === 0 || isGap[p - 1] ? end(p, 1) : ways[p - 1]!) / 2;
    slabs[2 * p + 1] = z + (p === planes.length - 1 || isGap[p] ? end(p, -1) : ways[p]!) / 2;
  }
  return slabs;
}

const waysBetween = (z: readonly number[]): number[] => z.slice(1).map((value, i) => value - z[i]!);

function lowerMedian(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1];
}
