/** What makes DVHs fast, against slow versions: the sort, the sweep, samples of large structures, cells that are used again. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { Cumulator } from '../../src/evaluate/cumulate.js';
import { createDvh, DvhWorkspace } from '../../src/evaluate/dvh.js';
import { RadixSorter } from '../../src/evaluate/radix-sort.js';
import { StructureCells } from '../../src/evaluate/structure-cells.js';
import { createGrid, type Grid, voxelCount } from '../../src/geometry/grid.js';
import { createDose, createVolume, type DoseVolume, type Volume } from '../../src/geometry/volume.js';

const seed = 411;
const random = createRandom(seed);
const physical = { quantity: 'physical', fractions: 22 } as const;

describe(`sorting (seed ${seed})`, () => {
  const kinds: [string, () => number][] = [
    ['doses', () => 45 * random.uniform() ** 3],
    ['a narrow range', () => 38 + random.uniform()],
    ['both signs, many ties, both zeros', () => Math.round(20 * random.normal()) * (random.uniform() < 0.5 ? -1 : 1)],
    ['all sizes', () => (random.uniform() - 0.5) * 10 ** (60 * random.uniform() - 30)],
    ['one value', () => 7],
  ];
  const sorter = new RadixSorter();
  test.each(kinds)('%s: as a stable comparator sort, whatever was sorted before', (_, draw) => {
    for (const n of [1, 2, 23, 300, 40_000, 5000, 33_000]) {
      const keys = Float32Array.from({ length: n }, draw);
      const expected = Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]! || a - b);
      const order: number[] = [];
      const values: number[] = [];
      for (let run = 0, runs = sorter.deal(keys); run < runs; run++) {
        sorter.sort(run);
        for (let p = 2 * sorter.from; p < 2 * (sorter.from + sorter.count); p += 2) {
          order.push(sorter.words[p + 1]!);
          values.push(sorter.floats[p]!);
        }
      }
      expect(order).toEqual(expected);
      expect(values.every((value, i) => value === keys[expected[i]!]!)).toBe(true);
    }
  });
});

test(`the sweep is the sum of all intervals at every corner (seed ${seed})`, () => {
  const cumulator = new Cumulator();
  for (const n of [1, 5, 400, 30]) {
    const top = Float32Array.from({ length: n }, () => Math.ceil(40 * random.uniform()));
    // A third has no width, and many corners fall together.
    const bottom = top.map((d) => d - Math.floor(3 * random.uniform()));
    const volume = Float64Array.from(top, () => random.uniform());
    const total = volume.reduce((a, b) => a + b, 0);
    const curve = cumulator.cumulate({ ends: Float32Array.from([...top, ...bottom]), volume: volume.slice() }, total);
    curve.dose.forEach((d, c) => {
      let [above, atLeast] = [0, 0];
      for (let i = 0; i < n; i++) {
        const width = top[i]! - bottom[i]!;
        const share = width > 0 ? Math.min(1, Math.max(0, (top[i]! - d) / width)) : 0;
        above += volume[i]! * (width > 0 ? share : top[i]! > d ? 1 : 0);
        atLeast += volume[i]! * (width > 0 ? share : top[i]! >= d ? 1 : 0);
      }
      // At a jump the first of two corners lies below it, the second above. 1e-12: rounding of some hundred sums.
      const isSecond = curve.dose[c - 1] === d;
      expect(Math.abs(curve.volume[c]! - (isSecond ? atLeast : above))).toBeLessThan(1e-12 * total);
    });
    expect(curve.volume[curve.volume.length - 1]).toBeCloseTo(total, 12);
  }
});

/** A smooth dose with a little noise, and one voxel in five even. */
function doseOn(grid: Grid, steepness: number): DoseVolume {
  const [, ny, nx] = grid.shape;
  const data = new Float32Array(voxelCount(grid));
  for (let v = 0; v < data.length; v++) {
    const x = v % nx;
    const y = Math.floor(v / nx) % ny;
    data[v] = 20 + steepness * Math.sin(x / 3 + y / 5) + Math.floor(v / (nx * ny)) + 0.3 * random.uniform();
    if (v % 5 === 0) data[v] = 21;
  }
  return createDose(grid, physical, data);
}

