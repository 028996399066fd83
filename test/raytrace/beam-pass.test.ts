/** The pass: depth against Siddon, densities against their definition, and no number that depends on what else is asked for. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { type BeamPose, createBeamFrame } from '../../src/geometry/frame.js';
import { createGrid, type Grid } from '../../src/geometry/grid.js';
import { createVolume, type Volume } from '../../src/geometry/volume.js';
import { BeamPass, type PassOptions } from '../../src/raytrace/beam-pass.js';
import { createDensityBox } from '../../src/raytrace/density-box.js';
import { defaultDensityMemory as memory } from '../../src/raytrace/density-memory.js';
import { depthOfPoints } from '../../src/raytrace/depth.js';

const grid = createGrid([21, 100, 21], [10, 2, 10], [-100, -99, -100]);

function fill(of: (depth: number, x: number) => number, on: Grid = grid): Volume<'density'> {
  const [nz, ny, nx] = on.shape;
  const density = createVolume('density', on);
  for (let v = 0; v < nz * ny * nx; v++) {
    const i = v % nx;
    const j = Math.floor(v / nx) % ny;
    density.data[v] = of(on.spacing[1] * (j + 0.5), on.origin[0] + i * on.spacing[0]);
  }
  return density;
}

interface Seen {
  readonly depths: Float32Array;
  readonly electron: Float32Array;
  readonly scatter: Float32Array;
}

function see(density: Volume<'density'>, pose: BeamPose, points: Float64Array, options?: PassOptions): Seen {
  const array = (): Float32Array => new Float32Array(points.length / 3);
  const densities = { electron: array(), scatter: array() };
  const depths = array();
  const pass = new BeamPass(createDensityBox(density), options);
  const frame = createBeamFrame({ ...pose, collimator: 0 }, 1000);
  pass.see(frame, points, { u: array(), v: array(), distances: array(), depths });
  pass.densities(frame, points, densities);
  return { depths, ...densities };
}

const front = (ssd: number): BeamPose => ({ isocenter: [0, 900 - ssd, 0], gantry: 0, collimator: 0, couch: 0 });

/** Seen from gantry 0, surface at y = -100 mm, at points (x, depth, z). */
const at = (density: Volume<'density'>, points: readonly (readonly [number, number, number])[], ssd = 900): Seen =>
  see(density, front(ssd), Float64Array.from(points.flatMap(([x, depth, z]) => [x, depth - 100, z])));

/** The definition, by steps of 0.02 mm along a straight ray. */
function direct(of: (depth: number) => number, depth: number, thick: number): { electron: number; scatter: number } {
  const h = 0.02;
  const mean = (upstream: number, downstream: number, share: number): number => {
    let [numerator, denominator] = [0, 0];
    for (const [step, range, weight, end] of [
      [-h, upstream, 1, 0],
      [h, downstream, share, thick],
    ] as const) {
      if (weight === 0) continue;
      let s = 0;
      for (let l = depth + step / 2; step < 0 ? l > end : l < end; l += step) {
        const rho = of(l);
        const w = weight * Math.exp(-(s + (rho * h) / 2) / range);
        numerator += rho * w;
        denominator += w;
        s += rho * h;
      }
    }
    return numerator / denominator;
  };
  return {
    electron: mean(memory.electron, 1, 0),
    scatter: mean(memory.scatter, memory.scatterBehind, memory.fractionBehind),
  };
}

/** Odd sizes, unequal spacing, lung and bone in oblique layers, a hole. */
const odd = createGrid([23, 37, 31], [4, 3, 2.5], [-33, -52, -61]);
const chest = createVolume('density', odd);
for (let v = 0; v < chest.data.length; v++) {
  const [i, j, k] = [v % 31, Math.floor(v / 31) % 37, Math.floor(v / 31 / 37)];
  const isBody = (i - 15) ** 2 / 200 + (j - 18) ** 2 / 300 < 1;
  const layer = (i + 2 * j + k) % 29;
  if (isBody) chest.data[v] = layer < 9 ? 0.26 : layer < 13 ? 1.6 : 1.02;
}
const random = createRandom(21);
const points = Float64Array.from({ length: 3 * 400 }, (_, c) => [90, 100, 80][c % 3]! * (random.uniform() - 0.5));
const poses: readonly BeamPose[] = [
  { isocenter: [2, 3, -5], gantry: 0, collimator: 0, couch: 0 },
  { isocenter: [2, 3, -5], gantry: 33, collimator: 0, couch: 20 },
  { isocenter: [-7, 0, 4], gantry: 251, collimator: 0, couch: 300 },
];

