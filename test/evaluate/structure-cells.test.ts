/** Partly filled voxels: which of their cells lie in the structure, against an oblique plane that is sampled finely. */
import { expect, test } from 'vitest';
import { StructureCells } from '../../src/evaluate/structure-cells.js';
import { createGrid, type Vec3 } from '../../src/geometry/grid.js';
import { box } from '../../src/geometry/shape.js';
import { createVolume } from '../../src/geometry/volume.js';
import { voxelizeStructure } from '../../src/geometry/voxelize.js';

const [NX, NY, NZ] = [9, 8, 7];
const FINE = 10;

/** A half-space by its normal, in units of the voxel: the share of every voxel, and the centroid of that share. */
function halfSpace(normal: Vec3) {
  const data = new Float32Array(NX * NY * NZ);
  const centroids = new Float64Array(3 * data.length);
  for (let voxel = 0; voxel < data.length; voxel++) {
    const at = [voxel % NX, Math.floor(voxel / NX) % NY, Math.floor(voxel / (NX * NY))];
    let count = 0;
    for (let s = 0; s < FINE ** 3; s++) {
      const offset = [s % FINE, Math.floor(s / FINE) % FINE, Math.floor(s / FINE ** 2)].map(
        (q) => (q + 0.5) / FINE - 0.5,
      );
      const height = offset.reduce((sum, o, a) => sum + normal[a]! * (at[a]! + o - [NX, NY, NZ][a]! / 2), 0);
      if (height > 0.05) continue;
      count++;
      offset.forEach((o, a) => {
        centroids[3 * voxel + a]! += o;
      });
    }
    data[voxel] = count / FINE ** 3;
    for (let a = 0; a < 3; a++) centroids[3 * voxel + a]! /= Math.max(1, count);
  }
  return { data, centroids };
}

const isInside = (voxel: number): boolean => {
  const at = [voxel % NX, Math.floor(voxel / NX) % NY, Math.floor(voxel / (NX * NY))];
  return at.every((i, a) => i > 0 && i < [NX, NY, NZ][a]! - 1);
};

test.each<[string, Vec3]>([
  ['along x', [1, 0, 0]],
  ['along -y', [0, -1, 0]],
  ['along z', [0, 0, 1]],
  ['oblique', [1, 2, 3]],
  ['oblique, turned', [3, -1, 2]],
  ['oblique, turned again', [-2, 3, 1]],
])('voxels on a plane are filled from its side, %s', (_, normal) => {
  const { data, centroids } = halfSpace(normal);
  const cells = new StructureCells(
    createVolume('mask', createGrid([NX, NY, NZ].reverse() as any, [2, 3, 4], [0, 0, 0]), data),
  );
  const { voxels, division, offsets, partialVolumes } = cells;
  expect(division).toBe(5);
  const perVoxel = division ** 3;
  let at = 0;
  let tried = 0;
  for (const voxel of voxels) {
    if (data[voxel]! >= 1) continue;
    const own = partialVolumes.subarray(at, at + perVoxel);
    at += perVoxel;
    const volume = own.reduce((a, b) => a + b, 0);
    expect(volume).toBeCloseTo((data[voxel]! * 2 * 3 * 4) / 1000, 9);
    if (!isInside(voxel) || data[voxel]! < 0.1) continue;
    tried++;
    for (let a = 0; a < 3; a++) {
      const centroid = own.reduce((sum, v, c) => sum + v * offsets[3 * c + a]!, 0) / volume;
      // Cells are a fifth of a voxel, and the gradient's direction is good to a few degrees.
      expect(Math.abs(centroid - centroids[3 * voxel + a]!), `voxel ${voxel}, axis ${a}`).toBeLessThan(0.06);
    }
  }
  expect(at).toBe(partialVolumes.length);
  expect(tried).toBeGreaterThan(20);
});

test('within a box the voxels are those of the whole grid, whatever its place; memory beyond is not read', () => {
  const grid = createGrid([NZ, NY, NX], [2, 3, 1.5], [-7, -11, 4]);
  for (const [low, high] of [
    [
      [-3, -4, 6],
      [3, 2, 9],
    ],
    [
      [-50, -50, -50],
      [50, 50, 50],
    ],
    [
      [-7.9, -12.4, 3.3],
      [-7.2, -11.9, 3.5],
    ],
  ] as [Vec3, Vec3][]) {
    const mask = voxelizeStructure({ name: 'x', role: 'organ', shape: { kind: 'solid', solid: box(low, high) } }, grid);
    const all = new StructureCells(mask);
    expect(all.voxels.length).toBeGreaterThan(0);
    const some = new StructureCells(mask, 'x', { min: low, max: high });
    expect(some.voxels).toEqual(all.voxels);
    expect(some.volumeCc).toBe(all.volumeCc);
  }
  const elsewhere = createVolume('mask', grid);
  elsewhere.data.fill(Number.NaN, 0, NX);
  expect(() => new StructureCells(elsewhere)).toThrow(/voxel 0 is NaN/);
  expect(new StructureCells(elsewhere, 'x', { min: [-7, 2, 8], max: [0, 4, 10] }).voxels.length).toBe(0);
});