function maskOn(grid: Grid, radius: number): Volume<'mask'> {
  const [nz, ny, nx] = grid.shape;
  const data = new Float32Array(voxelCount(grid));
  for (let v = 0; v < data.length; v++) {
    const [i, j, k] = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))];
    const r = Math.hypot(i - nx / 2, j - ny / 2.2, k - nz / 3);
    data[v] = Math.min(1, Math.max(0, radius - r));
  }
  return createVolume('mask', grid, data);
}

test(`a large structure: every voxel one interval, as wide as its limited slopes (seed ${seed})`, () => {
  const grid = createGrid([25, 27, 31], [2, 3, 5], [-30, -40, -60]);
  const mask = createVolume(
    'mask',
    grid,
    maskOn(grid, 40).data.map((f, v) => (v % 7 === 0 ? 0.4 * f : f)),
  );
  const { data } = doseOn(grid, 9);
  const [nz, ny, nx] = grid.shape;
  const at = (i: number, j: number, k: number): number => data[i + nx * (j + ny * k)]!;
  const slope = (left: number | undefined, here: number, right: number | undefined): number => {
    const [a, b] = [here - (left ?? Number.NaN), (right ?? Number.NaN) - here];
    if (Number.isNaN(a)) return b;
    if (Number.isNaN(b)) return a;
    return a * b <= 0 ? 0 : Math.sign(a) * Math.min(2 * Math.abs(a), 2 * Math.abs(b), Math.abs(a + b) / 2);
  };
  const intervals: { low: number; high: number; volume: number }[] = [];
  const doses = data.filter((_, v) => mask.data[v]! > 0);
  const [least, most] = [doses.reduce((a, b) => Math.min(a, b)), doses.reduce((a, b) => Math.max(a, b))];
  const near = (i: number, j: number, k: number): number | undefined =>
    i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz ? undefined : at(i, j, k);
  for (let v = 0; v < data.length; v++) {
    if (!(mask.data[v]! > 0)) continue;
    const [i, j, k] = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))];
    const x = slope(near(i - 1, j, k), at(i, j, k), near(i + 1, j, k));
    const y = slope(near(i, j - 1, k), at(i, j, k), near(i, j + 1, k));
    const z = slope(near(i, j, k - 1), at(i, j, k), near(i, j, k + 1));
    const half = Math.hypot(x, y, z) / 2;
    const [low, high] = [Math.max(least, at(i, j, k) - half), Math.min(most, at(i, j, k) + half)];
    intervals.push({ low, high, volume: mask.data[v]! * 0.03 });
  }
  expect(intervals.length).toBeGreaterThan(12_500);
  const dvh = createDvh(createDose(grid, physical, data), mask);
  for (let c = 100; c < dvh.dose.length; c += 1500) {
    const d = dvh.dose[c]!;
    if (d === dvh.dose[c - 1] || d === dvh.dose[c + 1]) continue;
    let volume = 0;
    for (const { low, high, volume: own } of intervals) {
      volume += own * (high > low ? Math.min(1, Math.max(0, (high - d) / (high - low))) : high > d ? 1 : 0);
    }
    // 1e-5: ends of the intervals are kept in Float32.
    expect(Math.abs(volume / dvh.volume[c]! - 1)).toBeLessThan(1e-5);
  }
});

test(`cells and workspace may be used again and again: the same bits as anew (seed ${seed})`, () => {
  const grid = createGrid([9, 11, 7], [2, 3, 5], [1, -2, 4]);
  const workspace = new DvhWorkspace();
  const masks = [2.4, 5, 1.2].map((radius) => maskOn(grid, radius));
  const cells = masks.map((mask) => new StructureCells(mask));
  for (const dose of [doseOn(grid, 12), doseOn(grid, 0.1), doseOn(grid, 3)]) {
    masks.forEach((mask, m) => {
      expect(createDvh(dose, cells[m]!, { workspace })).toEqual(createDvh(dose, mask));
    });
  }
});
