import fc from 'fast-check';
import { expect, test } from 'vitest';
import { simplifyLine } from '../../src/render/simplify-line.js';

/** Largest distance of the points of one line from the segments of another. */
function farthestFrom(points: Float64Array, line: Float64Array): number {
  let most = 0;
  for (let i = 0; i < points.length; i += 2) {
    let least = Infinity;
    for (let s = 0; s + 3 < line.length; s += 2) {
      const [x0, y0, x1, y1] = line.slice(s, s + 4) as unknown as [number, number, number, number];
      const square = (x1 - x0) ** 2 + (y1 - y0) ** 2;
      const along = ((points[i]! - x0) * (x1 - x0) + (points[i + 1]! - y0) * (y1 - y0)) / (square || 1);
      const t = Math.min(1, Math.max(0, along));
      least = Math.min(least, Math.hypot(points[i]! - x0 - t * (x1 - x0), points[i + 1]! - y0 - t * (y1 - y0)));
    }
    most = Math.max(most, least);
  }
  return most;
}

test('a circle keeps as many points as its sagitta asks for, its ends, and no point is beyond the tolerance', () => {
  const [n, radius, tolerance] = [720, 100, 0.05];
  const circle = Float64Array.from({ length: 2 * (n + 1) }, (_, i) => {
    const angle = (2 * Math.PI * (i >> 1)) / n;
    return radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  });
  const line = simplifyLine(circle, tolerance);
  // A chord over 2a has the sagitta r (1 - cos a): at least pi / a of them; halving gives at most twice that, and as much again.
  const fewest = Math.PI / Math.acos(1 - tolerance / radius);
  expect(line.length / 2).toBeGreaterThan(fewest);
  expect(line.length / 2).toBeLessThan(4 * fewest);
  expect([...line.subarray(0, 2), ...line.subarray(-2)]).toEqual([...circle.subarray(0, 2), ...circle.subarray(-2)]);
  expect(farthestFrom(circle, line)).toBeLessThanOrEqual(tolerance);
});

test('any line: its own points, none of them left beyond the tolerance; straight runs lose all but their ends', () => {
  const coordinate = fc.double({ min: -50, max: 50, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 40 }), (points) => {
      const all = Float64Array.from(points.flat());
      const line = simplifyLine(all, 2);
      expect(farthestFrom(all, line.length > 2 ? line : Float64Array.of(...line, ...line))).toBeLessThanOrEqual(
        2 + 1e-9,
      );
      let at = 0;
      for (let i = 0; i < line.length; i += 2, at++) {
        while (at < points.length && !(points[at]![0] === line[i] && points[at]![1] === line[i + 1])) at++;
        expect(at).toBeLessThan(points.length);
      }
    }),
    { seed: 11, numRuns: 300 },
  );
  const straight = Float64Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? i : 3 * (i - 1)));
  expect([...simplifyLine(straight, 1e-6)]).toEqual([0, 0, 38, 114]);
});
