/**
 * What constraints must obey whatever the numbers: one more never makes the best plan better, one that has room may be loosened for nothing,
 * the unit of dose and the order of beamlets mean nothing; and what can just be kept, or just not, is told rightly, as HiGHS tells it.
 */
import type { LegacyHighs } from 'highs';
import { beforeAll, describe, expect, test } from 'vitest';
import { conflictOf } from '../../src/optimize/conflict.js';
import {
  type Constraint,
  maximumDose,
  maximumGeud,
  maximumHottest,
  maximumMean,
  minimumDose,
} from '../../src/optimize/constraint.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import { squaredOverdose } from '../../src/optimize/objective/squared-overdose.js';
import { type Solution, solve } from '../../src/optimize/solver.js';
import { dense, randomMatrix, rowsOf } from './problems.js';
import { loadHighs, sum } from './programs.js';

let highs: LegacyHighs;
beforeAll(async () => {
  highs = await loadHighs();
});

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const [target, organ, aside] = [rowsOf(...range(0, 10)), rowsOf(...range(10, 20)), rowsOf(...range(20, 30))];
const GAP = 1e-4;

/** @param k what a Gy is called */
function plan(A: readonly (readonly number[])[], constraints: readonly Constraint[], k = 1): Solution {
  const objectives = [
    squaredDeviation('target', target, { value: 10 * k }, 5),
    squaredOverdose('organ', organ, 3 * k, 1),
    squaredOverdose('aside', aside, 5 * k, 1),
  ];
  return solve({ operator: dense(A), objectives, constraints }, { gap: GAP });
}

/** All kinds; with few columns a minimum near what the maximum leaves. */
const all = (k = 1): Constraint[] => [
  maximumDose('maximum', organ, 7 * k),
  minimumDose('minimum', target, 6 * k),
  maximumMean('mean', organ, 5.2 * k),
  maximumGeud('geud', aside, 4, 8 * k),
  maximumHottest('hottest', aside, 0.3, 8.5 * k),
];

