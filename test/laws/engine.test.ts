/** The engine against itself: mirror, turns, collimator, translation, superset, part fields, threads of thought that must not matter. */
import { describe, expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { type FluenceGrid, uniformFluenceGrid } from '../../src/beam/fluence.js';
import { createRandom } from '../../src/core/random.js';
import {
  addFieldDose,
  type DoseVoxels,
  type FluenceField,
  viewOfBeam,
  voxelsInside,
} from '../../src/dose/beam-view.js';
import { ForwardDose } from '../../src/dose/forward-dose.js';
import type { BeamPose } from '../../src/geometry/frame.js';
import { createGrid, type Grid, type Vec3 } from '../../src/geometry/grid.js';
import { createVolume, type Volume } from '../../src/geometry/volume.js';
import { buildMatrix } from '../../src/influence/matrix.js';
import { InfluenceOperator } from '../../src/influence/operator.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';

type Model = 'density' | 'depth';
const models: readonly Model[] = ['density', 'depth'];

/** Even voxels in x and y, so that quarter turns are exact; odd shapes inside. */
const cube = createGrid([24, 32, 32], [4, 4, 4], [-62, -62, -46]);

/** An ellipse with lung left and right, a vertebra and a canal, made by `of(x, y, z)` so that it can be mirrored, turned, shifted. */
const tissue = (x: number, y: number, z: number): number => {
  if ((x / 60) ** 2 + (y / 48) ** 2 > 1) return 0;
  if (((Math.abs(x) - 30) / 20) ** 2 + ((y + 8) / 25) ** 2 < 1 && z < 20) return 0.26;
  if (x * x + (y - 26) ** 2 < 36) return 1;
  if (x * x + (y - 22) ** 2 < 196) return 1.3;
  return 1.02;
};

function phantom(of: (x: number, y: number, z: number) => number, grid: Grid = cube): Volume<'density'> {
  const [nz, ny, nx] = grid.shape;
  const density = createVolume('density', grid);
  for (let v = 0; v < nx * ny * nz; v++) {
    const [i, j, k] = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / nx / ny)];
    density.data[v] = of(
      grid.origin[0] + i * grid.spacing[0],
      grid.origin[1] + j * grid.spacing[1],
      grid.origin[2] + k * grid.spacing[2],
    );
  }
  return density;
}

const voxelsOf = (density: Volume<'density'>): DoseVoxels =>
  voxelsInside(
    createVolume(
      'mask',
      density.grid,
      density.data.map((d) => (d > 0 ? 1 : 0)),
    ),
  );

const square = (side: number): FluenceField => {
  const n = side / 5;
  return { grid: uniformFluenceGrid(-side / 2, -side / 2, 5, n, n), weights: new Float64Array(n * n).fill(1) };
};

const pose = (gantry: number, collimator = 0, couch = 0, isocenter: Vec3 = [0, 0, 0]): BeamPose => ({
  isocenter,
  gantry,
  collimator,
  couch,
});

/** Dose on the whole grid. */
function doseOn(density: Volume<'density'>, at: BeamPose, field: FluenceField, heterogeneity: Model): Float64Array {
  const voxels = voxelsOf(density);
  const view = viewOfBeam(createBeam(artiste6mv, at), density, voxels, { heterogeneity });
  const dose = addFieldDose(view, field, new Float64Array(voxels.index.length));
  const all = new Float64Array(density.data.length);
  voxels.index.forEach((voxel, p) => {
    all[voxel] = dose[p]!;
  });
  return all;
}

/** Largest difference, fraction of the maximum. */
function apart(a: Float64Array, b: Float64Array): number {
  const largest = a.reduce((m, d) => Math.max(m, d), 0);
  return a.reduce((m, d, i) => Math.max(m, Math.abs(d - b[i]!)), 0) / largest;
}

/** The volume whose voxel (i, j, k) is that of `from(i, j, k)`. */
function rearranged(data: Float64Array, from: (i: number, j: number, k: number) => Vec3): Float64Array {
  const [, ny, nx] = cube.shape;
  const out = new Float64Array(data.length);
  for (let v = 0; v < out.length; v++) {
    const [i, j, k] = from(v % nx, Math.floor(v / nx) % ny, Math.floor(v / nx / ny));
    out[v] = data[i + nx * (j + ny * k)]!;
  }
  return out;
}

