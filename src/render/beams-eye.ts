/**
 * Beam's-eye view: what one field opens, or how its fluence is modulated, over the outlines that it sees; of a field in segments the
 * sum of them with the ends of all leaves, and each by itself below.
 *
 * The plane is the isocentre plane, seen from the source, in the beam-limiting-device frame of IEC 61217: +X right, +Y up, mm.
 */
import type { Aperture } from '../beam/aperture.js';
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { type Axes, colorBar, createAxes, type Frame } from './axis.js';
import { type Color, cssColor } from './colour.js';
import { cutToBox, FAINT, FOOT, group, HEAD, line, MARGIN, page, path, polylinePath, rect, text } from './figure.js';
import {
  CLOSED,
  type DrawnSegment,
  LEAF_END,
  type LeafView,
  leafEndsDrawing,
  leavesDrawing,
  OPEN,
  segmentViews,
} from './leaf-drawing.js';
import { type EdgeLetters, letters, scaleBar } from './marks.js';
import { pensOf } from './pen.js';
import { fitText } from './text-width.js';

/** Closed polygons as flat [x0, y0, x1, y1, ...], mm in the isocentre plane. */
export interface BeamsEyeOutline {
  readonly name: string;
  readonly color: Color | string;
  readonly polygons: readonly ArrayLike<number>[];
}

/** Fluence on a regular grid, in monitor units of open field; row 0 has the smallest y. */
export interface BeamsEyeFluence {
  /** Centre of the first cell, mm. */
  readonly x0: number;
  readonly y0: number;
  /** mm */
  readonly spacing: number;
  readonly nx: number;
  readonly ny: number;
  /** MU, length nx ny, x fastest. */
  readonly values: ArrayLike<number>;
}

export interface BeamsEyeOptions {
  readonly title: string;
  readonly subtitle?: string;
  /** Degrees, IEC 61217. */
  readonly gantry: number;
  readonly collimator: number;
  readonly couch: number;
  /** Half side of the square shown, mm. @default fits everything drawn */
  readonly extent?: number;
  readonly outlines?: readonly BeamsEyeOutline[];
  /** Openings; they are drawn light on a dark field. */
  readonly apertures?: readonly ArrayLike<number>[];
  readonly fluence?: BeamsEyeFluence;
  /** Leaves of the one aperture, drawn whole. */
  readonly leaves?: Aperture;
  /** What the fluence is the sum of, in the order of delivery. */
  readonly segments?: readonly DrawnSegment[];
  /** What side of the patient each edge of the view is. */
  readonly sides?: EdgeLetters;
  /** Of the field, for the key. */
  readonly monitorUnits?: number;
  /** What they are the sum or the mean of, in lines of some 25 letters. */
  readonly monitorUnitsAre?: readonly string[];
  /** End of the colour bar, MU; give one for all fields of a plan to compare them. @default the largest value */
  readonly maxMonitorUnits?: number;
  /** @default 700 */
  readonly width?: number;
}

const KEY = 170;
/** From the top of the view to what stands below the angles in the key. */
const BELOW_ANGLES = 160;

/**
 * The view, as SVG.
 *
 * @throws {InvalidInputError} if the fluence has not nx x ny finite values, or the extent is not positive
 */
