/** Isoeffective fractionation: closed forms, where more fractions spare and where fewer do, and certified plans. */
import { afterAll, describe, expect, test } from 'vitest';
import { bed, eqd2 } from '../../src/biology/linear-quadratic.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { runPlan } from '../../src/plan/run-plan.js';
import {
  type FractionationOptions,
  fractionationOf,
  isoeffectiveFractionation,
} from '../../src/plan/sweep/fractionation.js';
import { fractionationFigure, fractionationSummary, fractionationTable } from '../../src/report/fractionation.js';
import { spine } from './spine.js';

const patient = spine({ spacing: 6 });
const prior = { dose: 38, fractions: 19, months: 17.7 };
const bound = (courses: 'this' | 'all', gy: number) => ({
  bounds: [{ structure: 'SpinalCord', courses, eqd2: gy, alphaBeta: 2 }],
});
const caseOf = (more: Partial<PlanCaseInput> = {}) =>
  parseCase({
    patient: { phantom: 'spine-t8' },
    doseGrid: { spacing: [6, 6, 6], planning: 100 },
    imrt: { delivery: 'fluence', beams: 'posterior-5', beamlet: 10 },
    prior,
    cordCap: 100,
    alphaBeta: { cord: 2, target: 10 },
    ...more,
  });
const model = modelPatient(patient, caseOf());
const at = (fractions: number[], more: Partial<PlanCaseInput> = {}, options: FractionationOptions = {}) =>
  fractionationOf(model, caseOf(more), artiste6mv, fractions, options);
afterAll(() => model.bodyDose.close());

const counts = [1, 2, 3, 5, 10, 22, 30];
const usual = at(counts);

describe('closed forms', () => {
  // BED10 of 22 x 1.8 Gy is 46.728 Gy; d = (r/2)(-1 + sqrt(1 + 4 BED / (n r))).
  test.each(counts.map((n, i) => [n, i]))('the dose of %i fractions with the same effect', (n, i) => {
    const row = usual.rows[i]!;
    expect(row.fractions).toBe(n);
    expect(row.dosePerFraction).toBeCloseTo(5 * (-1 + Math.sqrt(1 + (4 * 46.728) / (10 * n))), 9);
    expect(row.dose).toBeCloseTo(n * row.dosePerFraction, 9);
    expect(bed(row.dose, n, 10)).toBeCloseTo(46.728, 9);
    expect(row.cap).toBeCloseTo((n / 2) * (-2 + Math.sqrt(4 + (16 * 25) / n)), 9);
    expect(row.part).toBeCloseTo(row.cap / row.dose, 12);
  });

  test('22 fractions: the caps of the retreatment, of both courses, after 50 Gy', () => {
    expect(usual.targetEqd2).toBeCloseTo(38.94, 9);
    expect(usual.rows[5]!.cap).toBeCloseTo(29.81, 2);
    expect(usual.rows[5]!.part).toBeCloseTo(0.753, 3);
    expect(usual.rows[5]!.binding).toMatch(/25 Gy EQD2\/2, this course \(HyTEC, retreatment\)/);
    const [both] = at([22], { retreatment: bound('all', 70) }).rows;
    expect(both!.cap).toBeCloseTo(35.45, 2);
    expect(both!.place).toHaveLength(3);
    expect(at([22], { prior: { dose: 50, fractions: 25, months: 17.7 } }).rows[0]!.cap).toBeCloseTo(25.37, 2);
  });

  test('the cap of the case keeps its EQD2', () => {
    const [five, many] = at([5, 22], { cordCap: 20 }).rows;
    expect(many!.cap).toBeCloseTo(20, 9);
    expect(eqd2(five!.cap, 5, 2)).toBeCloseTo(14.545, 2);
    expect(five!.binding).toBe('cordCap 20 Gy in 22 fractions');
  });

  test('limits of the literature, with a warning wherever they are stated for other fractions', () => {
    const [, , three, five, , many] = usual.rows.map(
      ({ limits }) => new Map(limits.map((limit) => [limit.name, limit])),
    );
    expect(many!.get('nieder-cumulative')!.allowed).toBeCloseTo(33.7, 2);
    expect(many!.get('nieder-none-seen')!.allowed).toBeCloseTo(27.19, 2);
    expect(many!.get('hytec-cumulative')!.allowed).toBeCloseTo(35.45, 2);
    // Tables by number of fractions answer with their own row.
    expect(five!.get('sahgal-2012')!.allowed).toBeCloseTo(18, 9);
    expect(three!.get('hytec-first')!.allowed).toBeCloseTo(20.3, 9);
    const said = (limits: typeof five) => limits!.get('hytec-retreatment')!.warnings.join('; ');
    expect(said(five)).toBe('stated for ThecalSac, applied to SpinalCord: an extrapolation');
    expect(said(many)).toContain('stated for 1 to 5 fractions, applied to 22: an extrapolation');
    expect(many!.get('nieder-cumulative')!.warnings).toEqual([]);
  });
});

