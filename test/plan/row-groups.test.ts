/** Groups of rows by a number for a key: the same as by its text, for all ways to group. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { groupRows } from '../../src/plan/row-groups.js';

const seed = 77;

test(`rows stand for one another as by text keys (seed ${seed})`, () => {
  const random = createRandom(seed);
  const spacing = [2, 2.5, 3] as const;
  const n = 3000;
  const points = Float64Array.from(
    { length: 3 * n },
    (_, c) => spacing[c % 3]! * Math.round(30 * (random.uniform() - 0.5)),
  );
  const zones = Uint8Array.from({ length: n }, () => Math.floor(4 * random.uniform()));
  const schemes = [
    [0, 0, 0, 0],
    [0, -1, 0, 0],
    [0, -1, 8, 16],
    [0, 6, 12, 24],
  ];
  const groupsOf = (scheme: readonly number[]): number[] => {
    const keys = new Map<string, number>();
    return Array.from(zones, (zone, row) => {
      const side = scheme[zone]!;
      const at = [0, 1, 2].map((a) => points[3 * row + a]! / (side > 0 ? side : spacing[a]!));
      const [i, j, k] = at.map(Math.round) as [number, number, number];
      const pair = `pair ${Math.floor((i + ((j + k) & 1)) / 2)} ${j} ${k}`;
      const key = side > 0 ? `${side} ${at.map(Math.floor).join(' ')}` : side < 0 ? pair : `row ${row}`;
      if (!keys.has(key)) keys.set(key, keys.size);
      return keys.get(key)!;
    });
  };
  // The first scheme whose groups times columns stay within 32 million is taken, or the last.
  const counts = schemes.map((scheme) => Math.max(...groupsOf(scheme)) + 1);
  schemes.forEach((scheme, s) => {
    const { rows, memberOf } = groupRows(points, zones, spacing, Math.floor(32e6 / counts[s]!));
    expect(Array.from(memberOf)).toEqual(groupsOf(scheme));
    rows.forEach((row, group) => {
      expect(memberOf[row]).toBe(group);
    });
  });
});
