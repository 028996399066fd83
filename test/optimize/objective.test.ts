/** Every objective's gradient and curvature against central differences, and what is refused. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { maximumDvh, minimumDvh } from '../../src/optimize/objective/dose-volume.js';
import { fluenceSmoothness } from '../../src/optimize/objective/fluence-smoothness.js';
import { generalisedEud, squaredGeud } from '../../src/optimize/objective/generalised-eud.js';
import { smoothMaximum, smoothMinimum } from '../../src/optimize/objective/log-sum-exp.js';
import { meanDose } from '../../src/optimize/objective/mean-dose.js';
import type { Objective, VoxelSet } from '../../src/optimize/objective/objective.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import { squaredFallOff } from '../../src/optimize/objective/squared-fall-off.js';
import { squaredOverdose } from '../../src/optimize/objective/squared-overdose.js';
import { squaredUnderdose } from '../../src/optimize/objective/squared-underdose.js';
import { worstCase } from '../../src/optimize/objective/worst-case.js';
import { dense, randomMatrix, rowsOf } from './problems.js';

const some: VoxelSet = { rows: Int32Array.of(0, 2, 3, 4), volumes: Float64Array.of(1, 0.5, 2, 1) };
const others: VoxelSet = { rows: Int32Array.of(1, 3, 5), volumes: Float64Array.of(1, 1, 0.5) };
const scenarios = [
  [squaredDeviation('s', some, { value: 10 }, 3), squaredUnderdose('s', some, { value: 10 }, 0.97, 3)],
  [squaredDeviation('s', others, { value: 10 }, 3), smoothMaximum('s', others, 1.5, 1)],
];
const objectives: readonly (readonly [string, Objective])[] = [
  ['squared deviation', squaredDeviation('s', some, { value: 10 }, 3)],
  ['squared underdose', squaredUnderdose('s', some, { value: 10 }, 0.97, 3)],
  ['squared overdose, one bound per voxel', squaredOverdose('s', some, Float64Array.of(6, 7, 8, 12), 3)],
  ['squared overdose, one bound', squaredOverdose('s', some, 8, 3)],
  ['mean', meanDose('s', some, 3)],
  [
    'fall-off',
    squaredFallOff('s', some, Float64Array.of(0, 3, 8, 20), { dose: 10, perMillimetre: 0.06, least: 0.4 }, 3),
  ],
  ['gEUD above', squaredGeud('s', some, { value: 7 }, { a: 4, side: 'above' }, 3)],
  ['gEUD above, a = 1', squaredGeud('s', some, { value: 7 }, { a: 1, side: 'above' }, 3)],
  ['gEUD below', squaredGeud('s', some, { value: 14 }, { a: -6, side: 'below' }, 3)],
  ['smooth maximum', smoothMaximum('s', some, 1.5, 3)],
  ['smooth minimum', smoothMinimum('s', some, 1.5, 3)],
  ['worst case', worstCase('s', scenarios, 5)],
  ['mean of scenarios', worstCase('s', scenarios)],
  ['max-DVH', maximumDvh('s', some, 7, 0.3, 3)],
  ['min-DVH', minimumDvh('s', some, 12, 0.7, 3)],
];

const h = 1e-5;
const doseOf = (seed: number): Float64Array => {
  const random = createRandom(seed);
  return Float64Array.from({ length: 6 }, () => 9 + 3 * random.normal());
};

test.each(objectives)('%s: gradient (seeds 3, 4, 5)', (_, objective) => {
  for (const seed of [3, 4, 5]) {
    const dose = doseOf(seed);
    const gradient = new Float64Array(6);
    objective.evaluate(dose, gradient);
    for (let i = 0; i < 6; i++) {
      const at = (step: number): number => {
        const moved = dose.slice();
        moved[i]! += step;
        return objective.evaluate(moved, new Float64Array(6));
      };
      expect(gradient[i]!).toBeCloseTo((at(h) - at(-h)) / (2 * h), 6);
    }
  }
});

test.each(objectives)(
  '%s: curvature times a direction is that of the gradient; no diagonal is negative (seed 6)',
  (_, objective) => {
    const dose = doseOf(6);
    const random = createRandom(7);
    const direction = Float64Array.from({ length: 6 }, () => random.normal());
    const diagonal = new Float64Array(6);
    objective.addCurvature(dose, diagonal);
    expect(Math.min(...diagonal)).toBeGreaterThanOrEqual(0);
    const product = diagonal.map((d, i) => d * direction[i]!);
    objective.addCoupling?.(dose, direction, product);
    const gradientAt = (step: number): Float64Array => {
      const gradient = new Float64Array(6);
      objective.evaluate(
        dose.map((d, i) => d + step * direction[i]!),
        gradient,
      );
      return gradient;
    };
    const [up, down] = [gradientAt(h), gradientAt(-h)];
    for (let i = 0; i < 6; i++) expect(product[i]!).toBeCloseTo((up[i]! - down[i]!) / (2 * h), 4);
  },
);

test.each(objectives)('%s: its formula names the structure', (_, objective) => {
  expect(objective.describe()).toMatch(/^(mean|[0-9]).* over s\b/);
});

test('volumes count by their ratio', () => {
  const dose = doseOf(8);
  const twice = { rows: some.rows, volumes: some.volumes.map((v) => 2 * v) };
  const value = (set: VoxelSet): number =>
    squaredDeviation('s', set, { value: 10 }, 3).evaluate(dose, new Float64Array(6)) +
    squaredGeud('s', set, { value: 7 }, { a: 4, side: 'above' }, 3).evaluate(dose, new Float64Array(6)) +
    smoothMaximum('s', set, 1, 3).evaluate(dose, new Float64Array(6)) +
    maximumDvh('s', set, 7, 0.3, 3).evaluate(dose, new Float64Array(6));
  expect(value(twice)).toBeCloseTo(value(some), 12);
});

test('gEUD: mean for a = 1, towards the extremes for large exponents', () => {
  const dose = Float64Array.of(2, 4, 9);
  const set = rowsOf(0, 1, 2);
  expect(generalisedEud(dose, set, 1)).toBeCloseTo(5, 12);
  expect(generalisedEud(dose, set, 2)).toBeCloseTo(Math.sqrt(101 / 3), 12);
  expect(generalisedEud(dose, set, 400)).toBeCloseTo(9, 1);
  expect(generalisedEud(dose, set, -400)).toBeCloseTo(2, 1);
});

test('max-DVH counts what lies between the level and D_V, min-DVH what lies below', () => {
  const dose = Float64Array.of(1, 5, 8, 20);
  const set = rowsOf(0, 1, 2, 3);
  // A quarter may exceed 4 Gy: the hottest voxel is let go, 5 and 8 Gy are asked down.
  expect(maximumDvh('s', set, 4, 0.25, 4).evaluate(dose, new Float64Array(4))).toBeGreaterThanOrEqual(1 + 16);
  expect(maximumDvh('s', set, 4, 0.25, 4).isConvex).toBe(false);
  expect(minimumDvh('s', set, 4, 1, 4).evaluate(dose, new Float64Array(4))).toBe(0);
  expect(minimumDvh('s', set, 6, 0.75, 4).evaluate(dose, new Float64Array(4))).toBeCloseTo(1, 12);
});

test('fluence smoothness adds one row per pair, and its operator is its own transpose', () => {
  const { operator, objective } = fluenceSmoothness(dense(randomMatrix(4, 3, 1)), Int32Array.of(0, 1, 1, 2), 6);
  expect(operator.rows).toBe(6);
  const w = Float64Array.of(1, 4, 2);
  const dose = operator.apply(w, new Float64Array(6));
  expect(objective.evaluate(dose, new Float64Array(6))).toBeCloseTo(3 * (9 + 4), 12);
  const y = Float64Array.from({ length: 6 }, (_, i) => i - 2);
  const back = operator.applyTranspose(y, new Float64Array(3));
  expect(dose.reduce((sum, d, i) => sum + d * y[i]!, 0)).toBeCloseTo(
    w.reduce((sum, x, j) => sum + x * back[j]!, 0),
    12,
  );
});

test('what makes no sense is refused with its value', () => {
  expect(() => squaredDeviation('PTV', some, { value: 1 }, -1)).toThrow('objective "PTV": weight is -1');
  expect(() => meanDose('PTV', some, Number.NaN)).toThrow('weight is NaN');
  expect(() => meanDose('PTV', rowsOf(), 1)).toThrow('has 0 voxels');
  expect(() => squaredOverdose('cord', some, Float64Array.of(1), 1)).toThrow('1 bounds for 4 voxels');
  expect(() => squaredGeud('cord', some, { value: 1 }, { a: 0.5, side: 'above' }, 1)).toThrow('is not convex');
  expect(() => squaredGeud('PTV', some, { value: 1 }, { a: 2, side: 'below' }, 1)).toThrow('is not convex');
  expect(() => smoothMaximum('cord', some, 0, 1)).toThrow('temperature is 0');
  expect(() => maximumDvh('lung', some, 20, 1.2, 1)).toThrow('volume is 1.2');
  expect(() => fluenceSmoothness(dense([[1, 2]]), Int32Array.of(0, 2), 1)).toThrow('pairs');
});
