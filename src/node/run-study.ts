/**
 * A study, plans side by side on the machine's cores, with each row on disk as soon as it is there.
 *
 * Plans do not start from one another, although neighbours are near, and are the same on one thread or many: a row is the same whatever
 * was planned before it or beside it. So a study that was interrupted, or made in shards on several machines, ends with the same table
 * as one that was not.
 */
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { checkInteger } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { expandStudy, type Study, type StudyRun } from '../plan/input/study-file.js';
import { readStudyTable, rowLine, type StudyRow, tablePieces } from '../report/study-table.js';
import { tryFile } from './files.js';
import { lockFolder } from './folder-lock.js';
import { makeFolder } from './output-set.js';
import { resolveStudy } from './resolve-study.js';
import { sha256 } from './sha256.js';
import { claimFolder } from './study-build.js';
import { checkInputs } from './study-inputs.js';
import { withFolders } from './study-patients.js';
import { StudyProgress } from './study-progress.js';
import { checkMeant, type Meant } from './study-size.js';
import { TableFile } from './study-table-file.js';
import { planRuns, plansAtOnce } from './study-threads.js';
import { tableText } from './table-memory.js';
import { version } from './version.js';

export interface StudyOptions {
  /** Plans again what failed before. @default false */
  readonly retry?: boolean;
  /** Seconds that each plan may take, > 0: then the best so far, whose row says `time-limit`. @default none */
  readonly timeLimit?: number;
  /** Plans side by side; fewer where memory is short. @default as many as the machine has cores */
  readonly jobs?: number;
  /** Who makes the rows in place of this machine, as the workers of a queue do; `jobs` then says nothing. */
  readonly maker?: RowMaker;
  /** How many plans the study is, which is asked for above 10,000; Infinity for however many. @default not said */
  readonly plans?: number;
  /** Asks for more than 10,000 plans where it is not said how many they are. @default they are refused */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Of all runs every `of`-th from the `index`-th on, 1 <= index <= of: what one of several machines makes. @default all */
  readonly shard?: Shard;
  /** Key of the only run that is made. @default all */
  readonly row?: string;
  /** Before a plan: it is the `index`-th of `count` that are to be made, `jobs` of them side by side. */
  readonly onPlan?: (run: StudyRun, index: number, count: number, jobs: number) => void;
  /** What begins in the plan of a run; of workers of a queue once a second at most. */
  readonly onStage?: (stage: string, run: StudyRun) => void;
  /** After a plan: of the seconds that all take, the fraction that is spent, as far as plans that are over tell. */
  readonly onRow?: (row: StudyRow, run: StudyRun, fraction: number) => void;
}

/** Makes rows elsewhere. */
export interface RowMaker {
  /** Plans side by side, as far as that is known; it may change while they are made. */
  readonly jobs: number;
  rows(study: Study, runs: readonly StudyRun[], options: RowMakerOptions): Promise<void>;
}

export interface RowMakerOptions {
  /** Seconds that each plan may take. */
  readonly timeLimit: number | undefined;
  /** Once, when the plan of a run is seen to begin; before its row. */
  readonly onRun: (run: StudyRun) => void;
  /** After that, as far as it is known what begins in its plan. */
  readonly onStage?: ((stage: string, run: StudyRun) => void) | undefined;
  /** After a row; when it has ended, the row stands in the table. `seconds` that its plan took, where they are known. */
  readonly onRow: (row: StudyRow, run: StudyRun, seconds?: number) => Promise<void>;
}

/** One part of a study's runs. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

export interface StudyOutcome {
  /** The table, `study.csv` in the output folder. */
  readonly file: string;
  /** Of every run of the study or its shard, in its order. */
  readonly rows: readonly StudyRow[];
  /** How many were planned now; the others stood in the table. */
  readonly planned: number;
  /** Rows of the table that are of other cases, shards or another version of the engine; they are kept at its end. */
  readonly others: number;
  /** Plans that were made side by side. */
  readonly jobs: number;
  /** Bytes that the process took at most. */
  readonly memory: number;
}

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
  const { jobs = availableParallelism(), shard } = options;
  checkInteger('study: plans side by side', jobs, 1);
  if (shard !== undefined) checkShard(shard);
  const { plans, confirm } = options;
  const runs = onlyRow(await runsOfStudy(study, { shard, meant: { plans, confirm } }), options.row, study.path);
  const file = join(outDir, TABLE);
  return inOwnFolder(outDir, file, () => continueStudy(study, runs, file, { ...options, jobs }));
}

/** Characters of the hash that are written. */
const KEY_LENGTH = 16;
const keyOf = (text: string): string => sha256(text).slice(0, KEY_LENGTH);
export const TABLE = 'study.csv';

