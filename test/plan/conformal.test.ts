/** FCRT with other leaf banks and leaf-end strategies: the same case, fields that differ as they should. */
import { expect, test } from 'vitest';
import { apertureArea } from '../../src/beam/aperture.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';
import { planConformal } from '../../src/plan/technique/fcrt.js';
import { spine } from './spine.js';

const patient = spine({ spacing: 5 });
const caseOf = (fcrt: PlanCaseInput['fcrt']) =>
  parseCase({
    patient: { phantom: 'spine-t8' },
    doseGrid: { spacing: [5, 5, 5], planning: 100 },
    fcrt: { beams: 'posterior-3', ...fcrt },
  });
const model = modelPatient(patient, caseOf({}));
const voxels = choosePlanningVoxels(model);
const plan = (fcrt: PlanCaseInput['fcrt']) => planConformal(model, voxels, caseOf(fcrt), artiste6mv);
const area = (planned: ReturnType<typeof plan>): number[] => planned.fields.map((f) => apertureArea(f.aperture!));

test('leaf banks, strategies and transmission', { timeout: 60_000 }, () => {
  const plain = plan({});
  expect(plain.fields[0]!.aperture!.bank.name).toBe('uniform 5 mm');
  expect(Math.min(...plain.fields[0]!.fluence.weights)).toBe(0);

  // Agility leaves are 5 mm wide with a boundary on the axis: the same opening, and a leak within the jaws.
  const agility = plan({ mlc: 'agility' });
  expect(area(agility)).toEqual(area(plain));
  const { weights } = agility.fields[0]!.fluence;
  expect(Math.min(...weights) / Math.max(...weights)).toBeCloseTo(0.004, 9);
  expect(plan({ mlc: 'agility', transmission: { leaves: 0 } }).dose.data).toEqual(plain.dose.data);

  const midway = plan({ mlc: 'hd-120', conform: 'midway' });
  const touching = plan({
    mlc: { boundaries: [-30, -20, -10, 0, 10, 20, 30], transmission: 0.01 },
    conform: 'touching',
  });
  area(plain).forEach((outside, f) => {
    expect(area(midway)[f]!).toBeLessThan(outside);
    expect(area(touching)[f]!).toBeLessThan(area(midway)[f]!);
  });
});

test('a target that the leaves cannot reach, and an unknown bank', () => {
  expect(() => plan({ mlc: { boundaries: [-10, 0, 10] } })).toThrow(
    /leaves of the case covers x -200 to 200, y -10 to 10 mm/,
  );
  expect(() => plan({ mlc: 'mlc-1000' })).toThrow(/leaf bank "mlc-1000" is unknown/);
  expect(() => caseOf({ mlc: 5 } as never)).toThrow(/fcrt\.mlc: must be the name of a leaf bank/);
  expect(() => caseOf({ conform: 'inside' } as never)).toThrow(/fcrt\.conform/);
});
