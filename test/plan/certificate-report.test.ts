/** A certificate as it is printed: what is proven, of which dose, and what a limit costs. */
import { expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose } from '../../src/geometry/volume.js';
import { isProven, largestDifference } from '../../src/plan/technique/proof.js';
import { certificateLine, certificateReport, whyUnproven } from '../../src/report/certificate.js';

const certificate = {
  objective: 'f',
  value: 100,
  lowerBound: 99,
  gap: 0.01,
  isConvex: true,
  violation: { limit: 'cord', amount: -0.0123456, row: 1 },
  prices: [
    {
      limit: 'cord',
      price: 1.23456,
      active: [
        { row: 1, price: 0.98765 },
        { row: 0, price: 0.2 },
      ],
    },
    { limit: 'organ', price: 2, active: [] },
    { limit: 'free', price: 0, active: [{ row: 0, price: 0 }] },
  ],
} as any;
const solution = (more: object = {}) => ({ status: 'reached', certificate, uncovered: [], ...more }) as any;
const voxels = { points: Float64Array.of(1, 2, 3, 4.123456789, 5, 6), organs: [] } as any;

test('a plan within 2 % of what is proven to be the best is proven, one beyond is not', () => {
  expect(isProven({ value: 100, lowerBound: 98 })).toBe(true);
  expect(isProven({ value: 100, lowerBound: 97.9 })).toBe(false);
  expect(isProven({ value: -100, lowerBound: -102 })).toBe(true);
  expect(isProven({ value: -100, lowerBound: -102.1 })).toBe(false);
  expect(isProven({ value: 0, lowerBound: 0 })).toBe(true);
  expect(isProven({ value: 100, lowerBound: null })).toBe(false);
});

test('why a plan is not proven: by how much, and what ended it', () => {
  const why = (status: string, more: object = {}) =>
    whyUnproven(solution({ status, certificate: { ...certificate, ...more } }));
  expect(why('reached')).toBeUndefined();
  expect(why('prescription-missed')).toBeUndefined();
  const far = { lowerBound: 90, gap: 0.1 };
  expect(why('unproven', far)).toBe(
    'not proven to be near the best plan: the optimiser came no nearer to its proof, it is proven to be at most 10.00 % above the best possible',
  );
  expect(why('reached', far)).toContain('10.00 %');
  // Stopped is stopped, however near it was.
  expect(why('time-limit')).toContain('time was over, it is proven to be at most 1.00 %');
  expect(why('stopped')).toContain('it was stopped');
  expect(why('unproven')).toContain('came no nearer');
  expect(why('reached', { lowerBound: null, gap: null })).toContain('nothing is proven');
  // That no plan keeps the limits is proven another way.
  expect(why('infeasible', { ...far, leastViolation: 0.5 })).toBeUndefined();
  expect(why('infeasible', { ...far, leastViolation: 0 })).toContain('not proven');
  expect(why('infeasible', far)).toContain('not proven');
});

test('the line: the gap in percent, what it is a gap of, and the price of a limit that holds', () => {
  expect(certificateLine(certificate)).toBe(
    'objective 100.00, at most 1.00 % above the best possible, of this dose, under these caps; one Gy more on the cord (2 voxels hold) buys up to 1.2 of the objective',
  );
  expect(certificateLine({ ...certificate, gap: null })).toContain('objective 100.00, nothing proven');
  expect(certificateLine({ ...certificate, isConvex: false, violation: null, prices: [] })).toBe(
    'objective 100.00, at most 1.00 % above the best possible, of this dose, under no hard cap, without its terms that are not convex',
  );
});

test('as JSON: voxels by their place, prices per Gy, the shift that a row belongs to', () => {
  const report = certificateReport({
    solution: solution({ uncovered: [0] }),
    voxels,
    largestDifference: 1.23456e-5,
  }) as any;
  expect(report).toMatchObject({
    largestDifference: 1.23e-5,
    value: 100,
    lowerBound: 99,
    gap: 0.01,
    isProven: true,
    problem: '2 voxels of the optimiser, every one of target and cord',
    targetVoxelsOutsideAllBeams: [[1, 2, 3]],
    violation: { limit: 'cord', Gy: -0.0123, voxel: [4.12346, 5, 6] },
  });
  expect(report.violation).not.toHaveProperty('shift');
  expect(report.shadowPrices[0]).toEqual({
    limit: 'cord',
    objectivePerGy: 1.235,
    active: [
      { voxel: [4.12346, 5, 6], objectivePerGy: 0.988 },
      { voxel: [1, 2, 3], objectivePerGy: 0.2 },
    ],
  });
  const robust = {
    ...voxels,
    organs: [{}],
    scenarios: [
      { from: 0, to: 1, shift: [3, 0, 0] },
      { from: 1, to: 2, shift: [0, 3, 0] },
    ],
  };
  const other = certificateReport({ solution: solution(), voxels: robust, largestDifference: 0 } as any) as any;
  expect(other.violation.shift).toEqual([0, 3, 0]);
  expect(other.shadowPrices[0].active.map(({ shift }: any) => shift)).toEqual([
    [0, 3, 0],
    [3, 0, 0],
  ]);
  expect(other.problem).toMatch(/and of bounded organs every one that a plan takes near its bound$/);
  expect(other).not.toHaveProperty('targetVoxelsOutsideAllBeams');
  const none = { ...certificate, lowerBound: null, gap: null, violation: null };
  expect(certificateReport({ solution: solution({ certificate: none }), voxels, largestDifference: 0 })).toMatchObject({
    lowerBound: null,
    gap: null,
    violation: null,
    isProven: false,
  });
});

test('the difference of the two doses is the largest in the voxels; the isocentre is none', () => {
  const grid = createGrid([1, 1, 5], [1, 1, 1], [0, 0, 0]);
  const dose = createDose(grid, { quantity: 'physical' }, Float32Array.of(0, 0, 10, 0, 20));
  const model = { grid, surface: Float64Array.of(0, 0, 0), voxelOfPoint: Int32Array.of(4, 2, -1, 5) };
  const of = (rows: number[], places: number[]) =>
    largestDifference(Float64Array.from(rows), Int32Array.from(places), model, {
      dose,
      surfaceDose: Float64Array.of(30),
    });
  expect(of([20.5, 9, 99], [0, 1, 2])).toBe(1);
  expect(of([20.5, 10, 99], [0, 1, 2])).toBe(0.5);
  expect(of([10], [1])).toBe(0);
  // A point of the cord's surface.
  expect(of([10, 33], [1, 3])).toBe(3);
});
