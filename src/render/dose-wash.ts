/**
 * Dose wash: a slice of CT in grey with the dose over it in colour, as pixels.
 *
 * Sampled bilinearly at `RASTER` pixels per SVG unit, so that what is seen does not depend on how a renderer scales slices.
 */
import { type Color, cssColor, type DoseColors, doseColor } from './colour.js';
import type { PlacedImage } from './drawing.js';
import { type RowPair, rowPairs, rowSampler, type Slice } from './slice.js';

/** The wash ends here, percent of the prescription. */
export const WASH_TO = 110;

/** Image pixels per SVG unit. */
export const RASTER = 1.5;

/** Grey of air, and of the densest bone: below white, so that the wash keeps its colour on bone. */
const DARK = 12;
const BRIGHT = 228;

export interface WashOptions {
  /** Total dose of the course, Gy. */
  readonly prescription: number;
  /** CT window, HU; the default keeps grey steps inside bone, where spine targets lie. @default { level: 100, width: 900 } */
  readonly window?: { readonly level: number; readonly width: number };
  /** Dose wash from this percent of the prescription up. @default 20 */
  readonly washFrom?: number;
  /** Opacity of the wash, 0..1. @default 0.5 */
  readonly washOpacity?: number;
  /** Colours of dose, of wash and isodoses alike. @default 'rainbow' */
  readonly colors?: DoseColors;
}

/** What part of the plane is shown, mm, and how large, SVG units. */
export interface WashView {
  readonly extent: { readonly uMin: number; readonly uMax: number; readonly vMin: number; readonly vMax: number };
  readonly isDownReversed: boolean;
  readonly width: number;
  readonly height: number;
}

/** Colour of an isodose line: that of the wash, so one key reads both. */
export function levelColor(percent: number, colors?: DoseColors): string {
  return cssColor(washColor(percent, colors));
}

/** Colour of the wash at a percentage of the prescription. */
export function washColor(percent: number, colors?: DoseColors): Color {
  return doseColor(0.06 + (0.9 * percent) / WASH_TO, colors);
}

/** The CT as grey levels, 0..255 and not yet rounded, `RASTER` per SVG unit. */
export function grayShades(ct: Slice, options: Pick<WashOptions, 'window'>, view: WashView): Float32Array {
  const { window = { level: 100, width: 900 } } = options;
  const low = window.level - window.width / 2;
  const perUnit = (BRIGHT - DARK) / window.width;
  const { width, height } = rasterOf(view);
  const pairOf = rowPairs(ct, ...positionsOf(view));
  const shades = new Float32Array(width * height);
  for (let r = 0; r < height; r++) shadeRow(pairOf(r), low, perUnit, shades.subarray(r * width, (r + 1) * width));
  return shades;
}

/** A row between two of the CT; dark beside it. */
function shadeRow(pair: RowPair | undefined, low: number, perUnit: number, out: Float32Array): void {
  const { top, bottom, part, first, end } = pair ?? NO_ROWS;
  out.fill(DARK, 0, first);
  for (let c = first; c < end; c++) {
    const shade = DARK + perUnit * (top[c]! * (1 - part) + bottom[c]! * part - low);
    out[c] = shade < DARK ? DARK : shade > BRIGHT ? BRIGHT : shade;
  }
  out.fill(DARK, end);
}

const NO_ROWS: RowPair = { top: new Float64Array(0), bottom: new Float64Array(0), part: 0, first: 0, end: 0 };

/** The CT in grey, in colour where the dose reaches `washFrom`. */
export function washOver(
  shades: Float32Array,
  dose: Slice,
  options: WashOptions,
  view: WashView,
): PlacedImage['pixels'] {
  const { prescription, washFrom = 20, washOpacity = 0.5, colors = 'rainbow' } = options;
  const opacity = Math.min(1, Math.max(0, washOpacity));
  const wash = {
    // Bytes are cut, so that half a level more rounds.
    tints: Float32Array.from(washColors(colors), (color) => opacity * color + 0.5),
    from: (washFrom / 100) * prescription,
    stepsPerGray: (100 * STEPS_PER_PERCENT) / prescription,
    kept: 1 - opacity,
  };
  const { width, height } = rasterOf(view);
  const pairOf = rowPairs(dose, ...positionsOf(view));
  const data = new Uint8Array(3 * width * height);
  for (let r = 0; r < height; r++) {
    const own = [
      shades.subarray(r * width, (r + 1) * width),
      data.subarray(3 * r * width, 3 * (r + 1) * width),
    ] as const;
    washRow(own[0], pairOf(r), wash, own[1]);
  }
  return { width, height, channels: 3, data };
}

