/** A simulated prior course from another set-up: the fields and their reference point are moved together. */
import { expect, test } from 'vitest';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { exposeToPrior } from '../../src/plan/patient/prior-course.js';
import { spine } from './spine.js';

const spacing = [12, 12, 12] as [number, number, number];
const asked = (fields: object) =>
  parseCase({
    patient: { phantom: 'spine-t8', spacing, parameters: { length: 60 } },
    doseGrid: { spacing },
    prior: { dose: 30, fractions: 10, months: 9, fields: { beams: 'posterior-1', width: 70, length: 50, ...fields } },
  });
const model = modelPatient(spine({ spacing, parameters: { length: 60 } }), asked({}));
const doseOf = (fields: object) => exposeToPrior(model, asked(fields), artiste6mv)!.dose.data;

test('a shift is that of isocentre and reference point, to the bit; none is no shift', { timeout: 30_000 }, () => {
  const isocenter = [1, 4, -2];
  const moved = doseOf({ isocenter, shift: [2, -3, 12] });
  expect(moved).toEqual(doseOf({ isocenter: [3, 1, 10] }));
  expect(doseOf({ isocenter, reference: [0, 0, 0], shift: [2, -3, 12] })).toEqual(
    doseOf({ isocenter: [3, 1, 10], reference: [2, -3, 12] }),
  );
  expect(doseOf({ isocenter, shift: [0, 0, 0] })).toEqual(doseOf({ isocenter }));
  expect(moved).not.toEqual(doseOf({ isocenter }));
});
