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
  const move = (side: Float64Array, i: number, sign: 1 | -1): void => {
    const from = side[i]!;
    const price = (j: number): number => (j < 0 || j >= columns ? -Infinity : prices[i * columns + j]!);
    // Outwards a pixel opens, inwards one closes; `sign` is 1 where outwards is to the right.
    const out = sign > 0 ? Math.floor(from) : Math.ceil(from) - 1;
    const within = sign > 0 ? Math.ceil(from) - 1 : Math.floor(from);
    const gains: [number, number][] = [
      [price(out), sign > 0 ? out + 1 : out],
      [-price(within), sign > 0 ? within : within + 1],
    ];
    const [gain, to] = gains[0]![0] > gains[1]![0] ? gains[0]! : gains[1]!;
    if (!(gain > 0) || to < 0 || to > columns) return;
    side[i] = to;
    if (permitted(i)) hasMoved = true;
    else side[i] = from;
  };
  for (let i = 0; i < rows; i++) {
    if (right[i] === left[i]) continue;
    move(left, i, -1);
    move(right, i, 1);
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
