/**
 * Plans that stand out: beyond Tukey's fences of those that are alike.
 *
 * Of patients or draws, those under the same levels of all factors are alike. Where each combination of levels is one plan, the effects
 * of the levels are taken off first, by median polish: what is left of a plan is what its levels do not explain. Polishing draws the
 * middle half together, so that of these only what is far out counts: 3 interquartile ranges in place of 1.5.
 *
 * @see Tukey, Exploratory Data Analysis (1977), chapters 2 and 11
 */
import { group, median } from 'd3-array';
import { fencesOf, type Interval, quartilesOf } from './statistics.js';
import type { DataRow, StudyData, StudyFactor, StudyFigure } from './study-data.js';

/** A plan beyond the fences. */
export interface Outlier {
  readonly row: DataRow;
  readonly figure: StudyFigure;
  readonly value: number;
  /** Between which the figure of such a plan is none. */
  readonly fences: Interval;
}

export interface OutlierSearch {
  readonly outliers: readonly Outlier[];
  /** Names of the factors whose levels plans share. */
  readonly alike: readonly string[];
  /** Names of those whose effects were taken off. */
  readonly polished: readonly string[];
  /** Figures of kinds of plans that have no fences: fewer than five plans, fewer than three for each level that is
   * polished, or half of them equal. */
  readonly unjudged: number;
}

/** Fewer plans than this have no fences. */
const LEAST_ALIKE = 5;
/** For each level that is polished there must be so many plans, or next to nothing is left of any. */
const PLANS_PER_LEVEL = 3;
/** Interquartile ranges to the fences: of plans as they are, and of what polishing leaves. */
export const [OUT, FAR] = [1.5, 3];
/** Median polish settles in a few sweeps. */
const SWEEPS = 10;

export function outliersAmong(data: StudyData): OutlierSearch {
  const isAlike = ({ name }: StudyFactor): boolean => data.hasUnits || name === 'technique';
  const alike = data.factors.filter(isAlike).map(({ name }) => name);
  const polished = data.factors.filter((factor) => !isAlike(factor));
  const least = Math.max(LEAST_ALIKE, PLANS_PER_LEVEL * polished.reduce((sum, { levels }) => sum + levels.length, 0));
  const outliers: Outlier[] = [];
  let unjudged = 0;
  for (const rows of group(data.rows, ({ levels }) => JSON.stringify(alike.map((name) => levels.get(name)))).values()) {
    data.figures.forEach((figure, f) => {
      const known = rows.filter(({ values }) => values[f] !== null);
      if (known.length === 0) return;
      const found = known.length < least ? undefined : beyondFences(known, f, polished);
      if (found === undefined) unjudged++;
      else outliers.push(...found.map((own) => ({ ...own, figure })));
    });
  }
  return { outliers, alike, polished: polished.map(({ name }) => name), unjudged };
}

/** @returns undefined where the quartiles are one: half of the plans are equal, and any other would stand out */
function beyondFences(
  rows: readonly DataRow[],
  figure: number,
  factors: readonly StudyFactor[],
): Omit<Outlier, 'figure'>[] | undefined {
  const values = rows.map((row) => row.values[figure]!);
  const rest = polish(rows, values, factors);
  const quartiles = quartilesOf(rest);
  // What rounding leaves is no spread.
  const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  if (quartiles.upper - quartiles.lower <= 1e-9 * scale) return undefined;
  const [low, high] = fencesOf(quartiles, factors.length > 0 ? FAR : OUT);
  return rows.flatMap((row, r) => {
    const value = values[r]!;
    const explained = value - rest[r]!;
    const isOut = rest[r]! < low || rest[r]! > high;
    return isOut ? [{ row, value, fences: [low + explained, high + explained] as const }] : [];
  });
}

/** What is left of values when the median of each level of each factor was taken off, over and over. */
function polish(rows: readonly DataRow[], values: readonly number[], factors: readonly StudyFactor[]): number[] {
  const rest = [...values];
  for (let sweep = 0; sweep < (factors.length > 0 ? SWEEPS : 0); sweep++) {
    for (const { name } of factors) {
      for (const own of group(rows.keys(), (r) => rows[r]!.levels.get(name)).values()) {
        const middle = median(own, (r) => rest[r]!)!;
        for (const r of own) rest[r]! -= middle;
      }
    }
  }
  return rest;
}
