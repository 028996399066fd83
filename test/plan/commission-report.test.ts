/** A commissioning as it is printed, from residuals that are known: worst, root mean square, and what is said beside them. */
import { expect, test } from 'vitest';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { beamQuality } from '../../src/machine/beam-quality.js';
import { commissionReport, commissionSummary, fitReport, separableTerms } from '../../src/report/commissioning.js';

const residual = (side: number, depth: number, percent: number, more: object = {}) => ({
  side,
  depth,
  percent,
  region: depth < 15 ? 'build-up' : 'beyond',
  isExcluded: false,
  ...more,
});
const commissioned = {
  machine: artiste6mv,
  depthDose: [
    residual(50, 5, 1.23456),
    residual(50, 20, -0.3),
    residual(50, 100, 0.4),
    residual(100, 20, -0.8),
    residual(100, 100, 0.62),
    residual(100, 200, 99, { isExcluded: true }),
  ],
  outputFactors: [
    { side: 50, percent: -0.4567 },
    { side: 100, percent: 0.25 },
  ],
  fit: { optimality: 0.0012345, steps: 321 },
  leftOut: [],
} as any;
const data = {
  name: 'X',
  sad: 1000,
  penumbra: { sigma: [1.5, 2], collimator: [400, 250] },
  depthDose: { kind: 'tpr', depths: [0, 2, 5, 15, 20, 100], sides: [50, 100], values: [] },
  outputFactors: { sides: [50, 100], values: [1, 1], ssd: 900, depth: 100 },
} as any;
const report = (own: object = {}, of: object = {}) =>
  commissionReport({ ...data, ...own }, { ...commissioned, ...of }, { version: '9', inputs: {} }) as any;

test('residuals by field and over all; readings that are left out do not count', () => {
  const { residuals, totals, fit, quality } = report();
  expect(residuals).toEqual([
    {
      side: 50,
      'beyondMax[%]': 0.4,
      beyondMaxDepth: 100,
      'beyondRms[%]': 0.354,
      'buildUpMax[%]': 1.235,
      buildUpMaxDepth: 5,
      'outputFactor[%]': -0.457,
      excluded: 0,
    },
    {
      side: 100,
      'beyondMax[%]': 0.8,
      beyondMaxDepth: 20,
      'beyondRms[%]': 0.716,
      'buildUpMax[%]': null,
      buildUpMaxDepth: null,
      'outputFactor[%]': 0.25,
      excluded: 1,
    },
  ]);
  expect(totals).toMatchObject({ 'beyondMax[%]': 0.8, 'outputFactor[%]': 0.457, excluded: 1 });
  expect(totals['beyondRms[%]']).toBeCloseTo(Math.sqrt((0.09 + 0.16 + 0.64 + 0.3844) / 4), 3);
  expect(fit).toEqual({ 'optimality[%]': 0.0012, steps: 321 });
  expect(fitReport(commissioned)).toEqual(fit);
  const { pdd10, maximumDepth, tpr2010 } = beamQuality(artiste6mv);
  expect(quality['PDD10[%]']).toBeCloseTo(pdd10!, 2);
  expect(quality['dmax[mm]']).toBeCloseTo(maximumDepth, 1);
  expect(quality.TPR2010).toBeCloseTo(tpr2010!, 4);
});

test('numbers that the tables do not reach are none', () => {
  const shallow = { ...artiste6mv, range: { ...artiste6mv.range, depth: [0, 99] } };
  const { quality } = report({}, { machine: shallow });
  expect([quality['PDD10[%]'], quality.TPR2010]).toEqual([null, null]);
  expect(commissionSummary(data, { ...commissioned, machine: shallow })).toMatch(
    /PDD\(10 cm\) beyond the tables.*TPR20\/10 beyond the tables/,
  );
});

test('a stricter tolerance needs no fewer terms and leaves no larger residual', () => {
  const terms = separableTerms(artiste6mv);
  expect(terms.map(({ tolerance }) => tolerance)).toEqual([0.01, 0.001, 0.0001]);
  for (const { tolerance, residual: left, terms: K } of terms) {
    // Of each band.
    expect(left).toBeLessThanOrEqual(K.length * tolerance);
  }
  expect(terms[2]!.residual).toBeLessThan(terms[0]!.residual);
});

