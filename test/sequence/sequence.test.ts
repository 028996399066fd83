import { readFileSync } from 'node:fs';
import type { LegacyHighs } from 'highs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { fewSegments } from '../../src/sequence/few-segments.js';
import { createIntensityMap, type IntensityMap } from '../../src/sequence/intensity-map.js';
import { beamOnTime, deliveredIntensities, interdigitates, type Segment } from '../../src/sequence/segment.js';
import { leastBeamOnTime, leastSweep, sweepSegments } from '../../src/sequence/sweep.js';
import { loadHighs } from '../optimize/programs.js';
import { hasShared, noteSkipped, shared } from '../shared.js';

const randomRows = (seed: number, rows: number, columns: number, highest: number): number[][] => {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => Math.floor((highest + 1) * random.uniform())),
  );
};
const seeds = Array.from({ length: 12 }, (_, n) => n + 1);
const mapOf = (seed: number): IntensityMap => createIntensityMap(randomRows(seed, 3 + (seed % 9), 2 + (seed % 11), 14));
const delivers = (segments: readonly Segment[], map: IntensityMap): boolean =>
  deliveredIntensities(segments, map.rows, map.columns).intensities.every((units, at) => units === map.intensities[at]);

describe.each(seeds)('random map %i', (seed) => {
  const map = mapOf(seed);
  const rows = Array.from({ length: map.rows }, (_, i) => [
    ...map.intensities.subarray(i * map.columns, (i + 1) * map.columns),
  ]);

  test('segments deliver the map exactly, in the least beam-on time, with weights above zero', () => {
    for (const [segments, time] of [
      [sweepSegments(leastSweep(map)), leastBeamOnTime(map)],
      [sweepSegments(leastSweep(map, true)), leastBeamOnTime(map, true)],
      [fewSegments(map), leastBeamOnTime(map)],
    ] as const) {
      expect(delivers(segments, map)).toBe(true);
      expect(beamOnTime(segments)).toBe(time);
      expect(segments.every(({ weight }) => weight > 0)).toBe(true);
    }
  });

  test('with the interleaf constraint no ends overlap; it never saves time', () => {
    expect(sweepSegments(leastSweep(map, true)).some(interdigitates)).toBe(false);
    expect(leastBeamOnTime(map, true)).toBeGreaterThanOrEqual(leastBeamOnTime(map));
  });

  test('a map and its mirror images take as long; scaled, they take as much longer', () => {
    const mirrored = createIntensityMap(rows.map((row) => [...row].reverse()));
    const turned = createIntensityMap([...rows].reverse());
    const tripled = createIntensityMap(rows.map((row) => row.map((units) => 3 * units)));
    for (const interleaf of [false, true]) {
      const time = leastBeamOnTime(map, interleaf);
      expect(leastBeamOnTime(mirrored, interleaf)).toBe(time);
      expect(leastBeamOnTime(turned, interleaf)).toBe(time);
      expect(leastBeamOnTime(tripled, interleaf)).toBe(3 * time);
    }
    expect(fewSegments(tripled)).toHaveLength(fewSegments(map).length);
  });

  test('a row more, or empty pixels around, never saves time; two maps one after the other bound their sum', () => {
    const fewer = createIntensityMap(rows.slice(1));
    const framed = createIntensityMap(rows.map((row) => [0, ...row, 0]));
    const other = createIntensityMap(randomRows(seed + 100, map.rows, map.columns, 9));
    const both = createIntensityMap(
      rows.map((row, i) => row.map((units, j) => units + other.intensities[i * map.columns + j]!)),
    );
    for (const interleaf of [false, true]) {
      const time = leastBeamOnTime(map, interleaf);
      expect(leastBeamOnTime(fewer, interleaf)).toBeLessThanOrEqual(time);
      expect(leastBeamOnTime(framed, interleaf)).toBe(time);
      expect(leastBeamOnTime(both, interleaf)).toBeLessThanOrEqual(time + leastBeamOnTime(other, interleaf));
    }
  });

  test('the search is never worse than the greedy rule, and no better than half of the differences of a row', () => {
    const found = fewSegments(map).length;
    expect(found).toBeLessThanOrEqual(fewSegments(map, { tries: 1 }).length);
    const most = Math.max(...rows.map((row) => [...row, 0].filter((units, j) => units !== (row[j - 1] ?? 0)).length));
    expect(found).toBeGreaterThanOrEqual(most / 2);
  });
});

