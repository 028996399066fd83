/** Bounds in words and as JSON: the room left or the excess, the range, who holds it. */
import { expect, test } from 'vitest';
import type { ConstraintOutcome } from '../../src/plan/evaluation/constraint-outcome.js';
import { constraintReport, constraintSentences } from '../../src/report/constraints.js';

const held: ConstraintOutcome = {
  structure: 'Esophagus',
  tolerances: [{ name: 'own', courses: 'all', eqd2: 60, alphaBeta: 3, warnings: ['assumed by us'] }] as any,
  force: 'hard',
  voxels: 120,
  rows: 40,
  range: [21.26, 30.04],
  targetVoxels: 0,
  broken: 0,
  worst: { limit: 'own', place: [1.2, -30.6, 8], excess: -1.2345, eqd2: -2.5 },
};
const sentence = (more: Partial<ConstraintOutcome>): string => constraintSentences([{ ...held, ...more }])[0]!;

test('a bound that holds tells the room left, where it is least', () => {
  expect(sentence({})).toBe(
    'Esophagus: bounded to 21.3 to 30.0 Gy of this course in 120 voxels (40 rows of the optimiser); held in all, nearest 1.234 Gy below at (1, -31, 8) mm (own); assumed by us.',
  );
  expect(sentence({ range: [21.26, 21.3] })).toContain('bounded to 21.3 Gy of this course');
  // Nothing is never minus nothing.
  expect(sentence({ worst: { ...held.worst!, excess: 0.0003 } })).toContain('nearest 0.000 Gy below');
  expect(sentence({ worst: { ...held.worst!, excess: -0.0006 } })).toContain('nearest 0.001 Gy below');
});

test('one that is broken tells by how much, and one with target in it says so', () => {
  const broken = sentence({
    force: 'soft',
    broken: 3,
    targetVoxels: 5,
    worst: { ...held.worst!, excess: 0.75, eqd2: 1.5 },
  });
  expect(broken).toContain('bounded as far as the prescription allows to 21.3 to 30.0 Gy');
  expect(broken).toContain('; 3 are above, by up to 0.750 Gy (1.500 Gy EQD2) at (1, -31, 8) mm, against own; ');
  expect(broken).toContain('; 5 of its voxels hold target and are bounded below the prescription');
  expect(sentence({ range: undefined, worst: undefined })).toBe(
    'Esophagus has no voxel on the dose grid: there is nothing to bound.',
  );
});

test('as JSON, with the price of the structure’s own limit', () => {
  const prices = [
    { limit: 'cord', price: 4, active: [] },
    { limit: 'Esophagus', price: 0.123456, active: [] },
  ];
  const plan = { solution: { certificate: { prices } } } as any;
  const [own, cord, other] = constraintReport(
    {
      plan,
      constraintOutcomes: [
        held,
        { ...held, structure: 'SpinalCord', rows: 120 },
        { ...held, structure: 'Skin', force: 'soft' },
      ],
    },
    'SpinalCord',
  );
  expect(own).toMatchObject({ objectivePerGy: 0.1235, boundGy: [21.26, 30.04], nearest: { excess: -1.2345 } });
  expect(own!.proof).toMatch(
    /^40 voxels are rows of the optimiser; the dose of the engine keeps the bound in the 80 others/,
  );
  expect(cord).toMatchObject({ objectivePerGy: 4, proof: 'every voxel is a row of the optimiser' });
  expect(other).toMatchObject({ objectivePerGy: null, proof: expect.stringMatching(/^none: the prescription holds/) });
});
