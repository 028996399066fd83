/** Where a beam's kernel has to hold, which voxels carry dose, and what the central ray meets: boxes done by hand. */
import { describe, expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { createBeamKernel, largestSideOf } from '../../src/dose/beam-kernel.js';
import { voxelsInside } from '../../src/dose/beam-view.js';
import { extentOf, kernelDomain } from '../../src/dose/kernel-domain.js';
import { isocentreDepth, sourceSurfaceDistance } from '../../src/dose/pencil-beam.js';
import { repeatPoints, rowViews, shiftedBeam } from '../../src/dose/shifted-rows.js';
import { doseFactor } from '../../src/dose/tissue.js';
import { createGrid, type Vec3 } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { createDensityBox } from '../../src/raytrace/density-box.js';

// A block of 10 x 20 x 30 voxels in a grid with two empty ones around it; centres from -45 to 45, -47.5 to 47.5, -43.5 to 43.5 mm.
const spacing: Vec3 = [10, 5, 3];
const [nx, ny, nz] = [14, 24, 34];
const grid = createGrid([nz, ny, nx], spacing, [-65, -57.5, -49.5]);
const isIn = (v: number): boolean => {
  const [i, j, k] = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))];
  return i > 1 && i < 12 && j > 1 && j < 22 && k > 1 && k < 32;
};
const blockOf = (gray: number) =>
  createVolume(
    'density',
    grid,
    Float32Array.from({ length: nx * ny * nz }, (_, v) => (isIn(v) ? gray : 0)),
  );
const water = blockOf(1);
const beam = (more: object = {}) =>
  createBeam(artiste6mv, { isocenter: [0, 0, 0], gantry: 0, collimator: 0, couch: 0, ...more });

describe('the domain of a kernel', () => {
  const box = createDensityBox(water);
  const { sad } = artiste6mv;

  test('reaches as far as the block does at any gantry angle, rounded outwards to 50 mm', () => {
    // Around z: the corner (45, 47.5) and the largest voxel.
    const around = Math.hypot(45, 47.5) + 10;
    const along = 43.5 + 10;
    const expected = {
      nearest: 50 * Math.floor((sad - around) / 50),
      farthest: 50 * Math.ceil(Math.hypot(sad + around, along) / 50),
    };
    expect(kernelDomain(beam(), box, false)).toEqual(expected);
    expect(kernelDomain(beam({ gantry: 77, collimator: 30 }), box, false)).toEqual(expected);
    expect([expected.nearest, expected.farthest]).toEqual([900, 1100]);
    // From an isocentre at one end, x and y swap what is far.
    const off = kernelDomain(beam({ isocenter: [45, 0, 0] }), box, false);
    expect(off.nearest).toBe(50 * Math.floor((sad - Math.hypot(90, 47.5) - 10) / 50));
    const turned = kernelDomain(beam({ couch: 90 }), box, false);
    expect(turned.nearest).toBe(50 * Math.floor((sad - Math.hypot(47.5, 43.5) - 10) / 50));
    // No nearer than half way.
    expect(kernelDomain(beam({ isocenter: [0, 700, 0] }), box, false).nearest).toBe(sad / 2);
  });

  test('has the densities of the patient, water among them, within what the model is tested for', () => {
    const of = (gray: number) => kernelDomain(beam(), createDensityBox(blockOf(gray)), true).densities;
    expect(of(1)).toEqual([1, 1]);
    expect(of(0.5)).toEqual([0.5, 1]);
    expect(of(0.05)).toEqual([0.15, 1]);
    expect(of(1.5)).toEqual([1, 1.5]);
    expect(of(5)).toEqual([1, 2.2]);
    expect(kernelDomain(beam(), box, false)).not.toHaveProperty('densities');
  });

  test('the maps reach 30 mm around the block as the beam sees it', () => {
    // Its rim of voxels included: 55, 52.5 and 46.5 mm, its near face under a scale of sad / (sad - 52.5).
    const scale = sad / (sad - 52.5);
    const { u0, u1, v0, v1 } = extentOf(beam(), box);
    expect([u0, u1]).toEqual([-55 * scale - 30, 55 * scale + 30].map((c) => expect.closeTo(c, 6)));
    expect([v0, v1]).toEqual([-46.5 * scale - 30, 46.5 * scale + 30].map((c) => expect.closeTo(c, 6)));
    const side = extentOf(beam({ gantry: 90 }), box);
    expect(side.u1).toBeCloseTo((52.5 * sad) / (sad - 55) + 30, 6);
    // Behind half of the way to the source no scale grows on.
    const near = extentOf(beam({ isocenter: [0, 900, 0] }), box);
    expect(near.u1).toBeCloseTo(55 * 2 + 30, 6);
  });
});

