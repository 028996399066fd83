/** Planning points between the voxel centres: where they lie, what holds there, and what a finer grid says of the plan. */
import { describe, expect, test } from 'vitest';
import { solidOfStructure } from '../../src/geometry/contour-solid.js';
import { voxelCount } from '../../src/geometry/grid.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { cordVoxels, doseOfVoxel, placeOfVoxel, planningGridOf } from '../../src/plan/patient/planning-grid.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { gridCheck } from '../../src/plan/sweep/grid-check.js';
import { gridCheckReport, gridCheckSummary } from '../../src/report/grid-check.js';
import { spine } from './spine.js';

const patientOf = (spacing: number) => spine({ target: 'horseshoe', spacing });
const caseOf = (spacing: number, more = {}) =>
  parseCase({
    name: `t8, ${spacing} mm`,
    patient: { phantom: 'spine-t8', target: 'horseshoe' },
    target: 'PTV_3960',
    prescription: { dose: 39.6, fractions: 22, to: 'D50' },
    prior: { dose: 38, fractions: 19, months: 17.7 },
    cordCap: 29.8,
    doseGrid: { spacing: [spacing, spacing, spacing], ...more },
    imrt: { delivery: 'fluence', beams: 'posterior-7' },
  } as any);

describe('where the points lie', () => {
  const coarse = patientOf(5);
  const model = modelPatient(coarse, caseOf(5));
  const fine = model.fine!;

  test('a grid of 5 mm gets one of 2 mm around target and cord, a grid as fine as is asked for none', () => {
    expect(fine.grid.spacing).toEqual([2, 2, 2]);
    expect(modelPatient(coarse, caseOf(5, { planning: 5 })).fine).toBeUndefined();
    expect(modelPatient(coarse, caseOf(5, { planning: 3 })).fine!.grid.spacing).toEqual([3, 3, 3]);
  });

  test('points that would be too many are refused with their number, before anything is computed', () => {
    expect(() => modelPatient(coarse, caseOf(5, { planning: 0.4 }))).toThrow(
      /^case: doseGrid\.planning: points in and around target and cord: .* more than 400000\. Let them lie farther apart than 0\.4 mm\.$/,
    );
  });

  test('it does not move with the dose grid', () => {
    const of = (name: string) => model.structures.get(name)!;
    const structures = { target: of(model.target), cord: of(model.cord), external: of(model.external) };
    const { grid } = model;
    const moved = { ...grid, origin: grid.origin.map((o) => o + 2.5) as unknown as typeof grid.origin };
    const keys = (points: Float64Array): string[] =>
      Array.from({ length: points.length / 3 }, (_, p) =>
        points
          .subarray(3 * p, 3 * p + 3)
          .map((c) => 1e-6 * Math.round(1e6 * c))
          .join(' '),
      );
    const others = new Set(keys(planningGridOf(moved, structures, 2)!.points));
    // The cord leaves the grid at both ends, where that moves.
    const shared = keys(fine.points).filter((key) => others.has(key));
    expect(shared.length / keys(fine.points).length).toBeGreaterThan(0.95);
  });

  test('its masks hold the volumes as drawn', () => {
    const volume = (data: ArrayLike<number>): number => Array.from(data).reduce((a, b) => a + b, 0) * 0.008;
    expect(volume(fine.target.data)).toBeCloseTo(model.drawnFractions.get(model.target)!.volumeCc, 0);
    expect(volume(fine.cord.data) / model.drawnFractions.get(model.cord)!.volumeCc).toBeCloseTo(1, 1);
  });

  test('every voxel of the dose grid with any cord is a row still; so are the points between, and those of the surface', () => {
    const { cord, target } = choosePlanningVoxels(model);
    const rows = new Set(cord.voxels);
    const count = voxelCount(model.grid);
    const all = cordVoxels(model);
    const inBody = new Set(model.voxelOfPoint);
    for (const voxel of all) if (voxel < count && inBody.has(voxel)) expect(rows.has(voxel)).toBe(true);
    expect(all.filter((voxel) => voxel >= count).length).toBeGreaterThan(1200);
    expect(rows.size).toBe(cord.voxels.length);
    // Of 2 mm, where the dose grid has one point to fifteen.
    expect(target.rows.length).toBeGreaterThan(6000);
  });

  test('points of the surface lie on it, within 30 mm of the target, and leave no gap of 1.5 mm', () => {
    const { surface } = model;
    const solid = solidOfStructure(model.structures.get(model.cord)!);
    const ofTarget = solidOfStructure(model.structures.get(model.target)!);
    const places = Array.from({ length: surface.length / 3 }, (_, q) => placeOfVoxel(model, voxelAfter(q)));
    for (const place of places) {
      expect(Math.abs(solid.distance(...place))).toBeLessThan(0.02);
      // Half the diagonal of a voxel of 5 mm besides.
      expect(ofTarget.distance(...place)).toBeLessThan(30 + 5 * Math.sqrt(3));
    }
    const near = places.filter((place) => ofTarget.distance(...place) < 5);
    expect(near.length).toBeGreaterThan(200);
    for (const a of near.filter((_, q) => q % 10 === 0)) {
      const others = places.map((b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).sort((x, y) => x - y);
      expect(others[1]!).toBeLessThan(1.5);
    }
  });

  const voxelAfter = (q: number): number => voxelCount(model.grid) + voxelCount(fine.grid) + q;

  test('the bounds that a uniform prior course leaves are the same at every point', () => {
    const plan = caseOf(5);
    const result = runPlan({ patient: coarse, case: plan, machine: artiste6mv }, { techniques: ['fcrt'] });
    const [cord] = result.tolerances;
    expect(cord!.voxels).toEqual(cordVoxels(result.model));
    expect(Math.max(...cord!.maxima) - Math.min(...cord!.maxima)).toBeLessThan(1e-5);
  });
});

describe('a plan on 5 mm holds on 1 mm', { timeout: 300_000 }, () => {
  // Between points 5 mm apart the fluence was a comb: cord Max 29.80 was said where it was 32.29, V95 96.1 where it was 92.8 %.
  const result = runPlan({ patient: patientOf(5), case: caseOf(5), machine: artiste6mv }, { techniques: ['imrt'] });
  const { model } = result;
  const [evaluation] = result.plans;
  const check = gridCheck(result, evaluation!);
  const row = (metric: string) => check.rows.find((own) => own.metric.startsWith(metric))!;

  test('cord Max within 0.3 Gy of what the plan says and under the cap and its bound, V95 within a point', () => {
    expect(check.points).toBeGreaterThan(60_000);
    const max = row('Max');
    expect(Math.abs(max.recomputed - max.planned)).toBeLessThan(0.3);
    expect(max.recomputed).toBeLessThan(29.8 + max.errorBound);
    expect(max.planned).toBeLessThanOrEqual(29.8);
    expect(Math.abs(row('V95%').recomputed - row('V95%').planned)).toBeLessThan(1);
    expect(Math.abs(row('D95%').recomputed - row('D95%').planned)).toBeLessThan(0.2);
    for (const { recomputed, planned, errorBound } of check.rows)
      expect(Math.abs(recomputed - planned)).toBeLessThanOrEqual(errorBound);
  });

  test('the cap holds at every point of the cord, and the prescription is met as the report reads it', () => {
    const doseOf = doseOfVoxel(model, evaluation!.plan);
    for (const voxel of cordVoxels(model)) expect(doseOf(voxel)).toBeLessThanOrEqual(29.8 * (1 + 1e-6));
    expect(evaluation!.plan.solution.prescriptionDose / 39.6).toBeCloseTo(1, 2);
    expect(evaluation!.plan.solution.status).toBe('reached');
  });

  test('the check is told in words and in JSON', () => {
    expect(gridCheckSummary(check)).toMatch(
      /^IMRT at \d+ points around target and cord, 1 mm apart, same fluence\n {2}SpinalCord {5}Max {6}\d+\.\d\d ±\d\.\d\d, recomputed \d+\.\d\d Gy \([+-]\d\.\d\d\)\n/,
    );
    const { metrics } = gridCheckReport(check) as { metrics: { isWithinBound: boolean }[] };
    expect(metrics.map(({ isWithinBound }) => isWithinBound)).toEqual(metrics.map(() => true));
    expect(() => gridCheck(result, evaluation!, undefined, 0)).toThrow(/grid check: spacing in mm is 0/);
  });
});
