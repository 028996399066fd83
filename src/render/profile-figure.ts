/**
 * Dose profile: dose along a line through the patient, with the structures that the line crosses.
 */
import { InvalidInputError } from '../core/errors.js';
import { type Color, cssColor } from './colour.js';
import { HEAD, line, MARGIN, page, rect, text } from './figure.js';
import { chartFrame, lineChart } from './line-chart.js';
import { fitText, textWidth } from './text-width.js';

/** A part of the line inside a structure. */
export interface ProfileSpan {
  readonly name: string;
  readonly color: Color | string;
  /** mm along the line */
  readonly from: number;
  readonly to: number;
}

export interface ProfileFigureOptions {
  readonly title: string;
  readonly subtitle?: string;
  /** What the line's zero and direction are: name of the axis, with mm. */
  readonly along: string;
  readonly curves: readonly {
    readonly label: string;
    /** As in SVG. @default solid */
    readonly dash?: string;
    /** A line below the label, as of the steepest fall. */
    readonly note?: string;
    /** mm along the line, and Gy there. */
    readonly points: readonly (readonly [mm: number, gray: number])[];
  }[];
  readonly spans: readonly ProfileSpan[];
  /** Total, Gy; drawn as a line. */
  readonly prescription?: number;
  readonly doseUnits?: string;
}

const KEY = 190;

/** The figure, as SVG. @throws {InvalidInputError} if there is no curve of two points */
export function profileFigure(options: ProfileFigureOptions): string {
  const { curves, spans, prescription, title, subtitle, doseUnits } = options;
  if (curves.length === 0 || curves.some(({ points }) => points.length < 2)) {
    throw new InvalidInputError('dose profile: there is no curve to draw. Give at least two points of one dose.');
  }
  const [width, height] = [920, 520];
  const all = curves.flatMap(({ points }) => points);
  const highest = Math.max(prescription ?? 0, ...all.map(([, gray]) => gray));
  const chart = lineChart(
    chartFrame({ width, height, top: HEAD + 30, key: KEY + MARGIN }),
    {
      min: Math.min(...all.map(([mm]) => mm)),
      max: Math.max(...all.map(([mm]) => mm)),
      name: options.along,
      ticks: 10,
    },
    { min: 0, max: highest > 0 ? 1.06 * highest : 1, name: 'Dose [Gy]', ticks: 8 },
  );
  const { frame } = chart;
  const shades = spans.map(({ from, to, color }) =>
    rect(chart.x(from), frame.top, chart.x(to) - chart.x(from), frame.height, {
      fill: cssColor(color),
      fillOpacity: 0.16,
      stroke: cssColor(color),
      width: 0.8,
    }),
  );
  const x = width - MARGIN - KEY;
  const key: string[] = [];
  curves.forEach(({ label, dash = '', note }, i) => {
    const at = frame.top + 12 + 38 * i;
    key.push(line(x, at - 4, x + 34, at - 4, { stroke: '#1b1b1b', width: 2, dash }));
    key.push(text(x + 44, at, fitText(label, 12, KEY - 44), { size: 12 }));
    if (note) key.push(text(x + 44, at + 16, fitText(note, 11, KEY - 44), { size: 11 }));
  });
  const inside = [
    ...shades,
    ...(prescription === undefined ? [] : [chart.level(prescription, { stroke: '#333333', width: 1.2, dash: '2 3' })]),
    ...curves.map(({ points, dash = '' }) => chart.curve(points, { stroke: '#1b1b1b', width: 2, dash })),
  ];
  return page(
    width,
    height,
    { title, ...(subtitle && { subtitle }), ...(doseUnits && { footer: `Dose in ${doseUnits}.` }) },
    chart.svg(inside.join('')) + spanNames(spans, chart.x, frame.top) + key.join(''),
  );
}

/** Above the frame, in two rows where one has no room. */
function spanNames(spans: readonly ProfileSpan[], x: (mm: number) => number, top: number): string {
  const ends = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return spans
    .map(({ name, from, to }) => {
      const middle = (x(from) + x(to)) / 2;
      const half = textWidth(name, 11.5) / 2;
      const row = middle - half > ends[0]! + 6 ? 0 : 1;
      ends[row] = middle + half;
      return text(middle, top - 7 - 15 * row, name, { size: 11.5, anchor: 'middle' });
    })
    .join('');
}
