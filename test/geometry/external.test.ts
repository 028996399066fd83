import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { contourArea, contoursVolume } from '../../src/geometry/contour.js';
import { contoursOfStructure, tracePixels, traceSolid } from '../../src/geometry/contour-trace.js';
import { findExternal } from '../../src/geometry/external.js';
import { createGrid, type Vec3 } from '../../src/geometry/grid.js';
import type { Solid } from '../../src/geometry/solid.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createVolume } from '../../src/geometry/volume.js';
import { voxelizeStructure } from '../../src/geometry/voxelize.js';

const sphere = (center: Vec3, radius: number): Solid => ({
  distance: (x, y, z) => Math.hypot(x - center[0], y - center[1], z - center[2]) - radius,
  box: {
    min: [center[0] - radius, center[1] - radius, center[2] - radius],
    max: [center[0] + radius, center[1] + radius, center[2] + radius],
  },
  isExact: true,
});

test('section of a sphere: area of the circle within the error of its chords', () => {
  for (const z of [0, 5, 11]) {
    const area = contourArea({ z, polygons: traceSolid(sphere([1.3, -2.1, 0], 12), z, [0.5, 0.7]) });
    // Interpolation is linear in a distance of curvature 1/r, and chords cut the arc: each takes about h^2 / 8 r of the radius.
    const radius = Math.sqrt(144 - z * z);
    const bound = (2 * 2 * (0.5 ** 2 + 0.7 ** 2)) / 8 / radius ** 2;
    expect(Math.abs(area / (Math.PI * radius * radius) - 1)).toBeLessThan(bound);
  }
});

test('a shell keeps its hole, and skipped blocks change nothing', () => {
  const outer = sphere([0, 0, 0], 30);
  const shell: Solid = { ...outer, distance: (x, y, z) => Math.max(outer.distance(x, y, z), 20 - Math.hypot(x, y, z)) };
  // Half the distance is a weaker bound, so that fewer blocks are skipped: the rings must be the same.
  const weak: Solid = { ...shell, distance: (x, y, z) => 0.05 * shell.distance(x, y, z) };
  const rings = traceSolid(shell, 3, [0.8, 1.1]);
  expect(rings.length).toBe(2);
  expect(contourArea({ z: 3, polygons: rings })).toBeCloseTo(
    contourArea({ z: 3, polygons: traceSolid(weak, 3, [0.8, 1.1]) }),
    6,
  );
  expect(contourArea({ z: 3, polygons: rings }) / (Math.PI * (900 - 400))).toBeCloseTo(1, 3);
});

test('contours of a solid on slices: volume of the sphere to 1 %', () => {
  const grid = createGrid([31, 40, 50], [1, 1.2, 2], [-25, -24, -30]);
  const structure: Structure = {
    name: 'Ball',
    role: 'organ',
    shape: { kind: 'solid', solid: sphere([1, 2, 0.5], 14) },
  };
  const contours = contoursOfStructure(structure, grid)!;
  expect(contoursVolume(contours) / (((4 / 3) * Math.PI * 14 ** 3) / 1000)).toBeCloseTo(1, 2);
  const drawn: Structure = { ...structure, shape: { kind: 'contours', contours } };
  expect(contoursOfStructure(drawn, grid)).toBe(contours);
  // Onto other slices: the extruded planes are cut again.
  const other = createGrid([61, 40, 50], [1, 1.2, 1], [-25, -24, -30.5]);
  expect(contoursVolume(contoursOfStructure(drawn, other)!) / contoursVolume(contours)).toBeCloseTo(1, 2);
});

test('pixels along their edges: the even-odd inside is the pixels, also where they meet at a corner', () => {
  const grid = createGrid([1, 5, 7], [2, 3, 5], [10, 20, 0]);
  for (const seed of [1, 2, 3, 4]) {
    const inside = Uint8Array.from({ length: 35 }, (_, i) => ((i * i * 7 + seed * 13 + i) % 5 < 3 ? 1 : 0));
    const contours = { planes: [{ z: 0, polygons: tracePixels(inside, grid) }], spacing: 5 };
    const mask = voxelizeStructure({ name: 'x', role: 'organ', shape: { kind: 'contours', contours } }, grid);
    expect([...mask.data], `seed ${seed}`).toEqual([...inside]);
  }
});

