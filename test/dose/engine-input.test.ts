/** The engine at the door: beams beside the patient, thin patients, patients in two parts, densities that are none. */
import { describe, expect, test } from 'vitest';
import { type Beam, createBeam } from '../../src/beam/beam.js';
import { uniformFluenceGrid } from '../../src/beam/fluence.js';
import { InvalidInputError, UnsupportedError } from '../../src/core/errors.js';
import { addFieldDose, viewOfBeam, voxelsInside } from '../../src/dose/beam-view.js';
import { ForwardDose } from '../../src/dose/forward-dose.js';
import type { BeamPose } from '../../src/geometry/frame.js';
import { createGrid, type Grid, type Vec3 } from '../../src/geometry/grid.js';
import { createVolume, type Volume } from '../../src/geometry/volume.js';
import { InfluenceOperator } from '../../src/influence/operator.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';

/** 68 x 66 x 36 mm about the origin, odd and unequal. */
const odd = createGrid([9, 33, 17], [4, 2, 4], [-32, -32, -16]);

function volume(of: (x: number, y: number, z: number) => number, grid: Grid = odd): Volume<'density'> {
  const [, ny, nx] = grid.shape;
  const density = createVolume('density', grid);
  for (let v = 0; v < density.data.length; v++) {
    const [i, j, k] = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / nx / ny)];
    const at = (index: number, a: 0 | 1 | 2): number => grid.origin[a] + index * grid.spacing[a];
    density.data[v] = of(at(i, 0), at(j, 1), at(k, 2));
  }
  return density;
}

const bodyOf = (density: Volume<'density'>) =>
  voxelsInside(
    createVolume(
      'mask',
      density.grid,
      density.data.map((rho) => (rho > 0 ? 1 : 0)),
    ),
  );
const beamAt = (isocenter: Vec3, gantry = 0, rest: Partial<BeamPose> = {}) =>
  createBeam(artiste6mv, { isocenter, gantry, collimator: 0, couch: 0, ...rest });
const grid = uniformFluenceGrid(-20, -20, 5, 8, 8);
const fluence = { grid, weights: new Float64Array(64).fill(1) };
const beamlets = { grid, pixels: Int32Array.from({ length: 64 }, (_, c) => c) };

/** The dose of a beam by every door: all let it in or all refuse it. */
const doors: Readonly<Record<string, (beam: Beam, density: Volume<'density'>, points: Float64Array) => Float64Array>> =
  {
    viewOfBeam: (beam, density, points) =>
      addFieldDose(viewOfBeam(beam, density, { points }), fluence, new Float64Array(points.length / 3)),
    ForwardDose: (beam, density, points) => new ForwardDose(density, points).total([{ beam, fluence }]).dose,
    InfluenceOperator: (beam, density, points) =>
      new InfluenceOperator([{ beam, beamlets }], density, points).apply(
        fluence.weights,
        new Float64Array(points.length / 3),
      ),
  };

describe.each(Object.entries(doors))('%s', (_, doseOf) => {
  const water = volume(() => 1);
  const { points } = bodyOf(water);

  test('a central ray that misses by a millimetre is refused, and the sentence says where to go', () => {
    // The box ends at x = 34 mm; seen from the front the ray runs along y.
    const miss = beamAt([35, 0, 0]);
    expect(() => doseOf(miss, water, points)).toThrow(UnsupportedError);
    expect(() => doseOf(miss, water, points)).toThrow(
      /^beam .*: its central ray misses the patient. Move the isocentre \(35.0, 0.0, 0.0\) mm into the body.$/,
    );
  });

  test('a central ray within the last voxel is let in: half the field hits, and its dose is finite', () => {
    for (const beam of [beamAt([33, 0, 0]), beamAt([-33, 0, 17], 0, { couch: 10 }), beamAt([0, 32, 0], 90)]) {
      const dose = doseOf(beam, water, points);
      expect(dose.every((d) => Number.isFinite(d) && d >= 0)).toBe(true);
      expect(Math.max(...dose)).toBeGreaterThan(0);
    }
    // Far from the field's half there is scatter only.
    const dose = doseOf(beamAt([33, 0, 0]), water, points);
    const at = (x: number): number => dose[points.findIndex((c, q) => q % 3 === 0 && c === x) / 3]!;
    expect(at(-32)).toBeLessThan(0.1 * at(28));
  });

  test('a patient of one slice, and of one voxel', () => {
    const slice = volume(() => 1, createGrid([1, 33, 17], [4, 2, 4], [-32, -32, 0]));
    const one = volume(() => 1, createGrid([1, 1, 1], [6, 5, 4], [0, 0, 0]));
    for (const thin of [slice, one]) {
      for (const gantry of [0, 33, 90]) {
        const dose = doseOf(beamAt([0, 0, 0], gantry), thin, bodyOf(thin).points);
        expect(dose.every((d) => Number.isFinite(d) && d > 0)).toBe(true);
      }
    }
    // The slice is a slice of the box: no depth is counted along z, and the kernel's scatter is that of water either way.
    const line = Float64Array.from([-20, 0, 20].flatMap((y) => [0, y, 0]));
    const [thin, thick] = [slice, water].map((density) => doseOf(beamAt([0, 0, 0]), density, line));
    // Both hold their kernel to 0.07 % of the maximum over their own box.
    thin!.forEach((d, p) => {
      expect(Math.abs(d / thick![p]! - 1)).toBeLessThan(0.002);
    });
  });

  test('a ray that enters twice: an arm before the trunk counts where it stands as it counts against the skin', () => {
    const trunk = (y: number): boolean => y > 0;
    const arm = (from: number) => volume((_, y) => (trunk(y) || (y > from && y < from + 11) ? 1 : 0));
    // Water of 10 mm, 20 mm before the trunk and against it: a slab's depth does not change with its place.
    const [apart, against] = [arm(-31), arm(-9)];
    expect(apart.data.reduce((a, b) => a + b)).toBe(against.data.reduce((a, b) => a + b));
    const inside = Float64Array.from([4, 10, 20, 30].flatMap((y) => [0, y, 0, 14, y, 6]));
    const [first, second] = [apart, against].map((density) => doseOf(beamAt([0, 10, 0]), density, inside));
    const largest = Math.max(...second!);
    // Both hold their kernel to 0.07 % of the maximum; either box begins elsewhere.
    first!.forEach((d, p) => {
      expect(Math.abs(d - second![p]!)).toBeLessThan(0.002 * largest);
    });
  });

  test.each([Number.NaN, -0.5, Infinity])('a density of %d is refused with its voxel', (value) => {
    const bad = volume((x, y, z) => (x === -24 && y === 10 && z === 8 ? value : 1));
    expect(() => doseOf(beamAt([0, 0, 0]), bad, points)).toThrow(InvalidInputError);
    expect(() => doseOf(beamAt([0, 0, 0]), bad, points)).toThrow(
      `density: voxel (2, 21, 6) is ${value}, but must be finite and not negative. Mend the image or its density table.`,
    );
  });
});
