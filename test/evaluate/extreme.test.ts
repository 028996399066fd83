/** The largest and smallest dose in a solid: closed forms, a slow search beside it, and what it costs. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { type ExtremeOptions, extremeDose } from '../../src/evaluate/extreme.js';
import { createGrid, type Vec3 } from '../../src/geometry/grid.js';
import { box, ellipsoid, sphere, union } from '../../src/geometry/shape.js';
import type { Solid } from '../../src/geometry/solid.js';
import { createDose } from '../../src/geometry/volume.js';

const grid = createGrid([11, 9, 7], [2, 3, 5], [-7, -13, -21]);
const [nz, ny, nx] = grid.shape;
/** Centres of all voxels, in the order of the data. */
const centres = Array.from({ length: nx * ny * nz }, (_, v): Vec3 => {
  const index = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))];
  return index.map((c, a) => grid.origin[a]! + c * grid.spacing[a]!) as unknown as Vec3;
});
const doseOf = (f: (x: number, y: number, z: number) => number) =>
  createDose(
    grid,
    { quantity: 'physical', fractions: 5 },
    Float32Array.from(centres, ([x, y, z]) => f(x, y, z)),
  );

/** Trilinear, even beyond the outermost centres: written out. */
function valueIn(data: ArrayLike<number>, place: Vec3): number {
  const [u, v, w] = place.map((c, a) => {
    const n = grid.shape[2 - a]!;
    return Math.min(n - 1, Math.max(0, (c - grid.origin[a]!) / grid.spacing[a]!));
  }) as [number, number, number];
  let sum = 0;
  for (let c = 0; c < 8; c++) {
    const at = [u, v, w].map((x, a) => Math.min(Math.floor(x) + ((c >> a) & 1), grid.shape[2 - a]! - 1));
    const share = [u, v, w].reduce((s, x, a) => s * ((c >> a) & 1 ? x - Math.floor(x) : 1 - (x - Math.floor(x))), 1);
    if (share > 0) sum += share * data[at[0]! + nx * (at[1]! + ny * at[2]!)]!;
  }
  return sum;
}

/** The largest of f at many places of a solid: never above the true extreme. */
function largestSeen(solid: Solid, f: (place: Vec3) => number, n = 24): number {
  const { min, max } = solid.box;
  let most = -Infinity;
  for (let c = 0; c < (n + 1) ** 3; c++) {
    const t = [c % (n + 1), Math.floor(c / (n + 1)) % (n + 1), Math.floor(c / (n + 1) ** 2)];
    const place = t.map((s, a) => min[a]! + ((max[a]! - min[a]!) * s) / n) as unknown as Vec3;
    if (solid.distance(...place) <= 0) most = Math.max(most, f(place));
  }
  return most;
}

const both = (dose: Parameters<typeof extremeDose>[0], solid: Solid, more: Partial<ExtremeOptions> = {}) =>
  (['max', 'min'] as const).map((extreme) => extremeDose(dose, solid, { extreme, tolerance: 0.01, ...more }));

describe('a dose that is linear', () => {
  const gradient: Vec3 = [0.7, -0.4, 0.3];
  const ramp = doseOf((x, y, z) => 60 + gradient[0] * x + gradient[1] * y + gradient[2] * z);
  const at = (place: Vec3): number => 60 + gradient.reduce((sum, g, a) => sum + g * place[a]!, 0);

  test.each<[string, Vec3, number]>([
    ['across several voxels', [-1, -1, 1], 6],
    ['within one cell, holding no voxel centre', [-0.2, -2.6, 1.5], 0.4],
    ['about a voxel centre', [-1, -1, -1], 0.9],
  ])('is largest and smallest where the normal of a sphere is its gradient, %s', (_, centre, radius) => {
    const size = Math.hypot(...gradient);
    const [most, least] = both(ramp, sphere(centre, radius));
    for (const [found, sign] of [
      [most!, 1],
      [least!, -1],
    ] as const) {
      const place = centre.map((c, a) => c + (sign * radius * gradient[a]!) / size) as unknown as Vec3;
      // Half the tolerance about the truth, and the rounding of single precision.
      expect(Math.abs(found.value - at(place))).toBeLessThanOrEqual(0.005 + 1e-5);
      expect(Math.abs(found.value - at(place))).toBeLessThanOrEqual(found.within + 1e-5);
      expect(found.within).toBeLessThanOrEqual(0.01);
      found.place!.forEach((c, a) => {
        expect(Math.abs(c - place[a]!)).toBeLessThan(0.35 * Math.sqrt(radius));
      });
    }
  });

  test('is largest at a corner of a box', () => {
    const [most, least] = both(ramp, box([-3.3, -6.1, -4.7], [2.2, 3.9, 6.3]));
    expect(Math.abs(most!.value - at([2.2, -6.1, 6.3]))).toBeLessThan(0.006);
    expect(Math.abs(least!.value - at([-3.3, 3.9, -4.7]))).toBeLessThan(0.006);
  });
});

