/** The least gamma within one cell: beside a fine lattice of places, for cells of every kind. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { GammaCell } from '../../src/evaluate/gamma-cell.js';

type Triple = readonly [number, number, number];
const tolerance = 1e-5;

interface Case {
  readonly size: Triple;
  /** Doses at the corners, x fastest. */
  readonly corners: readonly number[];
  readonly dose: number;
  readonly criterion: number;
  /** Reference point from the lowest corner. */
  readonly q: Triple;
}

/** Squared gamma at a place of the cell. */
function gammaAt({ size, corners, dose, criterion, q }: Case, place: Triple): number {
  let value = 0;
  for (let c = 0; c < 8; c++) {
    const share = place.reduce((s, x, a) => {
      const t = size[a]! > 0 ? x / size[a]! : 0;
      return s * ((c >> a) & 1 ? t : 1 - t);
    }, 1);
    value += share * corners[c]!;
  }
  return place.reduce((sum, x, a) => sum + (x - q[a]!) ** 2, ((value - dose) / criterion) ** 2);
}

/** The least on a lattice, and on ever finer ones about its best place. */
function leastSeen(one: Case): number {
  let [low, high] = [[0, 0, 0], [...one.size]];
  let least = Infinity;
  for (let round = 0; round < 6; round++) {
    const n = round === 0 ? 12 : 4;
    let best: number[] = low;
    for (let c = 0; c < (n + 1) ** 3; c++) {
      const t = [c % (n + 1), Math.floor(c / (n + 1)) % (n + 1), Math.floor(c / (n + 1) ** 2)];
      const place = t.map((s, a) => low[a]! + ((high[a]! - low[a]!) * s) / n) as unknown as Triple;
      const value = gammaAt(one, place);
      if (value < least) [least, best] = [value, [...place]];
    }
    const reach = one.size.map((_, a) => (high[a]! - low[a]!) / n);
    low = best.map((c, a) => Math.max(0, c - reach[a]!));
    high = best.map((c, a) => Math.min(one.size[a]!, c + reach[a]!));
  }
  return least;
}

function visit(one: Case, cap = 1e6) {
  const { size, corners, dose, criterion, q } = one;
  const cell = new GammaCell(size, tolerance);
  cell.begin(cap);
  // Along an axis of one voxel both neighbours are the same.
  const flat = size.map((s, a) => (s > 0 ? 1 << a : 0));
  cell.visit(Float32Array.from(corners), 0, flat[0]!, flat[1]!, flat[2]!, dose, 1 / criterion, q[0], q[1], q[2]);
  return cell;
}

/** Neither above the least that is seen by more than the tolerance, nor below what it has at its own place. */
function check(one: Case): void {
  const { best, offset } = visit(one);
  expect(Math.sqrt(best) - Math.sqrt(leastSeen(one))).toBeLessThanOrEqual(tolerance + 1e-9);
  const place = one.q.map((c, a) => c + offset[a]!) as unknown as Triple;
  expect(gammaAt(one, place)).toBeCloseTo(best, 7);
  place.forEach((c, a) => {
    expect(c).toBeGreaterThanOrEqual(-1e-9);
    expect(c).toBeLessThanOrEqual(one.size[a]! + 1e-9);
  });
}

const random = createRandom(31).uniform;
const between = (low: number, high: number): number => low + (high - low) * random();
const cornersOf = (least: number, most: number, size: Triple): number[] => {
  const list = Array.from({ length: 8 }, () => Math.fround(between(least, most)));
  return list.map((_, c) => list[size.reduce((at, s, a) => (s > 0 ? at : at & ~(1 << a)), c)]!);
};

