/** The figures of a study: boxes by level, lines that join what is alike but for one level, and coverage against the cord's dose. */
import { group } from 'd3-array';
import { FAINT, INK, line, path, rect } from '../render/figure.js';
import type { LineChart } from '../render/line-chart.js';
import { colorOf, figureAxis, type LevelAxis, levelAxis, levelLine, type Panel, panelPage } from './figure-panels.js';
import { fencesOf, quartilesOf } from './statistics.js';
import { type DataRow, type StudyData, type StudyFactor, techniquesOf, withUnit } from './study-data.js';
import type { StudySummary } from './summarise-study.js';

/** A factor of more levels has no figure of its own. */
const MOST_DRAWN = 12;
/** More figures than this have no panel. */
const MOST_PANELS = 6;

/** SVG by name: `box_FACTOR`, `lines_FACTOR`, and `trade-off_FACTOR` where a number varies. */
export function summaryFigures({ data }: Pick<StudySummary, 'data'>, study: string): Map<string, string> {
  const figures = new Map<string, string>();
  for (const factor of data.factors.filter(({ levels }) => levels.length <= MOST_DRAWN)) {
    const name = fileName(factor.name);
    figures.set(`box_${name}`, boxFigure(data, factor, study));
    figures.set(`lines_${name}`, lineFigure(data, factor, study));
    const tradeOff = tradeOffFigure(data, factor, study);
    if (tradeOff !== undefined) figures.set(`trade-off_${name}`, tradeOff);
  }
  return figures;
}

const fileName = (factor: string): string => factor.replace(/[^\w-]+/g, '-');
/** Techniques that stand beside one another at a level: none where they are the levels. */
const besideOf = (data: StudyData, { name }: StudyFactor): readonly string[] =>
  name === 'technique' ? [] : techniquesOf(data);
const isOf = ({ levels }: DataRow, technique: string | undefined): boolean =>
  technique === undefined || levels.get('technique') === technique;
const everyValue = (data: StudyData, f: number): number[] => data.rows.flatMap(({ values }) => values[f] ?? []);

/** A panel per figure over the levels of a factor. */
function panelsOver(
  data: StudyData,
  factor: StudyFactor,
  draw: (chart: LineChart, axis: LevelAxis, figure: number) => string,
  isBox: boolean,
): Panel[] {
  const axis = levelAxis(withUnit(factor), factor.levels, factor.isNumeric && !isBox);
  return data.figures.slice(0, MOST_PANELS).map((figure, f) => ({
    x: axis.spec,
    y: figureAxis(figure, everyValue(data, f)),
    draw: (chart) => draw(chart, axis, f),
  }));
}

function boxFigure(data: StudyData, factor: StudyFactor, study: string): string {
  const beside = besideOf(data, factor);
  const draw = (chart: LineChart, axis: LevelAxis, f: number): string => {
    const groups = beside.length > 1 ? beside : [undefined];
    const half = Math.min(18, (0.36 * Math.abs(chart.x(1) - chart.x(0))) / groups.length);
    return factor.levels
      .flatMap((level) =>
        groups.map((technique, g) => {
          const rows = data.rows.filter((row) => isOf(row, technique) && row.levels.get(factor.name) === level);
          const values = rows.flatMap((row) => row.values[f] ?? []);
          const x = chart.x(axis.at(level)) + (2.2 * g - 1.1 * (groups.length - 1)) * half;
          const color = colorOf(technique ?? (factor.name === 'technique' ? level : undefined));
          return values.length === 0 ? '' : box(chart, x, half, values, color);
        }),
      )
      .join('');
  };
  const subtitle =
    'box: quartiles and median; whiskers: plans within 1.5 interquartile ranges of it; points: those beyond';
  return panelPage(panelsOver(data, factor, draw, true), { title: `By ${factor.name}`, subtitle, study }, beside);
}

/** One box: quartiles with the median, whiskers to the last plans within the fences, the others as points. */
function box(chart: LineChart, x: number, half: number, values: readonly number[], color: string): string {
  const { lower, median, upper } = quartilesOf(values);
  const [low, high] = fencesOf({ lower, upper });
  const within = values.filter((value) => value >= low && value <= high);
  const [least, largest] = [Math.min(...within), Math.max(...within)].map(chart.y) as [number, number];
  const [bottom, top] = [chart.y(lower), chart.y(upper)];
  const stroke = { stroke: color, width: 1.3 };
  return [
    line(x, bottom, x, least, stroke),
    line(x, top, x, largest, stroke),
    levelLine(x, least, half / 2, color, 1.3),
    levelLine(x, largest, half / 2, color, 1.3),
    rect(x - half, top, 2 * half, Math.max(0.5, bottom - top), { fill: color, fillOpacity: 0.22, ...stroke }),
    levelLine(x, chart.y(median), half, color, 2.6),
    ...values.filter((value) => value < low || value > high).map((value) => point(x, chart.y(value), color)),
  ].join('');
}

