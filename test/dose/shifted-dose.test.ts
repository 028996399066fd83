/** Dose under shifts that are asked for one after the other: that of the forward dose at shifted rows, to the last bit. */
import { expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { uniformFluenceGrid } from '../../src/beam/fluence.js';
import { UnsupportedError } from '../../src/core/errors.js';
import { serialExecutor } from '../../src/core/executor.js';
import { createRandom } from '../../src/core/random.js';
import { voxelsInside } from '../../src/dose/beam-view.js';
import { type DoseField, ForwardDose } from '../../src/dose/forward-dose.js';
import { ShiftedDose } from '../../src/dose/shifted-dose.js';
import { repeatPoints } from '../../src/dose/shifted-rows.js';
import { createGrid, type Vec3 } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';

const seed = 23;
const random = createRandom(seed);
const grid = createGrid([9, 15, 17], [11, 9, 8], [-61, -70, -33]);
const density = createVolume('density', grid);
for (let v = 0; v < density.data.length; v++) density.data[v] = 0.3 + random.uniform();
const all = voxelsInside(createVolume('mask', grid, new Float32Array(density.data.length).fill(1))).points;
const points = all.slice(3 * 900, 3 * 1200);
const beamAt = (gantry: number) =>
  createBeam(artiste6mv, { isocenter: [-1, 2, 3], gantry, collimator: 20, couch: 10, position: 'HFS' });
const planOf = (gantries: readonly number[]): DoseField[] =>
  gantries.map((gantry) => ({
    beam: beamAt(gantry),
    fluence: {
      grid: uniformFluenceGrid(-30, -20, 7, 8, 6),
      weights: Float64Array.from({ length: 48 }, () => random.uniform()),
    },
  }));
// Two plans share a beam; the second field of the first is of the same beam as the first.
const plans = [planOf([17, 17, 95]), planOf([95, 230])];
const shifts: Vec3[] = [
  [0, 0, 0],
  [3, 0, -1],
  [-1.5, 2, 0.25],
];

/** As before: every shift a range of rows of its own. */
function forward(fields: readonly DoseField[], at: Int32Array, asked: readonly Vec3[], options = {}): Float64Array[] {
  const own = new Float64Array([...at].flatMap((p) => [...points.subarray(3 * p, 3 * p + 3)]));
  const rows = repeatPoints(own, asked);
  const { dose } = new ForwardDose(density, rows.points, { shifted: rows.shifted, ...options }).total(fields);
  return asked.map((_, s) => dose.slice(s * at.length, (s + 1) * at.length));
}

for (const options of [
  {},
  { heterogeneity: 'depth' as const, medium: 'water' as const },
  { kernels: 'plain' as const },
]) {
  test.each([1, 2, 5])(
    `%d threads, ${JSON.stringify(options)}: any plan, shift and point, in any order (seed ${seed})`,
    (threads) => {
      const dose = new ShiftedDose(density, points, { executor: { ...serialExecutor, threads: threads }, ...options });
      const every = Int32Array.from({ length: points.length / 3 }, (_, p) => p);
      const few = Int32Array.of(299, 7, 130);
      for (const fields of [plans[0]!, plans[1]!, plans[0]!]) {
        expect(dose.doses(fields, shifts)).toEqual(forward(fields, every, shifts, options));
        expect(dose.doses(fields, [shifts[2]!], few)).toEqual(forward(fields, few, [shifts[2]!], options));
        expect(dose.doses(fields, shifts, few)).toEqual(forward(fields, few, shifts, options));
      }
      dose.close();
      expect(dose.doses(plans[1]!, shifts, few), 'after close it starts anew').toEqual(
        forward(plans[1]!, few, shifts, options),
      );
    },
  );
}

test('a shift by which a beam misses is an error, and no obstacle to the next', () => {
  const dose = new ShiftedDose(density, points);
  expect(() => dose.doses(plans[0]!, [[0, 900, 0]])).toThrow(UnsupportedError);
  expect(dose.doses(plans[0]!, shifts).length).toBe(3);
});
