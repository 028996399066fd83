/**
 * The table of a study: one line of comma-separated values per plan, and how it is read again after an interruption.
 *
 * A figure that there is not is an empty field: `error` says why a plan failed, `remarks` why a metric has no value.
 */
import { InvalidInputError } from '../core/errors.js';
import { evaluateMetric, whyNoValue } from '../evaluate/metric-value.js';
import { missingStructure } from '../evaluate/structure-name.js';
import { readCsv } from '../io/csv.js';
import { prescribedIn } from '../plan/asked/asked-target.js';
import type { PlanEvaluation } from '../plan/evaluation/evaluate-plan.js';
import type { Study, StudyMetric, StudyRun } from '../plan/input/study-file.js';
import { overruledCap } from './constraint-list.js';
import { tableCell } from './numbers.js';
import { csvLine, csvTable, csvText } from './table.js';

/** One plan, or its failure. */
export interface StudyRow {
  readonly key: string;
  readonly isFailure: boolean;
  /** As they are written, one per column of {@link studyColumns}; empty where there is nothing. */
  readonly cells: readonly string[];
}

const HEAD = ['key', 'version', 'inputs', 'technique'];
const INPUTS = HEAD.indexOf('inputs');
const CORD = 'cordAllCourses[Gy EQD2]';
const CORD_SHIFTED = 'cordAllCoursesShifted[Gy EQD2]';
/**
 * `objective`, `lowerBound`, `gap`: the certificate. `evaluations`: of the operator and its transpose. `monitorUnits`: sum over the
 * fields, for IMRT of the mean over each field's beamlets. `cordAllCourses`: largest EQD2 of the cord over all courses without recovery,
 * where there was a prior one; `Shifted`: under the worst rigid shift of either course. `goalsPassed` of `goals`.
 */
const FIGURES = [
  'status',
  'prescriptionDose[Gy]',
  'objective',
  'lowerBound',
  'gap',
  'evaluations',
  'monitorUnits',
  CORD,
  CORD_SHIFTED,
  'goalsPassed',
  'goals',
];
const TAIL = ['remarks', 'error'];
/** Of a plan that could not be made. */
export const FAILED = 'failed';

/** Names of the columns: key, version, hashes of the inputs, technique, the parameters by path, what became of the plan, the metrics, remarks, error. */
export function studyColumns({ parameters, metrics }: Study): string[] {
  return [...HEAD, ...parameters, ...FIGURES, ...metrics.map(({ name }) => name), ...TAIL];
}

/**
 * The row of a plan.
 *
 * @param version of the engine
 */
export function studyRow(study: Study, run: StudyRun, evaluation: PlanEvaluation, version: string): StudyRow {
  const { solution, fields } = evaluation.plan;
  const { value, lowerBound, gap } = solution.certificate;
  const metrics = study.metrics.map((metric) => measure(metric, evaluation, prescribedIn(run.case)));
  const overruled = overruledCap(evaluation.constraints);
  const remarks = [overruled?.replace(/\.$/, ''), ...metrics.map(({ remark }) => remark)].filter(
    (r) => r !== undefined,
  );
  return {
    key: run.key,
    isFailure: false,
    cells: [
      ...headOf(study, run, version),
      solution.status,
      ...[solution.prescriptionDose, value, lowerBound, gap, solution.evaluations].map(tableCell),
      tableCell(fields.reduce((sum, { monitorUnits }) => sum + monitorUnits, 0)),
      tableCell(evaluation.retreatment?.maximum.cumulative ?? null),
      tableCell(evaluation.position?.worst ?? null),
      String(evaluation.goals.filter(({ result }) => result === 'pass').length),
      String(evaluation.goals.length),
      ...metrics.map((metric) => tableCell(metric.value)),
      oneLine(remarks.join('; ')),
      '',
    ],
  };
}

/** The row of a plan that failed, with the error's sentence. */
export function failedRow(study: Study, run: StudyRun, message: string, version: string): StudyRow {
  const empty = [...FIGURES.slice(1), ...study.metrics, 'remarks'].map(() => '');
  const cells = [...headOf(study, run, version), FAILED, ...empty, oneLine(message)];
  return { key: run.key, isFailure: true, cells };
}

/** The whole table, header and rows. */
export const studyTable = (study: Study, rows: Iterable<StudyRow>): string => [...tablePieces(study, rows)].join('');

/** The same in pieces of some rows, for tables that are large. */
export function* tablePieces(study: Study, rows: Iterable<StudyRow>): Generator<string> {
  yield csvLine(studyColumns(study));
  let piece: (readonly string[])[] = [];
  for (const { cells } of rows) {
    piece.push(cells);
    if (piece.length < PIECE) continue;
    yield csvTable(piece);
    piece = [];
  }
  yield csvTable(piece);
}

