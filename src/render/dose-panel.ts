/**
 * Dose panel: one slice of CT in grey with the dose over it, isodose lines, outlines, scale bar and orientation letters.
 *
 * CT and wash are pixels, lines are vectors on top. Everything takes patient mm.
 */
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { toDecimals } from '../core/rounding.js';
import type { DoseVolume } from '../geometry/volume.js';
import { beamLines } from './beam-lines.js';
import { grayShades, levelColor, washOver } from './dose-wash.js';
import type { PlacedImage } from './drawing.js';
import { isolinesOf } from './isodose.js';
import {
  type KeyStructure,
  type PanelOptions,
  type PanelView,
  panelVectors,
  partsWithin,
  strokes,
  structureOutlines,
  viewOf,
} from './panel-view.js';
import { cropSlice, extractSlice, type Slice } from './slice.js';

/** 95 % is coverage, 107 % the ICRU ceiling; 75 % stands at the cord limit of the reference case. */
export const DEFAULT_LEVELS: readonly number[] = [107, 95, 75, 50, 30];

export interface Panel {
  /** CT and wash. */
  readonly pixels: PlacedImage['pixels'];
  /** What is drawn over them. */
  readonly vectors: string;
  readonly width: number;
  readonly height: number;
  /** px per mm */
  readonly scale: number;
  /** What of it is in the plane: for the legend. */
  readonly key: PanelKey;
}

/** Lines that a panel shows. */
export interface PanelKey {
  readonly structures: readonly KeyStructure[];
  /** Percent, hottest first. */
  readonly levels: readonly number[];
}

/**
 * Draws the same panel for several doses, each as large as fits in `room`, px; CT and outlines are worked out once.
 *
 * @param beams of each dose. @default those of the options
 * @throws {InvalidInputError} if the plane misses the CT or a dose grid, the crop leaves nothing, or a level is not positive
 */
export function dosePanels(
  options: PanelOptions,
  doses: readonly DoseVolume[],
  room: { width: number; height: number },
  beams: readonly PanelOptions['beams'][] = doses.map(() => options.beams),
): Panel[] {
  const { plane, point, dashed, colors } = options;
  checkPanelOptions(options, dashed ? [...doses, dashed.dose] : doses);
  const view = viewOf(options, room);
  const { extent, width, height, scale } = view;
  const outlined = structureOutlines(
    options,
    view,
    levelsOf(options).map((percent) => levelColor(percent, colors)),
  );
  const shades = grayShades(cropSlice(extractSlice(options.hounsfield, plane, point), extent), options, view);
  const sliceOf = (volume: DoseVolume): Slice => checkedSlice(cropSlice(extractSlice(volume, plane, point), extent));
  const others = dashed ? isodosesOf(sliceOf(dashed.dose), options, view) : [];
  return doses.map((volume, d) => {
    const dose = sliceOf(volume);
    const isodoses = isodosesOf(dose, options, view);
    const lines = [
      beamLines({ plane, point, beams: beams[d] ?? [] }, view),
      ...others.map(isodoseDrawing(options, '5 3')),
      ...isodoses.map(isodoseDrawing(options)),
    ].join('');
    const labels = isodoses.map((own) => ({ words: levelWords(own.percent, options), lines: own.lines }));
    const shown = [...isodoses, ...others].filter((own) => own.lines.length > 0).map(({ percent }) => percent);
    const key = { structures: outlined, levels: levelsOf(options).filter((percent) => shown.includes(percent)) };
    const vectors = panelVectors(options, view, outlined, lines, labels);
    return { pixels: washOver(shades, dose, options, view), vectors, width, height, scale, key };
  });
}

/** A line of one level, px. */
interface Isodose {
  readonly percent: number;
  readonly lines: readonly Float64Array[];
}

function isodosesOf(dose: Slice, options: PanelOptions, view: PanelView): Isodose[] {
  const levels = levelsOf(options);
  const doses = levels.map((percent) => (percent / 100) * options.prescription);
  return isolinesOf(dose, doses).map((lines, i) => ({
    percent: levels[i]!,
    lines: partsWithin(view.toPixel(lines), view.width, view.height),
  }));
}

/** On a dark line, by which it is told from a structure. */
const isodoseDrawing =
  ({ colors }: Pick<PanelOptions, 'colors'>, dash = '') =>
  ({ percent, lines }: Isodose): string =>
    strokes(lines, [
      { stroke: '#000000', width: 2.6, opacity: 0.45, dash },
      { stroke: levelColor(percent, colors), width: 1.3, dash },
    ]);

/** A level as it stands at its line. */
function levelWords(
  percent: number,
  { numbers, prescription }: Pick<PanelOptions, 'numbers' | 'prescription'>,
): string {
  return String(numbers === 'gray' ? toDecimals((percent / 100) * prescription, 1) : percent);
}

/** The isodose levels in percent, hottest first. */
export function levelsOf(options: Pick<PanelOptions, 'levels'>): number[] {
  return [...(options.levels ?? DEFAULT_LEVELS)].sort((a, b) => b - a);
}

function checkPanelOptions(options: PanelOptions, doses: readonly DoseVolume[]): void {
  checkPositive('dose figure: prescription', options.prescription);
  for (const level of levelsOf(options)) checkPositive('dose figure: level', level);
  checkPositive('dose figure: window width', options.window?.width ?? 900);
  if (doses.some(({ quantity }) => quantity === undefined)) {
    throw new InvalidInputError(
      'dose figure: the dose does not say what it is. Make it with createDose(grid, { quantity, fractions }).',
    );
  }
}

/** @throws {InvalidInputError} where a value of the slice is no number, which would look like no dose */
function checkedSlice(slice: Slice): Slice {
  const at = slice.data.findIndex((dose) => !Number.isFinite(dose));
  if (at >= 0) {
    const place = [slice.u0 + (at % slice.columns) * slice.du, slice.v0 + Math.floor(at / slice.columns) * slice.dv];
    throw new InvalidInputError(
      `dose figure: the dose is ${slice.data[at]} in the ${slice.plane} plane at ${place.map((mm) => mm.toFixed(1)).join(', ')} mm. Draw a dose that is a number everywhere.`,
    );
  }
  return slice;
}
