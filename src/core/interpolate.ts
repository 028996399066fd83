/**
 * Interpolation in tables of one variable.
 */
import { InvalidInputError } from './errors.js';

/** @throws {InvalidInputError} unless `x` rises strictly */
export function checkRising(name: string, x: ArrayLike<number>): void {
  for (let i = 1; i < x.length; i++) {
    if (!(x[i]! > x[i - 1]!)) {
      throw new InvalidInputError(
        `${name} must rise strictly, but entry ${i} is ${x[i]} after ${x[i - 1]}. Sort the table.`,
      );
    }
  }
}

/** Piecewise linear value of the table (x, y) at `at`; constant beyond its ends. `x` must rise strictly. */
export function interpolateLinear(x: ArrayLike<number>, y: ArrayLike<number>, at: number): number {
  const last = x.length - 1;
  if (at <= x[0]!) return y[0]!;
  if (at >= x[last]!) return y[last]!;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle]! <= at) low = middle;
    else high = middle;
  }
  const t = (at - x[low]!) / (x[high]! - x[low]!);
  return y[low]! + t * (y[high]! - y[low]!);
}

/**
 * Slopes of the shape-preserving cubic (PCHIP): no overshoot between the points.
 *
 * @see Fritsch and Carlson, SIAM J. Numer. Anal. 17 (1980) 238, doi:10.1137/0717021
 */
export function pchipSlopes(x: ArrayLike<number>, y: ArrayLike<number>): Float64Array {
  const n = x.length;
  const slopes = new Float64Array(n);
  const secant = (i: number): number => (y[i + 1]! - y[i]!) / (x[i + 1]! - x[i]!);
  if (n < 2) return slopes;
  slopes[0] = secant(0);
  slopes[n - 1] = secant(n - 2);
  for (let i = 1; i < n - 1; i++) {
    const left = secant(i - 1);
    const right = secant(i);
    if (left * right <= 0) continue;
    const hl = x[i]! - x[i - 1]!;
    const hr = x[i + 1]! - x[i]!;
    slopes[i] = (3 * (hl + hr)) / ((2 * hr + hl) / left + (hr + 2 * hl) / right);
  }
  return slopes;
}

/** Value of the cubic with the given slopes; beyond the ends, the end value. */
export function interpolateCubic(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  slopes: ArrayLike<number>,
  at: number,
): number {
  const last = x.length - 1;
  if (at <= x[0]!) return y[0]!;
  if (at >= x[last]!) return y[last]!;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle]! <= at) low = middle;
    else high = middle;
  }
  const h = x[high]! - x[low]!;
  const t = (at - x[low]!) / h;
  const s = 1 - t;
  return (
    s * s * (1 + 2 * t) * y[low]! + t * t * (1 + 2 * s) * y[high]! + h * t * s * (s * slopes[low]! - t * slopes[high]!)
  );
}