describe('random cells, seed 31', () => {
  test.each<[string, number, () => Partial<Case> & { readonly size: Triple }]>([
    ['around the point', 40, () => ({ size: [1, 0.7, 1.3], q: [between(0, 1), between(0, 0.7), between(0, 1.3)] })],
    ['beside the point', 40, () => ({ size: [1, 0.7, 1.3], q: [between(-1, 2), between(-1, 2), between(-1, 2)] })],
    ['steep', 40, () => ({ size: [1, 0.7, 1.3], q: [between(-1, 2), between(-1, 2), between(-1, 2)], criterion: 0.1 })],
    ['coarse', 20, () => ({ size: [3, 2.5, 4], q: [between(-1, 4), between(-1, 4), between(-1, 5)], criterion: 0.4 })],
    ['of one voxel in z', 20, () => ({ size: [1, 0.7, 0], q: [between(-1, 2), between(-1, 2), between(-1, 1)] })],
    ['of one voxel in y', 20, () => ({ size: [1, 0, 0.7], q: [between(-1, 2), between(-1, 1), between(-1, 2)] })],
    ['of one voxel in x', 20, () => ({ size: [0, 1.2, 0.7], q: [between(-1, 1), between(-1, 2), between(-1, 2)] })],
  ])('%s', (_, count, make) => {
    for (let n = 0; n < count; n++) {
      const one = make();
      check({ corners: cornersOf(10, 20, one.size), dose: between(8, 22), criterion: 1, q: [0, 0, 0], ...one });
    }
  });

  test('twisted, where the point is a saddle: the dose of the point in the middle, corners in turn above and below', () => {
    for (let n = 0; n < 20; n++) {
      const sign = (c: number): number => (((c & 1) + ((c >> 1) & 1) + ((c >> 2) & 1)) % 2 === 0 ? 1 : -1);
      const size: Triple = [2, 2, 2];
      const corners = Array.from({ length: 8 }, (_, c) => Math.fround(15 + sign(c) * between(2, 6)));
      const q = [1, 1, 1].map((c) => c + between(-0.02, 0.02)) as unknown as Triple;
      check({ size, corners, dose: between(15.5, 17), criterion: 0.2, q });
      // In two axes only.
      const flat = corners.map((_, c) => Math.fround(15 + (((c & 1) + ((c >> 1) & 1)) % 2 === 0 ? 4 : -4)));
      check({ size, corners: flat, dose: between(15.5, 18), criterion: 0.2, q });
    }
  });
});

describe('closed forms', () => {
  const ramp = (g: Triple): number[] =>
    Array.from({ length: 8 }, (_, c) => 10 + g.reduce((sum, x, a) => sum + ((c >> a) & 1 ? x : 0), 0));

  test('a ramp: the distance from its plane', () => {
    // |dose difference| / sqrt(1 + g^2), g in criteria per criterion; the foot lies within the cell.
    const { best, offset } = visit({
      size: [1, 1, 1],
      corners: ramp([1, 2, 2]),
      dose: 12,
      criterion: 1,
      q: [0.5, 0.3, 0.3],
    });
    const apart = 12 - (10 + 0.5 + 0.6 + 0.6);
    expect(Math.sqrt(best)).toBeCloseTo(apart / Math.sqrt(1 + 9), 6);
    [1, 2, 2].forEach((g, a) => {
      expect(offset[a]).toBeCloseTo((apart * g) / 10, 4);
    });
  });

  test('an even dose: the distance to the cell and the difference of the doses, in quadrature', () => {
    const { best } = visit({ size: [1, 1, 1], corners: ramp([0, 0, 0]), dose: 12, criterion: 4, q: [-3, 0.5, 5] });
    expect(best).toBeCloseTo(9 + 16 + 0.25, 9);
  });

  test('what is above the least so far changes nothing; what is at its place is taken', () => {
    const one: Case = { size: [1, 1, 1], corners: ramp([0, 0, 0]), dose: 12, criterion: 4, q: [-3, 0.5, 5] };
    const { best, offset } = visit(one, 4);
    expect([best, ...offset]).toEqual([4, 0, 0, 0]);
    const cell = new GammaCell([1, 1, 1], tolerance);
    cell.begin(4);
    cell.offer(4, 1, 1, 1);
    expect([cell.best, ...cell.offset]).toEqual([4, 0, 0, 0]);
    cell.offer(1, 0.5, 0.6, 0.7);
    expect([cell.best, ...cell.offset]).toEqual([1, 0.5, 0.6, 0.7]);
    // Less than the tolerance better is not looked for; below it nothing at all.
    expect(cell.bar).toBeCloseTo((1 - tolerance) ** 2, 12);
    cell.offer(1e-12, 0, 0, 0);
    expect(cell.bar).toBe(-Infinity);
    cell.begin(9);
    expect([cell.best, ...cell.offset]).toEqual([9, 0, 0, 0]);
  });
});