test('the squares that a kernel must have right: two and a half times the field, 300 to 400 mm', () => {
  const of = (width: number, length: number): number =>
    largestSideOf({ x: Float64Array.of(-width / 2, width / 2), y: Float64Array.of(0, length) } as any);
  expect([of(40, 50), of(120, 20), of(20, 120.1), of(20, 160), of(400, 20)]).toEqual([300, 300, 400, 400, 400]);
});

test('kernels are made once for equal machines and domains', () => {
  const domain = { nearest: 950, farthest: 1050 };
  const one = createBeamKernel(artiste6mv, domain);
  expect(createBeamKernel(structuredClone(artiste6mv), { ...domain })).toBe(one);
  expect(createBeamKernel(artiste6mv, { ...domain, nearest: 900 })).not.toBe(one);
  expect(createBeamKernel(artiste6mv, domain, { tolerance: 0.01 })).not.toBe(one);
  const { kernel } = artiste6mv;
  const other = { ...artiste6mv, kernel: { ...kernel, widths: kernel.widths.map((w) => w * 1.01) } };
  expect(createBeamKernel(other, domain)).not.toBe(one);
  // Whole vectors of terms, from narrow to wide, to the error that is asked for.
  for (const { terms } of one.bands) expect(terms % 4).toBe(0);
  expect(one.bands.map(({ first }) => first)).toEqual([0, one.bands[0]!.count]);
  expect(one.bands.reduce((sum, { count }) => sum + count, 0)).toBe(one.widths.count);
  expect(one.residual).toBeLessThan(2 * 0.0007);
  const edge = one.bands[1]!.first;
  const least = (r: number): number => Math.min(one.widths.sigmasX[r]!, one.widths.sigmasY[r]!);
  expect([least(edge - 1) < 6.5, least(edge) >= 6.5]).toEqual([true, true]);
});

describe('what the central ray meets', () => {
  test('the skin is where the density exceeds 0.1 first, from any side', () => {
    // Faces half a voxel before the outermost centres.
    for (const [gantry, face] of [
      [0, 50],
      [180, 50],
      [90, 50],
      [270, 50],
    ] as const) {
      const ssd = sourceSurfaceDistance(beam({ gantry }), water);
      expect(Math.abs(ssd - (artiste6mv.sad - face))).toBeLessThan(1e-9);
    }
    expect(sourceSurfaceDistance(beam({ gantry: 0, isocenter: [0, 20, 0] }), water)).toBeCloseTo(
      artiste6mv.sad - 70,
      -1,
    );
    expect(() => sourceSurfaceDistance(beam(), blockOf(0.099))).toThrow(/misses the patient/);
    expect(() => sourceSurfaceDistance(beam(), blockOf(0.101))).not.toThrow();
    expect(() => sourceSurfaceDistance(beam({ isocenter: [0, 0, 200] }), water)).toThrow(/\(0\.0, 0\.0, 200\.0\) mm/);
  });

  test('the isocentre lies as deep as there is water above it', () => {
    expect(isocentreDepth(beam(), water)).toBeCloseTo(50, 4);
    expect(isocentreDepth(beam({ gantry: 90 }), water)).toBeCloseTo(50, 4);
    expect(isocentreDepth(beam({ isocenter: [0, 30, 0] }), blockOf(0.5))).toBeCloseTo(40, 4);
  });
});

