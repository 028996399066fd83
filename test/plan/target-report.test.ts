/** Target and cord of an imported dose: a box of the prescribed dose, and the slope beside it. */
import { expect, test } from 'vitest';
import { targetReport } from '../../src/evaluate/target-coverage.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { targetSummary } from '../../src/report/target-coverage.js';

// 20 x 4 x 4 voxels of 2 mm; 30 Gy for x < 20 mm, then 3 Gy less per voxel.
const grid = createGrid([4, 4, 20], [2, 2, 2], [1, 1, 1]);
const inX = (of: (i: number) => number): Float32Array => Float32Array.from({ length: 320 }, (_, v) => of(v % 20));
const dose = createDose(
  grid,
  { quantity: 'physical', fractions: 5 },
  inX((i) => Math.max(0, Math.min(30, 30 - 3 * (i - 9)))),
);
const masked = (name: string, role: string, of: (i: number) => number) =>
  ({ name, role, mask: createVolume('mask', grid, inX(of)) }) as any;
const box = (name: string, role: string, from: number, to: number) =>
  ({
    name,
    role,
    shape: {
      kind: 'contours',
      contours: {
        planes: [1, 3, 5, 7].map((z) => ({ z, polygons: [Float64Array.of(from, 0, to, 0, to, 8, from, 8)] })),
        spacing: 2,
      },
    },
  }) as any;
const target = masked('PTV', 'target', (i) => (i < 8 ? 1 : 0));
const external = masked('Body', 'external', (i) => (i < 16 ? 1 : 0));

test('isodose volumes are those of the external, and of the whole grid where there is none', () => {
  const within = targetReport(dose, [target, external], { target: 'PTV', prescription: 30 });
  expect(within.remarks).toEqual([]);
  expect(within.conformity!.coverage).toBeCloseTo(1, 6);
  const whole = targetReport(dose, [target], { target: 'PTV', prescription: 30 });
  expect(whole.remarks).toEqual(['isodose volumes are those of the whole dose grid: there is no external']);
  // Half the prescription reaches to x = 30 mm, which a smaller external cuts off.
  const small = masked('Body', 'external', (i) => (i < 10 ? 1 : 0));
  const cut = targetReport(dose, [target, small], { target: 'PTV', prescription: 30 });
  expect(cut.conformity!.r50).toBeCloseTo(10 / 8, 2);
  expect(whole.conformity!.r50).toBeGreaterThan(1.7);
  const empty = { name: 'Body', role: 'external', emptyBecause: 'no contour' } as any;
  expect(targetReport(dose, [target, empty], { target: 'PTV', prescription: 30 }).remarks).toHaveLength(1);
});

test('without a prescription there are no indices; between masks no fall-off; both are said', () => {
  const report = targetReport(dose, [target, external], { target: 'PTV', cord: 'Body' });
  expect(report).toEqual({
    target: 'PTV',
    cord: 'Body',
    remarks: [
      'no conformity indices: they need the prescription',
      'no fall-off: it is measured between contours, and these are masks',
    ],
  });
  const mixed = targetReport(dose, [target, box('Cord', 'organ', 28, 36)], { target: 'PTV', cord: 'Cord' });
  expect(mixed.remarks).toContain('no fall-off: it is measured between contours, and these are masks');
  expect(targetReport(dose, [target], { target: 'PTV' })).not.toHaveProperty('cord');
});

test('between contours the fall-off is the slope of the dose', () => {
  const structures = [box('PTV', 'target', 0, 22), box('Cord', 'organ', 28, 36), external];
  const report = targetReport(dose, structures, { target: 'PTV', cord: 'Cord', prescription: 30 });
  expect(report.fallOff!.distance).toBeCloseTo(6, 1);
  expect(report.fallOff!.nearest!.perMm).toBeCloseTo(1.5, 1);
  const text = targetSummary(report);
  expect(text).toMatch(/^PTV: isodose 28\.50 Gy, coverage \d+\.\d %, Paddick \d\.\d\d, RTOG \d\.\d\d, HI \d\.\d{3}\n/);
  expect(text).toMatch(/\nPTV to Cord: 6\.00 mm at least; 2\d\.\d\d to 1\d\.\d\d Gy, 1\.50 Gy\/mm there, 1\.50 median/);
});

test('a gap of which one side has no dose is none', () => {
  // The grid ends at x = 24 mm: the target is on it, the cord beyond.
  const part = createGrid([4, 4, 12], [2, 2, 2], [1, 1, 1]);
  const cut = createDose(part, { quantity: 'physical', fractions: 5 }, new Float32Array(192).fill(30));
  const structures = [box('PTV', 'target', 0, 22), box('Cord', 'organ', 28, 36)];
  for (const [target, cord] of [
    ['PTV', 'Cord'],
    ['Cord', 'PTV'],
  ] as const) {
    const { fallOff } = targetReport(cut, structures, { target, cord });
    expect(fallOff).toMatchObject({ nearest: null, steepest: null, median: null, pairs: 0 });
  }
});

test('what is not there, or empty, or on another grid is refused by its name', () => {
  const empty = { name: 'GTV', role: 'target', emptyBecause: 'it has no contour' } as any;
  expect(() => targetReport(dose, [target, empty], { target: 'GTV' })).toThrow(/GTV is empty: it has no contour/);
  expect(() => targetReport(dose, [target], { target: 'CTV' })).toThrow(/CTV.*PTV/);
  const coarse = createGrid([2, 2, 10], [4, 4, 4], [2, 2, 2]);
  const other = { ...target, mask: createVolume('mask', coarse, new Float32Array(40).fill(1)) };
  expect(() => targetReport(dose, [other], { target: 'PTV', prescription: 30 })).toThrow(/mask on the dose's grid/);
});

test('in words: an overlap is no gap, and an index that does not exist is none', () => {
  const index = {
    isodose: 28.5,
    coverage: 0.98765,
    paddick: null,
    rtog: 1.234,
    homogeneity: 0.1,
    r50: 4.5,
    gradientIndex: null,
    gradientDistance: 7.25,
  };
  const fallOff = { distance: -1.5, nearest: null, steepest: null, median: null, pairs: 0 };
  const text = targetSummary({ target: 'PTV', cord: 'Cord', conformity: index, fallOff, remarks: ['r'] } as any);
  expect(text).toBe(
    [
      'PTV: isodose 28.50 Gy, coverage 98.8 %, Paddick none, RTOG 1.23, HI 0.100',
      'PTV: R50 4.50, gradient index none, gradient distance 7.3 mm',
      'PTV to Cord: they overlap, -1.50 mm; no gap within 10 mm',
      'r',
      '',
    ].join('\n'),
  );
  expect(
    targetSummary({ target: 'PTV', cord: 'C', fallOff: { ...fallOff, distance: 0 }, remarks: [] } as any),
  ).toContain('overlap, 0.00 mm');
});
