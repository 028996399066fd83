/** Limits as half-spaces, their tangents and steps: small matrices whose every figure is done by hand. */
import { describe, expect, test } from 'vitest';
import type { LinearOperator } from '../../src/core/linear-operator.js';
import {
  checkAgreement,
  maximumDose,
  maximumGeud,
  maximumHottest,
  maximumMean,
  minimumDose,
  minimumGeud,
  minimumMean,
  violationOf,
} from '../../src/optimize/constraint.js';
import { complementarityAfter, complementarityOf, directionOf } from '../../src/optimize/direction.js';
import {
  addForces,
  boundForce,
  changesOf,
  createPlane,
  halfSpaceCount,
  rowHalfSpaces,
  slacksOf,
} from '../../src/optimize/half-spaces.js';
import { findCuts, lowerBound, restorationCost, tangentAt } from '../../src/optimize/lower-bound.js';
import { meanDose } from '../../src/optimize/objective/mean-dose.js';
import { squaredOverdose } from '../../src/optimize/objective/squared-overdose.js';
import { isInside, scaledStart } from '../../src/optimize/start.js';
import { sampleVoxels } from '../../src/optimize/voxel-sample.js';

/** Three rows, two columns. */
const A = [
  [1, 2],
  [3, 4],
  [0, 5],
];
const operator: LinearOperator = {
  rows: 3,
  columns: 2,
  apply(w, out) {
    A.forEach((row, i) => {
      out[i] = row[0]! * w[0]! + row[1]! * w[1]!;
    });
    return out;
  },
  applyTranspose(y, out) {
    for (let c = 0; c < 2; c++) out[c] = A.reduce((sum, row, i) => sum + row[c]! * y[i]!, 0);
    return out;
  },
} as LinearOperator;
const set = (rows: number[], volumes = rows.map(() => 1)) => ({
  rows: Int32Array.from(rows),
  volumes: Float64Array.from(volumes),
});
const f64 = (...values: number[]) => Float64Array.from(values);

describe('by how much a dose breaks a limit, and where', () => {
  const dose = f64(10, 20, 30);

  test.each([
    ['a maximum', maximumDose('l', set([0, 1]), 18), 2, 1],
    ['a maximum by row', maximumDose('l', set([0, 1]), f64(5, 18)), 5, 0],
    ['a minimum', minimumDose('l', set([0, 1]), 12), 2, 0],
    ['one that is kept: the room, as negative', maximumDose('l', set([0, 1]), 25), -5, 1],
    ['a mean, by volume', maximumMean('l', set([0, 2], [3, 1]), 14), 1, 2],
    ['a least mean', minimumMean('l', set([0, 2], [3, 1]), 18), 3, 2],
    ['the mean of the hottest half', maximumHottest('l', set([0, 1, 2]), 0.5, 20), (30 + 20 * 0.5) / 1.5 - 20, 2],
    ['the mean of all', maximumHottest('l', set([0, 1, 2]), 1, 20), 0, 2],
    ['a gEUD, a = 2', maximumGeud('l', set([0, 1]), 2, 10), Math.sqrt(250) - 10, 1],
    ['a least gEUD, a = -1', minimumGeud('l', set([0, 1]), -1, 20), 20 - 40 / 3, 1],
  ])('%s', (_, limit, amount, row) => {
    const found = violationOf(limit, dose);
    expect(found.amount).toBeCloseTo(amount, 6);
    expect(found.row).toBe(row);
  });

  test('the hottest volume counts by its parts, and its subgradient is their shares', () => {
    const limit = maximumHottest('l', set([2, 0, 1], [1, 2, 1]), 0.5, 20);
    const gradient = new Float64Array(3);
    // 2 of 4: the row of 30 Gy whole, that of 20 Gy whole.
    expect(limit.evaluate(dose, gradient)).toBeCloseTo(25, 9);
    expect([...gradient]).toEqual([0, 0.5, 0.5]);
    const part = maximumHottest('l', set([2, 0, 1], [1, 2, 1]), 0.75, 20);
    gradient.fill(0);
    expect(part.evaluate(dose, gradient)).toBeCloseTo((30 + 20 + 10) / 3, 9);
    expect([...gradient]).toEqual([1 / 3, 1 / 3, 1 / 3].map((g) => expect.closeTo(g, 9)));
    expect(() => maximumHottest('l', set([0]), 0, 1)).toThrow(/volume is 0/);
    expect(() => maximumHottest('l', set([0]), 1.01, 1)).toThrow(/volume is 1.01/);
    expect(() => maximumHottest('l', set([0]), 1, 1)).not.toThrow();
  });

  test('limits that contradict each other are found, in any order; of two maxima the stricter', () => {
    const least = minimumDose('least', set([1]), 20);
    expect(() => checkAgreement([maximumDose('most', set([0, 1]), 20), least])).not.toThrow();
    expect(() => checkAgreement([least, maximumDose('most', set([0, 1]), 19)])).toThrow(
      /voxel 1 must get at least 20 and at most 19/,
    );
    const two = [
      maximumDose('loose', set([1]), 30),
      maximumDose('most', set([1]), 19),
      maximumDose('high', set([1]), 40),
    ];
    expect(() => checkAgreement([...two, least])).toThrow(/"least" and "most"/);
    expect(() => checkAgreement([...two, minimumDose('least', set([0]), 20)])).not.toThrow();
    expect(() => checkAgreement([{ ...maximumMean('m', set([0]), 1), bound: Number.NaN }])).toThrow(/bound/);
    expect(() => maximumDose('l', set([]), 1)).toThrow(/0 voxels/);
    expect(() => maximumDose('l', set([0, 1]), f64(1))).toThrow(/2 voxels and 1 values/);
    expect(() => maximumDose('l', set([0]), -1)).toThrow(/bound in Gy/);
  });
});

