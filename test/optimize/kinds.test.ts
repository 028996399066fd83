/**
 * Every kind of objective and constraint of docs/optimisation.md, by its public name, on a problem of two weights: its value is that of
 * the formula in the table, and the plan is the best one by the conditions of Karush, Kuhn and Tucker, whose slopes are differences of
 * these formulas. So the solver's own derivatives have no part in it.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { eqd2 } from '../../src/biology/linear-quadratic.js';
import * as optimize from '../../src/optimize.js';
import { dense, rowsOf } from './problems.js';

const {
  constraintInBiologicalDose,
  fluenceSmoothness,
  maximumDose,
  maximumDvh,
  maximumGeud,
  maximumHottest,
  maximumMean,
  meanDose,
  minimumDose,
  minimumDvh,
  minimumGeud,
  minimumMean,
  objectiveInBiologicalDose,
  smoothMaximum,
  smoothMinimum,
  solve,
  squaredDeviation,
  squaredFallOff,
  squaredGeud,
  squaredOverdose,
  squaredUnderdose,
  worstCase,
} = optimize;

/** Rows 0 and 1 are the target, 2 and 3 the organ. */
const matrix = [
  [1, 0.2],
  [0.3, 0.9],
  [0.5, 0.1],
  [0.2, 0.4],
];
const operator = dense(matrix);
const organ: optimize.VoxelSet = { rows: Int32Array.of(2, 3), volumes: Float64Array.of(1, 3) };
const target = squaredDeviation('target', rowsOf(0, 1), { value: 20 }, 1);
const volumes = [0.25, 0.75];
const organOf = (dose: readonly number[]): number[] => [dose[2]!, dose[3]!];
const mean = (values: readonly number[]): number => values.reduce((sum, x, q) => sum + volumes[q]! * x, 0);
const over = (x: number): number => Math.max(0, x) ** 2;
const power = (values: readonly number[], a: number): number => mean(values.map((x) => x ** a)) ** (1 / a);
const prior = [1, 4];
const inEqd2 = (values: readonly number[]): number[] => values.map((d, q) => eqd2(d, 10, 3) + prior[q]!);
const course = { quantity: 'eqd2', alphaBeta: 3, fractions: 10, prior: Float64Array.from(prior) } as const;

type Formula = (dose: readonly number[], weights: readonly number[]) => number;
const ofTarget: Formula = (dose) => (((dose[0]! - 20) ** 2 + (dose[1]! - 20) ** 2) * 1) / 2;
const doseOf = (w: readonly number[]): number[] => matrix.map((row) => row[0]! * w[0]! + row[1]! * w[1]!);
/** Slopes of a formula by weight, by central differences. */
const slopesOf = (formula: Formula, w: readonly number[]): number[] =>
  w.map((_, c) => {
    const [up, down] = [1e-5, -1e-5].map((step) => {
      const at = w.map((x, i) => (i === c ? x + step : x));
      return formula(doseOf(at), at);
    });
    return (up! - down!) / 2e-5;
  });

