/**
 * Inset: what is around a small structure, as the cord, drawn again and larger beside the panel, with its place marked there.
 */
import type { Box, Vec3 } from '../geometry/grid.js';
import type { DoseVolume } from '../geometry/volume.js';
import { dosePanels, type Panel } from './dose-panel.js';
import { rect } from './figure.js';
import { type PanelOptions, type PanelView, structureOutlines, viewOf } from './panel-view.js';
import { planeAxes } from './slice.js';

/** What an inset is around. */
export interface InsetOptions {
  /** Name of one of the structures. */
  readonly structure: string;
  /** Around it, mm. @default 10 */
  readonly margin?: number;
}

/** Width kept for an inset, px. */
export const INSET_WIDTH = 260;
/** Below it an inset shows no more than the panel. */
const LEAST_GAIN = 1.5;

export interface Inset {
  /** One per dose. */
  readonly panels: readonly Panel[];
  /** Its place in the panel. */
  readonly mark: string;
  /** What it is, and how much larger than the panel. */
  readonly words: string;
}

type Space = { readonly width: number; readonly height: number };

/** @returns undefined where the structure is not in the plane, or so large there that an inset would show no more */
export function insetOf(
  options: PanelOptions,
  { structure, margin = 10 }: InsetOptions,
  doses: readonly DoseVolume[],
  panel: Space,
  own: Space,
): Inset | undefined {
  const view = viewOf(options, panel);
  const place = placeOf(options, structure, margin, view);
  if (place === undefined) return undefined;
  const { x, y, width, height } = place;
  const gain = Math.min(own.width / width, own.height / height);
  if (gain < LEAST_GAIN) return undefined;
  const { beams: _, ...rest } = options;
  return {
    panels: dosePanels({ ...rest, crop: boxOf(place, options, view) }, doses, own),
    mark:
      rect(x, y, width, height, { stroke: '#1a1a1a', width: 2.6 }) +
      rect(x, y, width, height, { stroke: '#ffffff', width: 1.2 }),
    words: `${structure}, ${gain.toFixed(1)} times as large`,
  };
}

interface Place extends Space {
  readonly x: number;
  readonly y: number;
}

/** Where the structure and its margin lie in the panel, px. */
function placeOf(options: PanelOptions, name: string, margin: number, view: PanelView): Place | undefined {
  const structures = options.structures.filter((structure) => structure.name === name);
  const [found] = structureOutlines({ ...options, structures }, view);
  if (found === undefined) return undefined;
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const line of found.lines) {
    for (let i = 0; i < line.length; i += 2) {
      left = Math.min(left, line[i]!);
      right = Math.max(right, line[i]!);
      top = Math.min(top, line[i + 1]!);
      bottom = Math.max(bottom, line[i + 1]!);
    }
  }
  const around = margin * view.scale;
  const x = Math.max(0, left - around);
  const y = Math.max(0, top - around);
  return {
    x,
    y,
    width: Math.min(view.width, right + around) - x,
    height: Math.min(view.height, bottom + around) - y,
  };
}

/** A place of the panel in the patient. */
function boxOf({ x, y, width, height }: Place, { plane, point }: PanelOptions, view: PanelView): Box {
  const { across, down } = planeAxes(plane);
  const { extent, scale, isDownReversed } = view;
  const min: [number, number, number] = [...point];
  const max: [number, number, number] = [...point];
  min[across] = extent.uMin + x / scale;
  max[across] = min[across] + width / scale;
  const [first, last] = [y / scale, (y + height) / scale];
  min[down] = isDownReversed ? extent.vMax - last : extent.vMin + first;
  max[down] = isDownReversed ? extent.vMax - first : extent.vMin + last;
  return { min: min as Vec3, max: max as Vec3 };
}