test('what the numbers rest on is said where it is so, and not elsewhere', () => {
  const notes = (own: object = {}, of: object = {}): string => report(own, of).notes.join('\n');
  expect(notes()).toContain('Readings at depth 0 are fitted as they stand');
  expect(notes({ surface: { sides: [50, 100, 200], percent: [1, 2, 3] } })).toContain(
    'for sides of 50 to 200 mm and left out',
  );
  expect(notes()).toContain('Depth doses: TPR at the isocentre. Output factors: SSD 900 mm, depth 100 mm.');
  expect(notes({ depthDose: { ...data.depthDose, kind: 'pdd', ssd: 950 } })).toContain('PDD at SSD 950 mm');
  expect(notes()).not.toContain('Not fitted');
  expect(notes({}, { leftOut: [30] })).toContain(
    'the depth dose of side 30 mm, which has no output factor (50 to 100 mm). Add it to of.dat to use that column.',
  );
  expect(notes({}, { leftOut: [30, 40] })).toContain('the depth doses of side 30, 40 mm, which have no output factor');
  expect(notes()).toContain('1 reading is left out of the fit.');
  const two = [...commissioned.depthDose, residual(50, 200, 9, { isExcluded: true })];
  expect(notes({}, { depthDose: two })).toContain('2 readings are left out of the fit.');
  expect(notes({}, { depthDose: [residual(50, 20, 1)] })).not.toContain('left out of the fit');
  expect(notes({ profile: { side: 400, depth: 15 } })).toContain('the profile of the 400 mm field at depth 15 mm');
});

test('rows above the maximum further apart than 3 mm are said, by their largest distance', () => {
  // The maximum lies at some 15 mm: rows that begin above it count.
  const notes = (...depths: number[]): string => report({ depthDose: { ...data.depthDose, depths } }).notes.join('\n');
  expect(notes(0, 2, 5, 8, 11, 14, 17, 100)).not.toContain('apart');
  expect(notes(0, 2, 5.5, 8, 11, 14, 17, 100)).toContain('up to 3.5 mm apart');
  expect(notes(0, 2, 5, 15, 20, 100)).toMatch(/up to (10|15) mm apart/);
  expect(notes(0, 3, 6, 9, 12, 15, 16, 18, 100)).not.toContain('apart');
});

test('a blur that is too wide is told as the width that is meant', () => {
  const doubt = report({}, { blurDoubt: { percent: 3.456, ofPointSource: 0.789 } }).notes.join('\n');
  // The wider one, 2 mm, behind a collimator at 250 mm of 1000.
  expect(doubt).toContain(
    'miss by up to 3.5 %, with a point source by 0.8 %. fwhm_gauss (here 4.7 mm, a standard deviation of 2.0 mm)',
  );
  expect(doubt).toContain('the width of the spot at the source times 3.00');
});

test('the table for a terminal', () => {
  const lines = commissionSummary(data, commissioned).split('\n');
  const cells = lines.map((line) => line.trim().split(/ {3,}/));
  expect(lines[0]).toMatch(/^artiste-6mv: TPR, model minus measurement/);
  expect(cells[2]).toEqual(['50 mm', '0.40', '100 mm', '0.35', '1.23', '5 mm', '-0.46 %']);
  expect(cells[3]).toEqual(['100 mm', '0.80', '20 mm', '0.72', '-', '0.25 %', '1 left out']);
  expect(cells[4]![0]).toBe('all');
  expect(lines[5]).toBe("fit: every dose within 0.0012 % of the optimum's (bound; 321 steps)");
  const asked = lines.filter((line) => line.includes('asked'));
  expect(asked.map((line) => line.includes('what the engine keeps'))).toEqual([false, true, false]);
  expect(asked.map((line) => /asked (\S+) %/.exec(line)![1])).toEqual(['1', '0.1', '0.01']);
  // Never as 1e-7.
  const tiny = commissionSummary(data, { ...commissioned, fit: { optimality: 1.26e-7, steps: 3 } });
  expect(tiny).toContain('within 0.00000013 % of');
  expect(commissionSummary(data, { ...commissioned, fit: { optimality: 0, steps: 3 } })).toContain('within 0 % of');
});
