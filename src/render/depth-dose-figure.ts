/**
 * Depth-dose figure: measured points and model lines of all fields in one frame, and below it what the model leaves over.
 */
import { InvalidInputError } from '../core/errors.js';
import type { DepthDoseCurves } from '../machine/depth-dose-curves.js';
import type { Frame } from './axis.js';
import { FAINT, HEAD, line, MARGIN, page, path, px, rect, text } from './figure.js';
import { chartFrame, lineChart, splitFrame } from './line-chart.js';

export interface DepthDoseFigureOptions {
  readonly title: string;
  readonly subtitle?: string;
  /** `tpr` or `pdd`: names the axis. */
  readonly kind: 'tpr' | 'pdd';
  /** What the points are. @default 'measured' */
  readonly data?: 'measured' | 'Monte Carlo';
  /** From `depthDoseCurves`, small fields first. */
  readonly fields: readonly DepthDoseCurves[];
  /** Band of the lower panel that is shaded as met, percent of the maximum. @default 1 */
  readonly tolerance?: number;
  readonly footer?: string;
  /** @default 920 */
  readonly width?: number;
  /** @default 720 */
  readonly height?: number;
}

const KEY = 130;
/** The inset shows the depths down to here, mm. */
const BUILD_UP = 30;
const LOWER = 150;
const GAP = 34;

/**
 * The figure, as SVG. Points that were left out of the fit are crosses; residuals beyond the lower panel are cut to its
 * edge and drawn as triangles, so none is lost.
 *
 * @throws {InvalidInputError} if there is no field
 */
export function depthDoseFigure(options: DepthDoseFigureOptions): string {
  const { fields } = options;
  if (fields.length === 0) {
    throw new InvalidInputError('depth-dose figure: there is no field to draw. Give those of depthDoseCurves().');
  }
  const width = options.width ?? 920;
  const height = options.height ?? 720;
  const whole = chartFrame({ width, height, top: HEAD + 8, key: KEY + MARGIN });
  const [upper, lower] = splitFrame(whole, GAP, LOWER);
  const deepest = Math.max(...fields.flatMap(({ model }) => model.depths));
  const x = { min: 0, max: deepest, name: 'Depth [mm]', ticks: 10 };
  const name = options.kind === 'tpr' ? 'TPR [% of maximum]' : 'Depth dose [% of maximum]';
  const above = lineChart(upper, { ...x, name: '' }, { min: 0, max: 105, name, ticks: 10 });
  const half = residualSpan(fields);
  const below = lineChart(lower, x, {
    min: -half,
    max: half,
    name: options.data === 'Monte Carlo' ? 'Model - MC [%]' : 'Model - meas. [%]',
    ticks: 5,
  });
  const tolerance = options.tolerance ?? 1;
  const inner = insetFrame(upper, fields, deepest);
  const inset = lineChart(
    inner,
    { min: 0, max: BUILD_UP, name: '', ticks: 6 },
    { min: 0, max: 105, name: '', ticks: 5 },
  );

  const met = rect(lower.left, below.y(tolerance), lower.width, below.y(-tolerance) - below.y(tolerance), {
    fill: '#eef4ec',
  });
  const lines: string[] = [];
  const early: string[] = [];
  const last: string[] = [];
  const lastEarly: string[] = [];
  const marks: string[] = [];
  const residuals: string[] = [];
  fields.forEach(({ points, model }, f) => {
    const color = fieldColor(fields.length === 1 ? 0 : f / (fields.length - 1));
    const curve = model.depths.map((depth, i) => [depth, model.percent[i]!] as const);
    lines.push(above.curve(curve, { stroke: color, width: 1.3 }));
    early.push(inset.curve(curve, { stroke: color, width: 1.1 }));
    let trail = '';
    for (const { depth, measured, residual, isExcluded } of points) {
      const at = above.x(depth);
      const mark = isExcluded ? cross : dot;
      // What was left out must not hide below the marks of other fields.
      (isExcluded ? last : marks).push(mark(at, above.y(measured), color));
      if (depth <= BUILD_UP) (isExcluded ? lastEarly : early).push(mark(inset.x(depth), inset.y(measured), color));
      const isOutside = Math.abs(residual) > half;
      const y = below.y(Math.max(-half, Math.min(half, residual)));
      residuals.push(isOutside ? triangle(at, y, residual > 0, color) : mark(at, y, color));
      if (!isExcluded) trail += `${trail === '' ? 'M' : 'L'}${px(at)} ${px(y)}`;
    }
    residuals.push(path(trail, { stroke: color, width: 0.8, opacity: 0.45 }));
  });
  // Deep model values may lie below a mark's radius: cut at the frames.
  return page(
    width,
    height,
    {
      title: options.title,
      ...(options.subtitle === undefined ? {} : { subtitle: options.subtitle }),
      footer: options.footer ?? `Each field in percent of its own ${options.data ?? 'measured'} maximum.`,
    },
    above.svg(above.clipped('depth-dose', [...lines, ...marks, ...last].join(''))) +
      rect(inner.left, inner.top, inner.width, inner.height, { fill: '#ffffff' }) +
      inset.svg(inset.clipped('build-up', [...early, ...lastEarly].join(''))) +
      text(inner.left + inner.width - 10, inner.top + inner.height - 12, 'build-up', {
        size: 12,
        anchor: 'end',
        fill: FAINT,
      }) +
      met +
      below.svg(below.level(0, { stroke: '#8a8f96', width: 1.2 }) + below.clipped('residual', residuals.join(''))) +
      key(options, width - MARGIN - KEY, upper.top),
  );
}

