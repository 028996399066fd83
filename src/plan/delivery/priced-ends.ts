/** Leaf ends moved to where pixels are worth more: outwards over pixels that gain, inwards over those that cost. */
import type { JawField } from '../../beam/aperture.js';
import type { BeamletSet } from '../../beam/fluence.js';

/** What a unit through every beamlet of a field is worth. */
export interface PricedField {
  readonly beamlets: BeamletSet;
  /** One per beamlet. */
  readonly prices: Float64Array;
}

/** How far ends may move, and what they keep. */
export interface EndRules {
  readonly bank: { readonly boundaries: readonly number[] };
  /** mm at most. */
  readonly move: number;
  readonly gap: number;
  readonly interleaf: boolean;
  readonly jaws: JawField;
}

/**
 * Ends of all pairs, each moved within the jaws to the place of the largest sum of prices that it can reach.
 *
 * What lies beside the beamlets is worth less than nothing.
 */
export function pricedEnds(
  leaves: readonly (readonly [number, number])[],
  { beamlets: { grid, pixels }, prices }: PricedField,
  { bank, move, gap, interleaf, jaws }: EndRules,
): [number, number][] {
  const columns = grid.x.length - 1;
  const worst = prices.reduce((low, price) => Math.min(low, price), 0);
  const all = new Float64Array(columns * (grid.y.length - 1)).fill(worst);
  pixels.forEach((pixel, b) => {
    all[pixel] = prices[b]!;
  });
  const ends = leaves.map(([x1, x2]): [number, number] => [x1, x2]);
  leaves.forEach(([x1, x2], n) => {
    const middle = (bank.boundaries[n]! + bank.boundaries[n + 1]!) / 2;
    const row = grid.y.findLastIndex((edge) => edge <= middle);
    if (row < 0 || row >= grid.y.length - 1 || middle < jaws.y1 || middle > jaws.y2) return;
    const worth = worthOf(grid.x, all.subarray(row * columns, (row + 1) * columns), worst);
    // Both ends look at the places that they had; a gap that is lost is given back by half from each side.
    const left = bestPlace(x1, x1 - move, Math.min(x1 + move, x2 - gap), jaws, (x) => -worth(x));
    const right = bestPlace(x2, Math.max(x2 - move, left + gap), x2 + move, jaws, worth);
    ends[n] = [left, right];
  });
  if (interleaf) keepApart(ends, leaves);
  return ends;
}

/** The sum of prices from the first edge to a place, in prices times mm. */
function worthOf(x: Float64Array, prices: Float64Array, beside: number): (place: number) => number {
  const sums = [0];
  prices.forEach((price, j) => {
    sums.push(sums[j]! + price * (x[j + 1]! - x[j]!));
  });
  return (place) => {
    if (place <= x[0]!) return beside * (place - x[0]!);
    if (place >= x.at(-1)!) return sums.at(-1)! + beside * (place - x.at(-1)!);
    const j = x.findLastIndex((edge) => edge <= place);
    return sums[j]! + prices[j]! * (place - x[j]!);
  };
}

/** Of the places within reach, in steps of a fifth of the way, the one of the largest worth; the old one where none is better. */
function bestPlace(
  from: number,
  low: number,
  high: number,
  { x1, x2 }: JawField,
  worth: (place: number) => number,
): number {
  let best = from;
  for (let step = 0; step <= 10; step++) {
    const place = low + (step * (high - low)) / 10;
    if (!(high > low) || ((place < x1 || place > x2) && Math.abs(place - from) > 1e-9)) continue;
    if (worth(place) > worth(best) + 1e-12) best = place;
  }
  return best;
}

/** Pairs that would overlap a neighbour stay where they were, and so do their neighbours then, until none does. */
function keepApart(ends: [number, number][], before: readonly (readonly [number, number])[]): void {
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (let n = 1; n < ends.length; n++) {
      const [a, b] = [ends[n - 1]!, ends[n]!];
      if (a[0] <= b[1] + 1e-9 && b[0] <= a[1] + 1e-9) continue;
      for (const pair of [n - 1, n]) {
        const [x1, x2] = before[pair]!;
        if (ends[pair]![0] === x1 && ends[pair]![1] === x2) continue;
        ends[pair] = [x1, x2];
        hasChanged = true;
      }
    }
  }
}
