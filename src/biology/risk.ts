/**
 * Estimates of the risk of myelopathy. None is a limit; each prints what it rests on.
 */
import { checkNonNegative } from '../core/check.js';
import { normalProbability } from '../core/normal.js';
import type { Source } from './evidence.js';

/** Alpha/beta of Schultheiss 2008, Gy. */
export const SCHULTHEISS_ALPHA_BETA = 0.87;

export const schultheissSource: Source = {
  citation: 'Schultheiss, 2008',
  evidence: 'computed',
  note: 'log-logistic through the points of the abstract: D50 69.4 Gy, 5 % at 59.3 Gy in 2 Gy fractions, alpha/beta 0.87 Gy; single courses, cervical cord',
};

/**
 * Probability of myelopathy, `1 / (1 + (69.4 / D)^k)`, k = ln 19 / ln(69.4 / 59.3).
 *
 * @param dose EQD2 of the cord with alpha/beta {@link SCHULTHEISS_ALPHA_BETA}, Gy
 */
export function schultheissProbability(dose: number): number {
  checkNonNegative('schultheissProbability: dose', dose);
  if (dose === 0) return 0;
  const k = Math.log(19) / Math.log(69.4 / 59.3);
  return 1 / (1 + (69.4 / dose) ** k);
}

export const lymanSource: Source = {
  citation: 'Lyman model with the cord parameters of Burman et al. 1991 (TD50 66.5 Gy, m 0.175)',
  evidence: 'recalled',
  note: 'gives 7.8 % at 50 Gy where QUANTEC has 0.2 %: never a pass or fail',
};

/** @param geud generalised equivalent uniform EQD2 of the cord, Gy */
export function lymanProbability(geud: number, td50 = 66.5, m = 0.175): number {
  checkNonNegative('lymanProbability: geud', geud);
  return normalProbability((geud - td50) / (m * td50));
}

/** Where along the spine a tissue lies: it decides the alpha/beta that an author uses. */
export type SpineLevel = 'cervical' | 'thoracic' | 'lumbar';

/** Alpha/beta of Nieder's score by level, Gy. HyTEC uses 2 Gy everywhere, Schultheiss 0.87 Gy. */
export const niederAlphaBeta: Readonly<Record<SpineLevel, number>> = { cervical: 2, thoracic: 2, lumbar: 4 };

export interface NiederInput {
  /** Largest BED of the cord by course, Gy, with {@link niederAlphaBeta}. */
  readonly courses: readonly number[];
  /** Largest sum in a voxel where the courses are registered. @default the sum of `courses` */
  readonly cumulative?: number;
  readonly months: number;
}

/** Nieder's score of the risk of myelopathy after re-irradiation, in points. */
export interface NiederScore {
  readonly points: number;
  readonly parts: { readonly cumulative: number; readonly interval: number; readonly course: number };
  readonly group: 'low' | 'intermediate' | 'high';
  /** Fraction of patients with myelopathy in that group, 2006 series. */
  readonly rate: number;
  readonly source: Source;
}

const niederSource: Source = {
  citation: 'Nieder et al., IJROBP 61 (2005) 851 and 66 (2006) 1446, PMID 17084560',
  evidence: 'recalled',
  note: 'rates found in the abstract (3, 25, 90 %); points of the score recalled',
};

/** Steps and points of the score, recalled: an institution that knows better gives its own. */
export interface NiederPoints {
  /** Cumulative BED without a point, and BED per point above it, Gy. */
  readonly from: number;
  readonly step: number;
  readonly largest: number;
  readonly interval: { readonly months: number; readonly points: number };
  readonly course: { readonly bed: number; readonly points: number };
  /** Largest points of the low and the intermediate group. */
  readonly low: number;
  readonly intermediate: number;
}

export const niederPoints: NiederPoints = {
  from: 120,
  step: 10,
  largest: 9,
  interval: { months: 6, points: 4.5 },
  course: { bed: 102, points: 4.5 },
  low: 3,
  intermediate: 6,
};

/**
 * Nieder's score: 0 points to a cumulative BED of 120 Gy and one more per 10 Gy, up to 9; 4.5 for an interval under 6
 * months; 4.5 for a course of 102 Gy or more. Up to 3 low, above 6 high.
 *
 * @throws {InvalidInputError} for negative doses or months
 */
export function niederScore({ courses, cumulative, months }: NiederInput, table = niederPoints): NiederScore {
  for (const bed of courses) checkNonNegative('niederScore: course', bed);
  checkNonNegative('niederScore: months', months);
  const total = checkNonNegative('niederScore: cumulative', cumulative ?? courses.reduce((a, b) => a + b, 0));
  const parts = {
    // A trace above a step, as rounding leaves it, is not a step.
    cumulative: Math.min(table.largest, Math.max(0, Math.ceil((total - table.from) / table.step - 1e-9))),
    interval: months < table.interval.months ? table.interval.points : 0,
    course: courses.some((bed) => bed >= table.course.bed) ? table.course.points : 0,
  };
  const points = parts.cumulative + parts.interval + parts.course;
  const group = points <= table.low ? 'low' : points > table.intermediate ? 'high' : 'intermediate';
  return { points, parts, group, rate: { low: 0.03, intermediate: 0.25, high: 0.9 }[group], source: niederSource };
}
