import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { createGrid, type Vec3 } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { depthOfPoints } from '../../src/raytrace/depth.js';
import { RayTracer, traceRay } from '../../src/raytrace/siddon.js';

describe('Siddon', () => {
  // The geometry of matRad's ray tracer test (BSD-3), with the crossing of x and y at alpha 0.5 counted once.
  const grid = createGrid([2, 2, 2], [1, 1, 1], [-1, -1, -1]);
  const values = Float32Array.from([1, 1, 1, 1, 2, 2, 2, 2]);
  const source: Vec3 = [-1, -1, -2];
  const target: Vec3 = [0, 0, 2];

  it('crosses the voxels of the worked ray with the worked lengths', () => {
    const segments = traceRay(grid, source, target);
    expect(segments.map((s) => s.voxel + 1)).toEqual([1, 5, 8]);
    [1.0606601717798212, 0.5303300858899106, 0.5303300858899106].forEach((length, i) => {
      expect(segments[i]!.length).toBeCloseTo(length, 12);
    });
    expect(segments.map((s) => s.alphaOut)).toEqual([0.375, 0.5, 0.625]);
    expect(new RayTracer(grid, values, source).pathTo(...(target as [number, number, number]))).toBeCloseTo(
      3.181980515339464,
      12,
    );
  });

  it('agrees with the sorted form on random rays through an odd grid (seed 7)', () => {
    const odd = createGrid([7, 11, 9], [2, 3, 5], [-8, -15, -15]);
    const random = createRandom(7);
    const density = Float32Array.from({ length: 7 * 11 * 9 }, () => random.uniform());
    for (let n = 0; n < 2000; n++) {
      const from: Vec3 = [
        (random.uniform() - 0.5) * 200,
        (random.uniform() - 0.5) * 200,
        (random.uniform() - 0.5) * 200,
      ];
      // Every fourth ray is parallel to an axis, every eighth lies exactly on voxel faces.
      const to: [number, number, number] = [
        (random.uniform() - 0.5) * 30,
        (random.uniform() - 0.5) * 40,
        (random.uniform() - 0.5) * 40,
      ];
      if (n % 4 === 0) to[n % 3] = from[n % 3]!;
      const expected = traceRay(odd, from, to).reduce((sum, s) => sum + s.length * density[s.voxel]!, 0);
      expect(Math.abs(new RayTracer(odd, density, from).pathTo(...to) - expected)).toBeLessThan(1e-8);
    }
  });

  it('gives the depth of a slab along an oblique ray', () => {
    const box = createGrid([9, 41, 9], [10, 2, 10], [-40, -40, -40]);
    const density = createVolume('density', box);
    density.data.fill(1);
    const depth = depthOfPoints(density, [0, -1000, 0], Float64Array.from([0, 0, 0, 30, 0, 0]));
    expect(depth[0]).toBeCloseTo(41, 4);
    expect(depth[1]).toBeCloseTo(41 * Math.hypot(1, 0.03), 4);
    expect(() => depthOfPoints(density, [0, 0, 0], Float64Array.from([0, 0, 0]))).toThrow(
      /source .* lies inside the image/,
    );
  });
});
