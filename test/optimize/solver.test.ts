/** Objectives against central differences, and the solver against problems with known answers. */
import { expect, test } from 'vitest';
import type { LinearOperator } from '../../src/core/linear-operator.js';
import { createRandom } from '../../src/core/random.js';
import { meanDose } from '../../src/optimize/objective/mean-dose.js';
import type { Objective, RowSet } from '../../src/optimize/objective/objective.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import { squaredOverdose } from '../../src/optimize/objective/squared-overdose.js';
import { squaredUnderdose } from '../../src/optimize/objective/squared-underdose.js';
import { solve } from '../../src/optimize/solver.js';

const rowsOf = (...rows: number[]): RowSet => ({
  rows: Int32Array.from(rows),
  volumes: new Float64Array(rows.length).fill(1),
});

function dense(matrix: number[][]): LinearOperator {
  return {
    rows: matrix.length,
    columns: matrix[0]!.length,
    apply(w, out) {
      for (const [i, row] of matrix.entries()) out[i] = row.reduce((sum, a, j) => sum + a * w[j]!, 0);
      return out;
    },
    applyTranspose(y, out) {
      out.fill(0);
      for (const [i, row] of matrix.entries()) for (const [j, a] of row.entries()) out[j]! += a * y[i]!;
      return out;
    },
  };
}

const some: RowSet = { rows: Int32Array.of(0, 2, 3), volumes: Float64Array.of(1, 0.5, 2) };
const objectives: Objective[] = [
  squaredDeviation('deviation', some, { value: 10 }, 3),
  squaredUnderdose('underdose', some, { value: 10 }, 0.97, 3),
  squaredOverdose('overdose', some, Float64Array.of(6, 7, 8), 3),
  meanDose('mean', some, 3),
];

test.each(objectives.map((o) => [o.name, o] as const))(
  'gradient of %s is that of central differences (seed 3)',
  (_, objective) => {
    const random = createRandom(3);
    const dose = Float64Array.from({ length: 5 }, () => 9 + 3 * random.normal());
    const gradient = new Float64Array(5);
    objective.evaluate(dose, gradient);
    const h = 1e-5;
    for (let i = 0; i < 5; i++) {
      const at = (step: number): number => {
        const moved = dose.slice();
        moved[i]! += step;
        return objective.evaluate(moved, new Float64Array(5));
      };
      expect(gradient[i]!).toBeCloseTo((at(h) - at(-h)) / (2 * h), 6);
    }
  },
);

test('a cap on a sum: two equal wishes share it', () => {
  const operator = dense([
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  const solution = solve(
    {
      operator,
      objectives: [squaredDeviation('wish', rowsOf(0, 1), { value: 10 }, 100)],
      caps: { rows: Int32Array.of(2), bounds: Float64Array.of(12) },
    },
    { start: Float64Array.of(1, 3), rounds: 60, evaluationsPerRound: 60 },
  );
  expect(solution.dose[2]!).toBeLessThanOrEqual(12 * (1 + 1e-12));
  expect(solution.weights[0]!).toBeCloseTo(6, 1);
  expect(solution.weights[1]!).toBeCloseTo(6, 1);
  expect(solution.multipliers[0]!).toBeGreaterThan(0);
});

test('prescription without caps is met exactly; out of reach under a cap it is missed, and the cap holds', () => {
  const operator = dense([
    [1, 0.5],
    [0.5, 1],
    [1, 1],
  ]);
  const level = (): { value: number } => ({ value: 10 });
  const prescribed = (l: { value: number }) => ({ ...rowsOf(0, 1), fraction: 0.5, dose: 10, level: l });
  const free = level();
  const open = solve({
    operator,
    objectives: [squaredDeviation('target', rowsOf(0, 1), free, 100)],
    prescription: prescribed(free),
  });
  expect(open.status).toBe('reached');
  expect(open.prescriptionDose).toBeCloseTo(10, 9);
  const held = level();
  const capped = solve({
    operator,
    objectives: [squaredDeviation('target', rowsOf(0, 1), held, 100)],
    prescription: prescribed(held),
    caps: { rows: Int32Array.of(2), bounds: Float64Array.of(4) },
  });
  expect(capped.status).toBe('prescription-missed');
  expect(capped.dose[2]!).toBeLessThanOrEqual(4 * (1 + 1e-12));
  expect(capped.prescriptionDose).toBeLessThan(10);
});

test('malformed problems are refused', () => {
  const operator = dense([[1]]);
  const objective = squaredDeviation('target', rowsOf(0), { value: 1 }, 1);
  expect(() => solve({ operator, objectives: [] })).toThrow('there is no objective');
  expect(() =>
    solve({ operator, objectives: [objective], caps: { rows: Int32Array.of(4), bounds: Float64Array.of(1) } }),
  ).toThrow('row 4, but the operator has 1 rows');
});
