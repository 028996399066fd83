/** `respine study STUDY.json --out DIR`: many plans, one row of a table each. */

import { InvalidInputError } from '../core/errors.js';
import { readJson } from '../node/files.js';
import { type MergeOutcome, mergeStudy } from '../node/merge-study.js';
import { runStudy, type Shard, type StudyOptions, type StudyOutcome } from '../node/run-study.js';
import { nameOfRun } from '../node/study-planner.js';
import { parseStudy, type Study, type StudyRun } from '../plan/input/study-file.js';
import { type StudyRow, studyRecord } from '../report/study-table.js';
import { askYes, canAsk } from './ask.js';
import { countOf, secondsOf } from './dose-options.js';
import { print } from './output.js';
import { startProgress } from './progress.js';
import { withQueue } from './study-queue.js';
import { studySummary } from './study-summary.js';

const PLANS = 'plans';

export interface StudyCommandOptions {
  readonly out: string;
  readonly retry?: boolean;
  /** Seconds of each plan, at most. */
  readonly timeLimit?: string;
  /** Plans side by side. */
  readonly jobs?: string;
  /** How many plans these are. */
  readonly plans?: string;
  /** However many plans these are. */
  readonly yes?: boolean;
  /** As "2/8". */
  readonly shard?: string;
  /** Address of the Redis whose workers plan. */
  readonly queue?: string;
  /** False: small inputs do not go over it. */
  readonly inputsOnQueue?: boolean;
  /** Key of the only row that is made. */
  readonly row?: string;
  /** What the table says, in place of planning; factors that are compared in it. */
  readonly summary?: boolean;
  readonly compare?: readonly string[];
  /** Folders whose tables are put together; nothing is planned. */
  readonly merge?: readonly string[];
  readonly json?: boolean;
}

/** @returns the exit code: 1 where a plan of the study failed, now or before, or is in none of the merged folders */
export async function studyCommand(path: string, options: StudyCommandOptions): Promise<number> {
  const timeLimit = options.timeLimit === undefined ? undefined : secondsOf('--time-limit', options.timeLimit);
  const jobs = options.jobs === undefined ? undefined : countOf('--jobs', options.jobs);
  const plans = options.plans === undefined ? undefined : countOf('--plans', options.plans);
  const shard = options.shard === undefined ? undefined : shardOf(options.shard);
  const { retry = false, yes = false, merge, queue, summary: isSummary = false, compare, row } = options;
  const { inputsOnQueue = true } = options;
  const where = { timeLimit, jobs, plans, yes, shard, queue, row, retry, isWithoutInputs: !inputsOnQueue };
  if (merge !== undefined) checkNothingPlanned('--merge', { ...where, isSummary, compare });
  else if (isSummary) checkNothingPlanned('--summary', where);
  else if (compare !== undefined)
    throw new InvalidInputError('--compare goes with --summary. Give that too, or leave it out.');
  if (queue !== undefined && jobs !== undefined) {
    throw new InvalidInputError(
      '--queue: its workers say how many plans they make side by side, so --jobs says nothing. Leave it out; respine worker has --concurrency.',
    );
  }
  if (queue === undefined && !inputsOnQueue) {
    throw new InvalidInputError('--no-inputs-on-queue goes with --queue. Give that too, or leave it out.');
  }
  const study = parseStudy(await readJson(path), path);
  if (isSummary) return studySummary(study, options);
  if (merge !== undefined) return mergeTables(study, merge, options);
  const progress = startProgress('study');
  progress.stage('reading the study');
  let [done, failed, spent] = [0, 0, 0];
  const tell = (run: StudyRun, total: number, jobs: number, stage?: string): void => {
    const notes = [
      ...(stage === undefined ? [] : [stage]),
      ...(jobs > 1 ? [`${jobs} at a time`] : []),
      ...(failed > 0 ? [`${failed} failed`] : []),
    ];
    progress.step({
      done,
      total,
      unit: 'plans',
      part: spent,
      case: nameOfRun(run),
      note: notes.join(', ') || undefined,
    });
  };
  let told: [number, number] = [0, 0];
  const planning: StudyOptions = {
    retry,
    ...(timeLimit !== undefined && { timeLimit }),
    ...(jobs !== undefined && { jobs }),
    ...((plans !== undefined || yes) && { plans: plans ?? Number.POSITIVE_INFINITY }),
    ...(canAsk() && { confirm: (question) => askYes(`${question} Plan them?`) }),
    ...(shard !== undefined && { shard }),
    ...(row !== undefined && { row }),
    onPlan: (run, index, count, side) => {
      if (index === 0) {
        progress.expect([{ name: PLANS, cost: 1 }]);
        progress.stage(PLANS);
      }
      told = [count, side];
      tell(run, ...told);
    },
    onStage: (stage, run) => tell(run, ...told, stage),
    onRow: ({ isFailure }, run, fraction) => {
      done++;
      spent = fraction;
      if (isFailure) failed++;
      tell(run, ...told);
    },
  };
  const outcome =
    queue === undefined
      ? await runStudy(study, options.out, planning)
      : await withQueue(queue, options.out, { inputsOnQueue }, (maker) =>
          runStudy(study, options.out, { ...planning, maker }),
        );
  progress.end();
  print(options.json ? `${JSON.stringify(report(study, outcome), null, 2)}\n` : summary(study, outcome));
  return outcome.rows.some(({ isFailure }) => isFailure) ? 1 : 0;
}

