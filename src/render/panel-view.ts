/**
 * What every panel of a plane has: its part of the patient, the outlines of structures, and the marks over them.
 *
 * Everything takes patient mm.
 */
import { type Box, coordinateAt, type Vec3 } from '../geometry/grid.js';
import type { DoseVolume, Volume } from '../geometry/volume.js';
import type { Color } from './colour.js';
import type { WashView } from './dose-wash.js';
import { cutToBox, type LineStyle, path, polylinePath, px, rect, text } from './figure.js';
import { outline, type Polylines } from './isodose.js';
import { type LabelledLines, lineLabels } from './line-labels.js';
import { letters, scaleBar } from './marks.js';
import { type Pen, pensOf } from './pen.js';
import { simplifyLine } from './simplify-line.js';
import { cropSlice, extractSlice, type Plane, planeAxes, planeExtent } from './slice.js';
import { textWidth } from './text-width.js';

/** A structure as a figure outlines it. */
export interface FigureStructure {
  readonly name: string;
  /** #rrggbb or 0..255 each. */
  readonly color: Color | string;
  readonly mask: Volume<'mask'>;
  /** Dash as in SVG, empty for a solid line. @default one that tells the structure from the others */
  readonly dash?: string;
}

/** What the panel of a dose figure shows: CT, outlines, isodoses, in one plane. */
export interface PanelOptions {
  /** CT under the dose, HU. */
  readonly hounsfield: Volume<'hounsfield'>;
  readonly structures: readonly FigureStructure[];
  readonly plane: 'axial' | 'sagittal' | 'coronal';
  /** LPS, mm: the plane goes through it. */
  readonly point: Vec3;
  /** Total dose of the course, Gy. */
  readonly prescription: number;
  /** Isodose lines, percent of the prescription. @default DEFAULT_LEVELS */
  readonly levels?: readonly number[];
  /** What numbers at lines and in the key are in, where a percentage says little, as of the sum of courses. @default 'percent' */
  readonly numbers?: 'percent' | 'gray';
  /** CT window, HU; the default keeps grey steps inside bone, where spine targets lie. @default { level: 100, width: 900 } */
  readonly window?: { readonly level: number; readonly width: number };
  /** Dose wash from this percent of the prescription up. @default 20 */
  readonly washFrom?: number;
  /** Opacity of the wash, 0..1. @default 0.5 */
  readonly washOpacity?: number;
  /** Colours of dose: the rainbow of clinics, or one with equal steps. @default 'rainbow' */
  readonly colors?: 'rainbow' | 'even';
  /** Beams whose axes lie in the plane, within 10 degrees: lines from `point` towards their sources (LPS, mm), with labels at the end. */
  readonly beams?: readonly { readonly label: string; readonly source: Vec3 }[];
  /** Another plan, whose isodoses are drawn dashed over the same wash. */
  readonly dashed?: { readonly label: string; readonly dose: DoseVolume };
  /** What the solid isodoses are of, where others are dashed. */
  readonly label?: string;
  /** Box of interest, LPS mm. @default the whole CT */
  readonly crop?: Box;
}

/** How far beyond the panel lines are kept, px: more than half of the widest. */
const RIM = 4;

/** A structure as its line stands in a legend. */
export interface KeyStructure extends Pen {
  readonly name: string;
}

/** A panel's part of the plane and the way from patient mm to px. */
export interface PanelView extends WashView {
  readonly scale: number;
  readonly toPixel: (lines: Polylines) => Float64Array[];
}

/** @throws {InvalidInputError} if the crop leaves nothing */
export function viewOf(
  options: Pick<PanelOptions, 'hounsfield' | 'plane' | 'crop'>,
  room: { width: number; height: number },
): PanelView {
  const { isDownReversed } = planeAxes(options.plane);
  const extent = planeExtent(options.hounsfield.grid, options.plane, options.crop);
  const scale = Math.min(room.width / (extent.uMax - extent.uMin), room.height / (extent.vMax - extent.vMin));
  const toPixel = (lines: Polylines): Float64Array[] =>
    lines.map((points) => {
      const out = new Float64Array(points.length);
      for (let i = 0; i < points.length; i += 2) {
        out[i] = (points[i]! - extent.uMin) * scale;
        const v = points[i + 1]!;
        out[i + 1] = (isDownReversed ? extent.vMax - v : v - extent.vMin) * scale;
      }
      return out;
    });
  const width = Math.round((extent.uMax - extent.uMin) * scale);
  const height = Math.round((extent.vMax - extent.vMin) * scale);
  return { extent, isDownReversed, width, height, scale, toPixel };
}

