/** The beam's-eye shadow of a structure: whole voxels, magnified onto the isocentre plane, grown by the margin. */
import { expect, test } from 'vitest';
import { beamletsCovering } from '../../src/beam/fluence.js';
import { isInSilhouette, projectSilhouette, type Silhouette } from '../../src/beam/projection.js';
import { createBeamFrame } from '../../src/geometry/frame.js';
import { createGrid, type Vec3 } from '../../src/geometry/grid.js';
import { box } from '../../src/geometry/shape.js';
import { createVolume } from '../../src/geometry/volume.js';
import { voxelizeSolid } from '../../src/geometry/voxelize-solid.js';

const SAD = 1000;
const frame = createBeamFrame({ isocenter: [0, 0, 0], gantry: 0, collimator: 0, couch: 0 }, SAD);
/** Cells of the map, mm; a seed and the place asked for are rounded to the nearest, half a cell along each axis. */
const CELL = 0.25;
const ROUNDING = 0.4;

/** One voxel of 8 mm. */
const oneVoxel = (center: Vec3) => createVolume('mask', createGrid([1, 1, 1], [8, 8, 8], center), Float32Array.of(1));

/** How far the shadow reaches from a place, mm. */
function reach(silhouette: Silhouette, [x, y]: readonly [number, number], [dx, dy]: readonly [number, number]): number {
  let r = 0;
  while (isInSilhouette(silhouette, x + r * dx, y + r * dy)) r += 0.05;
  return r;
}

const directions = [
  [1, 0],
  [0, -1],
  [-Math.SQRT1_2, Math.SQRT1_2],
] as const;

test.each([0, 5])('a voxel shades half its side around its centre, and the margin of %d mm more', (margin) => {
  const silhouette = projectSilhouette(frame, oneVoxel([0, 0, 0]), margin, CELL);
  for (const direction of directions) {
    expect(Math.abs(reach(silhouette, [0, 0], direction) - (4 + margin))).toBeLessThan(ROUNDING);
  }
});

test('a place off the axis is magnified by SAD over its distance from the source', () => {
  // Gantry 0 shines along +y: 200 mm towards the source a place at 40 mm is seen at 50, at the isocentre at 40.
  const nearer = projectSilhouette(frame, oneVoxel([40, -200, 16]), 0, CELL);
  for (const direction of directions) {
    expect(Math.abs(reach(nearer, [50, 20], direction) - 4)).toBeLessThan(ROUNDING);
  }
  expect(isInSilhouette(nearer, 40, 16)).toBe(false);
});

test('the shadow of a box on coarse voxels covers the box, so that beamlets without a margin do', () => {
  // Faces of the box are faces of voxels, whose centres lie 4 mm inside.
  const target = voxelizeSolid(box([-20, -4, -12], [20, 4, 12]), createGrid([9, 5, 7], [8, 8, 8], [-32, -16, -24]));
  const silhouette = projectSilhouette(frame, target, 0, CELL);
  for (const [x, y] of [
    [19.5, 0],
    [-19.5, 0],
    [0, 11.5],
    [0, -11.5],
  ] as const) {
    expect(isInSilhouette(silhouette, x, y), `${x}, ${y}`).toBe(true);
  }
  for (const [x, y] of [
    [21, 0],
    [0, -13],
  ] as const) {
    expect(isInSilhouette(silhouette, x, y), `${x}, ${y}`).toBe(false);
  }
  const { grid } = beamletsCovering(frame, target, 2, 0);
  expect(grid.x[0]!).toBeLessThanOrEqual(-20);
  expect(grid.x[grid.x.length - 1]!).toBeGreaterThanOrEqual(20);
});

test.each(['corner', 'middle'] as const)(
  'beamlets with their %s on the axis see all of the target, and their lattice is there',
  (onAxis) => {
    const target = voxelizeSolid(box([-20, -4, -12], [20, 4, 12]), createGrid([9, 5, 7], [8, 8, 8], [-32, -16, -24]));
    const { grid, pixels } = beamletsCovering(frame, target, 4, 0, onAxis);
    const shift = onAxis === 'middle' ? 2 : 0;
    for (const x of [...grid.x, ...grid.y]) expect(Math.abs((x - shift) % 4)).toBeCloseTo(0, 9);
    const columns = grid.x.length - 1;
    const silhouette = projectSilhouette(frame, target, 0);
    const has = (x: number, y: number): boolean => {
      const [i, j] = [Math.floor((x - grid.x[0]!) / 4), Math.floor((y - grid.y[0]!) / 4)];
      return i >= 0 && i < columns && pixels.includes(i + columns * j);
    };
    // What a beamlet's middle or a point a quarter of it off sees is in one.
    for (let x = -30; x <= 30; x += 2) {
      for (let y = -30; y <= 30; y += 2) {
        const [u, v] = [4 * Math.floor((x - shift) / 4) + shift + 2, 4 * Math.floor((y - shift) / 4) + shift + 2];
        if (isInSilhouette(silhouette, u, v)) expect(has(u, v), `${u}, ${v}`).toBe(true);
      }
    }
  },
);
