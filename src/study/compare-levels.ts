/**
 * Paired differences: what another level of a factor does to a figure, all else alike.
 *
 *     d = figure at `to` - figure at `from`     for every patient, draw and combination of the other factors that has both
 */

import { difference, holm, type Interval, medianInterval, quartilesOf, signedRankP } from './statistics.js';
import { type DataRow, type StudyData, type StudyFactor, type StudyFigure, techniquesOf } from './study-data.js';

/** A factor of so many levels is compared unasked. */
const MOST_LEVELS = 4;

/** One comparison of two levels by one figure. */
export interface PairedDifference {
  readonly factor: string;
  readonly from: string;
  readonly to: string;
  /** The technique of both; undefined where that is the factor. */
  readonly technique: string | undefined;
  readonly figure: StudyFigure;
  /** In the order of the rows. */
  readonly differences: readonly number[];
  readonly median: number;
  /** Of the median, 95 %; undefined for fewer than six. */
  readonly interval: Interval | undefined;
  /** Wilcoxon's signed-rank test; undefined where fewer than two differ. */
  readonly p: number | undefined;
  /** The same, corrected by Holm over all comparisons of the summary. */
  readonly corrected: number | undefined;
  /** Rows of either level whose other one failed, is missing or has no such figure. */
  readonly unpaired: number;
}

/** Factors that are compared unasked: those of few levels. */
export const comparedFactors = ({ factors }: Pick<StudyData, 'factors'>): StudyFactor[] =>
  factors.filter(({ levels }) => levels.length <= MOST_LEVELS);

/** All pairs of levels of some factors, by every figure. */
export function compareLevels(data: StudyData, factors: readonly StudyFactor[]): PairedDifference[] {
  const found = factors.flatMap((factor) => {
    const others = data.factors.filter(({ name }) => name !== factor.name);
    const pairs = factor.levels.flatMap((from, f) => factor.levels.slice(f + 1).map((to) => ({ from, to })));
    return pairs.flatMap((pair) =>
      (factor.name === 'technique' ? [undefined] : techniquesOf(data)).flatMap((own) => {
        const rows = data.rows.filter(({ levels }) => own === undefined || levels.get('technique') === own);
        const both = pairUp(rows, factor.name, others, pair);
        return data.figures.flatMap((figure, f) => {
          const compared = compare(both, f);
          return compared === undefined ? [] : [{ factor: factor.name, ...pair, technique: own, figure, ...compared }];
        });
      }),
    );
  });
  const tested = found.filter(({ p }) => p !== undefined);
  const corrected = holm(tested.map(({ p }) => p!));
  const byTest = new Map(tested.map((one, t) => [one, corrected[t]!]));
  return found.map((one) => ({ ...one, corrected: byTest.get(one) }));
}

/** Rows that are alike in all but one factor. */
interface Pairs {
  readonly pairs: readonly (readonly [from: DataRow, to: DataRow])[];
  /** Rows whose other one there is not. */
  readonly single: readonly DataRow[];
}

function pairUp(
  rows: readonly DataRow[],
  factor: string,
  others: readonly StudyFactor[],
  { from, to }: { readonly from: string; readonly to: string },
): Pairs {
  const placeOf = ({ unit, levels }: DataRow): string =>
    JSON.stringify([unit, ...others.map(({ name }) => levels.get(name))]);
  const at = (level: string): Map<string, DataRow> =>
    new Map(rows.filter(({ levels }) => levels.get(factor) === level).map((row) => [placeOf(row), row]));
  const [first, second] = [at(from), at(to)];
  const pairs = [...first].flatMap(([place, row]) => {
    const other = second.get(place);
    return other === undefined ? [] : [[row, other] as const];
  });
  const without = (own: Map<string, DataRow>, other: Map<string, DataRow>): DataRow[] =>
    [...own].filter(([place]) => !other.has(place)).map(([, row]) => row);
  return { pairs, single: [...without(first, second), ...without(second, first)] };
}

type Compared = Pick<PairedDifference, 'differences' | 'median' | 'interval' | 'p' | 'unpaired'>;

/** @returns undefined where no pair has the figure */
function compare({ pairs, single }: Pairs, figure: number): Compared | undefined {
  const differences = pairs.flatMap(([from, to]) => {
    const [before, after] = [from.values[figure]!, to.values[figure]!];
    return before === null || after === null ? [] : [difference(after, before)];
  });
  if (differences.length === 0) return undefined;
  const halves = pairs.flat().filter(({ values }) => values[figure] !== null).length - 2 * differences.length;
  return {
    differences,
    median: quartilesOf(differences).median,
    interval: medianInterval(differences),
    p: signedRankP(differences),
    unpaired: halves + single.filter(({ values }) => values[figure] !== null).length,
  };
}
