/**
 * The shape of leaves that collects most: what column generation asks for, exactly.
 *
 * A price of each pixel says how much the objective falls per monitor unit through it. A shape collects the prices of the pixels
 * that it opens. Without coupling between pairs, each row takes its best interval. Where opposing ends of neighbours must not
 * overlap, pairs are taken in order: of row i with ends (l, r), the best of rows up to i is its own sum and the best of row i - 1
 * over all ends (l', r') with l' <= r and l <= r', a running maximum over two indices. So both cost rows x columns^2.
 */
import { InvalidInputError } from '../core/errors.js';

/** Leaf ends as pixel edges, and the prices of what they open, summed. */
export interface PricedShape {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly value: number;
}

/** What leaves may do. */
export interface ShapeRules {
  /** Opposing ends of neighbouring pairs may touch, but not overlap. @default false */
  readonly interleaf?: boolean;
  /** Least pixels between the ends of a pair that is open. @default 1 */
  readonly least?: number;
}

/**
 * The shape of the largest sum of prices.
 *
 * @param prices  of every pixel, x-fastest, `rows` of equal length; any sign
 * @returns the closed shape with value 0 where no opening collects anything
 * @throws {InvalidInputError} for prices that are no whole number of rows, or not finite
 */
export function bestShape(prices: Float64Array, rows: number, rules: ShapeRules = {}): PricedShape {
  const columns = prices.length / rows;
  if (!(Number.isInteger(columns) && columns > 0)) {
    throw new InvalidInputError(`shape: ${prices.length} prices are no ${rows} rows of equal length. Give all pixels.`);
  }
  const bad = prices.findIndex((price) => !Number.isFinite(price));
  if (bad >= 0) throw new InvalidInputError(`shape: price ${bad + 1} is ${prices[bad]}, but must be finite.`);
  return rules.interleaf ? bestCoupled(prices, rows, rules) : bestFree(prices, rows, rules);
}

function bestFree(prices: Float64Array, rows: number, { least = 1 }: ShapeRules): PricedShape {
  const columns = prices.length / rows;
  const left = new Int32Array(rows);
  const right = new Int32Array(rows);
  let value = 0;
  for (let i = 0; i < rows; i++) {
    const sums = sumsOf(prices, i, columns);
    let best = 0;
    // The lowest sum so far is where an interval that ends here had best begin.
    let lowest = 0;
    for (let r = least; r <= columns; r++) {
      if (sums[r - least]! < sums[lowest]!) lowest = r - least;
      if (sums[r]! - sums[lowest]! <= best) continue;
      best = sums[r]! - sums[lowest]!;
      left[i] = lowest;
      right[i] = r;
    }
    value += best;
  }
  return { left, right, value };
}

/** Sum of the prices of a row before every edge. */
function sumsOf(prices: Float64Array, row: number, columns: number): Float64Array {
  const sums = new Float64Array(columns + 1);
  for (let j = 0; j < columns; j++) sums[j + 1] = sums[j]! + prices[row * columns + j]!;
  return sums;
}

function bestCoupled(prices: Float64Array, rows: number, { least = 1 }: ShapeRules): PricedShape {
  const columns = prices.length / rows;
  const edges = columns + 1;
  // came[i][l, r]: the ends of row i - 1 that go best with the ends (l, r) of row i.
  const came: Int32Array[] = [];
  let values = new Float64Array(edges * edges);
  for (let i = 0; i < rows; i++) {
    const sums = sumsOf(prices, i, columns);
    const best = i === 0 ? undefined : bestBefore(values, edges);
    if (best) came.push(best);
    const next = new Float64Array(edges * edges).fill(-Infinity);
    for (let l = 0; l < edges; l++) {
      for (let r = l; r < edges; r++) {
        if (r > l && r - l < least) continue;
        const at = l * edges + r;
        next[at] = sums[r]! - sums[l]! + (best ? values[best[at]!]! : 0);
      }
    }
    values = next;
  }
  let at = values.reduce((high, value, n) => (value > values[high]! ? n : high), 0);
  const value = values[at]!;
  const left = new Int32Array(rows);
  const right = new Int32Array(rows);
  for (let i = rows - 1; i >= 0; i--) {
    left[i] = Math.floor(at / edges);
    right[i] = at % edges;
    if (i > 0) at = came[i - 1]![at]!;
  }
  return { left, right, value };
}

/** For all ends (l, r): where the largest value with l' <= r and l <= r' stands. */
function bestBefore(values: Float64Array, edges: number): Int32Array {
  // low[a, b]: the best with l' <= a and r' >= b.
  const low = new Int32Array(edges * edges);
  for (let a = 0; a < edges; a++) {
    for (let b = edges - 1; b >= 0; b--) {
      let best = a * edges + b;
      if (b < a) best = a * edges + a;
      const take = (other: number): void => {
        if (values[other]! > values[best]!) best = other;
      };
      if (a > 0) take(low[(a - 1) * edges + b]!);
      if (b < edges - 1) take(low[a * edges + b + 1]!);
      low[a * edges + b] = best;
    }
  }
  const out = new Int32Array(edges * edges);
  for (let l = 0; l < edges; l++) for (let r = l; r < edges; r++) out[l * edges + r] = low[r * edges + l]!;
  return out;
}
