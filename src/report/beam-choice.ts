/** A choice of beams as table, figure and words. */
import type { BeamAngles } from '../beam/arrangement.js';
import { anglesInWords, opposedPairs } from '../plan/sweep/beam-candidates.js';
import type { BeamChoice, BeamPoint } from '../plan/sweep/choose-beams.js';
import { FAINT, HEAD, INK, line, page, text } from '../render/figure.js';
import { chartFrame, dash, type LineChart, lineChart, splitFrame } from '../render/line-chart.js';
import { inWords, tableNumber } from './numbers.js';
import { columns, csvLine } from './table.js';

const words = (beams: readonly BeamAngles[]): string => beams.map(anglesInWords).join(' ');
const percent = (fraction: number | null): number | null => (fraction === null ? null : 100 * fraction);

/** What a choice of angles does not know; printed with every one. */
export function unchecked(beams: readonly BeamAngles[]): string[] {
  const kicked = beams.filter(({ couch = 0 }) => couch !== 0);
  const isBelow = ({ gantry }: BeamAngles): boolean => Math.cos((gantry * Math.PI) / 180) < 0;
  const risky = kicked.filter(isBelow);
  return [
    'Not checked of any beam: that gantry, couch and patient are clear of each other, and what of table, mask or arms it enters through.',
    ...(risky.length > 0
      ? [`Couch turned with the gantry below it, where they are most likely to meet: ${words(risky)}.`]
      : []),
  ];
}

/** One line per number of beams, then the sets it was compared with; doses in Gy, distances and volumes in percent. */
export function beamTable({ points, compared, all }: BeamChoice): string {
  const head = ['number', 'set', 'status', 'objective', 'lowerBound', 'boundOfAll', 'distance', 'v95', 'cordMaximum'];
  const row = (set: string) => (p: BeamPoint) =>
    csvLine([
      p.beams.length,
      set,
      p.status,
      tableNumber(p.objective),
      tableNumber(p.lowerBound),
      tableNumber(all.lowerBound),
      tableNumber(percent(p.distance)),
      tableNumber(p.v95),
      tableNumber(p.cordMaximum),
      tableNumber(p.prescriptionDose),
      words(p.beams),
      opposedInWords(p.beams),
    ]);
  return [
    csvLine([...head, 'prescriptionDose', 'beams', 'opposed']),
    ...points.map(row('chosen')),
    ...compared.map(row('compared')),
  ].join('');
}

function opposedInWords(beams: readonly BeamAngles[]): string {
  return opposedPairs(beams)
    .map(([a, b]) => `${anglesInWords(beams[a]!)}-${anglesInWords(beams[b]!)}`)
    .join(' ');
}

/** The same for a terminal, with what is proven and what is not checked. */
export function beamSummary(choice: BeamChoice): string {
  const { candidates, level, all, rows, points, compared, isCutShort } = choice;
  const head = ['beams', 'objective', 'above bound %', 'V95 %', 'cord max Gy', 'angles'];
  const body = [...points, ...compared].map((p) => [
    String(p.beams.length),
    p.objective.toFixed(2),
    inWords(percent(p.distance), 1),
    p.v95.toFixed(2),
    inWords(p.cordMaximum, 2),
    words(p.beams),
  ]);
  const opposed = points.length === 1 ? opposedInWords(points[0]!.beams) : '';
  const thinned =
    rows.computed === rows.all ? '' : ` The rows of ${rows.all} voxels were computed on ${rows.computed} of them.`;
  return [
    columns([head, ...body]),
    `\nNo choice of the ${candidates.length} candidates has an objective below ${inWords(all.lowerBound, 2)}, whatever their number; all of them reach ${all.objective.toFixed(2)}.`,
    ` Objectives are those of the target at a level of ${level.toFixed(2)} Gy.${thinned}\n`,
    ...(opposed === '' ? [] : [`Opposed: ${opposed}.\n`]),
    ...(isCutShort ? ['Time was over before the search was: other sets may be better.\n'] : []),
    ...unchecked(points.at(-1)!.beams).map((sentence) => `${sentence}\n`),
  ].join('');
}

/** beams.json, and what `--json` prints. */
export function beamReport(choice: BeamChoice): Record<string, unknown> {
  return { ...choice, notChecked: unchecked(choice.points.at(-1)!.beams) };
}

const WIDTH = 920;

