/** The standard normal distribution. */
import { checkFinite } from './check.js';
import { erf } from './error-function.js';
import { InvalidInputError } from './errors.js';

/** Probability that a standard normal variable is at most `z`. */
export function normalProbability(z: number): number {
  return 0.5 * (1 + erf(z / Math.SQRT2));
}

/**
 * The z whose probability is `p`, to 1e-12 for 1e-6 <= p <= 1 - 1e-6: bisection on {@link normalProbability}.
 *
 * @throws {InvalidInputError} unless 0 < p < 1
 */
export function normalQuantile(p: number): number {
  checkFinite('normalQuantile: p', p);
  if (!(p > 0 && p < 1)) throw new InvalidInputError(`normalQuantile: p is ${p}, but must lie between 0 and 1.`);
  let low = -8;
  let high = 8;
  for (let i = 0; i < 64; i++) {
    const middle = (low + high) / 2;
    if (normalProbability(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
