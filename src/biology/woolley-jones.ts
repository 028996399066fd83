/**
 * Tolerance of the cord to a second course, growing with time since the first: the model of Woolley, Jones et al. 2018.
 *
 * With B1, B2 in percent of the tolerance BED of a single course, r rising with time,
 *
 *     B2 = 100 u { 1 + h [ u^(-r/(1+r)) - 1 ] },   u = 1 - B1/100,   h = (1 + tanh(s0 (B1 - B / (1 + s1 r)))) / 2
 *
 * r(t) is the cubic through (70 days, 0) and r_1, r_2, r_3, which are solved so that B2 meets the second-course doses of
 * monkeys at 1, 2 and 3 years after 44 Gy, all at the risk R asked for. Human tolerance is the monkeys' shifted so that a
 * risk of 1 % is 54.8 Gy in 2 Gy fractions. Beyond 3 years nothing more is credited. Alpha/beta is 2 Gy throughout.
 *
 * @see Woolley et al., Int. J. Radiat. Biol. 94 (2018) 515-531; parameters from the authors' program (MIT licence)
 */
import { checkNonNegative } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { normalQuantile } from '../core/normal.js';

export interface WoolleyJonesOptions {
  /** Of myelopathy, 0 to 1. @default 0.01 */
  readonly risk?: number;
  /** Percent by which the tolerance is lowered, 0 to 20. @default 0 */
  readonly conservative?: number;
}

export interface WoolleyJones {
  readonly risk: number;
  /** Of a single course, EQD2 with alpha/beta 2 Gy, Gy. */
  readonly tolerance: number;
  /** Recovery exponents at 1, 2, 3 years. */
  readonly exponents: readonly [number, number, number];
  /**
   * @param priorEqd2 EQD2 with alpha/beta 2 Gy, Gy
   * @param years since the first course, >= 0; no more than 3 are credited
   */
  retreatment(priorEqd2: number, years: number): WoolleyJonesTolerance;
}

export interface WoolleyJonesTolerance {
  /** Percent of the tolerance that the first course took; from 100 on nothing is left. */
  readonly b1: number;
  readonly exponent: number;
  /** Percent that the second course may take. */
  readonly b2: number;
  /** The same in EQD2 with alpha/beta 2 Gy, Gy. */
  readonly eqd2: number;
}

/** Dose of 50 % myelopathy in 2.2 Gy fractions, Gy, and slope: single course, second course after 1, 2, 3 years. */
export const monkeyD50 = [76.5571, 64.3842, 72.2328, 74.985] as const;
const SLOPE = [11.3764, 9.5675, 10.7338, 11.1428] as const;
/** First course of the retreated monkeys, Gy in 2.2 Gy fractions. */
export const monkeyFirstCourse = 44;
/** Human tolerance at 1 % risk, Gy in 2 Gy fractions. */
const HUMAN = 54.8;
/** s0, s1 and B of h: the program's defaults. */
const [S0, S1, BAR] = [0.15, 0.1, 35];
/** Years before which nothing recovers. */
const START = 70 / 365;
const LAST = 3;

/** @throws {InvalidInputError} unless 0 < risk < 1 and conservative is 0 to 20 */
export function woolleyJones({ risk = 0.01, conservative = 0 }: WoolleyJonesOptions = {}): WoolleyJones {
  if (!(conservative >= 0 && conservative <= 20)) {
    throw new InvalidInputError(`woolley-jones: conservative is ${conservative} %, but must be 0 to 20.`);
  }
  const z = normalQuantile(risk);
  const keep = 1 - conservative / 100;
  const [single, ...second] = monkeyD50.map((dose, i) => dose * (1 + z / SLOPE[i]!)) as [
    number,
    number,
    number,
    number,
  ];
  const tolerance = (HUMAN + single - monkeyD50[0] * (1 + normalQuantile(0.01) / SLOPE[0])) * keep;
  const first = (100 * monkeyFirstCourse) / (keep * single);
  if (!(first < 100) || !(tolerance > 0)) {
    throw new InvalidInputError(
      `woolley-jones: at a risk of ${risk} and ${conservative} % less the first course of the monkeys took ${first.toFixed(0)} % of the tolerance, which the model cannot follow. Use a larger risk.`,
    );
  }
  const exponents = second.map((dose) => solveExponent(first, (100 * dose) / single)) as [number, number, number];
  return {
    risk,
    tolerance,
    exponents,
    retreatment(priorEqd2, years) {
      checkNonNegative('woolley-jones: prior EQD2', priorEqd2);
      checkNonNegative('woolley-jones: years', years);
      const b1 = (100 * priorEqd2) / tolerance;
      const exponent = exponentAt(exponents, years);
      const b2 = b1 >= 100 ? 0 : secondFraction(b1, exponent);
      return { b1, exponent, b2, eqd2: (b2 * tolerance) / 100 };
    },
  };
}

function secondFraction(b1: number, r: number): number {
  const u = 1 - b1 / 100;
  const h = (1 + Math.tanh(S0 * (b1 - BAR / (1 + S1 * r)))) / 2;
  return 100 * u * (1 + h * (u ** (-r / (1 + r)) - 1));
}

/** B2 rises with r, to 100 % for ever larger r. */
function solveExponent(b1: number, b2: number): number {
  let low = 0;
  let high = 1e6;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (secondFraction(b1, middle) < b2) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The cubic through (START, 0), (1, r1), (2, r2), (3, r3), in Lagrange's form. */
function exponentAt(exponents: readonly number[], years: number): number {
  if (years <= START) return 0;
  const t = Math.min(years, LAST);
  const places = [START, 1, 2, LAST];
  return [0, ...exponents].reduce((sum, r, i) => {
    const weight = places.reduce((product, x, j) => (j === i ? product : (product * (t - x)) / (places[i]! - x)), 1);
    return sum + r * weight;
  }, 0);
}
