/** Samples of a dose in a structure: slopes, intervals and volumes written out voxel by voxel. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { DoseSampler } from '../../src/evaluate/dose-sample.js';
import { StructureCells } from '../../src/evaluate/structure-cells.js';
import { createGrid, type Grid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';

const small = createGrid([4, 5, 6], [2, 3, 5], [0, 0, 0]);
const count = ({ shape }: Grid): number => shape.reduce((a, b) => a * b, 1);
const doseOn = (grid: Grid, f: (i: number, j: number, k: number) => number) => {
  const [, ny, nx] = grid.shape;
  const data = Float32Array.from({ length: count(grid) }, (_, v) =>
    f(v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))),
  );
  return createDose(grid, { quantity: 'physical', fractions: 5 }, data);
};
const cellsOf = (grid: Grid, of: (v: number) => number) =>
  new StructureCells(
    createVolume(
      'mask',
      grid,
      Float32Array.from({ length: count(grid) }, (_, v) => of(v)),
    ),
  );

/** Slope across a voxel along an axis: the mean difference, or twice the smaller one where that is less; none at an extremum. */
function slopeOf(grid: Grid, data: ArrayLike<number>, voxel: number, axis: number): number {
  const [nz, ny, nx] = grid.shape;
  const n = [nx, ny, nz][axis]!;
  const stride = [1, nx, nx * ny][axis]!;
  const at = Math.floor(voxel / stride) % n;
  if (n === 1) return 0;
  const left = data[voxel]! - data[voxel - stride]!;
  const right = data[voxel + stride]! - data[voxel]!;
  if (at === 0) return right;
  if (at === n - 1) return left;
  if (left * right <= 0) return 0;
  return Math.sign(left) * Math.min(Math.abs(left + right) / 2, 2 * Math.abs(left), 2 * Math.abs(right));
}

/** Intervals [upper, lower, volume]. */
function intervals(dose: ReturnType<typeof doseOn>, cells: StructureCells, least = -100, most = 100) {
  const { ends, volume } = new DoseSampler().sample(dose, cells, least, most);
  return Array.from(volume, (cc, i) => [ends[i]!, ends[volume.length + i]!, 1000 * cc] as const);
}

const near = (found: readonly (readonly number[])[], expected: readonly (readonly number[])[]): void => {
  expect(found).toHaveLength(expected.length);
  const apart = found.map((row, i) => Math.max(...row.map((value, c) => Math.abs(value - expected[i]![c]!))));
  expect(apart.reduce((a, b) => Math.max(a, b), 0)).toBeLessThan(1e-4);
};

const random = createRandom(5).uniform;
const noise = (grid: Grid) => doseOn(grid, () => 20 + 30 * random());

describe('of many voxels every one is one interval, as wide as its slopes', () => {
  // More than half the budget of cells, so that voxels are not cut.
  const large = createGrid([42, 45, 51], [2, 3, 5], [0, 0, 0]);
  const dose = noise(large);
  const whole = cellsOf(large, () => 1);

  test('with one-sided slopes at the faces of the grid', () => {
    expect(whole.division).toBe(1);
    const found = intervals(dose, whole);
    const expected = Array.from(dose.data, (gray, voxel) => {
      const width = Math.hypot(...[0, 1, 2].map((axis) => slopeOf(large, dose.data, voxel, axis)));
      return [gray + width / 2, gray - width / 2, 30];
    });
    near(found, expected);
  });

  test('volumes are those of the parts in the structure', () => {
    const part = cellsOf(large, (v) => (v % 3 === 0 ? 0 : v % 3 === 1 ? 1 : 0.25));
    const found = intervals(dose, part);
    expect(found.slice(0, 4).map(([, , mm3]) => mm3)).toEqual([30, 7.5, 30, 7.5].map((v) => expect.closeTo(v, 5)));
    expect(found.reduce((sum, [, , mm3]) => sum + mm3, 0)).toBeCloseTo((count(large) / 3) * 37.5, 3);
  });

  test('no sample goes beyond the lowest and highest dose of the structure', () => {
    const found = intervals(dose, whole, 25, 45);
    expect(found.reduce((most, [upper]) => Math.max(most, upper), 0)).toBe(45);
    expect(found.reduce((least, [, lower]) => Math.min(least, lower), 99)).toBe(25);
  });

  test('slopes below a millionth of the largest dose are none', () => {
    const faint = doseOn(large, (i) => 60 + 4e-6 * i);
    const [first] = intervals(faint, whole, 0, 60);
    expect(first![0] - first![1]).toBe(0);
    // Of a dose that is small itself they are what it has.
    const own = doseOn(large, (i) => 4e-6 * i);
    expect(intervals(own, whole, 0, 1e-3)[1]![0] - intervals(own, whole, 0, 1e-3)[1]![1]).toBeCloseTo(4e-6, 9);
    const below = doseOn(large, (i) => -60 + 4e-6 * i);
    const [cold] = intervals(below, whole, -60, 0);
    expect(cold![0] - cold![1]).toBe(0);
  });
});

