/**
 * Contact sheet: one dose in parallel planes, row by row, with one key and one scale.
 */
import { InvalidInputError } from '../core/errors.js';
import type { DoseVolume } from '../geometry/volume.js';
import { keyOfAll } from './compare-figure.js';
import { capital } from './dose-figure.js';
import { doseLegend, doseUnits, LEGEND_WIDTH } from './dose-legend.js';
import { dosePanels } from './dose-panel.js';
import { type Drawing, pageDrawing } from './drawing.js';
import { FOOT, group, HEAD, MARGIN } from './figure.js';
import type { PanelOptions } from './panel-view.js';
import { planeAxes } from './slice.js';

export interface SheetFigureOptions extends PanelOptions {
  readonly dose: DoseVolume;
  /** Of the planes, mm along the axis through them. */
  readonly positions: readonly number[];
  readonly title: string;
  readonly subtitle?: string;
  /** Panels beside each other. @default 4, or as many as there are */
  readonly columns?: number;
  /** @default 1240 */
  readonly width?: number;
}

const GAP = 8;
const KEY_HEIGHT = 400;
const LARGEST = 60;

/** @throws {InvalidInputError} if there is no position or more than 60, or a plane misses CT or dose */
export function sheetDrawing(options: SheetFigureOptions): Drawing {
  const { positions, plane, point, title, subtitle } = options;
  if (positions.length < 1 || positions.length > LARGEST) {
    throw new InvalidInputError(`contact sheet: ${positions.length} planes, but 1 to ${LARGEST} fit. Ask for fewer.`);
  }
  const columns = Math.min(options.columns ?? 4, positions.length);
  const width = options.width ?? 1240;
  const across = (width - 2 * MARGIN - LEGEND_WIDTH - 24 - GAP * (columns - 1)) / columns;
  const { through } = planeAxes(plane);
  const panels = positions.map((at) => {
    const moved = [...point] as [number, number, number];
    moved[through] = at;
    return dosePanels({ ...options, point: moved }, [options.dose], { width: across, height: across })[0]!;
  });
  const tall = panels[0]!.height + GAP;
  const rows = Math.ceil(panels.length / columns);
  const body = Math.max(rows * tall - GAP, KEY_HEIGHT);
  const places = panels.map((_, i) => ({
    x: MARGIN + (i % columns) * (across + GAP),
    y: HEAD + Math.floor(i / columns) * tall,
  }));
  return pageDrawing(
    width,
    HEAD + body + FOOT + 4,
    {
      title,
      ...(subtitle && { subtitle }),
      footer: `Dose in ${doseUnits(options.dose)}. ${capital(plane)} planes.`,
    },
    panels.map(({ pixels, width: w, height }, i) => ({ ...places[i]!, width: w, height, pixels })),
    panels.map(({ vectors }, i) => group(places[i]!.x, places[i]!.y, vectors)).join('') +
      doseLegend(width - MARGIN - LEGEND_WIDTH, HEAD, body, options, keyOfAll(panels, options)),
  );
}
