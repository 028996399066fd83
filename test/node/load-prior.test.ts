/** A prior dose file of a case: read, placed, refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, type DoseMeaning } from '../../src/geometry/volume.js';
import { encodeNrrd } from '../../src/io/nrrd.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { loadTransform } from '../../src/node/load-courses.js';
import { loadDose } from '../../src/node/load-dose.js';
import { jobOf } from '../../src/node/load-job.js';
import { coursesSchema } from '../../src/plan/input/courses-file.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { caseSchema } from '../../src/plan/input/plan-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { exposeToPrior, type ImportedDose } from '../../src/plan/patient/prior-course.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-prior-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const grid = createGrid([60, 60, 70], [8, 8, 8], [-280, -240, -240]);
async function write(name: string, meaning: DoseMeaning): Promise<void> {
  const dose = createDose(grid, meaning);
  dose.data.fill(30);
  writeFileSync(join(folder, name), await encodeNrrd(dose));
}
await write('prior.nrrd', { quantity: 'physical', fractions: 10 });
await write('silent.nrrd', { quantity: 'physical' });

const load = (prior: PlanCaseInput['prior']) =>
  jobOf(
    { patient: { phantom: 'spine-t8', spacing: [8, 8, 8] }, doseGrid: { spacing: [8, 8, 8] }, prior },
    join(folder, 'case.json'),
  );

test('an NRRD with its own fractions and a transform', { timeout: 30_000 }, async () => {
  const transform = { translation: [5, 0, 0] as [number, number, number] };
  const { case: plan, patient, prior, inputs } = await load({ file: 'prior.nrrd', months: 9, transform });
  expect(inputs).toMatchObject({ prior: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect((prior as ImportedDose).planFromCourse.translation).toEqual([5, 0, 0]);
  const exposure = exposeToPrior(modelPatient(patient, plan), plan, artiste6mv, prior)!;
  expect(exposure).toMatchObject({ origin: 'imported', fractions: 10, months: 9, beyond: 0 });
  expect(exposure.description).toMatch(/origin moved by \(5\.0, 0\.0, 0\.0\) mm/);
});

test('an EQD2 as accumulate writes it, unknown in part, beside a course of its own', { timeout: 30_000 }, async () => {
  const dose = createDose(grid, { quantity: 'eqd2', alphaBeta: 2 });
  dose.data.fill(21);
  // The first slice, far from the spine's middle.
  dose.data.fill(Number.NaN, 0, 60 * 70);
  writeFileSync(join(folder, 'sum.nrrd'), await encodeNrrd(dose));
  const own = { dose: 10, fractions: 5, months: 30 };
  const { case: plan, patient, prior, inputs } = await load([own, { file: 'sum.nrrd', months: 9 }]);
  expect(Object.keys(inputs)).toContain('prior 2');
  const exposure = exposeToPrior(modelPatient(patient, plan), plan, artiste6mv, prior)!;
  expect(exposure.courses.map((course) => course.dose.quantity)).toEqual(['physical', 'eqd2']);
  expect(Math.max(...exposure.courses[1]!.dose.data)).toBe(21);
  // As a dose of its own it stays refused: a DVH of what is unknown is no DVH.
  await expect(loadDose(join(folder, 'sum.nrrd'))).rejects.toThrow(/is NaN, but must be a number/);
});

describe('refused', () => {
  test.each([
    ['no such file', { file: 'none.nrrd', months: 9 }, /none\.nrrd cannot be read/],
    ['other fractions', { file: 'prior.nrrd', fractions: 5, months: 9 }, /5 fractions are given, but the file says 10/],
    ['a registration', { file: 'prior.nrrd', months: 9, transform: 'none.dcm' }, /none\.dcm cannot be read/],
  ])('%s', { timeout: 30_000 }, async (_, prior, message) => {
    await expect(load(prior)).rejects.toThrow(message);
  });

  test('unknown fractions, when the plan asks for the prior course', { timeout: 30_000 }, async () => {
    const { case: plan, patient, prior } = await load({ file: 'silent.nrrd', months: 9 });
    const model = modelPatient(patient, plan);
    expect(() => exposeToPrior(model, plan, artiste6mv, prior)).toThrow(/number of fractions .* unknown/);
  });

  test('another frame of reference without a transform', async () => {
    const placed = loadTransform('prior', undefined, (name) => name, '1.2.3', '1.2.4');
    await expect(placed).rejects.toThrow(/frame of reference 1\.2\.3, not in 1\.2\.4\. Give the transform/);
    const same = await loadTransform('prior', undefined, (name) => name, '1.2.3', '1.2.3');
    expect(same.notes).toEqual([]);
    const silent = await loadTransform('prior', undefined, (name) => name, undefined, '1.2.3');
    expect(silent.notes[0]).toMatch(/no frame of reference is told/);
  });
});

test('schemas for editors hold the prior course', () => {
  expect(JSON.stringify(caseSchema())).toMatch(/"months"/);
  expect(JSON.stringify(coursesSchema())).toMatch(/"alphaBeta"/);
});
