/** A patient as a plan sees it: blocks of water whose isocentre, volumes and distances are known. */
import { expect, test } from 'vitest';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { maskVolume, modelPatient } from '../../src/plan/patient/patient-model.js';

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