describe('half-spaces', () => {
  const rows = rowHalfSpaces([
    maximumDose('a', set([2, 0]), f64(12, 8)),
    maximumMean('m', set([0]), 1),
    minimumDose('b', set([1]), 6),
  ]);
  const plane = createPlane(operator, 'p', Int32Array.of(0, 2), f64(0.5, 0.25), 9);
  const limits = { ...rows, planes: [plane] };
  const dose = f64(7, 10, 11);

  test('the rows of voxel limits with their signs, and a plane with what a unit of each weight adds', () => {
    expect([[...rows.rows], [...rows.signs], [...rows.bounds]]).toEqual([
      [2, 0, 1],
      [1, 1, -1],
      [12, 8, -6],
    ]);
    // A' (0.5, 0, 0.25)
    expect([...plane.column]).toEqual([0.5, 1 + 1.25]);
    expect(halfSpaceCount(limits)).toBe(4);
  });

  test('slacks, changes, forces and their bound', () => {
    expect([...slacksOf(limits, dose, new Float64Array(4))]).toEqual([1, 1, 4, 9 - 3.5 - 2.75]);
    expect([...changesOf(limits, f64(1, 2, 4), new Float64Array(4))]).toEqual([4, 1, -2, 1.5]);
    const out = f64(100, 100, 100);
    addForces(limits, f64(1, 2, 3, 4), out);
    expect([...out]).toEqual([100 + 2 + 2, 100 - 3, 100 + 1 + 1]);
    expect(boundForce(limits, f64(1, 2, 3, 4))).toBe(12 + 16 - 18 + 36);
  });

  test('room is a little more than none, of rows and planes', () => {
    expect(isInside(limits, f64(1, 1, 4, 1))).toBe(true);
    expect(isInside(limits, f64(12e-4, 1, 4, 1))).toBe(false);
    expect(isInside(limits, f64(13e-4, 1, 4, 1))).toBe(true);
    expect(isInside(limits, f64(1, 1, 4, 8.9e-4))).toBe(false);
    expect(isInside(limits, f64(1, 1, 4, 9.1e-4))).toBe(true);
    expect(isInside(limits, f64(1, 1, 5.9e-4, 1))).toBe(false);
  });
});

