/** Metrics beside their bounds: a mask has none, and every number of it says so. */
import { expect, test } from 'vitest';
import { createDvh } from '../../src/evaluate/dvh.js';
import { evaluateDose } from '../../src/evaluate/evaluate-dose.js';
import { evaluateGoal, parseGoal } from '../../src/evaluate/goal.js';
import { parseMetric } from '../../src/evaluate/metric-parser.js';
import { createGrid } from '../../src/geometry/grid.js';
import { sphere } from '../../src/geometry/shape.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createDose } from '../../src/geometry/volume.js';
import { voxelizeStructure } from '../../src/geometry/voxelize.js';
import { doseReport, metricsCsv } from '../../src/report/dose-evaluation.js';

const grid = createGrid([8, 9, 10], [3, 3, 3], [-13, -12, -10]);
const data = Float32Array.from({ length: 720 }, (_, i) => (i % 10) + 1);
const dose = createDose(grid, { quantity: 'physical', fractions: 5 }, data);
const drawn: Structure = { name: 'drawn', role: 'organ', shape: { kind: 'solid', solid: sphere([0, 0, 0], 7) } };
const masked = { name: 'masked', role: 'organ', mask: voxelizeStructure(drawn, grid) } as const;

test('every metric of a drawn structure has a bound; of a mask none is known, and that stands beside each number', () => {
  const metrics = ['Max', 'Mean', 'D0.03cc'].map(parseMetric);
  const [shape, mask] = evaluateDose(dose, [drawn, masked], { metrics });
  for (const name of Object.keys(shape!.metrics)) {
    expect(shape!.errorBounds[name]!.total).toBeGreaterThan(0);
    expect(mask!.errorBounds[name]).toBeNull();
  }
  const report = doseReport(dose, [mask!]) as { structures: { errorBounds: Record<string, null> }[] };
  expect(report.structures[0]!.errorBounds).toEqual({ 'Max[Gy]': null, 'Mean[Gy]': null, 'D0.03cc[Gy]': null });
  expect(metricsCsv([mask!]).match(/,none/g)).toHaveLength(3);
});

test('a goal carries the bound of its value, or null where there is none', () => {
  const goal = parseGoal('masked Max <= 20Gy');
  expect(evaluateGoal(goal, new Map([['masked', createDvh(dose, masked.mask)]])).errorBound).toBeNull();
  const own = evaluateDose(dose, [drawn])[0]!.dvh!;
  expect(evaluateGoal(goal, new Map([['masked', own]])).errorBound).toBeGreaterThan(0);
});
