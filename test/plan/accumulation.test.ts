/** Courses added up structure by structure: maxima, their sum, what is covered, and how it is printed. */
import { describe, expect, test } from 'vitest';
import { eqd2 } from '../../src/biology/linear-quadratic.js';
import { evaluateDose } from '../../src/evaluate/evaluate-dose.js';
import { createGrid, type Grid } from '../../src/geometry/grid.js';
import { box } from '../../src/geometry/shape.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { accumulateCourses } from '../../src/plan/evaluation/accumulated-courses.js';
import { parseCourses } from '../../src/plan/input/courses-file.js';
import { accumulationReport, accumulationSummary } from '../../src/report/accumulation.js';
import { curvesCsv, doseReport, metricsCsv } from '../../src/report/dose-evaluation.js';
import { byColumn } from './read-figure.js';

const grid = createGrid([4, 5, 6], [2, 2, 2], [0, 0, 0]);
const doseOn = (on: Grid, f: (i: number) => number, fractions = 5) => {
  const nx = on.shape[2];
  const count = on.shape.reduce((a, b) => a * b, 1);
  return createDose(
    on,
    { quantity: 'physical', fractions },
    Float32Array.from({ length: count }, (_, v) => f(v % nx)),
  );
};
const courses = (more: object = {}) =>
  parseCourses({
    alphaBeta: 2,
    courses: [
      { name: 'first', dose: 'a.dcm', months: 12 },
      { name: 'second', dose: 'b.dcm' },
    ],
    ...more,
  });
/** One rises along x from 10 to 15 Gy, the other falls from 15 to 10. */
const doses = [
  { name: 'first', dose: doseOn(grid, (i) => 10 + i, 10) },
  { name: 'second', dose: doseOn(grid, (i) => 15 - i) },
];
const mask = (of: (i: number) => number, name = 'Cord') =>
  ({
    name,
    role: 'organ',
    mask: createVolume(
      'mask',
      grid,
      Float32Array.from({ length: 120 }, (_, v) => of(v % 6)),
    ),
  }) as any;
const sumAt = (i: number): number => eqd2(10 + i, 10, 2) + eqd2(15 - i, 5, 2);

describe('a structure', () => {
  const { structures, total } = accumulateCourses(courses(), doses, 1, [mask((i) => (i < 4 ? 1 : 0))]);
  const [cord] = structures;

  test('has the largest of every course, of the sum, and the sum of the largest', () => {
    expect(cord!.volumeCc).toBeCloseTo((80 * 8) / 1000, 9);
    expect(cord!.coverage).toBe(1);
    expect(cord!.courses.first).toBeCloseTo(eqd2(13, 10, 2), 4);
    expect(cord!.courses.second).toBeCloseTo(eqd2(15, 5, 2), 4);
    expect(cord!.sumOfMaxima).toBeCloseTo(eqd2(13, 10, 2) + eqd2(15, 5, 2), 4);
    expect(cord!.maximumOfSum).toBeCloseTo(Math.max(...[0, 1, 2, 3].map(sumAt)), 4);
    expect(cord!.metrics.Mean).toBeCloseTo([0, 1, 2, 3].reduce((s, i) => s + sumAt(i), 0) / 4, 1);
    expect(cord).not.toHaveProperty('reason');
    expect(total.dose.data[3]).toBeCloseTo(sumAt(3), 4);
  });

  test('of which a part has no dose of every course: its rest to a hundredth, else nothing', () => {
    // The first course ends after the fourth voxel.
    const part = [
      { name: 'first', dose: doseOn(createGrid([4, 5, 4], [2, 2, 2], [0, 0, 0]), (i) => 10 + i, 10) },
      doses[1]!,
    ];
    const of = (structure: any, more: object = {}) =>
      accumulateCourses(courses(more), part, 1, [structure]).structures[0]!;
    const half = of(mask((i) => (i > 1 ? 1 : 0)));
    expect(half.coverage).toBeCloseTo(0.5, 6);
    expect(half).toMatchObject({
      maximumOfSum: null,
      sumOfMaxima: null,
      courses: { first: null, second: null },
      metrics: { Max: null, Mean: null },
    });
    expect(half.reason).toMatch(/^only 50\.0 % of Cord have a dose of every course: give larger doses/);
    const nearly = of(mask((i) => (i < 4 ? 1 : i === 4 ? 0.03 : 0)));
    expect(nearly.coverage).toBeCloseTo(4 / 4.03, 6);
    expect(nearly.reason).toBe('0.7 % of it have no dose of every course; all values are of the rest');
    expect(nearly.maximumOfSum).toBeCloseTo(Math.max(...[0, 1, 2, 3].map(sumAt)), 4);
    expect(of(mask((i) => (i < 4 ? 1 : 0)))).not.toHaveProperty('reason');
    // Nothing beyond: the other course alone.
    expect(
      of(
        mask((i) => (i === 5 ? 1 : 0)),
        { beyond: 'zero' },
      ).maximumOfSum,
    ).toBeCloseTo(eqd2(10, 5, 2), 4);
  });

  test('that is a solid or lies on another grid counts by its share of the voxels; an empty one says why', () => {
    const solid = { name: 'Box', role: 'organ', shape: { kind: 'solid', solid: box([-1, -1, -1], [3, 9, 7]) } } as any;
    const fine = createGrid([8, 10, 12], [1, 1, 1], [-0.5, -0.5, -0.5]);
    const other = {
      name: 'Fine',
      role: 'organ',
      mask: createVolume('mask', fine, new Float32Array(960).fill(1)),
    } as any;
    const empty = { name: 'None', role: 'organ', emptyBecause: 'it has no contour' } as any;
    const [own, resampled, none] = accumulateCourses(courses(), doses, 0, [solid, other, empty]).structures;
    expect(own!.volumeCc).toBeCloseTo((4 * 10 * 8) / 1000, 3);
    expect(own!.sumOfMaxima).toBeCloseTo(eqd2(11, 10, 2) + eqd2(15, 5, 2), 4);
    expect(resampled!.volumeCc).toBeCloseTo(0.96, 9);
    expect(none).toMatchObject({ volumeCc: 0, coverage: 0, reason: 'it has no contour', maximumOfSum: null });
  });
});