describe('a dose with a peak', () => {
  const peak = doseOf((x, y, z) => (x === 1 && y === -1 && z === -1 ? 50 : 20));

  test('inside has it, with its place', () => {
    const [most, least] = both(peak, sphere([0.4, -0.5, 0.3], 5));
    expect(Math.abs(most!.value - 50)).toBeLessThanOrEqual(most!.within);
    expect(most!.within).toBeLessThanOrEqual(0.01);
    most!.place!.forEach((c, a) => {
      expect(c).toBeCloseTo([1, -1, -1][a]!, 2);
    });
    expect(Math.abs(least!.value - 20)).toBeLessThanOrEqual(0.01);
  });

  test('outside has what of its slope reaches in', () => {
    // The sphere ends at x = 0, half way to the peak: 35 Gy there, on a slope of 0.1 Gy/mm that leads to it.
    const sloped = { ...peak, data: peak.data.map((gray, v) => gray + centres[v]![0] / 10) };
    const [most] = both(sloped, sphere([-2, -1, -1], 2));
    expect(Math.abs(most!.value - 35)).toBeLessThanOrEqual(most!.within + 1e-4);
    expect(most!.within).toBeLessThan(0.03);
  });

  test.each(Array.from({ length: 8 }, (_, c) => [c]))(
    'in the cell at a corner of the box is found there, corner %i',
    (c) => {
      // Half a voxel from a peak of 1 Gy along all three axes: an eighth of it, on an even dose that leads nowhere.
      const far = [0, 1, 2].map((a) => ((c >> a) & 1 ? grid.shape[2 - a]! - 1 : 0));
      const at = far.map((i, a) => grid.origin[a]! + i * grid.spacing[a]!);
      const dose = doseOf((...place) => (place.every((x, a) => x === at[a]) ? 3 : 2));
      const inset = (a: number) => grid.spacing[a]! / 2;
      const low = [0, 1, 2].map((a) => grid.origin[a]! + inset(a)) as unknown as Vec3;
      const high = [0, 1, 2].map(
        (a) => grid.origin[a]! + (grid.shape[2 - a]! - 1) * grid.spacing[a]! - inset(a),
      ) as unknown as Vec3;
      const [most] = both(dose, box(low, high));
      expect(Math.abs(most!.value - 2.125)).toBeLessThanOrEqual(0.01);
      expect(most!.within).toBeLessThanOrEqual(0.01);
    },
  );

  test('of one corner of a box is found, far from all others', () => {
    const corner = doseOf((x, y, z) => (x === 5 && y === 11 && z === 29 ? 3 : 2));
    const [most] = both(corner, box([-7, -13, -21], [5, 11, 29]));
    expect(Math.abs(most!.value - 3)).toBeLessThanOrEqual(0.01);
  });
});

test('beyond the outermost voxel centres the dose is that of the border', () => {
  const ramp = doseOf((x, y, z) => 100 + x + y + z);
  const [most, least] = both(ramp, box([-20, -30, -40], [20, 30, 60]));
  expect(Math.abs(most!.value - (100 + 5 + 11 + 29))).toBeLessThanOrEqual(most!.within + 1e-4);
  expect(Math.abs(least!.value - (100 - 7 - 13 - 21))).toBeLessThanOrEqual(least!.within + 1e-4);
  const [high] = both(ramp, sphere([5 + 3, 11 + 3, 29 + 4], 2));
  expect(Math.abs(high!.value - 145)).toBeLessThanOrEqual(0.01);
});

