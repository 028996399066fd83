/** What a summary says in sentences: what is missing from it, how its numbers were made, which plans stand out and how each is replayed. */

import { FAR, OUT, type Outlier } from './outliers.js';
import { CONFIDENCE } from './statistics.js';
import { withUnit } from './study-data.js';
import type { StudySummary } from './summarise-study.js';
import { short } from './summary-tables.js';

/** How a plan is made again: the study's file and the folder of its table, as a shell takes them. */
export interface ReplayPlace {
  readonly study: string;
  readonly out: string;
}

/** Counts first: what the numbers are of, and what is not in them. */
export function countNotes({ data, search, left, paired, levels }: StudySummary): string[] {
  const { rows, failed, missing } = data;
  const notes = [
    `${rows.length} plans; ${failed.length} failed and ${missing.length} are missing: none of these is in any number.`,
  ];
  const missed = rows.filter(({ status }) => status !== 'reached');
  if (missed.length > 0) {
    const kinds = [...new Set(missed.map(({ status }) => status))];
    const counts = kinds.map((kind) => `${missed.filter(({ status }) => status === kind).length} ${kind}`);
    notes.push(`Among the plans: ${counts.join(', ')}. They are in the numbers.`);
  }
  const few =
    levels.some(({ interval }) => interval === undefined) || paired.some(({ interval }) => interval === undefined);
  if (few) notes.push('Of fewer than 6 values there is no 95 % interval of the median: none is given.');
  const unpaired = paired.filter((own) => own.unpaired > 0);
  if (unpaired.length > 0) {
    notes.push(
      `${unpaired.length} comparisons leave out plans whose other level failed or is missing: column unpaired of paired.csv.`,
    );
  }
  if (left.length > 0) {
    const names = left.map(({ name, levels: own }) => `${name} (${own.length} levels)`);
    notes.push(`Not compared in pairs: ${names.join(', ')}. --compare names what is.`);
  }
  if (search.unjudged > 0) {
    notes.push(
      `No outliers are looked for where there are fewer than 5 plans of a kind, fewer than 3 for each level, or half of them are equal: ${search.unjudged} times a figure of such plans.`,
    );
  }
  return notes;
}

/** How the numbers were made. */
export function methodNotes({ paired, search: { alike, polished } }: StudySummary): string[] {
  const tests = paired.filter(({ p }) => p !== undefined).length;
  return [
    `Intervals: of the median by order statistics, at least ${100 * CONFIDENCE} %. Quartiles interpolate between order statistics (type 7).`,
    ...(paired.length === 0
      ? []
      : [
          `Differences: paired over all else, ${tests} two-sided Wilcoxon signed-rank tests (zeros left out; with ties or zeros, or above 50 pairs, the normal approximation with continuity correction), p corrected by Holm over all of them. Plans of one patient or phantom are not independent of one another, which p does not know.`,
        ]),
    `Outliers: beyond Tukey's fences, ${polished.length === 0 ? OUT : FAR} interquartile ranges outside the quartiles of plans ${alike.length === 0 ? 'of the study' : `alike in ${alike.join(', ')}`}${polished.length === 0 ? '' : `, the effects of ${polished.join(', ')} taken off by median polish`}.`,
  ];
}

/** Each plan that stands out, its figures, and the command that makes it alone. */
export function outlierNotes({ search: { outliers } }: StudySummary, place: ReplayPlace): string[] {
  const byKey = new Map<string, Outlier[]>();
  for (const own of outliers) byKey.set(own.row.key, [...(byKey.get(own.row.key) ?? []), own]);
  return [...byKey.values()].map((own) => {
    const { row } = own[0]!;
    const figures = own.map(
      ({ figure, value, fences }) =>
        `${withUnit(figure)} ${short(value)} (fences ${short(fences[0])} to ${short(fences[1])})`,
    );
    return `${placeOf(own[0]!)}: ${figures.join('; ')}. Again: ${replayCommand(row.key, place)}`;
  });
}

/** `imrt, cordCap 20, p07` */
function placeOf({ row }: Outlier): string {
  const levels = [...row.levels].map(([name, level]) => (name === 'technique' ? level : `${name} ${level}`));
  return [...levels, ...(row.unit === '' ? [] : [row.unit])].join(', ');
}

/** The command that makes one row alone, in a folder of its own beside the table. */
export const replayCommand = (key: string, { study, out }: ReplayPlace): string =>
  `respine study ${quoted(study)} --row ${key} --out ${quoted(`${out.replace(/\/+$/, '')}/row-${key}`)}`;

/** As a shell takes it for one word. */
const quoted = (text: string): string => (/^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
