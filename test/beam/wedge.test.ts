/** Wedges: what lets less through to one side, as fluence and as dose in water. */
import { describe, expect, test } from 'vitest';
import { createAperture, leavesOfRectangles } from '../../src/beam/aperture.js';
import { createBeam } from '../../src/beam/beam.js';
import { shapedFluence } from '../../src/beam/shaped-fluence.js';
import {
  checkWedge,
  effectiveAttenuation,
  type Wedge,
  type WedgeOrientation,
  wedgedFluence,
} from '../../src/beam/wedge.js';
import { addFieldDose, viewOfBeam } from '../../src/dose/beam-view.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { uniformLeaves } from '../../src/machine/mlc.js';

const attenuation = effectiveAttenuation(artiste6mv);
const slopeOf = (angle: number): number => attenuation * Math.tan((angle * Math.PI) / 180);
const virtual = (angle: number, orientation: WedgeOrientation): Wedge => ({
  name: `V${angle}`,
  angle,
  orientation,
  transmission: { kind: 'virtual', attenuation },
});
/** The same as a table, every 5 mm. */
const physical = (angle: number, orientation: WedgeOrientation, edge: number, step = 5): Wedge => ({
  name: `W${angle}`,
  angle,
  orientation,
  transmission: {
    kind: 'physical',
    profile: Array.from({ length: (2 * edge) / step + 1 }, (_, n): [number, number] => [
      n * step - edge,
      Math.exp(slopeOf(angle) * (n * step - 2 * edge)),
    ]),
  },
});

const bank = uniformLeaves(10);
const jaws = { x1: -50, x2: 50, y1: -50, y2: 50 };
const square = createAperture(bank, leavesOfRectangles(bank, [jaws]), jaws);
const lopsided = { x1: -20, x2: 50, y1: -30, y2: 40 };
const field = createAperture(bank, leavesOfRectangles(bank, [lopsided]), lopsided);
const fluenceOf = (wedge: Wedge | undefined, aperture = square) => shapedFluence(aperture, { wedge }, {});

test('a pixel has the mean of the exponential over it: fine pixels add up to coarse ones, and the whole to the closed form', () => {
  const wedge = virtual(45, 0);
  const grid = (step: number) => {
    const edges = Float64Array.from({ length: 100 / step + 1 }, (_, i) => i * step - 50);
    return { grid: { x: Float64Array.of(-50, 50), y: edges }, weights: new Float64Array(100 / step).fill(1) };
  };
  const sum = (step: number): number =>
    wedgedFluence(grid(step), wedge, jaws).weights.reduce((a, w) => a + w * step, 0);
  const k = slopeOf(45);
  const closed = (1 - Math.exp(-100 * k)) / k;
  for (const step of [1, 5, 20]) expect(sum(step)).toBeCloseTo(closed, 10);
  const fine = wedgedFluence(grid(1), wedge, jaws).weights;
  const coarse = wedgedFluence(grid(5), wedge, jaws).weights;
  for (const [i, w] of coarse.entries()) {
    expect(fine.subarray(5 * i, 5 * i + 5).reduce((a, b) => a + b, 0) / 5).toBeCloseTo(w, 12);
  }
  // Thin side to +Y, where all comes through.
  expect(fine.at(-1)!).toBeGreaterThan(0.99);
  expect(fine[0]!).toBeCloseTo(Math.exp(-99.5 * k), 3);
});

test('turned by half a turn a wedge is its mirror image, by a quarter it acts along the other axis', () => {
  const of = (orientation: WedgeOrientation) => fluenceOf(virtual(30, orientation));
  const [up, left, down, right] = [of(0), of(90), of(180), of(270)];
  const n = up.grid.x.length - 1;
  expect(up.grid.y.length - 1).toBe(n);
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      const value = up.weights[i + n * j]!;
      expect(down.weights[i + n * (n - 1 - j)]!).toBeCloseTo(value, 12);
      expect(right.weights[j + n * i]!).toBeCloseTo(value, 12);
      expect(left.weights[n - 1 - j + n * i]!).toBeCloseTo(value, 12);
    }
  }
});

test('a table of the same exponential gives the same fluence, and another where it is another', () => {
  const [exact, table] = [fluenceOf(virtual(60, 270)), fluenceOf(physical(60, 270, 50, 1))];
  const far = (other: typeof exact): number =>
    exact.weights.reduce((most, w, p) => Math.max(most, Math.abs(w - other.weights[p]!)), 0);
  expect(far(table)).toBeLessThan(1e-5);
  expect(far(fluenceOf(physical(45, 270, 50, 1)))).toBeGreaterThan(0.1);
});