describe('the lower bound', () => {
  const none = rowHalfSpaces([]);
  const over = squaredOverdose('o', set([0, 1, 2]), 1, 10);

  test('a tangent lies below the objective at every plan, and touches it at its own', () => {
    const weights = f64(3, 4);
    const dose = operator.apply(weights, new Float64Array(3));
    const { constant, slopes } = tangentAt(operator, [over], none, dose, f64());
    const at = (w: Float64Array): number => over.evaluate(operator.apply(w, new Float64Array(3)), new Float64Array(3));
    const plane = (w: Float64Array): number => constant + slopes[0]! * w[0]! + slopes[1]! * w[1]!;
    expect(plane(weights)).toBeCloseTo(at(weights), 9);
    for (const other of [f64(0, 0), f64(1, 5), f64(6, 1), f64(10, 10)])
      expect(plane(other)).toBeLessThanOrEqual(at(other) + 1e-9);
  });

  test('limits add their forces; a transpose that errs is taken off', () => {
    const limits = rowHalfSpaces([maximumDose('a', set([1]), 15)]);
    const mean = meanDose('m', set([0, 2]), 2);
    const dose = f64(4, 5, 6);
    const { constant, slopes } = tangentAt(operator, [mean], limits, dose, f64(3));
    // F - F' d = 0 for a linear objective, less 3 times 15; slopes A' (1, 3, 1).
    expect(constant).toBeCloseTo(-45, 9);
    expect([...slopes]).toEqual([1 + 9, 2 + 12 + 5]);
    const weights = f64(2, 1);
    const own = operator.apply(weights, new Float64Array(3));
    expect(tangentAt(operator, [mean], limits, own, f64(3), { weights }).constant).toBeCloseTo(-45, 9);
    const off = tangentAt(operator, [mean], limits, own, f64(3), { weights, known: f64(10.25, 19) });
    expect(off.constant).toBeCloseTo(-45.5, 9);
    expect([...off.slopes]).toEqual([10.25, 19]);
  });

  test('negative slopes cost what a second tangent makes up for, of several the least', () => {
    expect(restorationCost(f64(0, 1), [], 5)).toBe(0);
    expect(restorationCost(f64(-1, 1), [], 5)).toBe(Infinity);
    const cut = (constant: number, ...slopes: number[]) => ({ constant, slopes: f64(...slopes) });
    // theta = 1/2, times 7 - 3.
    expect(restorationCost(f64(-1, 1), [cut(3, 2, 0)], 7)).toBeCloseTo(2, 9);
    expect(restorationCost(f64(-1, -3), [cut(3, 2, 1)], 7)).toBeCloseTo(12, 9);
    expect(restorationCost(f64(-1, 1), [cut(3, 2, 0), cut(6, 1, 0), cut(0, 0, 9)], 7)).toBeCloseTo(1, 9);
    // One that makes another slope negative serves not, nor one that is zero there; one above the best costs nothing.
    expect(restorationCost(f64(-1, 1), [cut(3, 2, -4)], 7)).toBe(Infinity);
    expect(restorationCost(f64(-1, 1), [cut(3, 2, -1)], 7)).toBeCloseTo(2, 9);
    expect(restorationCost(f64(-1, 1), [cut(3, 0, 1)], 7)).toBe(Infinity);
    expect(restorationCost(f64(-1, 1), [cut(9, 2, 0)], 7)).toBe(0);
    expect(lowerBound(cut(10, -1, 1), [cut(3, 2, 0)], 7)).toBeCloseTo(8, 9);
    expect(lowerBound(cut(10, 1, 1), [], 7)).toBe(10);
  });

  test('cuts are tangents at higher doses and at twice the multipliers', () => {
    const limits = rowHalfSpaces([maximumDose('a', set([1]), 15)]);
    const dose = f64(8, 12, 14);
    const cuts = findCuts(operator, [over], limits, dose, f64(0.5));
    const expected = [
      [1.03, 1],
      [1.1, 1],
      [1.4, 1],
      [3, 1],
      [1, 2],
    ].map(([d, l]) =>
      tangentAt(
        operator,
        [over],
        limits,
        dose.map((x) => d! * x),
        f64(0.5 * l!),
      ),
    );
    expect(cuts.map(({ constant }) => constant)).toEqual(expected.map(({ constant }) => constant));
    expect(cuts.map(({ slopes }) => [...slopes])).toEqual(expected.map(({ slopes }) => [...slopes]));
  });
});

