/** `respine study STUDY.json --out DIR`: many plans, one row of a table each. */

import { readJson } from '../node/files.js';
import { runStudy, type StudyOutcome } from '../node/run-study.js';
import { describeValues, parseStudy, type Study } from '../plan/input/study-file.js';
import { studyRecord } from '../report/study-table.js';
import { secondsOf } from './dose-options.js';
import { print } from './output.js';
import { progressLine } from './progress.js';

export interface StudyCommandOptions {
  readonly out: string;
  readonly retry?: boolean;
  /** Seconds of each plan, at most. */
  readonly timeLimit?: string;
  readonly json?: boolean;
}

/** @returns the exit code: 1 where a plan of the study failed, now or before */
export async function studyCommand(path: string, options: StudyCommandOptions): Promise<number> {
  const timeLimit = options.timeLimit === undefined ? undefined : secondsOf('--time-limit', options.timeLimit);
  const progress = progressLine();
  const study = parseStudy(await readJson(path), path);
  let failed = 0;
  const outcome = await runStudy(study, options.out, {
    retry: options.retry ?? false,
    ...(timeLimit === undefined ? {} : { timeLimit }),
    onPlan: ({ technique, values }, index, count) =>
      progress.say(
        `plan ${index + 1} of ${count}${failed > 0 ? `, ${failed} failed` : ''}: ${technique}, ${describeValues(values)}`,
      ),
    onRow: ({ isFailure }) => {
      if (isFailure) failed++;
    },
  });
  progress.end();
  print(options.json ? `${JSON.stringify(report(study, outcome), null, 2)}\n` : summary(study, outcome));
  return outcome.rows.some(({ isFailure }) => isFailure) ? 1 : 0;
}

function report(study: Study, { file, rows, planned, others }: StudyOutcome): Record<string, unknown> {
  return {
    file,
    plans: rows.length,
    planned,
    failed: rows.filter(({ isFailure }) => isFailure).length,
    others,
    rows: rows.map((row) => studyRecord(study, row)),
  };
}

function summary(study: Study, { file, rows, planned, others }: StudyOutcome): string {
  const counts = new Map<string, number>();
  const lines: string[] = [];
  for (const row of rows) {
    const { technique, status, error, ...rest } = studyRecord(study, row);
    counts.set(String(status), (counts.get(String(status)) ?? 0) + 1);
    if (row.isFailure) {
      const values = study.parameters.map((path) => `, ${path} = ${rest[path] ?? 'default'}`).join('');
      lines.push(`failed: ${technique}${values}: ${error}`);
    }
  }
  const tally = [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
  lines.push(`${rows.length} plans: ${tally}; ${planned} planned now, ${rows.length - planned} before.`);
  if (others > 0)
    lines.push(`${others} rows are of other cases or another version; they stand at the end of the table.`);
  lines.push(`Table: ${file}`);
  return `${lines.join('\n')}\n`;
}
