/** The limits of the literature as their tables have them: dose by fractions, told as EQD2. */
import { describe, expect, test } from 'vitest';
import { cordTolerances, toleranceEqd2 } from '../../src/biology/cord-tolerances.js';
import { eqd2 } from '../../src/biology/linear-quadratic.js';

const limitOf = (name: string, fractions: number, more: object = {}) =>
  cordTolerances({ fractions, level: 'thoracic', priorEqd2: 40, ...more }).find((limit) => limit.name === name)!;

describe('in as many fractions as a row has, the row', () => {
  test.each<[string, string, [number, number][], object]>([
    [
      'hytec-first',
      'Max',
      [
        [1, 12.4],
        [2, 17],
        [3, 20.3],
        [4, 23],
        [5, 25.3],
      ],
      {},
    ],
    [
      'tg101-D0.035cc',
      'D0.035cc',
      [
        [1, 14],
        [3, 21.9],
        [5, 30],
      ],
      {},
    ],
    [
      'tg101-D0.35cc',
      'D0.35cc',
      [
        [1, 10],
        [3, 18],
        [5, 23],
      ],
      {},
    ],
    [
      'tg101-D1.2cc',
      'D1.2cc',
      [
        [1, 7],
        [3, 12.3],
        [5, 14.5],
      ],
      {},
    ],
    [
      'tg101-D0.035cc',
      'D0.035cc',
      [
        [1, 16],
        [3, 24],
        [5, 32],
      ],
      { tissue: 'cauda' },
    ],
    [
      'tg101-D5cc',
      'D5cc',
      [
        [1, 14],
        [3, 21.9],
        [5, 30],
      ],
      { tissue: 'cauda' },
    ],
    [
      'uk-optimal',
      'D0.1cc',
      [
        [1, 10],
        [3, 18],
        [5, 23],
      ],
      {},
    ],
    [
      'uk-mandatory',
      'D0.1cc',
      [
        [1, 14],
        [3, 21.9],
        [5, 30],
      ],
      {},
    ],
    [
      'sahgal-2012',
      'Max',
      [
        [1, 9],
        [2, 12.2],
        [3, 14.5],
        [4, 16.2],
        [5, 18],
      ],
      { priorEqd2: 42.2 },
    ],
    [
      'sahgal-2012',
      'Max',
      [
        [2, 12.2],
        [3, 14.5],
        [4, 16.2],
        [5, 18],
      ],
      { priorEqd2: 42.3 },
    ],
    [
      'sahgal-2012',
      'Max',
      [
        [2, 12.2],
        [3, 14.5],
        [4, 16.2],
        [5, 18],
      ],
      { priorEqd2: 43 },
    ],
    [
      'sahgal-2012',
      'Max',
      [
        [2, 11],
        [3, 12.5],
        [4, 14],
        [5, 15.5],
      ],
      { priorEqd2: 43.1 },
    ],
    [
      'sahgal-2012',
      'Max',
      [
        [2, 11],
        [3, 12.5],
        [4, 14],
        [5, 15.5],
      ],
      { priorEqd2: 50 },
    ],
  ])('%s, %s', (name, metric, rows, more) => {
    for (const [fractions, dose] of rows) {
      const limit = limitOf(name, fractions, more);
      expect(limit.limit).toBeCloseTo(eqd2(dose, fractions, 2), 9);
      expect(limit).toMatchObject({
        metric,
        courses: 'this',
        quantity: 'eqd2',
        alphaBeta: 2,
        fractions: [1, 5],
        role: 'comparison',
      });
    }
    // Beyond the last row it stays at that row's EQD2.
    const [last, dose] = rows.at(-1)!;
    expect(limitOf(name, 22, more).limit).toBeCloseTo(eqd2(dose, last, 2), 9);
  });
});

test('after more than 50 Gy EQD2 the table of Sahgal has no row', () => {
  expect(limitOf('sahgal-2012', 5, { priorEqd2: 50.1 })).toBeUndefined();
});

test('of a retreatment: HyTEC in EQD2/2, Nieder in BED by level, QUANTEC at its own alpha/beta', () => {
  const told = (name: string, level = 'thoracic') => {
    const { limit, quantity, alphaBeta, courses, role } = limitOf(name, 5, { level });
    return [limit, quantity, alphaBeta, courses, role];
  };
  expect(told('hytec-retreatment')).toEqual([25, 'eqd2', 2, 'this', 'criterion']);
  expect(told('hytec-cumulative')).toEqual([70, 'eqd2', 2, 'all', 'criterion']);
  expect(told('hytec-share')).toEqual([50, 'eqd2', 2, 'share', 'criterion']);
  expect(told('nieder-cumulative')).toEqual([135.5, 'bed', 2, 'all', 'criterion']);
  expect(told('nieder-course', 'cervical')).toEqual([98, 'bed', 2, 'each', 'criterion']);
  expect(told('nieder-none-seen')).toEqual([120, 'bed', 2, 'all', 'comparison']);
  expect(told('quantec-54')).toEqual([54, 'eqd2', 0.87, 'this', 'comparison']);
  expect(told('quantec-54-all')).toEqual([54, 'eqd2', 0.87, 'all', 'comparison']);
  expect(limitOf('nieder-course', 5, { level: 'lumbar' })).toBeUndefined();
  expect(toleranceEqd2(limitOf('hytec-share', 5))).toBeUndefined();
  expect(toleranceEqd2(limitOf('nieder-none-seen', 5))).toBeCloseTo(60, 9);
  expect(toleranceEqd2(limitOf('hytec-cumulative', 5))).toBe(70);
});
