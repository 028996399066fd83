/**
 * Weighted quantiles without bins.
 */
import { InvalidInputError } from './errors.js';

/**
 * The largest level that at least `fraction` of the weight reaches or exceeds: D50 for 0.5, D95 for 0.95.
 *
 * Values are sorted from the top; between two neighbours the level is interpolated linearly at the middle of each one's
 * weight, so that the answer moves continuously with the values. O(n log n).
 *
 * @param values one per item, finite
 * @param weights >= 0, same length, not all zero
 * @param fraction 0 to 1
 */
export function weightedUpperQuantile(values: ArrayLike<number>, weights: ArrayLike<number>, fraction: number): number {
  const n = values.length;
  let total = 0;
  for (let i = 0; i < n; i++) total += weights[i]!;
  if (!(total > 0)) throw new InvalidInputError('quantile: the weights sum to zero. The structure is empty.');
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const wanted = fraction * total;
  let before = 0;
  let lastMiddle = 0;
  let lastValue = values[order[0]!]!;
  for (const i of order) {
    const middle = before + weights[i]! / 2;
    if (middle >= wanted) {
      const span = middle - lastMiddle;
      return span > 0 ? lastValue + ((wanted - lastMiddle) / span) * (values[i]! - lastValue) : values[i]!;
    }
    lastMiddle = middle;
    lastValue = values[i]!;
    before += weights[i]!;
  }
  return lastValue;
}
