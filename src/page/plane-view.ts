/** One plane on its canvas: CT, dose wash, isodose lines, outlines, the cross. */
import { coordinateAt, gridBox, type Vec3 } from '../geometry/grid.js';
import type { Volume } from '../geometry/volume.js';
import { grayShades, levelColor, RASTER, rgbaOf, type WashView, washOver } from '../render/dose-wash.js';
import { isolinesOf, outline, type Polylines } from '../render/isodose.js';
import { cropSlice, extractSlice, type Plane, planeAxes, planeExtent, type Slice } from '../render/slice.js';
import type { ViewData } from '../report/html/view-types.js';
import type { Volumes } from './volumes.js';

/** What all planes show. */
export interface Shown {
  /** LPS, mm: where the planes cross. */
  point: Vec3;
  /** Index of the technique. */
  dose: number;
  hasWash: boolean;
  hasIsodoses: boolean;
  window: { level: number; width: number };
  /** Indices of structures. */
  readonly structures: Set<number>;
}

/** Canvas pixels, at most, across and down. */
const ROOM = { axial: [840, 640], sagittal: [640, 640], coronal: [840, 640] } as const;

export class PlaneView {
  readonly canvas: HTMLCanvasElement;
  /** Patient axes. */
  readonly axes: ReturnType<typeof planeAxes>;
  /** px per mm */
  private readonly scale: number;
  private readonly view: WashView;
  private readonly context: CanvasRenderingContext2D;
  /** All but the cross, and what it was drawn of. */
  private readonly under: CanvasRenderingContext2D;
  private drawn = '';
  private shades: { readonly key: string; readonly values: Float32Array } | undefined;
  /** Of the slice that is shown, by structure. */
  private outlines: { key: number; readonly paths: Map<number, Path2D> } = { key: NaN, paths: new Map() };

  constructor(
    readonly plane: Plane,
    private readonly volumes: Volumes,
    private readonly data: ViewData,
  ) {
    this.canvas = document.getElementById(plane) as HTMLCanvasElement;
    this.axes = planeAxes(plane);
    const extent = planeExtent(volumes.ct.grid, plane);
    const [across, down] = [extent.uMax - extent.uMin, extent.vMax - extent.vMin];
    const scale = Math.min(ROOM[plane][0] / across, ROOM[plane][1] / down);
    const [width, height] = [across, down].map((mm) => Math.round((mm * scale) / RASTER)) as [number, number];
    this.view = { extent, isDownReversed: this.axes.isDownReversed, width, height };
    this.canvas.width = Math.round(width * RASTER);
    this.canvas.height = Math.round(height * RASTER);
    this.scale = this.canvas.width / across;
    this.context = this.canvas.getContext('2d', { alpha: false })!;
    const under = document.createElement('canvas');
    under.width = this.canvas.width;
    under.height = this.canvas.height;
    this.under = under.getContext('2d', { alpha: false })!;
    this.under.lineJoin = 'round';
  }

  /** How many slices there are, and where. */
  get count(): number {
    const { shape } = this.volumes.ct.grid;
    return [shape[2], shape[1], shape[0]][this.axes.through]!;
  }

  placeOf(slice: number): number {
    return coordinateAt(this.volumes.ct.grid, this.axes.through, slice);
  }

  nearest(point: Vec3): number {
    const { origin, spacing } = this.volumes.ct.grid;
    const { through } = this.axes;
    const slice = Math.round((point[through]! - origin[through]!) / spacing[through]!);
    return Math.min(this.count - 1, Math.max(0, slice));
  }

  /** The place under a pixel of the page, LPS mm. */
  pointAt({ clientX, clientY }: MouseEvent, point: Vec3): Vec3 {
    const box = this.canvas.getBoundingClientRect();
    const { uMin, uMax, vMin, vMax } = this.view.extent;
    const u = uMin + ((clientX - box.left) / box.width) * (uMax - uMin);
    const t = (clientY - box.top) / box.height;
    const v = this.axes.isDownReversed ? vMax - t * (vMax - vMin) : vMin + t * (vMax - vMin);
    const out = [...point] as [number, number, number];
    out[this.axes.across] = u;
    out[this.axes.down] = v;
    return out;
  }

  /** All of the plane; where only the cross has moved, that alone. */
  draw(shown: Shown): void {
    const { axes, context, under } = this;
    const { point, dose, hasWash, hasIsodoses, window, structures } = shown;
    const of = [point[axes.through], dose, hasWash, hasIsodoses, window.level, window.width, ...structures].join();
    if (this.drawn !== of) this.drawUnder(shown);
    this.drawn = of;
    context.drawImage(under.canvas, 0, 0);
    this.drawCross(point);
  }

