/**
 * Leaf ends anywhere along their travel: how much of each pixel they leave open, and where moving them gains.
 *
 * Places are in pixels: an end at 2.25 leaves three quarters of pixel 2 to one side. Within a pixel the open part is linear in the
 * place, so its slope is that of the pixel's price.
 */
import type { ShapeRules } from './best-shape.js';

/** Ends of every pair of a field, in pixels from the first edge; equal where the pair is closed. */
export interface LeafEnds {
  readonly left: Float64Array;
  readonly right: Float64Array;
}

/** A move of one end of a pair to a pixel edge. */
interface Move {
  readonly side: Float64Array;
  readonly gain: number;
  readonly to: number;
}

/** The fraction of every pixel that is open, 0 to 1, x-fastest. */
export function coverageOf({ left, right }: LeafEnds, columns: number): Float64Array {
  const open = new Float64Array(left.length * columns);
  left.forEach((from, i) => {
    const to = right[i]!;
    for (let j = Math.floor(from); j < to; j++) {
      open[i * columns + j] = Math.min(to, j + 1) - Math.max(from, j);
    }
  });
  return open;
}

/**
 * The ends moved to the next pixel edge, each to the side where the prices say that it gains; undefined where none gains.
 *
 * @param prices what a unit through each pixel is worth, x-fastest
 */
export function movedEnds(
  ends: LeafEnds,
  prices: Float64Array,
  columns: number,
  { interleaf = false, least = 1 }: ShapeRules = {},
): LeafEnds | undefined {
  const left = ends.left.slice();
  const right = ends.right.slice();
  const rows = left.length;
  let hasMoved = false;
  const permitted = (i: number): boolean => {
    const [l, r] = [left[i]!, right[i]!];
    if (r - l < least - 1e-9) return false;
    if (!interleaf) return true;
    return [i - 1, i + 1].every((n) => n < 0 || n >= rows || (l <= right[n]! && left[n]! <= r));
  };
  /** Where an end gains most, and how much; undefined where it gains nowhere. */
  const gainOf = (side: Float64Array, i: number, sign: 1 | -1): Move | undefined => {
    const from = side[i]!;
    const price = (j: number): number => (j < 0 || j >= columns ? -Infinity : prices[i * columns + j]!);
    // Outwards a pixel opens, inwards one closes; `sign` is 1 where outwards is to the right.
    const out = sign > 0 ? Math.floor(from) : Math.ceil(from) - 1;
    const within = sign > 0 ? Math.ceil(from) - 1 : Math.floor(from);
    const outwards = { side, gain: price(out), to: sign > 0 ? out + 1 : out };
    const inwards = { side, gain: -price(within), to: sign > 0 ? within : within + 1 };
    const best = outwards.gain > inwards.gain ? outwards : inwards;
    return best.gain > 0 && best.to >= 0 && best.to <= columns ? best : undefined;
  };
  for (let i = 0; i < rows; i++) {
    if (right[i] === left[i]) continue;
    // The end that gains more moves first, so that neither side comes first where a rule lets only one move.
    const moves = [gainOf(left, i, -1), gainOf(right, i, 1)].filter((move) => move !== undefined);
    for (const { side, to } of moves.sort((a, b) => b.gain - a.gain)) {
      const from = side[i]!;
      side[i] = to;
      if (permitted(i)) hasMoved = true;
      else side[i] = from;
    }
  }
  return hasMoved ? { left, right } : undefined;
}

/** Ends whose openings are at least so wide, further open where pixels may be, closed where there is no place for that. */
export function widenedEnds(
  { left, right }: { readonly left: ArrayLike<number>; readonly right: ArrayLike<number> },
  least: number,
  mayOpen: (row: number, pixel: number) => boolean,
): LeafEnds {
  const ends = { left: Float64Array.from(left), right: Float64Array.from(right) };
  ends.left.forEach((from, i) => {
    let [l, r] = [from, ends.right[i]!];
    if (r === l) return;
    while (r - l < least && mayOpen(i, r)) r++;
    while (r - l < least && mayOpen(i, l - 1)) l--;
    if (r - l < least) r = l = from;
    ends.left[i] = l;
    ends.right[i] = r;
  });
  return ends;
}