test('against a slow search: random doses in spheres, ellipsoids and unions, seed 4711', () => {
  const random = createRandom(4711).uniform;
  for (let n = 0; n < 8; n++) {
    const dose = doseOf(() => 20 + 20 * random());
    const centre: Vec3 = [6 * random() - 4, 8 * random() - 5, 20 * random() - 8];
    const radius = 1 + 4 * random();
    const solid = [
      sphere(centre, radius),
      ellipsoid(centre, [radius, radius + 2, radius + 4]),
      union(sphere(centre, radius), sphere([centre[0] + 3, centre[1] - 4, centre[2] + 6], 2)),
    ][n % 3]!;
    const [most, least] = both(dose, solid);
    const seen = [1, -1].map((sign) => sign * largestSeen(solid, (place) => sign * valueIn(dose.data, place)));
    // What is seen at places 1/24 of the box apart is below the extreme by a few tenths at most.
    expect(most!.value + most!.within).toBeGreaterThan(seen[0]! - 1e-4);
    expect(most!.value - most!.within).toBeLessThan(seen[0]! + 2.5);
    expect(least!.value - least!.within).toBeLessThan(seen[1]! + 1e-4);
    expect(least!.value + least!.within).toBeGreaterThan(seen[1]! - 2.5);
    for (const { place, value, within } of [most!, least!]) {
      expect(solid.distance(...place!)).toBeLessThan(1e-6);
      // The dose at the place is one of the two that the search ends between.
      expect(Math.abs(valueIn(dose.data, place!) - value)).toBeLessThanOrEqual(within + 1e-4);
      expect(within).toBeLessThanOrEqual(0.01);
    }
  }
});

test('the smallest of a dose is minus the largest of its negative, mirrored in place', () => {
  const random = createRandom(7).uniform;
  const dose = doseOf(() => 10 + random());
  const negative = { ...dose, data: dose.data.map((gray) => -gray) };
  const solid = sphere([-1, -2, 3], 5);
  const [, least] = both(dose, solid);
  const [most] = both(negative, solid);
  expect(least!.value).toBeCloseTo(-most!.value, 6);
  expect(least!.within).toBeCloseTo(most!.within, 6);
  expect(least!.place).toEqual(most!.place);
});

describe('a sum of doses that are converted after they are interpolated', () => {
  const random = createRandom(99).uniform;
  const terms = [
    { data: Float32Array.from(centres, () => 40 * random()), convert: (gray: number) => gray * (1 + gray / 10) },
    { data: Float32Array.from(centres, () => 30 * random()), convert: (gray: number) => gray * (1 + gray / 20) },
  ];
  const field = { quantity: 'bed', alphaBeta: 2, grid, terms } as any;
  const sum = (place: Vec3): number => terms.reduce((s, { data, convert }) => s + convert(valueIn(data, place)), 0);

  test.each([
    ['a sphere', sphere([-1, -1, 3], 4.5)],
    ['a part of one cell', sphere([-0.1, -2.4, 1.3], 0.6)],
  ])('has its extremes in %s', (_, solid) => {
    const [most, least] = both(field, solid, { tolerance: 0.05 });
    const seen = [1, -1].map((sign) => sign * largestSeen(solid, (place) => sign * sum(place), 30));
    expect(most!.value + most!.within).toBeGreaterThan(seen[0]! - 1e-3);
    expect(least!.value - least!.within).toBeLessThan(seen[1]! + 1e-3);
    expect(most!.value).toBeLessThan(seen[0]! + 12);
    expect(least!.value).toBeGreaterThan(seen[1]! - 12);
    expect(Math.abs(sum(most!.place!) - most!.value)).toBeLessThanOrEqual(most!.within + 1e-3);
    expect(Math.abs(sum(least!.place!) - least!.value)).toBeLessThanOrEqual(least!.within + 1e-3);
    expect(Math.max(most!.within, least!.within)).toBeLessThanOrEqual(0.05);
  });
});

describe('what is known before', () => {
  const ramp = doseOf((x) => 60 + x);
  const solid = sphere([-1, -1, 1], 4);

  test('above all that is in the solid stays, without a place', () => {
    const { value, within, place } = extremeDose(ramp, solid, { extreme: 'max', known: 70, tolerance: 0.01 });
    expect([value, within, place]).toEqual([70, 0, undefined]);
    const least = extremeDose(ramp, solid, { extreme: 'min', known: 50, tolerance: 0.01 });
    expect([least.value, least.within, least.place]).toEqual([50, 0, undefined]);
  });

  test('below what is reached is told with a bound that reaches to it', () => {
    for (const known of [62.9, 62, 58]) {
      const { value, within } = extremeDose(ramp, solid, { extreme: 'max', known, tolerance: 0.01 });
      expect(value).toBeGreaterThanOrEqual(known);
      expect(Math.abs(value - 63)).toBeLessThanOrEqual(within + 1e-5);
      expect(within).toBeLessThan(63.03 - known);
    }
  });

  test('a zero is no minus zero', () => {
    const none = doseOf(() => 0);
    const { value } = extremeDose(none, solid, { extreme: 'min', known: 0, tolerance: 0.01 });
    expect(Object.is(value, 0)).toBe(true);
  });
});

