/** What moving leaves and jaws let through: against many still apertures, and what additivity and conservation ask for. */
import { expect, test } from 'vitest';
import { createAperture } from '../../src/beam/aperture.js';
import { apertureFluence, jawFluence } from '../../src/beam/collimated-fluence.js';
import {
  type ApertureMotion,
  type ApertureShape,
  meanClamp,
  movingFluence,
  shapeAt,
} from '../../src/beam/moving-aperture.js';
import type { PixelFluence } from '../../src/beam/pixel-fluence.js';
import { createLeafBank } from '../../src/machine/mlc.js';

const bank = createLeafBank([-20, -10, 0, 10, 20], { name: 'four', transmission: 0.02 });
const jaws = { x1: -50, x2: 50, y1: -20, y2: 20 };
const shape = (...leaves: [number, number][]): ApertureShape => ({ leaves, jaws });
const still = (at: ApertureShape, monitorUnits: number): ApertureMotion => ({ from: at, to: at, monitorUnits });

/** Monitor units through an area, MU mm2. */
function through({ grid: { x, y }, weights }: PixelFluence): number {
  const nx = x.length - 1;
  return weights.reduce((sum, w, c) => {
    const [i, j] = [c % nx, Math.floor(c / nx)];
    return sum + w * (x[i + 1]! - x[i]!) * (y[j + 1]! - y[j]!);
  }, 0);
}

/** Fluence at a point. */
function at({ grid: { x, y }, weights }: PixelFluence, u: number, v: number): number {
  const place = (edges: Float64Array, value: number): number =>
    edges.findIndex((e, i) => e <= value && value < (edges[i + 1] ?? -Infinity));
  const [i, j] = [place(x, u), place(y, v)];
  return i < 0 || j < 0 ? 0 : weights[i + (x.length - 1) * j]!;
}

const A = shape([-30, 5], [-20, 10], [-10.5, 12], [0, 0]);
const B = shape([-25, 5], [-20, 12.25], [-10.5, 14], [0, 4]);

test('an aperture that stands still is that aperture, to the last bit', () => {
  const open = apertureFluence(createAperture(bank, A.leaves!, jaws));
  const moved = movingFluence(bank, [still(A, 30), still(A, 70)]);
  expect(moved.grid).toEqual(open.grid);
  expect(moved.weights).toEqual(open.weights.map((w) => w * 100));
  const alone = movingFluence(undefined, [still({ jaws }, 12)]);
  expect(alone.weights).toEqual(jawFluence(jaws).weights.map((w) => w * 12));
});

test('apertures that stand still add up exactly', () => {
  const both = movingFluence(bank, [still(A, 30), still(B, 70)]);
  const [a, b] = [movingFluence(bank, [still(A, 30)]), movingFluence(bank, [still(B, 70)])];
  for (let u = -199.3; u < 200; u += 0.73) {
    for (const v of [-195, -19, -11, -9, -1, 1, 9, 11, 19]) {
      expect(at(both, u, v)).toBeCloseTo(at(a, u, v) + at(b, u, v), 10);
    }
  }
});

test('a sliding window is the mean of its still apertures, and parting it changes nothing', () => {
  const motion = { from: A, to: shape([20, 40], [-20, 10], [-5, 45], [0, 30]), monitorUnits: 100 };
  const options = { travelPixel: 0.5 };
  const whole = movingFluence(bank, [motion], options);
  const parts = [0, 0.25, 0.6].map((from, p, all) => {
    const to = all[p + 1] ?? 1;
    return { from: shapeAt(motion, from), to: shapeAt(motion, to), monitorUnits: 100 * (to - from) };
  });
  const parted = movingFluence(bank, parts, options);
  expect(through(parted)).toBeCloseTo(through(whole), 6);
  const times = 4000;
  for (let u = -30; u < 45; u += 3.7) {
    for (const [n, v] of [-15, -5, 5, 15].entries()) {
      let open = 0;
      for (let t = 0; t < times; t++) {
        const [x1, x2] = shapeAt(motion, (t + 0.5) / times).leaves![n]!;
        if (u > x1 && u < x2) open++;
      }
      const expected = 100 * (0.02 + (0.98 * open) / times);
      // Half a pixel of the fastest leaf is a hundredth of the window's time.
      expect(Math.abs(at(whole, u, v) - expected)).toBeLessThan(1.2);
      expect(at(parted, u, v)).toBeCloseTo(at(whole, u, v), 1);
    }
  }
  const open = (leaves: ApertureShape['leaves']): number => leaves!.reduce((sum, [x1, x2]) => sum + 10 * (x2 - x1), 0);
  const area = (open(motion.from.leaves) + open(motion.to.leaves)) / 2;
  expect(through(whole)).toBeCloseTo(100 * (area + 0.02 * (100 * 40 - area)), 6);
});

test('jaws that move let through what they open on average', () => {
  const wide = { ...jaws, x1: -10, y2: 5 };
  const moved = movingFluence(undefined, [{ from: { jaws }, to: { jaws: wide }, monitorUnits: 10 }]);
  const mean = (f: (t: number) => number): number =>
    Array.from({ length: 40 }, (_, s) => f((s + 0.5) / 40)).reduce((a, b) => a + b) / 40;
  expect(through(moved)).toBeCloseTo(10 * mean((t) => (100 - 40 * t) * (40 - 15 * t)), 6);
  expect(at(moved, -30, 0)).toBeCloseTo(5, 0);
});

test('what closes lets its fraction through, where both close the product', () => {
  const options = { jawTransmission: 0.01, leafTransmission: 0.02 };
  const exact = apertureFluence(createAperture(bank, A.leaves!, { ...jaws, x2: 8 }), options);
  const narrow = { ...A, jaws: { ...jaws, x2: 8 } };
  const painted = movingFluence(bank, [still(narrow, 1), { ...still({ ...narrow, leaves: B.leaves }, 0) }], options);
  for (const [u, v] of [
    [0, -15],
    [9, -15],
    [40, -15],
    [-40, 5],
    [100, 5],
    [0, 15],
    [100, 100],
  ] as const) {
    expect(at(painted, u, v)).toBeCloseTo(at(exact, u, v), 12);
  }
});

test('the mean of a place that is held within a pixel', () => {
  expect(meanClamp(0, 10, 20, 30)).toBe(20);
  expect(meanClamp(0, 10, -5, -1)).toBe(-1);
  expect(meanClamp(0, 10, 0, 10)).toBe(5);
  expect(meanClamp(10, 0, 5, 20)).toBeCloseTo(6.25, 12);
  expect(meanClamp(3, 3, 0, 10)).toBe(3);
  expect(meanClamp(-10, 30, 0, 10)).toBeCloseTo((0 + 50 + 200) / 40, 12);
});

test('leaves that cross and a bank without monitor units are refused', () => {
  expect(() => movingFluence(bank, [still(A, 1), still(shape([1, 0], [0, 0], [0, 0], [0, 0]), 1)])).toThrow('cross');
  expect(() => movingFluence(bank, [])).toThrow('no monitor units');
});
