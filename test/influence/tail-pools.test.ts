/** The slow part of the influence at its places, against whole rows. */
import { expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { beamletsCovering } from '../../src/beam/fluence.js';
import { serialExecutor } from '../../src/core/executor.js';
import { voxelsInside } from '../../src/dose/beam-view.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { DividedOperator } from '../../src/influence/divided-operator.js';
import { tailPools } from '../../src/influence/tail-pools.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';

const grid = createGrid([13, 15, 17], [9, 9, 9], [-72, -63, -54]);
const density = createVolume('density', grid);
const target = createVolume('mask', grid);
for (let v = 0; v < density.data.length; v++) {
  density.data[v] = 1;
  const [i, j, k] = [v % 17, Math.floor(v / 17) % 15, Math.floor(v / (17 * 15))];
  target.data[v] = Math.abs(i - 8) < 4 && Math.abs(j - 7) < 3 && Math.abs(k - 6) < 4 ? 1 : 0;
}
const { points } = voxelsInside(createVolume('mask', grid, new Float32Array(density.data.length).fill(1)));
const beams = [0, 130].map((gantry) => {
  const beam = createBeam(artiste6mv, { isocenter: [0, 0, 0], gantry, collimator: 0, couch: 0, position: 'HFS' });
  return { beam, beamlets: beamletsCovering(beam.frame, target, 2.5) };
});
const operator = new DividedOperator(beams, density, points);
const every = Int32Array.from({ length: 60 }, (_, q) => Math.floor((q * operator.rows) / 60));

test('a beamlet between places is what is linear between them', () => {
  const { of, weights, offsets, pixels } = tailPools(beams);
  beams.forEach(({ beamlets }, b) => {
    const { x, y } = beamlets.grid;
    const nx = x.length - 1;
    const place = (pixel: number): number => 2 * (pixel % nx) + 3 * Math.floor(pixel / nx) + 1;
    const first = beams.slice(0, b).reduce((sum, before) => sum + before.beamlets.pixels.length, 0);
    expect(y.length).toBeGreaterThan(8);
    beamlets.pixels.forEach((pixel, q) => {
      let value = 0;
      for (let k = 4 * (first + q); k < 4 * (first + q) + 4; k++) {
        value += weights[k]! * place(pixels[b]![of[k]! - offsets[b]!]!);
      }
      expect(value).toBeCloseTo(place(pixel), 4);
    });
  });
});

test('what is left of a row beside the places lies near its own ray', () => {
  const { columns, pools } = operator;
  const rows = operator.readRows(every).slice();
  const tails = operator.readTails(every);
  const largest = rows.reduce((a, b) => Math.max(a, b), 0);
  let kept = 0;
  for (let r = 0; r < every.length; r++) {
    for (let c = 0; c < columns; c++) {
      let left = rows[r * columns + c]!;
      for (let k = 4 * c; k < 4 * c + 4; k++) left -= pools.weights[k]! * tails[r * pools.count + pools.of[k]!]!;
      if (Math.abs(left) > 2e-3 * largest) kept++;
    }
  }
  expect(kept / (every.length * columns)).toBeLessThan(0.12);
});

test('the same with any number of threads, and without SIMD to rounding', () => {
  const expected = operator.readTails(every);
  const executor = { ...serialExecutor, threads: 2 };
  expect(new DividedOperator(beams, density, points, { executor }).readTails(every)).toEqual(expected);
  const plain = new DividedOperator(beams, density, points, { kernels: 'plain' }).readTails(every);
  const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  plain.forEach((value, q) => {
    expect(Math.abs(value - expected[q]!)).toBeLessThan(1e-5 * largest);
  });
});

test('rows are read into memory that is given, and left whole', () => {
  const into = operator.allocateRows(every.length + 3, operator.columns);
  expect(operator.readRows(every, { matrix: into, stride: operator.columns })).toBe(into);
  expect(into.subarray(0, every.length * operator.columns)).toEqual(operator.readRows(every));
});
