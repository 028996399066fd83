/** The operator over threads: the operator's numbers to rounding, and the same with any number of threads. */
import { expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { beamletsCovering } from '../../src/beam/fluence.js';
import { InvalidInputError } from '../../src/core/errors.js';
import { serialExecutor } from '../../src/core/executor.js';
import { createRandom } from '../../src/core/random.js';
import { voxelsInside } from '../../src/dose/beam-view.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { DividedOperator } from '../../src/influence/divided-operator.js';
import { InfluenceOperator } from '../../src/influence/operator.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';

const grid = createGrid([9, 15, 17], [11, 9, 8], [-61, -70, -33]);
const random = createRandom(5);
const density = createVolume('density', grid);
const target = createVolume('mask', grid);
for (let v = 0; v < density.data.length; v++) {
  density.data[v] = 0.3 + random.uniform();
  const [i, j, k] = [v % 17, Math.floor(v / 17) % 15, Math.floor(v / (17 * 15))];
  target.data[v] = Math.abs(i - 7) < 3 && Math.abs(j - 7) < 3 && Math.abs(k - 3) < 2 ? 1 : 0;
}
const { points } = voxelsInside(createVolume('mask', grid, new Float32Array(density.data.length).fill(1)));
const beams = [17, 95, 230].map((gantry) => {
  const beam = createBeam(artiste6mv, { isocenter: [-1, 2, 3], gantry, collimator: 20, couch: 10, position: 'HFS' });
  return { beam, beamlets: beamletsCovering(beam.frame, target) };
});
const plain = new InfluenceOperator(beams, density, points);
const vector = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.normal());

const alone = new DividedOperator(beams, density, points);
const largest = (a: Float64Array): number => a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

test('one thread: dose and gradient are those of the operator to rounding (seed 5)', () => {
  const w = vector(plain.columns);
  const y = vector(plain.rows);
  const dose = alone.apply(w, new Float64Array(plain.rows));
  const expected = plain.apply(w, new Float64Array(plain.rows));
  const error = dose.map((d, r) => d - expected[r]!);
  // Two bands of three beams are added in another order: a few 2^-53.
  expect(largest(error)).toBeLessThan(1e-14 * largest(expected));
  expect(alone.applyTranspose(y, new Float64Array(plain.columns))).toEqual(
    plain.applyTranspose(y, new Float64Array(plain.columns)),
  );
});

for (const threads of [2, 3, 7]) {
  test(`${threads} threads: dose and gradient are those of one thread to the last bit (seed 5)`, () => {
    const executor = { ...serialExecutor, threads };
    const divided = new DividedOperator(beams, density, points, { executor });
    expect([divided.rows, divided.columns]).toEqual([plain.rows, plain.columns]);
    for (let trial = 0; trial < 2; trial++) {
      const w = vector(plain.columns);
      const y = vector(plain.rows);
      expect(divided.apply(w, new Float64Array(plain.rows))).toEqual(alone.apply(w, new Float64Array(plain.rows)));
      expect(divided.applyTranspose(y, new Float64Array(plain.columns))).toEqual(
        alone.applyTranspose(y, new Float64Array(plain.columns)),
      );
    }
    divided.close();
    expect(() => divided.apply(vector(plain.columns), new Float64Array(plain.rows))).toThrow(InvalidInputError);
  });

  test(`${threads} threads: without beams or points it refuses`, () => {
    const executor = { ...serialExecutor, threads };
    expect(() => new DividedOperator([], density, points, { executor })).toThrow(InvalidInputError);
    expect(() => new DividedOperator(beams, density, new Float64Array(0), { executor })).toThrow(InvalidInputError);
  });
}
