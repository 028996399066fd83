/** A summary as one page of Markdown, what is printed of it, and its JSON. */
import { toDigits } from '../core/rounding.js';
import { withUnit } from './study-data.js';
import type { StudySummary } from './summarise-study.js';
import { countNotes, methodNotes, outlierNotes, type ReplayPlace, replayCommand } from './summary-notes.js';
import { latexTables, levelTable, markdownTables, pairedTable, pText, short, signed } from './summary-tables.js';

/** What a page is headed by and replayed from. */
export interface PageSource extends ReplayPlace {
  readonly title: string;
  /** Of the engine. */
  readonly version: string;
}

/** The texts of a summary by the name of their file. @param figures names of the pictures that lie beside them */
export function summaryFiles(
  summary: StudySummary,
  source: PageSource,
  figures: readonly string[],
): Map<string, string> {
  const notes = [...countNotes(summary), ...methodNotes(summary)];
  const outliers = outlierNotes(summary, source);
  const page = [
    `# ${source.title}\n`,
    `Made by \`respine study --summary\` (respine ${source.version}).\n`,
    markdownTables(summary, source.title, notes),
    `## Plans that stand out\n`,
    ...(outliers.length === 0 ? ['None.'] : outliers.map((note) => `- ${note.replace(/Again: (.*)$/, 'Again: `$1`')}`)),
    '',
    ...figures.map((name) => `![${name.replaceAll('_', ' ')}](${name}.png)\n`),
  ];
  return new Map([
    ['summary.csv', levelTable(summary)],
    ['paired.csv', pairedTable(summary)],
    ['summary.md', page.join('\n')],
    ['summary.tex', latexTables(summary, source.title, notes)],
  ]);
}

/** Lines of a kind that a terminal is told. */
const MOST_LINES = 12;

const few = (lines: readonly string[], file: string): string[] =>
  lines.length <= MOST_LINES
    ? [...lines]
    : [...lines.slice(0, MOST_LINES), `... and ${lines.length - MOST_LINES} more in ${file}`];

/** What a terminal is told: counts, medians of all plans, differences, outliers. */
export function summaryText(summary: StudySummary, place: ReplayPlace): string {
  const { levels, paired } = summary;
  const all = levels
    .filter(({ factor }) => factor === undefined)
    .map(({ technique, figure, quartiles, interval, count }) => {
      const around = interval === undefined ? 'no interval' : `${short(interval[0])} to ${short(interval[1])}`;
      return `${technique}: ${withUnit(figure)}: median ${short(quartiles.median)} (${around}) of ${count}`;
    });
  const differences = paired.map(
    ({ technique, factor, from, to, figure, median, interval, corrected, differences: own }) => {
      const around = interval === undefined ? 'no interval' : `${short(interval[0])} to ${short(interval[1])}`;
      return `${technique === undefined ? '' : `${technique}, `}${factor} ${from} to ${to}: ${withUnit(figure)} ${signed(median)} (${around}), ${own.length} pairs, p ${pText(corrected)}`;
    },
  );
  const stand = outlierNotes(summary, place).map((note) => `stands out: ${note}`);
  const lines = [...countNotes(summary), ...all, ...few(differences, 'paired.csv'), ...few(stand, 'summary.md')];
  return `${lines.join('\n')}\n`;
}

/** The same as data; numbers to six digits, null where there is none. */
export function summaryReport(summary: StudySummary, source: PageSource): Record<string, unknown> {
  const { data, levels, paired, search, left } = summary;
  const digits = (value: number | undefined): number | null => (value === undefined ? null : toDigits(value, 6));
  return {
    title: source.title,
    plans: data.rows.length,
    failed: data.failed.map(({ key }) => key),
    missing: data.missing.map(({ key }) => key),
    levels: levels.map(({ factor, quartiles, interval, ...own }) => ({
      factor: factor?.name ?? 'all',
      ...own,
      median: digits(quartiles.median),
      interval: interval?.map(digits) ?? null,
      quartiles: [quartiles.lower, quartiles.upper].map(digits),
      range: [quartiles.least, quartiles.largest].map(digits),
    })),
    paired: paired.map(({ differences, ...own }) => ({
      ...own,
      technique: own.technique ?? null,
      pairs: differences.length,
      median: digits(own.median),
      interval: own.interval?.map(digits) ?? null,
      p: digits(own.p),
      corrected: digits(own.corrected),
    })),
    outliers: search.outliers.map(({ row, figure, value, fences }) => ({
      key: row.key,
      levels: Object.fromEntries(row.levels),
      figure,
      value,
      fences: fences.map(digits),
      command: replayCommand(row.key, source),
    })),
    alike: search.alike,
    polished: search.polished,
    unjudged: search.unjudged,
    notCompared: left.map(({ name }) => name),
    notes: [...countNotes(summary), ...methodNotes(summary)],
  };
}