export function beamsEyeFigure(options: BeamsEyeOptions): string {
  const width = options.width ?? 700;
  const extent = checkPositive('beams-eye figure: extent', options.extent ?? extentOf(options));
  const side = width - 2 * MARGIN - 56 - KEY - 20;
  const frame: Frame = { left: MARGIN + 56, top: HEAD + 6, width: side, height: side };
  const axes = createAxes(
    frame,
    { min: -extent, max: extent, name: 'X [mm], isocentre plane' },
    { min: -extent, max: extent, name: 'Y [mm], isocentre plane' },
  );
  const keyLeft = width - MARGIN - KEY;
  const inside: string[] = [];
  let bar = '';
  if (options.fluence !== undefined) {
    const max = checkedMax(options.fluence, options.maxMonitorUnits);
    inside.push(
      rect(frame.left, frame.top, side, side, { fill: fluenceColor(0) }),
      fluencePixels(options.fluence, axes, max),
    );
    bar = colorBar(
      { left: keyLeft + 6, top: HEAD + BELOW_ANGLES, width: 20, height: 150 },
      { min: 0, max, name: 'Fluence [MU]' },
      fluenceColor,
    );
  } else {
    inside.push(rect(frame.left, frame.top, side, side, { fill: CLOSED }));
  }
  const view: LeafView = { x: (mm) => axes.x(mm), y: (mm) => axes.y(mm), extent };
  if (options.apertures !== undefined) {
    const d = polylinePath(options.apertures.map(toPixels(view)), true);
    inside.push(
      path(d, options.fluence ? { stroke: LEAF_END, width: 2 } : { fill: OPEN, stroke: '#1b1b1b', width: 1.2 }),
    );
  }
  if (options.leaves !== undefined) inside.push(leavesDrawing(options.leaves, view));
  if (options.segments !== undefined) inside.push(leafEndsDrawing(options.segments, view));
  inside.push(outlinesDrawing(options.outlines ?? [], view, 1));
  // The isocentre, as a cross that shows on light and dark.
  const cx = axes.x(0);
  const cy = axes.y(0);
  for (const [stroke, w] of [
    ['#ffffff', 3],
    ['#1b1b1b', 1.2],
  ] as const) {
    inside.push(line(cx - 8, cy, cx + 8, cy, { stroke, width: w }), line(cx, cy - 8, cx, cy + 8, { stroke, width: w }));
  }
  const marks =
    (options.sides === undefined ? '' : letters(options.sides, side, side)) + scaleBar(side / (2 * extent), side, side);
  const height = HEAD + side + FOOT + 62;
  const below =
    options.segments &&
    segmentViews(options.segments, { top: HEAD + side + 56, width, extent }, (small) =>
      outlinesDrawing(options.outlines ?? [], small, 0.5),
    );
  return page(
    width,
    height + (below?.height ?? 0),
    {
      title: options.title,
      ...(options.subtitle === undefined ? {} : { subtitle: options.subtitle }),
      footer: 'Seen from the source; IEC 61217.',
    },
    cutToBox(frame.left, frame.top, side, side, width, inside.join('')) +
      group(frame.left, frame.top, marks) +
      axes.svg +
      bar +
      key(options, keyLeft) +
      (below?.svg ?? ''),
  );
}

const toPixels =
  ({ x, y }: LeafView) =>
  (points: ArrayLike<number>): Float64Array =>
    Float64Array.from(points, (value, i) => (i % 2 === 0 ? x(value) : y(value)));

/** Outlines with a light edge, so that they show on light and dark. */
function outlinesDrawing(outlines: readonly BeamsEyeOutline[], view: LeafView, stroke: number): string {
  const pens = pensOf(outlines);
  return outlines
    .map(({ polygons }, i) => {
      const d = polylinePath(polygons.map(toPixels(view)), true);
      const { color, dash } = pens[i]!;
      return (
        path(d, { stroke: '#ffffff', width: 3.6 * stroke, opacity: 0.65 }) +
        path(d, { stroke: color, width: 2.2 * stroke, dash })
      );
    })
    .join('');
}

