/**
 * Dose wash: a slice of CT in grey with the dose over it in colour, as pixels.
 *
 * Sampled bilinearly at `RASTER` pixels per SVG unit, so that what is seen does not depend on how a renderer scales slices.
 */
import { type Color, cssColor, doseColor } from './colour.js';
import type { PlacedImage } from './drawing.js';
import { resampleSlice, type Slice } from './slice.js';

/** The wash ends here, percent of the prescription. */
export const WASH_TO = 110;

/** Image pixels per SVG unit. */
const RASTER = 1.5;

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
}

/** What part of the plane is shown, mm, and how large, SVG units. */
export interface WashView {
  readonly extent: { readonly uMin: number; readonly uMax: number; readonly vMin: number; readonly vMax: number };
  readonly isDownReversed: boolean;
  readonly width: number;
  readonly height: number;
}

/** Colour of an isodose line: that of the wash, so one key reads both. */
export function levelColor(percent: number): string {
  return cssColor(washColor(percent));
}

/** Colour of the wash at a percentage of the prescription. */
export function washColor(percent: number): Color {
  return doseColor(0.06 + (0.9 * percent) / WASH_TO);
}

/** The CT as grey levels, 0..255 and not yet rounded, `RASTER` per SVG unit. */
export function grayShades(ct: Slice, options: WashOptions, view: WashView): Float64Array {
  const { window = { level: 100, width: 900 } } = options;
  const low = window.level - window.width / 2;
  const perUnit = (BRIGHT - DARK) / window.width;
  const shades = sampleView(ct, view, low);
  for (let p = 0; p < shades.length; p++) {
    const shade = DARK + perUnit * (shades[p]! - low);
    shades[p] = shade < DARK ? DARK : shade > BRIGHT ? BRIGHT : shade;
  }
  return shades;
}

/** The CT in grey, in colour where the dose reaches `washFrom`. */
export function washOver(
  shades: Float64Array,
  dose: Slice,
  options: WashOptions,
  view: WashView,
): PlacedImage['pixels'] {
  const { prescription, washFrom = 20, washOpacity = 0.5 } = options;
  const doses = sampleView(dose, view, 0);
  const from = (washFrom / 100) * prescription;
  const opacity = Math.min(1, Math.max(0, washOpacity));
  const colors = washColors();
  const perGray = (100 * STEPS_PER_PERCENT) / prescription;
  const last = colors.length / 3 - 1;
  const data = new Uint8Array(3 * shades.length);
  for (let p = 0, out = 0; p < shades.length; p++, out += 3) {
    const gray = shades[p]!;
    const gy = doses[p]!;
    // Bytes are cut, so that half a level more rounds.
    if (gy >= from) {
      const at = 3 * Math.min(last, Math.floor(perGray * gy + 0.5));
      data[out] = gray + opacity * (colors[at]! - gray) + 0.5;
      data[out + 1] = gray + opacity * (colors[at + 1]! - gray) + 0.5;
      data[out + 2] = gray + opacity * (colors[at + 2]! - gray) + 0.5;
    } else {
      const level = gray + 0.5;
      data[out] = level;
      data[out + 1] = level;
      data[out + 2] = level;
    }
  }
  return { ...rasterOf(view), channels: 3, data };
}

const rasterOf = ({ width, height }: WashView): { width: number; height: number } => ({
  width: Math.round(width * RASTER),
  height: Math.round(height * RASTER),
});

/** The slice at the image's pixels. */
function sampleView(slice: Slice, view: WashView, outside: number): Float64Array {
  const { uMin, uMax, vMin, vMax } = view.extent;
  const { width, height } = rasterOf(view);
  const du = (uMax - uMin) / width;
  const dv = (vMax - vMin) / height;
  const us = new Float64Array(width);
  for (let c = 0; c < width; c++) us[c] = uMin + (c + 0.5) * du;
  const vs = new Float64Array(height);
  for (let r = 0; r < height; r++) vs[r] = view.isDownReversed ? vMax - (r + 0.5) * dv : vMin + (r + 0.5) * dv;
  return resampleSlice(slice, us, vs, outside);
}

/** So fine that the next colour is never more than one level of 255 away. */
const STEPS_PER_PERCENT = 64;
let table: Uint8Array | undefined;

/** Colours of the wash, RGB, from 0 percent up to where they stay the same. */
function washColors(): Uint8Array {
  if (table !== undefined) return table;
  const steps = Math.ceil((0.94 / 0.9) * WASH_TO * STEPS_PER_PERCENT);
  table = new Uint8Array(3 * (steps + 1));
  for (let i = 0; i <= steps; i++) table.set(washColor(i / STEPS_PER_PERCENT), 3 * i);
  return table;
}