describe('where the optimiser starts', () => {
  const wanted = (gray: number) =>
    ({
      weight: 1,
      evaluate: (dose: Float64Array) => dose.reduce((sum, d) => sum + (d - gray) ** 2, 0),
    }) as any;
  const none = rowHalfSpaces([]);

  test('equal weights at the scale that the objective likes best, within a step', () => {
    // Equal weights give 3, 7 and 5.
    const { weights, dose } = scaledStart(operator, [wanted(50)], none)!;
    expect(weights[0]).toBe(weights[1]);
    const best = (50 * 15) / (9 + 49 + 25);
    expect(Math.abs(Math.log(weights[0]! / best))).toBeLessThan(Math.log(1e5) / 75 / 2 + 1e-9);
    expect([...dose]).toEqual([3, 7, 5].map((d) => expect.closeTo(d * weights[0]!, 9)));
    // From 0.01 to 1000 Gy at most, whatever is wanted.
    expect(scaledStart(operator, [wanted(0)], none)!.dose[1]).toBeCloseTo(0.01, 9);
    expect(scaledStart(operator, [wanted(1e5)], none)!.dose[1]).toBeCloseTo(1000, 6);
  });

  test('within the limits, with room; where no scale keeps them there is none', () => {
    const limits = rowHalfSpaces([maximumDose('a', set([1]), 10)]);
    const start = scaledStart(operator, [wanted(50)], limits)!;
    expect(start.dose[1]).toBeLessThan(10);
    expect(start.dose[1]).toBeGreaterThan(10 / 1.17);
    const both = rowHalfSpaces([maximumDose('a', set([1]), 10), minimumDose('b', set([0]), 9)]);
    expect(scaledStart(operator, [wanted(50)], both)).toBeUndefined();
  });

  test('given weights are made positive, a twentieth of their mean at least, and scaled below their limits', () => {
    const { weights } = scaledStart(operator, [wanted(50)], none, f64(0, 10))!;
    expect(weights[0]! / weights[1]!).toBeCloseTo(0.025, 9);
    expect([...scaledStart(operator, [wanted(1e9)], none, f64(4, 10))!.weights]).toEqual([4, 10]);
    const limits = rowHalfSpaces([maximumDose('a', set([2]), 50)]);
    const near = scaledStart(operator, [wanted(1e9)], limits, f64(4, 10))!;
    expect([...near.weights]).toEqual([4 * 0.9995, 10 * 0.9995].map((w) => expect.closeTo(w, 9)));
    expect([...scaledStart(operator, [wanted(1e9)], none, f64(0, 0))!.weights]).toEqual([1, 1]);
    expect(() => scaledStart(operator, [wanted(1)], none, f64(1))).toThrow(/1 starting weights for 2 columns/);
    expect(() => scaledStart(operator, [wanted(1)], none, f64(1, -1))).toThrow(/negative or not finite/);
    expect(() => scaledStart(operator, [wanted(1)], none, f64(1, Number.NaN))).toThrow(/negative or not finite/);
    expect(() => scaledStart(operator, [wanted(1)], none, f64(1, 0))).not.toThrow();
  });

  test('beams that give nothing are refused', () => {
    const dark = { ...operator, apply: (_: Float64Array, out: Float64Array) => out.fill(0) } as any;
    expect(() => scaledStart(dark, [wanted(1)], none)).toThrow(/give no dose to any voxel/);
  });
});

describe('a step of all unknowns', () => {
  const at = { weights: f64(1, 2), slacks: f64(4), reduced: f64(3, 0.5), multipliers: f64(0.25) };
  const bends = { weights: f64(0.1, 0.2), slacks: f64(0.3) };

  test('makes the products of the pairs mu, but for what they bend', () => {
    const step = directionOf(at, f64(0.5, -1), f64(2), 0.6, bends);
    expect([...step.slacks]).toEqual([-2]);
    const products = (x: number, dx: number, y: number, dy: number): number => x * y + x * dy + y * dx;
    expect(products(1, 0.5, 3, step.reduced[0]!)).toBeCloseTo(0.6 - 0.1, 12);
    expect(products(2, -1, 0.5, step.reduced[1]!)).toBeCloseTo(0.6 - 0.2, 12);
    expect(products(4, -2, 0.25, step.multipliers[0]!)).toBeCloseTo(0.6 - 0.3, 12);
  });

  test('goes as far as no unknown loses more than 99 %, and no further than itself', () => {
    expect(directionOf(at, f64(0.5, -1), f64(2), 0.6, bends).length).toBe(1);
    expect(directionOf(at, f64(-4, 0), f64(0), 3, bends).length).toBeCloseTo(0.99 / 4, 12);
    expect(directionOf(at, f64(0, 0), f64(16), 3, bends).length).toBeCloseTo(0.99 / 4, 12);
    // Reduced cost of the first: (0.1 - 0.1 - 3 dx) / 1 - 3 with dx = 1: -6 of 3.
    expect(directionOf(at, f64(1, 0), f64(0), 0.1, bends).dualLength).toBeCloseTo(0.99 / 2, 12);
  });

  test('complementarity is the sum of the products, before and after', () => {
    expect(complementarityOf(at)).toBe(3 + 1 + 1);
    const step = {
      weights: f64(1, 1),
      slacks: f64(-2),
      reduced: f64(-1, 1),
      multipliers: f64(0.5),
      length: 0.5,
      dualLength: 0.25,
    };
    expect(complementarityAfter(at, step)).toBeCloseTo(1.5 * 2.75 + 2.5 * 0.75 + 3 * 0.375, 12);
  });
});

test('a sample of a small operator is the operator', () => {
  const { matrix, count, memberOf, isExact } = sampleVoxels(operator);
  expect([...matrix]).toEqual(A.flat());
  expect([count, [...memberOf], isExact]).toEqual([3, [0, 1, 2], true]);
});
