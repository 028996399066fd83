import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Aperture, createAperture } from '../../src/beam/aperture.js';
import { createLeafBank } from '../../src/machine/mlc.js';
import { inDeliveryOrder, inShortOrder, travelBetween } from '../../src/sequence/segment-order.js';

const bank = createLeafBank([-10, 0, 10]);
const shape = (...leaves: (readonly [number, number])[]): Aperture => createAperture(bank, leaves);
const lengthOf = (segments: readonly { readonly aperture: Aperture }[]): number =>
  segments.slice(1).reduce((sum, { aperture }, n) => sum + travelBetween(segments[n]!.aperture, aperture), 0);

const place = fc.integer({ min: -50, max: 50 });
const pair = fc.tuple(place, place).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const segments = fc
  .array(fc.tuple(pair, pair), { minLength: 1, maxLength: 7 })
  .map((shapes) => shapes.map((leaves, n) => ({ aperture: shape(...leaves), n })));

const orders = <T>(of: readonly T[]): T[][] =>
  of.length < 2 ? [[...of]] : of.flatMap((one, n) => orders(of.toSpliced(n, 1)).map((rest) => [one, ...rest]));

describe('travel', () => {
  test('is the farthest way of a leaf end, or of a jaw', () => {
    const from = shape([-10, 10], [-5, 5]);
    expect(travelBetween(from, shape([-12, 10], [-5, 12]))).toBe(7);
    expect(travelBetween(from, from)).toBe(0);
    const jaws = { x1: -10, x2: 10, y1: -10, y2: 10 };
    const closed = createAperture(bank, from.leaves, jaws);
    expect(travelBetween(closed, createAperture(bank, from.leaves, { ...jaws, y2: -1 }))).toBe(11);
  });
});

describe('the order of segments', () => {
  test('has each once, no longer a way than given, and is seldom longer than the shortest of all orders', () => {
    const ratios: number[] = [];
    fc.assert(
      fc.property(segments, (given) => {
        const found = inShortOrder(given);
        expect(found.map(({ n }) => n).sort()).toEqual(given.map(({ n }) => n));
        expect(lengthOf(found)).toBeLessThanOrEqual(lengthOf(given) + 1e-9);
        const least = given.length > 6 ? lengthOf(found) : Math.min(...orders(given).map(lengthOf));
        expect(lengthOf(found)).toBeLessThanOrEqual(1.25 * least + 1e-9);
        ratios.push(least > 0 ? lengthOf(found) / least : 1);
      }),
      { numRuns: 60, seed: 7 },
    );
    expect(ratios.filter((ratio) => ratio < 1 + 1e-9).length / ratios.length).toBeGreaterThan(0.9);
  });

  test('a sweep in disorder comes back into order', () => {
    const sweep = [3, 0, 4, 1, 2].map((n) => ({
      aperture: shape([10 * n - 20, 10 * n - 10], [10 * n - 20, 10 * n - 10]),
      n,
    }));
    expect(lengthOf(inShortOrder(sweep))).toBe(40);
  });

  test('the mirrored segments have a way as long', () => {
    const mirror = ({ leaves }: Aperture): Aperture => shape(...leaves.map(([x1, x2]) => [-x2, -x1] as const));
    fc.assert(
      fc.property(segments, (given) => {
        const turned = given.map(({ aperture }) => ({ aperture: mirror(aperture) }));
        expect(lengthOf(inShortOrder(turned))).toBeCloseTo(lengthOf(inShortOrder(given)), 9);
      }),
      { numRuns: 30, seed: 7 },
    );
  });

  test('closed pairs wait between the open ends: openings stay, ways are no longer', () => {
    fc.assert(
      fc.property(segments, (given) => {
        const found = inDeliveryOrder(given, { interleaf: false });
        const openOf = ({ aperture: { openings } }: { readonly aperture: Aperture }) => JSON.stringify(openings);
        expect(found.map(openOf).sort()).toEqual(given.map(openOf).sort());
        for (const { aperture } of found) {
          const open = aperture.leaves.filter(([x1, x2]) => x2 > x1);
          for (const [x1, x2] of open.length > 0 ? aperture.leaves : []) {
            expect(x1).toBeGreaterThanOrEqual(Math.min(...open.map((pair) => pair[0])));
            expect(x2).toBeLessThanOrEqual(Math.max(...open.map((pair) => pair[1])));
          }
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  test('a pair that closes for one segment in between does not run to the edge of the field', () => {
    const far = [shape([-40, 40], [-10, 10]), shape([-50, -50], [-12, 12]), shape([-38, 38], [-14, 14])];
    const found = inDeliveryOrder(
      far.map((aperture) => ({ aperture })),
      { interleaf: false },
    );
    expect(lengthOf(found)).toBeLessThanOrEqual(45);
    expect(lengthOf(far.map((aperture) => ({ aperture })))).toBe(178);
  });
});
