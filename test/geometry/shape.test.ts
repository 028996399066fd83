/** Distances: the indexed edges against one pass over all of them, and the contract of `reach` on every shape. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { EdgeIndex } from '../../src/geometry/edge-index.js';
import { box, difference, ellipsoid, inset, intersection, prism, tube, union } from '../../src/geometry/shape.js';
import type { Solid } from '../../src/geometry/solid.js';

/** Star with unequal rays: concave, 37 edges. */
const star = Float64Array.from({ length: 74 }, (_, i) => {
  const p = i >> 1;
  const r = 9 + 4 * Math.sin(1.7 * p) + (p % 3);
  return i % 2 === 0 ? 3 + r * Math.cos((2 * Math.PI * p) / 37) : -2 + 0.7 * r * Math.sin((2 * Math.PI * p) / 37);
});

/** Signed distance by definition. */
function slowDistance(ring: Float64Array, x: number, y: number): number {
  let best = Infinity;
  let isInside = false;
  for (let i = 0; i < ring.length; i += 2) {
    const j = (i + 2) % ring.length;
    const [ax, ay, bx, by] = [ring[i]!, ring[i + 1]!, ring[j]!, ring[j + 1]!];
    const t = Math.min(
      1,
      Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)),
    );
    best = Math.min(best, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
    if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) isInside = !isInside;
  }
  return isInside ? -best : best;
}

test('indexed edges give the distance of all edges, near and far, asked once or again: seed 5', () => {
  const edges = new Float64Array(2 * star.length);
  for (let i = 0; i < star.length; i += 2) {
    const j = (i + 2) % star.length;
    edges.set([star[i]!, star[i + 1]!, star[j]!, star[j + 1]!], 2 * i);
  }
  const index = new EdgeIndex(edges);
  const random = createRandom(5);
  for (let n = 0; n < 4000; n++) {
    // Quarter millimetres meet vertices' rows and the kept answers; 1e-12 is rounding at 30 mm.
    const x = Math.round(4 * 30 * (random.uniform() - 0.5)) / 4;
    const y = Math.round(4 * 30 * (random.uniform() - 0.5)) / 4;
    const slow = slowDistance(star, x, y);
    expect(Math.abs(index.signedDistance(x, y) - slow)).toBeLessThan(1e-12);
    expect(index.squaredDistance(x, y, 4)).toBeCloseTo(Math.min(4, slow * slow), 10);
  }
});

const wall = prism(star, -6, 9, { inset: 1.5 });
const shapes: Record<string, Solid> = {
  box: box([-5, -3, -9], [4, 8, 2]),
  ellipsoid: ellipsoid([1, 2, 3], [9, 5, 7]),
  tube: tube(
    [
      [-9, 0, 1],
      [3, 4, -2],
      [8, -6, 5],
    ],
    2.5,
  ),
  'prism along z': prism(star, -6, 9),
  'prism along y': prism(star, -6, 9, { axis: 'y' }),
  'prism along x': prism(star, -6, 9, { axis: 'x' }),
  'inset prism': wall,
  union: union(box([-5, -3, -9], [4, 8, 2]), wall, tube([[0, 0, 0]], 6)),
  intersection: intersection(prism(star, -6, 9), tube([[0, 0, 0]], 8)),
  difference: difference(prism(star, -6, 9), union(tube([[3, 0, 0]], 3), box([-9, -9, -2], [0, 0, 2]))),
  inset: inset(prism(star, -6, 9), 1),
};

test.each(Object.entries(shapes))('%s: a distance within reach is exact, beyond it a bound: seed 7', (_, solid) => {
  const random = createRandom(7);
  for (let n = 0; n < 3000; n++) {
    const [x, y, z] = [0, 1, 2].map(() => 40 * (random.uniform() - 0.5)) as [number, number, number];
    const reach = 6 * random.uniform();
    const d = solid.distance(x, y, z);
    const bound = solid.distance(x, y, z, reach);
    if (Math.abs(d) < reach) expect(bound).toBe(d);
    else {
      expect(Math.sign(bound)).toBe(Math.sign(d));
      expect(Math.abs(bound)).toBeGreaterThanOrEqual(reach);
    }
  }
});

test('of a further part it is asked only whether it is nearer', () => {
  const near = tube([[0, 0, 0]], 2);
  const asked: number[] = [];
  const far: Solid = {
    ...tube([[20, 0, 0]], 2),
    distance: (x, y, z, reach = Infinity) => {
      asked.push(reach);
      return tube([[20, 0, 0]], 2).distance(x, y, z, reach);
    },
  };
  expect(union(near, far).distance(3, 0, 0, 50)).toBe(1);
  expect(difference(near, far).distance(1, 0, 0, 50)).toBe(-1);
  expect(asked).toEqual([1, 1]);
  // Deep in the further part its own distance counts, not the bound that was asked for.
  expect(union(near, far).distance(20, 0, 0, 50)).toBe(-2);
  expect(intersection(near, far).distance(1, 0, 0, 50)).toBe(17);
  expect(difference(near, near).distance(0, 0, 0, 50)).toBe(2);
});