describe('which number is best', () => {
  test('BED of a voxel with a share of the prescription is linear in D(n), rising below r / rT and falling above', () => {
    const { rows, threshold } = usual;
    expect(threshold).toBeCloseTo(0.2, 12);
    for (const share of [0.1, 0.2, 0.5, 1]) {
      const of = rows.map(({ fractions, dose }) => bed(share * dose, fractions, 2));
      rows.forEach(({ dose }, i) => {
        expect(of[i]).toBeCloseTo(share * (1 - 5 * share) * dose + 5 * share ** 2 * 46.728, 9);
      });
      const rise = of[6]! - of[0]!;
      expect(Math.abs(share - threshold) < 1e-9 ? Math.abs(rise) < 1e-9 : rise > 0 === share < threshold).toBe(true);
    }
  });

  test('a cord that may have much of it: the most fractions; one that may have little, or a slow tumour: the fewest', () => {
    expect(usual.best).toMatchObject({ fractions: 30, others: [] });
    // 2 Gy EQD2 are left, below a fifth of the prescription.
    const little = at(counts, { retreatment: bound('all', 40) });
    expect(little.rows[6]!.part).toBeLessThan(0.2);
    expect(little.best!.fractions).toBe(1);
    expect(at(counts, {}, { alphaBeta: 1.5 }).best!.fractions).toBe(1);
    // The same alpha/beta, and all of it allowed: every number is as good.
    const same = at([5, 22], { cordCap: 39.6, retreatment: bound('this', 100) }, { alphaBeta: 2 });
    expect(same.best).toMatchObject({ fractions: 5, others: [22] });
  });
});

test('planned: one operator for all, the caps hold, more fractions cover more', { timeout: 300_000 }, () => {
  const result = at([5, 22, 30], {}, { technique: 'imrt' });
  expect(result.rows.map(({ fractions }) => fractions)).toEqual([5, 22, 30]);
  result.rows.forEach(({ cap, dose, fractions, plan }, i) => {
    expect(plan!.status).toBe('reached');
    expect(plan!.cordMaximum).toBeLessThan(cap * (1 + 1e-6));
    // Voxels of 6 mm with any cord reach far beyond it, and bind first.
    expect(plan!.cordMaximum).toBeGreaterThan(0.8 * cap);
    expect(Math.abs(plan!.cumulative - 38 - eqd2(plan!.cordMaximum, fractions, 2))).toBeLessThan(0.03);
    expect(plan!.prescriptionDose / dose).toBeCloseTo(1, 2);
    expect(plan!.d95Eqd2).toBeCloseTo(eqd2(plan!.d95, fractions, 10), 9);
    if (i === 0) return;
    const before = result.rows[i - 1]!;
    expect(plan!.objective).toBeLessThan(before.plan!.lowerBound!);
    expect(plan!.d95 / dose).toBeGreaterThan(before.plan!.d95 / before.dose);
  });
  expect(result.best).toMatchObject({ fractions: 30, others: [], rule: 'smallest objective of a certified plan' });
  const single = runPlan(
    { patient, case: caseOf({ retreatment: { position: null } }), machine: artiste6mv },
    { techniques: ['imrt'] },
  );
  const { certificate } = single.plans[0]!.plan.solution;
  expect(Math.abs(result.rows[1]!.plan!.objective / certificate.value - 1)).toBeLessThan(certificate.gap! + 0.02);

  const [head, ...lines] = fractionationTable(result).trimEnd().split('\n');
  expect(head).toContain('allowed:hytec-retreatment');
  expect(lines).toHaveLength(3);
  expect(lines[0]).not.toMatch(/hytec-retreatment/);
  expect(lines[1]).toMatch(/hytec-retreatment/);
  expect(fractionationSummary(result)).toMatch(/Best of these by the smallest objective.*: 30 fractions\.\nA voxel/);
  expect(fractionationSummary(result)).toContain('Incomplete repair between fractions, overall time');
  expect(fractionationFigure(result, 'isoeffective')).toContain('D95, IMRT');
  expect(fractionationFigure(usual, 'isoeffective')).not.toContain('D95');
  expect(() => fractionationFigure({ ...usual, rows: usual.rows.slice(0, 1) }, '')).toThrow('1 numbers of fractions');
});

test('bad input is one sentence', { timeout: 20_000 }, () => {
  expect(() => isoeffectiveFractionation({ patient, case: caseOf(), machine: artiste6mv }, [])).toThrow(
    'there are no numbers',
  );
  expect(() => at([])).toThrow('there are no numbers of fractions');
  expect(() => at([5, 2.5])).toThrow('number of fractions is 2.5, but must be a whole number >= 1');
  expect(() => at([0])).toThrow('number of fractions is 0');
  expect(() => at([5], {}, { alphaBeta: 0 })).toThrow('alpha/beta of the target in Gy is 0');
  expect(() => at([5], { alphaBeta: { cord: 2 } })).toThrow(/alpha\/beta of the target is missing.*alphaBeta\.target/);
  expect(() => at([5], { retreatment: bound('all', 30) })).toThrow(
    /prior course alone exceeds .* in \d+ voxels, by up to 8\.0 Gy EQD2 at \(.*\) mm, where nothing is left/,
  );
});
