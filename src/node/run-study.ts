/**
 * A study, plan by plan on the worker pool, with its table on disk after every one.
 *
 * Plans do not start from one another, although neighbours are near: a row is the same whatever was planned before it, so
 * that a study that was interrupted ends with the same table as one that was not.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRespineError } from '../core/errors.js';
import { expandStudy, type Study, type StudyRun } from '../plan/input/study-file.js';
import { runPlan } from '../plan/run-plan.js';
import { failedRow, readStudyTable, type StudyRow, studyRow, studyTable } from '../report/study-table.js';
import { readBytes, tryFile, writeFileAtomic } from './files.js';
import { lockFolder } from './folder-lock.js';
import { jobOf } from './load-job.js';
import { makeFolder } from './output-set.js';
import { resolveStudy } from './resolve-study.js';
import { sha256 } from './sha256.js';
import { version } from './version.js';
import { startWorkerPool, type WorkerPool } from './worker-pool.js';

export interface StudyOptions {
  /** Plans again what failed before. @default false */
  readonly retry?: boolean;
  /** Seconds that each plan may take, > 0: then the best so far, whose row says `time-limit`. @default none */
  readonly timeLimit?: number;
  /** Threads of the pool. @default as many as `startWorkerPool` takes */
  readonly threads?: number;
  /** Before a plan: it is the `index`-th of `count` that are to be made. */
  readonly onPlan?: (run: StudyRun, index: number, count: number) => void;
  /** After a plan. */
  readonly onRow?: (row: StudyRow, run: StudyRun) => void;
}

export interface StudyOutcome {
  /** The table, `study.csv` in the output folder. */
  readonly file: string;
  /** Of every run of the study, in its order. */
  readonly rows: readonly StudyRow[];
  /** How many were planned now; the others stood in the table. */
  readonly planned: number;
  /** Rows of the table that are of other cases or another version of the engine; they are kept at its end. */
  readonly others: number;
}

/** Characters of the hash that are written. */
const KEY_LENGTH = 16;

/**
 * Makes the plans of a study that its table does not hold yet.
 *
 * A plan that fails, for whatever reason, is a row with the reason, and the study goes on with a fresh pool.
 *
 * @param outDir folder of `study.csv`; made if it is not there
 * @throws {InvalidInputError} if a combination is no case or holds a name that there is not, the table is that of another study,
 *   nothing can be written, or another study writes into the folder
 * @throws {FormatError} if the table holds a line that is no row
 */
export async function runStudy(study: Study, outDir: string, options: StudyOptions = {}): Promise<StudyOutcome> {
  const runs = expandStudy(study, { version, hash: (text) => sha256(text).slice(0, KEY_LENGTH) });
  // A name that is wrong must show before the first plan, not when its turn comes.
  await resolveStudy(study, runs);
  const file = join(outDir, 'study.csv');
  await tryFile(file);
  await makeFolder(outDir);
  const lock = await lockFolder(outDir);
  try {
    return await continueStudy(study, runs, file, options);
  } finally {
    await lock.release();
  }
}

/** The folder is this run's alone. */
async function continueStudy(
  study: Study,
  runs: readonly StudyRun[],
  file: string,
  { retry = false, timeLimit, threads, onPlan, onRow }: StudyOptions,
): Promise<StudyOutcome> {
  const rows = await readTable(study, file);
  const open = runs.filter(({ key }) => !rows.has(key) || (retry && rows.get(key)!.isFailure));
  const write = (): Promise<void> => writeFileAtomic(file, studyTable(study, inOrder(runs, rows)));
  // A table in the study's order, also where nothing is open; without rows there is none yet.
  if (rows.size > 0) await write();
  const pool = new PoolOfStudy(threads);
  try {
    for (const [index, run] of open.entries()) {
      onPlan?.(run, index, open.length);
      const row = await planRow(study, run, pool, timeLimit);
      rows.set(run.key, row);
      await write();
      onRow?.(row, run);
    }
  } finally {
    await pool.close();
  }
  return {
    file,
    rows: runs.map(({ key }) => rows.get(key)!),
    planned: open.length,
    others: rows.size - runs.length,
  };
}

async function planRow(study: Study, run: StudyRun, pool: PoolOfStudy, timeLimit?: number): Promise<StudyRow> {
  try {
    const { plans } = runPlan(await jobOf(run.input, study.path), {
      techniques: [run.technique],
      executor: await pool.get(),
      ...(timeLimit === undefined ? {} : { timeLimit }),
    });
    return studyRow(study, run, plans[0]!, version);
  } catch (error) {
    // What was started on the pool may not have been closed, and one of its threads may have ended.
    await pool.close();
    const message = error instanceof Error ? error.message : String(error);
    return failedRow(study, run, isRespineError(error) ? message : `a bug, please report it: ${message}`, version);
  }
}

async function readTable(study: Study, file: string): Promise<Map<string, StudyRow>> {
  const isThere = await stat(file).then(
    (known) => known.isFile(),
    () => false,
  );
  return isThere ? readStudyTable(study, new TextDecoder().decode(await readBytes(file)), file) : new Map();
}

/** Rows of the study in its order, as far as there are any, then those of others. */
function inOrder(runs: readonly StudyRun[], rows: ReadonlyMap<string, StudyRow>): StudyRow[] {
  const own = new Set(runs.map(({ key }) => key));
  const known = runs.flatMap(({ key }) => rows.get(key) ?? []);
  return [...known, ...[...rows.values()].filter(({ key }) => !own.has(key))];
}

/** A pool that is started when it is needed, also after it was closed. */
class PoolOfStudy {
  private pool: WorkerPool | undefined;

  constructor(private readonly threads: number | undefined) {}

  async get(): Promise<WorkerPool> {
    this.pool ??= await startWorkerPool(this.threads === undefined ? {} : { threads: this.threads });
    return this.pool;
  }

  async close(): Promise<void> {
    const { pool } = this;
    this.pool = undefined;
    await pool?.close();
  }
}
