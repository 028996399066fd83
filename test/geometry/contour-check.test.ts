import { expect, test } from 'vitest';
import { contourArea, createContours } from '../../src/geometry/contour.js';
import { ambiguousVolume, inspectContours } from '../../src/geometry/contour-check.js';

const planesOf = (polygon: Float64Array) => [0, 2].map((z) => ({ z, polygons: [polygon] }));
const square = Float64Array.of(0, 0, 10, 0, 10, 10, 0, 10);

test('clean contours, holes and keyholes have no remark', () => {
  const inner = Float64Array.of(2, 2, 6, 2, 6, 6, 2, 6);
  expect(inspectContours(createContours(planesOf(square)))).toEqual([]);
  expect(inspectContours(createContours([0, 2].map((z) => ({ z, polygons: [square, inner] }))))).toEqual([]);
});

test('a figure of eight is flagged; both its loops count', () => {
  // Two triangles of 25 mm2 that meet at (5, 5).
  const eight = Float64Array.of(0, 0, 10, 10, 10, 0, 0, 10);
  const contours = createContours(planesOf(eight));
  expect(contourArea(contours.planes[0]!)).toBeCloseTo(50, 12);
  expect(inspectContours(contours).map((r) => r.kind)).toEqual(['self-crossing', 'self-crossing']);
  expect(ambiguousVolume(contours)).toBeCloseTo(0, 12);
});

test('a loop that winds twice leaves its inside in doubt, by its volume', () => {
  // Out along a square of 10 mm, then round a square of 4 mm inside it, the same way, and back.
  const twice = Float64Array.of(0, 0, 10, 0, 10, 10, 0, 10, 0, 0, 3, 3, 7, 3, 7, 7, 3, 7, 3, 3);
  const contours = createContours(planesOf(twice));
  expect(contourArea(contours.planes[0]!)).toBeCloseTo(100 - 16, 12);
  expect(contourArea(contours.planes[0]!, 'nonzero')).toBeCloseTo(100, 12);
  expect(ambiguousVolume(contours)).toBeCloseTo((16 * 4) / 1000, 12);
  expect(inspectContours(contours)[0]!.text).toMatch(/even-odd area 84 mm2, 16 mm2 more/);
});

test('slivers, gaps and single slices are named', () => {
  const sliver = Float64Array.of(0, 0, 10, 0, 10, 0.01, 0, 0.01);
  expect(inspectContours(createContours(planesOf(sliver))).map((r) => r.kind)).toEqual(['sliver', 'sliver']);
  const gap = createContours([0, 2, 4, 12, 14].map((z) => ({ z, polygons: [square] })));
  expect(inspectContours(gap)).toMatchObject([{ kind: 'gap', z: 4 }]);
  expect(inspectContours(createContours([{ z: 1, polygons: [square] }], 3))).toMatchObject([
    { kind: 'single-slice', volumeCc: 0.3 },
  ]);
});

test('a contour of two points is refused with its z', () => {
  expect(() => createContours([{ z: 4, polygons: [Float64Array.of(0, 0, 1, 1)] }], 2)).toThrow(
    /z = 4 mm has 2 points.*at least 3/,
  );
});