test('voxels half inside carry dose, in order, each with its centre', () => {
  const own = createGrid([2, 3, 4], [2, 3, 5], [-1, 10, 100]);
  const mask = createVolume(
    'mask',
    own,
    Float32Array.from({ length: 24 }, (_, v) => (v === 5 ? 0.5 : v === 23 ? 1 : v === 6 ? 0.49 : 0)),
  );
  const { index, points } = voxelsInside(mask);
  expect([...index]).toEqual([5, 23]);
  expect([...points]).toEqual([1, 13, 100, 5, 16, 105]);
  expect([...voxelsInside(mask, 0.4).index]).toEqual([5, 6, 23]);
  expect(() => voxelsInside(createVolume('mask', own))).toThrow(/no voxel lies inside/);
});

test('tissues by density: each from where the one before ends', () => {
  const of = (density: number) => doseFactor(density, 'water');
  expect([0, 0.59].map(of)).toEqual([1, 1].map((f) => expect.closeTo(f, 9)));
  expect(of(0.6)).toBeCloseTo(1, 9);
  expect(doseFactor(0.59, 'medium')).toBeCloseTo(1 / 1.009, 9);
  expect(doseFactor(0.6, 'medium')).toBeCloseTo(1 / 1.01, 9);
  expect(doseFactor(1.07, 'medium')).toBeCloseTo(1 / 1.01, 9);
  expect([doseFactor(1.08, 'medium'), of(1.08)]).toEqual([0.95, 0.95 * 1.105]);
  expect(doseFactor(1.08, 'engine')).toBe(1);
});

describe('rows under a shift of the patient', () => {
  test('a beam with its isocentre moved has its source moved alike', () => {
    const moved = shiftedBeam(beam({ isocenter: [1, 2, 3] }), [3, -2, 5]);
    expect(moved.pose.isocenter).toEqual([4, 0, 8]);
    const still = beam();
    moved.frame.source.forEach((c, a) => {
      expect(c - still.frame.source[a]!).toBeCloseTo([4, 0, 8][a]!, 9);
    });
  });

  test('every shift has a view of its own rows; the rest are nominal', () => {
    const views = rowViews(beam(), 10, [
      { shift: [3, 0, 0], from: 4, to: 6 },
      { shift: [0, 3, 0], from: 6, to: 9 },
    ] as any);
    expect(views.map(({ from, to }) => [from, to])).toEqual([
      [0, 4],
      [4, 6],
      [6, 9],
      [9, 10],
    ]);
    expect(views.map(({ beam: own }) => own.pose.isocenter)).toEqual(
      [
        [0, 0, 0],
        [-3, 0, 0],
        [0, -3, 0],
        [0, 0, 0],
      ].map((place) => place.map((c) => expect.closeTo(c, 12))),
    );
    expect(rowViews(beam(), 10)).toHaveLength(1);
    const refused = (from: number, to: number) => () =>
      rowViews(beam(), 10, [
        { shift: [0, 0, 0], from: 2, to: 4 },
        { shift: [0, 0, 0], from, to },
      ]);
    expect(refused(4, 10)).not.toThrow();
    for (const [from, to] of [
      [3, 5],
      [5, 5],
      [5, 11],
    ] as const)
      expect(refused(from, to)).toThrow(/does not follow row 4 within 10 rows/);
  });

  test('points once for every shift, those of the first first', () => {
    const { points, shifted } = repeatPoints(Float64Array.of(1, 2, 3, 4, 5, 6), [
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect([...points]).toEqual([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
    expect(shifted).toEqual([
      { shift: [1, 0, 0], from: 0, to: 2 },
      { shift: [0, 1, 0], from: 2, to: 4 },
    ]);
    expect(repeatPoints(new Float64Array(0), [[1, 0, 0]]).shifted).toEqual([]);
  });
});
