/**
 * Dose figure: one plane of a plan, with its key.
 */
import type { DoseVolume } from '../geometry/volume.js';
import { doseLegend, doseUnits, LEGEND_WIDTH } from './dose-legend.js';
import { dosePanels } from './dose-panel.js';
import { type Drawing, drawingSvg, pageDrawing } from './drawing.js';
import { FOOT, group, HEAD, MARGIN, text } from './figure.js';
import { INSET_WIDTH, type Inset, insetOf } from './inset.js';
import type { PanelOptions } from './panel-view.js';
import { fitText } from './text-width.js';

/** What a dose figure shows: one dose on one plane of a CT. */
export interface DoseFigureOptions extends PanelOptions {
  /** Gy, total over its course. */
  readonly dose: DoseVolume;
  readonly title: string;
  readonly subtitle?: string;
  /** A small structure that is drawn again, larger, beside the panel, in planes where that shows more. @default none */
  readonly inset?: {
    readonly structure: string;
    /** Around it, mm. @default 10 */
    readonly margin?: number;
  };
  /** Width of the figure without an inset, SVG units. @default 920 */
  readonly width?: number;
  /** Largest height of the panel. @default 620 */
  readonly panelHeight?: number;
}

/** The panel is not lower than the key needs. */
const KEY_HEIGHT = 400;
/** Between panel, inset and key. */
const GAP = 24;
/** Above an inset. */
const INSET_WORDS = 20;

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
  plans: readonly { readonly dose: DoseVolume; readonly title: string; readonly beams?: PanelOptions['beams'] }[],
): Drawing[] {
  const width = options.width ?? 920;
  const room = { width: width - 2 * MARGIN - LEGEND_WIDTH - GAP, height: options.panelHeight ?? 620 };
  const doses = plans.map(({ dose }) => dose);
  const beams = plans.map((plan) => plan.beams ?? options.beams);
  const panels = dosePanels(options, doses, room, beams);
  const body = Math.max(panels[0]?.height ?? 0, KEY_HEIGHT);
  const own = { width: INSET_WIDTH, height: body - INSET_WORDS };
  const inset = options.inset && insetOf(options, options.inset, doses, room, own);
  const whole = inset === undefined ? width : width + INSET_WIDTH + GAP;
  return panels.map((panel, i) => {
    const { dose, title } = plans[i]!;
    const left = MARGIN + (room.width - panel.width) / 2;
    const top = HEAD + (body - panel.height) / 2;
    const beside = inset && insetDrawing(inset, i, MARGIN + room.width + GAP, HEAD);
    return pageDrawing(
      whole,
      HEAD + body + FOOT + 4,
      {
        title,
        ...(options.subtitle === undefined ? {} : { subtitle: options.subtitle }),
        footer: `Dose in ${doseUnits(dose)}. ${capital(options.plane)} plane.`,
      },
      [
        { x: left, y: top, width: panel.width, height: panel.height, pixels: panel.pixels },
        ...(beside ? [beside.image] : []),
      ],
      group(left, top, panel.vectors + (inset?.mark ?? '')) +
        (beside?.vectors ?? '') +
        doseLegend(whole - MARGIN - LEGEND_WIDTH, HEAD, body, options, panel.key),
    );
  });
}

/** An inset under its words, with its upper left corner at (x, y). */
function insetDrawing({ panels, words }: Inset, i: number, x: number, y: number) {
  const { pixels, vectors, width, height } = panels[i]!;
  const top = y + INSET_WORDS;
  return {
    image: { x, y: top, width, height, pixels },
    // A panel covers what reaches beyond it, so that words come after it.
    vectors: group(x, top, vectors) + text(x, y + 12, fitText(words, 12, INSET_WIDTH), { size: 12 }),
  };
}

export const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
