/** Small charts side by side on one page: a panel for each figure of a study, with one key for all. */
import type { AxisSpec, Frame } from '../render/axis.js';
import { FAINT, FOOT, HEAD, line, MARGIN, page, rect, text } from '../render/figure.js';
import { type LineChart, lineChart } from '../render/line-chart.js';
import { fitText, textWidth } from '../render/text-width.js';
import { type StudyFigure, withUnit } from './study-data.js';

/** One chart: its axes, and what is drawn in it. */
export interface Panel {
  readonly x: AxisSpec;
  readonly y: AxisSpec;
  draw(chart: LineChart): string;
}

/** Of lines and boxes, by technique; of a study of one, the second. */
const COLORS: Readonly<Record<string, string>> = { fcrt: '#b35c00', imrt: '#1f5fa8' };
export const colorOf = (technique: string | undefined): string => COLORS[technique ?? 'imrt'] ?? '#1f5fa8';

/** Of one panel with its axes, px. */
const [WIDTH, HEIGHT] = [330, 298];
const [LEFT, TOP, BOTTOM] = [70, 14, 68];
const ACROSS = 3;
/** Above the panels, px: a line more than other figures have. */
const TITLES = HEAD + 18;

/** What stands above: what is shown, how it is drawn, of which study. */
export interface PanelWords {
  readonly title: string;
  readonly subtitle: string;
  readonly study: string;
}

/** The page of some panels. @param techniques that have colours in them; a key is drawn of several */
export function panelPage(panels: readonly Panel[], words: PanelWords, techniques: readonly string[]): string {
  const across = panels.length === 4 ? 2 : Math.min(ACROSS, Math.max(2, panels.length));
  const down = Math.ceil(panels.length / across);
  const [width, height] = [2 * MARGIN + across * WIDTH, TITLES + down * HEIGHT + FOOT];
  const drawn = panels.map(({ x, y, draw }, p) => {
    const frame: Frame = {
      left: MARGIN + (p % across) * WIDTH + LEFT,
      top: TITLES + Math.floor(p / across) * HEIGHT + TOP,
      width: WIDTH - LEFT - 14,
      height: HEIGHT - TOP - BOTTOM,
    };
    const chart = lineChart(frame, x, y);
    return chart.svg(draw(chart));
  });
  const study = text(MARGIN, 66, fitText(words.study, 12.5, width - 2 * MARGIN), { size: 12.5, fill: FAINT });
  return page(width, height, words, study + drawn.join('') + (techniques.length > 1 ? keyOf(techniques, height) : ''));
}

function keyOf(techniques: readonly string[], height: number): string {
  let x = MARGIN;
  return techniques
    .map((technique) => {
      const at = x;
      const name = technique.toUpperCase();
      x += 40 + textWidth(name, 12);
      return (
        rect(at, height - 21, 14, 9, { fill: colorOf(technique), stroke: colorOf(technique) }) +
        text(at + 20, height - 12, name, { size: 12, fill: FAINT })
      );
    })
    .join('');
}

/** The axis of a figure over some values, with a margin of a twentieth. */
export function figureAxis(figure: StudyFigure, values: readonly number[], ticks = 5): AxisSpec {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY);
  const margin = high > low ? 0.05 * (high - low) : Math.max(0.5, 0.05 * Math.abs(high));
  return { min: low - margin, max: high + margin, name: withUnit(figure), ticks, beside: 54 };
}

/** A level of a factor as a place on an axis: its number, or its place among the levels. */
export interface LevelAxis {
  readonly spec: AxisSpec;
  at(level: string): number;
  /** How far neighbouring levels are apart, at least, in units of the axis. */
  readonly apart: number;
}

/** The axis of levels, which are categories, or numbers where they stand where they are. */
export function levelAxis(name: string, levels: readonly string[], isNumeric: boolean): LevelAxis {
  if (!isNumeric) {
    const spec = { min: -0.6, max: levels.length - 0.4, name, words: levels };
    return { spec, at: (level) => levels.indexOf(level), apart: 1 };
  }
  const numbers = levels.map(Number);
  const apart = Math.min(...numbers.slice(1).map((value, n) => value - numbers[n]!));
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  return { spec: { min: first - 0.6 * apart, max: last + 0.6 * apart, name, ticks: 5 }, at: Number, apart };
}

/** A short level line in a chart, half of its length to either side, px. */
export const levelLine = (x: number, y: number, half: number, stroke: string, width: number): string =>
  line(x - half, y, x + half, y, { stroke, width });
