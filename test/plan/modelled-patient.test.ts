/** A patient as a plan sees it: blocks of water whose isocentre, volumes and distances are known. */
import { expect, test } from 'vitest';
import { placeOf, type Vec3 } from '../../src/geometry/grid.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { maskVolume, modelPatient } from '../../src/plan/patient/patient-model.js';
import { cordVoxels, fineVoxel } from '../../src/plan/patient/planning-grid.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';

type Part = readonly [name: string, role: string, center: number[], size: number[]];
const parts: Part[] = [
  ['Skin', 'external', [0, 0, 0], [160, 120, 100]],
  ['PTV', 'target', [20, -10, 5], [20, 30, 10]],
  ['CaudaEquina', 'organ', [20, 30, 5], [10, 10, 30]],
  ['Table', 'organ', [0, 66, 0], [100, 20, 20]],
];
const patientOf = (own: readonly Part[] = parts) =>
  buildPhantom(
    parsePhantom({
      name: 'block',
      description: 'Water.',
      length: 100,
      air: 20,
      parts: own.map(([name, role, center, size]) => ({
        name,
        role,
        material: 'water',
        shape: { kind: 'box', center, size },
      })),
    }),
    { spacing: [5, 5, 5] },
  );
const modelled = (more: Partial<PlanCaseInput> = {}, own = parts) => {
  const plan = parseCase({
    patient: { phantom: 'block' },
    target: 'PTV',
    doseGrid: { spacing: [5, 5, 5] },
    prior: null,
    ...more,
  } as PlanCaseInput);
  const model = modelPatient(patientOf(own), plan);
  model.bodyDose.close();
  return model;
};

test('the isocentre is the target’s centre to 0.1 mm, or where the case says', () => {
  const model = modelled();
  model.isocenter.forEach((c, a) => {
    expect(c).toBeCloseTo([20, -10, 5][a]!, 1);
  });
  expect(modelled({ isocenter: [1, 2, 3] }).isocenter).toEqual([1, 2, 3]);
  expect(model).toMatchObject({ target: 'PTV', cord: 'CaudaEquina', external: 'Skin' });
  expect(maskVolume(model.masks.get('PTV')!)).toBeCloseTo(6, 2);
});

test.each<[string, [number, number, number], boolean]>([
  ['x, within', [78, 0, 0], true],
  ['x, outside', [84, 0, 0], false],
  ['x, outside below', [-84, 0, 0], false],
  ['y, within', [0, 57, 0], true],
  ['y, outside', [0, 64, 0], false],
  ['y, outside below', [0, -64, 0], false],
  ['z, far off', [0, 0, 500], false],
  ['z, far off below', [0, 0, -500], false],
])('an isocentre has to lie in the body: %s', (_, isocenter, isWithin) => {
  const model = () => modelled({ isocenter });
  if (isWithin) expect(model).not.toThrow();
  else expect(model).toThrow(/isocenter \(.*\) mm lies outside the patient \(Skin\)/);
});

test('the gap between cord and target, and the distance of every voxel from the target', () => {
  const model = modelled();
  // From y = 5 to y = 25.
  expect(model.cordGap().distance).toBeCloseTo(20, 0);
  const distance = model.targetDistance();
  const target = model.masks.get('PTV')!.data;
  const [, ny, nx] = model.grid.shape;
  for (let v = 0; v < distance.length; v += 97) {
    const place = [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))].map(
      (c, a) => model.grid.origin[a]! + c * model.grid.spacing[a]!,
    );
    const away = Math.hypot(...place.map((c, a) => Math.max(0, Math.abs(c - [20, -10, 5][a]!) - [10, 15, 5][a]!)));
    if (target[v] === 0) expect(Math.abs(distance[v]! - away)).toBeLessThan(5);
    else expect(distance[v]).toBe(0);
  }
  // All of the target's voxels are the body's.
  expect(model.body.index.length).toBe(model.masks.get('Skin')!.data.reduce((n, f) => n + (f >= 0.5 ? 1 : 0), 0));
});

test('a structure that lies outside the body is said to have no dose there; a target or cord is refused', () => {
  const { notes, drawnFractions: shares } = modelled();
  expect(shares.get('PTV')).toMatchObject({ onGrid: expect.closeTo(1, 3), inBody: expect.closeTo(1, 3) });
  // Of 20 mm the first 4 are in the body.
  expect(shares.get('Table')!.inBody).toBeLessThan(0.5);
  expect(notes.join()).toMatch(/of Table .* lies inside Skin/);
  const off = parts.map((part): Part => (part[0] === 'PTV' ? ['PTV', 'target', [80, -10, 5], [20, 30, 10]] : part));
  expect(() => modelled({}, off)).toThrow(/of the target "PTV" .* lies inside the body \(Skin\)/);
  expect(() => modelled({ cord: 'Table' })).toThrow(/of the cord "Table"/);
  expect(() => modelled({ cord: 'Nerve' })).toThrow(/Nerve/);
  expect(() => modelled({}, parts.slice(1))).toThrow(/external/);
});

test.each<[number, number, number]>([
  [6, 6, 4],
  [5, 5, 5],
  [4, 7, 3],
  [3, 3, 10],
])(
  'the cord’s maxima hold all over its near side, wherever the voxels of a grid of %d x %d x %d mm end',
  (...spacing) => {
    // From y = 9 + shift on, 4 mm from the target, which a coarse voxel holds part of.
    for (const shift of [0, 1, 2.5]) {
      const near = parts.map(
        (part): Part =>
          part[0] === 'PTV'
            ? ['PTV', 'target', [20, -10 + shift, 5], [20, 30, 10]]
            : part[0] === 'CaudaEquina'
              ? ['CaudaEquina', 'organ', [20, 14 + shift, 5], [10, 10, 30]]
              : part,
      );
      const model = modelled({ doseGrid: { spacing } }, near);
      const away = ([x, y, z]: Vec3): number =>
        Math.hypot(
          Math.max(0, Math.abs(x - 20) - 10),
          Math.max(0, Math.abs(y + 10 - shift) - 15),
          Math.max(0, Math.abs(z - 5) - 5),
        );
      const held = new Set(cordVoxels(model));
      const fine = model.fine!;
      fine.voxels.forEach((voxel) => {
        if (!(fine.cord.data[voxel]! > 0) || away(placeOf(fine.grid, voxel)) > 6) return;
        expect(held).toContain(fineVoxel(model, voxel));
      });
      // One point at least within each square of 2 mm of the face towards the target.
      const face = Array.from({ length: model.surface.length / 3 }, (_, q) => model.surface.subarray(3 * q, 3 * q + 3))
        .filter(([, y]) => Math.abs(y! - 9 - shift) < 0.1)
        .map(([x, , z]) => [x!, z!]);
      for (let x = 16; x <= 24; x += 2) {
        for (let z = 1; z <= 9; z += 2) {
          expect(Math.min(...face.map((at) => Math.max(Math.abs(at[0]! - x), Math.abs(at[1]! - z))))).toBeLessThan(
            1.01,
          );
        }
      }
      // What the optimiser holds is what is checked.
      expect(new Set(choosePlanningVoxels(model).cord.voxels)).toEqual(held);
    }
  },
);
