/**
 * Difference of two doses in one plane: red where the evaluated dose is higher, blue where it is lower, clear where they agree.
 */
import { checkPositive } from '../core/check.js';
import { toDigits } from '../core/rounding.js';
import type { Volume } from '../geometry/volume.js';
import { colorBar } from './axis.js';
import { type Color, cssColor } from './colour.js';
import { capital } from './dose-figure.js';
import { LEGEND_WIDTH, structureRows } from './dose-legend.js';
import { grayShades, tintOver } from './dose-wash.js';
import { type Drawing, pageDrawing } from './drawing.js';
import { FAINT, FOOT, group, HEAD, MARGIN, text } from './figure.js';
import { type PanelOptions, panelVectors, structureOutlines, viewOf } from './panel-view.js';
import { cropSlice, extractSlice } from './slice.js';
import { fitText } from './text-width.js';

export interface DifferenceFigureOptions
  extends Pick<PanelOptions, 'hounsfield' | 'structures' | 'plane' | 'point' | 'window' | 'crop'> {
  /** Evaluated - reference, Gy; NaN where it does not count, as `doseDifference` has it. */
  readonly difference: Volume<'difference'>;
  /** Names of the two, for the key. */
  readonly evaluated: string;
  readonly reference: string;
  /** What the doses are, from `doseUnits`. */
  readonly units: string;
  /** End of the colours to both sides, Gy. @default the largest difference, rounded up to two digits */
  readonly largest?: number;
  readonly title: string;
  readonly subtitle?: string;
  /** @default 920 */
  readonly width?: number;
  /** Largest height of the panel. @default 620 */
  readonly panelHeight?: number;
}

const KEY_HEIGHT = 400;
const OPACITY = 0.62;
/** Up to this part of the largest, the tint fades: where the doses agree, the CT is seen. */
const FADING = 0.25;

/** Lower, equal, higher: blue and red that no colour-blind eye confuses. */
const LOW: Color = [8, 64, 156];
const HIGH: Color = [178, 10, 28];
const EQUAL: Color = [242, 242, 242];

/** Colour of a difference, -1 to 1 of the largest; even in lightness to both sides. */
export function differenceColor(t: number): Color {
  const end = t < 0 ? LOW : HIGH;
  const part = Math.min(1, Math.abs(t));
  const channel = (c: 0 | 1 | 2): number => Math.round(EQUAL[c] + part * (end[c] - EQUAL[c]));
  return [channel(0), channel(1), channel(2)];
}

/** @throws {InvalidInputError} if the plane misses CT or difference, or the crop leaves nothing */
export function differenceDrawing(options: DifferenceFigureOptions): Drawing {
  const { plane, point, difference, evaluated, reference, title, subtitle } = options;
  const width = options.width ?? 920;
  const room = { width: width - 2 * MARGIN - LEGEND_WIDTH - 24, height: options.panelHeight ?? 620 };
  const view = viewOf(options, room);
  const slice = cropSlice(extractSlice(difference, plane, point), view.extent);
  const largest = checkPositive('difference figure: largest', options.largest ?? roundedUp(slice.data));
  const shades = grayShades(cropSlice(extractSlice(options.hounsfield, plane, point), view.extent), options, view);
  const pixels = tintOver(shades, slice, view, (value) => ({
    color: differenceColor(value / largest),
    opacity: OPACITY * Math.min(1, Math.abs(value) / (FADING * largest)),
  }));
  const outlined = structureOutlines(options, view);
  const body = Math.max(view.height, KEY_HEIGHT);
  const left = MARGIN + (room.width - view.width) / 2;
  const top = HEAD + (body - view.height) / 2;
  const x = width - MARGIN - LEGEND_WIDTH;
  const words = [`${evaluated}`, `less ${reference}`];
  const key = [
    text(x, HEAD + 12, 'Difference', { size: 13, bold: true }),
    ...words.map((line, i) =>
      text(x, HEAD + 30 + 16 * i, fitText(line, 11.5, LEGEND_WIDTH), { size: 11.5, fill: FAINT }),
    ),
    colorBar(
      { left: x, top: HEAD + 76, width: 20, height: 150 },
      { min: -largest, max: largest, name: 'Gy', ticks: 7 },
      (t) => cssColor(differenceColor(2 * t - 1)),
    ),
    structureRows(x, HEAD + 262, HEAD + body, outlined),
  ].join('');
  return pageDrawing(
    width,
    HEAD + body + FOOT + 4,
    { title, ...(subtitle && { subtitle }), footer: `Dose in ${options.units}. ${capital(plane)} plane.` },
    [{ x: left, y: top, width: view.width, height: view.height, pixels }],
    group(left, top, panelVectors(options, view, outlined, '', [])) + key,
  );
}

/** The largest size, rounded up to two digits; 1 where there is none. */
function roundedUp(values: Float32Array): number {
  let largest = 0;
  for (const value of values) if (Math.abs(value) > largest) largest = Math.abs(value);
  if (largest === 0) return 1;
  const unit = 10 ** (Math.floor(Math.log10(largest)) - 1);
  return toDigits(Math.ceil(largest / unit) * unit, 2);
}
