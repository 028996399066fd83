/** Figures read from doses and DVHs whose answer is known: percentiles, power means, bands, distances and bounds. */
import { describe, expect, test } from 'vitest';
import { doseDifference } from '../../src/evaluate/dose-difference.js';
import { createDvh, type Dvh } from '../../src/evaluate/dvh.js';
import { dvhBand, dvhDistance } from '../../src/evaluate/dvh-band.js';
import { errorBound, extremeBound, samplingBound } from '../../src/evaluate/error-bound.js';
import { metricBound } from '../../src/evaluate/metric-bound.js';
import { parseMetric } from '../../src/evaluate/metric-parser.js';
import { powerMean } from '../../src/evaluate/power-mean.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';

const line = (values: readonly number[]) => {
  const grid = createGrid([1, 1, values.length], [2, 2, 2], [0, 0, 0]);
  return createDose(grid, { quantity: 'physical', fractions: 5 }, Float32Array.from(values));
};

describe('the difference of two doses', () => {
  // 0, 1, ... 100 in no order: percentile p is p.
  const shuffled = Array.from({ length: 101 }, (_, i) => (37 * i) % 101);
  const reference = line(shuffled.map(() => 200));
  const result = doseDifference(reference, line(shuffled.map((d) => 200 + d)));

  test('percentiles, extremes and moments of the numbers from 0 to 100', () => {
    for (const p of [1, 5, 50, 95, 99] as const) expect(result.percentiles[p]).toBeCloseTo(p, 4);
    expect([result.minimum, result.maximum, result.mean]).toEqual([0, 100, 50]);
    expect(result.rootMeanSquare).toBeCloseTo(Math.sqrt((100 * 201) / 6), 4);
    expect(result.standardDeviation).toBeCloseTo(Math.sqrt((100 * 201) / 6 - 2500), 4);
    expect(result.voxels).toBe(101);
  });

  test('an even difference has no deviation, whatever rounding says', () => {
    const even = doseDifference(line([10, 20, 30]), line([10.1, 20.1, 30.1]));
    expect(even.standardDeviation).toBeCloseTo(0, 3);
    expect(Number.isNaN(even.standardDeviation)).toBe(false);
  });

  test('a voxel at the threshold counts, by either dose; one below in both does not', () => {
    const { voxels, map } = doseDifference(line([100, 10, 9, 9, 0]), line([100, 0, 10, 9, 0]), { threshold: 10 });
    expect(voxels).toBe(3);
    expect([...map.data]).toEqual([0, -10, 1, Number.NaN, Number.NaN]);
    expect(doseDifference(line([100, 0]), line([99, 0]), { threshold: 100 }).voxels).toBe(1);
    expect(doseDifference(line([100, 0]), line([99, 0]), { threshold: 0 }).voxels).toBe(2);
    expect(() => doseDifference(line([1]), line([1]), { threshold: -0.1 })).toThrow(/threshold is -0.1/);
  });
});

/** V(D) falls evenly from `high` to `low` over 10 cc. */
const ramp = (low: number, high: number, more: Partial<Dvh> = {}): Dvh =>
  ({
    name: 'R',
    quantity: 'physical',
    fractions: 5,
    volumeCc: 10,
    mean: (low + high) / 2,
    max: high,
    min: low,
    dose: Float64Array.of(high, low),
    volume: Float64Array.of(0, 10),
    ...more,
  }) as Dvh;

describe('power means', () => {
  test.each([1, 2, 3.5, 8, 20, 100, -1, -4])('of a ramp from 10 to 30 Gy, a = %d', (a) => {
    // ((30^(a+1) - 10^(a+1)) / ((a + 1) 20))^(1/a); for a = -1 the mean of 1/D is ln 3 / 20.
    const moment = a === -1 ? Math.log(3) / 20 : (30 ** (a + 1) - 10 ** (a + 1)) / ((a + 1) * 20);
    expect(powerMean(ramp(10, 30), a) / moment ** (1 / a)).toBeCloseTo(1, 7);
  });

  test('of a ramp from nothing, as far as it goes', () => {
    expect(powerMean(ramp(0, 30), 4)).toBeCloseTo(30 / 5 ** 0.25, 6);
    expect(powerMean(ramp(0, 30), -2)).toBe(0);
    expect(powerMean(ramp(0, 0), 2)).toBe(0);
  });

  test('of steps is that of their doses; of a function that of its values', () => {
    const steps = ramp(10, 20, { dose: Float64Array.of(20, 20, 10, 10), volume: Float64Array.of(0, 4, 4, 10) });
    expect(powerMean(steps, 3)).toBeCloseTo((0.4 * 8000 + 0.6 * 1000) ** (1 / 3), 9);
    expect(powerMean(steps, 1, (d) => d * d)).toBeCloseTo(0.4 * 400 + 0.6 * 100, 9);
  });
});

