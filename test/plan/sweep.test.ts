/** The mechanism of all sweeps: plans under falling levels, each from the one before, and none after a stop. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import type { VoxelMaxima } from '../../src/plan/constraint/voxel-maximum.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { modelPatient } from '../../src/plan/patient/patient-model.js';
import { doseOfVoxel } from '../../src/plan/patient/planning-grid.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';
import { sweep } from '../../src/plan/sweep/sweep.js';
import { prepareTechnique } from '../../src/plan/technique/prepared-technique.js';

const file = fileURLToPath(new URL('../../phantoms/spine-t8.json', import.meta.url));
const patient = buildPhantom(parsePhantom(JSON.parse(readFileSync(file, 'utf8'))), { spacing: [8, 8, 8] });
const plan = parseCase({
  patient: { phantom: 'spine-t8' },
  doseGrid: { spacing: [8, 8, 8], planning: 100 },
  prior: null,
  fcrt: { beams: 'posterior-3' },
  imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 15 },
});
const model = modelPatient(patient, plan);
afterAll(() => model.bodyDose.close());
const levels = [36, 24, 12].map((cap) => ({ cap, capsOf: (v: Int32Array) => new Float64Array(v.length).fill(cap) }));

test.each(['fcrt', 'imrt'] as const)('%s: every level holds, costs, and is the plan of its caps', (technique) => {
  const swept = [...sweep(technique, levels, model, plan, artiste6mv)];
  expect(swept.map(({ level }) => level.cap)).toEqual([36, 24, 12]);
  const prepared = prepareTechnique(technique, model, choosePlanningVoxels(model), plan, artiste6mv);
  swept.forEach(({ level, done, caps, objective, lowerBound, priceOf }, i) => {
    for (const voxel of done.voxels.cord.voxels) {
      expect(doseOfVoxel(model, done)(voxel)).toBeLessThanOrEqual(level.cap * (1 + 1e-6));
    }
    expect(lowerBound!).toBeLessThanOrEqual(objective);
    // A cap that falls only takes plans away.
    if (i > 0) expect(objective).toBeGreaterThanOrEqual(swept[i - 1]!.lowerBound!);
    expect(priceOf('cord')).toBeGreaterThanOrEqual(0);
    expect(priceOf('another')).toBe(0);
    // The same weights to the last bit: the sweep adds nothing to the plans that it makes in turn.
    expect(done.solution.weights).toEqual(prepared.plan(caps).solution.weights);
  });
  prepared.close();
});

test('bounds of an organ hold beside the levels', () => {
  // The target itself at 30 Gy: the prescription of 39.6 Gy would break that, whatever the cord may get.
  const { data } = model.masks.get(model.target)!;
  const voxels = model.body.index.filter((voxel) => data[voxel]! > 0);
  const organ: VoxelMaxima = { structure: model.target, voxels, maxima: new Float64Array(voxels.length).fill(30) };
  const [one] = sweep('fcrt', levels.slice(0, 1), model, plan, artiste6mv, { organs: [organ] });
  expect(one!.done.voxels.organs[0]!.rows.length).toBe(voxels.length);
  for (const voxel of voxels) expect(one!.done.dose.data[voxel]!).toBeLessThanOrEqual(30 * (1 + 1e-6));
});

test('a stop ends the sweep before its plan is told', () => {
  expect([...sweep('imrt', levels, model, plan, artiste6mv, { signal: { aborted: true } })]).toEqual([]);
});
