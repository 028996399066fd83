/** A study's table in numbers: medians by level, paired differences, outliers, and what is not among them. */
import { InvalidInputError } from '../core/errors.js';
import { nearNames } from '../core/near-names.js';
import { comparedFactors, compareLevels, type PairedDifference } from './compare-levels.js';
import { type OutlierSearch, outliersAmong } from './outliers.js';
import { type Interval, medianInterval, type Quartiles, quartilesOf } from './statistics.js';
import { type DataRow, type StudyData, type StudyFactor, type StudyFigure, techniquesOf } from './study-data.js';

/** A figure of all plans of one level. */
export interface LevelSummary {
  /** Undefined of all plans. */
  readonly factor: StudyFactor | undefined;
  readonly level: string;
  /** Whose plans these are. */
  readonly technique: string;
  readonly figure: StudyFigure;
  readonly count: number;
  readonly quartiles: Quartiles;
  /** Of the median, 95 %; undefined for fewer than six plans. */
  readonly interval: Interval | undefined;
  /** Of the level: plans that failed, and that are not in the table. */
  readonly failed: number;
  readonly missing: number;
}

/** All that is told of a study. */
export interface StudySummary {
  readonly data: StudyData;
  readonly levels: readonly LevelSummary[];
  readonly paired: readonly PairedDifference[];
  readonly search: OutlierSearch;
  /** Factors that are not compared, as they have many levels. */
  readonly left: readonly StudyFactor[];
}

/**
 * @param asked names of the factors that are compared. @default those of four levels at most
 * @throws {InvalidInputError} for a name that is no factor
 */
export function summariseStudy(data: StudyData, asked?: readonly string[]): StudySummary {
  const compared = asked === undefined ? comparedFactors(data) : asked.map((name) => factorNamed(data, name));
  const others = data.factors.filter(({ name }) => name !== 'technique');
  const levels = techniquesOf(data).flatMap((technique) => [
    ...summaries(data, undefined, technique),
    ...others.flatMap((factor) => summaries(data, factor, technique)),
  ]);
  return {
    data,
    levels,
    paired: compareLevels(data, compared),
    search: outliersAmong(data),
    left: data.factors.filter((factor) => !compared.includes(factor)),
  };
}

function factorNamed({ factors }: StudyData, name: string): StudyFactor {
  const factor = factors.find((own) => own.name === name);
  if (factor !== undefined) return factor;
  const names = factors.map((own) => own.name);
  const near = nearNames(name, names);
  throw new InvalidInputError(
    `study: --compare "${name}" is no factor of the study${near.length > 0 ? ` (did you mean "${near[0]}"?)` : ''}. ${names.length === 0 ? 'Nothing varies in it' : `There are ${names.join(', ')}`}.`,
  );
}

/** One technique's figures by the levels of a factor, or of all its plans. */
function summaries(data: StudyData, factor: StudyFactor | undefined, technique: string): LevelSummary[] {
  const isOf =
    (level: string) =>
    ({ levels }: DataRow): boolean =>
      levels.get('technique') === technique && (factor === undefined || levels.get(factor.name) === level);
  return (factor?.levels ?? ['all']).flatMap((level) => {
    const rows = data.rows.filter(isOf(level));
    const failed = data.failed.filter(isOf(level)).length;
    const missing = data.missing.filter(isOf(level)).length;
    return data.figures.flatMap((figure, f) => {
      const values = valuesOf(rows, f);
      if (values.length === 0) return [];
      const own = { quartiles: quartilesOf(values), interval: medianInterval(values), count: values.length };
      return [{ factor, level, technique, figure, ...own, failed, missing }];
    });
  });
}

const valuesOf = (rows: readonly DataRow[], figure: number): number[] =>
  rows.flatMap(({ values }) => values[figure] ?? []);
