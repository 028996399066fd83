/** The SIMD kernels against the Float64 reference, at odd sizes. */
import { expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { uniformFluenceGrid } from '../../src/beam/fluence.js';
import { createRandom } from '../../src/core/random.js';
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
