/**
 * A pair of linear axes with grid, ticks and names, drawn around a frame.
 */
import { scaleLinear } from 'd3-scale';
import { FAINT, INK, line, rect, text } from './figure.js';
import { fitText, textWidth } from './text-width.js';

export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface AxisSpec {
  readonly min: number;
  readonly max: number;
  /** With the unit: `Dose [Gy]`. */
  readonly name: string;
  /** About so many ticks. @default 8 */
  readonly ticks?: number;
  /** From the frame to the name of an upright axis, px. @default 44 */
  readonly beside?: number;
  /** Words at 0, 1, 2, ... in place of numbers, for categories. */
  readonly words?: readonly string[];
}

export interface Axes {
  x(value: number): number;
  y(value: number): number;
  /** Grid lines: under the data. */
  readonly grid: string;
  /** Frame, ticks and names: over the data. */
  readonly svg: string;
}

export function createAxes(frame: Frame, xSpec: AxisSpec, ySpec: AxisSpec): Axes {
  const { left, top, width, height } = frame;
  const x = scaleLinear([xSpec.min, xSpec.max], [left, left + width]);
  const y = scaleLinear([ySpec.min, ySpec.max], [top + height, top]);
  const grid: string[] = [];
  const over: string[] = [rect(left, top, width, height, { stroke: INK, width: 1.2 })];
  const xFormat = x.tickFormat(xSpec.ticks ?? 8);
  const { words } = xSpec;
  // What a category has of the axis, less a gap; where one needs more, every other one stands lower.
  const wide = words === undefined ? 0 : x(1) - x(0) - 6;
  const isStaggered = words?.some((word) => textWidth(word, 12) > wide) ?? false;
  for (const tick of words === undefined ? x.ticks(xSpec.ticks ?? 8) : words.keys()) {
    // Nor beyond the frame, but for a little.
    const inFrame = 2 * Math.min(x(tick) - left, left + width - x(tick)) + 16;
    const free = isStaggered ? Math.min(2 * wide, inFrame) : wide;
    const name = words === undefined ? xFormat(tick) : fitText(words[tick]!, 12, free);
    const lower = isStaggered && tick % 2 === 1 ? 15 : 0;
    if (words === undefined) grid.push(line(x(tick), top, x(tick), top + height, { stroke: '#e3e5e8' }));
    over.push(line(x(tick), top + height, x(tick), top + height + 5 + lower, { stroke: INK, width: 1.2 }));
    over.push(text(x(tick), top + height + 19 + lower, name, { size: 12, anchor: 'middle' }));
  }
  const yFormat = y.tickFormat(ySpec.ticks ?? 8);
  for (const tick of y.ticks(ySpec.ticks ?? 8)) {
    grid.push(line(left, y(tick), left + width, y(tick), { stroke: '#e3e5e8' }));
    over.push(line(left - 5, y(tick), left, y(tick), { stroke: INK, width: 1.2 }));
    over.push(text(left - 9, y(tick) + 4, yFormat(tick), { size: 12, anchor: 'end' }));
  }
  over.push(
    text(left + width / 2, top + height + (isStaggered ? 52 : 40), xSpec.name, { size: 13.5, anchor: 'middle' }),
  );
  over.push(
    text(left - (ySpec.beside ?? 44), top + height / 2, ySpec.name, { size: 13.5, anchor: 'middle', rotate: -90 }),
  );
  return { x: (value) => x(value), y: (value) => y(value), grid: grid.join(''), svg: over.join('') };
}

/** A colour bar, cold at the bottom, with ticks and a name beside it. */
export function colorBar(frame: Frame, spec: AxisSpec, color: (t: number) => string): string {
  const { left, top, width, height } = frame;
  const steps = 64;
  const parts: string[] = [];
  for (let i = 0; i < steps; i++) {
    parts.push(
      rect(left, top + height * (1 - (i + 1) / steps), width, height / steps + 0.6, { fill: color((i + 0.5) / steps) }),
    );
  }
  parts.push(rect(left, top, width, height, { stroke: INK, width: 1 }));
  const scale = scaleLinear([spec.min, spec.max], [top + height, top]);
  const format = scale.tickFormat(spec.ticks ?? 5);
  for (const tick of scale.ticks(spec.ticks ?? 5)) {
    parts.push(line(left + width, scale(tick), left + width + 4, scale(tick), { stroke: INK }));
    parts.push(text(left + width + 8, scale(tick) + 4, format(tick), { size: 12 }));
  }
  parts.push(text(left, top - 8, spec.name, { size: 12, fill: FAINT }));
  return parts.join('');
}
