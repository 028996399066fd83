/**
 * Labels on lines: each line of a panel that needs one gets its words once, away from those already set and from the edge.
 */
import { text } from './figure.js';
import { textWidth } from './text-width.js';

/** Lines that share one label, px from the upper left corner of the panel. */
export interface LabelledLines {
  readonly words: string;
  readonly lines: readonly Float64Array[];
}

type Point = readonly [x: number, y: number];

const SIZE = 11;
/** So far apart two labels do not touch, px. */
const APART = 26;

/** The labels, in the order of the lines: the first have the choice of places. */
export function lineLabels(all: readonly LabelledLines[], width: number, height: number): string {
  const placed: Point[] = [];
  let out = '';
  for (const { words, lines } of all) {
    const at = placeOn(lines, placed, width, height) ?? placeBeside(words, lines, placed, width, height);
    if (at === undefined) continue;
    placed.push(at);
    out += text(at[0], at[1] + 4, words, {
      size: SIZE,
      anchor: 'middle',
      bold: true,
      fill: '#ffffff',
      halo: '#1a1a1a',
    });
  }
  return out;
}

const distanceTo = ([x, y]: Point, placed: readonly Point[]): number =>
  placed.reduce((least, [qx, qy]) => Math.min(least, Math.hypot(x - qx, 1.6 * (y - qy))), 120);

/** The point of a line that is long enough to carry a label where most is free around it. */
function placeOn(
  lines: readonly Float64Array[],
  placed: readonly Point[],
  width: number,
  height: number,
): Point | undefined {
  let best = APART;
  let at: Point | undefined;
  for (const points of lines) {
    // A short loop is smaller than its label.
    if (points.length < 60) continue;
    for (let p = 0; p < points.length; p += 2) {
      const [x, y] = [points[p]!, points[p + 1]!];
      const edge = Math.min(x - 34, width - 34 - x, y - 26, height - 40 - y);
      if (edge <= 0 || edge + 20 <= best) continue;
      const free = Math.min(edge + 20, distanceTo([x, y], placed));
      if (free > best + 1e-9) {
        best = free;
        at = [x, y];
      }
    }
  }
  return at;
}

/** Where no line has such a point: next to one, on the side where most is free. */
function placeBeside(
  words: string,
  lines: readonly Float64Array[],
  placed: readonly Point[],
  width: number,
  height: number,
): Point | undefined {
  const half = textWidth(words, SIZE, true) / 2;
  let best = 0;
  let at: Point | undefined;
  for (const points of lines) {
    // Every few points are enough to find a side.
    const step = 2 * Math.max(1, Math.floor(points.length / 64));
    for (let p = 0; p < points.length; p += step) {
      const [x, y] = [points[p]!, points[p + 1]!];
      for (const place of [
        [x + half + 6, y],
        [x - half - 6, y],
        [x, y - 12],
        [x, y + 12],
      ] as const) {
        const isInside = place[0] > half + 4 && place[0] < width - half - 4 && place[1] > 12 && place[1] < height - 12;
        const free = isInside ? distanceTo(place, placed) : 0;
        if (free > best + 1e-9) {
          best = free;
          at = place;
        }
      }
    }
  }
  return at;
}
