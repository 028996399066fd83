/** A case whose patient is NRRD files: read, planned as the phantom that they were written from, refused. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Patient } from '../../src/geometry/patient.js';
import { createVolume } from '../../src/geometry/volume.js';
import { voxelizeStructure } from '../../src/geometry/voxelize.js';
import { encodeNrrd } from '../../src/io/nrrd.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { jobOf, type LoadedJob } from '../../src/node/load-job.js';
import { JobLookUp } from '../../src/node/look-up-job.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { computeFields } from '../../src/plan/field/field-dose.js';
import { parseFields } from '../../src/plan/input/fields-file.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { createJob } from '../../src/plan/patient/plan-job.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { spine } from '../plan/spine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine masks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As `respine phantom --format nrrd` writes it. */
async function write(name: string, { hounsfield, structures }: Patient): Promise<void> {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'hounsfield.nrrd'), await encodeNrrd(hounsfield, { gzip: true }));
  for (const s of structures) {
    const mask = await encodeNrrd(voxelizeStructure(s, hounsfield.grid), { gzip: true });
    writeFileSync(join(folder, name, `mask_${s.name}.nrrd`), mask);
  }
}
const load = (patient: unknown, more: Partial<PlanCaseInput> = {}): Promise<LoadedJob> =>
  jobOf({ patient, ...more } as PlanCaseInput, join(folder, 'case.json'));

/** Water with faces on voxel faces: its masks are boxes of voxels, and its CT has no voxel that is half air. */
const cube = buildPhantom(
  parsePhantom({
    name: 'cube',
    description: 'Water, a target around the origin, a cord behind it.',
    length: 240,
    air: 0,
    parts: [
      ['External', 'external', [0, 0, 0], [240, 240, 240]],
      ['PTV', 'target', [0, 0, 0], [40, 40, 40]],
      ['SpinalCord', 'organ', [0, 40, 0], [20, 20, 80]],
    ].map(([name, role, center, size]) => ({ name, role, material: 'water', shape: { kind: 'box', center, size } })),
  }),
  { spacing: [10, 10, 10] },
);
const thorax = spine({ spacing: 4, parameters: { length: 90 } });
beforeAll(async () => {
  await write('cube', cube);
  await write('thorax', thorax);
});

test('boxes of voxels plan as the solids that they are: the same fields, the same dose', {
  timeout: 60_000,
}, async () => {
  const asked = {
    doseGrid: { spacing: [10, 10, 10] as [number, number, number], planning: 100 },
    target: 'PTV',
    prior: null,
    imrt: { delivery: 'fluence' as const, beams: [{ gantry: 0 }, { gantry: 60 }, { gantry: 300 }], beamlet: 10 },
  };
  const masks = {
    External: 'cube/mask_External.nrrd',
    PTV: 'cube/mask_PTV.nrrd',
    SpinalCord: 'cube/mask_SpinalCord.nrrd',
  };
  const job = await load({ ct: 'cube/hounsfield.nrrd', masks }, asked);
  expect(job.inputs).toMatchObject({ ct: expect.stringMatching(/^[0-9a-f]{64}$/), structures: expect.any(String) });
  expect(job.paths).toHaveLength(4);
  expect(job.folder).toBe(folder);
  expect(job.patient.density.data).toEqual(cube.density.data);
  const techniques = ['imrt'] as const;
  const read = runPlan(job, { techniques }).plans;
  const own = createJob({
    case: parseCase({ patient: { phantom: 'cube.json' }, ...asked }),
    patient: cube,
    machine: artiste6mv,
  });
  runPlan(own, { techniques }).plans.forEach(({ plan, structures }, t) => {
    const largest = plan.dose.data.reduce((a, b) => Math.max(a, b), 0);
    plan.dose.data.forEach((d, v) => {
      expect(Math.abs(read[t]!.plan.dose.data[v]! - d)).toBeLessThan(2e-3 * largest);
    });
    // Solid and contours are sampled along lines of their own: what they differ by is within the bounds that are stated of both.
    structures.forEach(({ name, volumeCc, metrics, errorBounds }, s) => {
      const other = read[t]!.structures[s]!;
      expect(other).toMatchObject({ name, volumeCc: expect.closeTo(volumeCc, 6) });
      for (const [metric, value] of Object.entries(metrics)) {
        const bound = (errorBounds[metric] ?? 0) + (other.errorBounds[metric] ?? 0) + 2e-3 * largest;
        expect(Math.abs(other.metrics[metric]! - value), `${name} ${metric}`).toBeLessThan(bound);
      }
    });
  });
});

