/** Lines through structures: volumes of what is drawn, however it is drawn. */
import { describe, expect, test } from 'vitest';
import { cone, cylinder } from '../../src/geometry/cone.js';
import { contourArea, contoursVolume, createContours } from '../../src/geometry/contour.js';
import { coarsestStep, scannedVolume, scanStructure } from '../../src/geometry/scan.js';
import { box, difference, sphere, union } from '../../src/geometry/shape.js';
import type { Solid } from '../../src/geometry/solid.js';
import type { Contours, Structure } from '../../src/geometry/structure.js';

const ofSolid = (solid: Solid): Structure => ({ name: 's', role: 'organ', shape: { kind: 'solid', solid } });
const ofContours = (contours: Contours): Structure => ({
  name: 'c',
  role: 'organ',
  shape: { kind: 'contours', contours },
});
const volumeOf = (structure: Structure, division: number): number =>
  scannedVolume(scanStructure(structure, coarsestStep(structure, 1024), division));

const square = (a: number): Float64Array => Float64Array.of(-a, -a, a, -a, a, a, -a, a);

describe('solids', () => {
  test.each([
    ['sphere', sphere([1, 2, 3], 12), (4 / 3) * Math.PI * 12 ** 3],
    ['box', box([-1, -2, -3], [6, 3, 8]), 7 * 5 * 11],
    ['cylinder along the lines', cylinder([0, 0, 0], 5, 20, 'x'), Math.PI * 25 * 20],
    ['cylinder across them', cylinder([0, 0, 0], 5, 20, 'y'), Math.PI * 25 * 20],
    ['cone', cone([0, 0, 0], 6, 9, 'z'), Math.PI * 36 * 3],
    ['two spheres', union(sphere([-5, 0, 0], 3), sphere([5, 0, 1], 2)), (4 / 3) * Math.PI * (27 + 8)],
    ['sphere with a hole', difference(sphere([0, 0, 0], 6), sphere([0, 0, 0], 3)), (4 / 3) * Math.PI * (216 - 27)],
  ])('%s: volume to 0.5 %% at 8 rows, four times closer at 32', (_, solid, mm3) => {
    const error = (division: number): number => Math.abs((1000 * volumeOf(ofSolid(solid), division)) / mm3 - 1);
    expect(error(1)).toBeLessThan(0.03);
    // Order 1.5 at least: 8 times; half of it left for chance.
    expect(error(4)).toBeLessThan(0.005);
  });
});

describe('contours', () => {
  const keyhole = Float64Array.of(-9, -9, 9, -9, 9, 9, 0, 9, 0, 4, 4, 4, 4, -4, -4, -4, -4, 4, 0, 4, 0, 9, -9, 9);
  test.each([
    ['inner ring', [square(9), square(4)]],
    ['inner ring drawn the same way round', [square(9), square(4).slice().reverse()]],
    ['keyhole', [keyhole]],
  ])('hole as %s: 324 - 64 mm2 on every slice, exactly', (_, polygons) => {
    const contours = createContours([0, 3, 6, 9].map((z) => ({ z, polygons })));
    expect(contourArea(contours.planes[0]!)).toBeCloseTo(260, 9);
    expect(contoursVolume(contours)).toBeCloseTo((260 * 12) / 1000, 9);
    expect(volumeOf(ofContours(contours), 1)).toBeCloseTo((260 * 12) / 1000, 9);
    expect(volumeOf(ofContours(contours), 3)).toBeCloseTo((260 * 12) / 1000, 9);
  });

  test('end rules: half a slice beyond the ends, or none; a lone slice needs the first', () => {
    const planes = [0, 2, 4, 10, 12].map((z) => ({ z, polygons: [square(5)] }));
    // Two pieces, 0..4 and 10..12: three slabs and two of 2 mm, or 4 and 2 mm between the planes.
    expect(contoursVolume(createContours(planes))).toBeCloseTo(1, 12);
    const none = createContours(planes, undefined, { ends: 'none' });
    expect(contoursVolume(none)).toBeCloseTo(0.6, 12);
    expect(volumeOf(ofContours(none), 2)).toBeCloseTo(0.6, 12);
    expect(contoursVolume(createContours(planes.slice(0, 1), 3))).toBeCloseTo(0.3, 12);
    expect(() => createContours(planes.slice(0, 1), 3, { ends: 'none' })).toThrow(/no thickness.*half-slice/);
    expect(() => createContours(planes.slice(0, 1))).toThrow(/single plane/);
  });

  test('uneven slices: each counts half way to its neighbours', () => {
    const contours = createContours(
      [0, 2, 5, 7].map((z) => ({ z, polygons: [square(5)] })),
      2,
    );
    expect(contoursVolume(contours)).toBeCloseTo((100 * (2 + 2.5 + 2.5 + 2)) / 1000, 12);
  });
});
