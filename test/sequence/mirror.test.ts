/** Sequencing has no left and no right: the mirrored map gives the mirrored segments. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { fewSegments } from '../../src/sequence/few-segments.js';
import { createIntensityMap } from '../../src/sequence/intensity-map.js';
import { beamOnTime, type Segment } from '../../src/sequence/segment.js';
import { leastBeamOnTime, leastSweep, sweepSegments } from '../../src/sequence/sweep.js';

type Rows = readonly (readonly number[])[];

/** What a segment opens, however closed pairs stand. */
const openOf = ({ left, right, weight }: Segment, turn: (pairs: number[][]) => number[][] = (pairs) => pairs): string =>
  `${weight}: ${JSON.stringify(turn(Array.from(left, (l, i) => (l === right[i] ? [] : [l, right[i]!]))))}`;

const randomRows = (seed: number): number[][] => {
  const random = createRandom(seed);
  const columns = 3 + (seed % 8);
  return Array.from({ length: 2 + (seed % 7) }, () =>
    Array.from({ length: columns }, () => Math.floor(12 * random.uniform())),
  );
};
const leftToRight = (rows: Rows): number[][] => rows.map((row) => [...row].reverse());
const headToFoot = (rows: Rows): number[][] => rows.toReversed().map((row) => [...row]);

describe.each(Array.from({ length: 16 }, (_, n) => n + 1))('random map %i', (seed) => {
  const rows = randomRows(seed);
  const columns = rows[0]!.length;
  const segments = fewSegments(createIntensityMap(rows));

  test('left to right: the mirrored segments, one by one', () => {
    const turned = fewSegments(createIntensityMap(leftToRight(rows)));
    const mirror = (pairs: number[][]): number[][] =>
      pairs.map(([l, r]) => (l === undefined ? [] : [columns - r!, columns - l]));
    expect(turned.map((own) => openOf(own, mirror))).toEqual(segments.map((own) => openOf(own)));
  });

  test('head to foot: the mirrored segments, one by one', () => {
    const turned = fewSegments(createIntensityMap(headToFoot(rows)));
    expect(turned.map((own) => openOf(own, (pairs) => pairs.toReversed()))).toEqual(segments.map((own) => openOf(own)));
  });

  test('sweeps go one way: mirrored they take the same beam-on time, in steps of their own', () => {
    for (const interleaf of [false, true]) {
      const time = leastBeamOnTime(createIntensityMap(rows), interleaf);
      for (const turned of [leftToRight(rows), headToFoot(rows)]) {
        const map = createIntensityMap(turned);
        expect(leastBeamOnTime(map, interleaf)).toBe(time);
        expect(beamOnTime(sweepSegments(leastSweep(map, interleaf)))).toBe(time);
      }
    }
  });
});

test('a map that is its own mirror image has one of two sequences, of one length and time', () => {
  const rows = randomRows(5).map((row) => [...row, ...row.toReversed()]);
  const map = createIntensityMap(rows);
  const [once, again] = [fewSegments(map), fewSegments(createIntensityMap(leftToRight(rows)))];
  expect(again).toEqual(once);
  expect(beamOnTime(once)).toBe(leastBeamOnTime(map));
});