/** A structure in the plane. */
export interface Outlined extends KeyStructure {
  /** px */
  readonly lines: readonly Float64Array[];
}

/** The structures that the panel shows; pens are those of all, so that a structure has the same one in every plane. */
export function structureOutlines(
  options: Pick<PanelOptions, 'structures' | 'plane' | 'point'>,
  view: PanelView,
  isodoses: readonly string[] = [],
): Outlined[] {
  const { structures, plane, point } = options;
  const { through } = planeAxes(plane);
  const pens = pensOf(structures, isodoses);
  return structures.flatMap(({ name, mask }, s) => {
    const { grid } = mask;
    const at = point[through];
    const reach = grid.spacing[through] / 2;
    const n = [grid.shape[2], grid.shape[1], grid.shape[0]][through]!;
    // A structure's own grid may end before this plane: then there is nothing of it to draw.
    if (at < grid.origin[through] - reach || at > coordinateAt(grid, through, n - 1) + reach) return [];
    const drawn = view.toPixel(outline(cropSlice(extractSlice(mask, plane, point), view.extent)));
    const lines = partsWithin(drawn, view.width, view.height);
    return lines.length === 0 ? [] : [{ name, ...pens[s]!, lines }];
  });
}

/** How far a line is drawn from where it is, px: half of that at one pixel per unit would not show. */
const TOLERANCE = 0.05;

/** Lines as a panel strokes them, a style over another. */
export function strokes(lines: readonly Float64Array[], styles: readonly LineStyle[]): string {
  const d = polylinePath(lines.map((points) => simplifyLine(points, TOLERANCE)));
  return styles.map((style) => path(d, { ...style, join: 'bevel' })).join('');
}

/** On a light line, which a dash shows between its strokes. */
function outlineDrawing({ lines, color, dash }: Outlined): string {
  return strokes(lines, [
    { stroke: '#ffffff', width: 3.4, opacity: 0.55 },
    { stroke: color, width: 2, dash },
  ]);
}

/** The parts of polylines that come within RIM of the box, in whole segments. */
export function partsWithin(lines: readonly Float64Array[], width: number, height: number): Float64Array[] {
  const out: Float64Array[] = [];
  for (const points of lines) {
    let from = -1;
    for (let p = 0; p + 3 < points.length; p += 2) {
      const [x0, y0, x1, y1] = [points[p]!, points[p + 1]!, points[p + 2]!, points[p + 3]!];
      const isBeyond =
        Math.max(x0, x1) < -RIM ||
        Math.min(x0, x1) > width + RIM ||
        Math.max(y0, y1) < -RIM ||
        Math.min(y0, y1) > height + RIM;
      if (!isBeyond && from < 0) from = p;
      if (isBeyond && from >= 0) {
        out.push(points.subarray(from, p + 2));
        from = -1;
      }
    }
    if (from >= 0) out.push(points.subarray(from));
  }
  return out;
}

/** Lines, outlines over them, labels and marks of a panel. @param lines SVG of what lies under the outlines */
export function panelVectors(
  { plane, point }: Pick<PanelOptions, 'plane' | 'point'>,
  { width, height, scale }: PanelView,
  outlined: readonly Outlined[],
  lines: string,
  labels: readonly LabelledLines[],
): string {
  const names = outlined.filter(({ isLabelled }) => isLabelled).map((own) => ({ words: own.name, lines: own.lines }));
  return [
    cutToBox(0, 0, width, height, 3 * RIM, lines + outlined.map(outlineDrawing).join('')),
    lineLabels([...labels, ...names], width, height),
    scaleBar(scale, width, height),
    letters(planeAxes(plane).letters, width, height),
    coordinate(plane, point, width, height),
    rect(0, 0, width, height, { stroke: '#30343a', width: 1 }),
  ].join('');
}

function coordinate(plane: Plane, point: Vec3, width: number, height: number): string {
  const { through } = planeAxes(plane);
  const at = `${'xyz'[through]} = ${px(Math.round(point[through] * 10) / 10)} mm`;
  const whole = `${at} (LPS)`;
  // The letter of the lower edge stands in its middle.
  const label = textWidth(whole, 12) > width / 2 - 24 ? at : whole;
  return text(10, height - 10, label, { size: 12, fill: '#ffffff', halo: '#1a1a1a' });
}
