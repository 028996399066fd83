/**
 * What goes through the queue: of a run its case as it was written, with names of columns and hashes of files; back comes its row.
 *
 * Both are data alone, and both are checked where they arrive: a worker plans a case that its parser takes, and runs no code of the queue.
 */
import { FormatError } from '../../core/errors.js';
import { parseCase } from '../../plan/input/parse-case.js';
import { parseStudy, type Study, type StudyRun } from '../../plan/input/study-file.js';
import { type StudyRow, studyColumns } from '../../report/study-table.js';
import { sha256 } from '../sha256.js';
import { build, version } from '../version.js';
import { type CaseFile, fileNamesOf } from './case-files.js';
import type { SentState } from './sent-inputs.js';

/** One build of one version speaks to itself: others have a queue of their own, and no row of theirs comes into a table. */
export const QUEUE = `study-${version}${build === undefined ? '' : `-${build}`}`;

/** Of a row as JSON, bytes: a table of such rows is none. */
const LARGEST_ROW = 256 * 1024;

/** A worker that cannot plan a job, as it lacks its files. */
export interface Refusal {
  /** Of the worker. */
  readonly id: string;
  readonly reason: string;
}

/** The data of a job. */
export interface RowJob {
  /** Without what makes other runs. */
  readonly study: Omit<Study, 'base' | 'vary' | 'cases' | 'patients' | 'sample'>;
  readonly run: Omit<StudyRun, 'case' | 'values'> & { readonly values: readonly (readonly [string, unknown])[] };
  /** Seconds. */
  readonly timeLimit?: number;
  readonly files: readonly CaseFile[];
  /** Whether these are on the queue. */
  readonly inputs: SentState;
  readonly refusals: readonly Refusal[];
}

/** What a worker plans of a job. */
export interface AskedRow {
  readonly study: Study;
  readonly run: StudyRun;
  readonly timeLimit: number | undefined;
  readonly files: readonly CaseFile[];
  readonly inputs: SentState;
  readonly refusals: readonly Refusal[];
}

export function jobOfRun(
  study: Study,
  run: StudyRun,
  { files, inputs }: Pick<RowJob, 'files' | 'inputs'>,
  timeLimit?: number,
): RowJob {
  const { path, name, techniques, metrics, parameters } = study;
  const shared = { path, ...(name !== undefined && { name }), techniques, metrics, parameters };
  const { case: _, values, ...own } = run;
  // What a case leaves to its default elsewhere is undefined, which JSON has not.
  const given = [...values].filter(([, value]) => value !== undefined);
  const limited = timeLimit === undefined ? {} : { timeLimit };
  return { study: shared, run: { ...own, values: given }, ...limited, files, inputs, refusals: [] };
}

/**
 * The run of a job.
 *
 * @param data of a job, from whomever
 * @param path that stands for the study's where its folder lies elsewhere on this machine
 * @throws {InvalidInputError | FormatError} if it is no run that a study of this version makes
 */
export function runOfJob(data: unknown, path?: string): AskedRow {
  const { study, run, timeLimit, files, inputs, refusals } = checkShape(data);
  const from = path ?? study.path;
  const { metrics, ...parsed } = parseStudy(
    { base: run.input, techniques: [run.technique], metrics: study.metrics.map(({ name }) => name) },
    from,
  );
  const planCase = parseCase(run.input, from);
  const known = new Set(files.map(({ name }) => name));
  const unknown = fileNamesOf(planCase).find((name) => !known.has(name));
  if (unknown !== undefined) throw wrong(`"${unknown}" is a file of its case without a hash`);
  return {
    study: { ...study, ...parsed, metrics, parameters: study.parameters },
    run: { ...run, case: planCase, values: new Map(run.values) },
    timeLimit,
    files,
    inputs,
    refusals,
  };
}

