/** Names of all runs of a study, looked up before the first plan. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { resolveStudy } from '../../src/node/resolve-study.js';
import { expandStudy, parseStudy } from '../../src/plan/input/study-file.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-names-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const study = {
  base: { patient: { phantom: 'spine-t8', spacing: [6, 6, 6], parameters: { length: 60 } }, prior: null },
  metrics: ['SpinalCord Max', 'PTV_3960 D95%'],
};
const vary = (key: string, ...values: unknown[]): object => ({ ...study, vary: { [key]: values } });
async function resolve(content: object): Promise<void> {
  const parsed = parseStudy(content, join(folder, 'study.json'));
  await resolveStudy(parsed, expandStudy(parsed, { version: '0', hash: (text) => text }));
}

test.each([
  [
    vary('imrt.beams', 'posterior-3', 'posterior-11'),
    /imrt\.beams = "posterior-11": imrt\.beams: arrangement "posterior-11" is unknown\. Use one of posterior-1,/,
  ],
  [vary('imrt.beams', 'constructor'), /arrangement "constructor" is unknown/],
  [vary('patient.phantom', 'spine-t8', 'spine-t99'), /patient\.phantom = "spine-t99": phantom "spine-t99" is unknown/],
  [vary('patient.parameters', { length: 60 }, { cordLength: 60 }), /"cordLength" is no number of it/],
  [vary('machine', 'artiste-6mv', 'linac'), /machine = "linac": machine "linac" is unknown/],
  [vary('machine', 'artiste-6mv', 'mine.json'), /mine\.json cannot be read/],
  [vary('fcrt.mlc', 'millennium-120', 'agility-9'), /fcrt\.mlc: .*"agility-9" is unknown/],
  [vary('cord', 'SpinalCord', 'Myelon'), /cord "Myelon" is not a structure of spine-t8\. It has PTV_3960/],
  [vary('target', 'PTV_3960', 'PTV_9'), /target "PTV_9" is not a structure/],
  [
    vary('prior', null, { dose: 38, fractions: 19, months: 9, region: 'CTV_9' }),
    /prior\.region "CTV_9" is not a structure/,
  ],
  [vary('prior', null, { file: 'none.nrrd', months: 9 }), /none\.nrrd cannot be read/],
  [
    vary('prior', null, { dose: 38, fractions: 19, months: 9, fields: { beams: 'pa-ap' } }),
    /prior\.fields\.beams: arrangement "pa-ap" is unknown/,
  ],
  [vary('retreatment.recovery', 'none', 'full'), /retreatment\.recovery: .*"full" is unknown/],
  [
    vary('retreatment.bounds', [{ structure: 'Myelon', courses: 'this', eqd2: 25, alphaBeta: 2 }]),
    /retreatment\.bounds "Myelon" is not a structure/,
  ],
  [vary('retreatment.bounds', [{ structure: 'SpinalCord', limit: 'hytek' }]), /there is none of this name/],
  [vary('retreatment.omit', [], ['hytek']), /omit names "hytek", which is no limit/],
  [{ ...study, metrics: ['SpinalCrod Max'] }, /metrics: "SpinalCrod" is a structure of no run/],
] as const)('a name that there is not, %#', async (content, message) => {
  await expect(resolve(content)).rejects.toThrow(message);
});

test('names that there are: nothing is said; a metric counts where any run has its structure', async () => {
  await resolve(vary('imrt.beams', 'posterior-3', [{ gantry: 10 }]));
  const levels = vary('patient.phantom', 'spine-t8', 'spine-l3');
  await resolve({ ...levels, metrics: ['SpinalCord Max', 'CaudaEquina Max'] });
});
