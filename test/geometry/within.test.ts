/** Solids that are columns between two planes: the same fractions and paint, to the last bit, as by their distance alone. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { contoursOfStructure } from '../../src/geometry/contour-trace.js';
import { createGrid, type Vec3 } from '../../src/geometry/grid.js';
import { surfaceDistance, surfaceGap, surfacePairs } from '../../src/geometry/separation.js';
import { box, difference, ellipsoid, inset, intersection, prism, union } from '../../src/geometry/shape.js';
import type { Solid } from '../../src/geometry/solid.js';
import type { Structure } from '../../src/geometry/structure.js';
import { voxelizeSolid } from '../../src/geometry/voxelize-solid.js';
import { materials } from '../../src/phantom/material.js';
import { superellipse } from '../../src/phantom/outline.js';
import { paint } from '../../src/phantom/paint.js';

const seed = 20261;
const random = createRandom(seed);
const between = (low: number, high: number): number => low + (high - low) * random.uniform();

/** The solid by its distance alone. */
const plain = ({ distance, box: bounds, isExact }: Solid): Solid => ({ distance, box: bounds, isExact });

/** Columns, cut and uncut; `as` is applied to every part of them. */
function makeSolids(as: (solid: Solid) => Solid, at: Vec3, low: number, high: number): Solid[] {
  const [x, y, z] = at;
  const wide = as(prism(superellipse([x, y], [14, 9], 2.4), low, high));
  const thin = as(prism(superellipse([x + 9, y - 2], [6, 5]), low - 3, high + 5));
  const ball = as(ellipsoid([x - 8, y + 1, z], [5, 8, 6]));
  const slab = as(box([-90, -90, low], [90, 90, high - 4]));
  return [
    wide,
    as(difference(wide, thin)),
    as(difference(wide, as(union(thin, ball)))),
    as(intersection(ball, slab)),
    as(intersection(wide, as(box([x - 5, y - 20, low + 3], [x + 30, y + 20, high + 9])))),
    as(union(wide, thin)),
    as(prism(superellipse([x, z], [7, 6]), y - 8, y + 7, { axis: 'y' })),
    as(inset(wide, 1.3)),
  ];
}

const grids: [string, Vec3][] = [
  ['cubes', [2, 2, 2]],
  ['flat', [1.7, 2.3, 1.1]],
  ['tall', [1.3, 1.1, 3.1]],
];

test(`contours and what lies between two structures: as by distance alone (seed ${seed})`, () => {
  const grid = createGrid([15, 17, 23], [1.7, 2.3, 1.1], [-20.3, -16.1, -8.4]);
  const structure = (solid: Solid): Structure => ({ name: 'x', role: 'organ', shape: { kind: 'solid', solid } });
  const fast = makeSolids((solid) => solid, [0.3, -0.6, 1], -7.3, 6.9).map(structure);
  const slow = makeSolids(plain, [0.3, -0.6, 1], -7.3, 6.9).map(structure);
  for (let s = 0; s < fast.length; s++) {
    expect(contoursOfStructure(fast[s]!, grid), `solid ${s}`).toEqual(contoursOfStructure(slow[s]!, grid));
  }
  const other = structure(ellipsoid([20, 3, 0], [6, 7, 8]));
  expect(surfaceGap(fast[1]!, other, grid, 9)).toEqual({
    distance: surfaceDistance(slow[1]!, other, grid),
    pairs: surfacePairs(slow[1]!, other, grid, 9),
  });
  expect(surfaceGap(fast[1]!, other, grid, 9).pairs.length).toBeGreaterThan(50);
});

describe.each(grids)('%s', (_, spacing) => {
  test(`fractions (seed ${seed})`, () => {
    for (let round = 0; round < 2; round++) {
      const grid = createGrid([15, 17, 23], spacing, [between(-21, -19), between(-17, -15), between(-14, -12)]);
      const [low, high] = round === 0 ? [grid.origin[2] - spacing[2] / 2, 8] : [between(-12, -6), between(5, 11)];
      const at: Vec3 = [between(-1, 1), between(-1, 1), between(-2, 2)];
      const slow = makeSolids(plain, at, low, high);
      makeSolids((solid) => solid, at, low, high).forEach((solid, s) => {
        expect(voxelizeSolid(solid, grid).data, `solid ${s} of round ${round}`).toEqual(
          voxelizeSolid(slow[s]!, grid).data,
        );
      });
    }
  });

  test(`paint (seed ${seed})`, () => {
    const grid = createGrid([19, 17, 23], spacing, [between(-21, -19), between(-17, -15), between(-14, -12)]);
    const at: Vec3 = [between(-1, 1), between(-1, 1), between(-2, 2)];
    const layersOf = (as: (solid: Solid) => Solid) =>
      makeSolids(as, at, grid.origin[2] - spacing[2] / 2, 30).map((solid, s) => ({
        solid,
        material: Object.values(materials)[s + 2]!,
      }));
    const fast = paint(
      layersOf((solid) => solid),
      materials.air!,
      grid,
    );
    const slow = paint(layersOf(plain), materials.air!, grid);
    expect(fast.density.data).toEqual(slow.density.data);
    expect(fast.hounsfield.data).toEqual(slow.hounsfield.data);
  });
});
