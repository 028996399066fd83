/** A structure that there is not is refused before a plan is made, with the one that was probably meant. */
import { expect, test } from 'vitest';
import { readPhantom } from '../../src/node/phantoms.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';

const patient = { phantom: 'water-box' };

test('a goal on a structure that there is not is refused before anything is computed, with what it may have meant', async () => {
  const box = buildPhantom(await readPhantom('water-box'), { spacing: [10, 10, 10] });
  const names = box.structures.map(({ name }) => name);
  const [near] = names;
  const caseOf = (goals: unknown[]) => parseCase({ patient, target: near, cord: near, goals });
  const slip = near!.toLowerCase() === near ? near.toUpperCase() : near!.toLowerCase();
  expect(() => modelPatient(box, caseOf([`${slip} Max <= 20Gy`]))).toThrow(
    `case: goals: "${slip} Max <= 20Gy": water-box has no structure "${slip}", did you mean "${near}"?`,
  );
  expect(() => modelPatient(box, caseOf([{ goal: 'Gullet Mean <= 5Gy', priority: 2 }]))).toThrow(
    /^case: goals: "Gullet Mean <= 5Gy": water-box has no structure "Gullet"; there are /,
  );
});
