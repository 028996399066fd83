/** The summary of a study as tables: comma-separated values for programs, Markdown and LaTeX for a paper. */
import { tableCell } from '../report/numbers.js';
import { csvTable } from '../report/table.js';
import type { PairedDifference } from './compare-levels.js';
import type { Interval, Quartiles } from './statistics.js';
import { withUnit } from './study-data.js';
import type { LevelSummary, StudySummary } from './summarise-study.js';

const ends = (interval: Interval | undefined): string[] =>
  interval === undefined ? ['', ''] : interval.map((value) => tableCell(value));

/** A line per technique, level and figure; `factor` is `all` for all plans of the technique. */
export function levelTable({ levels }: Pick<StudySummary, 'levels'>): string {
  const head =
    'technique,factor,factorUnit,level,figure,unit,plans,median,medianLow95,medianHigh95,least,quartile1,quartile3,largest,failed,missing'.split(
      ',',
    );
  const numbers = ({ least, lower, upper, largest }: Quartiles): string[] =>
    [least, lower, upper, largest].map((value) => tableCell(value));
  const lines = levels.map((own) => [
    own.technique,
    own.factor?.name ?? 'all',
    own.factor?.unit ?? '',
    own.level,
    own.figure.name,
    own.figure.unit,
    own.count,
    tableCell(own.quartiles.median),
    ...ends(own.interval),
    ...numbers(own.quartiles),
    own.failed,
    own.missing,
  ]);
  return csvTable([head, ...lines]);
}

/** A line per comparison: `to` less `from`. */
export function pairedTable({ paired }: Pick<StudySummary, 'paired'>): string {
  const head = 'technique,factor,from,to,figure,unit,pairs,unpaired,medianDifference,low95,high95,p,pHolm'.split(',');
  const lines = paired.map((own) => [
    own.technique ?? '',
    own.factor,
    own.from,
    own.to,
    own.figure.name,
    own.figure.unit,
    own.differences.length,
    own.unpaired,
    tableCell(own.median),
    ...ends(own.interval),
    tableCell(own.p ?? null),
    tableCell(own.corrected ?? null),
  ]);
  return csvTable([head, ...lines]);
}

/** A table for a paper: its caption, its head, its lines. */
interface PaperTable {
  readonly caption: string;
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

function paperTables(summary: StudySummary, name: string): PaperTable[] {
  const { data, levels, paired } = summary;
  const named = data.figures.map(withUnit);
  const kinds = [...new Set(levels.map(({ factor }) => factor))];
  const tables = kinds.map((factor): PaperTable => {
    const own = levels.filter((one) => one.factor === factor);
    const places = [...new Set(own.map(({ technique, level }) => JSON.stringify([technique, level])))];
    const title = factor === undefined ? 'all plans' : `by ${withUnit(factor)}`;
    return {
      caption: `${name}: ${title}; median (95 % interval of the median)`,
      head: ['technique', factor === undefined ? 'plans of' : withUnit(factor), 'plans [1]', ...named],
      lines: places.map((place) => {
        const [technique, level] = JSON.parse(place) as [string, string];
        const here = own.filter((one) => one.technique === technique && one.level === level);
        const cell = (f: number): string => levelCell(here.find(({ figure }) => figure === data.figures[f]));
        const plans = String(Math.max(...here.map(({ count }) => count)));
        return [technique, level, plans, ...data.figures.map((_, f) => cell(f))];
      }),
    };
  });
  if (paired.length === 0) return tables;
  return [...tables, pairedPaper(paired, `${name}: paired differences, the second level less the first`)];
}

const pairedPaper = (paired: readonly PairedDifference[], caption: string): PaperTable => ({
  caption,
  head: [
    'technique',
    'from',
    'to',
    'figure',
    'pairs [1]',
    'median (95 %) [unit of the figure]',
    'p [1]',
    'p, Holm [1]',
  ],
  lines: paired.map((own) => [
    own.technique ?? '',
    `${own.factor}: ${own.from}`,
    own.to,
    withUnit(own.figure),
    String(own.differences.length),
    `${signed(own.median)}${intervalText(own.interval, signed)}`,
    pText(own.p),
    pText(own.corrected),
  ]),
});

const levelCell = (own: LevelSummary | undefined): string =>
  own === undefined ? '' : `${short(own.quartiles.median)}${intervalText(own.interval, short)}`;

const intervalText = (interval: Interval | undefined, say: (value: number) => string): string =>
  interval === undefined ? '' : ` (${say(interval[0])} to ${say(interval[1])})`;

/** Digits for print: a decimal where figures are of tens, none of thousands; no zero has a sign. */
export function short(value: number): string {
  const size = Math.abs(value);
  const text = value.toFixed(size >= 1000 ? 0 : size >= 10 ? 1 : 2);
  return text === '-0.00' ? '0.00' : text;
}

export const signed = (value: number): string => `${value >= 0.005 ? '+' : ''}${short(value)}`;

/** As papers print it: three decimals, or below which it is. */
export const pText = (p: number | undefined): string =>
  p === undefined ? 'none' : p < 0.001 ? '< 0.001' : p.toFixed(3);

/** The tables in Markdown, with what stands below them. */
export function markdownTables(summary: StudySummary, name: string, notes: readonly string[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const tables = paperTables(summary, name).map(({ caption, head, lines }) =>
    [`**${caption}**`, '', line(head), line(head.map(() => '---')), ...lines.map(line), ''].join('\n'),
  );
  return `${[...tables, ...notes.map((note) => `- ${note}`)].join('\n')}\n`;
}

/** The same for LaTeX with the package booktabs. */
export function latexTables(summary: StudySummary, name: string, notes: readonly string[]): string {
  const line = (cells: readonly string[]): string => `${cells.map(latexText).join(' & ')} \\\\`;
  const tables = paperTables(summary, name).map(({ caption, head, lines }) =>
    [
      '\\begin{table}',
      `\\caption{${latexText(caption)}}`,
      `\\begin{tabular}{${head.map((_, c) => (c < 2 ? 'l' : 'r')).join('')}}`,
      '\\toprule',
      line(head),
      '\\midrule',
      ...lines.map(line),
      '\\bottomrule',
      '\\end{tabular}',
      '\\end{table}',
      '',
    ].join('\n'),
  );
  return `% Tables of respine study --summary; \\usepackage{booktabs}\n${tables.join('\n')}${notes.map((note) => `% ${note}\n`).join('')}`;
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
};

const latexText = (text: string): string =>
  text.replace(/[\\~^<>#$%&_{}]/g, (character) => LATEX[character] ?? `\\${character}`);
