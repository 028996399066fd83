/** How a constraint is named. */
import { expect, test } from 'vitest';
import { nameOfConstraint } from '../../src/report/constraint-list.js';

const of = (more: object) =>
  nameOfConstraint({
    structure: 'SpinalCord',
    metric: 'Max',
    limit: 29.8,
    quantity: 'physical',
    courses: 'this',
    ...more,
  } as any);

test('a constraint is named with its scale only where that is not the physical dose', () => {
  expect(of({})).toBe('SpinalCord Max <= 29.8 Gy of this course');
  expect(of({ quantity: 'eqd2', alphaBeta: 2, limit: 70, courses: 'all' })).toBe(
    'SpinalCord Max <= 70 Gy EQD2/2 of all courses',
  );
});
