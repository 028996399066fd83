/** Files of a case, by name without reading it: those that reading it opens. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose } from '../../src/geometry/volume.js';
import { voxelizeStructure } from '../../src/geometry/voxelize.js';
import { encodeNrrd } from '../../src/io/nrrd.js';
import { jobOf } from '../../src/node/load-job.js';
import { FileHashes, fileNamesOf } from '../../src/node/queue/case-files.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-case-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec = {
  name: 'cube',
  description: 'Water, a target around the origin, a cord behind it.',
  length: 240,
  air: 0,
  parts: [
    ['External', 'external', [0, 0, 0], [240, 240, 240]],
    ['PTV', 'target', [0, 0, 0], [40, 40, 40]],
    ['SpinalCord', 'organ', [0, 40, 0], [20, 20, 80]],
  ].map(([name, role, center, size]) => ({ name, role, material: 'water', shape: { kind: 'box', center, size } })),
};
writeFileSync(join(folder, 'cube.json'), JSON.stringify(spec));
const cube = buildPhantom(parsePhantom(spec), { spacing: [10, 10, 10] });
mkdirSync(join(folder, 'p'));
writeFileSync(join(folder, 'p', 'ct.nrrd'), await encodeNrrd(cube.hounsfield));
for (const structure of cube.structures) {
  const mask = await encodeNrrd(voxelizeStructure(structure, cube.hounsfield.grid));
  writeFileSync(join(folder, 'p', `mask_${structure.name}.nrrd`), mask);
}
const dose = createDose(createGrid([30, 30, 30], [10, 10, 10], [-150, -150, -150]), {
  quantity: 'physical',
  fractions: 10,
});
writeFileSync(join(folder, 'dose.nrrd'), await encodeNrrd(dose.data.fill(30) && dose));
const from = join(folder, 'case.json');

const masks = { External: 'p/mask_External.nrrd', PTV: 'p/mask_PTV.nrrd', SpinalCord: 'p/mask_SpinalCord.nrrd' };
const prior = { file: 'dose.nrrd', months: 9 };
test.each<[string, Partial<PlanCaseInput>, number]>([
  ['a built-in phantom', { patient: { phantom: 'water-box', spacing: [20, 20, 20] } }, 0],
  ['a phantom of a file, a prior dose', { patient: { phantom: 'cube.json', spacing: [20, 20, 20] }, prior }, 2],
  ['a CT with masks, two prior doses of one file', { patient: { ct: 'p/ct.nrrd', masks }, prior: [prior, prior] }, 5],
  ['a CT with a folder of masks', { patient: { ct: 'p/ct.nrrd', masks: 'p' } }, 2],
])('%s', async (_, fields, count) => {
  const input = { target: 'PTV', doseGrid: { spacing: [20, 20, 20], planning: 20 }, ...fields } as PlanCaseInput;
  const named = fileNamesOf(parseCase(input, from)).map((name) => resolve(folder, name));
  const { paths } = await jobOf(input, from);
  expect(named.sort()).toEqual([...new Set(paths)].sort());
  expect(named).toHaveLength(count);
});

test('a hash is of what is in a file or folder, and of nothing hidden', async () => {
  const hashes = new FileHashes();
  const before = [await hashes.of('dose.nrrd', from), await hashes.of('p', from)];
  expect([await new FileHashes().of('dose.nrrd', from), await hashes.of('p', from)]).toEqual(before);
  writeFileSync(join(folder, 'p', '.hidden'), 'is none of it');
  expect(await hashes.of('p', from)).toBe(before[1]);
  writeFileSync(join(folder, 'p', 'notes.txt'), 'one');
  const more = await hashes.of('p', from);
  expect(more).not.toBe(before[1]);
  writeFileSync(join(folder, 'p', 'notes.txt'), 'two');
  utimesSync(join(folder, 'p', 'notes.txt'), 1, 1);
  expect(await hashes.of('p', from)).not.toBe(more);
  await expect(hashes.of('none', from)).rejects.toThrow(/none cannot be read \(no such file or folder\)/);
});