/** Room for the build-up: above the curves where they fall fast (depth doses), else below them (tissue-phantom ratios). */
function insetFrame({ left, top, width, height }: Frame, fields: readonly DepthDoseCurves[], deepest: number): Frame {
  const isFree = fields.every(({ model }) =>
    model.depths.every((d, i) => d < 0.47 * deepest || model.percent[i]! < 50),
  );
  return isFree
    ? { left: left + 0.53 * width, top: top + 16, width: 0.45 * width, height: 0.4 * height }
    : { left: left + 0.1 * width, top: top + 0.66 * height, width: 0.36 * width, height: 0.27 * height };
}

/** Half the height of the lower panel: past the 98 % of the residuals that are smallest, so that one outlier does not flatten it. */
function residualSpan(fields: readonly DepthDoseCurves[]): number {
  const sizes = fields
    .flatMap(({ points }) => points.filter((p) => !p.isExcluded).map((p) => Math.abs(p.residual)))
    .sort((a, b) => a - b);
  const largest = sizes[Math.floor(0.98 * (sizes.length - 1))] ?? 0;
  return largest > 2 ? Math.ceil(1.15 * largest) : largest > 0.9 ? 2.4 : 1.2;
}

function key({ fields, kind, data = 'measured' }: DepthDoseFigureOptions, x: number, y: number): string {
  const parts = [text(x, y + 10, 'Field side', { size: 13, bold: true })];
  let at = y + 32;
  fields.forEach(({ side }, f) => {
    const color = fieldColor(fields.length === 1 ? 0 : f / (fields.length - 1));
    parts.push(line(x, at - 4, x + 30, at - 4, { stroke: color, width: 1.8 }), dot(x + 15, at - 4, color));
    parts.push(text(x + 40, at, `${px(side)} mm`, { size: 12 }));
    at += 18;
  });
  at += 12;
  const legend: [string, string][] = [
    [dot(x + 15, at - 4, FAINT), data],
    [line(x, at + 14, x + 30, at + 14, { stroke: FAINT, width: 1.8 }), 'model'],
  ];
  if (fields.some(({ points }) => points.some((p) => p.isExcluded))) {
    legend.push([cross(x + 15, at + 32, FAINT), 'left out']);
  }
  for (const [mark, words] of legend) {
    parts.push(mark, text(x + 40, at, words, { size: 12, fill: FAINT }));
    at += 18;
  }
  parts.push(text(x, at + 8, kind === 'tpr' ? 'point at the isocentre' : 'surface fixed', { size: 11, fill: FAINT }));
  return parts.join('');
}

/** From violet over teal to ochre (Viridis, its yellow darkened for white paper): ordered, safe for the colour-blind. */
const STOPS = [
  [76, 10, 110],
  [56, 88, 165],
  [24, 142, 142],
  [80, 172, 82],
  [206, 148, 12],
] as const;

function fieldColor(t: number): string {
  const at = Math.min(STOPS.length - 2, Math.floor(t * (STOPS.length - 1)));
  const rest = t * (STOPS.length - 1) - at;
  const channel = (c: 0 | 1 | 2): string =>
    Math.round(STOPS[at]![c] + rest * (STOPS[at + 1]![c] - STOPS[at]![c]))
      .toString(16)
      .padStart(2, '0');
  return `#${channel(0)}${channel(1)}${channel(2)}`;
}

const dot = (x: number, y: number, color: string): string =>
  path(`M${px(x - 2.4)} ${px(y)}a2.4 2.4 0 1 0 4.8 0a2.4 2.4 0 1 0 -4.8 0z`, {
    stroke: color,
    width: 1,
    fill: '#ffffff',
  });
const cross = (x: number, y: number, color: string): string =>
  path(`M${px(x - 3.5)} ${px(y - 3.5)}l7 7M${px(x - 3.5)} ${px(y + 3.5)}l7 -7`, { stroke: color, width: 1.6 });
const triangle = (x: number, y: number, isUp: boolean, color: string): string =>
  path(isUp ? `M${px(x)} ${px(y + 1)}l4 7h-8z` : `M${px(x)} ${px(y - 1)}l4 -7h-8z`, { fill: color });