test('a thorax of fractions takes the same fields as its phantom: 0.3 % in high dose, 0.5 % of the maximum rms', async () => {
  const { patient, case: planCase } = await load({ ct: 'thorax/hounsfield.nrrd', masks: 'thorax' });
  expect(patient.structures.map(({ name }) => name).sort()).toEqual(thorax.structures.map(({ name }) => name).sort());
  expect(planCase.patient).toEqual({ ct: 'thorax/hounsfield.nrrd', masks: 'thorax' });
  const square = { x1: -30, x2: 30, y1: -30, y2: 30 };
  const beams = [0, 100, 140, 180].map((gantry) => ({ gantry, monitorUnits: 100, field: square }));
  const fields = parseFields({ patient: { phantom: 'spine-t8' }, isocenter: [0, 30, 0], beams });
  const [before, after] = [thorax, patient].map((own) => computeFields(own, fields, artiste6mv).dose.data);
  const largest = before!.reduce((a, b) => Math.max(a, b), 0);
  const off = before!.map((d, p) => after![p]! - d);
  const high = Array.from(before!.keys()).filter((p) => before![p]! > largest / 2);
  expect(Math.abs(high.reduce((s, p) => s + off[p]! / before![p]!, 0) / high.length)).toBeLessThan(0.003);
  expect(Math.sqrt(off.reduce((s, d) => s + d * d, 0) / off.length)).toBeLessThan(0.005 * largest);
});

test('the names of a study’s structures are looked up', async () => {
  const source = { ct: 'cube/hounsfield.nrrd', masks: 'cube', rename: { PTV: 'PTV_3960' } };
  const { names } = await new JobLookUp(join(folder, 'case.json')).of(parseCase({ patient: source }));
  expect(names).toEqual(['External', 'PTV_3960', 'SpinalCord']);
});

test('of a folder an empty mask is left out with a note; one that is named is refused', async () => {
  await write('holed', { ...cube, structures: cube.structures.slice(0, 2) });
  const nothing = await encodeNrrd(createVolume('mask', cube.hounsfield.grid));
  writeFileSync(join(folder, 'holed', 'mask_SpinalCord.nrrd'), nothing);
  const asked = { target: 'PTV', prior: null, cord: 'External' };
  const { patient } = await load({ ct: 'holed/hounsfield.nrrd', masks: 'holed' }, asked);
  expect(patient.notes).toEqual(['SpinalCord: its mask is empty.']);
  const named = { PTV: 'holed/mask_PTV.nrrd', SpinalCord: 'holed/mask_SpinalCord.nrrd' };
  await expect(load({ ct: 'holed/hounsfield.nrrd', masks: named }, asked)).rejects.toThrow(
    /^mask "SpinalCord": the mask is empty/,
  );
});

test.each([
  [{ ct: 'cube/hounsfield.nrrd', masks: {} }, /masks is empty: name one mask at least|is empty: name one mask/],
  [{ ct: 'cube/hounsfield.nrrd', masks: 3 }, /masks/],
  [{ ct: 'cube/hounsfield.nrrd', masks: { PTV: 'none.nrrd' } }, /none\.nrrd/],
  [{ ct: 'cube/hounsfield.nrrd', masks: 'cube/mask_PTV.nrrd' }, /the header names no segments/],
  [{ ct: 'cube', masks: 'cube' }, /Give a file/],
  [{ ct: 'cube/mask_PTV.nrrd', masks: 'cube' }, /holds mask, not hounsfield/],
  [{ ct: 'cube/hounsfield.nrrd', mask: 'cube' }, /Unrecognized key: "mask" \(did you mean "masks"/],
  [{ ct: 'cube/hounsfield.nrrd', masks: 'cube', structures: 'RS.dcm' }, /"(structures|masks)"/],
  [{ ct: 'cube/hounsfield.nrrd', masks: 'cube', position: 'up' }, /position/],
])('refused in a sentence: %j', async (patient, said) => {
  const refused = await load(patient).then(
    () => undefined,
    (cause: Error) => cause,
  );
  expect(refused?.message).toMatch(said);
  expect(refused!.message.length).toBeLessThanOrEqual(400);
});