test('body found: lungs filled, couch, table foam and a cable left out', () => {
  const grid = createGrid([6, 90, 110], [3, 2.5, 4], [-163, -100, 0]);
  const ct = createVolume('hounsfield', grid, new Float32Array(6 * 90 * 110).fill(-1000));
  let body = 0;
  for (let k = 0; k < 6; k++) {
    for (let j = 0; j < 90; j++) {
      for (let i = 0; i < 110; i++) {
        const x = -163 + 3 * i;
        const y = -100 + 2.5 * j;
        const at = i + 110 * (j + 90 * k);
        const inBody = (x / 120) ** 2 + (y / 70) ** 2 < 1;
        if (inBody) body++;
        if (inBody) ct.data[at] = ((Math.abs(x) - 50) / 30) ** 2 + (y / 40) ** 2 < 1 ? -800 : 40;
        // A couch shell of one row that touches the back, foam below it, a second shell, and a cable.
        else if (y > 69 && y < 72.6) ct.data[at] = 100;
        else if (y > 100 && y < 104) ct.data[at] = 100;
        else if (y > 72.6 && y < 100 && Math.abs(x) < 150) ct.data[at] = -900;
        else if (Math.hypot(x + 140, y + 80) < 4) ct.data[at] = 500;
      }
    }
  }
  const external = findExternal(ct);
  if (external.shape.kind !== 'contours') throw new Error('contours expected');
  const voxel = (3 * 2.5 * 4) / 1000;
  // What the back shares with the couch shell cannot be told apart: one row over 80 of 240 mm, within 1.5 %.
  expect(Math.abs(contoursVolume(external.shape.contours) / (body * voxel) - 1)).toBeLessThan(0.015);
  expect(external).toMatchObject({ name: 'External', role: 'external' });
  ct.data.fill(-1000);
  expect(() => findExternal(ct)).toThrow('nothing above -250 HU');
});

test('body found by runs: the same voxels as pixel by pixel, seeds 1 to 6', () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const random = createRandom(seed);
    const [nz, ny, nx] = [5, 37, 53];
    const [sx, sy] = [2.5 - (seed % 3) * 0.7, 1.25 + 0.4 * (seed % 2)];
    const grid = createGrid([nz, ny, nx], [sx, sy, 4], [-60, -25, 3]);
    const radius = 3.75;
    const ct = createVolume('hounsfield', grid, new Float32Array(nx * ny * nz).fill(-1000));
    const blobs = Array.from({ length: 7 }, () => [nx, ny, nz, 9, 7].map((n) => n * random.uniform()));
    const isIn = (i: number, j: number, k: number): boolean =>
      blobs.some(([x, y, z, a, b]) => ((i - x!) / (4 + a!)) ** 2 + ((j - y!) / (3 + b!)) ** 2 + (k - z!) ** 2 / 6 < 1);
    const dense = new Uint8Array(ct.data.length);
    const forAll = (visit: (v: number, i: number, j: number, k: number) => void): void => {
      for (let v = 0; v < dense.length; v++) visit(v, v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny)));
    };
    forAll((v, i, j, k) => {
      // With holes, gaps and specks.
      if (isIn(i, j, k) !== random.uniform() < 0.03) ct.data[v] = 0;
      dense[v] = ct.data[v] === 0 ? 1 : 0;
    });
    // Pixels of a slice within the radius of those that `of` holds.
    const grow = (of: (v: number) => boolean): boolean[] => {
      const out: boolean[] = [];
      forAll((v, i, j) => {
        out[v] = false;
        for (let q = 0; q < ny && !out[v]; q++) {
          for (let p = 0; p < nx; p++) {
            const isNear = ((p - i) * sx) ** 2 + ((q - j) * sy) ** 2 <= radius * radius;
            if (isNear && of(v + p - i + nx * (q - j))) out[v] = true;
          }
        }
      });
      return out;
    };
    // All that can be reached from a start, through what `of` holds; in a slice, or in three dimensions.
    const reach = (start: number, of: (v: number) => boolean, isFlat: boolean): Set<number> => {
      const found = new Set([start]);
      for (const v of found) {
        const [i, j, k] = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))];
        const steps = [i > 0 && -1, i + 1 < nx && 1, j > 0 && -nx, j + 1 < ny && nx];
        if (!isFlat) steps.push(k > 0 && -nx * ny, k + 1 < nz && nx * ny);
        for (const step of steps) if (step !== false && of(v + step)) found.add(v + step);
      }
      return found;
    };
    const nearAir = grow((v) => dense[v] === 0);
    let core = new Set<number>();
    forAll((v) => {
      const isCore = (at: number): boolean => dense[at] === 1 && !nearAir[at];
      const piece = isCore(v) && !core.has(v) ? reach(v, isCore, false) : new Set<number>();
      if (piece.size > core.size) core = piece;
    });
    const nearCore = grow((v) => core.has(v));
    const isBody = (v: number): boolean => dense[v] === 1 && nearCore[v]!;
    const outside = new Set<number>();
    forAll((v, i, j) => {
      const isEdge = i === 0 || j === 0 || i === nx - 1 || j === ny - 1;
      if (isEdge && !isBody(v) && !outside.has(v)) for (const w of reach(v, (at) => !isBody(at), true)) outside.add(w);
    });
    const found = voxelizeStructure(findExternal(ct, { radius }), grid).data;
    const withCore = new Set([...core].map((v) => Math.floor(v / (nx * ny))));
    expect(core.size, `seed ${seed}`).toBeGreaterThan(20);
    forAll((v, _i, _j, k) => {
      expect(found[v], `seed ${seed}, voxel ${v}`).toBe(withCore.has(k) && !outside.has(v) ? 1 : 0);
    });
  }
});