describe('bands and distances of curves', () => {
  test('a band holds every curve, dose by dose, from all to none', () => {
    const { dose, low, high } = dvhBand([ramp(10, 30), ramp(20, 25)], 7);
    expect(dose[6]! / 30 - 1).toBeGreaterThan(0);
    expect(dose[6]).toBeCloseTo(30, 3);
    const share = (d: number, from: number, to: number): number =>
      100 * Math.min(1, Math.max(0, (to - d) / (to - from)));
    dose.forEach((d, i) => {
      const both = [share(d, 10, 30), share(d, 20, 25)];
      expect(low[i]).toBeCloseTo(Math.min(...both), 6);
      expect(high[i]).toBeCloseTo(Math.max(...both), 6);
    });
    expect([low[0], high[0], low[6], high[6]]).toEqual([100, 100, 0, 0]);
    expect([...dvhBand([ramp(0, 0, { dose: Float64Array.of(0), volume: Float64Array.of(10) })], 2).dose]).toEqual([
      0, 1,
    ]);
  });

  test('two ramps: largest apart where they are, with the sign of the evaluated', () => {
    // Reference 10 to 30, evaluated 12 to 40: at 30 Gy 10/28 of the evaluated are above, none of the other.
    const { volume, dose } = dvhDistance(ramp(10, 30), ramp(12, 40), 2801);
    expect(volume.points).toBeCloseTo((100 * 10) / 28, 1);
    expect(volume.atDose).toBeCloseTo(30, 1);
    // Of 1 % of the volume 40 - 0.28 against 30 - 0.2.
    expect(dose.gy).toBeCloseTo(9.92, 6);
    expect(dose.atPercent).toBe(1);
    const back = dvhDistance(ramp(12, 40), ramp(10, 30), 2801);
    expect(back.volume.points).toBeCloseTo(-volume.points, 9);
    expect(back.dose.gy).toBeCloseTo(-9.92, 6);
    const cold = dvhDistance(ramp(10, 30), ramp(2, 30));
    expect(cold.dose).toEqual({ gy: expect.closeTo(-0.99 * 8, 6), atPercent: 99 });
    expect(dvhDistance(ramp(10, 30), ramp(10, 30))).toEqual({
      volume: { points: 0, atDose: 0 },
      dose: { gy: 0, atPercent: 50 },
    });
  });
});

test('a band has 201 doses unless told', () => {
  expect(dvhBand([ramp(10, 30)]).dose).toHaveLength(201);
  expect(() => dvhBand([ramp(10, 30)], 1)).toThrow(/n is 1/);
  expect(() => dvhBand([])).toThrow(/no DVH/);
});

