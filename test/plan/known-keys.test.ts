/** A field that there is not is answered with the one that was meant; a structure that there is not, before a plan is made. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readPhantom } from '../../src/node/phantoms.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { knownKeys } from '../../src/plan/input/known-keys.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';

const patient = { phantom: 'water-box' };

describe('keys that a schema knows', () => {
  const schema = z
    .strictObject({
      a: z.strictObject({ inner: z.number() }).optional(),
      list: z.array(z.union([z.string(), z.strictObject({ x: z.number(), y: z.number() })])).default([]),
      pair: z.tuple([z.strictObject({ first: z.number() }), z.strictObject({ second: z.number() })]),
      any: z.record(z.string(), z.strictObject({ value: z.number() })),
    })
    .transform((given) => given);

  test.each([
    [[], ['a', 'list', 'pair', 'any']],
    [['a'], ['inner']],
    [
      ['list', 7],
      ['x', 'y'],
    ],
    [['pair', 1], ['second']],
    [['any', 'of this name'], ['value']],
    [['a', 'inner'], []],
    [['toString'], []],
  ])('at %j: %j', (path, keys) => {
    expect(knownKeys(schema, path)).toEqual(keys);
  });
});

test.each([
  [{ cordcap: 20 }, /^case: Unrecognized key: "cordcap" \(did you mean "cordCap"\?\)\./],
  [{ imrt: { beemlet: 4 } }, /^case: imrt: Unrecognized key: "beemlet" \(did you mean "beamlet"\?\)\./],
  // The field that is missing for the slip is not what is said.
  [{ prior: { dose: 38, fraction: 19, months: 12 } }, /^case: prior: .*"fraction" \(did you mean "fractions"\?\)\./],
  [{ retreatment: { bounds: [{ structur: 'a' }] } }, /bounds\.0: .*"structur" \(did you mean "structure"\?\)\./],
  [{ zzz: 1 }, /"zzz" \(there are name, \$schema, patient, target, .*goals\)\./],
])('%j', (more, message) => {
  expect(() => parseCase({ patient, ...more })).toThrow(message);
});

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
