/** What every convention forgets by months: as its table has it, from the month on that it names. */
import { expect, test } from 'vitest';
import { recoveryConvention } from '../../src/biology/recovery.js';

const left = (name: string, months: number) => recoveryConvention(name).after(40, months, 50);

test.each<[string, [months: number, share: number][]]>([
  [
    'none',
    [
      [0, 0],
      [100, 0],
    ],
  ],
  [
    'discount-prior',
    [
      [5.9, 0],
      [6, 0.25],
      [11.9, 0.25],
      [12, 0.5],
      [100, 0.5],
    ],
  ],
  [
    'discount-prior-geraghty',
    [
      [11.9, 0],
      [12, 0.5],
      [23.9, 0.5],
      [24, 0.6],
      [35.9, 0.6],
      [36, 0.7],
      [100, 0.7],
    ],
  ],
  [
    'ang',
    [
      [11.9, 0],
      [12, 0.76],
      [18, 0.805],
      [24, 0.85],
      [30, 0.925],
      [36, 1],
      [100, 1],
    ],
  ],
])('%s: the share of the prior dose that is forgotten', (name, rows) => {
  for (const [months, share] of rows) {
    expect(left(name, months).prior).toBeCloseTo(40 * (1 - share), 9);
    expect(left(name, months).tolerance).toBe(50);
  }
});

test.each<[string, [months: number, factor: number][]]>([
  [
    'scale-tolerance',
    [
      [5.9, 1],
      [6, 1.25],
      [11.9, 1.25],
      [12, 1.5],
      [100, 1.5],
    ],
  ],
  [
    'scale-tolerance-geraghty',
    [
      [5.9, 1],
      [6, 1.25],
      [100, 1.25],
    ],
  ],
])('%s: the factor on the tolerance', (name, rows) => {
  for (const [months, factor] of rows) {
    expect(left(name, months).tolerance).toBeCloseTo(50 * factor, 9);
    expect(left(name, months).prior).toBe(40);
  }
});
