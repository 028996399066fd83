/** The distance map against all pairs of voxels. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { distanceMap } from '../../src/geometry/distance-map.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';

const seed = 58;

test(`nearest voxel of a sparse set, empty rows and slices among them (seed ${seed})`, () => {
  const random = createRandom(seed);
  const grid = createGrid([7, 9, 11], [2, 3, 5], [1, 2, 3]);
  const [nz, ny, nx] = grid.shape;
  for (const share of [0.003, 0.02, 0.3]) {
    const data = Float32Array.from({ length: nx * ny * nz }, () => (random.uniform() < share ? 0.7 : 0.2));
    data[Math.floor(data.length * random.uniform())] = 1;
    const map = distanceMap(createVolume('mask', grid, data));
    const place = (v: number): number[] => [2 * (v % nx), 3 * (Math.floor(v / nx) % ny), 5 * Math.floor(v / (nx * ny))];
    const set = Array.from(data.keys()).filter((v) => data[v]! >= 0.5);
    for (let v = 0; v < data.length; v++) {
      const nearest = Math.min(...set.map((w) => Math.hypot(...place(v).map((c, a) => c - place(w)[a]!))));
      // One rounding to Float32 of some 50 mm.
      expect(Math.abs(map[v]! - nearest)).toBeLessThan(4e-6);
    }
  }
});