/** As far as the parsers of cases and studies do not look at it. */
function checkShape(data: unknown): RowJob {
  const job = data as RowJob;
  const isList = (list: unknown, ofWhat: (one: never) => boolean): boolean =>
    Array.isArray(list) && list.every((one) => typeof one === 'object' && one !== null && ofWhat(one as never));
  const isText = (value: unknown): value is string => typeof value === 'string';
  const { study, run } = job ?? {};
  if (typeof study !== 'object' || study === null || !isText(study.path)) throw wrong('it has no study');
  if (!Array.isArray(study.parameters) || !study.parameters.every(isText)) throw wrong('it has no parameters');
  if (!isList(study.metrics, ({ name }) => isText(name))) throw wrong('it has no metrics');
  if (typeof run !== 'object' || run === null || !/^[0-9a-f]{16}$/.test(String(run.key))) throw wrong('it has no run');
  if (!isList(run.values, (pair) => isText(pair[0]))) throw wrong('it has no values');
  if (!isList(job.files, ({ name, sha256: hash }) => isText(name) && isText(hash))) throw wrong('it has no files');
  const { areSent, why } = job.inputs ?? {};
  if (typeof areSent !== 'boolean' || (why !== undefined && !isText(why)))
    throw wrong('it does not say where its files are');
  if (!isList(job.refusals, ({ id, reason }) => isText(id) && isText(reason))) throw wrong('it has no refusals');
  if (job.timeLimit !== undefined && !(Number(job.timeLimit) > 0)) throw wrong('its time limit is no number');
  return job;
}

const wrong = (why: string): FormatError =>
  new FormatError(
    `is no run of a study (${why}). Put jobs there with respine study --queue alone.`,
    'a job of the queue',
  );

/**
 * The id of a run's job: what is asked for twice, with the same files, is planned once.
 *
 * @param submission the study that it is of
 */
export function jobIdOf(submission: string, { key }: Pick<StudyRun, 'key'>, files: readonly CaseFile[]): string {
  const contents = files.length === 0 ? '' : `-${sha256(JSON.stringify(files)).slice(0, 8)}`;
  return `${submission}-${key}${contents}`;
}

/** What jobs of one study into one folder have in common: their columns, the time they have, the folder. */
export function submissionOf(study: Study, folder: string, timeLimit?: number): string {
  return sha256(JSON.stringify([folder, studyColumns(study), timeLimit ?? null])).slice(0, 12);
}

/**
 * The text of a row that goes back.
 *
 * @throws {FormatError} for one that is too large
 */
export function answerOf(row: StudyRow): string {
  const text = JSON.stringify(row);
  checkSize(text);
  return text;
}

/**
 * The row of an answer, from whomever.
 *
 * @throws {FormatError} if it is no row of this run
 */
export function rowOfAnswer(study: Study, { key }: Pick<StudyRun, 'key'>, answer: unknown): StudyRow {
  if (typeof answer !== 'string') throw noRow('there is none');
  checkSize(answer);
  const { cells, isFailure, ...row } = parsedRow(answer);
  const columns = studyColumns(study).length;
  if (row.key !== key || !Array.isArray(cells) || cells[0] !== key) throw noRow('it is of another plan');
  if (cells.length !== columns || !cells.every((cell) => typeof cell === 'string' && !/[\r\n]/.test(cell))) {
    throw noRow(`it has not ${columns} cells`);
  }
  return { key, isFailure: isFailure === true, cells };
}

function parsedRow(answer: string): StudyRow {
  try {
    return (JSON.parse(answer) ?? {}) as StudyRow;
  } catch {
    throw noRow('it is no JSON');
  }
}

function checkSize(text: string): void {
  if (text.length <= LARGEST_ROW) return;
  throw noRow(`it has ${text.length} characters, more than ${LARGEST_ROW}: ask for fewer metrics`);
}

const noRow = (why: string): FormatError =>
  new FormatError(`is no row (${why}). Plan it with respine study --retry.`, "a worker's answer");
