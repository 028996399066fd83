/**
 * The statistics of a study's table: quartiles, an interval of the median, the signed-rank test of pairs, its correction, fences.
 *
 * Medians and quartiles interpolate between order statistics (type 7 of Hyndman and Fan 1996, doi:10.1080/00031305.1996.10473566). The
 * interval of a median is that of order statistics: it needs no distribution, and covers at least what it says.
 */
import { quantileSorted } from 'd3-array';
import { toDecimals } from '../core/rounding.js';
import { padjust, wilcoxon } from './statistics-library.js';

/** Five numbers of some values. */
export interface Quartiles {
  readonly least: number;
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
  readonly largest: number;
}

/** @param values one at least, finite */
export function quartilesOf(values: readonly number[]): Quartiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (fraction: number): number => quantileSorted(sorted, fraction)!;
  return { least: at(0), lower: at(0.25), median: at(0.5), upper: at(0.75), largest: at(1) };
}

/** Both ends of an interval. */
export type Interval = readonly [low: number, high: number];

/** What intervals cover at least. */
export const CONFIDENCE = 0.95;

/**
 * The interval of the median between two order statistics, by the binomial distribution of how many values lie below it.
 *
 * @returns undefined for fewer than six values: of these the least and the largest cover the median less often than 95 %
 * @see Conover, Practical Nonparametric Statistics, 3rd ed. (1999), section 3.2
 */
export function medianInterval(values: readonly number[]): Interval | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  // How many may be left out at either end: their probability, a tail of the binomial distribution, is at most 2.5 %.
  let [out, tail] = [-1, 0];
  // Of k of n, by its logarithm, as 2^-n has no number of its own for many values.
  let logProbability = -n * Math.LN2;
  while (tail + Math.exp(logProbability) <= (1 - CONFIDENCE) / 2) {
    tail += Math.exp(logProbability);
    out++;
    logProbability += Math.log((n - out) / (out + 1));
  }
  return out < 0 ? undefined : [sorted[out]!, sorted[n - 1 - out]!];
}

/** Smaller p are not told apart from 0 by the arithmetic of their distribution, and are given as this. */
export const LEAST_P = 1e-15;

/**
 * Two-sided p of the Wilcoxon signed-rank test: exact up to 50 differences of which none is 0 and no two are of one size, else by the
 * normal approximation with continuity correction; differences of 0 are left out.
 *
 * @returns undefined where fewer than two differences are not 0
 * @see Wilcoxon, Biometrics Bull. 1 (1945) 80, doi:10.2307/3001968
 */
export function signedRankP(differences: readonly number[]): number | undefined {
  const others = differences.filter((d) => d !== 0);
  if (others.length < 2) return undefined;
  return Math.min(1, Math.max(LEAST_P, wilcoxon([...differences], { zeroMethod: 'wilcox' }).pValue));
}

/** The p of several tests, corrected so that the chance of any false one stays. @see Holm, Scand. J. Statist. 6 (1979) 65 */
export const holm = (p: readonly number[]): number[] => (p.length === 0 ? [] : Array.from(padjust([...p], 'holm')));

/** Differences as decimals make them, without the last bits of binary numbers: so that those of one size are. */
export const difference = (to: number, from: number): number => toDecimals(to - from, 9);

/**
 * Fences beyond which a value is an outlier: so many interquartile ranges below and above the quartiles.
 *
 * @param reach 1.5 for outliers, 3 for those that are far out
 * @see Tukey, Exploratory Data Analysis (1977)
 */
export function fencesOf({ lower, upper }: Pick<Quartiles, 'lower' | 'upper'>, reach = 1.5): Interval {
  const far = reach * (upper - lower);
  return [lower - far, upper + far];
}
