/** Laws of rings of one plane that are drawn one beside or in another. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { contourArea } from '../../src/geometry/contour.js';
import { measureRing, relateRings } from '../../src/geometry/ring-relation.js';
import { resolveRings } from '../../src/geometry/ring-union.js';

const box = (x0: number, y0: number, x1: number, y1: number): Float64Array =>
  Float64Array.of(x0, y0, x1, y0, x1, y1, x0, y1);
const areaOf = (polygons: readonly Float64Array[]): number => contourArea({ z: 0, polygons });
const resolved = (...rings: Float64Array[]): number => areaOf(resolveRings(rings).polygons);
const turned = (ring: Float64Array, by: number): Float64Array =>
  Float64Array.from([...ring.slice(2 * by), ...ring.slice(0, 2 * by)]);
const reversed = (ring: Float64Array): Float64Array =>
  Float64Array.from({ length: ring.length }, (_, i) => ring[ring.length - 2 - 2 * (i >> 1) + (i & 1)]!);
const moved = (ring: Float64Array, dx: number, dy: number): Float64Array =>
  ring.map((value, i) => value + (i % 2 === 0 ? dx : dy));

test('rings that overlap in part are united; holes, islands and keyholes stay as they are', () => {
  const [a, b] = [box(0, 0, 25, 10), box(15, 0, 40, 10)];
  expect(resolveRings([a, b])).toMatchObject({ overlapping: 2, twins: 0 });
  expect(resolved(a, b)).toBeCloseTo(400, 6);
  expect(resolveRings([a, b]).gained).toBeCloseTo(100, 6);
  // A clean plane is handed back as it is, ring by ring.
  const clean = [box(0, 0, 30, 30), box(5, 5, 25, 25), box(10, 10, 20, 20), box(40, 0, 50, 10)];
  const kept = resolveRings(clean);
  expect(kept).toMatchObject({ overlapping: 0, twins: 0, gained: 0 });
  kept.polygons.forEach((ring, r) => {
    expect(ring).toBe(clean[r]);
  });
  expect(areaOf(kept.polygons)).toBe(900 - 400 + 100 + 100);
  // Neighbours that share an edge, and a hole that touches the outline, or reaches over it by a rounding.
  expect(resolveRings([box(0, 0, 10, 10), box(10, 0, 20, 10)]).overlapping).toBe(0);
  expect(resolved(box(0, 0, 10, 10), box(0, 2, 5, 8))).toBeCloseTo(70, 9);
  expect(resolveRings([box(0, 0, 10, 10), box(-0.01, 2, 5, 8)]).overlapping).toBe(0);
  const keyhole = Float64Array.of(0, 0, 10, 0, 10, 10, 0, 10, 0, 5, 3, 5, 3, 7, 7, 7, 7, 3, 3, 3, 3, 5, 0, 5);
  expect(resolved(keyhole)).toBeCloseTo(100 - 16, 9);
  expect(resolved(keyhole, box(4, 4, 6, 6))).toBeCloseTo(100 - 16 + 4, 9);
  expect(resolved(keyhole, box(8, 8, 12, 12))).toBeCloseTo(100 - 16 + 12, 5);
});

test('a hole stays a hole where its ring is overlapped beside it, and is filled by what is drawn over it', () => {
  const [outer, hole] = [box(0, 0, 30, 30), box(5, 5, 15, 15)];
  expect(resolved(outer, hole, box(25, 10, 40, 20))).toBeCloseTo(900 - 100 + 100, 5);
  // In both rings that overlap: a hole in either.
  expect(resolved(box(0, 0, 20, 20), box(10, 0, 40, 20), box(12, 5, 18, 15))).toBeCloseTo(800 - 60, 5);
  // Over half of the hole.
  expect(resolved(outer, hole, box(10, 0, 50, 30))).toBeCloseTo(900 - 50 + 600, 5);
  // An island in the hole stays.
  expect(resolved(outer, hole, box(8, 8, 10, 10), box(25, 10, 40, 20))).toBeCloseTo(900 - 100 + 4 + 100, 5);
});

test('the same ring again counts once: by another start, the other way round, closed in words, rounded, with more points', () => {
  const ring = Float64Array.of(0, 0, 20, 0, 26, 9, 20, 20, 4, 17);
  const closed = Float64Array.from([...ring, ring[0]!, ring[1]!]);
  const { uniform: random } = createRandom(4);
  const rounded = ring.map((value) => value + 1e-3 * (2 * random() - 1));
  const halved = Float64Array.from(
    { length: 2 * ring.length },
    (_, i) => (ring[2 * (i >> 2) + (i & 1)]! + ring[(2 * ((i + 2) >> 2) + (i & 1)) % ring.length]!) / 2,
  );
  for (const copy of [
    ring.slice(),
    turned(ring, 2),
    reversed(ring),
    closed,
    rounded,
    moved(ring, 1e-3, 1e-3),
    halved,
  ]) {
    const both = resolveRings([ring, copy]);
    expect(both).toMatchObject({ twins: 1, overlapping: 0 });
    expect(both.polygons).toEqual([ring]);
    expect(resolveRings([copy, ring, copy, box(40, 0, 50, 10)]).twins).toBe(2);
  }
  // A shell of 1 mm is no twin.
  expect(resolved(box(0, 0, 20, 20), box(1, 1, 19, 19))).toBe(400 - 324);
});

test('laws of random rings: order, start, direction, doubling, mirror; a union holds each and no more than all', () => {
  const { uniform: random } = createRandom(7);
  let united = 0;
  for (let trial = 0; trial < 30; trial++) {
    const rings = Array.from({ length: 2 + Math.floor(4 * random()) }, () => {
      const [x, y, r, n] = [40 * random(), 40 * random(), 4 + 16 * random(), 5 + Math.floor(30 * random())];
      return Float64Array.from({ length: 2 * n }, (_, i) => {
        const angle = (2 * Math.PI * (i >> 1)) / n;
        const own = r * (0.8 + 0.4 * Math.abs(Math.sin(3 * angle + x)));
        return i % 2 === 0 ? x + own * Math.cos(angle) : y + own * Math.sin(angle);
      });
    });
    const { polygons } = resolveRings(rings);
    const area = areaOf(polygons);
    // Crossings are rounded to 1e-5 mm, along some 200 mm of outline.
    const same = (other: readonly Float64Array[]): void =>
      expect(Math.abs(areaOf(resolveRings(other).polygons) - area)).toBeLessThan(2e-3);
    same([...rings].reverse());
    same(rings.map((ring, r) => turned(ring, r + 1)));
    same(rings.map(reversed));
    same([...rings, ...rings]);
    same(rings.map((ring) => ring.map((value, i) => (i % 2 === 0 ? -value : value))));
    // What comes out has one inside, by either rule of filling, and resolves to itself.
    same(polygons);
    const all = rings.reduce((sum, ring) => sum + areaOf([ring]), 0);
    expect(area).toBeLessThanOrEqual(all + 1e-4);
    // A ring wholly within another is a hole.
    const measured = rings.map(measureRing);
    if (measured.some((a) => measured.some((b) => relateRings(a, b) === 'within'))) continue;
    united++;
    for (const ring of rings) {
      // Of the union nothing is missing in the ring: taking the ring out of it leaves the difference of the areas.
      expect(Math.abs(areaOf([...polygons, ring]) - (area - areaOf([ring])))).toBeLessThan(2e-3);
    }
  }
  expect(united).toBeGreaterThan(8);
});

test('rings that cross themselves, on a lattice where edges lie on each other: each is kept whole by the union', () => {
  const { uniform } = createRandom(3);
  let united = 0;
  for (let trial = 0; trial < 120; trial++) {
    const rings = Array.from({ length: 2 + Math.floor(3 * uniform()) }, () =>
      Float64Array.from({ length: 6 + 2 * Math.floor(5 * uniform()) }, () => Math.floor(9 * uniform())),
    );
    const { polygons, overlapping } = resolveRings(rings);
    const measured = rings.map(measureRing);
    if (overlapping === 0 || measured.some((a) => measured.some((b) => relateRings(a, b) === 'within'))) continue;
    united++;
    const area = areaOf(polygons);
    expect(Math.abs(contourArea({ z: 0, polygons }, 'nonzero') - area)).toBeLessThan(5e-3);
    for (const ring of rings) {
      expect(Math.abs(areaOf([...polygons, ring]) - (area - areaOf([ring])))).toBeLessThan(5e-3);
    }
  }
  expect(united).toBeGreaterThan(40);
  // One that the library gets wrong unless it is turned: edges of one ring that lie on each other, along x.
  const ring = Float64Array.of(4, 8, 5, 3, 4, 8, 7, 0, 5, 8, 7, 7, 0, 8, 8, 8);
  const beside = box(5, 4, 20, 7.5);
  const both = resolveRings([ring, beside]);
  expect(both.overlapping).toBe(2);
  expect(areaOf([...both.polygons, ring])).toBeCloseTo(areaOf(both.polygons) - areaOf([ring]), 3);
});
