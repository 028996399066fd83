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

/** CT in grey, in colour where the dose reaches `washFrom`. */
export function blend(ct: Slice, dose: Slice, options: WashOptions, view: WashView): PlacedImage['pixels'] {
  const { prescription, window = { level: 100, width: 900 }, washFrom = 20, washOpacity = 0.5 } = options;
  const { extent, isDownReversed } = view;
  const width = Math.round(view.width * RASTER);
  const height = Math.round(view.height * RASTER);
  const low = window.level - window.width / 2;
  const du = (extent.uMax - extent.uMin) / width;
  const dv = (extent.vMax - extent.vMin) / height;
  const us = Float64Array.from({ length: width }, (_, c) => extent.uMin + (c + 0.5) * du);
  const vs = Float64Array.from({ length: height }, (_, r) =>
    isDownReversed ? extent.vMax - (r + 0.5) * dv : extent.vMin + (r + 0.5) * dv,
  );
  const hounsfield = resampleSlice(ct, us, vs, low);
  const doses = resampleSlice(dose, us, vs, 0);
  const from = (washFrom / 100) * prescription;
  const opacity = Math.min(1, Math.max(0, washOpacity));
  const colors = washColors();
  const perGray = (100 * STEPS_PER_PERCENT) / prescription;
  const last = colors.length / 3 - 1;
  const perUnit = (BRIGHT - DARK) / window.width;
  const data = new Uint8Array(3 * width * height);
  for (let p = 0, out = 0; p < hounsfield.length; p++, out += 3) {
    const shade = DARK + perUnit * (hounsfield[p]! - low);
    const gray = shade < DARK ? DARK : shade > BRIGHT ? BRIGHT : shade;
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
  return { width, height, channels: 3, data };
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