async function mergeTables(study: Study, dirs: readonly string[], { out, json }: StudyCommandOptions): Promise<number> {
  const outcome = await mergeStudy(study, dirs, out);
  print(json ? `${JSON.stringify(mergeReport(study, outcome), null, 2)}\n` : mergeSummary(study, outcome));
  return outcome.missing.length > 0 || outcome.rows.some(({ isFailure }) => isFailure) ? 1 : 0;
}

const NAMES: Readonly<Record<string, string>> = {
  timeLimit: '--time-limit',
  isSummary: '--summary',
  isWithoutInputs: '--no-inputs-on-queue',
};

function checkNothingPlanned(asked: string, planning: Readonly<Record<string, unknown>>): void {
  for (const [option, value] of Object.entries(planning)) {
    if (value === undefined || value === false) continue;
    throw new InvalidInputError(
      `${asked}: nothing is planned, so ${NAMES[option] ?? `--${option}`} says nothing. Leave one of the two out.`,
    );
  }
}

function shardOf(text: string): Shard {
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  if (index === undefined || of === undefined) {
    throw new InvalidInputError(`--shard: "${text}" is no shard. Write for example 2/8: the second of eight.`);
  }
  return { index: Number(index), of: Number(of) };
}

const failuresIn = (rows: readonly StudyRow[]): number => rows.filter(({ isFailure }) => isFailure).length;

function report(study: Study, { file, rows, planned, others, jobs, memory }: StudyOutcome): Record<string, unknown> {
  return {
    file,
    plans: rows.length,
    planned,
    failed: failuresIn(rows),
    others,
    jobs,
    memoryBytes: memory,
    rows: rows.map((row) => studyRecord(study, row)),
  };
}

function mergeReport(study: Study, { file, rows, missing, others }: MergeOutcome): Record<string, unknown> {
  return {
    file,
    plans: rows.length,
    missing: missing.length,
    failed: failuresIn(rows),
    others,
    rows: rows.map((row) => studyRecord(study, row)),
  };
}

/** How many plans ended how, and each failure in a line. */
function tallyOf(study: Study, rows: readonly StudyRow[]): { readonly tally: string; readonly lines: string[] } {
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
  return { tally: [...counts].map(([status, count]) => `${count} ${status}`).join(', '), lines };
}

function mergeSummary(study: Study, { file, rows, missing, others }: MergeOutcome): string {
  const { tally, lines } = tallyOf(study, rows);
  lines.push(`${rows.length} plans${rows.length > 0 ? `: ${tally}` : ''}.`);
  if (missing.length > 0) {
    lines.push(
      `${missing.length} plans of the study are in none of the folders, the first of them ${nameOfRun(missing[0]!)}. The same command without --merge makes them.`,
    );
  }
  lines.push(...othersLine(others), `Table: ${file}`);
  return `${lines.join('\n')}\n`;
}

const othersLine = (others: number): string[] =>
  others > 0
    ? [`${others} rows are of other cases, shards or another version; they stand at the end of the table.`]
    : [];

function summary(study: Study, { file, rows, planned, others, jobs, memory }: StudyOutcome): string {
  const { tally, lines } = tallyOf(study, rows);
  lines.push(`${rows.length} plans: ${tally}; ${planned} planned now, ${rows.length - planned} before.`);
  if (planned > 0)
    lines.push(
      `${jobs > 0 ? `${jobs} at a time` : 'no worker seen'}; ${(memory / 1e6).toFixed(0)} MB of memory at most.`,
    );
  lines.push(...othersLine(others), `Table: ${file}`);
  return `${lines.join('\n')}\n`;
}