describe('dose in water, isocentre 100 mm deep', () => {
  const grid = createGrid([26, 31, 31], [10, 10, 10], [-150, -150, -125]);
  // A patient on the back: the beam from above comes along +y of LPS.
  const density = createVolume('density', grid, new Float32Array(26 * 31 * 31).fill(1));
  const surface = -150 - 5;
  const isocenter = [0, surface + 100, 0] as const;
  const doseAt = (
    fluence: ReturnType<typeof fluenceOf>,
    points: readonly (readonly [number, number])[],
    gantry = 0,
  ) => {
    const beam = createBeam(artiste6mv, { isocenter, gantry, collimator: 0, couch: 0, position: 'HFS' });
    const at = Float64Array.from(points.flatMap(([x, depth]) => [x, surface + depth, 0]));
    return addFieldDose(viewOfBeam(beam, density, { points: at }), fluence, new Float64Array(points.length));
  };
  const cross = [-40, -20, -5, 0, 10, 30, 45].map((x): [number, number] => [x, 100]);
  const mirrored = cross.map(([x, depth]): [number, number] => [-x, depth]);

  test('a field and its mirror image have mirrored doses, and half a turn of the wedge is that', () => {
    const right = doseAt(fluenceOf(virtual(45, 270)), cross);
    const left = doseAt(fluenceOf(virtual(45, 90)), mirrored);
    expect(right[6]! / right[0]!).toBeGreaterThan(1.4);
    right.forEach((d, p) => {
      expect(left[p]! / d).toBeCloseTo(1, 6);
    });
  });

  test('open and wedged fields add up, pixel by pixel as dose by dose', () => {
    const [open, wedged] = [shapedFluence(field, {}, { pixel: 2.5 }), fluenceOf(virtual(60, 270), field)];
    expect(open.grid).toEqual(wedged.grid);
    const both = { grid: open.grid, weights: open.weights.map((w, p) => 0.3 * w + 0.7 * wedged.weights[p]!) };
    const [a, b] = [doseAt(open, cross), doseAt(wedged, cross)];
    doseAt(both, cross).forEach((d, p) => {
      expect(d / (0.3 * a[p]! + 0.7 * b[p]!)).toBeCloseTo(1, 6);
    });
    // The same exponential over a narrower field begins at its own jaw.
    expect(Math.max(...wedged.weights)).toBeLessThanOrEqual(1);
  });

  test.each([15, 30, 45, 60])(
    '%i degrees: wedge factor on the axis, and the angle of the line of equal dose',
    (angle) => {
      const wedge = fluenceOf(virtual(angle, 270));
      const depths = Array.from({ length: 121 }, (_, n) => 40 + n);
      const reach = 25;
      const sides = [-reach, reach].map((x) => depths.map((depth): [number, number] => [x, depth]));
      const [axis, ...all] = doseAt(wedge, [[0, 100], ...sides.flat()]);
      const depthOf = (doses: readonly number[]): number => {
        const n = doses.findIndex((d) => d < axis!);
        return depths[n - 1]! + (doses[n - 1]! - axis!) / (doses[n - 1]! - doses[n]!);
      };
      const rise = depthOf(all.slice(depths.length)) - depthOf(all.slice(0, depths.length));
      const tilt = (180 / Math.PI) * Math.atan(rise / (2 * reach));
      // Scatter evens out: 1.3 to 2.7 degrees less than nominal.
      expect(tilt).toBeLessThan(angle - 0.5);
      expect(tilt).toBeGreaterThan(angle - 3);
      const [open] = doseAt(fluenceOf(undefined), [[0, 100]]);
      expect(Math.abs(axis! / open! / Math.exp(-50 * slopeOf(angle)) - 1)).toBeLessThan(0.007);
    },
  );
});

describe('refused in one sentence', () => {
  const table = (...profile: [number, number][]): Wedge => ({
    name: 'W30',
    angle: 30,
    orientation: 0,
    transmission: { kind: 'physical', profile },
  });
  test.each<[string, Wedge, string]>([
    ['no angle', virtual(0, 0), 'wedge V0: its angle is 0 degrees, but must be above 0, which is the open field'],
    ['a right angle', virtual(90, 0), 'wedge V90: its angle is 90 degrees'],
    ['no number', virtual(Number.NaN, 0), 'its angle is NaN degrees'],
    ['an odd orientation', virtual(30, 45 as 0), 'its orientation is 45 degrees, but must be 0, 90, 180 or 270'],
    ['a negative transmission', table([-50, -0.1], [50, 1]), 'at -50 mm its profile lets -0.1 of the open fluence'],
    ['more than open', table([-50, 0.4], [50, 1.1]), 'at 50 mm its profile lets 1.1 of the open fluence'],
    ['places that fall', table([50, 0.4], [-50, 1]), 'place 2 of its profile is -50 mm after 50 mm'],
    ['turned round', table([-50, 1], [50, 0.4]), 'must let more through on the thin side'],
    ['one place', table([0, 1]), 'its profile has 1 places'],
    [
      'centimetres',
      { ...virtual(30, 0), transmission: { kind: 'virtual', attenuation: 5.4 } },
      'its attenuation is 5.4 per mm',
    ],
  ])('%s', (_, wedge, told) => {
    expect(() => checkWedge(wedge)).toThrow(told);
    expect(told.length).toBeLessThan(400);
  });

  test('a profile that ends within the field', () => {
    expect(() => fluenceOf(physical(30, 90, 40))).toThrow(
      'wedge W30: its profile covers -40 to 40 mm towards the thin side, but the field is open from -50 to 50 mm',
    );
  });
});