test.each(poses)(
  'the SIMD kernels are the plain reference in Float32, $gantry and $couch degrees (seed 21)',
  (pose) => {
    const [simd, plain] = (['simd', 'plain'] as const).map((kernels) => see(chest, pose, points, { kernels }));
    for (const key of ['depths', 'electron', 'scatter'] as const) {
      const apart = simd![key].map((value, p) => Math.abs(value - plain![key][p]!));
      // Float32 of coordinates up to 40 voxels and of sums of 40 samples.
      expect(Math.max(...apart), key).toBeLessThan(key === 'depths' ? 1e-3 : 1e-5);
    }
  },
);

test.each(poses)(
  'a point reads the same alone, in any company and order, $gantry and $couch degrees (seed 21)',
  (pose) => {
    const all = see(chest, pose, points);
    const check = (which: readonly number[], extra: readonly number[]): void => {
      const some = Float64Array.from([...extra, ...which.flatMap((p) => [...points.subarray(3 * p, 3 * p + 3)])]);
      const seen = see(chest, pose, some);
      which.forEach((p, q) => {
        for (const key of ['depths', 'electron', 'scatter'] as const) {
          expect(seen[key][q + extra.length / 3]).toBe(all[key][p]);
        }
      });
    };
    check([7], []);
    check([399, 3, 120, 4], []);
    check([11, 200, 57], [500, -300, 400]);
  },
);

test('depth of a slab under straight rays is Siddon’s; elsewhere both are within a voxel of each other', () => {
  const layers = fill((depth) => (depth > 50 && depth < 90 ? 0.26 : 1));
  const straight = Float64Array.from([3, 20, 51, 88, 92, 140, 199].flatMap((depth) => [0, depth - 100, 0]));
  const mine = see(layers, front(900), straight).depths;
  const exact = depthOfPoints(layers, createBeamFrame(front(900), 1000).source, straight);
  mine.forEach((depth, p) => {
    // A voxel is read as a box by one and as a tent by the other: within one that borders on lung they differ by an eighth of the step.
    expect(Math.abs(depth - exact[p]!)).toBeLessThan((2 * 0.74) / 8 + 1e-4);
  });
  const oblique = see(chest, poses[1]!, points).depths;
  const siddon = depthOfPoints(chest, createBeamFrame(poses[1]!, 1000).source, points);
  const apart = oblique.map((depth, p) => Math.abs(depth - siddon[p]!));
  expect(apart.reduce((a, b) => a + b, 0) / apart.length).toBeLessThan(0.5);
});

test.each([700, 900, 1200])('a box of water in air, surface %d mm from the source: 1 to 1e-6 everywhere', (ssd) => {
  const box = fill((_, x) => (Math.abs(x) < 60 ? 1 : 0));
  const places: [number, number, number][] = [];
  // To the last voxel on all sides, where neighbouring rays miss the box.
  for (const x of [-64.9, -31, 0, 64.9]) for (const depth of [0.1, 1, 50, 199.9]) places.push([x, depth, x / 2]);
  const { electron, scatter } = at(box, places, ssd);
  for (const rho of [...electron, ...scatter]) expect(Math.abs(rho - 1)).toBeLessThan(1e-6);
});

test('layers: the means are those of their definition', () => {
  const lung = (depth: number): number => (depth > 50 && depth < 130 ? 0.26 : depth > 150 && depth < 160 ? 1.7 : 1);
  const depths = [5, 49, 53, 60, 90, 125, 133, 145, 152, 158, 165, 190];
  const { electron, scatter } = at(
    fill(lung),
    depths.map((depth) => [0, depth, 0]),
  );
  depths.forEach((depth, p) => {
    const truth = direct(lung, depth, 200);
    // The image is 2 mm fine, and steps between its voxels are ramps.
    expect(Math.abs(electron[p]! - truth.electron), `electrons at ${depth} mm`).toBeLessThan(0.03);
    expect(Math.abs(scatter[p]! - truth.scatter), `scatter at ${depth} mm`).toBeLessThan(0.01);
  });
});

test('a step beside the ray is read over the footprint: half of it on the border, a normal distribution across it', () => {
  const sides = fill((_, x) => (x < 0 ? 0.3 : 1), createGrid([21, 100, 81], [2, 2, 10], [-80, -99, -100]));
  const { electron } = at(
    sides,
    // The ray of a point has run so much nearer to the axis where its electrons come from.
    [-8, -4, 0, 4, 8].map((x) => [x - 1, 100, 0]),
  );
  // Far along, electrons have forgotten the surface, and a mean of mass over mass is a mean of densities.
  const share = (x: number): number => 0.3 + (0.7 * (1 + Math.sign(x) * 0.6827 * (Math.abs(x) > 4 ? 1.398 : 1))) / 2;
  expect(electron[2]).toBeCloseTo(0.65, 1);
  expect(electron[1]).toBeCloseTo(share(-4), 1);
  expect(electron[3]).toBeCloseTo(share(4), 1);
  expect(electron[0]).toBeCloseTo(share(-8), 1);
  expect(electron[4]).toBeCloseTo(share(8), 1);
});

