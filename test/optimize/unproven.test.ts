/** What is not proven is not called reached; time ends a solve with the plan so far; a solver that gets no nearer ends by itself. */
import { describe, expect, test } from 'vitest';
import type { LinearOperator } from '../../src/core/linear-operator.js';
import { maximumDose } from '../../src/optimize/constraint.js';
import { maximumDvh } from '../../src/optimize/objective/dose-volume.js';
import { meanDose } from '../../src/optimize/objective/mean-dose.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import type { Problem } from '../../src/optimize/problem.js';
import { type SolveProgress, solve } from '../../src/optimize/solver.js';
import { dense, randomMatrix, rowsOf } from './problems.js';

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const problemOf = (operator: LinearOperator = dense(randomMatrix(90, 40, 61))): Problem => ({
  operator,
  objectives: [
    squaredDeviation('target', rowsOf(...numbers(0, 30)), { value: 10 }, 10),
    meanDose('tissue', rowsOf(...numbers(60, 90)), 1),
  ],
  constraints: [maximumDose('organ', rowsOf(...numbers(30, 60)), 6)],
});

/** An operator whose transpose is off: no tangent that it gives proves anything useful. */
function unprovable(): LinearOperator {
  const operator = dense(randomMatrix(90, 40, 61));
  return {
    ...operator,
    applyTranspose(y, out) {
      operator.applyTranspose(y, out);
      out.forEach((value, c) => {
        out[c] = value * (1 + 0.3 * Math.sin(5 * c)) - 0.5;
      });
      return out;
    },
  };
}

test('reached is said of a proven plan only: its gap is the one asked for', () => {
  for (const gap of [0.05, 1e-3, 1e-4]) {
    const { status, certificate } = solve(problemOf(), { gap });
    expect(status).toBe('reached');
    expect(certificate.gap!).toBeLessThanOrEqual(gap);
  }
});

test('steps used up before the proof: unproven, with the gap that there is', () => {
  for (const maxSteps of [1, 2, 4]) {
    const { status, certificate } = solve(problemOf(), { gap: 1e-6, maxSteps });
    expect(status).toBe('unproven');
    expect(certificate.gap === null || certificate.gap > 1e-6).toBe(true);
    expect(certificate.violation!.amount).toBeLessThanOrEqual(0);
  }
});

test('terms that are not convex and cost something are not proven away', () => {
  const { objectives, ...problem } = problemOf();
  const dvh = maximumDvh('organ', rowsOf(...numbers(30, 60)), 0.1, 0.1, 50);
  const { status, certificate } = solve({ ...problem, objectives: [...objectives, dvh] });
  expect(certificate.isConvex).toBe(false);
  expect(status === 'reached').toBe(certificate.gap !== null && certificate.gap <= 0.01);
});

describe('a solver that gets no nearer', () => {
  test('ends by itself, unproven, after few products', () => {
    const seen: SolveProgress[] = [];
    const solution = solve(problemOf(unprovable()), { maxSteps: 2000, onProgress: (p) => seen.push(p) });
    expect(solution.status).toBe('unproven');
    expect(seen.length).toBeLessThan(80);
    expect(solution.evaluations).toBeLessThan(1500);
    expect(solution.certificate.violation!.amount).toBeLessThanOrEqual(0);
  });
});

describe('a time limit', () => {
  /** Every product takes a while. */
  const slow = (milliseconds: number): LinearOperator & { calls: number } => {
    const operator = dense(randomMatrix(90, 40, 61));
    const wait = (): void => {
      for (const end = Date.now() + milliseconds; Date.now() < end; ) slowed.calls++;
    };
    const slowed = {
      ...operator,
      calls: 0,
      apply(w: Float64Array, out: Float64Array) {
        wait();
        return operator.apply(w, out);
      },
    };
    return slowed;
  };

  test('ends the solve near it, with a plan that keeps its limits and what is proven of it', () => {
    const { operator: exact, ...problem } = problemOf();
    const sample = { matrix: new Float32Array(90 * 40), count: 90, memberOf: Int32Array.from(numbers(0, 90)) };
    const column = new Float64Array(90);
    for (let c = 0; c < 40; c++) {
      const one = new Float64Array(40);
      one[c] = 1;
      exact.apply(one, column).forEach((value, row) => {
        sample.matrix[40 * row + c] = value;
      });
    }
    const start = Date.now();
    const { status, certificate, weights } = solve(
      { ...problem, operator: slow(20), sample },
      { gap: 1e-9, timeLimit: 0.3 },
    );
    expect(status).toBe('time-limit');
    expect(Date.now() - start).toBeLessThan(1500);
    expect(certificate.violation!.amount).toBeLessThanOrEqual(0);
    expect(weights.every((w) => w >= 0 && Number.isFinite(w))).toBe(true);
    const best = solve(problemOf(), { gap: 1e-9 }).certificate.value;
    expect(certificate.value).toBeGreaterThanOrEqual(best * (1 - 1e-9));
    expect(certificate.lowerBound ?? -Infinity).toBeLessThanOrEqual(best * (1 + 1e-9));
  });

  test('of nothing still gives a plan; one that is not needed changes nothing', () => {
    const { status, certificate, dose } = solve(problemOf(), { timeLimit: 0 });
    expect(status).toBe('time-limit');
    expect(certificate.violation!.amount).toBeLessThanOrEqual(0);
    expect(dose.every(Number.isFinite)).toBe(true);
    expect(solve(problemOf(), { timeLimit: 600 }).weights).toEqual(solve(problemOf()).weights);
  });

  test('that is none is refused', () => {
    for (const timeLimit of [-1, Number.NaN]) {
      expect(() => solve(problemOf(), { timeLimit })).toThrow(`timeLimit is ${timeLimit} s, but must be >= 0`);
    }
  });
});