/** kind, objective, its formula; `smooth` where it lives on rows of its own. */
const objectives: readonly (readonly [string, optimize.Objective, Formula])[] = [
  [
    'squaredDeviation',
    squaredDeviation('organ', organ, { value: 3 }, 2),
    (d) => 2 * mean(organOf(d).map((x) => (x - 3) ** 2)),
  ],
  [
    'squaredUnderdose',
    squaredUnderdose('organ', organ, { value: 20 }, 0.8, 2),
    (d) => 2 * mean(organOf(d).map((x) => over(16 - x))),
  ],
  ['squaredOverdose', squaredOverdose('organ', organ, 4, 2), (d) => 2 * mean(organOf(d).map((x) => over(x - 4)))],
  ['meanDose', meanDose('organ', organ, 2), (d) => 2 * mean(organOf(d))],
  [
    'squaredFallOff',
    squaredFallOff('organ', organ, Float64Array.of(5, 10), { dose: 20, perMillimetre: 0.08, least: 0.3 }, 2),
    (d) => 2 * mean([over(d[2]! - 12), over(d[3]! - 6)]),
  ],
  [
    'squaredGeud',
    squaredGeud('organ', organ, { value: 4 }, { a: 8, side: 'above' }, 2),
    (d) => 2 * over(power(organOf(d), 8) - 4),
  ],
  [
    'squaredGeud',
    squaredGeud('organ', organ, { value: 16 }, { a: -8, side: 'below' }, 2),
    (d) => 2 * over(16 - power(organOf(d), -8)),
  ],
  [
    'smoothMaximum',
    smoothMaximum('organ', organ, 1.5, 2),
    (d) => 2 * 1.5 * Math.log(mean(organOf(d).map((x) => Math.exp(x / 1.5)))),
  ],
  [
    'smoothMinimum',
    smoothMinimum('organ', organ, 1.5, 2),
    (d) => 2 * 1.5 * Math.log(mean(organOf(d).map((x) => Math.exp(-x / 1.5)))),
  ],
  [
    'worstCase',
    worstCase('organ', [[meanDose('organ', rowsOf(2), 2)], [meanDose('organ', rowsOf(3), 2)]], 5),
    (d) => 5 * Math.log((Math.exp((2 * d[2]!) / 5) + Math.exp((2 * d[3]!) / 5)) / 2),
  ],
  [
    'objectiveInBiologicalDose',
    objectiveInBiologicalDose(squaredOverdose('organ', organ, 6, 2), course),
    (d) => 2 * mean(inEqd2(organOf(d)).map((x) => over(x - 6))),
  ],
];

describe('objectives', () => {
  test.each(objectives)('%s: the best plan, by slopes of its formula', (_, objective, formula) => {
    const { weights, dose, status, certificate } = solve({ operator, objectives: [target, objective] }, { gap: 1e-9 });
    const w = [...weights];
    const whole: Formula = (d, x) => ofTarget(d, x) + formula(d, x);
    expect(status).toBe('reached');
    expect(objective.evaluate(dose, new Float64Array(4))).toBeCloseTo(formula(doseOf(w), w), 9);
    expect(formula(doseOf(w), w), 'it has a say').not.toBe(0);
    expect(Math.min(...w)).toBeGreaterThan(0.1);
    for (const slope of slopesOf(whole, w)) expect(Math.abs(slope)).toBeLessThan(1e-2);
    expect(certificate.isConvex).toBe(true);
    expect(certificate.lowerBound!).toBeLessThanOrEqual(whole(doseOf(w), w) + 1e-9);
  });

  test('fluenceSmoothness: closed form of two weights', () => {
    const smooth = fluenceSmoothness(operator, Int32Array.of(0, 1), 3);
    const { weights } = solve({ operator: smooth.operator, objectives: [target, smooth.objective] }, { gap: 1e-10 });
    // Normal equations of sum_i (a_i w - 20)^2 / 2 + 3 (w_0 - w_1)^2.
    const [[a, b], [c, d]] = matrix as [[number, number], [number, number]];
    const [xx, xy, yy] = [(a * a + c * c) / 2 + 3, (a * b + c * d) / 2 - 3, (b * b + d * d) / 2 + 3];
    const [rx, ry] = [(20 * (a + c)) / 2, (20 * (b + d)) / 2];
    const det = xx * yy - xy * xy;
    expect(weights[0]!).toBeCloseTo((rx * yy - ry * xy) / det, 3);
    expect(weights[1]!).toBeCloseTo((ry * xx - rx * xy) / det, 3);
  });

  test.each([
    ['maximumDvh', maximumDvh('organ', organ, 3, 0.3, 2), (d: readonly number[]) => 2 * 0.75 * over(d[3]! - 3)],
    ['minimumDvh', minimumDvh('organ', organ, 16, 0.9, 2), (d: readonly number[]) => 2 * 0.25 * over(16 - d[2]!)],
  ] as const)('%s: not convex; what is proven leaves it out, and holds', (_, objective, formula) => {
    const dose = Float64Array.of(20, 20, 9, 8);
    const value = objective.evaluate(dose, new Float64Array(4));
    expect(value).toBeGreaterThanOrEqual(0);
    expect([0, formula([...dose])].some((of) => Math.abs(of - value) < 1e-9)).toBe(true);
    const { certificate } = solve({ operator, objectives: [target, objective] }, { gap: 1e-9 });
    expect(certificate.isConvex).toBe(false);
    const alone = solve({ operator, objectives: [target] }, { gap: 1e-9 });
    expect(certificate.lowerBound!).toBeLessThanOrEqual(alone.objective + 1e-9);
  });
});