const PIECE = 1000;

/** The line of one row. */
export const rowLine = ({ cells }: StudyRow): string => csvLine(cells);

/** Bytes that the row of a run will take, about: figures of six digits, three inputs. */
export function rowBytes(study: Study, run: StudyRun): number {
  const head = headOf(study, { ...run, inputs: 'machine=0123456789abcdef;phantom=0123456789abcdef' }, '0.1.0');
  return csvLine(head).length + 8 * (FIGURES.length + study.metrics.length) + TAIL.length;
}

/**
 * Rows of a table that was written before, by key; a last line that was cut off is left out. Of a plan that failed and was planned again, the
 * later line counts.
 *
 * @param text content of the file
 * @param path its name, for the message
 * @throws {InvalidInputError} if its columns are not those of the study, or it holds a plan twice with other figures
 * @throws {FormatError} for a line that is no row of such a table
 */
export function readStudyTable(study: Study, text: string, path: string): Map<string, StudyRow> {
  const columns = studyColumns(study).map(csvText);
  const rows = new Map<string, StudyRow>();
  if (csvLine(columns).startsWith(text)) return rows;
  const [header = [], ...records] = readCsv(text.slice(0, text.lastIndexOf('\n') + 1), path, {
    remedy: 'Remove that line; its plan is made anew.',
  });
  checkColumns(columns, header, path);
  const status = columns.indexOf(FIGURES[0]!, HEAD.length + study.parameters.length);
  for (const cells of records) {
    const key = cells[0]!;
    const known = rows.get(key);
    const other = known?.isFailure ? -1 : (known?.cells.findIndex((cell, c) => cell !== cells[c]) ?? -1);
    if (other >= 0) {
      throw new InvalidInputError(
        `${path}: the plan ${key} stands there twice, with "${rows.get(key)!.cells[other]}" and "${cells[other]}" as ${header[other]}. Remove one of the lines.`,
      );
    }
    rows.set(key, { key, isFailure: cells[status] === FAILED, cells });
  }
  return rows;
}

/** A row by the names of its columns: numbers where there are figures, null where a field is empty. */
export function studyRecord(study: Study, { cells }: StudyRow): Record<string, string | number | null> {
  const isText = new Set([...HEAD, FIGURES[0]!, ...TAIL]);
  const value = (name: string, cell: string): string | number | null => {
    if (cell === '') return null;
    return isText.has(name) || !Number.isFinite(Number(cell)) ? cell : Number(cell);
  };
  return Object.fromEntries(studyColumns(study).map((name, c) => [name, value(name, cells[c]!)]));
}

/** Hashes of the inputs that a row was made of. */
export const inputsOfRow = ({ cells }: StudyRow): string => cells[INPUTS]!;

function headOf(study: Study, run: StudyRun, version: string): string[] {
  return [
    run.key,
    version,
    run.inputs ?? '',
    run.technique,
    ...study.parameters.map((path) => parameterCell(run.values.get(path))),
  ];
}

const parameterCell = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? oneLine(value) : JSON.stringify(value);

function measure(
  { structure, metric, name }: StudyMetric,
  { dvhs }: PlanEvaluation,
  prescribed: (structure: string) => number,
): { readonly value: number | null; readonly remark?: string } {
  const dvh = dvhs.get(structure);
  const prescription = prescribed(structure);
  const reason =
    dvh === undefined ? missingStructure(structure, [...dvhs.keys()]) : whyNoValue(metric, dvh, { prescription });
  if (dvh === undefined || reason !== undefined)
    return { value: null, remark: `${name}: ${reason!.replace(/\.$/, '')}` };
  const { value, flag } = evaluateMetric(metric, dvh, { prescription });
  return { value, ...(flag === undefined ? {} : { remark: `${name}: ${flag}` }) };
}

function checkColumns(columns: readonly string[], found: readonly string[], path: string): void {
  const at = Array.from({ length: Math.max(columns.length, found.length) }, (_, c) => c).find(
    (c) => columns[c] !== found[c],
  );
  if (at === undefined) return;
  const say = (name: string | undefined): string => (name === undefined ? 'missing' : `"${name}"`);
  throw new InvalidInputError(
    `${path} is the table of another study: its column ${at + 1} is ${say(found[at])}, here ${say(columns[at])}. Name another --out, or move the file away.`,
  );
}

/** A row is one line, whatever a text holds. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
