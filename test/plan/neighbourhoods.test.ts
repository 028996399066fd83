/** Rows of the preconditioner side by side with their neighbours. */
import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { neighbourhoods } from '../../src/plan/problem/voxel-clusters.js';

test('every row once, at most 64 together, those that it stands for with it (seed 1)', () => {
  const random = createRandom(1);
  const points = Float64Array.from(
    { length: 3 * 1000 },
    (_, k) => (k % 3 === 0 ? 3 : 1) * Math.floor(40 * random.uniform()),
  );
  const rows = Int32Array.from({ length: 900 }, (_, q) => 999 - q);
  const memberOf = Int32Array.from({ length: 1000 }, (_, row) => (row < 50 ? -1 : row < 100 ? row : 999 - row));
  const { rows: ordered, starts, memberOf: members } = neighbourhoods(points, { rows, memberOf });
  expect([...ordered].sort((a, b) => a - b)).toEqual([...rows].sort((a, b) => a - b));
  expect(starts[0]).toBe(0);
  expect(starts.at(-1)).toBe(900);
  for (let k = 0; k + 1 < starts.length; k++) {
    expect(starts[k + 1]! - starts[k]!).toBeGreaterThan(0);
    expect(starts[k + 1]! - starts[k]!).toBeLessThanOrEqual(64);
  }
  memberOf.forEach((index, row) => {
    if (index < 0) expect(members[row]).toBe(-1);
    else expect(ordered[members[row]!]).toBe(rows[index]);
  });
  // Neighbours: the mean extent of a neighbourhood is far below that of all.
  let extent = 0;
  for (let k = 0; k + 1 < starts.length; k++) {
    const own = [...ordered.subarray(starts[k]!, starts[k + 1]!)].map((row) => points[3 * row]!);
    extent += (Math.max(...own) - Math.min(...own)) / (starts.length - 1);
  }
  expect(extent).toBeLessThan(40);
});
