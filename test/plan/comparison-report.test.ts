/** A comparison of two doses as it is printed: what is apart, by how much, with its sign. */
import { expect, test } from 'vitest';
import { bandCsv, comparisonReport, comparisonTable } from '../../src/report/dose-comparison.js';
import { byColumn } from './read-figure.js';

const structure = {
  name: 'PTV',
  referenceVolumeCc: 12.3456789,
  evaluatedVolumeCc: 12.25,
  metrics: [
    { metric: 'D95%[Gy]', unit: 'Gy', reference: 28.51234567, evaluated: 28.25, difference: -0.26234567 },
    { metric: 'V90Gy[%]', unit: '%', reference: null, evaluated: null, difference: null, reason: 'no such dose' },
  ],
  distance: {
    volume: { points: 1.23456789, atDose: 29.51 },
    dose: { gy: -0.26, atPercent: 95.4 },
  },
  band: { dose: [0, 1.12345678], low: [100, 98.7654321], high: [100, 99.5] },
};
const comparison = {
  difference: {
    map: 'a volume',
    voxels: 120,
    outside: 0,
    mean: -0.12345678,
    standardDeviation: 0.25,
    rootMeanSquare: 0.279,
    minimum: -1.5,
    maximum: 0.875,
    percentiles: { 1: -1.25, 50: -0.1, 99: 0.75 },
  },
  gamma: { map: 'a volume', passRate: 98.7654, evaluated: 4321, mean: 0.4567 },
  structures: [structure],
  unmatched: [],
} as any;
const criteria = { dose: 3, distance: 2, local: false } as any;

test('as JSON: figures to 1e-6, no maps', () => {
  const report = comparisonReport(comparison, criteria, 10) as any;
  expect(report.difference).toEqual({
    of: 'evaluated - reference, Gy, on the reference grid',
    threshold: 10,
    voxels: 120,
    outside: 0,
    mean: -0.123457,
    standardDeviation: 0.25,
    rootMeanSquare: 0.279,
    minimum: -1.5,
    maximum: 0.875,
    percentiles: { 1: -1.25, 50: -0.1, 99: 0.75 },
  });
  expect(report.gamma).toEqual({ criteria, passRate: 98.7654, evaluated: 4321, mean: 0.4567 });
  expect(report.structures[0]).toMatchObject({
    referenceVolumeCc: 12.345679,
    metrics: [
      { metric: 'D95%[Gy]', reference: 28.512346, evaluated: 28.25, difference: -0.262346 },
      { reference: null, reason: 'no such dose' },
    ],
    largestVolumeDifference: { points: 1.234568, atDose: 29.51 },
    largestDoseDifference: { gy: -0.26, atPercent: 95.4 },
  });
  expect(comparisonReport({ ...comparison, gamma: undefined }, criteria, 10)).not.toHaveProperty('gamma');
});

test('bands of DVHs, one line per dose', () => {
  expect(byColumn(bandCsv([structure as any]))).toEqual([
    { structure: 'PTV', dose_Gy: '0', low_percent: '100', high_percent: '100' },
    { structure: 'PTV', dose_Gy: '1.123457', low_percent: '98.765432', high_percent: '99.5' },
  ]);
});

test('the table: statistics in Gy, the share that passes, the largest distances with their signs', () => {
  const text = comparisonTable(comparison, criteria, 10);
  expect(text.split('\n').slice(0, 4)).toEqual([
    'evaluated - reference, 120 voxels at or above 10 % of the reference maximum, Gy',
    '  mean -0.123, standard deviation 0.250, rms 0.279',
    '  minimum -1.500, 1 % -1.250, median -0.100, 99 % 0.750, maximum 0.875',
    'gamma 3 % / 2 mm global: 98.77 % of 4321 voxels pass, mean 0.457',
  ]);
  expect(text).toContain('PTV, 12.35 cc: curves at most +1.23 points of volume apart at 29.5 Gy, -0.26 Gy at 95 %');
  const cells = text.split('\n').map((line) => line.split(/ {2,}/));
  expect(cells).toContainEqual(['D95%[Gy]', '28.512', '28.250', '-0.262']);
  expect(cells).toContainEqual(['V90Gy[%]', '-', '-', '-', 'no such dose']);
  expect(text).not.toContain('In one dose only');
  expect(text).not.toContain('more voxels lie outside');
});

test('what is outside, local gamma, and what only one dose has are said; nothing apart has no sign', () => {
  const more = {
    ...comparison,
    difference: { ...comparison.difference, outside: 1 },
    unmatched: ['Skin', 'Lung'],
    structures: [{ ...structure, distance: { volume: { points: 0, atDose: 1 }, dose: { gy: 0, atPercent: 5 } } }],
  };
  const text = comparisonTable(more, { ...criteria, local: true }, 10);
  expect(text).toContain('  1 more voxels lie outside the evaluated dose\n');
  expect(text).toContain('gamma 3 % / 2 mm local');
  expect(text).toContain('curves at most 0.00 points of volume apart at 1.0 Gy, 0.00 Gy at 5 %');
  expect(text).toMatch(/\nIn one dose only: Skin, Lung\n$/);
  expect(comparisonTable({ ...comparison, gamma: undefined }, criteria, 10)).not.toContain('gamma');
});
