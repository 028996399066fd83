// Commissions the built-in machine from the measured tables and writes src/machine/artiste-6mv.ts.
// Usage, after `npm run build`: node test/reference/make-artiste-6mv.mjs DIR_WITH_TABLES
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBeamData } from '../../dist/machine/beam-data-file.js';
import { commission } from '../../dist/machine/commission.js';

const directory = process.argv[2] ?? new URL('../../../shared/reference/machine/artiste', import.meta.url).pathname;
const read = (name) => readFileSync(join(directory, name), 'utf8');
// The measured table's first row is what a thimble chamber reads half in air. Surface doses of 6 MV beams, percent of the
// maximum, are the means of the nine studies in doi:10.4103/jmp.JMP_53_20, table 4 (square sides in mm).
const SURFACE = '50 10.54\n80 14.0\n100 16.31\n150 21.78\n200 26.42\n250 31.7\n';
const data = parseBeamData(
  {
    tpr: read('tpr.dat'),
    outputFactors: read('of.dat'),
    primaryFluence: read('primflu.dat'),
    params: read('params.dat'),
    surface: SURFACE,
  },
  'artiste-6mv',
);
const { machine, depthDose } = commission(data, {
  source:
    'Commissioned by respine from the published measurements of a 6 MV Siemens Artiste in photonPencilBeamKernelCalc ' +
    '(DKFZ, github.com/e0404/photonPencilBeamKernelCalc, MIT licence); surface dose from doi:10.4103/jmp.JMP_53_20, table 4',
  // Two readings of the table that its neighbours in depth and field side contradict by 3 to 5 %.
  exclude: [
    { depth: 2, side: 30 },
    { depth: 2, side: 40 },
  ],
});
const beyond = depthDose.filter((r) => r.region === 'beyond' && r.side >= 20).map((r) => Math.abs(r.percent));
console.log(
  `beyond the maximum, sides 20 to 400 mm: largest ${Math.max(...beyond).toFixed(3)} % of the field's maximum`,
);
const round = (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(8)) : value);
const body = JSON.stringify(machine, round, 1).replace(/\n\s+(?=[-\d\]])/g, ' ');
writeFileSync(
  new URL('../../src/machine/artiste-6mv.ts', import.meta.url),
  `/**
 * The built-in machine: a 6 MV linear accelerator, fitted by test/reference/make-artiste-6mv.mjs.
 *
 * The measured tables are not part of this package; these are the pencil kernel and the in-air fluence that our own
 * commissioning derives from them. Source of the measurements: photonPencilBeamKernelCalc, DKFZ, MIT licence.
 */
import type { Machine } from './machine.js';

// biome-ignore format: generated
export const artiste6mv: Machine = ${body};
`,
);
