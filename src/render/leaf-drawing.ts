/** Leaves and jaws in a beam's-eye view: of one aperture whole, of several their ends, and each in a view of its own. */
import type { Aperture } from '../beam/aperture.js';
import { FAINT, group, INK, line, MARGIN, path, polylinePath, rect, text } from './figure.js';

export const OPEN = '#f2efe4';
export const CLOSED = '#4b5058';
export const LEAF_END = '#ffb000';
const LEAF = '#878d96';
const JAW = '#1b1b1b';

/** Where a view draws mm of the isocentre plane; it shows `extent` mm to every side of the axis. */
export interface LeafView {
  readonly x: (mm: number) => number;
  readonly y: (mm: number) => number;
  readonly extent: number;
}

/** An aperture with the monitor units that are given through it. */
export interface DrawnSegment {
  readonly aperture: Aperture;
  readonly monitorUnits: number;
}

/** What is open, every leaf from the edge of the view to its end, and the jaws as a dashed line. */
export function leavesDrawing({ bank, leaves, jaws, openings: open }: Aperture, view: LeafView, stroke = 1): string {
  const { x, y, extent } = view;
  const parts = open.map((o) => box(view, o.x0, o.x1, o.y0, o.y1, { fill: OPEN }));
  leaves.forEach(([x1, x2], n) => {
    const [low, high] = [bank.boundaries[n]!, bank.boundaries[n + 1]!];
    if (high <= -extent || low >= extent) return;
    const [from, to] = [Math.max(low, -extent), Math.min(high, extent)];
    const style = { fill: LEAF, stroke: '#3a3e45', width: 0.6 * stroke };
    if (x1 > -extent) parts.push(box(view, -extent, Math.min(x1, extent), from, to, style));
    if (x2 < extent) parts.push(box(view, Math.max(x2, -extent), extent, from, to, style));
  });
  if (jaws) {
    const edge = [jaws.x1, jaws.y1, jaws.x2, jaws.y1, jaws.x2, jaws.y2, jaws.x1, jaws.y2];
    const points = edge.map((mm, i) => (i % 2 === 0 ? x(mm) : y(mm)));
    parts.push(path(polylinePath([points], true), { stroke: JAW, width: 1.6 * stroke, dash: '5 3' }));
  }
  return parts.join('');
}

/** The ends of every open pair of some apertures, over what they deliver together. */
export function leafEndsDrawing(segments: readonly DrawnSegment[], { x, y }: LeafView): string {
  const drawn = new Set<string>();
  for (const { aperture } of segments) {
    for (const { x0, x1, y0, y1 } of aperture.openings) {
      for (const end of [x0, x1]) {
        drawn.add(line(x(end), y(y0), x(end), y(y1), { stroke: LEAF_END, width: 1.3, opacity: 0.85 }));
      }
    }
  }
  return [...drawn].join('');
}

/** Views beside each other, and how far apart. */
const ACROSS = 5;
const GAP = 12;
const LABEL = 20;
const HEADING = 34;
/** Views of one field that are drawn; the others are counted. */
const MOST_VIEWS = 60;

/** Every segment in a view of its own, in the order of delivery, with its number and monitor units. */
export function segmentViews(
  segments: readonly DrawnSegment[],
  { top, width, extent }: { readonly top: number; readonly width: number; readonly extent: number },
  over: (view: LeafView) => string,
): { readonly svg: string; readonly height: number } {
  const shown = segments.slice(0, MOST_VIEWS);
  const side = (width - 2 * MARGIN - (ACROSS - 1) * GAP) / ACROSS;
  const left = segments.length - shown.length;
  const counted = left === 0 ? '' : `, the first ${shown.length} of ${segments.length}`;
  const heading = `Segments in the order of delivery with their monitor units${counted}; the same view as above`;
  const parts = shown.map(({ aperture, monitorUnits }, s) => {
    const [row, column] = [Math.floor(s / ACROSS), s % ACROSS];
    const [x0, y0] = [MARGIN + column * (side + GAP), top + HEADING + row * (side + LABEL + GAP)];
    const scale = side / (2 * extent);
    const view: LeafView = { x: (mm) => side / 2 + mm * scale, y: (mm) => side / 2 - mm * scale, extent };
    const inside = rect(0, 0, side, side, { fill: CLOSED }) + leavesDrawing(aperture, view, 0.6) + over(view);
    return (
      group(x0, y0, inside, { id: `segment${s + 1}`, width: side, height: side }) +
      rect(x0, y0, side, side, { stroke: INK, width: 1 }) +
      text(x0, y0 + side + 15, `${s + 1}`, { size: 11.5, fill: FAINT }) +
      text(x0 + side, y0 + side + 15, `${monitorUnits.toFixed(1)} MU`, { size: 11.5, anchor: 'end' })
    );
  });
  const rows = Math.ceil(shown.length / ACROSS);
  return {
    svg: text(MARGIN, top + 20, heading, { size: 12.5 }) + parts.join(''),
    height: HEADING + rows * (side + LABEL + GAP),
  };
}

function box(
  { x, y }: LeafView,
  x0: number,
  x1: number,
  y0: number,
  y1: number,
  style: Parameters<typeof rect>[4],
): string {
  return rect(x(x0), y(y1), x(x1) - x(x0), y(y0) - y(y1), style);
}
