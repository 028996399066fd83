/** The signed distance between two structures, against closed forms; solids and contours. */
import { describe, expect, test } from 'vitest';
import { contoursOfStructure } from '../../src/geometry/contour-trace.js';
import { createGrid } from '../../src/geometry/grid.js';
import { surfaceDistance, surfaceGap } from '../../src/geometry/separation.js';
import { box, sphere } from '../../src/geometry/shape.js';
import type { Solid } from '../../src/geometry/solid.js';
import type { Structure } from '../../src/geometry/structure.js';

const grid = createGrid([41, 57, 61], [1.5, 1.25, 2], [-45, -35, -40]);
const solid = (name: string, of: Solid): Structure => ({ name, role: 'organ', shape: { kind: 'solid', solid: of } });
/** The same as contours on the grid's slices. */
const drawn = (structure: Structure): Structure => ({
  ...structure,
  shape: { kind: 'contours', contours: contoursOfStructure(structure, grid)! },
});

const target = box([-30, -30, -20], [30, 30, 20]);
const cord = box([-5, 15, -38], [5, 25, 38]);
/** [what, one, other, distance]: sampled points may miss the nearest by a quarter of a millimetre; drawn slices stand for slabs. */
const cases: [string, Solid, Solid, number][] = [
  ['a cord through the target: as deep as its near side', cord, target, -15],
  ['wholly inside, in every direction', box([-4, -3, -8], [4, 7, 8]), target, -20],
  ['apart in the plane', box([32.5, -5, -10], [38, 5, 10]), target, 2.5],
  ['apart along z, one face over the other', box([-5, -5, 24], [5, 5, 38]), target, 4],
  ['touching', box([30, -5, -10], [38, 5, 10]), target, 0],
  ['overlapping at the rim', box([27, -5, -10], [38, 5, 10]), target, -3],
  ['spheres in one another', sphere([0, 0, 0], 8), sphere([3, 0, 0], 20), -15],
];

describe.each(cases)('%s', (_, one, other, expected) => {
  const [a, b] = [solid('a', one), solid('b', other)];

  test('solids, whichever comes first', () => {
    const distance = surfaceDistance(a, b, grid)!;
    expect(surfaceDistance(b, a, grid)).toBe(distance);
    expect(Math.abs(distance - expected)).toBeLessThan(0.3);
    if (expected < 0) expect(distance).toBeLessThan(0);
    // What `plan` and `dvh` say beside the fall-off.
    expect(surfaceGap(a, b, grid, 10).distance).toBe(distance);
    expect(surfaceGap(b, a, grid, 10).distance).toBe(distance);
  });

  test('contours', () => {
    const [p, q] = [drawn(a), drawn(b)];
    const distance = surfaceDistance(p, q, grid)!;
    expect(surfaceDistance(q, p, grid)).toBe(distance);
    expect(Math.abs(distance - expected)).toBeLessThan(2.1);
    if (expected < -2) expect(distance).toBeLessThan(0);
    if (expected > 2) expect(distance).toBeGreaterThan(0);
  });
});

test('neither on a slice: no distance', () => {
  const far = solid('far', sphere([0, 0, 500], 3));
  expect(surfaceDistance(far, far, grid)).toBeUndefined();
});
