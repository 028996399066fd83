/**
 * Dose figure: one plane of a plan, with its key.
 */
import type { DoseVolume } from '../geometry/volume.js';
import { doseLegend, doseUnits, LEGEND_WIDTH } from './dose-legend.js';
import { dosePanels } from './dose-panel.js';
import { type Drawing, drawingSvg, pageDrawing } from './drawing.js';
import { FOOT, group, HEAD, MARGIN } from './figure.js';
import type { PanelOptions } from './panel-view.js';

/** What a dose figure shows: one dose on one plane of a CT. */
export interface DoseFigureOptions extends PanelOptions {
  /** Gy, total over its course. */
  readonly dose: DoseVolume;
  readonly title: string;
  readonly subtitle?: string;
  /** Width of the figure, SVG units. @default 920 */
  readonly width?: number;
  /** Largest height of the panel. @default 620 */
  readonly panelHeight?: number;
}

/** The panel is not lower than the key needs. */
const KEY_HEIGHT = 400;

/** Dose on CT in one plane, as SVG: what {@link doseDrawing} draws. */
export function doseFigure(options: DoseFigureOptions): string {
  return drawingSvg(doseDrawing(options));
}

/**
 * Dose on CT in one plane.
 *
 * Axial: seen from the feet, patient's left on the right, anterior on top. Sagittal: anterior left, superior on top.
 * Coronal: patient's left on the right, superior on top. CT, dose and masks may lie on different axis-aligned grids.
 *
 * @throws {InvalidInputError} if the plane misses CT or dose, the crop leaves nothing, or a number is out of range
 */
export function doseDrawing(options: DoseFigureOptions): Drawing {
  return doseDrawings(options, [options])[0]!;
}

/** The same plane of several plans, as {@link doseDrawing} draws each. */
export function doseDrawings(
  options: Omit<DoseFigureOptions, 'dose' | 'title'>,
  plans: readonly { readonly dose: DoseVolume; readonly title: string }[],
): Drawing[] {
  const width = options.width ?? 920;
  const room = { width: width - 2 * MARGIN - LEGEND_WIDTH - 24, height: options.panelHeight ?? 620 };
  const doses = plans.map(({ dose }) => dose);
  return dosePanels(options, doses, room).map((panel, i) => {
    const { dose, title } = plans[i]!;
    const body = Math.max(panel.height, KEY_HEIGHT);
    const left = MARGIN + (room.width - panel.width) / 2;
    const top = HEAD + (body - panel.height) / 2;
    return pageDrawing(
      width,
      HEAD + body + FOOT + 4,
      {
        title,
        ...(options.subtitle === undefined ? {} : { subtitle: options.subtitle }),
        footer: `Dose in ${doseUnits(dose)}. ${capital(options.plane)} plane.`,
      },
      [{ x: left, y: top, width: panel.width, height: panel.height, pixels: panel.pixels }],
      group(left, top, panel.vectors) + doseLegend(width - MARGIN - LEGEND_WIDTH, HEAD, body, options, panel.key),
    );
  });
}

export const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
