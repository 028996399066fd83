/** The example cases: every one is valid, and its prior course is what its name says. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { modelPatient, type PatientModel } from '../../src/plan/patient/patient-model.js';
import { exposeToPrior } from '../../src/plan/patient/prior-course.js';

const phantoms = fileURLToPath(new URL('../../phantoms/', import.meta.url));
const read = (name: string): unknown => JSON.parse(readFileSync(phantoms + name, 'utf8'));
const names = readdirSync(`${phantoms}cases`);

test('one of each kind for every level', () => {
  const levels = ['c5', 't4', 't8', 't12', 'l3'];
  for (const level of levels) {
    for (const kind of ['uniform', 'simulated']) expect(names).toContain(`retreatment-${level}-${kind}.json`);
  }
});

const spacing = [8, 8, 8] as const;
const models = new Map<string, PatientModel>();

describe('cord dose of the prior course', () => {
  test.each(names)('%s', { timeout: 30_000 }, (name) => {
    const plan = parseCase({ ...(read(`cases/${name}`) as object), doseGrid: { spacing } } as never);
    const { phantom, target } = plan.patient as { phantom: string; target: 'horseshoe' };
    const model =
      models.get(phantom) ??
      modelPatient(buildPhantom(parsePhantom(read(`${phantom}.json`)), { target, spacing }), plan);
    models.set(phantom, model);
    const prior = exposeToPrior(model, plan, artiste6mv)!;
    const { voxels } = model.cells.get(model.cord)!;
    const most = voxels.reduce((a, voxel) => Math.max(a, prior.dose.data[voxel]!), 0);
    expect(prior.origin).toBe(name.includes('simulated') ? 'simulated' : 'uniform');
    // One posterior field gives the cord, nearer to it than the target, more than the target.
    expect(most).toBeGreaterThan(34);
    expect(most).toBeLessThan(46);
  });
});
