/** A phantom without left and right, and the other side of a case on it. */
import { parsePhantom } from '../../src/phantom/spec.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';

/** Symmetric in x but for the names and roles of its organs: a kidney-shaped pair beside the target. */
export const mirrorPhantom = parsePhantom({
  name: 'mirror',
  description: 'symmetric in x',
  length: 120,
  air: 12,
  measures: {},
  parts: [
    {
      name: 'External',
      material: 'water',
      role: 'external',
      shape: { kind: 'column', center: [0, 0], semiAxes: [108, 90] },
    },
    { name: 'PTV', material: 'water', role: 'target', shape: { kind: 'box', center: [0, 20, 0], size: [48, 30, 36] } },
    {
      name: 'SpinalCord',
      material: 'water',
      role: 'organ',
      shape: { kind: 'column', center: [0, 50], semiAxes: [6, 6] },
    },
    {
      name: 'Below',
      material: 'water',
      role: 'organ',
      shape: { kind: 'box', center: [0, 10, -48], size: [24, 24, 6] },
    },
    {
      name: 'Left',
      material: 'lung',
      role: 'organ',
      shape: { kind: 'ellipsoid', center: [60, 10, 0], semiAxes: [18, 18, 24] },
    },
    {
      name: 'Right',
      material: 'lung',
      role: 'organ',
      shape: { kind: 'ellipsoid', center: [-60, 10, 0], semiAxes: [18, 18, 24] },
    },
  ],
});

/** The same with sides changed. */
export const mirroredCase = (asked: PlanCaseInput): PlanCaseInput =>
  JSON.parse(
    JSON.stringify(asked, (key, value) => (key === 'gantry' ? 360 - value : value)).replaceAll(/Left|Right/g, (side) =>
      side === 'Left' ? 'Right' : 'Left',
    ),
  );
