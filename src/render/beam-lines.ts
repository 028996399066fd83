/** Axes of beams in a panel: from the isocentre towards the source, to the edge of the panel. */
import type { Vec3 } from '../geometry/grid.js';
import { line, text } from './figure.js';
import type { PanelOptions, PanelView } from './panel-view.js';
import { planeAxes } from './slice.js';

/** An axis further out of the plane would be drawn where it is not: the sine of 10 degrees. */
const OUT_OF_PLANE = 0.17;
/** Labels stand so far from the edge, px: clear of the letters there. */
const RIM = 34;

/** @returns SVG of the lines with their labels; nothing for beams across the plane */
export function beamLines(
  { plane, point, beams = [] }: Pick<PanelOptions, 'plane' | 'point' | 'beams'>,
  view: PanelView,
): string {
  return beams.map(({ source, label }) => beamLine(plane, point, source, label, view)).join('');
}

function beamLine(
  plane: PanelOptions['plane'],
  point: Vec3,
  source: Vec3,
  label: string,
  { toPixel, width, height }: PanelView,
): string {
  const { across, down, through } = planeAxes(plane);
  const away = source.map((mm, axis) => mm - point[axis]!);
  if (Math.abs(away[through]!) > OUT_OF_PLANE * Math.hypot(...away)) return '';
  const [pixels] = toPixel([Float64Array.of(point[across], point[down], source[across], source[down])]);
  const [x, y, toX, toY] = pixels as unknown as [number, number, number, number];
  if (x < 0 || x > width || y < 0 || y > height) return '';
  const [dx, dy] = [toX - x, toY - y];
  const untilEdge = (from: number, step: number, size: number): number =>
    step === 0 ? 1 : ((step > 0 ? size - RIM : RIM) - from) / step;
  const part = Math.max(0, Math.min(1, untilEdge(x, dx, width), untilEdge(y, dy, height)));
  const [endX, endY] = [x + part * dx, y + part * dy];
  return (
    line(x, y, endX, endY, { stroke: '#000000', width: 2.4, opacity: 0.35 }) +
    line(x, y, endX, endY, { stroke: '#ffffff', width: 1, opacity: 0.85, dash: '6 3 1 3' }) +
    text(endX, endY + 4, label, { size: 11, anchor: 'middle', fill: '#ffffff', halo: '#1a1a1a' })
  );
}
