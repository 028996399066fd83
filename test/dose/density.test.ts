/** The density-scaled engine: one linear map whatever the matter, the same with and without lung's neighbours, flagged beyond its range. */
import { expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { uniformFluenceGrid } from '../../src/beam/fluence.js';
import { createRandom } from '../../src/core/random.js';
import { addFieldDose, viewOfBeam } from '../../src/dose/beam-view.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { buildMatrix } from '../../src/influence/matrix.js';
import { InfluenceOperator } from '../../src/influence/operator.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';

const grid = createGrid([20, 40, 20], [10, 5, 10], [-95, -97.5, -95]);
const volume = (of: (depth: number, x: number) => number) => {
  const density = createVolume('density', grid);
  for (let v = 0; v < density.data.length; v++) {
    density.data[v] = of(5 * (Math.floor(v / 20) % 40) + 2.5, -95 + 10 * (v % 20));
  }
  return density;
};
/** Lung on one side, bone in the middle. */
const chest = volume((depth, x) => (depth > 40 && depth < 120 ? (x < -10 ? 0.26 : x < 20 ? 1.5 : 1) : 1));
const beam = createBeam(artiste6mv, { isocenter: [0, 0, 0], gantry: 20, collimator: 10, couch: 0 });
const random = createRandom(3);
const points = Float64Array.from({ length: 900 }, (_, c) => (c % 3 === 1 ? 190 : 120) * (random.uniform() - 0.5));

test('water: density scaling is depth scaling', () => {
  const field = { grid: uniformFluenceGrid(-30, -30, 5, 12, 12), weights: new Float64Array(144).fill(100) };
  const water = volume(() => 1);
  const [depth, density] = (['depth', 'density'] as const).map((heterogeneity) =>
    addFieldDose(viewOfBeam(beam, water, { points }, { heterogeneity }), field, new Float64Array(300)),
  );
  const largest = Math.max(...depth!);
  const apart = depth!.map((d, p) => Math.abs(d - density![p]!));
  // Between the nodes of the tables, and the blur of the scatter at one distance.
  expect(Math.max(...apart) / largest).toBeLessThan(5e-4);
});

test('forward, transpose and matrix are one linear map in lung and bone', () => {
  const beamlets = {
    grid: uniformFluenceGrid(-20, -20, 5, 8, 8),
    pixels: Int32Array.from({ length: 64 }, (_, c) => c),
  };
  const operator = new InfluenceOperator([{ beam, beamlets }], chest, points, { kernels: 'plain' });
  const w = Float64Array.from({ length: operator.columns }, () => random.uniform());
  const r = Float64Array.from({ length: operator.rows }, () => random.uniform() - 0.5);
  const dose = operator.apply(w, new Float64Array(operator.rows));
  const back = operator.applyTranspose(r, new Float64Array(operator.columns));
  const left = dose.reduce((sum, d, i) => sum + d * r[i]!, 0);
  const right = back.reduce((sum, b, j) => sum + b * w[j]!, 0);
  expect(Math.abs(left / right - 1)).toBeLessThan(1e-9);
  const matrix = buildMatrix(operator);
  const product = matrix.apply(w, new Float64Array(operator.rows));
  const largest = Math.max(...dose);
  expect(Math.max(...product.map((d, i) => Math.abs(d - dose[i]!))) / largest).toBeLessThan(1e-5);
});

test('in lung a narrow field loses dose, before it hardly any', () => {
  const field = { grid: uniformFluenceGrid(-15, -15, 5, 6, 6), weights: new Float64Array(36).fill(100) };
  const straight = createBeam(artiste6mv, { isocenter: [-50, 0, 0], gantry: 0, collimator: 0, couch: 0 });
  // In lung 40 mm deep into it, and in water before it.
  const at = Float64Array.of(-50, -20, 0, -50, -70, 0);
  const [depth, density] = (['depth', 'density'] as const).map((heterogeneity) =>
    addFieldDose(viewOfBeam(straight, chest, { points: at }, { heterogeneity }), field, new Float64Array(2)),
  );
  expect(density![0]! / depth![0]!).toBeLessThan(0.9);
  expect(Math.abs(density![1]! / depth![1]! - 1)).toBeLessThan(0.02);
});

test('air and metal: finite, and counted as beyond the tested range', () => {
  const odd = volume((depth, x) => (depth > 60 && depth < 90 ? (x < 0 ? 0.001 : 8) : 1));
  const field = { grid: uniformFluenceGrid(-30, -30, 5, 12, 12), weights: new Float64Array(144).fill(1) };
  const view = viewOfBeam(beam, odd, { points });
  const dose = addFieldDose(view, field, new Float64Array(300));
  expect(dose.every(Number.isFinite)).toBe(true);
  expect(view.points.beyondDensity).toBeGreaterThan(10);
  expect(viewOfBeam(beam, chest, { points }).points.beyondDensity).toBe(0);
});

test('a machine whose kernel is not split says so', () => {
  const { scatter: _, ...kernel } = artiste6mv.kernel;
  const plain = createBeam({ ...artiste6mv, kernel }, beam.pose);
  expect(() => viewOfBeam(plain, chest, { points })).toThrow(
    /machine artiste-6mv: its kernel does not tell scatter from electrons.*Commission it again, or set heterogeneity to "depth"/,
  );
  expect(() => viewOfBeam(plain, chest, { points }, { heterogeneity: 'depth' })).not.toThrow();
});
