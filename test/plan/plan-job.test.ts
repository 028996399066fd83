/** A job: case, patient, machine and prior doses that belong together; anything else is refused before anything is computed. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import type { Patient } from '../../src/geometry/patient.js';
import { identityTransform } from '../../src/geometry/rigid-transform.js';
import { createDose } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { buildPhantom, type PhantomOptions, phantomOrigin } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { caseInput, parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { createJob, type PlanJob, withCase } from '../../src/plan/patient/plan-job.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { cumulativeTradeOff } from '../../src/plan/sweep/cumulative-trade-off.js';
import { isoeffectiveFractionation } from '../../src/plan/sweep/fractionation.js';
import { tradeOff } from '../../src/plan/sweep/trade-off.js';

const spec = (name: string) =>
  parsePhantom(
    JSON.parse(readFileSync(fileURLToPath(new URL(`../../phantoms/${name}.json`, import.meta.url)), 'utf8')),
  );
const spacing: [number, number, number] = [8, 8, 8];
const phantom = (name = 'spine-t8', options: PhantomOptions = {}) => buildPhantom(spec(name), { spacing, ...options });
const t8 = phantom();
const l3 = phantom('spine-l3');
const asked = (more: Partial<PlanCaseInput> = {}) =>
  parseCase({ patient: { phantom: 'spine-t8' }, doseGrid: { spacing, planning: 100 }, ...more });
const job = (more: Partial<PlanJob> = {}): PlanJob => ({ case: asked(), patient: t8, machine: artiste6mv, ...more });

/** What is said of a job, by `createJob`, by `runPlan`, and by every sweep alike. */
function refusal(wrong: PlanJob): string {
  const said = [
    () => createJob(wrong),
    () => runPlan(wrong),
    () => tradeOff(wrong, [20]),
    () => cumulativeTradeOff(wrong, [60]),
    () => isoeffectiveFractionation(wrong, [5, 22], { alphaBeta: 10 }),
  ].map((make) => {
    try {
      make();
    } catch (cause) {
      expect((cause as Error).name).toBe('InvalidInputError');
      return (cause as Error).message;
    }
    return 'accepted';
  });
  expect(new Set(said).size, said.join('\n')).toBe(1);
  expect(said[0]!.length).toBeLessThanOrEqual(400);
  expect(said[0]).not.toMatch(/\n|undefined|NaN/);
  return said[0]!;
}

test('a patient under the case of another is refused, whoever is asked', () => {
  expect(refusal(job({ patient: l3 }))).toMatch(
    /^job: the case names the phantom "spine-t8", but the patient given is the phantom "spine-l3"\. Build /,
  );
  expect(refusal(job({ patient: { ...t8, origin: undefined } as unknown as Patient }))).toMatch(
    /names the phantom "spine-t8", but the patient given is no phantom \("spine-t8"\)/,
  );
  const ct = asked({ patient: { ct: 'CT', structures: 'RS.dcm' } });
  expect(refusal(job({ case: ct }))).toMatch(/names a CT \("CT"\), but the patient given is the phantom "spine-t8"/);
});

test('what is no job is refused in a sentence, whoever is asked: parts one by one, a promise, a case that was not parsed', () => {
  const wrong: [unknown, RegExp][] = [
    [undefined, /^job: its "case" is missing/],
    [{}, /its "case" is missing/],
    ['case.json', /its "case" is missing/],
    [Promise.resolve(job()), /its "case" is missing/],
    [asked(), /its "case" is missing/],
    [job({ case: { patient: { phantom: 'spine-t8' } } as never }), /Give the case as parseCase returns it/],
    [job({ patient: undefined as never }), /its "patient" is missing/],
    [job({ machine: 'artiste-6mv' as never }), /its "machine" is missing or is none/],
    [job({ prior: null as never }), /its "prior" is missing or is none/],
    [job({ prior: 'a.nrrd' as never }), /its "prior" is missing or is none/],
  ];
  for (const [one, said] of wrong) expect(refusal(one as PlanJob)).toMatch(said);
  expect(() => runPlan(job(), { techniques: ['proton' as never] })).toThrow(/techniques has "proton"\. Give a list/);
  expect(() => runPlan(job(), { techniques: 'imrt' as never })).toThrow(/techniques has "imrt"/);
});

test('a job holds its parts alone: what else came with them is not said of a changed case', () => {
  const loaded = { ...job(), inputs: { case: 'hash of the first case' } };
  expect(Object.keys(createJob(loaded)).sort()).toEqual(['case', 'machine', 'patient']);
  expect(withCase(loaded, { cordCap: 20 })).not.toHaveProperty('inputs');
});

