/**
 * Isolines of a slice in patient millimetres, by marching squares (d3-contour), and outlines of masks at the level 0.5.
 */
import { contours } from 'd3-contour';
import { partOfSlice, refineSlice, type Slice } from './slice.js';

/** Polylines as flat [u0, v0, u1, v1, ...], mm. */
export type Polylines = readonly Float64Array[];

/** Samples per voxel on which lines are traced: finer adds nothing that shows at 3 px per mm. */
const FINENESS = 3;

/**
 * Lines on which the slice equals `level`. Where the level runs out of the slice the line ends there: the edge of the
 * slice is not an isoline.
 */
export function isolines(slice: Slice, level: number): Polylines {
  return tracePart(refineSlice(slice, FINENESS), level);
}

/** Outline of a fractional mask: its 0.5 level; open where the structure runs out of the slice. */
export function outline(mask: Slice): Polylines {
  const box = boxOf(mask, Number.MIN_VALUE);
  if (box === undefined) return [];
  const { left, top } = box;
  const fine = refineSlice(partOfSlice(mask, left, top, box.right, box.bottom), FINENESS);
  return traceLevel({ ...fine, u0: mask.u0, v0: mask.v0 }, 0.5, FINENESS * left, FINENESS * top);
}

/** Columns left to right - 1 and rows top to bottom - 1 of a slice. */
interface SliceBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Where the slice reaches a level, with a rim of two samples, where there are any, that closes lines as in the whole slice;
 * undefined where it does not.
 */
function boxOf({ columns, rows, data }: Slice, level: number): SliceBox | undefined {
  let [c0, c1, r0, r1] = [columns, -1, rows, -1];
  for (let r = 0; r < rows; r++) {
    const row = r * columns;
    let first = 0;
    while (first < columns && !(data[row + first]! >= level)) first++;
    if (first === columns) continue;
    let last = columns - 1;
    while (!(data[row + last]! >= level)) last--;
    if (first < c0) c0 = first;
    if (last > c1) c1 = last;
    if (r0 > r) r0 = r;
    r1 = r;
  }
  if (c1 < 0) return undefined;
  return {
    left: Math.max(0, c0 - 2),
    top: Math.max(0, r0 - 2),
    right: Math.min(columns, c1 + 3),
    bottom: Math.min(rows, r1 + 3),
  };
}

/** Cubics rise to at most 9/8 of the samples around them. */
const BEFORE_OVERSHOOT = 0.8;

/** Several levels, all above zero, of one slice; refines once, and only where the lowest can be reached. */
export function isolinesOf(slice: Slice, levels: readonly number[]): Polylines[] {
  const box = boxOf(slice, BEFORE_OVERSHOOT * Math.min(...levels));
  if (box === undefined) return levels.map(() => []);
  const { left, top } = box;
  const fine = refineSlice(partOfSlice(slice, left, top, box.right, box.bottom), FINENESS);
  const whole = { ...fine, u0: slice.u0, v0: slice.v0 };
  return levels.map((level) => tracePart(whole, level, FINENESS * left, FINENESS * top));
}

/** Traces only where the level is reached. @param left,top as {@link traceLevel} has them */
function tracePart(slice: Slice, level: number, left = 0, top = 0): Polylines {
  const box = boxOf(slice, level);
  if (box === undefined) return [];
  const part = partOfSlice(slice, box.left, box.top, box.right, box.bottom);
  return traceLevel({ ...part, u0: slice.u0, v0: slice.v0 }, level, left + box.left, top + box.top);
}

/**
 * @param slice a part; its corner is that of the whole slice, so that points round alike whatever part is traced
 * @param left,top samples that were left out before the first column and row
 */
function traceLevel(slice: Slice, level: number, left: number, top: number): Polylines {
  const { columns, rows, data } = slice;
  if (columns < 2 || rows < 2) return [];
  // d3-contour reads its values by index only, so a typed array serves; its types ask for number[].
  const shape = contours()
    .size([columns, rows])
    .contour(data as unknown as number[], level);
  const lines: Float64Array[] = [];
  for (const polygon of shape.coordinates) {
    for (const ring of polygon) {
      for (const part of cutAtEdge(ring as [number, number][], columns, rows)) {
        const line = new Float64Array(2 * part.length);
        part.forEach(([x, y], i) => {
          // Sample (c, r) stands at (c + 0.5, r + 0.5) in d3-contour.
          line[2 * i] = slice.u0 + (x! + left - 0.5) * slice.du;
          line[2 * i + 1] = slice.v0 + (y! + top - 0.5) * slice.dv;
        });
        lines.push(line);
      }
    }
  }
  return lines;
}

/** The parts of a ring that do not run along the edge of the lattice. */
function cutAtEdge(ring: [number, number][], columns: number, rows: number): [number, number][][] {
  const onEdge = ([x, y]: [number, number]): boolean => x <= 0 || y <= 0 || x >= columns || y >= rows;
  if (!ring.some(onEdge)) return [ring];
  const parts: [number, number][][] = [];
  let part: [number, number][] = [];
  // A ring repeats its first point at the end; begin on the edge, so that no part is split where the ring happens to start.
  const open = ring.slice(0, -1);
  const first = open.findIndex(onEdge);
  for (const point of [...open.slice(first), ...open.slice(0, first)]) {
    if (onEdge(point)) {
      if (part.length > 1) parts.push(part);
      part = [];
    } else {
      part.push(point);
    }
  }
  if (part.length > 1) parts.push(part);
  return parts;
}