/** Float32 of places and sums; the law itself is exact. */
const EXACT = 1e-5;

describe.each(models)('%s scaling', (model) => {
  const chest = phantom(tissue);

  test.each([0, 37, 45, 90, 151])('a symmetric patient, gantry %d and its mirror: mirrored doses', (gantry) => {
    const left = doseOn(chest, pose(gantry), square(40), model);
    const right = doseOn(chest, pose(360 - gantry), square(40), model);
    const mirrored = rearranged(right, (i, j, k) => [31 - i, j, k]);
    expect(apart(left, mirrored)).toBeLessThan(EXACT);
  });

  test('patient and beam turned by quarters: the dose turns with them', () => {
    const turned = phantom((x, y, z) => tissue(y, -x, z));
    // What lay at (x, y) lies at (-y, x): a turn by 90 degrees about z, and so the gantry's.
    for (const gantry of [0, 20, 63]) {
      const before = doseOn(chest, pose(gantry), square(40), model);
      const after = doseOn(turned, pose(gantry + 90), square(40), model);
      expect(
        apart(
          before,
          rearranged(after, (i, j, k) => [31 - j, i, k]),
        ),
      ).toBeLessThan(EXACT);
    }
  });

  test.each([90, 180, 270])('a square field with its collimator at %d degrees is the field at 0', (collimator) => {
    // Blur differs along X and Y of the collimator, and so does the machine: only a half turn keeps it.
    const even = { ...artiste6mv, penumbra: { sigma: [2.1, 2.1], collimator: [400, 400] } as const };
    const voxels = voxelsOf(chest);
    const [straight, turned] = [0, collimator].map((c) =>
      addFieldDose(
        viewOfBeam(createBeam(even, pose(28, c, 15)), chest, voxels, { heterogeneity: model }),
        square(50),
        new Float64Array(voxels.index.length),
      ),
    );
    expect(apart(straight!, turned!)).toBeLessThan(EXACT);
  });

  test('all shifted by whole voxels: the same dose; by parts of one: within what the voxels themselves differ', () => {
    const at = (shift: Vec3): Volume<'density'> =>
      phantom(tissue, { ...cube, origin: cube.origin.map((o, a) => o + shift[a]!) as unknown as Vec3 });
    const whole: Vec3 = [8, -4, 12];
    const moved = phantom((x, y, z) => tissue(x - 8, y + 4, z - 12), {
      ...cube,
      origin: cube.origin.map((o, a) => o + whole[a]!) as unknown as Vec3,
    });
    const here = doseOn(chest, pose(33), square(40), model);
    const there = doseOn(moved, pose(33, 0, 0, whole), square(40), model);
    expect(apart(here, there)).toBeLessThan(EXACT);
    // The same body on a lattice half a voxel aside, at the points of the first.
    const half = at([2, 2, 2]);
    const points = voxelsOf(chest);
    const beam = createBeam(artiste6mv, pose(33));
    const [own, other] = [chest, half].map((density) =>
      addFieldDose(
        viewOfBeam(beam, density, points, { heterogeneity: model }),
        square(40),
        new Float64Array(points.index.length),
      ),
    );
    // Well inside the surface, which is stairs of another shape, and away from the image's ends.
    const isInside = (p: number): boolean => {
      const [x, y, z] = points.points.subarray(3 * p, 3 * p + 3) as unknown as Vec3;
      return (x / 60) ** 2 + (y / 48) ** 2 < 0.6 && Math.abs(z) < 38;
    };
    const inside = (dose: Float64Array): Float64Array => dose.filter((_, p) => isInside(p));
    const [mine, theirs] = [inside(own!), inside(other!)];
    // Voxels of 4 mm: borders of lung and bone lie up to half a voxel elsewhere, 2 mm x 0.74 x 0.5 % and the edge of a field behind lung.
    // Seen: 0.062 with density scaling, 0.055 with depth; 0.0121 and 0.0106 in the mean.
    expect(apart(mine, theirs)).toBeLessThan(0.08);
    const sum = mine.reduce((total, d) => total + d, 0);
    expect(mine.reduce((total, d, p) => total + Math.abs(d - theirs[p]!), 0) / sum).toBeLessThan(0.015);
  });

  test('points added, left out or reordered change no bit', () => {
    const voxels = voxelsOf(chest);
    const beam = createBeam(artiste6mv, pose(77, 12, 8));
    const doseAt = (points: Float64Array): Float64Array =>
      addFieldDose(
        viewOfBeam(beam, chest, { points }, { heterogeneity: model }),
        square(40),
        new Float64Array(points.length / 3),
      );
    const all = doseAt(voxels.points);
    const random = createRandom(4);
    const which = Array.from({ length: 300 }, () => Math.floor(random.uniform() * all.length));
    const some = doseAt(Float64Array.from(which.flatMap((p) => [...voxels.points.subarray(3 * p, 3 * p + 3)])));
    which.forEach((p, q) => {
      expect(some[q]).toBe(all[p]);
    });
    const more = doseAt(Float64Array.from([-300, 250, 90, ...voxels.points, 500, 0, 0]));
    expect(more.subarray(1, all.length + 1)).toEqual(all);
  });

  test('total, some of it, columns, operator and matrix are one dose', () => {
    const voxels = voxelsOf(chest);
    const random = createRandom(8);
    const grid: FluenceGrid = uniformFluenceGrid(-20, -15, 5, 8, 6);
    const pixels = Int32Array.from({ length: 48 }, (_, c) => c);
    const beams = [10, 160, 275].map((gantry) => createBeam(artiste6mv, pose(gantry)));
    const weights = beams.map(() => Float64Array.from({ length: 48 }, () => random.uniform()));
    const fields = beams.map((beam, b) => ({ beam, fluence: { grid, weights: weights[b]! } }));
    const forward = new ForwardDose(chest, voxels.points, { heterogeneity: model });
    const { dose } = forward.total(fields);
    const at = Int32Array.from({ length: 200 }, () => Math.floor(random.uniform() * dose.length));
    const some = forward.totalAt(fields, at);
    at.forEach((p, q) => {
      expect(some[q]).toBe(dose[p]);
    });
    const points = Float64Array.from([...at].flatMap((p) => [...voxels.points.subarray(3 * p, 3 * p + 3)]));
    const operator = new InfluenceOperator(
      beams.map((beam) => ({ beam, beamlets: { grid, pixels } })),
      chest,
      points,
      { heterogeneity: model },
    );
    const w = Float64Array.from(weights.flatMap((own) => [...own]));
    const applied = operator.apply(w, new Float64Array(at.length));
    at.forEach((p, q) => {
      expect(applied[q]).toBe(dose[p]);
    });
    const product = buildMatrix(operator).apply(w, new Float64Array(at.length));
    // Columns are summed in another order.
    expect(apart(applied, product)).toBeLessThan(EXACT);
  });

  test('parts of a field sum to the whole, and twice the fluence is twice the dose', () => {
    const field = square(40);
    const part = (isIn: (cell: number) => boolean): FluenceField => ({
      grid: field.grid,
      weights: field.weights.map((w, c) => (isIn(c) ? w : 0)),
    });
    const at = pose(300, 0, 350);
    const whole = doseOn(chest, at, field, model);
    const parts = [part((c) => c % 3 === 0), part((c) => c % 3 !== 0)].map((f) => doseOn(chest, at, f, model));
    expect(
      apart(
        whole,
        parts[0]!.map((d, v) => d + parts[1]![v]!),
      ),
    ).toBeLessThan(EXACT);
    const twice = doseOn(chest, at, { grid: field.grid, weights: field.weights.map((w) => 2 * w) }, model);
    expect(
      apart(
        whole,
        twice.map((d) => d / 2),
      ),
    ).toBeLessThan(EXACT);
  });

  test('the SIMD kernels are the Float64 reference', () => {
    const voxels = voxelsOf(chest);
    const beam = createBeam(artiste6mv, pose(120, 30));
    const [simd, plain] = (['simd', 'plain'] as const).map((kernels) =>
      addFieldDose(
        viewOfBeam(beam, chest, voxels, { heterogeneity: model, kernels }),
        square(60),
        new Float64Array(voxels.index.length),
      ),
    );
    expect(apart(plain!, simd!)).toBeLessThan(EXACT);
  });
});