describe('as it is printed', () => {
  const done = accumulateCourses(courses(), doses, 1, [
    mask((i) => (i < 4 ? 1 : 0)),
    { name: 'None', role: 'organ', emptyBecause: 'why' } as any,
  ]);

  test('as JSON', () => {
    const report = accumulationReport(done) as any;
    expect(report.courses).toEqual([
      { name: 'first', fractions: 10, months: 12, maximum: expect.closeTo(eqd2(15, 10, 2), 4), voxelsBeyond: 0 },
      { name: 'second', fractions: 5, months: null, maximum: expect.closeTo(eqd2(15, 5, 2), 4), voxelsBeyond: 0 },
    ]);
    expect(report.maximumOfSum).toBeCloseTo(Math.max(...[0, 5].map(sumAt)), 4);
    expect(report.sumOfMaxima).toBeCloseTo(eqd2(15, 10, 2) + eqd2(15, 5, 2), 4);
    expect([report.voxels, report.missing]).toEqual([120, 0]);
    expect(report.structures[0].metrics['Max[Gy]']).toBeCloseTo(done.structures[0]!.metrics.Max!, 5);
    expect(report.structures[1]).toMatchObject({ maximumOfSum: null, reason: 'why' });
    expect(report.assumptions[1]).toContain('has no value');
    const zero = accumulationReport(accumulateCourses(courses({ beyond: 'zero' }), doses, 1, [])) as any;
    expect(zero.assumptions[1]).toContain('given nothing');
  });

  test('as a table', () => {
    const lines = accumulationSummary(done).split('\n');
    const gy = (value: number): string => value.toFixed(2);
    expect(lines[0]).toMatch(/^EQD2 of 2 courses, alpha\/beta 2 Gy, no recovery, on /);
    expect(lines[1]).toBe(`  first: 10 fractions, maximum ${gy(eqd2(15, 10, 2))} Gy; 0 voxels beyond its grid`);
    expect(lines[3]).toBe(
      `Maximum of the sum ${gy(Math.max(sumAt(0), sumAt(5)))} Gy, sum of the maxima ${gy(eqd2(15, 10, 2) + eqd2(15, 5, 2))} Gy; 0 of 120 voxels without a value`,
    );
    const cells = lines.map((line) => line.trim().split(/ {2,}/));
    const [cord] = done.structures;
    expect(cells).toContainEqual([
      'Cord',
      gy(cord!.maximumOfSum!),
      gy(cord!.metrics['D0.03cc']!),
      gy(cord!.sumOfMaxima!),
      gy(cord!.courses.first!),
      gy(cord!.courses.second!),
    ]);
    expect(cells).toContainEqual(['None', 'none', 'none', 'none', 'none', 'none', 'why']);
    expect(accumulationSummary({ ...done, structures: [] }).split('\n')).toHaveLength(5);
  });
});

test('a course that gives next to nothing has next to nothing as its largest', () => {
  const faint = [{ name: 'first', dose: doseOn(grid, () => 0.2, 10) }, doses[1]!];
  const { total } = accumulateCourses(courses(), faint, 1, []);
  expect(total.courses[0]!.max).toBeCloseTo(eqd2(0.2, 10, 2), 6);
});

test('a dose as tables: metrics with their bounds, and curves that fall from all to none', () => {
  const evaluated = evaluateDose(doses[0]!.dose, [
    mask((i) => (i < 4 ? 1 : 0)),
    { name: 'None', role: 'organ', emptyBecause: 'why' } as any,
  ]);
  const [row, none] = byColumn(metricsCsv(evaluated));
  expect(row).toMatchObject({
    structure: 'Cord',
    volume_cc: '0.64',
    coverage: '1',
    'Max[Gy]': '13',
    'Max[Gy] bound': 'none',
  });
  expect(none).toMatchObject({ structure: 'None', 'Max[Gy]': '', 'Max[Gy] bound': '' });
  const curves = byColumn(curvesCsv(new Map([['Cord', evaluated[0]!.dvh!]]), 11));
  expect(curves).toHaveLength(11);
  expect(curves[0]).toMatchObject({ structure: 'Cord', dose_Gy: '0', volume_cc: '0.64', volume_percent: '100' });
  expect(Number(curves[10]!.volume_cc)).toBeCloseTo(0, 6);
  expect(curves[10]!.differential_cc_per_Gy).toBe('');
  // The volume between two doses is that of the differential curve.
  const step = Number(curves[1]!.dose_Gy);
  const between = curves.slice(0, 10).reduce((sum, one) => sum + Number(one.differential_cc_per_Gy) * step, 0);
  expect(between).toBeCloseTo(0.64, 3);
  const report = doseReport(doses[0]!.dose, evaluated, ['more']) as any;
  expect(report.dose).toEqual({ quantity: 'physical', fractions: 10 });
  expect(report.assumptions.at(-1)).toBe('more');
  expect(report.structures[0].errorBounds['Max[Gy]']).toBeNull();
  expect(report.structures[1].remarks).toEqual(['None is empty: why']);
});
