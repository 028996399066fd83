/**
 * Recovery conventions: what of a prior course still counts, and against which tolerance.
 *
 * They disagree: after 38 Gy in 19 fractions a tolerance of 50 Gy EQD2 leaves 17.2 Gy in 22 fractions without recovery,
 * 34.7 Gy if half of the prior dose is forgotten, 29.4 Gy if the tolerance grows by a quarter. So a convention is an object
 * with a name and a source, `none` always stands first, and no other is ever applied unless it is asked for by name.
 *
 *     none             prior                                 <= T
 *     discount-prior   (1 - f(months)) prior                 <= T         f from a month table
 *     scale-tolerance  prior                                 <= g(months) T
 *     ang              as discount-prior, f from primates, straight lines between the years
 *     woolley-jones    its own tolerance of the second course (`woolley-jones.ts`)
 */

import { checkNonNegative } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { toDecimals } from '../core/rounding.js';
import type { Source } from './evidence.js';
import { checkMonthTable, lineAt, type MonthTable, stepAt } from './month-table.js';
import { type WoolleyJonesOptions, woolleyJones } from './woolley-jones.js';

/** What a convention makes of a prior dose. */
export interface Recovered {
  /** EQD2 of the prior course that still counts, Gy. */
  readonly prior: number;
  /** EQD2 of both courses together that is held to be tolerated, Gy. */
  readonly tolerance: number;
}

export interface RecoveryConvention {
  readonly name: string;
  /** In words, with its numbers. */
  readonly title: string;
  readonly source: Source;
  /** Gy; where it holds for one alpha/beta only. */
  readonly alphaBeta?: number;
  /**
   * @param priorEqd2 of the prior course, Gy
   * @param months since its end, >= 0
   * @param tolerance EQD2 that is tolerated without a prior course, Gy
   * @throws {InvalidInputError} for negative or unknown months
   */
  after(priorEqd2: number, months: number | undefined, tolerance: number): Recovered;
}

/** The prior dose counts in full, for ever. */
export const noRecovery: RecoveryConvention = {
  name: 'none',
  title: 'no recovery',
  source: { citation: 'no model: the doses of all courses add up', evidence: 'assumed' },
  after: (prior, _, tolerance) => ({ prior, tolerance }),
};

const simpleRule: Source = {
  citation: 'simple recovery rule, quoted in the introduction of Doi et al., Strahlenther. Onkol. 197 (2021) 463',
  evidence: 'found',
  note: '25 % after 6 months, 50 % after 12; tolerance 125 % and 150 %',
};

/** Fraction of the prior dose that is forgotten, by months. */
export const simpleDiscount: MonthTable = [
  [6, 0.25],
  [12, 0.5],
];
/** Factor on the tolerance, by months. */
export const simpleScale: MonthTable = [
  [6, 1.25],
  [12, 1.5],
];
/** A factor of 1.25 from 6 months on (Geraghty et al., AAPM 2013, SU-E-T-307). */
export const geraghtyScale: MonthTable = [[6, 1.25]];
/** Explored beside it: 50, 60, 70 % of the initial dose at 1, 2, 3 years. */
export const geraghtyDiscount: MonthTable = [
  [12, 0.5],
  [24, 0.6],
  [36, 0.7],
];
const geraghty: Source = { citation: 'Geraghty et al., AAPM 2013, SU-E-T-307', evidence: 'found' };

/** @param table share of the prior dose that is forgotten, 0 to 1 */
export function discountPrior(
  table: MonthTable = simpleDiscount,
  source: Source = simpleRule,
  name = 'discount-prior',
): RecoveryConvention {
  checkMonthTable(name, table, 0, 1);
  return {
    name,
    title: `${table.map(([months, fraction]) => `${percent(fraction)} of the prior dose forgotten after ${months} months`).join(', ')}`,
    source,
    after(prior, months, tolerance) {
      return { prior: prior * (1 - stepAt(table, checkMonths(name, months), 0)), tolerance };
    },
  };
}

