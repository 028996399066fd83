/** Beamlets that reach nothing that is asked for: by objectives, limits and the prescription alike. */
import { expect, test } from 'vitest';
import { maximumDose } from '../../src/optimize/constraint.js';
import { squaredDeviation } from '../../src/optimize/objective/squared-deviation.js';
import { darken, unreachedColumns } from '../../src/optimize/unreached.js';
import { dense, rowsOf } from './problems.js';

test('a column counts that reaches a row of an objective, of a limit, or of the prescription', () => {
  const operator = dense(Array.from({ length: 4 }, (_, i) => Array.from({ length: 4 }, (__, j) => (i === j ? 1 : 0))));
  const objectives = [squaredDeviation('wish', rowsOf(0), { value: 10 }, 1)];
  const limits = [maximumDose('cap', rowsOf(1), 5)];
  const prescription = { ...rowsOf(2), dose: 10 } as any;
  expect([...unreachedColumns({ operator, objectives })]).toEqual([0, 1, 1, 1]);
  expect([...unreachedColumns({ operator, objectives, constraints: limits })]).toEqual([0, 0, 1, 1]);
  const unreached = unreachedColumns({ operator, objectives, constraints: limits, prescription });
  expect([...unreached]).toEqual([0, 0, 0, 1]);
  const weights = Float64Array.of(1, 2, 3, 4);
  darken(weights, unreached);
  expect([...weights]).toEqual([1, 2, 3, 0]);
});
