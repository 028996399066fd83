/**
 * Line chart: axes in a frame, with curves, marks and words placed in their units. Every figure of curves stands on it.
 */
import { type AxisSpec, createAxes, type Frame } from './axis.js';
import { FOOT, group, type LineStyle, line, MARGIN, path, polylinePath, type TextStyle, text } from './figure.js';

/** A point in the units of the axes. */
export type ChartPoint = readonly [x: number, y: number];

export interface LineChart {
  readonly frame: Frame;
  /** px */
  x(value: number): number;
  y(value: number): number;
  /** A curve through points; where it leaves the frame it is drawn all the same. */
  curve(points: readonly ChartPoint[], style: LineStyle): string;
  /** The same mark at every point. */
  marks(points: readonly ChartPoint[], mark: (x: number, y: number) => string): string;
  /** A line over the whole height of the frame. */
  upright(x: number, style: LineStyle): string;
  /** A line over the whole width of the frame. */
  level(y: number, style: LineStyle): string;
  /** Words to the right of the frame, at the height of a value; `drop` px below it. */
  beside(y: number, words: string, style: TextStyle, drop?: number): string;
  /** What is drawn, cut to the frame. @param id of the clip path, one per document */
  clipped(id: string, children: string): string;
  /** What is drawn, between the grid and the frame with its ticks and names. */
  svg(children: string): string;
}

/** How much of a figure its chart leaves free, px. */
export interface ChartRoom {
  readonly width: number;
  readonly height: number;
  /** Above, with title and subtitle. */
  readonly top: number;
  /** To the right, for key or labels. */
  readonly key: number;
  /** Between the frame and the footer, for ticks and name of the axis. @default 54 */
  readonly bottom?: number;
}

/** The frame of a chart on a page, with room for the ticks and names of its axes. */
export function chartFrame({ width, height, top, key, bottom = 54 }: ChartRoom): Frame {
  const left = MARGIN + 56;
  return { left, top, width: width - left - MARGIN - key, height: height - top - FOOT - bottom };
}

/** A frame as two, one above the other. @param gap between them, px @param lower height of the lower one, px @default half of what is left */
export function splitFrame(frame: Frame, gap: number, lower = (frame.height - gap) / 2): [above: Frame, below: Frame] {
  const upper = frame.height - gap - lower;
  return [
    { ...frame, height: upper },
    { ...frame, top: frame.top + upper + gap, height: lower },
  ];
}

/** The chart of a frame. */
export function lineChart(frame: Frame, xSpec: AxisSpec, ySpec: AxisSpec): LineChart {
  const { left, top, width, height } = frame;
  const { x, y, grid, svg } = createAxes(frame, xSpec, ySpec);
  return {
    frame,
    x,
    y,
    curve: (points, style) => path(polylinePath([points.flatMap(([atX, atY]) => [x(atX), y(atY)])]), style),
    marks: (points, mark) => points.map(([atX, atY]) => mark(x(atX), y(atY))).join(''),
    upright: (at, style) => line(x(at), top, x(at), top + height, style),
    level: (at, style) => line(left, y(at), left + width, y(at), style),
    beside: (at, words, style, drop = 0) => text(left + width + 10, y(at) + 4 + drop, words, style),
    clipped: (id, children) => group(left, top, group(-left, -top, children), { id, width, height }),
    svg: (children) => grid + children + svg,
  };
}

/** A short thick dash, the mark of a computed point. */
export const dash =
  (stroke: string) =>
  (x: number, y: number): string =>
    line(x - 3, y, x + 3, y, { stroke, width: 6 });