  private drawUnder({ point, window, ...shown }: Shown): void {
    const { plane, view, under } = this;
    const { prescription, levels } = this.data;
    const key = [point[this.axes.through], window.level, window.width].join();
    if (this.shades?.key !== key) {
      const slice = cropSlice(extractSlice(this.volumes.ct, plane, point), view.extent);
      this.shades = { key, values: grayShades(slice, { window }, view) };
    }
    const dose = sliceOf(this.volumes.doses[shown.dose]!, plane, point);
    const washFrom = shown.hasWash && dose !== undefined ? 20 : Infinity;
    const pixels = washOver(this.shades.values, dose ?? NOTHING, { prescription, washFrom }, view);
    under.putImageData(new ImageData(rgbaOf(pixels), pixels.width, pixels.height), 0, 0);
    if (shown.hasIsodoses && dose !== undefined) {
      const sorted = [...levels].sort((a, b) => b - a);
      const grays = sorted.map((percent) => (percent / 100) * prescription);
      isolinesOf(dose, grays).forEach((lines, i) => {
        this.stroke(this.pathOf(lines), ['rgba(0, 0, 0, 0.45)', 3.4], [levelColor(sorted[i]!), 1.8]);
      });
    }
    for (const s of shown.structures) {
      const { color, dash } = this.volumes.structures[s]!;
      this.stroke(this.outlineOf(s, point), ['rgba(255, 255, 255, 0.55)', 4.2], [color, 2.4, dash]);
    }
    this.drawLetters();
  }

  private stroke(path: Path2D, ...lines: readonly Stroke[]): void {
    strokeOn(this.under, path, lines);
  }

  private outlineOf(structure: number, point: Vec3): Path2D {
    const at = point[this.axes.through];
    if (this.outlines.key !== at) this.outlines = { key: at, paths: new Map() };
    const known = this.outlines.paths.get(structure);
    if (known !== undefined) return known;
    const slice = sliceOf(this.volumes.structures[structure]!.mask, this.plane, point);
    slice?.data.forEach((level, i) => {
      slice.data[i] = level / 255;
    });
    const path = slice === undefined ? new Path2D() : this.pathOf(outline(slice));
    this.outlines.paths.set(structure, path);
    return path;
  }

  private pathOf(lines: Polylines): Path2D {
    const path = new Path2D();
    for (const points of lines) {
      for (let i = 0; i < points.length; i += 2) {
        const [x, y] = this.pixelOf(points[i]!, points[i + 1]!);
        if (i === 0) path.moveTo(x, y);
        else path.lineTo(x, y);
      }
    }
    return path;
  }

  private pixelOf(u: number, v: number): [x: number, y: number] {
    const { uMin, vMin, vMax } = this.view.extent;
    return [(u - uMin) * this.scale, (this.axes.isDownReversed ? vMax - v : v - vMin) * this.scale];
  }

  /** Where the other planes are; free around the place itself. */
  private drawCross(point: Vec3): void {
    const [x, y] = this.pixelOf(point[this.axes.across], point[this.axes.down]);
    const { width, height } = this.canvas;
    const path = new Path2D();
    for (const [x0, y0, x1, y1] of [
      [0, y, x - 12, y],
      [x + 12, y, width, y],
      [x, 0, x, y - 12],
      [x, y + 12, x, height],
    ] as const) {
      path.moveTo(x0, y0);
      path.lineTo(x1, y1);
    }
    strokeOn(this.context, path, [
      ['rgba(0, 0, 0, 0.4)', 2.5],
      ['rgba(255, 255, 255, 0.8)', 1],
    ]);
  }

  private drawLetters(): void {
    const { under: context, canvas } = this;
    const { left, right, top, bottom } = this.axes.letters;
    context.font = 'bold 20px sans-serif';
    context.lineWidth = 4;
    context.strokeStyle = '#1a1a1a';
    context.fillStyle = '#ffffff';
    for (const [letter, x, y] of [
      [left, 16, canvas.height / 2],
      [right, canvas.width - 16, canvas.height / 2],
      [top, canvas.width / 2, 22],
      [bottom, canvas.width / 2, canvas.height - 10],
    ] as const) {
      context.textAlign = 'center';
      context.strokeText(letter, x, y);
      context.fillText(letter, x, y);
    }
  }
}

type Stroke = readonly [style: string, width: number, dash?: readonly number[]];

function strokeOn(context: CanvasRenderingContext2D, path: Path2D, lines: readonly Stroke[]): void {
  for (const [style, width, dash = []] of lines) {
    context.setLineDash([...dash]);
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke(path);
  }
  context.setLineDash([]);
}

const NOTHING: Slice = { plane: 'axial', columns: 0, rows: 0, u0: 0, du: 1, v0: 0, dv: 1, data: new Float32Array(0) };

/** The plane of a volume, where it has one there. */
function sliceOf(volume: Volume, plane: Plane, point: Vec3): Slice | undefined {
  const { min, max } = gridBox(volume.grid);
  const { through } = planeAxes(plane);
  return point[through] < min[through] || point[through] > max[through]
    ? undefined
    : extractSlice(volume, plane, point);
}
