/** Margins and what is built from them: volumes of Steiner's formula, distances by hand. */
import { describe, expect, test } from 'vitest';
import { createContours } from '../../src/geometry/contour.js';
import { solidOfStructure } from '../../src/geometry/contour-solid.js';
import {
  crop,
  intersectStructures,
  margin,
  ring,
  subtractStructure,
  uniteStructures,
} from '../../src/geometry/margin.js';
import { coarsestStep, scannedVolume, scanStructure } from '../../src/geometry/scan.js';
import { box, difference, intersection, sphere, tube, union } from '../../src/geometry/shape.js';
import type { Solid } from '../../src/geometry/solid.js';
import type { Structure } from '../../src/geometry/structure.js';

const of = (solid: Solid, name = 's'): Structure => ({ name, role: 'target', shape: { kind: 'solid', solid } });
/** To about 0.2 %: 48 rows; faces that lie between two layers count by whole layers. */
const volume = (structure: Structure, division = 6): number =>
  1000 * scannedVolume(scanStructure(structure, coarsestStep(structure, 1024), division));
const ball = (r: number): number => (4 / 3) * Math.PI * r ** 3;

/** A block of 20 x 14 x 9 mm as contours, 3 mm apart. */
const block = Float64Array.of(-10, -7, 10, -7, 10, 7, -10, 7);
const drawn: Structure = {
  name: 'block',
  role: 'organ',
  shape: { kind: 'contours', contours: createContours([-3, 0, 3].map((z) => ({ z, polygons: [block] }))) },
};

describe('margin', () => {
  test.each([1, 2.3, 5])('of %s mm around contours: the volume of Steiner, rounded corners and all', (r) => {
    const [a, b, c] = [20, 14, 9];
    const exact = a * b * c + 2 * r * (a * b + b * c + c * a) + Math.PI * r * r * (a + b + c) + ball(r);
    expect(Math.abs(volume(margin(drawn, r)) / exact - 1)).toBeLessThan(2e-3);
    expect(margin(drawn, r).name).toBe(`block+${r}`);
  });

  test('inward: every face moves by the margin', () => {
    expect(volume(margin(drawn, -1.7))).toBeCloseTo((20 - 3.4) * (14 - 3.4) * (9 - 3.4), 3);
    expect(() => margin(drawn, -5)).toThrow(/nothing is left of block after -5 mm/);
  });

  test('of a cut, whose distance is only a bound: 3 mm from the rim that the cut leaves', () => {
    // Half a ball of 8 mm: beyond the flat side 3 mm further, beyond the rim round.
    const half = of(intersection(sphere([0, 0, 0], 8), box([-9, -9, -9], [0, 9, 9])));
    const grown = solidOfStructure(margin(half, 3));
    const rim = Math.SQRT1_2 * 3;
    // Points 0.5 mm apart on a flat face: 0.5^2 / 16 / 3 = 0.005 mm; on the rim, 0.5^2 / 8 / 3 = 0.01 mm.
    expect(Math.abs(grown.distance(3, 0.4, 0.3))).toBeLessThan(0.02);
    expect(Math.abs(grown.distance(-11, 0, 0))).toBeLessThan(0.02);
    expect(Math.abs(grown.distance(rim, 8 + rim, 0))).toBeLessThan(0.03);
  });

  test('inward of a union, where distances inside are bounds: the waist shrinks as it should', () => {
    const dumbbell = of(union(sphere([-4, 0, 0], 6), sphere([4, 0, 0], 6)));
    const shrunk = solidOfStructure(margin(dumbbell, -2));
    // The waist at x = 0 is a circle of sqrt(36 - 16) mm; from its edge inward 2 mm.
    expect(Math.abs(shrunk.distance(0, Math.sqrt(20) - 2, 0))).toBeLessThan(0.03);
    expect(Math.abs(shrunk.distance(8, 0, 0))).toBeLessThan(0.02);
  });
});

describe('booleans, rings and crops', () => {
  const a = of(box([0, 0, 0], [10, 10, 10]), 'A');
  const b = of(box([6, 5, 4], [16, 15, 14]), 'B');
  test('volumes of union, intersection, difference', () => {
    expect(Math.abs(volume(uniteStructures([a, b], 'AB')) / (2000 - 4 * 5 * 6) - 1)).toBeLessThan(0.012);
    expect(volume(intersectStructures(a, b, 'AB'))).toBeCloseTo(120, 3);
    expect(Math.abs(volume(subtractStructure(a, b, 'A-B')) / 880 - 1)).toBeLessThan(0.012);
    expect(() => intersectStructures(a, of(sphere([50, 0, 0], 3), 'C'), 'x')).toThrow(/A and C do not meet/);
    expect(() => uniteStructures([], 'x')).toThrow(/no structures/);
  });
  test('a ring of 2 to 5 mm around a ball', () => {
    const shell = ring(of(sphere([1, 2, 3], 6)), 2, 5);
    expect(Math.abs(volume(shell) / (ball(11) - ball(8)) - 1)).toBeLessThan(5e-3);
    expect(() => ring(a, 3, 3)).toThrow(/inner is 3 mm and outer 3 mm/);
  });
  test('a cord keeps 3 mm from a target after the crop', () => {
    const cord = of(
      tube(
        [
          [0, 0, -20],
          [0, 0, 20],
        ],
        5,
      ),
      'SpinalCord',
    );
    const target = of(box([4, -10, -10], [20, 10, 10]), 'PTV');
    const kept = solidOfStructure(crop(target, cord, 3));
    expect(kept.distance(7.9, 0, 0)).toBeGreaterThan(0);
    expect(kept.distance(8.1, 0, 0)).toBeLessThan(0);
    expect(volume(crop(target, cord, 3))).toBeLessThan(volume(target));
    expect(volume(crop(target, of(difference(sphere([90, 0, 0], 3), sphere([90, 0, 0], 1)), 'far'), 3))).toBeCloseTo(
      16 * 20 * 20,
      3,
    );
  });
});
