/** The summary of a study's table, written beside it. */
import { join } from 'node:path';
import type { Study } from '../plan/input/study-file.js';
import { readStudyTable } from '../report/study-table.js';
import { studyData } from '../study/study-data.js';
import { type StudySummary, summariseStudy } from '../study/summarise-study.js';
import { summaryFigures } from '../study/summary-figures.js';
import { type PageSource, summaryFiles, summaryReport } from '../study/summary-page.js';
import { writeAll } from './files.js';
import { figureFiles } from './pictures.js';
import { keyedRuns, TABLE } from './run-study.js';
import { checkTableMemory, tableText } from './table-memory.js';
import { version } from './version.js';

/** Folder of the summary, in that of the table. */
const FOLDER = 'summary';

export interface SummaryOutcome {
  readonly summary: StudySummary;
  readonly source: PageSource;
  /** The folder that was written. */
  readonly folder: string;
  readonly files: readonly string[];
  /** Rows of the table that are of no run of this study in this version, which count nowhere. */
  readonly others: number;
}

/**
 * Reads `study.csv` of a folder and writes `summary/` beside it: tables, a page, figures as PNG and SVG.
 *
 * @param compare names of the factors that are compared in pairs. @default those of four levels at most
 * @throws {InvalidInputError} where there is no table, memory does not hold it, it is that of another study, none of its plans was made, or a name is no factor
 * @throws {FormatError} for a line that is no row
 */
export async function summariseTable(
  study: Study,
  outDir: string,
  { compare }: { readonly compare?: readonly string[] } = {},
): Promise<SummaryOutcome> {
  const table = join(outDir, TABLE);
  await checkTableMemory(study, [table], 'summary');
  const rows = readStudyTable(study, await tableText(table), table);
  const runs = await keyedRuns(study);
  const summary = summariseStudy(studyData(study, runs, rows), compare);
  const source: PageSource = { title: study.name ?? study.path, study: study.path, out: outDir, version };
  const figures = summaryFigures(summary, source.title);
  const about = { Software: `respine ${version}`, Source: `${study.path}, ${table}` };
  const drawn = await figureFiles(figures, { formats: ['png', 'svg'], about });
  const files = new Map<string, Uint8Array | string>([...summaryFiles(summary, source, [...figures.keys()]), ...drawn]);
  const names = [...files.keys(), RECORD];
  const record = { software: `respine ${version}`, files: names, ...summaryReport(summary, source) };
  files.set(RECORD, `${JSON.stringify(record, null, 2)}\n`);
  const folder = join(outDir, FOLDER);
  await writeAll(folder, files, { record: RECORD });
  const own = new Set(runs.map(({ key }) => key));
  return { summary, source, folder, files: names, others: [...rows.keys()].filter((key) => !own.has(key)).length };
}

const RECORD = 'summary.json';