describe('of few voxels every one is cut into 125 cells', () => {
  const dose = noise(small);

  test('each an interval about the linear dose at its centre, a fifth as wide', () => {
    const some = [0, 29, 47, 68, 119];
    const cells = cellsOf(small, (v) => (some.includes(v) ? 1 : 0));
    expect(cells.division).toBe(5);
    const expected = some.flatMap((voxel) => {
      const slopes = [0, 1, 2].map((axis) => slopeOf(small, dose.data, voxel, axis));
      const half = Math.hypot(...slopes) / 10;
      return Array.from({ length: 125 }, (_, c) => {
        const place = [c % 5, Math.floor(c / 5) % 5, Math.floor(c / 25)].map((q) => (q + 0.5) / 5 - 0.5);
        const middle = dose.data[voxel]! + slopes.reduce((sum, slope, a) => sum + slope * place[a]!, 0);
        return [middle + half, middle - half, 30 / 125];
      });
    });
    near(intervals(dose, cells), expected);
  });

  test('an even dose in a whole voxel is one value; cells outside the structure are none', () => {
    const even = doseOn(small, () => 33);
    const cells = cellsOf(small, (v) => (v === 68 ? 1 : 0));
    expect(intervals(even, cells)).toEqual([[33, 33, expect.closeTo(30, 6)]]);
    expect(intervals(even, cells, 0, 32)).toEqual([[32, 32, expect.closeTo(30, 6)]]);
    expect(intervals(even, cells, 34, 50)).toEqual([[34, 34, expect.closeTo(30, 6)]]);
    // Half of a voxel on one face of a structure: half of its cells, towards the structure.
    const half = cellsOf(small, (v) => (v % 6 < 2 ? 1 : v % 6 === 2 ? 0.5 : 0));
    const ramp = doseOn(small, (i) => 10 * i);
    const cut = intervals(ramp, half).filter(([upper, lower]) => (upper + lower) / 2 > 15.001);
    expect(cut.reduce((sum, [, , mm3]) => sum + mm3, 0)).toBeCloseTo((20 * 30) / 2, 3);
  });

  test('slopes below a millionth of the largest dose are none, here too', () => {
    const faint = doseOn(small, (i) => 60 + 4e-6 * i);
    const cells = cellsOf(small, (v) => (v === 68 ? 1 : 0));
    for (const [upper, lower] of intervals(faint, cells, 0, 60)) expect(upper - lower).toBe(0);
    const own = doseOn(small, (i) => i + 1);
    for (const [upper, lower] of intervals(own, cells, 0, 60)) expect(upper - lower).toBeCloseTo(0.2, 5);
  });

  test('the memory of a larger structure before changes nothing', () => {
    const sampler = new DoseSampler();
    sampler.sample(
      dose,
      cellsOf(small, () => 1),
      0,
      99,
    );
    const cells = cellsOf(small, (v) => (v === 68 || v === 3 ? 1 : 0));
    const again = sampler.sample(dose, cells, 0, 99);
    const fresh = new DoseSampler().sample(dose, cells, 0, 99);
    expect([...again.ends]).toEqual([...fresh.ends]);
    expect([...again.volume]).toEqual([...fresh.volume]);
  });
});

describe('the voxels of a structure', () => {
  const of = (voxels: readonly number[], value = 1) => cellsOf(small, (v) => (voxels.includes(v) ? value : 0));
  const [nz, ny, nx] = small.shape;

  test.each(Array.from({ length: 12 }, (_, i) => [i * 10 + 7, (i * 37) % 120] as const))(
    'with their neighbours along the axes: %i and %i',
    (a, b) => {
      const expected = new Set<number>();
      for (const v of [a, b]) {
        expected.add(v);
        const at = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))];
        [1, nx, nx * ny].forEach((stride, axis) => {
          if (at[axis]! > 0) expected.add(v - stride);
          if (at[axis]! + 1 < [nx, ny, nz][axis]!) expected.add(v + stride);
        });
      }
      expect([...of([a, b]).neighbourhood]).toEqual([...expected].sort((x, y) => x - y));
    },
  );

  test('are found wherever they lie, and their parts add up', () => {
    for (const list of [[0], [119], [7, 8], [0, 5, 6, 15, 16, 17, 119], [63, 64, 65]]) {
      const cells = of(list, 0.5);
      expect([...cells.voxels]).toEqual(list);
      expect(cells.volumeCc).toBeCloseTo((list.length * 15) / 1000, 9);
      expect(cells.partialVolumes.reduce((sum, cc) => sum + cc, 0)).toBeCloseTo(cells.volumeCc, 9);
    }
    expect(cellsOf(small, () => 0).voxels).toHaveLength(0);
  });

  test('a fraction may be off by one rounding of single precision, no more', () => {
    expect(of([3], 1 + 9e-7).volumeCc).toBeCloseTo(0.03, 9);
    expect(() => of([3], 1 + 2e-6)).toThrow(/mask of voxel 3 is 1\.00000/);
    expect([...of([3], -9e-7).voxels]).toEqual([]);
    expect(() => of([3], -2e-6)).toThrow(/must be a fraction 0\.\.1/);
    expect(() => of([3], Number.NaN)).toThrow(/voxel 3 is NaN/);
  });

  test('are cut the finer the fewer they are: 125 cells up to 800, one from 12,501 on', () => {
    const grid = createGrid([25, 25, 25], [1, 1, 1], [0, 0, 0]);
    const division = (n: number): number => cellsOf(grid, (v) => (v < n ? 1 : 0)).division;
    expect([800, 801, 1562, 1563, 3703, 3704, 12_500, 12_501].map(division)).toEqual([5, 4, 4, 3, 3, 2, 2, 1]);
  });
});
