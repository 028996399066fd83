/** Groups of rows by a number for a key: the same as by its text, for all ways to group. */
import { describe, expect, it, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { clusterVoxels } from '../../src/plan/problem/voxel-clusters.js';

const seed = 77;

test(`rows stand for one another as by text keys (seed ${seed})`, () => {
  const random = createRandom(seed);
  const spacing = [2, 2.5, 3] as const;
  const n = 3000;
  const points = Float64Array.from(
    { length: 3 * n },
    (_, c) => spacing[c % 3]! * Math.round(30 * (random.uniform() - 0.5)),
  );
  const zones = Uint8Array.from({ length: n }, () => Math.floor(5 * random.uniform()));
  const schemes = [
    [0, 0, 0, 0, 0],
    [0, -1, 0, 0, 4],
    [0, -1, 8, 0, 4],
    [0, 6, 12, 24, 8],
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
  // The first scheme whose groups times columns stay within 38 million is taken, or the last.
  const counts = schemes.map((scheme) => Math.max(...groupsOf(scheme)) + 1);
  schemes.forEach((scheme, s) => {
    const { rows, memberOf } = clusterVoxels(points, zones, spacing, Math.floor(38e6 / counts[s]!));
    expect(Array.from(memberOf)).toEqual(groupsOf(scheme));
    rows.forEach((row, group) => {
      expect(memberOf[row]).toBe(group);
    });
  });
});

describe('groups of rows', () => {
  // 9 x 11 x 7 voxels of 2 x 3 x 2.5 mm; zones by row, so that neighbours differ.
  const [nx, ny, nz] = [9, 11, 7];
  const spacing: [number, number, number] = [2, 3, 2.5];
  const count = nx * ny * nz;
  const points = Float64Array.from({ length: 3 * count }, (_, q) => {
    const row = Math.floor(q / 3);
    return spacing[q % 3]! * [row % nx, Math.floor(row / nx) % ny, Math.floor(row / nx / ny)][q % 3]!;
  });
  const zones = Uint8Array.from({ length: count }, (_, row) => Math.floor(row / 50) % 5);
  // From all rows one by one to the coarsest.
  for (const columns of [10, 60_000, 90_000, 1_000_000]) {
    const { rows, memberOf } = clusterVoxels(points, zones, spacing, columns);
    const members = new Int32Array(rows.length);
    for (const group of memberOf) members[group]!++;

    it(`${columns} columns: every row has a group, and who stands for it is one of its own`, () => {
      expect(members.every((m) => m > 0)).toBe(true);
      rows.forEach((row, group) => {
        expect(memberOf[row]).toBe(group);
      });
    });

    it(`${columns} columns: no group spans two zones, and the cord's rows are alone`, () => {
      memberOf.forEach((group, row) => {
        expect(zones[rows[group]!]).toBe(zones[row]);
        if (zones[row] === 0) expect(members[group]).toBe(1);
      });
    });

    it(`${columns} columns: the inside of the target shares blocks of at most 8 mm`, () => {
      memberOf.forEach((group, row) => {
        if (zones[row] !== 4) return;
        for (const axis of [0, 1, 2]) {
          expect(Math.abs(points[3 * row + axis]! - points[3 * rows[group]! + axis]!)).toBeLessThan(8);
        }
      });
    });
  }

  it('of compact rows what has constraints counts one by one, however many columns there are', () => {
    const withOrgans = zones.map((zone, row) => (row % 5 === 0 ? 5 : zone));
    for (const columns of [10, 2_700_000, 1e9]) {
      const { rows, memberOf } = clusterVoxels(points, withOrgans, spacing, columns, true);
      const members = new Int32Array(rows.length);
      for (const group of memberOf) members[group]!++;
      memberOf.forEach((group, row) => {
        if (withOrgans[row] === 0 || withOrgans[row] === 5) expect(members[group]).toBe(1);
      });
      if (columns > 10) expect(rows.length).toBeLessThan(count);
    }
  });

  it('of all others an organ is grouped as what lies near the target', () => {
    const [near, organs] = [zones.map((zone) => (zone === 1 ? 1 : 0)), zones.map((zone) => (zone === 1 ? 5 : 0))];
    for (const columns of [10, 60_000, 90_000, 1_000_000]) {
      expect(clusterVoxels(points, organs, spacing, columns)).toEqual(clusterVoxels(points, near, spacing, columns));
    }
  });

  it('groups more the more columns there are, far tissue last', () => {
    const groups = [10, 60_000, 90_000, 1_000_000].map((columns) => clusterVoxels(points, zones, spacing, columns));
    const far = groups.map(({ rows }) => rows.filter((row) => zones[row] === 3).length);
    expect(groups[0]!.rows).toHaveLength(count);
    for (let q = 1; q < groups.length; q++) {
      expect(groups[q]!.rows.length).toBeLessThanOrEqual(groups[q - 1]!.rows.length);
    }
    expect(groups[1]!.rows.length).toBeLessThan(count);
    expect(far[1]).toBe(far[0]);
    expect(far[3]).toBeLessThan(far[0]!);
  });
});
