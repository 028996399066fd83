/** Scenarios as rows: which shifts, where their rows stand, and which nominal row stands for a shifted one. */
import { expect, test } from 'vitest';
import { groupScenarios, refuseRobust, scenarioShifts, withScenarios } from '../../src/plan/problem/scenario.js';

const set = (rows: number[], volumes = rows.map((r) => r + 0.5)) => ({
  rows: Int32Array.from(rows),
  volumes: Float64Array.from(volumes),
});
/** Six rows along x, 2 mm apart, and the isocentre; the cord is row 0, the target rows 2 to 4, an organ row 5. */
const voxels = {
  points: Float64Array.from([...Array.from({ length: 6 }, (_, i) => [10 + 2 * i, 5, 7]), [13, 5, 7]].flat()),
  zones: Uint8Array.of(0, 3, 4, 4, 1, 1, 0),
  spacing: [2, 2, 2],
  cord: set([0]),
  target: set([2, 3, 4]),
  organs: [{ name: 'Organ', ...set([5]) }],
  isocenterRow: 6,
} as any;

test('a distance is six shifts along the axes; of a list each counts once, and the nominal place not at all', () => {
  expect(scenarioShifts({ distance: 3 })).toEqual([
    [3, 0, 0],
    [-3, 0, 0],
    [0, 3, 0],
    [0, -3, 0],
    [0, 0, 3],
    [0, 0, -3],
  ]);
  expect(
    scenarioShifts({
      shifts: [
        [1, 0, 0],
        [0, 0, 0],
        [1, 0, 0],
        [0, 0, 2],
      ],
    }),
  ).toEqual([
    [1, 0, 0],
    [0, 0, 2],
  ]);
});

test('every scenario adds the cord, and the target where it counts, at the same places', () => {
  const nominal = withScenarios(voxels, [[3, 0, 0]], 'nominal');
  expect(nominal.points).toHaveLength(3 * 8);
  expect([...nominal.points.slice(21)]).toEqual([10, 5, 7]);
  expect(nominal.scenarios).toEqual([{ shift: [3, 0, 0], from: 7, to: 8, cord: set([7], [0.5]) }]);
  const worst = withScenarios(
    voxels,
    [
      [3, 0, 0],
      [0, 3, 0],
    ],
    'worst',
    [[0, 0, 1]],
  );
  expect(worst.points).toHaveLength(3 * (7 + 4 + 4 + 1));
  const [first, second, third] = worst.scenarios!;
  expect([first!.from, first!.to, second!.from, second!.to, third!.from, third!.to]).toEqual([7, 11, 11, 15, 15, 16]);
  expect([...second!.cord.rows, ...second!.target!.rows]).toEqual([11, 12, 13, 14]);
  expect([...second!.target!.volumes]).toEqual([2.5, 3.5, 4.5]);
  expect(third).not.toHaveProperty('target');
  expect([...worst.zones.slice(7)]).toEqual([0, 4, 4, 1, 0, 4, 4, 1, 0]);
  expect([...worst.points.slice(3 * 12, 3 * 13)]).toEqual([14, 5, 7]);
  expect([...worst.points.slice(0, 21)]).toEqual([...voxels.points]);
});

test('without a cord there is only the target to look at, and without both nothing', () => {
  const bare = { ...voxels, cord: set([]) };
  expect(() => withScenarios(bare, [[3, 0, 0]], 'nominal')).toThrow(/no voxel of the dose grid holds any cord/);
  expect(withScenarios(bare, [[3, 0, 0]], 'worst', [[1, 0, 0]]).scenarios).toHaveLength(1);
});

test('for a shifted row of the target stands the nominal one that sees the same beamlets; the cord’s stand for themselves', () => {
  const groups = { rows: Int32Array.of(0, 1, 2, 4, 5, 6), memberOf: Int32Array.of(0, 1, 2, 2, 3, 4, 5) };
  expect(groupScenarios(groups, voxels)).toBe(groups);
  const of = (x: number) => groupScenarios(groups, withScenarios(voxels, [[x, 0, 0]], 'worst'));
  // 2 mm on: rows 3 and 4 stand for 2 and 3; row 5 has a cap, so that the nearest without one is 4 again.
  const moved = of(2);
  expect([...moved.memberOf]).toEqual([...groups.memberOf, 6, 2, 3, 3]);
  expect([...moved.rows]).toEqual([...groups.rows, 7]);
  expect([...of(-2).memberOf.slice(8)]).toEqual([1, 2, 2]);
  // Back by three steps the first would be the cord's: the next that is free.
  expect([...of(-6).memberOf.slice(8)]).toEqual([1, 1, 1]);
  // Further than two steps of the grid from any it stands alone.
  const far = of(20);
  expect([...far.memberOf.slice(7)]).toEqual([6, 7, 8, 9]);
  expect([...far.rows.slice(6)]).toEqual([7, 8, 9, 10]);
  const off = groupScenarios(
    groups,
    withScenarios(
      voxels,
      [
        [0, 4, 0],
        [0, 0, -5.1],
      ],
      'worst',
    ),
  );
  expect([...off.memberOf.slice(7)]).toEqual([6, 2, 2, 3, 7, 8, 9, 10]);
});

test('up to two steps of the grid off, along any axis and either way, a nominal row is found', () => {
  const groups = { rows: Int32Array.of(0, 1, 2, 4, 5, 6), memberOf: Int32Array.of(0, 1, 2, 2, 3, 4, 5) };
  for (const axis of [1, 2]) {
    for (const [off, isFound] of [
      [4, true],
      [-4, true],
      [6, false],
      [-6, false],
    ] as const) {
      const shift = [0, 1, 2].map((a) => (a === axis ? off : 0)) as unknown as [number, number, number];
      const { memberOf } = groupScenarios(groups, withScenarios(voxels, [shift], 'worst'));
      expect([...memberOf.slice(8)]).toEqual(isFound ? [2, 2, 3] : [7, 8, 9]);
    }
  }
});

test('a sweep over nominal plans refuses a robust case', () => {
  expect(() => refuseRobust('trade-off', { imrt: {} } as any)).not.toThrow();
  expect(() => refuseRobust('trade-off', { imrt: { robust: { distance: 3 } } } as any)).toThrow(
    /^trade-off: its IMRT plans are nominal/,
  );
});
