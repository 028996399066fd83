/**
 * Beam's-eye view: what one field opens, or how its fluence is modulated, over the outlines that it sees.
 *
 * The plane is the isocentre plane, seen from the source, in the beam-limiting-device frame of IEC 61217: +X right, +Y up, mm.
 */
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { type Axes, colorBar, createAxes, type Frame } from './axis.js';
import { type Color, cssColor } from './colour.js';
import { FAINT, FOOT, HEAD, line, MARGIN, page, paperAround, path, polylinePath, rect, text } from './figure.js';
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
  /** Of the field, for the key. */
  readonly monitorUnits?: number;
  /** End of the colour bar, MU; give one for all fields of a plan to compare them. @default the largest value */
  readonly maxMonitorUnits?: number;
  /** @default 700 */
  readonly width?: number;
}

const KEY = 170;
const OPEN = '#f2efe4';
const CLOSED = '#4b5058';

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
      { left: keyLeft + 6, top: HEAD + 128, width: 20, height: 150 },
      { min: 0, max, name: 'Fluence [MU]' },
      fluenceColor,
    );
  } else {
    inside.push(rect(frame.left, frame.top, side, side, { fill: CLOSED }));
  }
  const toPixel = (points: ArrayLike<number>): Float64Array =>
    Float64Array.from(points, (value, i) => (i % 2 === 0 ? axes.x(value) : axes.y(value)));
  if (options.apertures !== undefined) {
    const d = polylinePath(options.apertures.map(toPixel), true);
    inside.push(
      path(d, options.fluence ? { stroke: '#ffb000', width: 2 } : { fill: OPEN, stroke: '#1b1b1b', width: 1.2 }),
    );
  }
  for (const { polygons, color } of options.outlines ?? []) {
    const d = polylinePath(polygons.map(toPixel), true);
    inside.push(
      path(d, { stroke: '#ffffff', width: 3.6, opacity: 0.65 }),
      path(d, { stroke: cssColor(color), width: 2.2 }),
    );
  }
  // The isocentre, as a cross that shows on light and dark.
  const cx = axes.x(0);
  const cy = axes.y(0);
  for (const [stroke, w] of [
    ['#ffffff', 3],
    ['#1b1b1b', 1.2],
  ] as const) {
    inside.push(line(cx - 8, cy, cx + 8, cy, { stroke, width: w }), line(cx, cy - 8, cx, cy + 8, { stroke, width: w }));
  }
  return page(
    width,
    HEAD + side + FOOT + 62,
    {
      title: options.title,
      ...(options.subtitle === undefined ? {} : { subtitle: options.subtitle }),
      footer: 'Seen from the source; IEC 61217.',
    },
    inside.join('') + paperAround(frame.left, frame.top, side, side, width) + axes.svg + bar + key(options, keyLeft),
  );
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
  let at = options.fluence === undefined ? HEAD + 128 : HEAD + 312;
  if (options.apertures !== undefined) {
    parts.push(
      options.fluence === undefined
        ? rect(x + 6, at - 12, 22, 12, { fill: OPEN, stroke: '#1b1b1b', width: 1.2 })
        : line(x + 6, at - 4, x + 28, at - 4, { stroke: '#ffb000', width: 3 }),
      text(x + 36, at, 'MLC and jaw opening', { size: 11.5 }),
    );
    at += 20;
  }
  for (const { name, color } of options.outlines ?? []) {
    parts.push(line(x + 6, at - 4, x + 28, at - 4, { stroke: cssColor(color), width: 3 }));
    parts.push(text(x + 36, at, fitText(name, 12, KEY - 36), { size: 12 }));
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
  const parts: string[] = [];
  for (let j = 0; j < ny; j++) {
    for (let i = 0; i < nx; i++) {
      const value = values[i + nx * j]!;
      if (value <= 0) continue;
      const left = axes.x(x0 + (i - 0.5) * spacing);
      const top = axes.y(y0 + (j + 0.5) * spacing);
      // A hair of overlap, so that no seam shows between cells.
      const size = axes.x(spacing) - axes.x(0) + 0.3;
      parts.push(rect(left, top, size, size, { fill: fluenceColor(Math.min(1, value / max)) }));
    }
  }
  return parts.join('');
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
  const { fluence } = options;
  if (fluence !== undefined) {
    take([fluence.x0 - fluence.spacing, fluence.x0 + fluence.nx * fluence.spacing]);
    take([fluence.y0 - fluence.spacing, fluence.y0 + fluence.ny * fluence.spacing]);
  } else if (options.apertures === undefined) {
    for (const { polygons } of options.outlines ?? []) polygons.forEach(take);
  }
  return Math.ceil((1.1 * largest) / 10) * 10;
}