/** @param table factor on the tolerance, 1 or more */
export function scaleTolerance(
  table: MonthTable = simpleScale,
  source: Source = simpleRule,
  name = 'scale-tolerance',
): RecoveryConvention {
  checkMonthTable(name, table, 1, 10);
  return {
    name,
    title: `${table.map(([months, factor]) => `tolerance x ${factor} after ${months} months`).join(', ')}`,
    source,
    after(prior, months, tolerance) {
      return { prior, tolerance: tolerance * stepAt(table, checkMonths(name, months), 1) };
    },
  };
}

/** Fraction of 44 Gy that primates recovered at 1, 2, 3 years; 101 % is cut at all of it. */
export const angTable: MonthTable = [
  [12, 0.76],
  [24, 0.85],
  [36, 1],
];

/** Recovery as primates showed it: none is credited before the first year, none beyond the last entry. */
export function angRecovery(table: MonthTable = angTable): RecoveryConvention {
  checkMonthTable('ang', table, 0, 1);
  return {
    name: 'ang',
    title: `${table.map(([months, fraction]) => `${percent(fraction)} of the prior dose forgotten at ${months} months`).join(', ')}, straight lines between`,
    source: {
      citation: 'Ang et al., IJROBP 50 (2001) 1013',
      evidence: 'recalled',
      note: 'source not read; primates, 44 Gy in 20 fractions; its conservative estimate is 61 %',
    },
    after(prior, months, tolerance) {
      return { prior: prior * (1 - lineAt(table, checkMonths('ang', months), 0)), tolerance };
    },
  };
}

/** The second course's own tolerance after Woolley, Jones et al. 2018; the tolerance asked for does not enter. */
export function woolleyJonesRecovery(options: WoolleyJonesOptions = {}): RecoveryConvention {
  const model = woolleyJones(options);
  return {
    name: 'woolley-jones',
    title: `retreatment tolerance by time after Woolley and Jones, risk ${percent(model.risk)}, first tolerance ${model.tolerance.toFixed(1)} Gy EQD2`,
    source: {
      citation: 'Woolley et al., Int. J. Radiat. Biol. 94 (2018) 515-531',
      evidence: 'found',
      note: "model and parameters from the authors' published program; primates, 70 days to 3 years, alpha/beta 2 Gy",
    },
    alphaBeta: 2,
    after(prior, months) {
      const left = model.retreatment(prior, checkMonths('woolley-jones', months) / 12).eqd2;
      return { prior: model.tolerance - left, tolerance: model.tolerance };
    },
  };
}

/** `none` first, as in every output. */
export const recoveryConventions: readonly RecoveryConvention[] = [
  noRecovery,
  discountPrior(),
  scaleTolerance(),
  scaleTolerance(geraghtyScale, geraghty, 'scale-tolerance-geraghty'),
  discountPrior(geraghtyDiscount, geraghty, 'discount-prior-geraghty'),
  angRecovery(),
  woolleyJonesRecovery(),
];

/** @throws {InvalidInputError} for a name that there is not */
export function recoveryConvention(name: string): RecoveryConvention {
  const found = recoveryConventions.find((convention) => convention.name === name);
  if (found === undefined) {
    const names = recoveryConventions.map((convention) => convention.name).join(', ');
    throw new InvalidInputError(`recovery convention "${name}" is unknown. Use one of ${names}.`);
  }
  return found;
}

function checkMonths(name: string, months: number | undefined): number {
  if (months === undefined) {
    throw new InvalidInputError(
      `recovery ${name}: the months since the prior course are not known. Give them, or credit no recovery.`,
    );
  }
  return checkNonNegative(`recovery ${name}: months`, months);
}

function percent(fraction: number): string {
  return `${toDecimals(100 * fraction, 2)} %`;
}
