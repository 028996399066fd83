/**
 * DVH figure: cumulative histograms of one or more plans in one frame, colour by structure, line style by plan.
 */
import { checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { DvhCurve } from '../evaluate/dvh.js';
import { type Color, cssColor } from './colour.js';
import { curveNumbers, numberBadge } from './curve-numbers.js';
import { cutToBox, FAINT, FOOT, HEAD, line, MARGIN, page, path, polylinePath, px, text } from './figure.js';
import { chartFrame, type LineChart, lineChart } from './line-chart.js';
import { fitText, textWidth } from './text-width.js';

/** One structure's curve in one plan. */
export interface DvhFigureCurve {
  readonly structure: string;
  readonly color: Color | string;
  /** Index into `plans`. */
  readonly plan: number;
  /** From `cumulativeCurve`. */
  readonly points: Pick<DvhCurve, 'dose' | 'percent'>;
  /** Between which volumes the curve may lie, as of its error; from `dvhBand`. Percent, by dose in Gy. */
  readonly band?: {
    readonly dose: ArrayLike<number>;
    readonly low: ArrayLike<number>;
    readonly high: ArrayLike<number>;
  };
  /** A wider one, drawn lighter between thin lines: as of shifts, where `band` is of the error. */
  readonly shifts?: DvhFigureCurve['band'];
}

type VolumeBand = NonNullable<DvhFigureCurve['band']>;

/** A clinical limit to mark. */
export interface DvhMarker {
  /** e.g. `SpinalCord Max <= 29.8 Gy` */
  readonly label: string;
  /** Gy */
  readonly dose: number;
  /** Percent of the structure: marks a point; without it a line over the whole height. */
  readonly volume?: number;
  readonly color?: Color | string;
}

/** What a DVH plot shows: curves of structures, for one plan or several. */
export interface DvhFigureOptions {
  readonly title: string;
  readonly subtitle?: string;
  /** Line styles; `dash` as in SVG, none for solid. */
  readonly plans: readonly { readonly label: string; readonly dash?: string }[];
  readonly curves: readonly DvhFigureCurve[];
  /** Total, Gy; drawn as a line. */
  readonly prescription?: number;
  readonly limits?: readonly DvhMarker[];
  /** Drawn as diamonds. */
  readonly goals?: readonly {
    readonly structure: string;
    readonly color: Color | string;
    /** Gy */
    readonly dose: number;
    /** Percent of the structure. */
    readonly volume: number;
    /** Full where it is met, hollow where it is missed. */
    readonly isMet: boolean;
  }[];
  /** What the bands show, for the key. @default 'band' */
  readonly bandLabel?: string;
  /** The same of the wider ones. @default 'under shifts' */
  readonly shiftsLabel?: string;
  /** What the dose is, e.g. from doseUnits(dose). */
  readonly doseUnits?: string;
  /** End of the dose axis, Gy. @default past the largest dose drawn */
  readonly maxDose?: number;
  /** @default 920 */
  readonly width?: number;
  /** @default 600 */
  readonly height?: number;
}

/** A goal as a point of the plot. */
export type DvhGoal = NonNullable<DvhFigureOptions['goals']>[number];

const KEY = 190;
/** Of a band of shifts. */
const SHIFTS_OPACITY = 0.1;

/**
 * The DVH plot, as SVG.
 *
 * @throws {InvalidInputError} if there is no curve, a curve names no plan, or its arrays differ in length
 */
export function dvhFigure(options: DvhFigureOptions): string {
  const { curves, plans } = options;
  if (curves.length === 0) throw new InvalidInputError('DVH figure: there is no curve to draw. Give at least one.');
  let highest = options.prescription ?? 0;
  for (const { points, plan, structure } of curves) {
    if (plans[plan] === undefined) {
      throw new InvalidInputError(
        `DVH figure: the curve of ${structure} belongs to plan ${plan}, but there are ${plans.length} plans.`,
      );
    }
    if (points.dose.length !== points.percent.length || points.dose.length < 2) {
      throw new InvalidInputError(
        `DVH figure: the curve of ${structure} has ${points.dose.length} doses and ${points.percent.length} volumes. Use cumulativeCurve(dvh).`,
      );
    }
    highest = Math.max(highest, points.dose[points.dose.length - 1]!);
  }
  for (const { dose } of options.limits ?? []) highest = Math.max(highest, dose);
  const width = options.width ?? 920;
  const height = options.height ?? 600;
  const labels = markerLabels(options);
  const top = HEAD + 8 + 17 * labels.length;
  const max = checkPositive('DVH figure: maxDose', options.maxDose ?? (highest > 0 ? 1.04 * highest : 1));
  const chart = lineChart(
    chartFrame({ width, height, top, key: KEY + MARGIN }),
    { min: 0, max, name: 'Dose [Gy]', ticks: 10 },
    { min: 0, max: 104, name: 'Volume [%]', ticks: 10 },
  );

  const { frame } = chart;
  const bands = curves.map(
    ({ band, shifts, color }) =>
      (shifts ? shiftsDrawing(shifts, cssColor(color), chart) : '') +
      (band ? bandDrawing(band, cssColor(color), chart) : ''),
  );
  const parts = curves.map(({ points, color, plan }) => {
    const along = Array.from(points.dose, (dose, i) => [dose, points.percent[i]!] as const);
    return chart.curve(along, { stroke: cssColor(color), width: 2, dash: plans[plan]!.dash ?? '' });
  });
  // A shorter dose axis than the curves cuts them at the frame.
  const drawn = cutToBox(frame.left, frame.top, frame.width, frame.height, width, [...bands, ...parts].join(''));
  const numbers = numbersOf(curves);
  const numbered = curves.map(({ structure, points, color }) => ({
    number: numbers.get(structure)!,
    color: cssColor(color),
    points: Array.from(points.dose, (dose, i) => [chart.x(dose), chart.y(points.percent[i]!)]).flat(),
  }));
  const inFrame = curveNumbers(numbered, frame);
  return page(
    width,
    height,
    {
      title: options.title,
      ...(options.subtitle === undefined ? {} : { subtitle: options.subtitle }),
      ...(options.doseUnits === undefined ? {} : { footer: `Dose in ${options.doseUnits}.` }),
    },
    chart.svg(drawn + markers(labels, chart) + inFrame + goalsDrawing(options, chart)) +
      key(options, width - MARGIN - KEY, top),
  );
}

/** What lies between two curves. */
function bandDrawing({ dose, low, high }: VolumeBand, color: string, { x, y }: LineChart, fillOpacity = 0.22): string {
  const along = (volume: ArrayLike<number>): number[][] => Array.from(dose, (gray, i) => [x(gray), y(volume[i]!)]);
  const outline = [...along(high), ...along(low).reverse()].flat();
  return path(polylinePath([outline], true), { fill: color, fillOpacity });
}

/** Lighter, between thin lines. */
function shiftsDrawing(band: VolumeBand, color: string, chart: LineChart): string {
  const { dose, low, high } = band;
  const edges = [low, high].map((volume) => Array.from(dose, (gray, i) => [chart.x(gray), chart.y(volume[i]!)]).flat());
  return (
    bandDrawing(band, color, chart, SHIFTS_OPACITY) +
    path(polylinePath(edges), { stroke: color, width: 0.8, dash: '1.5 2.5' })
  );
}

const diamond = (x: number, y: number, color: string, isMet: boolean): string =>
  path(`M${px(x)} ${px(y - 6)}l6 6l-6 6l-6 -6z`, { stroke: color, width: 2, fill: isMet ? color : '#ffffff' });

/** Goals beyond the frame stand at its edge. */
function goalsDrawing({ goals = [] }: DvhFigureOptions, { frame, x, y }: LineChart): string {
  return goals
    .map(({ dose, volume, color, isMet }) => {
      const [left, top] = [frame.left, y(100)];
      const atX = Math.min(left + frame.width, Math.max(left, x(dose)));
      return diamond(atX, Math.min(frame.top + frame.height, Math.max(top, y(volume))), cssColor(color), isMet);
    })
    .join('');
}

/** Structures from 1 on, in the order of their first curves. */
function numbersOf(curves: readonly DvhFigureCurve[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const { structure } of curves) if (!numbers.has(structure)) numbers.set(structure, numbers.size + 1);
  return numbers;
}

interface Marker {
  readonly label: string;
  readonly dose: number;
  readonly volume?: number;
  readonly color: string;
}

/**
 * Prescription and limits from low to high dose. Each has a row above the frame, the lowest dose in the lowest row, with
 * its words to the left of its line: so no line runs through the words of another.
 */
function markerLabels(options: DvhFigureOptions): Marker[] {
  const all: Marker[] = (options.limits ?? []).map((limit) => ({
    ...limit,
    color: cssColor(limit.color ?? '#b00020'),
  }));
  if (options.prescription !== undefined) {
    all.push({ label: `prescription ${px(options.prescription)} Gy`, dose: options.prescription, color: '#333333' });
  }
  return all.sort((a, b) => a.dose - b.dose);
}

function markers(labels: readonly Marker[], { frame, ...chart }: LineChart): string {
  const parts: string[] = [];
  labels.forEach(({ label, dose, volume, color }, i) => {
    const x = chart.x(dose);
    const baseline = frame.top - 8 - 17 * i;
    const bottom = frame.top + frame.height;
    parts.push(
      line(x, baseline - 10, x, volume === undefined ? bottom : chart.y(volume), {
        stroke: color,
        width: 1.4,
        dash: '2 3',
      }),
    );
    // A limit is met on the left of its foot: the flag points there.
    if (volume === undefined) parts.push(path(`M${px(x)} ${px(bottom)}l-6 -5v10z`, { fill: color }));
    else parts.push(path(`M${px(x)} ${px(chart.y(volume) - 5)}l5 5l-5 5l-5 -5z`, { fill: color }));
    const shown = fitText(label.replace('<=', '≤').replace('>=', '≥'), 12, frame.width - 10);
    const hasRoom = x - 6 - textWidth(shown, 12) >= frame.left;
    parts.push(
      text(hasRoom ? x - 6 : x + 6, baseline, shown, {
        size: 12,
        anchor: hasRoom ? 'end' : 'start',
        fill: color,
        halo: '#ffffff',
      }),
    );
  });
  return parts.join('');
}

function key(options: DvhFigureOptions, x: number, y: number): string {
  const parts = [text(x, y + 10, 'Plan', { size: 13, bold: true })];
  let at = y + 32;
  for (const { label, dash } of options.plans) {
    parts.push(line(x, at - 4, x + 34, at - 4, { stroke: '#333333', width: 2, dash: dash ?? '' }));
    parts.push(text(x + 44, at, fitText(label, 12, KEY - 44), { size: 12 }));
    at += 19;
  }
  if (options.curves.some(({ band }) => band)) {
    parts.push(path(`M${px(x)} ${px(at - 9)}h34v10h-34z`, { fill: '#333333', fillOpacity: 0.22 }));
    parts.push(text(x + 44, at, fitText(options.bandLabel ?? 'band', 12, KEY - 44), { size: 12 }));
    at += 19;
  }
  if (options.curves.some(({ shifts }) => shifts)) {
    const box = `M${px(x)} ${px(at - 9)}h34v10h-34z`;
    parts.push(path(box, { fill: '#333333', fillOpacity: SHIFTS_OPACITY }));
    parts.push(path(box, { stroke: '#333333', width: 0.8, dash: '1.5 2.5' }));
    parts.push(text(x + 44, at, fitText(options.shiftsLabel ?? 'under shifts', 12, KEY - 44), { size: 12 }));
    at += 19;
  }
  for (const isMet of [true, false]) {
    if (!options.goals?.some((goal) => goal.isMet === isMet)) continue;
    parts.push(diamond(x + 17, at - 4, '#333333', isMet));
    parts.push(text(x + 44, at, isMet ? 'goal, met' : 'goal, missed', { size: 12 }));
    at += 19;
  }
  at += 14;
  parts.push(text(x, at, 'Structure', { size: 13, bold: true }));
  at += 22;
  const numbers = numbersOf(options.curves);
  const seen = new Map<string, string>();
  for (const { structure, color } of options.curves) if (!seen.has(structure)) seen.set(structure, cssColor(color));
  const height = options.height ?? 600;
  const rows = Math.max(1, Math.floor((height - FOOT - at) / 19) + 1);
  const names = [...seen];
  for (const [name, color] of names.slice(0, names.length > rows ? rows - 1 : rows)) {
    parts.push(line(x, at - 4, x + 34, at - 4, { stroke: color, width: 3 }));
    parts.push(numberBadge(x + 17, at - 4, numbers.get(name)!, color));
    parts.push(text(x + 44, at, fitText(name, 12, KEY - 44), { size: 12 }));
    at += 19;
  }
  if (names.length > rows)
    parts.push(text(x + 44, at, `and ${names.length - rows + 1} more`, { size: 12, fill: FAINT }));
  return parts.join('');
}
