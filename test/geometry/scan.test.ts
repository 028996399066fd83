/** Lines through structures: volumes of what is drawn, however it is drawn. */
import { describe, expect, test } from 'vitest';
import { cone, cylinder } from '../../src/geometry/cone.js';
import { contourArea, contoursVolume, createContours } from '../../src/geometry/contour.js';
import { coarsestStep, scannedVolume, scanStructure } from '../../src/geometry/scan.js';
import { box, difference, ellipsoid, prism, sphere, union } from '../../src/geometry/shape.js';
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

describe('rows through a solid', () => {
  const step = { y: 1.1, z: 0.9 };

  test.each([
    [
      'ball',
      sphere([0.3, -0.2, 0.1], 7),
      (y: number, z: number) => Math.sqrt(49 - (y + 0.2) ** 2 - (z - 0.1) ** 2),
      110,
    ],
    [
      'ellipsoid, whose distance is a bound',
      ellipsoid([0.3, -0.2, 0.1], [5, 9, 7]),
      (y: number, z: number) => 5 * Math.sqrt(1 - ((y + 0.2) / 9) ** 2 - ((z - 0.1) / 7) ** 2),
      80,
    ],
  ])('%s: both crossings to 1e-9 mm, by a few distances each', (_, solid, half, most) => {
    let asked = 0;
    const distance: Solid['distance'] = (...at) => {
      asked++;
      return solid.distance(...at);
    };
    const lines = scanStructure(ofSolid({ ...solid, distance }), step, 2);
    for (let l = 0; l < lines.count; l++) {
      const [a, b] = [lines.x[lines.first[l]!]!, lines.x[lines.first[l]! + 1]!];
      const reach = half(lines.y[l]!, lines.z[l]!);
      // Where a row only touches, the root of a rounded number.
      const close = 1e-9 + 1e-14 / reach;
      expect(Math.abs(0.3 - reach - a)).toBeLessThan(close);
      expect(Math.abs(0.3 + reach - b)).toBeLessThan(close);
    }
    expect(lines.count).toBeGreaterThan(400);
    // With the search for the crossings; 166 and 117 when brackets were halved again and again.
    expect(asked / lines.count).toBeLessThan(most);
  });

  test('a column is crossed once for all z between its ends, as a solid that is not known to be one', () => {
    const outline = Float64Array.from(
      { length: 60 },
      (_, i) => (i % 2 ? 6 : 9) * [Math.cos, Math.sin][i % 2]!(0.21 * (i >> 1)),
    );
    const column = difference(
      prism(outline, -8, 11),
      prism(
        outline.map((c) => c / 3),
        -9,
        12,
      ),
    );
    let asked = 0;
    const counted = (solid: Solid): Solid => ({
      ...solid,
      distance: (...at) => {
        asked++;
        return solid.distance(...at);
      },
      ...(solid.within && { within: { ...solid.within, solid: counted(solid.within.solid) } }),
    });
    const { within, ...unknown } = counted(column);
    expect(within?.solid.isColumn).toBe(true);
    const lines = (solid: Solid, division: number) => scanStructure(ofSolid(solid), step, division);
    const slow = lines(unknown, 3);
    const [bySection, fast] = [asked, lines(counted(column), 3)];
    expect(asked - bySection).toBeLessThan(bySection / 20);
    expect({ ...fast, x: 0, first: 0, end: 0 }).toEqual({ ...slow, x: 0, first: 0, end: 0 });
    for (let l = 0; l < slow.count; l++) {
      const own = fast.x.subarray(fast.first[l], fast.end[l]);
      expect(own.length).toBe(slow.end[l]! - slow.first[l]!);
      for (let c = 0; c < own.length; c++) expect(Math.abs(own[c]! - slow.x[slow.first[l]! + c]!)).toBeLessThan(1e-8);
    }
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
