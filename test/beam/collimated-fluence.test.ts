/** Openings as fluence, and the dose that they give in water. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { apertureArea, createAperture, leavesOfRectangles } from '../../src/beam/aperture.js';
import { createBeam } from '../../src/beam/beam.js';
import { apertureFluence, beamletFluence, jawFluence } from '../../src/beam/collimated-fluence.js';
import type { PixelFluence } from '../../src/beam/pixel-fluence.js';
import { createRandom } from '../../src/core/random.js';
import { addFieldDose, type DoseVoxels, viewOfBeam } from '../../src/dose/beam-view.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { leafBank, uniformLeaves } from '../../src/machine/mlc.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';

const SEED = 41;

/** Integral of a fluence over the plane. */
function integral({ grid: { x, y }, weights }: PixelFluence): number {
  const nx = x.length - 1;
  let sum = 0;
  weights.forEach((w, c) => {
    const i = c % nx;
    const j = Math.floor(c / nx);
    sum += w * (x[i + 1]! - x[i]!) * (y[j + 1]! - y[j]!);
  });
  return sum;
}

/** Weight at a point. */
function at({ grid: { x, y }, weights }: PixelFluence, u: number, v: number): number {
  const i = x.findLastIndex((edge) => edge <= u);
  const j = y.findLastIndex((edge) => edge <= v);
  return i < 0 || j < 0 || i >= x.length - 1 || j >= y.length - 1 ? 0 : weights[i + (x.length - 1) * j]!;
}

describe(`fluence of openings, seed ${SEED}`, () => {
  const random = createRandom(SEED);
  const bank = leafBank('millennium-120');
  const leaves = bank.boundaries.slice(1).map((): [number, number] => {
    const a = 300 * random.uniform() - 150;
    const b = 300 * random.uniform() - 150;
    return random.uniform() < 0.3 ? [a, a] : [Math.min(a, b), Math.max(a, b)];
  });
  const jaws = { x1: -83.3, x2: 61.7, y1: -112.2, y2: 97.9 };
  const aperture = createAperture(bank, leaves, jaws);

  test('without transmission the integral is the open area, to 1e-12', () => {
    const fluence = apertureFluence(aperture, { leafTransmission: 0 });
    expect(Math.abs(integral(fluence) / apertureArea(aperture) - 1)).toBeLessThan(1e-12);
  });

  test('with it, every point is the product of what covers it', () => {
    const options = { jawTransmission: 0.01, leafTransmission: 0.02 };
    const fluence = apertureFluence(aperture, options);
    for (let n = 0; n < 5000; n++) {
      const u = 440 * random.uniform() - 220;
      const v = 440 * random.uniform() - 220;
      const inLargest = Math.abs(u) < 200 && Math.abs(v) < 200;
      const pair = bank.boundaries.findLastIndex((y) => y <= v);
      const leaf = pair >= 0 && pair < leaves.length && u > leaves[pair]![0] && u < leaves[pair]![1] ? 1 : 0.02;
      const jaw = u > jaws.x1 && u < jaws.x2 && v > jaws.y1 && v < jaws.y2 ? 1 : 0.01;
      expect(at(fluence, u, v), `${u}, ${v}`).toBe(inLargest ? jaw * leaf : 0);
    }
  });

  test('the bank gives the default; without jaws the leaves close the largest field as far as they reach', () => {
    expect(at(apertureFluence(aperture), -80, 97)).toBeOneOf([1, bank.transmission]);
    expect(at(apertureFluence(aperture), -90, 0)).toBe(0);
    const small = leafBank('hd-120');
    const open = apertureFluence(createAperture(small, leavesOfRectangles(small, [{ x1: -5, x2: 5, y1: -5, y2: 5 }])));
    expect([at(open, 0, 0), at(open, 190, 100), at(open, 0, 115)]).toEqual([1, small.transmission, 0]);
  });

  test('cells are no larger than asked, and few', () => {
    const { grid } = jawFluence({ x1: -50, x2: 50, y1: -20, y2: 20.5 });
    const widths = (edges: Float64Array): number[] => Array.from(edges.subarray(1), (e, i) => e - edges[i]!);
    expect(Math.max(...widths(grid.x), ...widths(grid.y))).toBeLessThanOrEqual(5 + 1e-9);
    expect([grid.x.length, grid.y.length]).toEqual([21, 10]);
    const leaky = jawFluence({ x1: -50, x2: 50, y1: -20, y2: 20 }, { jawTransmission: 0.005 });
    expect([leaky.grid.x.length, leaky.grid.y.length]).toEqual([21 + 16, 9 + 18]);
  });

  test('beamlets: overlaps add, lattices are found, everything else is refused', () => {
    const one = beamletFluence(5, [
      [0, 0, 1],
      [2.5, 0, 2],
    ]);
    expect([at(one, -1, 0), at(one, 1, 0), at(one, 4, 0)]).toEqual([1, 3, 2]);
    expect(integral(one)).toBeCloseTo(75, 12);
    expect(beamletFluence(5, [[0, 0, 0]]).weights).toEqual(Float64Array.of(0));
    expect(() => beamletFluence(5, [])).toThrow(/there is no beamlet/);
    expect(() => beamletFluence(5, [[0, 0, -1]])).toThrow(/beamlet 1 has the weight -1/);
    expect(() => beamletFluence(5, [[400, 0, 1]])).toThrow(/no field reaches beyond 300 mm/);
    const twice = (x: number, y: number) => () =>
      beamletFluence(5, [
        [10, -5, 1],
        [x, y, 3],
        [0, 0, 2],
      ]);
    expect(twice(0, 0)).toThrow(/beamlets 2 and 3 are one, at \(0, 0\) and \(0, 0\) mm .* Give it once/);
    expect(twice(9.9999, -5.0001)).toThrow(/beamlets 1 and 2 are one/);
    expect(twice(-0.4, 0.4)).toThrow(/beamlets 2 and 3 are one/);
    expect(twice(0, 0.5)).not.toThrow();
    const wild = Array.from({ length: 400 }, (): [number, number, number] => [
      200 * random.uniform() - 100,
      200 * random.uniform() - 100,
      1,
    ]);
    expect(() => beamletFluence(5, wild)).toThrow(/they lie on no common lattice/);
  });
});

