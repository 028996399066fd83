/** The fast engine against direct summation of the kernel, and a beamlet that sits where it should. */
import { expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { uniformFluenceGrid } from '../../src/beam/fluence.js';
import { createRandom } from '../../src/core/random.js';
import { addFieldDose, kernelOf, viewOfBeam } from '../../src/dose/beam-view.js';
import { FluenceMap } from '../../src/dose/fluence-map.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { openFieldDose } from '../../src/machine/field-integral.js';

// Water, 300 mm deep, surface at y = -100 mm; gantry 0 looks along +y with the isocentre 100 mm deep.
// Voxels are 1 mm deep: density is trilinear, so that within half a voxel of the surface it is a ramp.
const grid = createGrid([31, 300, 31], [10, 1, 10], [-150, -99.5, -150]);
const water = createVolume('density', grid, new Float32Array(31 * 300 * 31).fill(1));
const machine = { ...artiste6mv, penumbra: { sigma: [2.4, 1.8], collimator: [345, 470] } as const };
const beam = createBeam(machine, { isocenter: [0, 0, 0], gantry: 0, collimator: 0, couch: 0 });

test('random on-off beamlets, penumbra included: within 0.1 % of the field maximum (seed 5)', {
  timeout: 60_000,
}, () => {
  const random = createRandom(5);
  const cells = uniformFluenceGrid(-35, -45, 5, 14, 18);
  const weights = Float64Array.from({ length: 14 * 18 }, () => (random.uniform() < 0.5 ? 0 : 1));
  const count = 400;
  const points = new Float64Array(3 * count);
  for (let p = 0; p < count; p++) {
    points.set(
      [120 * (random.uniform() - 0.5), 280 * random.uniform() ** 2 - 99.5, 130 * (random.uniform() - 0.5)],
      3 * p,
    );
  }
  const fast = addFieldDose(viewOfBeam(beam, water, { points }), { grid: cells, weights }, new Float64Array(count));
  let largest = 0;
  let worst = 0;
  for (let p = 0; p < count; p++) {
    const [x, y, z] = points.subarray(3 * p, 3 * p + 3) as unknown as [number, number, number];
    const scale = 1000 / (1000 + y);
    let direct = 0;
    weights.forEach((weight, cell) => {
      if (weight === 0) return;
      const i = cell % 14;
      const j = (cell - i) / 14;
      const field = { x1: cells.x[i]!, x2: cells.x[i + 1]!, y1: cells.y[j]!, y2: cells.y[j + 1]! };
      direct += openFieldDose(machine, field, 900, y + 100, x * scale, z * scale);
    });
    largest = Math.max(largest, direct);
    worst = Math.max(worst, Math.abs(fast[p]! - direct));
  }
  expect(worst / largest).toBeLessThan(0.001);
});

test('one beamlet: its centroid lies at its centre within 1e-6 mm', () => {
  // Off the axis and off the nodes; the even horn and equal weights at every point leave the map's own first moment.
  const flat = { ...machine, primaryFluence: { radius: [0, 500], value: [1, 1] } };
  const cells = uniformFluenceGrid(12.3, -21.1, 5, 1, 1);
  const kernel = kernelOf(viewOfBeam(beam, water, { points: Float64Array.of(0, 0, 0, 0, 50, 0) }), cells);
  // Points half a node apart: sums over them are then integrals, because a spline's shifts sum to one.
  const half = 112;
  const step = 0.8;
  const side = 2 * half + 1;
  const count = side * side;
  const u = Float32Array.from({ length: count }, (_, p) => 14.8 + (step / 2) * ((p % side) - half));
  const v = Float32Array.from({ length: count }, (_, p) => -18.6 + (step / 2) * (Math.floor(p / side) - half));
  const extent = { u0: -40, u1: 70, v0: -70, v1: 40 };
  const map = new FluenceMap(flat, kernel, cells, extent, step);
  map.spread(Float64Array.of(1));
  // The penumbra band alone: the wide band's tails would leave the lattice.
  const weights = kernel.bands.map(({ terms }, b) => new Float32Array(count * terms).fill(b === 0 ? 1 : 0));
  const dose = new Float64Array(count);
  map.gather({ u, v, weights }, dose);
  let sum = 0;
  let alongU = 0;
  let alongV = 0;
  for (let p = 0; p < count; p++) {
    sum += dose[p]!;
    alongU += dose[p]! * (u[p]! - 14.8);
    alongV += dose[p]! * (v[p]! + 18.6);
  }
  expect(Math.abs(alongU / sum)).toBeLessThan(1e-6);
  expect(Math.abs(alongV / sum)).toBeLessThan(1e-6);
});