describe('against linear programs over every shape that the leaves can take', () => {
  let highs: LegacyHighs;
  beforeAll(async () => {
    highs = await loadHighs();
  });

  /** Every shape of `rows` pairs over `columns` pixels. */
  const shapesOf = (rows: number, columns: number): { left: Int32Array; right: Int32Array }[] => {
    const pairs: [number, number][] = [];
    for (let l = 0; l <= columns; l++) for (let r = l; r <= columns; r++) pairs.push([l, r]);
    let shapes: [number, number][][] = [[]];
    for (let i = 0; i < rows; i++) shapes = shapes.flatMap((shape) => pairs.map((pair) => [...shape, pair]));
    return shapes.map((shape) => ({
      left: Int32Array.from(shape, ([l]) => l),
      right: Int32Array.from(shape, ([, r]) => r),
    }));
  };

  test.each(
    [1, 2, 3, 4, 5].flatMap(
      (seed) =>
        [
          [seed, false],
          [seed, true],
        ] as const,
    ),
  )('seed %i, interleaf constraint %s', (seed, interleaf) => {
    const map = createIntensityMap(randomRows(seed, 3, 3, 7));
    const shapes = shapesOf(3, 3).filter((shape) => !interleaf || !interdigitates(shape));
    const covering = (i: number, j: number): string =>
      shapes.flatMap(({ left, right }, s) => (left[i]! <= j && j < right[i]! ? [`x${s}`] : [])).join(' + ');
    const text = [0, 1, 2].flatMap((i) =>
      [0, 1, 2].map((j) => ` p${i}${j}: ${covering(i, j)} = ${map.intensities[3 * i + j]}`),
    );
    const all = shapes.map((_, s) => `x${s}`).join(' + ');
    const { ObjectiveValue } = highs.solve(`Minimize\n obj: ${all}\nSubject To\n${text.join('\n')}\nEnd`);
    expect(leastBeamOnTime(map, interleaf)).toBeCloseTo(ObjectiveValue, 6);
  });
});

noteSkipped('published intensity matrices');
describe.skipIf(!hasShared)('50 published matrices', () => {
  interface Instance {
    readonly matrix: number[][];
    readonly B_star: number;
    readonly B_star_interleaf_constraint_LP: number;
    readonly K_star_at_Bstar?: number;
    readonly K_star_proven_optimal?: boolean;
  }
  const instances: [string, Instance][] = hasShared
    ? Object.entries(JSON.parse(readFileSync(shared('reference/sequencing/instances.json'), 'utf8')))
    : [];

  test('the least beam-on time is the optimum in all, with and without the interleaf constraint', () => {
    expect(instances).toHaveLength(50);
    for (const [name, { matrix, ...optimum }] of instances) {
      const map = createIntensityMap(matrix);
      expect([name, leastBeamOnTime(map), leastBeamOnTime(map, true)]).toEqual([
        name,
        optimum.B_star,
        optimum.B_star_interleaf_constraint_LP,
      ]);
      expect(delivers(sweepSegments(leastSweep(map, true)), map)).toBe(true);
    }
  });

  test('segments: within 10 % of the proven fewest on average, nowhere over 25 %', () => {
    const proven = instances.filter(([, { K_star_proven_optimal }]) => K_star_proven_optimal);
    const excess = proven.map(([, { matrix, K_star_at_Bstar, B_star }]) => {
      const map = createIntensityMap(matrix);
      const segments = fewSegments(map);
      expect(delivers(segments, map)).toBe(true);
      expect(beamOnTime(segments)).toBe(B_star);
      return segments.length / K_star_at_Bstar! - 1;
    });
    expect(excess.length).toBeGreaterThanOrEqual(20);
    expect(Math.min(...excess)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...excess)).toBeLessThanOrEqual(0.25);
    expect(excess.reduce((a, b) => a + b, 0) / excess.length).toBeLessThanOrEqual(0.05);
  });
});

test.each([
  ['no row', [], 'intensity map: it has no pixel. Give one row of intensities for each leaf pair.'],
  ['rows of two lengths', [[1, 2], [3]], 'intensity map: row 2 has 1 pixels and row 1 has 2. Give rows of one length.'],
  ['negative', [[1, -2]], 'row 1, pixel 2 is -2, but must be a whole number'],
  ['not a number', [[NaN]], 'row 1, pixel 1 is NaN, but must be a whole number'],
  ['a fraction', [[0.5]], 'Round the fluence to levels first.'],
])('%s is refused', (_, rows, sentence) => {
  expect(() => createIntensityMap(rows)).toThrow(sentence);
});

test('an empty map needs no segment', () => {
  const map = createIntensityMap([
    [0, 0],
    [0, 0],
  ]);
  expect(leastBeamOnTime(map, true)).toBe(0);
  expect(fewSegments(map)).toEqual([]);
  expect(sweepSegments(leastSweep(map))).toEqual([]);
});
