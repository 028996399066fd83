/** Shifted rows: what a patient off his place sees of the beams, within one operator. */
import { expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { beamletsCovering, fluenceOfBeamlets } from '../../src/beam/fluence.js';
import { createRandom } from '../../src/core/random.js';
import { addFieldDose, viewOfBeam } from '../../src/dose/beam-view.js';
import { createGrid, type Vec3 } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { DividedOperator } from '../../src/influence/divided-operator.js';
import { InfluenceOperator } from '../../src/influence/operator.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';

// Odd, unequal dims and spacings; a dense slab and a light one in water.
const grid = createGrid([19, 25, 31], [5, 6, 4], [-61, -70, -33]);
const density = createVolume('density', grid);
const target = createVolume('mask', grid);
const all: number[] = [];
for (let v = 0; v < density.data.length; v++) {
  const [i, j, k] = [v % 31, Math.floor(v / 31) % 25, Math.floor(v / (31 * 25))];
  density.data[v] = j < 5 ? 0.3 : j < 9 ? 1.6 : 1;
  target.data[v] = Math.abs(i - 12) < 4 && Math.abs(j - 12) < 3 && Math.abs(k - 9) < 4 ? 1 : 0;
  if (v % 3 === 0) all.push(-61 + 5 * i, -70 + 6 * j, -33 + 4 * k);
}
const points = Float64Array.from(all);
const n = points.length / 3;
const isocenter: Vec3 = [-1, 2, 3];
const angles = [
  { gantry: 17, collimator: 30, couch: 0 },
  { gantry: 190, collimator: 0, couch: 25 },
];
const at = ([x, y, z]: Vec3) =>
  angles.map((angle) => createBeam(artiste6mv, { isocenter: [x, y, z], position: 'HFS', ...angle }));
const beams = at(isocenter).map((beam) => ({ beam, beamlets: beamletsCovering(beam.frame, target) }));
const random = createRandom(17);
const vector = (length: number): Float64Array => Float64Array.from({ length }, () => random.uniform());
const largest = (a: Float64Array): number => a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

const shifts: readonly Vec3[] = [
  [3, -1, 2],
  [0, 0, -4],
];
const stacked = Float64Array.from([...points, ...points, ...points]);
const shifted = shifts.map((shift, s) => ({ shift, from: (s + 1) * n, to: (s + 2) * n }));
const operator = new InfluenceOperator(beams, density, stacked, { shifted });
const w = vector(operator.columns);
const dose = operator.apply(w, new Float64Array(operator.rows));
/** The same beamlets from beams whose isocentre lies off by the opposite of the shift. */
const movedBeams = ([x, y, z]: Vec3) => {
  const moved = at([isocenter[0] - x, isocenter[1] - y, isocenter[2] - z]);
  return beams.map(({ beamlets }, b) => ({ beam: moved[b]!, beamlets }));
};

test('all rows shifted: the operator of the beams that lie off by the opposite, but for the densities of the place', () => {
  const [shift] = shifts as [Vec3];
  const doses = (heterogeneity: 'depth' | 'density'): [Float64Array, Float64Array] => {
    const one = new InfluenceOperator(beams, density, points, { heterogeneity, shifted: [{ shift, from: 0, to: n }] });
    const other = new InfluenceOperator(movedBeams(shift), density, points, { heterogeneity });
    return [one.apply(w, new Float64Array(n)), other.apply(w, new Float64Array(n))];
  };
  const [plain, moved] = doses('depth');
  // Distances are rounded to 50 mm, so that the kernel of the beam that lies off may have other separable terms.
  expect(largest(plain.map((d, r) => d - moved[r]!)) / largest(plain)).toBeLessThan(0.001);
  // Effective densities are those of the beam that stands where it should: milliradians aside.
  const [shared, own] = doses('density');
  expect(largest(own.map((d, r) => d - shared[r]!)) / largest(own)).toBeLessThan(0.003);
});

test('stacked, nominal and shifted rows are those of an operator of their own, within what the separable form resolves', () => {
  const most = largest(dose);
  [[0, 0, 0] as Vec3, ...shifts].forEach((shift, s) => {
    const own = new InfluenceOperator(movedBeams(shift), density, points).apply(w, new Float64Array(n));
    const worst = largest(own.map((d, r) => d - dose[s * n + r]!));
    // Terms (0.2 %) and map nodes (0.1 %) are chosen for all rows together.
    expect(worst / most).toBeLessThan(0.003);
    // The shifts themselves are far larger than that.
    const nominal = largest(own.map((d, r) => d - dose[r]!));
    if (s > 0) expect(nominal / most).toBeGreaterThan(0.1);
  });
});

test('and they are the forward dose of the fields that lie off', () => {
  const [shift] = shifts as [Vec3];
  const expected = new Float64Array(n);
  let offset = 0;
  for (const { beam, beamlets } of movedBeams(shift)) {
    const weights = fluenceOfBeamlets(beamlets, w, offset);
    offset += beamlets.pixels.length;
    addFieldDose(viewOfBeam(beam, density, { points }), { grid: beamlets.grid, weights }, expected);
  }
  const worst = largest(expected.map((d, r) => d - dose[n + r]!));
  expect(worst / largest(expected)).toBeLessThan(0.003);
});

test("transpose: <A w, y> = <w, A' y> over all scenarios, in one operator and over lanes (seed 17)", () => {
  const y = vector(operator.rows);
  const lanes = new DividedOperator(beams, density, stacked, { shifted });
  for (const both of [operator, lanes]) {
    const image = both.apply(w, new Float64Array(both.rows));
    const back = both.applyTranspose(y, new Float64Array(both.columns));
    const left = image.reduce((sum, d, r) => sum + d * y[r]!, 0);
    const right = back.reduce((sum, d, c) => sum + d * w[c]!, 0);
    expect(Math.abs(left - right) / left).toBeLessThan(1e-6);
    expect(largest(image.map((d, r) => d - dose[r]!)) / largest(dose)).toBeLessThan(1e-6);
  }
  lanes.close();
});

test('ranges that fall back, overlap or leave the rows', () => {
  const shift: Vec3 = [1, 0, 0];
  const make = (...ranges: [number, number][]) =>
    new InfluenceOperator(beams, density, points, { shifted: ranges.map(([from, to]) => ({ shift, from, to })) });
  expect(() => make([0, 10], [5, 20])).toThrow('shifted rows: [5, 20) does not follow row 10');
  expect(() => make([10, 10])).toThrow('shifted rows: [10, 10)');
  expect(() => make([0, n + 1])).toThrow(`within ${n} rows`);
});