/** kind, constraint, its left side and its bound; the side of a minimum has its sign turned. */
const constraints: readonly (readonly [string, optimize.Constraint, Formula, number])[] = [
  ['maximumDose', maximumDose('organ', rowsOf(2), 7), (d) => d[2]!, 7],
  ['minimumDose', minimumDose('organ', rowsOf(2), 13), (d) => -d[2]!, -13],
  ['maximumMean', maximumMean('organ', organ, 8), (d) => mean(organOf(d)), 8],
  ['minimumMean', minimumMean('organ', organ, 13), (d) => -mean(organOf(d)), -13],
  ['maximumGeud', maximumGeud('organ', organ, 4, 8), (d) => power(organOf(d), 4), 8],
  ['minimumGeud', minimumGeud('organ', organ, -4, 13), (d) => -power(organOf(d), -4), -13],
  ['maximumHottest', maximumHottest('organ', organ, 0.5, 8), (d) => (d[2]! + d[3]!) / 2, 8],
  [
    'constraintInBiologicalDose',
    constraintInBiologicalDose(maximumMean('organ', organ, 9), course),
    (d) => mean(inEqd2(organOf(d))),
    9,
  ],
  [
    'constraintInBiologicalDose',
    constraintInBiologicalDose(maximumDose('organ', organ, 9), course),
    (d) => Math.max(...inEqd2(organOf(d))),
    9,
  ],
];

describe('constraints', () => {
  test.each(constraints)('%s: it holds, binds, and the plan is the best under it', (_, constraint, left, bound) => {
    const { weights, status, certificate } = solve(
      { operator, objectives: [target], constraints: [constraint] },
      { gap: 1e-4 },
    );
    const w = [...weights];
    expect(status).toBe('reached');
    const side = left(doseOf(w), w);
    expect(side).toBeLessThanOrEqual(bound + 1e-9);
    expect(side).toBeGreaterThan(bound - 5e-3 * Math.abs(bound));
    // Where both weights are free, the objective falls straight across the bound: slopes are opposite, cost = price.
    const [f, g] = [slopesOf(ofTarget, w), slopesOf(left, w)];
    const along = f[0]! * g[0]! + f[1]! * g[1]!;
    expect(along).toBeLessThan(0);
    if (Math.min(...w) > 0.1) {
      const across = f[0]! * g[1]! - f[1]! * g[0]!;
      expect(Math.abs(across)).toBeLessThan(0.1 * Math.abs(along));
    }
    expect(certificate.lowerBound!).toBeLessThanOrEqual(ofTarget(doseOf(w), w));
    expect(certificate.gap!).toBeLessThanOrEqual(2e-2);
    expect(certificate.violation!.amount).toBeLessThanOrEqual(1e-9);
  });
});

test('the table of docs/optimisation.md has every kind, and no other', () => {
  const page = readFileSync(new URL('../../docs/optimisation.md', import.meta.url), 'utf8');
  // What CASE.json calls them stands in tables before.
  const listed = [...page.slice(page.indexOf('## In the library')).matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!);
  const tested = [...objectives.map(([name]) => name), ...constraints.map(([name]) => name)];
  expect([...new Set(listed)].sort()).toEqual(
    [...new Set([...tested, 'fluenceSmoothness', 'maximumDvh', 'minimumDvh'])].sort(),
  );
  for (const name of listed) expect(optimize).toHaveProperty(name);
});