test('every option of a phantom counts, defaults filled in on both sides', () => {
  const patient = { phantom: 'spine-t8' } as const;
  const wrong: [PhantomOptions, RegExp][] = [
    [{ target: 'body' }, /with target "body", but the case asks for target "horseshoe"/],
    [{ side: 'right' }, /side "right"/],
    [{ spacing: [5, 5, 5] }, /spacing \[5,5,5\], but the case asks for spacing \[8,8,8\]/],
    [{ ptvMargin: 5 }, /ptvMargin 5, but the case asks for ptvMargin 3/],
    [{ cordCrop: 0 }, /cordCrop 0/],
    [{ parameters: { cordWidth: 9 } }, /parameters \{"cordWidth":9\}, but the case asks for parameters \{\}/],
    [{ noise: { sd: 10, seed: 1 } }, /noise \{"sd":10,"seed":1\}, but the case asks for noise null/],
  ];
  // One is built; of the others only what they say that they are.
  const one = phantom('spine-t8', { target: 'body', spacing: [10, 10, 10] });
  expect(one.origin).toEqual(phantomOrigin('spine-t8', { target: 'body', spacing: [10, 10, 10] }));
  const like = (options: PhantomOptions) => ({ ...t8, origin: phantomOrigin('spine-t8', { spacing, ...options }) });
  for (const [options, said] of wrong) {
    const built = like(options);
    expect(refusal(job({ patient: built }))).toMatch(said);
    // The same options in the case are the same patient.
    expect(
      createJob(job({ patient: built, case: asked({ patient: { ...patient, ...options } as never }) })),
    ).toBeDefined();
  }
  const defaults = { target: 'horseshoe', side: 'left', ptvMargin: 3, cordCrop: 2, spacing } as const;
  expect(createJob(job({ case: asked({ patient: { ...patient, ...defaults } }) }))).toBeDefined();
  const order = { cordWidth: 9, canalWidth: 20 };
  const turned = { canalWidth: 20, cordWidth: 9 };
  const ordered = like({ parameters: order });
  expect(
    createJob(job({ patient: ordered, case: asked({ patient: { ...patient, parameters: turned } }) })),
  ).toBeDefined();
});

test('structures of a CT, the machine by name', () => {
  const { origin: _, ...drawn } = t8;
  const ct = (patient: object, more: Partial<PlanCaseInput> = {}) =>
    job({ patient: drawn, case: asked({ patient: { ct: 'CT', structures: 'RS.dcm', ...patient }, ...more }) });
  expect(createJob(ct({ rename: { Myelon: 'SpinalCord' }, roles: { CTV: 'target' } }))).toBeDefined();
  expect(refusal(ct({}, { target: 'PTV_1' }))).toMatch(/target "PTV_1" is not a structure of/);
  expect(refusal(ct({ rename: { Myelon: 'Cord' } }))).toMatch(/patient\.rename names "Cord", which is no structure/);
  expect(refusal(ct({ roles: { Cord: 'organ' } }))).toMatch(/patient\.roles names "Cord"/);
  expect(refusal(ct({ densityOverrides: { Metal: 4 } }))).toMatch(/patient\.densityOverrides names "Metal"/);
  expect(refusal(job({ machine: { ...artiste6mv, name: 'linac' } }))).toMatch(
    /for the machine "artiste-6mv", but the machine given is "linac"/,
  );
});

test('prior doses: one for each file, none without, transforms into the frame of the patient', () => {
  const dose = createDose(createGrid([2, 2, 2], [9, 9, 9], [0, 0, 0]), {
    quantity: 'physical',
    fractions: 19,
  });
  const read = { dose, planFromCourse: identityTransform, notes: [] };
  const file = asked({ prior: { file: 'a.nrrd', months: 12 } });
  expect(refusal(job({ case: file }))).toMatch(/prior\.file "a\.nrrd" was not read/);
  expect(refusal(job({ prior: read }))).toMatch(/a dose is given for the case's prior, which has no file/);
  expect(refusal(job({ case: file, prior: [read, read] }))).toMatch(/doses of 2 prior courses, but the case has 1/);
  const given = { ...read, planFrameOfReferenceUid: '1.2' };
  const { origin: _, ...drawn } = { ...t8, frameOfReferenceUid: '1.3' };
  const ct = asked({ patient: { ct: 'CT', structures: 'RS.dcm' }, prior: { file: 'a.nrrd', months: 12 } });
  expect(refusal(job({ case: ct, patient: drawn, prior: given }))).toMatch(
    /the case's prior leads into frame of reference 1\.2, but the patient lies in 1\.3/,
  );
  const same = { ...drawn, frameOfReferenceUid: '1.2' };
  expect(createJob(job({ case: ct, patient: same, prior: given })).prior).toBe(given);
});

test('a job under a changed case: one patient, the case as if it had been written so', () => {
  const named = createJob(job({ case: asked({ name: 'a name' }) }));
  expect(named.patient.name).toBe('a name');
  const changed = withCase(named, { cordCap: 25, prior: null });
  expect(changed.case).toEqual(asked({ name: 'a name', cordCap: 25, prior: null }));
  expect(changed.patient.density).toBe(t8.density);
  // A cap that was a default stays one; a change that the parser would refuse is refused.
  expect(withCase(named, { prior: null }).case.cordCapOrigin).toBe('default');
  expect(withCase(changed, { name: 'b' }).case.cordCapOrigin).toBe('case');
  expect(() => withCase(named, { cordCap: -1 })).toThrow(/cordCap/);
  expect(() => withCase(named, { doseGrid: { spacing: [4, 4, 4] } })).toThrow(/asks for spacing \[4,4,4\]/);
  expect(() => withCase(named, { patient: { phantom: 'spine-l3' } })).toThrow(/names the phantom "spine-l3"/);
  expect(() => withCase(named, { machine: 'other' })).toThrow(/for the machine "other"/);
  // What is written of a case is read as the same case.
  for (const one of [asked(), asked({ cordCap: 29.8 }), changed.case]) expect(parseCase(caseInput(one))).toEqual(one);
});
