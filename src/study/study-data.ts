/**
 * A study's table as what statistics need: rows by the levels of its factors, and figures by name and unit.
 *
 * Factors are the technique, what is varied, and the changes of `cases`, which go together and are one factor. A patient and a draw are
 * the units that are planned under every level; what is drawn belongs to its draw.
 */
import { InvalidInputError } from '../core/errors.js';
import { DRAW, PATIENT, type Study, type StudyRun } from '../plan/input/study-file.js';
import { FAILED, type StudyRow, studyColumns } from '../report/study-table.js';
import { fieldUnit } from './field-unit.js';

/** What is compared: one of the things that a study varies. */
export interface StudyFactor {
  /** Its column, or `case` of changes that go together. */
  readonly name: string;
  readonly unit: string;
  /** In the order of the study. */
  readonly levels: readonly string[];
  /** Whether every level is a number. */
  readonly isNumeric: boolean;
}

/** What is measured: a column of figures. */
export interface StudyFigure {
  readonly name: string;
  readonly unit: string;
}

/** One plan. */
export interface DataRow {
  readonly key: string;
  /** By the name of the factor. */
  readonly levels: ReadonlyMap<string, string>;
  /** Patient and draw, as a text; empty where there is neither. */
  readonly unit: string;
  /** In the order of the figures; null where there is none. */
  readonly values: readonly (number | null)[];
  readonly status: string;
}

/** A table that is read for its statistics. */
export interface StudyData {
  readonly factors: readonly StudyFactor[];
  readonly figures: readonly StudyFigure[];
  /** Of plans that were made. */
  readonly rows: readonly DataRow[];
  /** Of those that failed, without figures. */
  readonly failed: readonly DataRow[];
  /** Of runs that the table does not hold, the same. */
  readonly missing: readonly DataRow[];
  /** Whether patients or draws are planned under every level. */
  readonly hasUnits: boolean;
}

const TECHNIQUE = 'technique';
const CASE = 'case';
/** Figures besides the metrics of the study, where any plan has them. */
const BESIDE = [
  { column: 'cordAllCourses[Gy EQD2]', name: 'Cord, all courses', unit: 'Gy EQD2' },
  { column: 'cordAllCoursesShifted[Gy EQD2]', name: 'Cord, all, worst shift', unit: 'Gy EQD2' },
  { column: 'monitorUnits', name: 'Monitor units', unit: 'MU' },
];

/** What is known of a run's row before its figures. */
type Head = Omit<DataRow, 'values' | 'status'>;

/**
 * @param runs all of the study
 * @param rows of its table, by key
 * @throws {InvalidInputError} where no plan of the study was made
 */
export function studyData(study: Study, runs: readonly StudyRun[], rows: ReadonlyMap<string, StudyRow>): StudyData {
  const columns = studyColumns(study);
  const readers = factorReaders(study);
  const figures = [...study.metrics.map(({ name }) => ({ column: name, ...namedMetric(name) })), ...BESIDE].filter(
    ({ column }) => runs.some(({ key }) => figureOf(rows.get(key), columns.indexOf(column)) !== null),
  );
  const status = columns.indexOf('status');
  const made: DataRow[] = [];
  const failed: DataRow[] = [];
  const missing: DataRow[] = [];
  for (const run of runs) {
    const row = rows.get(run.key);
    const head: Head = {
      key: run.key,
      levels: new Map(readers.map(({ name, levelOf }) => [name, levelOf(run)])),
      unit: unitOf(run),
    };
    const values = figures.map(({ column }) => figureOf(row, columns.indexOf(column)));
    const own = { ...head, values, status: row?.cells[status] ?? '' };
    if (row === undefined) missing.push(own);
    else (row.isFailure ? failed : made).push(own);
  }
  if (made.length === 0) {
    throw new InvalidInputError(
      `${study.path}: the table holds no plan of this study that was made (${failed.length} ${FAILED}, ${missing.length} missing). The same command without --summary makes them.`,
    );
  }
  const all = [...made, ...failed, ...missing];
  return {
    factors: readers.map(({ name, unit }) => factorOf(name, unit, runs, all)).filter(({ levels }) => levels.length > 1),
    figures: figures.map(({ name, unit }) => ({ name, unit })),
    rows: made,
    failed,
    missing,
    hasUnits: study.patients !== undefined || study.sample !== undefined,
  };
}

/** `p07, draw 3` */
const unitOf = ({ values }: StudyRun): string =>
  [values.get(PATIENT), values.has(DRAW) ? `${DRAW} ${values.get(DRAW)}` : undefined]
    .filter((part) => part !== undefined)
    .join(', ');

interface FactorReader {
  readonly name: string;
  readonly unit: string;
  levelOf(run: StudyRun): string;
}

function factorReaders({ cases, vary }: Study): FactorReader[] {
  const inCases = [...new Set(cases.flatMap((changes) => Object.keys(changes)))];
  const single = (path: string): FactorReader => ({
    name: path,
    unit: fieldUnit(path),
    levelOf: ({ values }) => levelText(values.get(path)),
  });
  const together: FactorReader = {
    name: CASE,
    unit: '',
    levelOf: ({ values }) => inCases.map((path) => `${lastOf(path)} ${levelText(values.get(path))}`).join(', '),
  };
  return [
    { name: TECHNIQUE, unit: '', levelOf: ({ technique }) => technique },
    ...(inCases.length > 1 ? [together] : inCases.map(single)),
    ...Object.keys(vary).map(single),
  ];
}

/** Levels in the order in which the study first has them, numbers by size. */
function factorOf(name: string, unit: string, runs: readonly StudyRun[], rows: readonly DataRow[]): StudyFactor {
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const levels = [...new Set(runs.map(({ key }) => byKey.get(key)!.levels.get(name)!))];
  const isNumeric = levels.every((level) => level !== '' && Number.isFinite(Number(level)));
  return { name, unit, levels: isNumeric ? levels.sort((a, b) => Number(a) - Number(b)) : levels, isNumeric };
}

function figureOf(row: StudyRow | undefined, column: number): number | null {
  const cell = row?.cells[column] ?? '';
  return cell === '' ? null : Number(cell);
}

/** `PTV D95%[Gy]` as its name and its unit. */
function namedMetric(text: string): StudyFigure {
  const [, name, unit] = /^(.*)\[([^\]]*)\]$/.exec(text) ?? [];
  return name === undefined ? { name: text, unit: '' } : { name, unit: unit! };
}

const lastOf = (path: string): string => path.split('.').at(-1)!;

/** A value of a parameter in words: `posterior-7`, `distance 3, target nominal`, `default` where the case leaves it. */
function levelText(value: unknown): string {
  if (value === undefined) return 'default';
  if (value === null) return 'none';
  if (Array.isArray(value)) return value.map(levelText).join('; ');
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([key, inner]) => `${key} ${levelText(inner)}`)
    .join(', ');
}

/** The techniques of the plans that were made, as factors have them; also where there is one alone, which is no factor. */
export const techniquesOf = ({ factors, rows }: Pick<StudyData, 'factors' | 'rows'>): readonly string[] =>
  factors.find(({ name }) => name === TECHNIQUE)?.levels ?? [rows[0]!.levels.get(TECHNIQUE)!];

/** A factor or figure with its unit, as tables and axes name it. */
export const withUnit = ({ name, unit }: StudyFigure): string => (unit === '' ? name : `${name} [${unit}]`);