describe('how far off a figure may be', () => {
  const of = (max: number) => ramp(0, max);
  const read = (dvh: Dvh): number => dvh.max;
  const rounding = (value: number): number => 2.4e-7 * value;

  test.each([
    // Steps 4 and 1: a quarter each time, so that the rest is a third of the last.
    ['falls by four', [20, 21, 25], 1.85 * (1 / 3)],
    ['falls by two', [20, 21, 23], 1.85 * 1],
    ['falls by three', [20, 21, 24], 1.85 * (1 / 2)],
    ['grows: no more than by two is hoped for', [20, 22, 23], 1.85 * 2],
    ['falls by ten: no more than by four', [20, 21, 31], 1.85 * (10 / 12)],
    ['vanished by chance', [20, 20, 26], 1.85 * (6 / 12)],
    ['is none', [20, 20, 20], 0],
  ])('the last step %s', (_, [fine, coarse, coarser], expected) => {
    const bound = samplingBound(of(fine!), { coarse: of(coarse!), coarser: of(coarser!) }, [read]);
    expect(bound).toBeCloseTo(expected + rounding(20), 9);
  });

  test('figures nearby must agree too: the largest step of any counts', () => {
    const bound = samplingBound(of(20), { coarse: of(21), coarser: of(25) }, [read, (dvh) => 2 * dvh.max]);
    expect(bound).toBeCloseTo(1.85 * (2 / 3) + rounding(20), 9);
  });

  const bounds = {
    coarse: of(21),
    coarser: of(25),
    lower: of(20.5),
    upper: of(22),
    withinMax: 0.3,
    withinMin: 0.2,
  } as any;

  test('what the dose grid may hide is the farther of the lowered and the raised dose', () => {
    expect(errorBound(of(20), [read])).toBeUndefined();
    const { sampling, doseGrid, total } = errorBound(ramp(0, 20, { bounds }), [read])!;
    expect(sampling).toBeCloseTo(1.85 / 3 + rounding(20), 9);
    expect(doseGrid).toBe(1);
    expect(total).toBe(sampling + 1);
    const lower = errorBound(ramp(0, 20, { bounds: { ...bounds, lower: of(19) } }), [read])!;
    expect(lower.doseGrid).toBe(2);
  });

  test('an extreme is off by what its search left open', () => {
    expect(extremeBound(of(20), read)).toBeUndefined();
    const dvh = ramp(5, 20, { bounds });
    expect(extremeBound(dvh, read)).toMatchObject({ sampling: expect.closeTo(0.3 + rounding(20), 9), doseGrid: 1 });
    expect(extremeBound(dvh, (d) => d.min)!.sampling).toBeCloseTo(0.2 + rounding(5), 9);
  });

  test('of a metric: figures on either side count, in its own unit', () => {
    // Only V near 20 Gy steps: the curve of the coarser scans ends earlier.
    const dvh = ramp(0, 20, { bounds: { ...bounds, coarse: of(20), coarser: of(20), lower: of(20), upper: of(20) } });
    const none = metricBound(parseMetric('D50%'), dvh)!;
    expect(none.sampling).toBeCloseTo(rounding(10), 9);
    expect(metricBound(parseMetric('D50%'), of(20))).toBeUndefined();
    // Ramps to 20, 21, 25: D at a share p of the volume moves by (1 - p) of it; of volumes 1.5 times smaller by more.
    const moving = ramp(0, 20, { bounds });
    const steps = (p: number): number => 1.85 * ((1 - p / 1.5) / 3);
    expect(metricBound(parseMetric('D30%'), moving)!.sampling).toBeCloseTo(steps(0.3) + rounding(14), 9);
    // Beyond half of the structure the rest is what is made 1.5 times as large.
    expect(metricBound(parseMetric('D80%'), moving)!.sampling).toBeCloseTo(1.85 * ((0.2 * 1.5) / 3) + rounding(4), 9);
    expect(metricBound(parseMetric('D100%'), moving)!.sampling).toBeLessThan(1e-5);
    expect(metricBound(parseMetric('Max'), moving)!.sampling).toBeCloseTo(0.3 + rounding(20), 9);
    // V(D) = 10 (1 - D / top): its step is largest at the larger of the doses 2 % of the span to either side.
    const at = (d: number): number => 100 * (d / 20 - d / 21);
    const volume = metricBound(parseMetric('V10Gy'), moving)!;
    const step = Math.abs(at(10.4));
    const before = 100 * (10.4 / 21 - 10.4 / 25);
    const fall = Math.min(4, Math.max(2, before / step));
    expect(volume.sampling).toBeCloseTo(1.85 * Math.max(step / (fall - 1), before / 12) + rounding(50), 7);
  });
});

test('a DVH of one value is a step; its mean is the value', () => {
  const dose = line([12, 12]);
  const dvh = createDvh(dose, createVolume('mask', dose.grid, Float32Array.of(1, 0.5)));
  expect([dvh.min, dvh.mean, dvh.max]).toEqual([12, 12, 12]);
  expect(1000 * dvh.volumeCc).toBeCloseTo(12, 9);
  expect(powerMean(dvh, 7)).toBeCloseTo(12, 9);
});
