/**
 * Comparison: the same plane of two (or three) plans side by side, with one key, one prescription and one scale.
 */
import { InvalidInputError } from '../core/errors.js';
import type { DoseVolume } from '../geometry/volume.js';
import { capital } from './dose-figure.js';
import { doseLegend, doseUnits, LEGEND_WIDTH } from './dose-legend.js';
import { dosePanels, type Panel, type PanelKey } from './dose-panel.js';
import { type Drawing, drawingSvg, type PlacedImage, pageDrawing } from './drawing.js';
import { FOOT, group, HEAD, MARGIN, text } from './figure.js';
import type { PanelOptions } from './panel-view.js';

export interface CompareFigureOptions extends PanelOptions {
  /** Two or three plans; their doses must be of one quantity and fractionation. */
  readonly plans: readonly { readonly label: string; readonly dose: DoseVolume }[];
  readonly title: string;
  readonly subtitle?: string;
  /** @default 1240 */
  readonly width?: number;
  /** @default 560 */
  readonly panelHeight?: number;
}

const GAP = 14;
const LABEL = 22;
const KEY_HEIGHT = 400;

/** As {@link compareDrawing}, in one SVG. */
export function compareFigure(options: CompareFigureOptions): string {
  return drawingSvg(compareDrawing(options));
}

/**
 * Plans side by side.
 *
 * @throws {InvalidInputError} if there are not 2 or 3 plans, their doses mean different things, or as for {@link dosePanels}
 */
export function compareDrawing(options: CompareFigureOptions): Drawing {
  const { plans } = options;
  if (plans.length < 2 || plans.length > 3) {
    throw new InvalidInputError(`compare figure: ${plans.length} plans, but 2 or 3 fit side by side.`);
  }
  const first = plans[0]!.dose;
  for (const { dose, label } of plans) {
    if (dose.quantity !== first.quantity || dose.fractions !== first.fractions || dose.alphaBeta !== first.alphaBeta) {
      throw new InvalidInputError(
        `compare figure: ${plans[0]!.label} is in ${doseUnits(first)}, ${label} in ${doseUnits(dose)}. Convert both to one quantity first.`,
      );
    }
  }
  const width = options.width ?? 1240;
  const panelsWidth = width - 2 * MARGIN - LEGEND_WIDTH - 24 - GAP * (plans.length - 1);
  const room = { width: panelsWidth / plans.length, height: options.panelHeight ?? 560 };
  const panels = dosePanels(
    options,
    plans.map(({ dose }) => dose),
    room,
  );
  const tall = panels[0]!.height + LABEL;
  const body = Math.max(tall, KEY_HEIGHT);
  const images: PlacedImage[] = [];
  const children = panels.map(({ pixels, vectors, width: across, height }, i) => {
    const x = MARGIN + i * (room.width + GAP) + (room.width - across) / 2;
    const y = HEAD + (body - tall) / 2;
    images.push({ x, y: y + LABEL, width: across, height, pixels });
    return group(x, y + LABEL, vectors) + text(x, y + 13, plans[i]!.label, { size: 14, bold: true });
  });
  return pageDrawing(
    width,
    HEAD + body + FOOT + 4,
    {
      title: options.title,
      ...(options.subtitle === undefined ? {} : { subtitle: options.subtitle }),
      footer: `Dose in ${doseUnits(first)}. ${capital(options.plane)} plane.`,
    },
    images,
    children.join('') + doseLegend(width - MARGIN - LEGEND_WIDTH, HEAD, body, options, keyOfAll(panels, options)),
  );
}

/** What any of the panels shows, in the order of the structures. */
export function keyOfAll(panels: readonly Panel[], { structures: all }: Pick<PanelOptions, 'structures'>): PanelKey {
  const levels = new Set(panels.flatMap(({ key }) => key.levels));
  const structures = new Map(panels.flatMap(({ key }) => key.structures).map((own) => [own.name, own]));
  return {
    structures: all.flatMap(({ name }) => structures.get(name) ?? []),
    levels: [...levels].sort((a, b) => b - a),
  };
}