/** A small ring. */
const point = (x: number, y: number, stroke: string, fill = 'none'): string =>
  path(`M${(x - 2.6).toFixed(2)} ${y.toFixed(2)}a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0 -5.2 0`, {
    stroke,
    width: 1.2,
    fill,
  });

/** Rows that are alike in all but one factor, those of one level after those of another. */
function alikeBut(data: StudyData, factor: StudyFactor): (readonly DataRow[])[] {
  const others = data.factors.filter(({ name }) => name !== factor.name);
  const place = ({ unit, levels }: DataRow): string =>
    JSON.stringify([unit, ...others.map(({ name }) => levels.get(name))]);
  const orderOf = ({ levels }: DataRow): number => factor.levels.indexOf(levels.get(factor.name)!);
  return [...group(data.rows, place).values()].map((rows) => rows.toSorted((a, b) => orderOf(a) - orderOf(b)));
}

/** How faint each of many lines is. */
const faintness = (count: number): number => Math.max(0.12, Math.min(0.7, 12 / count));

function lineFigure(data: StudyData, factor: StudyFactor, study: string): string {
  const alike = alikeBut(data, factor);
  const beside = besideOf(data, factor);
  const groups = beside.length > 1 ? beside : [undefined];
  const opacity = faintness(alike.length);
  const draw = (chart: LineChart, axis: LevelAxis, f: number): string => {
    const at = (row: DataRow): number => axis.at(row.levels.get(factor.name)!);
    const lines = alike.map((rows) => {
      const points = rows.flatMap((row) => (row.values[f] === null ? [] : [[at(row), row.values[f]!] as const]));
      const technique = factor.name === 'technique' ? undefined : rows[0]!.levels.get('technique');
      const stroke = factor.name === 'technique' ? FAINT : colorOf(technique);
      return chart.curve(points, { stroke, width: 1, opacity });
    });
    const medians = groups.map((technique) => {
      const points = factor.levels.flatMap((level) => {
        const rows = data.rows.filter((row) => isOf(row, technique) && row.levels.get(factor.name) === level);
        const values = rows.flatMap((row) => row.values[f] ?? []);
        return values.length === 0 ? [] : [[axis.at(level), quartilesOf(values).median] as const];
      });
      const stroke = factor.name === 'technique' ? INK : colorOf(technique);
      return (
        chart.curve(points, { stroke: '#ffffff', width: 5 }) +
        chart.curve(points, { stroke, width: 2.6 }) +
        chart.marks(points, (x, y) => point(x, y, stroke, '#ffffff'))
      );
    });
    return lines.join('') + medians.join('');
  };
  const subtitle = `${alike.length} lines, each of plans alike in all but ${factor.name}; thick: medians of each level`;
  return panelPage(
    panelsOver(data, factor, draw, false),
    { title: `Paired over ${factor.name}`, subtitle, study },
    beside,
  );
}

/** The first metric against the cord's dose of all courses, a curve per case along a number that varies. */
function tradeOffFigure(data: StudyData, factor: StudyFactor, study: string): string | undefined {
  const cord = data.figures.findIndex(({ name }) => name === 'Cord, all courses');
  if (!factor.isNumeric || factor.levels.length < 3 || cord < 1) return undefined;
  const curves = alikeBut(data, factor);
  const techniques = techniquesOf(data);
  const panels = data.figures.slice(0, Math.min(cord, 3)).map((figure, f): Panel => {
    const isKnown = ({ values }: DataRow): boolean => values[f] !== null && values[cord] !== null;
    return {
      x: figureAxis(data.figures[cord]!, everyValue(data, cord)),
      y: figureAxis(figure, everyValue(data, f)),
      draw: (chart) =>
        curves
          .map((rows) => {
            const points = rows.filter(isKnown).map(({ values }) => [values[cord]!, values[f]!] as const);
            const stroke = colorOf(rows[0]!.levels.get('technique'));
            const curve = chart.curve(points, { stroke, width: 1.1, opacity: faintness(curves.length / 2) });
            return curve + chart.marks(points, (x, y) => point(x, y, stroke, '#ffffff'));
          })
          .join(''),
    };
  });
  const subtitle = `a curve for each case, along ${withUnit(factor)} ${factor.levels.join(', ')}`;
  return panelPage(panels, { title: `Trade-off along ${factor.name}`, subtitle, study }, techniques);
}