describe.each([1, 2, 3])('seed %i', (seed) => {
  const A = randomMatrix(30, 14, 700 + seed);

  test('a constraint more never lowers what is proven without it, and the plans keep theirs', () => {
    let before: Solution | undefined;
    for (let count = 0; count <= all().length; count++) {
      const made = plan(A, all().slice(0, count));
      if (made.status === 'infeasible') break;
      expect(made.status).toBe('reached');
      expect(made.certificate.violation?.amount ?? 0).toBeLessThanOrEqual(1e-9);
      if (before !== undefined) expect(made.objective).toBeGreaterThanOrEqual(before.certificate.lowerBound!);
      before = made;
    }
    expect(before).toBeDefined();
  });

  test('a constraint that has room may be looser, or left out, for nothing', () => {
    const constraints = [maximumDose('maximum', organ, 7), minimumDose('minimum', target, 5)];
    const [tight, loose, without] = [[maximumMean('mean', aside, 50)], [maximumMean('mean', aside, 80)], []].map(
      (more) => plan(A, [...constraints, ...more]),
    ) as [Solution, Solution, Solution];
    for (const made of [loose, without]) {
      expect(Math.abs(made.objective - tight.objective)).toBeLessThanOrEqual(2 * GAP * tight.objective);
    }
  });

  test('the unit of dose means nothing', () => {
    const both = (constraints: (k: number) => Constraint[]): [Solution, Solution] => [
      plan(A, constraints(1)),
      plan(
        A.map((row) => row.map((a) => 100 * a)),
        constraints(100),
        100,
      ),
    ];
    const [gray, centigray] = both((k) => all(k).filter(({ name }) => name !== 'minimum'));
    expect([gray.status, centigray.status]).toEqual(['reached', 'reached']);
    expect(Math.abs(centigray.objective / 1e4 - gray.objective)).toBeLessThanOrEqual(GAP * gray.objective);
    // With the minimum none keeps all: by how much they are broken at least is told in the same unit.
    const [broken, other] = both((k) => all(k).slice(0, 4));
    expect([broken.status, other.status]).toEqual(['infeasible', 'infeasible']);
    const [least, otherLeast] = [broken.certificate.leastViolation!, other.certificate.leastViolation!];
    expect(least).toBeGreaterThan(0);
    expect(Math.abs(otherLeast / 100 - least)).toBeLessThanOrEqual(0.05 * least);
  });

  test('the mirrored problem has the mirrored plan', () => {
    const constraints = all().slice(0, 3);
    const straight = plan(A, constraints);
    const turned = plan(
      A.map((row) => row.toReversed()),
      constraints,
    );
    expect(turned.status).toBe(straight.status);
    expect(Math.abs(turned.objective - straight.objective)).toBeLessThanOrEqual(2 * GAP * straight.objective);
    // Strictly convex in the target's dose: 5 mean (d - d')^2 is at most what both values may be off.
    const apart = target.rows.reduce((total, row) => total + (turned.dose[row]! - straight.dose[row]!) ** 2, 0);
    expect((5 * apart) / target.rows.length).toBeLessThanOrEqual(8 * GAP * straight.objective + 1e-9);
  });

  test('bounds that earlier courses have mostly used up are kept, and the plan is proven', () => {
    const left = Float64Array.from(organ.rows, (_, q) => (q < 3 ? 0.01 * (q + 1) : 6));
    const made = plan(A, [maximumDose('left', organ, left), maximumMean('mean', aside, 4)]);
    expect(made.status).toBe('reached');
    expect(made.certificate.violation!.amount).toBeLessThanOrEqual(0);
  });

  /** The largest minimum of the target under a cap on the organ, and under more rows of a program. */
  const largestMinimum = (cap: number, more: readonly string[] = []): number => {
    const rows = [
      ...Array.from(target.rows, (row) => `${sum(A[row]!)} - t >= 0`),
      ...Array.from(organ.rows, (row) => `${sum(A[row]!)} <= ${cap}`),
      ...more,
    ];
    const text = rows.map((row, i) => ` r${i}: ${row}`).join('\n');
    return highs.solve(`Maximize\n obj: t\nSubject To\n${text}\nEnd`).ObjectiveValue;
  };

  test('a minimum that can just be kept is kept, one that just cannot is infeasible, with the two named', () => {
    const most = largestMinimum(7);
    const under = (share: number): Constraint[] => [
      maximumDose('cap', organ, 7),
      minimumDose('minimum', target, share * most),
      maximumMean('loose', aside, 1000),
    ];
    const kept = plan(A, under(0.999));
    expect(kept.status).toBe('reached');
    expect(kept.certificate.violation!.amount).toBeLessThanOrEqual(1e-9);
    const none = plan(A, under(1.002));
    expect(none.status).toBe('infeasible');
    expect(none.certificate.leastViolation!).toBeGreaterThan(0);
    // Each gives way by half of what is missing at most.
    expect(none.certificate.leastViolation!).toBeLessThan(0.002 * most);
    const conflict = conflictOf({ operator: dense(A), constraints: under(1.002) });
    expect(conflict).toMatchObject({ status: 'conflict', constraints: ['cap', 'minimum'] });
  });

  test('the same with a gEUD, whose planes HiGHS has', { timeout: 60_000 }, () => {
    const a = 4;
    // The largest minimum under a gEUD of the other organ: planes that touch it, until the best plan keeps it.
    const planes: string[] = [];
    let most = 0;
    for (let round = 0; round < 60; round++) {
      most = largestMinimum(9, planes);
      const text = [
        ...Array.from(target.rows, (row) => `${sum(A[row]!)} >= ${most * (1 - 1e-9)}`),
        ...Array.from(organ.rows, (row) => `${sum(A[row]!)} <= 9`),
        ...planes,
      ];
      const found = highs.solve(
        `Minimize\n obj: ${sum(A[aside.rows[0]!]!)}\nSubject To\n${text.map((row, i) => ` r${i}: ${row}`).join('\n')}\nEnd`,
      );
      const weights = A[0]!.map((_, j) => (found.Columns[`w${j}`] as { Primal: number }).Primal);
      const doses = Array.from(aside.rows, (row) => A[row]!.reduce((s, v, j) => s + v * weights[j]!, 0));
      const geud = (doses.reduce((s, d) => s + d ** a, 0) / doses.length) ** (1 / a);
      if (geud <= 7 * (1 + 1e-6)) break;
      const slopes = doses.map((d) => d ** (a - 1) / (doses.length * geud ** (a - 1)));
      const row = A[0]!.map((_, j) => slopes.reduce((s, slope, q) => s + slope * A[aside.rows[q]!]![j]!, 0));
      planes.push(`${sum(row)} <= 7`);
    }
    const under = (share: number): Constraint[] => [
      maximumDose('cap', organ, 9),
      maximumGeud('geud', aside, a, 7),
      minimumDose('minimum', target, share * most),
    ];
    const kept = plan(A, under(0.997));
    expect(kept.status).toBe('reached');
    expect(kept.certificate.violation!.amount).toBeLessThanOrEqual(1e-6);
    // `most` is never below the largest minimum there is.
    const none = conflictOf({ operator: dense(A), constraints: under(1.003) });
    expect(none.status).toBe('conflict');
    expect(none.constraints).toContain('minimum');
    expect(none.leastViolation!).toBeGreaterThan(0);
  });
});