/**
 * All runs, or those of a shard; a name that is wrong shows here, before the first plan, not when its turn comes.
 *
 * @param meant asks for many. @default nobody is asked
 */
export async function runsOfStudy(
  study: Study,
  options: { readonly shard?: Shard | undefined; readonly meant?: Meant } = {},
): Promise<StudyRun[]> {
  return resolveStudy(study, await keyedRuns(study, options));
}

/** The same with nothing looked up but what lies in folders of patients: enough to read a table by. */
export async function keyedRuns(
  study: Study,
  { shard, meant }: { readonly shard?: Shard | undefined; readonly meant?: Meant } = {},
): Promise<StudyRun[]> {
  const whole = await withFolders(study);
  const only = shard && ((index: number): boolean => index % shard.of === shard.index - 1);
  const expanding = { version, hash: keyOf, ...(only && { only }) };
  if (meant !== undefined) await checkMeant(whole, expanding, { ...meant, shards: shard?.of });
  return expandStudy(whole, expanding);
}

/** @throws {InvalidInputError} for a key that no run has */
function onlyRow(runs: StudyRun[], row: string | undefined, path: string): StudyRun[] {
  if (row === undefined) return runs;
  const own = runs.filter(({ key }) => key === row);
  if (own.length > 0) return own;
  throw new InvalidInputError(
    `${path}: no plan of the study has the key "${row}". Keys are the first column of study.csv, and change with the study and the version.`,
  );
}

function checkShard({ index, of }: Shard): void {
  checkInteger('study: shards', of, 1);
  if (Number.isInteger(index) && index >= 1 && index <= of) return;
  throw new InvalidInputError(`study: there is no shard ${index} of ${of}. Name one from 1 to ${of}, as "1/${of}".`);
}

/** The folder is this run's alone as long as it works. */
export async function inOwnFolder<T>(outDir: string, file: string, work: () => Promise<T>): Promise<T> {
  await tryFile(file);
  await makeFolder(outDir);
  const lock = await lockFolder(outDir);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function continueStudy(
  study: Study,
  runs: readonly StudyRun[],
  file: string,
  { retry = false, timeLimit, jobs: asked, maker, onPlan, onStage, onRow }: StudyOptions & { readonly jobs: number },
): Promise<StudyOutcome> {
  const rows = await readTable(study, file);
  checkInputs(study, runs, rows, file);
  await claimFolder(dirname(file), rows.size > 0);
  const open = runs.filter(({ key }) => !rows.has(key) || (retry && rows.get(key)!.isFailure));
  const table = new TableFile(file, { whole: () => tablePieces(study, inOrder(runs, rows)), line: rowLine });
  // A table in the study's order, also where nothing is open; without rows there is none yet.
  if (rows.size > 0) await table.write();
  const jobs = plansAtOnce(asked, open.length);
  let begun = 0;
  const progress = new StudyProgress(open);
  const now = (): number => performance.now() / 1000;
  const onRun = (run: StudyRun): void => {
    progress.begin(run, now());
    onPlan?.(run, begun++, open.length, maker?.jobs ?? jobs);
  };
  const keep = async (row: StudyRow, run: StudyRun, seconds?: number): Promise<void> => {
    rows.set(run.key, row);
    await table.put(row);
    progress.end(run, now(), seconds);
    onRow?.(row, run, progress.fraction);
  };
  if (maker !== undefined) await maker.rows(study, open, { timeLimit, onRun, onStage, onRow: keep });
  // More plans than cores share what is there; of a single plan at a time the pool has all cores.
  else await planRuns(study, open, { jobs, timeLimit, ...(jobs > 1 && { threads: 1 }) }, onRun, keep, onStage);
  await table.end();
  return {
    file,
    rows: runs.map(({ key }) => rows.get(key)!),
    planned: open.length,
    others: rows.size - runs.length,
    jobs: maker?.jobs ?? jobs,
    memory: process.resourceUsage().maxRSS * 1024,
  };
}

/** The table of a folder; no rows where there is none. */
export async function readTable(study: Study, file: string): Promise<Map<string, StudyRow>> {
  const isThere = await stat(file).then(
    (known) => known.isFile(),
    () => false,
  );
  return isThere ? readStudyTable(study, await tableText(file), file) : new Map();
}

/** Rows of the study in its order, as far as there are any, then those of others. */
export function inOrder(runs: readonly StudyRun[], rows: ReadonlyMap<string, StudyRow>): StudyRow[] {
  const own = new Set(runs.map(({ key }) => key));
  const known = runs.flatMap(({ key }) => rows.get(key) ?? []);
  return [...known, ...[...rows.values()].filter(({ key }) => !own.has(key))];
}
