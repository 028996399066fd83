/**
 * Fewer points on a line that looks the same: those are left out that lie within a tolerance of the line through the others.
 *
 * An isoline has a corner at every edge of a lattice that it crosses, several on each pixel, and a stroke costs by the corner.
 *
 * @see Douglas and Peucker, Cartographica 10 (1973) 112, doi:10.3138/FM57-6770-U75U-7727, method 2
 */

/**
 * The line with the fewest points that the method finds, its ends kept.
 *
 * @param points flat [x0, y0, x1, y1, ...], px
 * @param tolerance px: no point of the line is farther from the new one
 */
export function simplifyLine(points: Float64Array, tolerance: number): Float64Array {
  const n = points.length / 2;
  if (n < 3) return points;
  const isKept = new Uint8Array(n);
  isKept[0] = 1;
  isKept[n - 1] = 1;
  let kept = 2;
  const open = [0, n - 1];
  while (open.length > 0) {
    const to = open.pop()!;
    const from = open.pop()!;
    const far = farthest(points, from, to, tolerance);
    if (far < 0) continue;
    isKept[far] = 1;
    kept++;
    open.push(from, far, far, to);
  }
  const out = new Float64Array(2 * kept);
  for (let i = 0, at = 0; i < n; i++) {
    if (isKept[i] === 0) continue;
    out[at++] = points[2 * i]!;
    out[at++] = points[2 * i + 1]!;
  }
  return out;
}

/** Of the points between two, that farthest from the segment between them; -1 where none is beyond the tolerance. */
function farthest(points: Float64Array, from: number, to: number, tolerance: number): number {
  const [x0, y0] = [points[2 * from]!, points[2 * from + 1]!];
  const [dx, dy] = [points[2 * to]! - x0, points[2 * to + 1]! - y0];
  const square = dx * dx + dy * dy;
  let largest = tolerance * tolerance;
  let at = -1;
  for (let i = from + 1; i < to; i++) {
    const x = points[2 * i]! - x0;
    const y = points[2 * i + 1]! - y0;
    // A ring begins where it ends: then the segment is a point.
    const t = square > 0 ? Math.min(1, Math.max(0, (x * dx + y * dy) / square)) : 0;
    const ex = x - t * dx;
    const ey = y - t * dy;
    const distance = ex * ex + ey * ey;
    if (distance > largest) {
      largest = distance;
      at = i;
    }
  }
  return at;
}
