/** What holds in a plan and why, from bounds by voxel that are given: counts, what is left, who set it. */
import { expect, test } from 'vitest';
import { constraintsOf } from '../../src/plan/evaluation/constraint-list.js';
import { constraintListSentences, overruledCap } from '../../src/report/constraint-list.js';

const limits = [
  { name: 'this', courses: 'this', eqd2: 25, alphaBeta: 2, source: { citation: 'HyTEC' } },
  { name: 'all', courses: 'all', eqd2: 70, alphaBeta: 2 },
];
const bounds = (structure: string, dose: number[], binding: number[], more: object = {}) =>
  ({
    structure,
    origin: 'default',
    tolerances: limits,
    voxels: Int32Array.from(dose, (_, v) => v),
    maxima: Float64Array.from(dose),
    binding: Int32Array.from(binding),
    exceeded: [],
    ...more,
  }) as any;
const model = {
  cord: 'SpinalCord',
  grid: { shape: [1, 1, 4] },
  masks: new Map([['SpinalCord', { data: new Float32Array(4).fill(1) }]]),
  surface: new Float64Array(0),
  fineCord: new Int32Array(0),
} as any;
const plan = (more: object = {}) =>
  ({ cordCap: 29.8, cordCapOrigin: 'default', prescription: { fractions: 22 }, ...more }) as any;
const technique = (more: object = {}) => ({ hold: 'cord', voxels: {}, ...more }) as any;
const cord = bounds('SpinalCord', [20, 29.8, 31, 25], [0, 1, 0, 1]);

test('the cap is the strictest where no bound is below it, and leaves itself', () => {
  const [cap, ofThis, ofAll] = constraintsOf([cord], model, plan(), technique());
  expect(cap).toMatchObject({
    field: 'cordCap',
    origin: 'default',
    force: 'hard',
    voxels: 4,
    strictest: 2,
    leaves: [29.8, 29.8],
    shifts: 0,
  });
  expect(ofThis).toMatchObject({
    limit: 25,
    courses: 'this',
    strictest: 1,
    leaves: [20, 20],
    quantity: 'eqd2',
    alphaBeta: 2,
  });
  expect(ofThis!.basis).toBe('by default, as there was a prior course and the case sets none: HyTEC');
  expect(ofAll).toMatchObject({ limit: 70, courses: 'all', strictest: 1, leaves: [25, 25] });
  expect(ofAll!.basis).toBe('by default, as there was a prior course and the case sets none');
  const [alone, ...none] = constraintsOf([], model, plan(), technique());
  expect(alone).toMatchObject({ strictest: 4, leaves: [29.8, 29.8] });
  expect(none).toEqual([]);
  const [nowhere, all] = constraintsOf([bounds('SpinalCord', [1, 3, 2, 3], [0, 0, 0, 0])], model, plan(), technique());
  expect(nowhere).toMatchObject({ strictest: 0, leaves: null });
  expect(all).toMatchObject({ strictest: 4, leaves: [1, 3] });
});

test('another organ has no cap that could be stricter; what gives way is soft; shifts are of the cap alone', () => {
  const organ = bounds('Organ', [40, 10], [0, 1], { origin: 'case' });
  const robust = technique({ hold: 'prescription', voxels: { scenarios: [{}, {}] } });
  const [cap, first, second] = constraintsOf([organ], model, plan(), robust);
  expect(cap).toMatchObject({ force: 'soft', shifts: 2, strictest: 4 });
  expect(first).toMatchObject({
    force: 'soft',
    strictest: 1,
    leaves: [40, 40],
    shifts: 0,
    basis: 'set by the case: HyTEC',
  });
  expect(second).toMatchObject({ leaves: [10, 10], basis: 'set by the case' });
});

test('a default says what it rests on, and what it is worth in other fractions or for another organ', () => {
  const basis = (more: object, own = model): string => constraintsOf([], own, plan(more), technique())[0]!.basis;
  expect(basis({})).toBe(
    "by default, as the case sets none: 25 Gy EQD2/2 in 22 fractions, HyTEC's point maximum of a retreatment, stated for the thecal sac and 1 to 5 fractions",
  );
  // 29.8 (29.8 / 5 + 2) / 4
  expect(basis({ prescription: { fractions: 5 } })).toContain('; in 5 fractions it is 59.3 Gy EQD2/2');
  expect(basis({ cordCapOrigin: 'case' })).toBe('set by the case');
  // A number that was changed in code is not the default.
  expect(basis({ cordCap: 20 })).toBe('set by the case');
  const named = (name: string) =>
    ({ ...model, cord: name, masks: new Map([[name, { data: new Float32Array(0) }]]) }) as any;
  expect(basis({}, named('Brainstem'))).toContain('; Brainstem is another organ than it is stated for');
  for (const name of ['CaudaEquina', 'ThecalSac', 'Spinal canal'])
    expect(basis({}, named(name))).not.toContain('another organ');
});

test('in words: force, field, where it is the strictest, and what it leaves', () => {
  const sentences = constraintListSentences(
    constraintsOf([cord], model, plan(), technique({ voxels: { scenarios: [{}] } })),
  );
  expect(sentences[0]).toMatch(
    /^SpinalCord Max <= 29\.8 Gy of this course \(hard, also under 1 shifts; cordCap, by default.*\): strictest in 2 of 4 voxels, where it leaves 29\.80 Gy of this course\.$/,
  );
  const wide = bounds('SpinalCord', [20, 22.5, 20, 20.004], [0, 0, 1, 1], { origin: 'case' });
  const [cap, first, second] = constraintListSentences(constraintsOf([wide], model, plan(), technique()));
  expect(cap).toMatch(/: nowhere the strictest\.$/);
  expect(first).toContain(
    '(hard; retreatment.bounds, set by the case: HyTEC): strictest in 2 of 4 voxels, where it leaves 20.00 to 22.50 Gy of this course.',
  );
  expect(second).toContain('where it leaves 20.00 Gy of this course');
});

test('a cap that the case sets and a default makes idle is said, with the remedy', () => {
  const strict = bounds('SpinalCord', [20, 22, 21, 23], [0, 0, 1, 0]);
  const given = plan({ cordCap: 45, cordCapOrigin: 'case' });
  const of = (list: any[], own = given) => overruledCap(constraintsOf(list, model, own, technique()));
  expect(of([strict])).toBe(
    'The cap of 45 Gy that the case sets on SpinalCord holds nothing back: SpinalCord Max <= 25 Gy EQD2/2 of this course and SpinalCord Max <= 70 Gy EQD2/2 of all courses, by default after a prior course, is stricter everywhere. Set retreatment.bounds to change that; [] means none.',
  );
  expect(of([strict], plan())).toBeUndefined();
  expect(of([cord])).toBeDefined();
  expect(of([bounds('SpinalCord', [20, 50, 21, 23], [0, 0, 0, 0])])).toBeUndefined();
  expect(of([{ ...strict, origin: 'case' }])).toBeUndefined();
  expect(of([bounds('Organ', [1, 1, 1, 1], [0, 0, 0, 0])])).toBeUndefined();
  // Only those that are the strictest anywhere.
  expect(of([bounds('SpinalCord', [20, 22, 21, 23], [0, 0, 0, 0])])).not.toContain('70 Gy');
  expect(overruledCap([])).toBeUndefined();
});
