/** Blocks over the shadow of a structure, and collimators turned to a target. */
import { describe, expect, test } from 'vitest';
import { apertureArea } from '../../src/beam/aperture.js';
import { createBeam } from '../../src/beam/beam.js';
import { blockedFluence, checkBlock, shadowBlock } from '../../src/beam/block.js';
import { fitCollimator, openBeside } from '../../src/beam/collimator-fit.js';
import { conformAperture } from '../../src/beam/conform.js';
import { isInSilhouette, projectSilhouette } from '../../src/beam/projection.js';
import { shapedFluence } from '../../src/beam/shaped-fluence.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume, type Volume } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { uniformLeaves } from '../../src/machine/mlc.js';

const grid = createGrid([41, 41, 41], [3, 3, 3], [-60, -60, -60]);
/** Voxels whose centre satisfies a condition. */
const maskOf = (isIn: (x: number, y: number, z: number) => boolean): Volume<'mask'> => {
  const data = Float32Array.from({ length: 41 ** 3 }, (_, v) =>
    isIn(-60 + 3 * (v % 41), -60 + 3 * (Math.floor(v / 41) % 41), -60 + 3 * Math.floor(v / 1681)) ? 1 : 0,
  );
  return createVolume('mask', grid, data);
};
const beamAt = (gantry: number, collimator = 0) =>
  createBeam(artiste6mv, { isocenter: [0, 0, 0], gantry, collimator, couch: 0, position: 'HFS' });
const cord = maskOf((x, y, z) => Math.hypot(x - z / 4, y) < 6);
const box = maskOf((x, y, z) => Math.abs(x) < 30 && Math.abs(y) < 30 && Math.abs(z) < 40);
const bank = uniformLeaves(5);
const area = ({ grid: { x, y }, weights }: ReturnType<typeof shapedFluence>): number =>
  weights.reduce((sum, w, p) => {
    const [i, j] = [p % (x.length - 1), Math.floor(p / (x.length - 1))];
    return sum + w * (x[i + 1]! - x[i]!) * (y[j + 1]! - y[j]!);
  }, 0);

describe('a block over the cord', () => {
  const beam = beamAt(150, 20);
  const named = { name: 'SpinalCord', margin: 2, transmission: 0.05 };
  const block = shadowBlock(beam.frame, cord, named);
  const aperture = conformAperture(beam.frame, box, { bank });
  const open = shapedFluence(aperture, {}, {});
  const behind = shapedFluence(aperture, { block }, {});

  test('covers the whole shadow with its margin, and no more than steps of its outline', () => {
    const shadow = projectSilhouette(beam.frame, cord, 2);
    const black = blockedFluence(open, { ...block, transmission: 0 });
    const { x, y } = black.grid;
    let shaded = 0;
    black.weights.forEach((w, p) => {
      const [i, j] = [p % (x.length - 1), Math.floor(p / (x.length - 1))];
      if (w === 1) expect(isInSilhouette(shadow, (x[i]! + x[i + 1]!) / 2, (y[j]! + y[j + 1]!) / 2)).toBe(false);
      else shaded++;
    });
    expect(shaded).toBeGreaterThan(20);
    const cells = shadow.pixels.reduce((sum, p) => sum + p, 0);
    expect(area(open) - area(black)).toBeLessThan(1.15 * cells);
  });

  test('what is let through: twice of it is twice of it, all of it is an open field; a wider margin leaves less', () => {
    const lost = (transmission: number): number => area(open) - area(blockedFluence(open, { ...block, transmission }));
    expect(lost(0.05) / lost(0)).toBeCloseTo(0.95, 9);
    expect(lost(0.5) / lost(0)).toBeCloseTo(0.5, 9);
    expect(area(open) - area(behind)).toBeCloseTo(lost(0.05), 6);
    const wide = shadowBlock(beam.frame, cord, { ...named, margin: 5 });
    expect(area(blockedFluence(open, wide))).toBeLessThan(area(behind) - 500);
  });

  test('refused in one sentence', () => {
    const of = (change: object) => () => checkBlock({ ...block, ...change });
    expect(of({ transmission: -0.1 })).toThrow(/block SpinalCord: transmission is -0.1/);
    expect(of({ transmission: 1 })).toThrow(/transmission is 1/);
    expect(of({ corners: [[0, 0]] })).toThrow(/its outline has 1 corners/);
    expect(
      of({
        corners: [
          [0, 0],
          [10, 0],
          [10, 10],
          [5, 12],
        ],
      }),
    ).toThrow(/slanted after corner 3, but must be a ring of lines along x and y/);
  });
});

describe('a collimator turned to its target', () => {
  // Wide leaves cannot follow a slanted edge.
  const options = { bank: uniformLeaves(20), margin: 3 };
  const slanted = (degrees: number): Volume<'mask'> => {
    const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    return maskOf((x, y, z) => Math.abs(c * x + s * z) < 20 && Math.abs(c * z - s * x) < 50 && Math.abs(y) < 10);
  };
  const fitted = (target: Volume<'mask'>) => fitCollimator(beamAt(0), artiste6mv, target, options);

  test('a box that lies along the axes needs no turn', () => {
    expect(fitted(maskOf((x, y, z) => Math.abs(x) < 20 && Math.abs(z) < 50 && Math.abs(y) < 10)).pose.collimator).toBe(
      0,
    );
  });

  test('a slanted box is followed, its mirror image the other way; less is open beside it than without', () => {
    const [one, other] = [slanted(30), slanted(-30)].map((target) => fitted(target).pose.collimator);
    const [least, largest] = [one!, other!].map((angle) => angle % 90).sort((a, b) => a - b);
    // Voxels are 3 mm wide, and of angles that are as good the one nearest to 0 is taken.
    expect(Math.abs(least! - 30)).toBeLessThanOrEqual(5);
    expect(Math.abs(largest! - 60)).toBeLessThanOrEqual(5);
    expect((one! + other!) % 180).toBe(0);
    const target = slanted(30);
    const turned = fitted(target);
    const straight = beamAt(0);
    expect(openBeside(turned, target, options)).toBeLessThan(0.8 * openBeside(straight, target, options));
    const grown = apertureArea(conformAperture(turned.frame, target, options));
    expect(grown).toBeLessThan(apertureArea(conformAperture(straight.frame, target, options)));
  });
});
