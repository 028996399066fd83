/** The remaining dose per voxel: closed form, smallest of all limits, what is exceeded and unknown. */
import { describe, expect, test } from 'vitest';
import { doseFromEqd2, eqd2 } from '../../src/biology/linear-quadratic.js';
import { discountPrior, woolleyJonesRecovery } from '../../src/biology/recovery.js';
import { remainingDose, type VoxelTolerance } from '../../src/biology/remaining-dose.js';
import { createRandom } from '../../src/core/random.js';

const limits: readonly VoxelTolerance[] = [
  { name: 'retreatment', courses: 'this', eqd2: 25, alphaBeta: 2 },
  { name: 'cumulative', courses: 'all', eqd2: 70, alphaBeta: 2 },
  { name: 'other tissue', courses: 'all', eqd2: 60, alphaBeta: 3 },
];

test('at the remaining dose one limit is met exactly and no other is exceeded', () => {
  const random = createRandom(11);
  const dose = Float64Array.from({ length: 500 }, () => 60 * random.uniform());
  const { dose: allowed, binding, exceeded } = remainingDose([{ dose, fractions: 19 }], 500, limits, 22);
  for (let v = 0; v < 500; v++) {
    const over = limits.map(({ courses, eqd2: limit, alphaBeta }) => {
      const prior = courses === 'all' ? eqd2(dose[v]!, 19, alphaBeta) : 0;
      return prior + eqd2(allowed[v]!, 22, alphaBeta) - limit;
    });
    if (allowed[v] === 0) expect(Math.max(...over)).toBeGreaterThanOrEqual(0);
    else {
      expect(Math.max(...over)).toBeCloseTo(0, 9);
      expect(over[binding[v]!]).toBeCloseTo(0, 9);
    }
  }
  expect(new Set(binding)).toEqual(new Set([0, 1, 2]));
  const above = [...dose].map((d) => eqd2(d, 19, 3) - 60);
  expect(exceeded.find(({ limit }) => limit === 'other tissue')).toEqual({
    limit: 'other tissue',
    voxels: above.filter((e) => e > 0).length,
    largest: expect.closeTo(Math.max(...above), 9),
    at: above.indexOf(Math.max(...above)),
  });
});

test('38 Gy in 19 leaves 29.81 Gy by HyTEC retreatment, 35.45 Gy by its cumulative limit alone', () => {
  const prior = [{ dose: [38], fractions: 19 }];
  expect(remainingDose(prior, 1, limits.slice(0, 2), 22).dose[0]).toBeCloseTo(29.81, 2);
  expect(remainingDose(prior, 1, limits.slice(1, 2), 22).dose[0]).toBeCloseTo(35.45, 2);
});

test('two prior courses add up; a recovery is credited only when it is asked for', () => {
  const cumulative = limits.slice(1, 2);
  const prior = { dose: [20], fractions: 10, months: 17.7 };
  const two = remainingDose([prior, prior], 1, cumulative, 22);
  expect(two.dose[0]).toBeCloseTo(remainingDose([{ dose: [40], fractions: 20 }], 1, cumulative, 22).dose[0]!, 9);
  const half = remainingDose([prior], 1, cumulative, 22, { recovery: discountPrior() });
  expect(half.dose[0]).toBeCloseTo(remainingDose([{ dose: [10], fractions: 5 }], 1, cumulative, 22).dose[0]!, 9);
});

describe('refused', () => {
  const prior = (dose: number, months?: number) => ({ dose: [dose], fractions: 19, ...(months ? { months } : {}) });
  test.each([
    ['unknown prior dose', [prior(Number.NaN)], limits, {}, /unknown in 1 of 1 voxels/],
    ['negative', [prior(-1)], limits, {}, /-1 Gy, but must be >= 0/],
    ['another length', [{ dose: [1, 2], fractions: 19 }], limits, {}, /2 doses for 1 voxels/],
    ['no limit', [prior(1)], [], {}, /no limit/],
    ['alpha/beta 0', [prior(1)], [{ ...limits[0]!, alphaBeta: 0 }], {}, /alpha\/beta of retreatment is 0/],
    ['unknown fractions', [{ dose: [1], fractions: 0 }], limits, {}, /fractions of the prior course is 0/],
    ['no months', [prior(30)], limits, { recovery: discountPrior() }, /months .* not known/],
    ['two courses', [prior(9, 9), prior(9, 9)], limits, { recovery: discountPrior() }, /one prior course/],
    ['other tissue', [prior(30, 9)], limits, { recovery: woolleyJonesRecovery() }, /holds for alpha\/beta 2/],
  ])('%s', (_, priors, some, options, message) => {
    expect(() => remainingDose(priors, 1, some, 22, options)).toThrow(message);
  });
});

test('a limit that the prior course just uses up is reported as one that it exceeds, by nothing', () => {
  const limit = { name: 'both', courses: 'all', eqd2: 70, alphaBeta: 2 } as const;
  const left = (dose: number, fractions: number) => remainingDose([{ dose: [20, dose], fractions }], 2, [limit], 22);
  expect(left(70, 35).exceeded).toEqual([{ limit: 'both', voxels: 1, largest: 0, at: 1 }]);
  // In 2.5 Gy fractions rounding leaves a little more or less than nothing.
  expect(left(doseFromEqd2(70, 25, 2), 25).exceeded).toMatchObject([{ voxels: 1, at: 1 }]);
  expect(left(69.9, 35).exceeded).toEqual([]);
  // A limit of this course alone is none that a prior course could use up.
  const tiny = { ...limit, courses: 'this', eqd2: 1e-3 } as const;
  expect(remainingDose([{ dose: [70], fractions: 35 }], 1, [tiny], 22).exceeded).toEqual([]);
});
