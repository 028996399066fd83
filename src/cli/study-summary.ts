/** `respine study STUDY.json --summary --out DIR`: what the table says, in numbers, tables and figures; nothing is planned. */
import { summariseTable } from '../node/summarise-table.js';
import type { Study } from '../plan/input/study-file.js';
import { summaryReport, summaryText } from '../study/summary-page.js';
import { print } from './output.js';

export interface StudySummaryOptions {
  readonly out: string;
  /** Factors that are compared in pairs. */
  readonly compare?: readonly string[];
  readonly json?: boolean;
}

/** @returns the exit code: 1 where a plan of the study failed or is missing */
export async function studySummary(study: Study, { out, compare, json }: StudySummaryOptions): Promise<number> {
  const { summary, source, folder, files, others } = await summariseTable(
    study,
    out,
    compare === undefined ? {} : { compare },
  );
  const beside = others > 0 ? `${others} rows are of other cases or another version: they count nowhere.\n` : '';
  print(
    json
      ? `${JSON.stringify({ ...summaryReport(summary, source), others, folder, files }, null, 2)}\n`
      : `${summaryText(summary, source)}${beside}${files.length} files in ${folder}\n`,
  );
  return summary.data.failed.length + summary.data.missing.length > 0 ? 1 : 0;
}
