/** The formats that a figure is written in, how large, and on what. */
import { checkRange } from '../core/check.js';

/** A file format of figures. */
export type FigureFormat = 'png' | 'svg' | 'pdf';

export interface FigureStyle {
  readonly formats: readonly FigureFormat[];
  /** Pixels per SVG unit, of PNG. */
  readonly scale: number;
  /** Whether paper is left out. */
  readonly isTransparent: boolean;
}

/** SVG units in an inch. */
const UNITS_PER_INCH = 96;
const LARGEST_SCALE = 8;

/** PNG at one pixel per unit, on white. */
export const USUAL_STYLE: FigureStyle = { formats: ['png'], scale: 1, isTransparent: false };

export const resolutionOf = (scale: number): number => UNITS_PER_INCH * scale;

/** @throws {InvalidInputError} where pixels would be larger than an inch has units, or beyond what the renderer draws */
export function scaleOfResolution(name: string, perInch: number): number {
  return checkRange(name, perInch, UNITS_PER_INCH / 4, UNITS_PER_INCH * LARGEST_SCALE) / UNITS_PER_INCH;
}

export const checkScale = (name: string, scale: number): number => checkRange(name, scale, 0.25, LARGEST_SCALE);
