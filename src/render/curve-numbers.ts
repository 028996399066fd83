/**
 * Numbers on curves: each is set where the other curves are furthest, so that a curve is known without its colour.
 */
import { rect, text } from './figure.js';

/** A curve with the number of its entry in the key. */
export interface NumberedCurve {
  readonly number: number;
  readonly color: string;
  /** px, flat x, y. */
  readonly points: ArrayLike<number>;
}

/** Where numbers may stand, px. */
interface Field {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

type Point = readonly [x: number, y: number];

const HIGH = 14;
/** From the frame, px. */
const RIM = 10;
/** A number further than that from everything is as good as any. */
const FREE = 60;

/** @returns the numbers on white, in the colours of their curves */
export function curveNumbers(curves: readonly NumberedCurve[], field: Field): string {
  const traces = curves.map(({ points }) => tracePoints(points, field));
  const placed: Point[] = [];
  let out = '';
  for (const [c, { number, color }] of curves.entries()) {
    const at = freest(traces[c]!, [...traces.filter((_, other) => other !== c).flat()], placed);
    if (at === undefined) continue;
    placed.push(at);
    out += numberBadge(at[0], at[1], number, color);
  }
  return out;
}

/** A number in a box around (x, y). */
export function numberBadge(x: number, y: number, number: number, color: string): string {
  const wide = number > 9 ? 20 : HIGH;
  return (
    rect(x - wide / 2, y - HIGH / 2, wide, HIGH, { fill: '#ffffff', stroke: color, width: 1.2 }) +
    text(x, y + 4, String(number), { size: 11, anchor: 'middle', bold: true })
  );
}

/** Points every few px along a curve, inside the frame. */
function tracePoints(points: ArrayLike<number>, { left, top, width, height }: Field): Point[] {
  const out: Point[] = [];
  for (let p = 0; p + 3 < points.length; p += 2) {
    const [x0, y0, x1, y1] = [points[p]!, points[p + 1]!, points[p + 2]!, points[p + 3]!];
    const steps = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 8));
    for (let s = 0; s < steps; s++) {
      const [x, y] = [x0 + (s / steps) * (x1 - x0), y0 + (s / steps) * (y1 - y0)];
      if (x > left + RIM && x < left + width - RIM && y > top + RIM && y < top + height - RIM) out.push([x, y]);
    }
  }
  return out;
}

function freest(own: readonly Point[], others: readonly Point[], placed: readonly Point[]): Point | undefined {
  let best = -1;
  let at: Point | undefined;
  for (const [x, y] of own) {
    let free = FREE;
    for (const [qx, qy] of placed) free = Math.min(free, 1.5 * Math.max(Math.abs(x - qx), Math.abs(y - qy)) - HIGH);
    if (free <= best) continue;
    for (const [qx, qy] of others) {
      free = Math.min(free, Math.hypot(x - qx, y - qy));
      if (free <= best) break;
    }
    if (free > best + 1e-9) {
      best = free;
      at = [x, y];
    }
  }
  return at;
}
