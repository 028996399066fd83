/** The SIMD kernels against the Float64 reference, at odd sizes. */
import { expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { uniformFluenceGrid } from '../../src/beam/fluence.js';
import { createRandom } from '../../src/core/random.js';
import { selectPoints } from '../../src/dose/beam-points.js';
import { viewOfBeam } from '../../src/dose/beam-view.js';
import { hasSimd } from '../../src/dose/simd-maps.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { InfluenceOperator } from '../../src/influence/operator.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';

const grid = createGrid([12, 30, 12], [20, 8, 20], [-110, -116, -110]);
const chest = createVolume('density', grid);
for (let v = 0; v < chest.data.length; v++) chest.data[v] = Math.floor(v / 12) % 30 < 12 ? 1 : 0.3;
const random = createRandom(13);
const points = Float64Array.from({ length: 3 * 1201 }, (_, c) => (c % 3 === 1 ? 200 : 160) * (random.uniform() - 0.5));

test('there is SIMD here, so that it is what the tests of plans run', () => {
  expect(hasSimd()).toBe(true);
});

test.each([
  [1, 1, 5],
  [3, 7, 5],
  [17, 8, 2.5],
])('%d x %d beamlets of %d mm: dose and transpose within 1e-6 of the largest (seed 13)', (nx, ny, size) => {
  const beams = [0, 77, 200].map((gantry) => ({
    beam: createBeam(artiste6mv, { isocenter: [3, -2, 1], gantry, collimator: 20, couch: 0 }),
    beamlets: {
      grid: uniformFluenceGrid(-0.4 * nx * size, -0.55 * ny * size, size, nx, ny),
      pixels: Int32Array.from({ length: nx * ny }, (_, c) => c),
    },
  }));
  const seen = beams.map(({ beam }) => viewOfBeam(beam, chest, { points }, { kernels: 'plain' }).points);
  const [plain, simd] = (['plain', 'simd'] as const).map(
    (kernels) => new InfluenceOperator(beams, chest, points, { kernels, seen }),
  ) as [InfluenceOperator, InfluenceOperator];
  const w = Float64Array.from({ length: plain.columns }, () => random.uniform());
  const y = Float64Array.from({ length: plain.rows }, () => random.normal());
  const apart = (a: Float64Array, b: Float64Array): number => {
    const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) / largest;
  };
  const doses = [plain, simd].map((operator) => operator.apply(w, new Float64Array(operator.rows)));
  expect(apart(doses[0]!, doses[1]!)).toBeLessThan(1e-6);
  const asked = [plain, simd].map((operator) => operator.applyTranspose(y, new Float64Array(operator.columns)));
  expect(apart(asked[0]!, asked[1]!)).toBeLessThan(1e-6);
  const column = plain.columns >> 1;
  const columns = [plain, simd].map((operator) => operator.column(column, new Float64Array(operator.rows)));
  expect(apart(columns[0]!, columns[1]!)).toBeLessThan(1e-6);
});

test('points are computed in pieces: a dose is that of each part by itself to the last bit, a transpose the sum of theirs (seed 14)', () => {
  const some = createRandom(14);
  const beam = createBeam(artiste6mv, { isocenter: [3, -2, 1], gantry: 77, collimator: 20, couch: 0 });
  const grid = uniformFluenceGrid(-20, -20, 5, 7, 8);
  const beams = [{ beam, beamlets: { grid, pixels: Int32Array.from({ length: 56 }, (_, c) => c) } }];
  // More than a piece has, by what is no whole piece.
  const all = Float64Array.from({ length: 3 * 9001 }, (_, c) => (c % 3 === 1 ? 200 : 160) * (some.uniform() - 0.5));
  const { points: seen } = viewOfBeam(beam, chest, { points: all });
  const operatorOf = (from: number, to: number): InfluenceOperator => {
    const at = Int32Array.from({ length: to - from }, (_, q) => from + q);
    return new InfluenceOperator(beams, chest, all.subarray(3 * from, 3 * to), { seen: [selectPoints(seen, at)] });
  };
  const [whole, first, second] = [operatorOf(0, 9001), operatorOf(0, 3000), operatorOf(3000, 9001)];
  const w = Float64Array.from({ length: 56 }, () => some.uniform());
  const dose = whole.apply(w, new Float64Array(9001));
  expect(dose.subarray(0, 3000)).toEqual(first.apply(w, new Float64Array(3000)));
  expect(dose.subarray(3000)).toEqual(second.apply(w, new Float64Array(6001)));
  const y = Float64Array.from({ length: 9001 }, () => some.normal());
  const asked = whole.applyTranspose(y, new Float64Array(56));
  const ofSecond = second.applyTranspose(y.subarray(3000), new Float64Array(56));
  const sum = first.applyTranspose(y.subarray(0, 3000), new Float64Array(56)).map((a, c) => a + ofSecond[c]!);
  const largest = asked.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  asked.forEach((value, c) => {
    expect(Math.abs(value - sum[c]!)).toBeLessThan(2e-6 * largest);
  });
});
