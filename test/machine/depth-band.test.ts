/** The band of the depths against the dense matrix that it stands for. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { applyBand, applyBandTransposed, BandFactor, type DepthBand, rowCount } from '../../src/machine/depth-band.js';

/** Readings differ in number from depth to depth, also none and more than weights; ties differ in size. */
function randomBand(depthCount: number, width: number, seed: number): DepthBand {
  const random = createRandom(seed);
  return {
    depthCount,
    width,
    readings: Array.from({ length: depthCount }, (_, i) =>
      Float64Array.from({ length: ((i * 3 + seed) % (width + 3)) * width }, () => random.normal()),
    ),
    ties: Float64Array.from({ length: 3 * depthCount }, (_, k) =>
      k < 3 || k >= 3 * (depthCount - 1) ? 0 : 10 ** (3 * random.uniform()) * random.normal(),
    ),
  };
}

/** Columns of M, one unit vector at a time. */
function dense(band: DepthBand): number[][] {
  const size = band.depthCount * band.width;
  return Array.from({ length: size }, (_, k) => {
    const unit = new Float64Array(size);
    unit[k] = 1;
    return [...applyBand(band, unit, new Float64Array(rowCount(band)))];
  });
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

test.each([
  [7, 3, 1],
  [5, 4, 2],
  [3, 1, 3],
  [2, 3, 4],
  [11, 2, 5],
])('%i depths, %i weights, seed %i', (depthCount, width, seed) => {
  const band = randomBand(depthCount, width, seed);
  const random = createRandom(seed + 100);
  const size = depthCount * width;
  const vector = (length: number): Float64Array => Float64Array.from({ length }, () => random.normal());
  const [x, y] = [vector(size), vector(rowCount(band))];
  const left = dot(applyBand(band, x, new Float64Array(y.length)), y);
  const right = dot(x, applyBandTransposed(band, y, new Float64Array(size)));
  expect(Math.abs(left - right) / Math.abs(left)).toBeLessThan(1e-12);

  // (M'M + D^2) R^-1 R^-T v = v, with M written out.
  const columns = dense(band);
  const d = vector(size).map((value) => Math.abs(value) + 0.1);
  const v = vector(size);
  const factor = new BandFactor(band);
  factor.update(vector(size));
  factor.update(d);
  const solution = factor.solve(factor.solveTransposed(Float64Array.from(v)));
  const Mx = applyBand(band, solution, new Float64Array(y.length));
  // Rounding grows with the squares of the ties, 1e6, over the least of d^2, 1e-2.
  columns.forEach((column, k) => {
    expect(Math.abs(dot(column, Mx) + d[k]! ** 2 * solution[k]! - v[k]!)).toBeLessThan(1e-7);
  });
  // R^-T v has the length that R'R = M'M + D^2 gives it.
  const half = factor.solveTransposed(Float64Array.from(v));
  expect(Math.abs(dot(half, half) / dot(v, solution) - 1)).toBeLessThan(1e-9);
});