describe('what is not a patient', () => {
  const finite = ({ electron, scatter }: Seen): boolean =>
    [...electron, ...scatter].every((rho) => Number.isFinite(rho) && rho > 0);
  const line = Array.from({ length: 40 }, (_, i) => [0, 5 * i + 0.3, 0] as const);

  test('air inside the body, metal, a density of zero, a ray that enters twice', () => {
    const air = at(
      fill((depth) => (depth > 60 && depth < 90 ? 0.001 : 1)),
      line,
    );
    expect(finite(air)).toBe(true);
    // What the electrons remember of the water before 30 mm of air.
    expect(Math.min(...air.electron)).toBeLessThan(0.12);
    const metal = at(
      fill((depth) => (depth > 60 && depth < 70 ? 7.8 : 1)),
      line,
    );
    expect(finite(metal)).toBe(true);
    expect(Math.max(...metal.electron)).toBeGreaterThan(7.5);
    // Nothing lies between arm and trunk: it is left out, and both are water.
    const twice = at(
      fill((depth) => (depth > 40 && depth < 90 ? 0 : 1)),
      line,
    );
    expect([...twice.electron, ...twice.scatter].every((rho) => Math.abs(rho - 1) < 1e-6)).toBe(true);
    expect(
      finite(
        at(
          fill(() => 0),
          line,
        ),
      ),
    ).toBe(true);
  });

  test('one slice, one voxel, a beam that grazes the patient', () => {
    const slice = createVolume('density', createGrid([1, 20, 20], [3, 3, 3], [-30, -30, 0]));
    slice.data.fill(1);
    const here = Float64Array.of(0, 0, 0, 20, 20, 0);
    for (const pose of poses) {
      const seen = see(slice, { ...pose, isocenter: [0, 0, 0] }, here);
      expect(finite(seen)).toBe(true);
      for (const rho of seen.electron) expect(rho).toBeCloseTo(1, 6);
    }
    const one = createVolume('density', createGrid([1, 1, 1], [5, 5, 5], [0, 0, 0]), Float32Array.of(1.5));
    expect(see(one, poses[0]!, Float64Array.of(0, 0, 0)).depths[0]).toBeCloseTo(3.75, 3);
    const grazing = see(chest, { ...poses[0]!, isocenter: [400, 0, 0] }, points);
    expect(finite(grazing)).toBe(true);
  });

  test('densities that are none, air around the patient, ranges and pitches that are none', () => {
    const bad = (value: number): Volume<'density'> => fill((depth, x) => (depth === 101 && x === 0 ? value : 1));
    for (const value of [Number.NaN, -0.5, Infinity]) {
      expect(() => createDensityBox(bad(value))).toThrow(
        /density: voxel \(10, 50, \d+\) is (NaN|-0.5|Infinity), but must be finite and not negative. Mend/,
      );
    }
    expect(() => createDensityBox(fill((depth) => (depth < 20 ? 0.001 : 1)))).toThrow(
      /density: a whole side of the image is air .*Set it to zero outside the external contour/,
    );
    const box = createDensityBox(fill(() => 1));
    expect(() => new BeamPass(box, { memory: { ...memory, scatter: Number.NaN } })).toThrow(
      /effective density: scatter is NaN, but must be finite and positive/,
    );
    expect(() => new BeamPass(box, { pitch: 0 })).toThrow(/pass: pitch in mm is 0, but must be > 0/);
  });

  test('memory that was let go of is made again: a beam is seen as before', () => {
    const pass = new BeamPass(createDensityBox(fill((depth) => (depth < 50 ? 1 : 0.3))));
    const points = Float64Array.from({ length: 60 }, (_, q) => (q % 3 === 1 ? 2 * q : q % 7) - 50);
    const seen = (gantry: number): Seen => {
      const array = (): Float32Array => new Float32Array(points.length / 3);
      const [depths, densities] = [array(), { electron: array(), scatter: array() }];
      const frame = createBeamFrame({ ...front(900), gantry }, 1000);
      pass.see(frame, points, { u: array(), v: array(), distances: array(), depths }, densities);
      return { depths, ...densities };
    };
    // From the side, too: then the box is turned.
    const before = [0, 90].map(seen);
    pass.release();
    expect([0, 90].map(seen)).toEqual(before);
    expect(before[0]!.depths.some((depth) => depth > 0)).toBe(true);
    pass.release();
    expect([90, 0].map(seen)).toEqual([before[1], before[0]]);
  });

  test('a fan beyond its memory is refused with its size', () => {
    const wide = Float64Array.of(-100, 0, 0, 100, 0, 0);
    expect(() =>
      see(
        fill(() => 1),
        front(900),
        wide,
        { pitch: 0.02, step: 0.02 },
      ),
    ).toThrow(/pass: a fan of \d+ x \d+ nodes a row at 0.02 x 0.02 mm is beyond its memory. Crop/);
  });
});