describe('dose in the water box, SSD 900', () => {
  const spec = fileURLToPath(new URL('../../phantoms/water-box.json', import.meta.url));
  const water = buildPhantom(parsePhantom(JSON.parse(readFileSync(spec, 'utf8'))), { spacing: [10, 10, 10] });
  const random = createRandom(SEED);
  const coordinates = [0, 0, 0];
  for (let n = 0; n < 3000; n++) {
    coordinates.push(...[250, 280, 250].map((width, axis) => width * (random.uniform() - 0.5) + (axis === 1 ? 50 : 0)));
  }
  const voxels: DoseVoxels = {
    grid: water.density.grid,
    index: new Int32Array(0),
    points: Float64Array.from(coordinates),
  };
  const doseOf = (field: PixelFluence, monitorUnits = 100, collimator = 0, gantry = 0): Float64Array => {
    const beam = createBeam(artiste6mv, { isocenter: [0, 0, 0], gantry, collimator, couch: 0 });
    const weights = field.weights.map((w) => w * monitorUnits);
    return addFieldDose(
      viewOfBeam(beam, water.density, voxels),
      { grid: field.grid, weights },
      new Float64Array(coordinates.length / 3),
    );
  };
  /** Largest difference, fraction of the maximum. */
  const apart = (a: Float64Array, b: Float64Array): number =>
    a.reduce((most, value, p) => Math.max(most, Math.abs(value - b[p]!)), 0) / a.reduce((m, v) => Math.max(m, v), 0);
  const square = { x1: -50, x2: 50, y1: -50, y2: 50 };
  const open = doseOf(jawFluence(square));

  test('100 MU, 100 x 100 mm, depth 100 mm: 1.000 Gy', () => {
    expect(open[0]).toBeCloseTo(1, 3);
  });

  test('a map of 40 x 40 equal beamlets of 5 mm is the jaw field of 200 mm', () => {
    const map: [number, number, number][] = [];
    for (let j = 0; j < 40; j++) for (let i = 0; i < 40; i++) map.push([5 * i - 97.5, 5 * j - 97.5, 100]);
    const field = { x1: -100, x2: 100, y1: -100, y2: 100 };
    expect(apart(doseOf(jawFluence(field)), doseOf(beamletFluence(5, map), 1))).toBeLessThan(1e-9);
  });

  test('collimator 90 with the jaws swapped', () => {
    const swapped = { x1: -35, x2: 20, y1: -50, y2: 30 };
    const upright = { x1: -30, x2: 50, y1: -35, y2: 20 };
    // Gantry x of the turned field is -y of the collimator, gantry y its x. 0.1 %: the map's interpolation.
    expect(apart(doseOf(jawFluence(upright)), doseOf(jawFluence(swapped), 100, 90))).toBeLessThan(1e-3);
  });

  test.each(['millennium-120', 'hd-120', 'agility', 'mlci2'])('a square of %s leaves is the square of jaws', (name) => {
    const bank = leafBank(name);
    const aperture = createAperture(bank, leavesOfRectangles(bank, [square]));
    expect(apart(open, doseOf(apertureFluence(aperture, { leafTransmission: 0 })))).toBeLessThan(1e-9);
    // The jaws may close as well: nothing changes, but for the leaks that they stop.
    const both = createAperture(bank, leavesOfRectangles(bank, [square]), square);
    expect(apart(open, doseOf(apertureFluence(both)))).toBeLessThan(1e-9);
  });

  test('closed leaves let their fraction of the open beam through, everywhere', () => {
    const bank = leafBank('millennium-120');
    const closed = createAperture(bank, leavesOfRectangles(bank, []), square);
    const leak = doseOf(apertureFluence(closed, { leafTransmission: 0.02 }));
    expect(
      apart(
        open,
        leak.map((d) => d / 0.02),
      ),
      // Weights of cells and points are Float32.
    ).toBeLessThan(1e-6);
  });

  test('jaws that leak 0.5 % raise the axis by what scatters in from outside', () => {
    const leaky = doseOf(jawFluence(square, { jawTransmission: 0.005 }));
    const largest = doseOf(jawFluence({ x1: -200, x2: 200, y1: -200, y2: 200 }));
    leaky.forEach((d, p) => {
      // Superposition; under the jaws the horn is sampled every 20 mm, 1.5 % of a leak of 0.5 %, and the kernel of so large a field
      // has other separable terms than that of the small one, each within 0.07 % of the maximum.
      expect(Math.abs(d - 0.995 * open[p]! - 0.005 * largest[p]!)).toBeLessThan(4e-4);
    });
    expect(leaky[0]! / open[0]! - 1).toBeGreaterThan(0);
    expect(leaky[0]! / open[0]! - 1).toBeLessThan(0.002);
  });

  test('sampling the horn at 5 mm: below 0.05 % of the maximum against 1 mm; at 10 mm below 0.3 %', () => {
    const field = { x1: -97.3, x2: 88.8, y1: -71.9, y2: 99.1 };
    const fine = doseOf(jawFluence(field, { pixel: 1 }));
    expect(apart(fine, doseOf(jawFluence(field)))).toBeLessThan(5e-4);
    expect(apart(fine, doseOf(jawFluence(field, { pixel: 10 })))).toBeLessThan(3e-3);
  });

  test('a rectangle cut out of uniform leaves needs no more cells than the jaws', () => {
    const bank = uniformLeaves();
    const aperture = createAperture(bank, leavesOfRectangles(bank, [square]));
    expect(apertureFluence(aperture).weights.length).toBe(jawFluence(square).weights.length);
  });
});