function key(options: BeamsEyeOptions, x: number): string {
  const rows = [
    ['Gantry', `${angle(options.gantry)}°`],
    ['Collimator', `${angle(options.collimator)}°`],
    ['Couch', `${angle(options.couch)}°`],
    ...(options.monitorUnits === undefined ? [] : [['Monitor units', options.monitorUnits.toFixed(1)]]),
  ];
  const parts = rows.map(
    ([name, value], i) =>
      text(x + 6, HEAD + 18 + 20 * i, name!, { size: 12, fill: FAINT }) +
      text(x + KEY, HEAD + 18 + 20 * i, value!, { size: 12, anchor: 'end' }),
  );
  for (const [i, words] of (options.monitorUnitsAre ?? []).entries()) {
    parts.push(
      text(x + KEY, HEAD + 94 + 15 * i, fitText(words, 11, KEY - 6), { size: 11, anchor: 'end', fill: FAINT }),
    );
  }
  let at = HEAD + BELOW_ANGLES + (options.fluence === undefined ? 0 : 184);
  const tell = (sign: string, words: string): void => {
    parts.push(sign, text(x + 44, at, words, { size: 11.5 }));
    at += 20;
  };
  const stroked = (color: string, dash = ''): string =>
    line(x + 6, at - 4, x + 28, at - 4, { stroke: color, width: 3, ...(dash && { dash, width: 1.6 }) });
  if (options.apertures !== undefined || options.leaves !== undefined) {
    const open = rect(x + 6, at - 12, 22, 12, { fill: OPEN, stroke: '#1b1b1b', width: 1.2 });
    tell(options.fluence === undefined ? open : stroked(LEAF_END), 'MLC and jaw opening');
  }
  if (options.leaves?.jaws !== undefined) tell(stroked('#1b1b1b', '5 3'), 'Jaws');
  if (options.segments !== undefined) tell(stroked(LEAF_END), 'Ends of leaves');
  const outlines = options.outlines ?? [];
  for (const [i, { color, dash }] of pensOf(outlines).entries()) {
    parts.push(line(x + 6, at - 4, x + 36, at - 4, { stroke: color, width: 3, dash }));
    parts.push(text(x + 44, at, fitText(outlines[i]!.name, 12, KEY - 44), { size: 12 }));
    at += 20;
  }
  return parts.join('');
}

const angle = (degrees: number): string => String(Math.round(degrees * 10) / 10);

/** Grey from dark (closed) to light, slightly warm at the top, so that it is not read as CT. */
function fluenceColor(t: number): string {
  return cssColor([30 + 225 * t, 32 + 218 * t, 38 + 190 * t]);
}

function fluencePixels(fluence: BeamsEyeFluence, axes: Axes, max: number): string {
  const { x0, y0, spacing, nx, ny, values } = fluence;
  const size = axes.x(spacing) - axes.x(0);
  const parts: string[] = [];
  for (let j = 0; j < ny; j++) {
    const top = axes.y(y0 + (j + 0.5) * spacing);
    for (let i = 0, next = 1; i < nx; i = next++) {
      const value = values[i + nx * j]!;
      while (next < nx && values[next + nx * j] === value) next++;
      if (value <= 0) continue;
      const left = axes.x(x0 + (i - 0.5) * spacing);
      // A hair of overlap, so that no seam shows between pixels.
      const fill = fluenceColor(Math.min(1, value / max));
      parts.push(rect(left, top, (next - i) * size + 0.3, size + 0.3, { fill }));
    }
  }
  return `<g shape-rendering="crispEdges">${parts.join('')}</g>`;
}

function checkedMax(fluence: BeamsEyeFluence, asked: number | undefined): number {
  const { nx, ny, values } = fluence;
  if (values.length !== nx * ny) {
    throw new InvalidInputError(`beams-eye figure: fluence has ${values.length} values, but is ${nx} x ${ny}.`);
  }
  checkPositive('beams-eye figure: fluence spacing', fluence.spacing);
  let max = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]))
      throw new InvalidInputError(`beams-eye figure: fluence[${i}] is ${values[i]}, but must be finite.`);
    max = Math.max(max, values[i]!);
  }
  if (asked !== undefined) return checkPositive('beams-eye figure: maxMonitorUnits', asked);
  return max > 0 ? max : 1;
}

/** Half side that holds everything, with a tenth to spare, rounded up to 10 mm. */
function extentOf(options: BeamsEyeOptions): number {
  let largest = 20;
  const take = (points: ArrayLike<number>): void => {
    for (let i = 0; i < points.length; i++) largest = Math.max(largest, Math.abs(points[i]!));
  };
  for (const aperture of options.apertures ?? []) take(aperture);
  for (const { x0, x1, y0, y1 } of options.leaves?.openings ?? []) take([x0, x1, y0, y1]);
  const { fluence } = options;
  if (fluence !== undefined) {
    take([fluence.x0 - fluence.spacing, fluence.x0 + fluence.nx * fluence.spacing]);
    take([fluence.y0 - fluence.spacing, fluence.y0 + fluence.ny * fluence.spacing]);
  } else if (options.apertures === undefined && options.leaves === undefined) {
    for (const { polygons } of options.outlines ?? []) polygons.forEach(take);
  }
  return Math.ceil((1.1 * largest) / 10) * 10;
}