/** Objective and coverage over the number of beams with the bound of all candidates; of a single number the beams, all around. As SVG. */
export function beamFigure(choice: BeamChoice, title: string): string {
  return choice.points.length > 1 ? curveFigure(choice, title) : roseFigure(choice, title);
}

function curveFigure({ points, all, candidates, level }: BeamChoice, title: string): string {
  const height = 720;
  const [above, below] = splitFrame(chartFrame({ width: WIDTH, height, top: HEAD + 10, key: 150, bottom: 48 }), 58);
  const [first, last] = [points[0]!, points.at(-1)!];
  const xSpec = { min: first.beams.length - 0.5, max: last.beams.length + 0.5, name: 'Number of beams' };
  const largest = Math.max(...points.map(({ objective }) => objective));
  const values = lineChart(above, xSpec, { min: 0, max: 1.06 * largest, name: 'Objective', ticks: 6 });
  const least = 5 * Math.floor((Math.min(...points.map(({ v95 }) => v95)) - 1) / 5);
  const covered = lineChart(below, xSpec, { min: least, max: 101, name: 'V95 of the target [%]', ticks: 6 });
  const draw = (chart: LineChart, of: (p: BeamPoint) => number | null, stroke: string, label: string): string => {
    const along = points.flatMap((p) => {
      const value = of(p);
      return value === null ? [] : [[p.beams.length, value] as const];
    });
    if (along.length === 0) return '';
    const name = chart.beside(along.at(-1)![1], label, { fill: stroke });
    return chart.curve(along, { stroke, width: 2 }) + chart.marks(along, dash(stroke)) + name;
  };
  const bound =
    all.lowerBound === null
      ? ''
      : values.level(all.lowerBound, { stroke: FAINT, width: 1.5, dash: '5 4' }) +
        values.beside(all.lowerBound, `no choice of ${candidates.length}`, { fill: FAINT }, 18) +
        values.beside(all.lowerBound, 'goes below', { fill: FAINT }, 34);
  const subtitle = `best sets found of ${candidates.length} candidates, objectives at a level of ${level.toFixed(2)} Gy; the line is proven${cordInWords(points)}`;
  return page(
    WIDTH,
    height,
    { title, subtitle },
    values.svg(bound + draw(values, ({ objective }) => objective, '#1f5fa8', 'best found')) +
      covered.svg(draw(covered, ({ v95 }) => v95, '#e01e8c', 'V95')),
  );
}

function cordInWords(points: readonly BeamPoint[]): string {
  const doses = points.flatMap(({ cordMaximum }) => (cordMaximum === null ? [] : [cordMaximum]));
  return doses.length === 0 ? '' : `; cord at most ${Math.max(...doses).toFixed(1)} Gy`;
}

function roseFigure({ points, candidates, all }: BeamChoice, title: string): string {
  const height = 720;
  const point = points[0]!;
  const [cx, cy, radius] = [WIDTH / 2, HEAD + 10 + (height - HEAD - 60) / 2, 230];
  const ray = ({ gantry }: BeamAngles, from: number, to: number): [number, number, number, number] => {
    const [s, c] = [Math.sin((gantry * Math.PI) / 180), -Math.cos((gantry * Math.PI) / 180)];
    return [cx + from * s, cy + from * c, cx + to * s, cy + to * c];
  };
  const ticks = candidates.map((own) => line(...ray(own, radius, radius + 10), { stroke: FAINT, width: 1.2 }));
  const rays = point.beams.map((own) => {
    const isTurned = (own.couch ?? 0) !== 0;
    const [, , x, y] = ray(own, 0, radius + 34);
    const style = { stroke: isTurned ? '#b35c00' : '#1f5fa8', width: 3, ...(isTurned && { dash: '6 4' }) };
    return (
      line(...ray(own, 12, radius), style) +
      text(x, y + 5, anglesInWords(own), { size: 14, anchor: 'middle', fill: INK })
    );
  });
  const told =
    point.distance === null
      ? 'nothing is proven of it'
      : `its objective ${point.objective.toFixed(2)} is at most ${(100 * point.distance).toFixed(1)} % above ${all.lowerBound!.toFixed(2)}, which no choice goes below`;
  return page(
    WIDTH,
    height,
    {
      title,
      subtitle: `${point.beams.length} of ${candidates.length} candidates: ${told}`,
      footer: 'gantry angles as seen by who looks at the gantry, 0 above; couch turned: dashed',
    },
    ticks.join('') + rays.join(''),
  );
}