/** A colour over the grey, and how much of it: opacity 0 to 1. */
export interface Tint {
  readonly color: Color;
  readonly opacity: number;
}

/** The CT in grey, tinted by the value that is there; grey where there is no number. */
export function tintOver(
  shades: Float32Array,
  values: Slice,
  view: WashView,
  tintOf: (value: number) => Tint,
): PlacedImage['pixels'] {
  const { width, height } = rasterOf(view);
  const sample = rowSampler(values, ...positionsOf(view), Number.NaN);
  const data = new Uint8Array(3 * width * height);
  for (let r = 0, out = 0; r < height; r++) {
    const row = sample(r);
    for (let c = 0; c < width; c++, out += 3) {
      const gray = shades[r * width + c]!;
      const { color, opacity } = Number.isFinite(row[c]) ? tintOf(row[c]!) : CLEAR;
      for (let i = 0; i < 3; i++) data[out + i] = (1 - opacity) * gray + opacity * color[i]! + 0.5;
    }
  }
  return { width, height, channels: 3, data };
}

const CLEAR: Tint = { color: [0, 0, 0], opacity: 0 };

interface Wash {
  /** What each step of dose adds to the grey that is kept, RGB. */
  readonly tints: Float32Array;
  /** Gy. */
  readonly from: number;
  readonly stepsPerGray: number;
  readonly kept: number;
}

/** A row between two of the dose, over the grey; no dose beside it. */
function washRow(shades: Float32Array, pair: RowPair | undefined, wash: Wash, data: Uint8Array): void {
  const { tints, from, stepsPerGray, kept } = wash;
  const { top, bottom, part, first, end } = pair ?? NO_ROWS;
  const last = tints.length / 3 - 1;
  for (let c = 0, out = 0; c < shades.length; c++, out += 3) {
    const gray = shades[c]!;
    const dose = c >= first && c < end ? top[c]! * (1 - part) + bottom[c]! * part : 0;
    if (dose >= from) {
      const at = 3 * Math.floor(Math.min(last, stepsPerGray * dose + 0.5));
      data[out] = kept * gray + tints[at]!;
      data[out + 1] = kept * gray + tints[at + 1]!;
      data[out + 2] = kept * gray + tints[at + 2]!;
    } else {
      const level = (gray + 0.5) | 0;
      data[out] = level;
      data[out + 1] = level;
      data[out + 2] = level;
    }
  }
}

const rasterOf = ({ width, height }: WashView): { width: number; height: number } => ({
  width: Math.round(width * RASTER),
  height: Math.round(height * RASTER),
});

/** Where the image's pixels lie, across and down, mm. */
function positionsOf(view: WashView): [us: Float64Array, vs: Float64Array] {
  const { uMin, uMax, vMin, vMax } = view.extent;
  const { width, height } = rasterOf(view);
  const du = (uMax - uMin) / width;
  const dv = (vMax - vMin) / height;
  const us = new Float64Array(width);
  for (let c = 0; c < width; c++) us[c] = uMin + (c + 0.5) * du;
  const vs = new Float64Array(height);
  for (let r = 0; r < height; r++) vs[r] = view.isDownReversed ? vMax - (r + 0.5) * dv : vMin + (r + 0.5) * dv;
  return [us, vs];
}

/** So fine that the next colour is never more than one level of 255 away. */
const STEPS_PER_PERCENT = 64;
const tables = new Map<DoseColors, Uint8Array>();

/** Colours of the wash, RGB, from 0 percent up to where they stay the same. */
function washColors(colors: DoseColors): Uint8Array {
  const known = tables.get(colors);
  if (known !== undefined) return known;
  const steps = Math.ceil((0.94 / 0.9) * WASH_TO * STEPS_PER_PERCENT);
  const table = new Uint8Array(3 * (steps + 1));
  for (let i = 0; i <= steps; i++) table.set(washColor(i / STEPS_PER_PERCENT, colors), 3 * i);
  tables.set(colors, table);
  return table;
}

/** Opaque pixels as a canvas takes them. */
export function rgbaOf({ data }: PlacedImage['pixels']): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray((data.length / 3) * 4);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    out[to] = data[from]!;
    out[to + 1] = data[from + 1]!;
    out[to + 2] = data[from + 2]!;
    out[to + 3] = 255;
  }
  return out;
}