test.each(Array.from({ length: 8 }, (_, c) => [c]))(
  'a small solid in the corner %i of its box is entered',
  (corner) => {
    const ramp = doseOf((x, y, z) => 60 + 2 * x + y + z);
    const centre = [0, 1, 2].map((a) => ((corner >> a) & 1 ? [4, 9, 25][a]! : [-6, -11, -17][a]!)) as unknown as Vec3;
    const solid = { ...sphere(centre, 0.6), box: { min: [-7, -13, -21], max: [5, 11, 29] } } as Solid;
    const [most, least] = both(ramp, solid, { budget: 3000 });
    const middle = 60 + 2 * centre[0] + centre[1] + centre[2];
    const reach = 0.6 * Math.sqrt(6);
    for (const [{ value, within, place }, truth] of [
      [most!, middle + reach],
      [least!, middle - reach],
    ] as const) {
      expect(Math.abs(value - truth)).toBeLessThan(0.01);
      expect(Math.abs(value - truth)).toBeLessThanOrEqual(within + 1e-4);
      expect(solid.distance(...place!)).toBeLessThan(1e-6);
    }
  },
);

describe('what it costs', () => {
  const counted = (solid: Solid) => {
    let calls = 0;
    const distance: Solid['distance'] = (...place) => {
      calls++;
      return solid.distance(...place);
    };
    return { solid: { ...solid, distance }, calls: () => calls };
  };
  const fine = createGrid([48, 48, 48], [1, 1, 1], [-23.5, -23.5, -23.5]);
  const smooth = createDose(fine, { quantity: 'physical', fractions: 5 });
  for (let v = 0; v < smooth.data.length; v++) {
    const [x, y, z] = [v % 48, Math.floor(v / 48) % 48, Math.floor(v / 2304)].map((c) => c - 23.5);
    smooth.data[v] = 60 * Math.exp(-((x! - 5) ** 2 + y! ** 2 + z! ** 2) / 800);
  }

  test('of a smooth dose in a sphere of 32,000 voxels some thousand places are looked at', () => {
    const { solid, calls } = counted(sphere([-4, 1, 0], 12));
    const { value, within } = extremeDose(smooth, solid, { extreme: 'max', tolerance: 0.02 });
    expect(within).toBeLessThanOrEqual(0.02);
    // The surface passes at x = 8 the peak at x = 5, which is inside.
    expect(Math.abs(value - 60)).toBeLessThan(0.1);
    expect(calls()).toBeLessThan(4000);
  });

  test('a tie of many places ends with its budget, and the bound says how far it came', () => {
    // Distance from the centre, so that all of the surface is alike.
    const round = {
      ...smooth,
      data: smooth.data.map((_, v) => {
        const [x, y, z] = [v % 48, Math.floor(v / 48) % 48, Math.floor(v / 2304)].map((c) => c - 23.5);
        return Math.hypot(x!, y!, z!);
      }),
    };
    const { solid, calls } = counted(sphere([0, 0, 0], 15.3));
    const short = extremeDose(round, solid, { extreme: 'max', tolerance: 1e-4, budget: 500 });
    expect(short.within).toBeGreaterThan(1e-3);
    expect(short.within).toBeLessThan(5);
    // Interpolated between voxel centres the distance is longer by up to 3/8 of a cell's diagonal squared over its length.
    expect(short.value + short.within).toBeGreaterThan(15.3);
    expect(short.value - short.within).toBeLessThan(15.35);
    const few = calls();
    const longer = extremeDose(round, solid, { extreme: 'max', tolerance: 1e-4, budget: 4000 });
    expect(longer.within).toBeLessThan(short.within);
    expect(longer.value).toBeGreaterThanOrEqual(short.value - 1e-4);
    expect(calls() - few).toBeGreaterThan(2000);
  });
});
